//! `/v1/products`.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use wink_core::base::{Cents, Timestamp};
use wink_core::offer::price_law::{Kind, Reference};
use wink_core::offer::{Product, Unlistable};

/// A product as it is sent and shown.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProductSent {
    /// The shop's own id.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Its category, in the shop's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// The brand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub brand: Option<String>,
    /// The shelf price of one unit, in minor units.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price_cents: Option<i64>,
    /// What one unit costs the shop, in minor units.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_cents: Option<i64>,
    /// How many units there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stock: Option<u32>,
}

impl ProductSent {
    /// Reads it as the core does.
    ///
    /// # Errors
    /// Names the field that is wrong.
    pub fn read(self) -> Result<Product, Unlistable> {
        let product = Product {
            id: self.id,
            name: self.name,
            category: self.category,
            brand: self.brand,
            price: self.price_cents.map(Cents),
            cost: self.cost_cents.map(Cents),
            stock: self.stock,
        };
        product.check().map(|()| product)
    }
}

impl From<Product> for ProductSent {
    fn from(product: Product) -> Self {
        Self {
            id: product.id,
            name: product.name,
            category: product.category,
            brand: product.brand,
            price_cents: product.price.map(|price| price.0),
            cost_cents: product.cost.map(|cost| cost.0),
            stock: product.stock,
        }
    }
}

/// Products to be listed. One that is wrong refuses all of them.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProductsSent {
    /// At most 500.
    pub products: Vec<ProductSent>,
}

/// What listing products changed.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct ProductsAnswered {
    /// Were not known.
    pub new: u64,
    /// Say something else now.
    pub changed: u64,
    /// Say what they said.
    pub unchanged: u64,
    /// Whether nothing was stored.
    pub dry_run: bool,
}

/// Products, ordered by id.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ProductsListed {
    /// At most as many as were asked for.
    pub data: Vec<ProductSent>,
    /// Asks for those behind; missing at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// How products are to be imported.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportAsked {
    /// Says what would change, and changes nothing.
    #[serde(default)]
    pub dry_run: bool,
    /// Stops at the first wrong row.
    #[serde(default)]
    pub strict: bool,
}

/// A line of the answer to an import, as it goes.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImportLine {
    /// A row that is left out.
    Wrong {
        /// The line in which it begins, from 1.
        line: u64,
        /// Where in the row, as a JSON pointer.
        pointer: String,
        /// The stable code.
        code: String,
        /// What is wrong.
        message: String,
    },
    /// How far it is.
    Progress(ImportTally),
    /// It ended, and what came of it. An answer without this line did not end.
    Done(ImportTally),
    /// It ended before the file did, and why.
    Failed {
        /// The stable code.
        code: String,
        /// What went wrong.
        message: String,
    },
}

/// How far an import is.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct ImportTally {
    /// Rows that were read, right or wrong.
    pub rows: u64,
    /// Rows that were wrong.
    pub wrong: u64,
    /// Were not known.
    pub new: u64,
    /// Say something else now.
    pub changed: u64,
    /// Say what they said.
    pub unchanged: u64,
}

/// A way in which a price is reduced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReductionKind {
    /// For everybody, with a public code too.
    #[default]
    General,
    /// For everybody, in steps that only go down, without a break.
    Gradual,
    /// For one person, and listed for nobody else.
    Individual,
    /// For everybody, because the goods would spoil soon, and it is said so.
    Perishable,
}

impl From<ReductionKind> for Kind {
    fn from(kind: ReductionKind) -> Self {
        match kind {
            ReductionKind::General => Self::General,
            ReductionKind::Gradual => Self::Gradual,
            ReductionKind::Individual => Self::Individual,
            ReductionKind::Perishable => Self::Perishable,
        }
    }
}

/// Which reduction is asked about.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ReductionAsked {
    /// How the price is reduced; for everybody if it is not said.
    #[serde(default)]
    #[param(inline)]
    pub kind: ReductionKind,
    /// Since when it is announced, for a reduction in steps; since the present price if it is not said.
    pub announced_at: Option<String>,
}

impl ReductionAsked {
    /// Reads since when it is announced.
    ///
    /// # Errors
    /// Says what is wrong with the time.
    pub fn announced_at(&self, now: Timestamp) -> Result<Timestamp, String> {
        self.announced_at.as_deref().map_or(Ok(now), Timestamp::parse)
    }
}

/// What may be said of a reduction of a product's price now.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct ReductionView {
    /// Whether it is measured against the lowest price of the days before. If not, the law asks for nothing of the kind, or there is no
    /// price now or before, and then no reduction may be announced.
    pub is_measured: bool,
    /// The price now, in minor units.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price_cents: Option<i64>,
    /// The lowest price of the thirty days before the reduction, in minor units.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lowest_cents: Option<i64>,
    /// By how much the price is below that, in whole per cent rounded down; with 0 there is no reduction to announce.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub percent: Option<u8>,
    /// The first instant of the reduction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub begun_at: Option<String>,
    /// Where the rule is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<&'static str>,
}

impl ReductionView {
    /// Shows what was found.
    pub fn new(reference: Reference) -> Self {
        match reference {
            Reference::Price(reduction) => Self {
                is_measured: true,
                price_cents: Some(reduction.price.0),
                lowest_cents: Some(reduction.reference.0),
                percent: Some(reduction.percent()),
                begun_at: Some(reduction.begun_at.to_string()),
                source: Some(reduction.source),
            },
            Reference::NotAsked { source } => Self { source: Some(source), ..Self::default() },
            Reference::NoPrice => Self::default(),
        }
    }
}

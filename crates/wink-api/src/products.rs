//! `/v1/products`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wink_core::base::Cents;
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

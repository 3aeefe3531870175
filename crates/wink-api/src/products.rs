//! `/v1/products`.

use serde::{Deserialize, Serialize};
use wink_core::base::Cents;
use wink_core::offer::{Product, Unlistable};

/// A product as it is sent and shown.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
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

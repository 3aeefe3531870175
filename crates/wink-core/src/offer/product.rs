//! Products and what they earn.

use std::collections::BTreeMap;

use crate::base::Cents;

/// A product as the shop lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    /// The shop's own id.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Its category, in the shop's words; the key of category affinity and margins.
    pub category: Option<String>,
    /// The brand, if it is known.
    pub brand: Option<String>,
    /// The shelf price of one unit, if it is known.
    pub price: Option<Cents>,
    /// What one unit costs the shop, if it says so.
    pub cost: Option<Cents>,
    /// How many units there are, if the shop says so.
    pub stock: Option<u32>,
}

/// Contribution margins as the shop configured them, in basis points of the price.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Margins {
    /// For categories not listed.
    pub default_basis_points: u16,
    /// By category.
    pub by_category: BTreeMap<String, u16>,
}

impl Margins {
    /// Tells the margin of a category.
    pub fn of(&self, category: &str) -> u16 {
        self.by_category.get(category).copied().unwrap_or(self.default_basis_points)
    }
}

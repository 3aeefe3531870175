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

/// Why a product cannot be listed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{field}` {why}")]
pub struct Unlistable {
    /// Which field.
    pub field: &'static str,
    /// What is wrong with it.
    pub why: String,
}

impl Product {
    /// Looks for the first thing that is wrong.
    ///
    /// # Errors
    /// Names the field, and what it must be.
    pub fn check(&self) -> Result<(), Unlistable> {
        /// An id is part of a key and of an address.
        const ID_BYTES_MAX: usize = 128;
        /// A title of a marketplace has at most 200 characters; these are bytes.
        const TEXT_BYTES_MAX: usize = 512;
        words("id", &self.id, ID_BYTES_MAX)?;
        words("name", &self.name, TEXT_BYTES_MAX)?;
        for (field, text) in [("category", &self.category), ("brand", &self.brand)] {
            text.as_deref().map_or(Ok(()), |text| words(field, text, TEXT_BYTES_MAX))?;
        }
        for (field, amount) in [("price_cents", self.price), ("cost_cents", self.cost)] {
            amount.map_or(Ok(()), |amount| price(field, amount))?;
        }
        Ok(())
    }
}

fn words(field: &'static str, text: &str, bytes_max: usize) -> Result<(), Unlistable> {
    let refuse = |why: String| Err(Unlistable { field, why });
    if text.trim().is_empty() {
        return refuse("is empty".to_owned());
    }
    if bytes_max < text.len() {
        return refuse(format!("has at most {bytes_max} bytes, this has {}", text.len()));
    }
    match text.chars().find(|character| is_hidden(*character)) {
        Some(hidden) => refuse(format!("holds the invisible character U+{:04X}", u32::from(hidden))),
        None => Ok(()),
    }
}

/// Control characters, and those that turn the direction of what follows: they make a text look like another.
fn is_hidden(character: char) -> bool {
    character.is_control() || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn price(field: &'static str, amount: Cents) -> Result<(), Unlistable> {
    if (Cents::ZERO..=Cents::MOST).contains(&amount) {
        return Ok(());
    }
    Err(Unlistable { field, why: format!("must be 0 to {}, this is {}", Cents::MOST.0, amount.0) })
}

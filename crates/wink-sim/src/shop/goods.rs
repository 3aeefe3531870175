//! What the shop sells.

use super::Draw;

/// A category: its name, what its things are called, what they cost about, in cents, and whether they come in sizes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Category {
    /// Its name.
    pub name: &'static str,
    /// What one of its things is called.
    pub thing: &'static str,
    /// What one costs about, in cents.
    pub price_cents: u32,
    /// Whether people wonder which size fits.
    pub has_sizes: bool,
}

const fn category(name: &'static str, thing: &'static str, price_cents: u32, has_sizes: bool) -> Category {
    Category { name, thing, price_cents, has_sizes }
}

/// All categories.
pub const CATEGORIES: [Category; 10] = [
    category("SHOES", "shoe", 7_900, true),
    category("JACKETS", "jacket", 11_900, true),
    category("SHIRTS", "shirt", 3_400, true),
    category("BAGS", "bag", 5_900, false),
    category("HOME", "lamp", 4_500, false),
    category("KITCHEN", "pan", 3_900, false),
    category("TEA", "tea", 900, false),
    category("COSMETICS", "cream", 1_600, false),
    category("BOOKS", "book", 1_800, false),
    category("TOYS", "game", 2_700, false),
];

const BRANDS: [&str; 9] = ["Alba", "Birke", "Corvo", "Delm", "Erle", "Fjord", "Garn", "Hafen", "Ilex"];

/// Products in a category.
const IN_A_CATEGORY: usize = 24;

/// One product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    /// The shop's id of it.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// Its category, by place in [`CATEGORIES`].
    pub category: usize,
    /// Its brand.
    pub brand: &'static str,
    /// What it costs, in cents.
    pub price_cents: i64,
}

/// Everything the shop sells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Goods {
    products: Vec<Product>,
}

impl Goods {
    /// Fills the shelves.
    pub fn new(seed: u64) -> Self {
        let mut draw = Draw::new(seed, "goods");
        let mut products = Vec::with_capacity(CATEGORIES.len() * IN_A_CATEGORY);
        for (place, category) in CATEGORIES.iter().enumerate() {
            for number in 1..=IN_A_CATEGORY {
                let brand = draw.pick(&BRANDS).copied().unwrap_or_default();
                products.push(Product {
                    id: format!("{}-{number}", category.name.to_lowercase()),
                    name: format!("{brand} {} {number}", category.thing),
                    category: place,
                    brand,
                    price_cents: price(draw.around(f64::from(category.price_cents), 1.6)),
                });
            }
        }
        Self { products }
    }

    /// All products.
    pub fn products(&self) -> &[Product] {
        &self.products
    }

    /// Takes one of a category from the shelf, of a brand if somebody insists.
    pub(super) fn take<'a>(
        &'a self,
        category: usize,
        brand: Option<&str>,
        draw: &mut Draw,
    ) -> Option<&'a Product> {
        let shelf = self.products.chunks(IN_A_CATEGORY).nth(category)?;
        let of_the_brand: Vec<&Product> =
            shelf.iter().filter(|product| brand.is_none_or(|brand| product.brand == brand)).collect();
        match draw.pick(&of_the_brand) {
            Some(product) => Some(*product),
            None => draw.pick(shelf),
        }
    }
}

/// A price people are used to: it ends in 9.
#[expect(clippy::cast_possible_truncation, reason = "prices of a shop are far below")]
fn price(cents: f64) -> i64 {
    let tens = (cents / 10.0) as i64;
    tens.max(1) * 10 + 9
}

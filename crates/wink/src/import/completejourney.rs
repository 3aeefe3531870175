//! The Complete Journey: households, products, baskets and historical redemptions, as the files have them.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use anyhow::{Context, bail};

use super::columns::Columns;

/// The year, in memory.
pub(crate) struct Journey {
    /// Every order line, in the order of the file.
    pub(crate) lines: Lines,
    /// Baskets, by time.
    pub(crate) baskets: Vec<Basket>,
    /// What is stated of households: attribute name and value.
    pub(crate) demographics: BTreeMap<i64, Vec<(&'static str, String)>>,
    /// Redemptions of the manufacturer's coupons of that year, by time.
    pub(crate) redemptions: Vec<Redemption>,
    /// Products by id.
    pub(crate) products: HashMap<i64, ProductRow>,
}

/// Order lines, column by column.
#[derive(Default)]
pub(crate) struct Lines {
    pub(crate) product: Vec<i64>,
    pub(crate) quantity: Vec<i64>,
    pub(crate) paid_cents: Vec<i64>,
    pub(crate) retail_discount_cents: Vec<i64>,
    pub(crate) coupon_discount_cents: Vec<i64>,
    pub(crate) coupon_match_cents: Vec<i64>,
}

/// A basket: who, where, when, and which lines.
pub(crate) struct Basket {
    pub(crate) id: i64,
    pub(crate) household: i64,
    pub(crate) store: i64,
    pub(crate) at_ms: i64,
    pub(crate) lines: Vec<usize>,
}

/// A historical redemption.
pub(crate) struct Redemption {
    pub(crate) row: usize,
    pub(crate) household: i64,
    pub(crate) coupon: i64,
    pub(crate) campaign: i64,
    pub(crate) at_ms: i64,
}

/// A product as listed.
pub(crate) struct ProductRow {
    pub(crate) name: String,
    pub(crate) category: Option<String>,
    pub(crate) brand: Option<String>,
}

const ATTRIBUTES: [&str; 7] =
    ["age", "income", "home_ownership", "marital_status", "household_size", "household_comp", "kids_count"];

impl Journey {
    /// Reads the directory.
    pub(crate) fn read(directory: &Path) -> anyhow::Result<Self> {
        let (lines, baskets) = baskets(directory)?;
        Ok(Self {
            lines,
            baskets,
            demographics: demographics(directory)?,
            redemptions: redemptions(directory)?,
            products: products(directory)?,
        })
    }
}

fn baskets(directory: &Path) -> anyhow::Result<(Lines, Vec<Basket>)> {
    let file = Columns::open(directory, "transactions.parquet")?;
    let (household, store, basket) =
        (file.integers("household_id")?, file.integers("store_id")?, file.integers("basket_id")?);
    let at_ms = file.times("transaction_timestamp")?;
    let lines = Lines {
        product: file.integers("product_id")?,
        quantity: file.integers("quantity")?,
        paid_cents: file.cents("sales_value")?,
        retail_discount_cents: file.cents("retail_disc")?,
        coupon_discount_cents: file.cents("coupon_disc")?,
        coupon_match_cents: file.cents("coupon_match_disc")?,
    };
    let rows = household.into_iter().zip(store).zip(basket).zip(at_ms);
    let mut places: HashMap<i64, usize> = HashMap::new();
    let mut baskets: Vec<Basket> = Vec::new();
    for (row, (((household, store), id), at_ms)) in rows.enumerate() {
        let place = *places.entry(id).or_insert_with(|| {
            baskets.push(Basket { id, household, store, at_ms, lines: Vec::new() });
            baskets.len() - 1
        });
        let basket = baskets.get_mut(place).context("a basket was just put there")?;
        if (basket.household, basket.store, basket.at_ms) != (household, store, at_ms) {
            bail!(
                "basket {id} has lines of two households, stores or times; the file is not the one expected"
            );
        }
        basket.lines.push(row);
    }
    baskets.sort_by_key(|basket| (basket.at_ms, basket.id));
    Ok((lines, baskets))
}

fn demographics(directory: &Path) -> anyhow::Result<BTreeMap<i64, Vec<(&'static str, String)>>> {
    let file = Columns::open(directory, "demographics.parquet")?;
    let households = file.integers("household_id")?;
    let mut stated: BTreeMap<i64, Vec<(&'static str, String)>> = BTreeMap::new();
    for name in ATTRIBUTES {
        for (household, value) in households.iter().zip(file.texts(name)?) {
            let known = stated.entry(*household).or_default();
            if let Some(value) = value {
                known.push((name, value));
            }
        }
    }
    Ok(stated)
}

fn redemptions(directory: &Path) -> anyhow::Result<Vec<Redemption>> {
    let file = Columns::open(directory, "coupon_redemptions.parquet")?;
    let rows = file.integers("household_id")?.into_iter().zip(file.integers("coupon_upc")?);
    let rows = rows.zip(file.integers("campaign_id")?).zip(file.times("redemption_date")?).enumerate();
    let mut redemptions: Vec<Redemption> = rows
        .map(|(row, (((household, coupon), campaign), at_ms))| Redemption {
            row,
            household,
            coupon,
            campaign,
            at_ms,
        })
        .collect();
    redemptions.sort_by_key(|redemption| (redemption.at_ms, redemption.row));
    Ok(redemptions)
}

fn products(directory: &Path) -> anyhow::Result<HashMap<i64, ProductRow>> {
    let file = Columns::open(directory, "products.parquet")?;
    let (ids, categories, brands) =
        (file.integers("product_id")?, file.texts("product_category")?, file.texts("brand")?);
    let names = file.texts("product_type")?.into_iter().zip(file.texts("package_size")?);
    let name = |(kind, size): (Option<String>, Option<String>)| {
        [kind, size].into_iter().flatten().collect::<Vec<String>>().join(", ")
    };
    let rows = names.map(name).zip(categories).zip(brands);
    let products =
        ids.into_iter().zip(rows.map(|((name, category), brand)| ProductRow { name, category, brand }));
    Ok(products.collect())
}

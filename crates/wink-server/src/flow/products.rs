//! Products are listed: what changed is written, what did not is left alone.

use std::collections::BTreeMap;

use wink_core::base::{Cents, Timestamp};
use wink_core::feature::{ListingChange, ProductKey};
use wink_core::offer::price_law::{KEPT_DAYS, PriceHistory};
use wink_core::offer::{Catalogue, Product};
use wink_record::Stored;
use wink_store::{Batch, Change, Check, Direction, Home, Range, RecordKey, Store, Version};

use super::rounds;
use crate::engine::batch_id;
use crate::error::ATTEMPTS_MAX;
use crate::keys::{self, kind};
use crate::{Engine, Error};

/// Products per commit: each three changes at most, so below the port's 1,024, and with the longest texts and histories below its 1 MiB.
pub const AT_ONCE: usize = 250;

/// What putting products changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Put {
    /// Were not known.
    pub new: u64,
    /// Say something else now.
    pub changed: u64,
    /// Say what they said.
    pub unchanged: u64,
}

impl std::ops::AddAssign for Put {
    fn add_assign(&mut self, other: Self) {
        self.new += other.new;
        self.changed += other.changed;
        self.unchanged += other.unchanged;
    }
}

/// Puts products into the list, [`AT_ONCE`] per commit. Of two with the same id the last one counts. A price that changed is noted in the
/// product's history, and what has become cheaper or is there again is told to the triggers that wait for it, in the same commit.
///
/// # Errors
/// If the store cannot be read or takes no writes.
pub async fn put<S: Store>(engine: &Engine<S>, products: &[Product], now: Timestamp) -> Result<Put, Error> {
    let mut put = Put::default();
    for some in products.chunks(AT_ONCE) {
        put += put_some(engine, &last_of_each(some), now).await?;
    }
    Ok(put)
}

/// Tells what putting products would change, and changes nothing.
///
/// # Errors
/// If the store cannot be read.
pub async fn try_put<S: Store>(engine: &Engine<S>, products: &[Product]) -> Result<Put, Error> {
    let mut put = Put::default();
    for some in products.chunks(AT_ONCE) {
        put += count(&compare(engine, &last_of_each(some)).await?);
    }
    Ok(put)
}

/// A product to be put, and the one that is listed.
struct Compared<'a> {
    product: &'a Product,
    key: RecordKey,
    listed: Option<(Version, Product)>,
}

impl Compared<'_> {
    fn is_unchanged(&self) -> bool {
        self.listed.as_ref().is_some_and(|(_, listed)| listed == self.product)
    }

    fn has_new_price(&self) -> bool {
        self.listed.as_ref().and_then(|(_, listed)| listed.price) != self.product.price
    }

    fn repriced(&self) -> Repriced<'_> {
        let before = self.listed.as_ref().and_then(|(_, listed)| listed.price);
        Repriced { id: &self.product.id, before, after: self.product.price }
    }

    /// Tells whoever waits that a product has become cheaper, or that there is some again.
    fn round(&self, catalogue: &Catalogue, now: Timestamp) -> Option<Change> {
        let (_, before) = self.listed.as_ref()?;
        let prices = before.price.zip(self.product.price);
        let change = ListingChange {
            product: ProductKey::new(&self.product.id),
            cheaper: prices.filter(|(before, price)| price < before),
            is_available_again: before.stock == Some(0) && self.product.stock != Some(0),
        };
        rounds::of_change(catalogue, change, now)
    }
}

fn last_of_each(products: &[Product]) -> Vec<&Product> {
    let last: BTreeMap<&str, &Product> =
        products.iter().map(|product| (product.id.as_str(), product)).collect();
    last.into_values().collect()
}

async fn compare<'a, S: Store>(
    engine: &Engine<S>,
    products: &[&'a Product],
) -> Result<Vec<Compared<'a>>, Error> {
    let names: Vec<RecordKey> = products.iter().map(|product| keys::product(&product.id)).collect();
    let records = engine.store.get(engine.tenant, &names).await?;
    let mut compared = Vec::with_capacity(products.len());
    for ((product, key), record) in products.iter().zip(names).zip(records) {
        let listed = match record {
            Some(record) => Some((record.version, Product::from_bytes(&record.bytes)?)),
            None => None,
        };
        compared.push(Compared { product, key, listed });
    }
    Ok(compared)
}

fn count(compared: &[Compared<'_>]) -> Put {
    let mut put = Put::default();
    for one in compared {
        match &one.listed {
            _ if one.is_unchanged() => put.unchanged += 1,
            Some(_) => put.changed += 1,
            None => put.new += 1,
        }
    }
    put
}

async fn put_some<S: Store>(engine: &Engine<S>, products: &[&Product], now: Timestamp) -> Result<Put, Error> {
    let catalogue = engine.catalogue().ok();
    for _ in 0..ATTEMPTS_MAX {
        let mut compared = compare(engine, products).await?;
        let put = count(&compared);
        compared.retain(|one| !one.is_unchanged());
        if compared.is_empty() {
            return Ok(put);
        }
        let mut batch = Batch::new(batch_id()?, engine.tenant, Home(0));
        let repriced: Vec<Repriced<'_>> =
            compared.iter().filter(|one| one.has_new_price()).map(Compared::repriced).collect();
        note_prices(engine, &repriced, now, &mut batch).await?;
        for one in compared {
            batch.checks.push(match &one.listed {
                Some((version, _)) => Check::Version(one.key.clone(), *version),
                None => Check::Absent(one.key.clone()),
            });
            batch.changes.extend(catalogue.as_deref().and_then(|catalogue| one.round(catalogue, now)));
            batch.changes.push(Change::Put(one.key, one.product.to_bytes()));
        }
        if engine.commit(batch).await?.is_some() {
            return Ok(put);
        }
    }
    Err(Error::Contended)
}

/// A product that has another price from now on, or none.
struct Repriced<'a> {
    id: &'a str,
    before: Option<Cents>,
    after: Option<Cents>,
}

/// Adds to a batch that products have these prices from now on.
async fn note_prices<S: Store>(
    engine: &Engine<S>,
    products: &[Repriced<'_>],
    now: Timestamp,
    batch: &mut Batch,
) -> Result<(), Error> {
    let names: Vec<RecordKey> = products.iter().map(|product| keys::prices(product.id)).collect();
    let records = engine.store.get(engine.tenant, &names).await?;
    for ((product, key), record) in products.iter().zip(names).zip(records) {
        let mut history = match &record {
            Some(record) => PriceHistory::from_bytes(&record.bytes)?,
            None => PriceHistory::default(),
        };
        if history.steps().is_empty() && product.before.is_some() {
            // Listed before prices were remembered, nobody knows since when: so for as long as anybody asks.
            history.note(now.plus_days(-KEPT_DAYS), product.before);
        }
        history.note(now, product.after);
        batch.checks.push(match record {
            Some(record) => Check::Version(key.clone(), record.version),
            None => Check::Absent(key.clone()),
        });
        batch.changes.push(Change::Put(key, history.to_bytes()));
    }
    Ok(())
}

/// Reads what a product cost when; of one that is no longer listed as well. One without a price has an empty history.
///
/// # Errors
/// If the store cannot be read, or there was never such a product.
pub async fn prices<S: Store>(engine: &Engine<S>, id: &str) -> Result<PriceHistory, Error> {
    match engine.stored(&keys::prices(id)).await? {
        Some(history) => Ok(history),
        None => get(engine, id).await.map(|_| PriceHistory::default()),
    }
}

/// Finds a product.
///
/// # Errors
/// If the store cannot be read, or there is none of this id.
pub async fn get<S: Store>(engine: &Engine<S>, id: &str) -> Result<Product, Error> {
    let product = engine.stored(&keys::product(id)).await?;
    product.ok_or_else(|| Error::NotFound { what: "product", name: id.to_owned() })
}

/// Reads at most `limit` products by id, those after `after`.
///
/// # Errors
/// If the store cannot be read.
pub async fn list<S: Store>(
    engine: &Engine<S>,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<Product>, Error> {
    // The next possible key after an id is the id with a zero byte behind it.
    let from = after.map_or_else(Vec::new, |after| [after.as_bytes(), &[0]].concat());
    let range = Range { from, until: None };
    let page = engine.store.scan(engine.tenant, kind::PRODUCT, range, Direction::Forward, limit).await?;
    page.records.iter().map(|(_, record)| Ok(Product::from_bytes(&record.bytes)?)).collect()
}

/// Takes a product off the list. Its history stays and says so, because the law may still ask when it is back.
///
/// # Errors
/// If the store cannot be read or takes no writes, or there is none of this id.
pub async fn delete<S: Store>(engine: &Engine<S>, id: &str, now: Timestamp) -> Result<(), Error> {
    let key = keys::product(id);
    for _ in 0..ATTEMPTS_MAX {
        let Some(record) = engine.record(&key).await? else {
            return Err(Error::NotFound { what: "product", name: id.to_owned() });
        };
        let product = Product::from_bytes(&record.bytes)?;
        let mut batch = Batch::new(batch_id()?, engine.tenant, Home(0));
        if product.price.is_some() {
            let gone = Repriced { id, before: product.price, after: None };
            note_prices(engine, &[gone], now, &mut batch).await?;
        }
        batch.checks.push(Check::Version(key.clone(), record.version));
        batch.changes.push(Change::Delete(key.clone()));
        if engine.commit(batch).await?.is_some() {
            return Ok(());
        }
    }
    Err(Error::Contended)
}

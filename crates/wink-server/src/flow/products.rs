//! Products are listed: what changed is written, what did not is left alone.

use std::collections::BTreeMap;

use wink_core::base::Timestamp;
use wink_core::feature::{ListingChange, ProductKey};
use wink_core::offer::{Catalogue, Product};
use wink_record::Stored;
use wink_store::{Batch, Change, Check, Direction, Home, Range, RecordKey, Store};

use super::rounds;
use crate::engine::batch_id;
use crate::error::ATTEMPTS_MAX;
use crate::keys::{self, kind};
use crate::{Engine, Error};

/// Products per commit: with a round for each below the port's 1,024 changes, and with the longest texts below its 1 MiB.
pub const AT_ONCE: usize = 500;

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

/// Puts products into the list, [`AT_ONCE`] per commit. Of two with the same id the last one counts. What has become cheaper, or is there again,
/// is told to the triggers that wait for it, in the same commit.
///
/// # Errors
/// If the store cannot be read or takes no writes.
pub async fn put<S: Store>(engine: &Engine<S>, products: &[Product], now: Timestamp) -> Result<Put, Error> {
    let mut put = Put::default();
    for some in products.chunks(AT_ONCE) {
        put += put_some(engine, some, now).await?;
    }
    Ok(put)
}

async fn put_some<S: Store>(engine: &Engine<S>, some: &[Product], now: Timestamp) -> Result<Put, Error> {
    for _ in 0..ATTEMPTS_MAX {
        let compared = compare(engine, some, now).await?;
        if compared.changes.is_empty() {
            return Ok(compared.put);
        }
        let mut batch = Batch::new(batch_id()?, engine.tenant, Home(0));
        batch.changes = compared.changes;
        batch.checks = compared.checks;
        if engine.commit(batch).await?.is_some() {
            return Ok(compared.put);
        }
    }
    Err(Error::Contended)
}

/// Tells what putting products would change, and changes nothing.
///
/// # Errors
/// If the store cannot be read.
pub async fn try_put<S: Store>(engine: &Engine<S>, products: &[Product]) -> Result<Put, Error> {
    let mut put = Put::default();
    for some in products.chunks(AT_ONCE) {
        // Nothing of it is written, so no instant is told to anybody.
        put += compare(engine, some, Timestamp::default()).await?.put;
    }
    Ok(put)
}

/// What putting some products comes to.
#[derive(Default)]
struct Compared {
    changes: Vec<Change>,
    /// That what somebody is told of is a change from what was read.
    checks: Vec<Check>,
    put: Put,
}

async fn compare<S: Store>(
    engine: &Engine<S>,
    products: &[Product],
    now: Timestamp,
) -> Result<Compared, Error> {
    let catalogue = engine.catalogue().ok();
    let last: BTreeMap<&str, usize> =
        products.iter().enumerate().map(|(place, product)| (product.id.as_str(), place)).collect();
    let names: Vec<RecordKey> = products.iter().map(|product| keys::product(&product.id)).collect();
    let known = engine.store.get(engine.tenant, &names).await?;
    let mut compared = Compared::default();
    for (place, ((product, key), known)) in products.iter().zip(names).zip(known).enumerate() {
        let bytes = product.to_bytes();
        match known {
            Some(record) if record.bytes == bytes => {
                compared.put.unchanged += 1;
                continue;
            }
            Some(record) => {
                compared.put.changed += 1;
                let is_last = last.get(product.id.as_str()) == Some(&place);
                let before = Product::from_bytes(&record.bytes)?;
                if let Some(catalogue) = catalogue.as_deref().filter(|_| is_last)
                    && let Some(round) = round(catalogue, &before, product, now)
                {
                    compared.checks.push(Check::Version(key.clone(), record.version));
                    compared.changes.push(round);
                }
            }
            None => compared.put.new += 1,
        }
        compared.changes.push(Change::Put(key, bytes));
    }
    Ok(compared)
}

/// Tells whoever waits that a product has become cheaper, or that there is some again.
fn round(catalogue: &Catalogue, before: &Product, product: &Product, now: Timestamp) -> Option<Change> {
    let prices = before.price.zip(product.price);
    let change = ListingChange {
        product: ProductKey::new(&product.id),
        cheaper: prices.filter(|(before, price)| price < before),
        is_available_again: before.stock == Some(0) && product.stock != Some(0),
    };
    rounds::of_change(catalogue, change, now)
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

/// Takes a product off the list.
///
/// # Errors
/// If the store cannot be read or takes no writes, or there is none of this id.
pub async fn delete<S: Store>(engine: &Engine<S>, id: &str) -> Result<(), Error> {
    let key = keys::product(id);
    for _ in 0..ATTEMPTS_MAX {
        let Some(record) = engine.record(&key).await? else {
            return Err(Error::NotFound { what: "product", name: id.to_owned() });
        };
        let mut batch = Batch::new(batch_id()?, engine.tenant, Home(0));
        batch.checks.push(Check::Version(key.clone(), record.version));
        batch.changes.push(Change::Delete(key.clone()));
        if engine.commit(batch).await?.is_some() {
            return Ok(());
        }
    }
    Err(Error::Contended)
}

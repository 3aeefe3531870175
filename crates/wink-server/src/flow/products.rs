//! Products are listed: what changed is written, what did not is left alone.

use wink_core::offer::Product;
use wink_record::Stored;
use wink_store::{Batch, Change, Check, Direction, Home, Range, RecordKey, Store};

use crate::engine::batch_id;
use crate::error::ATTEMPTS_MAX;
use crate::keys::{self, kind};
use crate::{Engine, Error};

/// Products per commit: below the port's 1,024 changes, and with the longest texts below its 1 MiB.
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

/// Puts products into the list, [`AT_ONCE`] per commit. Of two with the same id the last one counts.
///
/// # Errors
/// If the store cannot be read or takes no writes.
pub async fn put<S: Store>(engine: &Engine<S>, products: &[Product]) -> Result<Put, Error> {
    let mut put = Put::default();
    for some in products.chunks(AT_ONCE) {
        let (changes, some) = compare(engine, some).await?;
        if !changes.is_empty() {
            let mut batch = Batch::new(batch_id()?, engine.tenant, Home(0));
            batch.changes = changes;
            engine.commit(batch).await?.ok_or(Error::Contended)?;
        }
        put += some;
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
        put += compare(engine, some).await?.1;
    }
    Ok(put)
}

async fn compare<S: Store>(engine: &Engine<S>, products: &[Product]) -> Result<(Vec<Change>, Put), Error> {
    let names: Vec<RecordKey> = products.iter().map(|product| keys::product(&product.id)).collect();
    let known = engine.store.get(engine.tenant, &names).await?;
    let mut changes = Vec::new();
    let mut put = Put::default();
    for ((product, key), known) in products.iter().zip(names).zip(known) {
        let bytes = product.to_bytes();
        match known {
            Some(record) if record.bytes == bytes => {
                put.unchanged += 1;
                continue;
            }
            Some(_) => put.changed += 1,
            None => put.new += 1,
        }
        changes.push(Change::Put(key, bytes));
    }
    Ok((changes, put))
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

//! What somebody let run out is looked up before they are offered something again. Decides nothing.

use std::collections::BTreeMap;

use wink_core::base::Timestamp;
use wink_core::coupon::{Coupon, Right, Wallet};
use wink_core::decision::RanOut;
use wink_core::offer::Catalogue;
use wink_record::Stored;
use wink_store::{RecordKey, Store};

use crate::keys;
use crate::{Engine, Error};

/// Loads what ran out of offers that could be given again, by index of the offer. Where nothing could be, nothing is read.
pub(super) async fn load<S: Store>(
    engine: &Engine<S>,
    given: &Wallet,
    catalogue: &Catalogue,
    now: Timestamp,
) -> Result<BTreeMap<usize, Vec<RanOut>>, Error> {
    let mut ran_out: BTreeMap<usize, Vec<RanOut>> = BTreeMap::new();
    let asked = given.may_have_run_out(catalogue, now);
    if asked.is_empty() {
        return Ok(ran_out);
    }
    let key = |held: &wink_core::coupon::Held| match held.coupon() {
        Some(coupon) => keys::coupon(coupon),
        None => keys::right(held.decision),
    };
    let names: Vec<RecordKey> = asked.iter().map(|(_, held)| key(held)).collect();
    let records = engine.store.get(engine.tenant, &names).await?;
    for ((offer, held), record) in asked.into_iter().zip(records) {
        // What retention has taken away ran out long ago.
        let Some(record) = record else { continue };
        let found = match held.coupon() {
            Some(_) => Coupon::from_bytes(&record.bytes)?.ran_out(now),
            None => Right::from_bytes(&record.bytes)?.ran_out(now),
        };
        if let Some(found) = found {
            ran_out.entry(offer).or_default().push(found);
        }
    }
    Ok(ran_out)
}

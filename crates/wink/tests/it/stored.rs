//! What is in a store, read by the test itself and not through the process under test.

use std::collections::BTreeSet;
use std::path::Path;

use wink_core::base::{CouponId, DecisionId};
use wink_core::event::Body;
use wink_core::profile::Kept;
use wink_record::Stored as _;
use wink_server::keys::{TENANT, entry, kind};
use wink_store::{Direction, Kind, Lane, Position, Range, Store};
use wink_store_fjall::{FjallStore, Options};

/// An event as the journal has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) message_id: String,
    pub(crate) event_id: String,
    /// What it says, in the words of [`says`].
    pub(crate) says: String,
}

/// A store's events, decisions and coupons.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stored {
    pub(crate) events: Vec<Event>,
    pub(crate) decisions: BTreeSet<String>,
    pub(crate) coupons: BTreeSet<String>,
}

/// Says what an event from outside says; `None` for one of Wink's own.
fn says(kept: &Kept) -> Option<String> {
    match &kept.body {
        Body::OrderCompleted(order) => Some(format!("order {}", order.sales().0)),
        Body::ConsentUpdated(change) => Some(format!("{} {}", change.purpose, change.state.name())),
        Body::Identify(_) => Some("identify".to_owned()),
        Body::Observed(observed) => Some(observed.name().to_owned()),
        _ => None,
    }
}

/// Reads a store that nobody else has open.
pub(crate) fn read(directory: &Path) -> Stored {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let store = FjallStore::open(directory.join("store"), Options::default()).unwrap();
        let mut stored = Stored::default();
        for lane in Lane::all() {
            for found in store.read_lane(lane, Position(0), usize::MAX).await.unwrap() {
                let Some(body) = found.body.filter(|_| found.header.kind == entry::EVENT) else { continue };
                let kept = Kept::from_bytes(&body.payload).unwrap();
                let Some(says) = says(&kept) else { continue };
                let event_id = kept.id.to_string();
                stored.events.push(Event { message_id: kept.message_id, event_id, says });
            }
        }
        let name = |key: Vec<u8>| DecisionId::from_bytes(key.try_into().unwrap()).to_string();
        stored.decisions = keys(&store, kind::DECISION).await.into_iter().map(name).collect();
        let name = |key: Vec<u8>| CouponId::from_bytes(key.try_into().unwrap()).to_string();
        stored.coupons = keys(&store, kind::COUPON).await.into_iter().map(name).collect();
        stored
    })
}

async fn keys(store: &FjallStore, kind: Kind) -> Vec<Vec<u8>> {
    let page = store.scan(TENANT, kind, Range::default(), Direction::Forward, 10_000_000).await.unwrap();
    page.records.into_iter().map(|(key, _)| key).collect()
}

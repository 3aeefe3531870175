//! Points: the ledger against its counters, and against what people hold.

use std::collections::BTreeMap;

use wink_core::coupon::points::{Account, Entry, Place, Tender};
use wink_store::Store;

use super::walk;
use crate::keys::{self, kind};
use crate::{Engine, Error};

/// What the ledger says of points.
#[derive(Default)]
pub(super) struct Ledger {
    /// By place: what arrived there less what left it.
    places: BTreeMap<Place, i64>,
    /// The same of what is held, by account.
    held: BTreeMap<[u8; 16], i64>,
    /// The same of what is used, by redemption.
    used: BTreeMap<[u8; 16], i64>,
    /// How many movements there are.
    pub(super) movements: u64,
}

impl Ledger {
    /// Takes in a movement.
    pub(super) fn book(&mut self, entry: &Entry) {
        self.movements += 1;
        for (place, points) in [(entry.from, -entry.points.0), (entry.to, entry.points.0)] {
            *self.places.entry(place).or_default() += points;
            if place == Place::Held {
                *self.held.entry(entry.account).or_default() += points;
            }
            if place == Place::Used
                && let Some(id) = entry.redemption()
            {
                *self.used.entry(id.bytes()).or_default() += points;
            }
        }
    }

    /// Lists what does not add up.
    pub(super) async fn findings<S: Store>(&mut self, engine: &Engine<S>) -> Result<Vec<String>, Error> {
        let mut findings = Vec::new();
        let sum: i64 = self.places.values().sum();
        if sum != 0 {
            findings.push(format!("points sum to {sum} instead of nothing"));
        }
        for place in Place::ALL {
            let there = self.places.get(&place).copied().unwrap_or_default();
            // The shop's counter tells what it made.
            let expected = if place == Place::Shop { -there } else { there };
            let counted = engine.store.counters_with(engine.tenant, &keys::points(place.name()).0).await?;
            let counted = counted.first().map_or(0, |(_, counter)| counter.value);
            if expected != counted {
                let name = place.name();
                findings.push(format!(
                    "points {name} are {expected} by the ledger and {counted} by their counter"
                ));
            }
        }
        let held = &mut self.held;
        walk::stored(engine, kind::POINTS_ACCOUNT, |account: Account| {
            let expected = held.remove(&account.id()).unwrap_or_default();
            let (profile, found) = (account.profile, account.held());
            if found.0 != expected {
                findings.push(format!("{profile} holds {found} points, and {expected} by the ledger"));
            }
            Ok(())
        })
        .await?;
        let nowhere = held.values().filter(|points| **points != 0).count();
        if nowhere != 0 {
            findings.push(format!("points of {nowhere} accounts are in the ledger only"));
        }
        let used = &mut self.used;
        walk::stored(engine, kind::TENDER, |tender: Tender| {
            // Of whoever was erased the ledger alone tells.
            let expected = used.remove(&tender.id.bytes()).unwrap_or_default();
            let found = tender.points() - tender.returned();
            if found.0 != expected {
                let id = tender.id;
                findings.push(format!(
                    "redemption {id} is paid with {found} points, and {expected} by the ledger"
                ));
            }
            Ok(())
        })
        .await?;
        Ok(findings)
    }
}

//! Points: the ledger against its counters, against what people hold, and movement by movement against what is noted with them.

use std::collections::{BTreeMap, BTreeSet};

use wink_core::base::{Hasher, ProfileId, Timestamp};
use wink_core::coupon::points::{Account, Cause, Entry, Place, Tender};
use wink_record::{PointsOrder, Stored};
use wink_store::Store;

use super::walk;
use crate::keys::{self, kind};
use crate::{Engine, Error};

/// What the ledger says of points.
#[derive(Default)]
pub(super) struct Ledger {
    /// By place: what arrived there less what left it.
    places: BTreeMap<Place, i64>,
    /// The same of what is held and of what is used, by account.
    accounts: BTreeMap<[u8; 16], (i64, i64)>,
    /// What an order earned an account, and what was taken back of that.
    orders: BTreeMap<([u8; 16], [u8; 16]), (i64, i64)>,
    /// The same of what is used, by redemption, with whose account it is.
    used: BTreeMap<[u8; 16], ([u8; 16], i64)>,
    /// Each movement by its id: when, whose account and a hash of it. Notes beside the accounts say the same.
    moved: BTreeMap<[u8; 16], Moved>,
    /// The first movement that came a second time.
    twice: Option<[u8; 16]>,
    /// How many movements there are.
    pub(super) movements: u64,
}

/// What is kept of a movement to compare it with its note.
struct Moved {
    account: [u8; 16],
    at: Timestamp,
    hash: [u8; 16],
}

impl Moved {
    fn new(entry: &Entry) -> Self {
        let hash = Hasher::new("points note").field(&entry.to_bytes()).finish().short();
        Self { account: entry.account, at: entry.at, hash }
    }
}

impl Ledger {
    /// Takes in a movement.
    pub(super) fn book(&mut self, entry: &Entry) {
        self.movements += 1;
        if self.moved.insert(entry.id, Moved::new(entry)).is_some() {
            self.twice = self.twice.or(Some(entry.id));
        }
        self.book_order(entry);
        for (place, points) in [(entry.from, -entry.points.0), (entry.to, entry.points.0)] {
            *self.places.entry(place).or_default() += points;
            let (held, its_used) = self.accounts.entry(entry.account).or_default();
            match place {
                Place::Held => *held += points,
                Place::Used => *its_used += points,
                Place::Shop | Place::Expired | Place::TakenBack => {}
            }
            if place == Place::Used
                && let Some(id) = entry.redemption()
            {
                self.used.entry(id.bytes()).or_insert((entry.account, 0)).1 += points;
            }
        }
    }

    /// Takes in what an order earned or gave back.
    fn book_order(&mut self, entry: &Entry) {
        let Some(Cause::Order(order)) = entry.cause else { return };
        let (earned, taken) = self.orders.entry((order, entry.account)).or_default();
        match (entry.from, entry.to) {
            (Place::Shop, _) => *earned += entry.points.0,
            (_, Place::TakenBack) => *taken += entry.points.0,
            _ => {}
        }
    }

    /// Lists what does not add up.
    pub(super) async fn findings<S: Store>(&mut self, engine: &Engine<S>) -> Result<Vec<String>, Error> {
        let mut findings = Vec::new();
        for place in Place::ALL {
            let there = self.places.get(&place).copied().unwrap_or_default();
            if place != Place::Shop && there < 0 {
                findings.push(format!("points {} are {there}, which is below nothing", place.name()));
            }
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
        let accounts = &mut self.accounts;
        let mut there = BTreeMap::new();
        walk::stored(engine, kind::POINTS_ACCOUNT, |account: Account| {
            let (held, used) = accounts.remove(&account.id).unwrap_or_default();
            let (profile, found) = (account.profile, account.held());
            if found.0 != held {
                findings.push(format!("{profile} holds {found} points, and {held} by the ledger"));
            }
            if account.used.0 != used {
                findings
                    .push(format!("{profile} has used {} points, and {used} by the ledger", account.used));
            }
            there.insert(account.profile, account.id);
            Ok(())
        })
        .await?;
        let nowhere = accounts.values().filter(|(held, _)| *held != 0).count();
        if nowhere != 0 {
            findings.push(format!("points of {nowhere} accounts are in the ledger only"));
        }
        self.check_notes(engine, &there, &mut findings).await?;
        self.check_orders(engine, &there, &mut findings).await?;
        let used = &mut self.used;
        walk::stored(engine, kind::TENDER, |tender: Tender| {
            // Of whoever was erased the ledger alone tells.
            let (_, expected) = used.remove(&tender.id.bytes()).unwrap_or_default();
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
        let living: BTreeSet<[u8; 16]> = there.into_values().collect();
        let lost =
            self.used.values().filter(|(account, used)| *used != 0 && living.contains(account)).count();
        if lost != 0 {
            findings.push(format!("{lost} payments with points are in the ledger only"));
        }
        Ok(findings)
    }

    /// The movements against the notes beside their accounts, one by one and both ways: a note that is lost is not told to its person, one that
    /// the ledger does not have moved nothing.
    async fn check_notes<S: Store>(
        &mut self,
        engine: &Engine<S>,
        accounts: &BTreeMap<ProfileId, [u8; 16]>,
        findings: &mut Vec<String>,
    ) -> Result<(), Error> {
        if let Some(id) = self.twice {
            findings.push(format!("movement {} of points is in the ledger twice", name_of(&id)));
        }
        let moved = &mut self.moved;
        walk::records(engine, kind::POINTS_MOVED, |key, record| {
            let entry = Entry::from_bytes(&record.bytes)?;
            let whose = key.get(..16).and_then(|bytes| bytes.try_into().ok()).map(ProfileId::from_bytes);
            let whose = whose.unwrap_or(ProfileId::from_bytes([0; 16]));
            let name = name_of(&entry.id);
            let is_its_place = keys::points_moved(whose, entry.at, entry.id).key == key;
            let is_their_own = accounts.get(&whose) == Some(&entry.account);
            if !is_its_place || !is_their_own {
                findings.push(format!("movement {name} of points is noted with {whose}, whose it is not"));
                return Ok(());
            }
            match moved.remove(&entry.id) {
                None => findings.push(format!("movement {name} of points of {whose} is not in the ledger")),
                Some(known) if known.hash != Moved::new(&entry).hash => findings.push(format!(
                    "movement {name} of points of {whose} is noted otherwise than in the ledger"
                )),
                Some(_) => {}
            }
            Ok(())
        })
        .await?;
        // Of whoever was erased the ledger alone tells.
        let living: BTreeMap<&[u8; 16], &ProfileId> = accounts.iter().map(|(id, name)| (name, id)).collect();
        for (id, lost) in &*moved {
            if let Some(whose) = living.get(&lost.account) {
                let (name, at) = (name_of(id), lost.at);
                findings.push(format!(
                    "movement {name} of points of {whose} at {at} is in the ledger and not noted"
                ));
            }
        }
        Ok(())
    }

    /// The orders against what they earned by the ledger, and what was taken back.
    async fn check_orders<S: Store>(
        &mut self,
        engine: &Engine<S>,
        accounts: &BTreeMap<ProfileId, [u8; 16]>,
        findings: &mut Vec<String>,
    ) -> Result<(), Error> {
        let orders = &mut self.orders;
        walk::stored(engine, kind::POINTS_ORDER, |order: PointsOrder| {
            let Some(earned) = order.earned else { return Ok(()) };
            let account = accounts.get(&earned.profile).copied().unwrap_or_default();
            let (made, taken) = orders.remove(&(earned.order, account)).unwrap_or_default();
            let profile = earned.profile;
            if earned.points.0 != made {
                let points = earned.points;
                findings.push(format!("an order of {profile} earned {points} points, and {made} by the ledger"));
            }
            let (back, missing) = (earned.returned(), earned.uncollected);
            if (back - missing).0 != taken {
                findings.push(format!(
                    "of an order of {profile} {back} points came back, {missing} of them uncollected, and {taken} by the ledger"
                ));
            }
            Ok(())
        })
        .await?;
        // Of whoever was erased the ledger alone tells.
        let living: BTreeSet<&[u8; 16]> = accounts.values().collect();
        let lost = orders.keys().filter(|(_, account)| living.contains(account)).count();
        if lost != 0 {
            findings.push(format!("{lost} orders that earned points are in the ledger only"));
        }
        Ok(())
    }
}

/// Writes a movement's id, as whoever looks for it in an export finds it.
fn name_of(id: &[u8; 16]) -> String {
    id.iter().map(|byte| format!("{byte:02x}")).collect()
}

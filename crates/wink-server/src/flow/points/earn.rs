//! An order that is told of earns points, and what comes back of it takes them back: in the commit that accepts the event.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use wink_core::base::{Cents, Timestamp, Value};
use wink_core::coupon::points::{Early, Tender, claw_back, earn};
use wink_core::event::{Body, Order};
use wink_core::profile::Kept;
use wink_record::{PointsOrder, Stored};
use wink_store::{Batch, Change, Check, Store};

use super::Purses;
use crate::flow::person::{self, Loaded};
use crate::keys;
use crate::{Engine, Error};

/// What an event changes of points at most: the order, an account with its timer, and three movements with their counters: what is earned, what
/// is taken of it for what is owed, and what of it came back before.
pub(in crate::flow) const CHANGES_MAX: usize = 4 + 3 * 4;

/// Points of the messages of one commit.
#[derive(Default)]
pub(in crate::flow) struct Earning {
    purses: Purses,
    orders: BTreeMap<[u8; 16], (Loaded<PointsOrder>, PointsOrder)>,
    /// What was looked at beside them.
    checks: Vec<Check>,
}

/// Tells whether an event of this name can move points.
pub(in crate::flow) fn moves(event: &str) -> bool {
    matches!(event, "Order Completed" | "Order Refunded" | "Order Cancelled")
}

impl Earning {
    /// Takes in an event that was accepted at `now`, from somebody who may say what was bought and what came back.
    pub(in crate::flow) async fn hear<S: Store>(
        &mut self,
        engine: &Engine<S>,
        kept: &Kept,
        now: Timestamp,
    ) -> Result<(), Error> {
        match (&kept.body, kept.body.event_name()) {
            (Body::OrderCompleted(order), _) if !order.order_id.is_empty() => {
                self.bought(engine, kept, order, now).await
            }
            (_, name @ ("Order Refunded" | "Order Cancelled")) => {
                let Some(order) = kept.extra.get("order_id").and_then(Value::as_text) else { return Ok(()) };
                let is_part = name == "Order Refunded";
                let back = kept.extra.get("total_cents").and_then(Value::as_int).filter(|_| is_part);
                self.came_back(engine, order, back.map(Cents), now).await
            }
            _ => Ok(()),
        }
    }

    async fn bought<S: Store>(
        &mut self,
        engine: &Engine<S>,
        kept: &Kept,
        order: &Order,
        now: Timestamp,
    ) -> Result<(), Error> {
        let Ok(catalogue) = engine.catalogue() else { return Ok(()) };
        let Some(programme) = &catalogue.shop.points else { return Ok(()) };
        let until = programme.until(&catalogue.shop.zone, kept.occurred_at);
        let key = self.load(engine, &order.order_id).await?;
        let Some(known) = self.orders.get(&key).map(|(_, order)| order) else { return Ok(()) };
        if until <= now || known.is_told {
            return Ok(());
        }
        let early = known.early;
        let (by_points, looked_at) = paid_by(engine, known).await?;
        self.checks.extend(looked_at);
        let what = programme.earned(&order.lines, by_points, &catalogue.campaigns, kept.occurred_at);
        self.purses.load(engine, kept.profile).await?;
        let Some(account) = self.purses.of(kept.profile) else { return Ok(()) };
        if let Some((_, order)) = self.orders.get_mut(&key) {
            (order.is_told, order.early) = (true, Early::default());
        }
        let Some((mut moved, mut earned)) = earn(account, key, what, until, now) else { return Ok(()) };
        if let Some(back) = early.back()
            && let Some((after, rest)) = claw_back(&moved.account, &earned, back, now)
        {
            moved.account = after.account;
            moved.entries.extend(after.entries);
            earned = rest;
        }
        self.purses.put([moved.account], moved.entries);
        if let Some((_, order)) = self.orders.get_mut(&key) {
            order.earned = Some(earned);
        }
        Ok(())
    }

    async fn came_back<S: Store>(
        &mut self,
        engine: &Engine<S>,
        order: &str,
        back: Option<Cents>,
        now: Timestamp,
    ) -> Result<(), Error> {
        let key = self.load(engine, order).await?;
        let Some((before, order)) = self.orders.get_mut(&key) else { return Ok(()) };
        let Some(earned) = order.earned else {
            // The order may be told of later. A shop without points need not remember.
            if !order.is_told && engine.catalogue().is_ok_and(|catalogue| catalogue.shop.points.is_some()) {
                order.early.add(back);
            }
            return Ok(());
        };
        if before.value.earned.is_some() {
            // Of whoever is being erased nothing is taken any more: their account is closed.
            let Some(profile) = person::profile(engine, earned.profile).await? else { return Ok(()) };
            self.checks.push(profile.unchanged());
        }
        self.purses.load(engine, earned.profile).await?;
        let Some(account) = self.purses.of(earned.profile) else { return Ok(()) };
        let Some((moved, earned)) = claw_back(account, &earned, back, now) else { return Ok(()) };
        self.purses.put([moved.account], moved.entries);
        if let Some((_, order)) = self.orders.get_mut(&key) {
            order.earned = Some(earned);
        }
        Ok(())
    }

    async fn load<S: Store>(&mut self, engine: &Engine<S>, order: &str) -> Result<[u8; 16], Error> {
        let name = keys::order_hash(engine.secrets.marks(), order);
        if let Entry::Vacant(place) = self.orders.entry(name) {
            let loaded = person::load(engine, keys::points_order(name), PointsOrder::default).await?;
            let order = loaded.value.clone();
            place.insert((loaded, order));
        }
        Ok(name)
    }

    /// Tells how many changes it will make at most.
    pub(in crate::flow) fn changes(&self) -> usize {
        self.orders.len() + self.purses.changes()
    }

    /// Adds everything to a batch.
    pub(in crate::flow) fn add_to(self, batch: &mut Batch) {
        for (before, after) in self.orders.into_values() {
            batch.checks.push(before.unchanged());
            if before.value != after {
                batch.changes.push(Change::Put(before.key, after.to_bytes()));
            }
        }
        batch.checks.extend(self.checks);
        self.purses.add_to(batch);
    }
}

/// Sums what points pay for an order, with the checks that it is still so.
async fn paid_by<S: Store>(engine: &Engine<S>, order: &PointsOrder) -> Result<(Cents, Vec<Check>), Error> {
    let (mut paid, mut checks) = (Cents::ZERO, Vec::new());
    for id in &order.tenders {
        let key = keys::tender(*id);
        let Some(record) = engine.record(&key).await? else { continue };
        paid += Tender::from_bytes(&record.bytes)?.pays();
        checks.push(Check::Version(key, record.version));
    }
    Ok((paid, checks))
}

//! An order that is told of earns points, and what comes back of it takes them back: in the commit that accepts the event.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use wink_core::base::{Cents, Timestamp, Value};
use wink_core::coupon::points::{Tender, claw_back, earn};
use wink_core::event::{Body, Order};
use wink_core::profile::Kept;
use wink_record::{PointsOrder, Stored};
use wink_store::{Batch, Change, Store};

use super::Purses;
use crate::flow::person::{self, Loaded};
use crate::keys;
use crate::{Engine, Error};

/// What an event changes of points at most: the order, an account with its timer, and a movement with its counters.
pub(in crate::flow) const CHANGES_MAX: usize = 9;

/// Points of the messages of one commit.
#[derive(Default)]
pub(in crate::flow) struct Earning {
    purses: Purses,
    orders: BTreeMap<[u8; 16], (Loaded<PointsOrder>, PointsOrder)>,
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
        if until <= now || known.earned.is_some() {
            return Ok(());
        }
        let by_points = paid_by(engine, known).await?;
        let what = programme.earned(&order.lines, by_points, &catalogue.campaigns, kept.occurred_at);
        self.purses.load(engine, kept.profile).await?;
        let Some(account) = self.purses.of(kept.profile) else { return Ok(()) };
        let Some((moved, earned)) = earn(account, key, what, until, now) else { return Ok(()) };
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
        let Some(earned) = self.orders.get(&key).and_then(|(_, order)| order.earned) else { return Ok(()) };
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

    /// Adds everything to a batch.
    pub(in crate::flow) fn add_to(self, batch: &mut Batch) {
        for (before, after) in self.orders.into_values() {
            batch.checks.push(before.unchanged());
            if before.value != after {
                batch.changes.push(Change::Put(before.key, after.to_bytes()));
            }
        }
        self.purses.add_to(batch);
    }
}

/// Sums what points pay for an order.
async fn paid_by<S: Store>(engine: &Engine<S>, order: &PointsOrder) -> Result<Cents, Error> {
    let mut paid = Cents::ZERO;
    for id in &order.tenders {
        let tender: Option<Tender> = engine.stored(&keys::tender(*id)).await?;
        paid += tender.map_or(Cents::ZERO, |tender| tender.pays());
    }
    Ok(paid)
}

//! What a till did on a day: notes that are written with each thing it does, and the report that is made of them.

use std::collections::BTreeMap;

use wink_core::base::{Cents, Points, RedemptionId, TillId, Timestamp};
use wink_core::coupon::cart::vat_contained;
use wink_core::coupon::points::{GivenBack, Tender};
use wink_core::coupon::{Lease, Loss, Part, Redemption, Reversal, Unbacked};
use wink_record::{Reported, Stored};
use wink_store::{Change, Direction, Range, RecordKey, Store};

use super::leases;
use super::sync::Report;
use crate::{Engine, Error, keys};

/// Notes read at once.
const AT_ONCE: usize = 500;

/// What a note is of; it stands in the note's key after the day.
const REDEEMED: u8 = 1;
const REVERSED: u8 = 2;
const UNBACKED: u8 = 3;
const PAID: u8 = 4;
const GIVEN_BACK: u8 = 5;

/// Notes that a till redeemed a coupon, on the day it was given.
pub(in crate::flow) fn redeemed<S: Store>(
    engine: &Engine<S>,
    till: &TillId,
    redemption: &Redemption,
) -> Result<Change, Error> {
    note(engine, till, redemption.at, REDEEMED, redemption.id.bytes(), redemption.id.bytes().to_vec())
}

/// Notes that a till took a redemption back, its own or another's.
pub(in crate::flow) fn reversed<S: Store>(
    engine: &Engine<S>,
    till: &TillId,
    redemption: &Redemption,
    reversal: &Reversal,
) -> Result<Change, Error> {
    note(engine, till, reversal.at, REVERSED, reversal.id.bytes(), redemption.id.bytes().to_vec())
}

/// Notes that a till gave what no lease pays for.
pub(super) fn unbacked<S: Store>(
    engine: &Engine<S>,
    till: &TillId,
    report: &Report,
) -> Result<Change, Error> {
    let key = keys::reported(report.lease, report.taken.number);
    let id = RedemptionId::seeded("unbacked", &[&key.key]);
    note(engine, till, report.taken.at, UNBACKED, id.bytes(), key.key.to_vec())
}

/// Notes that a till took points for an order. The note says itself how many, for what names the order goes with its person.
pub(in crate::flow) fn paid<S: Store>(
    engine: &Engine<S>,
    till: &TillId,
    tender: &Tender,
) -> Result<Change, Error> {
    note(engine, till, tender.at, PAID, tender.id.bytes(), in_points(tender.points(), tender.paid()))
}

/// Notes that a till gave points back that had paid for an order, its own or another's.
pub(in crate::flow) fn given_back<S: Store>(
    engine: &Engine<S>,
    till: &TillId,
    tender: &Tender,
    back: &GivenBack,
) -> Result<Change, Error> {
    let number = u64::try_from(tender.back.len()).unwrap_or(u64::MAX).to_be_bytes();
    let id = RedemptionId::seeded("points given back", &[&tender.id.bytes(), &number]);
    note(engine, till, back.at, GIVEN_BACK, id.bytes(), in_points(back.points, back.amount))
}

/// Writes points and what they pay, as a note has them.
fn in_points(points: Points, amount: Cents) -> Vec<u8> {
    [points.0.to_be_bytes(), amount.0.to_be_bytes()].concat()
}

fn note<S: Store>(
    engine: &Engine<S>,
    till: &TillId,
    at: Timestamp,
    what: u8,
    id: [u8; 16],
    leads_to: Vec<u8>,
) -> Result<Change, Error> {
    let day = engine.catalogue()?.shop.zone.day(at);
    let key = [keys::day_of_till(till, day).as_slice(), &[what], &id].concat();
    Ok(Change::Put(RecordKey::new(keys::kind::TILL_DAY, key), leads_to))
}

/// How many, and for how much.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// How many.
    pub count: u64,
    /// How much.
    pub amount: Cents,
}

impl Sum {
    fn add(&mut self, amount: Cents) {
        self.count = self.count.saturating_add(1);
        self.amount = self.amount.saturating_add(amount);
    }
}

/// How many points, and for how much.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SumInPoints {
    /// How often.
    pub count: u64,
    /// How many.
    pub points: Points,
    /// What they paid.
    pub amount: Cents,
}

impl SumInPoints {
    /// Adds what a note says; one that is cut says nothing.
    fn add(&mut self, note: &[u8]) {
        let ([points, amount], []) = note.as_chunks() else { return };
        self.count = self.count.saturating_add(1);
        self.points = Points(self.points.0.saturating_add(i64::from_be_bytes(*points)));
        self.amount = self.amount.saturating_add(Cents(i64::from_be_bytes(*amount)));
    }
}

/// What one rate of VAT has of a day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OfRate {
    /// What was taken off lines of this rate.
    pub given: Cents,
    /// What of any day's came back on this one.
    pub returned: Cents,
}

impl OfRate {
    /// Tells by how much the VAT in what was paid is less by all of it. Reckoned once for the day, half up.
    pub fn tax(&self, rate: u16) -> Cents {
        vat_contained(self.given - self.returned, rate)
    }
}

/// What a till did on a day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Day {
    /// Coupons it gave, with the server or without.
    pub redemptions: Sum,
    /// What it took back.
    pub reversals: Sum,
    /// Of the coupons it gave, those without the server.
    pub offline: Sum,
    /// Of those, the ones that are a loss, by the reason.
    pub losses: BTreeMap<Loss, Sum>,
    /// What it gave and no lease pays for, by the reason; in nothing above.
    pub unbacked: BTreeMap<Unbacked, Sum>,
    /// What it gave and took back, by rate of VAT; lines without one under `None`. The sums are those above.
    pub by_rate: BTreeMap<Option<u16>, OfRate>,
    /// Orders it took points for: no discounts, and in nothing above.
    pub points_paid: SumInPoints,
    /// Points it gave back.
    pub points_returned: SumInPoints,
    /// Its leases that hold money now.
    pub open_leases: Vec<Lease>,
}

impl Day {
    fn redeem(&mut self, redemption: &Redemption) {
        self.redemptions.add(redemption.amount);
        if redemption.offline.is_some() {
            self.offline.add(redemption.amount);
        }
        if let Some(loss) = redemption.loss() {
            self.losses.entry(loss).or_default().add(redemption.amount);
        }
        for part in &redemption.parts {
            self.by_rate.entry(part.vat_basis_points).or_default().given += part.amount;
        }
    }

    fn reverse(&mut self, redemption: &Redemption, reversal: &Reversal) {
        self.reversals.add(reversal.amount());
        for back in &reversal.parts {
            // What came back in the first days named no rate of its own; its line does.
            let line = redemption.parts.iter().find(|part| part.line == back.line);
            let rate = line.and_then(|part: &Part| part.vat_basis_points);
            self.by_rate.entry(rate).or_default().returned += back.amount;
        }
    }

    /// Tells what was lost, whatever the reason.
    pub fn lost(&self) -> Cents {
        self.losses.values().map(|sum| sum.amount).sum()
    }
}

/// Adds up what a till did on a day of the shop's calendar, counted from 1970. A till that reports late still changes days that are over.
///
/// # Errors
/// If the store cannot be read.
pub async fn read<S: Store>(engine: &Engine<S>, till: &TillId, day: i32) -> Result<Day, Error> {
    let prefix = keys::day_of_till(till, day);
    let mut report = Day::default();
    let mut range = Some(Range::prefix(prefix.clone()));
    while let Some(some) = range {
        let kind = keys::kind::TILL_DAY;
        let page = engine.store.scan(engine.tenant, kind, some, Direction::Forward, AT_ONCE).await?;
        for (key, record) in &page.records {
            let what = key.get(prefix.len()).copied().unwrap_or_default();
            add(engine, &mut report, what, key, &record.bytes).await?;
        }
        range = page.next;
    }
    let leases = leases::list(engine, till).await?;
    report.open_leases = leases.into_iter().filter(Lease::is_open).collect();
    Ok(report)
}

async fn add<S: Store>(
    engine: &Engine<S>,
    report: &mut Day,
    what: u8,
    key: &[u8],
    leads_to: &[u8],
) -> Result<(), Error> {
    if what == PAID {
        report.points_paid.add(leads_to);
        return Ok(());
    }
    if what == GIVEN_BACK {
        report.points_returned.add(leads_to);
        return Ok(());
    }
    if what == UNBACKED {
        let record = engine.record(&RecordKey::new(keys::kind::REPORTED, leads_to)).await?;
        let reported = record.map(|record| Reported::from_bytes(&record.bytes)).transpose()?;
        if let Some(Reported { outcome: Err(why), amount, .. }) = reported {
            report.unbacked.entry(why).or_default().add(amount);
        }
        return Ok(());
    }
    let Ok(id) = leads_to.try_into().map(RedemptionId::from_bytes) else { return Ok(()) };
    let Some(redemption) = engine.stored::<Redemption>(&keys::redemption(id)).await? else { return Ok(()) };
    if what == REDEEMED {
        report.redeem(&redemption);
        return Ok(());
    }
    let its = |reversal: &&Reversal| key.ends_with(&reversal.id.bytes());
    if let Some(reversal) = redemption.reversals.iter().find(its) {
        report.reverse(&redemption, reversal);
    }
    Ok(())
}

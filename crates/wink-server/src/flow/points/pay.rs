//! Points pay for an order, in the commit that redeems its coupons.

use wink_core::base::{Cents, Points, RedemptionId, Timestamp};
use wink_core::coupon::cart::{Line, Priced};
use wink_core::coupon::points::{Account, Marked, NotPaid, Tender, ToPay, pay};
use wink_core::event::Identity;
use wink_core::offer::Catalogue;
use wink_record::{PointsOrder, Stored};
use wink_store::{Batch, Change, Check, Store};

use super::Purses;
use crate::flow::person::{self, Loaded};
use crate::flow::profiles::{self, Whom};
use crate::keys;
use crate::{Engine, Error};

/// Points that pay for an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tendered {
    /// What they pay.
    pub tender: Tender,
    /// How many there are afterwards.
    pub balance: Points,
}

/// What is to be paid with points.
#[derive(Clone, Copy)]
pub(in crate::flow) struct Asked<'a> {
    /// With how many.
    pub points: Points,
    /// Whose; nobody said if there is none.
    pub identity: Option<&'a Identity>,
    /// The shop's id of the order.
    pub order_id: &'a str,
    /// What is left to pay.
    pub priced: &'a Priced<'a>,
}

/// Points that pay, not yet written.
pub(in crate::flow) struct Paying {
    /// What they pay, or why they do not.
    pub outcome: Result<Tendered, NotPaid>,
    write: Option<(Vec<Check>, Purses, Loaded<PointsOrder>, PointsOrder)>,
}

/// Works out what points pay for an order. The same points of the same person on the same order again are those that paid before.
pub(in crate::flow) async fn paying<S: Store>(
    engine: &Engine<S>,
    asked: Asked<'_>,
    catalogue: &Catalogue,
    now: Timestamp,
) -> Result<Paying, Error> {
    let refused = |why| Ok(Paying { outcome: Err(why), write: None });
    let Some(programme) = &catalogue.shop.points else { return refused(NotPaid::NoProgramme) };
    let Some(identity) = asked.identity else { return refused(NotPaid::NobodySaid) };
    let Some(whole) = profiles::find(engine, &Whom::Identity(identity.clone())).await? else {
        return refused(NotPaid::Balance { balance: Points::ZERO, asked: asked.points });
    };
    let mut purses = Purses::default();
    for profile in whole.cluster().profiles() {
        purses.load(engine, profile.id).await?;
    }
    let balance = |accounts: &[Account]| accounts.iter().map(|account| account.balance(now)).sum::<Points>();
    let accounts: Vec<Account> = purses.all().cloned().collect();
    let name = keys::order_hash(engine.secrets.marks(), asked.order_id);
    let order = person::load(engine, keys::points_order(name), PointsOrder::default).await?;
    if let Some(last) = order.value.tenders.last() {
        let tender: Option<Tender> = engine.stored(&keys::tender(*last)).await?;
        if let Some(tender) = tender.filter(Tender::is_left) {
            let is_theirs = whole.cluster().profiles().any(|profile| profile.id == tender.profile);
            if !is_theirs || tender.points() != asked.points {
                return refused(NotPaid::PaidBefore);
            }
            let outcome = Ok(Tendered { tender, balance: balance(&accounts) });
            return Ok(Paying { outcome, write: None });
        }
    }
    let turn = u64::try_from(order.value.tenders.len()).unwrap_or(u64::MAX).to_be_bytes();
    let marked = Marked {
        id: RedemptionId::seeded("points redemption", &[&name, &turn]),
        profile: whole.asked().id,
        order_id: asked.order_id,
    };
    let paid = match pay(&accounts, marked, &to_pay(asked.priced), asked.points, programme, now) {
        Ok(paid) => paid,
        Err(why) => return refused(why),
    };
    let mut after = order.value.clone();
    after.tenders.push(marked.id);
    let outcome = Ok(Tendered { tender: paid.tender, balance: balance(&paid.accounts) });
    purses.put(paid.accounts, paid.entries);
    Ok(Paying { outcome, write: Some((whole.unchanged().collect(), purses, order, after)) })
}

fn to_pay(priced: &Priced<'_>) -> Vec<ToPay> {
    let line = |(line, left): (&Line, &Cents)| ToPay {
        line: line.id.clone(),
        quantity: line.quantity,
        amount: *left,
    };
    priced.cart().lines().iter().zip(priced.left()).map(line).collect()
}

impl Paying {
    /// Adds it to a batch, which holds only if person, order and accounts are still as they were read.
    pub(in crate::flow) fn add_to(self, batch: &mut Batch) {
        let (Ok(tendered), Some((checks, purses, order, after))) = (self.outcome, self.write) else { return };
        batch.checks.extend(checks);
        batch.checks.push(order.unchanged());
        batch.changes.push(Change::Put(order.key, after.to_bytes()));
        let tender = keys::tender(tendered.tender.id);
        batch.checks.push(Check::Absent(tender.clone()));
        batch.changes.push(Change::Put(tender, tendered.tender.to_bytes()));
        purses.add_to(batch);
    }
}

//! Points pay for an order, in the commit that redeems its coupons.

use wink_core::base::{Cents, Points, ProfileId, RedemptionId, Timestamp};
use wink_core::coupon::cart::{Line, Priced};
use wink_core::coupon::points::{Marked, NotPaid, Tender, ToPay, basis, pay};
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

/// What an order has to do with points, as it was read: whatever else is used on it holds only if this is still so.
pub(in crate::flow) struct OnOrder {
    name: [u8; 16],
    order: Loaded<PointsOrder>,
    /// The payment that points still make.
    tender: Option<Loaded<Tender>>,
}

impl OnOrder {
    pub(in crate::flow) async fn load<S: Store>(engine: &Engine<S>, order_id: &str) -> Result<Self, Error> {
        let name = keys::order_hash(engine.secrets.marks(), order_id);
        let order = person::load(engine, keys::points_order(name), PointsOrder::default).await?;
        let mut live = None;
        if let Some(last) = order.value.tenders.last() {
            let key = keys::tender(*last);
            if let Some(record) = engine.record(&key).await? {
                let value = Tender::from_bytes(&record.bytes)?;
                live = Some(Loaded { key, version: Some(record.version), value });
            }
        }
        Ok(Self { name, order, tender: live.filter(|tender| tender.value.is_left()) })
    }

    /// Of an order that has no id yet nothing is known.
    pub(in crate::flow) fn none() -> Self {
        let name = [0; 16];
        let order = Loaded { key: keys::points_order(name), version: None, value: PointsOrder::default() };
        Self { name, order, tender: None }
    }

    /// The checks that nothing of it moved since.
    pub(in crate::flow) fn unchanged(&self) -> impl Iterator<Item = Check> {
        [self.order.unchanged()].into_iter().chain(self.tender.as_ref().map(Loaded::unchanged))
    }
}

/// What is to be paid with points.
#[derive(Clone, Copy)]
pub(in crate::flow) struct Asked<'a> {
    /// With how many, if with any.
    pub points: Option<Points>,
    /// Whose; nobody said if there is none.
    pub identity: Option<&'a Identity>,
    /// The shop's id of the order.
    pub order_id: &'a str,
    /// What is left to pay.
    pub priced: &'a Priced<'a>,
    /// Whether what was redeemed on the order before fits on the cart: else nobody can say what is left to pay.
    pub fits: bool,
    /// Whether a coupon is to be used that was not on the order before.
    pub is_more: bool,
}

/// Points that pay, not yet written.
pub(in crate::flow) struct Paying {
    /// What they pay, or why they do not.
    pub outcome: Result<Tendered, NotPaid>,
    /// Whose points they are, if somebody is known: what is answered about them lies with them.
    pub whose: Option<ProfileId>,
    checks: Vec<Check>,
    changes: Vec<Change>,
    purses: Purses,
}

/// Works out what points pay for an order, each profile for itself: it uses its own account. On an order that points pay for already only the same
/// request again is answered, with what they paid; every other, also one that names no points, is refused until they came back. `None` if no
/// points are asked for and none are there.
pub(in crate::flow) async fn paying<S: Store>(
    engine: &Engine<S>,
    asked: Asked<'_>,
    on: &OnOrder,
    catalogue: &Catalogue,
    now: Timestamp,
) -> Result<Option<Paying>, Error> {
    let whole = match asked.identity.filter(|_| asked.points.is_some()) {
        Some(identity) => profiles::find(engine, &Whom::Identity(identity.clone())).await?,
        None => None,
    };
    let whose = whole.as_ref().map(|whole| whole.asked().id);
    let checks: Vec<Check> = whole.map(|whole| whole.into_asked().unchanged()).into_iter().collect();
    let refused = |why| {
        let (changes, purses) = (Vec::new(), Purses::default());
        Ok(Some(Paying { outcome: Err(why), whose, checks: checks.clone(), changes, purses }))
    };
    let Some(points) = asked.points else {
        return if on.tender.is_some() { refused(NotPaid::PaidBefore) } else { Ok(None) };
    };
    let lines = to_pay(asked.priced);
    let mut purses = Purses::default();
    if let Some(whose) = whose {
        purses.load(engine, whose).await?;
    }
    let account = whose.and_then(|whose| purses.of(whose)).cloned();
    if let Some(Loaded { value: tender, .. }) = &on.tender {
        let is_same = (tender.points(), tender.basis) == (points, basis(&lines)) && !asked.is_more;
        let Some(account) = account.filter(|account| is_same && account.profile == tender.profile) else {
            return refused(NotPaid::PaidBefore);
        };
        let outcome = Ok(Tendered { tender: tender.clone(), balance: account.balance(now) });
        return Ok(Some(Paying { outcome, whose, checks, changes: Vec::new(), purses }));
    }
    let Some(programme) = &catalogue.shop.points else { return refused(NotPaid::NoProgramme) };
    if asked.identity.is_none() {
        return refused(NotPaid::NobodySaid);
    }
    if !asked.fits {
        return refused(NotPaid::OtherCart);
    }
    if on.order.value.earned.is_some() {
        return refused(NotPaid::EarnedBefore);
    }
    let Some(account) = account else {
        return refused(NotPaid::Balance { balance: Points::ZERO, asked: points });
    };
    // Every step of an account has another number, also after a payment on the same order was forgotten with its person.
    let of = [on.name.as_slice(), &account.profile.bytes(), &account.steps.to_be_bytes()];
    let marked = Marked { id: RedemptionId::seeded("points redemption", &of), order_id: asked.order_id };
    let paid = match pay(&account, marked, &lines, points, programme, now) {
        Ok(paid) => paid,
        Err(why) => return refused(why),
    };
    let mut after = on.order.value.clone();
    after.tenders.push(marked.id);
    let tender = keys::tender(marked.id);
    let checks = checks.into_iter().chain([Check::Absent(tender.clone())]).collect();
    let changes = vec![
        Change::Put(on.order.key.clone(), after.to_bytes()),
        Change::Put(tender, paid.tender.to_bytes()),
    ];
    let outcome = Ok(Tendered { tender: paid.tender, balance: paid.account.balance(now) });
    purses.put([paid.account], paid.entries);
    Ok(Some(Paying { outcome, whose, checks, changes, purses }))
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
    /// The checks that whoever asks is still as they were read.
    pub(in crate::flow) fn unchanged(&self) -> impl Iterator<Item = Check> {
        self.checks.iter().cloned()
    }

    /// What is paid now; `None` if it was paid before or is not paid.
    pub(in crate::flow) fn paid_now(&self) -> Option<&Tender> {
        self.outcome.as_ref().ok().filter(|_| !self.changes.is_empty()).map(|tendered| &tendered.tender)
    }

    /// Adds it to a batch, which holds only if person and account are still as they were read; what is on the order checks [`OnOrder`].
    pub(in crate::flow) fn add_to(self, batch: &mut Batch) {
        batch.checks.extend(self.checks);
        batch.changes.extend(self.changes);
        self.purses.add_to(batch);
    }
}

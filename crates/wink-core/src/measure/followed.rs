//! One person from their assignment on: what they bought, sent back, used and complained of. Hears events in any order and under any of their
//! profiles; tells the outcome at the end.

use std::collections::BTreeMap;

use super::costs::{Costs, Goods, real};
use super::{Arm, OUTCOME_DAYS};
use crate::base::{Cents, DAY_MS, Timestamp, Value};
use crate::coupon::Redemption;
use crate::event::{Body, ConsentState};

/// The days of the window.
pub(super) const DAYS: usize = OUTCOME_DAYS as usize;

/// Something the offer must not make more of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Harm {
    /// They sent something back, or asked to. Asked of those who bought: who sells more gets more back, and that is no harm.
    Returned,
    /// They no longer want to hear from the shop.
    Unsubscribed,
    /// They needed help, or complained.
    AskedForHelp,
}

impl Harm {
    /// Lists them all.
    pub const ALL: [Self; 3] = [Self::Returned, Self::Unsubscribed, Self::AskedForHelp];

    /// Spells it as reports do.
    pub fn name(self) -> &'static str {
        match self {
            Self::Returned => "returns",
            Self::Unsubscribed => "unsubscribes",
            Self::AskedForHelp => "support_tickets",
        }
    }

    /// Tells whether somebody can have done it at all.
    pub(super) fn concerns(self, outcome: &Outcome) -> bool {
        match self {
            Self::Returned => outcome.ordered,
            Self::Unsubscribed | Self::AskedForHelp => true,
        }
    }

    /// Tells which one an event is, if any.
    fn of(body: &Body) -> Option<Self> {
        match body {
            Body::ConsentUpdated(change) => {
                (change.state == ConsentState::Withdrawn).then_some(Self::Unsubscribed)
            }
            _ => match body.event_name() {
                "Order Refunded" | "Return Requested" => Some(Self::Returned),
                "Unsubscribed" => Some(Self::Unsubscribed),
                "Support Ticket Opened" | "Complaint Made" => Some(Self::AskedForHelp),
                _ => None,
            },
        }
    }
}

/// A person that is followed.
#[derive(Clone, Debug, PartialEq)]
pub struct Followed {
    /// Their arm.
    pub arm: Arm,
    /// When they were assigned to it.
    pub at: Timestamp,
    /// What they spent before, which the assignment cannot have changed.
    pub before: Cents,
    /// By order id; orders without one are apart by their number.
    orders: BTreeMap<(String, usize), Bought>,
    /// What came back, by order id; whole where no amount was told.
    back: BTreeMap<String, Back>,
    used: Vec<Used>,
    /// When they were told of this campaign, and what that cost, in cents.
    contacts: Vec<(Timestamp, f64)>,
    harms: [bool; Harm::ALL.len()],
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Bought {
    at: Timestamp,
    goods: Goods,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Back {
    Whole,
    Part(f64),
}

/// A coupon that was used on an order.
#[derive(Clone, Debug, PartialEq)]
struct Used {
    at: Timestamp,
    order_id: String,
    /// Of the campaign that is measured, and not of another.
    is_ours: bool,
    given: f64,
    /// Given, and not come back.
    spent: f64,
}

/// What became of a person. All amounts in cents.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Outcome {
    /// What they spent before.
    pub before: f64,
    /// What they contributed in the window.
    pub contribution: f64,
    /// What they contributed since the moment of the assignment, the rest of its day included.
    pub since: f64,
    /// What they paid in the window, net of what came back.
    pub sales: f64,
    /// Whether they bought something since the assignment, the rest of its day included, kept or not.
    pub ordered: bool,
    /// Whether they bought something in the window that did not all come back.
    pub bought: bool,
    /// Whether they used a coupon of the campaign in the window that did not all come back.
    pub redeemed: bool,
    /// What those took off, net of what came back.
    pub discount: f64,
    /// Coupons of the campaign that were used since the assignment, the rest of its day included, and did not all come back.
    pub redemptions: u64,
    /// Those of the day of the assignment.
    pub redemptions_first_day: u64,
    /// From the assignment to the first purchase or redemption, in milliseconds.
    pub reaction_ms: Option<i64>,
    /// What happened of [`Harm::ALL`] since the assignment.
    pub harms: [bool; Harm::ALL.len()],
    /// What they contributed on each day of the window; on the first one also what telling them of the campaign had cost before it.
    pub by_day: [f64; DAYS],
    /// What was paid in the window, by [`super::CostSource`].
    pub paid_by_source: [f64; 3],
    /// Coupons used on orders nobody told of.
    pub orders_untold: u64,
}

impl Followed {
    /// Begins to follow somebody who was assigned at `at`.
    pub fn new(arm: Arm, at: Timestamp) -> Self {
        Self {
            arm,
            at,
            before: Cents::ZERO,
            orders: BTreeMap::new(),
            back: BTreeMap::new(),
            used: Vec::new(),
            contacts: Vec::new(),
            harms: [false; Harm::ALL.len()],
        }
    }

    /// Hears something they did. What lies before the assignment or after the window is not counted, but for what comes back of an order of
    /// the window: that counts whenever it does.
    pub fn hear(&mut self, at: Timestamp, body: &Body, extra: &BTreeMap<String, Value>, costs: &Costs) {
        if at < self.at {
            return;
        }
        if let ("Order Refunded" | "Order Cancelled", Some(order_id)) =
            (body.event_name(), extra.get("order_id").and_then(Value::as_text))
        {
            let is_part = body.event_name() == "Order Refunded";
            let amount = extra.get("total_cents").and_then(Value::as_int).filter(|_| is_part);
            self.take_back(order_id, amount.map(|cents| real(Cents(cents.max(0)))));
        }
        if !self.is_followed_at(at) {
            return;
        }
        if let Some(harm) = Harm::of(body)
            && let Some(happened) = self.harms.get_mut(harm as usize)
        {
            *happened = true;
        }
        if let Body::OrderCompleted(order) = body {
            let number = if order.order_id.is_empty() { self.orders.len() } else { 0 };
            // An order that is told twice, as by page and till, is one.
            self.orders
                .entry((order.order_id.clone(), number))
                .or_insert_with(|| Bought { at, goods: costs.of(order) });
        }
    }

    /// Notes that a coupon of theirs was used, of the measured campaign or of another.
    pub fn use_coupon(&mut self, redemption: &Redemption, is_ours: bool) {
        if self.at <= redemption.at && self.is_followed_at(redemption.at) {
            self.used.push(Used {
                at: redemption.at,
                order_id: redemption.order_id.clone(),
                is_ours,
                given: real(redemption.amount),
                spent: real(redemption.spent()),
            });
        }
    }

    /// Notes what telling them of this campaign cost, in cents. It counts up to the end of the window, and on the day of the assignment too, as
    /// the offer is mostly made there.
    pub fn contact(&mut self, at: Timestamp, cents: f64) {
        if self.is_followed_at(at) {
            self.contacts.push((at, cents));
        }
    }

    /// Tells what became of them.
    pub fn outcome(&self) -> Outcome {
        let mut outcome = Outcome {
            before: real(self.before),
            harms: self.harms,
            ordered: !self.orders.is_empty(),
            reaction_ms: self.reaction_ms(),
            ..Outcome::default()
        };
        for (at, cents) in &self.contacts {
            outcome.since -= cents;
            self.contribute(&mut outcome, *at, -cents);
        }
        for ((order_id, _), bought) in &self.orders {
            let kept = self.share_kept(order_id, bought.goods.paid);
            let taken_off: f64 = self.used_on(order_id).map(|used| used.given).sum();
            let untold = (taken_off - bought.goods.told_discount).max(0.0);
            let contribution = kept * bought.goods.contribution(untold);
            outcome.since += contribution;
            if self.is_in_window(bought.at) {
                self.contribute(&mut outcome, bought.at, contribution);
                outcome.sales += kept * bought.goods.paid;
                outcome.bought |= 0.0 < kept;
                for (sum, paid) in outcome.paid_by_source.iter_mut().zip(bought.goods.paid_by_source) {
                    *sum += paid;
                }
            }
        }
        for used in &self.used {
            let is_told = self.orders.contains_key(&(used.order_id.clone(), 0));
            let is_in_window = self.is_in_window(used.at);
            if used.is_ours && 0.0 < used.spent {
                outcome.redemptions += 1;
                outcome.redemptions_first_day += u64::from(!is_in_window);
            }
            if used.is_ours && is_in_window {
                outcome.redeemed |= 0.0 < used.spent;
                outcome.discount += used.spent;
            }
            // What was bought with it is not known, and what it cost is.
            if !is_told {
                outcome.since -= used.spent;
                outcome.orders_untold += u64::from(is_in_window);
                if is_in_window {
                    self.contribute(&mut outcome, used.at, -used.spent);
                }
            }
        }
        outcome
    }

    /// Adds a contribution of the window. What was before its first day counts there.
    fn contribute(&self, outcome: &mut Outcome, at: Timestamp, cents: f64) {
        outcome.contribution += cents;
        let place = usize::try_from(at.day() - self.at.day() - 1).unwrap_or_default();
        if let Some(day) = outcome.by_day.get_mut(place) {
            *day += cents;
        }
    }

    fn take_back(&mut self, order_id: &str, amount: Option<f64>) {
        let back = self.back.entry(order_id.to_owned()).or_insert(Back::Part(0.0));
        *back = match (*back, amount) {
            (Back::Part(before), Some(amount)) => Back::Part(before + amount),
            _ => Back::Whole,
        };
    }

    /// Which share of an order did not come back. Goods that come back are worth to the shop what they cost.
    fn share_kept(&self, order_id: &str, paid: f64) -> f64 {
        match self.back.get(order_id) {
            None => 1.0,
            Some(Back::Part(amount)) if 0.0 < paid => (1.0 - amount / paid).max(0.0),
            Some(_) => 0.0,
        }
    }

    fn used_on<'a>(&'a self, order_id: &'a str) -> impl Iterator<Item = &'a Used> {
        self.used.iter().filter(move |used| !order_id.is_empty() && used.order_id == order_id)
    }

    fn reaction_ms(&self) -> Option<i64> {
        let bought = self.orders.values().map(|bought| bought.at);
        let used = self.used.iter().filter(|used| used.is_ours).map(|used| used.at);
        bought.chain(used).min().map(|first| first.since_ms(self.at))
    }

    /// The first instant after the window.
    fn ends_at(&self) -> i64 {
        (i64::from(self.at.day()) + 1 + i64::from(OUTCOME_DAYS)) * DAY_MS
    }

    fn is_followed_at(&self, at: Timestamp) -> bool {
        self.at <= at && at.0 < self.ends_at()
    }

    fn is_in_window(&self, at: Timestamp) -> bool {
        self.at.day() < at.day() && self.is_followed_at(at)
    }
}

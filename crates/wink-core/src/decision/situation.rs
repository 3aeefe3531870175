//! All a decision depends on. What is not in here cannot influence it.

use std::collections::BTreeMap;

use super::Issue;
use crate::base::expression::{Fact, Facts};
use crate::base::{Cents, DecisionId, ProfileId, Timestamp, Zone};
use crate::feature::View;
use crate::offer::{Benefit, Catalogue, Channel, ContextFact, Named, RuleSlots};
use crate::profile::Grants;

/// A question with everything needed to answer it.
#[derive(Clone, Debug, PartialEq)]
pub struct Situation<'a> {
    /// The id the decision will have.
    pub id: DecisionId,
    /// When it is asked.
    pub now: Timestamp,
    /// The only source of chance.
    pub seed: u64,
    /// What is asked.
    pub ask: Ask,
    /// Who is asked about.
    pub person: Person,
    /// What is left to give.
    pub standing: Standing,
    /// What may be given.
    pub catalogue: &'a Catalogue,
}

/// What the caller asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// Where the answer would be shown.
    pub channel: Channel,
    /// The name of the place, as the shop calls it.
    pub placement: String,
    /// The value of the cart, if there is one.
    pub cart: Option<Cents>,
    /// Whether an offer is a coupon at once.
    pub issue: Issue,
}

/// What is known of the person, as far as they granted it.
#[derive(Clone, Debug, PartialEq)]
pub struct Person {
    /// Who.
    pub profile: ProfileId,
    /// As whom they are drawn by lot: the same for all profiles of one person, so that a hold-out holds on every device.
    pub drawn_as: ProfileId,
    /// What they granted.
    pub grants: Grants,
    /// Their features.
    pub view: View,
    /// Contacts already made, oldest first; only as far back as the contact policy looks.
    pub contacts: Vec<Timestamp>,
    /// Offers already given or withheld, by index in the catalogue.
    pub used: BTreeMap<usize, Usage>,
    /// The same of all in their household together, where that is limited.
    pub household: BTreeMap<usize, Usage>,
    /// What they let run out of offers that could be given again, by index in the catalogue.
    pub ran_out: BTreeMap<usize, Vec<RanOut>>,
}

/// Something that was offered until a date and not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RanOut {
    /// The first instant it was over.
    pub until: Timestamp,
    /// What it would have given; `None` where that is not known any more, as of a right that was not accepted.
    pub benefit: Option<Benefit>,
}

/// What one person already had of one offer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Coupons issued.
    pub issued: u32,
    /// Times it was withheld because the person is in the hold-out; counts against the limit like a coupon, so that both arms are asked
    /// equally often.
    pub held_out: u32,
}

/// Money and coupons already promised.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// By index of the campaign; only campaigns that run.
    pub budgets: BTreeMap<usize, BudgetUse>,
    /// Coupons issued by index of the offer; only offers with a total limit.
    pub issued: BTreeMap<usize, u32>,
}

/// A budget as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BudgetUse {
    /// Reserved and spent.
    pub used: Cents,
    /// The most that may be.
    pub cap: Cents,
}

impl BudgetUse {
    /// Tells what is left; nothing if the cap was lowered below what is used.
    pub fn left(&self) -> Cents {
        (self.cap - self.used).max(Cents::ZERO)
    }
}

/// The facts rules see, by slot.
pub(super) struct RuleFacts<'a> {
    slots: RuleSlots,
    view: &'a View,
    ask: &'a Ask,
    weekday_and_hour: (i64, i64),
    zone: &'a Zone,
    now: Timestamp,
}

impl<'a> RuleFacts<'a> {
    /// Gathers the facts of a situation.
    pub(super) fn new(situation: &'a Situation<'_>) -> Self {
        let zone = &situation.catalogue.shop.zone;
        Self {
            slots: RuleSlots::of(&situation.catalogue.features),
            view: &situation.person.view,
            ask: &situation.ask,
            weekday_and_hour: zone.weekday_and_hour(situation.now),
            zone,
            now: situation.now,
        }
    }
}

impl Facts for RuleFacts<'_> {
    fn fact(&self, slot: usize) -> Option<Fact<'_>> {
        let fact = match self.slots.at(slot)? {
            Named::Feature(feature) => return self.view.slots().get(feature)?.fact(),
            Named::Context(fact) => fact,
        };
        match fact {
            ContextFact::Channel => Some(Fact::Text(self.ask.channel.name())),
            ContextFact::Placement => Some(Fact::Text(&self.ask.placement)),
            ContextFact::Weekday => Some(Fact::Int(self.weekday_and_hour.0)),
            ContextFact::Hour => Some(Fact::Int(self.weekday_and_hour.1)),
            ContextFact::CartCents => self.ask.cart.map(|cart| Fact::Int(cart.0)),
            // Looked up only where a rule asks.
            ContextFact::HolidayToday => self.zone.is_holiday(self.now, 0).map(Fact::Bool),
            ContextFact::HolidayTomorrow => self.zone.is_holiday(self.now, 1).map(Fact::Bool),
        }
    }
}

//! Which candidates may be given at all. Each "no" names its reason; the first that holds counts.

use super::candidate::Removed;
use super::choose::holds_out_of_everything;
use super::deadline::deadline_passed;
use super::situation::{RuleFacts, Situation};
use crate::base::Cents;
use crate::base::expression::Verdict;
use crate::offer::{Benefit, Channel, Offer};
use crate::profile::{Grants, Purpose};

/// Asks what is the same for every offer: may this person be asked about at all?
pub(super) fn person_removed(situation: &Situation<'_>) -> Option<Removed> {
    no_consent(situation).or_else(|| holds_out_of_everything(situation).then_some(Removed::GlobalHoldout))
}

/// Asks what is the same for every benefit of an offer. `contact_cap` is the policy's answer for this person.
pub(super) fn offer_removed(
    situation: &Situation<'_>,
    facts: &RuleFacts<'_>,
    contact_cap: Option<&Removed>,
    index: usize,
    offer: &Offer,
) -> Option<Removed> {
    let other_channel = !offer.channels.contains(&situation.ask.channel);
    (other_channel.then_some(Removed::OtherChannel))
        .or_else(|| rule_says_no(facts, offer))
        .or_else(|| limit_reached(situation, index, offer))
        .or_else(|| contact_cap.cloned())
}

/// Asks what depends on the benefit: whether it was offered until a date that has passed, and money.
pub(super) fn benefit_removed(
    situation: &Situation<'_>,
    (index, offer): (usize, &Offer),
    benefit: Benefit,
    expected_spend: Cents,
) -> Option<Removed> {
    if let Some(passed) = deadline_passed(situation, index, benefit) {
        return Some(passed);
    }
    let needed = benefit.maximum();
    let left = situation.standing.budgets.get(&offer.campaign).map_or(Cents::ZERO, |budget| budget.left());
    if left < needed {
        return Some(Removed::Budget { needed, left });
    }
    let remaining = expected_spend - benefit.worth(expected_spend);
    let minimum = offer.terms.minimum_price;
    (remaining < minimum).then_some(Removed::MinimumPrice { remaining, minimum })
}

fn no_consent(situation: &Situation<'_>) -> Option<Removed> {
    missing_consent(situation.ask.channel, &situation.person.grants).map(Removed::NoConsent)
}

/// Tells the first purpose that an offer in a channel needs and the person has not granted.
pub fn missing_consent(channel: Channel, grants: &Grants) -> Option<Purpose> {
    let channel_purpose = match channel {
        Channel::Newsletter => Some(Purpose::Newsletter),
        Channel::Web | Channel::Till => None,
    };
    let needed = [Some(Purpose::Personalisation), channel_purpose];
    needed.into_iter().flatten().find(|purpose| !grants.allow(*purpose))
}

fn rule_says_no(facts: &RuleFacts<'_>, offer: &Offer) -> Option<Removed> {
    for (stage, rule) in offer.rules.asked() {
        match rule.evaluate(facts) {
            Verdict::Holds => {}
            Verdict::Fails(miss) => return Some(Removed::Rule { stage, miss }),
            Verdict::NotKnown { slot, .. } => return Some(Removed::NotKnown { stage, slot }),
            Verdict::Error(_) => return Some(Removed::RuleFailed { stage }),
        }
    }
    None
}

fn limit_reached(situation: &Situation<'_>, index: usize, offer: &Offer) -> Option<Removed> {
    let had = situation.person.used.get(&index).copied().unwrap_or_default();
    let at_most = offer.limits.per_profile;
    if at_most <= had.issued + had.held_out {
        return Some(Removed::ProfileLimit { at_most });
    }
    if let Some(at_most) = offer.limits.per_household {
        // Whoever lives in none is one of their own.
        let together = situation.person.household.get(&index).copied().unwrap_or_default();
        if at_most <= (had.issued + had.held_out).max(together.issued.saturating_add(together.held_out)) {
            return Some(Removed::HouseholdLimit { at_most });
        }
    }
    let at_most = offer.limits.total?;
    let issued = situation.standing.issued.get(&index).copied().unwrap_or_default();
    (at_most <= issued).then_some(Removed::TotalLimit { at_most })
}

/// Asks whether the person was contacted often enough. Contacts the person opened themself (the page they are on, the till they
/// stand at) are not pushed and do not count.
pub(super) fn contact_cap_reached(situation: &Situation<'_>) -> Option<Removed> {
    if !situation.ask.channel.is_pushed() {
        return None;
    }
    let cap = situation.catalogue.contact_policy.reached(&situation.person.contacts, situation.now)?;
    Some(Removed::ContactCap { at_most: cap.at_most, within_days: cap.within_days })
}

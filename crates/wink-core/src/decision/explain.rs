//! Says in plain words why a decision is what it is. Every sentence is read off the decision; nothing is made up afterwards.

use super::candidate::{Candidate, Decision, Drawn, Removed, Verdict};
use crate::feature::Viewed;
use crate::offer::{Benefit, Catalogue, declarations};

/// A decision in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The answer in one sentence.
    pub headline: String,
    /// What was known of the person.
    pub known: Vec<String>,
    /// Every candidate, best first, removed ones last.
    pub candidates: Vec<Line>,
}

/// One candidate in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What it is.
    pub what: String,
    /// Its expected contribution, if it was scored.
    pub score: Option<String>,
    /// How likely it was to be chosen.
    pub probability: String,
    /// Why not, with the stable code in front; empty if it was in play.
    pub why_not: Option<String>,
}

/// Explains a decision with the catalogue it was made under.
pub fn explain(decision: &Decision, catalogue: &Catalogue) -> Explanation {
    let mut ranked: Vec<&Candidate> = decision.candidates.iter().collect();
    ranked.sort_by(|a, b| {
        let rank = |candidate: &Candidate| (candidate.removed.is_none(), candidate.score.unwrap_or(f64::MIN));
        rank(b).partial_cmp(&rank(a)).unwrap_or(std::cmp::Ordering::Equal)
    });
    Explanation {
        headline: headline(decision, catalogue),
        known: known(decision, catalogue),
        candidates: ranked.into_iter().map(|candidate| line(candidate, decision, catalogue)).collect(),
    }
}

/// Gives the answer in one sentence, as [`explain`] does: all that most who ask want to read.
pub fn headline(decision: &Decision, catalogue: &Catalogue) -> String {
    match decision.verdict {
        Verdict::Offer(index) => {
            let Some(candidate) = decision.candidates.get(index) else { return "an offer".to_owned() };
            let more = money(candidate.score.unwrap_or(0.0), catalogue);
            let what = what(candidate.drawn, catalogue);
            match decision.accept_by() {
                None => format!("Offer {what}: expected to contribute {more} more than no offer."),
                Some(until) => format!(
                    "Offer {what}, to be accepted before {until}: expected to contribute {more} more than no offer."
                ),
            }
        }
        Verdict::HeldOut(index) => {
            let drawn = decision.candidates.get(index).and_then(|candidate| candidate.drawn);
            format!(
                "No offer: {} was chosen, but the person is in the campaign's hold-out, so that its effect can be measured.",
                what(drawn, catalogue)
            )
        }
        Verdict::Nothing => format!("No offer: {}.", why_nothing(decision, catalogue)),
    }
}

/// Names what took out the candidate that came furthest, or that none was worth it.
fn why_nothing(decision: &Decision, catalogue: &Catalogue) -> String {
    let offers = || decision.candidates.iter().filter(|candidate| candidate.drawn.is_some());
    if offers().next().is_none() {
        return "no campaign runs".to_owned();
    }
    let best = offers().filter(|candidate| candidate.was_in_play()).filter_map(|candidate| candidate.score);
    if let Some(best) = best.reduce(f64::max) {
        // The hold-out comes after the draw, so it is no reason for a draw that fell on nothing.
        return match 0.0 < best {
            true => {
                "an offer was expected to contribute more, but nothing was drawn this time, to keep learning"
                    .to_owned()
            }
            false => "no offer was expected to contribute more than it costs".to_owned(),
        };
    }
    // Offers for other places or channels, which had nothing to do with what was asked, went early. Of equals the first in the catalogue is named.
    let removed = offers().filter_map(|candidate| candidate.removed.as_ref());
    let further = |best: &Removed, next: &Removed| best.place() < next.place();
    let furthest = removed.reduce(|best, next| if further(best, next) { next } else { best });
    furthest.map_or_else(String::new, |removed| reason(removed, decision, catalogue))
}

fn known(decision: &Decision, catalogue: &Catalogue) -> Vec<String> {
    if !decision.names_features() {
        return vec![
            "what was known is kept, and not named: another version of the deciding code had other features"
                .to_owned(),
        ];
    }
    let describe = |(viewed, definition): (&Viewed, &crate::feature::Definition)| {
        let name = &definition.name;
        Some(match viewed {
            Viewed::NotAsked => return None,
            Viewed::Filling => {
                format!("{name} is not known: what happened before it was defined is still added up")
            }
            Viewed::Number(reading) => format!("{name} = {} ({})", plain(reading.value), age(reading.age_ms)),
            Viewed::Shares(reading) => {
                let mut shares: Vec<(&String, &f64)> = reading.value.iter().collect();
                shares.sort_by(|a, b| b.1.total_cmp(a.1));
                let top: Vec<String> = shares
                    .iter()
                    .take(3)
                    .map(|(name, share)| format!("{name} {:.1} %", *share * 100.0))
                    .collect();
                format!(
                    "{name} = {} ({})",
                    if top.is_empty() { "none of those asked for".to_owned() } else { top.join(", ") },
                    age(reading.age_ms)
                )
            }
            Viewed::NoData => format!("{name} is not known: nothing happened it could be computed from"),
            Viewed::TooOld { age_ms } => {
                format!("{name} is not known: what it was computed from is {}", age(*age_ms))
            }
            Viewed::NotGranted(purpose) => format!("{name} is not read: no consent for {}", purpose.name()),
        })
    };
    decision.person.view.slots().iter().zip(catalogue.features.definitions()).filter_map(describe).collect()
}

fn line(candidate: &Candidate, decision: &Decision, catalogue: &Catalogue) -> Line {
    Line {
        what: what(candidate.drawn, catalogue),
        score: candidate.score.map(|score| money(score, catalogue)),
        probability: format!("{:.1} %", candidate.probability * 100.0),
        why_not: candidate
            .removed
            .as_ref()
            .map(|removed| format!("{}: {}", removed.code(), reason(removed, decision, catalogue))),
    }
}

fn what(drawn: Option<Drawn>, catalogue: &Catalogue) -> String {
    let Some(drawn) = drawn else { return "none".to_owned() };
    let Some(offer) = catalogue.offers.get(drawn.offer) else { return format!("offer {}", drawn.offer) };
    let currency = catalogue.shop.currency;
    match offer.benefits.get(drawn.benefit) {
        Some(Benefit::Amount(amount)) => format!("`{}` ({} off)", offer.id, currency.of(*amount)),
        Some(Benefit::Percent { basis_points, maximum }) => {
            format!(
                "`{}` ({} % off, at most {})",
                offer.id,
                plain(f64::from(*basis_points) / 100.0),
                currency.of(*maximum)
            )
        }
        None => format!("`{}`", offer.id),
    }
}

/// Says why a candidate was taken out, for staff.
fn reason(removed: &Removed, decision: &Decision, catalogue: &Catalogue) -> String {
    let currency = catalogue.shop.currency;
    match removed {
        Removed::NoConsent(purpose) => format!("the person has not granted {}", purpose.name()),
        Removed::GlobalHoldout => "the person is in the shop's hold-out".to_owned(),
        Removed::OtherChannel => "it is not made for this channel".to_owned(),
        Removed::Rule { stage, miss } => format!("{} fails: {miss}", stage.name()),
        Removed::NotKnown { stage, slot } => {
            let declarations = declarations(&catalogue.features);
            let named = declarations.names().nth(*slot).filter(|_| decision.names_features());
            let name = named.map_or("a fact", |(name, _)| name);
            format!("{} needs {name}, which is not known", stage.name())
        }
        Removed::RuleFailed { stage } => format!("{} cannot be evaluated here", stage.name()),
        Removed::ProfileLimit { at_most } => {
            format!("the person already had it, and it is given {at_most} × per person")
        }
        Removed::HouseholdLimit { at_most } => {
            format!("the person's household already had it, and it is given {at_most} × per household")
        }
        Removed::TotalLimit { at_most } => format!("all {at_most} coupons are given out"),
        Removed::ContactCap { at_most, within_days } => {
            format!(
                "the person was contacted {at_most} × in the last {within_days} days, which is as often as the policy allows"
            )
        }
        Removed::DeadlinePassed { again_at, days } => {
            format!(
                "the person let it run out, and the same or better is not given again for {days} days, until {again_at}"
            )
        }
        Removed::Budget { needed, left } => {
            format!(
                "the campaign's budget has {} left, and this could cost {}",
                currency.of(*left),
                currency.of(*needed)
            )
        }
        Removed::MinimumPrice { remaining, minimum } => {
            format!(
                "{} would remain to be paid, less than the minimum of {}",
                currency.of(*remaining),
                currency.of(*minimum)
            )
        }
        Removed::Holdout => {
            "the person is in the campaign's hold-out, so that its effect can be measured".to_owned()
        }
    }
}

/// An expectation in minor units, which need not be whole.
fn money(expected: f64, catalogue: &Catalogue) -> String {
    let currency = catalogue.shop.currency;
    format!("{} {currency}", currency.rounded(expected))
}

fn age(age_ms: i64) -> String {
    match age_ms / 3_600_000 {
        0 => "new".to_owned(),
        hours if hours < 48 => format!("{hours} h old"),
        hours => format!("{} days old", hours / 24),
    }
}

/// Prints a number without needless decimals.
fn plain(number: f64) -> String {
    let text = format!("{number:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::hesitation::{asked, plain};
    use super::super::{Ask, Situation, decide};
    use super::*;
    use crate::base::expression::Expression;
    use crate::base::{CampaignId, Cents, OfferId, Timestamp};
    use crate::offer::Stage;
    use crate::profile::Purpose;

    /// Offers for these places, in this order. The last campaign, whose offer is for `shelf`, has no budget left.
    fn shop(places: [&str; 3]) -> Catalogue {
        let mut catalogue = plain();
        let declarations = declarations(&catalogue.features);
        let mut broke = catalogue.campaigns[0].clone();
        broke.id = CampaignId::parse("broke").unwrap();
        catalogue.campaigns.push(broke);
        let offer = |place: &str| {
            let mut offer = catalogue.offers[0].clone();
            offer.id = OfferId::parse(place).unwrap();
            offer.campaign = usize::from(place == "shelf");
            let rule = format!("context.placement == \"{place}\"");
            offer.rules.applicability = Some(Expression::compile(&rule, &declarations).unwrap());
            offer
        };
        catalogue.offers = places.map(offer).to_vec();
        catalogue
    }

    fn said(catalogue: &Catalogue, place: &str) -> String {
        let situation = asked(catalogue, Timestamp(1_000_000), 1);
        let ask = Ask { placement: place.to_owned(), ..situation.ask.clone() };
        headline(&decide(Situation { ask, ..situation }), catalogue)
    }

    #[test]
    fn the_reason_is_that_of_the_offer_that_came_furthest() {
        for places in [["a10", "b20", "shelf"], ["shelf", "a10", "b20"], ["a10", "shelf", "b20"]] {
            let catalogue = shop(places);
            assert_eq!(
                said(&catalogue, "shelf"),
                "No offer: the campaign's budget has 0.00 EUR left, and this could cost 2.00 EUR.",
                "{places:?}"
            );
        }
        let said = said(&shop(["a10", "b20", "shelf"]), "cellar");
        assert_eq!(said, "No offer: applicability fails: placement is \"cellar\", needs \"a10\".");
    }

    #[test]
    fn who_is_asked_later_came_further() {
        let rule = |stage| Removed::RuleFailed { stage };
        let in_order = [
            Removed::NoConsent(Purpose::Personalisation),
            Removed::GlobalHoldout,
            Removed::OtherChannel,
            rule(Stage::Eligibility),
            rule(Stage::Applicability),
            rule(Stage::Suitability),
            Removed::ProfileLimit { at_most: 1 },
            Removed::HouseholdLimit { at_most: 1 },
            Removed::TotalLimit { at_most: 1 },
            Removed::ContactCap { at_most: 1, within_days: 1 },
            Removed::DeadlinePassed { again_at: Timestamp(0), days: 1 },
            Removed::Budget { needed: Cents(1), left: Cents(0) },
            Removed::MinimumPrice { remaining: Cents(0), minimum: Cents(1) },
            Removed::Holdout,
        ];
        let places: Vec<usize> = in_order.iter().map(Removed::place).collect();
        assert_eq!(places, (0..in_order.len()).collect::<Vec<_>>());
        assert_eq!(Removed::NotKnown { stage: Stage::Suitability, slot: 0 }.place(), 5);
    }
}

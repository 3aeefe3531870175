//! Chooses an offer, or none. No store, no clock, no chance: everything comes in as an argument.

use super::candidate::{Candidate, Decision, Drawn};
use super::choose::choose;
use super::filter::{benefit_removed, contact_cap_reached, offer_removed, person_removed};
use super::score::{Slots, expect, score};
use super::situation::{RuleFacts, Situation};

/// The version of this code. Raised whenever the same situation could give another decision: a replay asks for the same version.
pub const ENGINE: u32 = 4;

/// Decides whether the person gets an offer now, which one and at which value, and says why not for every other.
///
/// Same situation, same answer, to the bit.
pub fn decide(situation: Situation<'_>) -> Decision {
    let mut candidates = candidates(&situation);
    let verdict = choose(&situation, &mut candidates);
    Decision {
        id: situation.id,
        engine: ENGINE,
        catalogue: situation.catalogue.version,
        now: situation.now,
        seed: situation.seed,
        ask: situation.ask,
        person: situation.person,
        standing: situation.standing,
        candidates,
        verdict,
    }
}

/// Lists every benefit of every offer whose campaign runs, filtered and scored, and `none` last.
fn candidates(situation: &Situation<'_>) -> Vec<Candidate> {
    let catalogue = situation.catalogue;
    let facts = RuleFacts::new(situation);
    let slots = Slots::of(catalogue);
    let person_removed = person_removed(situation);
    let contact_cap = contact_cap_reached(situation);
    let mut candidates = Vec::with_capacity(catalogue.offers.len() + 1);
    for (index, offer) in catalogue.offers.iter().enumerate() {
        if !catalogue.offer_runs(offer, situation.now) {
            continue;
        }
        let offer_removed = person_removed
            .clone()
            .or_else(|| offer_removed(situation, &facts, contact_cap.as_ref(), index, offer));
        let expected = match offer_removed {
            None => Some(expect(&situation.person.view, &slots, &catalogue.economics, offer)),
            Some(_) => None,
        };
        for (benefit_index, benefit) in offer.benefits.iter().enumerate() {
            let drawn = Some(Drawn { offer: index, benefit: benefit_index });
            let candidate = match &expected {
                None => Candidate { drawn, score: None, probability: 0.0, removed: offer_removed.clone() },
                Some(expected) => Candidate {
                    drawn,
                    score: Some(score(situation, expected, *benefit)),
                    probability: 0.0,
                    removed: benefit_removed(situation, (index, offer), *benefit, expected.spend),
                },
            };
            candidates.push(candidate);
        }
    }
    candidates.push(Candidate { drawn: None, score: Some(0.0), probability: 0.0, removed: None });
    candidates
}

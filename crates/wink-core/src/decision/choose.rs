//! Draws once among what is left, and withholds from those who are left out to measure.

use super::candidate::{Candidate, Removed, Verdict};
use super::situation::Situation;
use crate::base::{Chance, Hasher, ProfileId, share_of};
use crate::offer::{Campaign, Holdout};

/// Tells whether a person is in a campaign's hold-out: always the same answer for the same person, campaign and salt.
pub fn holds_out(holdout: &Holdout, campaign: &Campaign, profile: ProfileId) -> bool {
    drawn_out(holdout.salt, campaign.id.as_str(), profile, campaign.holdout_basis_points)
}

/// Tells whether the person is in the shop's hold-out.
pub(super) fn holds_out_of_everything(situation: &Situation<'_>) -> bool {
    let holdout = &situation.catalogue.holdout;
    // No campaign has an empty id, so this draw is independent of all others.
    drawn_out(holdout.salt, "", situation.person.drawn_as, holdout.basis_points)
}

fn drawn_out(salt: u64, name: &str, profile: ProfileId, basis_points: u16) -> bool {
    if basis_points == 0 {
        return false;
    }
    let hash =
        Hasher::new("hold-out").field(&salt.to_le_bytes()).field(name.as_bytes()).field(&profile.bytes());
    share_of(hash.finish()) < f64::from(basis_points) / 10_000.0
}

/// Sets every candidate's probability and draws.
///
/// The best candidate is taken with `1 − ε`, and with `ε` one of all that are expected to cost nothing (`0 ≤ score`, so exploring never
/// has a negative expectation). A person who is held out of the drawn campaign gets nothing, after the draw: whom a
/// campaign would have reached is then known in both arms, and they can be compared (Johnson, Lewis, Nubbemeyer 2017,
/// "Ghost Ads", section 3).
pub(super) fn choose(situation: &Situation<'_>, candidates: &mut [Candidate]) -> Verdict {
    let left: Vec<usize> = in_play(candidates, |_| true);
    let harmless: Vec<usize> = in_play(candidates, |score| 0.0 <= score);
    let score =
        |index: &usize| candidates.get(*index).and_then(|candidate| candidate.score).unwrap_or(f64::MIN);
    // The first of equals: candidates stand in catalogue order, `none` last, so a tie with `none` goes to the offer listed first.
    let best =
        left.iter().copied().reduce(|best, next| if score(&best) < score(&next) { next } else { best });
    let Some(best) = best else { return Verdict::Nothing };
    let explored = situation.catalogue.economics.exploration / real(harmless.len());
    for index in &left {
        let exploit = if *index == best { 1.0 - situation.catalogue.economics.exploration } else { 0.0 };
        let explore = if harmless.contains(index) { explored } else { 0.0 };
        if let Some(candidate) = candidates.get_mut(*index) {
            candidate.probability = exploit + explore;
        }
    }
    let drawn = draw(situation.seed, candidates, best);
    withhold(situation, candidates);
    let nothing = candidates.len().saturating_sub(1);
    match candidates.get(drawn) {
        Some(candidate) if candidate.removed == Some(Removed::Holdout) => Verdict::HeldOut(drawn),
        Some(_) if drawn != nothing => Verdict::Offer(drawn),
        _ => Verdict::Nothing,
    }
}

fn in_play(candidates: &[Candidate], wanted: impl Fn(f64) -> bool) -> Vec<usize> {
    let stays = |candidate: &Candidate| candidate.removed.is_none() && candidate.score.is_some_and(&wanted);
    candidates.iter().enumerate().filter(|(_, candidate)| stays(candidate)).map(|(index, _)| index).collect()
}

fn draw(seed: u64, candidates: &[Candidate], best: usize) -> usize {
    let mut rest = Chance::new(seed, "choose").share();
    for (index, candidate) in candidates.iter().enumerate() {
        if rest < candidate.probability {
            return index;
        }
        rest -= candidate.probability;
    }
    // Rounding may leave a crumb of probability at the end.
    best
}

/// Moves the probability of held-out candidates to `none`, which is what they become.
fn withhold(situation: &Situation<'_>, candidates: &mut [Candidate]) {
    let catalogue = situation.catalogue;
    let mut withheld = 0.0;
    // Offers of a campaign stand together often enough that remembering the last answer saves most of the hashing.
    let mut last: Option<(usize, bool)> = None;
    for candidate in candidates.iter_mut() {
        let Some(drawn) = candidate.drawn else {
            candidate.probability += withheld;
            continue;
        };
        let Some(offer) = catalogue.offers.get(drawn.offer) else { continue };
        if candidate.removed.is_some() {
            continue;
        }
        let held_out = match last {
            Some((campaign, held_out)) if campaign == offer.campaign => held_out,
            _ => catalogue
                .campaigns
                .get(offer.campaign)
                .is_some_and(|campaign| holds_out(&catalogue.holdout, campaign, situation.person.drawn_as)),
        };
        last = Some((offer.campaign, held_out));
        if held_out {
            withheld += candidate.probability;
            candidate.probability = 0.0;
            candidate.removed = Some(Removed::Holdout);
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a count of candidates")]
fn real(count: usize) -> f64 {
    count as f64
}

//! Which of a till's leases came when, and which of them nothing has to be told of any more. A lease's id follows from its turn, so the last one that
//! is kept tells how far the turns have come, and which ids there were before it.

use std::collections::BTreeMap;

use super::Lease;
use crate::base::{CampaignId, LeaseId, TillId, Timestamp};

/// How many leases a till may have had of one campaign: one a minute for two years. What comes behind is not looked for.
const TURNS_MAX: u64 = 1 << 20;

/// Puts a till's leases of one campaign in the order they were granted in, which several of one second do not tell by their times: each with its
/// turn. Some of them may be gone.
pub fn in_turn(
    till: &TillId,
    campaign: &CampaignId,
    leases: impl IntoIterator<Item = Lease>,
) -> Vec<(u64, Lease)> {
    let its = leases.into_iter().filter(|lease| lease.till == *till && lease.campaign == *campaign);
    let mut left: BTreeMap<LeaseId, Lease> = its.map(|lease| (lease.id, lease)).collect();
    let mut found = Vec::with_capacity(left.len());
    for turn in 0..TURNS_MAX {
        if left.is_empty() {
            break;
        }
        if let Some(lease) = left.remove(&Lease::id_of(till, campaign, turn)) {
            found.push((turn, lease));
        }
    }
    found
}

/// Lists the leases of a till that need not be kept at `now`: closed, forgotten, and followed by another of their campaign. The last one of each
/// campaign stays, however old: without it the turns would begin anew, and a new lease would have the id of an old one.
pub fn outlived(leases: &[Lease], now: Timestamp) -> Vec<&Lease> {
    let mut last: BTreeMap<(&TillId, &CampaignId), u64> = BTreeMap::new();
    let mut turns: BTreeMap<LeaseId, u64> = BTreeMap::new();
    for lease in leases {
        let of = (&lease.till, &lease.campaign);
        if last.contains_key(&of) {
            continue;
        }
        let its = in_turn(&lease.till, &lease.campaign, leases.iter().cloned());
        last.extend(its.last().map(|(turn, _)| (of, *turn)));
        turns.extend(its.into_iter().map(|(turn, lease)| (lease.id, turn)));
    }
    let is_followed = |lease: &Lease| {
        turns
            .get(&lease.id)
            .zip(last.get(&(&lease.till, &lease.campaign)))
            .is_some_and(|(its, last)| its < last)
    };
    leases.iter().filter(|lease| !lease.is_open() && lease.is_forgotten(now) && is_followed(lease)).collect()
}

/// Tells whether a till had a lease of this id, by those that are kept of it: one that is gone came before one that is there.
pub fn was_granted(till: &TillId, leases: &[Lease], id: LeaseId) -> bool {
    let campaigns: std::collections::BTreeSet<&CampaignId> =
        leases.iter().map(|lease| &lease.campaign).collect();
    campaigns.into_iter().any(|campaign| {
        let last = in_turn(till, campaign, leases.iter().cloned()).last().map(|(turn, _)| *turn);
        last.is_some_and(|last| (0..=last).any(|turn| Lease::id_of(till, campaign, turn) == id))
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::lease as any;
    use super::*;

    const DAY: i64 = 86_400_000;

    /// A till's lease of that turn, which ended on a day, closed or not.
    fn lease(till: &str, campaign: &str, turn: u64, ended: i64, is_closed: bool) -> Lease {
        let (till, campaign) = (TillId::parse(till).unwrap(), CampaignId::parse(campaign).unwrap());
        Lease {
            id: Lease::id_of(&till, &campaign, turn),
            till,
            campaign,
            expires_at: Timestamp(ended * DAY),
            closed_at: is_closed.then_some(Timestamp(ended * DAY)),
            ..any(Timestamp(0), 1)
        }
    }

    fn gone(leases: &[Lease], day: i64) -> Vec<usize> {
        let gone = outlived(leases, Timestamp(day * DAY));
        (0..leases.len()).filter(|place| gone.iter().any(|lease| lease.id == leases[*place].id)).collect()
    }

    #[test]
    fn a_lease_goes_once_it_is_forgotten_closed_and_followed() {
        // Seven days of grace, and 180 that reports are kept.
        let all = [
            lease("t-1", "tea", 2, 3, true),
            lease("t-1", "tea", 0, 1, true),
            lease("t-1", "tea", 1, 2, false),
            lease("t-1", "coffee", 0, 1, true),
            lease("t-1", "coffee", 1, 200, true),
        ];
        assert_eq!(gone(&all, 187), Vec::<usize>::new(), "a day is missing");
        assert_eq!(gone(&all, 188), [1, 3]);
        assert_eq!(gone(&all, 9_999), [1, 3], "one is open, and the last of each campaign stays");
    }

    #[test]
    fn turns_are_told_by_what_is_left_and_a_new_one_is_none_of_those_that_went() {
        let all: Vec<Lease> = (0..40).map(|turn| lease("t-1", "tea", turn, 1, true)).collect();
        let (till, campaign) = (all[0].till.clone(), all[0].campaign.clone());
        for mask in [0b1_u64, 0b1010_1010, 1 << 39, (1 << 39) | 0b101, (1 << 40) - 1] {
            let is_kept = |turn: &usize| mask >> turn & 1 == 1;
            let kept: Vec<Lease> = (0..40).rev().filter(is_kept).map(|turn| all[turn].clone()).collect();
            let turns: Vec<u64> =
                in_turn(&till, &campaign, kept.clone()).into_iter().map(|(turn, _)| turn).collect();
            let expected: Vec<u64> = (0..40).filter(|turn| mask >> turn & 1 == 1).collect();
            assert_eq!(turns, expected);
            let next = Lease::id_of(&till, &campaign, turns.last().unwrap() + 1);
            for (turn, lease) in (0..).zip(&all) {
                let was = turn <= *turns.last().unwrap();
                assert_eq!(was_granted(&till, &kept, lease.id), was, "{turn} of {mask:b}");
                assert!(!was || lease.id != next);
            }
            // Another till's, and what never was.
            let other = lease("t-2", "tea", 0, 1, true);
            assert!(!was_granted(&till, &kept, other.id) && !was_granted(&till, &kept, next));
            assert!(!was_granted(&other.till, &kept, all[0].id));
        }
        assert_eq!(in_turn(&till, &campaign, Vec::new()), Vec::new());
    }
}

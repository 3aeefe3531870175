//! A date that was named is meant: what somebody let run out is not given again at once, neither the same nor better.
//!
//! A deadline that begins anew would hurry people by something that is not so (directive 2005/29/EC, annex I, no. 7).

use super::candidate::Removed;
use super::situation::Situation;
use crate::offer::Benefit;

/// Asks whether the person let this, or less, run out too short a time ago.
pub(super) fn deadline_passed(situation: &Situation<'_>, index: usize, benefit: Benefit) -> Option<Removed> {
    let days = situation.catalogue.contact_policy.reissue_days;
    let ran_out = situation.person.ran_out.get(&index)?;
    let same_or_better = ran_out.iter().filter(|before| {
        let is_worse = before.benefit.is_some_and(|before| benefit.is_worse_than(&before));
        before.until <= situation.now && !is_worse
    });
    let again_at = same_or_better.map(|before| before.until.plus_days(i64::from(days))).max()?;
    (situation.now < again_at).then_some(Removed::DeadlinePassed { again_at, days })
}

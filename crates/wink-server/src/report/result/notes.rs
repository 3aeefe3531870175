//! What a campaign's figures rest on, where somebody could take them for more.

use wink_core::measure::{FIRST_DAY_SHARE, FirstDay, Lots, OUTCOME_DAYS};

use super::CampaignResult;

/// Says it, what concerns the most first.
pub(super) fn of(result: &CampaignResult) -> Vec<String> {
    let first_day =
        result.statement.increment.as_ref().map(|increment| increment.first_day).unwrap_or_default();
    [
        share_changed(result),
        redeemed_on_the_first_day(first_day),
        sign_turned_by_the_first_day(first_day),
        windows_open(result),
        costs_assumed(result),
        orders_untold(result),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn share_changed(result: &CampaignResult) -> Option<String> {
    (result.statement.lots == Lots::ShareChanged).then(|| {
        "the share to be held out was changed while people were assigned, or what it was can no longer be read; the arms are then made of \
         people who came at different times, and the difference between them is biased by that"
            .to_owned()
    })
}

fn redeemed_on_the_first_day(first_day: FirstDay) -> Option<String> {
    first_day.redeems_much.then(|| {
        format!(
            "at least {:.0} % of the redemptions lie on the day of the assignment, which the {OUTCOME_DAYS} days leave out, so they do not \
             tell what the offer did; look at the difference since the assignment",
            100.0 * FIRST_DAY_SHARE
        )
    })
}

fn sign_turned_by_the_first_day(first_day: FirstDay) -> Option<String> {
    first_day.turns_the_sign.then(|| {
        "the difference that is told and the one since the assignment lie on different sides of zero, so neither is advised upon".to_owned()
    })
}

fn windows_open(result: &CampaignResult) -> Option<String> {
    let open: u64 = result.arms().iter().map(|arm| arm.assigned - arm.measured()).sum();
    (0 < open).then(|| {
        format!("the {OUTCOME_DAYS} days of {open} people are not over; they are not in the figures yet")
    })
}

fn costs_assumed(result: &CampaignResult) -> Option<String> {
    let [.., by_default] = result.statement.costs.filter(|[.., by_default]| 0.0 < *by_default)?;
    let percent = 100.0 * by_default;
    Some(format!(
        "for {percent:.0} % of what was paid no cost of goods is known; the shop's default margin is taken"
    ))
}

fn orders_untold(result: &CampaignResult) -> Option<String> {
    let untold: u64 = result.arms().iter().map(|arm| arm.orders_untold).sum();
    (0 < untold).then(|| {
        format!(
            "{untold} coupons were used on orders nobody told of: what they cost is taken off, what was bought is not known"
        )
    })
}

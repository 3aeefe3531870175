//! What a campaign's figures rest on, where somebody could take them for more.

use wink_core::measure::{Lots, OUTCOME_DAYS};

use super::CampaignResult;

/// Says it, what concerns the most first.
pub(super) fn of(result: &CampaignResult) -> Vec<String> {
    [share_changed(result), windows_open(result), costs_assumed(result), orders_untold(result)]
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

//! What was sent to somebody, and what came of it.

use super::{Age, Aggregation, Class, Definition, Selection, Unit, Window};
use super::{count, days_since, derived, folded, ratio, sum};
use crate::feature::contact::selection;

fn of(events: &[&str], name: &str, meaning: &str, aggregation: Aggregation) -> Definition {
    folded(name, meaning, Class::Contact, Selection::of(events), aggregation)
}

/// The two that were there before features were declared.
pub(super) fn first() -> Vec<Definition> {
    let since = Aggregation::Since { unit: Unit::Days, exact: true };
    let last = folded("last_contact_days", "days since the last contact", Class::Contact, selection(), since);
    vec![last.at_any_age(), contacts("contacts_28d", "contacts in 28 days", 28)]
}

/// Counts contacts, which are remembered to the millisecond.
fn contacts(name: &str, meaning: &str, days: i32) -> Definition {
    let counted = Aggregation::Count { window: Window::Exact(days) };
    folded(name, meaning, Class::Contact, selection(), counted)
        .aged_by(Age::Selected)
        .zero_without_events()
        .at_any_age()
}

pub(super) fn further() -> Vec<Definition> {
    let seen = &["Promotion Viewed"];
    let delivered = &["Email Delivered"];
    vec![
        contacts("contacts_7d", "contacts in 7 days", 7),
        contacts("contacts_90d", "contacts in 90 days", 90),
        of(&["Coupon Issued"], "coupons_issued_90d", "coupons issued in 90 days", count(90)),
        of(
            &["Coupon Redeemed"],
            "coupons_redeemed_365d",
            "coupons of Wink's redeemed in 365 days",
            count(365),
        ),
        of(
            &["Coupon Redeemed"],
            "coupon_cents_redeemed_365d",
            "what coupons of Wink's were worth in 365 days, in cents",
            sum("event.amount_cents", 365),
        ),
        of(
            &["Coupon Redeemed"],
            "last_redemption_days",
            "days since a coupon of Wink's was redeemed",
            days_since(),
        )
        .at_any_age(),
        of(
            &["Coupon Issued"],
            "redemption_share_90d",
            "coupons redeemed for each issued, in 90 days, at most 1",
            ratio(Selection::of(&["Coupon Redeemed"]), 90),
        ),
        of(seen, "promotions_seen_28d", "times an offer was seen in 28 days", count(28)).served(90),
        of(
            &["Promotion Clicked"],
            "promotions_clicked_28d",
            "times an offer was clicked in 28 days",
            count(28),
        )
        .served(90),
        of(
            &["Promotion Dismissed"],
            "promotions_dismissed_28d",
            "times an offer was closed in 28 days",
            count(28),
        )
        .served(90),
        of(&["Promotion Dismissed"], "last_dismissal_days", "days since an offer was closed", days_since())
            .at_any_age(),
        of(
            seen,
            "promotion_click_share_90d",
            "clicks on offers for each time one was seen, in 90 days, at most 1",
            ratio(Selection::of(&["Promotion Clicked"]), 90),
        ),
        of(&["Email Opened"], "emails_opened_28d", "times a mail was opened in 28 days", count(28))
            .served(90),
        of(
            &["Email Link Clicked"],
            "email_clicks_28d",
            "times a link in a mail was clicked in 28 days",
            count(28),
        )
        .served(90),
        of(
            delivered,
            "email_open_share_90d",
            "openings of mails for each delivered, in 90 days, at most 1",
            ratio(Selection::of(&["Email Opened"]), 90),
        ),
        of(
            &["Unsubscribed", "Email Marked as Spam"],
            "unsubscribes_365d",
            "times the newsletter was left or called spam, in 365 days",
            count(365),
        )
        .zero_without_events(),
        derived(
            "fatigue",
            "times an offer was closed, for each time one was seen and one more, in 28 days",
            Class::Contact,
            "feature.promotions_dismissed_28d / (feature.promotions_seen_28d + 1.0)",
        )
        .served(90),
    ]
}

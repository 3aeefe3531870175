//! What somebody had to ask the shop's service for.

use super::{Aggregation, Class, Definition, Selection};
use super::{count, days_since, folded, ratio, sum};

fn of(events: &[&str], name: &str, meaning: &str, aggregation: Aggregation) -> Definition {
    folded(name, meaning, Class::Service, Selection::of(events), aggregation)
}

pub(super) fn all() -> Vec<Definition> {
    let returns = &["Return Requested", "Order Refunded"];
    vec![
        of(returns, "returns_365d", "orders returned or refunded in 365 days", count(365))
            .zero_without_events(),
        of(
            returns,
            "returned_cents_365d",
            "what was returned or refunded in 365 days, in cents",
            sum("event.total_cents", 365),
        ),
        of(
            &["Order Completed"],
            "return_share_365d",
            "orders returned or refunded for each made, in 365 days",
            ratio(Selection::of(returns), 365),
        ),
        of(&["Support Ticket Opened"], "tickets_90d", "questions to the service in 90 days", count(90))
            .zero_without_events(),
        of(&["Complaint Made"], "complaints_365d", "complaints in 365 days", count(365))
            .zero_without_events(),
        of(&["Complaint Made"], "last_complaint_days", "days since the last complaint", days_since())
            .at_any_age(),
        of(
            &["Support Ticket Opened"],
            "last_ticket_days",
            "days since the last question to the service",
            days_since(),
        )
        .at_any_age(),
        of(&["App Removed"], "app_removed_days", "days since the app was removed", days_since()).at_any_age(),
    ]
}

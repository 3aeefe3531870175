//! What somebody had to ask the shop's service for.

use super::{Aggregation, Class, Definition, Selection, Window};
use super::{count, days_since, derived, folded, sum};

fn of(events: &[&str], name: &str, meaning: &str, aggregation: Aggregation) -> Definition {
    folded(name, meaning, Class::Service, Selection::of(events), aggregation)
}

pub(super) fn all() -> Vec<Definition> {
    // A return is asked for, comes back, and is paid back, often in parts: an order is one of them, however many of that are told.
    let different_orders =
        Aggregation::Distinct { of: "event.order_id".to_owned(), window: Window::Days(365) };
    vec![
        of(
            &["Return Requested", "Order Refunded"],
            "returns_365d",
            "about how many different orders were returned or refunded in 365 days",
            different_orders,
        )
        .zero_without_events(),
        of(
            &["Order Refunded"],
            "returned_cents_365d",
            "what was paid back in 365 days, in cents",
            sum("event.total_cents", 365),
        ),
        derived(
            "return_share_365d",
            "orders returned or refunded for each made in 365 days, at most 1",
            Class::Service,
            "feature.returns_365d < feature.orders_365d ? feature.returns_365d / feature.orders_365d : 1.0",
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

//! The two accumulators that are read beside features: the contacts the contact policy counts, and the sales reports add up. They
//! are kept whether or not a feature needs them.

use std::sync::LazyLock;

use super::definition::Selection;
use super::state::AccumulatorId;

/// Contacts remembered: more than the largest cap a contact policy can set.
pub(super) const CONTACTS_MAX: u16 = 1_024;

/// Events by which Wink came to the person, rather than they to us.
pub(super) fn selection() -> Selection {
    Selection::of(&["Coupon Issued", "Right Given"]).only("event.pushed")
}

static IDS: LazyLock<(AccumulatorId, AccumulatorId)> = LazyLock::new(|| {
    let contacts = format!("times {CONTACTS_MAX} | Coupon Issued, Right Given | event.pushed");
    (AccumulatorId::of(&contacts), AccumulatorId::of("sums event.sales_cents by day | Order Completed"))
});

/// The accumulator of the contacts.
pub(super) fn id() -> AccumulatorId {
    IDS.0
}

/// The accumulator of what was paid.
pub(super) fn sales_id() -> AccumulatorId {
    IDS.1
}

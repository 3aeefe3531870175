//! Folds an event into a state. Addition only, so any order gives the same state; deduplication is the caller's, in the same commit.

use super::{Affinity, Contact, State};
use crate::base::{DAY_MS, Timestamp};
use crate::event::{Body, Issued, Order, RightGiven};

/// Days kept in a state, counted back from its newest day: the longest window (a year) and the allowed lateness (a month).
/// What lies further back is in the journal, not in the state.
pub const HORIZON_DAYS: i32 = 366 + 31;

/// Categories kept in a state, the first by name: a real shop has some hundred, and a client that invents one per line must not make
/// a person's state grow without end. Beyond this, affinity leaves categories out.
const CATEGORIES_MAX: usize = 1_024;

/// Adds what happened at `at` to the state of the identity it is kept under.
pub fn fold(state: &mut State, at: Timestamp, body: &Body) {
    match body {
        Body::OrderCompleted(order) => fold_order(state, at, order),
        Body::CouponApplied(_) | Body::CouponRedeemed(_) => {
            state.days.entry(at.day()).or_default().coupons += 1
        }
        Body::CouponIssued(Issued { campaign, pushed, .. })
        | Body::RightGiven(RightGiven { campaign, pushed, .. }) => {
            // A page or a till the person came to themself is no contact we made.
            if !pushed {
                return;
            }
            let contact = Contact { at, campaign: campaign.clone() };
            let place = state.contacts.partition_point(|other| *other < contact);
            state.contacts.insert(place, contact);
        }
        // Seen is not given: what was assigned is counted when it is issued. No feature asks for exposures yet.
        Body::Exposed(_) | Body::Identify(_) | Body::ConsentUpdated(_) | Body::Observed(_) => return,
    }
    forget_beyond_horizon(state);
    while CATEGORIES_MAX < state.affinity.len() {
        state.affinity.pop_last();
    }
}

fn fold_order(state: &mut State, at: Timestamp, order: &Order) {
    let day = at.day();
    let sums = state.days.entry(day).or_default();
    sums.orders += 1;
    sums.lines += u32::try_from(order.lines.len()).unwrap_or(u32::MAX);
    for line in &order.lines {
        sums.sales_cents += line.paid.0;
        sums.discount_cents += line.discount.0;
    }
    let bucket = day.div_euclid(Affinity::BUCKET_DAYS);
    for line in &order.lines {
        let Some(category) = &line.category else { continue };
        // `get_mut` first: almost every line is of a category the person bought before, and needs no new string.
        match state.affinity.get_mut(category) {
            Some(affinity) => *affinity.cents.entry(bucket).or_default() += line.paid.0,
            None => {
                let first = Affinity { cents: [(bucket, line.paid.0)].into() };
                state.affinity.insert(category.clone(), first);
            }
        }
    }
    state.last_order_at = state.last_order_at.max(Some(at));
}

/// Drops what lies more than [`HORIZON_DAYS`] before the state's newest day. The newest day only grows and what is dropped depends
/// on nothing else, so the order of events does not matter.
fn forget_beyond_horizon(state: &mut State) {
    let newest_day = state.days.last_key_value().map(|(day, _)| *day);
    let newest_contact = state.contacts.last().map(|contact| contact.at.day());
    let Some(newest) = newest_day.max(newest_contact) else { return };
    let oldest_kept = newest.saturating_sub(HORIZON_DAYS);
    while let Some(entry) = state.days.first_entry()
        && *entry.key() < oldest_kept
    {
        entry.remove();
    }
    let is_old = |contact: &Contact| contact.at.0 < i64::from(oldest_kept) * DAY_MS;
    if state.contacts.first().is_some_and(is_old) {
        state.contacts.retain(|contact| !is_old(contact));
    }
    let oldest_bucket = oldest_kept.div_euclid(Affinity::BUCKET_DAYS);
    let has_old = |affinity: &Affinity| {
        affinity.cents.first_key_value().is_some_and(|(first, _)| *first < oldest_bucket)
    };
    if state.affinity.values().any(has_old) {
        for affinity in state.affinity.values_mut() {
            affinity.cents.retain(|bucket, _| oldest_bucket <= *bucket);
        }
        state.affinity.retain(|_, affinity| !affinity.cents.is_empty());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Cents;
    use crate::event::Line;

    fn order(day: i64, category: &str, cents: i64) -> (Timestamp, Body) {
        let line = Line {
            product_id: "p".to_owned(),
            category: Some(category.to_owned()),
            quantity: 1,
            paid: Cents(cents),
            discount: Cents(10),
            coupon_discount: Cents(0),
        };
        let order = Order { order_id: String::new(), store_id: None, lines: vec![line] };
        (Timestamp(day * DAY_MS + 1), Body::OrderCompleted(order))
    }

    #[test]
    fn any_order_gives_the_same_state_even_across_the_horizon() {
        let events =
            [order(0, "tea", 100), order(390, "tea", 50), order(398, "milk", 70), order(1, "rice", 5)];
        let fold_all = |events: Vec<&(Timestamp, Body)>| {
            let mut state = State::default();
            events.into_iter().for_each(|(at, body)| fold(&mut state, *at, body));
            state
        };
        let forwards = fold_all(events.iter().collect());
        let backwards = fold_all(events.iter().rev().collect());
        assert_eq!(forwards, backwards);
        assert_eq!(forwards.days.keys().copied().collect::<Vec<_>>(), [1, 390, 398]);
    }

    #[test]
    fn sums_are_kept_by_day_and_category() {
        let mut state = State::default();
        for (at, body) in [order(10, "tea", 100), order(10, "tea", 20)] {
            fold(&mut state, at, &body);
        }
        assert_eq!(
            state.days[&10],
            super::super::Day { orders: 2, lines: 2, sales_cents: 120, discount_cents: 20, coupons: 0 }
        );
        assert_eq!(state.affinity["tea"].cents[&0], 120);
    }
}

use std::collections::{BTreeMap, BTreeSet};

use wink_core::event::Schemas;

use super::*;

const SETTINGS: Settings = Settings { seed: 11, people: 300, days: 60, from: Timestamp(1_767_225_600_000) };

fn play(settings: Settings) -> (Vec<Message>, Vec<Visit>) {
    let (mut messages, mut visits) = (Vec::new(), Vec::new());
    for day in Shop::open(settings) {
        messages.extend(day.messages);
        visits.extend(day.visits);
    }
    (messages, visits)
}

#[test]
fn a_seed_gives_the_same_shop_and_another_gives_another() {
    let few = Settings { people: 20, days: 10, ..SETTINGS };
    assert_eq!(play(few), play(few));
    assert_ne!(play(few).0, play(Settings { seed: 12, ..few }).0);
}

#[test]
fn messages_come_in_the_order_of_their_arrival_and_none_is_lost_at_the_end() {
    let (messages, _) = play(SETTINGS);
    assert!(messages.is_sorted_by_key(|message| message.arrives_at));
    assert!(messages.iter().all(|message| message.occurred_at <= message.arrives_at));
    assert!(messages.iter().any(|message| SETTINGS.from.plus_days(SETTINGS.days) < message.arrives_at));
}

#[test]
fn people_do_everything_that_the_vocabulary_has_and_the_server_knows_all_of_it() {
    let (messages, _) = play(SETTINGS);
    let schemas = Schemas::built_in();
    let known: BTreeSet<&str> = schemas.events().collect();
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for message in &messages {
        *seen.entry(message.event.as_str()).or_default() += 1;
    }
    let garbled: usize =
        seen.iter().filter(|(event, _)| !known.contains(*event)).map(|(_, count)| count).sum();
    assert!(0 < garbled && garbled * 500 < messages.len(), "{garbled} of {}", messages.len());
    for event in [
        "Page",
        "Page Engaged",
        "Products Searched",
        "Product List Viewed",
        "Product Viewed",
        "Product Added",
        "Product Removed",
        "Product Added to Wishlist",
        "Cart Viewed",
        "Checkout Started",
        "Checkout Step Viewed",
        "Checkout Step Completed",
        "Payment Info Entered",
        "Order Completed",
        "Order Refunded",
        "Return Requested",
        "Support Ticket Opened",
        "Complaint Made",
        "Cursor Stopped",
        "Hesitated",
        "Field Abandoned",
        "Identify",
        "Consent Updated",
        "Email Delivered",
        "Email Opened",
        "Email Link Clicked",
        "Store Entered",
    ] {
        assert!(seen.contains_key(event), "nobody ever sent `{event}`: {seen:?}");
    }
}

#[test]
fn sources_are_as_noisy_as_they_should_be() {
    let (messages, _) = play(SETTINGS);
    let ids: BTreeSet<&str> = messages.iter().map(|message| message.id.as_str()).collect();
    let twice = messages.len() - ids.len();
    assert!(
        messages.len() < 200 * twice && 50 * twice < messages.len(),
        "{twice} of {} come twice",
        messages.len()
    );
    let late =
        messages.iter().filter(|message| message.occurred_at.0 + 3_600_000 < message.arrives_at.0).count();
    assert!(
        messages.len() < 500 * late && 10 * late < messages.len(),
        "{late} of {} come late",
        messages.len()
    );
}

/// Of the visits said to end in a purchase with a probability, about as many do; and the more ready, the more.
#[test]
fn readiness_is_the_truth() {
    let (_, visits) = play(Settings { people: 2_000, ..SETTINGS });
    let bought = |visits: &[&Visit]| {
        let bought = visits.iter().filter(|visit| visit.bought).count();
        bought as f64 / visits.len().max(1) as f64
    };
    let mut by_readiness: Vec<&Visit> = visits.iter().collect();
    by_readiness.sort_by(|one, other| one.readiness.total_cmp(&other.readiness));
    let tenths: Vec<f64> = by_readiness.chunks(by_readiness.len().div_ceil(5)).map(bought).collect();
    assert!(tenths.is_sorted(), "{tenths:?}");
    assert!(tenths[0] < 0.02 && 0.3 < tenths[4], "{tenths:?}");
    let (sure, unsure): (Vec<&Visit>, Vec<&Visit>) = visits
        .iter()
        .filter(|visit| visit.intent == Intent::Buy && 0 < visit.cart_cents)
        .partition(|visit| visit.uncertainty < 0.3);
    assert!(bought(&unsure) < bought(&sure), "{} {}", bought(&unsure), bought(&sure));
}

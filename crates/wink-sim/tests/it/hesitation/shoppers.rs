//! Moments in the visits of simulated shoppers: what a decision would be told of them then, and what only the simulator knows.

use std::collections::{BTreeMap, BTreeSet};

use wink_core::base::Timestamp;
use wink_core::event::Event;
use wink_core::feature::{Catalogue, Happened, State, View, Wanted, fold, view};
use wink_core::profile::{Grants, Purpose};
use wink_sim::shop::{Draw, Settings, Shop, Visit};

use crate::accepted::accepted;

/// Half an hour without a message ends a visit.
const PAUSE_MS: i64 = 30 * 60_000;

/// An instant in a visit, before anything is bought.
pub(super) struct Moment {
    /// What a decision would be told.
    pub(super) view: View,
    /// Whether the visit ended in a purchase.
    pub(super) bought: bool,
    /// How unsure the shopper was.
    pub(super) uncertainty: f64,
}

/// Plays a shop and takes of every visit one moment, drawn evenly among its messages before the purchase.
pub(super) fn moments(catalogue: &Catalogue, settings: Settings) -> Vec<Moment> {
    let (mut told, mut visits) = (BTreeMap::<u64, Vec<Event>>::new(), BTreeMap::<u64, Vec<Visit>>::new());
    let mut seen = BTreeSet::new();
    for day in Shop::open(settings) {
        for visit in day.visits {
            visits.entry(visit.person).or_default().push(visit);
        }
        for message in day.messages {
            // Robots and what is garbled are no shopper's.
            let person = message.id.split('-').next().and_then(|number| number.parse().ok());
            if let (Some(person), Some(event)) = (person, accepted(&message))
                && seen.insert(message.id)
            {
                told.entry(person).or_default().push(event);
            }
        }
    }
    let mut draw = Draw::new(settings.seed, "moments");
    let mut moments = Vec::new();
    for (person, visits) in visits {
        let mut events = told.remove(&person).unwrap_or_default();
        events.sort_by_key(|event| event.occurred_at);
        moments.extend(of_person(catalogue, &events, &visits, &mut draw));
    }
    moments
}

fn of_person(catalogue: &Catalogue, events: &[Event], visits: &[Visit], draw: &mut Draw) -> Vec<Moment> {
    let wanted = Wanted::only(catalogue, 0..catalogue.definitions().len(), []);
    let mut chosen: BTreeMap<usize, &Visit> = BTreeMap::new();
    for visit in visits {
        let places = before_purchase(events, visit.began_at);
        if let Some(place) = draw.pick(&places) {
            chosen.insert(*place, visit);
        }
    }
    let (mut state, mut moments) = (State::default(), Vec::new());
    for (place, event) in events.iter().enumerate() {
        fold(&mut state, catalogue, &Happened::new(event.occurred_at, &event.body, &event.extra));
        if let Some(visit) = chosen.get(&place) {
            let view = view(&[&state], catalogue, &Grants::new(Purpose::ALL), event.occurred_at, &wanted);
            moments.push(Moment { view, bought: visit.bought, uncertainty: visit.uncertainty });
        }
    }
    moments
}

/// Lists the places of a visit's events, up to the purchase.
fn before_purchase(events: &[Event], began_at: Timestamp) -> Vec<usize> {
    let first = events.partition_point(|event| event.occurred_at < began_at);
    let mut last_at = began_at;
    let mut places = Vec::new();
    for (place, event) in events.iter().enumerate().skip(first) {
        let is_over = PAUSE_MS <= event.occurred_at.since_ms(last_at);
        if is_over || event.body.event_name() == "Order Completed" {
            break;
        }
        last_at = event.occurred_at;
        places.push(place);
    }
    places
}

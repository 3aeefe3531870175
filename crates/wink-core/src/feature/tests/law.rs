//! Laws that hold for every history: order, repetition of the merge, splitting and the future. Each is tried on a mistake it must find.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;

const CATEGORIES: [&str; 3] = ["tea", "milk", "rice"];

/// Something somebody did, so many minutes before noon; over two years, far beyond the horizon.
fn event() -> impl Strategy<Value = Told> {
    let ago = prop_oneof![0..600_i64, 0..(800 * 1_440_i64)];
    let line = (select(CATEGORIES.to_vec()), 1..5_000_i64);
    let kind = prop_oneof![
        4 => vec(line, 1..4).prop_map(|lines| order(NOON, &lines)),
        2 => any::<bool>().prop_map(|pushed| contact(NOON, pushed)),
        3 => (select(CATEGORIES.to_vec()), 1..9_999_i64).prop_map(|(name, cents)| {
            observed(NOON, "Product Viewed", &[("product_id", text(name)), ("brand", text(name)), ("price_cents", Value::Int(cents))])
        }),
        2 => (0..9_000_i64).prop_map(|ms| observed(NOON, "Page Engaged", &[("dwell_ms", Value::Int(ms))])),
        1 => Just(observed(NOON, "Email Opened", &[])),
        1 => Just(observed(NOON, "Order Refunded", &[("total_cents", Value::Int(700))])),
    ];
    (ago, kind).prop_map(|(ago, told)| Told { at: Timestamp(NOON.0 - ago * 60_000), ..told })
}

fn history() -> impl Strategy<Value = Vec<Told>> {
    vec(event(), 1..40)
}

fn catalogue() -> Catalogue {
    // Berlin, so that buckets of the shop's calendar differ from those of UTC; one feature on that calendar, and one of the newest name.
    let own = |name: &str, event: &str, aggregation: Aggregation| Definition {
        name: name.to_owned(),
        meaning: "what no built-in feature does".to_owned(),
        how: How::Folded {
            selection: Selection::of(&[event]),
            aggregation,
            age: Age::Named,
            never: Never::Unknown,
        },
        ttl_days: None,
        purpose: Purpose::Personalisation,
        class: Class::Purchase,
        heard: Heard::default(),
    };
    let mut definitions = built_in_definitions();
    definitions.push(own(
        "shop_days",
        "Order Completed",
        Aggregation::ActiveDays { window: Window::ShopDays(30) },
    ));
    definitions.push(own(
        "newest_brand",
        "Product Viewed",
        Aggregation::Newest { by: "event.brand".to_owned() },
    ));
    Catalogue::compile(definitions, &Zone::new("Europe/Berlin").unwrap()).unwrap()
}

fn shuffled(events: &[Told], keys: &[u16]) -> Vec<Told> {
    let mut keyed: Vec<(u16, &Told)> = keys.iter().copied().cycle().zip(events).collect();
    keyed.sort_by_key(|(key, _)| *key);
    keyed.into_iter().map(|(_, told)| told.clone()).collect()
}

fn merged<'a>(states: impl IntoIterator<Item = &'a State>) -> State {
    let mut sum = State::default();
    states.into_iter().for_each(|state| sum.merge(state));
    sum
}

fn whole_view(catalogue: &Catalogue, states: &[&State], now: Timestamp) -> View {
    view(states, catalogue, &Grants::new(Purpose::ALL), now, &Wanted::all())
}

/// Few, because each is a history of its own.
fn histories() -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) }
}

proptest! {
    #![proptest_config(histories())]

    #[test]
    fn any_order_gives_the_same_state(events in history(), keys in vec(any::<u16>(), 40)) {
        let catalogue = catalogue();
        prop_assert_eq!(state_of(&catalogue, &shuffled(&events, &keys)), state_of(&catalogue, &events));
    }

    #[test]
    fn a_person_of_several_identities_is_the_person_of_one(
        events in history(),
        identities in vec(0..4_usize, 40),
        order in Just(vec![0_usize, 1, 2, 3]).prop_shuffle(),
    ) {
        let catalogue = catalogue();
        let mut states = vec![State::default(); 4];
        for (event, identity) in events.iter().zip(&identities) {
            event.fold(&mut states[*identity], &catalogue);
        }
        let whole = state_of(&catalogue, &events);
        prop_assert_eq!(&merged(&states), &whole);
        // Commutative, and associative: any order, and any two of them first.
        prop_assert_eq!(&merged(order.iter().map(|place| &states[*place])), &whole);
        let pairs = [merged(&states[..2]), merged(&states[2..])];
        prop_assert_eq!(&merged(&pairs), &whole);
        prop_assert_eq!(
            whole_view(&catalogue, &states.iter().collect::<Vec<_>>(), NOON),
            whole_view(&catalogue, &[&whole], NOON)
        );
        // To take an identity away is to leave its state out.
        let without: Vec<Told> =
            events.iter().zip(&identities).filter(|(_, of)| **of != 0).map(|(told, _)| told.clone()).collect();
        prop_assert_eq!(merged(&states[1..]), state_of(&catalogue, &without));
    }

    #[test]
    fn what_happens_later_moves_nothing_seen_now(events in history(), later in vec((event(), 1..40_000_i64), 1..6)) {
        let catalogue = catalogue();
        let now = Timestamp(NOON.0 - 600 * 60_000);
        let past: Vec<Told> = events.into_iter().filter(|told| told.at <= now && days_ago(300) < told.at).collect();
        // From the next bucket on: within one, what came before the instant is not told from what came after. Whoever needs that
        // folds up to the instant.
        let tomorrow = Bucket::FourWeeks.start(Bucket::FourWeeks.of(now, &Zone::utc()) + 1);
        let future = later.into_iter().map(|(told, minutes)| Told { at: Timestamp(tomorrow.0 + minutes * 60_000), ..told });
        let before = state_of(&catalogue, &past);
        let with_future: Vec<Told> = past.iter().cloned().chain(future).collect();
        let after = state_of(&catalogue, &with_future);
        for definition in catalogue.definitions() {
            let (then, seen) = (viewed(&catalogue, &[&before], now, &definition.name), viewed(&catalogue, &[&after], now, &definition.name));
            // What only keeps the newest may have forgotten what was newest then; it never says what was not known yet.
            let is_known_otherwise = match (&then, &seen) {
                (Viewed::Number(then), Viewed::Number(seen)) => then.value != seen.value,
                (Viewed::Shares(then), Viewed::Shares(seen)) => then.value != seen.value,
                (Viewed::NoData, Viewed::Number(seen)) => seen.value != 0.0,
                _ => false,
            };
            let counts_back = matches!(definition.how, How::Derived { .. })
                || matches!(&definition.how, How::Folded { aggregation: Aggregation::Since { .. }, .. })
                || definition.name.starts_with("session_");
            prop_assert!(counts_back || !is_known_otherwise, "{} was {then:?} and is {seen:?}", definition.name);
        }
    }

    #[test]
    fn a_state_covers_what_it_was_made_of(events in history(), some in 0..40_usize) {
        let catalogue = catalogue();
        let recent: Vec<Told> = events.into_iter().filter(|told| days_ago(300) < told.at).collect();
        let whole = state_of(&catalogue, &recent);
        let part = state_of(&catalogue, &recent[..some.min(recent.len())]);
        prop_assert!(whole.covers(&part));
        prop_assert!(part == whole || !part.covers(&whole) || part.accumulated().len() == whole.accumulated().len());
    }
}

/// Mistakes the laws above must find, each on the history that shows it.
mod mutant {
    use super::*;

    /// Keeps the last thing heard instead of the newest.
    fn last_heard(events: &[Told]) -> Option<Timestamp> {
        events.last().map(|told| told.at)
    }

    #[test]
    fn that_keeps_the_last_heard_differs_by_order() {
        let events = [order(days_ago(3), &[("tea", 100)]), order(days_ago(9), &[("tea", 100)])];
        let backwards: Vec<Told> = events.iter().rev().cloned().collect();
        assert_ne!(last_heard(&events), last_heard(&backwards));
        let catalogue = catalogue();
        assert_eq!(state_of(&catalogue, &events), state_of(&catalogue, &backwards));
    }

    /// Drops what is old when it comes, and forgets to drop what becomes old.
    #[test]
    fn that_only_refuses_late_events_differs_by_order() {
        let catalogue = catalogue();
        let (old, new) = (order(days_ago(500), &[("tea", 100)]), order(days_ago(0), &[("milk", 100)]));
        let refuses_late = |events: &[&Told]| {
            let mut newest = Timestamp(i64::MIN);
            let kept = events.iter().filter(|told| {
                newest = newest.max(told.at);
                newest.0.saturating_sub(i64::from(HORIZON_DAYS) * DAY_MS) <= told.at.0
            });
            kept.count()
        };
        assert_ne!(refuses_late(&[&old, &new]), refuses_late(&[&new, &old]));
        let (there, back) = ([old.clone(), new.clone()], [new, old]);
        assert_eq!(state_of(&catalogue, &there), state_of(&catalogue, &back));
    }

    /// Sums views instead of states: two identities that looked at one product looked at two.
    #[test]
    fn that_adds_up_views_counts_one_thing_twice() {
        let catalogue = catalogue();
        let look = |at| observed(at, "Product Viewed", &[("product_id", text("p-1"))]);
        let states = [state_of(&catalogue, &[look(days_ago(1))]), state_of(&catalogue, &[look(days_ago(2))])];
        let different =
            |states: &[&State]| match viewed(&catalogue, states, NOON, "different_products_viewed_28d") {
                Viewed::Number(reading) => reading.value.round(),
                other => panic!("{other:?}"),
            };
        assert_eq!(different(&[&states[0]]) + different(&[&states[1]]), 2.0);
        assert_eq!(different(&[&states[0], &states[1]]), 1.0);
    }

    /// Reads to the end of the sums instead of to now: a purchase of tomorrow is in today's window.
    #[test]
    fn that_reads_beyond_now_sees_the_future() {
        let catalogue = catalogue();
        let state = state_of(
            &catalogue,
            &[order(days_ago(3), &[("tea", 100)]), order(NOON.plus_days(2), &[("tea", 100)])],
        );
        let Some(Accumulated::Sums(orders)) = state.accumulated().iter().find_map(|(id, accumulated)| {
            let is_orders = catalogue
                .accumulators()
                .any(|(known, text)| known == *id && text == "sums 1 by day | Order Completed");
            is_orders.then_some(accumulated)
        }) else {
            panic!("orders are counted")
        };
        let to_the_end: i64 = orders.cells.iter().map(|(_, sum)| sum).sum();
        assert_eq!(to_the_end, 2);
        let Viewed::Number(reading) = viewed(&catalogue, &[&state], NOON, "orders_56d") else { panic!() };
        assert_eq!(reading.value, 1.0);
    }
}

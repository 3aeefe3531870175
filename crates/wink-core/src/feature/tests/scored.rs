//! What a model said of somebody, as features.

use super::*;
use wink_stats::Interval;

use crate::event::{ChannelScored, Scored};
use crate::feature::definition::{Aggregation, Class, Definition, Heard, How, Never, Selection, Window};

fn scored(at: Timestamp, version: u32, alive: f64, value: Option<f64>) -> Told {
    let scored = Scored::new(version, alive, alive / 2.0, 1.25, value).unwrap();
    Told { at, body: Body::Scored(scored), extra: BTreeMap::new() }
}

fn number(events: &[Told], now: Timestamp, name: &str) -> Option<(f64, i64)> {
    let catalogue = Catalogue::built_in();
    match viewed(&catalogue, &[&state_of(&catalogue, events)], now, name) {
        Viewed::Number(reading) => Some((reading.value, reading.age_ms / DAY_MS)),
        _ => None,
    }
}

#[test]
fn the_newest_model_is_read_with_its_age_and_version() {
    let told = [scored(days_ago(9), 1, 0.9, Some(5_000.0)), scored(days_ago(2), 2, 0.25, Some(700.4))];
    for (name, value) in [
        ("score_alive", 0.25),
        ("score_churn", 0.75),
        ("score_purchase", 0.125),
        ("score_purchases", 1.25),
        ("score_value_cents", 700.0),
        ("score_version", 2.0),
    ] {
        assert_eq!(number(&told, NOON, name), Some((value, 2)), "{name}");
        // Whichever is heard of first.
        let backwards = [told[1].clone(), told[0].clone()];
        assert_eq!(number(&backwards, NOON, name), Some((value, 2)), "{name}");
    }
    assert_eq!(number(&told, NOON.plus_days(33), "score_alive"), Some((0.25, 35)));
    assert_eq!(number(&told, NOON.plus_days(34), "score_alive"), None, "too old");
    assert_eq!(number(&[], NOON, "score_churn"), None, "never scored");
}

#[test]
fn the_newest_channel_is_read_by_name_with_its_interval_age_and_version() {
    let catalogue = Catalogue::built_in();
    let scored = |at: Timestamp, version, channel, estimate| {
        let rate = Interval { estimate, lower: estimate / 2.0, upper: estimate * 2.0 };
        let body = Body::ChannelScored(ChannelScored::new(version, channel, rate, 0.875).unwrap());
        Told { at, body, extra: BTreeMap::new() }
    };
    let told = [scored(days_ago(9), 3, "search", 0.125), scored(days_ago(2), 4, "email", 0.25)];
    for told in [[told[0].clone(), told[1].clone()], [told[1].clone(), told[0].clone()]] {
        let Viewed::Shares(shares) =
            viewed(&catalogue, &[&state_of(&catalogue, &told)], NOON, "score_channel")
        else {
            panic!("it is known")
        };
        assert_eq!(shares.value.into_iter().collect::<Vec<_>>(), [("email".to_owned(), 1.0)]);
        for (name, value) in [
            ("score_channel_rate", 0.25),
            ("score_channel_rate_lower", 0.125),
            ("score_channel_rate_upper", 0.5),
            ("score_channel_probability", 0.875),
            ("score_channel_version", 4.0),
        ] {
            assert_eq!(number(&told, NOON, name), Some((value, 2)), "{name}");
        }
        assert_eq!(number(&told, NOON, "score_version"), None, "the other model said nothing");
        assert_eq!(number(&told, NOON.plus_days(34), "score_channel_rate"), None, "too old");
        assert_eq!(catalogue.newest_act(&state_of(&catalogue, &told)), None, "nothing they did");
    }
}

#[test]
fn a_value_no_newer_model_knows_is_as_old_as_the_one_that_did() {
    let told = [scored(days_ago(9), 1, 0.9, Some(5_000.0)), scored(days_ago(2), 2, 0.25, None)];
    assert_eq!(number(&told, NOON, "score_value_cents"), Some((5_000.0, 9)));
    assert_eq!(number(&told, NOON, "score_version"), Some((2.0, 2)));
}

/// Retention goes by what people did: who is scored every week is not active for that.
#[test]
fn being_scored_is_nothing_somebody_did() {
    let catalogue = Catalogue::built_in();
    let told = [order(days_ago(300), &[("TEA", 900)]), scored(days_ago(1), 1, 0.01, None)];
    assert_eq!(catalogue.newest_act(&state_of(&catalogue, &told)), Some(days_ago(300)));
    assert_eq!(catalogue.newest_act(&state_of(&catalogue, &told[1..])), None);
}

#[test]
fn only_the_newest_of_a_score_can_be_read() {
    let own = |aggregation| Definition {
        name: "own".to_owned(),
        meaning: "a test".to_owned(),
        how: How::Folded {
            selection: Selection::of(&["Customer Scored"]).only("event.alive < 0.5"),
            aggregation,
            age: super::super::Age::default(),
            never: Never::default(),
        },
        ttl_days: None,
        purpose: Purpose::Personalisation,
        class: Class::Score,
        heard: Heard::default(),
    };
    let of = || "event.alive".to_owned();
    let sum = own(Aggregation::Sum { of: of(), window: Window::Days(90) });
    let problem = Catalogue::compile(vec![sum], &Zone::utc()).unwrap_err();
    assert!(problem.message.starts_with("of `event.alive` only the newest can be read"), "{problem:?}");
    let catalogue = Catalogue::compile(vec![own(Aggregation::Last { of: of() })], &Zone::utc()).unwrap();
    let told = [scored(days_ago(3), 1, 0.25, None), scored(days_ago(1), 2, 0.75, None)];
    let Viewed::Number(read) = viewed(&catalogue, &[&state_of(&catalogue, &told)], NOON, "own") else {
        panic!("it is known")
    };
    assert_eq!(read.value, 0.25, "the newest below a half");
}

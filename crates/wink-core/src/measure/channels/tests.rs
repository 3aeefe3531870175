use std::collections::BTreeMap;

use proptest::prelude::*;
use wink_stats::numeric::Chance;

use super::*;
use crate::base::Value;
use crate::event::{Body, Observed};

const HOUR_MS: i64 = 3_600_000;
const NOW: Timestamp = Timestamp(400 * DAY_MS);

const WEEK: ChannelSettings = ChannelSettings { within_days: 7, level: 0.95 };

fn hour(hour: i64) -> Timestamp {
    Timestamp(hour * HOUR_MS)
}

/// Which visits led to a purchase: the hour each began, its channel, and whether.
fn followed(came: &[(i64, &str)], bought: &[i64]) -> Vec<(i64, String, bool)> {
    let mut visits = Visits::default();
    came.iter().for_each(|(at, channel)| visits.came(1, hour(*at), channel));
    bought.iter().for_each(|at| visits.bought(1, hour(*at)));
    let found = visits.followed(7 * DAY_MS, NOW);
    let of = |one: &Contact| (one.at.0 / HOUR_MS, found.names[one.channel].clone(), one.converted);
    found.all.iter().map(of).collect()
}

#[test]
fn a_purchase_counts_for_the_last_visit_before_it() {
    let told = |came: &[(i64, &str)], bought: &[i64], expected: &[(i64, &str, bool)]| {
        let expected: Vec<_> =
            expected.iter().map(|(at, name, yes)| (*at, (*name).to_owned(), *yes)).collect();
        assert_eq!(followed(came, bought), expected, "{came:?} {bought:?}");
    };
    told(&[(0, "ads"), (5, "search")], &[6], &[(0, "ads", false), (5, "search", true)]);
    told(&[(5, "search"), (0, "ads")], &[6, 7], &[(0, "ads", false), (5, "search", true)]);
    told(&[(0, "ads")], &[7 * 24], &[(0, "ads", true)]);
    told(&[(0, "ads")], &[7 * 24 + 1], &[(0, "ads", false)]);
    told(&[(3, "ads")], &[2], &[(3, "ads", false)]);
    told(&[(3, "ads")], &[3], &[(3, "ads", true)]);
    // Whoever came a second time by one channel, after another, bought because of the second time.
    told(
        &[(0, "ads"), (2, "search"), (4, "ads")],
        &[5],
        &[(0, "ads", false), (2, "search", false), (4, "ads", true)],
    );
}

#[test]
fn pages_without_a_pause_of_half_an_hour_are_one_visit_and_a_young_visit_is_none_yet() {
    let mut visits = Visits::default();
    let minutes = |minutes: i64| Timestamp(minutes * 60_000);
    [0, 29, 58, 88].into_iter().for_each(|at| visits.came(1, minutes(at), "ads"));
    visits.came(2, NOW.plus_days(-6), "ads");
    visits.came(2, NOW.plus_days(-7), "search");
    visits.came(2, NOW.plus_days(1), "tomorrow");
    let found = visits.followed(7 * DAY_MS, NOW).all;
    let at: Vec<_> = found.iter().map(|one| (one.customer, one.at)).collect();
    assert_eq!(at, [(1, minutes(0)), (1, minutes(88)), (2, NOW.plus_days(-7))]);
}

#[test]
fn a_click_in_a_mail_and_the_page_it_opens_are_one_visit_named_by_the_page() {
    let told = |came: &[(i64, &str)], bought: &[i64], expected: &[(i64, &str, bool)]| {
        let mut visits = Visits::default();
        let minutes = |minutes: i64| Timestamp(minutes * 60_000);
        came.iter().for_each(|(at, channel)| visits.came(1, minutes(*at), channel));
        bought.iter().for_each(|at| visits.bought(1, minutes(*at)));
        let found = visits.followed(7 * DAY_MS, NOW);
        let of = |one: &Contact| (one.at.0 / 60_000, found.names[one.channel].clone(), one.converted);
        let expected: Vec<_> =
            expected.iter().map(|(at, name, yes)| (*at, (*name).to_owned(), *yes)).collect();
        assert_eq!(found.all.iter().map(of).collect::<Vec<_>>(), expected, "{came:?} {bought:?}");
    };
    told(&[(0, "email"), (1, "newsletter"), (9, "newsletter")], &[10], &[(0, "newsletter", true)]);
    // Bought between both, as of a page that says so late.
    told(&[(0, "email"), (2, "newsletter")], &[1], &[(0, "newsletter", true)]);
    told(&[(0, "newsletter"), (9, "email"), (10, "newsletter")], &[11], &[(0, "newsletter", true)]);
    // No page says where it came from, or much later, or it was there before.
    told(&[(0, "email")], &[10], &[(0, "email", true)]);
    told(&[(0, "email"), (31, "search")], &[32], &[(0, "email", false), (31, "search", true)]);
    told(&[(0, "search"), (1, "email")], &[10], &[(0, "search", false), (1, "email", true)]);
}

proptest! {
    /// What is told in another order, or twice at the same instant, is the same; and no more visits convert than purchases were made.
    #[test]
    fn the_order_in_which_things_are_heard_changes_nothing(
        heard in prop::collection::vec((0_u32..3, 0_i64..2_000, 0_usize..4), 1..60).prop_shuffle(),
    ) {
        let names = ["ads", "search", "email"];
        let told = |heard: &mut dyn Iterator<Item = &(u32, i64, usize)>| {
            let mut visits = Visits::default();
            for (customer, at, what) in heard {
                match names.get(*what) {
                    Some(name) => visits.came(*customer, hour(*at), name),
                    None => visits.bought(*customer, hour(*at)),
                }
            }
            let found = visits.followed(7 * DAY_MS, NOW);
            found.all.iter().map(|one| (one.customer, one.at, found.names[one.channel].clone(), one.converted)).collect::<Vec<_>>()
        };
        let forth = told(&mut heard.iter());
        prop_assert_eq!(&forth, &told(&mut heard.iter().rev()));
        let purchases = heard.iter().filter(|(_, _, what)| *what == 3).count();
        prop_assert!(forth.iter().filter(|(_, _, _, converted)| *converted).count() <= purchases);
    }
}

/// People with a rate of their own on each of three channels, and a fourth by which a few come.
fn drawn(people: u32) -> Visits {
    let mut chance = Chance::of(21);
    let mut visits = Visits::default();
    for customer in 0..people {
        let rates = [("ads", 1.0, 19.0), ("email", 2.0, 6.0), ("search", 1.0, 9.0)]
            .map(|(name, alpha, beta)| (name, chance.beta(alpha, beta)));
        for visit in 0..12 {
            let (name, rate) = rates[(visit + customer as usize) % 3];
            let at =
                Timestamp(i64::from(customer % 20) * HOUR_MS + i64::try_from(visit).unwrap() * 30 * DAY_MS);
            visits.came(customer, at, name);
            if chance.uniform() < rate {
                visits.bought(customer, Timestamp(at.0 + HOUR_MS));
            }
        }
        if customer % 200 == 0 {
            visits.came(customer, hour(8_000), "rare");
        }
    }
    visits
}

#[test]
fn each_has_the_channel_they_buy_by_and_the_last_visits_are_foretold_better_than_by_the_rates_of_all() {
    let trained = train_channels(drawn(2_000), 7, WEEK, 3, NOW).unwrap();
    let card = &trained.card;
    let of: BTreeMap<&str, &ChannelRates> =
        card.channels.iter().map(|one| (one.name.as_str(), one)).collect();
    assert_eq!(of.keys().copied().collect::<Vec<_>>(), ["ads", "email", "search"]);
    assert_eq!(
        (card.version, card.people, card.not_granted, card.left_out, card.visits_left_out),
        (3, 2_000, 7, 1, 10)
    );
    for (name, rate) in [("ads", 0.05), ("email", 0.25), ("search", 0.1)] {
        assert!((of[name].rate - rate).abs() < 0.02, "{name}: {:?}", of[name]);
        assert_eq!((of[name].people, of[name].visits), (2_000, 8_000));
    }
    assert!(of["search"].best_for < of["email"].best_for && 0 < of["search"].best_for, "{card:?}");
    assert_eq!(of.values().map(|one| one.best_for).sum::<u64>(), 2_000);
    let held = card.hold_out.as_ref().unwrap();
    #[expect(clippy::cast_precision_loss, reason = "some thousands")]
    let off = held.expected / held.found as f64 - 1.0;
    assert!(off.abs() < 0.1 && held.squared_error < held.squared_error_of_all, "{held:?}");
    assert_eq!(trained.scores.len(), 2_000);
    for (_, scored) in &trained.scores {
        assert!(
            scored.lower <= scored.rate && scored.rate <= scored.upper && scored.version == 3,
            "{scored:?}"
        );
    }
    assert_ne!(card.input, train_channels(drawn(1_999), 7, WEEK, 3, NOW).unwrap().card.input);
}

#[test]
fn without_enough_to_learn_from_there_is_no_model() {
    let refused = |visits, settings| train_channels(visits, 0, settings, 1, NOW).unwrap_err().to_string();
    assert!(
        refused(Visits::default(), WEEK)
            .starts_with("not enough data: of 0 channels 0 can be told, and two are needed")
    );
    let mut one = Visits::default();
    for customer in 0..100 {
        one.came(customer, hour(0), "ads");
        one.came(customer, hour(500), "nobody buys by it");
        if customer % 3 == 0 {
            one.bought(customer, hour(1));
        }
    }
    assert!(refused(one, WEEK).starts_with("not enough data: of 2 channels 1 can be told"));
    let wrong = ChannelSettings { within_days: 0, ..WEEK };
    assert_eq!(
        refused(drawn(100), wrong),
        "a purchase within 0 days is asked for, and must be within 1 to 90"
    );
    let wrong = ChannelSettings { level: 95.0, ..WEEK };
    assert_eq!(refused(drawn(100), wrong), "the level is 95, and must be above 0 and below 1");
    // The model is there; only how well it holds is not known.
    let mut once = Visits::default();
    for customer in 0..200 {
        once.came(customer, hour(i64::from(customer % 5)), if customer % 2 == 0 { "ads" } else { "email" });
        if customer % 3 == 0 {
            once.bought(customer, hour(9));
        }
    }
    let card = train_channels(once, 0, WEEK, 1, NOW).unwrap().card;
    assert!(card.hold_out.unwrap_err().starts_with("not enough data"));
}

#[test]
fn a_channel_is_the_source_of_a_page_or_a_mail_that_was_clicked() {
    let source = |name: &str| BTreeMap::from([("source".to_owned(), Value::Text(name.to_owned()))]);
    let body = |name: &str| Body::Observed(Observed::named(name).unwrap());
    for (event, extra, channel) in [
        ("Page", source("search"), Some("search")),
        ("Screen", source("push"), Some("push")),
        ("Email Link Clicked", source("search"), Some("email")),
        ("Page", BTreeMap::new(), None),
        ("Page", source(""), None),
        ("Page", source(&"x".repeat(129)), None),
        ("Page", BTreeMap::from([("source".to_owned(), Value::Int(4))]), None),
        ("Product Viewed", source("search"), None),
        ("Email Opened", source("search"), None),
    ] {
        assert_eq!(channel_of(&body(event), &extra), channel, "{event} {extra:?}");
    }
}

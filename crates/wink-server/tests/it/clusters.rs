//! Somebody looks around anonymously and signs in: what they do under the one name counts for what waits under the other.

use wink_core::base::{Cents, DecisionId, Timestamp, Value};
use wink_core::offer::{Channel, Product};
use wink_server::flow::ingest::{Answer, Received};
use wink_server::flow::links::part;
use wink_server::flow::page::Page;
use wink_server::flow::profiles::{Whom, decisions, find};
use wink_server::flow::stream::{Listener, Places, decision};
use wink_server::flow::{decide, erase, moments, products, rounds};
use wink_server::{Engine, keys};
use wink_sim::SimStore;
use wink_store::{Direction, Range, Store};

use super::counter::{MINUTE_MS, MONDAY, Offer, Shop, insist, open, question, tell, wait};
use super::links::{by, named};
use super::race::{at_once, checks_nothing, is_caught};
use super::said;

const TRIGGERS: &str = r#"
[[triggers]]
id = "quiet-cart"
on = ["Product Added", "Cart Viewed"]
quiet_minutes = 30
unless = ["Order Completed"]
pause_minutes = 60
channel = "newsletter"
placement = "cart"

[[triggers]]
id = "cheaper"
product = "cheaper"
cheaper_percent = 10
on = ["Product Viewed"]
within_days = 30
people_at_most = 3
pause_minutes = 60
channel = "newsletter"
placement = "cheaper"

[[triggers]]
id = "birthday"
each_year = "birthday"
at_hour = 9
channel = "newsletter"
placement = "birthday"
"#;

const PHONE: &str = "anonymous_id:phone";
const ANNA: &str = "user_id:anna";

fn at(minute: i64) -> Timestamp {
    Timestamp(MONDAY.0 + minute * MINUTE_MS)
}

fn tells<S: Store>(engine: &Engine<S>, message: Received) {
    let answer = wait(tell(engine, message)).unwrap();
    assert!(matches!(answer, Answer::Accepted(_)), "{answer:?}");
}

/// A shop whose Anna has an account and granted everything.
fn opened() -> Engine<SimStore> {
    opened_over(SimStore::new())
}

fn opened_over<S: Store>(store: S) -> Engine<S> {
    let offers = vec![Offer { per_person: 99, ..Offer::new("tea", "{ amount = \"1.00\" }") }];
    let shop = Shop { triggers: TRIGGERS.to_owned(), ..Shop::selling(offers) };
    let engine = wait(open(store, &shop, MONDAY)).unwrap();
    said::allows_all("-", MONDAY).into_iter().for_each(|word| tells(&engine, by(&[ANNA], word)));
    engine
}

fn does<S: Store>(engine: &Engine<S>, names: &[&str], event: &str, minute: i64) {
    let properties =
        vec![("product_id", Value::Text("p-KETTLE".to_owned())), ("price_cents", Value::Int(2_000))];
    let message = said::message(&format!("{event} {minute}"), "-", event, properties, at(minute));
    tells(engine, by(names, message));
}

/// She signs in on the phone: a message names both.
fn signs_in<S: Store>(engine: &Engine<S>, minute: i64) {
    does(engine, &[PHONE, ANNA], "Page", minute);
    let known = wait(find(engine, &Whom::Identity(named(PHONE)))).unwrap().unwrap();
    assert_eq!(known.cluster().profiles().count(), 2);
}

fn buys<S: Store>(engine: &Engine<S>, names: &[&str], minute: i64) {
    let message = said::buys(&format!("b-{minute}"), "-", &[("KETTLE", 2_000)], at(minute));
    tells(engine, by(names, message));
}

/// The places the person was asked about for.
fn asked<S: Store>(engine: &Engine<S>) -> Vec<String> {
    let known = wait(find(engine, &Whom::Identity(named(PHONE)))).unwrap().unwrap();
    let page = wait(decisions(engine, &known.cluster(), &Page::default())).unwrap();
    page.items.into_iter().map(|decision| decision.ask.placement).collect()
}

#[test]
fn an_order_of_somebody_signed_in_ends_the_waiting_for_their_anonymous_cart() {
    for (buyer, moments_of) in [(None, 1), (Some(ANNA), 0), (Some(PHONE), 0)] {
        let engine = opened();
        does(&engine, &[PHONE], "Product Added", 0);
        signs_in(&engine, 5);
        if let Some(name) = buyer {
            buys(&engine, &[name], 10);
        }
        for minute in [29, 31, 45, 200] {
            wait(moments::see_to(&engine, at(minute))).unwrap();
        }
        assert_eq!(asked(&engine), vec!["cart"; moments_of], "{buyer:?}");
    }
}

#[test]
fn an_order_before_the_sign_in_ends_it_too_and_one_before_the_cart_does_not() {
    for (ordered, moments_of) in [(8, 0), (2, 1)] {
        let engine = opened();
        buys(&engine, &[ANNA], ordered);
        does(&engine, &[PHONE], "Product Added", 5);
        signs_in(&engine, 12);
        wait(moments::see_to(&engine, at(40))).unwrap();
        assert_eq!(asked(&engine), vec!["cart"; moments_of], "{ordered}");
    }
}

#[test]
fn who_goes_on_under_their_account_is_not_quiet_and_is_asked_about_once() {
    let engine = opened();
    does(&engine, &[PHONE], "Product Added", 0);
    signs_in(&engine, 5);
    does(&engine, &[ANNA], "Cart Viewed", 20);
    wait(moments::see_to(&engine, at(31))).unwrap();
    assert!(asked(&engine).is_empty(), "she looked at it eleven minutes ago");
    wait(moments::see_to(&engine, at(51))).unwrap();
    assert_eq!(asked(&engine), ["cart"]);
    does(&engine, &[PHONE], "Cart Viewed", 60);
    wait(moments::see_to(&engine, at(91))).unwrap();
    assert_eq!(asked(&engine).len(), 1, "within the pause");
}

#[test]
fn who_bought_a_product_under_their_account_waits_for_it_nowhere() {
    let kettle = |cents| Product {
        id: "p-KETTLE".to_owned(),
        name: "Kettle".to_owned(),
        category: None,
        brand: None,
        price: Some(Cents(cents)),
        cost: None,
        stock: Some(5),
    };
    for (bought, moments_of) in [(None, 1), (Some(3), 1), (Some(5), 0), (Some(30), 0)] {
        let engine = opened();
        wait(products::put(&engine, &[kettle(2_000)], MONDAY)).unwrap();
        if let Some(minute) = bought.filter(|minute| *minute < 20) {
            buys(&engine, &[ANNA], minute);
        }
        does(&engine, &[PHONE], "Product Viewed", 4);
        signs_in(&engine, 20);
        if let Some(minute) = bought.filter(|minute| 20 < *minute) {
            buys(&engine, &[ANNA], minute);
        }
        wait(products::put(&engine, &[kettle(1_000)], at(60))).unwrap();
        while wait(rounds::step(&engine, at(60))).unwrap().is_some() {}
        wait(moments::see_to(&engine, at(60))).unwrap();
        assert_eq!(asked(&engine), vec!["cheaper"; moments_of], "bought at {bought:?}");
    }
}

/// How many notes there are by which a day finds somebody.
fn notes<S: Store>(engine: &Engine<S>) -> usize {
    let scan = engine.store.scan(engine.tenant, keys::kind::NOTED, Range::default(), Direction::Forward, 99);
    wait(scan).unwrap().records.len()
}

fn states_birthday(names: &[&str], birthday: &str, minute: i64) -> Received {
    let traits = [("birthday".to_owned(), Value::Text(birthday.to_owned()))].into();
    let id = format!("{names:?} was born on {birthday}");
    by(names, said::message(&id, "-", "Identify", vec![("traits", Value::Map(traits))], at(minute)))
}

fn says(names: &[&str], state: &str, minute: i64) -> Received {
    let id = format!("{names:?} {state} {minute}");
    by(names, said::consents(&id, "-", "personalisation", state, at(minute)))
}

#[test]
fn a_withdrawal_takes_days_away_that_were_stated_under_another_profile() {
    let engine = opened();
    does(&engine, &[PHONE], "Page", 0);
    signs_in(&engine, 5);
    tells(&engine, states_birthday(&[PHONE], "1990-05-17", 6));
    assert_eq!(notes(&engine), 1);
    tells(&engine, says(&[ANNA], "withdrawn", 10));
    assert_eq!(notes(&engine), 0);
    tells(&engine, says(&[ANNA], "granted", 20));
    assert_eq!(notes(&engine), 1, "a new yes brings back what was stated");
    tells(&engine, says(&[PHONE], "withdrawn", 30));
    assert_eq!(notes(&engine), 0);
}

/// Somebody states their birthday on the phone in the moment in which they withdraw under their account.
fn states_and_withdraws<S: Store>(store: S) -> Result<(), String> {
    let engine = opened_over(store);
    does(&engine, &[PHONE], "Page", 0);
    signs_in(&engine, 5);
    at_once(|task| {
        let message = match task {
            0 => says(&[ANNA], "withdrawn", 10),
            1..=4 => states_birthday(&[PHONE], &format!("1990-05-1{task}"), 10),
            _ => return,
        };
        insist(|| wait(tell(&engine, message.clone())));
    });
    match notes(&engine) {
        0 => Ok(()),
        notes => Err(format!("{notes} days are kept of somebody who withdrew")),
    }
}

#[test]
fn race_no_day_is_kept_that_is_stated_while_somebody_withdraws_elsewhere() {
    for _ in 0..20 {
        assert_eq!(states_and_withdraws(SimStore::new()), Ok(()));
    }
    assert!(is_caught(|| states_and_withdraws(checks_nothing())), "without checks nobody notices the word");
}

/// Asks about somebody by name.
fn asks<S: Store>(engine: &Engine<S>, number: u64, name: &str, minute: i64) -> DecisionId {
    let mut question = question(number, "-", Channel::Web, at(minute));
    question.identity = named(name);
    wait(decide::ask(engine, &question)).unwrap().unwrap().id
}

fn listens<S: Store>(engine: &Engine<S>, id: Option<&str>, minute: i64) -> Listener {
    let asked = wait(erase::find(engine, &named(PHONE))).unwrap().unwrap();
    let places = id.map(|id| Places::parse(id).unwrap());
    wait(Listener::begin(engine, asked, places.as_ref(), at(minute))).unwrap()
}

/// Everything a reader hears now, and the id of each event.
fn hears<S: Store>(engine: &Engine<S>, listener: &mut Listener) -> (Vec<DecisionId>, Vec<String>) {
    wait(listener.look_for_links(engine)).unwrap();
    let mut heard = (Vec::new(), Vec::new());
    while let Some(placed) = wait(listener.told(engine)).unwrap() {
        let decision = wait(decision(engine, placed.profile, placed.decision)).unwrap();
        if decision.is_some_and(|decision| placed.since <= decision.now) {
            heard.0.push(placed.decision);
            heard.1.push(listener.id_after(&placed));
        }
    }
    heard
}

#[test]
fn a_stream_opened_anonymously_goes_on_when_somebody_signs_in() {
    let engine = opened();
    does(&engine, &[PHONE], "Page", 0);
    let mut listener = listens(&engine, None, 0);
    let first = asks(&engine, 1, PHONE, 1);
    asks(&engine, 2, ANNA, 2);
    assert_eq!(hears(&engine, &mut listener).0, [first], "nobody knows yet who that is");
    let anonymous = listener.id();
    assert!(anonymous.parse::<u64>().is_ok(), "{anonymous}");
    signs_in(&engine, 5);
    let second = asks(&engine, 3, ANNA, 6);
    let (heard, ids) = hears(&engine, &mut listener);
    assert_eq!(heard, [second], "not what was decided before they were one person");
    let third = asks(&engine, 4, PHONE, 7);
    assert_eq!(hears(&engine, &mut listener).0, [third]);
    let fourth = asks(&engine, 5, ANNA, 8);
    wait(listener.woken());
    assert_eq!(hears(&engine, &mut listener).0, [fourth]);
    assert_eq!(hears(&engine, &mut listener).0, []);

    let mut again = hears(&engine, &mut listens(&engine, Some(&ids[0]), 9)).0;
    again.sort();
    let mut rest = [third, fourth];
    rest.sort();
    assert_eq!(again, rest, "after an id of several places");
    let mut again = hears(&engine, &mut listens(&engine, Some(&anonymous), 9)).0;
    again.sort();
    let mut rest = [second, third, fourth];
    rest.sort();
    assert_eq!(again, rest, "after an id of one place, from before they signed in");
    assert_eq!(hears(&engine, &mut listens(&engine, None, 9)).0, [], "from now on");
    assert_eq!(hears(&engine, &mut listens(&engine, Some(&listener.id()), 9)).0, []);
}

#[test]
fn a_stream_tells_nothing_of_a_profile_that_was_taken_apart() {
    let engine = opened();
    does(&engine, &[PHONE], "Page", 0);
    signs_in(&engine, 5);
    let mut listener = listens(&engine, None, 6);
    let [phone, anna] = [PHONE, ANNA].map(|name| wait(erase::find(&engine, &named(name))).unwrap().unwrap());
    assert!(wait(part(&engine, phone, anna)).unwrap());
    asks(&engine, 1, ANNA, 7);
    let hers = asks(&engine, 2, PHONE, 8);
    assert_eq!(hears(&engine, &mut listener).0, [hers]);
}

#[test]
fn the_id_of_an_event_is_read_back_or_refused() {
    for wrong in ["", "x", "-1", "1.", ".1", "zz.1", "0000000a.1,", "0000000a.1,2", "1ffffffff.1"] {
        assert_eq!(Places::parse(wrong), None, "{wrong}");
    }
    assert!(Places::parse("17").is_some() && Places::parse("0000000a.1,0000000b.2").is_some());
    let many: Vec<String> = (0..21).map(|name| format!("{name:08x}.1")).collect();
    assert_eq!(Places::parse(&many.join(",")), None, "nobody has so many profiles");
}

//! Rounds: birthdays, anniversaries, and products that become cheaper or come back. Each concerns many, and each of them once, whatever crashes.

use std::sync::Arc;

use wink_core::base::{Cents, DAY_MS, Timestamp, Value};
use wink_core::decision::Decision;
use wink_core::offer::Product;
use wink_server::flow::ingest::Received;
use wink_server::flow::page::Page;
use wink_server::flow::profiles::{Whom, decisions, find};
use wink_server::flow::{erase, moments, products, rounds};
use wink_server::{Engine, Error, keys};
use wink_sim::{Faults, Mutant, SimStore};
use wink_store::{Direction, Range, Store};

use super::counter::{MONDAY, Offer, Shop, kill, open, secrets, tell, wait};
use super::said;

const TRIGGERS: &str = r#"
[[triggers]]
id = "birthday"
each_year = "birthday"
at_hour = 9
channel = "newsletter"
placement = "birthday"

[[triggers]]
id = "a-year"
on = ["Order Completed"]
each_year = "first"
at_hour = 9
channel = "newsletter"
placement = "a-year"

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
id = "again"
product = "available"
on = ["Product Added"]
within_days = 30
people_at_most = 100
pause_minutes = 60
channel = "newsletter"
placement = "again"
"#;

fn shop() -> Shop {
    let offers = vec![Offer::new("tea", "{ amount = \"1.00\" }")];
    Shop { triggers: TRIGGERS.to_owned(), ..Shop::selling(offers) }
}

fn at(day: i64, hour: i64) -> Timestamp {
    Timestamp(MONDAY.0 + day * DAY_MS + hour * 3_600_000)
}

async fn opened<S: Store>(store: S, people: &[&str]) -> Engine<S> {
    let engine = open(store, &shop(), MONDAY).await.unwrap();
    for word in people.iter().flat_map(|person| said::allows_all(person, MONDAY)) {
        tell(&engine, word).await.unwrap();
    }
    engine
}

fn states_birthday(id: &str, person: &str, birthday: &str, at: Timestamp) -> Received {
    let traits = [("birthday".to_owned(), Value::Text(birthday.to_owned()))].into();
    said::message(id, person, "Identify", vec![("traits", Value::Map(traits))], at)
}

fn sees(id: &str, person: &str, event: &str, cents: i64, at: Timestamp) -> Received {
    let product = vec![("product_id", Value::Text("kettle".to_owned())), ("price_cents", Value::Int(cents))];
    said::message(id, person, event, product, at)
}

/// Does all that is due at an instant, as the server does.
async fn work<S: Store>(engine: &Engine<S>, now: Timestamp) -> Result<(), Error> {
    rounds::begin_days(engine, now).await?;
    while rounds::step(engine, now).await?.is_some() {}
    moments::see_to(engine, now).await?;
    Ok(())
}

/// The places somebody was asked about for, in order of time.
fn asked<S: Store>(engine: &Engine<S>, person: &str) -> Vec<String> {
    let Some(known) = wait(find(engine, &Whom::Identity(said::identity(person)))).unwrap() else {
        return Vec::new();
    };
    let page = wait(decisions(engine, &known.cluster(), &Page::default())).unwrap();
    let mut found: Vec<Decision> = page.items;
    found.sort_by_key(|decision| decision.now);
    found.into_iter().map(|decision| decision.ask.placement).collect()
}

fn notes<S: Store>(engine: &Engine<S>) -> usize {
    let scan =
        engine.store.scan(engine.tenant, keys::kind::NOTED, Range::default(), Direction::Forward, 1_000);
    wait(scan).unwrap().records.len()
}

fn kettle(price: i64, stock: u32) -> Product {
    Product {
        id: "kettle".to_owned(),
        name: "Kettle".to_owned(),
        category: None,
        brand: None,
        price: Some(Cents(price)),
        cost: None,
        stock: Some(stock),
    }
}

#[test]
fn a_birthday_comes_once_a_year_and_only_where_it_may_be_known() {
    let engine = wait(opened(SimStore::new(), &["anna", "carl"]));
    // 2026-03-05, the third day after Monday.
    for (id, person) in [("i-1", "anna"), ("i-2", "ben"), ("i-3", "carl")] {
        wait(tell(&engine, states_birthday(id, person, "1990-03-05", at(0, 1)))).unwrap();
    }
    assert_eq!(notes(&engine), 2, "of ben, who granted nothing, there is none");
    let no = said::consents("c-no", "carl", "personalisation", "withdrawn", at(1, 0));
    wait(tell(&engine, no)).unwrap();
    assert_eq!(notes(&engine), 1, "what is withdrawn is forgotten at once");
    for hour in [0, 8, 9, 9, 10, 23] {
        wait(work(&engine, at(3, hour))).unwrap();
        assert_eq!(asked(&engine, "anna").len(), usize::from(9 <= hour), "at {hour}");
    }
    for day in 4..380 {
        wait(work(&engine, at(day, 12))).unwrap();
    }
    assert_eq!(asked(&engine, "anna"), ["birthday"; 2]);
    assert!(asked(&engine, "ben").is_empty() && asked(&engine, "carl").is_empty());
    let yes = said::consents("c-yes", "carl", "personalisation", "granted", at(380, 0));
    wait(tell(&engine, yes)).unwrap();
    assert_eq!(notes(&engine), 2, "a new yes brings back what was stated");
}

#[test]
fn a_first_order_has_its_first_anniversary_after_a_year() {
    let engine = wait(opened(SimStore::new(), &["anna"]));
    wait(tell(&engine, said::buys("b-1", "anna", &[("TEA", 900)], at(0, 8)))).unwrap();
    wait(tell(&engine, said::buys("b-2", "anna", &[("TEA", 900)], at(9, 8)))).unwrap();
    for day in 0..364 {
        wait(work(&engine, at(day, 12))).unwrap();
    }
    assert!(asked(&engine, "anna").is_empty());
    wait(work(&engine, at(365, 12))).unwrap();
    assert_eq!(asked(&engine, "anna"), ["a-year"]);
}

#[test]
fn whoever_is_erased_leaves_no_note() {
    let engine = wait(opened(SimStore::new(), &["anna"]));
    wait(tell(&engine, states_birthday("i-1", "anna", "--03-05", at(0, 1)))).unwrap();
    wait(tell(&engine, sees("v-1", "anna", "Product Viewed", 1_000, at(0, 2)))).unwrap();
    assert_eq!(notes(&engine), 2);
    let id = wait(erase::find(&engine, &said::identity("anna"))).unwrap().unwrap();
    wait(erase::erase(&engine, id, at(1, 0))).unwrap();
    assert_eq!(notes(&engine), 0);
    wait(work(&engine, at(3, 12))).unwrap();
}

/// In a sale a whole list becomes cheaper, and nearly nobody waits for most of it: whoever does is not behind all of it for hours.
#[test]
fn a_sale_of_thousands_of_products_is_gone_through_in_some_steps() {
    let engine = wait(opened(SimStore::new(), &["anna"]));
    let product = |number: u32, price| Product { id: format!("p-{number:04}"), ..kettle(price, 5) };
    let put = |price| {
        let all: Vec<Product> =
            (0..3_000).map(|number| product(number, price)).chain([kettle(price, 5)]).collect();
        wait(products::put(&engine, &all, at(0, 2))).unwrap();
    };
    put(2_000);
    wait(tell(&engine, sees("v-anna", "anna", "Product Viewed", 2_000, at(0, 1)))).unwrap();
    put(1_500);
    let mut steps = 0;
    while wait(rounds::step(&engine, at(0, 3))).unwrap().is_some() {
        steps += 1;
    }
    wait(moments::see_to(&engine, at(0, 3))).unwrap();
    assert_eq!(asked(&engine, "anna"), ["cheaper"]);
    assert!(steps <= 4, "{steps} steps");
}

#[test]
fn who_saw_a_product_for_more_is_told_when_it_becomes_cheaper() {
    let engine = wait(opened(SimStore::new(), &["anna", "ben", "carl", "dora"]));
    wait(products::put(&engine, &[kettle(2_000, 5)], MONDAY)).unwrap();
    for (person, cents) in [("anna", 2_000), ("ben", 1_500), ("carl", 2_000), ("eve", 2_000)] {
        wait(tell(&engine, sees(&format!("v-{person}"), person, "Product Viewed", cents, at(0, 1)))).unwrap();
    }
    let bought = vec![
        ("order_id", Value::Text("1".to_owned())),
        (
            "products",
            Value::List(vec![Value::Map(
                [
                    ("product_id".to_owned(), Value::Text("kettle".to_owned())),
                    ("total_cents".to_owned(), Value::Int(2_000)),
                ]
                .into(),
            )]),
        ),
    ];
    wait(tell(&engine, said::message("b-1", "carl", "Order Completed", bought, at(0, 2)))).unwrap();
    let put = |price, stock, now| {
        wait(products::put(&engine, &[kettle(price, stock)], now)).unwrap();
        wait(work(&engine, now)).unwrap();
    };
    put(1_900, 5, at(1, 0));
    assert!(asked(&engine, "anna").is_empty(), "5 percent are not 10");
    put(1_600, 5, at(2, 0));
    put(1_600, 4, at(2, 1));
    assert_eq!(asked(&engine, "anna"), ["cheaper"]);
    for person in ["ben", "carl", "dora", "eve"] {
        assert!(
            asked(&engine, person).is_empty(),
            "{person} saw it for less, bought it, never saw it, granted nothing"
        );
    }
    put(1_700, 4, at(3, 0));
    put(1_600, 4, at(4, 0));
    assert_eq!(asked(&engine, "anna").len(), 1, "that is what she was told already");
    put(1_300, 4, at(5, 0));
    assert_eq!(asked(&engine, "anna").len(), 2);
    assert_eq!(asked(&engine, "ben").len(), 1);
    put(1_000, 4, at(40, 0));
    assert_eq!(asked(&engine, "anna").len(), 2, "nobody waits longer than 30 days");
}

/// How far a price has come down is remembered from one round to the next, also of who is not told yet.
#[test]
fn a_price_that_comes_down_in_small_steps_is_compared_with_the_one_that_was_listed_at_first() {
    let engine = wait(opened(SimStore::new(), &["anna", "ben"]));
    wait(products::put(&engine, &[kettle(2_000, 5)], MONDAY)).unwrap();
    let product = || vec![("product_id", Value::Text("kettle".to_owned()))];
    wait(tell(&engine, said::message("v-anna", "anna", "Product Viewed", product(), at(0, 1)))).unwrap();
    let put = |price, day| {
        wait(products::put(&engine, &[kettle(price, 5)], at(day, 0))).unwrap();
        wait(work(&engine, at(day, 0))).unwrap();
        asked(&engine, "anna").len()
    };
    assert_eq!(put(1_900, 1), 0);
    // Who looks now saw the lower price.
    wait(tell(&engine, said::message("v-ben", "ben", "Product Viewed", product(), at(1, 1)))).unwrap();
    assert_eq!([put(1_850, 2), put(1_790, 3), put(1_750, 4)], [0, 1, 1]);
    assert_eq!(asked(&engine, "ben").len(), 0, "1,750 is not a tenth less than 1,900");
    assert_eq!([put(1_710, 5), asked(&engine, "ben").len()], [1, 1]);
}

#[test]
fn who_waits_for_a_product_is_told_when_there_is_some_again() {
    let engine = wait(opened(SimStore::new(), &["anna"]));
    wait(products::put(&engine, &[kettle(2_000, 0)], MONDAY)).unwrap();
    wait(tell(&engine, sees("a-1", "anna", "Product Added", 2_000, at(0, 1)))).unwrap();
    for (stock, day, told) in [(0, 1, 0), (3, 2, 1), (2, 3, 1), (0, 4, 1), (1, 5, 2)] {
        wait(products::put(&engine, &[kettle(2_000, stock)], at(day, 0))).unwrap();
        wait(work(&engine, at(day, 0))).unwrap();
        assert_eq!(asked(&engine, "anna"), vec!["again"; told], "{stock} on day {day}");
    }
}

#[test]
fn no_more_people_are_asked_about_than_may_be() {
    let names: Vec<String> = (0..7).map(|number| format!("person-{number}")).collect();
    let people: Vec<&str> = names.iter().map(String::as_str).collect();
    let engine = wait(opened(SimStore::new(), &people));
    wait(products::put(&engine, &[kettle(2_000, 5)], MONDAY)).unwrap();
    for person in &people {
        wait(tell(&engine, sees(&format!("v-{person}"), person, "Product Viewed", 2_000, at(0, 1)))).unwrap();
    }
    wait(products::put(&engine, &[kettle(1_000, 5)], at(1, 0))).unwrap();
    wait(work(&engine, at(1, 0))).unwrap();
    assert_eq!(people.iter().map(|person| asked(&engine, person).len()).sum::<usize>(), 3);
}

/// The power fails at every operation of the disk in turn. Afterwards the list is sent again, as a shop does, and all that is due is done:
/// each of those who wait is asked about once for the change, and for the day.
#[test]
fn a_change_is_one_moment_of_each_whatever_crashes() {
    let people = ["anna", "ben"];
    let mut crashes = 0;
    for operation in 0.. {
        let store = Arc::new(SimStore::new());
        let engine = wait(opened(store.clone(), &people));
        wait(products::put(&engine, &[kettle(2_000, 5)], MONDAY)).unwrap();
        for person in people {
            wait(tell(&engine, sees(&format!("v-{person}"), person, "Product Viewed", 2_000, at(0, 1))))
                .unwrap();
            wait(tell(&engine, states_birthday(&format!("i-{person}"), person, "--03-03", at(0, 2))))
                .unwrap();
        }
        drop(engine);
        let faults = Faults { crash_at: Some(operation), ..Faults::default() };
        let failing = Arc::new(SimStore::open(kill(store), faults, Mutant::None));
        let (now, later) = (at(1, 9), at(1, 10));
        let finished = wait(async {
            let Ok(engine) = Engine::open(failing.clone(), secrets(), MONDAY).await else { return false };
            products::put(&engine, &[kettle(1_000, 5)], now).await.is_ok() && work(&engine, now).await.is_ok()
        });
        crashes += u32::from(!finished);
        let sound = SimStore::open(kill(failing), Faults::default(), Mutant::None);
        let engine = wait(Engine::open(sound, secrets(), MONDAY)).unwrap();
        wait(products::put(&engine, &[kettle(1_000, 5)], later)).unwrap();
        wait(work(&engine, later)).unwrap();
        for person in people {
            let mut places = asked(&engine, person);
            places.sort();
            assert_eq!(places, ["birthday", "cheaper"], "{person} after a crash at operation {operation}");
        }
        if finished {
            break;
        }
    }
    assert!(8 <= crashes, "{crashes} crashes tried nothing");
}

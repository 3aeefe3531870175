//! Triggers: somebody hesitates, and is asked about once, whatever is sent twice or crashes; a cart that stays quiet is looked at.

use std::sync::Arc;

use wink_core::base::{Timestamp, Value};
use wink_core::decision::Decision;
use wink_core::event::Repair;
use wink_server::Engine;
use wink_server::flow::ingest::Answer;
use wink_server::flow::letters::{self, Filter, Replayed};
use wink_server::flow::moments::see_to;
use wink_server::flow::page::Page;
use wink_server::flow::profiles::{Whom, decisions, find};
use wink_sim::{Faults, Mutant, SimStore};
use wink_store::Store;

use super::counter::{IDS, MINUTE_MS, MONDAY, Offer, Shop, kill, later, open, secrets, tell, wait};
use super::said;

const TRIGGERS: &str = r#"
[[triggers]]
id = "hesitates"
on = ["Hesitated"]
filter = 'event.zone == "shipping" && event.ms >= 2000'
pause_minutes = 10
channel = "web"
placement = "shipping"

[[triggers]]
id = "quiet-cart"
on = ["Product Added", "Cart Viewed"]
quiet_minutes = 30
unless = ["Order Completed"]
pause_minutes = 60
channel = "newsletter"
placement = "cart"

[[triggers]]
id = "comes-again"
on = ["Order Completed"]
crosses = 'feature.orders_365d >= 2.0'
pause_minutes = 60
channel = "web"
placement = "thanks"
"#;

fn shop() -> Shop {
    let offers = vec![Offer::new("tea", "{ amount = \"1.00\" }")];
    Shop { triggers: TRIGGERS.to_owned(), ..Shop::selling(offers) }
}

fn at(minute: i64) -> Timestamp {
    Timestamp(MONDAY.0 + minute * MINUTE_MS)
}

fn hesitates(id: &str, zone: &str, ms: i64, minute: i64) -> wink_server::flow::ingest::Received {
    let properties = vec![("zone", Value::Text(zone.to_owned())), ("ms", Value::Int(ms))];
    said::message(id, "anna", "Hesitated", properties, at(minute))
}

async fn opened<S: Store>(store: S) -> Engine<S> {
    let engine = open(store, &shop(), MONDAY).await.unwrap();
    for word in said::allows_all("anna", MONDAY) {
        tell(&engine, word).await.unwrap();
    }
    engine
}

/// The decisions about anna, by the place they were asked for.
async fn asked<S: Store>(engine: &Engine<S>) -> Vec<(String, Decision)> {
    let known = find(engine, &Whom::Identity(said::identity("anna"))).await.unwrap().unwrap();
    let page = decisions(engine, &known.cluster(), &Page::default()).await.unwrap();
    page.items.into_iter().map(|decision| (decision.ask.placement.clone(), decision)).collect()
}

#[test]
fn who_hesitates_is_asked_about_once() {
    let engine = wait(opened(SimStore::new()));
    for (id, zone, ms, minute) in [
        ("h-1", "size", 5_000, 1),
        ("h-2", "shipping", 900, 2),
        ("h-3", "shipping", 2_500, 3),
        ("h-3", "shipping", 2_500, 3),
        ("h-4", "shipping", 9_000, 4),
    ] {
        wait(tell(&engine, hesitates(id, zone, ms, minute))).unwrap();
        wait(see_to(&engine, at(minute))).unwrap();
    }
    let decisions = wait(asked(&engine));
    assert_eq!(decisions.len(), 1, "{decisions:?}");
    assert_eq!((decisions[0].0.as_str(), decisions[0].1.now), ("shipping", at(3)));
    wait(tell(&engine, hesitates("h-5", "shipping", 2_500, 13))).unwrap();
    assert_eq!(wait(see_to(&engine, at(13))).unwrap(), 1);
    assert_eq!(wait(asked(&engine)).len(), 2, "the pause is over");
    assert_eq!(wait(see_to(&engine, later(MONDAY, 100))).unwrap(), 0);
}

#[test]
fn a_rule_that_becomes_true_is_a_moment_and_one_that_stays_true_is_none() {
    let engine = wait(opened(SimStore::new()));
    let buys = |number: i64, minute: i64| {
        wait(tell(&engine, said::buys(&format!("b-{number}"), "anna", &[("TEA", 900)], at(minute)))).unwrap();
        wait(see_to(&engine, at(minute))).unwrap();
        wait(asked(&engine)).iter().filter(|(placement, _)| placement == "thanks").count()
    };
    assert_eq!(buys(1, 0), 0);
    assert_eq!(buys(2, 1), 1, "the second order makes it true");
    assert_eq!(buys(3, 200), 1, "it was true before the third");
    let withdrawn = said::consents("no", "anna", "personalisation", "withdrawn", at(201));
    wait(tell(&engine, withdrawn)).unwrap();
    wait(tell(&engine, said::consents("yes", "anna", "personalisation", "granted", at(203)))).unwrap();
    assert_eq!(buys(4, 204), 1, "that it could not be seen for a while makes nothing true");
}

#[test]
fn what_is_not_granted_makes_no_rule_true() {
    let engine = wait(open(SimStore::new(), &shop(), MONDAY)).unwrap();
    for (number, minute) in [(1, 0), (2, 1), (3, 2)] {
        wait(tell(&engine, said::buys(&format!("b-{number}"), "anna", &[("TEA", 900)], at(minute)))).unwrap();
    }
    assert_eq!(wait(see_to(&engine, at(3))).unwrap(), 0);
}

#[test]
fn a_moment_nobody_saw_to_in_time_is_over() {
    let engine = wait(opened(SimStore::new()));
    wait(tell(&engine, hesitates("h-1", "shipping", 2_500, 1))).unwrap();
    assert_eq!(wait(see_to(&engine, at(60))).unwrap(), 1);
    assert!(wait(asked(&engine)).is_empty(), "she has left the page");
}

#[test]
fn a_cart_that_stays_quiet_is_asked_about_and_one_that_is_bought_is_not() {
    let engine = wait(opened(SimStore::new()));
    let adds = |id, minute| said::message(id, "anna", "Product Added", Vec::new(), at(minute));
    wait(tell(&engine, adds("a-1", 0))).unwrap();
    wait(tell(&engine, adds("a-2", 20))).unwrap();
    wait(see_to(&engine, at(31))).unwrap();
    assert!(wait(asked(&engine)).is_empty(), "she went on after the first");
    wait(see_to(&engine, at(50))).unwrap();
    let decisions = wait(asked(&engine));
    assert_eq!(decisions.len(), 1, "{decisions:?}");
    assert_eq!(decisions[0].0, "cart");

    wait(tell(&engine, adds("a-3", 200))).unwrap();
    wait(tell(&engine, said::buys("b-1", "anna", &[("TEA", 900)], at(210)))).unwrap();
    wait(see_to(&engine, at(300))).unwrap();
    assert_eq!(wait(asked(&engine)).len(), 1, "bought");
}

/// A sender that called things otherwise for weeks: what is mended then counts, and brings nothing about any more.
#[test]
fn a_cart_that_is_told_again_is_a_moment_while_it_is_fresh() {
    for (replayed, decisions) in [(at(2), 1), (later(MONDAY, 14 * 1_440), 0)] {
        let engine = wait(opened(SimStore::new()));
        let misnamed = said::message("a-1", "anna", "Put In Cart", Vec::new(), at(1));
        assert!(matches!(wait(tell(&engine, misnamed)), Ok(Answer::Dead(_))));
        let letter = wait(letters::list(&engine, &Filter::default(), &Page::default())).unwrap().items[0].id;
        let repair = Repair { event: Some("Product Added".to_owned()), ..Repair::default() };
        let became = wait(letters::replay(&engine, &IDS, letter, &repair, replayed)).unwrap();
        assert!(matches!(became, Replayed::Accepted(_)), "{became:?}");
        for minute in [0, 40, 90] {
            wait(see_to(&engine, Timestamp(replayed.0 + minute * MINUTE_MS))).unwrap();
        }
        assert_eq!(wait(asked(&engine)).len(), decisions, "{replayed}");
    }
}

/// The power fails at every operation of the disk in turn. Afterwards the message is sent again, as a client does, and moments are seen
/// to: there is one decision, never two, never none.
#[test]
fn a_moment_is_one_decision_whatever_crashes() {
    let mut crashes = 0;
    for operation in 0.. {
        let store = Arc::new(SimStore::new());
        drop(wait(opened(store.clone())));
        let faults = Faults { crash_at: Some(operation), ..Faults::default() };
        let failing = Arc::new(SimStore::open(kill(store), faults, Mutant::None));
        let finished = wait(async {
            let Ok(engine) = Engine::open(failing.clone(), secrets(), MONDAY).await else { return false };
            tell(&engine, hesitates("h-1", "shipping", 2_500, 1)).await.is_ok()
                && see_to(&engine, at(1)).await.is_ok()
        });
        crashes += u32::from(!finished);
        let sound = SimStore::open(kill(failing), Faults::default(), Mutant::None);
        let engine = wait(Engine::open(sound, secrets(), MONDAY)).unwrap();
        wait(tell(&engine, hesitates("h-1", "shipping", 2_500, 1))).unwrap();
        wait(see_to(&engine, at(2))).unwrap();
        assert_eq!(wait(asked(&engine)).len(), 1, "after a crash at operation {operation}");
        if finished {
            break;
        }
    }
    assert!(3 <= crashes, "{crashes} crashes tried nothing");
}

//! Features as of instants of the past: what they were online then, and nothing of what was not known yet.

use wink_core::base::{Timestamp, Value};
use wink_core::event::Repair;
use wink_core::feature::{Happened, State, View, Viewed, Wanted, fold, view};
use wink_core::profile::{Grants, Purpose};
use wink_server::Engine;
use wink_server::flow::as_of::{Question, as_of};
use wink_server::flow::ingest::{Received, ingest};
use wink_server::flow::letters::{self, Filter};
use wink_server::flow::page::Page;
use wink_server::flow::profiles::{Whom, features, find};
use wink_sim::SimStore;

use super::counter::{IDS, MONDAY, Offer, Shop, later, open, wait};
use super::said;

const INSTANTS: i64 = 200;

/// When the message of this number arrives: through some days, at uneven times.
fn arrives(number: i64) -> Timestamp {
    later(MONDAY, number * 37 + number % 5)
}

/// A message of one of two people. Every fifth was on its way for three hours.
fn message(number: i64) -> Received {
    let person = if number % 3 == 0 { "bea" } else { "anna" };
    let (id, at) = (format!("m-{number}"), arrives(number));
    let happened = if number % 5 == 0 { later(at, -180) } else { at };
    let product = format!("p-{}", number % 7);
    let told = match number % 4 {
        0 => said::buys(&id, person, &[("TEA", 100 + number), ("MILK", 250)], happened),
        1 => said::message(&id, person, "Page", Vec::new(), happened),
        _ => {
            let looked =
                vec![("product_id", Value::Text(product)), ("price_cents", Value::Int(400 + number))];
            said::message(&id, person, "Product Viewed", looked, happened)
        }
    };
    said::arriving(told, at)
}

fn questions() -> Vec<Question> {
    let question = |number: i64| {
        let person = if number % 2 == 0 { "anna" } else { "bea" };
        Question { identity: said::identity(person), at: later(arrives(number), 1) }
    };
    // Not in the order of time: a file may come in any.
    (0..INSTANTS).map(|number| question(number * 71 % INSTANTS)).collect()
}

fn shop() -> Engine<SimStore> {
    let shop = Shop::selling(vec![Offer::new("tea", "{ amount = \"1.00\" }")]);
    let engine = wait(open(SimStore::new(), &shop, MONDAY)).unwrap();
    let said = ["anna", "bea"].into_iter().flat_map(|person| said::allows_all(person, MONDAY));
    wait(ingest(&engine, &IDS, said.collect())).unwrap();
    engine
}

fn take(engine: &Engine<SimStore>, number: i64) {
    wait(ingest(engine, &IDS, vec![message(number)])).unwrap();
}

fn answers(engine: &Engine<SimStore>, questions: &[Question]) -> Vec<Option<View>> {
    let mut answers = vec![None; questions.len()];
    let now = later(arrives(INSTANTS), 60);
    wait(as_of(engine, questions, now, |place, view| answers[place] = Some(view.clone()))).unwrap();
    answers
}

#[test]
fn at_two_hundred_instants_it_is_what_was_read_online_and_what_comes_later_moves_nothing() {
    let engine = shop();
    let questions = questions();
    let mut online = vec![None; questions.len()];
    for number in 0..INSTANTS {
        take(&engine, number);
        let asked = questions.iter().position(|question| question.at == later(arrives(number), 1)).unwrap();
        let whom = Whom::Identity(questions[asked].identity.clone());
        let known = wait(find(&engine, &whom)).unwrap().unwrap();
        online[asked] = Some(wait(features(&engine, &known.cluster(), questions[asked].at)).unwrap().view);
    }
    let as_of = answers(&engine, &questions);
    assert_eq!(as_of, online);
    let orders = engine.features().slot("orders_365d").unwrap();
    assert!(180 < as_of.iter().flatten().filter(|view| view.number(orders).is_some()).count());
    // Tracers: what happens after all instants, and what happened before them and arrives after.
    for number in INSTANTS..INSTANTS + 40 {
        take(&engine, number);
        let late =
            said::buys(&format!("late-{number}"), "anna", &[("TEA", 9_999)], arrives(number - INSTANTS));
        wait(ingest(&engine, &IDS, vec![said::arriving(late, arrives(number))])).unwrap();
    }
    assert_eq!(answers(&engine, &questions), as_of);
}

#[test]
fn nobody_known_has_no_answer_and_who_has_withdrawn_is_not_learned_from() {
    let engine = shop();
    (0..8).for_each(|number| take(&engine, number));
    let withdraws = said::consents("w-1", "anna", "personalisation", "withdrawn", arrives(9));
    wait(ingest(&engine, &IDS, vec![withdraws])).unwrap();
    let question = |person: &str| Question { identity: said::identity(person), at: arrives(8) };
    let answers = answers(&engine, &["anna", "bea", "carla"].map(question));
    let says = |place: usize, name: &str| {
        let view = answers[place].as_ref()?;
        view.slots().get(engine.features().slot(name)?).cloned()
    };
    assert_eq!(says(0, "orders_365d"), Some(Viewed::NotGranted(Purpose::Personalisation)));
    assert!(matches!(says(1, "last_visit_days"), Some(Viewed::Number(_))));
    assert_eq!(answers[2], None);
}

#[test]
fn what_lay_in_the_dead_letters_was_not_known_before_it_was_mended() {
    let engine = shop();
    (0..4).for_each(|number| take(&engine, number));
    let mut lost = message(4);
    lost.envelope.event = "Order Done".to_owned();
    wait(ingest(&engine, &IDS, vec![lost])).unwrap();
    (5..8).for_each(|number| take(&engine, number));
    let repair = Repair { event: Some("Order Completed".to_owned()), ..Repair::default() };
    let letters = wait(letters::list(&engine, &Filter::default(), &Page::default())).unwrap().items;
    let mended = later(arrives(7), 10);
    wait(letters::replay(&engine, &IDS, letters[0].id, &repair, mended)).unwrap();
    let orders = engine.features().slot("orders_365d").unwrap();
    let at = |at: Timestamp| Question { identity: said::identity("anna"), at };
    let instants = [arrives(5), later(arrives(7), 9), mended, later(mended, 1)].map(at);
    let known = answers(&engine, &instants).into_iter().map(|view| view.unwrap().number(orders));
    let before = known.clone().next().unwrap().unwrap_or_default();
    let expected = [before, before, before + 1.0, before + 1.0];
    assert_eq!(known.map(Option::unwrap_or_default).collect::<Vec<_>>(), expected);
}

/// Takes an event for known from when it happened, not from when it arrived: what is late is seen before anybody could. A mistake that
/// every test of as-of must catch.
pub(crate) fn by_event_time(engine: &Engine<SimStore>, told: &[Received], question: &Question) -> View {
    let (mut state, features) = (State::default(), engine.features());
    for Received { envelope, at, .. } in told {
        let happened_at = envelope.original_at.unwrap();
        if envelope.identities[0] == question.identity && happened_at <= question.at {
            let euro = wink_core::base::Currency::new("EUR").unwrap();
            let id = wink_core::base::EventId::from_bytes([0; 16]);
            let event =
                wink_core::event::accept(envelope, &wink_core::event::Schemas::built_in(), euro, id, *at)
                    .unwrap();
            fold(&mut state, &features, &Happened::new(happened_at, &event.body, &event.extra));
        }
    }
    view(&[&state], &features, &Grants::new(Purpose::ALL), question.at, &Wanted::as_heard())
}

#[test]
fn one_that_goes_by_the_time_of_the_event_alone_is_caught() {
    let engine = shop();
    (0..INSTANTS).for_each(|number| take(&engine, number));
    let (features, questions) = (engine.features(), questions());
    let told: Vec<Received> = (0..INSTANTS).map(message).collect();
    let right = answers(&engine, &questions);
    let leaks = questions.iter().zip(&right).filter(|(question, right)| {
        let orders = features.slot("orders_365d").unwrap();
        by_event_time(&engine, &told, question).number(orders) != right.as_ref().unwrap().number(orders)
    });
    assert!(10 < leaks.count());
}

#[test]
fn profiles_that_links_join_are_read_as_one_person() {
    let engine = shop();
    let device = wink_core::event::Identity::new("device", "d-1").unwrap();
    let looks = |number: i64, identities: &[&wink_core::event::Identity]| {
        let looked = vec![("product_id", Value::Text("p-1".to_owned()))];
        let mut told =
            said::message(&format!("look-{number}"), "anna", "Product Viewed", looked, arrives(number));
        told.envelope.identities = identities.iter().map(|identity| (*identity).clone()).collect();
        wait(ingest(&engine, &IDS, vec![told])).unwrap();
    };
    let anna = said::identity("anna");
    // Known apart, one after the other; then somebody signs in on the device.
    looks(1, &[&device]);
    looks(2, &[&anna]);
    looks(3, &[&anna, &device]);
    let at = later(arrives(3), 1);
    let known = wait(find(&engine, &Whom::Identity(anna.clone()))).unwrap().unwrap();
    assert_eq!(known.cluster().profiles().count(), 2);
    let online = wait(features(&engine, &known.cluster(), at)).unwrap().view;
    // By either identity, and at an instant before the link too: whose profiles are whose is as of now.
    let questions = [(&anna, at), (&device, at), (&anna, later(arrives(2), 1)), (&device, arrives(0))];
    let questions = questions.map(|(identity, at)| Question { identity: identity.clone(), at });
    let answers = answers(&engine, &questions);
    let viewed = engine.features().slot("products_viewed_7d").unwrap();
    let told: Vec<Option<f64>> =
        answers.iter().map(|view| view.as_ref().and_then(|view| view.number(viewed))).collect();
    assert_eq!(told, [Some(3.0), Some(3.0), Some(2.0), None]);
    assert_eq!(answers[..2], [Some(online.clone()), Some(online)]);
}

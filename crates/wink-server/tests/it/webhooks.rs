//! Webhooks from what happened to what is delivered: nothing is told that did not happen, and whatever happens in between, what happened is
//! told.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use wink_connect::webhook::address::{self, Reach};
use wink_connect::webhook::send::{Call, Outcome};
use wink_connect::webhook::signature::{Secret, sign};
use wink_core::base::{Cents, MessageId, Timestamp, WebhookId};
use wink_core::offer::Channel;
use wink_core::profile::Retention;
use wink_record::{Delivery, DeliveryState, MessageType};
use wink_server::flow::ingest::ingest;
use wink_server::flow::outbox::{Moment, Outbox, Post};
use wink_server::flow::webhooks::{self, Changed, Refusal, Registration, Replay};
use wink_server::flow::{decide, erase, expire, retain};
use wink_server::keys::kind;
use wink_server::{Engine, Error};
use wink_sim::{Disk, Faults, Mutant, Rate, SimStore};
use wink_store::Store;

use super::audit::{all, audit};
use super::careless::{Careless, Mistake};
use super::counter::{IDS, MONDAY, Offer, Shop, coupon_of, later, open, question, redeem, secrets, wait};
use super::said;

/// A receiver that answers what it was told, the last answer for ever, and remembers every call.
#[derive(Clone)]
pub(crate) struct Receiver {
    answers: Arc<Mutex<Vec<Outcome>>>,
    calls: Arc<Mutex<Vec<Call>>>,
}

impl Receiver {
    pub(crate) fn answering(answers: impl IntoIterator<Item = Outcome>) -> Self {
        let answers: Vec<Outcome> = answers.into_iter().collect();
        Self { answers: Arc::new(Mutex::new(answers)), calls: Arc::default() }
    }

    pub(crate) fn kind() -> Self {
        Self::answering([Outcome::Delivered { status: 200 }])
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }

    /// The bodies it was sent, as type and data.
    pub(crate) fn heard(&self) -> Vec<(String, Value)> {
        let body = |call: &Call| -> Value { serde_json::from_slice(&call.body).unwrap() };
        let told = |body: Value| (body["type"].as_str().unwrap().to_owned(), body["data"].clone());
        self.calls().iter().map(body).map(told).collect()
    }

    fn types(&self) -> Vec<String> {
        self.heard().into_iter().map(|(kind, _)| kind).collect()
    }
}

impl Post for Receiver {
    async fn post(&self, call: Call) -> Outcome {
        self.calls.lock().unwrap().push(call);
        let mut answers = self.answers.lock().unwrap();
        if 1 < answers.len() { answers.remove(0) } else { answers[0].clone() }
    }
}

pub(crate) fn failure() -> Outcome {
    Outcome::Retry { why: "answered 500".to_owned(), after: None }
}

pub(crate) fn at(now: Timestamp) -> Moment {
    Moment { now, sent_at: now, seed: 0 }
}

fn secret(number: u8) -> Secret {
    Secret::new([number; 32])
}

pub(crate) fn id(number: u8) -> WebhookId {
    WebhookId::new(MONDAY, [number; 16])
}

fn registration(number: u8, types: &[MessageType]) -> Registration {
    Registration {
        id: id(number),
        url: format!("https://shop-{number}.example.org/hook"),
        types: types.iter().copied().collect(),
        secret: secret(number),
    }
}

pub(crate) fn register<S: Store>(engine: &Engine<S>, number: u8, types: &[MessageType]) {
    wait(webhooks::register(engine, registration(number, types), Reach::Public, MONDAY)).unwrap().unwrap();
}

fn shop() -> Shop {
    Shop::selling(vec![Offer { per_person: 9, valid_days: 3, ..Offer::new("tea", "{ amount = \"1.00\" }") }])
}

/// A shop with people who allow everything, and one endpoint that wants to hear of everything.
pub(crate) fn engine<S: Store>(store: S) -> Engine<S> {
    let engine = wait(open(store, &shop(), MONDAY)).unwrap();
    let all = (0..3).flat_map(|person| said::allows_all(&format!("person-{person}"), MONDAY)).collect();
    wait(ingest(&engine, &IDS, all)).unwrap();
    register(&engine, 1, &MessageType::ALL);
    engine
}

fn ask<S: Store>(engine: &Engine<S>, number: u64, now: Timestamp) -> wink_core::decision::Decision {
    let question = question(number, &format!("person-{}", number % 3), Channel::Web, now);
    wait(decide::ask(engine, &question)).unwrap().unwrap()
}

/// Takes up some of what is due, and sends what waits. Tells how much was due.
fn step<S: Store>(engine: &Engine<S>, outbox: &Outbox<Receiver>, now: Timestamp) -> Result<usize, Error> {
    let taken = wait(outbox.take_up(engine, now))?;
    while let Some(round) = outbox.next(now) {
        wait(outbox.call(engine, round, &|| at(now)))?;
    }
    Ok(taken)
}

/// Steps until nothing is due.
pub(crate) fn send<S: Store>(engine: &Engine<S>, outbox: &Outbox<Receiver>, now: Timestamp) {
    while step(engine, outbox, now).unwrap() != 0 {}
}

pub(crate) fn deliveries<S: Store>(engine: &Engine<S>, number: u8) -> Vec<Delivery> {
    wait(webhooks::deliveries(engine, id(number), None, 100)).unwrap()
}

fn states<S: Store>(engine: &Engine<S>) -> Vec<DeliveryState> {
    deliveries(engine, 1).into_iter().map(|delivery| delivery.state).collect()
}

#[test]
fn a_coupon_is_told_of_through_its_life_without_a_name() {
    let engine = engine(SimStore::new());
    let receiver = Receiver::kind();
    let outbox = Outbox::new(receiver.clone());
    let decision = ask(&engine, 0, later(MONDAY, 1));
    let used = coupon_of(&engine, &decision).unwrap();
    let left = coupon_of(&engine, &ask(&engine, 1, later(MONDAY, 1))).unwrap();
    wait(redeem(&engine, used, "order-1", Cents(900), later(MONDAY, 2))).unwrap().unwrap();
    let end = later(MONDAY, 4 * 1_440);
    wait(expire::expire_due(&engine, &|| end)).unwrap();
    send(&engine, &outbox, end);
    let heard = receiver.heard();
    let of =
        |kind: &str| heard.iter().filter(|(told, _)| told == kind).map(|(_, data)| data).collect::<Vec<_>>();
    assert_eq!(of("decision.made").len(), 2);
    assert_eq!(of("coupon.issued").len(), 2);
    let [redeemed] = of("coupon.redeemed")[..] else { panic!("{heard:?}") };
    assert_eq!(redeemed["coupon"], used.to_string());
    assert_eq!(redeemed["decision"], decision.id.to_string());
    assert_eq!(redeemed["profile"], decision.person.profile.to_string());
    assert_eq!((&redeemed["amount_cents"], &redeemed["currency"]), (&100.into(), &"EUR".into()));
    let [expired] = of("coupon.expired")[..] else { panic!("{heard:?}") };
    assert_eq!(expired["coupon"], left.to_string());
    let bodies = format!("{heard:?}");
    assert!(!bodies.contains("person-0") && !bodies.contains("order-1"), "{bodies}");
    assert!(states(&engine).iter().all(|state| *state == DeliveryState::Delivered { at: end }));
    assert_eq!(audit(&engine), Ok(()));
}

#[test]
fn an_endpoint_hears_what_it_asked_for_and_an_answer_that_leaves_no_trace_is_told_to_nobody() {
    let engine = engine(SimStore::new());
    register(&engine, 2, &[MessageType::CouponRedeemed]);
    let now = later(MONDAY, 1);
    wait(decide::try_out(&engine, &question(7, "person-0", Channel::Web, now))).unwrap().unwrap();
    assert_eq!(deliveries(&engine, 1), []);
    ask(&engine, 0, now);
    assert_eq!((deliveries(&engine, 1).len(), deliveries(&engine, 2).len()), (2, 0));
    wait(webhooks::change(
        &engine,
        id(1),
        &Changed { active: Some(false), ..Changed::default() },
        Reach::Public,
        now,
    ))
    .unwrap()
    .unwrap();
    ask(&engine, 1, now);
    assert_eq!(deliveries(&engine, 1).len(), 2);
}

#[test]
fn a_message_is_tried_until_it_is_taken_always_under_its_id_and_signed_anew() {
    let engine = engine(SimStore::new());
    let receiver = Receiver::answering([failure(), failure(), Outcome::Delivered { status: 202 }]);
    let outbox = Outbox::new(receiver.clone());
    wait(webhooks::try_out(&engine, id(1), MessageId::new(MONDAY, [1; 16]), MONDAY)).unwrap();
    for (minutes, calls) in [(0, 1), (1, 2), (2, 2), (8, 3), (9, 3)] {
        send(&engine, &outbox, later(MONDAY, minutes));
        assert_eq!(receiver.calls().len(), calls, "after {minutes} minutes");
    }
    let calls = receiver.calls();
    assert!(calls.iter().all(|call| call.id == calls[0].id && call.body == calls[0].body));
    for call in &calls {
        assert_eq!(call.signature, sign(&[secret(1)], &call.id, call.timestamp_s, &call.body));
    }
    assert!(calls[0].timestamp_s < calls[1].timestamp_s);
    let [delivery] = &deliveries(&engine, 1)[..] else { panic!() };
    assert_eq!((delivery.attempts, delivery.said.as_str()), (3, "answered 202"));
    assert_eq!(delivery.state, DeliveryState::Delivered { at: later(MONDAY, 8) });
}

#[test]
fn a_message_nobody_takes_dies_after_72_hours_and_can_be_replayed() {
    let engine = engine(SimStore::new());
    let receiver = Receiver::answering([failure()]);
    let outbox = Outbox::new(receiver.clone());
    let message = MessageId::new(MONDAY, [1; 16]);
    wait(webhooks::try_out(&engine, id(1), message, MONDAY)).unwrap();
    for minutes in 0..=(72 * 60) {
        send(&engine, &outbox, later(MONDAY, minutes));
    }
    let dead = later(MONDAY, 72 * 60);
    let tried = receiver.calls().len();
    assert!((9..=10).contains(&tried), "{tried} attempts");
    assert_eq!(states(&engine), [DeliveryState::Dead { at: dead }]);
    assert_eq!(deliveries(&engine, 1)[0].said, "answered 500, for 72 hours");
    send(&engine, &outbox, later(dead, 1_440));
    assert_eq!(receiver.calls().len(), tried);
    *receiver.answers.lock().unwrap() = vec![Outcome::Delivered { status: 200 }];
    let now = later(dead, 1_440);
    assert_eq!(wait(webhooks::replay(&engine, id(1), Replay::Message(message), now)).unwrap(), 1);
    assert_eq!(wait(webhooks::replay(&engine, id(1), Replay::Message(message), now)).unwrap(), 0, "it waits");
    send(&engine, &outbox, now);
    assert_eq!(states(&engine), [DeliveryState::Delivered { at: now }]);
    let calls = receiver.calls();
    assert_eq!(calls.last().unwrap().id, calls[0].id);
}

#[test]
fn what_was_delivered_since_a_time_can_be_heard_again() {
    let engine = engine(SimStore::new());
    let receiver = Receiver::kind();
    let outbox = Outbox::new(receiver.clone());
    for number in 0..4 {
        let now = later(MONDAY, i64::from(number));
        wait(webhooks::try_out(&engine, id(1), MessageId::new(now, [number; 16]), now)).unwrap();
    }
    let now = later(MONDAY, 10);
    send(&engine, &outbox, now);
    assert_eq!(wait(webhooks::replay(&engine, id(1), Replay::Since(later(MONDAY, 2)), now)).unwrap(), 2);
    send(&engine, &outbox, now);
    let mut ids: Vec<String> = receiver.calls().into_iter().map(|call| call.id).collect();
    assert_eq!(ids.split_off(4).iter().collect::<BTreeSet<_>>(), ids[2..].iter().collect());
    let unknown = wait(webhooks::replay(&engine, id(1), Replay::Message(MessageId::new(now, [9; 16])), now));
    assert!(matches!(unknown, Err(Error::NotFound { .. })));
}

#[test]
fn a_receiver_that_is_gone_is_disabled_and_what_waited_for_it_dies() {
    let engine = engine(SimStore::new());
    let receiver = Receiver::answering([Outcome::Gone]);
    let outbox = Outbox::new(receiver.clone());
    let now = later(MONDAY, 1);
    wait(webhooks::try_out(&engine, id(1), MessageId::new(MONDAY, [1; 16]), MONDAY)).unwrap();
    send(&engine, &outbox, MONDAY);
    wait(webhooks::try_out(&engine, id(1), MessageId::new(now, [2; 16]), now)).unwrap();
    send(&engine, &outbox, now);
    assert_eq!(receiver.calls().len(), 1);
    assert_eq!(states(&engine), [DeliveryState::Dead { at: now }, DeliveryState::Dead { at: MONDAY }]);
    let disabled = wait(webhooks::get(&engine, id(1))).unwrap().disabled.unwrap();
    assert_eq!((disabled.at, disabled.why.as_str()), (MONDAY, "its receiver answered 410"));
    let back = Changed { active: Some(true), ..Changed::default() };
    wait(webhooks::change(&engine, id(1), &back, Reach::Public, now)).unwrap().unwrap();
    assert_eq!(wait(webhooks::get(&engine, id(1))).unwrap().disabled, None);
}

#[test]
fn a_refused_address_is_not_tried_again() {
    let engine = engine(SimStore::new());
    let refusal = address::Refusal::LocalAddress([127, 0, 0, 1].into());
    let receiver = Receiver::answering([Outcome::Refused(refusal)]);
    let outbox = Outbox::new(receiver.clone());
    wait(webhooks::try_out(&engine, id(1), MessageId::new(MONDAY, [1; 16]), MONDAY)).unwrap();
    send(&engine, &outbox, MONDAY);
    assert_eq!(states(&engine), [DeliveryState::Dead { at: MONDAY }]);
    assert_eq!(deliveries(&engine, 1)[0].said, "not sent: 127.0.0.1 is not a public address");
}

#[test]
fn a_slow_receiver_rests_and_nobody_waits_for_it() {
    let engine = engine(SimStore::new());
    let receiver = Receiver::answering([failure()]);
    let outbox = Outbox::new(receiver.clone());
    for number in 0..40 {
        let id_of = MessageId::new(MONDAY, [number; 16]);
        wait(webhooks::try_out(&engine, id(1), id_of, MONDAY)).unwrap();
    }
    send(&engine, &outbox, MONDAY);
    assert_eq!(receiver.calls().len(), 8, "the rest is put off with the first failure");
    let untried = deliveries(&engine, 1).iter().filter(|delivery| delivery.attempts == 0).count();
    assert_eq!(untried, 32);
    assert!(
        states(&engine).iter().all(|state| matches!(state, DeliveryState::Waiting { due } if MONDAY < *due))
    );
}

#[test]
fn an_old_secret_signs_beside_the_new_one_for_a_day() {
    let engine = engine(SimStore::new());
    let signed_with = |now: Timestamp, secrets: &[Secret]| {
        let receiver = Receiver::kind();
        wait(webhooks::try_out(&engine, id(1), MessageId::new(now, [1; 16]), now)).unwrap();
        send(&engine, &Outbox::new(receiver.clone()), now);
        let [call] = &receiver.calls()[..] else { panic!() };
        assert_eq!(call.signature, sign(secrets, &call.id, call.timestamp_s, &call.body), "at {now}");
    };
    signed_with(MONDAY, &[secret(1)]);
    let rotated = later(MONDAY, 1);
    wait(webhooks::rotate(&engine, id(1), &secret(7), rotated)).unwrap();
    signed_with(later(MONDAY, 2), &[secret(7), secret(1)]);
    signed_with(Timestamp(rotated.plus_days(1).0 - 1), &[secret(7), secret(1)]);
    signed_with(rotated.plus_days(1), &[secret(7)]);
}

#[test]
fn a_secret_does_not_lie_in_the_store_in_clear() {
    let engine = engine(SimStore::new());
    let written = secret(1).to_text();
    for (_, record) in all(&engine, kind::WEBHOOK) {
        assert!(!record.bytes.windows(32).any(|bytes| bytes == [1; 32]));
        assert!(!record.bytes.windows(written.len()).any(|bytes| bytes == written.as_bytes()));
    }
}

#[test]
fn what_may_not_be_called_is_not_registered() {
    let engine = engine(SimStore::new());
    let mut wrong = registration(2, &MessageType::ALL);
    wrong.url = "https://169.254.169.254/latest".to_owned();
    let refused = wait(webhooks::register(&engine, wrong, Reach::Public, MONDAY)).unwrap();
    assert!(matches!(refused, Err(Refusal::Url(address::Refusal::LocalAddress(_)))));
    let nothing = wait(webhooks::register(&engine, registration(2, &[]), Reach::Public, MONDAY)).unwrap();
    assert_eq!(nothing, Err(Refusal::NoTypes));
    let moved = Changed { url: Some("http://shop.example.org/".to_owned()), ..Changed::default() };
    let refused = wait(webhooks::change(&engine, id(1), &moved, Reach::Public, MONDAY)).unwrap();
    assert!(matches!(refused, Err(Refusal::Url(address::Refusal::Scheme(_)))));
    let silent = Changed { types: Some(BTreeSet::new()), ..Changed::default() };
    let refused = wait(webhooks::change(&engine, id(1), &silent, Reach::Public, MONDAY)).unwrap();
    assert_eq!(refused, Err(Refusal::NoTypes));
    for number in 2..=16 {
        register(&engine, number, &MessageType::ALL);
    }
    let more =
        || wait(webhooks::register(&engine, registration(17, &MessageType::ALL), Reach::Public, MONDAY));
    assert_eq!(more().unwrap(), Err(Refusal::TooMany));
    wait(webhooks::remove(&engine, id(16))).unwrap();
    assert!(more().unwrap().is_ok());
}

#[test]
fn what_waits_for_a_removed_endpoint_is_dropped() {
    let engine = engine(SimStore::new());
    ask(&engine, 0, MONDAY);
    wait(webhooks::remove(&engine, id(1))).unwrap();
    let receiver = Receiver::kind();
    send(&engine, &Outbox::new(receiver.clone()), later(MONDAY, 1));
    assert_eq!(receiver.types(), Vec::<String>::new());
    assert_eq!(all(&engine, kind::DELIVERY), []);
}

#[test]
fn of_an_erased_person_nothing_more_is_told_and_no_message_is_left() {
    let engine = engine(SimStore::new());
    let now = later(MONDAY, 1);
    for number in 0..3 {
        let coupon = coupon_of(&engine, &ask(&engine, number, now)).unwrap();
        if number == 0 {
            wait(redeem(&engine, coupon, "order-1", Cents(900), now)).unwrap().unwrap();
        }
    }
    assert_eq!(all(&engine, kind::MESSAGE).len(), 7);
    let person = wait(erase::find(&engine, &said::identity("person-0"))).unwrap().unwrap();
    wait(erase::erase(&engine, person, now)).unwrap();
    assert_eq!(all(&engine, kind::MESSAGE).len(), 4);
    let receiver = Receiver::kind();
    send(&engine, &Outbox::new(receiver.clone()), now);
    assert_eq!(receiver.calls().len(), 4);
    assert!(receiver.heard().iter().all(|(_, data)| data["profile"] != person.to_string()));
    assert_eq!(all(&engine, kind::DELIVERY).len(), 4);
}

#[test]
fn messages_are_kept_for_33_days_and_longer_where_they_wait() {
    let engine = engine(SimStore::new());
    let receiver = Receiver::kind();
    let outbox = Outbox::new(receiver.clone());
    let ids = [1, 2].map(|number| MessageId::new(MONDAY, [number; 16]));
    for message in ids {
        wait(webhooks::try_out(&engine, id(1), message, MONDAY)).unwrap();
    }
    send(&engine, &outbox, MONDAY);
    let (before, after) = (MONDAY.plus_days(33), Timestamp(MONDAY.plus_days(33).0 + 1));
    let sweep = |now| wait(retain::sweep(&engine, &Retention::default(), now)).unwrap();
    sweep(before);
    assert_eq!((all(&engine, kind::MESSAGE).len(), all(&engine, kind::DELIVERY).len()), (2, 2));
    wait(webhooks::replay(&engine, id(1), Replay::Message(ids[0]), after)).unwrap();
    sweep(after);
    assert_eq!((all(&engine, kind::MESSAGE).len(), all(&engine, kind::DELIVERY).len()), (1, 1));
    send(&engine, &outbox, after);
    assert_eq!(receiver.calls().len(), 3);
    sweep(after);
    assert_eq!((all(&engine, kind::MESSAGE).len(), all(&engine, kind::DELIVERY).len()), (0, 0));
}

/// Decides and sends with a crash before disk operation `crash_at`, then goes on after a power cut. Tells what was heard, and how often.
fn crashed(crash_at: u64) -> (BTreeSet<(String, String)>, usize) {
    let receiver = Receiver::kind();
    let mut disk = Disk::default();
    for crash_at in [Some(crash_at), None] {
        let faults = Faults { seed: crash_at.unwrap_or(0), crash_at, ..Faults::default() };
        let store = Arc::new(SimStore::open(disk, faults, Mutant::None));
        {
            let wrapped = Careless { store: Arc::clone(&store), mistake: Mistake::None };
            let work = || -> Result<(), Error> {
                let engine = wait(open(wrapped, &shop(), MONDAY))?;
                wait(ingest(&engine, &IDS, said::allows_all("person-0", MONDAY)))?;
                match wait(webhooks::get(&engine, id(1))) {
                    Err(Error::NotFound { .. }) => {
                        let registration = registration(1, &MessageType::ALL);
                        wait(webhooks::register(&engine, registration, Reach::Public, MONDAY))?.unwrap();
                    }
                    known => drop(known?),
                }
                let outbox = Outbox::new(receiver.clone());
                for number in 0..3 {
                    let question = question(number, "person-0", Channel::Web, later(MONDAY, 1));
                    wait(decide::ask(&engine, &question))?;
                    while step(&engine, &outbox, later(MONDAY, 2))? != 0 {}
                }
                let waiting = deliveries(&engine, 1);
                assert!(waiting.iter().all(|one| matches!(one.state, DeliveryState::Delivered { .. })));
                audit(&engine).unwrap();
                Ok(())
            };
            match (work(), crash_at) {
                (Ok(()), _) | (Err(_), Some(_)) => {}
                (Err(error), None) => panic!("{error}"),
            }
        }
        let store = Arc::into_inner(store).unwrap();
        disk = store.kill();
        disk.power_cut(7);
    }
    let calls = receiver.calls();
    let told = |call: &Call| (call.id.clone(), String::from_utf8(call.body.clone()).unwrap());
    (calls.iter().map(told).collect(), calls.len())
}

#[test]
fn crash_between_any_two_steps_loses_no_message_and_makes_none_up() {
    let (undisturbed, calls) = crashed(u64::MAX);
    assert_eq!((undisturbed.len(), calls), (6, 6), "three decisions and three coupons");
    let mut twice = 0;
    for crash_at in 0..60 {
        let (heard, calls) = crashed(crash_at);
        assert_eq!(heard, undisturbed, "crash before operation {crash_at}");
        twice += calls - heard.len();
    }
    assert!(0 < twice, "no crash came between sending and acknowledging: the test tries too little");
}

#[test]
fn conflicts_and_lost_answers_lose_no_message() {
    for seed in 0..20 {
        let faults = Faults {
            seed,
            conflicts: Rate(100),
            lost_answers: Rate(100),
            delays_max: 2,
            ..Faults::default()
        };
        let engine = {
            let quiet = engine(SimStore::new());
            let disk = quiet.store.kill();
            let again = || {
                wait(Engine::open(
                    SimStore::open(disk.clone(), faults.clone(), Mutant::None),
                    secrets(),
                    MONDAY,
                ))
            };
            std::iter::repeat_with(again).find_map(Result::ok).unwrap()
        };
        let insist = |mut work: Box<dyn FnMut() -> Result<(), Error> + '_>| {
            while let Err(error) = work() {
                assert!(matches!(error, Error::Unknown | Error::Contended), "{error}");
            }
        };
        for number in 0..5 {
            let asked = question(number, "person-0", Channel::Web, later(MONDAY, 1));
            insist(Box::new(|| wait(decide::ask(&engine, &asked)).map(drop)));
        }
        let receiver = Receiver::kind();
        let outbox = Outbox::new(receiver.clone());
        // After a lost answer the entry is leased: it is sent again when the lease is over.
        for minutes in 2..30 {
            insist(Box::new(|| {
                while step(&engine, &outbox, later(MONDAY, minutes))? != 0 {}
                Ok(())
            }));
        }
        let ids: BTreeSet<String> = receiver.calls().into_iter().map(|call| call.id).collect();
        assert_eq!(ids.len(), 10, "seed {seed}");
        assert!(
            states(&engine).iter().all(|state| matches!(state, DeliveryState::Delivered { .. })),
            "seed {seed}"
        );
    }
}

#[test]
fn a_receiver_that_asks_for_an_hour_gets_an_hour() {
    let engine = engine(SimStore::new());
    let busy = Outcome::Retry { why: "answered 429".to_owned(), after: Some(Duration::from_secs(3_600)) };
    let outbox = Outbox::new(Receiver::answering([busy]));
    wait(webhooks::try_out(&engine, id(1), MessageId::new(MONDAY, [1; 16]), MONDAY)).unwrap();
    send(&engine, &outbox, MONDAY);
    assert_eq!(states(&engine), [DeliveryState::Waiting { due: later(MONDAY, 60) }]);
}

//! What a client asked for and was promised, in a journal of its own, and the check of a store against it.
//!
//! A journal is a text: `intent`, written and synced before a message is sent; `ack` and `decided`, written after the answer; `wrong` where
//! the answer itself was not right. A line that was cut off counts for nothing.

use std::collections::{BTreeMap, BTreeSet};

use crate::stored::{Event, Stored};

/// A message that was going to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Intent {
    /// The request it is part of. All of a request is about one person, so all of it is stored or none.
    pub(crate) request: String,
    pub(crate) says: String,
}

/// Everything a client knows.
#[derive(Clone, Debug, Default)]
pub(crate) struct History {
    pub(crate) intents: BTreeMap<String, Intent>,
    /// The event's id, by message id.
    pub(crate) acks: BTreeMap<String, String>,
    /// Decisions that were answered, with the coupon, if one was given.
    pub(crate) decided: BTreeMap<String, Option<String>>,
    pub(crate) wrong: Vec<String>,
}

/// How a store breaks a promise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Broken {
    AcknowledgedAndNotStored(String),
    AcknowledgedUnderAnotherId(String),
    StoredAndNeverSent(String),
    StoredTwice(String),
    StoredOtherwise(String),
    HalfStored(String),
    NeverStored(String),
    DecisionLost(String),
    CouponLost(String),
    AnsweredWrongly(String),
}

impl History {
    /// Adds what a journal says.
    pub(crate) fn read(&mut self, journal: &str) {
        let whole = journal.rfind('\n').map_or("", |end| &journal[..end]);
        for line in whole.lines() {
            let words: Vec<&str> = line.splitn(4, ' ').collect();
            match words[..] {
                ["intent", id, request, says] => {
                    let intent = Intent { request: request.to_owned(), says: says.to_owned() };
                    self.intents.insert(id.to_owned(), intent);
                }
                ["ack", id, event_id] => {
                    self.acks.insert(id.to_owned(), event_id.to_owned());
                }
                ["decided", id, coupon] => {
                    let coupon = (coupon != "-").then(|| coupon.to_owned());
                    self.decided.insert(id.to_owned(), coupon);
                }
                ["wrong", ..] => self.wrong.push(line.to_owned()),
                _ => panic!("the journal has a line `{line}`"),
            }
        }
    }

    /// Compares a store with what was promised.
    pub(crate) fn check(&self, stored: &Stored) -> Vec<Broken> {
        let mut broken: Vec<Broken> = self.wrong.iter().cloned().map(Broken::AnsweredWrongly).collect();
        let mut found: BTreeMap<&str, &Event> = BTreeMap::new();
        for event in &stored.events {
            let id = event.message_id.as_str();
            if found.insert(id, event).is_some() {
                broken.push(Broken::StoredTwice(id.to_owned()));
            }
            match self.intents.get(id) {
                None => broken.push(Broken::StoredAndNeverSent(id.to_owned())),
                Some(intent) if intent.says != event.says => {
                    broken.push(Broken::StoredOtherwise(id.to_owned()));
                }
                Some(_) => {}
            }
        }
        for (id, event_id) in &self.acks {
            match found.get(id.as_str()) {
                None => broken.push(Broken::AcknowledgedAndNotStored(id.clone())),
                Some(event) if event.event_id != *event_id => {
                    broken.push(Broken::AcknowledgedUnderAnotherId(id.clone()));
                }
                Some(_) => {}
            }
        }
        let mut requests: BTreeMap<&str, BTreeSet<bool>> = BTreeMap::new();
        for (id, intent) in &self.intents {
            requests.entry(&intent.request).or_default().insert(found.contains_key(id.as_str()));
        }
        let half = requests.into_iter().filter(|(_, there)| there.len() == 2);
        broken.extend(half.map(|(request, _)| Broken::HalfStored(request.to_owned())));
        for (id, coupon) in &self.decided {
            if !stored.decisions.contains(id) {
                broken.push(Broken::DecisionLost(id.clone()));
            }
            if let Some(coupon) = coupon.as_ref().filter(|coupon| !stored.coupons.contains(*coupon)) {
                broken.push(Broken::CouponLost(coupon.clone()));
            }
        }
        broken
    }

    /// The same once every message has been sent until it was answered: now each must be there.
    pub(crate) fn check_settled(&self, stored: &Stored) -> Vec<Broken> {
        let mut broken = self.check(stored);
        let there: BTreeSet<&str> = stored.events.iter().map(|event| event.message_id.as_str()).collect();
        let missing = self.intents.keys().filter(|id| !there.contains(id.as_str()));
        broken.extend(missing.cloned().map(Broken::NeverStored));
        broken
    }
}

fn told(journal: &str) -> History {
    let mut history = History::default();
    history.read(journal);
    history
}

const JOURNAL: &str = "intent a r1 order 100\nintent b r1 newsletter granted\nintent c r2 order 300\nack a evt_1\nack b evt_2\n\
                       decided dec_1 cpn_1\ndecided dec_2 -\n";

/// The stored events, given as `message id, event id, what it says`.
fn holding(events: &[(&str, &str, &str)]) -> Stored {
    let event = |(message_id, event_id, says): &(&str, &str, &str)| Event {
        message_id: (*message_id).to_owned(),
        event_id: (*event_id).to_owned(),
        says: (*says).to_owned(),
    };
    Stored {
        events: events.iter().map(event).collect(),
        decisions: ["dec_1".to_owned(), "dec_2".to_owned()].into(),
        coupons: ["cpn_1".to_owned()].into(),
    }
}

const A: (&str, &str, &str) = ("a", "evt_1", "order 100");
const B: (&str, &str, &str) = ("b", "evt_2", "newsletter granted");
const C: (&str, &str, &str) = ("c", "evt_3", "order 300");

fn check(stored: &Stored, expected: &[Broken]) {
    assert_eq!(told(JOURNAL).check(stored), expected);
}

#[test]
fn an_unanswered_message_may_be_stored_or_not() {
    check(&holding(&[A, B]), &[]);
    check(&holding(&[A, B, C]), &[]);
}

#[test]
fn a_lost_acknowledged_message_is_seen_and_so_is_half_a_request() {
    let lost = Broken::AcknowledgedAndNotStored("b".to_owned());
    check(&holding(&[A]), &[lost, Broken::HalfStored("r1".to_owned())]);
}

#[test]
fn a_message_stored_twice_or_otherwise_or_unasked_is_seen() {
    check(&holding(&[A, B, C, C]), &[Broken::StoredTwice("c".to_owned())]);
    check(&holding(&[A, B, ("c", "evt_3", "order 301")]), &[Broken::StoredOtherwise("c".to_owned())]);
    check(&holding(&[A, B, ("d", "evt_4", "order 1")]), &[Broken::StoredAndNeverSent("d".to_owned())]);
    check(&holding(&[A, ("b", "evt_9", B.2)]), &[Broken::AcknowledgedUnderAnotherId("b".to_owned())]);
}

#[test]
fn a_lost_decision_and_a_lost_coupon_are_seen() {
    let stored = Stored { decisions: ["dec_1".to_owned()].into(), ..holding(&[A, B]) };
    check(&stored, &[Broken::DecisionLost("dec_2".to_owned())]);
    let stored = Stored { coupons: BTreeSet::new(), ..holding(&[A, B]) };
    check(&stored, &[Broken::CouponLost("cpn_1".to_owned())]);
}

#[test]
fn a_message_that_never_arrived_is_seen_once_all_are_answered() {
    assert_eq!(told(JOURNAL).check_settled(&holding(&[A, B])), [Broken::NeverStored("c".to_owned())]);
    assert_eq!(told(JOURNAL).check_settled(&holding(&[A, B, C])), []);
}

#[test]
fn a_line_that_was_cut_off_counts_for_nothing() {
    assert_eq!(told("intent a r1 order 100\nack a ev").acks.len(), 0);
}

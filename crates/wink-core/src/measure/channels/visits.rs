//! Visits by the channel they came by, and which of them led to a purchase.

use std::collections::BTreeMap;

use crate::base::{Timestamp, Value};
use crate::event::{Body, NAME_BYTES_MAX};

/// The channel of whoever clicked a link in a mail.
const MAIL: &str = "email";

/// After half an hour without a page, the next is another visit, as sessions are told apart.
const PAUSE_MS: i64 = 30 * 60_000;

/// Tells by which channel an event says somebody came: a page or a screen by its `source`, a click in a mail by `email`. Other events say
/// nothing of it.
pub fn channel_of<'a>(body: &Body, extra: &'a BTreeMap<String, Value>) -> Option<&'a str> {
    match body.event_name() {
        "Page" | "Screen" => {
            let source = extra.get("source")?.as_text()?;
            (!source.is_empty() && source.len() <= NAME_BYTES_MAX).then_some(source)
        }
        "Email Link Clicked" => Some(MAIL),
        _ => None,
    }
}

/// What was heard of people's visits and purchases, in any order.
#[derive(Clone, Debug, Default)]
pub struct Visits {
    numbers: BTreeMap<String, usize>,
    heard: Vec<Heard>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Heard {
    customer: u32,
    at: Timestamp,
    what: What,
}

/// Of two at the same instant the visit was first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    Came(usize),
    Bought,
}

/// A visit, and whether somebody bought because of it, as far as can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Contact {
    pub(super) customer: u32,
    pub(super) at: Timestamp,
    /// The place of its name.
    pub(super) channel: usize,
    pub(super) converted: bool,
}

/// All visits of which it is known what came of them.
#[derive(Debug)]
pub(super) struct Contacts {
    /// In order, whichever was heard of first.
    pub(super) names: Vec<String>,
    pub(super) all: Vec<Contact>,
}

impl Visits {
    /// Takes in that somebody came by a channel.
    pub fn came(&mut self, customer: u32, at: Timestamp, channel: &str) {
        let next = self.numbers.len();
        let number = match self.numbers.get(channel) {
            Some(number) => *number,
            None => *self.numbers.entry(channel.to_owned()).or_insert(next),
        };
        self.heard.push(Heard { customer, at, what: What::Came(number) });
    }

    /// Takes in that somebody bought.
    pub fn bought(&mut self, customer: u32, at: Timestamp) {
        self.heard.push(Heard { customer, at, what: What::Bought });
    }

    /// Tells of each visit whether a purchase followed within `within_ms` with no other visit between. Visits that are younger than that are
    /// left out: what comes of them is not known.
    pub(super) fn followed(self, within_ms: i64, now: Timestamp) -> Contacts {
        let mut places = vec![0; self.numbers.len()];
        for (place, number) in self.numbers.values().enumerate() {
            places.get_mut(*number).into_iter().for_each(|slot| *slot = place);
        }
        let names: Vec<String> = self.numbers.into_keys().collect();
        let mail = names.iter().position(|name| name == MAIL);
        let mut heard = self.heard;
        heard.retain(|one| one.at <= now);
        for one in &mut heard {
            if let What::Came(number) = &mut one.what {
                *number = places.get(*number).copied().unwrap_or_default();
            }
        }
        heard.sort_unstable();
        let mut all: Vec<Contact> = Vec::new();
        for of_one in heard.chunk_by(|one, other| one.customer == other.customer) {
            all.extend(visits_of(of_one, within_ms, mail));
        }
        all.retain(|contact| within_ms <= now.since_ms(contact.at));
        Contacts { names, all }
    }
}

/// The visits of one person, of whom everything is in order. `mail` is the place of the channel of mails, if there is one.
fn visits_of(heard: &[Heard], within_ms: i64, mail: Option<usize>) -> Vec<Contact> {
    let mut visits: Vec<Contact> = Vec::new();
    // Of each channel the last visit, and when its last page was seen.
    let mut going_on: BTreeMap<usize, (usize, Timestamp)> = BTreeMap::new();
    let mut newest: Option<usize> = None;
    for one in heard {
        match one.what {
            What::Came(channel) => {
                let clicked = mail.filter(|mail| *mail != channel).and_then(|mail| going_on.get(&mail));
                let clicked = clicked.filter(|(visit, at)| {
                    newest == Some(*visit) && visit + 1 == visits.len() && one.at.since_ms(*at) < PAUSE_MS
                });
                // A click in a mail and the page it opens are one visit, of which the page says more.
                let opened = clicked.is_some().then(|| visits.pop()).flatten();
                if let (Some(_), Some(mail)) = (opened, mail) {
                    going_on.remove(&mail);
                }
                let same = going_on.get(&channel).filter(|(_, seen)| one.at.since_ms(*seen) < PAUSE_MS);
                let visit = match same {
                    Some((visit, _)) => *visit,
                    None => {
                        let at = opened.map_or(one.at, |opened| opened.at);
                        visits.push(Contact { customer: one.customer, at, channel, converted: false });
                        visits.len() - 1
                    }
                };
                if let Some(visit) = visits.get_mut(visit) {
                    visit.converted |= opened.is_some_and(|opened| opened.converted);
                }
                going_on.insert(channel, (visit, one.at));
                newest = Some(visit);
            }
            What::Bought => {
                let visit = newest.and_then(|visit| visits.get_mut(visit));
                if let Some(visit) = visit.filter(|visit| one.at.since_ms(visit.at) <= within_ms) {
                    visit.converted = true;
                }
            }
        }
    }
    visits
}

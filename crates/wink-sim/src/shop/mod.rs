//! A simulated shop: shoppers whose intent is known, and everything a real shop's sources would send about them, with its noise.
//!
//! A measure of intent, a trigger, or an estimate of what an offer changed can be held against the truth here, which no real shop tells.
//! Everything follows from the seed. What a message says and when it comes are two things, as in life: some come twice, late or garbled.

mod draw;
mod goods;
mod message;
mod noise;
mod person;
mod trial;
mod visit;

use std::collections::BTreeMap;

use wink_core::base::{DAY_MS, Timestamp};

pub use draw::Draw;
pub use goods::{CATEGORIES, Goods, Product};
pub use message::Message;
pub use person::{Device, Person, Response};
pub use trial::Trial;
pub use visit::{Intent, Visit, ZONES};

use message::Sending;

/// What is simulated. Equal settings give equal messages, to the byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The source of all chance.
    pub seed: u64,
    /// How many people there are.
    pub people: u64,
    /// How many days are played.
    pub days: i64,
    /// The first day begins here.
    pub from: Timestamp,
}

/// One day of the shop: what arrived, in the order it arrived, and what really happened.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Day {
    /// Messages by arrival.
    pub messages: Vec<Message>,
    /// The truth about the visits that began on this day.
    pub visits: Vec<Visit>,
}

/// The shop with its people. An iterator over its days.
#[derive(Clone, Debug)]
pub struct Shop {
    settings: Settings,
    goods: Goods,
    next_day: i64,
    /// Messages that are on their way, by when they arrive and in which order they were made.
    on_their_way: BTreeMap<(i64, u64), Message>,
    made: u64,
}

impl Shop {
    /// Opens the shop on the morning of the first day.
    pub fn open(settings: Settings) -> Self {
        let goods = Goods::new(settings.seed);
        Self { settings, goods, next_day: 0, on_their_way: BTreeMap::new(), made: 0 }
    }

    /// What it sells.
    pub fn goods(&self) -> &Goods {
        &self.goods
    }

    /// Everybody who comes in these days, one after the other: with the truth about them.
    pub fn people(&self) -> impl Iterator<Item = Person> + use<> {
        let Settings { seed, people, days, .. } = self.settings;
        (0..people).map(move |number| Person::new(seed, number, days))
    }

    fn play(&mut self, day: i64) -> Vec<Visit> {
        let begins = self.settings.from.plus_days(day);
        let mut visits = Vec::new();
        for number in 0..self.settings.people {
            let person = Person::new(self.settings.seed, number, self.settings.days);
            let mut draw = Draw::new(self.settings.seed, &format!("day {day} of {number}"));
            let mut sending = Sending::new(&person, day);
            if person.joins_on == day {
                person.join(&mut sending, begins, &mut draw);
            }
            for _ in 0..person.visits_on(day, &mut draw) {
                visits.push(Visit::play(&person, &self.goods, begins, &mut sending, &mut draw));
            }
            person.live(day, begins, &mut sending, &mut draw);
            for message in noise::spoil(sending.into_messages(), &person, &mut draw) {
                self.made += 1;
                self.on_their_way.insert((message.arrives_at.0, self.made), message);
            }
        }
        for message in noise::junk(self.settings.seed, day, begins) {
            self.made += 1;
            self.on_their_way.insert((message.arrives_at.0, self.made), message);
        }
        visits
    }
}

impl Iterator for Shop {
    type Item = Day;

    fn next(&mut self) -> Option<Day> {
        let day = self.next_day;
        if self.settings.days < day {
            return None;
        }
        self.next_day += 1;
        if day == self.settings.days {
            // The doors are closed; what was on its way still comes.
            let rest = std::mem::take(&mut self.on_their_way);
            return Some(Day { messages: rest.into_values().collect(), visits: Vec::new() });
        }
        let visits = self.play(day);
        let midnight = self.settings.from.0 + (day + 1) * DAY_MS;
        let later = self.on_their_way.split_off(&(midnight, 0));
        let arrived = std::mem::replace(&mut self.on_their_way, later);
        Some(Day { messages: arrived.into_values().collect(), visits })
    }
}

#[cfg(test)]
mod tests;

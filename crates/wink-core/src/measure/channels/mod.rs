//! The channel model of a shop: from where people come when they buy. Each rate of somebody is pulled toward that of all, the more the less
//! they show (`wink_stats::pooling`). Who may be learned from is the caller's to know.

mod visits;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;

use wink_stats::pooling::{self, Best, Pool, Tally};

use visits::{Contact, Contacts};
pub use visits::{Visits, channel_of};

use crate::base::{DAY_MS, Digest, Hasher, Timestamp};
use crate::event::ChannelScored;

/// More channels than this are not told apart: how likely each is the best takes time for every pair of them.
pub const CHANNELS_MAX: usize = 8;

/// What is true of every such model, for whoever reads its card.
pub const CHANNEL_LIMITS: [&str; 4] = [
    "a purchase counts for the last visit before it: what earlier visits did for it is not told",
    "rates compare channels as they were used: who gets mails because they buy will seem to buy because of mails",
    "what was sent or shown and brought nobody to the shop is not a visit",
    "it learned only from people who have granted personalisation, and speaks of them alone",
];

/// What somebody wants of a channel model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChannelSettings {
    /// A purchase within so many days counts for the visit before it.
    pub within_days: u32,
    /// The level of intervals.
    pub level: f64,
}

/// What stands on a channel model's card.
#[derive(Clone, Debug, PartialEq)]
pub struct ChannelsCard {
    /// Its version, from 1; all models of a shop count together.
    pub version: u32,
    /// When it was fitted.
    pub trained_at: Timestamp,
    /// What was asked for.
    pub settings: ChannelSettings,
    /// The day of the first visit it was fitted to.
    pub from: i32,
    /// The day of the last one: later ones could still lead to a purchase.
    pub until: i32,
    /// People it was fitted to.
    pub people: u64,
    /// People who came and have not granted that they are learned from.
    pub not_granted: u64,
    /// The hash of what it was fitted to.
    pub input: Digest,
    /// What it found of each channel, by name.
    pub channels: Vec<ChannelRates>,
    /// How many other channels there were, which too few came by or which tell nothing.
    pub left_out: u64,
    /// How many visits came by these.
    pub visits_left_out: u64,
    /// How well a model of the time before foretold the last visits, or why that is not known.
    pub hold_out: Result<ChannelsHoldOut, String>,
}

/// A channel over all people.
#[derive(Clone, Debug, PartialEq)]
pub struct ChannelRates {
    /// Its name.
    pub name: String,
    /// Who came by it.
    pub people: u64,
    /// How often.
    pub visits: u64,
    /// How many visits led to a purchase.
    pub converted: u64,
    /// The rate of somebody of whom nothing is known.
    pub rate: f64,
    /// How many visits of somebody's own count as much as that.
    pub strength: f64,
    /// Whether people differ more than by chance.
    pub differs: bool,
    /// For how many it is the best.
    pub best_for: u64,
}

/// The last visits, against what was expected of them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChannelsHoldOut {
    /// In how many days they came.
    pub days: u32,
    /// How many there were.
    pub visits: u64,
    /// How many led to a purchase.
    pub found: u64,
    /// How many were expected to.
    pub expected: f64,
    /// The mean squared error of a visit's probability.
    pub squared_error: f64,
    /// The same if everybody had the rate of all on the channel.
    pub squared_error_of_all: f64,
}

/// A channel model with what it says of each person.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainedChannels {
    /// What stands on its card.
    pub card: ChannelsCard,
    /// The scores, by the caller's numbers.
    pub scores: Vec<(u32, ChannelScored)>,
}

/// Why there is no channel model.
#[derive(Clone, Debug, PartialEq)]
pub enum NoChannels {
    /// A purchase is asked for within so many days.
    Within(u32),
    /// So many channels can be told, of so many there are.
    Few {
        /// How many can be told.
        told: usize,
        /// How many there are.
        seen: usize,
        /// Within so many days of a visit a purchase counted.
        within_days: u32,
    },
    /// The statistics refuse.
    Unsaid(wink_stats::Error),
}

impl fmt::Display for NoChannels {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Within(days) => {
                write!(out, "a purchase within {days} days is asked for, and must be within 1 to 90")
            }
            Self::Few { told, seen, within_days } => write!(
                out,
                "not enough data: of {seen} channels {told} can be told, and two are needed, each with {} people who came by it at least \
                 {within_days} days ago, some of whom bought within {within_days} days and some did not",
                pooling::PEOPLE_MIN
            ),
            Self::Unsaid(error) => error.fmt(out),
        }
    }
}

impl std::error::Error for NoChannels {}

impl From<wink_stats::Error> for NoChannels {
    fn from(error: wink_stats::Error) -> Self {
        Self::Unsaid(error)
    }
}

/// Fits the model to all visits that are so long ago that what came of them is known, and says of everybody who came by one of its channels
/// which is their best. `not_granted` people were left out by the caller; they stand on the card.
///
/// # Errors
/// Why there is no model: fewer than two channels that tell anything, a setting that makes no sense.
pub fn train_channels(
    visits: Visits,
    not_granted: u64,
    settings: ChannelSettings,
    version: u32,
    now: Timestamp,
) -> Result<TrainedChannels, NoChannels> {
    let within_ms = within_ms(&settings)?;
    let contacts = visits.followed(within_ms, now);
    let told = Told::of(&contacts, &settings, |_| true)?;
    let known = told.pools.len();
    let mut scores = Vec::with_capacity(told.people.len());
    let mut best_for = vec![0; known];
    let mut cached: BTreeMap<&[Tally], Best> = BTreeMap::new();
    for (customer, tallies) in &told.people {
        let best = match cached.get(tallies.as_slice()) {
            Some(best) => *best,
            None => {
                let best = pooling::best(&told.pools, tallies, settings.level)?;
                cached.insert(tallies, best);
                best
            }
        };
        let Some(name) = told.names.get(best.place) else { continue };
        let Some(scored) = ChannelScored::new(version, name, best.rate, best.probability) else { continue };
        best_for.get_mut(best.place).into_iter().for_each(|count: &mut u64| *count += 1);
        scores.push((*customer, scored));
    }
    let days = || contacts.all.iter().filter(|one| told.place(one).is_some()).map(|one| one.at.day());
    let card = ChannelsCard {
        version,
        trained_at: now,
        settings,
        from: days().min().unwrap_or(now.day()),
        until: days().max().unwrap_or(now.day()),
        people: length(told.people.len()),
        not_granted,
        input: hash(&told),
        channels: told.rates(&best_for),
        left_out: length(contacts.names.len() - known),
        visits_left_out: length(contacts.all.iter().filter(|one| told.place(one).is_none()).count()),
        hold_out: hold_out(&contacts, &settings, within_ms),
    };
    Ok(TrainedChannels { card, scores })
}

fn within_ms(settings: &ChannelSettings) -> Result<i64, NoChannels> {
    if !(1..=90).contains(&settings.within_days) {
        return Err(NoChannels::Within(settings.within_days));
    }
    if !(0.0 < settings.level && settings.level < 1.0) {
        let (value, must) = (settings.level, "above 0 and below 1");
        return Err(NoChannels::Unsaid(wink_stats::Error::OutOfRange { what: "the level", value, must }));
    }
    Ok(i64::from(settings.within_days) * DAY_MS)
}

/// The channels that tell something, and who came by them.
struct Told {
    names: Vec<String>,
    /// Where a channel of the contacts is among these.
    places: Vec<Option<usize>>,
    pools: Vec<Pool>,
    people: BTreeMap<u32, Vec<Tally>>,
}

impl Told {
    /// Keeps the channels most people came by of which a rate can be told, and adds up who did.
    fn of(
        contacts: &Contacts,
        settings: &ChannelSettings,
        counts: impl Fn(&Contact) -> bool,
    ) -> Result<Self, NoChannels> {
        let mut by_channel: Vec<BTreeMap<u32, Tally>> = vec![BTreeMap::new(); contacts.names.len()];
        for contact in contacts.all.iter().filter(|contact| counts(contact)) {
            if let Some(people) = by_channel.get_mut(contact.channel) {
                add(people.entry(contact.customer).or_default(), contact);
            }
        }
        let mut most: Vec<usize> = (0..by_channel.len()).collect();
        most.sort_by_key(|place| std::cmp::Reverse(by_channel.get(*place).map_or(0, BTreeMap::len)));
        let mut fitted: Vec<(usize, Pool)> = Vec::new();
        for place in most {
            let Some(people) = by_channel.get(place).filter(|_| fitted.len() < CHANNELS_MAX) else {
                continue;
            };
            match Pool::fit(&people.values().copied().collect::<Vec<_>>()) {
                Ok(pool) => fitted.push((place, pool)),
                // Too few, or all alike: it tells nothing, and the others do.
                Err(wink_stats::Error::NotEnoughData { .. } | wink_stats::Error::Constant { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        if fitted.len() < 2 {
            let (told, seen) = (fitted.len(), contacts.names.len());
            return Err(NoChannels::Few { told, seen, within_days: settings.within_days });
        }
        fitted.sort_by_key(|(place, _)| *place);
        let mut told = Self {
            names: Vec::new(),
            places: vec![None; contacts.names.len()],
            pools: Vec::new(),
            people: BTreeMap::new(),
        };
        let channels = fitted.len();
        for (known, (place, pool)) in fitted.into_iter().enumerate() {
            told.names.extend(contacts.names.get(place).cloned());
            told.pools.push(pool);
            told.places.get_mut(place).into_iter().for_each(|slot| *slot = Some(known));
            for (customer, tally) in by_channel.get(place).into_iter().flatten() {
                let tallies =
                    told.people.entry(*customer).or_insert_with(|| vec![Tally::default(); channels]);
                tallies.get_mut(known).into_iter().for_each(|slot| *slot = *tally);
            }
        }
        Ok(told)
    }

    fn place(&self, contact: &Contact) -> Option<usize> {
        self.places.get(contact.channel).copied().flatten()
    }

    fn rates(&self, best_for: &[u64]) -> Vec<ChannelRates> {
        let of_channel = |(place, (name, pool)): (usize, (&String, &Pool))| {
            let tallies = || self.people.values().filter_map(|tallies| tallies.get(place));
            let sum = |of: fn(&Tally) -> u32| tallies().map(|tally| u64::from(of(tally))).sum();
            ChannelRates {
                name: name.clone(),
                people: length(tallies().filter(|tally| 0 < tally.contacts).count()),
                visits: sum(|tally| tally.contacts),
                converted: sum(|tally| tally.conversions),
                rate: pool.mean(),
                strength: pool.strength(),
                differs: pool.differs(),
                best_for: best_for.get(place).copied().unwrap_or(0),
            }
        };
        self.names.iter().zip(&self.pools).enumerate().map(of_channel).collect()
    }
}

fn add(tally: &mut Tally, contact: &Contact) {
    tally.contacts = tally.contacts.saturating_add(1);
    tally.conversions = tally.conversions.saturating_add(u32::from(contact.converted));
}

/// Fits a model to the first three quarters of the time, and compares what it foretells of the visits of the last with what came of them.
fn hold_out(
    contacts: &Contacts,
    settings: &ChannelSettings,
    within_ms: i64,
) -> Result<ChannelsHoldOut, String> {
    let times = || contacts.all.iter().map(|contact| contact.at.0);
    let (first, last) = (times().min().unwrap_or(0), times().max().unwrap_or(0));
    let split = last - (last - first) / 4;
    // What came of a visit must have been known then.
    let told = Told::of(contacts, settings, |contact| contact.at.0 + within_ms <= split)
        .map_err(|error| error.to_string())?;
    let nothing = Tally::default();
    let (mut visits, mut found, mut expected) = (0_u64, 0_u64, 0.0);
    let (mut squared, mut squared_of_all) = (0.0, 0.0);
    for contact in contacts.all.iter().filter(|contact| split <= contact.at.0) {
        let Some((place, pool)) = told.place(contact).and_then(|place| Some((place, told.pools.get(place)?)))
        else {
            continue;
        };
        let own =
            told.people.get(&contact.customer).and_then(|tallies| tallies.get(place)).unwrap_or(&nothing);
        let belief = pool.belief(own);
        let probability = belief.alpha / (belief.alpha + belief.beta);
        let truth = f64::from(u8::from(contact.converted));
        visits += 1;
        found += u64::from(contact.converted);
        expected += probability;
        squared += (truth - probability) * (truth - probability);
        squared_of_all += (truth - pool.mean()) * (truth - pool.mean());
    }
    if visits == 0 {
        return Err("nobody came later".to_owned());
    }
    #[expect(clippy::cast_precision_loss, reason = "visits stay far below 2^53")]
    let all = visits as f64;
    Ok(ChannelsHoldOut {
        days: u32::try_from((last - split) / DAY_MS).unwrap_or(0),
        visits,
        found,
        expected,
        squared_error: squared / all,
        squared_error_of_all: squared_of_all / all,
    })
}

/// Hashes what a model is fitted to: how often whoever it was came by which channel, and what came of it.
fn hash(told: &Told) -> Digest {
    let mut hasher = Hasher::new("visits of a model");
    for name in &told.names {
        hasher = hasher.field(name.as_bytes());
    }
    for tally in told.people.values().flatten() {
        hasher.add(&tally.contacts.to_le_bytes());
        hasher.add(&tally.conversions.to_le_bytes());
    }
    hasher.finish()
}

fn length(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

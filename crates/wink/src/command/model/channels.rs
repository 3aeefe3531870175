//! `wink model channels`: each customer's best channel, from contacts and whether they converted.

use std::collections::BTreeMap;

use anyhow::{Context, bail};
use serde::Serialize;
use wink_stats::Interval;
use wink_stats::pooling::{self, Best, Pool, Tally};

use crate::arguments::ChannelsInput;
use crate::table::{Header, Table};
use crate::terminal::{self, say};

/// More channels than this are campaigns, or days.
const CHANNELS_MAX: usize = 50;

/// What is printed.
#[derive(Serialize)]
struct Report {
    customers: usize,
    channels: Vec<OfChannel>,
}

/// A channel over all customers.
#[derive(Serialize)]
struct OfChannel {
    channel: String,
    customers: usize,
    contacts: u64,
    conversions: u64,
    /// Conversions for each contact.
    raw: f64,
    /// The rate of somebody of whom nothing is known.
    rate: f64,
    /// How many contacts of their own count as much.
    strength: f64,
    /// Whether people differ more than by chance.
    differs: bool,
    /// For how many it is the best.
    best_for: usize,
}

/// Contacts by customer, then by channel.
struct Contacts {
    channels: Vec<String>,
    of: BTreeMap<String, Vec<Tally>>,
}

pub(super) fn run(asked: &ChannelsInput) -> anyhow::Result<()> {
    let contacts = Contacts::read(asked)?;
    let pools = contacts.fit()?;
    let best = best_of_each(&contacts, &pools, asked.level)?;
    if asked.each {
        return print_each(&contacts, &best);
    }
    let report = report(&contacts, &pools, &best);
    if asked.json {
        return terminal::json(&report);
    }
    print(&report);
    Ok(())
}

impl Contacts {
    fn read(asked: &ChannelsInput) -> anyhow::Result<Self> {
        let header = if asked.file.no_header { Header::None } else { Header::First };
        let table = Table::open(&asked.file.input, header)?;
        let (customers, named) = (table.names_of(&asked.customer)?, table.names_of(&asked.channel)?);
        let converted = table.numbers(&asked.converted)?;
        let mut places: BTreeMap<&str, usize> = named.iter().map(|name| (name.as_str(), 0)).collect();
        for (number, place) in places.values_mut().enumerate() {
            *place = number;
        }
        let (file, column) = (asked.file.input.display(), &asked.channel);
        if CHANNELS_MAX < places.len() {
            let found = places.len();
            bail!(
                "`{file}`, column `{column}`: there are {found} channels, and at most {CHANNELS_MAX} can be told apart"
            );
        }
        if places.len() < 2 {
            bail!("`{file}`, column `{column}`: there is one channel, and nothing to choose");
        }
        let mut of: BTreeMap<String, Vec<Tally>> = BTreeMap::new();
        for (row, ((customer, channel), converted)) in
            customers.iter().zip(&named).zip(&converted).enumerate()
        {
            let is_one = match converted {
                0.0 => 0,
                1.0 => 1,
                other => bail!(
                    "`{file}`, row {}, column `{}`: {other} is neither 1 nor 0",
                    row + 1,
                    asked.converted
                ),
            };
            let tallies = of.entry(customer.clone()).or_insert_with(|| vec![Tally::default(); places.len()]);
            let place = places.get(channel.as_str()).copied().unwrap_or(0);
            if let Some(tally) = tallies.get_mut(place) {
                tally.contacts += 1;
                tally.conversions += is_one;
            }
        }
        Ok(Self { channels: places.into_keys().map(str::to_owned).collect(), of })
    }

    /// Fits each channel to those who were contacted by it.
    fn fit(&self) -> anyhow::Result<Vec<Pool>> {
        let of_channel = |(place, name): (usize, &String)| {
            let contacted = self.of.values().filter_map(|tallies| tallies.get(place).copied());
            let contacted: Vec<Tally> = contacted.filter(|tally| 0 < tally.contacts).collect();
            Pool::fit(&contacted).with_context(|| format!("the channel `{name}`"))
        };
        self.channels.iter().enumerate().map(of_channel).collect()
    }
}

/// Finds everybody's best channel. Customers with the same contacts have the same, and are computed once.
fn best_of_each<'a>(
    contacts: &'a Contacts,
    pools: &[Pool],
    level: f64,
) -> anyhow::Result<BTreeMap<&'a [Tally], Best>> {
    let mut best: BTreeMap<&[Tally], Best> = BTreeMap::new();
    for tallies in contacts.of.values() {
        if !best.contains_key(tallies.as_slice()) {
            best.insert(tallies, pooling::best(pools, tallies, level)?);
        }
    }
    Ok(best)
}

fn report(contacts: &Contacts, pools: &[Pool], best: &BTreeMap<&[Tally], Best>) -> Report {
    let of_channel = |(place, (name, pool)): (usize, (&String, &Pool))| {
        let tallies = contacts.of.values().filter_map(|tallies| tallies.get(place));
        let sum = |of: fn(&Tally) -> u32| tallies.clone().map(|tally| u64::from(of(tally))).sum::<u64>();
        let (all, yes) = (sum(|tally| tally.contacts), sum(|tally| tally.conversions));
        let is_best =
            |tallies: &&Vec<Tally>| best.get(tallies.as_slice()).is_some_and(|best| best.place == place);
        #[expect(clippy::cast_precision_loss, reason = "counts of rows")]
        let raw = yes as f64 / all as f64;
        OfChannel {
            channel: name.clone(),
            customers: tallies.clone().filter(|tally| 0 < tally.contacts).count(),
            contacts: all,
            conversions: yes,
            raw,
            rate: pool.mean(),
            strength: pool.strength(),
            differs: pool.differs(),
            best_for: contacts.of.values().filter(is_best).count(),
        }
    };
    let channels = contacts.channels.iter().zip(pools).enumerate().map(of_channel).collect();
    Report { customers: contacts.of.len(), channels }
}

fn print(report: &Report) {
    say!("{} customers", report.customers);
    let mut rows = terminal::table();
    rows.set_header([
        "channel",
        "customers",
        "contacts",
        "converted",
        "rate of somebody new",
        "counts as",
        "best for",
    ]);
    for one in &report.channels {
        let strength = match one.differs {
            true => format!("{:.1} contacts", one.strength),
            false => "people do not differ".to_owned(),
        };
        rows.add_row([
            one.channel.clone(),
            one.customers.to_string(),
            one.contacts.to_string(),
            format!("{:.4}", one.raw),
            format!("{:.4}", one.rate),
            strength,
            one.best_for.to_string(),
        ]);
    }
    say!("{rows}");
}

fn print_each(contacts: &Contacts, best: &BTreeMap<&[Tally], Best>) -> anyhow::Result<()> {
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record(["customer", "channel", "rate", "lower", "upper", "probability_best"])?;
    for (customer, tallies) in &contacts.of {
        let Some(best) = best.get(tallies.as_slice()) else { continue };
        let channel = contacts.channels.get(best.place).map_or("", String::as_str);
        let Interval { estimate, lower, upper } = best.rate;
        let numbers = [estimate, lower, upper, best.probability].map(|number| format!("{number:.4}"));
        out.write_record([customer.as_str(), channel].into_iter().chain(numbers.iter().map(String::as_str)))?;
    }
    say!("{}", String::from_utf8(out.into_inner()?)?.trim_end());
    Ok(())
}

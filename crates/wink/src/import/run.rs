//! The year runs: events as they happened, and each Monday at six in the shop's morning a decision for every active household.
//!
//! Ids follow from the seed and decisions commit in order, so doing it again, or going on after a crash, ends in the same state.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::Context;
use indicatif::ProgressBar;
use wink_core::base::{DAY_MS, DecisionId, Timestamp, Zone};
use wink_core::decision::{Ask, Issue};
use wink_core::offer::Channel;
use wink_server::flow::decide::{Question, ask_in_order};
use wink_server::flow::expire::expire_due;
use wink_server::flow::ingest::{Received, ingest};
use wink_server::flow::past::{self, Past};
use wink_server::flow::points;
use wink_server::{Engine, SeededIds};
use wink_store::Store;

use super::completejourney::Journey;
use super::envelopes;
use crate::stop;

/// A household is active with a basket in this many days: eight weeks, twice the usual gap between shopping trips.
const ACTIVE_DAYS: i64 = 56;

/// The hour of the newsletter decision, on the shop's clock.
const NEWSLETTER_HOUR: i8 = 6;

/// Decisions asked at once; one commit group of the embedded store.
const DECISIONS_AT_ONCE: usize = 256;

/// Messages sent at once.
const MESSAGES_AT_ONCE: usize = 4_096;

/// How an import went.
pub(crate) struct Ran {
    /// The instant it reached.
    pub(crate) reached: Timestamp,
    /// Whether somebody stopped it there.
    pub(crate) stopped: bool,
    /// Events sent.
    pub(crate) events: u64,
    /// Order lines sent.
    pub(crate) lines: u64,
    /// Time spent sending events.
    pub(crate) ingesting: Duration,
    /// Time spent deciding and committing decisions.
    pub(crate) deciding: Duration,
}

/// What is sent, how, and until when.
pub(crate) struct Plan<'a> {
    pub(crate) journey: &'a Journey,
    pub(crate) ids: SeededIds,
    pub(crate) zone: Zone,
    pub(crate) assume_consent: bool,
    pub(crate) until: Option<Timestamp>,
}

/// Sends the year.
pub(crate) async fn run<S: Store>(
    engine: &Engine<S>,
    plan: &Plan<'_>,
    bar: &ProgressBar,
) -> anyhow::Result<Ran> {
    let mut ran = Ran {
        reached: Timestamp::default(),
        stopped: false,
        events: 0,
        lines: 0,
        ingesting: Duration::ZERO,
        deciding: Duration::ZERO,
    };
    let mut year = Year::new(plan)?;
    let mut last_seen: BTreeMap<i64, i64> = BTreeMap::new();
    while let Some(step) = year.next() {
        // Before anything is sent: whoever opens the store after a crash must know that this is the past.
        past::remember(engine, Past { reached: step.until, seed: plan.ids.0 }).await?;
        send(engine, plan, &step, &mut ran, bar).await?;
        for index in step.baskets.clone() {
            if let Some(basket) = plan.journey.baskets.get(index) {
                last_seen.insert(basket.household, basket.at_ms);
            }
        }
        expire_due(engine, &|| step.until).await?;
        points::expire::expire_due(engine, &|| step.until).await?;
        if step.is_monday && plan.assume_consent {
            let started = Instant::now();
            decide(engine, plan, step.until, &last_seen).await?;
            ran.deciding += started.elapsed();
        }
        ran.reached = step.until;
        if stop::asked() {
            ran.stopped = true;
            break;
        }
    }
    Ok(ran)
}

/// The year, cut at each Monday morning.
struct Year<'a> {
    plan: &'a Plan<'a>,
    cuts: Vec<(Timestamp, bool)>,
    next_cut: usize,
    next_basket: usize,
    next_redemption: usize,
}

/// What happened up to an instant.
struct Step {
    opens: Option<Timestamp>,
    baskets: std::ops::Range<usize>,
    redemptions: std::ops::Range<usize>,
    until: Timestamp,
    is_monday: bool,
}

impl<'a> Year<'a> {
    fn new(plan: &'a Plan<'a>) -> anyhow::Result<Self> {
        let journey = plan.journey;
        let first = journey.baskets.first().context("the data has no baskets")?;
        let last = journey.baskets.last().map_or(first.at_ms, |basket| basket.at_ms);
        let end = plan.until.unwrap_or(Timestamp(last + 1)).min(Timestamp(last + 1));
        let mut cuts = Vec::new();
        for day in Timestamp(first.at_ms).day()..=end.day() {
            let at = plan.zone.instant(day, NEWSLETTER_HOUR).context("a day has no morning")?;
            let (weekday, _) = plan.zone.weekday_and_hour(at);
            if weekday == 1 && first.at_ms < at.0 && at < end {
                cuts.push((at, true));
            }
        }
        cuts.push((end, false));
        Ok(Self { plan, cuts, next_cut: 0, next_basket: 0, next_redemption: 0 })
    }

    fn next(&mut self) -> Option<Step> {
        let (until, is_monday) = *self.cuts.get(self.next_cut)?;
        let journey = self.plan.journey;
        let opens = match self.next_cut {
            // The midnight before the first basket.
            0 => journey.baskets.first().map(|basket| Timestamp(basket.at_ms.div_euclid(DAY_MS) * DAY_MS)),
            _ => None,
        };
        let baskets = journey.baskets.partition_point(|basket| basket.at_ms < until.0);
        let redemptions = journey.redemptions.partition_point(|redemption| redemption.at_ms < until.0);
        let step = Step {
            opens,
            baskets: self.next_basket..baskets,
            redemptions: self.next_redemption..redemptions,
            until,
            is_monday,
        };
        (self.next_cut, self.next_basket, self.next_redemption) = (self.next_cut + 1, baskets, redemptions);
        Some(step)
    }
}

/// Sends what happened in a step, in the order of time.
async fn send<S: Store>(
    engine: &Engine<S>,
    plan: &Plan<'_>,
    step: &Step,
    ran: &mut Ran,
    bar: &ProgressBar,
) -> anyhow::Result<()> {
    let journey = plan.journey;
    let mut messages: Vec<Received> = Vec::new();
    if let Some(at) = step.opens {
        messages.extend(opening(plan, at)?);
    }
    for redemption in journey.redemptions.get(step.redemptions.clone()).unwrap_or_default() {
        messages.push(envelopes::redemption(redemption)?);
    }
    for basket in journey.baskets.get(step.baskets.clone()).unwrap_or_default() {
        messages.push(envelopes::order(journey, basket)?);
        ran.lines += u64::try_from(basket.lines.len()).unwrap_or(0);
    }
    messages.sort_by_key(|message| message.at);
    let mut rest = messages.into_iter().peekable();
    while rest.peek().is_some() {
        let some: Vec<Received> = rest.by_ref().take(MESSAGES_AT_ONCE).collect();
        let count = u64::try_from(some.len()).unwrap_or(0);
        let started = Instant::now();
        ingest(engine, &plan.ids, some).await?;
        ran.ingesting += started.elapsed();
        ran.events += count;
        bar.inc(count);
    }
    Ok(())
}

/// What is known before the year begins: consents, if they are assumed, and what is stated of the households.
fn opening(plan: &Plan<'_>, at: Timestamp) -> anyhow::Result<Vec<Received>> {
    let mut households: Vec<i64> = plan.journey.baskets.iter().map(|basket| basket.household).collect();
    households.sort_unstable();
    households.dedup();
    let mut messages = Vec::new();
    for household in households {
        if plan.assume_consent {
            messages.extend(envelopes::consents(household, at)?);
        }
        if let Some(stated) = plan.journey.demographics.get(&household) {
            messages.push(envelopes::identify(household, stated, at)?);
        }
    }
    Ok(messages)
}

/// Asks for every active household, in the order of their numbers.
async fn decide<S: Store>(
    engine: &Engine<S>,
    plan: &Plan<'_>,
    now: Timestamp,
    last_seen: &BTreeMap<i64, i64>,
) -> anyhow::Result<()> {
    let since = now.plus_days(-ACTIVE_DAYS).0;
    let mut questions = Vec::new();
    for (household, seen_ms) in last_seen {
        if *seen_ms <= since {
            continue;
        }
        let name = household.to_string();
        let fields: [&[u8]; 2] = [name.as_bytes(), &now.0.to_le_bytes()];
        let [a, b, c, d, e, f, g, h, ..] = plan.ids.bytes("decision seed", &fields);
        questions.push(Question {
            identity: envelopes::household(*household)?,
            ask: Ask {
                channel: Channel::Newsletter,
                placement: "weekly".to_owned(),
                cart: None,
                issue: Issue::Now,
            },
            now,
            id: DecisionId::new(now, plan.ids.bytes("decision id", &fields)),
            seed: u64::from_le_bytes([a, b, c, d, e, f, g, h]),
            once: None,
        });
    }
    for some in questions.chunks(DECISIONS_AT_ONCE) {
        ask_in_order(engine, some).await?;
    }
    Ok(())
}

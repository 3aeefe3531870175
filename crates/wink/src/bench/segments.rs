//! Segments of a million people: how long it takes to read their sizes, to try a rule, to compare them and to look at everybody.
//!
//! In this process and without a network: what is measured is the counting.

use std::hint::black_box;
use std::time::Instant;

use anyhow::{anyhow, bail, ensure};
use indicatif::ProgressBar;
use wink_core::base::Timestamp;
use wink_core::feature::Rule;
use wink_core::profile::Purpose;
use wink_server::Engine;
use wink_server::flow::segments::preview::Asked;
use wink_server::flow::segments::{overlap, pass, preview, sizes};
use wink_server::http::Conduct;
use wink_store::Store;

use super::growth::{Place, fill};
use super::shop::put_in_force;
use crate::command::bench::{Measured, median};
use crate::home;

const PEOPLE: u64 = 1_000_000;

/// Everybody has ordered once; a coupon or a second order is what some have.
const SEGMENTS: &str = r#"[[segments]]
id = "buyers"
title = "Everybody who ordered this year"
rule = "feature.orders_365d >= 1.0"
purpose = "personalisation"

[[segments]]
id = "tea"
title = "Buys tea above all"
rule = 'feature.category_affinity["TEA"] >= 0.5 && feature.recency_days < 90.0'
purpose = "newsletter"
"#;

/// Measures all of it.
pub(crate) fn measure(rounds: usize, bar: &ProgressBar) -> anyhow::Result<Vec<Measured>> {
    let place = Place::new("segments");
    fill(&place.0, 0..PEOPLE, bar)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let taken = runtime.block_on(async {
        let service = home::open_service(&place.0, Conduct::default()).await?;
        put_in_force(&service, &[("segments.toml", SEGMENTS)]).await?;
        let [engine] = &service.engines()[..] else { bail!("there is more than one tenant") };
        let mut taken = Taken::of(engine, (service.clock)()).await?;
        for _ in 0..rounds {
            taken.round(engine, (service.clock)()).await?;
            bar.inc(1);
        }
        Ok(taken)
    });
    taken.map(Taken::report)
}

/// Seconds, by what took them.
#[derive(Default)]
struct Taken {
    first_pass: f64,
    passes: Vec<f64>,
    sizes: Vec<f64>,
    previews: Vec<f64>,
    overlaps: Vec<f64>,
}

impl Taken {
    /// Fills the segments, which are new.
    async fn of<S: Store>(engine: &Engine<S>, now: Timestamp) -> anyhow::Result<Self> {
        let begun = Instant::now();
        pass::all(engine, now).await?;
        Ok(Self { first_pass: begun.elapsed().as_secs_f64(), ..Self::default() })
    }

    async fn round<S: Store>(&mut self, engine: &Engine<S>, now: Timestamp) -> anyhow::Result<()> {
        let begun = Instant::now();
        let size = sizes::one(engine, "buyers").await?;
        self.sizes.push(begun.elapsed().as_secs_f64());
        ensure!(size.members == PEOPLE, "{} of {PEOPLE} people are counted", size.members);

        let rule = Rule::compile("feature.orders_365d >= 1.0", &engine.features())
            .map_err(|problem| anyhow!("the bench's rule: {problem}"))?;
        let begun = Instant::now();
        let asked = Asked { rule, purpose: Purpose::Personalisation };
        let found = preview::count(engine, &asked, now).await?;
        self.previews.push(begun.elapsed().as_secs_f64());
        black_box(found);

        let begun = Instant::now();
        let found = overlap::count(engine, &["buyers", "tea"].map(str::to_owned)).await?;
        self.overlaps.push(begun.elapsed().as_secs_f64());
        ensure!(found.any == PEOPLE, "{} of {PEOPLE} people are compared", found.any);

        let begun = Instant::now();
        pass::all(engine, now).await?;
        self.passes.push(begun.elapsed().as_secs_f64());
        Ok(())
    }

    fn report(self) -> Vec<Measured> {
        let within = |name, value: f64, limit_name, limit_value: f64, target| Measured {
            name,
            unit: "s",
            value,
            limit_name,
            limit_value,
            ratio: value / limit_value,
            target,
            met: value <= limit_value,
        };
        let overlap = median(self.overlaps);
        vec![
            within("size of a segment of 1,000,000", median(self.sizes), "a second", 1.0, "at most 1 s"),
            within("preview of a rule over 1,000,000", median(self.previews), "a second", 1.0, "at most 1 s"),
            within("overlap of two segments of 1,000,000", overlap, "a second", 1.0, "at most 1 s"),
            within("first pass over 1,000,000 people", self.first_pass, "an hour", 3_600.0, "at most 1 h"),
            within(
                "pass over 1,000,000, nothing changed",
                median(self.passes),
                "ten minutes",
                600.0,
                "at most 10 min",
            ),
        ]
    }
}

/// How often the bar moves for so many rounds.
pub(crate) fn steps(rounds: usize) -> usize {
    rounds + 1
}

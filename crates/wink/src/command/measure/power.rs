//! `wink measure power`: how many people an experiment takes, before there is one.

use anyhow::{bail, ensure};
use serde::Serialize;
use wink_stats::PEOPLE_MIN;
use wink_stats::experiment::Plan;

use crate::arguments::PowerAsked;
use crate::terminal::{self, say};

/// What is usual, if nothing else is said.
const POWER: f64 = 0.8;

/// Below so many with a yes or a no in an arm, the normal distribution the plan goes by is rough.
const SEEN_MIN: f64 = 10.0;

/// More people than there are need no plan, and a count of them has digits that mean nothing.
const PEOPLE_MAX: f64 = 1e11;

/// A share of the people that only rounding makes more than it is.
const ROUNDING: f64 = 1e-9;

/// What is printed.
#[derive(Serialize)]
struct Report {
    /// What was asked for: `people`, `effect` or `power`.
    found: &'static str,
    outcome: &'static str,
    baseline: Option<f64>,
    standard_deviation: Option<f64>,
    effect: f64,
    lift: Option<f64>,
    hold_out: f64,
    treated: u64,
    held_out: u64,
    people: u64,
    alpha: f64,
    power: f64,
}

/// What was asked for, `people`, `effect` or `power`, with all three.
struct Found {
    what: &'static str,
    effect: f64,
    people: f64,
    power: f64,
}

/// The outcome without the treatment.
enum Outcome {
    Rate(f64),
    Mean { mean: Option<f64>, deviation: f64 },
}

pub(super) fn run(asked: &PowerAsked) -> anyhow::Result<()> {
    let report = report(asked)?;
    if let Some(note) = report.roughly() {
        terminal::note(&note);
    }
    if asked.json {
        return terminal::json(&report);
    }
    report.print();
    Ok(())
}

fn report(asked: &PowerAsked) -> anyhow::Result<Report> {
    for (name, part) in [("--hold-out", asked.hold_out), ("--alpha", asked.alpha)] {
        ensure!(0.0 < part && part < 1.0, "{name} is {part}, and must be between 0 and 1");
    }
    let outcome = outcome(asked)?;
    let Found { what, effect, people, power } = found(asked, &outcome)?;
    let (treated, held_out) = arms(asked.hold_out, what, people)?;
    if what != "people" {
        enough(treated.min(held_out), asked)?;
    }
    Ok(Report {
        found: what,
        outcome: outcome.name(),
        baseline: outcome.baseline(),
        standard_deviation: outcome.deviation(),
        effect,
        lift: outcome.baseline().filter(|baseline| *baseline != 0.0).map(|baseline| effect / baseline),
        hold_out: asked.hold_out,
        treated,
        held_out,
        people: treated + held_out,
        alpha: asked.alpha,
        power,
    })
}

/// Finds what was not said of effect, people and power.
fn found(asked: &PowerAsked, outcome: &Outcome) -> anyhow::Result<Found> {
    let (treated, level) = (1.0 - asked.hold_out, 1.0 - asked.alpha);
    let wanted = asked.power.unwrap_or(POWER);
    let of = |what, effect, people, power| Found { what, effect, people, power };
    match (outcome.effect(asked)?, asked.people.map(f64::from)) {
        (Some(_), Some(_)) if asked.power.is_some() => {
            bail!("of effect, --people and --power one is to be found: leave one away")
        }
        (Some(effect), Some(people)) => {
            let power = outcome.plan(effect, treated, level).power(effect, people)?;
            Ok(of("power", effect, people, power))
        }
        (Some(effect), None) => {
            let people = outcome.plan(effect, treated, level).people(effect, wanted)?;
            Ok(of("people", effect, people, wanted))
        }
        (None, Some(people)) => {
            let effect = match outcome {
                Outcome::Rate(rate) => Plan::detectable_rise(*rate, treated, level, people, wanted)?,
                Outcome::Mean { .. } => outcome.plan(0.0, treated, level).detectable(people, wanted)?,
            };
            Ok(of("effect", effect, people, wanted))
        }
        (None, None) => {
            bail!("say what is to be seen with --effect or --lift, or how many there are with --people")
        }
    }
}

/// Refuses a number of people of whom nothing would be said: what the formula finds for so few is no effect that could be seen.
fn enough(fewest: u64, asked: &PowerAsked) -> anyhow::Result<()> {
    let part = asked.hold_out.min(1.0 - asked.hold_out);
    let people = (real(PEOPLE_MIN) / part * (1.0 - ROUNDING)).ceil();
    ensure!(
        PEOPLE_MIN <= fewest,
        "an arm has {fewest} people, and `wink measure experiment` says nothing of fewer than {PEOPLE_MIN}; with this hold-out that takes --people {people}"
    );
    Ok(())
}

/// How many are treated, and how many held out.
fn arms(hold_out: f64, what: &str, people: f64) -> anyhow::Result<(u64, u64)> {
    ensure!(
        people <= PEOPLE_MAX,
        "that takes {people:.1e} people, more than there are: ask for a larger effect, or a hold-out nearer to one half"
    );
    // Nobody is half in an arm: where it is asked how many it takes, both are filled up.
    let filled_up = |part: f64| (people * part - ROUNDING * people).ceil();
    let (treated, held_out) = match what {
        "people" => (filled_up(1.0 - hold_out), filled_up(hold_out)),
        _ => (people - (people * hold_out).round(), (people * hold_out).round()),
    };
    ensure!(
        1.0 <= held_out.min(treated),
        "of {people} people nobody is in one of the arms with --hold-out {hold_out}"
    );
    Ok((whole(treated), whole(held_out)))
}

/// A number with its sign and up to six digits behind the point.
fn short(number: f64) -> String {
    let long = format!("{number:+.6}");
    long.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "from 0 to PEOPLE_MAX, and whole"
)]
fn whole(people: f64) -> u64 {
    people as u64
}

fn outcome(asked: &PowerAsked) -> anyhow::Result<Outcome> {
    if let Some(rate) = asked.rate {
        ensure!(
            0.0 < rate && rate < 1.0,
            "--rate is {rate}, and must be between 0 and 1: 0.05 is five per cent"
        );
        return Ok(Outcome::Rate(rate));
    }
    let Some(deviation) = asked.sd else { bail!("say --rate of a yes or no, or --sd of a number") };
    ensure!(0.0 < deviation && deviation.is_finite(), "--sd is {deviation}, and must be above 0");
    ensure!(asked.mean.is_none_or(f64::is_finite), "--mean must be finite");
    Ok(Outcome::Mean { mean: asked.mean, deviation })
}

#[expect(clippy::cast_precision_loss, reason = "people are far fewer than 2^53")]
fn real(people: u64) -> f64 {
    people as f64
}

impl Outcome {
    fn name(&self) -> &'static str {
        match self {
            Self::Rate(_) => "rate",
            Self::Mean { .. } => "mean",
        }
    }

    fn baseline(&self) -> Option<f64> {
        match self {
            Self::Rate(rate) => Some(*rate),
            Self::Mean { mean, .. } => *mean,
        }
    }

    fn deviation(&self) -> Option<f64> {
        match self {
            Self::Rate(_) => None,
            Self::Mean { deviation, .. } => Some(*deviation),
        }
    }

    /// The effect that was asked about, in the outcome's unit.
    fn effect(&self, asked: &PowerAsked) -> anyhow::Result<Option<f64>> {
        let effect = match (asked.effect, asked.lift, self.baseline()) {
            (Some(effect), ..) => effect,
            (None, Some(lift), Some(baseline)) => lift * baseline,
            (None, Some(_), None) => {
                bail!("--lift is a part of the mean: say --mean, or the effect itself with --effect")
            }
            (None, None, _) => return Ok(None),
        };
        ensure!(
            effect != 0.0 && effect.is_finite(),
            "the effect is {effect}, and must be a number other than 0"
        );
        if let Self::Rate(rate) = self {
            let with = rate + effect;
            ensure!(
                0.0 < with && with < 1.0,
                "with the effect the rate would be {with}, and must be between 0 and 1"
            );
        }
        Ok(Some(effect))
    }

    fn plan(&self, effect: f64, treated: f64, level: f64) -> Plan {
        match self {
            Self::Rate(rate) => Plan::for_rates(*rate, rate + effect, treated, level),
            Self::Mean { deviation, .. } => {
                let variance = deviation * deviation;
                Plan { variance_control: variance, variance_treated: variance, treated, level }
            }
        }
    }
}

impl Report {
    /// Says so if the figures are rougher than they look.
    fn roughly(&self) -> Option<String> {
        if self.treated.min(self.held_out) < PEOPLE_MIN {
            return Some(format!(
                "an arm has fewer than {PEOPLE_MIN} people, of whom `wink measure experiment` says nothing"
            ));
        }
        let rate = self.baseline.filter(|_| self.outcome == "rate")?;
        let is_rare = |people: u64, rate: f64| real(people) * rate.min(1.0 - rate) < SEEN_MIN;
        (is_rare(self.treated, rate + self.effect) || is_rare(self.held_out, rate)).then(|| {
            format!(
                "in one arm fewer than {SEEN_MIN} are expected to do it, or not to: the figures are rough"
            )
        })
    }

    fn print(&self) {
        let Self { effect, treated, held_out, people, alpha, power, .. } = self;
        let lift = self.lift.map(|lift| format!(", {:+.2} %", 100.0 * lift)).unwrap_or_default();
        let without = match (self.baseline, self.standard_deviation) {
            (Some(mean), Some(deviation)) => format!("mean {mean}, standard deviation {deviation}"),
            (None, Some(deviation)) => format!("standard deviation {deviation}"),
            (rate, None) => format!("rate {}", rate.unwrap_or_default()),
        };
        say!("{without} without the treatment; effect {}{lift}", short(*effect));
        say!("{treated} treated and {held_out} held out, {people} people");
        say!(
            "seen with a power of {:.1} %, where no effect is called one in {} %",
            100.0 * power,
            // As many digits as were written, not those of the product's rounding.
            (100.0 * alpha * 1e6).round() / 1e6
        );
        say!(
            "{}",
            match self.found {
                "people" => "found: how many people it takes",
                "effect" => "found: the least effect that so many people show",
                _ => "found: the power",
            }
        );
    }
}

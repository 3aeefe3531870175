//! `cargo xtask bench stats`: how long Wink's statistics take on data of the size that was asked about, beside what is known of others. Theirs
//! were measured on other machines, or another day: `cargo xtask compare statistics` runs both on the same input.

use std::path::Path;

use serde_json::{Value, json};
use wink_stats::Error;
use wink_stats::buying::{Customer, History};
use wink_stats::numeric::{Chance, count};
use wink_stats::offpolicy::{CellMeans, Choices, Log, direct};
use wink_stats::propensity::Linear;
use wink_stats::uplift::Learner;
use wink_trees::Trees;

use super::{ARMS, Failure, Sample, bandit, buying, doubly_robust, effects_of, timed};

const CUSTOMERS: u32 = 1_000_000;
const PEOPLE: usize = 500_000;
const ROUNDS: usize = 50_000;
const LOGGED: usize = 1_000_000;

/// Runs all and prints one object with a row for each.
pub(super) fn run(directory: &Path) -> Result<Value, Failure> {
    let mut rows = Vec::new();
    clv(&mut rows)?;
    hillstrom(directory, &mut rows)?;
    known_effects(&mut rows)?;
    bandits(&mut rows)?;
    off_policy(&mut rows)?;
    Ok(json!({ "benches": rows }))
}

/// A row about seconds: others need `theirs`, and Wink is to be `target` times faster.
fn faster(name: &str, seconds: f64, peer: &str, theirs: f64, target: f64) -> Value {
    let ratio = theirs / seconds;
    json!({ "name": name, "value": seconds, "unit": "CPU s", "limit_name": peer, "limit_value": theirs,
        "ratio": ratio, "target": target, "met": target <= ratio })
}

/// A row about something that may be at most so much.
fn at_most(name: &str, value: f64, unit: &str, peer: &str, limit: f64) -> Value {
    json!({ "name": name, "value": value, "unit": unit, "limit_name": peer, "limit_value": limit,
        "ratio": value / limit, "target": 1.0, "met": value <= limit })
}

fn number(told: &Value, name: &str) -> Result<f64, Failure> {
    told.get(name).and_then(Value::as_f64).ok_or_else(|| format!("`{name}` was not told").into())
}

/// Customers who buy and leave as BG/NBD says, watched for 39 to 78 weeks; what they do lies on days.
fn clv(rows: &mut Vec<Value>) -> Result<(), Failure> {
    let mut chance = Chance::of(1);
    let customers: Vec<Customer> = (0..CUSTOMERS).map(|id| customer(id, &mut chance)).collect();
    let (told, ..) = buying(&customers)?;
    let seconds = |name: &str| number(&told, name);
    rows.push(faster("BG/NBD fit, 1,000,000 customers", seconds("fit_seconds")?, "lifetimes", 7.08, 40.0));
    let counting = seconds("cells_seconds")?;
    rows.push(json!({ "name": "counting who looks alike", "value": counting, "unit": "CPU s" }));
    rows.push(faster(
        "P(alive) of 1,000,000",
        seconds("alive_seconds")?,
        "lifetimes, of columns",
        0.066,
        10.0,
    ));
    let again = seconds("alive_again_seconds")?;
    rows.push(json!({ "name": "the same, into memory that is there", "value": again, "unit": "CPU s" }));
    rows.push(faster("purchases of 1,000,000", seconds("expected_seconds")?, "lifetimes", 0.5, 10.0));
    let finding = seconds("many_seconds")?;
    rows.push(json!({ "name": "finding the different times, once", "value": finding, "unit": "CPU s" }));
    rows.push(faster("gamma-gamma fit", seconds("spend_seconds")?, "lifetimes", 6.4, 20.0));
    Ok(())
}

fn customer(id: u32, chance: &mut Chance) -> Customer {
    let days = 39.0 * 7.0 + (39.0 * 7.0 * chance.uniform()).floor();
    let (rate, leaves) = (chance.gamma(0.6) / 6.0 / 7.0, chance.beta(0.9, 2.4));
    let (mut repeats, mut last, mut at) = (0, 0.0, 0.0);
    loop {
        at += chance.exponential(rate);
        if days < at {
            break;
        }
        (repeats, last) = (repeats + 1, at);
        if chance.uniform() < leaves {
            break;
        }
    }
    let last = if repeats == 0 { 0.0 } else { last.ceil().clamp(1.0, days) };
    let shape = 6.0 * f64::from(repeats.max(1));
    let spend = chance.gamma(shape) / f64::from(repeats.max(1)) * 15.0 / chance.gamma(4.0);
    Customer { id, history: History { repeats, last: last / 7.0, observed: days / 7.0 }, spend, later: 0 }
}

/// The women's e-mail of Hillstrom's challenge, and visits: learned from one half, told of the other.
fn hillstrom(directory: &Path, rows: &mut Vec<Value>) -> Result<(), Failure> {
    let halves = mailing(&directory.join("hillstrom").join("hillstrom.csv.gz"))?;
    let [train, test] = &halves;
    let (_, seconds) = effects_of(train, test, &Learner::T, &Linear::default())?;
    rows.push(faster("Hillstrom, T-learner, fit and score", seconds, "scikit-learn", 0.04, 3.0));
    let (_, seconds) = effects_of(train, test, &doubly_robust(train.given.len()), &Trees::default())?;
    rows.push(at_most("Hillstrom, DR-learner, fit and score", seconds, "CPU s", "causalml", 1.4));
    Ok(())
}

fn mailing(path: &Path) -> Result<[Sample; 2], Failure> {
    let file = std::fs::File::open(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut lines = csv::Reader::from_reader(flate2::read::MultiGzDecoder::new(file));
    let header = lines.headers()?.clone();
    let empty = || Sample { features: Vec::new(), columns: 9, given: Vec::new(), outcomes: Vec::new() };
    let mut halves = [empty(), empty()];
    for (number, line) in lines.records().enumerate() {
        let line = line?;
        let text = |name: &str| {
            let at = header.iter().position(|column| column == name);
            at.and_then(|at| line.get(at)).ok_or_else(|| format!("there is no column `{name}`"))
        };
        let given = match text("segment")? {
            "Womens E-Mail" => 1,
            "No E-Mail" => 0,
            _ => continue,
        };
        let value = |name: &str| -> Result<f64, Failure> { Ok(text(name)?.parse()?) };
        let is = |name: &str, asked: &str| -> Result<f64, Failure> {
            Ok(f64::from(u8::from(text(name)? == asked)))
        };
        let half = halves.get_mut(number % 2).ok_or("there are two halves")?;
        // The features of the published reference.
        half.features.extend([
            value("recency")? / 12.0,
            value("history")?.ln_1p() / 8.0,
            value("mens")?,
            value("womens")?,
            value("newbie")?,
            is("zip_code", "Urban")?,
            is("zip_code", "Surburban")?,
            is("channel", "Web")?,
            is("channel", "Phone")?,
        ]);
        half.given.push(given);
        half.outcomes.push(value("visit")?);
    }
    Ok(halves)
}

/// People who visit with a probability of their own, which a treatment drawn by lot changes by an effect of their own.
fn known_effects(rows: &mut Vec<Value>) -> Result<(), Failure> {
    const FEATURES: usize = 8;
    let mut chance = Chance::of(1);
    let mut sample =
        Sample { features: Vec::new(), columns: FEATURES, given: Vec::new(), outcomes: Vec::new() };
    let mut truth = Vec::with_capacity(PEOPLE);
    let logistic = |x: f64| 1.0 / (1.0 + (-x).exp());
    let above = |x: f64, least: f64| f64::from(u8::from(least < x));
    for _ in 0..PEOPLE {
        let x: [f64; FEATURES] = std::array::from_fn(|_| chance.normal());
        let [first, second, third, fourth, ..] = x;
        let given = usize::from(chance.uniform() < 0.5);
        let usual = 0.10 + 0.05 * logistic(first) + 0.03 * above(second, 0.0);
        let effect = 0.02 + 0.05 * logistic(2.0 * third) + 0.02 * above(fourth, 0.5);
        let visits = chance.uniform() < usual + effect * count(given);
        sample.features.extend(x);
        sample.given.push(given);
        sample.outcomes.push(f64::from(u8::from(visits)));
        truth.push(effect);
    }
    let (told, seconds) = effects_of(&sample, &sample, &doubly_robust(PEOPLE), &Trees::default())?;
    let squares: f64 = told.iter().zip(&truth).map(|(told, truth)| (told - truth) * (told - truth)).sum();
    let pehe = (squares / count(PEOPLE)).sqrt();
    rows.push(at_most("500,000 people, error of effects (PEHE)", pehe, "", "causalml X", 0.0078));
    rows.push(at_most("500,000 people, fit and predict", seconds, "CPU s", "causalml X", 10.6));
    Ok(())
}

/// Rounds with ten arms whose outcomes are linear in eight features.
fn bandits(rows: &mut Vec<Value>) -> Result<(), Failure> {
    const FEATURES: usize = 8;
    let mut chance = Chance::of(1);
    let weights: [[f64; FEATURES]; ARMS] =
        std::array::from_fn(|_| std::array::from_fn(|_| 0.3 * chance.normal()));
    let mut table = Vec::with_capacity(ROUNDS * (FEATURES + ARMS));
    for _ in 0..ROUNDS {
        let mut x: [f64; FEATURES] = std::array::from_fn(|_| chance.normal());
        x.iter_mut().take(1).for_each(|first| *first = 1.0);
        table.extend(x);
        for of_arm in &weights {
            let mean: f64 = of_arm.iter().zip(&x).map(|(weight, x)| weight * x).sum();
            table.push(mean + 0.5 * chance.normal());
        }
    }
    let told = bandit(&table, FEATURES)?;
    const THEIRS: f64 = 30_000.0;
    for (name, target) in [("softmax", 30.0), ("thompson", 3.0)] {
        let rate = count(ROUNDS) / number(&told, &format!("{name}_seconds"))?;
        rows.push(json!({ "name": format!("bandit, {name}, choose and learn"), "value": rate,
            "unit": "rounds per CPU s", "limit_name": "Vowpal Wabbit", "limit_value": THEIRS,
            "ratio": rate / THEIRS, "target": target, "met": target * THEIRS <= rate }));
    }
    Ok(())
}

/// A million logged rounds with twenty actions: all four estimates, with their intervals.
fn off_policy(rows: &mut Vec<Value>) -> Result<(), Failure> {
    const ACTIONS: usize = 20;
    let mut chance = Chance::of(1);
    let (mut actions, mut rewards) = (Vec::with_capacity(LOGGED), Vec::with_capacity(LOGGED));
    for _ in 0..LOGGED {
        let action = chance.below(ACTIONS);
        rewards.push(f64::from(u8::from(chance.uniform() < 0.01 + 0.002 * count(action))));
        actions.push(action);
    }
    let logged = vec![1.0 / count(ACTIONS); LOGGED];
    let whole: f64 = (0..ACTIONS).map(|action| count(action + 1)).sum();
    let wants = |action: usize| count(action + 1) / whole;
    let target: Vec<f64> = actions.iter().map(|action| wants(*action)).collect();
    let (_, seconds) = timed(|| {
        let log = Log::new(&rewards, &logged, &target)?;
        let (plain, normalised) = (log.ipw(0.95)?, log.snipw(0.95)?);
        let model = CellMeans::cross_fit(&actions, ACTIONS, &rewards, 2, 1)?;
        let of = |round: usize, action: usize| model.expected(round, action).unwrap_or_default();
        let expected: Vec<f64> =
            actions.iter().enumerate().map(|(round, action)| of(round, *action)).collect();
        let value = |round: usize| (0..ACTIONS).map(|action| wants(action) * of(round, action)).sum();
        let values: Vec<f64> = (0..LOGGED).map(value).collect();
        let (places, wanted): (Vec<usize>, Vec<f64>) = (0..ACTIONS).map(|action| (0, wants(action))).unzip();
        let choices = Choices { place_of: &places, probability: &wanted };
        let direct = direct(&actions, &rewards, choices, 0.95)?;
        Ok::<_, Error>([plain, normalised, direct, log.doubly_robust(&expected, &values, 0.95)?])
    })?;
    rows.push(at_most("off-policy, 1,000,000 rounds, IPW, SNIPW, DM, DR", seconds, "CPU s", "the goal", 1.0));
    Ok(())
}

//! Fits and predicts on files that others read too, for `cargo xtask compare statistics`, and says how long it had a processor. It makes no
//! data, and judges none; `bench`, for `cargo xtask bench stats`, makes its own.
//!
//! `cargo run --release -p wink-trees --example statistics PART DIRECTORY` reads tables of f64, little endian and row by row, and prints one
//! line of JSON; what is read before and written after is not timed. The parts:
//!
//! * `clv`: `customers.bin` (x, t_x, T, mean spend) → parameters of BG/NBD and gamma-gamma; P(alive) into `alive.bin`,
//! * `t-learner`: `train.bin` and `test.bin` (features, treatment, outcome) → effects by two logistic regressions into `effects.bin`,
//! * `dr-learner`: the same by boosted trees and doubly robust scores,
//! * `bandit`: `rounds.bin` (features, an outcome for each of ten arms) → the mean outcome of two policies that learn while they choose,
//! * `bench`: all of it on data made here, and on `hillstrom/hillstrom.csv.gz` in the directory → rows beside what is known of others.

mod bench;

use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use wink_stats::bandit::{Family, Prior, Softmax, SoftmaxSettings, Thompson, draw};
use wink_stats::buying::{Cells, Customer, History, Many, Model, SpendModel};
use wink_stats::numeric::Chance;
use wink_stats::propensity::{Base, Linear};
use wink_stats::uplift::{Folds, Learner, Propensities, Trial};
use wink_stats::{Error, Rows};
use wink_trees::Trees;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Arms of the bandit's rounds.
const ARMS: usize = 10;

fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let part = arguments.next().ok_or("name a part")?;
    let directory = arguments.next().map(PathBuf::from).ok_or("name the directory with the tables")?;
    let told = match part.as_str() {
        "clv" => clv(&directory)?,
        "t-learner" => effects(&directory, |_| Learner::T, &Linear::default())?,
        "dr-learner" => effects(&directory, doubly_robust, &Trees::default())?,
        "bandit" => {
            let columns: usize = std::fs::read_to_string(directory.join("features"))?.trim().parse()?;
            bandit(&read(&directory.join("rounds.bin"))?, columns)?
        }
        "bench" => bench::run(&directory)?,
        other => return Err(format!("there is no part `{other}`").into()),
    };
    writeln!(std::io::stdout(), "{told}")?;
    Ok(())
}

fn clv(directory: &Path) -> Result<Value, Failure> {
    let table = read(&directory.join("customers.bin"))?;
    let customers: Vec<Customer> = table.as_chunks::<4>().0.iter().map(customer).collect();
    let (told, alive, expected) = buying(&customers)?;
    write(&directory.join("alive.bin"), &alive)?;
    write(&directory.join("expected.bin"), &expected)?;
    Ok(told)
}

/// Fits both models; what was found, P(alive), and the purchases to expect in ten weeks.
fn buying(customers: &[Customer]) -> Result<(Value, Vec<f64>, Vec<f64>), Failure> {
    let histories: Vec<History> = customers.iter().map(|customer| customer.history).collect();
    let (cells, cells_seconds) = timed(|| Cells::of(&histories))?;
    let (fitted, fit_seconds) = timed(|| Model::BgNbd.fit(&cells))?;
    let (many, many_seconds) = timed(|| Many::of(&histories))?;
    let (alive, alive_seconds) = timed(|| Ok::<_, Error>(fitted.alive_of(&many)))?;
    // Once more, into memory that is there already: zeros would be promised by the system, and not be there before they are written.
    let mut again = vec![f64::NAN; histories.len()];
    let ((), again_seconds) = timed(|| {
        fitted.alive_into(&many, &mut again);
        Ok::<_, Error>(())
    })?;
    let (expected, expected_seconds) = timed(|| Ok::<_, Error>(fitted.purchases_of(&many, 10.0)))?;
    // What no prediction of as many can be faster than: as many numbers are written to memory that is new.
    let (_, written_seconds) = timed(|| Ok::<_, Error>(std::hint::black_box(vec![0.5; histories.len()])))?;
    let (_, each_seconds) = timed(|| {
        Ok::<_, Error>(histories.iter().map(|history| fitted.alive(history)).collect::<Vec<f64>>())
    })?;
    let (spend, spend_seconds) = timed(|| SpendModel.fit(customers))?;
    let (bought, spent) = (fitted.parameters(), spend.parameters());
    let told = json!({
        "cells": cells.different(), "cells_seconds": cells_seconds, "fit_seconds": fit_seconds,
        "many_seconds": many_seconds, "alive_seconds": alive_seconds, "alive_again_seconds": again_seconds,
        "alive_each_seconds": each_seconds, "written_seconds": written_seconds,
        "expected_seconds": expected_seconds, "spend_seconds": spend_seconds,
        "parameters": [bought.r, bought.alpha, bought.a, bought.b],
        "spend_parameters": [spent.p, spent.q, spent.gamma],
        "log_likelihood": fitted.log_likelihood(), "evaluations": fitted.evaluations(),
    });
    Ok((told, alive, expected))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the first column is a small count"
)]
fn customer([repeats, last, observed, spend]: &[f64; 4]) -> Customer {
    let history = History { repeats: *repeats as u32, last: *last, observed: *observed };
    Customer { id: 0, history, spend: *spend, later: 0 }
}

/// A table of a trial: the last column is the outcome, the one before it whether somebody was treated.
struct Sample {
    features: Vec<f64>,
    columns: usize,
    given: Vec<usize>,
    outcomes: Vec<f64>,
}

impl Sample {
    fn read(directory: &Path, name: &str) -> Result<Self, Failure> {
        let columns: usize = std::fs::read_to_string(directory.join("features"))?.trim().parse()?;
        let table = read(&directory.join(name))?;
        let (mut features, mut given, mut outcomes) = (Vec::new(), Vec::new(), Vec::new());
        for row in table.chunks_exact(columns + 2) {
            let (of_row, rest) = row.split_at(columns);
            let [treated, outcome] = rest else { return Err("a row is cut off".into()) };
            features.extend(of_row);
            given.push(usize::from(0.5 < *treated));
            outcomes.push(*outcome);
        }
        Ok(Self { features, columns, given, outcomes })
    }

    fn rows(&self) -> Result<Rows<'_>, Error> {
        Rows::new(&self.features, self.columns)
    }
}

/// The learner of doubly robust scores for so many people, as `wink model fit uplift --learner dr` has it.
fn doubly_robust(people: usize) -> Learner<'static> {
    Learner::Dr { folds: Folds::of(people), propensities: Propensities::Shares }
}

fn effects(
    directory: &Path,
    learner: impl Fn(usize) -> Learner<'static>,
    base: &dyn Base,
) -> Result<Value, Failure> {
    let (train, test) = (Sample::read(directory, "train.bin")?, Sample::read(directory, "test.bin")?);
    let (effects, seconds) = effects_of(&train, &test, &learner(train.given.len()), base)?;
    write(&directory.join("effects.bin"), &effects)?;
    Ok(json!({ "cpu_seconds": seconds }))
}

/// Learns effects from one sample and tells those of another, with the time it took.
fn effects_of(
    train: &Sample,
    test: &Sample,
    learner: &Learner<'_>,
    base: &dyn Base,
) -> Result<(Vec<f64>, f64), Failure> {
    let (mut effects, seconds) = timed(|| {
        let trial = Trial::new(train.rows()?, &train.given, &train.outcomes, 1)?;
        Ok::<_, Error>(learner.fit(base, &trial)?.predict(test.rows()?))
    })?;
    Ok((effects.drain(..).next().ok_or("no effects")?, seconds))
}

fn bandit(table: &[f64], columns: usize) -> Result<Value, Failure> {
    let rounds: Vec<(&[f64], &[f64])> =
        table.chunks_exact(columns + ARMS).map(|row| row.split_at(columns)).collect();
    let mut softmax = Softmax::new(ARMS, columns, SoftmaxSettings::default())?;
    let mut probabilities = Vec::new();
    let (fast, fast_seconds) = timed(|| {
        play(&rounds, |x, chance, outcome| {
            softmax.probabilities(x, &mut probabilities)?;
            let Some(choice) = draw(&probabilities, chance) else { return Ok(0.0) };
            let reward = outcome(choice.arm);
            softmax.learn(choice.arm, x, reward, choice.probability)?;
            Ok(reward)
        })
    })?;
    let prior = Prior::new(vec![0.0; columns], &vec![1.0; columns])?;
    let mut thompson = Thompson::new(Family::Gaussian { noise: 0.5 }, vec![prior; ARMS])?;
    let (exact, exact_seconds) = timed(|| {
        play(&rounds, |x, chance, outcome| {
            let Some(choice) = draw(&thompson.probabilities(x)?, chance) else { return Ok(0.0) };
            let reward = outcome(choice.arm);
            thompson.learn(choice.arm, x, reward)?;
            Ok(reward)
        })
    })?;
    Ok(json!({
        "softmax_seconds": fast_seconds, "softmax_mean": fast,
        "thompson_seconds": exact_seconds, "thompson_mean": exact,
    }))
}

/// Plays all rounds and tells the mean outcome of what was chosen.
fn play(
    rounds: &[(&[f64], &[f64])],
    mut choose_and_learn: impl FnMut(&[f64], f64, &dyn Fn(usize) -> f64) -> Result<f64, Error>,
) -> Result<f64, Error> {
    let mut chance = Chance::of(1);
    let (mut sum, mut count) = (0.0, 0.0);
    for (x, outcomes) in rounds {
        sum += choose_and_learn(x, chance.uniform(), &|arm| outcomes.get(arm).copied().unwrap_or_default())?;
        count += 1.0;
    }
    Ok(sum / count)
}

/// Computes something and tells for how many seconds its thread had a processor meanwhile.
fn timed<T, E: Into<Failure>>(compute: impl FnOnce() -> Result<T, E>) -> Result<(T, f64), Failure> {
    let begun = processor_ns()?;
    let computed = compute().map_err(Into::into)?;
    Ok((computed, f64::from(u32::try_from((processor_ns()? - begun) / 1_000)?) / 1e6))
}

fn processor_ns() -> Result<u64, Failure> {
    // The kernel adds to a thread's time at its ticks, some milliseconds apart, and when the thread gives way.
    std::thread::yield_now();
    let text = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    Ok(text.split_whitespace().next().ok_or("the kernel keeps no times of threads")?.parse()?)
}

fn read(path: &Path) -> Result<Vec<f64>, Failure> {
    Ok(std::fs::read(path)?.as_chunks().0.iter().map(|chunk| f64::from_le_bytes(*chunk)).collect())
}

fn write(path: &Path, numbers: &[f64]) -> Result<(), Failure> {
    let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
    Ok(std::fs::write(path, bytes)?)
}

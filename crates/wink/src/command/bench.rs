//! `wink bench`: how near the hot paths are to what this machine could do, as ratios measured in one run.

use std::hint::black_box;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use indicatif::ProgressBar;
use serde::Serialize;

use crate::arguments::{Bench, BenchSet};
use crate::bench::{coupons, decide, features, fold, growth, heap, http, import, moments, segments, stand};
use crate::terminal::say;
use crate::{home, terminal};

/// A measurement is repeated until it took this long: far above the clock's grain, short enough to interleave many rounds.
const ROUND: Duration = Duration::from_millis(100);

#[derive(Serialize)]
struct Report {
    rounds: usize,
    benches: Vec<Measured>,
}

/// One measurement: medians over all rounds.
#[derive(Serialize)]
pub(crate) struct Measured {
    pub(crate) name: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) value: f64,
    pub(crate) limit_name: &'static str,
    pub(crate) limit_value: f64,
    pub(crate) ratio: f64,
    pub(crate) target: &'static str,
    pub(crate) met: bool,
}

pub(crate) fn run(asked: &Bench) -> anyhow::Result<ExitCode> {
    let rounds = asked.rounds.max(1);
    let wants = |set: BenchSet| asked.sets.contains(&set);
    home::allow_files();
    let steps = [
        (wants(BenchSet::Core), rounds),
        (wants(BenchSet::Http), http::steps(rounds)),
        (wants(BenchSet::Serve), stand::steps(rounds)),
        (wants(BenchSet::Growth), growth::steps(rounds)),
        (wants(BenchSet::Segments), segments::steps(rounds)),
        (wants(BenchSet::Moments), moments::steps(rounds)),
        (wants(BenchSet::Features), features::steps(rounds)),
        (wants(BenchSet::Coupons), coupons::steps(rounds)),
        (wants(BenchSet::Heap), heap::steps(rounds)),
    ];
    let steps: usize = steps.iter().filter(|(wanted, _)| *wanted).map(|(_, steps)| steps).sum();
    let bar = terminal::progress(u64::try_from(steps).unwrap_or(0), "measuring", asked.json);
    let mut benches = Vec::new();
    if wants(BenchSet::Core) {
        benches.extend(core(rounds, asked.import.as_deref(), &bar)?);
    }
    if wants(BenchSet::Http) {
        benches.extend(http::measure(rounds, asked.only.as_deref(), &bar)?);
    }
    if wants(BenchSet::Serve) {
        benches.extend(stand::measure(rounds, &bar)?);
    }
    if wants(BenchSet::Growth) {
        benches.extend(growth::measure(rounds, &bar)?);
    }
    if wants(BenchSet::Segments) {
        benches.extend(segments::measure(rounds, &bar)?);
    }
    if wants(BenchSet::Moments) {
        benches.extend(moments::measure(rounds, &bar)?);
    }
    if wants(BenchSet::Features) {
        let beside = asked.beside.as_deref().zip(asked.body.as_deref());
        let beside = beside.map(|(url, body)| features::Beside::new(url, body)).transpose()?;
        benches.extend(features::measure(rounds, beside.as_ref(), &bar)?);
    }
    if wants(BenchSet::Coupons) {
        benches.extend(coupons::measure(rounds, asked.only.as_deref(), &bar)?);
    }
    if wants(BenchSet::Heap) {
        benches.extend(heap::measure(rounds, &bar)?);
    }
    bar.finish_and_clear();
    let report = Report { rounds, benches };
    if asked.json {
        terminal::json(&report)?;
    } else {
        print(&report);
    }
    Ok(ExitCode::SUCCESS)
}

fn core(rounds: usize, journey: Option<&Path>, bar: &ProgressBar) -> anyhow::Result<Vec<Measured>> {
    let (deciding, folding) = (decide::Case::new()?, fold::Case::new());
    let [mut decided, mut arithmetic, mut folded, mut additions, mut viewed] = [(); 5].map(|()| Vec::new());
    let mut imported = Vec::new();
    for _ in 0..rounds {
        decided.push(nanos_each(|| deciding.decide()));
        arithmetic.push(nanos_each(|| deciding.arithmetic()));
        folded.push(nanos_each(|| folding.fold()));
        additions.push(nanos_each(|| folding.additions()));
        viewed.push(nanos_each(|| folding.view()));
        if let Some(directory) = journey {
            imported.push(import::lines_per_second(directory)?);
        }
        bar.inc(1);
    }
    let additions = median(additions);
    let mut benches = vec![
        measured(
            ("decide, 20 offers x 60 features", "µs", 10.0, "at most 10 µs"),
            median(decided) / 1e3,
            ("the same 2,400 multiply-adds and 40 exponentials, bare", median(arithmetic) / 1e3),
        ),
        measured(
            ("fold of one order of 9 lines into all built-in features", "µs", 2.0, "at most 2 µs"),
            median(folded) / 1e3,
            ("its nine additions in one ordered map, bare", additions / 1e3),
        ),
        measured(
            ("view of all built-in features of one identity", "µs", 1.0, "at most 1 µs"),
            median(viewed) / 1e3,
            ("nine additions in one ordered map, bare", additions / 1e3),
        ),
        measured(
            ("state of a median customer of the sample", "bytes", 1_536.0, "at most 1,536 bytes"),
            real(folding.stored_bytes()),
            ("8 bytes for each of its features", real(8 * folding.features())),
        ),
    ];
    if !imported.is_empty() {
        let (reading, importing): (Vec<f64>, Vec<f64>) = imported.into_iter().unzip();
        benches.push(import::measured(median(importing), median(reading)));
    }
    Ok(benches)
}

/// A duration against its target and its limit; smaller is better.
fn measured(
    (name, unit, most, target): (&'static str, &'static str, f64, &'static str),
    value: f64,
    (limit_name, limit_value): (&'static str, f64),
) -> Measured {
    Measured {
        name,
        unit,
        value,
        limit_name,
        limit_value,
        ratio: value / limit_value,
        target,
        met: value <= most,
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of bytes and features are small")]
fn real(count: usize) -> f64 {
    count as f64
}

/// Repeats `work` for a round and tells how long one took. Frees what was made outside of the count of each.
fn nanos_each<T>(mut work: impl FnMut() -> T) -> f64 {
    let mut times = 0_u32;
    let started = Instant::now();
    loop {
        for _ in 0..64 {
            black_box(work());
        }
        times += 64;
        let elapsed = started.elapsed();
        if ROUND <= elapsed {
            return elapsed.as_secs_f64() * 1e9 / f64::from(times);
        }
    }
}

pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

fn print(report: &Report) {
    let mut table = terminal::table();
    table.set_header(["what", "measured", "limit in the same run", "ratio", "target", "met"]);
    for bench in &report.benches {
        table.add_row([
            bench.name.to_owned(),
            format!("{:.2} {}", bench.value, bench.unit),
            format!("{:.2} {} ({})", bench.limit_value, bench.unit, bench.limit_name),
            format!("{:.2}", bench.ratio),
            bench.target.to_owned(),
            if bench.met { "yes".to_owned() } else { "no".to_owned() },
        ]);
    }
    say!("{table}\nmedians of {} rounds, interleaved", report.rounds);
}

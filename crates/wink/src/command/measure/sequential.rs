//! `wink measure sequential`: two arms, looked at again and again.

use std::collections::BTreeMap;

use anyhow::{Context, bail, ensure};
use serde::Serialize;
use wink_stats::experiment::Sequence;
use wink_stats::{Moments, mean_difference};

use super::arms::{Arms, is_compared};
use super::open;
use crate::arguments::{Sequential, quoted};
use crate::command::interval::Around;
use crate::plot::{Band, Chart, Line};
use crate::table::Table;
use crate::terminal::{self, say};

/// What was known of both arms at a time.
struct Checkpoint {
    time: f64,
    /// Whether the time is a date, as days since 1970.
    is_date: bool,
    written: String,
    treated: Moments,
    control: Moments,
}

/// An experiment's looks.
#[derive(Serialize)]
struct Report {
    experiment: String,
    planned: u64,
    looks: Vec<Look>,
    /// The first time at which the sequence leaves zero out.
    decided_at: Option<String>,
    /// Whether the last look alone, with an interval for one look, would leave zero out.
    fixed_at_the_end: bool,
    /// Whether any look would: what peeking at such intervals makes of it.
    fixed_at_any_look: bool,
}

#[derive(Serialize)]
struct Look {
    time: String,
    treated: u64,
    control: u64,
    effect: Option<Around>,
    p_value: Option<f64>,
    refused: Option<String>,
}

pub(super) fn run(asked: &Sequential) -> anyhow::Result<()> {
    super::check_level(asked.level)?;
    let table = open(&asked.file)?;
    let experiments = if asked.checkpoints { checkpoints(asked, &table)? } else { people(asked, &table)? };
    let mut reports = Vec::new();
    for (name, looks) in &experiments {
        let report = judge(name, looks, asked);
        // A file of one experiment names none.
        let report =
            if name.is_empty() { report } else { report.with_context(|| format!("experiment `{name}`")) };
        reports.push(report?);
    }
    refuse_nothing(&reports)?;
    if let (Some(path), Some((name, looks)), Some(report)) =
        (&asked.plot, experiments.first_key_value(), reports.first())
    {
        draw(name, looks, report).write(path)?;
    }
    if asked.json {
        return terminal::json(&reports);
    }
    print(&reports, asked.level);
    Ok(())
}

/// Rows that sum up a look each, by experiment. A row with a number missing is no look.
fn checkpoints(asked: &Sequential, table: &Table) -> anyhow::Result<BTreeMap<String, Vec<Checkpoint>>> {
    let times = table.names_of(&asked.time)?;
    let (treated, control) = (arm(table, "t")?, arm(table, "c")?);
    let mut experiments: BTreeMap<String, Vec<Checkpoint>> = BTreeMap::new();
    for ((name, written), (treated, control)) in
        names(asked, table)?.into_iter().zip(times).zip(treated.into_iter().zip(control))
    {
        let looks = experiments.entry(name).or_default();
        if let (Some(treated), Some(control)) = (treated, control) {
            let (time, is_date) = place(&written)?;
            looks.push(Checkpoint { time, is_date, written, treated, control });
        }
    }
    for (name, looks) in &mut experiments {
        looks.sort_by(|a, b| a.time.total_cmp(&b.time));
        // Each look holds all people until then: of two at one time it cannot be told which is right, or they are of two experiments.
        let twice = looks.iter().zip(looks.iter().skip(1)).find(|(one, next)| one.time == next.time);
        if let Some((look, _)) = twice {
            let of = if name.is_empty() { String::new() } else { format!(" of experiment `{name}`") };
            bail!(
                "`{}`, column `{}`: there are two looks{of} at `{}`; name the columns that tell experiments apart with --by, or leave one row out",
                asked.file.input.display(),
                asked.time,
                look.written
            );
        }
    }
    Ok(experiments)
}

/// The columns of one arm, row by row; `None` where a number is missing.
fn arm(table: &Table, arm: &str) -> anyhow::Result<Vec<Option<Moments>>> {
    let column = |what: &str| table.numbers_or_missing(&format!("{what}_{arm}"));
    let (counts, means, variances) = (column("count")?, column("mean")?, column("variance")?);
    let mut moments = Vec::with_capacity(counts.len());
    for (row, ((count, mean), variance)) in counts.into_iter().zip(means).zip(variances).enumerate() {
        let (Some(count), Some(mean), Some(variance)) = (count, mean, variance) else {
            moments.push(None);
            continue;
        };
        let is_number_of_people = 0.0 <= count && count.fract() == 0.0 && count < 1e15;
        ensure!(is_number_of_people, "row {}: `{count}` is not a number of people", row + 1);
        ensure!(0.0 <= variance, "row {}: the variance `{variance}` is below 0", row + 1);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "whole, and checked above"
        )]
        moments.push(Some(Moments::from_parts(count as u64, mean, variance)));
    }
    Ok(moments)
}

/// People with a day each: one look at the end of every day.
fn people(asked: &Sequential, table: &Table) -> anyhow::Result<BTreeMap<String, Vec<Checkpoint>>> {
    let (Some(treatment), Some(outcome)) = (&asked.treatment, &asked.outcome) else {
        return Ok(BTreeMap::new());
    };
    let arms = Arms::read(treatment)?.of(table)?;
    let values = table.numbers_of(outcome, |row| is_compared(&arms, row))?;
    let days = table.dates(&asked.time)?;
    let mut by_day: BTreeMap<(String, jiff::civil::Date), [Moments; 2]> = BTreeMap::new();
    for (((name, arm), value), day) in names(asked, table)?.into_iter().zip(arms).zip(values).zip(days) {
        let [treated, control] = by_day.entry((name, day)).or_default();
        match arm {
            Some(true) => treated.add(value),
            Some(false) => control.add(value),
            None => {}
        }
    }
    let mut experiments: BTreeMap<String, Vec<Checkpoint>> = BTreeMap::new();
    for ((name, day), [mut treated, mut control]) in by_day {
        let looks = experiments.entry(name).or_default();
        if let Some(before) = looks.last() {
            treated.merge(&before.treated);
            control.merge(&before.control);
        }
        let written = day.to_string();
        let (time, is_date) = place(&written)?;
        looks.push(Checkpoint { time, is_date, written, treated, control });
    }
    Ok(experiments)
}

/// What each row's experiment is called.
fn names(asked: &Sequential, table: &Table) -> anyhow::Result<Vec<String>> {
    let mut names = vec![String::new(); table.rows()];
    for column in &quoted::names(&asked.by) {
        for (name, part) in names.iter_mut().zip(table.names_of(column)?) {
            let between = if name.is_empty() { "" } else { "/" };
            name.push_str(between);
            name.push_str(&part);
        }
    }
    Ok(names)
}

/// A time as a number, one that is written so or days since 1970, and whether it is a date.
fn place(written: &str) -> anyhow::Result<(f64, bool)> {
    if let Ok(number) = written.trim().parse::<f64>() {
        ensure!(number.is_finite(), "`{written}` is not a time");
        return Ok((number, false));
    }
    let day = crate::table::read_date(written)
        .with_context(|| format!("`{written}` is neither a number nor a date"))?;
    Ok((f64::from(crate::table::days_since_1970(day)), true))
}

fn judge(name: &str, checkpoints: &[Checkpoint], asked: &Sequential) -> anyhow::Result<Report> {
    let people = |look: &Checkpoint| look.treated.count() + look.control.count();
    let planned = asked.planned.or_else(|| checkpoints.last().map(people)).unwrap_or(1);
    let sequence = Sequence::planned(planned, asked.level)?;
    let mut report = Report {
        experiment: name.to_owned(),
        planned,
        looks: Vec::new(),
        decided_at: None,
        fixed_at_the_end: false,
        fixed_at_any_look: false,
    };
    for checkpoint in checkpoints {
        let Checkpoint { written, treated, control, .. } = checkpoint;
        let fixed =
            mean_difference(treated, control, asked.level).is_ok_and(|interval| !interval.holds_zero());
        report.fixed_at_the_end = fixed;
        report.fixed_at_any_look |= fixed;
        let look = sequence.look(treated, control);
        if report.decided_at.is_none() && look.as_ref().is_ok_and(|look| !look.effect.holds_zero()) {
            report.decided_at = Some(written.clone());
        }
        report.looks.push(Look {
            time: written.clone(),
            treated: treated.count(),
            control: control.count(),
            effect: look.as_ref().ok().map(|look| look.effect.into()),
            p_value: look.as_ref().ok().map(|look| look.p_value),
            refused: look.err().map(|error| error.to_string()),
        });
    }
    Ok(report)
}

/// Refuses a result in which no look of any experiment could be judged.
fn refuse_nothing(reports: &[Report]) -> anyhow::Result<()> {
    let mut looks = reports.iter().flat_map(|report| &report.looks);
    if looks.any(|look| look.effect.is_some()) {
        return Ok(());
    }
    let last = reports.iter().filter_map(|report| report.looks.last()).find_map(|look| look.refused.clone());
    match last {
        Some(why) => bail!(
            "none of the looks says anything; at the last one: {why}; look again with more people, or name another outcome"
        ),
        None => bail!("there is no look: no row has all of its numbers"),
    }
}

fn print(reports: &[Report], level: f64) {
    let mut table = terminal::table();
    table.set_header(["experiment", "looks", "people", "effect at the last look", "decided at"]);
    for report in reports {
        let last = report.looks.last();
        let effect =
            last.and_then(|look| look.effect.map(|effect| effect.words()).or_else(|| look.refused.clone()));
        table.add_row([
            report.experiment.clone(),
            report.looks.len().to_string(),
            last.map_or(0, |look| look.treated + look.control).to_string(),
            effect.unwrap_or_default(),
            report.decided_at.clone().unwrap_or_else(|| "open".to_owned()),
        ]);
    }
    say!("{table}");
    let count = |which: fn(&Report) -> bool| reports.iter().filter(|report| which(report)).count();
    say!(
        "{} of {} decided by the sequence, whose intervals of {} % may be looked at every day",
        count(|report| report.decided_at.is_some()),
        reports.len(),
        level * 100.0
    );
    say!(
        "intervals for one look only would leave zero out in {} at the end, and in {} at some look: that is what peeking does",
        count(|report| report.fixed_at_the_end),
        count(|report| report.fixed_at_any_look)
    );
}

fn draw<'a>(name: &'a str, checkpoints: &[Checkpoint], report: &Report) -> Chart<'a> {
    let looks = checkpoints.iter().zip(&report.looks).filter_map(|(at, look)| Some((at.time, look.effect?)));
    let looks: Vec<(f64, Around)> = looks.collect();
    Chart {
        title: if name.is_empty() { "The effect, look by look" } else { name },
        along: "time",
        along_dates: checkpoints.iter().all(|at| at.is_date),
        up: "treated − control, with always-valid intervals",
        lines: vec![
            Line::of("effect", looks.iter().map(|(time, effect)| (*time, effect.estimate)).collect()),
            Line::beside("no effect", looks.iter().map(|(time, _)| (*time, 0.0)).collect()),
        ],
        bands: vec![Band {
            points: looks.iter().map(|(time, effect)| (*time, effect.lower, effect.upper)).collect(),
        }],
        estimates: Vec::new(),
        marks: Vec::new(),
    }
}

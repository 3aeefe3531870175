//! `wink measure experiment`: two arms, compared once.

use anyhow::{Context, bail};
use serde::Serialize;
use wink_stats::experiment::{
    Better, Guardrail, SampleRatio, Verdict, cuped, lift, ratio_difference, sample_ratio,
};
use wink_stats::{Interval, JointMoments, Moments, mean_difference};

use super::arms::Arms;
use super::open;
use crate::arguments::Experiment;
use crate::command::interval::Around;
use crate::table::Table;
use crate::terminal::{self, say};

#[derive(Serialize)]
struct Report {
    treated: u64,
    control: u64,
    level: f64,
    sample_ratio: Option<Ratio>,
    outcomes: Vec<Outcome>,
    guardrails: Vec<Guarded>,
}

#[derive(Serialize)]
struct Ratio {
    p_value: f64,
    mismatch: bool,
}

#[derive(Serialize)]
struct Outcome {
    outcome: String,
    mean_treated: f64,
    mean_control: f64,
    method: &'static str,
    effect: Option<Around>,
    standard_error: Option<f64>,
    lift: Option<Around>,
    variance_left: Option<f64>,
    refused: Option<String>,
}

#[derive(Serialize)]
struct Guarded {
    outcome: String,
    verdict: &'static str,
    change: Around,
    margin: f64,
}

pub(super) fn run(asked: &Experiment) -> anyhow::Result<()> {
    let table = open(&asked.file)?;
    let arms = Arms::read(&asked.treatment)?.of(&table)?;
    let before = asked.before.as_deref().map(|column| table.numbers(column)).transpose()?;
    let per = asked.per.as_deref().map(|column| table.numbers(column)).transpose()?;
    let people =
        |wanted: bool| u64::try_from(arms.iter().filter(|arm| **arm == Some(wanted)).count()).unwrap_or(0);
    let (treated, control) = (people(true), people(false));
    let mut outcomes = Vec::new();
    for outcome in &asked.outcome {
        let values = table.numbers(outcome)?;
        outcomes.push(match (&before, &per) {
            (Some(before), _) => adjusted(outcome, &two(&arms, before, &values), asked.level),
            (None, Some(per)) => divided(outcome, &two(&arms, per, &values), asked.level),
            (None, None) => plain(outcome, &two(&arms, &values, &values), asked.level),
        });
    }
    let report = Report {
        treated,
        control,
        level: asked.level,
        sample_ratio: asked.share.map(|share| lots(treated, control, share)).transpose()?,
        outcomes,
        guardrails: guardrails(asked, &table, &arms)?,
    };
    if asked.json {
        return terminal::json(&report);
    }
    report.print();
    Ok(())
}

/// The treated and the control arm's pairs.
fn two(arms: &[Option<bool>], x: &[f64], y: &[f64]) -> [JointMoments; 2] {
    let mut both = [JointMoments::default(); 2];
    let [treated, control] = &mut both;
    for ((arm, x), y) in arms.iter().zip(x).zip(y) {
        match arm {
            Some(true) => treated.add(*x, *y),
            Some(false) => control.add(*x, *y),
            None => {}
        }
    }
    both
}

fn lots(treated: u64, control: u64, share: f64) -> anyhow::Result<Ratio> {
    let found: SampleRatio = sample_ratio(&[treated, control], &[share, 1.0 - share])?;
    Ok(Ratio { p_value: found.p_value, mismatch: found.is_mismatch() })
}

fn plain(name: &str, [treated, control]: &[JointMoments; 2], level: f64) -> Outcome {
    let (treated, control) = (treated.y(), control.y());
    let error = standard_error(&treated, &control);
    outcome(name, "Welch", [&treated, &control], mean_difference(&treated, &control, level), error, level)
}

fn adjusted(name: &str, [treated, control]: &[JointMoments; 2], level: f64) -> Outcome {
    let found = cuped(treated, control, level);
    let error = found
        .as_ref()
        .ok()
        .and_then(|found| standard_error(&treated.residual(found.slope), &control.residual(found.slope)));
    let effect = found.clone().map(|found| found.effect);
    Outcome {
        variance_left: found.ok().map(|found| found.variance_left),
        ..outcome(name, "CUPED", [&treated.y(), &control.y()], effect, error, level)
    }
}

fn divided(name: &str, [treated, control]: &[JointMoments; 2], level: f64) -> Outcome {
    let effect = ratio_difference(treated, control, level);
    Outcome {
        mean_treated: treated.mean_y() / treated.mean_x(),
        mean_control: control.mean_y() / control.mean_x(),
        // The lift of a person's mean is not that of the ratio.
        lift: None,
        ..outcome(name, "ratio, delta method", [&treated.y(), &control.y()], effect, None, level)
    }
}

fn outcome(
    name: &str,
    method: &'static str,
    [treated, control]: [&Moments; 2],
    effect: Result<Interval, wink_stats::Error>,
    standard_error: Option<f64>,
    level: f64,
) -> Outcome {
    Outcome {
        outcome: name.to_owned(),
        mean_treated: treated.mean().unwrap_or(f64::NAN),
        mean_control: control.mean().unwrap_or(f64::NAN),
        method,
        standard_error: standard_error.filter(|_| effect.is_ok()),
        lift: lift(treated, control, level).ok().map(Into::into),
        variance_left: None,
        refused: effect.as_ref().err().map(ToString::to_string),
        effect: effect.ok().map(Into::into),
    }
}

fn standard_error(treated: &Moments, control: &Moments) -> Option<f64> {
    Some((treated.variance_of_mean()? + control.variance_of_mean()?).sqrt())
}

fn guardrails(asked: &Experiment, table: &Table, arms: &[Option<bool>]) -> anyhow::Result<Vec<Guarded>> {
    let mut guarded = Vec::new();
    for text in &asked.guardrail {
        let (column, better, margin) = guardrail(text)?;
        let values = table.numbers(column)?;
        let [treated, control] = two(arms, &values, &values).map(|arm| arm.y());
        let rail = Guardrail { better, margin, level: asked.level };
        let (verdict, change) =
            rail.judge(&treated, &control).with_context(|| format!("guardrail `{column}`"))?;
        let verdict = match verdict {
            Verdict::Holds => "holds",
            Verdict::Breached => "breached",
            Verdict::Open => "open",
        };
        guarded.push(Guarded { outcome: column.to_owned(), verdict, change: change.into(), margin });
    }
    Ok(guarded)
}

/// Reads `COL=higher|lower:MARGIN`.
fn guardrail(text: &str) -> anyhow::Result<(&str, Better, f64)> {
    let parts = text.split_once('=').and_then(|(column, rest)| Some((column, rest.split_once(':')?)));
    let Some((column, (better, margin))) = parts else {
        bail!("`{text}` is not a guardrail; write it as COLUMN=higher:MARGIN or COLUMN=lower:MARGIN");
    };
    let better = match better {
        "higher" => Better::Higher,
        "lower" => Better::Lower,
        _ => bail!("`{better}` in `{text}` is neither `higher` nor `lower`, which says what is good"),
    };
    let margin = margin.parse().with_context(|| format!("`{margin}` in `{text}` is not a number"))?;
    Ok((column, better, margin))
}

impl Report {
    fn print(&self) {
        say!("{} treated, {} control; intervals of {} %", self.treated, self.control, self.level * 100.0);
        match &self.sample_ratio {
            Some(Ratio { p_value, mismatch: true }) => {
                say!(
                    "sample ratio MISMATCH (p {p_value:.2e}): something has removed or added people, believe nothing below"
                );
            }
            Some(Ratio { p_value, .. }) => say!("the lots were drawn as meant (p {p_value:.3})"),
            None => {}
        }
        let mut table = terminal::table();
        table.set_header(["outcome", "treated", "control", "effect", "relative", "method"]);
        for one in &self.outcomes {
            let or_not =
                |around: &Option<Around>| around.map_or_else(|| "-".to_owned(), |around| around.words());
            let method = match one.variance_left {
                Some(left) => format!("{}, {:.0} % of the variance left", one.method, left * 100.0),
                None => one.method.to_owned(),
            };
            table.add_row([
                one.outcome.clone(),
                format!("{:.6}", one.mean_treated),
                format!("{:.6}", one.mean_control),
                one.refused.clone().unwrap_or_else(|| or_not(&one.effect)),
                or_not(&one.lift),
                method,
            ]);
        }
        say!("{table}");
        for one in &self.guardrails {
            say!(
                "guardrail {}: {} (change {}, margin {})",
                one.outcome,
                one.verdict,
                one.change.words(),
                one.margin
            );
        }
    }
}

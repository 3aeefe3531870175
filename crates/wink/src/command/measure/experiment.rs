//! `wink measure experiment`: two arms, compared once.

use anyhow::{Context, bail};
use serde::Serialize;
use wink_stats::experiment::{
    Better, Guardrail, Proportion, SampleRatio, Verdict, cuped, cuped_lift, lift, people_wanted,
    ratio_difference, ratio_lift, sample_ratio,
};
use wink_stats::{Interval, JointMoments, Moments, mean_difference};

use super::arms::{Arms, is_compared};
use super::open;
use crate::arguments::Experiment;
use crate::arguments::quoted::name;
use crate::command::interval::{Around, plain};
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
    /// How many people the smaller arm should have for values so skewed, if it has fewer: the interval is too narrow then.
    people_wanted: Option<u64>,
    refused: Option<String>,
}

/// What a guardrail says; nothing but why, if nothing can be said.
#[derive(Serialize)]
struct Guarded {
    outcome: String,
    verdict: Option<&'static str>,
    better: &'static str,
    margin: f64,
    method: &'static str,
    /// The interval of which each end is a bound of one side at the level.
    change: Option<Around>,
    /// The worst that the level leaves possible.
    worst: Option<f64>,
    refused: Option<String>,
}

pub(super) fn run(asked: &Experiment) -> anyhow::Result<()> {
    super::check_level(asked.level)?;
    if let Some(share) = asked.share.filter(|share| !(0.0 < *share && *share < 1.0)) {
        bail!(
            "--share is {share}, and must be between 0 and 1: the part of the people who should be treated, like 0.9"
        );
    }
    let table = open(&asked.file)?;
    let arms = Arms::read(&asked.treatment)?.of(&table)?;
    let numbers = |column: &str| table.numbers_of(column, |row| is_compared(&arms, row));
    let before = asked.before.as_deref().map(numbers).transpose()?;
    let per = asked.per.as_deref().map(numbers).transpose()?;
    let people =
        |wanted: bool| u64::try_from(arms.iter().filter(|arm| **arm == Some(wanted)).count()).unwrap_or(0);
    let (treated, control) = (people(true), people(false));
    let mut outcomes = Vec::new();
    for outcome in &asked.outcome {
        let values = numbers(outcome)?;
        let measured = match (&before, &per) {
            (Some(before), _) => adjusted(outcome, &two(&arms, before, &values), asked.level),
            (None, Some(per)) => divided(outcome, &two(&arms, per, &values), asked.level),
            (None, None) => by_means(outcome, &two(&arms, &values, &values), asked.level),
        };
        let wanted = measured
            .effect
            .and_then(|_| people_wanted(&of(&arms, &values, true), &of(&arms, &values, false)));
        outcomes.push(Outcome { people_wanted: wanted, ..measured });
    }
    let report = Report {
        treated,
        control,
        level: asked.level,
        sample_ratio: asked.share.map(|share| lots(treated, control, share)).transpose()?,
        outcomes,
        guardrails: guardrails(asked, &table, &arms)?,
    };
    report.refuse_nothing(asked.before.is_some())?;
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

/// The values of one arm.
fn of(arms: &[Option<bool>], values: &[f64], treated: bool) -> Vec<f64> {
    let within = arms.iter().zip(values).filter(|(arm, _)| **arm == Some(treated));
    within.map(|(_, value)| *value).collect()
}

fn lots(treated: u64, control: u64, share: f64) -> anyhow::Result<Ratio> {
    let found: SampleRatio = sample_ratio(&[treated, control], &[share, 1.0 - share])?;
    Ok(Ratio { p_value: found.p_value, mismatch: found.is_mismatch() })
}

fn by_means(name: &str, [treated, control]: &[JointMoments; 2], level: f64) -> Outcome {
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
    // Where nothing can be adjusted, nothing was.
    let method = if found.is_ok() { "CUPED" } else { "none" };
    Outcome {
        variance_left: found.ok().map(|found| found.variance_left),
        // The lift of the raw means is another estimate, and may have the other sign.
        lift: cuped_lift(treated, control, level).ok().map(Into::into),
        ..outcome(name, method, [&treated.y(), &control.y()], effect, error, level)
    }
}

fn divided(name: &str, [treated, control]: &[JointMoments; 2], level: f64) -> Outcome {
    let effect = ratio_difference(treated, control, level);
    Outcome {
        mean_treated: treated.mean_y() / treated.mean_x(),
        mean_control: control.mean_y() / control.mean_x(),
        // The lift of a person's mean is not that of the ratio.
        lift: ratio_lift(treated, control, level).ok().map(Into::into),
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
        people_wanted: None,
        refused: effect.as_ref().err().map(ToString::to_string),
        effect: effect.ok().map(Into::into),
    }
}

fn standard_error(treated: &Moments, control: &Moments) -> Option<f64> {
    Some((treated.variance_of_mean()? + control.variance_of_mean()?).sqrt())
}

fn guardrails(asked: &Experiment, table: &Table, arms: &[Option<bool>]) -> anyhow::Result<Vec<Guarded>> {
    if !asked.guardrail.is_empty() && asked.level <= 0.5 {
        bail!("--level is {}, and must be above one half: guardrails are judged on one side", asked.level);
    }
    let judged = asked.guardrail.iter().map(|text| {
        let (column, better, margin) = guardrail(text)?;
        if !(0.0 < margin && margin.is_finite()) {
            bail!("the margin in `{text}` must be above 0: it is how much worse is still no harm");
        }
        let rail = Guardrail { better, margin, level: asked.level };
        let values = table.numbers_of(&column, |row| is_compared(arms, row))?;
        Ok(Guarded::of(&column, &rail, arms, &values))
    });
    judged.collect()
}

impl Guarded {
    fn of(column: &str, rail: &Guardrail, arms: &[Option<bool>], values: &[f64]) -> Self {
        let (method, judged) = match shares(arms, values) {
            Some([treated, control]) => ("Newcombe", rail.judge_shares(&treated, &control)),
            None => ("Welch", rail.judge_values(&of(arms, values, true), &of(arms, values, false))),
        };
        let (verdict, change) = judged.as_ref().ok().copied().unzip();
        Self {
            outcome: column.to_owned(),
            verdict: verdict.map(|verdict| match verdict {
                Verdict::Holds => "holds",
                Verdict::Breached => "breached",
                Verdict::Open => "open",
            }),
            better: match rail.better {
                Better::Higher => "higher",
                Better::Lower => "lower",
            },
            margin: rail.margin,
            method,
            worst: change.map(|change| rail.better.worst(change)),
            change: change.map(Into::into),
            refused: judged.err().map(|error| error.to_string()),
        }
    }

    fn print(&self, level: f64) {
        let Self { outcome, margin, better, .. } = self;
        let (Some(verdict), Some(change), Some(worst)) = (self.verdict, self.change, self.worst) else {
            say!("guardrail {outcome}: not judged: {}", self.refused.as_deref().unwrap_or_default());
            return;
        };
        let end = if verdict == "open" { "; neither is shown: more people are needed" } else { "" };
        say!(
            "guardrail {outcome}: {verdict}, {better} is better; change {}, at worst {} with {} % on one side, margin {margin}{end}",
            change.signed(change.estimate),
            change.signed(worst),
            level * 100.0
        );
    }
}

/// Both arms' shares, of a column that says yes or no.
fn shares(arms: &[Option<bool>], values: &[f64]) -> Option<[Proportion; 2]> {
    let mut both = [Proportion::default(); 2];
    let [treated, control] = &mut both;
    for (arm, value) in arms.iter().zip(values) {
        let arm = match arm {
            Some(true) => &mut *treated,
            Some(false) => &mut *control,
            None => continue,
        };
        match *value {
            1.0 => arm.add(true),
            0.0 => arm.add(false),
            _ => return None,
        }
    }
    Some(both)
}

/// Reads `COL=higher|lower:MARGIN`.
fn guardrail(text: &str) -> anyhow::Result<(String, Better, f64)> {
    let written =
        || format!("`{text}` is not a guardrail; write it as COLUMN=higher:MARGIN or COLUMN=lower:MARGIN");
    let (column, rest) = name(text, &['=']).map_err(anyhow::Error::msg).with_context(written)?;
    let (better, margin) =
        rest.strip_prefix('=').and_then(|rest| rest.split_once(':')).with_context(written)?;
    let better = match better {
        "higher" => Better::Higher,
        "lower" => Better::Lower,
        _ => bail!("`{better}` in `{text}` is neither `higher` nor `lower`, which says what is good"),
    };
    let margin = margin.parse().with_context(|| format!("`{margin}` in `{text}` is not a number"))?;
    Ok((column, better, margin))
}

impl Report {
    /// Refuses a result in which nothing was measured.
    fn refuse_nothing(&self, is_adjusted: bool) -> anyhow::Result<()> {
        let outcomes = self.outcomes.iter().map(|one| (&one.outcome, one.effect.is_some(), &one.refused));
        let guarded = self.guardrails.iter().map(|one| (&one.outcome, one.verdict.is_some(), &one.refused));
        if outcomes.clone().chain(guarded.clone()).any(|(_, is_measured, _)| is_measured) {
            return Ok(());
        }
        let mismatch = match &self.sample_ratio {
            Some(Ratio { p_value, mismatch: true }) => {
                format!("; and the sample ratio does not fit (p {p_value:.2e})")
            }
            _ => String::new(),
        };
        let why = |(outcome, _, refused): (&String, bool, &Option<String>)| {
            format!("`{outcome}`: {}", refused.as_deref().unwrap_or("no effect"))
        };
        let mut why: Vec<String> = outcomes.chain(guarded).map(why).collect();
        why.dedup();
        let way = if is_adjusted { "leave --before away, " } else { "" };
        let lacks_data = why.iter().any(|why| why.contains("not enough data"));
        let else_way = if lacks_data { "wait for more people" } else { "write its values in a larger unit" };
        bail!(
            "nothing could be measured of {} treated and {} control; {}{mismatch}; {way}{else_way}, or name another outcome",
            self.treated,
            self.control,
            why.join("; ")
        )
    }

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
                plain(one.mean_treated),
                plain(one.mean_control),
                one.refused.clone().unwrap_or_else(|| or_not(&one.effect)),
                or_not(&one.lift),
                method,
            ]);
        }
        say!("{table}");
        for one in &self.outcomes {
            let Some(wanted) = one.people_wanted else { continue };
            say!(
                "{}: too few people for values so skewed in arms so different in size; its interval misses the truth more often than {:.0} % says. About {wanted} are wanted in the smaller arm",
                one.outcome,
                100.0 * (1.0 - self.level)
            );
        }
        self.guardrails.iter().for_each(|one| one.print(self.level));
    }
}

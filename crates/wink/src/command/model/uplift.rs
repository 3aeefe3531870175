//! `wink model fit uplift`: the effect of a treatment, and how well learned effects rank people.

use std::path::Path;

use anyhow::{Context, bail, ensure};
use serde::Serialize;
use wink_stats::uplift::{Ranking, effect_calibration};
use wink_stats::{Error, Moments, mean_difference, only};

use super::scores::{Begun, Column, interleaved};
use super::trial::{People, base, learner, open};
use crate::arguments::{TrialInput, UpliftFit};
use crate::command::interval::Around;
use crate::plot::{Chart, Estimates, Line};
use crate::terminal::{json, say, table};

/// How many groups of like promise are compared with what was seen.
const GROUPS: usize = 5;

/// What is printed.
#[derive(Serialize)]
struct Fit {
    rows: usize,
    learned_from: usize,
    judged_on: usize,
    features: Vec<String>,
    treatments: Vec<OfTreatment>,
}

/// What is said of one treatment, against the control.
#[derive(Serialize)]
struct OfTreatment {
    name: String,
    treated: u64,
    control: u64,
    /// Of everybody in the file.
    effect: Around,
    /// Of those the effects were not learned from.
    #[serde(flatten)]
    ranking: Judged,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Judged {
    Ranked {
        qini: f64,
        auuc: f64,
        uplift_at_30: Option<f64>,
        calibration: Vec<Group>,
        #[serde(skip)]
        curve: Vec<(f64, f64)>,
    },
    Not {
        not_enough_data: String,
    },
}

/// People of like promise.
#[derive(Serialize)]
struct Group {
    people: usize,
    promised: f64,
    /// None if nothing can be told of them, with the reason.
    seen: Option<Around>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<String>,
}

pub(super) fn fit(asked: &UpliftFit) -> anyhow::Result<()> {
    let input = &asked.trial;
    let table = open(&input.file)?;
    let people = People::read(&table, input)?;
    let wrong =
        people.outcomes.iter().zip(&people.rows_of_file).find(|(value, _)| ![0.0, 1.0].contains(*value));
    if let Some((value, row)) = wrong {
        bail!(
            "row {row}, column `{}`: {value} is neither 0 nor 1, which say whether it happened",
            input.outcome
        );
    }
    let scores = Begun::of(&asked.scores, &input.file.input, &table)?;
    let (train, test) = (people.half(true)?, people.half(false)?);
    // Whether there is a model is one question, whether the trial had an effect another.
    let whole = people.trial()?;
    let predicted = learned(input, &train, &test);
    let effects = (1..).zip(&people.treatments).map(|(arm, name)| {
        let (treated, control) = (moments(&people, arm), moments(&people, 0));
        let effect = mean_difference(&treated, &control, input.level)?.into();
        let ranking = match &predicted {
            Ok(effects) => {
                judge(effects.get(arm - 1).map_or(&[][..], Vec::as_slice), &test, arm, input.level)?
            }
            Err(error) => match error.downcast_ref::<Error>() {
                Some(reason) => Judged::Not { not_enough_data: reason.to_string() },
                None => bail!("{error:#}"),
            },
        };
        Ok(OfTreatment {
            name: name.clone(),
            treated: treated.count(),
            control: control.count(),
            effect,
            ranking,
        })
    });
    let fit = Fit {
        rows: whole.rows().count(),
        learned_from: train.given.len(),
        judged_on: test.given.len(),
        treatments: effects.collect::<anyhow::Result<_>>()?,
        features: people.features.clone(),
    };
    if let Some(path) = &asked.plot {
        draw(&fit, path)?;
    }
    if let Some(path) = &asked.plot_calibration {
        draw_calibration(&fit, input.level, path)?;
    }
    if let Some(scores) = scores {
        let columns = everybody(input, &people, (&train, &test), predicted)?;
        scores.write(&people.rows_of_file, &columns)?;
    }
    if input.json {
        return json(&fit);
    }
    print(&fit);
    Ok(())
}

/// The effects of each treatment on some people, learned from others.
fn learned(input: &TrialInput, from: &People, on: &People) -> anyhow::Result<Vec<Vec<f64>>> {
    let trial = from.trial()?;
    let learner = learner(input.learner, trial.given().len());
    let effects = learner.fit(base(input.learned.base).as_ref(), &trial)?;
    Ok(effects.predict(on.rows()?))
}

/// The effects on everybody, each learned from the half they are not in.
fn everybody(
    input: &TrialInput,
    people: &People,
    (first, second): (&People, &People),
    of_second: anyhow::Result<Vec<Vec<f64>>>,
) -> anyhow::Result<Vec<Column>> {
    let of_second = of_second.context("there are no scores to write, learned from the first half")?;
    let of_first = learned(input, second, first)
        .context("there are no scores to write, learned from the second half")?;
    let columns = of_first.iter().zip(&of_second).zip(&people.treatments);
    Ok(columns
        .map(|((of_first, of_second), name)| {
            (format!("uplift {name}"), interleaved(&people.first_half, of_first, of_second))
        })
        .collect())
}

/// The outcomes of those who got this.
fn moments(people: &People, arm: usize) -> Moments {
    let mut moments = Moments::default();
    let of_arm = people.given.iter().zip(&people.outcomes).filter(|(given, _)| **given == arm);
    of_arm.for_each(|(_, outcome)| moments.add(*outcome));
    moments
}

/// Holds effects against the people of a treatment and of the control. Too few people are an answer, anything else a mistake.
fn judge(effects: &[f64], test: &People, arm: usize, level: f64) -> anyhow::Result<Judged> {
    let compared = |person: usize| test.given.get(person).is_some_and(|given| *given == 0 || *given == arm);
    let effects = only(effects, compared);
    let treated: Vec<bool> = only(&test.given, compared).iter().map(|given| *given == arm).collect();
    let outcomes = only(&test.outcomes, compared);
    let ranked = Ranking::new(&effects, &treated, &outcomes)
        .and_then(|ranking| Ok((ranking, effect_calibration(&effects, &treated, &outcomes, GROUPS, level)?)));
    match ranked {
        Ok((ranking, groups)) => Ok(Judged::Ranked {
            qini: ranking.qini(),
            auuc: ranking.auuc(),
            uplift_at_30: ranking.uplift_at(0.3),
            curve: ranking.qini_curve(),
            calibration: groups
                .iter()
                .map(|group| Group {
                    people: group.count,
                    promised: group.promised,
                    seen: group.seen.as_ref().ok().map(|seen| (*seen).into()),
                    refused: group.seen.as_ref().err().map(ToString::to_string),
                })
                .collect(),
        }),
        Err(reason @ (Error::NotEnoughData { .. } | Error::Constant { .. })) => {
            Ok(Judged::Not { not_enough_data: reason.to_string() })
        }
        Err(error) => Err(error.into()),
    }
}

/// Draws the curves, and below each the straight line an order by chance would have.
fn draw(fit: &Fit, path: &Path) -> anyhow::Result<()> {
    let mut lines = Vec::new();
    for treatment in &fit.treatments {
        if let Judged::Ranked { curve, .. } = &treatment.ranking {
            let ends = curve.first().into_iter().chain(curve.last());
            lines.push(Line::of(&treatment.name, curve.clone()));
            lines.push(Line::beside("the same people in an order by chance", ends.copied().collect()));
        }
    }
    ensure!(!lines.is_empty(), "there is no curve to draw: not enough data");
    let chart = Chart {
        title: "Qini: additional outcomes among the first so many",
        along: "people, the greatest promised effect first",
        along_dates: false,
        up: "additional outcomes of the treated",
        lines,
        bands: Vec::new(),
        estimates: Vec::new(),
        marks: Vec::new(),
    };
    chart.write(path)
}

/// Draws what was promised to groups of people, and what was seen of them; on the dashed line both are the same.
fn draw_calibration(fit: &Fit, level: f64, path: &Path) -> anyhow::Result<()> {
    let mut estimates = Vec::new();
    for treatment in &fit.treatments {
        if let Judged::Ranked { calibration, .. } = &treatment.ranking {
            let point = |group: &Group| {
                group.seen.map(|seen| (group.promised, seen.lower, seen.estimate, seen.upper))
            };
            let points: Vec<_> = calibration.iter().filter_map(point).collect();
            if !points.is_empty() {
                estimates.push(Estimates { name: &treatment.name, points });
            }
        }
    }
    ensure!(!estimates.is_empty(), "there is no calibration to draw: not enough data");
    let promised = || estimates.iter().flat_map(|one| &one.points).map(|point| point.0);
    let ends = [promised().fold(f64::INFINITY, f64::min), promised().fold(f64::NEG_INFINITY, f64::max)];
    let up = format!("effect that was seen, with intervals of {} %", 100.0 * level);
    let chart = Chart {
        title: "Are effects as they were promised?",
        along: "effect that was promised, in the mean of a group",
        along_dates: false,
        up: &up,
        lines: vec![Line::beside("as promised", ends.map(|end| (end, end)).to_vec())],
        bands: Vec::new(),
        estimates,
        marks: Vec::new(),
    };
    chart.write(path)
}

fn print(fit: &Fit) {
    say!("{} rows; learned from {}, judged on the other {}", fit.rows, fit.learned_from, fit.judged_on);
    for treatment in &fit.treatments {
        let OfTreatment { name, treated, control, effect, ranking } = treatment;
        say!("\n{name}: {treated} treated, {control} not");
        say!("  effect        {}", effect.words());
        match ranking {
            Judged::Not { not_enough_data } => say!("  ranking       {not_enough_data}"),
            Judged::Ranked { qini, auuc, uplift_at_30, calibration, .. } => {
                say!("  qini          {qini:.6}");
                say!("  AUUC          {auuc:.6}");
                match uplift_at_30 {
                    Some(uplift) => say!("  uplift@30 %   {uplift:.6}"),
                    None => say!("  uplift@30 %   not enough data: only one side is among the first 30 %"),
                }
                let mut groups = table();
                groups.set_header(["people", "promised", "seen"]);
                for Group { people, promised, seen, refused } in calibration {
                    let seen = seen.map(|seen| seen.words()).or_else(|| refused.clone()).unwrap_or_default();
                    groups.add_row([people.to_string(), format!("{promised:+.4}"), seen]);
                }
                say!("\n{groups}");
            }
        }
    }
}

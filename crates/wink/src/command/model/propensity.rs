//! `wink model fit propensity`: how likely each person does it anyway, how well that tells them apart, and what moves it.

use std::path::Path;

use anyhow::{Context, ensure};
use serde::Serialize;
use wink_stats::experiment::Proportion;
use wink_stats::propensity::{Calibration, Model, auc_interval, calibration, check_binary, log_loss, movers};
use wink_stats::{Rows, only};

use super::features::Features;
use super::scores::{Begun, interleaved};
use super::trial::{base, first_halves, open};
use crate::arguments::quoted::names;
use crate::arguments::{BaseName, PropensityFit};
use crate::command::interval::Around;
use crate::plot::{Chart, Estimates, Line};
use crate::table::Table;
use crate::terminal::{json, say, table};

/// How many groups of like promise are compared with what was seen.
const GROUPS: usize = 10;
/// So many features are printed, those that move most; the rest only adds little each, and is in the JSON.
const MOVERS_SHOWN: usize = 20;

/// What is printed.
#[derive(Serialize)]
struct Fit {
    rows: usize,
    learned_from: usize,
    judged_on: usize,
    features: Vec<String>,
    /// Of everybody in the file.
    share: Around,
    /// Of those it was not learned from, as all that follows.
    auc: Around,
    log_loss: Against,
    brier: Against,
    slope: f64,
    intercept: f64,
    calibration: Vec<Group>,
    moved_by: Vec<MovedBy>,
}

/// A mean loss, beside the one of whoever promises everybody the share among those that were learned from.
#[derive(Serialize)]
struct Against {
    model: f64,
    share_alone: f64,
}

/// People of like promise.
#[derive(Serialize)]
struct Group {
    people: usize,
    promised: f64,
    seen: Around,
}

#[derive(Serialize)]
struct MovedBy {
    feature: String,
    /// The mean size of what it adds to the logit.
    size: f64,
    /// What one more of it adds.
    slope: Option<f64>,
}

/// Features and outcomes of people, one in each row.
struct People {
    values: Vec<f64>,
    columns: usize,
    outcomes: Vec<f64>,
}

impl People {
    fn rows(&self) -> anyhow::Result<Rows<'_>> {
        Ok(Rows::new(&self.values, self.columns)?)
    }

    /// Those of one half.
    fn half(&self, first_half: &[bool], first: bool) -> anyhow::Result<Self> {
        let chosen = |person: usize| first_half.get(person) == Some(&first);
        let table = self.rows()?.only(chosen);
        Ok(Self {
            values: table.rows().iter().flatten().copied().collect(),
            columns: self.columns,
            outcomes: only(&self.outcomes, chosen),
        })
    }

    fn learn(&self, name: BaseName) -> anyhow::Result<Box<dyn Model>> {
        Ok(base(name).learn_probability(self.rows()?, &self.outcomes)?)
    }
}

pub(super) fn fit(asked: &PropensityFit) -> anyhow::Result<()> {
    let table = open(&asked.file)?;
    let features = Features::read(&table, &names(&asked.learned.features))?;
    features.refuse(&asked.outcome, "the outcome")?;
    let outcomes = outcomes(&table, &asked.outcome)?;
    let first_half = first_halves(&asked.learned.split, table.rows())?;
    let scores = Begun::of(&asked.scores, &asked.file.input, &table)?;
    let all: Vec<usize> = (0..table.rows()).collect();
    let people = People { values: features.rows(&all), columns: features.names.len(), outcomes };
    // Of the file before it is of a half: an outcome that is the same everywhere is no matter of how rows are parted.
    check_binary(people.rows()?, &people.outcomes)?;
    let (train, test) = (people.half(&first_half, true)?, people.half(&first_half, false)?);
    let model = train.learn(asked.learned.base).context("the half that is learned from")?;
    let promised = model.predict(test.rows()?);
    let fit = judge(&people, (&train, &test), (model.as_ref(), &promised), features.names, asked.level)?;
    if let Some(path) = &asked.plot {
        draw(&fit, asked.level, path)?;
    }
    if let Some(scores) = scores {
        let other =
            test.learn(asked.learned.base).context("the half that is judged, learned from for the scores")?;
        let everybody = interleaved(&first_half, &other.predict(train.rows()?), &promised);
        let rows: Vec<usize> = (1..=table.rows()).collect();
        scores.write(&rows, &[("propensity".to_owned(), everybody)])?;
    }
    if asked.json {
        return json(&fit);
    }
    print(&fit);
    Ok(())
}

/// Reads the outcome: a column of 0 and 1, or whether a column has a value.
fn outcomes(table: &Table, written: &str) -> anyhow::Result<Vec<f64>> {
    let is_column = |name: &str| table.names().contains(&name);
    // A column may have such a sign in its name.
    let mut parts =
        written.match_indices('=').filter_map(|(at, _)| written.get(..at).zip(written.get(at + 1..)));
    let column_and_value = parts.find(|(column, _)| is_column(column)).filter(|_| !is_column(written));
    let Some((column, value)) = column_and_value else {
        let read = table.outcomes(written);
        let has_words = is_column(written) && table.numbers_or_missing(written).is_err();
        let way_out =
            format!("the outcome: if it has words, `{written}=VALUE` says which of them counts as 1");
        return if has_words { read.context(way_out) } else { read };
    };
    // Who has none is not known to be without it.
    let texts = table.names_of(column)?;
    ensure!(texts.iter().any(|text| text == value), "the outcome: column `{column}` never is `{value}`");
    Ok(texts.iter().map(|text| if text == value { 1.0 } else { 0.0 }).collect())
}

/// Holds what was promised to people against what came of it.
fn judge(
    people: &People,
    (train, test): (&People, &People),
    (model, promised): (&dyn Model, &[f64]),
    features: Vec<String>,
    level: f64,
) -> anyhow::Result<Fit> {
    let of_judged = "the half that is judged";
    let mut seen = Proportion::default();
    people.outcomes.iter().for_each(|outcome| seen.add(*outcome == 1.0));
    check_binary(test.rows()?, &test.outcomes).context(of_judged)?;
    let auc = auc_interval(promised, &test.outcomes, level).context(of_judged)?;
    let held = calibration(promised, &test.outcomes, GROUPS).context(of_judged)?;
    let share = wink_stats::numeric::mean(&train.outcomes);
    let share_alone = vec![share; test.outcomes.len()];
    let squares = |outcome: &f64| (share - outcome) * (share - outcome);
    let brier_alone = wink_stats::numeric::mean(&test.outcomes.iter().map(squares).collect::<Vec<f64>>());
    let moved_by = movers(model, test.rows()?).into_iter().zip(&features);
    let mut moved_by: Vec<MovedBy> = moved_by
        .map(|(mover, feature)| MovedBy { feature: feature.clone(), size: mover.size, slope: mover.slope })
        .collect();
    moved_by.sort_by(|a, b| b.size.total_cmp(&a.size));
    Ok(Fit {
        rows: people.outcomes.len(),
        learned_from: train.outcomes.len(),
        judged_on: test.outcomes.len(),
        features,
        share: seen.interval(level)?.into(),
        auc: auc.into(),
        log_loss: Against { model: held.log_loss, share_alone: log_loss(&share_alone, &test.outcomes)? },
        brier: Against { model: held.brier, share_alone: brier_alone },
        slope: held.slope,
        intercept: held.intercept,
        calibration: groups(&held, level)?,
        moved_by,
    })
}

fn groups(held: &Calibration, level: f64) -> anyhow::Result<Vec<Group>> {
    let group = |bin: &wink_stats::propensity::Bin| {
        Ok(Group { people: bin.count, promised: bin.expected, seen: bin.seen(level)?.into() })
    };
    held.bins.iter().map(group).collect()
}

/// Draws what was promised to groups of people, and what was seen of them; on the dashed line both are the same.
fn draw(fit: &Fit, level: f64, path: &Path) -> anyhow::Result<()> {
    let point = |group: &Group| (group.promised, group.seen.lower, group.seen.estimate, group.seen.upper);
    let points: Vec<_> = fit.calibration.iter().map(point).collect();
    let promised = || fit.calibration.iter().map(|group| group.promised);
    let ends = [promised().fold(f64::INFINITY, f64::min), promised().fold(f64::NEG_INFINITY, f64::max)];
    ensure!(ends[0] < ends[1], "there is no calibration to draw: everybody is promised the same");
    let up = format!("share that was seen, with intervals of {} %", 100.0 * level);
    let chart = Chart {
        title: "Is the outcome as likely as it was promised?",
        along: "probability that was promised, in the mean of a group",
        along_dates: false,
        up: &up,
        lines: vec![Line::beside("as promised", ends.map(|end| (end, end)).to_vec())],
        bands: Vec::new(),
        estimates: vec![Estimates { name: "seen", points }],
        marks: Vec::new(),
    };
    chart.write(path)
}

fn print(fit: &Fit) {
    say!("{} rows; learned from {}, judged on the other {}\n", fit.rows, fit.learned_from, fit.judged_on);
    say!("  outcome       {} of all rows", fit.share.unsigned());
    say!("  AUC           {}", fit.auc.unsigned());
    for (name, loss) in [("log loss", &fit.log_loss), ("Brier score", &fit.brier)] {
        say!("  {name:<13} {:.4}; {:.4} if all are promised the same", loss.model, loss.share_alone);
    }
    say!("  slope         {:.3}, intercept {:+.3}", fit.slope, fit.intercept);
    let mut groups = table();
    groups.set_header(["people", "promised", "seen"]);
    for Group { people, promised, seen } in &fit.calibration {
        groups.add_row([people.to_string(), format!("{promised:.4}"), seen.unsigned()]);
    }
    say!("\n{groups}\n");
    let mut moved = table();
    moved.set_header(["feature", "moves the logit by", "one more adds"]);
    for MovedBy { feature, size, slope } in fit.moved_by.iter().take(MOVERS_SHOWN) {
        let slope = slope.map_or_else(|| "the same in all rows".to_owned(), |slope| format!("{slope:+.4}"));
        moved.add_row([feature.clone(), format!("{size:.4}"), slope]);
    }
    say!("{moved}");
    let others = fit.moved_by.len().saturating_sub(MOVERS_SHOWN);
    if 0 < others {
        say!("and {others} features that move it less; --json lists them");
    }
}

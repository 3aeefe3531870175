//! `wink features as-of`: training sets of what was known at instants of the past.

use std::collections::BTreeSet;
use std::process::ExitCode;

use anyhow::{Context, anyhow, bail};
use wink_core::base::Timestamp;
use wink_core::base::expression::nearest;
use wink_core::feature::{Catalogue, FeatureType, View, Viewed};
use wink_server::flow::as_of::{Question, as_of};

use crate::arguments::{AsOf, Features, FeaturesAction};
use crate::home::{self, Clock};
use crate::training::{Cell, Column, Table, write};

/// Values in a table at most, as they are held in memory until all are known: half a gigabyte.
const VALUES_MAX: usize = 20_000_000;

pub(crate) fn run(asked: &Features) -> anyhow::Result<ExitCode> {
    let FeaturesAction::AsOf(asked) = &asked.action;
    let table = Table::read(&asked.file)?;
    let questions = questions(&table, asked)?;
    home::run(async {
        let engine = home::open(&asked.data.data).await?;
        let now = Clock::of(&engine).await?.now();
        refuse_ahead(&questions, now)?;
        let features = engine.features();
        let slots = slots(&features, &asked.features)?;
        let names = slots.iter().filter_map(|slot| features.definitions().get(*slot));
        refuse_twice(&table.columns, names.map(|definition| definition.name.as_str()))?;
        if VALUES_MAX / slots.len().max(1) < questions.len() {
            bail!(
                "{} features of {} rows are too many at once: name fewer with --features, or split the table",
                slots.len(),
                questions.len()
            );
        }
        let mut cells = vec![vec![Cell::Nothing; slots.len()]; questions.len()];
        as_of(&engine, &questions, now, |place, view| {
            if let Some(row) = cells.get_mut(place) {
                *row = slots.iter().map(|slot| cell(view, *slot)).collect();
            }
        })
        .await?;
        let column = |slot: &usize| {
            let definition = features.definitions().get(*slot)?;
            let is_shares = definition.value_type() == FeatureType::Shares;
            Some(Column { name: definition.name.clone(), is_shares })
        };
        let columns: Vec<Column> = slots.iter().filter_map(column).collect();
        write(&asked.to, &table, &columns, &cells)?;
        Ok(ExitCode::SUCCESS)
    })
}

fn questions(table: &Table, asked: &AsOf) -> anyhow::Result<Vec<Question>> {
    let (identities, instants) = (table.column(&asked.identity)?, table.column(&asked.at)?);
    let question = |(number, row): (usize, &Vec<String>)| {
        let text = |place: usize| row.get(place).map_or("", String::as_str);
        let question = || {
            let at = Timestamp::parse(text(instants)).map_err(|error| anyhow!(error))?;
            Ok::<Question, anyhow::Error>(Question { identity: super::identity(text(identities))?, at })
        };
        question().with_context(|| format!("row {} of `{}`", number + 1, asked.file.display()))
    };
    table.rows.iter().enumerate().map(question).collect()
}

/// Refuses instants that have not come: what is known now would stand there as if it had been known then.
fn refuse_ahead(questions: &[Question], now: Timestamp) -> anyhow::Result<()> {
    // The end of today is a usual way to say now.
    let ahead = questions.iter().position(|question| now.plus_days(1) < question.at);
    match ahead.and_then(|row| Some((row, questions.get(row)?.at))) {
        Some((row, at)) => bail!("row {}: {at} has not come yet; the clock of the store says {now}", row + 1),
        None => Ok(()),
    }
}

/// Refuses a table that would have two columns of one name: whoever reads it takes one for the other.
fn refuse_twice<'a>(columns: &'a [String], features: impl Iterator<Item = &'a str>) -> anyhow::Result<()> {
    let mut known = BTreeSet::new();
    if let Some(twice) = columns.iter().find(|column| !known.insert(column.as_str())) {
        bail!("two columns of the table are called `{twice}`; rename one of them");
    }
    for feature in features {
        if !known.insert(feature) {
            bail!(
                "a column of the table is called like the feature `{feature}`; rename it, or name other features with --features"
            );
        }
    }
    Ok(())
}

/// Finds the features that are asked for, all if none is named.
fn slots(features: &Catalogue, names: &[String]) -> anyhow::Result<Vec<usize>> {
    if names.is_empty() {
        return Ok((0..features.definitions().len()).collect());
    }
    let slot = |name: &String| {
        features.slot(name).ok_or_else(|| {
            let known = features.definitions().iter().map(|definition| definition.name.as_str());
            let meant = nearest(name, known).map(|meant| format!("; write `{meant}`")).unwrap_or_default();
            anyhow!("`{name}` is no feature of this shop{meant}")
        })
    };
    names.iter().map(slot).collect()
}

fn cell(view: &View, slot: usize) -> Cell {
    match view.slots().get(slot) {
        Some(Viewed::Number(reading)) => Cell::Number(reading.value),
        Some(Viewed::Shares(reading)) => Cell::Shares(serde_json::json!(reading.value).to_string()),
        _ => Cell::Nothing,
    }
}

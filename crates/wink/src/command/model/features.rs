//! `--features`: which columns a model sees, and how.

use std::collections::BTreeSet;

use anyhow::{Context, bail, ensure};

use crate::table::Table;

/// More values than this in a column of texts are names or numbers, not kinds.
const VALUES_MAX: usize = 50;

/// One column of numbers per feature.
pub(super) struct Features {
    /// What each is called.
    pub(super) names: Vec<String>,
    columns: Vec<Vec<f64>>,
    /// The columns of the table they are made of.
    of: BTreeSet<String>,
}

/// A number beyond this, squared and summed, is none.
const SIZE_MAX: f64 = 1e100;

impl Features {
    /// Reads what the words ask for.
    pub(super) fn read(table: &Table, words: &[String]) -> anyhow::Result<Self> {
        let mut features = Self { names: Vec::new(), columns: Vec::new(), of: BTreeSet::new() };
        for word in words {
            let word = word.trim();
            features.add(table, word).with_context(|| format!("the feature `{word}`"))?;
        }
        Ok(features)
    }

    /// Refuses what the answer would be read from: a column that says it already.
    pub(super) fn refuse(&self, column: &str, what: &str) -> anyhow::Result<()> {
        ensure!(
            !self.of.contains(column),
            "`{column}` is {what}, and no feature; leave it out of --features"
        );
        Ok(())
    }

    /// Row after row, for the rows that are chosen.
    pub(super) fn rows(&self, chosen: &[usize]) -> Vec<f64> {
        let row = |row: &usize| self.columns.iter().filter_map(|column| column.get(*row).copied()).collect();
        chosen.iter().flat_map(|number| -> Vec<f64> { row(number) }).collect()
    }

    fn add(&mut self, table: &Table, word: &str) -> anyhow::Result<()> {
        let is_column = |name: &str| table.names().contains(&name);
        if is_column(word) {
            let numbers = table.numbers(word);
            let numbers =
                numbers.with_context(|| format!("if it has words, `{word}=*` makes a feature of each"))?;
            return self.push(word, word, numbers);
        }
        // A column may have such a sign in its name.
        let parts =
            word.match_indices('=').filter_map(|(at, _)| Some((word.get(..at)?, word.get(at + 1..)?)));
        if let Some((column, value)) = parts.into_iter().find(|(column, _)| is_column(column)) {
            return self.add_values(&table.texts(column)?, column, value);
        }
        let (column, divisor) = match word.rsplit_once('/') {
            Some((column, divisor)) => {
                (column, divisor.parse::<f64>().ok().filter(|divisor| *divisor != 0.0))
            }
            None => (word, Some(1.0)),
        };
        let divisor = divisor.context("what stands behind `/` is not a number to divide by")?;
        let (column, numbers) = match column.strip_prefix("ln1p(").and_then(|rest| rest.strip_suffix(')')) {
            Some(inner) => (inner, logarithms(&table.numbers(inner)?)?),
            None => (column, table.numbers(column)?),
        };
        self.push(word, column, numbers.into_iter().map(|number| number / divisor).collect())
    }

    /// A feature that is 1 where the column has the value; with `*` one for each value but the first, which the others are compared with.
    fn add_values(&mut self, texts: &[String], column: &str, value: &str) -> anyhow::Result<()> {
        let known: BTreeSet<&str> = texts.iter().map(String::as_str).collect();
        let wanted: Vec<&str> = match value {
            "*" if VALUES_MAX < known.len() => {
                bail!("`{column}` has {} values; name those that matter", known.len())
            }
            "*" => known.iter().skip(1).copied().collect(),
            value if known.contains(value) => vec![value],
            value => bail!("`{column}` never is `{value}`"),
        };
        for value in wanted {
            let is = |text: &String| if text == value { 1.0 } else { 0.0 };
            self.push(&format!("{column}={value}"), column, texts.iter().map(is).collect())?;
        }
        Ok(())
    }

    fn push(&mut self, name: &str, of: &str, column: Vec<f64>) -> anyhow::Result<()> {
        if let Some(row) = column.iter().position(|number| SIZE_MAX < number.abs()) {
            bail!(
                "row {} is beyond {SIZE_MAX:e}, too large to learn from; leave the row out, or take the logarithm with ln1p({of})",
                row + 1
            );
        }
        self.names.push(name.to_owned());
        self.columns.push(column);
        self.of.insert(of.to_owned());
        Ok(())
    }
}

fn logarithms(numbers: &[f64]) -> anyhow::Result<Vec<f64>> {
    if let Some(row) = numbers.iter().position(|number| *number <= -1.0) {
        bail!("row {} is −1 or less, and has no logarithm", row + 1);
    }
    Ok(numbers.iter().map(|number| number.ln_1p()).collect())
}

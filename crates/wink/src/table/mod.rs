//! Reads tables people have: CSV, TSV and text with blanks (each also as .gz), and Parquet. Hands out whole columns by name, and names
//! file, row and column of what it cannot read. Knows nothing of what the columns mean.

mod arrow_schema;
mod decimals;
mod parquet_file;
mod text_file;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use jiff::civil::Date;

use decimals::{Decimals, Told, finite, number};
use parquet_file::ParquetFile;
pub(crate) use parquet_file::all;
use text_file::TextFile;

use crate::terminal;

/// A table whose columns can be asked for.
pub(crate) struct Table {
    path: PathBuf,
    source: Source,
}

enum Source {
    Text(TextFile),
    Parquet(ParquetFile),
}

/// Whether the first row of a text file names the columns; without it they are called `1`, `2`, ….
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Header {
    /// The first row names them.
    First,
    /// There is none.
    None,
}

impl Table {
    /// Opens a file by its ending: .csv, .tsv, .txt (fields apart by blanks), each also with .gz, or .parquet.
    ///
    /// # Errors
    /// Fails if it cannot be read, has another ending, or is not what its ending says.
    pub(crate) fn open(path: &Path, header: Header) -> anyhow::Result<Self> {
        let source = if ending(path) == "parquet" {
            ParquetFile::open(path).map(Source::Parquet)
        } else {
            TextFile::open(path, header).map(Source::Text)
        };
        let source = source.with_context(|| format!("`{}` cannot be read", path.display()))?;
        Ok(Self { path: path.to_owned(), source })
    }

    /// Tells the columns' names in the file's order.
    pub(crate) fn names(&self) -> Vec<&str> {
        match &self.source {
            Source::Text(file) => file.names().collect(),
            Source::Parquet(file) => file.names().collect(),
        }
    }

    /// Tells how many rows there are.
    pub(crate) fn rows(&self) -> usize {
        match &self.source {
            Source::Text(file) => file.rows(),
            Source::Parquet(file) => file.rows(),
        }
    }

    /// Reads a column as numbers.
    ///
    /// # Errors
    /// Fails if there is no such column, and at the first row that has no number, or one that is not finite.
    pub(crate) fn numbers(&self, column: &str) -> anyhow::Result<Vec<f64>> {
        let numbers = self.numbers_or_missing(column)?;
        self.each(column, numbers.into_iter(), |number| number.context("there is no value"))
    }

    /// Reads a column as numbers; an empty field, `NA`, `NaN` and `null` are missing. In a file whose fields are kept apart by semicolons a column
    /// may have its decimals behind a comma, and points between thousands.
    ///
    /// # Errors
    /// Fails if there is no such column, at the first row that has something else that is not a finite number, and where nothing in such a file tells
    /// whether `1.234` is more than a thousand.
    pub(crate) fn numbers_or_missing(&self, column: &str) -> anyhow::Result<Vec<Option<f64>>> {
        if let Source::Parquet(file) = &self.source {
            let known = self.known(column)?;
            if let Some(numbers) = file.numbers(known).with_context(|| self.place(column))? {
                return self.each(column, numbers.into_iter(), |number| finite(number, "the number"));
            }
        }
        let texts = self.texts(column)?;
        let decimals = self.decimals(&texts);
        self.each(column, texts.iter(), |text| number(text, decimals))
    }

    /// Tells behind what the decimals of a column stand. Where fields are kept apart by semicolons, it is mostly because the comma is needed for
    /// them; a column that does not tell is taken as those others are that do.
    fn decimals(&self, texts: &[String]) -> Decimals {
        let Source::Text(file) = &self.source else { return Decimals::BehindPoint };
        if file.separator() != Some(b';') {
            return Decimals::BehindPoint;
        }
        match Told::by(texts) {
            Told::Comma => Decimals::BehindComma,
            Told::Nothing | Told::Point => Decimals::BehindPoint,
            Told::Either => {
                let others: Vec<Told> =
                    (0..file.names().count()).map(|index| Told::of_others(&file.texts(index))).collect();
                match (others.contains(&Told::Comma), others.contains(&Told::Point)) {
                    (true, false) => Decimals::BehindComma,
                    (false, true) => Decimals::BehindPoint,
                    _ => Decimals::Unknown,
                }
            }
        }
    }

    /// Reads a column as texts; what is missing is the empty text.
    ///
    /// # Errors
    /// Fails if there is no such column, or it is of a type that has no text.
    pub(crate) fn texts(&self, column: &str) -> anyhow::Result<Vec<String>> {
        let known = self.known(column)?;
        match &self.source {
            Source::Text(file) => Ok(file.texts(known)),
            Source::Parquet(file) => file.texts(known).with_context(|| self.place(column)),
        }
    }

    /// Reads a column of names, as of customers or arms, each of which says whose the row is. Blanks around a name are part of it, as in
    /// `pandas.read_csv`; where the same name stands without them too, this is said on standard error.
    ///
    /// # Errors
    /// As [`Table::texts`], and at the first row that has none: rows without a name would be taken for one that is called nothing.
    pub(crate) fn names_of(&self, column: &str) -> anyhow::Result<Vec<String>> {
        let texts = self.texts(column)?;
        if let Some(text) = alike_but_for_blanks(&texts) {
            terminal::note(&format!(
                "{}: `{}` and `{text}` differ by blanks, and are taken for two; if they are one, take the blanks away before",
                self.place(column),
                text.trim()
            ));
        }
        self.each(column, texts.into_iter(), |text| match text.trim().is_empty() {
            true => bail!("there is no value; fill it in, or leave the row out"),
            false => Ok(text),
        })
    }

    /// Reads a column as numbers, of which only those of certain rows are needed; 0 where one is missing in another row.
    ///
    /// # Errors
    /// As [`Table::numbers_or_missing`], and at the first row that has no number and is needed.
    pub(crate) fn numbers_of(
        &self,
        column: &str,
        is_needed: impl Fn(usize) -> bool,
    ) -> anyhow::Result<Vec<f64>> {
        let numbers = self.numbers_or_missing(column)?;
        self.each(column, numbers.into_iter().enumerate(), |(row, number)| match number {
            None if !is_needed(row) => Ok(0.0),
            number => number.context("there is no value"),
        })
    }

    /// Reads a column as probabilities above 0, as of what was chosen by chance.
    ///
    /// # Errors
    /// As [`Table::numbers`], and at the first row that has another number.
    pub(crate) fn probabilities(&self, column: &str) -> anyhow::Result<Vec<f64>> {
        let numbers = self.numbers(column)?;
        self.each(column, numbers.into_iter(), |number| match 0.0 < number && number <= 1.0 {
            true => Ok(number),
            false => bail!("{number} is no probability above 0 and at most 1"),
        })
    }

    /// Reads a column of outcomes.
    ///
    /// # Errors
    /// As [`Table::numbers`], and at the first row that has something else than 0 or 1.
    pub(crate) fn outcomes(&self, column: &str) -> anyhow::Result<Vec<f64>> {
        let numbers = self.numbers(column)?;
        self.each(column, numbers.into_iter(), |number| match number == 0.0 || number == 1.0 {
            true => Ok(number),
            false => bail!("{number} is no outcome, which is 0 or 1"),
        })
    }

    /// Reads a column as days: `2026-11-22`, `20261122`, `22.11.2026`, or a point in time, of which the written date is taken. Parquet keeps points in time
    /// with a zone in UTC, without the zone's name; if the day in UTC may be another one, this is said on standard error.
    ///
    /// # Errors
    /// Fails if there is no such column, and at the first row that has no date.
    pub(crate) fn dates(&self, column: &str) -> anyhow::Result<Vec<Date>> {
        let texts = self.texts(column)?;
        if let Source::Parquet(file) = &self.source
            && file.is_in_utc(self.known(column)?)
            && texts.iter().any(|text| !text.is_empty() && !text.ends_with("T00:00:00Z"))
        {
            terminal::note(&format!(
                "{}: its points in time are kept in UTC, and their days there are taken; if days begin elsewhere, write the column as dates before",
                self.place(column)
            ));
        }
        // Rows of one day often stand together, and reading a date costs more than comparing texts.
        let mut last: Option<(&str, Date)> = None;
        self.each(column, texts.iter(), |text| {
            let date = match last {
                Some((written, date)) if written == text => date,
                _ => read_date(text)?,
            };
            last = Some((text.as_str(), date));
            Ok(date)
        })
    }

    /// The number of the column with this name.
    fn known(&self, column: &str) -> anyhow::Result<usize> {
        let names = self.names();
        match names.iter().position(|name| *name == column) {
            Some(index) => {
                let called_so = match &self.source {
                    Source::Text(_) => names.iter().filter(|name| **name == column).count(),
                    // The parts of what is nested have one name, and are refused elsewhere.
                    Source::Parquet(file) => file.roots().filter(|name| *name == column).count(),
                };
                if 1 < called_so {
                    bail!(
                        "`{}` has more than one column `{column}`; rename all but one",
                        self.path.display()
                    );
                }
                Ok(index)
            }
            None => {
                bail!("`{}` has no column `{column}`; it has {}", self.path.display(), names.join(", "))
            }
        }
    }

    fn place(&self, column: &str) -> String {
        format!("`{}`, column `{column}`", self.path.display())
    }

    fn each<T, U>(
        &self,
        column: &str,
        values: impl Iterator<Item = T>,
        mut read: impl FnMut(T) -> anyhow::Result<U>,
    ) -> anyhow::Result<Vec<U>> {
        let row = |(index, value)| {
            read(value)
                .with_context(|| format!("`{}`, row {}, column `{column}`", self.path.display(), index + 1))
        };
        values.enumerate().map(row).collect()
    }
}

/// Finds a text with blanks around it that is another one without them.
fn alike_but_for_blanks(texts: &[String]) -> Option<&str> {
    let with: BTreeSet<&str> =
        texts.iter().map(String::as_str).filter(|text| text.trim().len() < text.len()).collect();
    let without: BTreeSet<&str> = match with.is_empty() {
        true => BTreeSet::new(),
        false => texts.iter().map(String::as_str).collect(),
    };
    with.into_iter().find(|text| !text.trim().is_empty() && without.contains(text.trim()))
}

/// The ending that says what a file is, without `.gz`.
fn ending(path: &Path) -> String {
    let name = path.file_name().map(|name| name.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    let plain = name.strip_suffix(".gz").unwrap_or(&name);
    plain.rsplit_once('.').map(|(_, ending)| ending.to_owned()).unwrap_or_default()
}

/// Counts the days since 1970-01-01.
pub(crate) fn days_since_1970(day: Date) -> i32 {
    // Both lie in the calendar's ten thousand years.
    (day - jiff::civil::date(1970, 1, 1)).get_days()
}

/// Reads a date as people write it in tables. Between points the day stands first; between strokes nobody knows.
pub(crate) fn read_date(text: &str) -> anyhow::Result<Date> {
    let text = text.trim();
    let is_compact = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
    let (format, written) = if is_compact {
        ("%Y%m%d", text)
    } else if text.bytes().take(3).any(|byte| byte == b'.') {
        ("%d.%m.%Y", text.split([' ', 'T']).next().unwrap_or_default())
    } else {
        ("%Y-%m-%d", text.get(..10).unwrap_or(text))
    };
    let is_alone = is_time(text.get(written.len()..).unwrap_or_default());
    // `%Y` also takes 14, and nobody means the first century.
    let has_whole_year = written.rsplit('.').next().is_some_and(|last| 4 <= last.len());
    Date::strptime(format, written)
        .ok()
        .filter(|_| has_whole_year && is_alone)
        .with_context(|| format!("`{text}` is not a date; write it as 2026-11-22 or 22.11.2026"))
}

/// Tells whether what stands behind a date is nothing, or a time of day, perhaps with its zone.
fn is_time(text: &str) -> bool {
    let Some(behind) = text.strip_prefix([' ', 'T', 't']) else { return text.is_empty() };
    let digits = behind.trim_start_matches(|letter: char| letter.is_ascii_digit() || ":.,".contains(letter));
    let zone = digits.trim_start();
    let begins = |word: &str| zone.get(..word.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(word));
    behind.starts_with(|letter: char| letter.is_ascii_digit())
        && (zone.is_empty()
            || zone.starts_with(['+', '-', '['])
            || ["am", "pm", "utc", "gmt"].into_iter().any(begins)
            || zone.eq_ignore_ascii_case("z")
            || begins("z["))
}

#[cfg(test)]
mod tests;

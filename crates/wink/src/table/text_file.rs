//! Text tables: CSV, TSV, and fields apart by blanks; all columns in memory, each as one text with the ends of its fields.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, bail};
use flate2::read::MultiGzDecoder;

use super::{Header, ending};

/// What may stand between the fields of a .csv file, in the order in which it is looked for in its first line.
const SEPARATORS: [u8; 4] = *b",;\t|";

/// A text table.
pub(super) struct TextFile {
    columns: Vec<Column>,
    /// What keeps the fields apart; none for blanks.
    separator: Option<u8>,
}

#[derive(Default)]
struct Column {
    name: String,
    text: String,
    ends: Vec<usize>,
}

impl TextFile {
    pub(super) fn open(path: &Path, header: Header) -> anyhow::Result<Self> {
        let kind = ending(path);
        if !["csv", "tsv", "txt"].contains(&kind.as_str()) {
            bail!("its name ends in none of .csv, .tsv, .txt (each also with .gz) and .parquet");
        }
        let content = content(path)?;
        let content = content.strip_prefix('\u{feff}').unwrap_or(&content);
        let separator = match kind.as_str() {
            "txt" => None,
            "tsv" => Some(b'\t'),
            _ => Some(separator(content)),
        };
        let mut table = Self { columns: Vec::new(), separator };
        match separator {
            None => table.read_blanks(content, header)?,
            Some(separator) => table.read_separated(content, separator, header)?,
        }
        if table.rows() == 0 {
            bail!("it has no rows");
        }
        Ok(table)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|column| column.name.as_str())
    }

    pub(super) fn separator(&self) -> Option<u8> {
        self.separator
    }

    pub(super) fn rows(&self) -> usize {
        self.columns.first().map_or(0, |column| column.ends.len())
    }

    pub(super) fn texts(&self, index: usize) -> Vec<String> {
        self.columns.get(index).map(Column::texts).unwrap_or_default()
    }

    fn read_separated(&mut self, content: &str, separator: u8, header: Header) -> anyhow::Result<()> {
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(separator)
            .has_headers(false)
            .flexible(true)
            .from_reader(content.as_bytes());
        let mut record = csv::StringRecord::new();
        while reader.read_record(&mut record).context("it is not valid CSV")? {
            let line = record.position().map_or(0, csv::Position::line);
            self.take(record.iter(), line, header)?;
        }
        Ok(())
    }

    fn read_blanks(&mut self, content: &str, header: Header) -> anyhow::Result<()> {
        for (line, text) in (1..).zip(content.lines()) {
            if !text.trim().is_empty() {
                self.take(text.split_whitespace(), line, header)?;
            }
        }
        Ok(())
    }

    /// Takes a row; the first one decides how many columns there are.
    fn take<'a>(
        &mut self,
        fields: impl Iterator<Item = &'a str> + Clone,
        line: u64,
        header: Header,
    ) -> anyhow::Result<()> {
        if self.columns.is_empty() {
            let name = |(index, field): (usize, &str)| match header {
                Header::First => field.trim().to_owned(),
                Header::None => (index + 1).to_string(),
            };
            let named = fields.clone().enumerate().map(name);
            self.columns.extend(named.map(|name| Column { name, ..Column::default() }));
            if header == Header::First {
                return Ok(());
            }
        }
        let (expected, found) = (self.columns.len(), fields.clone().count());
        if expected != found {
            bail!("line {line} has {found} fields, and the first one has {expected}");
        }
        for (column, field) in self.columns.iter_mut().zip(fields) {
            column.text.push_str(field);
            column.ends.push(column.text.len());
        }
        Ok(())
    }
}

impl Column {
    fn texts(&self) -> Vec<String> {
        let mut begin = 0;
        let cut = |end: &usize| {
            let field = self.text.get(begin..*end).unwrap_or_default().to_owned();
            begin = *end;
            field
        };
        self.ends.iter().map(cut).collect()
    }
}

fn content(path: &Path) -> anyhow::Result<String> {
    let mut file = File::open(path)?;
    let mut content = String::new();
    if path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("gz")) {
        MultiGzDecoder::new(file).read_to_string(&mut content)?;
    } else {
        file.read_to_string(&mut content)?;
    }
    Ok(content)
}

/// The separator that the first line has most of.
fn separator(content: &str) -> u8 {
    let first = content.lines().next().unwrap_or_default();
    let count = |separator: &u8| first.bytes().filter(|byte| byte == separator).count();
    // Of equals the last one is taken, so the order is turned round.
    SEPARATORS.into_iter().rev().max_by_key(count).unwrap_or(b',')
}

//! Text tables: CSV, TSV, and fields apart by blanks; all columns in memory, each as one text with the ends of its fields.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, anyhow, bail};
use flate2::read::MultiGzDecoder;

use super::{Header, ending};

/// What may stand between the fields of a .csv file, in the order in which it is looked for in its first row. With as many semicolons as commas, the
/// commas stand before decimals.
const SEPARATORS: [u8; 4] = *b";,\t|";

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
        let (content, blank) = without_blank_lines(content);
        let (separator, content, before) = match kind.as_str() {
            "txt" => (None, content, blank),
            "tsv" => (Some(b'\t'), content, blank),
            _ => match declared(content)? {
                Some((separator, rest)) => {
                    let (rest, more) = without_blank_lines(rest);
                    (Some(separator), rest, blank + 1 + more)
                }
                None => (Some(separator(content)), content, blank),
            },
        };
        let mut table = Self { columns: Vec::new(), separator };
        match separator {
            None => table.read_blanks(content, header, before)?,
            Some(separator) => table.read_separated(content, separator, header, before)?,
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

    /// Reads fields with a separator between them; so many lines stand before the content.
    fn read_separated(
        &mut self,
        content: &str,
        separator: u8,
        header: Header,
        before: u64,
    ) -> anyhow::Result<()> {
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(separator)
            .has_headers(false)
            .flexible(true)
            .from_reader(content.as_bytes());
        let mut record = csv::StringRecord::new();
        while reader.read_record(&mut record).context("it is not valid CSV")? {
            let line = before + record.position().map_or(0, csv::Position::line);
            self.take(record.iter(), line, header)?;
        }
        Ok(())
    }

    fn read_blanks(&mut self, content: &str, header: Header, before: u64) -> anyhow::Result<()> {
        for (line, text) in (before + 1..).zip(content.lines()) {
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
    let mut content = Vec::new();
    if path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("gz")) {
        MultiGzDecoder::new(file).read_to_end(&mut content)?;
    } else {
        file.read_to_end(&mut content)?;
    }
    if content.starts_with(&[0xff, 0xfe]) || content.starts_with(&[0xfe, 0xff]) {
        bail!("it is text in UTF-16; save it as UTF-8, which spreadsheets call `CSV UTF-8`");
    }
    String::from_utf8(content).map_err(|error| {
        let good = error.as_bytes().get(..error.utf8_error().valid_up_to()).unwrap_or_default();
        let line = 1 + good.iter().filter(|byte| **byte == b'\n').count();
        anyhow!(
            "line {line} is no text in UTF-8; save the file as UTF-8, which spreadsheets call `CSV UTF-8`"
        )
    })
}

/// What follows the lines with nothing but spaces in them with which a text begins, and how many they are.
fn without_blank_lines(mut content: &str) -> (&str, u64) {
    let mut lines = 0;
    while let Some((first, rest)) = content.split_once('\n')
        && first.bytes().all(|byte| matches!(byte, b' ' | b'\r'))
    {
        (content, lines) = (rest, lines + 1);
    }
    (content, lines)
}

/// The separator that a first line like `sep=;` declares, as spreadsheets write it, and what follows that line.
fn declared(content: &str) -> anyhow::Result<Option<(u8, &str)>> {
    let (first, rest) = content.split_once('\n').unwrap_or((content, ""));
    let first = first.trim_end_matches('\r').trim_matches('"');
    let Some(word) = first.get(..4).filter(|word| word.eq_ignore_ascii_case("sep=")) else { return Ok(None) };
    match first.as_bytes() {
        [.., separator] if first.len() == word.len() + 1 && SEPARATORS.contains(separator) => {
            Ok(Some((*separator, rest)))
        }
        _ => bail!("its first line is `{first}`, and fields are kept apart by comma, semicolon, tab or bar"),
    }
}

/// The separator that the first row has most of, outside of quotes.
fn separator(content: &str) -> u8 {
    let mut is_quoted = false;
    let outside = |byte: &u8| {
        is_quoted ^= *byte == b'"';
        !is_quoted
    };
    let first: Vec<u8> = content.bytes().filter(outside).take_while(|byte| *byte != b'\n').collect();
    let count = |separator: &u8| first.iter().filter(|byte| *byte == separator).count();
    // Of equals the last one is taken, so the order is turned round.
    SEPARATORS.into_iter().rev().max_by_key(count).unwrap_or(b',')
}

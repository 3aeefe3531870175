//! Products as rows of CSV or NDJSON, read while the bytes come in. A row that is wrong is named by its line; memory does not grow with
//! the file.

use csv_core::ReadRecordResult;
use wink_api::{ProductSent, json};
use wink_core::offer::Product;

#[cfg(test)]
mod tests;

/// The most bytes of one row: the longest product has a tenth of it.
const ROW_BYTES_MAX: usize = 16 * 1024;

/// How rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated, with a header.
    Csv,
    /// A JSON object in each line.
    Ndjson,
}

/// A row, and the line in which it begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// From 1.
    pub line: u64,
    /// What it says.
    pub read: Result<Product, Wrong>,
}

/// What is wrong with a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// Where in the row, as a JSON pointer; empty for all of it.
    pub pointer: String,
    /// The stable code.
    pub code: &'static str,
    /// What is wrong, for whoever wrote the row.
    pub message: String,
}

impl Wrong {
    fn new(pointer: impl Into<String>, code: &'static str, message: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), code, message: message.into() }
    }

    fn too_long() -> Self {
        Self::new("", "row_too_long", format!("a row has at most {ROW_BYTES_MAX} bytes"))
    }
}

/// Reads rows out of pieces of a file.
pub enum Rows {
    /// See [`Format::Csv`].
    Csv(Box<Csv>),
    /// See [`Format::Ndjson`].
    Ndjson(Ndjson),
}

impl Rows {
    /// Begins a file.
    pub fn new(format: Format) -> Self {
        match format {
            Format::Csv => Self::Csv(Box::default()),
            Format::Ndjson => Self::Ndjson(Ndjson { line: 1, ..Ndjson::default() }),
        }
    }

    /// Takes the next piece, and gives the rows that end in it.
    pub fn feed(&mut self, piece: &[u8]) -> Vec<Row> {
        match self {
            Self::Csv(csv) => csv.rows(piece, false),
            Self::Ndjson(ndjson) => ndjson.rows(piece),
        }
    }

    /// Ends the file, and gives a last row that has no line end.
    pub fn finish(&mut self) -> Vec<Row> {
        match self {
            Self::Csv(csv) => csv.rows(&[], true),
            Self::Ndjson(ndjson) => ndjson.rows(b"\n"),
        }
    }
}

/// A line that is not ended yet.
#[derive(Default)]
pub struct Ndjson {
    line: u64,
    begun: Vec<u8>,
    is_too_long: bool,
}

impl Ndjson {
    fn rows(&mut self, piece: &[u8]) -> Vec<Row> {
        let mut rows = Vec::new();
        for part in piece.split_inclusive(|byte| *byte == b'\n') {
            let ended = part.strip_suffix(b"\n");
            let part = ended.unwrap_or(part);
            self.is_too_long |= ROW_BYTES_MAX < self.begun.len() + part.len();
            if !self.is_too_long {
                self.begun.extend_from_slice(part);
            }
            if ended.is_some() {
                rows.extend(self.row());
            }
        }
        rows
    }

    /// Ends a line; an empty one is no row.
    fn row(&mut self) -> Option<Row> {
        let (line, bytes) = (self.line, std::mem::take(&mut self.begun));
        self.line += 1;
        if std::mem::take(&mut self.is_too_long) {
            return Some(Row { line, read: Err(Wrong::too_long()) });
        }
        if bytes.trim_ascii().is_empty() {
            return None;
        }
        let sent = json::read::<ProductSent>(&bytes)
            .map_err(|error| Wrong::new(error.pointer, error.code.name(), error.message));
        Some(Row { line, read: sent.and_then(product) })
    }
}

fn product(sent: ProductSent) -> Result<Product, Wrong> {
    sent.read().map_err(|error| Wrong::new(json::pointer([error.field]), "value_invalid", error.to_string()))
}

/// The columns of a product, in the order in which they are exported.
const COLUMNS: [&str; 7] = ["id", "name", "category", "brand", "price_cents", "cost_cents", "stock"];

/// A record that is not ended yet, and the columns the header named.
pub struct Csv {
    reader: csv_core::Reader,
    text: Vec<u8>,
    text_len: usize,
    ends: Vec<usize>,
    ends_len: usize,
    line: u64,
    /// The line in which the record begins, once it has: what the reader counts lags behind where lines end in two characters.
    begun: Option<u64>,
    is_too_long: bool,
    /// `None` until the header is read; where it was wrong, nothing behind it can be read either.
    header: Option<Result<Vec<&'static str>, Wrong>>,
}

impl Default for Csv {
    fn default() -> Self {
        Self {
            reader: csv_core::Reader::new(),
            text: vec![0; ROW_BYTES_MAX],
            text_len: 0,
            ends: vec![0; 4 * COLUMNS.len()],
            ends_len: 0,
            line: 1,
            begun: None,
            is_too_long: false,
            header: None,
        }
    }
}

impl Csv {
    fn rows(&mut self, mut piece: &[u8], is_end: bool) -> Vec<Row> {
        let mut rows = Vec::new();
        loop {
            // An empty piece tells the reader that the file has ended.
            if piece.is_empty() && !is_end {
                return rows;
            }
            let text = self.text.get_mut(self.text_len..).unwrap_or_default();
            let ends = self.ends.get_mut(self.ends_len..).unwrap_or_default();
            let (result, read, written, ended) = self.reader.read_record(piece, text, ends);
            self.count_lines(piece.get(..read).unwrap_or_default());
            piece = piece.get(read..).unwrap_or_default();
            self.text_len += written;
            self.ends_len += ended;
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull | ReadRecordResult::OutputEndsFull => {
                    self.is_too_long = true;
                    (self.text_len, self.ends_len) = (0, 0);
                }
                ReadRecordResult::Record => rows.extend(self.row()),
                ReadRecordResult::End => {
                    if self.header.is_none() {
                        let message = "the file has no header; its first line names the columns";
                        rows.push(Row { line: 1, read: Err(Wrong::new("", "header_invalid", message)) });
                    }
                    return rows;
                }
            }
        }
    }

    fn count_lines(&mut self, read: &[u8]) {
        for byte in read {
            if self.begun.is_none() && !matches!(byte, b'\r' | b'\n') {
                self.begun = Some(self.line);
            }
            self.line += u64::from(*byte == b'\n');
        }
    }

    /// Ends a record. The header is a row only if it is wrong, and then the last one.
    fn row(&mut self) -> Option<Row> {
        let line = self.begun.take().unwrap_or(self.line);
        let is_too_long = std::mem::take(&mut self.is_too_long);
        let fields = if is_too_long { Err(Wrong::too_long()) } else { self.fields() };
        (self.text_len, self.ends_len) = (0, 0);
        match &self.header {
            None => {
                let header = fields.and_then(|fields| columns(&fields));
                let wrong = header.as_ref().err().cloned();
                self.header = Some(header);
                wrong.map(|wrong| Row { line, read: Err(wrong) })
            }
            Some(Err(_)) => None,
            Some(Ok(columns)) => Some(Row { line, read: fields.and_then(|fields| cells(columns, fields)) }),
        }
    }

    fn fields(&self) -> Result<Vec<String>, Wrong> {
        let mut start = 0;
        let mut fields = Vec::new();
        for end in self.ends.iter().take(self.ends_len) {
            let bytes = self.text.get(start..*end).unwrap_or_default().to_vec();
            let text = String::from_utf8(bytes).map_err(|_| {
                Wrong::new("", "row_not_utf8", "the row is not UTF-8; save the file as UTF-8")
            })?;
            fields.push(text);
            start = *end;
        }
        Ok(fields)
    }
}

/// Finds the columns a header names. One that is not known is refused: dropping it would lose what it says.
fn columns(header: &[String]) -> Result<Vec<&'static str>, Wrong> {
    let refuse = |message: String| Wrong::new("", "header_invalid", message);
    let mut columns = Vec::new();
    for name in header {
        let column = COLUMNS.into_iter().find(|column| column == name);
        let column = column.ok_or_else(|| {
            refuse(format!("there is no column `{name}`; there are {}", COLUMNS.join(", ")))
        })?;
        if columns.contains(&column) {
            return Err(refuse(format!("the column `{column}` stands twice")));
        }
        columns.push(column);
    }
    match ["id", "name"].into_iter().find(|needed| !columns.contains(needed)) {
        Some(missing) => Err(refuse(format!("the column `{missing}` is missing"))),
        None => Ok(columns),
    }
}

fn cells(columns: &[&'static str], fields: Vec<String>) -> Result<Product, Wrong> {
    if columns.len() != fields.len() {
        let message = format!("the row has {} cells, and the header {}", fields.len(), columns.len());
        return Err(Wrong::new("", "row_malformed", message));
    }
    let mut sent = ProductSent {
        id: String::new(),
        name: String::new(),
        category: None,
        brand: None,
        price_cents: None,
        cost_cents: None,
        stock: None,
    };
    for (column, cell) in columns.iter().zip(fields) {
        let text = Some(from_sheet(cell)).filter(|text| !text.is_empty());
        match *column {
            "id" => sent.id = text.unwrap_or_default(),
            "name" => sent.name = text.unwrap_or_default(),
            "category" => sent.category = text,
            "brand" => sent.brand = text,
            "price_cents" => sent.price_cents = number(column, text)?,
            "cost_cents" => sent.cost_cents = number(column, text)?,
            _ => sent.stock = number(column, text)?,
        }
    }
    product(sent)
}

fn number<N: std::str::FromStr>(column: &str, text: Option<String>) -> Result<Option<N>, Wrong> {
    let read = text.as_deref().map(str::parse).transpose();
    read.map_err(|_| {
        let message = format!(
            "`{column}` must be a whole number that fits, without separators; this is `{}`",
            text.unwrap_or_default()
        );
        Wrong::new(json::pointer([column]), "value_invalid", message)
    })
}

/// The characters by which spreadsheets know a formula.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// Writes a product as a line of CSV. A text that a spreadsheet would run as a formula gets an apostrophe before it, which reading takes
/// off again.
pub fn csv_line(product: &Product) -> String {
    let number = |number: Option<i64>| number.map_or_else(String::new, |number| number.to_string());
    let text = |text: Option<&str>| cell(text.unwrap_or_default());
    let cells = [
        cell(&product.id),
        cell(&product.name),
        text(product.category.as_deref()),
        text(product.brand.as_deref()),
        number(product.price.map(|price| price.0)),
        number(product.cost.map(|cost| cost.0)),
        number(product.stock.map(i64::from)),
    ];
    cells.join(",")
}

/// The first line of an export.
pub fn csv_header() -> String {
    COLUMNS.join(",")
}

/// Writes a text into a line of CSV.
pub(crate) fn cell(text: &str) -> String {
    let safe = if text.starts_with(FORMULA) || text.starts_with('\'') {
        format!("'{text}")
    } else {
        text.to_owned()
    };
    if safe.contains([',', '"', '\n', '\r']) { format!("\"{}\"", safe.replace('"', "\"\"")) } else { safe }
}

fn from_sheet(text: String) -> String {
    match text.strip_prefix('\'') {
        Some(rest) if rest.starts_with(FORMULA) || rest.starts_with('\'') => rest.to_owned(),
        _ => text,
    }
}

//! Reads a table, CSV or Parquet, as texts.

use std::fs::File;
use std::path::Path;

use anyhow::{Context, anyhow, bail};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use wink_core::base::Timestamp;

/// A table of texts.
pub(crate) struct Table {
    /// The names of its columns.
    pub(crate) columns: Vec<String>,
    /// Its rows, each with a text for every column.
    pub(crate) rows: Vec<Vec<String>>,
}

impl Table {
    /// Reads a file by its ending.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let file = File::open(path).with_context(|| format!("`{}` cannot be read", path.display()))?;
        match path.extension().and_then(|ending| ending.to_str()) {
            Some("csv") => csv(file).with_context(|| format!("`{}` is no CSV", path.display())),
            Some("parquet") => parquet(file).with_context(|| format!("`{}` is no Parquet", path.display())),
            _ => bail!("`{}` is neither .csv nor .parquet", path.display()),
        }
    }

    /// Finds a column.
    pub(crate) fn column(&self, name: &str) -> anyhow::Result<usize> {
        let place = self.columns.iter().position(|column| column == name);
        place.ok_or_else(|| {
            anyhow!("there is no column `{name}`; the table has `{}`", self.columns.join("`, `"))
        })
    }
}

fn csv(file: File) -> anyhow::Result<Table> {
    let mut reader = csv::Reader::from_reader(file);
    let columns = reader.headers()?.iter().map(str::to_owned).collect();
    let mut rows = Vec::new();
    for record in reader.records() {
        rows.push(record?.iter().map(str::to_owned).collect());
    }
    Ok(Table { columns, rows })
}

fn parquet(file: File) -> anyhow::Result<Table> {
    let reader = SerializedFileReader::new(file)?;
    let schema = reader.metadata().file_metadata().schema_descr();
    let columns = schema.columns().iter().map(|column| column.name().to_owned()).collect();
    let mut rows = Vec::new();
    for row in reader.get_row_iter(None)? {
        rows.push(row?.get_column_iter().map(|(_, field)| text(field)).collect());
    }
    Ok(Table { columns, rows })
}

fn text(field: &Field) -> String {
    match field {
        Field::Null => String::new(),
        Field::Str(text) => text.clone(),
        Field::Double(number) => number.to_string(),
        Field::TimestampMillis(ms) => Timestamp(*ms).to_string(),
        Field::TimestampMicros(us) => Timestamp(us.div_euclid(1_000)).to_string(),
        other => other.to_string(),
    }
}

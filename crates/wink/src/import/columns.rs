//! Reads columns of a Parquet file. Small files and one large one: whole columns at a time, without Arrow.

use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use parquet::basic::Type as Physical;
use parquet::column::reader::ColumnReader;
use parquet::data_type::{ByteArray, Int96};
use parquet::file::reader::{FileReader, SerializedFileReader};

use crate::table::all;

/// A Parquet file.
pub(crate) struct Columns {
    path: PathBuf,
    reader: SerializedFileReader<File>,
}

impl Columns {
    /// Opens `name` in `directory`.
    pub(crate) fn open(directory: &Path, name: &str) -> anyhow::Result<Self> {
        let path = directory.join(name);
        let file = File::open(&path).with_context(|| {
            format!("`{}` cannot be read; fetch the data with `cargo xtask data`", path.display())
        })?;
        let reader = SerializedFileReader::new(file)
            .with_context(|| format!("`{}` is not Parquet", path.display()))?;
        Ok(Self { path, reader })
    }

    /// Reads whole numbers.
    pub(crate) fn integers(&self, column: &str) -> anyhow::Result<Vec<i64>> {
        self.read(column, Physical::INT64, |reader| match reader {
            ColumnReader::Int64ColumnReader(reader) => all(reader),
            _ => bail!("another type"),
        })?
        .into_iter()
        .map(|value| value.ok_or_else(|| self.missing(column)))
        .collect()
    }

    /// Reads amounts of money as whole cents. The data writes them as floats; each must lie within a millionth of a cent of a whole one.
    pub(crate) fn cents(&self, column: &str) -> anyhow::Result<Vec<i64>> {
        let amounts = self.read(column, Physical::DOUBLE, |reader| match reader {
            ColumnReader::DoubleColumnReader(reader) => all(reader),
            _ => bail!("another type"),
        })?;
        let cents = |amount: Option<f64>| {
            let scaled = amount.ok_or_else(|| self.missing(column))? * 100.0;
            let whole = scaled.round();
            if 1e-6 < (scaled - whole).abs() || 1e12 < whole.abs() {
                bail!(
                    "`{}`: `{column}` has the amount {scaled} cents, which is not whole",
                    self.path.display()
                );
            }
            #[expect(clippy::cast_possible_truncation, reason = "whole and below 1e12")]
            Ok(whole as i64)
        };
        amounts.into_iter().map(cents).collect()
    }

    /// Reads texts; `None` where there is none.
    pub(crate) fn texts(&self, column: &str) -> anyhow::Result<Vec<Option<String>>> {
        let texts = self.read(column, Physical::BYTE_ARRAY, |reader| match reader {
            ColumnReader::ByteArrayColumnReader(reader) => all(reader),
            _ => bail!("another type"),
        })?;
        let text = |bytes: Option<ByteArray>| match bytes {
            Some(bytes) => Ok(Some(std::str::from_utf8(bytes.data())?.to_owned())),
            None => Ok(None),
        };
        texts.into_iter().map(text).collect()
    }

    /// Reads times as milliseconds since the Unix epoch. The data's times are UTC.
    pub(crate) fn times(&self, column: &str) -> anyhow::Result<Vec<i64>> {
        let times = self.read(column, Physical::INT96, |reader| match reader {
            ColumnReader::Int96ColumnReader(reader) => all(reader),
            _ => bail!("another type"),
        })?;
        let millis = |time: Option<Int96>| Ok(time.ok_or_else(|| self.missing(column))?.to_millis());
        times.into_iter().map(millis).collect()
    }

    fn read<T>(
        &self,
        column: &str,
        physical: Physical,
        read: impl Fn(ColumnReader) -> anyhow::Result<Vec<Option<T>>>,
    ) -> anyhow::Result<Vec<Option<T>>> {
        let schema = self.reader.metadata().file_metadata().schema_descr();
        let index = schema.columns().iter().position(|known| known.name() == column);
        let index = index.ok_or_else(|| anyhow!("`{}` has no column `{column}`", self.path.display()))?;
        if schema.column(index).physical_type() != physical {
            bail!("`{}`: column `{column}` is not of type {physical}", self.path.display());
        }
        let mut values = Vec::new();
        for group in 0..self.reader.num_row_groups() {
            let reader = self.reader.get_row_group(group)?.get_column_reader(index)?;
            let part =
                read(reader).with_context(|| format!("`{}`, column `{column}`", self.path.display()))?;
            values.extend(part);
        }
        Ok(values)
    }

    fn missing(&self, column: &str) -> anyhow::Error {
        anyhow!("`{}`: column `{column}` has a row without a value", self.path.display())
    }
}

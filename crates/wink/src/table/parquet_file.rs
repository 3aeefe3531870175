//! Parquet tables of flat columns, read one whole column at a time, without Arrow.

use std::fs::File;
use std::path::Path;

use anyhow::{Context, bail};
use jiff::Timestamp;
use jiff::civil::{Date, date};
use parquet::basic::{ConvertedType, LogicalType, TimeUnit, Type as Physical};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::DataType;
use parquet::file::reader::{FileReader, SerializedFileReader};

use super::arrow_schema;

/// A decimal number of bytes has no more digits than sixteen of them hold; one that is kept as an integer has fewer.
const DIGITS_MAX: usize = 38;

/// What an integer stands for.
#[derive(Clone, Copy)]
enum Whole {
    Signed,
    Unsigned,
    /// So many of its digits are behind the point.
    Decimal(usize),
}

/// A Parquet file.
pub(super) struct ParquetFile {
    reader: SerializedFileReader<File>,
}

impl ParquetFile {
    pub(super) fn open(path: &Path) -> anyhow::Result<Self> {
        let reader = SerializedFileReader::new(File::open(path)?).context("it is not Parquet")?;
        let file = Self { reader };
        if file.rows() == 0 {
            bail!("it has no rows");
        }
        Ok(file)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let schema = self.reader.metadata().file_metadata().schema_descr();
        // What is nested has one column for each of its parts, and is called by what they are parts of.
        schema.columns().iter().filter_map(|column| column.path().parts().first()).map(String::as_str)
    }

    /// The names of the columns, each once for all its parts.
    pub(super) fn roots(&self) -> impl Iterator<Item = &str> {
        let schema = self.reader.metadata().file_metadata().schema_descr();
        schema.root_schema().get_fields().iter().map(|column| column.name())
    }

    pub(super) fn rows(&self) -> usize {
        usize::try_from(self.reader.metadata().file_metadata().num_rows()).unwrap_or(0)
    }

    /// Reads numbers and truth values; `None` if the column has neither.
    pub(super) fn numbers(&self, index: usize) -> anyhow::Result<Option<Vec<Option<f64>>>> {
        match self.physical(index) {
            Physical::BOOLEAN | Physical::INT32 | Physical::INT64 | Physical::FLOAT | Physical::DOUBLE => {}
            Physical::BYTE_ARRAY | Physical::FIXED_LEN_BYTE_ARRAY
                if matches!(self.whole(index), Ok(Whole::Decimal(_))) => {}
            _ => return Ok(None),
        }
        let whole = self.whole(index)?;
        self.read(index, |reader| match reader {
            ColumnReader::BoolColumnReader(reader) => mapped(reader, |value| f64::from(u8::from(value))),
            ColumnReader::Int32ColumnReader(reader) => mapped(reader, |value| whole.number_32(value)),
            ColumnReader::Int64ColumnReader(reader) => {
                mapped(reader, |value| whole.number(i128::from(value)))
            }
            ColumnReader::FloatColumnReader(reader) => mapped(reader, f64::from),
            ColumnReader::DoubleColumnReader(reader) => mapped(reader, |value| value),
            ColumnReader::ByteArrayColumnReader(reader) => {
                tried(reader, |value| Ok(whole.number(decimal(value.data())?)))
            }
            ColumnReader::FixedLenByteArrayColumnReader(reader) => {
                tried(reader, |value| Ok(whole.number(decimal(value.data())?)))
            }
            ColumnReader::Int96ColumnReader(_) => bail!("another type than the file says"),
        })
        .map(Some)
    }

    /// Reads anything that can be written as text: a text as it is, a date or time as in RFC 3339, a number in digits.
    pub(super) fn texts(&self, index: usize) -> anyhow::Result<Vec<String>> {
        let schema = self.reader.metadata().file_metadata().schema_descr();
        let logical = schema.columns().get(index).and_then(|column| column.logical_type_ref().cloned());
        let whole = self.whole(index)?;
        let read = self.read(index, |reader| match (reader, &logical) {
            (ColumnReader::Int32ColumnReader(reader), Some(LogicalType::Date)) => mapped(reader, day),
            (ColumnReader::Int64ColumnReader(reader), Some(LogicalType::Timestamp(kind))) => {
                mapped(reader, |value| time(value, &kind.unit))
            }
            (ColumnReader::Int96ColumnReader(reader), _) => {
                mapped(reader, |value| time(value.to_millis(), &TimeUnit::MILLIS))
            }
            (ColumnReader::ByteArrayColumnReader(reader), _) if matches!(whole, Whole::Decimal(_)) => {
                tried(reader, |value| Ok(whole.text(decimal(value.data())?)))
            }
            (ColumnReader::FixedLenByteArrayColumnReader(reader), _)
                if matches!(whole, Whole::Decimal(_)) =>
            {
                tried(reader, |value| Ok(whole.text(decimal(value.data())?)))
            }
            (ColumnReader::ByteArrayColumnReader(reader), _) => {
                mapped(reader, |value| String::from_utf8_lossy(value.data()).into_owned())
            }
            (ColumnReader::BoolColumnReader(reader), _) => mapped(reader, |value| value.to_string()),
            (ColumnReader::Int32ColumnReader(reader), _) => mapped(reader, |value| whole.text_32(value)),
            (ColumnReader::Int64ColumnReader(reader), _) => {
                mapped(reader, |value| whole.text(i128::from(value)))
            }
            (ColumnReader::FloatColumnReader(reader), _) => mapped(reader, |value| value.to_string()),
            (ColumnReader::DoubleColumnReader(reader), _) => mapped(reader, |value| value.to_string()),
            (ColumnReader::FixedLenByteArrayColumnReader(_), _) => {
                bail!("fixed-length bytes are not read; write the column as text")
            }
        })?;
        Ok(read.into_iter().map(Option::unwrap_or_default).collect())
    }

    /// Whether a column's points in time are kept in UTC, whatever zone they were written in.
    pub(super) fn is_in_utc(&self, index: usize) -> bool {
        let column = self.reader.metadata().file_metadata().schema_descr().column(index);
        match column.logical_type_ref() {
            Some(LogicalType::Timestamp(kind)) => kind.is_adjusted_to_u_t_c,
            _ => false,
        }
    }

    /// What the file says of a column's integers: in the way of today, or in that of older writers.
    fn whole(&self, index: usize) -> anyhow::Result<Whole> {
        let column = self.reader.metadata().file_metadata().schema_descr().column(index);
        let scale = match (column.logical_type_ref(), column.converted_type()) {
            (Some(LogicalType::Decimal(kind)), _) => kind.scale,
            (None, ConvertedType::DECIMAL) => column.type_scale(),
            (Some(LogicalType::Integer(kind)), _) if !kind.is_signed => return Ok(Whole::Unsigned),
            (
                None,
                ConvertedType::UINT_8
                | ConvertedType::UINT_16
                | ConvertedType::UINT_32
                | ConvertedType::UINT_64,
            ) => return Ok(Whole::Unsigned),
            _ => return Ok(Whole::Signed),
        };
        match usize::try_from(scale) {
            Ok(scale) if scale <= DIGITS_MAX => Ok(Whole::Decimal(scale)),
            _ => bail!("it has {scale} digits behind the point, and no more than {DIGITS_MAX} are read"),
        }
    }

    /// Refuses durations and times of day. They are kept as integers of a unit that the values do not show, and `90` may be seconds or nanoseconds.
    fn refuse_spans(&self, index: usize) -> anyhow::Result<()> {
        let about = self.reader.metadata().file_metadata();
        let column = about.schema_descr().column(index);
        let is_time = matches!(column.logical_type_ref(), Some(LogicalType::Time(_)))
            || matches!(column.converted_type(), ConvertedType::TIME_MILLIS | ConvertedType::TIME_MICROS);
        if is_time {
            bail!("it holds times of day, which are not read; write it as a number, as of hours, or as text");
        }
        let noted = about.key_value_metadata().into_iter().flatten().find(|one| one.key == arrow_schema::KEY);
        let durations = noted.and_then(|one| one.value.as_deref()).map(arrow_schema::durations);
        if durations.unwrap_or_default().iter().any(|name| name == column.name()) {
            bail!("it holds durations, whose unit is not read; write it as a number, as of seconds");
        }
        Ok(())
    }

    fn physical(&self, index: usize) -> Physical {
        self.reader.metadata().file_metadata().schema_descr().column(index).physical_type()
    }

    fn read<T>(
        &self,
        index: usize,
        read: impl Fn(ColumnReader) -> anyhow::Result<Vec<Option<T>>>,
    ) -> anyhow::Result<Vec<Option<T>>> {
        let schema = self.reader.metadata().file_metadata().schema_descr();
        if 0 < schema.column(index).max_rep_level() {
            bail!("it is a list; only flat columns are read");
        }
        if 1 < schema.column(index).path().parts().len() {
            bail!("it is a struct; only flat columns are read, so write its parts as columns of their own");
        }
        self.refuse_spans(index)?;
        let mut values = Vec::new();
        for group in 0..self.reader.num_row_groups() {
            values.extend(read(self.reader.get_row_group(group)?.get_column_reader(index)?)?);
        }
        Ok(values)
    }
}

fn mapped<T: DataType, U>(
    reader: ColumnReaderImpl<T>,
    write: impl Fn(T::T) -> U,
) -> anyhow::Result<Vec<Option<U>>> {
    Ok(all(reader)?.into_iter().map(|value| value.map(&write)).collect())
}

/// As [`mapped`], with values that may be refused.
fn tried<T: DataType, U>(
    reader: ColumnReaderImpl<T>,
    write: impl Fn(T::T) -> anyhow::Result<U>,
) -> anyhow::Result<Vec<Option<U>>> {
    all(reader)?.into_iter().map(|value| value.map(&write).transpose()).collect()
}

/// An integer of bytes, the highest first, in two's complement.
fn decimal(bytes: &[u8]) -> anyhow::Result<i128> {
    let Some(first) = bytes.first().filter(|_| bytes.len() <= 16) else {
        bail!("a decimal number has {} bytes, and 1 to 16 are read; write the column as text", bytes.len());
    };
    let sign = if 0x80 <= *first { -1 } else { 0 };
    Ok(bytes.iter().fold(sign, |value: i128, byte| (value << 8) | i128::from(*byte)))
}

/// Reads a whole column of one row group, with `None` where a value is null.
pub(crate) fn all<T: DataType>(mut reader: ColumnReaderImpl<T>) -> anyhow::Result<Vec<Option<T::T>>> {
    let (mut values, mut levels) = (Vec::new(), Vec::new());
    loop {
        let (records, _, _) = reader.read_records(65_536, Some(&mut levels), None, &mut values)?;
        if records == 0 {
            break;
        }
    }
    // A column that cannot be null has no levels.
    if levels.is_empty() {
        return Ok(values.into_iter().map(Some).collect());
    }
    let mut values = values.into_iter();
    Ok(levels.into_iter().map(|level| if level == 0 { None } else { values.next() }).collect())
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a number in a table for statistics; beyond 2^53 it is rounded"
)]
impl Whole {
    fn number(self, value: i128) -> f64 {
        match self {
            Self::Signed => value as f64,
            Self::Unsigned => unsigned(value) as f64,
            // Whole numbers up to 2^53 and powers of ten up to 10^22 have no rounding of their own: the quotient is rounded once.
            Self::Decimal(scale) if scale <= 22 && value.unsigned_abs() <= 1 << 53 => {
                value as f64 / (0..scale).fold(1.0, |power: f64, _| power * 10.0)
            }
            Self::Decimal(_) => self.text(value).parse().unwrap_or(f64::NAN),
        }
    }

    fn number_32(self, value: i32) -> f64 {
        match self {
            Self::Unsigned => f64::from(value.cast_unsigned()),
            Self::Signed | Self::Decimal(_) => self.number(i128::from(value)),
        }
    }

    fn text(self, value: i128) -> String {
        match self {
            Self::Signed | Self::Decimal(0) => value.to_string(),
            Self::Unsigned => unsigned(value).to_string(),
            Self::Decimal(scale) => {
                let sign = if value < 0 { "-" } else { "" };
                let digits = format!("{:0>1$}", value.unsigned_abs(), scale + 1);
                let (before, behind) = digits.split_at(digits.len() - scale);
                format!("{sign}{before}.{behind}")
            }
        }
    }

    fn text_32(self, value: i32) -> String {
        match self {
            Self::Unsigned => value.cast_unsigned().to_string(),
            Self::Signed | Self::Decimal(_) => self.text(i128::from(value)),
        }
    }
}

/// The number without a sign that 64 bits stand for which were read with one.
fn unsigned(value: i128) -> i128 {
    if value < 0 { value + (1 << 64) } else { value }
}

/// The day so many days after 1970-01-01; empty, like a missing one, if no calendar has it.
fn day(days: i32) -> String {
    const EPOCH: Date = date(1970, 1, 1);
    EPOCH.checked_add(jiff::Span::new().days(days)).map(|day| day.to_string()).unwrap_or_default()
}

fn time(value: i64, unit: &TimeUnit) -> String {
    let time = match unit {
        TimeUnit::MILLIS => Timestamp::from_millisecond(value),
        TimeUnit::MICROS => Timestamp::from_microsecond(value),
        TimeUnit::NANOS => Timestamp::from_nanosecond(i128::from(value)),
    };
    time.map(|time| time.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_of_bytes_have_a_sign() {
        for (bytes, value) in [
            (&[0x0f][..], 15),
            (&[0xff, 0x85], -123),
            (&[0x00, 0x85], 133),
            (&[0x80], -128),
            (&[0xff; 16], -1),
            (&[0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], 0x7f_ffff_ffff_ffff_ffff),
        ] {
            assert_eq!(decimal(bytes).unwrap(), value, "{bytes:?}");
        }
        assert!(decimal(&[]).is_err() && decimal(&[0; 17]).is_err());
        assert_eq!(Whole::Decimal(2).text(-123), "-1.23");
        assert_eq!(Whole::Decimal(30).text(-5), format!("-0.{}5", "0".repeat(29)));
    }
}

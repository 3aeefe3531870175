//! Writes a table with its features, as CSV or Parquet.

use std::fs::File;
use std::io::Write;
use std::sync::Arc;

use anyhow::{Context, bail};
use parquet::basic::{ConvertedType, Repetition, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;

use super::{Cell, Column, Table};

/// Rows of a row group: some megabytes, so that a reader can take a part.
const GROUP: usize = 65_536;

/// Writes to a file by its ending, or CSV to standard output; `cells` has a row for each of the table's.
pub(crate) fn write(to: &str, table: &Table, columns: &[Column], cells: &[Vec<Cell>]) -> anyhow::Result<()> {
    let make = || File::create(to).with_context(|| format!("`{to}` cannot be written"));
    match to.rsplit_once('.') {
        _ if to == "-" => csv(std::io::stdout().lock(), table, columns, cells),
        Some((_, "csv")) => csv(make()?, table, columns, cells),
        Some((_, "parquet")) => parquet(make()?, table, columns, cells),
        _ => bail!("`{to}` is neither .csv nor .parquet, nor `-` for standard output"),
    }
}

fn csv(out: impl Write, table: &Table, columns: &[Column], cells: &[Vec<Cell>]) -> anyhow::Result<()> {
    let mut out = csv::Writer::from_writer(out);
    out.write_record(table.columns.iter().chain(columns.iter().map(|column| &column.name)))?;
    for (row, cells) in table.rows.iter().zip(cells) {
        let told = cells.iter().map(|cell| match cell {
            Cell::Nothing => String::new(),
            Cell::Number(number) => number.to_string(),
            Cell::Shares(json) => json.clone(),
        });
        out.write_record(row.iter().cloned().chain(told))?;
    }
    Ok(out.flush()?)
}

fn parquet(file: File, table: &Table, columns: &[Column], cells: &[Vec<Cell>]) -> anyhow::Result<()> {
    let text = |name: &str, repetition| {
        let builder = Type::primitive_type_builder(name, Physical::BYTE_ARRAY);
        builder.with_repetition(repetition).with_converted_type(ConvertedType::UTF8).build()
    };
    let number = |name: &str| {
        let builder = Type::primitive_type_builder(name, Physical::DOUBLE);
        builder.with_repetition(Repetition::OPTIONAL).build()
    };
    let mut fields = Vec::with_capacity(table.columns.len() + columns.len());
    for name in &table.columns {
        fields.push(Arc::new(text(name, Repetition::REQUIRED)?));
    }
    for column in columns {
        let name = &column.name;
        fields.push(Arc::new(if column.is_shares {
            text(name, Repetition::OPTIONAL)?
        } else {
            number(name)?
        }));
    }
    let schema = Arc::new(Type::group_type_builder("training").with_fields(fields).build()?);
    let mut writer = SerializedFileWriter::new(file, schema, Arc::new(WriterProperties::default()))?;
    for (rows, cells) in table.rows.chunks(GROUP).zip(cells.chunks(GROUP)) {
        let mut group = writer.next_row_group()?;
        for place in 0..table.columns.len() {
            let texts: Vec<ByteArray> =
                rows.iter().filter_map(|row| Some(row.get(place)?.as_str().into())).collect();
            let mut column = group.next_column()?.context("the table has this column")?;
            column.typed::<ByteArrayType>().write_batch(&texts, None, None)?;
            column.close()?;
        }
        for (place, of) in columns.iter().enumerate() {
            let cells = || cells.iter().filter_map(|row| row.get(place));
            let is_told: Vec<i16> = cells().map(|cell| i16::from(*cell != Cell::Nothing)).collect();
            let mut column = group.next_column()?.context("the table has this column")?;
            if of.is_shares {
                let shares: Vec<ByteArray> = cells()
                    .filter_map(|cell| match cell {
                        Cell::Shares(json) => Some(json.as_str().into()),
                        _ => None,
                    })
                    .collect();
                column.typed::<ByteArrayType>().write_batch(&shares, Some(&is_told), None)?;
            } else {
                let numbers: Vec<f64> = cells()
                    .filter_map(|cell| match cell {
                        Cell::Number(number) => Some(*number),
                        _ => None,
                    })
                    .collect();
                column.typed::<DoubleType>().write_batch(&numbers, Some(&is_told), None)?;
            }
            column.close()?;
        }
        group.close()?;
    }
    writer.close()?;
    Ok(())
}

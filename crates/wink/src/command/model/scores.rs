//! `--scores`: a file with the score of everybody, each by a model that was learned from the half they are not in.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, ensure};
use parquet::basic::{ConvertedType, Repetition, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::Type;

use crate::arguments::ScoresFile;
use crate::table::Table;
use crate::unfinished::Unfinished;

/// The column with the row in the file the scores are of, counted from 1 as errors count it.
const ROW: &str = "row";
/// Rows of a row group: some megabytes, so that a reader can take a part.
const GROUP: usize = 65_536;

/// A file that was begun, and whose each row is.
pub(super) struct Begun {
    unfinished: Unfinished,
    as_parquet: bool,
    id: Option<(String, Vec<String>)>,
}

/// A column of scores, with its name.
pub(super) type Column = (String, Vec<f64>);

impl Begun {
    /// Begins the file, if one is asked for, before anything is learned.
    pub(super) fn of(asked: &ScoresFile, input: &Path, table: &Table) -> anyhow::Result<Option<Self>> {
        let Some(path) = &asked.scores else { return Ok(None) };
        let is_input = || Some(path.canonicalize().ok()? == input.canonicalize().ok()?);
        ensure!(
            is_input() != Some(true),
            "`{}` is the input; give the scores a file of their own",
            path.display()
        );
        let id = asked.id.as_ref().map(|id| anyhow::Ok((id.clone(), table.names_of(id)?))).transpose()?;
        let as_parquet = path.extension().is_some_and(|ending| ending == "parquet");
        Ok(Some(Self { unfinished: Unfinished::create(path)?, as_parquet, id }))
    }

    /// Writes the scores of these rows, counted from 1, and gives the file its name.
    pub(super) fn write(self, rows: &[usize], columns: &[Column]) -> anyhow::Result<()> {
        let Self { unfinished, as_parquet, id } = self;
        let id = id.map(|(name, ids)| {
            let of_row = |row: &usize| ids.get(row.checked_sub(1)?).cloned();
            (name, rows.iter().filter_map(of_row).collect::<Vec<String>>())
        });
        let table = Columns { rows, id: id.as_ref(), columns };
        table.refuse_twins()?;
        let file = unfinished.file()?;
        let written = if as_parquet { table.parquet(file) } else { table.csv(file) };
        written.context("the scores cannot be written")?;
        unfinished.finish()
    }
}

/// Puts together what was learned for each half, in the order of the file.
pub(super) fn interleaved(first_half: &[bool], of_first: &[f64], of_second: &[f64]) -> Vec<f64> {
    let (mut first, mut second) = (of_first.iter(), of_second.iter());
    let next = first_half.iter().map(|is_first| if *is_first { first.next() } else { second.next() });
    next.flatten().copied().collect()
}

/// What is written.
struct Columns<'a> {
    rows: &'a [usize],
    id: Option<&'a (String, Vec<String>)>,
    columns: &'a [Column],
}

impl Columns<'_> {
    fn names(&self) -> impl Iterator<Item = &str> {
        let id = self.id.iter().map(|(name, _)| name.as_str());
        std::iter::once(ROW).chain(id).chain(self.columns.iter().map(|(name, _)| name.as_str()))
    }

    /// A reader finds a column by its name.
    fn refuse_twins(&self) -> anyhow::Result<()> {
        let mut names: Vec<&str> = self.names().collect();
        names.sort_unstable();
        let twin = names.windows(2).find_map(|pair| (pair.first() == pair.last()).then(|| pair.first())?);
        ensure!(
            twin.is_none(),
            "two columns of the scores would be called `{}`; rename the column or the value it comes from",
            twin.copied().unwrap_or_default()
        );
        Ok(())
    }

    fn csv(&self, file: File) -> anyhow::Result<()> {
        let mut out = csv::Writer::from_writer(file);
        out.write_record(self.names())?;
        for (place, row) in self.rows.iter().enumerate() {
            let id = self.id.iter().filter_map(|(_, ids)| ids.get(place).cloned());
            let scores = self.columns.iter().filter_map(|(_, scores)| scores.get(place));
            out.write_record(
                std::iter::once(row.to_string()).chain(id).chain(scores.map(ToString::to_string)),
            )?;
        }
        Ok(out.flush()?)
    }

    fn parquet(&self, file: File) -> anyhow::Result<()> {
        let column = |name: &str, physical, converted| {
            let builder = Type::primitive_type_builder(name, physical).with_repetition(Repetition::REQUIRED);
            anyhow::Ok(Arc::new(builder.with_converted_type(converted).build()?))
        };
        let mut fields = vec![column(ROW, Physical::INT64, ConvertedType::NONE)?];
        if let Some((name, _)) = self.id {
            fields.push(column(name, Physical::BYTE_ARRAY, ConvertedType::UTF8)?);
        }
        for (name, _) in self.columns {
            fields.push(column(name, Physical::DOUBLE, ConvertedType::NONE)?);
        }
        let schema = Arc::new(Type::group_type_builder("scores").with_fields(fields).build()?);
        let mut writer = SerializedFileWriter::new(file, schema, Arc::new(WriterProperties::default()))?;
        for start in (0..self.rows.len()).step_by(GROUP) {
            let mut group = writer.next_row_group()?;
            self.part(&mut group, start)?;
            group.close()?;
        }
        writer.close()?;
        Ok(())
    }

    /// Writes a row group that begins at a row.
    fn part(&self, group: &mut SerializedRowGroupWriter<'_, File>, start: usize) -> anyhow::Result<()> {
        let end = (start + GROUP).min(self.rows.len());
        let there = "the file has this column";
        let rows: Result<Vec<i64>, _> =
            self.rows.get(start..end).into_iter().flatten().map(|row| i64::try_from(*row)).collect();
        let mut column = group.next_column()?.context(there)?;
        column.typed::<Int64Type>().write_batch(&rows?, None, None)?;
        column.close()?;
        if let Some((_, ids)) = self.id {
            let ids: Vec<ByteArray> =
                ids.get(start..end).into_iter().flatten().map(|id| id.as_str().into()).collect();
            let mut column = group.next_column()?.context(there)?;
            column.typed::<ByteArrayType>().write_batch(&ids, None, None)?;
            column.close()?;
        }
        for (_, scores) in self.columns {
            let mut column = group.next_column()?.context(there)?;
            column.typed::<DoubleType>().write_batch(scores.get(start..end).context(there)?, None, None)?;
            column.close()?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_put_together_in_the_files_order() {
        let found = interleaved(&[true, false, false, true], &[1.0, 4.0], &[2.0, 3.0]);
        assert_eq!(found, [1.0, 2.0, 3.0, 4.0]);
    }
}

//! Everything about one person as tables that a spreadsheet opens: the JSON document, one CSV file for each of its lists, in one ZIP.
//!
//! A row is an item of the list. What is below `OPENED` names is a column of its own, with a dotted name; what else is nested stays
//! JSON in its cell. Unlike the document, the archive is made as a whole: its columns are known only at the end.

use std::io::{Cursor, Write};

use serde_json::{Map, Value as Json};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use wink_core::base::{ProfileId, Timestamp};
use wink_store::Store;

use super::export::Export;
use crate::{Engine, Error};

/// A cell that begins so would be calculated by a spreadsheet instead of shown (OWASP, "CSV Injection").
const CALCULATED: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// Fields whose own fields are columns. Of others the names are data, such as days: they would make a column for each.
const OPENED: [&str; 4] = ["coupon", "profile", "properties", "right"];

/// Writes the archive of a person at `now`.
///
/// # Errors
/// As [`Export::next`].
pub async fn archive<S: Store>(
    engine: &Engine<S>,
    profile: ProfileId,
    now: Timestamp,
) -> Result<Vec<u8>, Error> {
    let mut export = Export::new(profile, now);
    let mut text = String::new();
    while let Some(piece) = export.next(engine).await? {
        text.push_str(&piece);
    }
    let unusable =
        |error: &dyn std::fmt::Display| Error::Unusable(format!("no archive can be made: {error}"));
    let document: Json = serde_json::from_str(&text).map_err(|error| unusable(&error))?;
    pack(&document).map_err(|error| unusable(&error))
}

/// One file of the archive.
struct Table {
    name: String,
    columns: Vec<String>,
    rows: Vec<Map<String, Json>>,
}

fn pack(document: &Json) -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    // Without a time: the same document is the same archive, and no clock is asked.
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default());
    for table in tables(document) {
        zip.start_file(format!("{}.csv", table.name), options)?;
        zip.write_all(&table.write()?)?;
    }
    Ok(zip.finish()?.into_inner())
}

/// Takes a document apart: a table for each list, and what is no list in a table of its own with one row.
fn tables(document: &Json) -> Vec<Table> {
    let mut tables = Vec::new();
    let mut single = Map::new();
    for (name, value) in document.as_object().into_iter().flatten() {
        match value {
            Json::Array(items) => tables.push(Table::new(name, items)),
            // The person: what they have one of stands in one row, and their lists are tables like the others.
            Json::Object(fields) => {
                let (lists, rest): (Vec<_>, Vec<_>) = fields.iter().partition(|(_, value)| value.is_array());
                for (list, items) in lists {
                    tables.push(Table::new(list, items.as_array().map_or(&[], Vec::as_slice)));
                }
                let rest: Map<String, Json> =
                    rest.into_iter().map(|(name, value)| (name.clone(), value.clone())).collect();
                single.insert(name.clone(), Json::Object(rest));
            }
            value => {
                single.insert(name.clone(), value.clone());
            }
        }
    }
    tables.insert(0, Table::new("export", &[Json::Object(single)]));
    tables
}

impl Table {
    /// Makes a table of the items of a list. A column stands where an item first has it.
    fn new(name: &str, items: &[Json]) -> Self {
        let mut columns: Vec<String> = Vec::new();
        let rows: Vec<Map<String, Json>> = items.iter().map(row).collect();
        for column in rows.iter().flat_map(Map::keys) {
            if !columns.contains(column) {
                columns.push(column.clone());
            }
        }
        Self { name: name.to_owned(), columns, rows }
    }

    fn write(&self) -> Result<Vec<u8>, csv::Error> {
        let mut out = csv::WriterBuilder::new().from_writer(Vec::new());
        if !self.columns.is_empty() {
            out.write_record(&self.columns)?;
        }
        for row in &self.rows {
            out.write_record(
                self.columns.iter().map(|column| row.get(column).map_or_else(String::new, cell)),
            )?;
        }
        out.into_inner().map_err(|error| error.into_error().into())
    }
}

/// Makes one row of an item: names and cells.
fn row(item: &Json) -> Map<String, Json> {
    let mut row = Map::new();
    match item {
        Json::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Json::Object(opened) if OPENED.contains(&name.as_str()) => {
                        row.extend(
                            opened.iter().map(|(below, value)| (format!("{name}.{below}"), value.clone())),
                        );
                    }
                    value => row.extend([(name.clone(), value.clone())]),
                }
            }
        }
        other => row.extend([("value".to_owned(), other.clone())]),
    }
    row
}

fn cell(value: &Json) -> String {
    match value {
        Json::Null => String::new(),
        Json::String(text) if text.starts_with(CALCULATED) => format!("'{text}"),
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn written(document: &Json) -> Vec<(String, String)> {
        let write = |table: Table| (table.name.clone(), String::from_utf8(table.write().unwrap()).unwrap());
        tables(document).into_iter().map(write).collect()
    }

    #[test]
    fn a_list_is_a_table_and_what_is_below_a_name_is_a_column() {
        let document = json!({
            "format": "wink-export-1",
            "profile": { "id": "prf_1", "consents": [{ "purpose": "newsletter" }] },
            "events": [
                { "id": "1", "sums": { "2026-01-01": 5 }, "properties": { "order_id": "o, \"1\"", "products": [{ "p": 1 }] }, "late": false },
                { "id": "2", "properties": {}, "amount": -5, "missing": null },
            ],
            "wallet": [],
        });
        let expected = [
            ("export", "format,profile.id\nwink-export-1,prf_1\n"),
            (
                "events",
                "id,late,properties.order_id,properties.products,sums,amount,missing\n\
                 1,false,\"o, \"\"1\"\"\",\"[{\"\"p\"\":1}]\",\"{\"\"2026-01-01\"\":5}\",,\n2,,,,,-5,\n",
            ),
            ("consents", "purpose\nnewsletter\n"),
            ("wallet", ""),
        ];
        assert_eq!(written(&document), expected.map(|(name, text)| (name.to_owned(), text.to_owned())));
    }

    #[test]
    fn no_cell_of_text_is_calculated_by_a_spreadsheet() {
        let cells = ["=1+1", "+49", "-x", "@SUM", "\t=", "a=b"].map(|text| json!({ "t": text }));
        let cells = json!({ "a": cells });
        let (_, text) = written(&cells).remove(1);
        assert_eq!(text, "t\n'=1+1\n'+49\n'-x\n'@SUM\n'\t=\na=b\n");
    }
}

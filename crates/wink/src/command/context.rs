//! `wink context import`: a feed of the weather or the trains, as somebody's own job wrote it into a file. Wink itself fetches nothing.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use serde_json::{Map, Value as Json, json};
use wink_api::REPORTS_MAX;

use crate::arguments::{Context, ContextAction};
use crate::terminal::say;
use crate::{control, home, terminal};

/// The columns of a CSV file that are no properties.
const COLUMNS: [&str; 4] = ["region", "store", "event", "at"];

/// The largest file: a feed tells what is so now, not what was.
const BYTES_MAX: u64 = 64 << 20;

pub(crate) fn run(context: &Context) -> anyhow::Result<ExitCode> {
    let ContextAction::Import { file, data, json } = &context.action;
    let reports = read(file)?;
    home::run(async {
        let mut before = 0;
        for some in reports.chunks(REPORTS_MAX) {
            let sent = json!({ "reports": some });
            let told = control::ask(&data.data, "POST", "/v1/context", Some(sent)).await;
            told.with_context(|| {
                format!("of the {} reports the first {before} are taken in", reports.len())
            })?;
            before += some.len();
        }
        if *json {
            terminal::json(&json!({ "accepted": reports.len() }))?;
        } else {
            say!("{} reports are taken in", reports.len());
        }
        Ok(ExitCode::SUCCESS)
    })
}

fn read(file: &Path) -> anyhow::Result<Vec<Json>> {
    let unreadable = || format!("`{}` cannot be read", file.display());
    if BYTES_MAX < fs::metadata(file).with_context(unreadable)?.len() {
        bail!("`{}` is larger than {BYTES_MAX} bytes; send what is so now", file.display());
    }
    let text = fs::read_to_string(file).with_context(unreadable)?;
    match file.extension().and_then(|ending| ending.to_str()) {
        Some("csv") => from_csv(&text),
        Some("ndjson" | "jsonl") => from_lines(&text),
        _ => bail!("`{}` ends in none of .csv, .ndjson and .jsonl", file.display()),
    }
}

fn from_lines(text: &str) -> anyhow::Result<Vec<Json>> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let read = |(number, line): (usize, &str)| {
        serde_json::from_str(line).with_context(|| format!("line {} is no JSON object", number + 1))
    };
    lines.map(read).collect()
}

fn from_csv(text: &str) -> anyhow::Result<Vec<Json>> {
    let mut rows = csv::Reader::from_reader(text.as_bytes());
    let header = rows.headers().context("the header cannot be read")?.clone();
    let mut reports = Vec::new();
    for (number, row) in rows.records().enumerate() {
        // The header is line 1.
        let row = row.with_context(|| format!("row {} cannot be read", number + 2))?;
        let (mut report, mut properties) = (Map::new(), Map::new());
        for (name, cell) in header.iter().zip(&row).filter(|(_, cell)| !cell.is_empty()) {
            if COLUMNS.contains(&name) {
                report.insert(name.to_owned(), json!(cell));
                continue;
            }
            let value: i64 = cell.parse().with_context(|| {
                format!("row {}: `{name}` is `{cell}`, and must be a whole number", number + 2)
            })?;
            properties.insert(name.to_owned(), json!(value));
        }
        report.insert("properties".to_owned(), Json::Object(properties));
        reports.push(Json::Object(report));
    }
    Ok(reports)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_and_a_line_say_the_same() {
        let csv = "region,store,event,at,rain_percent,temperature_c\n\
                   munich,,Weather Reported,2026-03-02T10:00:00Z,80,\n";
        let line = r#"{"region": "munich", "event": "Weather Reported", "at": "2026-03-02T10:00:00Z", "properties": {"rain_percent": 80}}"#;
        assert_eq!(from_csv(csv).unwrap(), from_lines(&format!("{line}\n\n")).unwrap());
    }

    #[test]
    fn a_number_that_is_none_is_named_by_its_row() {
        let csv = "region,event,at,rain_percent\nmunich,Weather Reported,2026-03-02T10:00:00Z,much\n";
        let error = from_csv(csv).unwrap_err();
        assert_eq!(error.to_string(), "row 2: `rain_percent` is `much`, and must be a whole number");
    }
}

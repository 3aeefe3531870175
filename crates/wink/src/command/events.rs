//! `wink events`: whether what sources send has changed.

use std::process::ExitCode;

use comfy_table::Table;
use serde_json::Value as Json;

use super::time;
use crate::arguments::{DriftWindowsAsked, Events, EventsAction};
use crate::terminal::say;
use crate::{control, home, terminal};

pub(crate) fn run(asked: &Events) -> anyhow::Result<ExitCode> {
    home::run(async {
        let EventsAction::Drift { windows, data, json } = &asked.action;
        let found = control::ask(&data.data, "GET", &path(windows)?, None).await?;
        if *json {
            say!("{found}")
        } else {
            show(&found)
        }
        Ok(ExitCode::SUCCESS)
    })
}

/// The route with the windows in it. Instants are read and written anew, so that nothing in them needs to be escaped.
fn path(windows: &DriftWindowsAsked) -> anyhow::Result<String> {
    let given = [
        ("since", &windows.since),
        ("until", &windows.until),
        ("before_since", &windows.before_since),
        ("before_until", &windows.before_until),
    ];
    let mut query = Vec::new();
    for (name, text) in given {
        if let Some(at) = time(text.as_deref())? {
            query.push(format!("{name}={at}"));
        }
    }
    Ok(format!("/v1/events/drift?{}", query.join("&")))
}

fn show(found: &Json) {
    let window =
        |name: &str| format!("{} to {}", second(found, &[name, "since"]), second(found, &[name, "until"]));
    let findings = list(found, "findings");
    let changes = match findings.len() {
        1 => "1 change".to_owned(),
        many => format!("{many} changes"),
    };
    let comparisons = at(found, &["comparisons"]);
    say!("{} against {}: {changes} in {comparisons} comparisons", window("after"), window("before"));
    if !findings.is_empty() {
        say!("{}", table(findings));
    }
    for few in list(found, "too_few") {
        let [source, event, before, after] =
            ["source", "event", "before", "after"].map(|name| at(few, &[name]));
        say!("too few people to compare: `{event}` from {source}, {before} before and {after} after");
    }
    match found.get("others").and_then(Json::as_u64).unwrap_or_default() {
        0 => {}
        1 => say!("1 more event was sent by fewer than ten people"),
        many => say!("{many} more events were sent by fewer than ten people each"),
    }
    if let Some(beyond) = found.get("beyond").and_then(Json::as_u64).filter(|beyond| 0 < *beyond) {
        say!("{beyond} messages held more than can be followed: it is counted under (other)");
    }
}

fn table(findings: &[Json]) -> Table {
    let mut table = terminal::table();
    table.set_header(["source", "event", "field", "change", "before", "after", "first seen", "last seen"]);
    for finding in findings {
        let is_known = finding.get("known") == Some(&Json::Bool(true));
        let unknown = if is_known { "" } else { " (in no schema)" };
        table.add_row([
            at(finding, &["source"]),
            at(finding, &["event"]),
            at(finding, &["field"]) + unknown,
            change(finding),
            seen(finding, "before"),
            seen(finding, "after"),
            second(finding, &["first_seen"]),
            second(finding, &["last_seen"]),
        ]);
    }
    table
}

fn change(finding: &Json) -> String {
    let code = at(finding, &["change"]).replace('_', " ");
    match finding.get("index").and_then(Json::as_f64) {
        Some(index) => format!("{code}, index {index:.2}"),
        None => code,
    }
}

/// What was seen in a window: how often, and what of it has changed.
fn seen(finding: &Json, window: &str) -> String {
    let in_window = |name: &str| finding.get(window).and_then(|seen| seen.get(name));
    let with_field = at(finding, &[window, "with_field"]);
    let counts = match finding.get("field") {
        Some(_) => format!("{with_field} of {}", at(finding, &[window, "all"])),
        None => with_field,
    };
    let each = |name: &str| {
        let listed = in_window(name).and_then(Json::as_object)?;
        let one = |(word, value): (&String, &Json)| match value.as_u64() {
            Some(count) => format!("{word} {count}"),
            None => format!("{word} {}", percent(value.as_f64().unwrap_or_default())),
        };
        Some(listed.iter().map(one).collect::<Vec<_>>().join(", ")).filter(|listed| !listed.is_empty())
    };
    let median =
        in_window("median").and_then(Json::as_f64).map(|median| format!("median about {}", plain(median)));
    match median.or_else(|| each("types")).or_else(|| each("words")) {
        Some(more) => format!("{counts}: {more}"),
        None => counts,
    }
}

/// A share as people write it: nothing and all are whole, and little more or less than them is not taken for them.
fn percent(share: f64) -> String {
    let percent = 100.0 * share;
    let is_nearly_whole = (0.0 < percent && percent < 0.95) || (99.05 < percent && percent < 100.0);
    match is_nearly_whole {
        true if percent < 0.05 => "less than 0.1 %".to_owned(),
        true if 99.95 <= percent => "more than 99.9 %".to_owned(),
        true => format!("{percent:.1} %"),
        false => format!("{percent:.0} %"),
    }
}

/// A number as people write it, unless it has so many noughts that nobody would count them.
fn plain(number: f64) -> String {
    let is_readable = number == 0.0 || (1e-4..1e9).contains(&number.abs());
    if is_readable { format!("{number}") } else { format!("{number:e}") }
}

/// An instant without what lies below its second.
fn second(found: &Json, path: &[&str]) -> String {
    let instant = at(found, path);
    match instant.split_once('.') {
        Some((second, _)) => format!("{second}Z"),
        None => instant,
    }
}

fn list<'a>(found: &'a Json, name: &str) -> &'a [Json] {
    found.get(name).and_then(Json::as_array).map_or(&[], Vec::as_slice)
}

fn at(found: &Json, path: &[&str]) -> String {
    let found = path.iter().try_fold(found, |found, name| found.get(name));
    match found {
        Some(Json::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_said_as_people_write_them() {
        let shares = [0.0, 0.000_2, 0.004, 0.0094, 0.07, 0.5, 0.985, 0.996, 0.999_9, 1.0].map(percent);
        assert_eq!(
            shares,
            [
                "0 %",
                "less than 0.1 %",
                "0.4 %",
                "0.9 %",
                "7 %",
                "50 %",
                "98 %",
                "99.6 %",
                "more than 99.9 %",
                "100 %"
            ]
        );
        let numbers = [0.0, 0.037, 1.5, 540.0, 1_200.0, -0.5, 99_000_000.0, 1e300, 2.5e-7].map(plain);
        assert_eq!(numbers, ["0", "0.037", "1.5", "540", "1200", "-0.5", "99000000", "1e300", "2.5e-7"]);
    }
}

//! `wink events`: whether what sources send has changed.

use std::process::ExitCode;

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
    let window = |name: &str| format!("{} to {}", at(found, &[name, "since"]), at(found, &[name, "until"]));
    let findings = list(found, "findings");
    let comparisons = at(found, &["comparisons"]);
    say!(
        "{} against {}: {comparisons} comparisons, {} changes",
        window("after"),
        window("before"),
        findings.len()
    );
    if !findings.is_empty() {
        let mut table = terminal::table();
        table.set_header([
            "source",
            "event",
            "field",
            "change",
            "before",
            "after",
            "first seen",
            "last seen",
        ]);
        for finding in findings {
            let unknown =
                if finding.get("known") == Some(&Json::Bool(true)) { "" } else { " (in no schema)" };
            table.add_row([
                at(finding, &["source"]),
                at(finding, &["event"]),
                at(finding, &["field"]) + unknown,
                change(finding),
                seen(finding, "before"),
                seen(finding, "after"),
                at(finding, &["first_seen"]),
                at(finding, &["last_seen"]),
            ]);
        }
        say!("{table}");
    }
    for few in list(found, "too_few") {
        let of = |name| at(few, &[name]);
        let (source, event) = (of("source"), of("event"));
        say!(
            "too few to compare: `{event}` from {source}, {} before and {} after",
            of("before"),
            of("after")
        );
    }
    if found.get("beyond").and_then(Json::as_u64).is_some_and(|beyond| 0 < beyond) {
        say!("not looked at: {} fields beyond those that can be followed", at(found, &["beyond"]));
    }
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
    let counts = format!("{} of {}", at(finding, &[window, "with_field"]), at(finding, &[window, "all"]));
    let each = |name: &str| {
        let listed = in_window(name).and_then(Json::as_object)?;
        let one = |(word, value): (&String, &Json)| match value.as_u64() {
            Some(count) => format!("{word} {count}"),
            None => format!("{word} {:.0} %", value.as_f64().unwrap_or_default() * 100.0),
        };
        Some(listed.iter().map(one).collect::<Vec<_>>().join(", "))
    };
    let median = in_window("median").and_then(Json::as_f64).map(|median| format!("median about {median:.0}"));
    match median.or_else(|| each("types")).or_else(|| each("words")) {
        Some(more) => format!("{counts}: {more}"),
        None => counts,
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

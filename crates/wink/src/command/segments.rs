//! `wink segments`: how large they are, whom a rule would hold of, and who is in one.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use serde_json::{Value as Json, json};
use wink_api::MembersForm;
use wink_server::flow::segments::export::Export;
use wink_server::flow::segments::{sizes, views};

use crate::arguments::{Segments, SegmentsAction};
use crate::home::Clock;
use crate::terminal::say;
use crate::{control, home, terminal};

pub(crate) fn run(asked: &Segments) -> anyhow::Result<ExitCode> {
    home::run(async {
        match &asked.action {
            SegmentsAction::List { data, json } => list(&data.data, *json).await?,
            SegmentsAction::Preview { rule, purpose, data, json } => {
                let rule = json!({ "rule": rule, "purpose": purpose });
                let found = control::ask(&data.data, "POST", "/v1/segments/preview", Some(rule)).await?;
                if *json { say!("{found}") } else { preview(&found, purpose) }
            }
            SegmentsAction::Export { segment, data, ndjson, identity } => {
                let form = if *ndjson { MembersForm::Ndjson } else { MembersForm::Csv };
                export(&data.data, segment, form, identity.as_deref()).await?;
            }
        }
        Ok(ExitCode::SUCCESS)
    })
}

async fn list(store: &Path, json: bool) -> anyhow::Result<()> {
    let listed = control::ask(store, "GET", "/v1/segments", None).await?;
    if json {
        say!("{listed}");
        return Ok(());
    }
    let segments = listed.get("data").and_then(Json::as_array).map_or(&[][..], Vec::as_slice);
    if segments.is_empty() {
        say!("there are no segments; write them into `segments.toml` of the catalogue");
        return Ok(());
    }
    let mut table = terminal::table();
    table.set_header(["segment", "members", "granting", "share", "purpose", "title"]);
    for segment in segments {
        let is_filling =
            number(segment, "members").is_none() || segment.get("counted_at") == Some(&Json::Null);
        let more = if is_filling { " (still counting)" } else { "" };
        let count = |name| number(segment, name).map_or_else(String::new, |count| count.to_string());
        table.add_row([
            text(segment, "id"),
            count("members") + more,
            count("granting"),
            share(segment),
            text(segment, "purpose"),
            text(segment, "title"),
        ]);
    }
    say!("{table}");
    Ok(())
}

fn preview(found: &Json, purpose: &str) {
    let estimate = |name| {
        let of = |end| found.get(name).and_then(|estimate| number(estimate, end)).unwrap_or_default();
        match (of("least"), of("about"), of("most")) {
            (least, about, most) if least == most => about.to_string(),
            (least, about, most) => format!("about {about} ({least} to {most})"),
        }
    };
    say!("{} members of {} people", estimate("members"), estimate("people"));
    say!("{} of them have granted {purpose}", estimate("granting"));
}

async fn export(
    store: &Path,
    segment: &str,
    form: MembersForm,
    identity: Option<&str>,
) -> anyhow::Result<()> {
    let engine = home::open(store).await?;
    sizes::one(&engine, segment).await?;
    let now = Clock::of(&engine).await?.now();
    let mut out = std::io::stdout();
    out.write_all(views::head(form, identity).as_bytes())?;
    let mut members = Export::new(segment.to_owned(), identity.map(str::to_owned), now);
    while let Some(some) = members.next(&engine).await? {
        out.write_all(views::lines(&some, form, identity.is_some()).as_bytes())?;
    }
    out.flush()?;
    Ok(())
}

fn number(json: &Json, name: &str) -> Option<u64> {
    json.get(name).and_then(Json::as_u64)
}

fn text(json: &Json, name: &str) -> String {
    json.get(name).and_then(Json::as_str).unwrap_or_default().to_owned()
}

fn share(segment: &Json) -> String {
    let share = segment.get("consented_share").and_then(Json::as_f64);
    share.map_or_else(String::new, |share| format!("{:.1} %", 100.0 * share))
}

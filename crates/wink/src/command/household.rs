//! `wink household`: who lives with whom. Works while a server runs.

use std::process::ExitCode;

use anyhow::anyhow;
use serde_json::{Value as Json, json};

use super::identity;
use crate::arguments::{Household, HouseholdAction};
use crate::control::Line;
use crate::home;
use crate::terminal::say;

pub(crate) fn run(asked: &Household) -> anyhow::Result<ExitCode> {
    home::run(async {
        let (who, data) = match &asked.action {
            HouseholdAction::Show { identity, data }
            | HouseholdAction::Join { identity, data, .. }
            | HouseholdAction::Leave { identity, data } => (identity, data),
        };
        let line = Line::open(&data.data).await?;
        let path = path(&line, who).await?;
        let (method, body) = match &asked.action {
            HouseholdAction::Show { .. } => ("GET", None),
            HouseholdAction::Join { household, .. } => ("PUT", Some(json!({ "household_id": household }))),
            HouseholdAction::Leave { .. } => ("DELETE", None),
        };
        let answer = line.ask(method, &path, body).await?;
        if asked.json {
            say!("{answer}");
        } else if matches!(asked.action, HouseholdAction::Leave { .. }) {
            say!("{who} lives in no household any more");
        } else {
            show(&answer);
        }
        Ok(ExitCode::SUCCESS)
    })
}

/// Finds the person by what the shop calls them.
async fn path(line: &Line, who: &str) -> anyhow::Result<String> {
    let named = identity(who)?;
    let asked = json!({ "identity": { "namespace": named.namespace(), "value": named.value() } });
    let found = line.ask("POST", "/v1/profiles/lookup", Some(asked)).await?;
    let id = found.get("id").and_then(Json::as_str).ok_or_else(|| anyhow!("nobody is known as `{who}`"))?;
    Ok(format!("/v1/profiles/{id}/household"))
}

fn show(household: &Json) {
    let members = household.get("members").and_then(Json::as_array).map_or(&[][..], Vec::as_slice);
    say!("{} has {} members", text(household, "id"), members.len());
    for member in members {
        let [profile, at, source] = ["profile", "joined_at", "source"].map(|name| text(member, name));
        say!("{profile} since {at}, as {source} says");
    }
}

fn text<'a>(json: &'a Json, name: &str) -> &'a str {
    json.get(name).and_then(Json::as_str).unwrap_or_default()
}

//! `wink key` and `wink tenant`: who may call, and for whom. Works while a server runs.

use std::path::Path;
use std::process::ExitCode;

use serde_json::{Value as Json, json};

use crate::arguments::{Key, KeyAction, Tenant, TenantAction};
use crate::terminal::say;
use crate::{control, home, terminal};

pub(crate) fn run(key: &Key) -> anyhow::Result<ExitCode> {
    home::run(async {
        match &key.action {
            KeyAction::Create { role, name, tenant, store, origin, rate, data } => {
                let asked = json!({
                    "role": role, "name": name, "tenant": tenant, "store": store, "origins": origin, "rate": rate,
                });
                let made = control::ask(&data.data, "POST", "/v1/keys", Some(asked)).await?;
                show_secret(&made, key.json);
            }
            KeyAction::List { data } => list(&data.data, key.json).await?,
            KeyAction::Revoke { id, data } => {
                control::ask(&data.data, "DELETE", &format!("/v1/keys/{id}"), None).await?;
                say!("{id} is revoked; every request with it is refused from now on");
            }
            KeyAction::Rotate { id, overlap_hours, data } => {
                let asked = json!({ "overlap_hours": overlap_hours });
                let made =
                    control::ask(&data.data, "POST", &format!("/v1/keys/{id}/rotate"), Some(asked)).await?;
                show_secret(&made, key.json);
                if !key.json {
                    say!("{id} stays good for {overlap_hours} hours; put the new key in place until then");
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    })
}

pub(crate) fn run_tenant(tenant: &Tenant) -> anyhow::Result<ExitCode> {
    home::run(async {
        match &tenant.action {
            TenantAction::Create { name, data } => {
                control::ask(&data.data, "POST", "/v1/tenants", Some(json!({ "name": name }))).await?;
                say!("the tenant `{name}` is made; give it a key with `wink key create --tenant {name}`");
            }
            TenantAction::List { data } => {
                let tenants = control::ask(&data.data, "GET", "/v1/tenants", None).await?;
                if tenant.json {
                    say!("{tenants}");
                } else {
                    for tenant in listed(&tenants) {
                        say!("{}", text(&tenant["name"]));
                    }
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    })
}

fn show_secret(made: &Json, json: bool) {
    if json {
        say!("{made}");
        return;
    }
    say!("{}", text(&made["secret"]));
    eprintln!("{}: keep the secret now, it is stored nowhere and cannot be shown again", text(&made["id"]));
}

async fn list(data: &Path, json: bool) -> anyhow::Result<()> {
    let keys = control::ask(data, "GET", "/v1/keys", None).await?;
    if json {
        say!("{keys}");
        return Ok(());
    }
    let mut table = terminal::table();
    table.set_header(["key", "name", "role", "tenant", "made", "state"]);
    for key in listed(&keys) {
        let state = match (key["revoked"].as_bool(), key["ends_at"].as_str()) {
            (Some(true), Some(at)) => format!("revoked {at}"),
            (_, Some(at)) => format!("replaced, until {at}"),
            _ => "good".to_owned(),
        };
        let cells = ["id", "name", "role", "tenant", "created_at"].map(|field| text(&key[field]).to_owned());
        table.add_row(cells.into_iter().chain([state]));
    }
    say!("{table}");
    Ok(())
}

fn listed(answer: &Json) -> impl Iterator<Item = &Json> {
    answer.get("data").and_then(Json::as_array).into_iter().flatten()
}

fn text(json: &Json) -> &str {
    json.as_str().unwrap_or_default()
}

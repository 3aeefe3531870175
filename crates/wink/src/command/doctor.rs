//! `wink doctor`: is this store, on this machine, as it should be?

use std::path::Path;
use std::process::ExitCode;

use serde::Serialize;

use crate::arguments::Doctor;
use crate::doctor::{Finding, Level, inside, machine};
use crate::terminal::say;
use crate::{control, home, maintenance, restoring, terminal};

#[derive(Serialize)]
struct Answer {
    healthy: bool,
    findings: Vec<Finding>,
}

pub(crate) fn run(asked: &Doctor) -> anyhow::Result<ExitCode> {
    let directory = &asked.data.data;
    home::refuse_nothing(directory)?;
    let mut findings = vec![
        machine::permissions(directory),
        machine::key(directory),
        machine::disk(directory),
        machine::files(),
        machine::list_of_erasures(directory),
        machine::backup(directory, home::now()),
    ];
    findings.extend(store(directory)?);
    let healthy = findings.iter().all(|finding| finding.level != Level::Fail);
    terminal::verdict(healthy);
    let answer = Answer { healthy, findings };
    if asked.json {
        terminal::json(&answer)?;
    } else {
        print(&answer);
    }
    Ok(if healthy { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Looks at the store itself, by way of the server if one has it open.
fn store(directory: &Path) -> anyhow::Result<Vec<Finding>> {
    const CHECK: &str = "store";
    if let Err(unfinished) = restoring::refuse_unfinished(directory) {
        let advice = "nobody is served from a half restored store";
        return Ok(vec![Finding::fail(CHECK, unfinished.to_string(), advice)]);
    }
    let served = home::is_open_elsewhere(directory)?;
    let looked = home::run(async {
        if served {
            let found = control::ask(directory, "GET", maintenance::LOOK, None).await?;
            Ok(serde_json::from_value(found)?)
        } else {
            inside::look(&home::open_tenants(directory).await?, home::now()).await
        }
    });
    let state = if served {
        "a server has it open and answers"
    } else {
        "it opens, and nothing acknowledged is missing"
    };
    Ok(match looked {
        Ok(findings) => [vec![Finding::ok(CHECK, state)], findings].concat(),
        Err(error) => {
            vec![Finding::fail(CHECK, format!("{error:#}"), "do what it says, or restore a backup")]
        }
    })
}

fn print(answer: &Answer) {
    let mut table = terminal::table();
    table.set_header(["", "what", "found", "what to do"]);
    for finding in &answer.findings {
        let level = match finding.level {
            Level::Ok => "ok",
            Level::Warn => "warn",
            Level::Fail => "FAIL",
        };
        table.add_row([level, &finding.check, &finding.found, finding.advice.as_deref().unwrap_or("")]);
    }
    say!("{table}");
}

//! `wink catalogue check|apply`: a problem is named by file, line, column and what to write; then nothing is changed.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, bail};
use include_dir::Dir;
use serde::Serialize;
use wink_server::catalogue::{self, Finding, Loaded};
use wink_server::flow::catalogue::{Applied, apply};
use wink_server::flow::refold;
use wink_server::flow::segments::pass;

use crate::arguments::{Catalogue, CatalogueAction};
use crate::terminal::say;
use crate::{home, terminal};

pub(crate) fn run(catalogue: &Catalogue) -> anyhow::Result<ExitCode> {
    match &catalogue.action {
        CatalogueAction::Check { directory, json } => check(directory, *json),
        CatalogueAction::Apply { directory, data, json } => put_in_force(directory, &data.data, *json),
    }
}

/// Reads a catalogue that is built into the binary.
pub(crate) fn built_in(folder: &Dir<'_>) -> anyhow::Result<Loaded> {
    let mut files = catalogue::Files::new();
    for entry in folder.find("**/*.toml")? {
        let Some(file) = entry.as_file() else { continue };
        let text = file.contents_utf8().context("a catalogue that is built in is not text")?;
        files.insert(file.path().display().to_string(), text.to_owned());
    }
    match catalogue::compile(&files) {
        Ok(catalogue) => Ok(Loaded { catalogue, files }),
        Err(findings) => bail!(
            "a catalogue that is built in is broken: {}",
            findings.first().map_or_else(String::new, ToString::to_string)
        ),
    }
}

#[derive(Serialize)]
struct FindingView<'a> {
    file: &'a str,
    line: usize,
    column: usize,
    message: &'a str,
    fix: Option<&'a str>,
}

#[derive(Serialize)]
struct Answer<'a> {
    valid: bool,
    version: Option<String>,
    campaigns: usize,
    offers: usize,
    changed: bool,
    findings: Vec<FindingView<'a>>,
}

fn check(directory: &Path, json: bool) -> anyhow::Result<ExitCode> {
    match catalogue::read(directory) {
        Ok(loaded) => {
            say(&loaded, false, json, "is valid")?;
            Ok(ExitCode::SUCCESS)
        }
        Err(findings) => refuse(&findings, json),
    }
}

fn put_in_force(directory: &Path, store: &Path, json: bool) -> anyhow::Result<ExitCode> {
    let loaded = match catalogue::read(directory) {
        Ok(loaded) => loaded,
        Err(findings) => return refuse(&findings, json),
    };
    let applied = home::run(async {
        let engine = home::open_or_make(store).await?;
        let now = home::now();
        let applied = apply(&engine, loaded.catalogue.clone(), loaded.files.clone(), now).await?;
        refold::all(&engine, now).await?;
        pass::all(&engine, now).await?;
        Ok(applied)
    })?;
    match applied {
        Applied::InForce(_) => say(&loaded, true, json, "is in force")?,
        Applied::Unchanged(_) => say(&loaded, false, json, "was in force already; nothing changed")?,
    }
    Ok(ExitCode::SUCCESS)
}

fn say(loaded: &Loaded, changed: bool, json: bool, what: &str) -> anyhow::Result<()> {
    let catalogue = &loaded.catalogue;
    let (campaigns, offers) = (catalogue.campaigns.len(), catalogue.offers.len());
    let version = catalogue.version.to_string();
    if json {
        let version = Some(version);
        return terminal::json(&Answer {
            valid: true,
            version,
            campaigns,
            offers,
            changed,
            findings: Vec::new(),
        });
    }
    say!("catalogue {version} {what}: {campaigns} campaigns, {offers} offers");
    Ok(())
}

fn refuse(findings: &[Finding], json: bool) -> anyhow::Result<ExitCode> {
    if json {
        let findings = findings.iter().map(|finding| FindingView {
            file: &finding.file,
            line: finding.line,
            column: finding.column,
            message: &finding.message,
            fix: finding.fix.as_deref(),
        });
        let findings = findings.collect();
        let answer =
            Answer { valid: false, version: None, campaigns: 0, offers: 0, changed: false, findings };
        terminal::json(&answer)?;
    } else {
        for finding in findings {
            eprintln!("{finding}");
        }
        let count = findings.len();
        eprintln!(
            "wink: the catalogue has {count} problem{}; nothing was changed",
            if count == 1 { "" } else { "s" }
        );
    }
    Ok(ExitCode::FAILURE)
}

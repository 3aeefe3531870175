//! `wink coupon issue`: coupons in bulk, and their codes in a file.

use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::control::Line;
use crate::terminal::{progress, say};

/// What is to be issued.
pub(crate) struct Wanted<'a> {
    pub(crate) campaign: &'a str,
    pub(crate) offer: Option<&'a str>,
    pub(crate) count: u64,
    pub(crate) name: Option<&'a str>,
    pub(crate) out: &'a Path,
}

/// A row of the file.
#[derive(serde::Serialize, Deserialize)]
struct Row {
    number: u64,
    coupon: String,
    code: String,
    digits: String,
}

/// Issues what is still missing, then writes all codes to the file.
pub(crate) async fn issue(store: &Path, wanted: &Wanted<'_>, in_json: bool) -> anyhow::Result<()> {
    let stem = wanted.out.file_stem().and_then(|stem| stem.to_str());
    let name = wanted.name.or(stem).context("name the bulk with `--name`")?;
    let line = Line::open(store).await?;
    let path = format!("/v1/bulks/{name}");
    let asked = json!({ "campaign": wanted.campaign, "offer": wanted.offer, "count": wanted.count });
    // Before anything is issued: whoever cannot write the codes down wants none.
    let file = create(wanted.out)?;
    let mut bulk = line.ask("PUT", &path, Some(asked)).await?;
    let bar = progress(wanted.count, "issuing coupons", in_json);
    let is_stopped = |bulk: &Json| bulk.get("stopped").and_then(Json::as_bool).unwrap_or_default();
    while number(&bulk, "done") < number(&bulk, "count") && !is_stopped(&bulk) {
        bar.set_position(number(&bulk, "done"));
        bulk = line.ask("POST", &format!("{path}/continue"), None).await?;
    }
    bar.finish_and_clear();
    write(&line, &path, wanted.out, file).await?;
    let (done, out) = (number(&bulk, "done"), wanted.out.display());
    if in_json {
        say!("{bulk}");
    } else {
        say!("{done} codes are in {out}; whoever has one may use its coupon");
    }
    if is_stopped(&bulk) {
        let missing = wanted.count.saturating_sub(done);
        if bulk.get("why").and_then(Json::as_str) == Some("over") {
            bail!(
                "the other {missing} are not issued: the campaign does not run any more, or they would be over already"
            );
        }
        bail!(
            "budget or total of the offer leave no room for the other {missing}; raise them and run the same again"
        );
    }
    Ok(())
}

/// The file while it is written, readable by its owner only: whoever has a code may use its coupon.
fn create(out: &Path) -> anyhow::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = File::options();
    let opened = options.write(true).create(true).truncate(true).mode(0o600).open(unfinished(out));
    opened.with_context(|| format!("`{}` cannot be written", out.display()))
}

fn unfinished(out: &Path) -> PathBuf {
    let mut name = out.as_os_str().to_owned();
    name.push(".unfinished");
    name.into()
}

/// Writes all codes that are issued. The file is there whole or not at all.
async fn write(line: &Line, path: &str, out: &Path, file: File) -> anyhow::Result<()> {
    let unfinished = unfinished(out);
    let cannot = || format!("`{}` cannot be written", out.display());
    let mut rows = csv::Writer::from_writer(file);
    let mut from = 0;
    loop {
        let mut page = line.ask("GET", &format!("{path}/codes?from={from}"), None).await?;
        let codes: Vec<Row> =
            serde_json::from_value(page.get_mut("data").map(Json::take).unwrap_or_default())?;
        let Some(last) = codes.last() else { break };
        from = last.number + 1;
        codes.iter().try_for_each(|row| rows.serialize(row))?;
    }
    rows.into_inner()
        .map_err(|error| error.into_error())
        .and_then(|file| file.sync_all())
        .with_context(cannot)?;
    std::fs::rename(&unfinished, out).with_context(cannot)
}

fn number(json: &Json, name: &str) -> u64 {
    json.get(name).and_then(Json::as_u64).unwrap_or_default()
}

//! `wink dead-letters`: messages that were not accepted, to be looked at, repaired and sent on, or discarded.

use std::collections::BTreeMap;
use std::process::ExitCode;

use anyhow::{anyhow, bail};
use serde_json::{Value as Json, json};
use wink_api::{LetterListed, LetterReplayed, RepairSent};
use wink_core::base::LetterId;
use wink_core::event::Repair;
use wink_server::flow::letters::{self, Filter, Listed};
use wink_server::flow::page::{LIMIT_MAX, Page};
use wink_server::{DrawnIds, Engine};
use wink_store_fjall::FjallStore;

use crate::arguments::{DeadLetters, DeadLettersAction, RepairAsked, WhichLetters};
use crate::terminal::say;
use crate::{home, terminal};

pub(crate) fn run(asked: &DeadLetters) -> anyhow::Result<ExitCode> {
    home::run(async {
        match &asked.action {
            DeadLettersAction::List { data, which, limit, json } => {
                let engine = home::open(&data.data).await?;
                list(&engine, &filter(which), *limit, *json).await?;
            }
            DeadLettersAction::Show { letter, data, json } => {
                let engine = home::open(&data.data).await?;
                show(&engine, LetterId::parse(letter)?, *json).await?;
            }
            DeadLettersAction::Replay { letter, data, which, repair, json } => {
                let repair = read(repair)?;
                let engine = home::open(&data.data).await?;
                let ids: Vec<LetterId> = match letter {
                    Some(letter) => vec![LetterId::parse(letter)?],
                    None => {
                        found(&engine, &filter(which), usize::MAX).await?.iter().map(|one| one.id).collect()
                    }
                };
                return replay(&engine, &ids, &repair, *json).await;
            }
            DeadLettersAction::Discard { letter, data, json } => {
                let engine = home::open(&data.data).await?;
                letters::discard(&engine, LetterId::parse(letter)?).await?;
                match json {
                    true => terminal::json(&json!({ "discarded": letter }))?,
                    false => say!("{letter} is discarded; its message stays counted as dead"),
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    })
}

fn filter(which: &WhichLetters) -> Filter {
    Filter { code: which.code.clone(), source: which.source.clone() }
}

/// Reads letters page by page, at most `most`.
async fn found(engine: &Engine<FjallStore>, filter: &Filter, most: usize) -> anyhow::Result<Vec<Listed>> {
    let mut page = Page { limit: most.clamp(1, LIMIT_MAX), cursor: None };
    let mut all = Vec::new();
    loop {
        let some = letters::list(engine, filter, &page).await?;
        all.extend(some.items);
        page.cursor = some.next_cursor;
        if page.cursor.is_none() || most <= all.len() {
            all.truncate(most);
            return Ok(all);
        }
    }
}

async fn list(engine: &Engine<FjallStore>, filter: &Filter, limit: usize, json: bool) -> anyhow::Result<()> {
    let listed: Vec<LetterListed> = found(engine, filter, limit).await?.iter().map(Listed::view).collect();
    if json {
        return terminal::json(&listed);
    }
    if listed.is_empty() {
        say!("there are no such letters");
        return Ok(());
    }
    let mut table = terminal::table();
    table.set_header(["letter", "received", "source", "code", "times"]);
    for letter in &listed {
        table.add_row([
            &letter.id,
            &letter.received_at,
            &letter.source,
            &letter.code,
            &letter.times.to_string(),
        ]);
    }
    say!("{table}");
    Ok(())
}

async fn show(engine: &Engine<FjallStore>, id: LetterId, json: bool) -> anyhow::Result<()> {
    let letter = letters::open(engine, id).await?.view();
    if json {
        return terminal::json(&letter);
    }
    say!("{} of `{}`, received {}, {} ×", letter.id, letter.source, letter.received_at, letter.times);
    say!("{}: {}", letter.code, letter.reason);
    match &letter.message {
        Some(message) => say!("{}", serde_json::to_string_pretty(message)?),
        None => say!("{}", letter.original),
    }
    Ok(())
}

/// Sends letters on. Ends with 1 if one of them is still not acceptable.
async fn replay(
    engine: &Engine<FjallStore>,
    ids: &[LetterId],
    repair: &Repair,
    json: bool,
) -> anyhow::Result<ExitCode> {
    let mut became: Vec<LetterReplayed> = Vec::with_capacity(ids.len());
    let clock = home::Clock::of(engine).await?;
    for id in ids {
        became.push(letters::replay(engine, &DrawnIds, *id, repair, clock.now()).await?.view(*id));
    }
    let still_dead = became.iter().filter(|one| one.status == "dead").count();
    terminal::verdict(still_dead == 0);
    if json {
        terminal::json(&became)?;
    } else {
        for one in &became {
            let more = one.id.as_ref().or(one.message.as_ref()).map_or("", String::as_str);
            say!("{}: {} {more}", one.letter, one.status);
        }
        say!("{} sent on, {still_dead} still dead", became.len() - still_dead);
    }
    Ok(if still_dead == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn read(asked: &RepairAsked) -> anyhow::Result<Repair> {
    let set = pairs(&asked.set)?.into_iter().map(|(path, text)| (path, value(text)));
    let sent = RepairSent {
        event: asked.event.clone(),
        message_id: asked.message_id.clone(),
        occurred_at: asked.occurred_at.clone(),
        rename: pairs(&asked.rename)?.into_iter().collect(),
        remove: asked.remove.clone(),
        set: set.collect::<BTreeMap<_, _>>(),
        ..RepairSent::default()
    };
    sent.read().map_err(|(_, error)| anyhow!(error))
}

fn pairs(texts: &[String]) -> anyhow::Result<Vec<(String, String)>> {
    let mut pairs = Vec::with_capacity(texts.len());
    for text in texts {
        let Some((path, value)) = text.split_once('=') else {
            bail!("`{text}` says nothing; write it as PATH=VALUE, like currency=EUR");
        };
        pairs.push((path.to_owned(), value.to_owned()));
    }
    Ok(pairs)
}

/// Reads JSON; what is none is text.
fn value(text: String) -> Json {
    serde_json::from_str(&text).unwrap_or(Json::String(text))
}

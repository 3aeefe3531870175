//! `wink erase`: a person, or everything that has been kept long enough; ends when the bytes are off the disk.

use std::process::ExitCode;

use anyhow::anyhow;
use serde::Serialize;
use wink_core::base::ProfileId;
use wink_core::profile::Retention;
use wink_server::flow::{erase, retain};
use wink_store::Store;

use super::{identity, time};
use crate::arguments::Erase;
use crate::home::Clock;
use crate::terminal::say;
use crate::{home, terminal};

#[derive(Serialize)]
struct Erased {
    profile: String,
    records: u64,
    entries: u64,
    coupons: u64,
    dead_letters: u64,
}

#[derive(Serialize)]
struct Swept {
    profiles: u64,
    entries: u64,
    dead_letters: u64,
}

pub(crate) fn run(asked: &Erase) -> anyhow::Result<ExitCode> {
    let at = time(asked.at.as_deref())?;
    home::run(async {
        let engine = home::open(&asked.data.data).await?;
        let now = at.unwrap_or(Clock::of(&engine).await?.now());
        if asked.overdue {
            let swept = retain::sweep(&engine, &Retention::default(), now).await?;
            scrub(&engine.store, asked.json).await?;
            let swept =
                Swept { profiles: swept.profiles, entries: swept.entries, dead_letters: swept.dead_letters };
            return match asked.json {
                true => terminal::json(&swept),
                false => {
                    let Swept { profiles, entries, dead_letters } = swept;
                    say!(
                        "deleted {profiles} profiles, {entries} journal entries, {dead_letters} dead letters"
                    );
                    Ok(())
                }
            }
            .map(|()| ExitCode::SUCCESS);
        }
        let id = match (&asked.profile, &asked.identity) {
            (Some(profile), _) => ProfileId::parse(profile)?,
            (None, Some(text)) => erase::find(&engine, &identity(text)?)
                .await?
                .ok_or_else(|| anyhow!("nobody is known as `{text}`; nothing was erased"))?,
            (None, None) => return Err(anyhow!("name --identity, --profile or --overdue")),
        };
        let erasure = erase::erase(&engine, id, now).await?;
        scrub(&engine.store, asked.json).await?;
        let erased = Erased {
            profile: id.to_string(),
            records: erasure.records,
            entries: erasure.entries,
            coupons: erasure.coupons,
            dead_letters: erasure.dead_letters,
        };
        if asked.json {
            terminal::json(&erased)?;
        } else {
            let Erased { profile, records, entries, coupons, dead_letters } = erased;
            say!(
                "erased {profile}: {records} records deleted, {entries} journal entries redacted, {coupons} coupons freed, {dead_letters} dead letters deleted"
            );
            say!(
                "Counters and ledger stay exact; old events of this person are refused if they are sent again."
            );
        }
        Ok(ExitCode::SUCCESS)
    })
}

async fn scrub(store: &impl Store, quiet: bool) -> anyhow::Result<()> {
    let bar = terminal::progress(0, "taking the bytes off the disk", quiet);
    store.scrub().await?;
    bar.finish_and_clear();
    Ok(())
}

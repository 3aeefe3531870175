//! `wink restore`: a store from a backup, in which everybody who was erased since is erased again, and what was taken back since is taken back.
//!
//! The store lies under another name until that is done, so nobody can be served from it before.

use std::collections::BTreeSet;
use std::process::ExitCode;

use anyhow::{Context, bail};
use serde::Serialize;
use wink_server::access;
use wink_server::erasures::{self, Listed};
use wink_server::flow::again::{erase_again, withdraw_again};
use wink_server::secrets::Secrets;
use wink_store::Store;

use crate::archive;
use crate::arguments::Restore;
use crate::command::INTERRUPTED;
use crate::restoring::Restoring;
use crate::terminal::say;
use crate::{home, stop, terminal};

#[derive(Serialize)]
struct Restored {
    store: String,
    moment: String,
    records: u64,
    entries: u64,
    #[serde(flatten)]
    again: Again,
}

/// What was taken back after the backup was made, and is again.
#[derive(Clone, Copy, Default, Serialize)]
struct Again {
    erased_again: u64,
    withdrawn_again: u64,
    keys_ended_again: u64,
}

pub(crate) fn run(asked: &Restore) -> anyhow::Result<ExitCode> {
    stop::listen()?;
    let restoring = Restoring::into(&asked.data.data)?;
    let Some(backup) = read_to_the_end(asked)? else { return stopped() };
    let secrets = restoring.read_key(asked.key.as_deref())?;
    if secrets.check().as_slice() != backup.about.secret_check {
        bail!(
            "the key `{}` is not the one this backup was made with; name the right one with --key",
            asked.key.clone().unwrap_or_else(|| restoring.key()).display()
        );
    }
    let list = erasures_since(asked, &restoring)?;
    restoring.make()?;
    if !fill(asked, &restoring, backup.version)? {
        return stopped();
    }
    let again = home::run(take_back(asked, &restoring, secrets, list))?;
    restoring.finish()?;
    let restored = Restored {
        store: asked.data.data.display().to_string(),
        moment: wink_core::base::Timestamp(backup.about.made_at_ms).to_string(),
        records: backup.counts.records,
        entries: backup.counts.entries,
        again,
    };
    if asked.json {
        terminal::json(&restored)?;
    } else {
        let Restored { store, moment, records, entries, again } = restored;
        let Again { erased_again, withdrawn_again, keys_ended_again } = again;
        say!("restored   `{store}` as it was at {moment}: {records} records, {entries} journal entries");
        say!("erased     {erased_again} people again who were erased since; their bytes are off the disk");
        say!(
            "taken back {withdrawn_again} consents again that were withdrawn since; a yes that was said after {moment} is lost"
        );
        say!(
            "ended      {keys_ended_again} keys again that were revoked or replaced since; what replaced them is lost: see `wink key create`"
        );
        say!("Prove it with `wink verify --data {store}`. What came after {moment} is not in it.");
    }
    Ok(ExitCode::SUCCESS)
}

fn stopped() -> anyhow::Result<ExitCode> {
    eprintln!("wink: stopped; there is no store yet, and the same command begins again");
    Ok(ExitCode::from(INTERRUPTED))
}

/// Reads the whole backup before anything is written: one that is damaged at its end is refused at the beginning.
fn read_to_the_end(asked: &Restore) -> anyhow::Result<Option<wink_backup::Backup>> {
    let length = std::fs::metadata(&asked.file).map_or(0, |file| file.len());
    let bar = terminal::progress(length, "reading the backup", asked.json);
    let read = archive::check(&asked.file, |at| {
        bar.set_position(at);
        !stop::asked()
    });
    bar.finish_and_clear();
    read
}

/// Finds the list of erasures; without one nobody can say who must not come back, unless somebody does.
fn erasures_since(asked: &Restore, restoring: &Restoring<'_>) -> anyhow::Result<Listed> {
    let list = asked.erasures.clone().unwrap_or_else(|| restoring.erasures());
    if list.is_file() {
        return Ok(erasures::read(&list)?);
    }
    if asked.no_erasures_since {
        return Ok(Listed::default());
    }
    bail!(
        "there is no list of erasures at `{}`; name the newest one with --erasures, or say with --no-erasures-since that nobody was \
         erased since the backup",
        list.display()
    );
}

/// Fills the unfinished store; `false` if somebody asked to stop.
fn fill(asked: &Restore, restoring: &Restoring<'_>, version: wink_store::Version) -> anyhow::Result<bool> {
    let length = std::fs::metadata(&asked.file)?.len();
    let bar = terminal::progress(length, "restoring", asked.json);
    let mut filling = restoring.begin(asked.key.as_deref())?;
    let mut go_on = true;
    let read = wink_backup::read(archive::open(&asked.file)?, |_, effects, at| -> anyhow::Result<()> {
        bar.set_position(at);
        go_on = !stop::asked();
        anyhow::ensure!(go_on, "stopped");
        Ok(filling.lay(effects)?)
    });
    bar.finish_and_clear();
    if !go_on {
        return Ok(false);
    }
    let read = read.with_context(|| format!("`{}`", asked.file.display()))?;
    anyhow::ensure!(read.version == version, "the backup changed while it was being read");
    filling.finish(version)?;
    Ok(true)
}

/// Erases again, in every tenant, and takes the bytes off the disk; takes back what else was taken back since.
async fn take_back(
    asked: &Restore,
    restoring: &Restoring<'_>,
    secrets: Secrets,
    mut list: Listed,
) -> anyhow::Result<Again> {
    let store = restoring.open()?;
    let engines = home::tenants(&store, &secrets).await?;
    let mut known = Vec::new();
    for engine in &engines {
        known.extend(wink_server::flow::erase::all(engine).await?);
    }
    if asked.no_erasures_since {
        list.erasures.extend(known.iter().cloned());
    }
    let listed: BTreeSet<_> = list.erasures.iter().map(erasures::name).collect();
    let missing = known.iter().filter(|erasure| !listed.contains(&erasures::name(erasure))).count();
    if missing != 0 {
        bail!(
            "the list of erasures is older than the backup: {missing} erasures that the backup knows are not in it; name the newest one \
             with --erasures"
        );
    }
    // First the list, so that it is never shorter than what was done.
    let kept = restoring.keep_list(&list)?;
    let mut again = Again::default();
    // Of whom will be erased nothing is left to take back.
    let gone: BTreeSet<_> = list.erasures.iter().map(|erasure| (erasure.tenant, erasure.profile)).collect();
    list.withdrawals.retain(|withdrawal| !gone.contains(&(withdrawal.tenant, withdrawal.profile)));
    for engine in &engines {
        // Before the list is: what stands in it need not be listed anew.
        again.withdrawn_again += withdraw_again(engine.as_ref(), &list.withdrawals, home::now()).await?;
        engine.list_erasures_in(kept.clone()).await?;
        again.erased_again += erase_again(engine.as_ref(), &list.erasures).await?;
    }
    again.keys_ended_again = access::end_again(&store, &list.keys, home::now()).await?;
    store.scrub().await?;
    Ok(again)
}

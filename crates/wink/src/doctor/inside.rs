//! What is in the store: whether it adds up, and what waits.

use std::sync::Arc;

use wink_core::base::{DecisionId, ProfileId, Timestamp};
use wink_server::flow::past;
use wink_server::report::totals;
use wink_server::{Engine, keys};
use wink_store::{Direction, Kind, Range, Store};

use super::Finding;

/// A clock that is this far behind what is stored would let coupons live longer and stamp events wrongly.
const BEHIND_MS_MAX: i64 = 60_000;

/// Coupons are seen to every second; one that waits for longer than this shows that nobody does.
const LATE_MS_MAX: i64 = 60_000;

/// As many are counted; more is as bad.
const TIMERS_COUNTED: usize = 10_000;

/// Looks at everything inside an open store, of every tenant. An error is that it cannot be read.
pub(crate) async fn look<S: Store>(
    engines: &[Arc<Engine<Arc<S>>>],
    now: Timestamp,
) -> anyhow::Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for engine in engines {
        let mut found = vec![
            clock(engine, now).await?,
            balance(engine).await?,
            catalogue(engine),
            timers(engine, now).await?,
            dead_letters(engine).await?,
        ];
        if 1 < engines.len() {
            found.iter_mut().for_each(|finding| finding.check += &format!(", tenant {}", engine.tenant.0));
        }
        findings.append(&mut found);
    }
    Ok(findings)
}

async fn clock<S: Store>(engine: &Engine<S>, now: Timestamp) -> anyhow::Result<Finding> {
    const CHECK: &str = "clock";
    if past::known(engine).await?.is_some() {
        return Ok(Finding::ok(CHECK, "the store holds an imported past, and its clock goes on from there"));
    }
    let newest = [
        newest(engine, keys::kind::PROFILE).await?.map(|id| ProfileId::from_bytes(id).made_at()),
        newest(engine, keys::kind::DECISION).await?.map(|id| DecisionId::from_bytes(id).made_at()),
    ];
    Ok(match newest.into_iter().flatten().max() {
        None => Finding::ok(CHECK, format!("{now}; there is nothing yet to compare it with")),
        Some(newest) if now.0 + BEHIND_MS_MAX < newest.0 => Finding::fail(
            CHECK,
            format!("it says {now}, and the newest thing in the store was made at {newest}"),
            "set the machine's clock before anybody is served: coupons and retention go by it",
        ),
        Some(_) => Finding::ok(CHECK, format!("{now}, after everything in the store")),
    })
}

/// The largest id of a kind whose ids sort by time. Those of coupons are hashes, and do not.
async fn newest<S: Store>(engine: &Engine<S>, kind: Kind) -> anyhow::Result<Option<[u8; 16]>> {
    let page = engine.store.scan(engine.tenant, kind, Range::default(), Direction::Reverse, 1).await?;
    Ok(page.records.into_iter().next().and_then(|(key, _)| key.try_into().ok()))
}

async fn balance<S: Store>(engine: &Engine<S>) -> anyhow::Result<Finding> {
    const CHECK: &str = "balance";
    let balance = totals::balance(engine).await?;
    let totals::Balance { received, accepted, duplicate, dead, refused } = balance;
    let found = format!(
        "{received} received = {accepted} accepted + {duplicate} duplicate + {dead} dead + {refused} refused"
    );
    Ok(if balance.is_exact() {
        Finding::ok(CHECK, found)
    } else {
        Finding::fail(
            CHECK,
            format!("it does not add up: {found}"),
            "run `wink verify`, and restore a backup",
        )
    })
}

/// A catalogue that does not compile keeps the store from opening, so here there is one or none.
fn catalogue<S: Store>(engine: &Engine<S>) -> Finding {
    const CHECK: &str = "catalogue";
    match engine.catalogue() {
        Ok(catalogue) => Finding::ok(CHECK, format!("version {} is in force", catalogue.version)),
        Err(_) => Finding::warn(
            CHECK,
            "none is in force, so nobody is given anything",
            "wink catalogue apply DIRECTORY --data STORE",
        ),
    }
}

async fn timers<S: Store>(engine: &Engine<S>, now: Timestamp) -> anyhow::Result<Finding> {
    const CHECK: &str = "timers";
    // A lease that ends at once: to look at what waits, not to take it from whoever sees to it.
    let due = engine.store.lease_due(engine.tenant, keys::EXPIRY, now.0, now.0, TIMERS_COUNTED).await?;
    let late = due.iter().filter(|timer| timer.due_ms + LATE_MS_MAX < now.0).count();
    Ok(if late == 0 {
        Finding::ok(CHECK, format!("{} coupons ran out just now", due.len()))
    } else {
        let found = format!("{late} coupons ran out more than a minute ago and still reserve money");
        Finding::warn(CHECK, found, "start `wink serve`; it frees them within seconds")
    })
}

async fn dead_letters<S: Store>(engine: &Engine<S>) -> anyhow::Result<Finding> {
    const CHECK: &str = "dead letters";
    let (mut letters, mut range) = (0, Some(Range::default()));
    while let Some(some) = range {
        let kind = keys::kind::DEAD_LETTER;
        let page = engine.store.scan(engine.tenant, kind, some, Direction::Forward, TIMERS_COUNTED).await?;
        letters += page.records.len();
        range = page.next;
    }
    Ok(if letters == 0 {
        Finding::ok(CHECK, "none")
    } else {
        Finding::warn(
            CHECK,
            format!("{letters} messages could not be accepted"),
            "look at what their senders were answered; they are deleted after 30 days",
        )
    })
}

//! Walking through everything of a kind, page by page.

use wink_record::Stored;
use wink_store::{Direction, Entry, Kind, Lane, Position, Range, Record, Store};

use crate::{Engine, Error};

/// Records or entries read at once: enough to make the reading cheap, few enough to hold.
const AT_ONCE: usize = 2_000;

/// Entries read and visited before others have a turn: some milliseconds of work.
const AT_A_TURN: usize = 100;

/// Visits every record of a kind, by key.
pub(crate) async fn records<S: Store>(
    engine: &Engine<S>,
    kind: Kind,
    mut visit: impl FnMut(&[u8], &Record) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut range = Some(Range::default());
    while let Some(some) = range {
        let page = engine.store.scan(engine.tenant, kind, some, Direction::Forward, AT_ONCE).await?;
        for (key, record) in &page.records {
            visit(key, record)?;
        }
        range = page.next;
    }
    Ok(())
}

/// Visits every record of a kind as its type, by key.
pub(crate) async fn stored<S: Store, T: Stored>(
    engine: &Engine<S>,
    kind: Kind,
    mut visit: impl FnMut(T) -> Result<(), Error>,
) -> Result<(), Error> {
    records(engine, kind, |_, record| visit(T::from_bytes(&record.bytes)?)).await
}

/// Visits every entry of a lane, in order, of all tenants.
pub(crate) async fn lane<S: Store>(
    engine: &Engine<S>,
    lane: Lane,
    mut visit: impl FnMut(&Entry) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut from = Position(0);
    while let Some(next) = page(engine, lane, from, AT_ONCE, &mut visit).await? {
        from = next;
    }
    Ok(())
}

/// As [`lane`], beside a server that has other things to do: in small pages, and after each whoever waits has a turn.
pub(crate) async fn lane_in_turns<S: Store>(
    engine: &Engine<S>,
    lane: Lane,
    mut visit: impl FnMut(&Entry) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut from = Position(0);
    while let Some(next) = page(engine, lane, from, AT_A_TURN, &mut visit).await? {
        from = next;
        tokio::task::yield_now().await;
    }
    Ok(())
}

/// Visits a page of a lane. Gives where the next begins, `None` if there is nothing in it.
async fn page<S: Store>(
    engine: &Engine<S>,
    lane: Lane,
    from: Position,
    at_once: usize,
    visit: &mut impl FnMut(&Entry) -> Result<(), Error>,
) -> Result<Option<Position>, Error> {
    let entries = engine.store.read_lane(lane, from, at_once).await?;
    for entry in &entries {
        visit(entry)?;
    }
    Ok(entries.last().map(|last| Position(last.position.0 + 1)))
}

//! Whether the events of a source have changed, from the journal: read lane by lane, and nothing of it kept but sums.

use tokio::sync::Mutex;
use wink_core::measure::{Drift, DriftReport, DriftWindows};
use wink_core::profile::Kept;
use wink_record::Stored;
use wink_store::{Lane, Store};

use super::walk;
use crate::keys::entry;
use crate::{Engine, Error};

/// Held while a report is made: one at a time in this process, because each takes a core and up to what [`Drift`] keeps.
static BEING_MADE: Mutex<()> = Mutex::const_new(());

/// Compares the events received in two windows; `None` if another report is being made. Takes as long as the journal is long, a page of it and what
/// [`Drift`] keeps, which is bounded whatever there is to read; others have their turns meanwhile. Events of people who were erased are not in it.
///
/// # Errors
/// If the store cannot be read.
pub async fn read<S: Store>(engine: &Engine<S>, windows: DriftWindows) -> Result<Option<DriftReport>, Error> {
    let Ok(_alone) = BEING_MADE.try_lock() else { return Ok(None) };
    let (mut drift, schemas) = (Drift::new(windows), engine.schemas());
    for lane in Lane::all() {
        walk::lane_in_turns(engine, lane, |found| {
            let Some(body) = &found.body else { return Ok(()) };
            if found.header.tenant == engine.tenant && found.header.kind == entry::EVENT {
                drift.take(&Kept::from_bytes(&body.payload)?, &schemas);
            }
            Ok(())
        })
        .await?;
    }
    Ok(Some(drift.report()))
}

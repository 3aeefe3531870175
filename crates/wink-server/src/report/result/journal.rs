//! What people did, as the journal has it.

use wink_core::measure::Costs;
use wink_core::profile::Kept;
use wink_record::Stored;
use wink_store::{Lane, Store};

use super::assigned::Assigned;
use crate::keys::entry;
use crate::report::walk;
use crate::{Engine, Error};

/// Entries between two words about how far it is.
const WORD_EVERY: u64 = 10_000;

/// Tells everybody's events to those who are followed, and `progress` how many entries were read. Where nobody was assigned, nothing is read.
pub(super) async fn hear<S: Store>(
    engine: &Engine<S>,
    people: &mut Assigned,
    costs: &Costs,
    progress: impl Fn(u64) + Send + Sync,
) -> Result<(), Error> {
    let lanes = people.lanes();
    let mut entries = 0;
    for lane in Lane::all().filter(|lane| lanes.contains(lane)) {
        walk::lane(engine, lane, |found| {
            entries += 1;
            if entries % WORD_EVERY == 0 {
                progress(entries);
            }
            let Some(body) = &found.body else { return Ok(()) };
            if found.header.tenant != engine.tenant || found.header.kind != entry::EVENT {
                return Ok(());
            }
            let kept = Kept::from_bytes(&body.payload)?;
            if let Some(person) = people.of(kept.profile) {
                person.hear(kept.occurred_at, &kept.body, &kept.extra, costs);
            }
            Ok(())
        })
        .await?;
    }
    progress(entries);
    Ok(())
}

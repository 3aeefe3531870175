//! Makes stored decisions again and compares, byte for byte.

use std::collections::BTreeSet;

use wink_core::base::DecisionId;
use wink_core::decision::{Decision, ENGINE, Verdict, decide};
use wink_core::offer::CatalogueVersion;
use wink_record::Stored;
use wink_store::Store;

use super::walk;
use crate::{Engine, Error, keys};

/// What a replay found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// Decisions made again.
    pub decisions: u64,
    /// Of them, those whose bytes are the same.
    pub same: u64,
    /// Those that differ.
    pub different: Vec<DecisionId>,
    /// Decisions of another version of the deciding code, which need not give the same bytes; not made again.
    pub other_engine: u64,
}

/// Makes every stored decision again. `progress` is told how many are done.
///
/// # Errors
/// If the store or a catalogue cannot be read.
pub async fn verify<S: Store>(engine: &Engine<S>, mut progress: impl FnMut(u64)) -> Result<Replayed, Error> {
    let catalogues = load_catalogues(engine).await?;
    let mut replayed = Replayed::default();
    walk::records(engine, keys::kind::DECISION, |_, record| {
        let decision = Decision::from_bytes(&record.bytes)?;
        if decision.engine != ENGINE {
            replayed.other_engine += 1;
            return Ok(());
        }
        let catalogue = catalogues.iter().find(|catalogue| catalogue.version == decision.catalogue);
        let Some(catalogue) = catalogue else {
            let why = "it is not stored here".to_owned();
            return Err(Error::Catalogue { version: decision.catalogue.to_string(), why });
        };
        let again = decide(decision.situation(catalogue)).to_bytes();
        replayed.decisions += 1;
        if again == record.bytes {
            replayed.same += 1;
        } else {
            replayed.different.push(decision.id);
        }
        progress(replayed.decisions);
        Ok(())
    })
    .await?;
    Ok(replayed)
}

/// What stored decisions would be under another catalogue: how the verdicts move.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moved {
    /// Decisions made again under the other catalogue.
    pub decisions: u64,
    /// Offered then and now.
    pub still_offered: u64,
    /// Offered then, not now.
    pub no_longer_offered: u64,
    /// Not offered then, offered now.
    pub newly_offered: u64,
    /// Decisions of another version of the deciding code: its places of features are not those of today. Not made again.
    pub other_engine: u64,
}

/// Makes every stored decision again under the catalogue in force, with what was known and left then.
///
/// Only decisions whose offers are the same by index can be compared; a catalogue with other offers is refused.
///
/// # Errors
/// If the store or a catalogue cannot be read, or the offers differ.
pub async fn under_catalogue_in_force<S: Store>(engine: &Engine<S>) -> Result<Moved, Error> {
    let in_force = engine.catalogue()?;
    for catalogue in load_catalogues(engine).await? {
        let ids = |catalogue: &wink_core::offer::Catalogue| -> Vec<String> {
            catalogue.offers.iter().map(|offer| offer.id.to_string()).collect()
        };
        if ids(&catalogue) != ids(&in_force) {
            let why = "it has other offers than the catalogue in force, so its decisions cannot be compared";
            return Err(Error::Catalogue { version: catalogue.version.to_string(), why: why.to_owned() });
        }
    }
    let mut moved = Moved::default();
    walk::stored(engine, keys::kind::DECISION, |decision: Decision| {
        if decision.engine != ENGINE {
            moved.other_engine += 1;
            return Ok(());
        }
        let again = decide(decision.situation(&in_force));
        let offered = |verdict| matches!(verdict, Verdict::Offer(_));
        moved.decisions += 1;
        match (offered(decision.verdict), offered(again.verdict)) {
            (true, true) => moved.still_offered += 1,
            (true, false) => moved.no_longer_offered += 1,
            (false, true) => moved.newly_offered += 1,
            (false, false) => {}
        }
        Ok(())
    })
    .await?;
    Ok(moved)
}

async fn load_catalogues<S: Store>(
    engine: &Engine<S>,
) -> Result<Vec<std::sync::Arc<wink_core::offer::Catalogue>>, Error> {
    let mut versions: BTreeSet<CatalogueVersion> = BTreeSet::new();
    walk::stored(engine, keys::kind::DECISION, |decision: Decision| {
        versions.insert(decision.catalogue);
        Ok(())
    })
    .await?;
    let mut catalogues = Vec::with_capacity(versions.len());
    for version in versions {
        catalogues.push(engine.catalogue_of(version).await?);
    }
    Ok(catalogues)
}

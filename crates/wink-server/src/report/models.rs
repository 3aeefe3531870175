//! Proves that the list of models is what the journal says was fitted.

use std::collections::BTreeMap;

use wink_core::base::{Digest, Hasher};
use wink_core::measure::Card;
use wink_record::Stored;
use wink_store::Store;

use super::walk;
use crate::keys::kind;
use crate::{Engine, Error};

/// Hashes a stored card.
pub(super) fn hash(bytes: &[u8]) -> Digest {
    Hasher::new("model card").field(bytes).finish()
}

/// Tells what does not hold, in words; `fitted` are the cards of the journal, which are taken out.
pub(super) async fn findings<S: Store>(
    engine: &Engine<S>,
    fitted: &mut BTreeMap<u32, Digest>,
) -> Result<Vec<String>, Error> {
    let mut findings = Vec::new();
    walk::records(engine, kind::MODEL, |_, record| {
        let version = Card::from_bytes(&record.bytes)?.version();
        match fitted.remove(&version) {
            Some(known) if known == hash(&record.bytes) => {}
            Some(_) => findings.push(format!("the card of model {version} is not the one that was written")),
            None => findings.push(format!("model {version} is not in the journal")),
        }
        Ok(())
    })
    .await?;
    findings.extend(fitted.keys().map(|version| format!("model {version} is in the journal only")));
    Ok(findings)
}

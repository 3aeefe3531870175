//! Which share was to be held out while people were assigned.

use std::collections::BTreeSet;

use wink_core::base::Timestamp;
use wink_core::measure::LotShare;
use wink_core::offer::Campaign;
use wink_store::Store;

use crate::flow::catalogue::applied;
use crate::{Engine, Error};

/// Versions read at once.
const AT_ONCE: usize = 100;

/// Looks through the catalogues that were in force since the first assignment: was the share always what it is now? One that can no longer be
/// read may have had another.
pub(super) async fn share<S: Store>(
    engine: &Engine<S>,
    campaign: &Campaign,
    first: Timestamp,
) -> Result<LotShare, Error> {
    let mut looked_at = BTreeSet::new();
    let mut before = None;
    loop {
        let versions = applied(engine, before, AT_ONCE).await?;
        if versions.is_empty() {
            return Ok(LotShare::Fixed(campaign.holdout_basis_points));
        }
        for (number, applied) in versions {
            before = Some(number);
            if looked_at.insert(applied.version) {
                let Ok(catalogue) = engine.catalogue_of(applied.version).await else {
                    return Ok(LotShare::Changed);
                };
                let then = catalogue.campaigns.iter().find(|then| then.id == campaign.id);
                // Nobody is assigned to a campaign that is not there.
                if then.is_some_and(|then| then.holdout_basis_points != campaign.holdout_basis_points) {
                    return Ok(LotShare::Changed);
                }
            }
            // The one that was in force at the first assignment.
            if applied.at <= first {
                return Ok(LotShare::Fixed(campaign.holdout_basis_points));
            }
        }
    }
}

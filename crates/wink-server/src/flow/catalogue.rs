//! A catalogue is applied: checked as a whole, stored as one version, put in force in one commit.

use std::collections::BTreeMap;
use std::sync::Arc;

use wink_core::offer::{Catalogue, CatalogueVersion};
use wink_record::{CatalogueFiles, Stored};
use wink_store::{Batch, Change, Check, Home, Store};

use crate::engine::{batch_id, catalogue_version};
use crate::keys;
use crate::{Engine, Error};

/// What applying changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    /// This version is in force now.
    InForce(CatalogueVersion),
    /// It was in force already; nothing was written.
    Unchanged(CatalogueVersion),
}

/// Puts a checked catalogue in force, with its budgets' caps and its offers' limits.
///
/// # Errors
/// If the store takes no writes, or another catalogue was applied at the same moment.
pub async fn apply<S: Store>(
    engine: &Engine<S>,
    catalogue: Catalogue,
    files: BTreeMap<String, String>,
) -> Result<Applied, Error> {
    let version = catalogue.version;
    let in_force = engine.record(&keys::catalogue_in_force()).await?;
    if let Some(record) = &in_force
        && catalogue_version(record)? == version
    {
        return Ok(Applied::Unchanged(version));
    }
    let mut batch = Batch::new(batch_id()?, engine.tenant, Home(0));
    batch.checks.push(match &in_force {
        Some(record) => Check::Version(keys::catalogue_in_force(), record.version),
        None => Check::Absent(keys::catalogue_in_force()),
    });
    batch.changes.push(Change::Put(keys::catalogue(version.0), CatalogueFiles(files).to_bytes()));
    batch.changes.push(Change::Put(keys::catalogue_in_force(), version.0.0.to_vec()));
    for campaign in &catalogue.campaigns {
        batch.changes.push(Change::SetCap(keys::budget(campaign.id.as_str()), Some(campaign.budget.0)));
    }
    for offer in &catalogue.offers {
        let cap = offer.limits.total.map(i64::from);
        batch.changes.push(Change::SetCap(keys::issued(offer.id.as_str()), cap));
    }
    engine.commit(batch).await?.ok_or(Error::Contended)?;
    engine.put_in_force(Arc::new(catalogue));
    Ok(Applied::InForce(version))
}

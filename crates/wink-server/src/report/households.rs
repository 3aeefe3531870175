//! Proves that households hold together: who is listed says so themself, and whoever says so is listed.

use std::collections::BTreeSet;

use wink_core::base::{HouseholdId, ProfileId};
use wink_core::profile::{Household, Profile};
use wink_record::Stored;
use wink_store::Store;

use super::walk;
use crate::keys::kind;
use crate::{Engine, Error};

/// Tells what does not hold, in words.
pub(super) async fn findings<S: Store>(engine: &Engine<S>) -> Result<Vec<String>, Error> {
    let mut listed: BTreeSet<(HouseholdId, ProfileId)> = BTreeSet::new();
    walk::records(engine, kind::HOUSEHOLD, |key, record| {
        let id = HouseholdId::from_bytes(key.try_into().unwrap_or_default());
        let members = Household::from_bytes(&record.bytes)?.members;
        listed.extend(members.into_keys().map(|profile| (id, profile)));
        Ok(())
    })
    .await?;
    let mut findings = Vec::new();
    walk::stored(engine, kind::PROFILE, |profile: Profile| {
        let household = profile.residence.as_ref().and_then(|word| word.household);
        if let Some(household) = household
            && !listed.remove(&(household, profile.id))
        {
            findings.push(format!("{} lives in {household}, which does not list them", profile.id));
        }
        Ok(())
    })
    .await?;
    if let Some((household, profile)) = listed.first() {
        let more = listed.len();
        findings.push(format!(
            "{more} members of households do not live there, the first is {profile} in {household}"
        ));
    }
    Ok(findings)
}

//! `/v1/profiles/{id}/household`: who lives with whom.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wink_core::base::HouseholdId;
use wink_core::event::HOUSEHOLD_BYTES_MAX;
use wink_core::profile::{Cluster, Household};

/// `PUT /v1/profiles/{id}/household`.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HouseholdAsked {
    /// What the shop calls the household, 1 to 128 bytes. Everybody who is put into one of this name lives together.
    pub household_id: String,
}

impl HouseholdAsked {
    /// Reads the name.
    ///
    /// # Errors
    /// Says how long it may be.
    pub fn read(&self) -> Result<String, String> {
        let name = self.household_id.trim();
        if name.is_empty() || HOUSEHOLD_BYTES_MAX < name.len() {
            return Err(format!(
                "the name of a household has 1 to {HOUSEHOLD_BYTES_MAX} bytes, this has {}",
                name.len()
            ));
        }
        Ok(name.to_owned())
    }
}

/// That a person lives in a household.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ResidenceView {
    /// The household's pseudonym, like hsh_…: the shop's name of it is not kept.
    pub id: String,
    /// Since when they live there.
    pub joined_at: String,
    /// Which source told Wink, or whose key said so.
    pub source: String,
}

impl ResidenceView {
    /// Shows where a person lives now; `None` if in no household.
    pub fn of(person: &Cluster<'_>) -> Option<Self> {
        let word = person.residence()?;
        Some(Self {
            id: word.household?.to_string(),
            joined_at: word.at.to_string(),
            source: word.source.clone(),
        })
    }
}

/// A household with its members.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct HouseholdView {
    /// Its pseudonym, like hsh_….
    pub id: String,
    /// Who lives there, 12 at most.
    pub members: Vec<HouseholdMemberView>,
}

/// Somebody who lives in a household.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct HouseholdMemberView {
    /// The profile they were put in by.
    pub profile: String,
    /// Since when.
    pub joined_at: String,
    /// Which source told Wink, or whose key said so.
    pub source: String,
}

impl HouseholdView {
    /// Shows a household.
    pub fn new(id: HouseholdId, household: &Household) -> Self {
        let members = household.members.iter().map(|(profile, member)| HouseholdMemberView {
            profile: profile.to_string(),
            joined_at: member.at.to_string(),
            source: member.source.clone(),
        });
        Self { id: id.to_string(), members: members.collect() }
    }
}

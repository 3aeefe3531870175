//! `/v1/catalogue` and its parts. What a campaign or an offer says is an object with the names of the catalogue's files.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use utoipa::ToSchema;

/// A catalogue to be put in force as a whole.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CatalogueSent {
    /// The texts of the files by path: `shop.toml`, and `campaigns/NAME.toml` for each campaign.
    pub files: BTreeMap<String, String>,
}

/// A version of the catalogue.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CatalogueView {
    /// Its name, which is a hash of the files.
    pub version: String,
    /// The texts of its files by path.
    pub files: BTreeMap<String, String>,
}

/// What a change came to, or would.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ChangeView {
    /// The version that says so; the one in force if nothing changes.
    pub version: String,
    /// Whether nothing was stored.
    pub dry_run: bool,
    /// Everything that is said differently.
    pub differences: Vec<DifferenceView>,
}

/// One thing that is said differently.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DifferenceView {
    /// What it is, as in `campaigns/tea/offers/tea-tenth/minimum_spend`.
    pub path: String,
    /// What it said; `null` if it was not there.
    pub before: Json,
    /// What it says; `null` if it is gone.
    pub after: Json,
}

/// When versions were put in force, newest first.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct VersionsListed {
    /// At most as many as were asked for.
    pub data: Vec<VersionView>,
    /// Asks for those before; missing at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// That a version was put in force.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct VersionView {
    /// Counts from 1.
    pub number: u64,
    /// The version's name.
    pub version: String,
    /// When.
    pub applied_at: String,
}

/// Campaigns or offers, ordered by id.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PartsListed {
    /// At most as many as were asked for.
    pub data: Vec<Json>,
    /// Asks for those behind; missing at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// A campaign's budget.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct BudgetView {
    /// The campaign's id.
    pub campaign: String,
    /// The most it may owe at any time, as the catalogue spells it.
    pub budget: Json,
    /// What it owes now, in minor units: reserved for coupons in circulation and for leases of tills, and spent on redeemed coupons.
    pub used_cents: i64,
    /// What is left to give, in minor units.
    pub left_cents: i64,
}

/// How a change is to be made.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangeAsked {
    /// Says what would change, and changes nothing.
    #[serde(default)]
    pub dry_run: bool,
}

/// Which part of a list is wanted.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PageAsked {
    /// At most so many.
    pub limit: Option<usize>,
    /// Where to go on, from the page before.
    pub cursor: Option<String>,
}

//! Keys and tenants.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A key to be made.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyAsked {
    /// What it may do.
    #[schema(example = "ingest")]
    pub role: String,
    /// What people call it; the source of the events it brings.
    #[schema(example = "web-shop")]
    pub name: String,
    /// For which tenant; an operator says it, everybody else makes keys for their own.
    pub tenant: Option<String>,
    /// The store a till's key is bound to.
    pub store: Option<String>,
    /// The origins a publishable key may be used from; none for any.
    #[serde(default)]
    pub origins: Vec<String>,
    /// Requests a second, if it gets a limit of its own.
    pub rate: Option<u32>,
}

/// A key as it was made.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct KeyMade {
    /// Its id.
    pub id: String,
    /// Its secret, shown this once.
    pub secret: String,
}

/// A key to be replaced.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RotationAsked {
    /// How long the old one stays good; a day if it is not said.
    pub overlap_hours: Option<u32>,
}

/// A key as it is listed, without its secret.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct KeyView {
    /// Its id.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// What it may do.
    pub role: String,
    /// Whose it is.
    pub tenant: String,
    /// The store it is bound to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub store: Option<String>,
    /// The origins it may be used from; none for any.
    pub origins: Vec<String>,
    /// Requests a second, if it has a limit of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<u32>,
    /// When it was made.
    pub created_at: String,
    /// From when on it is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<String>,
    /// Whether somebody revoked it.
    pub revoked: bool,
}

/// The keys there are.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct KeysListed {
    /// Oldest first.
    pub data: Vec<KeyView>,
}

/// A tenant to be made.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TenantAsked {
    /// What people will call it.
    #[schema(example = "outlet")]
    pub name: String,
}

/// A tenant.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TenantView {
    /// What people call it.
    pub name: String,
}

/// The tenants there are.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TenantsListed {
    /// The first one first.
    pub data: Vec<TenantView>,
}

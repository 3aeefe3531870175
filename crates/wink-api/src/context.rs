//! `POST /v1/context`: what is told of regions and stores.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::json::Fields;

/// The most reports of one request.
pub const REPORTS_MAX: usize = 500;

/// Reports of regions and stores. All are taken, or none.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ContextSent {
    /// The reports, at most 500.
    #[schema(max_items = 500)]
    pub reports: Vec<ReportSent>,
}

/// What is told of a region or a store.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportSent {
    /// The region it is told of; or the store.
    pub region: Option<String>,
    /// The store it is told of; or the region.
    pub store: Option<String>,
    /// `Weather Reported` or `Transit Reported`.
    pub event: String,
    /// When it was so.
    pub at: String,
    /// What it says, such as `rain_percent` or `delay_minutes`: whole numbers.
    #[schema(value_type = Object)]
    pub properties: Fields,
}

/// How many reports were taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ContextAnswered {
    /// So many.
    pub accepted: usize,
}

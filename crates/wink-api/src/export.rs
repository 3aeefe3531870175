//! Everything about one person, as one JSON document.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use utoipa::{IntoParams, ToSchema};
use wink_core::base::{DAY_MS, Timestamp};
use wink_core::feature::{Affinity, State};

/// The form of the document. A number never changes its meaning.
pub const EXPORT_FORMAT: &str = "wink-export-1";

/// In which form everything about a person is asked for.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ExportAsked {
    /// `json` for one document, as without it; `csv` for a ZIP of tables.
    #[serde(default)]
    pub format: ExportForm,
}

/// A form of an export.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExportForm {
    /// One JSON document.
    #[default]
    Json,
    /// A ZIP of CSV tables, one for each list of the document.
    Csv,
}

/// What is added up of the events under one identity.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct StateExported {
    /// Sums by day.
    pub days: BTreeMap<String, BTreeMap<&'static str, i64>>,
    /// Sales in minor units by category, by the first day of four weeks.
    pub categories: BTreeMap<String, BTreeMap<String, i64>>,
    /// When the newest order was made.
    pub last_order_at: Option<String>,
    /// When Wink came to the person, and for which campaign.
    #[schema(value_type = Vec<Object>)]
    pub contacts: Vec<Json>,
}

impl StateExported {
    /// Shows what is added up.
    pub fn new(state: &State) -> Self {
        let date = |day: i32| {
            let text = Timestamp(i64::from(day) * DAY_MS).to_string();
            text.split_once('T').map_or(text.clone(), |(date, _)| date.to_owned())
        };
        let days = state.days.iter().map(|(day, sums)| {
            let sums = BTreeMap::from([
                ("orders", i64::from(sums.orders)),
                ("lines", i64::from(sums.lines)),
                ("sales_cents", sums.sales_cents),
                ("discount_cents", sums.discount_cents),
                ("coupons", i64::from(sums.coupons)),
            ]);
            (date(*day), sums)
        });
        let buckets = |affinity: &Affinity| {
            let bucket = |(bucket, cents): (&i32, &i64)| (date(bucket * Affinity::BUCKET_DAYS), *cents);
            affinity.cents.iter().map(bucket).collect()
        };
        let contact = |contact: &wink_core::feature::Contact| serde_json::json!({ "at": contact.at.to_string(), "campaign": contact.campaign.to_string() });
        Self {
            days: days.collect(),
            categories: state.affinity.iter().map(|(name, sums)| (name.clone(), buckets(sums))).collect(),
            last_order_at: state.last_order_at.map(|at| at.to_string()),
            contacts: state.contacts.iter().map(contact).collect(),
        }
    }
}

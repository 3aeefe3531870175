//! Everything about one person, as one JSON document.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use utoipa::{IntoParams, ToSchema};
use wink_core::base::HouseholdId;
use wink_core::coupon::Announced;
use wink_core::feature::{Accumulated, AccumulatorId, Bucket, Catalogue, Series, Shared, State};

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

/// A file that is no text, as it is sent: only what a description says of it.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
pub struct FileBytes(#[expect(dead_code, reason = "nobody makes one")] Vec<u8>);

/// What is added up of the events under one identity.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct StateExported {
    /// What is added up, by what defines it: which sum, of which events.
    #[schema(value_type = BTreeMap<String, Object>)]
    pub accumulated: BTreeMap<String, Json>,
}

impl StateExported {
    /// Shows what is added up.
    pub fn new(state: &State, features: &Catalogue) -> Self {
        let named =
            |id| features.accumulators().find(|(known, _)| *known == id).map(|(_, text)| text.to_owned());
        let shown = |(id, accumulated): &(AccumulatorId, Accumulated)| {
            (named(*id).unwrap_or_else(|| format!("no longer needed, {:08x}", id.0)), show(accumulated))
        };
        Self { accumulated: state.accumulated().iter().map(shown).collect() }
    }
}

/// That a person was told that a coupon of theirs will run out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct AnnouncedExported {
    /// Which coupon.
    pub coupon: String,
    /// When it was said.
    pub at: String,
}

impl From<&Announced> for AnnouncedExported {
    fn from(announced: &Announced) -> Self {
        Self { coupon: announced.coupon.to_string(), at: announced.at.to_string() }
    }
}

/// That a person left a household with which some of what they were given goes on counting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct HouseholdLeftExported {
    /// The household's pseudonym, like hsh_….
    pub id: String,
    /// How many entries of the wallet of one of their profiles, from the oldest on, count there.
    pub counted: u32,
}

impl HouseholdLeftExported {
    /// Shows what is counted with a household.
    pub fn new(household: HouseholdId, counted: u32) -> Self {
        Self { id: household.to_string(), counted }
    }
}

fn show(accumulated: &Accumulated) -> Json {
    match accumulated {
        Accumulated::Sums(series) => by_bucket(series, |sum| json!(sum)),
        Accumulated::Extremes(series) => {
            by_bucket(series, |both| json!({ "min": both.min, "max": both.max }))
        }
        Accumulated::Times(times) => times.at.iter().map(|at| json!(at.to_string())).collect(),
        Accumulated::First(one) | Accumulated::Last(one) => {
            json!({ "at": one.at.to_string(), "value": one.value })
        }
        Accumulated::Name(newest) => json!({ "at": newest.at.to_string(), "name": newest.name }),
        Accumulated::Distinct(series) => by_bucket(series, |registers| json!(registers.estimate().round())),
        Accumulated::Spread(series) => by_bucket(series, |spread| {
            json!(spread.0.iter().map(|(_, count)| u64::from(*count)).sum::<u64>())
        }),
        Accumulated::Shares(series) => {
            let sums =
                |cell: &Shared| cell.sums.iter().map(|(name, sum)| (name.to_string(), json!(sum))).collect();
            by_bucket(series, |cell| Json::Object(sums(cell)))
        }
    }
}

/// Shows cells under the beginning of their buckets; a day by its date.
fn by_bucket<C>(series: &Series<C>, show: impl Fn(&C) -> Json) -> Json {
    let begin = |number: i32| {
        let day = if series.bucket == Bucket::ShopDay { Bucket::Day } else { series.bucket };
        let text = day.start(number).to_string();
        match series.bucket {
            Bucket::Minute => text,
            _ => text.split_once('T').map_or(text.clone(), |(date, _)| date.to_owned()),
        }
    };
    series.cells.iter().map(|(number, cell)| (begin(*number), show(cell))).collect()
}

//! `GET /v1/events/drift`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use wink_core::base::Timestamp;
use wink_core::measure::{Change, DriftReport, DriftWindows, Finding, WindowsError};

/// For so many days events are looked at, unless it is said.
const DAYS: i64 = 7;

/// Which windows are compared, by when events were received.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DriftAsked {
    /// Where the later window begins, RFC 3339; seven days before its end if it is not said.
    pub since: Option<String>,
    /// The first instant that is no longer in it; now if it is not said, and never later.
    pub until: Option<String>,
    /// Where the earlier window begins; as long before its end as the later one lasts if it is not said. The windows must be as long as each other.
    pub before_since: Option<String>,
    /// The first instant that is no longer in it; as long after its beginning as the later one lasts if that is said, else where the later one begins.
    pub before_until: Option<String>,
}

/// Why windows that were asked for cannot be compared.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WindowsRefused {
    /// A parameter is no instant.
    #[error("`{parameter}` is no instant: {problem}")]
    Instant {
        /// Which.
        parameter: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// The windows do not go together.
    #[error(transparent)]
    Windows(#[from] WindowsError),
}

impl WindowsRefused {
    /// Points to the parameter to change.
    pub fn pointer(&self) -> String {
        let parameter = match self {
            Self::Instant { parameter, .. } => parameter,
            Self::Windows(WindowsError::EmptyAfter(..) | WindowsError::Overlap(..)) => "since",
            Self::Windows(WindowsError::EmptyBefore(..) | WindowsError::Unequal(..)) => "before_since",
            Self::Windows(WindowsError::Future(..)) => "until",
        };
        format!("/{parameter}")
    }
}

impl DriftAsked {
    /// Reads the windows as of `now`.
    ///
    /// # Errors
    /// Which parameter cannot be used, and why.
    pub fn windows(&self, now: Timestamp) -> Result<DriftWindows, WindowsRefused> {
        let read = |parameter: &'static str, text: &Option<String>| {
            let at = text.as_deref().map(Timestamp::parse).transpose();
            at.map_err(|problem| WindowsRefused::Instant { parameter, problem })
        };
        let until = read("until", &self.until)?.unwrap_or(now);
        let since = read("since", &self.since)?.unwrap_or(until.plus_days(-DAYS));
        let lasts = until.since_ms(since);
        let before =
            match (read("before_since", &self.before_since)?, read("before_until", &self.before_until)?) {
                (Some(from), Some(end)) => (from, end),
                (Some(from), None) => (from, Timestamp(from.0.saturating_add(lasts))),
                (None, end) => {
                    let end = end.unwrap_or(since);
                    (Timestamp(end.0.saturating_sub(lasts)), end)
                }
            };
        Ok(DriftWindows::new(before, (since, until), now)?)
    }
}

/// What has changed in the events of each source from one window to another.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct DriftView {
    /// The earlier window.
    pub before: WindowView,
    /// The later window.
    pub after: WindowView,
    /// What was found, by source, event and field.
    pub findings: Vec<FindingView>,
    /// How many comparisons were made.
    pub comparisons: u64,
    /// How likely a report names anything although nothing has changed.
    pub rate: f64,
    /// Events that too few people sent to compare: those that at least ten sent in one of the windows.
    pub too_few: Vec<TooFewView>,
    /// How many more events fewer than ten people sent in either window.
    pub others: u64,
    /// How many messages held a field or a word beyond what can be followed; it is counted under `(other)`.
    pub beyond: u64,
}

/// A window of time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct WindowView {
    /// Its first instant.
    pub since: String,
    /// The first instant that is no longer in it.
    pub until: String,
}

/// Something that has changed.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct FindingView {
    /// Who sends the event.
    pub source: String,
    /// The event's name.
    pub event: String,
    /// The field by its path; `*` stands for an entry of a list, `(other)` for fields whose names are not told or that are too many to follow, `(few)`
    /// for one that fewer than ten people sent. Not there if it is the event itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Whether the event's schema names it.
    pub known: bool,
    /// What has changed: `stopped` of an event; of a field `appeared`, `vanished`, `types_changed`, `absent_share_changed`, `numbers_shifted` or `words_shifted`.
    pub change: String,
    /// How likely that is by chance.
    pub p_value: f64,
    /// The earlier window.
    pub before: FieldSeen,
    /// The later window.
    pub after: FieldSeen,
    /// The population stability index of numbers and words: from 0.1 on a notable shift, from 0.25 on a large one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<f64>,
    /// The hour in which it was first seen in the windows; not there if fewer than ten people sent it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_seen: Option<String>,
    /// The hour in which it was last seen in them; not there if fewer than ten people sent it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_seen: Option<String>,
}

/// What was seen of a field in one window, in one message of each person.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct FieldSeen {
    /// Messages, or objects in them, that could have the field.
    pub all: u64,
    /// Those that have it.
    pub with_field: u64,
    /// How often it was of each type, if that has changed; types that fewer than ten people sent in either window are left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub types: Option<BTreeMap<String, u64>>,
    /// About the median of its numbers, to two digits, if they have shifted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub median: Option<f64>,
    /// The shares of the words that shifted most, if they have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub words: Option<BTreeMap<String, f64>>,
}

/// An event that too few people sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct TooFewView {
    /// Who sends it.
    pub source: String,
    /// Its name.
    pub event: String,
    /// How many people sent it in the earlier window.
    pub before: u64,
    /// How many people sent it in the later window.
    pub after: u64,
}

impl DriftView {
    /// Shows a report, of which `rate` name something although nothing has changed.
    pub fn new(report: &DriftReport, rate: f64) -> Self {
        let window = |(since, until): (Timestamp, Timestamp)| WindowView {
            since: since.to_string(),
            until: until.to_string(),
        };
        let too_few = report.too_few.iter().map(|(source, event, [before, after])| TooFewView {
            source: source.clone(),
            event: (*event).to_owned(),
            before: *before,
            after: *after,
        });
        Self {
            before: window(report.windows.before()),
            after: window(report.windows.after()),
            findings: report.findings.iter().map(FindingView::new).collect(),
            comparisons: report.comparisons,
            rate,
            too_few: too_few.collect(),
            others: report.others,
            beyond: report.beyond,
        }
    }
}

impl FindingView {
    fn new(finding: &Finding) -> Self {
        let index = match finding.change {
            Change::Numbers { index, .. } | Change::Words { index, .. } => Some(index),
            _ => None,
        };
        Self {
            source: finding.source.clone(),
            event: finding.event.to_owned(),
            field: finding.field.clone(),
            known: finding.known,
            change: finding.change.code().to_owned(),
            p_value: finding.p_value,
            before: FieldSeen::new(finding, 0),
            after: FieldSeen::new(finding, 1),
            index,
            first_seen: finding.first_seen.map(|at| at.to_string()),
            last_seen: finding.last_seen.map(|at| at.to_string()),
        }
    }
}

impl FieldSeen {
    fn new(finding: &Finding, window: usize) -> Self {
        let at = |counts: &[u64; 2]| counts.get(window).copied().unwrap_or_default();
        let (mut types, mut median, mut shares) = (None, None, None);
        match &finding.change {
            Change::Types(kinds) => {
                let counted = kinds.iter().map(|(kind, counts)| (kind.name().to_owned(), at(counts)));
                types = Some(counted.collect());
            }
            Change::Numbers { medians, .. } => median = medians.get(window).copied().flatten(),
            Change::Words { words, .. } => {
                let share = |shares: &[f64; 2]| shares.get(window).copied().unwrap_or_default();
                shares = Some(words.iter().map(|word| (word.word.clone(), share(&word.shares))).collect());
            }
            Change::Stopped | Change::Appeared | Change::Vanished | Change::Absent(_) => {}
        }
        let (all, with_field) = (at(&finding.seen.all), at(&finding.seen.with_field));
        Self { all, with_field, types, median, words: shares }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-03-29T00:00:00Z";

    fn asked(given: &[(&str, &str)]) -> Result<DriftWindows, WindowsRefused> {
        let of = |name: &str| given.iter().find(|(given, _)| *given == name).map(|(_, at)| (*at).to_owned());
        let asked = DriftAsked {
            since: of("since"),
            until: of("until"),
            before_since: of("before_since"),
            before_until: of("before_until"),
        };
        asked.windows(Timestamp::parse(NOW).unwrap())
    }

    #[test]
    fn the_earlier_window_is_as_long_as_the_later_and_ends_where_it_begins_unless_it_is_said() {
        let told = |given: &[(&str, &str)]| {
            let windows = asked(given).unwrap();
            let days = |(from, until): (Timestamp, Timestamp)| {
                [from, until].map(|at| at.to_string()[5..10].to_owned())
            };
            [days(windows.before()), days(windows.after())].concat().join(" ")
        };
        assert_eq!(told(&[]), "03-15 03-22 03-22 03-29");
        assert_eq!(told(&[("until", "2026-03-20T00:00:00Z")]), "03-06 03-13 03-13 03-20");
        assert_eq!(told(&[("since", "2026-03-26T00:00:00Z")]), "03-23 03-26 03-26 03-29");
        assert_eq!(told(&[("before_since", "2026-03-01T00:00:00Z")]), "03-01 03-08 03-22 03-29");
        assert_eq!(told(&[("before_until", "2026-03-10T00:00:00Z")]), "03-03 03-10 03-22 03-29");
    }

    #[test]
    fn the_window_that_cannot_be_is_pointed_to() {
        let pointer = |given: &[(&str, &str)]| asked(given).unwrap_err().pointer();
        assert_eq!(pointer(&[("since", "yesterday")]), "/since");
        assert_eq!(pointer(&[("since", NOW)]), "/since");
        let first = "2026-03-01T00:00:00Z";
        assert_eq!(pointer(&[("before_since", first), ("before_until", first)]), "/before_since");
        assert_eq!(pointer(&[("before_until", NOW)]), "/since");
        assert_eq!(pointer(&[("until", "2026-03-30T00:00:00Z")]), "/until");
        let unequal = [("before_since", first), ("before_until", "2026-03-03T00:00:00Z")];
        assert_eq!(pointer(&unequal), "/before_since");
        let said = asked(&unequal).unwrap_err().to_string();
        assert!(said.contains("the earlier lasts 172800 s, the later 604800 s"), "{said}");
    }
}

//! How late each source's events come, and how far its time has come: counted since the start, in constant memory.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use wink_core::base::Timestamp;

use crate::flow::ingest::{Answer, Received};

/// Sources that are told apart; what others send is counted together. Keys are as many as a shop has systems.
const SOURCES_MAX: usize = 200;

/// What the sources beyond are called.
const OTHERS: &str = "others";

/// Upper bounds of how late an event comes, in milliseconds: the last is the day after which it is marked late.
pub const LATE_MS: [i64; 7] = [1_000, 10_000, 60_000, 600_000, 3_600_000, 21_600_000, 86_400_000];

/// What came from all sources.
#[derive(Debug, Default)]
pub struct Sources(Mutex<BTreeMap<String, Arrivals>>);

/// What came from one source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Arrivals {
    /// When the newest event happened: the watermark.
    pub newest: Option<Timestamp>,
    /// When the last event arrived.
    pub arrived: Option<Timestamp>,
    /// Events, by the first of [`LATE_MS`] they were not later than; the last are later than all of them.
    pub late: [u64; LATE_MS.len() + 1],
}

impl Arrivals {
    /// Counts the events.
    pub fn events(&self) -> u64 {
        self.late.iter().sum()
    }

    /// Finds the first of [`LATE_MS`] that `per_mille` of the events did not exceed; `None` without events, or if so many are later than all.
    pub fn late_ms(&self, per_mille: u64) -> Option<i64> {
        let wanted = self.events().saturating_mul(per_mille).div_ceil(1_000).max(1);
        let mut below = 0;
        LATE_MS.into_iter().zip(self.late).find_map(|(bound, count)| {
            below += count;
            (wanted <= below).then_some(bound)
        })
    }

    fn hear(&mut self, occurred: Timestamp, arrived: Timestamp) {
        self.newest = self.newest.max(Some(occurred));
        self.arrived = self.arrived.max(Some(arrived));
        let late_ms = arrived.since_ms(occurred);
        let bucket = LATE_MS.iter().position(|bound| late_ms <= *bound).unwrap_or(LATE_MS.len());
        if let Some(count) = self.late.get_mut(bucket) {
            *count += 1;
        }
    }
}

impl Sources {
    /// Notes how late a message came, if it is an event now.
    pub(crate) fn note(&self, received: &Received, answer: &Answer) {
        if let Answer::Accepted(_) = answer {
            let envelope = &received.envelope;
            self.hear(&envelope.source, envelope.occurred_at(received.at).min(received.at), received.at);
        }
    }

    fn hear(&self, source: &str, occurred: Timestamp, arrived: Timestamp) {
        let mut sources = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(arrivals) = sources.get_mut(source) {
            return arrivals.hear(occurred, arrived);
        }
        let name = if sources.len() < SOURCES_MAX { source } else { OTHERS };
        sources.entry(name.to_owned()).or_default().hear(occurred, arrived);
    }

    /// Tells what came from each, by name.
    pub fn all(&self) -> BTreeMap<String, Arrivals> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(late: &[i64]) -> Arrivals {
        let sources = Sources::default();
        let now = 100_000_000;
        late.iter().for_each(|late| sources.hear("till", Timestamp(now - late), Timestamp(now)));
        sources.all().get("till").copied().unwrap_or_default()
    }

    #[test]
    fn lateness_is_told_by_the_bound_it_does_not_exceed() {
        assert_eq!(heard(&[]).late_ms(500), None);
        assert_eq!(heard(&[-5_000]).late_ms(500), Some(1_000), "a clock that is ahead is not late");
        assert_eq!(heard(&[1_000, 1_001, 59_000]).late_ms(500), Some(10_000));
        assert_eq!(heard(&[1_000, 1_001, 59_000]).late_ms(990), Some(60_000));
        assert_eq!(heard(&[86_400_001]).late_ms(500), None);
        assert_eq!(heard(&[0, 86_400_001]).late_ms(500), Some(1_000));
    }

    #[test]
    fn the_watermark_is_the_newest_event_in_whichever_order_they_come() {
        let arrivals = heard(&[5_000, 1_000, 9_000]);
        assert_eq!(arrivals.newest, Some(Timestamp(99_999_000)));
        assert_eq!(arrivals.events(), 3);
    }

    #[test]
    fn more_sources_than_are_told_apart_are_counted_together() {
        let sources = Sources::default();
        for number in 0..SOURCES_MAX + 10 {
            sources.hear(&format!("s-{number}"), Timestamp(0), Timestamp(0));
        }
        let all = sources.all();
        assert_eq!(all.len(), SOURCES_MAX + 1);
        assert_eq!(all.get(OTHERS).map(Arrivals::events), Some(10));
    }
}

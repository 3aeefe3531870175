//! How long things take, counted in buckets: constant memory, any number of threads.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Buckets per doubling: 8 keep every quantile within 9 % of the truth.
const STEPS: u64 = 8;

/// Doublings covered, from one nanosecond: up to about 18 minutes.
const DOUBLINGS: u64 = 40;

/// Counts durations.
#[derive(Debug)]
pub struct Latencies {
    buckets: Vec<AtomicU64>,
}

impl Default for Latencies {
    fn default() -> Self {
        Self { buckets: (0..=DOUBLINGS * STEPS).map(|_| AtomicU64::new(0)).collect() }
    }
}

impl Latencies {
    /// Counts a duration.
    pub fn record(&self, duration: Duration) {
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX).max(STEPS);
        let doubling = u64::from(nanos.ilog2());
        // The bits below the highest one tell how far into the doubling it is.
        let step = (nanos >> (doubling - u64::from(STEPS.ilog2()))) - STEPS;
        let index = (doubling * STEPS + step).min(DOUBLINGS * STEPS);
        if let Some(bucket) = usize::try_from(index).ok().and_then(|index| self.buckets.get(index)) {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Finds a duration that `share` of those counted do not exceed; `None` if none were counted.
    pub fn quantile(&self, share: f64) -> Option<Duration> {
        let counts: Vec<u64> = self.buckets.iter().map(|bucket| bucket.load(Ordering::Relaxed)).collect();
        let total: u64 = counts.iter().sum();
        let mut below = 0;
        for (index, count) in (0_u64..).zip(counts) {
            below += count;
            if 0 < below && real(total) * share <= real(below) {
                let (doubling, step) = (index / STEPS, index % STEPS + 1);
                return Some(Duration::from_nanos((1 << doubling) + (step << doubling) / STEPS));
            }
        }
        None
    }
}

#[expect(clippy::cast_precision_loss, reason = "a count of decisions")]
fn real(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_at_most_an_eighth_of_a_doubling_above_the_truth() {
        let latencies = Latencies::default();
        assert_eq!(latencies.quantile(0.5), None);
        (1..=1_000).for_each(|micros| latencies.record(Duration::from_micros(micros)));
        for (share, truth) in [(0.5, 500), (0.99, 990)] {
            let found = latencies.quantile(share).unwrap().as_micros();
            assert!((truth..truth * 9 / 8 + 1).contains(&found), "{share}: {found}");
        }
    }
}

//! How slowly bytes may come and go. Knows no clock: instants are arguments.

use std::time::Duration;

use tokio::time::Instant;

/// A start that may be slow, and a rate that must be kept on the whole.
///
/// A limit between two bytes alone would be no limit: one byte a second would never break it.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Granted to everybody, however little has come: networks lose packets, phones wake up.
    pub grace: Duration,
    /// What must come on average from then on.
    pub bytes_per_second: u32,
}

impl Pace {
    /// Tells until when the next byte must have come, if `bytes` have come since `since`.
    pub fn deadline(&self, since: Instant, bytes: usize) -> Instant {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        since + self.grace + Duration::from_secs(1) * bytes / self.bytes_per_second.max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_buys_its_share_of_a_second_and_no_more() {
        let pace = Pace { grace: Duration::from_secs(10), bytes_per_second: 4_096 };
        let since = Instant::now();
        for (bytes, millis) in [(0, 10_000), (1_024, 10_250), (40_960, 20_000)] {
            assert_eq!(pace.deadline(since, bytes), since + Duration::from_millis(millis), "{bytes}");
        }
    }
}

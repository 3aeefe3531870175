//! Rates: how often a key, or an address, may call. The generic cell rate algorithm (ITU-T I.371, Annex A) in a table of fixed size.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A rate and what may come at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rate {
    /// Requests a second, at least 1.
    pub(crate) per_second: u32,
    /// Requests that may come at once after a pause.
    pub(crate) burst: u32,
}

/// A rate of what comes less than once a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Every {
    /// How long it takes until one more may come.
    pub(crate) between: Duration,
    /// How many may come at once after a pause.
    pub(crate) burst: u32,
}

impl From<Rate> for Every {
    fn from(rate: Rate) -> Self {
        Self { between: Duration::from_secs(1) / rate.per_second.max(1), burst: rate.burst }
    }
}

/// What is left, after a request that was admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Left {
    /// Requests that may come at once now.
    pub(crate) requests: u32,
}

/// What somebody does with a rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    /// So many count, all of them or none.
    Take(u32),
    /// So many that were taken do not count after all.
    GiveBack(u32),
}

/// Slots of the table. Whoever falls out of it starts afresh, so a flood of addresses costs no memory and locks nobody out.
const SLOTS: usize = 1 << 16;
/// Neighbours among which a caller is looked for.
const WAYS: usize = 8;
/// Locks; callers that meet rarely share one.
const SHARDS: usize = 16;

#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    caller: u64,
    /// When the caller's next request would be exactly on time, in nanoseconds since the table was made.
    on_time_at: u64,
}

/// Remembers when callers called.
#[derive(Debug)]
pub(crate) struct Rates {
    made: Instant,
    shards: Vec<Mutex<Vec<Slot>>>,
}

impl Default for Rates {
    fn default() -> Self {
        let shard = || Mutex::new(vec![Slot::default(); SLOTS / SHARDS]);
        Self { made: Instant::now(), shards: (0..SHARDS).map(|_| shard()).collect() }
    }
}

impl Rates {
    /// Admits a request of a caller, named by a hash.
    ///
    /// # Errors
    /// How long to wait.
    pub(crate) fn check(&self, caller: u64, rate: Rate) -> Result<Left, Duration> {
        self.check_at(caller, rate.into(), Use::Take(1), self.now())
    }

    /// Takes so many of what a caller may do, all or none.
    ///
    /// # Errors
    /// How long to wait.
    pub(crate) fn take(&self, caller: u64, every: Every, count: u32) -> Result<(), Duration> {
        self.check_at(caller, every, Use::Take(count), self.now()).map(drop)
    }

    /// Gives back some of what a caller took and did not need.
    pub(crate) fn give_back(&self, caller: u64, every: Every, count: u32) {
        self.check_at(caller, every, Use::GiveBack(count), self.now()).ok();
    }

    fn now(&self) -> u64 {
        u64::try_from(self.made.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    fn check_at(&self, caller: u64, every: Every, usage: Use, now: u64) -> Result<Left, Duration> {
        let between = u64::try_from(every.between.as_nanos()).unwrap_or(u64::MAX).max(1);
        let tolerance = between.saturating_mul(u64::from(every.burst.max(1)));
        let number = |bits: u64| usize::try_from(bits).unwrap_or(0);
        let Some(shard) = self.shards.get(number(caller) % SHARDS) else { return Ok(Left { requests: 0 }) };
        let mut slots = shard.lock().unwrap_or_else(PoisonError::into_inner);
        let first = number(caller >> 8) % (slots.len() - WAYS);
        let Some(ways) = slots.get_mut(first..first + WAYS) else { return Ok(Left { requests: 0 }) };
        // The caller's own slot, else the one whose owner has waited longest.
        let found = ways.iter().position(|slot| slot.caller == caller);
        let oldest =
            || ways.iter().enumerate().min_by_key(|(_, slot)| slot.on_time_at).map(|(place, _)| place);
        let known = found.is_some();
        let Some(slot) = found.or_else(oldest).and_then(|place| ways.get_mut(place)) else {
            return Ok(Left { requests: 0 });
        };
        let on_time_at = if known { slot.on_time_at.max(now) } else { now };
        let next = match usage {
            Use::Take(count) => on_time_at + between.saturating_mul(u64::from(count)),
            // Whoever fell out of the table meanwhile has nothing there to give back.
            Use::GiveBack(_) if !known => return Ok(Left { requests: 0 }),
            Use::GiveBack(count) => on_time_at.saturating_sub(between.saturating_mul(u64::from(count))),
        };
        if now + tolerance < next {
            return Err(Duration::from_nanos(next - tolerance - now));
        }
        *slot = Slot { caller, on_time_at: next };
        Ok(Left { requests: u32::try_from((now + tolerance - next) / between).unwrap_or(u32::MAX) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { per_second: 10, burst: 3 };
    const TENTH: u64 = 100_000_000;

    #[test]
    fn a_burst_then_the_rate_then_after_a_pause_a_burst_again() {
        let rates = Rates::default();
        let left = |now| rates.check_at(7, RATE.into(), Use::Take(1), now).map(|left| left.requests);
        assert_eq!((left(0), left(0), left(0)), (Ok(2), Ok(1), Ok(0)));
        assert_eq!(left(0), Err(Duration::from_nanos(TENTH)));
        assert_eq!(left(TENTH), Ok(0));
        assert!(left(TENTH + 1).is_err());
        assert_eq!(left(10 * TENTH), Ok(2));
    }

    #[test]
    fn callers_do_not_wait_for_each_other() {
        let rates = Rates::default();
        for _ in 0..3 {
            assert!(rates.check_at(7, RATE.into(), Use::Take(1), 0).is_ok());
        }
        assert!(rates.check_at(7, RATE.into(), Use::Take(1), 0).is_err());
        assert!(rates.check_at(8, RATE.into(), Use::Take(1), 0).is_ok());
    }

    #[test]
    fn so_many_are_taken_or_none_and_what_was_not_needed_is_given_back() {
        let rates = Rates::default();
        let each = Every { between: Duration::from_secs(12), burst: 5 };
        let take = |count| rates.check_at(1, each, Use::Take(count), 1).is_ok();
        assert!(!take(6), "more than there ever are");
        assert!(take(3) && !take(3) && take(2) && !take(1));
        rates.check_at(1, each, Use::GiveBack(4), 1).unwrap();
        assert!(take(4) && !take(1));
        rates.check_at(2, each, Use::GiveBack(4), 1).unwrap();
        assert_eq!((0..9).filter(|_| rates.check_at(2, each, Use::Take(1), 1).is_ok()).count(), 5);
    }

    /// A thousand addresses try wrong codes as fast as they can: each is told to wait after five, and all together after a hundred a second.
    #[test]
    fn a_thousand_guessers_are_one_shop() {
        let rates = Rates::default();
        let each = Every { between: Duration::from_secs(12), burst: 5 };
        let shop = Every { between: Duration::from_millis(10), burst: 100 };
        let mut tried = 0;
        for second in 0..60 {
            for guesser in (1..=1_000_u64).map(|number| number.wrapping_mul(0x9e37_79b9_7f4a_7c15)) {
                let now = second * 1_000_000_000;
                let take = |who, every| rates.check_at(who, every, Use::Take(1), now).is_ok();
                if !take(guesser, each) {
                    continue;
                }
                match take(9, shop) {
                    true => tried += 1,
                    false => drop(rates.check_at(guesser, each, Use::GiveBack(1), now)),
                }
            }
        }
        assert!((5_000..=6_000).contains(&tried), "{tried} tries in a minute");
    }

    #[test]
    fn a_flood_of_addresses_takes_no_memory_and_locks_nobody_out() {
        let rates = Rates::default();
        for caller in 1..1_000_000_u64 {
            let caller_hash = caller.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            assert!(rates.check_at(caller_hash, RATE.into(), Use::Take(1), caller).is_ok());
        }
        assert_eq!(rates.shards.iter().map(|shard| shard.lock().unwrap().len()).sum::<usize>(), SLOTS);
    }
}

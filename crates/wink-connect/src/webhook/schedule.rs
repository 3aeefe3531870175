//! When a webhook that was not delivered is tried again. Pure: time and chance are arguments.

use std::time::Duration;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;

/// The waits between attempts, in seconds, as Standard Webhooks suggests them. The time is over before the last.
const WAITS_S: [u64; 9] =
    [5, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR];

/// How long a message is tried: a receiver that broke on a Friday evening is mended on Monday.
pub const TRIED_FOR: Duration = Duration::from_secs(72 * HOUR);

/// A wait is longer by up to this share, so that what failed together does not come back together.
const JITTER: f64 = 0.1;

/// A message that was tried and not taken.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Failed {
    /// How often it was tried, this time included.
    pub attempts: u32,
    /// When it was tried first, in milliseconds since the Unix epoch.
    pub first_ms: i64,
    /// Now.
    pub now_ms: i64,
    /// Chance: a share of 0 to 1.
    pub chance: f64,
    /// How long the receiver asked to be left alone.
    pub retry_after: Option<Duration>,
}

/// Tells when to try again, in milliseconds since the Unix epoch. `None` once the message was tried for [`TRIED_FOR`].
///
/// The last attempt is made exactly when that time is over, whatever wait or receiver would have it later.
pub fn next_ms(failed: &Failed) -> Option<i64> {
    let last_ms = failed.first_ms.saturating_add(millis(TRIED_FOR));
    if last_ms <= failed.now_ms {
        return None;
    }
    let place = usize::try_from(failed.attempts.saturating_sub(1)).unwrap_or(usize::MAX);
    let longest = WAITS_S.last().copied().unwrap_or(HOUR);
    let wait = Duration::from_secs(WAITS_S.get(place).copied().unwrap_or(longest));
    let wait = wait.mul_f64(1.0 + JITTER * failed.chance.clamp(0.0, 1.0));
    let wait = failed.retry_after.map_or(wait, |asked| asked.max(wait));
    Some(failed.now_ms.saturating_add(millis(wait)).min(last_ms))
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(attempts: u32, now_ms: i64) -> Failed {
        Failed { attempts, first_ms: 0, now_ms, chance: 0.0, retry_after: None }
    }

    /// Every attempt of a message that nobody ever takes, in seconds after the first.
    fn attempts(chance: f64) -> Vec<i64> {
        let mut at = vec![0];
        for number in 1.. {
            let now_ms = at.last().unwrap() * 1_000;
            match next_ms(&Failed { chance, ..failed(number, now_ms) }) {
                Some(next) => at.push(next / 1_000),
                None => break,
            }
        }
        at
    }

    #[test]
    fn a_message_nobody_takes_is_tried_ten_times_in_72_hours() {
        let hours = |hours: i64| hours * 3_600;
        let expected = [
            0,
            5,
            305,
            2_105,
            2_105 + hours(2),
            2_105 + hours(7),
            2_105 + hours(17),
            2_105 + hours(31),
            2_105 + hours(51),
            hours(72),
        ];
        assert_eq!(attempts(0.0), expected);
    }

    #[test]
    fn chance_makes_a_wait_longer_by_a_tenth_at_most_and_never_the_whole() {
        let late = attempts(1.0);
        assert_eq!(late[1], 5, "5.5 s, printed in whole seconds");
        assert_eq!(next_ms(&Failed { chance: 1.0, ..failed(2, 0) }), Some(330_000));
        assert_eq!(*late.last().unwrap(), 72 * 3_600);
        assert_eq!(next_ms(&Failed { chance: 9.0, ..failed(1, 0) }), Some(5_500));
    }

    #[test]
    fn a_receiver_may_ask_for_more_time_but_not_for_less_and_not_for_ever() {
        let asked = |seconds| Failed { retry_after: Some(Duration::from_secs(seconds)), ..failed(1, 0) };
        assert_eq!(next_ms(&asked(60)), Some(60_000));
        assert_eq!(next_ms(&asked(1)), Some(5_000));
        assert_eq!(next_ms(&asked(u64::MAX)), Some(millis(TRIED_FOR)));
    }

    #[test]
    fn after_the_last_attempt_there_is_none() {
        assert_eq!(next_ms(&failed(3, millis(TRIED_FOR))), None);
        assert_eq!(next_ms(&failed(u32::MAX, millis(TRIED_FOR) - 1)), Some(millis(TRIED_FOR)));
        assert_eq!(next_ms(&Failed { first_ms: i64::MAX, ..failed(1, i64::MAX) }), None);
    }
}

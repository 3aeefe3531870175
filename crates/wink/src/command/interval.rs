//! An estimate with its interval, as it is printed.

use serde::Serialize;
use wink_stats::Interval;

/// An estimate with its interval.
#[derive(Clone, Copy, Serialize)]
pub(super) struct Around {
    pub(super) estimate: f64,
    pub(super) lower: f64,
    pub(super) upper: f64,
}

impl From<Interval> for Around {
    fn from(interval: Interval) -> Self {
        let Interval { estimate, lower, upper } = interval;
        Self { estimate, lower, upper }
    }
}

impl Around {
    /// As people read it, with as many digits as the interval is worth.
    pub(super) fn words(&self) -> String {
        format!("{} [{}, {}]", self.signed(self.estimate), self.signed(self.lower), self.signed(self.upper))
    }

    /// As people read a share, which has no sign.
    pub(super) fn unsigned(&self) -> String {
        self.words().replace('+', "")
    }

    /// A number beside it, with as many digits.
    pub(super) fn signed(&self, number: f64) -> String {
        if LARGE <= number.abs().max(self.estimate.abs()) {
            return format!("{number:+.3e}");
        }
        let digits = digits(self.upper - self.lower);
        format!("{number:+.digits$}")
    }
}

/// From here on a number has more digits than it knows, and is written with a power of ten.
const LARGE: f64 = 1e15;

/// A mean, as people read it.
pub(super) fn plain(number: f64) -> String {
    if LARGE <= number.abs() { format!("{number:.6e}") } else { format!("{number:.6}") }
}

/// A number with so many digits after the point.
pub(super) fn rounded(number: f64, digits: usize) -> String {
    if LARGE <= number.abs() { format!("{number:.3e}") } else { format!("{number:.digits$}") }
}

/// How many digits after the point show three of a number of this size.
fn digits(size: f64) -> usize {
    if size <= 0.0 || !size.is_finite() {
        return 3;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 12")]
    let digits = (2.0 - size.log10().floor()).clamp(0.0, 12.0) as usize;
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_has_the_digits_it_is_worth() {
        let words = |estimate, lower, upper| Around { estimate, lower, upper }.words();
        assert_eq!(words(0.045_233, 0.038_895, 0.051_571), "+0.0452 [+0.0389, +0.0516]");
        assert_eq!(words(155.556, 20.0, 290.0), "+156 [+20, +290]");
        assert_eq!(words(8.4e13, -2.9e14, 4.6e14), "+84000000000000 [-290000000000000, +460000000000000]");
        assert_eq!(words(8.4e15, -2.9e14, 4.6e16), "+8.400e15 [-2.900e14, +4.600e16]");
        assert_eq!([plain(2.5), plain(-1.25e18)], ["2.500000", "-1.250000e18"]);
        assert_eq!([rounded(2.5, 3), rounded(-1.25e18, 3)], ["2.500", "-1.250e18"]);
        assert_eq!(words(1.0, 1.0, 1.0), "+1.000 [+1.000, +1.000]");
    }
}

//! From numbers to places on paper, with round numbers at the ticks.

/// An axis.
pub(super) struct Scale {
    low: f64,
    high: f64,
    step: f64,
    from: f64,
    to: f64,
}

/// About this many ticks are on an axis.
const TICKS: f64 = 6.0;

impl Scale {
    /// Spans the numbers between two places; `None` if there is no finite one. Ends are round (Heckbert 1990, "Nice numbers for graph
    /// labels", Graphics Gems).
    pub(super) fn over(values: impl Iterator<Item = f64>, from: f64, to: f64) -> Option<Self> {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values.filter(|value| value.is_finite()) {
            low = low.min(value);
            high = high.max(value);
        }
        if high < low {
            return None;
        }
        if low == high {
            let room = if low == 0.0 { 1.0 } else { low.abs() / 10.0 };
            (low, high) = (low - room, high + room);
        }
        let step = round_step((high - low) / TICKS);
        Some(Self { low: (low / step).floor() * step, high: (high / step).ceil() * step, step, from, to })
    }

    pub(super) fn place(&self, value: f64) -> f64 {
        self.from + (value - self.low) / (self.high - self.low) * (self.to - self.from)
    }

    /// The round numbers, each as it is written.
    pub(super) fn ticks(&self) -> Vec<(f64, String)> {
        let decimals = (-self.step.log10().floor()).max(0.0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "digits after the point, few"
        )]
        let decimals = decimals as usize;
        let mut ticks = Vec::new();
        let mut number = 0.0;
        while self.low + number * self.step <= self.high + self.step / 2.0 {
            let value = self.low + number * self.step;
            ticks.push((value, format!("{value:.decimals$}")));
            number += 1.0;
        }
        ticks
    }
}

impl Scale {
    /// The ticks of an axis of days since 1970: whole days, each as its date.
    pub(super) fn days(&self) -> Vec<(f64, String)> {
        let date = |(day, _): (f64, String)| {
            let whole = day.round();
            let is_day = (day - whole).abs() < 1e-6 && whole.abs() < 1e7;
            #[expect(clippy::cast_possible_truncation, reason = "whole and small")]
            let day_number = is_day.then_some(whole as i64)?;
            let date = jiff::civil::date(1970, 1, 1).checked_add(jiff::Span::new().days(day_number)).ok()?;
            Some((day, date.to_string()))
        };
        self.ticks().into_iter().filter_map(date).collect()
    }
}

/// The number out of 1, 2 and 5 times a power of ten that is next above.
fn round_step(step: f64) -> f64 {
    let power = 10_f64.powf(step.log10().floor());
    let round = [1.0, 2.0, 5.0].into_iter().find(|round| step <= round * power * (1.0 + 1e-9));
    round.unwrap_or(10.0) * power
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(values: &[f64], expected: &[&str]) {
        let scale = Scale::over(values.iter().copied(), 0.0, 100.0).unwrap();
        let words: Vec<String> = scale.ticks().into_iter().map(|(_, word)| word).collect();
        assert_eq!(words, expected);
        assert!((scale.place(scale.low)).abs() < 1e-9 && (scale.place(scale.high) - 100.0).abs() < 1e-9);
    }

    #[test]
    fn ticks_are_round() {
        check(&[0.0, 100.0], &["0", "20", "40", "60", "80", "100"]);
        check(&[-0.013, 0.021], &["-0.02", "-0.01", "0.00", "0.01", "0.02", "0.03"]);
        check(&[7.0, 7.0], &["6.0", "6.5", "7.0", "7.5", "8.0"]);
        let days = Scale::over([20_089.0, 20_097.0].into_iter(), 0.0, 100.0).unwrap().days();
        let words: Vec<&str> = days.iter().map(|(_, word)| word.as_str()).collect();
        assert_eq!(
            words,
            ["2024-12-31", "2025-01-02", "2025-01-04", "2025-01-06", "2025-01-08", "2025-01-10"]
        );
        let words = Scale::over([20_089.0, 20_090.0].into_iter(), 0.0, 100.0).unwrap().days();
        assert_eq!(words.len(), 2, "there is no half day: {words:?}");
        assert!(Scale::over([f64::NAN].into_iter(), 0.0, 1.0).is_none());
    }
}

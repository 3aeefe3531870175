//! How large an effect is found at other times, when there was none.

use super::synthetic::squarable;
use super::{Panel, Window};
use crate::Error;
use crate::numeric::{count, mean, mixed, nearest_mixture};

/// Tells how likely errors as large as in the window are without a treatment: fits the mixture to all times, as without an effect they are
/// alike, and counts in how many places the window could lie for its errors to be as large (Chernozhukov, Wüthrich, Zhu 2021, "An exact and
/// robust conformal inference method for counterfactual and synthetic controls", §2.2, moving blocks).
///
/// There is no interval: the method's holds effects that are the same in each time, and is empty where they are not.
///
/// # Errors
/// [`Error::NotEnoughData`] without an untreated region, [`Error::Shape`] for a window the panel does not have,
/// [`Error::OutOfRange`] for values that cannot be squared, [`Error::NoConvergence`].
pub fn against_other_times(panel: &Panel, treated: &[usize], window: Window) -> Result<f64, Error> {
    if panel.times() < window.end || window.end <= window.begin {
        return Err(Error::Shape { what: "the panel's times", expected: window.end, found: panel.times() });
    }
    squarable(panel, window)?;
    Times::of(panel, treated, window).p_value()
}

/// All series up to the window's end.
struct Times {
    donors: Vec<Vec<f64>>,
    treated: Vec<f64>,
    window: Window,
}

impl Times {
    fn of(panel: &Panel, treated: &[usize], window: Window) -> Self {
        let until = |region: usize| panel.series(region).iter().copied().take(window.end);
        let mut together = vec![0.0; window.end];
        for region in treated {
            together
                .iter_mut()
                .zip(until(*region))
                .for_each(|(sum, value)| *sum += value / count(treated.len()));
        }
        let donors = (0..panel.regions()).filter(|region| !treated.contains(region));
        Self {
            donors: donors.map(|donor| apart(until(donor).collect())).collect(),
            treated: apart(together),
            window,
        }
    }

    /// What is left of each time when the mixture is fitted to all of them.
    fn errors(&self) -> Result<Vec<f64>, Error> {
        let weights = nearest_mixture(&self.donors, &self.treated)?;
        Ok(self
            .treated
            .iter()
            .zip(mixed(&self.donors, &weights))
            .map(|(value, mixed)| value - mixed)
            .collect())
    }

    /// The part of all places, the window's own among them, where its errors are as large.
    fn p_value(&self) -> Result<f64, Error> {
        let sizes: Vec<f64> = self.errors()?.iter().map(|error| error.abs()).collect();
        let length = self.window.end - self.window.begin;
        let at = |begin: usize| sizes.iter().cycle().skip(begin).take(length).sum::<f64>();
        let own = at(self.window.begin);
        // Sums of the same numbers in another order may differ in the last digit.
        let as_large = (0..sizes.len()).filter(|begin| own * (1.0 - 1e-12) <= at(*begin)).count();
        Ok(count(as_large) / count(sizes.len()))
    }
}

/// A series apart from its mean.
fn apart(mut series: Vec<f64>) -> Vec<f64> {
    let middle = mean(&series);
    series.iter_mut().for_each(|value| *value -= middle);
    series
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::Chance;

    const WINDOW: Window = Window { begin: 50, end: 60 };

    /// Regions that follow two common trends, each with noise and a level of its own; the first one is larger than all others.
    fn panel(chance: &mut Chance, effect: f64) -> Panel {
        let trends: [Vec<f64>; 2] = std::array::from_fn(|_| (0..60).map(|_| 3.0 * chance.normal()).collect());
        let series = (0..12).map(|region| {
            let (part, level) = (chance.uniform(), if region == 0 { 500.0 } else { 100.0 });
            let at = |time: usize| {
                let planted = if region == 0 && WINDOW.begin <= time { effect } else { 0.0 };
                level + part * trends[0][time] + (1.0 - part) * trends[1][time] + chance.normal() + planted
            };
            (0..60).map(at).collect()
        });
        Panel::of(series.collect()).unwrap()
    }

    /// Of 300 runs without an effect about 30 are called one at 10 %, with a standard deviation of five.
    #[test]
    fn alarms_are_as_rare_as_they_say() {
        let mut chance = Chance::of(14);
        let alarm = |panel: Panel| i32::from(against_other_times(&panel, &[0], WINDOW).unwrap() <= 0.1);
        let alarms: i32 = (0..300).map(|_| alarm(panel(&mut chance, 0.0))).sum();
        assert!((12..=48).contains(&alarms), "{alarms}");
        let found: i32 = (0..50).map(|_| alarm(panel(&mut chance, 3.0))).sum();
        assert!(45 <= found, "{found}");
    }

    #[test]
    fn a_window_that_is_not_there_is_refused() {
        let panel = panel(&mut Chance::of(15), 8.0);
        assert!((against_other_times(&panel, &[0], WINDOW).unwrap() - 1.0 / 60.0).abs() < 1e-12);
        for (begin, end) in [(50, 61), (50, 50), (50, 40)] {
            let refused = against_other_times(&panel, &[0], Window { begin, end });
            assert!(matches!(refused, Err(Error::Shape { .. })), "{begin} {end}");
        }
        let huge = Panel::of(vec![vec![1e300; 60], vec![1.0; 60]]).unwrap();
        assert!(matches!(against_other_times(&huge, &[0], WINDOW), Err(Error::OutOfRange { .. })));
        let everywhere: Vec<usize> = (0..12).collect();
        assert!(matches!(against_other_times(&panel, &everywhere, WINDOW), Err(Error::NotEnoughData { .. })));
    }
}

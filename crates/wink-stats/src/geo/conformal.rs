//! How large an effect is found at other times, when there was none.

use super::{Panel, Window};
use crate::error::share;
use crate::numeric::{count, mean, mixed, nearest_mixture};
use crate::{Error, Interval};

/// What other times say of an effect.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OverTime {
    /// The effect on one treated region in one time, with the interval of all that are not refused.
    pub effect: Interval,
    /// How likely an effect of this size or more is without a treatment.
    pub p_value: f64,
}

/// An end of the interval is known to this part of its distance from the estimate.
const PRECISION: f64 = 1e-3;

/// Further than so many times the error of an ordinary time an end is not looked for.
const DOUBLINGS_MAX: u32 = 12;

/// Tests an effect that is the same in each time of the window against the other times: takes it off, fits the mixture to all times, as
/// without an effect they are alike, and asks in how many places the window could lie for its errors to be as large (Chernozhukov,
/// Wüthrich, Zhu 2021, "An exact and robust conformal inference method for counterfactual and synthetic controls", §2.2, moving blocks). The
/// interval holds the effects that are not refused.
///
/// # Errors
/// As [`Synthetic::fit`](super::Synthetic::fit), for a panel and window it was fitted to.
pub fn over_time(
    panel: &Panel,
    treated: &[usize],
    window: Window,
    estimate: f64,
    level: f64,
) -> Result<OverTime, Error> {
    share("the level", level)?;
    let times = Times::of(panel, treated, window);
    let p_value = times.p_value(0.0)?;
    let typical = times.typical_error(estimate)?;
    let end = |direction: f64| times.end(estimate, direction * typical, 1.0 - level);
    Ok(OverTime { effect: Interval { estimate, lower: end(-1.0)?, upper: end(1.0)? }, p_value })
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
            treated: together,
            window,
        }
    }

    /// What is left of each time if the effect is taken off and the mixture fitted to all of them.
    fn errors(&self, effect: f64) -> Result<Vec<f64>, Error> {
        let off = |time: usize| if self.window.begin <= time { effect } else { 0.0 };
        let aim = apart(self.treated.iter().enumerate().map(|(time, value)| value - off(time)).collect());
        let weights = nearest_mixture(&self.donors, &aim)?;
        Ok(aim.iter().zip(mixed(&self.donors, &weights)).map(|(value, mixed)| value - mixed).collect())
    }

    fn typical_error(&self, effect: f64) -> Result<f64, Error> {
        let errors = self.errors(effect)?;
        Ok((errors.iter().map(|error| error * error).sum::<f64>() / count(errors.len())).sqrt())
    }

    /// The part of all places, the window's own among them, where its errors are as large.
    fn p_value(&self, effect: f64) -> Result<f64, Error> {
        let sizes: Vec<f64> = self.errors(effect)?.iter().map(|error| error.abs()).collect();
        let length = self.window.end - self.window.begin;
        let at = |begin: usize| sizes.iter().cycle().skip(begin).take(length).sum::<f64>();
        let own = at(self.window.begin);
        // Sums of the same numbers in another order may differ in the last digit.
        let as_large = (0..sizes.len()).filter(|begin| own * (1.0 - 1e-12) <= at(*begin)).count();
        Ok(count(as_large) / count(sizes.len()))
    }

    /// Walks from the estimate until an effect is refused, and then halves the last step; endless if none is.
    fn end(&self, estimate: f64, step: f64, alpha: f64) -> Result<f64, Error> {
        let (mut inside, mut outside, mut doublings) = (0.0, step, 0);
        while alpha < self.p_value(estimate + outside)? {
            (inside, outside, doublings) = (outside, 2.0 * outside, doublings + 1);
            if DOUBLINGS_MAX < doublings || step == 0.0 {
                return Ok(if step < 0.0 { f64::NEG_INFINITY } else { f64::INFINITY });
            }
        }
        while PRECISION * outside.abs() < (outside - inside).abs() {
            let middle = 0.5 * (inside + outside);
            if alpha < self.p_value(estimate + middle)? {
                inside = middle;
            } else {
                outside = middle;
            }
        }
        Ok(estimate + outside)
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
    use crate::geo::Synthetic;
    use crate::numeric::Chance;

    const WINDOW: Window = Window { begin: 50, end: 60 };

    /// Regions that follow two common trends, each with noise of its own.
    fn panel(chance: &mut Chance, effect: f64) -> Panel {
        let trends: [Vec<f64>; 2] = std::array::from_fn(|_| (0..60).map(|_| 3.0 * chance.normal()).collect());
        let series = (0..12).map(|region| {
            let part = chance.uniform();
            let at = |time: usize| {
                let planted = if region == 0 && WINDOW.begin <= time { effect } else { 0.0 };
                part * trends[0][time] + (1.0 - part) * trends[1][time] + chance.normal() + planted
            };
            (0..60).map(at).collect()
        });
        Panel::of(series.collect()).unwrap()
    }

    fn judge(panel: &Panel) -> OverTime {
        let found = Synthetic::fit(panel, &[0], &[], WINDOW).unwrap();
        over_time(panel, &[0], WINDOW, found.effect, 0.9).unwrap()
    }

    #[test]
    fn the_interval_holds_the_truth_as_often_as_it_says() {
        let mut chance = Chance::of(14);
        let (runs, mut held, mut alarms) = (300, 0, 0);
        for _ in 0..runs {
            let effect = judge(&panel(&mut chance, 2.0)).effect;
            held += i32::from(effect.lower <= 2.0 && 2.0 <= effect.upper);
            alarms += i32::from(judge(&panel(&mut chance, 0.0)).p_value <= 0.1);
        }
        // Of 300 at 90 %: 270 and 30, each with a standard deviation of five.
        assert!((252..=288).contains(&held) && (12..=48).contains(&alarms), "{held} {alarms} of {runs}");
    }

    #[test]
    fn a_large_effect_is_refused_nowhere_else() {
        let judged = judge(&panel(&mut Chance::of(15), 8.0));
        assert!((judged.p_value - 1.0 / 60.0).abs() < 1e-12, "{judged:?}");
        assert!(0.0 < judged.effect.lower && judged.effect.upper < 16.0, "{judged:?}");
    }
}

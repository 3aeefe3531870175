//! The synthetic control: a mixture of untreated regions that went like the treated ones before.

use super::Panel;
use crate::Error;
use crate::error::at_least;
use crate::numeric::{count, mean, mixed, nearest_mixture};

/// Fewer times before the treatment than this fit any mixture.
const BEFORE_MIN: u64 = 5;

/// Sums of squares of larger values, or of smaller ones, are no numbers any more.
const VALUES: std::ops::RangeInclusive<f64> = 1e-100..=1e100;

/// A series that swings by less than this part of its values does not swing: the rest is rounding.
const SWING_MIN: f64 = 1e-12;

/// The search for a mixture ends at this part of a series' swing: its square is the search's precision.
const FIT_MIN: f64 = 1e-6;

/// When the treatment began and ended, as places in the panel's times; `end` is the first after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The first treated time.
    pub begin: usize,
    /// The first time after the treatment.
    pub end: usize,
}

/// What happened in the treated regions, and what would have without the treatment.
#[derive(Clone, Debug, PartialEq)]
pub struct Synthetic {
    /// The untreated regions with a weight, largest first.
    pub weights: Vec<(usize, f64)>,
    /// The mean of the treated regions, from the panel's first time to the window's end.
    pub observed: Vec<f64>,
    /// The same without the treatment, as estimated.
    pub counterfactual: Vec<f64>,
    /// The mean effect on one treated region in one time of the window.
    pub effect: f64,
    /// The effect as a part of the counterfactual; none if that is not above 0.
    pub lift: Option<f64>,
    /// The effect on all treated regions in the whole window.
    pub incremental: f64,
    /// How far the mixture was off before: the root of the summed squares.
    pub imbalance: f64,
    /// The same as a part of what equal weights would give.
    pub imbalance_scaled: f64,
    /// The root mean square before, in one time.
    pub error_before: f64,
    /// And in the window.
    pub error_within: f64,
    /// Up to here an error is that of the search and of rounding.
    pub(super) error_none: f64,
}

impl Synthetic {
    /// Fits the control to the times before the window. Each region's mean over these is taken off first, so that a large one can be
    /// matched by small ones (Abadie, Diamond, Hainmueller 2010, §2; demeaned: Doudchenko, Imbens 2016, §5, Ferman, Pinto 2021).
    ///
    /// `excluded` regions are neither treated nor in the mixture.
    ///
    /// # Errors
    /// [`Error::NotEnoughData`] without five times before, a time within, a treated region or an untreated one; [`Error::Shape`] for a
    /// window or region that the panel does not have; [`Error::Constant`] if before the window nothing changes in the treated regions, or
    /// in any untreated one; [`Error::OutOfRange`] for values that cannot be squared; [`Error::NoConvergence`].
    pub fn fit(panel: &Panel, treated: &[usize], excluded: &[usize], window: Window) -> Result<Self, Error> {
        let donors = donors(panel, treated, excluded, window)?;
        squarable(panel, window)?;
        let of = |regions: &[usize]| demeaned(panel, regions, window);
        let aim = of(treated);
        if !aim.swings(window.begin) {
            return Err(Error::Constant { what: "the mean of the treated regions before the treatment" });
        }
        let untreated: Vec<Demeaned> = donors.iter().map(|donor| of(&[*donor])).collect();
        if !untreated.iter().any(|one| one.swings(window.begin)) {
            return Err(Error::Constant { what: "each untreated region before the treatment" });
        }
        let donor_series: Vec<Vec<f64>> = untreated.into_iter().map(|one| one.apart).collect();
        let before = |series: &[f64]| series.iter().copied().take(window.begin).collect::<Vec<f64>>();
        let donors_before: Vec<Vec<f64>> = donor_series.iter().map(|one| before(one)).collect();
        let weights = nearest_mixture(&donors_before, &before(&aim.apart))?;
        let equal = vec![1.0 / count(donors.len()); donors.len()];
        let residual = |weights: &[f64]| -> Vec<f64> {
            let mixture = mixed(&donor_series, weights);
            aim.apart.iter().zip(mixture).map(|(seen, mixed)| seen - mixed).collect()
        };
        let (gaps, gaps_equal) = (residual(&weights), residual(&equal));
        Ok(Self::read(&aim, &gaps, &gaps_equal, count(treated.len()), window).with(&donors, &weights))
    }

    fn read(aim: &Demeaned, gaps: &[f64], gaps_equal: &[f64], treated: f64, window: Window) -> Self {
        let observed: Vec<f64> = aim.apart.iter().map(|apart| apart + aim.mean).collect();
        let counterfactual: Vec<f64> = observed.iter().zip(gaps).map(|(seen, gap)| seen - gap).collect();
        let (before, within) = gaps.split_at(window.begin.min(gaps.len()));
        let effect = mean(within);
        let expected = mean(counterfactual.get(window.begin..).unwrap_or_default());
        let size = |gaps: &[f64]| gaps.iter().map(|gap| gap * gap).sum::<f64>().sqrt();
        let imbalance = size(before);
        let imbalance_equal = size(gaps_equal.get(..window.begin).unwrap_or_default());
        Self {
            weights: Vec::new(),
            observed,
            counterfactual,
            effect,
            lift: (0.0 < expected).then(|| effect / expected).filter(|lift| lift.is_finite()),
            incremental: effect * treated * count(within.len()),
            imbalance,
            imbalance_scaled: if imbalance_equal == 0.0 { 0.0 } else { imbalance / imbalance_equal },
            error_before: imbalance / count(before.len()).sqrt(),
            error_within: size(within) / count(within.len()).sqrt(),
            error_none: (FIT_MIN * aim.swing(window.begin)).max(SWING_MIN * aim.most()),
        }
    }

    /// Whether the mixture was off before by more than rounding: without it there is nothing to measure errors with.
    pub(super) fn has_error_before(&self) -> bool {
        self.error_none < self.error_before
    }

    /// A size in units of the error before. Nothing in units of nothing is nothing: it must never be taken for a large effect.
    pub(super) fn in_errors_before(&self, size: f64) -> f64 {
        match (self.has_error_before(), self.error_none < size) {
            (true, _) => size / self.error_before,
            (false, true) => f64::INFINITY,
            (false, false) => 0.0,
        }
    }

    fn with(mut self, donors: &[usize], weights: &[f64]) -> Self {
        let used = donors.iter().copied().zip(weights.iter().copied()).filter(|(_, weight)| 0.0 < *weight);
        self.weights = used.collect();
        self.weights.sort_by(|a, b| b.1.total_cmp(&a.1));
        self
    }
}

/// The untreated regions there are to compare with, once it is known that there is something to compare.
pub(super) fn donors(
    panel: &Panel,
    treated: &[usize],
    excluded: &[usize],
    window: Window,
) -> Result<Vec<usize>, Error> {
    at_least("times before the treatment", BEFORE_MIN, window.begin)?;
    at_least("treated times", 1, window.end.saturating_sub(window.begin))?;
    at_least("treated regions", 1, treated.len())?;
    if panel.times() < window.end {
        return Err(Error::Shape { what: "the panel's times", expected: window.end, found: panel.times() });
    }
    if let Some(&region) = treated.iter().find(|region| panel.regions() <= **region) {
        return Err(Error::Shape {
            what: "the panel's regions",
            expected: region + 1,
            found: panel.regions(),
        });
    }
    let named = |region: &usize| treated.iter().filter(|other| *other == region).count();
    if let Some(times) = treated.iter().map(named).find(|times| 1 < *times) {
        return Err(Error::OutOfRange {
            what: "the number of times a treated region is named",
            value: count(times),
            must: "one",
        });
    }
    let donors: Vec<usize> = (0..panel.regions())
        .filter(|region| !treated.contains(region) && !excluded.contains(region))
        .collect();
    at_least("untreated regions", 1, donors.len())?;
    Ok(donors)
}

/// Refuses values whose squares would be lost.
pub(super) fn squarable(panel: &Panel, window: Window) -> Result<(), Error> {
    let values = (0..panel.regions()).flat_map(|region| panel.series(region).iter().take(window.end));
    let most = values.fold(0.0, |most: f64, value| value.abs().max(most));
    if most == 0.0 || VALUES.contains(&most) {
        return Ok(());
    }
    Err(Error::OutOfRange {
        what: "the largest value of a region",
        value: most,
        must: "from 1e-100 to 1e100",
    })
}

/// The mean of some regions up to the window's end, apart from its mean before the window.
struct Demeaned {
    mean: f64,
    apart: Vec<f64>,
}

impl Demeaned {
    fn most(&self) -> f64 {
        self.apart.iter().fold(0.0, |most: f64, apart| (apart + self.mean).abs().max(most))
    }

    /// How far it is from its mean before the window, at the most.
    fn swing(&self, begin: usize) -> f64 {
        self.apart.iter().take(begin).fold(0.0, |most: f64, apart| apart.abs().max(most))
    }

    fn swings(&self, begin: usize) -> bool {
        SWING_MIN * self.most() < self.swing(begin)
    }
}

fn demeaned(panel: &Panel, regions: &[usize], window: Window) -> Demeaned {
    let series: Vec<&[f64]> = regions.iter().map(|region| panel.series(*region)).collect();
    let at = |time: usize| series.iter().filter_map(|one| one.get(time)).sum::<f64>() / count(series.len());
    let together: Vec<f64> = (0..window.end).map(at).collect();
    let mean = mean(together.get(..window.begin).unwrap_or_default());
    Demeaned { mean, apart: together.iter().map(|value| value - mean).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::Chance;

    /// Region 0 is 100 + twice the mixture's swing, so demeaned it is half of 1 and half of 2; from time 20 on it gets 5 more.
    fn panel() -> Panel {
        let mut chance = Chance::of(9);
        let mut series: Vec<Vec<f64>> =
            (0..6).map(|_| (0..30).map(|_| 10.0 + chance.normal()).collect()).collect();
        let mixed: Vec<f64> = (0..30).map(|time| 0.5 * (series[1][time] + series[2][time])).collect();
        series[0] = mixed
            .iter()
            .enumerate()
            .map(|(time, value)| 90.0 + value + if time < 20 { 0.0 } else { 5.0 })
            .collect();
        Panel::of(series).unwrap()
    }

    #[test]
    fn a_planted_effect_is_found_whatever_the_level() {
        let found = Synthetic::fit(&panel(), &[0], &[], Window { begin: 20, end: 30 }).unwrap();
        assert!((found.effect - 5.0).abs() < 1e-6 && (found.incremental - 50.0).abs() < 1e-5, "{found:?}");
        assert!(found.imbalance < 1e-6 && found.weights.len() == 2, "{found:?}");
        assert!((found.lift.unwrap() - 0.05).abs() < 0.001, "{found:?}");
    }

    #[test]
    fn an_excluded_region_gets_no_weight() {
        let found = Synthetic::fit(&panel(), &[0], &[1], Window { begin: 20, end: 30 }).unwrap();
        assert!(found.weights.iter().all(|(region, _)| *region != 1) && 0.1 < found.imbalance, "{found:?}");
    }

    #[test]
    fn what_cannot_be_fitted_is_said() {
        let window = |begin, end| Window { begin, end };
        let fit = |treated: &[usize], window| {
            Synthetic::fit(&panel(), treated, &[], window).map(|found| found.effect)
        };
        assert!(matches!(
            fit(&[0], window(4, 30)),
            Err(Error::NotEnoughData { what: "times before the treatment", .. })
        ));
        assert!(matches!(fit(&[0], window(30, 30)), Err(Error::NotEnoughData { what: "treated times", .. })));
        assert!(matches!(
            fit(&[], window(20, 30)),
            Err(Error::NotEnoughData { what: "treated regions", .. })
        ));
        assert!(matches!(
            fit(&[0, 1, 2, 3, 4, 5], window(20, 30)),
            Err(Error::NotEnoughData { what: "untreated regions", .. })
        ));
        assert!(matches!(fit(&[0], window(20, 31)), Err(Error::Shape { .. })));
        assert!(matches!(fit(&[6], window(20, 30)), Err(Error::Shape { .. })));
    }

    #[test]
    fn series_that_say_nothing_are_refused() {
        let fit = |change: &dyn Fn(usize, usize, f64) -> f64| {
            let series = (0..6).map(|region| {
                let values = panel().series(region).to_vec();
                values.into_iter().enumerate().map(|(time, value)| change(region, time, value)).collect()
            });
            let panel = Panel::of(series.collect()).unwrap();
            Synthetic::fit(&panel, &[0], &[], Window { begin: 20, end: 30 }).map(|found| found.effect)
        };
        let constant = |what| Err(Error::Constant { what });
        let treated = constant("the mean of the treated regions before the treatment");
        assert_eq!(fit(&|_, _, _| 5.0), treated);
        assert_eq!(fit(&|region, _, value| if region == 0 { 0.0 } else { value }), treated);
        // What happens in the window does not make up for a past without any change.
        assert_eq!(fit(&|region, time, value| if region == 0 && time < 20 { 0.1 } else { value }), treated);
        assert_eq!(
            fit(&|region, _, value| if region == 0 { value } else { 7.0 }),
            constant("each untreated region before the treatment")
        );
        assert!(fit(&|region, _, value| if region == 3 { 7.0 } else { value }).is_ok());
        let size = |value| fit(&|region, time, own| if region == 4 && time == 3 { value } else { own });
        assert!(size(1e99).unwrap().is_finite());
        assert!(matches!(size(-1e300), Err(Error::OutOfRange { value: 1e300, .. })));
        let all = |factor: f64| fit(&|_, _, value| value * factor);
        assert!(matches!(all(1e-200), Err(Error::OutOfRange { .. })));
        assert!((all(1e-90).unwrap() / 5e-90 - 1.0).abs() < 1e-6);
    }
}

//! Time-based regression: what the untreated regions sold tells what the treated ones would have.

use statrs::distribution::{ContinuousCDF, StudentsT};

use super::synthetic::donors;
use super::{Panel, Window};
use crate::difference::students_quantile;
use crate::error::share;
use crate::numeric::{count, mean};
use crate::{Error, Interval};

/// A residual deviation below this part of the values is rounding: the series are the same but for a line.
const DEVIATION_MIN: f64 = 1e-12;

/// Independent residuals drift further than this in one of ten cases (Kwiatkowski and others 1992, table 1, about a level).
pub const DRIFT_MAX: f64 = 0.347;

/// The treated regions' sum as a line over the untreated ones', fitted to the times before the treatment (Kerman, Wang, Vaver 2017, "Estimating
/// ad effectiveness using geo experiments in a time-based regression framework").
#[derive(Clone, Debug, PartialEq)]
pub struct TimeRegression {
    /// How much more the treated regions have together when the others have one more together.
    pub slope: f64,
    /// What the treated regions have together when the others have nothing.
    pub intercept: f64,
    /// The residual standard deviation before the treatment, of the treated regions' sum in one time.
    pub deviation: f64,
    /// How much a residual before the treatment has of the one a time earlier, from −1 to 1. The intervals suppose that it is 0: far above it they
    /// are too narrow.
    pub autocorrelation: f64,
    /// How far what is left over before the treatment wanders: Σₜ(e₁ + … + eₜ)² / (n·Σe²), the statistic of Kwiatkowski, Phillips, Schmidt and Shin
    /// (1992, "Testing the null hypothesis of stationarity against the alternative of a unit root", equation 13, without lags). It sees a slow drift
    /// under much noise, which times hardly have in common with the one before; above [`DRIFT_MAX`] the intervals are too narrow.
    pub drift: f64,
    /// The mean of the treated regions, from the panel's first time to the window's end.
    pub observed: Vec<f64>,
    /// The same without the treatment, as estimated.
    pub counterfactual: Vec<f64>,
    /// Half the width of the interval of that mean in each time of the window, had there been no treatment.
    pub reach: Vec<f64>,
    /// The mean effect on one treated region in one time of the window.
    pub effect: Interval,
    /// The effect as a part of the counterfactual; none if that is not above 0.
    pub lift: Option<f64>,
    /// The effect on all treated regions in the whole window.
    pub incremental: Interval,
    /// How likely an effect of this size or more is without a treatment, on either side.
    pub p_value: f64,
}

/// The line, and what it takes to say how sure a prediction is.
struct Line {
    slope: f64,
    intercept: f64,
    /// The mean and the sum of squared deviations of x, and how many times there were.
    middle: f64,
    squares: f64,
    times: f64,
    residuals: Vec<f64>,
}

impl TimeRegression {
    /// Fits y = α + β·x + ε by least squares to the times before the window, where y and x are the sums of the treated and of the untreated
    /// regions. What was more than the line in the window is the effect. It is distributed as Student's t with n − 2 degrees of freedom and, summed
    /// over T times with the mean x̄ of x in them, the variance σ²·(T + T²/n + T²·(x̄ − x̄₀)²/Sxx): errors of the times, of the line's height and of
    /// its slope (Kerman, Wang, Vaver 2017, equation 5, with the flat prior; of a prediction: Seber, Lee 2003, §5.3).
    ///
    /// `excluded` regions are neither treated nor compared with. The intervals have the given level, with the same part left over on each side.
    ///
    /// # Errors
    /// As [`super::Synthetic::fit`]; [`Error::Constant`] if the untreated regions never change, or the treated ones lie on a line over them without
    /// any error; [`Error::OutOfRange`] for a level that is no share, or values too large to be squared.
    pub fn fit(
        panel: &Panel,
        treated: &[usize],
        excluded: &[usize],
        window: Window,
        level: f64,
    ) -> Result<Self, Error> {
        share("the level", level)?;
        let donors = donors(panel, treated, excluded, window)?;
        let (y, x) = (together(panel, treated, window), together(panel, &donors, window));
        let ((y_before, y_within), (x_before, x_within)) =
            (y.split_at(window.begin), x.split_at(window.begin));
        let line = Line::through(x_before, y_before)?;
        let deviation = line.deviation(y_before)?;
        let degrees = line.times - 2.0;
        let constant = Error::Constant { what: "what the regression leaves over" };
        let quantile = students_quantile(0.5 + level / 2.0, degrees).ok_or(constant.clone())?;
        let times = count(x_within.len());
        let expected: Vec<f64> = x_within.iter().map(|x| line.at(*x)).collect();
        let without = expected.iter().sum::<f64>();
        let incremental = y_within.iter().sum::<f64>() - without;
        let error = deviation * line.spread(times, mean(x_within));
        if !incremental.is_finite() || !error.is_finite() {
            return Err(too_large(&x, &y));
        }
        let distribution = StudentsT::new(0.0, 1.0, degrees).map_err(|_| constant)?;
        let around = |estimate: f64, reach: f64| Interval {
            estimate,
            lower: estimate - reach,
            upper: estimate + reach,
        };
        let (regions, incremental) = (count(treated.len()), around(incremental, quantile * error));
        let each = |value: f64| value / (regions * times);
        let per_region = |values: Vec<f64>| values.into_iter().map(|value| value / regions).collect();
        Ok(Self {
            slope: line.slope,
            intercept: line.intercept,
            deviation,
            autocorrelation: line.autocorrelation(),
            drift: line.drift(),
            observed: per_region(y.clone()),
            counterfactual: per_region(x.iter().map(|x| line.at(*x)).collect()),
            reach: per_region(x_within.iter().map(|x| quantile * deviation * line.spread(1.0, *x)).collect()),
            effect: around(each(incremental.estimate), each(incremental.upper - incremental.estimate)),
            lift: (0.0 < without).then(|| incremental.estimate / without).filter(|lift| lift.is_finite()),
            incremental,
            p_value: 2.0 * distribution.cdf(-(incremental.estimate / error).abs()),
        })
    }
}

impl Line {
    fn through(x: &[f64], y: &[f64]) -> Result<Self, Error> {
        let (middle, height) = (mean(x), mean(y));
        let products = |a: &[f64], of_a: f64, b: &[f64], of_b: f64| -> f64 {
            a.iter().zip(b).map(|(a, b)| (a - of_a) * (b - of_b)).sum()
        };
        let squares = products(x, middle, x, middle);
        if !squares.is_finite() || !products(y, height, y, height).is_finite() {
            return Err(too_large(x, y));
        }
        if (squares / count(x.len())).sqrt() <= DEVIATION_MIN * middle.abs() {
            return Err(Error::Constant { what: "the sum of the untreated regions" });
        }
        let slope = products(x, middle, y, height) / squares;
        // By the distance from the middle, so that large values lose no digits.
        let residuals = x.iter().zip(y).map(|(x, y)| y - height - slope * (x - middle)).collect();
        Ok(Self {
            slope,
            intercept: height - slope * middle,
            middle,
            squares,
            times: count(x.len()),
            residuals,
        })
    }

    fn at(&self, x: f64) -> f64 {
        self.intercept + self.slope * x
    }

    /// The residual standard deviation, if there is one beyond rounding.
    fn deviation(&self, y: &[f64]) -> Result<f64, Error> {
        let squares: f64 = self.residuals.iter().map(|residual| residual * residual).sum();
        let deviation = (squares / (self.times - 2.0)).sqrt();
        let most = y.iter().fold(0.0, |most: f64, value| value.abs().max(most));
        if deviation <= DEVIATION_MIN * most {
            return Err(Error::Constant { what: "what the regression leaves over" });
        }
        Ok(deviation)
    }

    /// The standard error of what is predicted for so many times together whose mean x is this, in units of the deviation.
    fn spread(&self, times: f64, x: f64) -> f64 {
        let apart = x - self.middle;
        (times + times * times * (1.0 / self.times + apart * apart / self.squares)).sqrt()
    }

    fn autocorrelation(&self) -> f64 {
        let later = self.residuals.iter().skip(1);
        let products: f64 = self.residuals.iter().zip(later).map(|(one, next)| one * next).sum();
        products / self.residuals.iter().map(|residual| residual * residual).sum::<f64>()
    }

    fn drift(&self) -> f64 {
        let (mut sum, mut wandered, mut squares) = (0.0, 0.0, 0.0);
        for residual in &self.residuals {
            sum += residual;
            wandered += sum * sum;
            squares += residual * residual;
        }
        wandered / (self.times * squares)
    }
}

fn too_large(x: &[f64], y: &[f64]) -> Error {
    Error::OutOfRange {
        what: "the largest sum of regions",
        value: x.iter().chain(y).copied().fold(0.0, |most, value| value.abs().max(most)),
        must: "small enough to be squared",
    }
}

/// The sum of some regions up to the window's end.
fn together(panel: &Panel, regions: &[usize], window: Window) -> Vec<f64> {
    let at = |time: usize| regions.iter().filter_map(|region| panel.series(*region).get(time)).sum();
    (0..window.end).map(at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::Chance;

    const WINDOW: Window = Window { begin: 40, end: 54 };

    /// Six regions; the first two are treated and follow the sum of the others, of which they have half, with an error of their own. Their
    /// sum has `effect` more in each time of the window.
    fn panel(chance: &mut Chance, effect: f64) -> Panel {
        let mut series: Vec<Vec<f64>> = (0..6).map(|_| Vec::new()).collect();
        for time in 0..WINDOW.end {
            let others: Vec<f64> = (0..4).map(|_| 100.0 + 10.0 * chance.normal()).collect();
            let planted = if WINDOW.begin <= time { effect } else { 0.0 };
            let sum = 20.0 + 0.5 * others.iter().sum::<f64>() + 8.0 * chance.normal() + planted;
            let first = 0.3 * sum + chance.normal();
            for (region, value) in [first, sum - first].into_iter().chain(others).enumerate() {
                series[region].push(value);
            }
        }
        Panel::of(series).unwrap()
    }

    fn fit(panel: &Panel, level: f64) -> Result<TimeRegression, Error> {
        TimeRegression::fit(panel, &[0, 1], &[], WINDOW, level)
    }

    /// At 95 % of a thousand runs 950 hold the truth and 50 call nothing an effect, with a standard deviation of seven.
    #[test]
    fn the_interval_holds_the_truth_as_often_as_it_says() {
        let mut chance = Chance::of(31);
        let (mut held, mut held_each, mut alarms) = (0, 0, 0);
        for _ in 0..1_000 {
            let found = fit(&panel(&mut chance, 5.0), 0.95).unwrap();
            held += i32::from(found.incremental.lower <= 70.0 && 70.0 <= found.incremental.upper);
            held_each += i32::from(found.effect.lower <= 2.5 && 2.5 <= found.effect.upper);
            let nothing = fit(&panel(&mut chance, 0.0), 0.95).unwrap();
            alarms += i32::from(nothing.p_value <= 0.05);
            assert_eq!(nothing.p_value <= 0.05, !nothing.incremental.holds_zero());
        }
        assert!((930..=970).contains(&held) && held == held_each, "{held} {held_each}");
        assert!((36..=64).contains(&alarms), "{alarms}");
    }

    /// The band holds a day without a treatment as often as it says: of 14,000 days 13,300 at 95 %.
    #[test]
    fn the_band_holds_a_time_as_often_as_it_says() {
        let mut chance = Chance::of(32);
        let mut held = 0;
        for _ in 0..1_000 {
            let found = fit(&panel(&mut chance, 0.0), 0.95).unwrap();
            let within = found.observed.iter().zip(&found.counterfactual).skip(WINDOW.begin);
            held += within
                .zip(&found.reach)
                .filter(|((seen, without), reach)| (*seen - *without).abs() <= **reach)
                .count();
        }
        assert!((13_160..=13_440).contains(&held), "{held}");
    }

    /// By hand: x = 1, 2, 3, 4, 5 and y = 2, 4, 5, 4, 5 are on 2.2 + 0.6·x with residual squares of 2.4, so σ² = 0.8; at x = 6 there were 9
    /// where 5.8 were expected. σ²·(1 + 1/5 + 9/10) = 1.68, and t with three degrees of freedom reaches 3.182446 at 95 %.
    #[test]
    fn a_short_series_is_read_as_by_hand() {
        let panel =
            Panel::of(vec![vec![2.0, 4.0, 5.0, 4.0, 5.0, 9.0], vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]]).unwrap();
        let found = TimeRegression::fit(&panel, &[0], &[], Window { begin: 5, end: 6 }, 0.95).unwrap();
        let near = |found: f64, truth: f64| assert!((found - truth).abs() < 1e-6, "{found} is not {truth}");
        near(found.slope, 0.6);
        near(found.intercept, 2.2);
        near(found.deviation, 0.8_f64.sqrt());
        near(found.incremental.estimate, 3.2);
        near(found.incremental.upper - 3.2, 3.182_446 * 1.68_f64.sqrt());
        near(found.reach[0], 3.182_446 * 1.68_f64.sqrt());
        near(found.lift.unwrap(), 3.2 / 5.8);
        let below =
            Panel::of(vec![vec![-2.0, 0.0, -1.0, 1.0, -2.0, 9.0], vec![1.0, 2.0, 3.0, 4.0, 5.0, -60.0]]);
        let found_below =
            TimeRegression::fit(&below.unwrap(), &[0], &[], Window { begin: 5, end: 6 }, 0.95).unwrap();
        assert!(found_below.counterfactual[5] < 0.0 && found_below.lift.is_none(), "{found_below:?}");
        // Residuals −0.8, 0.6, 1, −0.6, −0.2: products −0.48 + 0.6 − 0.6 + 0.12 of squares of 2.4.
        near(found.autocorrelation, -0.36 / 2.4);
    }

    #[test]
    fn what_cannot_be_fitted_is_said() {
        let window = Window { begin: 5, end: 6 };
        let fit = |treated: Vec<f64>, other: Vec<f64>, level| {
            let panel = Panel::of(vec![treated, other]).unwrap();
            TimeRegression::fit(&panel, &[0], &[], window, level).unwrap_err()
        };
        let (seen, other) = (vec![2.0, 4.0, 5.0, 4.0, 5.0, 9.0], vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        assert!(matches!(
            fit(seen.clone(), vec![7.0; 6], 0.9),
            Error::Constant { what: "the sum of the untreated regions" }
        ));
        let line = other.iter().map(|x| 3.0 + 0.1 * x).collect();
        assert!(matches!(
            fit(line, other.clone(), 0.9),
            Error::Constant { what: "what the regression leaves over" }
        ));
        assert!(matches!(fit(vec![3.0; 6], other.clone(), 0.9), Error::Constant { .. }));
        assert!(matches!(
            fit(seen.clone(), other.iter().map(|x| x * 1e200).collect(), 0.9),
            Error::OutOfRange { .. }
        ));
        let mut later = other.clone();
        later[5] = 1e200;
        assert!(matches!(
            fit(seen.clone(), later, 0.9),
            Error::OutOfRange { what: "the largest sum of regions", .. }
        ));
        assert!(matches!(fit(seen.clone(), other.clone(), 1.0), Error::OutOfRange { what: "the level", .. }));
        let panel = Panel::of(vec![seen, other]).unwrap();
        let refused =
            |treated: &[usize], window| TimeRegression::fit(&panel, treated, &[], window, 0.9).unwrap_err();
        assert!(matches!(refused(&[0], Window { begin: 4, end: 6 }), Error::NotEnoughData { .. }));
        assert!(matches!(refused(&[0, 1], window), Error::NotEnoughData { what: "untreated regions", .. }));
        assert!(matches!(refused(&[0, 0], window), Error::OutOfRange { must: "one", .. }));
        assert!(matches!(refused(&[2], window), Error::Shape { .. }));
        assert!(matches!(refused(&[0], Window { begin: 5, end: 7 }), Error::Shape { .. }));
    }

    /// Without drift about 10 of 100 are above the bound, with a standard deviation of three; of errors that wander a little each time, under noise
    /// three times as large, most are, though the autocorrelation of half of them looks like chance.
    #[test]
    fn a_slow_drift_under_noise_is_seen() {
        let mut chance = Chance::of(21);
        let mut drifts = |step: f64| {
            let found: Vec<TimeRegression> = (0..100)
                .map(|_| {
                    let mut wander = 0.0;
                    let (mut own, mut other) = (Vec::new(), Vec::new());
                    for _ in 0..WINDOW.end {
                        wander += step * chance.normal();
                        let x = 100.0 + 10.0 * chance.normal();
                        own.push(20.0 + 0.5 * x + wander + 8.0 * chance.normal());
                        other.push(x);
                    }
                    let panel = Panel::of(vec![own, other]).unwrap();
                    TimeRegression::fit(&panel, &[0], &[], WINDOW, 0.9).unwrap()
                })
                .collect();
            let above = found.iter().filter(|one| DRIFT_MAX < one.drift).count();
            let alike = found.iter().filter(|one| 0.3 < one.autocorrelation).count();
            (above, alike)
        };
        let (without, _) = drifts(0.0);
        assert!((2..=20).contains(&without), "{without}");
        let (with, alike) = drifts(8.0 / 3.0);
        assert!(65 <= with && alike < with, "{with} {alike}");
    }

    /// Residuals of 1, −1, −1, 1 about a line: sums of 1, 0, −1, 0, so (1 + 1) / (4 · 4).
    #[test]
    fn drift_is_read_as_by_hand() {
        let line = Line::through(&[1.0, 2.0, 3.0, 4.0], &[2.0, 1.0, 2.0, 5.0]).unwrap();
        for (residual, wanted) in line.residuals.iter().zip([1.0, -1.0, -1.0, 1.0]) {
            assert!((residual - wanted).abs() < 1e-12, "{:?}", line.residuals);
        }
        assert!((line.drift() - 0.125).abs() < 1e-12, "{}", line.drift());
    }
}

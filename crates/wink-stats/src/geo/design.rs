//! Which regions to treat, and what an experiment there could see, by playing it on the past.

use super::placebo::Placebos;
use super::{Panel, Synthetic, Window};
use crate::Error;
use crate::error::{at_least, share};
use crate::numeric::{count, mean};

/// An experiment that has not begun, played at the end of the past.
#[derive(Clone, Debug, PartialEq)]
pub struct Design {
    /// How many times the treatment would last.
    pub duration: usize,
    /// How often it is played, each time one time earlier; their share of alarms is the power, and without a lift that of false alarms.
    pub plays: usize,
    /// The lifts that are planted: 0.1 is ten per cent more.
    pub lifts: Vec<f64>,
    /// The p-value up to which an effect is called one, and the part of the plays without a lift in which one may be.
    pub alpha: f64,
    /// The source of placebo draws.
    pub seed: u64,
}

/// What the experiment would see of one lift.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Power {
    /// The lift that was planted.
    pub lift: f64,
    /// The mean of the lifts that were found; none where nothing was to be expected.
    pub found: Option<f64>,
    /// The mean of the effects that were found, on one region in one time.
    pub effect: f64,
    /// The part of the plays in which it was called an effect, while at most alpha of those without a lift are.
    pub power: f64,
}

/// Regions that could be treated together.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// The regions.
    pub regions: Vec<usize>,
    /// The mean scaled imbalance: near 0 is a good match, 1 is no better than equal weights.
    pub imbalance: f64,
    /// The part of the plays without a lift whose p-value is at most alpha. Placebos are other regions: if these here are less alike over
    /// time, it is more than alpha.
    pub false_alarms: f64,
    /// The p-value up to which an effect is called one here: alpha, or what is below the p-values of plays without a lift that were too many.
    pub p_value_max: f64,
    /// What it would see, by lift.
    pub power: Vec<Power>,
    /// The least lift that is seen in four of five plays, if one is.
    pub detectable: Option<f64>,
}

/// The power that is usually wanted.
const POWER_WANTED: f64 = 0.8;

impl Design {
    /// Plays the experiment with these regions treated: every planted lift multiplies their values in the window, the mixture is fitted to
    /// what lies before, and placebos judge. Weights and placebos do not depend on the lift and are computed once for each play.
    ///
    /// Power is worth something only at a rate of false alarms that is held (size-adjusted power: Davidson and MacKinnon 2006, "The power of bootstrap
    /// and asymptotic tests", section 2): where more than alpha of the plays without a lift are alarms, an effect must be clearer than those.
    ///
    /// # Errors
    /// [`Error::NotEnoughData`] if the past is too short for the plays, or as [`super::infer`]; [`Error::OutOfRange`] for an alpha that is
    /// no share.
    pub fn play(&self, panel: &Panel, treated: &[usize]) -> Result<Candidate, Error> {
        share("alpha", self.alpha)?;
        at_least("plays", 1, self.plays)?;
        let (mut imbalances, mut nothing) = (Vec::new(), Vec::new());
        let mut seen = vec![(Vec::new(), Vec::new(), Vec::new()); self.lifts.len()];
        for earlier in 0..self.plays {
            let end = panel.times().saturating_sub(earlier);
            let window = Window { begin: end.saturating_sub(self.duration), end };
            let found = Synthetic::fit(panel, treated, &[], window)?;
            let placebos = Placebos::compute(panel, treated, window, self.seed)?;
            nothing.push(placebos.p_value(super::placebo::error_ratio(&found)));
            imbalances.push(found.imbalance_scaled);
            for (&lift, (lifts, effects, p_values)) in self.lifts.iter().zip(&mut seen) {
                let found = Synthetic::fit(&planted(panel, treated, window, lift)?, treated, &[], window)?;
                lifts.extend(found.lift);
                effects.push(found.effect);
                p_values.push(placebos.p_value(super::placebo::error_ratio(&found)));
            }
        }
        let false_alarms = part_up_to(&nothing, self.alpha);
        let p_value_max = held(nothing, self.alpha);
        let power: Vec<Power> = self
            .lifts
            .iter()
            .zip(&seen)
            .map(|(&lift, (lifts, effects, p_values))| Power {
                lift,
                found: (!lifts.is_empty()).then(|| mean(lifts)),
                effect: mean(effects),
                power: part_up_to(p_values, p_value_max),
            })
            .collect();
        let detected = power.iter().filter(|one| 0.0 != one.lift && POWER_WANTED <= one.power);
        let detectable = detected.map(|one| one.lift).min_by(|a, b| a.abs().total_cmp(&b.abs()));
        Ok(Candidate {
            regions: treated.to_vec(),
            imbalance: mean(&imbalances),
            false_alarms,
            p_value_max,
            power,
            detectable,
        })
    }

    /// Plays every region together with the `size − 1` that went most like it, best first: by the least detectable lift, then by how
    /// well they are matched. Groups in which nothing changes are left out.
    ///
    /// # Errors
    /// As [`Design::play`]; [`Error::Constant`] if nothing changes in any group.
    pub fn select(&self, panel: &Panel, size: usize) -> Result<Vec<Candidate>, Error> {
        at_least("treated regions", 1, size)?;
        let groups: std::collections::BTreeSet<Vec<usize>> =
            (0..panel.regions()).map(|region| alike(panel, region, size)).collect();
        let mut candidates = Vec::new();
        for group in &groups {
            match self.play(panel, group) {
                Err(Error::Constant { .. }) => {}
                played => candidates.push(played?),
            }
        }
        if candidates.is_empty() {
            return Err(Error::Constant { what: "each region before the treatment" });
        }
        let least = |candidate: &Candidate| candidate.detectable.map_or(f64::INFINITY, f64::abs);
        candidates
            .sort_by(|a, b| least(a).total_cmp(&least(b)).then_with(|| a.imbalance.total_cmp(&b.imbalance)));
        Ok(candidates)
    }
}

/// The part of p-values that are at most this.
fn part_up_to(p_values: &[f64], most: f64) -> f64 {
    count(p_values.iter().filter(|p_value| **p_value <= most).count()) / count(p_values.len())
}

/// The greatest p-value up to alpha that at most alpha of these reach.
fn held(mut without: Vec<f64>, alpha: f64) -> f64 {
    without.sort_by(f64::total_cmp);
    let allowed =
        without.iter().enumerate().find(|(place, _)| alpha < count(place + 1) / count(without.len()));
    // P-values are steps of at least one in two hundred; just below this one lies all that is smaller.
    allowed.map_or(alpha, |(_, first_too_many)| alpha.min(first_too_many.next_down()))
}

fn planted(panel: &Panel, treated: &[usize], window: Window, lift: f64) -> Result<Panel, Error> {
    let series = (0..panel.regions()).map(|region| {
        let factor = |time: usize| {
            let is_treated = treated.contains(&region) && window.begin <= time && time < window.end;
            if is_treated { 1.0 + lift } else { 1.0 }
        };
        panel.series(region).iter().enumerate().map(|(time, value)| value * factor(time)).collect()
    });
    Panel::of(series.collect())
}

/// The region and those most correlated with it, in order.
fn alike(panel: &Panel, region: usize, size: usize) -> Vec<usize> {
    let own = panel.series(region);
    let mut others: Vec<usize> = (0..panel.regions()).filter(|other| *other != region).collect();
    others.sort_by(|a, b| correlation(own, panel.series(*b)).total_cmp(&correlation(own, panel.series(*a))));
    let mut group: Vec<usize> = std::iter::once(region).chain(others).take(size).collect();
    group.sort_unstable();
    group
}

fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let (mean_a, mean_b) = (mean(a), mean(b));
    let product = |of: fn(f64, f64) -> f64| -> f64 {
        a.iter().zip(b).map(|(a, b)| of(a - mean_a, b - mean_b)).sum::<f64>() / count(a.len())
    };
    let correlation = product(|a, b| a * b) / (product(|a, _| a * a) * product(|_, b| b * b)).sqrt();
    // A region where nothing ever changes is like no other.
    if correlation.is_nan() { -1.0 } else { correlation }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::Chance;

    fn panel() -> Panel {
        let mut chance = Chance::of(12);
        let trend: Vec<f64> = (0..80).map(|_| 5.0 * chance.normal()).collect();
        let series = (0..24).map(|region| {
            // Every third region is noisy.
            let noise = if region % 3 == 0 { 8.0 } else { 1.0 };
            trend.iter().map(|trend| 100.0 + trend + noise * chance.normal()).collect()
        });
        Panel::of(series.collect()).unwrap()
    }

    fn design() -> Design {
        Design { duration: 10, plays: 8, lifts: vec![0.0, 0.02, 0.10], alpha: 0.1, seed: 1 }
    }

    #[test]
    fn a_larger_lift_is_seen_more_often() {
        let played = design().play(&panel(), &[1]).unwrap();
        let powers: Vec<f64> = played.power.iter().map(|one| one.power).collect();
        assert!(powers[0] <= 0.1 && powers[1] <= powers[2] && 0.99 < powers[2], "{played:?}");
        assert!((played.power[2].found.unwrap() - 0.10).abs() < 0.02, "{played:?}");
    }

    #[test]
    fn power_is_told_at_the_rate_of_false_alarms_that_was_asked_for() {
        // In the last ten times this region went its own way: it alarms without any lift.
        let mut series: Vec<Vec<f64>> = (0..24).map(|region| panel().series(region).to_vec()).collect();
        series[1].iter_mut().skip(68).for_each(|value| *value += 15.0);
        let drifted = design().play(&Panel::of(series).unwrap(), &[1]).unwrap();
        assert!(0.5 < drifted.false_alarms && drifted.p_value_max < 0.05, "{drifted:?}");
        assert!(drifted.power[0].power <= 0.1, "{drifted:?}");
        let calm = design().play(&panel(), &[1]).unwrap();
        assert!(calm.power[0].power <= 0.1 && calm.p_value_max <= 0.1, "{calm:?}");
    }

    #[test]
    fn at_most_alpha_of_the_plays_without_a_lift_are_alarms() {
        let check = |without: &[f64], wanted: f64| {
            let most = held(without.to_vec(), 0.1);
            assert!((most - wanted).abs() < 1e-12, "{without:?}: {most}");
            assert!(part_up_to(without, most) <= 0.1, "{without:?}: {most}");
        };
        check(&[0.5, 0.8], 0.1);
        check(&[0.05], 0.05);
        check(&[0.04, 0.02, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2], 0.04);
        check(&[0.005; 20], 0.005);
    }

    #[test]
    fn regions_that_go_like_others_are_selected_first() {
        let quick = Design { plays: 2, lifts: vec![0.1], ..design() };
        let selected = quick.select(&panel(), 2).unwrap();
        assert!(selected[0].regions.iter().all(|region| region % 3 != 0), "{:?}", selected[0]);
        assert!(selected.windows(2).all(|pair| pair[0].regions != pair[1].regions));
    }

    #[test]
    fn regions_where_nothing_changes_are_not_offered() {
        let quick = Design { plays: 2, lifts: vec![0.1], ..design() };
        let dead = |from: usize| {
            let one =
                |region: usize| if from <= region { vec![3.0; 80] } else { panel().series(region).to_vec() };
            quick.select(&Panel::of((0..24).map(one).collect()).unwrap(), 1)
        };
        let offered: Vec<Vec<usize>> = dead(22).unwrap().into_iter().map(|one| one.regions).collect();
        assert!(offered.len() == 22 && offered.iter().all(|group| group[0] < 22), "{offered:?}");
        assert!(matches!(dead(0), Err(Error::Constant { .. })));
    }

    #[test]
    fn a_past_that_is_too_short_is_not_enough_data() {
        let short = panel().before(14);
        assert!(matches!(design().play(&short, &[1]), Err(Error::NotEnoughData { .. })));
    }
}

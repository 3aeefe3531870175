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
    /// How often it is played, each time one time earlier; their share of alarms is the power.
    pub plays: usize,
    /// The lifts that are planted: 0.1 is ten per cent more.
    pub lifts: Vec<f64>,
    /// The p-value up to which an effect is called one.
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
    /// The part of the plays in which it was called an effect.
    pub power: f64,
}

/// Regions that could be treated together.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// The regions.
    pub regions: Vec<usize>,
    /// The mean scaled imbalance: near 0 is a good match, 1 is no better than equal weights.
    pub imbalance: f64,
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
    /// # Errors
    /// [`Error::NotEnoughData`] if the past is too short for the plays, or as [`super::infer`]; [`Error::OutOfRange`] for an alpha that is
    /// no share.
    pub fn play(&self, panel: &Panel, treated: &[usize]) -> Result<Candidate, Error> {
        share("alpha", self.alpha)?;
        at_least("plays", 1, self.plays)?;
        let mut imbalances = Vec::new();
        let mut seen = vec![(Vec::new(), Vec::new(), Vec::new()); self.lifts.len()];
        for earlier in 0..self.plays {
            let end = panel.times().saturating_sub(earlier);
            let window = Window { begin: end.saturating_sub(self.duration), end };
            let placebos = Placebos::compute(panel, treated, window, self.seed)?;
            for (&lift, (lifts, effects, alarms)) in self.lifts.iter().zip(&mut seen) {
                let found = Synthetic::fit(&planted(panel, treated, window, lift)?, treated, &[], window)?;
                let p_value = placebos.p_value(super::placebo::error_ratio(&found));
                lifts.extend(found.lift);
                effects.push(found.effect);
                alarms.push(f64::from(u8::from(p_value <= self.alpha)));
                imbalances.push(found.imbalance_scaled);
            }
        }
        let power: Vec<Power> = self
            .lifts
            .iter()
            .zip(&seen)
            .map(|(&lift, (lifts, effects, alarms))| Power {
                lift,
                found: (!lifts.is_empty()).then(|| mean(lifts)),
                effect: mean(effects),
                power: mean(alarms),
            })
            .collect();
        let detected = power.iter().filter(|one| 0.0 != one.lift && POWER_WANTED <= one.power);
        let detectable = detected.map(|one| one.lift).min_by(|a, b| a.abs().total_cmp(&b.abs()));
        Ok(Candidate { regions: treated.to_vec(), imbalance: mean(&imbalances), power, detectable })
    }

    /// Plays every region together with the `size − 1` that went most like it, best first: by the least detectable lift, then by how
    /// well they are matched.
    ///
    /// # Errors
    /// As [`Design::play`].
    pub fn select(&self, panel: &Panel, size: usize) -> Result<Vec<Candidate>, Error> {
        at_least("treated regions", 1, size)?;
        let groups: std::collections::BTreeSet<Vec<usize>> =
            (0..panel.regions()).map(|region| alike(panel, region, size)).collect();
        let mut candidates =
            groups.iter().map(|group| self.play(panel, group)).collect::<Result<Vec<Candidate>, Error>>()?;
        let least = |candidate: &Candidate| candidate.detectable.map_or(f64::INFINITY, f64::abs);
        candidates
            .sort_by(|a, b| least(a).total_cmp(&least(b)).then_with(|| a.imbalance.total_cmp(&b.imbalance)));
        Ok(candidates)
    }
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
        assert!(powers[0] <= 0.4 && powers[1] <= powers[2] && 0.99 < powers[2], "{played:?}");
        assert!((played.power[2].found.unwrap() - 0.10).abs() < 0.02, "{played:?}");
    }

    #[test]
    fn regions_that_go_like_others_are_selected_first() {
        let quick = Design { plays: 2, lifts: vec![0.1], ..design() };
        let selected = quick.select(&panel(), 2).unwrap();
        assert!(selected[0].regions.iter().all(|region| region % 3 != 0), "{:?}", selected[0]);
        assert!(selected.windows(2).all(|pair| pair[0].regions != pair[1].regions));
    }

    #[test]
    fn a_past_that_is_too_short_is_not_enough_data() {
        let short = panel().before(14);
        assert!(matches!(design().play(&short, &[1]), Err(Error::NotEnoughData { .. })));
    }
}

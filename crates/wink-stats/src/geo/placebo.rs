//! How large an effect is found where there was none.

use super::{Panel, Synthetic, Window};
use crate::error::{at_least, share};
use crate::numeric::{Chance, count};
use crate::{Error, Interval};

/// More placebos than this change a p-value by less than it can be read.
pub const PLACEBOS_MAX: usize = 200;

/// With fewer, no p-value can be below 5 %.
const PLACEBOS_MIN: u64 = 19;

/// What placebos say of an effect.
#[derive(Clone, Debug, PartialEq)]
pub struct Inference {
    /// The effect on one treated region in one time, with an interval; or why there is none though there is a p-value: too few placebos to tell the
    /// level, or no error before that effects could be measured with.
    pub effect: Result<Interval, Error>,
    /// How likely an effect of this size or more is without a treatment.
    pub p_value: f64,
    /// How many placebos were computed.
    pub placebos: usize,
}

/// Gives the treatment to untreated regions, as many at a time, and compares (Abadie, Diamond, Hainmueller 2010, §3.4: the ratio of errors
/// after to errors before, so that badly matched placebos do not count for more). All single regions are tried; of groups at most
/// [`PLACEBOS_MAX`] different ones, drawn by the seed.
///
/// The interval reaches as far as placebo effects do, in units of the error before: the test inverted for an effect that is the same in
/// each time.
///
/// Groups of regions where nothing changes before the window are no placebos.
///
/// # Errors
/// [`Error::NotEnoughData`] if there are fewer than 19 placebos, so that no p-value could be below 5 %; else as [`Synthetic::fit`].
pub fn infer(
    panel: &Panel,
    treated: &[usize],
    found: &Synthetic,
    window: Window,
    level: f64,
    seed: u64,
) -> Result<Inference, Error> {
    share("the level", level)?;
    let placebos = Placebos::compute(panel, treated, window, seed)?;
    Ok(Inference {
        effect: placebos.interval(found, level),
        p_value: placebos.p_value(error_ratio(found)),
        placebos: placebos.ratios.len(),
    })
}

/// What comes out where nothing was done, in units of the error before.
pub(super) struct Placebos {
    /// The error within the window.
    ratios: Vec<f64>,
    /// The size of the mean effect, in order.
    effects: Vec<f64>,
}

impl Placebos {
    pub(super) fn compute(
        panel: &Panel,
        treated: &[usize],
        window: Window,
        seed: u64,
    ) -> Result<Self, Error> {
        let donors: Vec<usize> = (0..panel.regions()).filter(|region| !treated.contains(region)).collect();
        let groups = groups(&donors, treated.len(), &mut Chance::of(seed));
        at_least("groups of untreated regions to compare with", PLACEBOS_MIN, groups.len())?;
        let (mut ratios, mut effects) = (Vec::new(), Vec::new());
        for group in &groups {
            let placebo = match Synthetic::fit(panel, group, treated, window) {
                Err(Error::Constant { .. }) => continue,
                fitted => fitted?,
            };
            ratios.push(error_ratio(&placebo));
            effects.push(placebo.in_errors_before(placebo.effect.abs()));
        }
        at_least("groups of untreated regions in which something changes", PLACEBOS_MIN, ratios.len())?;
        effects.sort_by(f64::total_cmp);
        Ok(Self { ratios, effects })
    }

    /// How many are as extreme, the treated regions themselves among them.
    pub(super) fn p_value(&self, ratio: f64) -> f64 {
        let extreme = self.ratios.iter().filter(|placebo| ratio <= **placebo).count();
        (count(extreme) + 1.0) / (count(self.ratios.len()) + 1.0)
    }

    fn interval(&self, found: &Synthetic, level: f64) -> Result<Interval, Error> {
        if !found.has_error_before() {
            return Err(Error::Constant { what: "what the mixture leaves over before the treatment" });
        }
        let reach = self.effect_quantile(level)? * found.error_before;
        if !reach.is_finite() {
            return Err(Error::Constant { what: "what the mixture of too many placebos leaves over" });
        }
        Ok(Interval { estimate: found.effect, lower: found.effect - reach, upper: found.effect + reach })
    }

    /// The smallest size that at most 1 − level of the placebos and the treated regions together reach.
    fn effect_quantile(&self, level: f64) -> Result<f64, Error> {
        // A share such as 1 − 0.9 is a little below what it should be.
        let outside = (1.0 - level) * (count(self.effects.len()) + 1.0) * (1.0 + 1e-9);
        let beyond = (0..self.effects.len()).take_while(|above| count(*above) + 1.0 <= outside).count();
        let place = self.effects.len().checked_sub(beyond);
        let size = place.and_then(|place| self.effects.get(place)).copied();
        size.ok_or(Error::NotEnoughData {
            what: "placebos for an interval of this level",
            needed: placebos_needed(level),
            found: u64::try_from(self.effects.len()).unwrap_or(u64::MAX),
        })
    }
}

/// How many placebos it takes for one of them and the treated regions together to be at most 1 − level.
fn placebos_needed(level: f64) -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "at least 0, and no level is nearer to 1 than by 1e-16"
    )]
    let needed = (1.0 / (1.0 - level) / (1.0 + 1e-9)).ceil() as u64;
    needed.saturating_sub(1)
}

pub(super) fn error_ratio(found: &Synthetic) -> f64 {
    found.in_errors_before(found.error_within)
}

/// Different groups of `size` donors; each alone if `size` is one.
fn groups(donors: &[usize], size: usize, chance: &mut Chance) -> Vec<Vec<usize>> {
    if size == 1 {
        return donors.iter().map(|donor| vec![*donor]).collect();
    }
    // As many that a donor is left to match them with.
    if donors.len() <= size {
        return Vec::new();
    }
    let mut groups = std::collections::BTreeSet::new();
    // Where there are fewer groups than wanted, most draws find one that is there.
    for _ in 0..10 * PLACEBOS_MAX {
        let mut left = donors.to_vec();
        let mut group: Vec<usize> = (0..size).map(|_| left.swap_remove(chance.below(left.len()))).collect();
        group.sort_unstable();
        groups.insert(group);
        if groups.len() == PLACEBOS_MAX {
            break;
        }
    }
    groups.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Window = Window { begin: 40, end: 50 };

    /// Regions that follow two common trends, each with noise and a level of its own.
    fn panel(chance: &mut Chance, effect: f64) -> Panel {
        let [first, second]: [Vec<f64>; 2] =
            std::array::from_fn(|_| (0..50).map(|_| 3.0 * chance.normal()).collect());
        let series = (0..25).map(|region| {
            let (share, level) = (chance.uniform(), 50.0 + 10.0 * chance.uniform());
            let planted = |time: usize| if region == 0 && WINDOW.begin <= time { effect } else { 0.0 };
            first
                .iter()
                .zip(&second)
                .enumerate()
                .map(|(time, (first, second))| {
                    level + share * first + (1.0 - share) * second + chance.normal() + planted(time)
                })
                .collect()
        });
        Panel::of(series.collect()).unwrap()
    }

    /// Which of many alike regions is treated is chance, so at 90 % about 900 of 1,000 hold the truth, and one in ten is called an effect.
    #[test]
    fn the_interval_holds_the_truth_as_often_as_it_says() {
        let mut chance = Chance::of(10);
        let (runs, mut held, mut alarms) = (200, 0, 0);
        for seed in 0..runs {
            let panel = panel(&mut chance, 4.0);
            let found = Synthetic::fit(&panel, &[0], &[], WINDOW).unwrap();
            let effect = infer(&panel, &[0], &found, WINDOW, 0.9, seed).unwrap().effect.unwrap();
            held += i32::from(effect.lower <= 4.0 && 4.0 <= effect.upper);
            let nothing = self::panel(&mut chance, 0.0);
            let found = Synthetic::fit(&nothing, &[0], &[], WINDOW).unwrap();
            alarms += i32::from(infer(&nothing, &[0], &found, WINDOW, 0.9, seed).unwrap().p_value <= 0.1);
        }
        assert!((166..=194).contains(&held), "{held} of {runs}");
        assert!((6..=34).contains(&alarms), "{alarms} of {runs}");
    }

    #[test]
    fn a_large_effect_is_the_most_extreme() {
        let panel = panel(&mut Chance::of(11), 10.0);
        let found = Synthetic::fit(&panel, &[0], &[], WINDOW).unwrap();
        let inference = infer(&panel, &[0], &found, WINDOW, 0.9, 1).unwrap();
        assert!(
            (inference.p_value - 1.0 / 25.0).abs() < 1e-12 && 0.0 < inference.effect.clone().unwrap().lower,
            "{inference:?}"
        );
    }

    #[test]
    fn groups_are_different_and_of_the_size_asked_for() {
        let donors: Vec<usize> = (0..8).collect();
        let pairs = groups(&donors, 2, &mut Chance::of(1));
        assert_eq!(pairs.len(), 28);
        assert!(pairs.iter().all(|pair| pair.len() == 2 && pair[0] < pair[1]));
        assert_eq!(groups(&(0..40).collect::<Vec<_>>(), 3, &mut Chance::of(1)).len(), PLACEBOS_MAX);
        assert!(groups(&donors, 8, &mut Chance::of(1)).is_empty());
    }

    #[test]
    fn too_few_regions_are_not_enough_data() {
        let few =
            Panel::of((0..10).map(|unit| panel(&mut Chance::of(3), 0.0).series(unit).to_vec()).collect())
                .unwrap();
        let found = Synthetic::fit(&few, &[0], &[], WINDOW).unwrap();
        assert!(matches!(infer(&few, &[0], &found, WINDOW, 0.9, 1), Err(Error::NotEnoughData { .. })));
    }

    /// The panel with its first region made of another one's values, and `planted` more in the window.
    fn twins(planted: f64) -> Panel {
        let panel = panel(&mut Chance::of(16), 0.0);
        let mut series: Vec<Vec<f64>> = (0..25).map(|region| panel.series(region).to_vec()).collect();
        series[0] = series[1].clone();
        series[0].iter_mut().skip(WINDOW.begin).for_each(|value| *value += planted);
        Panel::of(series).unwrap()
    }

    #[test]
    fn nothing_off_before_and_nothing_after_is_never_extreme() {
        let of = |planted| {
            let panel = twins(planted);
            let found = Synthetic::fit(&panel, &[0], &[], WINDOW).unwrap();
            infer(&panel, &[0], &found, WINDOW, 0.9, 1).unwrap()
        };
        let constant = Err(Error::Constant { what: "what the mixture leaves over before the treatment" });
        let nothing = of(0.0);
        assert!((nothing.p_value - 1.0).abs() < 1e-12 && nothing.effect == constant, "{nothing:?}");
        let planted = of(4.0);
        assert!((planted.p_value - 1.0 / 25.0).abs() < 1e-12 && planted.effect == constant, "{planted:?}");
        // As a placebo a twin is not extreme either: its twin may be mixed in, and it is off by nothing.
        let panel = twins(0.0);
        let found = Synthetic::fit(&panel, &[2], &[], WINDOW).unwrap();
        let inference = infer(&panel, &[2], &found, WINDOW, 0.9, 1).unwrap();
        let without = Panel::of((1..25).map(|region| panel.series(region).to_vec()).collect()).unwrap();
        let alone = infer(&without, &[1], &found, WINDOW, 0.9, 1).unwrap();
        assert!(inference.p_value <= alone.p_value && inference.effect.is_ok(), "{inference:?} {alone:?}");
    }

    #[test]
    fn regions_where_nothing_changes_are_no_placebos() {
        let panel = panel(&mut Chance::of(17), 0.0);
        let dead = |from: usize| {
            let one =
                |region: usize| if from <= region { vec![3.0; 50] } else { panel.series(region).to_vec() };
            let panel = Panel::of((0..25).map(one).collect()).unwrap();
            let found = Synthetic::fit(&panel, &[0], &[], WINDOW).unwrap();
            infer(&panel, &[0], &found, WINDOW, 0.9, 1).map(|inference| inference.placebos)
        };
        assert_eq!(dead(25), Ok(24));
        assert_eq!(dead(20), Ok(19));
        assert!(matches!(dead(19), Err(Error::NotEnoughData { needed: 19, found: 18, .. })));
    }

    #[test]
    fn a_level_that_the_placebos_cannot_tell_has_a_p_value_and_no_interval() {
        let panel = panel(&mut Chance::of(18), 10.0);
        let found = Synthetic::fit(&panel, &[0], &[], WINDOW).unwrap();
        let of = |level| infer(&panel, &[0], &found, WINDOW, level, 1).unwrap();
        assert!(of(0.96).effect.is_ok());
        for (level, needed) in [(0.97, 33), (0.99, 99), (0.999, 999)] {
            let inference = of(level);
            let what = "placebos for an interval of this level";
            assert_eq!(inference.effect, Err(Error::NotEnoughData { what, needed, found: 24 }));
            assert!((inference.p_value - 1.0 / 25.0).abs() < 1e-12);
        }
        // As many as it says are enough.
        for level in [0.9, 0.95, 0.96, 0.97, 0.99, 0.999] {
            let with = |placebos: u64| {
                let count = usize::try_from(placebos).unwrap();
                Placebos { ratios: vec![1.0; count], effects: vec![1.0; count] }.effect_quantile(level)
            };
            let needed = placebos_needed(level);
            assert!(with(needed).is_ok() && with(needed - 1).is_err(), "{level} {needed}");
        }
    }
}

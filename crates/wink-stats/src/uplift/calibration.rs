//! Is the effect that was promised there? Bins of like promise, each with the effect that was seen.

use crate::error::{at_least, finite, same_length};
use crate::moments::real;
use crate::{Error, Interval, Moments, mean_difference};

/// People to whom a like effect was promised.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EffectBin {
    /// How many.
    pub count: usize,
    /// The mean of what was promised.
    pub promised: f64,
    /// The difference of their means, treated less not treated, with its interval (Welch).
    pub seen: Interval,
}

/// Compares promised effects with those seen among people the effects were not learned from, in bins with about as many people in
/// each, the lowest promise first. The trial must have drawn who is treated.
///
/// # Errors
/// [`Error::Shape`], [`Error::NotFinite`], or [`Error::NotEnoughData`] if a bin has too few of either side.
pub fn effect_calibration(
    effects: &[f64],
    treated: &[bool],
    outcomes: &[f64],
    bins: usize,
    level: f64,
) -> Result<Vec<EffectBin>, Error> {
    same_length("the treatments", effects.len(), treated.len())?;
    same_length("the outcomes", effects.len(), outcomes.len())?;
    finite("an effect", effects)?;
    finite("the outcome", outcomes)?;
    at_least("bins", 1, bins)?;
    let mut people: Vec<(f64, bool, f64)> =
        effects.iter().zip(treated).zip(outcomes).map(|((e, t), y)| (*e, *t, *y)).collect();
    people.sort_by(|a, b| a.0.total_cmp(&b.0));
    let count = people.len();
    let parts = (0..bins).filter_map(|bin| people.get(bin * count / bins..(bin + 1) * count / bins));
    parts.map(|part| bin_of(part, level)).collect()
}

fn bin_of(people: &[(f64, bool, f64)], level: f64) -> Result<EffectBin, Error> {
    let (mut treated, mut control) = (Moments::default(), Moments::default());
    let mut promised = 0.0;
    for (effect, is_treated, outcome) in people {
        promised += effect;
        if *is_treated { treated.add(*outcome) } else { control.add(*outcome) }
    }
    let count = u64::try_from(people.len()).unwrap_or(u64::MAX);
    let seen = mean_difference(&treated, &control, level)?;
    Ok(EffectBin { count: people.len(), promised: promised / real(count), seen })
}

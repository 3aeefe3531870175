//! Is the effect that was promised there? Bins of like promise, each with the effect that was seen.

use crate::error::{at_least, finite, same_length, share};
use crate::moments::real;
use crate::rows::parts_of_like;
use crate::{Error, Interval, Moments, mean_difference};

/// People to whom a like effect was promised.
#[derive(Clone, Debug, PartialEq)]
pub struct EffectBin {
    /// How many.
    pub count: usize,
    /// The mean of what was promised.
    pub promised: f64,
    /// The difference of their means, treated less not treated, with its interval (Welch); or why it cannot be told of these people, as where
    /// none of them bought.
    pub seen: Result<Interval, Error>,
}

/// Compares promised effects with those seen among people the effects were not learned from, in bins with about as many people in
/// each, the lowest promise first; whoever was promised the same is in the same bin, so that there may be fewer. The trial must have drawn who is
/// treated.
///
/// # Errors
/// [`Error::Shape`], [`Error::NotFinite`], [`Error::OutOfRange`] for a level that is no share, and [`Error::NotEnoughData`] for no bins.
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
    share("the level", level)?;
    at_least("bins", 1, bins)?;
    let mut people: Vec<(f64, bool, f64)> =
        effects.iter().zip(treated).zip(outcomes).map(|((e, t), y)| (*e, *t, *y)).collect();
    people.sort_by(|a, b| a.0.total_cmp(&b.0));
    let parts = parts_of_like(&people, bins, |person| person.0);
    Ok(parts.into_iter().map(|part| bin_of(part, level)).collect())
}

fn bin_of(people: &[(f64, bool, f64)], level: f64) -> EffectBin {
    let (mut treated, mut control) = (Moments::default(), Moments::default());
    let mut promised = 0.0;
    for (effect, is_treated, outcome) in people {
        promised += effect;
        if *is_treated { treated.add(*outcome) } else { control.add(*outcome) }
    }
    let count = u64::try_from(people.len()).unwrap_or(u64::MAX);
    let seen = mean_difference(&treated, &control, level);
    EffectBin { count: people.len(), promised: promised / real(count), seen }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Nobody of the lowest promise buys: of them nothing can be told, and of the others as before.
    #[test]
    fn a_bin_in_which_nothing_varies_is_marked() {
        let effects: Vec<f64> = (0..1_000).map(|place| if place < 500 { 0.0 } else { 0.5 }).collect();
        let treated: Vec<bool> = (0..1_000).map(|place| place % 2 == 0).collect();
        let outcomes: Vec<f64> =
            (0..1_000).map(|place| if 500 <= place && place % 3 == 0 { 1.0 } else { 0.0 }).collect();
        let bins = effect_calibration(&effects, &treated, &outcomes, 2, 0.95).unwrap();
        assert_eq!(bins[0].seen, Err(Error::Constant { what: "the outcome" }));
        assert!(bins[1].seen.is_ok(), "{bins:?}");
        assert!(matches!(
            effect_calibration(&effects, &treated, &outcomes, 2, 95.0),
            Err(Error::OutOfRange { .. })
        ));
    }

    #[test]
    fn whoever_is_promised_the_same_is_in_one_bin() {
        let treated: Vec<bool> = (0..1_000).map(|place| place < 500).collect();
        let outcomes: Vec<f64> = (0..1_000_u16).map(|place| f64::from(place % 3)).collect();
        let bins = |effects: &[f64]| {
            let bins = effect_calibration(effects, &treated, &outcomes, 5, 0.95).unwrap();
            bins.iter().map(|bin| (bin.count, bin.promised)).collect::<Vec<_>>()
        };
        assert_eq!(bins(&[0.25; 1_000]), [(1_000, 0.25)], "the treated first, as files are sorted");
        let two: Vec<f64> = (0..1_000).map(|place| if place % 10 == 0 { 0.5 } else { 0.0 }).collect();
        assert_eq!(bins(&two), [(900, 0.0), (100, 0.5)]);
    }
}

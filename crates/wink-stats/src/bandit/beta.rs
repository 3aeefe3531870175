//! Thompson sampling of rates, without draws: the probability that an arm's rate takes each of the first ranks.

use statrs::function::beta::beta_reg;

use crate::Error;
use crate::error::at_least;

/// What is believed about a rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Beta {
    /// One more than the successes, for a flat prior.
    pub alpha: f64,
    /// One more than the failures.
    pub beta: f64,
}

/// How far around its mean a rate is followed, in standard deviations, and how many places that is.
const TAIL: f64 = 8.0;
const PLACES: u32 = 49;

impl Beta {
    fn mean(&self) -> f64 {
        self.alpha / (self.alpha + self.beta)
    }

    fn deviation(&self) -> f64 {
        let sum = self.alpha + self.beta;
        libm::sqrt(self.alpha * self.beta / (sum * sum * (sum + 1.0)))
    }

    fn check(&self) -> Result<(), Error> {
        for value in [self.alpha, self.beta] {
            if !(0.0 < value && value.is_finite()) {
                return Err(Error::OutOfRange { what: "a prior's parameter", value, must: "greater than 0" });
            }
        }
        Ok(())
    }
}

/// Tells for each arm the probability of having the highest rate, the second highest and so on, for the first `ranks`: what a
/// recommender that shows a list by Thompson sampling chooses with (Chapelle and Li 2011, section 2, with several places).
/// Exact up to quadrature: ∫ P(k others are higher) dF, the middle by a Poisson binomial distribution. Every rank adds up to 1.
///
/// # Errors
/// [`Error::OutOfRange`] for a parameter that is not above 0; [`Error::NotEnoughData`] if there are fewer arms than ranks.
pub fn rank_probabilities(arms: &[Beta], ranks: usize) -> Result<Vec<Vec<f64>>, Error> {
    at_least("ranks", 1, ranks)?;
    at_least("arms", u64::try_from(ranks).unwrap_or(u64::MAX), arms.len())?;
    arms.iter().try_for_each(Beta::check)?;
    let mut probabilities = vec![vec![0.0; ranks]; arms.len()];
    let mut before: Vec<(f64, Vec<f64>)> = Vec::new();
    for place in places(arms) {
        let below: Vec<f64> = arms.iter().map(|arm| beta_reg(arm.alpha, arm.beta, place)).collect();
        let now: Vec<(f64, Vec<f64>)> = below.iter().copied().zip(higher_others(&below, ranks)).collect();
        for ((probabilities, (below, left)), (below_before, right)) in
            probabilities.iter_mut().zip(&now).zip(&before)
        {
            let step = (below - below_before) / 2.0;
            let both = left.iter().zip(right).map(|(left, right)| step * (left + right));
            probabilities.iter_mut().zip(both).for_each(|(probability, adds)| *probability += adds);
        }
        before = now;
    }
    normalise(&mut probabilities, ranks);
    Ok(probabilities)
}

/// Places around every arm's mean, in order, and the ends.
fn places(arms: &[Beta]) -> Vec<f64> {
    let mut places = vec![0.0, 1.0];
    for arm in arms {
        let offsets = (0..PLACES).map(|n| TAIL * (2.0 * f64::from(n) / f64::from(PLACES - 1) - 1.0));
        let around = offsets.map(|offset| arm.mean() + offset * arm.deviation());
        places.extend(around.filter(|place| 0.0 < *place && *place < 1.0));
    }
    places.sort_unstable_by(f64::total_cmp);
    places
}

/// For each arm the probability that none, one, two … of the others are higher, given the probability of each to be lower.
fn higher_others(below: &[f64], ranks: usize) -> Vec<Vec<f64>> {
    let nobody: Vec<f64> = (0..ranks).map(|k| if k == 0 { 1.0 } else { 0.0 }).collect();
    let with = |counts: &[f64], below: f64| -> Vec<f64> {
        let one_less = std::iter::once(0.0).chain(counts.iter().copied());
        counts.iter().zip(one_less).map(|(same, less)| same * below + less * (1.0 - below)).collect()
    };
    let mut before = vec![nobody.clone()];
    for arm in below {
        let next = before.last().map(|counts| with(counts, *arm)).unwrap_or_default();
        before.push(next);
    }
    let mut after = nobody;
    let mut others = Vec::with_capacity(below.len());
    for (arm, before) in below.iter().zip(&before).rev() {
        others.push(sum_of(before, &after));
        after = with(&after, *arm);
    }
    others.reverse();
    others
}

/// The distribution of the sum of two counts, cut off where both are.
fn sum_of(a: &[f64], b: &[f64]) -> Vec<f64> {
    (1..=a.len())
        .map(|upto| a.iter().take(upto).zip(b.iter().take(upto).rev()).map(|(a, b)| a * b).sum())
        .collect()
}

fn normalise(probabilities: &mut [Vec<f64>], ranks: usize) {
    for rank in 0..ranks {
        let of_rank = |arm: &Vec<f64>| arm.get(rank).copied().unwrap_or(0.0);
        let sum: f64 = probabilities.iter().map(of_rank).sum();
        probabilities.iter_mut().filter_map(|arm| arm.get_mut(rank)).for_each(|entry| *entry /= sum);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With α₂ = β₂ = 1 the first is best with its own mean.
    #[test]
    fn against_a_flat_belief_an_arm_wins_with_its_mean() {
        let arms = [Beta { alpha: 3.0, beta: 5.0 }, Beta { alpha: 1.0, beta: 1.0 }];
        let found = rank_probabilities(&arms, 2).unwrap();
        assert!((found[0][0] - 0.375).abs() < 1e-3, "{found:?}");
        assert!((found[0][1] - 0.625).abs() < 1e-3, "{found:?}");
    }

    #[test]
    fn arms_that_are_alike_share_every_rank() {
        let found = rank_probabilities(&[Beta { alpha: 20.0, beta: 900.0 }; 5], 3).unwrap();
        assert!(found.iter().flatten().all(|probability| (probability - 0.2).abs() < 1e-9), "{found:?}");
    }

    #[test]
    fn more_ranks_than_arms_are_not_enough_data() {
        let arm = Beta { alpha: 1.0, beta: 1.0 };
        assert!(matches!(rank_probabilities(&[arm], 2), Err(Error::NotEnoughData { .. })));
        let odd = Beta { alpha: 0.0, beta: 1.0 };
        assert!(matches!(rank_probabilities(&[arm, odd], 1), Err(Error::OutOfRange { .. })));
    }
}

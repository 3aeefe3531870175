//! The probability that each of several independent normal scores is the highest.

/// What is believed about the score of one arm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Score {
    /// The expected score.
    pub mean: f64,
    /// How unsure it is: a standard deviation, 0 if known.
    pub deviation: f64,
}

/// How far into its tails an arm is followed, in standard deviations: 0.00003 of it lies beyond each end.
const TAIL: f64 = 4.0;
/// Places per arm, at least; with ten arms they lie within each other and the grid is ten times as fine.
const PLACES_MIN: usize = 9;
/// Places of all arms together, at least.
const PLACES: usize = 96;
/// A deviation of 0 becomes this share of the widest: the arm's jump lies between two places.
const NARROWEST: f64 = 1e-9;

/// Tells for each arm the probability that a draw of its score is the highest: what Thompson sampling chooses it with (Thompson
/// 1933). It is the integral over the arm's own distribution of the others' being lower, ∫ Π F_b dF_a, by the trapezoid rule on
/// places of all arms; off by less than 0.005, and the probabilities add up to 1. Whoever draws from what is told here needs
/// no correction for that.
pub fn probabilities_of_best(scores: &[Score]) -> Vec<f64> {
    let widest = scores.iter().fold(0.0_f64, |widest, score| widest.max(score.deviation));
    if widest == 0.0 {
        return shared_by_highest(scores);
    }
    let scores: Vec<Score> = scores
        .iter()
        .map(|score| Score { deviation: score.deviation.max(NARROWEST * widest), ..*score })
        .collect();
    let count = scores.len();
    let mut probabilities = vec![0.0; count];
    let (mut below, mut others) = (vec![0.0; count], vec![0.0; count]);
    let (mut below_before, mut others_before) = (vec![0.0; count], vec![0.0; count]);
    for place in places(&scores) {
        below.iter_mut().zip(&scores).for_each(|(below, score)| {
            *below = normal_below((place - score.mean) / score.deviation);
        });
        products_of_others(&below, &mut others);
        let steps = below.iter().zip(&below_before).zip(others.iter().zip(&others_before));
        for (probability, ((now, before), (left, right))) in probabilities.iter_mut().zip(steps) {
            *probability += (now - before) * (left + right) / 2.0;
        }
        std::mem::swap(&mut below, &mut below_before);
        std::mem::swap(&mut others, &mut others_before);
    }
    let sum: f64 = probabilities.iter().sum();
    probabilities.iter_mut().for_each(|probability| *probability /= sum);
    probabilities
}

/// Places at like quantiles of every arm, in order, from where the highest score cannot lie below.
fn places(scores: &[Score]) -> Vec<f64> {
    let end = |score: &Score| score.mean - TAIL * score.deviation;
    let lowest = scores.iter().map(end).fold(f64::NEG_INFINITY, f64::max);
    let per_arm = PLACES_MIN.max(PLACES / scores.len().max(1));
    #[expect(clippy::cast_precision_loss, reason = "a few places")]
    let step = 2.0 * TAIL / (per_arm - 1) as f64;
    let mut places = Vec::with_capacity(scores.len() * per_arm + 1);
    places.push(lowest);
    for score in scores {
        if score.mean + TAIL * score.deviation <= lowest {
            continue;
        }
        let mut quantile = -TAIL;
        for _ in 0..per_arm {
            let place = score.mean + quantile * score.deviation;
            if lowest < place {
                places.push(place);
            }
            quantile += step;
        }
    }
    places.sort_unstable_by(f64::total_cmp);
    places
}

/// For each arm the product of all others, without dividing.
fn products_of_others(factors: &[f64], products: &mut [f64]) {
    let mut before = 1.0;
    for (product, factor) in products.iter_mut().zip(factors) {
        *product = before;
        before *= factor;
    }
    let mut after = 1.0;
    for (product, factor) in products.iter_mut().zip(factors).rev() {
        *product *= after;
        after *= factor;
    }
}

fn shared_by_highest(scores: &[Score]) -> Vec<f64> {
    let highest = scores.iter().map(|score| score.mean).fold(f64::NEG_INFINITY, f64::max);
    let hits: Vec<f64> = scores.iter().map(|score| if score.mean == highest { 1.0 } else { 0.0 }).collect();
    let sum: f64 = hits.iter().sum();
    hits.into_iter().map(|hit| hit / sum).collect()
}

/// The standard normal distribution's share below `z`, to 1.5 · 10⁻⁷ (Abramowitz and Stegun 1964, formula 7.1.28): a polynomial and
/// no exponential, as it is asked for about a thousand times in each choice.
fn normal_below(z: f64) -> f64 {
    const A: [f64; 6] = [
        0.070_523_078_4,
        0.042_282_012_3,
        0.009_270_527_2,
        0.000_152_014_3,
        0.000_276_567_2,
        0.000_043_063_8,
    ];
    let far = z.abs() * std::f64::consts::FRAC_1_SQRT_2;
    let root = 1.0 + A.iter().rev().fold(0.0, |sum, a| (sum + a) * far);
    let fourth = root * root * root * root;
    let beyond = 0.5 / (fourth * fourth * fourth * fourth);
    if z < 0.0 { beyond } else { 1.0 - beyond }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(scores: &[(f64, f64)], wanted: &[f64]) {
        let scores: Vec<Score> =
            scores.iter().map(|(mean, deviation)| Score { mean: *mean, deviation: *deviation }).collect();
        let found = probabilities_of_best(&scores);
        assert!((found.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        for (found, wanted) in found.iter().zip(wanted) {
            assert!((found - wanted).abs() < 0.005, "{found} of {scores:?}, not {wanted}");
        }
    }

    /// Of two arms the first is best with Φ((μ₁ − μ₂) / √(σ₁² + σ₂²)).
    #[test]
    fn two_arms_have_a_closed_form() {
        for (a, b) in [
            ((0.0, 1.0), (0.0, 1.0)),
            ((1.0, 1.0), (0.0, 0.5)),
            ((0.2, 0.01), (0.0, 3.0)),
            ((3.0, 1.0), (0.0, 1.0)),
        ] {
            let first = normal_below((a.0 - b.0) / libm::hypot(a.1, b.1));
            check(&[a, b], &[first, 1.0 - first]);
        }
    }

    #[test]
    fn arms_that_are_alike_share() {
        check(&[(2.0, 0.3); 10], &[0.1; 10]);
        check(&[(1.0, 0.0), (1.0, 0.0), (0.0, 0.0)], &[0.5, 0.5, 0.0]);
    }

    #[test]
    fn a_known_arm_wins_as_often_as_the_unknown_one_is_lower() {
        check(&[(0.5, 0.0), (0.0, 1.0)], &[0.691_462, 0.308_538]);
        // Two narrow arms far below a wide one's mean: it alone decides.
        check(&[(0.0, 1e-6), (0.0, 1e-6), (0.0, 10.0)], &[0.25, 0.25, 0.5]);
    }

    /// Three arms, by 10⁷ draws of numpy 2.4 (seed 1): the third digit is sure.
    #[test]
    fn three_arms_agree_with_draws() {
        check(&[(0.0, 1.0), (0.3, 0.5), (-0.5, 2.0)], &NUMPY);
    }

    const NUMPY: [f64; 3] = [0.292_85, 0.409_62, 0.297_53];
}

//! When two arms of different sizes are too small for a skewed outcome.

use super::guardrail::{rounded_up, skewness};
use crate::moments::real;
use crate::numeric::count;

/// The skewness of a difference of means from which on a test at 5 % is wrong in more than 6 % of cases, by simulation of baskets and rare
/// events in hold-outs of a tenth.
const SKEWNESS_MAX: f64 = 0.2;

/// Tells how many people the smaller arm should have, if it has too few for the interval of the difference of the means to be trusted.
///
/// The mean of a skewed outcome is skewed itself, by less the more people there are (Hall 1992, *The Bootstrap and Edgeworth Expansion*, §2.6). Of two
/// arms of one size it cancels in the difference; of a small hold-out beside a large arm nearly all of it is left, and tests find effects that are not
/// there. Each arm counts as being as skewed as the more skewed of both, since a few values show little of a long tail; what is asked for keeps the
/// proportion of the arms.
pub fn people_wanted(treated: &[f64], control: &[f64]) -> Option<u64> {
    let (a, b) = (1.0 / count(treated.len()), 1.0 / count(control.len()));
    let skewed = skewness(treated).abs().max(skewness(control).abs());
    let of_difference = skewed * (a * a - b * b).abs() / libm::pow(a + b, 1.5);
    let smaller = real(u64::try_from(treated.len().min(control.len())).unwrap_or(u64::MAX));
    let times = of_difference / SKEWNESS_MAX;
    (1.0 < times).then(|| rounded_up(smaller * times * times))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::Chance;
    use crate::{Moments, mean_difference};

    fn baskets(chance: &mut Chance, people: usize) -> Vec<f64> {
        let mut basket = || if chance.below(10) == 0 { libm::exp(1.2 * chance.normal()) } else { 0.0 };
        (0..people).map(|_| basket()).collect()
    }

    /// Without an effect: how many of a thousand trials find one, and of how many it is said that they are too small.
    fn found(people: [usize; 2], arm: impl Fn(&mut Chance, usize) -> Vec<f64>) -> [usize; 2] {
        let mut chance = Chance::of(31);
        let mut counts = [0; 2];
        for _ in 0..1_000 {
            let [treated, control] = people.map(|people| arm(&mut chance, people));
            let effect = mean_difference(&Moments::of(&treated), &Moments::of(&control), 0.95);
            counts[0] += usize::from(effect.is_ok_and(|effect| !effect.holds_zero()));
            counts[1] += usize::from(people_wanted(&treated, &control).is_some());
        }
        counts
    }

    #[test]
    fn where_effects_are_found_that_are_not_there_it_is_said() {
        let [wrong, said] = found([900, 100], baskets);
        assert!(90 < wrong && said == 1_000, "{wrong} {said}");
        let rare = |chance: &mut Chance, people: usize| -> Vec<f64> {
            (0..people).map(|_| if chance.below(50) == 0 { 1.0 } else { 0.0 }).collect()
        };
        let [wrong, said] = found([1_800, 200], rare);
        assert!(70 < wrong && 950 < said, "{wrong} {said}");
        for people in [[18_000, 2_000], [300, 300]] {
            let [wrong, said] = found(people, rare);
            assert!(wrong <= 65 && said < 30, "{people:?}: {wrong} {said}");
        }
        let [wrong, said] = found([300, 300], baskets);
        assert!(wrong <= 65 && said == 0, "{wrong} {said}");
    }

    #[test]
    fn so_many_people_as_are_wanted_are_enough() {
        let share = |people: usize| -> Vec<f64> {
            (0..people).map(|number| if number % 50 == 0 { 1.0 } else { 0.0 }).collect()
        };
        // 200 · (0.96/√(0.02·0.98) · (200⁻² − 1800⁻²) / (200⁻¹ + 1800⁻¹)^1.5 / 0.2)² = 835.9
        assert_eq!(people_wanted(&share(1_800), &share(200)), Some(836));
        assert_eq!(people_wanted(&share(9_900), &share(1_100)), None);
        assert_eq!(people_wanted(&[1.0; 40], &[1.0; 400]), None);
        assert_eq!(people_wanted(&[], &[]), None);
    }
}

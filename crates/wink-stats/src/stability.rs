//! Have counts in the same bins shifted from one time to another: by how much, and by more than chance?

use statrs::distribution::{ChiSquared, ContinuousCDF, DiscreteCDF, Hypergeometric};

use crate::moments::real;
use crate::numeric::count;

/// From here on a shift is worth looking at (Siddiqi 2006, "Credit Risk Scorecards", system stability report: below 0.10 no significant change,
/// 0.10 to 0.25 a small one that needs to be looked into).
pub const SHIFT_NOTABLE: f64 = 0.10;

/// From here on it is a large one (the same table: above 0.25 a significant shift).
pub const SHIFT_LARGE: f64 = 0.25;

/// Bins expected to hold fewer than this in one of the two are put together: below it Pearson's χ² is not χ² distributed (Cochran 1954). Where two
/// are left that still hold fewer, Fisher's exact test is asked instead.
const EXPECTED_MIN: f64 = 5.0;

/// How far counts have shifted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stability {
    /// The population stability index, Σ (q − p) ln(q ÷ p) over the shares of the bins; 0 for the same shares. Half a count is added to each bin,
    /// so that an empty one gives a number.
    pub index: f64,
    /// How likely counts at least this different are if nothing has shifted, by Pearson's χ² of homogeneity, or by Fisher's exact test where one of
    /// two bins is small: after a short time following a long one most are. The index alone does not tell: it grows as (bins − 1)(1/n + 1/m) by chance (Yurdakul 2018, "Statistical Properties of Population Stability Index").
    pub p_value: f64,
}

/// Compares counts in bins with those in the same bins at another time. Bins that both have empty count for nothing, and small ones are put
/// together; of fewer than two bins nothing can shift.
/// Of lists of different lengths the rest of the longer one is passed over.
pub fn stability(before: &[u64], after: &[u64]) -> Stability {
    let bins = merged(before, after);
    let (n, m) = sums(&bins);
    if bins.len() < 2 || n == 0 || m == 0 {
        return Stability { index: 0.0, p_value: 1.0 };
    }
    Stability { index: index(&bins), p_value: exact(&bins).unwrap_or_else(|| by_chi_squared(&bins)) }
}

fn index(bins: &[(u64, u64)]) -> f64 {
    let (n, m) = sums(bins);
    let halves = 0.5 * count(bins.len());
    let parts = bins.iter().map(|(p, q)| {
        let (p, q) = ((real(*p) + 0.5) / (real(n) + halves), (real(*q) + 0.5) / (real(m) + halves));
        (q - p) * libm::log(q / p)
    });
    parts.sum()
}

fn by_chi_squared(bins: &[(u64, u64)]) -> f64 {
    let (n, m) = sums(bins);
    let part = |found: f64, expected: f64| (found - expected) * (found - expected) / expected;
    let statistic: f64 = bins
        .iter()
        .map(|(p, q)| {
            let expected = |all: u64| real(p + q) * real(all) / real(n + m);
            part(real(*p), expected(n)) + part(real(*q), expected(m))
        })
        .sum();
    ChiSquared::new(count(bins.len()) - 1.0).map_or(1.0, |chi_squared| chi_squared.sf(statistic))
}

/// Fisher's exact test of two bins of which one is small (Fisher 1935, "The Logic of Inductive Inference"): twice the smaller tail. `None` of others.
fn exact(bins: &[(u64, u64)]) -> Option<f64> {
    let [(large_before, large_after), (before, after)] = *bins else { return None };
    if EXPECTED_MIN <= least((before, after), sums(bins)) {
        return None;
    }
    let (small, drawn) = (before + after, large_after + after);
    let tails = Hypergeometric::new(large_before + large_after + small, small, drawn).ok()?;
    let at_least = if after == 0 { 1.0 } else { tails.sf(after - 1) };
    Some((2.0 * at_least.min(tails.cdf(after))).min(1.0))
}

/// Tells how likely it is that all of `seen` fall into one of two times, if each falls into it with probability `share`.
pub fn all_in_one(seen: u64, share: f64) -> f64 {
    libm::pow(share, real(seen))
}

/// Tells how likely nothing comes for so many slices of time, if something came in `active` of `slices` like them, each on its own: with half a slice
/// added to those in which something came and to those in which nothing did (Krichevsky, Trofimov 1981).
pub fn silence(active: u64, slices: u64, silent: f64) -> f64 {
    let slices = slices.max(active);
    libm::pow((real(slices - active) + 0.5) / (real(slices) + 1.0), silent)
}

fn sums(bins: &[(u64, u64)]) -> (u64, u64) {
    bins.iter().fold((0, 0), |(n, m), (p, q)| (n + p, m + q))
}

/// Tells how many a bin is expected to hold in the one of the two that holds less altogether.
fn least((p, q): (u64, u64), (n, m): (u64, u64)) -> f64 {
    real(p + q) * real(n.min(m)) / real(n + m)
}

/// Puts bins together that hold too little, and those with the least of the others if that is still too little, as long as two are left. The largest
/// comes first.
fn merged(before: &[u64], after: &[u64]) -> Vec<(u64, u64)> {
    let filled = |(p, q): &(u64, u64)| 0 < *p || 0 < *q;
    let mut bins: Vec<(u64, u64)> =
        before.iter().copied().zip(after.iter().copied()).filter(filled).collect();
    let all = sums(&bins);
    // By what they hold in both together: which of the two holds it does not decide what is put together.
    bins.sort_by_key(|(p, q)| std::cmp::Reverse(p + q));
    while 2 < bins.len() && bins.last().is_some_and(|bin| least(*bin, all) < EXPECTED_MIN) {
        let Some((p, q)) = bins.pop() else { break };
        if let Some(last) = bins.last_mut() {
            *last = (last.0 + p, last.1 + q);
        }
    }
    // What was put together may be more than the largest was alone.
    bins.sort_by_key(|(p, q)| std::cmp::Reverse(p + q));
    bins
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_about(found: f64, expected: f64) -> bool {
        (found - expected).abs() < 1e-9
    }

    #[test]
    fn the_index_is_what_the_formula_says() {
        // 0.4 ln(0.7 ÷ 0.3) − 0.4 ln(0.3 ÷ 0.7), of so many that the halves do not count.
        let found = stability(&[300_000, 700_000], &[700_000, 300_000]);
        assert!((found.index - 0.8 * libm::log(7.0 / 3.0)).abs() < 1e-5, "{found:?}");
        let found = stability(&[30, 70], &[50, 50]);
        // Expected 40, 60 in both: 100 ÷ 40 + 100 ÷ 60, twice, is 25 ÷ 3; its tail with one degree of freedom is 0.003892.
        assert!((found.p_value - 0.003_892_417).abs() < 1e-7, "{found:?}");
        let (p, q): (f64, f64) = (30.5 / 101.0, 50.5 / 101.0);
        let by_hand = (q - p) * libm::log(q / p) + (p - q) * libm::log((1.0 - q) / (1.0 - p));
        assert!(is_about(found.index, by_hand), "{found:?}");
    }

    #[test]
    fn what_is_the_same_or_too_little_has_not_shifted() {
        assert!(is_about(stability(&[10, 20, 30], &[20, 40, 60]).p_value, 1.0));
        let still = Stability { index: 0.0, p_value: 1.0 };
        assert_eq!(stability(&[], &[]), still);
        assert_eq!(stability(&[7], &[900]), still);
        assert_eq!(stability(&[0, 9], &[0, 8]), still);
        assert_eq!(stability(&[0, 0], &[3, 8]), still);
        // Three in a bin are too few to be told apart from their neighbour: what is left has not shifted.
        assert!(is_about(stability(&[50, 3, 0], &[50, 0, 3]).p_value, 1.0));
    }

    #[test]
    fn two_bins_of_which_one_is_small_are_compared_exactly() {
        // All of four on one side, all of four on the other: one of 70 ways, and the other way round (the lady who tasted tea).
        assert!(is_about(stability(&[4, 0], &[0, 4]).p_value, 2.0 / 70.0));
        assert!(is_about(stability(&[0, 4], &[4, 0]).p_value, 2.0 / 70.0));
        // A minute after a long time: everything is another word, and there was none of it before.
        let found = stability(&[4_000, 0, 0], &[0, 51, 9]);
        assert!(found.p_value < 1e-50 && SHIFT_LARGE < found.index, "{found:?}");
        assert!(0.5 < stability(&[4_000, 2], &[60, 0]).p_value);
    }

    #[test]
    fn chance_is_told_at_the_rate_it_has() {
        let mut chance = crate::numeric::Chance::of(11);
        let mut told = 0;
        for _ in 0..4_000 {
            let mut bins = [[0_u64; 6]; 2];
            for bin in &mut bins {
                (0..150).for_each(|_| bin[chance.below(6)] += 1);
            }
            told += usize::from(stability(&bins[0], &bins[1]).p_value < 0.01);
        }
        // 40 are expected; these are within four standard deviations of it.
        assert!((16..=66).contains(&told), "{told}");
    }

    #[test]
    fn a_run_on_one_side_is_as_likely_as_tossing_it() {
        assert!(is_about(all_in_one(10, 0.5), 1.0 / 1_024.0));
        assert!(is_about(all_in_one(0, 0.1), 1.0));
    }

    #[test]
    fn silence_after_what_came_every_day_is_no_chance_and_after_what_came_once_it_may_be() {
        assert!(is_about(silence(7, 7, 7.0), libm::pow(0.5 / 8.0, 7.0)));
        assert!(is_about(silence(1, 7, 7.0), libm::pow(6.5 / 8.0, 7.0)));
        assert!(is_about(silence(0, 0, 1.0), 0.5));
        assert!(is_about(silence(9, 7, 1.0), 0.05));
    }
}

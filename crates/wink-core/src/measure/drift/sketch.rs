//! How numbers are spread, in at most so many buckets: the more different they are, the wider the buckets.

use std::collections::BTreeMap;

/// A sketch has at most this many buckets: some four kilobytes, and far more than the ten groups that are compared.
const BUCKETS_MAX: usize = 128;

/// How many bits of a number's own are dropped at first: what is left is its sign, its exponent and three bits of its fraction, which makes eight
/// buckets from one power of two to the next.
const DROPPED: u32 = 49;

/// Counts of numbers by bucket, in two windows. Buckets are in the order of the numbers.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Sketch {
    buckets: BTreeMap<i32, [u64; 2]>,
    /// How often two neighbours were made one.
    coarser: u32,
}

impl Sketch {
    /// Counts a number in a window.
    pub(super) fn add(&mut self, number: f64, window: usize) {
        let bucket = bucket(number) >> self.coarser;
        if let Some(count) = self.buckets.entry(bucket).or_default().get_mut(window) {
            *count += 1;
        }
        while BUCKETS_MAX < self.buckets.len() {
            self.coarsen();
        }
    }

    fn coarsen(&mut self) {
        let mut wider: BTreeMap<i32, [u64; 2]> = BTreeMap::new();
        for (bucket, [before, after]) in std::mem::take(&mut self.buckets) {
            let both = wider.entry(bucket >> 1).or_default();
            *both = [both[0] + before, both[1] + after];
        }
        (self.buckets, self.coarser) = (wider, self.coarser + 1);
    }

    /// Groups the buckets into about as many groups of the same size, of both windows together: which window a number is in has no part in where
    /// the groups end.
    pub(super) fn groups(&self, wanted: u64) -> [Vec<u64>; 2] {
        let all: u64 = self.buckets.values().map(|[before, after]| before + after).sum();
        let (mut groups, mut open, mut passed) = ([Vec::new(), Vec::new()], [0, 0], 0);
        for [before, after] in self.buckets.values() {
            open = [open[0] + before, open[1] + after];
            passed += before + after;
            let closed = u64::try_from(groups[0].len()).unwrap_or(u64::MAX);
            if (closed + 1).saturating_mul(all) <= passed.saturating_mul(wanted) {
                groups[0].push(open[0]);
                groups[1].push(open[1]);
                open = [0, 0];
            }
        }
        groups
    }

    /// Tells about the median of a window, to two digits: the middle of its bucket, within a sixteenth as long as the buckets are at their narrowest.
    pub(super) fn median(&self, window: usize) -> Option<f64> {
        let count = |counts: &[u64; 2]| counts.get(window).copied().unwrap_or_default();
        let all: u64 = self.buckets.values().map(count).sum();
        let mut passed = 0;
        for (bucket, counts) in &self.buckets {
            passed += count(counts);
            if 0 < all && all <= passed.saturating_mul(2) {
                let (low, high) = (bucket << self.coarser, (bucket + 1) << self.coarser);
                // A bucket that ends at nought holds nought, and besides only what is less than any amount, length or share.
                let middle = if low == 0 || high == 0 { 0.0 } else { (start(low) + start(high)) / 2.0 };
                return Some(middle).filter(|median| median.is_finite()).map(two_digits);
            }
        }
        None
    }
}

/// Rounds to two digits, of which more would claim to be exact.
fn two_digits(number: f64) -> f64 {
    format!("{number:.1e}").parse().unwrap_or(number)
}

/// The bucket of a number. A greater number is never in a lower one.
fn bucket(number: f64) -> i32 {
    let size = i32::try_from(number.abs().to_bits() >> DROPPED).unwrap_or(i32::MAX);
    // Nought and what is above it from 0 on, the others below.
    if number < 0.0 { -1 - size } else { size }
}

/// Where a bucket begins, as near to nought as it reaches.
fn start(bucket: i32) -> f64 {
    let size = |bucket: i32| f64::from_bits(u64::from(bucket.unsigned_abs()) << DROPPED);
    if bucket < 0 { -size(bucket) } else { size(bucket) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_in_the_order_of_the_numbers_and_about_as_wide_as_a_ninth() {
        let numbers = [-1e9, -3.0, -2.9, -1e-9, 0.0, 1e-9, 0.5, 1.0, 1.2, 99.0, 100.0, 1e12, f64::MAX];
        assert!(numbers.map(bucket).is_sorted());
        assert_ne!(bucket(100.0), bucket(113.0));
        assert!(start(bucket(100.0)) <= 100.0 && 100.0 < start(bucket(100.0) + 1));
    }

    #[test]
    fn however_many_numbers_there_are_the_buckets_are_few_and_nothing_is_lost() {
        let mut sketch = Sketch::default();
        for exponent in -300..300 {
            for step in 0..20_i32 {
                let number = libm::pow(10.0, f64::from(exponent)) * f64::from(step - 10);
                sketch.add(number, usize::from(step % 2 == 0));
            }
        }
        assert!(sketch.buckets.len() <= BUCKETS_MAX);
        let counted: u64 = sketch.buckets.values().flatten().sum();
        assert_eq!(counted, 600 * 20);
        let [before, after] = sketch.groups(10);
        assert_eq!(before.iter().chain(&after).sum::<u64>(), counted);
    }

    #[test]
    fn the_median_is_about_right() {
        let mut sketch = Sketch::default();
        (1..=999).for_each(|number| sketch.add(f64::from(number), 0));
        (1..=999).for_each(|number| sketch.add(f64::from(-number), 1));
        let near = |found: f64, wanted: f64| (found / wanted - 1.0).abs() < 0.1;
        assert!(near(sketch.median(0).unwrap(), 500.0) && near(sketch.median(1).unwrap(), -500.0));
        assert_eq!(Sketch::default().median(0), None);
    }

    #[test]
    fn the_median_is_a_number_as_people_write_it() {
        for (number, told) in
            [(0.0, 0.0), (-0.0, 0.0), (1_234.0, 1_200.0), (0.037_5, 0.037), (-499.0, -500.0)]
        {
            let mut sketch = Sketch::default();
            (0..10).for_each(|_| sketch.add(number, 0));
            assert_eq!(sketch.median(0), Some(told), "{number}");
        }
        // Nought stays nought among numbers so far apart that buckets were made wider.
        let mut sketch = Sketch::default();
        (-300..300).for_each(|exponent| sketch.add(libm::pow(10.0, f64::from(exponent)), 1));
        (0..10).for_each(|_| sketch.add(0.0, 0));
        assert_eq!((sketch.median(0), sketch.coarser > 0), (Some(0.0), true));
    }
}

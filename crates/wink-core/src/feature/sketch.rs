//! Small summaries that add up exactly: how many different texts, how numbers are spread, what was shared out by name.
//!
//! Written here although crates exist: theirs keep floating sums or an estimate that depends on the order of arrival (HIP in
//! `datasketches`, the sum in `sketches-ddsketch`), and a state here must be the same in any order.

use super::series::Cell;

/// Registers of a HyperLogLog of 2^8 registers: a standard error of 6.5 % for many, and for few one less
/// whenever two fall on the same register.
/// Flajolet, Fusy, Gandouet, Meunier, "HyperLogLog", 2007, section 4; sparse as in Heule, Nunkesser, Hall, "HyperLogLog in
/// practice", 2013, section 5.3.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Registers(pub Vec<(u8, u8)>);

/// How many registers there are.
const REGISTERS: f64 = 256.0;

impl Registers {
    /// Counts a text in.
    pub fn add(&mut self, text: &str) {
        let hash = hash(text);
        let [register, ..] = hash.to_be_bytes();
        let rank = u8::try_from(((hash << 8) | 0x80).leading_zeros() + 1).unwrap_or(u8::MAX);
        self.raise(register, rank);
    }

    fn raise(&mut self, register: u8, rank: u8) {
        match self.0.binary_search_by_key(&register, |(register, _)| *register) {
            Ok(place) => {
                if let Some((_, found)) = self.0.get_mut(place) {
                    *found = rank.max(*found);
                }
            }
            Err(place) => self.0.insert(place, (register, rank)),
        }
    }

    /// Estimates how many different texts were counted.
    pub fn estimate(&self) -> f64 {
        let used = f64::from(u32::try_from(self.0.len()).unwrap_or(256));
        let empty = REGISTERS - used;
        let inverse: f64 = self.0.iter().map(|(_, rank)| libm::exp2(-f64::from(*rank))).sum();
        let raw = 0.7213 / (1.0 + 1.079 / REGISTERS) * REGISTERS * REGISTERS / (inverse + empty);
        // Few are counted by how many registers are still empty.
        if raw <= 2.5 * REGISTERS && 0.0 < empty { REGISTERS * libm::log(REGISTERS / empty) } else { raw }
    }
}

impl Cell for Registers {
    fn merge(&mut self, other: &Self) {
        other.0.iter().for_each(|(register, rank)| self.raise(*register, *rank));
    }
}

/// Counts of numbers by size, each class 2 % wide: a quantile is off by 1 % at most.
/// Masson, Rim, Lee, "DDSketch", 2019, section 2.1.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Histogram(pub Vec<(i16, u32)>);

/// The ratio of a class's bounds: (1 + 0.01) / (1 - 0.01).
const GAMMA: f64 = 1.01 / 0.99;

impl Histogram {
    /// The class of zero and of what is less.
    const ZERO: i16 = i16::MIN;

    /// Counts a number in.
    pub fn add(&mut self, number: i64) {
        let class = if number <= 0 { Self::ZERO } else { class(number) };
        self.count(class, 1);
    }

    fn count(&mut self, class: i16, more: u32) {
        match self.0.binary_search_by_key(&class, |(class, _)| *class) {
            Ok(place) => {
                if let Some((_, count)) = self.0.get_mut(place) {
                    *count = count.saturating_add(more);
                }
            }
            Err(place) => self.0.insert(place, (class, more)),
        }
    }

    /// Finds the value that `per_mille` of a thousand do not exceed.
    pub fn quantile(&self, per_mille: u16) -> Option<f64> {
        let all: u64 = self.0.iter().map(|(_, count)| u64::from(*count)).sum();
        let rank = all.checked_sub(1)? * u64::from(per_mille) / 1_000;
        let mut before = 0;
        let found = self.0.iter().find(|(_, count)| {
            before += u64::from(*count);
            rank < before
        });
        found.map(|(class, _)| match *class {
            Self::ZERO => 0.0,
            class => 2.0 * libm::pow(GAMMA, f64::from(class)) / (GAMMA + 1.0),
        })
    }
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "at most 64 ln 2 / ln 1.02 = 2,219 classes"
)]
fn class(number: i64) -> i16 {
    libm::ceil(libm::log(number as f64) / libm::log(GAMMA)) as i16
}

impl Cell for Histogram {
    fn merge(&mut self, other: &Self) {
        other.0.iter().for_each(|(class, count)| self.count(*class, *count));
    }
}

/// Sums by name, exact for up to [`Shared::NAMES_MAX`] names. Of more, those with the smallest hashes keep theirs: which they are
/// depends on the names alone, so that any order gives the same. What the others had is still part of the total.
/// The sample is that of Cohen, Kaplan, "Summarizing data using bottom-k sketches", 2007, section 2.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shared {
    /// The sums, ordered by name.
    pub sums: Vec<(Box<str>, i64)>,
    /// The sum over all names, kept or not.
    pub total: i64,
    /// Whether there were more names than are kept.
    pub is_sample: bool,
}

impl Shared {
    /// Names kept in a bucket: a real shop has some hundred categories, and a client that invents one per line must not make a
    /// person's state grow without end.
    pub const NAMES_MAX: usize = 256;

    /// Adds to a name.
    pub fn add(&mut self, name: &str, more: i64) {
        self.total = self.total.saturating_add(more);
        self.share(name, more);
    }

    /// Tells the sum of a name.
    pub fn sum(&self, name: &str) -> i64 {
        let place = self.sums.binary_search_by(|(known, _)| (**known).cmp(name));
        place.ok().and_then(|place| self.sums.get(place)).map_or(0, |(_, sum)| *sum)
    }

    fn share(&mut self, name: &str, more: i64) {
        match self.sums.binary_search_by(|(known, _)| (**known).cmp(name)) {
            Ok(place) => {
                if let Some((_, sum)) = self.sums.get_mut(place) {
                    *sum = sum.saturating_add(more);
                }
            }
            Err(place) => {
                self.sums.insert(place, (name.into(), more));
                if Self::NAMES_MAX < self.sums.len() {
                    self.drop_largest_hash();
                }
            }
        }
    }

    fn drop_largest_hash(&mut self) {
        let hashed = self.sums.iter().enumerate().map(|(place, (name, _))| (hash(name), place));
        if let Some((_, place)) = hashed.max() {
            self.sums.remove(place);
        }
        self.is_sample = true;
    }
}

impl Cell for Shared {
    fn merge(&mut self, other: &Self) {
        self.total = self.total.saturating_add(other.total);
        self.is_sample |= other.is_sample;
        other.sums.iter().for_each(|(name, sum)| self.share(name, *sum));
    }
}

/// Hashes a text to 64 bits, well mixed and the same everywhere: FNV-1a, then the finisher of SplitMix64. Nobody's secret hangs on it.
fn hash(text: &str) -> u64 {
    let fnv = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let mixed = (fnv ^ (fnv >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn different_texts_are_counted_within_the_sketch_s_error() {
        for (count, allowed) in [(1, 0.01), (10, 0.11), (100, 0.10), (1_000, 0.20), (50_000, 0.20)] {
            let mut registers = Registers::default();
            for n in 0..count {
                registers.add(&format!("product {n}"));
                registers.add(&format!("product {n}"));
            }
            let error = (registers.estimate() / f64::from(count) - 1.0).abs();
            assert!(error < allowed, "{count} were estimated as {}", registers.estimate());
        }
    }

    #[test]
    fn a_quantile_is_off_by_a_hundredth_at_most() {
        let mut histogram = Histogram::default();
        (1..=10_000).for_each(|n| histogram.add(n * 7));
        for (per_mille, exact) in [(0, 7.0), (250, 17_500.0), (500, 35_000.0), (990, 69_300.0)] {
            let found = histogram.quantile(per_mille).unwrap();
            assert!((found / exact - 1.0).abs() <= 0.010_1, "{per_mille}: {found} for {exact}");
        }
        assert_eq!(Histogram::default().quantile(500), None);
        let mut nothing = Histogram::default();
        nothing.add(-3);
        assert_eq!(nothing.quantile(500), Some(0.0));
    }

    #[test]
    fn names_beyond_the_limit_depend_on_the_names_alone_and_the_total_stays() {
        let names: Vec<String> = (0..600).map(|n| format!("category {n}")).collect();
        let add = |names: &mut dyn Iterator<Item = &String>| {
            let mut shared = Shared::default();
            names.for_each(|name| shared.add(name, 3));
            shared
        };
        let forwards = add(&mut names.iter());
        assert_eq!(forwards, add(&mut names.iter().rev()));
        assert_eq!((forwards.sums.len(), forwards.total, forwards.is_sample), (256, 1_800, true));
        let (mut left, right) = (add(&mut names[..300].iter()), add(&mut names[300..].iter()));
        left.merge(&right);
        assert_eq!(left, forwards);
        assert!(!add(&mut names[..256].iter()).is_sample);
    }
}

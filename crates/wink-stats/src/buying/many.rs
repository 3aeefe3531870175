//! Predictions for many customers at once. Days are few and customers are many: what depends on one time is computed once for each
//! different time, and what a customer needs is then a product of two numbers that lie in a table.

use super::cells::check;
use super::odds::{Odds, TABLED, count_up, is_worth_it};
use super::{FittedPurchases, History, Parameters};
use crate::Error;
use crate::numeric::{count, expected_over_beta};

/// Customers with their times replaced by places among the different times.
#[derive(Clone, Debug)]
pub struct Many {
    rows: Vec<Row>,
    /// The different t_x.
    last: Vec<f64>,
    /// The different T.
    observed: Vec<f64>,
    /// How many customers bought again so many times, up to [`TABLED`].
    repeated: Vec<usize>,
}

#[derive(Clone, Copy, Debug)]
struct Row {
    repeats: u32,
    last: u32,
    observed: u32,
}

/// The different times, found by their bits: an open table whose size is a power of two, at most half full.
struct Times {
    values: Vec<f64>,
    /// Bits and place of each; the bits of [`FREE`] where there is none.
    table: Vec<(u64, u32)>,
}

/// A NaN, whose bits no time has.
const FREE: u64 = u64::MAX;

impl Times {
    fn new() -> Self {
        Self { values: Vec::new(), table: vec![(FREE, 0); 1 << 12] }
    }

    #[inline]
    fn place(&mut self, time: f64) -> u32 {
        let bits = time.to_bits();
        let mask = self.table.len() - 1;
        let mut at = slot(bits, mask);
        while let Some((held, place)) = self.table.get(at).copied().filter(|(held, _)| *held != FREE) {
            if held == bits {
                return place;
            }
            at = (at + 1) & mask;
        }
        self.add(bits, at)
    }

    #[cold]
    fn add(&mut self, bits: u64, at: usize) -> u32 {
        let place = u32::try_from(self.values.len()).unwrap_or(u32::MAX);
        self.values.push(f64::from_bits(bits));
        self.table.get_mut(at).into_iter().for_each(|free| *free = (bits, place));
        if self.table.len() < 2 * self.values.len() {
            let mask = 2 * self.table.len() - 1;
            let mut table = vec![(FREE, 0); mask + 1];
            for (held, place) in self.table.iter().filter(|(held, _)| *held != FREE) {
                let mut at = slot(*held, mask);
                while table.get(at).is_some_and(|(held, _)| *held != FREE) {
                    at = (at + 1) & mask;
                }
                table.get_mut(at).into_iter().for_each(|free| *free = (*held, *place));
            }
            self.table = table;
        }
        place
    }
}

/// Spreads bits over `mask + 1` slots (Knuth 1998, vol. 3, §6.4, multiplicative hashing). The slot is the top of the product: whole numbers of
/// days have a one in their highest bits alone, and lower bits of the product would put all of them into one slot.
fn slot(bits: u64, mask: usize) -> usize {
    let product = bits.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    usize::try_from(product >> (64 - mask.count_ones())).unwrap_or(0)
}

impl Many {
    /// Takes customers.
    ///
    /// # Errors
    /// As [`Cells::of`](super::Cells::of).
    pub fn of(histories: &[History]) -> Result<Self, Error> {
        let (mut last, mut observed) = (Times::new(), Times::new());
        let mut rows = Vec::with_capacity(histories.len());
        let mut repeated = vec![0; TABLED];
        for (number, history) in histories.iter().enumerate() {
            check(number, history)?;
            rows.push(Row {
                repeats: history.repeats,
                last: last.place(history.last),
                observed: observed.place(history.observed),
            });
            count_up(&mut repeated, history.repeats);
        }
        Ok(Self { rows, last: last.values, observed: observed.values, repeated })
    }

    /// Tells how many there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Tells whether there is nobody.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    fn history(&self, row: Row) -> History {
        let time = |times: &[f64], place: u32| at(times, place).unwrap_or_default();
        History {
            repeats: row.repeats,
            last: time(&self.last, row.last),
            observed: time(&self.observed, row.observed),
        }
    }

    /// Tells whether so many bought again so many times that a table of all times is worth its making.
    fn is_tabled(&self, repeats: usize) -> bool {
        is_worth_it(&self.repeated, repeats, self.last.len() + self.observed.len())
    }
}

fn at(values: &[f64], place: u32) -> Option<f64> {
    values.get(usize::try_from(place).ok()?).copied()
}

impl FittedPurchases {
    /// Tells [`alive`](Self::alive) of many customers, in their order; the last digits may differ.
    pub fn alive_of(&self, many: &Many) -> Vec<f64> {
        let mut told = Vec::new();
        self.alive_into(many, &mut told);
        told
    }

    /// Tells the same into memory that is there: what `told` held is gone, what it has room for is used again. To get new memory from the
    /// system may take as long as to compute what is written to it.
    pub fn alive_into(&self, many: &Many, told: &mut Vec<f64>) {
        let is_tabled = |repeats| many.is_tabled(repeats);
        let odds = Odds::of(self.model(), &self.parameters(), &many.last, &many.observed, is_tabled);
        let of = |row: &Row| match odds.get(row.repeats, row.observed, row.last) {
            Some(odds) => 1.0 / (1.0 + odds),
            None => self.alive(&many.history(*row)),
        };
        told.clear();
        told.extend(many.rows.iter().map(of));
    }

    /// Tells [`purchases`](Self::purchases) of many customers, in their order; the last digits may differ.
    pub fn purchases_of(&self, many: &Many, t: f64) -> Vec<f64> {
        let Parameters { r, alpha, a, b } = self.parameters();
        self.times_alive(many, |repeats, observed| {
            let survived = count(self.model().survived(usize::try_from(repeats).unwrap_or(usize::MAX - 1)));
            expected_over_beta(r + f64::from(repeats), a, b + survived, t / (alpha + observed))
        })
    }

    /// Tells [`buys_within`](Self::buys_within) of many customers, in their order; the last digits may differ.
    pub fn buys_within_of(&self, many: &Many, t: f64) -> Vec<f64> {
        let Parameters { r, alpha, .. } = self.parameters();
        self.times_alive(many, |repeats, observed| {
            -libm::expm1(-(r + f64::from(repeats)) * libm::log1p(t / (alpha + observed)))
        })
    }

    /// What depends on x and T alone, computed once for each that occur, times P(alive).
    fn times_alive(&self, many: &Many, if_alive: impl Fn(u32, f64) -> f64) -> Vec<f64> {
        let mut told = self.alive_of(many);
        // NaN stands for what is not computed yet.
        let mut known: Vec<Vec<f64>> = vec![Vec::new(); TABLED];
        for (row, told) in many.rows.iter().zip(&mut told) {
            let fresh = || if_alive(row.repeats, many.history(*row).observed);
            let table = usize::try_from(row.repeats).ok().and_then(|repeats| known.get_mut(repeats));
            let Some(table) = table else {
                *told *= fresh();
                continue;
            };
            if table.is_empty() {
                *table = vec![f64::NAN; many.observed.len()];
            }
            let place = usize::try_from(row.observed).ok().and_then(|place| table.get_mut(place));
            let Some(place) = place else { continue };
            if place.is_nan() {
                *place = fresh();
            }
            *told *= *place;
        }
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::buying::{Cells, Model};
    use crate::numeric::Chance;

    /// People as a shop sees them, in days; a few who buy very often, and times that nobody else has.
    #[expect(clippy::cast_possible_truncation, reason = "a small count")]
    fn people() -> Vec<History> {
        let mut chance = Chance::of(3);
        let mut people = Vec::new();
        for number in 0..5_000_u32 {
            let observed = f64::from(200 + number % 90) / 7.0;
            let repeats = (6.0 * chance.gamma(0.4)) as u32;
            let last = if repeats == 0 { 0.0 } else { (chance.uniform() * observed * 7.0).ceil() / 7.0 };
            people.push(History { repeats, last: last.min(observed), observed });
        }
        people.push(History { repeats: 127, last: 12.3, observed: 30.0 });
        people.push(History { repeats: 128, last: 12.3, observed: 30.0 });
        people.push(History { repeats: 40_000, last: 30.0, observed: 31.7 });
        people.push(History { repeats: 3, last: 0.001, observed: 5_000.0 });
        people.push(History { repeats: 0, last: 0.0, observed: 0.0 });
        people
    }

    #[test]
    fn many_are_told_the_same_as_each_alone() {
        let people = people();
        let many = Many::of(&people).unwrap();
        assert_eq!((many.len(), many.is_empty()), (people.len(), false));
        let tabled = (0..TABLED).filter(|repeats| many.is_tabled(*repeats)).count();
        assert!((3..40).contains(&tabled), "{tabled} tables: both ways are tried");
        for model in [Model::BgNbd, Model::MbgNbd] {
            let fitted = model.fit(&Cells::of(&people).unwrap()).unwrap();
            let told =
                [fitted.alive_of(&many), fitted.purchases_of(&many, 4.0), fitted.buys_within_of(&many, 4.0)];
            for (number, history) in people.iter().enumerate() {
                let alone =
                    [fitted.alive(history), fitted.purchases(history, 4.0), fitted.buys_within(history, 4.0)];
                for (told, alone) in told.iter().zip(alone) {
                    let told = told[number];
                    assert!((told - alone).abs() <= 1e-11 * alone.abs(), "{history:?}: {told} {alone}");
                }
            }
        }
    }

    #[test]
    fn powers_that_no_float_holds_are_not_tabled() {
        let mut people: Vec<History> = (0..4_000)
            .map(|number| History { repeats: 100, last: f64::from(1 + number % 20), observed: 21.0 })
            .collect();
        people.extend((0..400).map(|_| History { repeats: 100, last: 1e-9, observed: 1e9 }));
        let many = Many::of(&people).unwrap();
        let parameters = Parameters { r: 0.2, alpha: 1e-6, a: 0.8, b: 2.4 };
        let fitted = Model::BgNbd.fit(&Cells::of(&self::people()).unwrap()).unwrap().with(parameters);
        for (told, history) in fitted.alive_of(&many).iter().zip(&people) {
            let alone = fitted.alive(history);
            assert!((told - alone).abs() <= 1e-11 * alone, "{history:?}: {told} {alone}");
        }
    }

    #[test]
    fn what_is_told_into_memory_that_is_there_is_the_same() {
        let many = Many::of(&people()).unwrap();
        let fitted = Model::BgNbd.fit(&Cells::of(&people()).unwrap()).unwrap();
        let mut told = vec![f64::NAN; 7 * many.len()];
        let (room, place) = (told.capacity(), told.as_ptr());
        fitted.alive_into(&many, &mut told);
        assert_eq!(told, fitted.alive_of(&many));
        assert_eq!((told.capacity(), told.as_ptr()), (room, place));
    }

    #[test]
    fn times_lie_near_their_slots_whatever_their_unit() {
        for (unit, times) in [("days", 1.0), ("weeks", 7.0), ("quarters of an hour", 96.0), ("years", 365.25)]
        {
            let mut found = Times::new();
            for number in 0..1_500 {
                found.place(f64::from(number) / times);
            }
            let mask = found.table.len() - 1;
            let from_home = |(at, &(bits, _)): (usize, &(u64, u32))| {
                (bits != FREE).then(|| at.wrapping_sub(slot(bits, mask)) & mask)
            };
            let steps: usize = found.table.iter().enumerate().filter_map(from_home).sum();
            // Knuth 1998, vol. 3, §6.4, theorem K: 0.3 steps for each, at a table filled as this one is.
            assert!(steps < 1_500, "{unit}: {steps} steps for 1,500 times");
        }
    }

    #[test]
    fn times_are_found_again_however_many_there_are() {
        let mut times = Times::new();
        let places: Vec<u32> = (0..5_000).map(|number| times.place(f64::from(number) / 7.0)).collect();
        assert_eq!(places, (0..5_000).collect::<Vec<u32>>());
        assert!((0..5_000).rev().all(|number| times.place(f64::from(number) / 7.0) == number));
    }

    #[test]
    fn histories_that_cannot_be_are_refused() {
        assert!(Many::of(&[History { repeats: 1, last: 3.0, observed: 2.0 }]).is_err());
        assert!(Many::of(&[History { repeats: 0, last: 0.0, observed: f64::NAN }]).is_err());
    }
}

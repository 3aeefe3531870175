//! The odds of having left, of many: products of two numbers out of tables, where there are enough to be worth a table.

use super::{Model, Parameters};
use crate::numeric::count;

/// Who bought again as often as this or more are few, and computed one by one.
pub(super) const TABLED: usize = 128;

/// Beyond this a product of powers may leave what a float can hold; then it is computed one by one.
const LOG_MAX: f64 = 600.0;

/// Odds of having left, as a number of x and T times a number of x and t_x.
pub(super) struct Odds {
    by_observed: Vec<f64>,
    by_last: Vec<f64>,
    /// Where the numbers of x begin in both; `None` where there are none.
    begin: Vec<Option<(usize, usize)>>,
}

impl Odds {
    /// The odds of having left, a/(b+m−1) · ((α+T)/(α+t_x))^(r+x), as products of powers of numbers near one: each is the one of x − 1
    /// once more times its number. Left out where a table of all times is not worth it, or a power may not be held.
    pub(super) fn of(
        model: Model,
        parameters: &Parameters,
        last: &[f64],
        observed: &[f64],
        is_tabled: impl Fn(usize) -> bool,
    ) -> Self {
        let &Parameters { r, alpha, a, b } = parameters;
        let longest = observed.iter().copied().fold(0.0, f64::max);
        let shortest = last.iter().copied().fold(longest, f64::min);
        let middle = libm::sqrt((alpha + longest) * (alpha + shortest));
        let spread = libm::log((alpha + longest) / (alpha + shortest));
        let mut odds = Self { by_observed: Vec::new(), by_last: Vec::new(), begin: Vec::new() };
        let Some(most) = (0..TABLED).rfind(|repeats| is_tabled(*repeats)) else { return odds };
        let ends: Vec<f64> = observed.iter().map(|time| (alpha + time) / middle).collect();
        let thens: Vec<f64> = last.iter().map(|time| middle / (alpha + time)).collect();
        let power = |base: &f64| libm::pow(*base, r);
        let mut of_ends: Vec<f64> = ends.iter().map(power).collect();
        let mut of_thens: Vec<f64> = thens.iter().map(power).collect();
        for repeats in 0..=most {
            if LOG_MAX < (r + count(repeats)) * spread {
                break;
            }
            let is_tabled = is_tabled(repeats);
            odds.begin.push(is_tabled.then_some((odds.by_observed.len(), odds.by_last.len())));
            if is_tabled {
                let survived = count(model.survived(repeats));
                // Who could not have left has not: odds of zero, without asking each of them.
                let toss = if survived == 0.0 { 0.0 } else { a / (b + survived - 1.0) };
                odds.by_observed.extend(of_ends.iter().map(|power| toss * power));
                odds.by_last.extend(&of_thens);
            }
            of_ends.iter_mut().zip(&ends).for_each(|(power, base)| *power *= base);
            of_thens.iter_mut().zip(&thens).for_each(|(power, base)| *power *= base);
        }
        odds
    }

    /// Tells the odds for x and the places of T and t_x, if they are in the tables.
    #[inline]
    pub(super) fn get(&self, repeats: u32, observed: u32, last: u32) -> Option<f64> {
        let place = |place: u32| usize::try_from(place).ok();
        let (by_observed, by_last) = self.begin.get(place(repeats)?).copied().flatten()?;
        let end = self.by_observed.get(by_observed + place(observed)?)?;
        Some(end * self.by_last.get(by_last + place(last)?)?)
    }
}

/// Counts one more of those who bought again so many times, of `counted` up to [`TABLED`].
#[inline]
pub(super) fn count_up(counted: &mut [usize], repeats: u32) {
    let place = usize::try_from(repeats).ok().and_then(|repeats| counted.get_mut(repeats));
    place.into_iter().for_each(|counted| *counted += 1);
}

/// Tells whether so many bought again so many times that a table of all these times is worth its making.
pub(super) fn is_worth_it(counted: &[usize], repeats: usize, times: usize) -> bool {
    times <= 4 * counted.get(repeats).copied().unwrap_or(0)
}

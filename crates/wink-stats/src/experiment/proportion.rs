//! Shares of people, and by how much two of them differ: for what people do or do not do, however rarely.

use crate::error::{at_least, share};
use crate::moments::real;
use crate::numeric::normal_quantile;
use crate::{Error, Interval, PEOPLE_MIN};

/// How many people did something, and how many did not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Proportion {
    /// Those who did.
    pub did: u64,
    /// Those who did not.
    pub did_not: u64,
}

impl Proportion {
    /// Counts a person.
    pub fn add(&mut self, did: bool) {
        if did { self.did += 1 } else { self.did_not += 1 }
    }

    /// Tells how many people there are.
    pub fn people(&self) -> u64 {
        self.did + self.did_not
    }

    /// Tells the share that did, if there is anybody.
    pub fn share(&self) -> Option<f64> {
        (0 < self.people()).then(|| real(self.did) / real(self.people()))
    }

    /// Estimates the share with its score interval of the given level.
    ///
    /// # Errors
    /// [`Error::NotEnoughData`] of nobody, [`Error::OutOfRange`] for a level that is no share.
    pub fn interval(&self, level: f64) -> Result<Interval, Error> {
        share("the level", level)?;
        at_least("people", 1, usize::try_from(self.people()).unwrap_or(usize::MAX))?;
        Ok(self.score(normal_quantile(0.5 + level / 2.0)))
    }

    /// The share with its score interval, `z` standard errors to either side (Wilson 1927, "Probable inference, the law of succession, and
    /// statistical inference"). It is of some width where nobody did, too. NaN of nobody.
    fn score(&self, z: f64) -> Interval {
        let (did, people) = (real(self.did), real(self.people()));
        let middle = did + z * z / 2.0;
        let reach = z * libm::sqrt(z * z / 4.0 + did * real(self.did_not) / people);
        let below = people + z * z;
        Interval { estimate: did / people, lower: (middle - reach) / below, upper: (middle + reach) / below }
    }
}

/// Estimates `share(a) − share(b)` with an interval of the given level that is made of both shares' score intervals (Newcombe 1998, "Interval
/// estimation for the difference between independent proportions", method 10). The interval of means is no good here: of what one in fifty
/// does, a small arm often has nobody, and then it takes the share for certain.
///
/// # Errors
/// [`Error::NotEnoughData`] below [`PEOPLE_MIN`] people in either, [`Error::OutOfRange`] for a level that is no share.
pub fn proportion_difference(a: &Proportion, b: &Proportion, level: f64) -> Result<Interval, Error> {
    share("the level", level)?;
    for arm in [a, b] {
        at_least("people in an arm", PEOPLE_MIN, usize::try_from(arm.people()).unwrap_or(usize::MAX))?;
    }
    Ok(newcombe(a, b, normal_quantile(0.5 + level / 2.0)))
}

fn newcombe(a: &Proportion, b: &Proportion, z: f64) -> Interval {
    let (a, b) = (a.score(z), b.score(z));
    let estimate = a.estimate - b.estimate;
    Interval {
        estimate,
        lower: estimate - libm::hypot(a.estimate - a.lower, b.upper - b.estimate),
        upper: estimate + libm::hypot(a.upper - a.estimate, b.estimate - b.lower),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::Chance;

    fn of(did: u64, people: u64) -> Proportion {
        Proportion { did, did_not: people - did }
    }

    /// Newcombe 1998, table II: his contrasts (a), (b), (c), (d), (f) and (h) by method 10.
    #[test]
    fn the_interval_is_the_one_that_was_published() {
        let check = |a: Proportion, b: Proportion, lower: f64, upper: f64| {
            let found = newcombe(&a, &b, normal_quantile(0.975));
            let close = |found: f64, wanted: f64| (found - wanted).abs() < 5.1e-5;
            assert!(close(found.lower, lower) && close(found.upper, upper), "{a:?} {b:?} {found:?}");
        };
        check(of(56, 70), of(48, 80), 0.0524, 0.3339);
        check(of(9, 10), of(3, 10), 0.1705, 0.8090);
        check(of(6, 7), of(2, 7), 0.0582, 0.8062);
        check(of(5, 56), of(0, 29), -0.0381, 0.1926);
        check(of(0, 10), of(0, 10), -0.2775, 0.2775);
        check(of(10, 10), of(0, 20), 0.6791, 1.0);
    }

    #[test]
    fn the_interval_holds_the_truth_as_often_as_it_says() {
        let mut chance = Chance::of(11);
        let mut arm = |people: usize, of_hundred: usize| {
            let mut arm = Proportion::default();
            (0..people).for_each(|_| arm.add(chance.below(100) < of_hundred));
            arm
        };
        let mut held = 0;
        for _ in 0..1_000 {
            let found = proportion_difference(&arm(661, 30), &arm(77, 25), 0.95).unwrap();
            held += i32::from(found.lower <= 0.05 && 0.05 <= found.upper);
        }
        assert!((930..=970).contains(&held), "{held}");
    }

    #[test]
    fn few_people_are_not_enough_and_few_who_did_are() {
        let (few, many) = (of(3, 29), of(3, 300));
        for (a, b) in [(few, many), (many, few)] {
            assert_eq!(
                proportion_difference(&a, &b, 0.95),
                Err(Error::NotEnoughData { what: "people in an arm", needed: 30, found: 29 })
            );
        }
        let nobody = proportion_difference(&of(0, 300), &of(0, 300), 0.95).unwrap();
        assert!(nobody.estimate == 0.0 && nobody.lower < -0.01 && 0.01 < nobody.upper, "{nobody:?}");
        assert!(matches!(proportion_difference(&many, &many, 95.0), Err(Error::OutOfRange { .. })));
        assert_eq!((of(0, 0).share(), of(1, 4).share()), (None, Some(0.25)));
    }
}

//! Rates of people of whom each shows little: everybody's own, pulled toward what all show together, the more the less they show.
//!
//! k of n contacts convert with a rate of the person's own, which differs between people as Beta(α, β): the beta-binomial distribution
//! (Griffiths 1973, "Maximum likelihood estimation for the beta-binomial distribution"). α and β are fitted to all, and what is believed of
//! one is then Beta(α + k, β + n − k): parametric empirical Bayes (Morris 1983, "Parametric empirical Bayes inference", §1).

use statrs::function::beta::beta_reg;

use crate::bandit::{Beta, rank_probabilities};
use crate::error::{at_least, share};
use crate::numeric::{Point, count, maximise};
use crate::{Error, Interval};

/// How people differ is not told by fewer than these.
pub const PEOPLE_MIN: u64 = 30;

/// Contacts of one person at most: more are a mistake in the data, and sums over each would take for ever.
const CONTACTS_MAX: u32 = 1_000_000;

/// Above this strength people are as good as alike: somebody with a thousand contacts moves their rate by a thousandth of the way.
const STRENGTH_MAX: f64 = 1e6;

/// Below this strength people convert always or never: one contact of their own counts a hundred times as much as what all show.
const STRENGTH_MIN: f64 = 0.01;

/// Halvings of an interval between 0 and 1 until a float cannot tell its ends apart.
const HALVINGS: u32 = 60;

const NAME: &str = "the beta-binomial";

/// How often somebody was contacted, and how often that converted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tally {
    /// Contacts.
    pub contacts: u32,
    /// Those that converted.
    pub conversions: u32,
}

/// How the rates of people differ.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pool {
    alpha: f64,
    beta: f64,
    differs: bool,
}

impl Pool {
    /// Fits by maximum likelihood, Newton's method on ln α and ln β. People who do not differ more than by chance are told as such: everybody
    /// then has the rate of all. Of people who convert always or never the likelihood grows as α and β near zero; they end where the strength is
    /// a hundredth.
    ///
    /// # Errors
    /// [`Error::NotEnoughData`] below [`PEOPLE_MIN`] people, [`Error::OutOfRange`] for more conversions than contacts or too many,
    /// [`Error::Constant`] if nothing converted or everything did.
    pub fn fit(people: &[Tally]) -> Result<Self, Error> {
        at_least(
            "people who were contacted",
            PEOPLE_MIN,
            people.iter().filter(|one| 0 < one.contacts).count(),
        )?;
        people.iter().try_for_each(check)?;
        let sum = |of: fn(&Tally) -> u32| people.iter().map(|one| f64::from(of(one))).sum::<f64>();
        let mean = sum(|one| one.conversions) / sum(|one| one.contacts);
        if mean == 0.0 || mean == 1.0 {
            return Err(Error::Constant { what: "whether a contact converts" });
        }
        let above = Above::of(people);
        for strength in [10.0, 1.0, 100.0] {
            let start = [strength * mean, strength * (1.0 - mean)].map(libm::log);
            if let Ok(optimum) = maximise(NAME, start, |at| above.point(at)) {
                let [alpha, beta] = optimum.at.map(libm::exp);
                if (STRENGTH_MIN..STRENGTH_MAX).contains(&(alpha + beta)) {
                    return Ok(Self { alpha, beta, differs: true });
                }
            }
        }
        // There is no summit between: it lies at one of the ends.
        let of = |strength: f64| [strength * mean, strength * (1.0 - mean)];
        let [differ, alike] =
            [STRENGTH_MIN, STRENGTH_MAX].map(|strength| above.point(&of(strength).map(libm::log)).value);
        let differs = alike < differ;
        let [alpha, beta] = of(if differs { STRENGTH_MIN } else { STRENGTH_MAX });
        Ok(Self { alpha, beta, differs })
    }

    /// Tells the rate of somebody of whom nothing is known: α/(α + β).
    pub fn mean(&self) -> f64 {
        self.alpha / (self.alpha + self.beta)
    }

    /// Tells how many contacts of somebody's own count as much as what is known of all: α + β.
    pub fn strength(&self) -> f64 {
        self.alpha + self.beta
    }

    /// Tells whether people differ more than by chance.
    pub fn differs(&self) -> bool {
        self.differs
    }

    /// Tells what is believed of somebody's rate.
    pub fn belief(&self, tally: &Tally) -> Beta {
        let failures = tally.contacts.saturating_sub(tally.conversions);
        Beta { alpha: self.alpha + f64::from(tally.conversions), beta: self.beta + f64::from(failures) }
    }

    /// Tells somebody's rate, with the interval in which it lies with the probability `level`, as much left out on either side. That α and β
    /// are estimates is not in it.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a level that is no share.
    pub fn rate(&self, tally: &Tally, level: f64) -> Result<Interval, Error> {
        share("the level", level)?;
        let belief = self.belief(tally);
        let left_out = (1.0 - level) / 2.0;
        Ok(Interval {
            estimate: belief.alpha / (belief.alpha + belief.beta),
            lower: quantile(&belief, left_out),
            upper: quantile(&belief, 1.0 - left_out),
        })
    }
}

/// The one of several rates of somebody that is the highest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Best {
    /// Its place among them.
    pub place: usize,
    /// It, with its interval.
    pub rate: Interval,
    /// How likely it is that no other is higher.
    pub probability: f64,
}

/// Finds the rate of somebody that is believed to be the highest; each pool goes with the tally at its place.
///
/// # Errors
/// [`Error::NotEnoughData`] without pools, or if there are not as many tallies; [`Error::OutOfRange`] for a level that is no share.
pub fn best(pools: &[Pool], tallies: &[Tally], level: f64) -> Result<Best, Error> {
    at_least("rates to compare", count_of(pools).max(1), tallies.len().min(pools.len()))?;
    let beliefs: Vec<Beta> = pools.iter().zip(tallies).map(|(pool, tally)| pool.belief(tally)).collect();
    let ranks = rank_probabilities(&beliefs, 1)?;
    let mut best: Option<Best> = None;
    for (place, ((pool, tally), ranks)) in pools.iter().zip(tallies).zip(&ranks).enumerate() {
        let belief = pool.belief(tally);
        let mean = belief.alpha / (belief.alpha + belief.beta);
        // Of two that are equal the first: the same whoever asks.
        if best.is_none_or(|best| best.rate.estimate < mean) {
            let probability = ranks.first().copied().unwrap_or_default();
            best = Some(Best { place, rate: pool.rate(tally, level)?, probability });
        }
    }
    best.ok_or(Error::NotEnoughData { what: "rates to compare", needed: 1, found: 0 })
}

fn count_of(pools: &[Pool]) -> u64 {
    u64::try_from(pools.len()).unwrap_or(u64::MAX)
}

fn check(tally: &Tally) -> Result<(), Error> {
    let refused = |what, value: u32, must| Err(Error::OutOfRange { what, value: f64::from(value), must });
    if tally.contacts < tally.conversions {
        return refused("the number of conversions", tally.conversions, "at most the number of contacts");
    }
    if CONTACTS_MAX < tally.contacts {
        return refused("the number of contacts", tally.contacts, "at most a million");
    }
    Ok(())
}

fn quantile(belief: &Beta, below: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..HALVINGS {
        let middle = (low + high) / 2.0;
        if beta_reg(belief.alpha, belief.beta, middle) < below {
            low = middle;
        } else {
            high = middle;
        }
    }
    (low + high) / 2.0
}

/// How many people have more than i conversions, failures and contacts: ratios of gamma functions are products over each of them.
struct Above {
    conversions: Vec<f64>,
    failures: Vec<f64>,
    contacts: Vec<f64>,
}

impl Above {
    fn of(people: &[Tally]) -> Self {
        let above = |of: fn(&Tally) -> u32| {
            let mut counts = Vec::new();
            for number in people.iter().map(|one| usize::try_from(of(one)).unwrap_or(0)) {
                if counts.len() < number {
                    counts.resize(number, 0.0);
                }
                let last = number.checked_sub(1).and_then(|last| counts.get_mut(last));
                last.into_iter().for_each(|count: &mut f64| *count += 1.0);
            }
            let mut sum = 0.0;
            counts.iter_mut().rev().for_each(|count| {
                sum += *count;
                *count = sum;
            });
            counts
        };
        Self {
            conversions: above(|one| one.conversions),
            failures: above(|one| one.contacts - one.conversions),
            contacts: above(|one| one.contacts),
        }
    }

    /// The log-likelihood Σ ln [Γ(α+k)/Γ(α) · Γ(β+n−k)/Γ(β) · Γ(α+β)/Γ(α+β+n)] by ln α and ln β.
    fn point(&self, at: &[f64; 2]) -> Point<2> {
        let [alpha, beta] = at.map(libm::exp);
        let (yes, no, all) = (
            rising(&self.conversions, alpha),
            rising(&self.failures, beta),
            rising(&self.contacts, alpha + beta),
        );
        let gradient = [alpha * (yes.slope - all.slope), beta * (no.slope - all.slope)];
        let [along_alpha, along_beta] = gradient;
        let mixed = -alpha * beta * all.curve;
        Point {
            value: yes.value + no.value - all.value,
            gradient,
            hessian: [
                [alpha * alpha * (yes.curve - all.curve) + along_alpha, mixed],
                [mixed, beta * beta * (no.curve - all.curve) + along_beta],
            ],
        }
    }
}

/// Σ ln(θ + i), with its derivatives by θ.
struct Rising {
    value: f64,
    slope: f64,
    curve: f64,
}

fn rising(above: &[f64], theta: f64) -> Rising {
    let mut sums = Rising { value: 0.0, slope: 0.0, curve: 0.0 };
    for (i, people) in above.iter().enumerate() {
        let shifted = theta + count(i);
        sums.value += people * libm::log(shifted);
        sums.slope += people / shifted;
        sums.curve -= people / (shifted * shifted);
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::Chance;

    fn drawn(people: u32, alpha: f64, beta: f64, chance: &mut Chance) -> Vec<(f64, Tally)> {
        (0..people)
            .map(|number| {
                let rate = chance.beta(alpha, beta);
                let contacts = 1 + number % 12;
                let conversions = (0..contacts).map(|_| u32::from(chance.uniform() < rate)).sum();
                (rate, Tally { contacts, conversions })
            })
            .collect()
    }

    fn tallies(people: &[(f64, Tally)]) -> Vec<Tally> {
        people.iter().map(|(_, tally)| *tally).collect()
    }

    #[test]
    fn how_people_differ_is_found_again() {
        let pool = Pool::fit(&tallies(&drawn(40_000, 1.5, 12.0, &mut Chance::of(4)))).unwrap();
        assert!((pool.alpha / 1.5 - 1.0).abs() < 0.05, "{pool:?}");
        assert!((pool.beta / 12.0 - 1.0).abs() < 0.06, "{pool:?}");
        assert!(pool.differs());
    }

    #[test]
    fn intervals_of_95_per_cent_hold_95_per_cent() {
        let mut chance = Chance::of(5);
        let people = drawn(20_000, 2.0, 9.0, &mut chance);
        let pool = Pool::fit(&tallies(&people)).unwrap();
        let (mut held, mut ours, mut raw) = (0.0, 0.0, 0.0);
        for (rate, tally) in &people {
            let told = pool.rate(tally, 0.95).unwrap();
            held += f64::from(u8::from(told.lower <= *rate && *rate <= told.upper));
            ours += (told.estimate - rate) * (told.estimate - rate);
            let own = f64::from(tally.conversions) / f64::from(tally.contacts);
            raw += (own - rate) * (own - rate);
        }
        assert!((0.94..0.96).contains(&(held / 20_000.0)), "{held}");
        assert!(ours < raw / 2.0, "pulled together they are off by {ours}, each alone by {raw}");
    }

    #[test]
    fn people_who_are_alike_all_have_the_rate_of_all() {
        let mut chance = Chance::of(6);
        let alike: Vec<Tally> = (0..3_000)
            .map(|_| {
                let conversions = (0..4).map(|_| u32::from(chance.uniform() < 0.3)).sum();
                Tally { contacts: 4, conversions }
            })
            .collect();
        let pool = Pool::fit(&alike).unwrap();
        let [few, many] =
            [0, 4].map(|conversions| pool.rate(&Tally { contacts: 4, conversions }, 0.9).unwrap());
        assert!(many.estimate - few.estimate < 0.05, "{pool:?} {few:?} {many:?}");
    }

    #[test]
    fn people_who_convert_always_or_never_differ_as_much_as_people_can() {
        let people: Vec<Tally> = (0..300)
            .map(|number| Tally { contacts: 3, conversions: if number % 3 == 0 { 3 } else { 0 } })
            .collect();
        let pool = Pool::fit(&people).unwrap();
        assert!(pool.differs() && (pool.mean() - 1.0 / 3.0).abs() < 1e-9, "{pool:?}");
        let [never, always] =
            [0, 3].map(|conversions| pool.rate(&Tally { contacts: 3, conversions }, 0.95).unwrap());
        assert!(never.estimate < 0.01 && 0.99 < always.estimate, "{never:?} {always:?}");
    }

    #[test]
    fn who_was_never_contacted_has_the_rate_of_all() {
        let pool = Pool::fit(&tallies(&drawn(500, 2.0, 5.0, &mut Chance::of(7)))).unwrap();
        assert_eq!(pool.rate(&Tally::default(), 0.95).unwrap().estimate, pool.mean());
    }

    #[test]
    fn the_best_of_several_is_the_highest_once_all_are_pulled_together() {
        let tally = |contacts, conversions| Tally { contacts, conversions };
        let pools = [(9, 2.0, 8.0), (10, 1.0, 19.0)].map(|(seed, alpha, beta)| {
            Pool::fit(&tallies(&drawn(20_000, alpha, beta, &mut Chance::of(seed)))).unwrap()
        });
        let of = |first, second| best(&pools, &[first, second], 0.95).unwrap();
        assert_eq!(
            of(tally(0, 0), tally(0, 0)).place,
            0,
            "nothing is known of them: the one that is higher for all"
        );
        // One of one is no better than what all show of the other; nine of ten are.
        assert_eq!(of(tally(0, 0), tally(1, 1)).place, 0);
        let sure = of(tally(20, 1), tally(10, 9));
        assert_eq!((sure.place, sure.rate), (1, pools[1].rate(&tally(10, 9), 0.95).unwrap()));
        assert!(0.95 < sure.probability && of(tally(0, 0), tally(1, 1)).probability < 0.8, "{sure:?}");
        assert!(matches!(best(&pools, &[tally(0, 0)], 0.95), Err(Error::NotEnoughData { .. })));
        assert!(matches!(best(&[], &[], 0.95), Err(Error::NotEnoughData { .. })));
        assert!(matches!(best(&pools, &[tally(0, 0); 2], 95.0), Err(Error::OutOfRange { .. })));
    }

    #[test]
    fn what_tells_nothing_is_refused() {
        let tally = |contacts, conversions| Tally { contacts, conversions };
        assert!(matches!(Pool::fit(&[tally(3, 1); 29]), Err(Error::NotEnoughData { found: 29, .. })));
        assert!(matches!(Pool::fit(&[tally(0, 0); 99]), Err(Error::NotEnoughData { found: 0, .. })));
        assert!(matches!(Pool::fit(&[tally(3, 0); 99]), Err(Error::Constant { .. })));
        assert!(matches!(Pool::fit(&[tally(3, 3); 99]), Err(Error::Constant { .. })));
        assert!(matches!(Pool::fit(&[tally(3, 4); 99]), Err(Error::OutOfRange { .. })));
        assert!(matches!(Pool::fit(&[tally(2_000_000, 4); 99]), Err(Error::OutOfRange { .. })));
        let pool = Pool::fit(&[tally(3, 1), tally(4, 4)].repeat(40)).unwrap();
        assert!(pool.rate(&tally(3, 1), 1.5).is_err());
    }

    #[test]
    fn slopes_and_curves_are_those_of_the_value() {
        let above = Above::of(&tallies(&drawn(50, 2.0, 5.0, &mut Chance::of(8))));
        let (at, step) = ([0.4, 1.3], 1e-5);
        let here = above.point(&at);
        for index in 0..2 {
            let (mut up, mut down) = (at, at);
            up[index] += step;
            down[index] -= step;
            let (up, down) = (above.point(&up), above.point(&down));
            assert!(((up.value - down.value) / (2.0 * step) - here.gradient[index]).abs() < 1e-6);
            for other in 0..2 {
                let curve = (up.gradient[other] - down.gradient[other]) / (2.0 * step);
                assert!((curve - here.hessian[index][other]).abs() < 1e-6, "{index} {other}");
            }
        }
    }
}

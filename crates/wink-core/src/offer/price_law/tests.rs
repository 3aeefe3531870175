//! The cases of the law, and a second reckoning over histories that are drawn, day by day.

use std::cell::Cell;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::{Duty, GERMANY, Kind, PriceHistory, Reduction, Reference, Rule, Step, reference};
use crate::base::{Cents, Timestamp};

fn day(day: i64) -> Timestamp {
    Timestamp(0).plus_days(day)
}

/// Prices by the day from which they hold; 0 is a gap.
fn history(steps: &[(i64, i64)]) -> PriceHistory {
    let step =
        |(from, price): &(i64, i64)| Step { from: day(*from), price: (0 < *price).then_some(Cents(*price)) };
    PriceHistory::new(steps.iter().map(step))
}

/// What is to be shown at a day of a reduction that is announced since another: price, reference and per cent.
fn check(kind: Kind, steps: &[(i64, i64)], announced: i64, now: i64, expected: Option<(i64, i64, u8)>) {
    let found = reference(&history(steps), kind, day(announced), day(now), &GERMANY);
    let found = match found {
        Some(Reference::Price(reduction)) => {
            Some((reduction.price.0, reduction.reference.0, reduction.percent()))
        }
        Some(Reference::NoPrice) => None,
        other => panic!("{other:?}"),
    };
    assert_eq!(found, expected, "{kind:?} {steps:?}");
}

#[test]
fn a_reduction_is_measured_against_the_lowest_price_of_thirty_days() {
    check(Kind::General, &[(0, 1_000), (29, 800)], 29, 29, Some((800, 1_000, 20)));
    // Raised for a day, then lowered: it is the price before that counts.
    check(Kind::General, &[(0, 1_000), (40, 1_200), (41, 900)], 41, 41, Some((900, 1_000, 10)));
    // The low price of long ago does not count, that of the thirtieth day does.
    check(Kind::General, &[(0, 500), (10, 1_000), (40, 800)], 40, 45, Some((800, 1_000, 20)));
    check(Kind::General, &[(0, 500), (10, 1_000), (39, 800)], 39, 45, Some((800, 500, 0)));
}

#[test]
fn what_was_not_the_price_before_may_not_be_said() {
    let raised = history(&[(0, 1_000), (40, 1_200), (41, 900)]);
    let found = reference(&raised, Kind::General, day(41), day(41), &GERMANY);
    let Some(Reference::Price(reduction)) = found else { panic!("{found:?}") };
    assert!(reduction.allows(Cents(1_000)));
    assert!(!reduction.allows(Cents(1_200)));
    let unchanged = Reduction { price: Cents(1_000), ..reduction };
    assert!(!unchanged.allows(Cents(1_000)), "nothing is reduced");
    assert_eq!(Reduction { price: Cents(667), reference: Cents(1_000), ..reduction }.percent(), 33);
}

#[test]
fn a_staircase_counts_from_its_first_step_until_it_is_broken() {
    let staircase = [(0, 1_000), (50, 900), (60, 800), (70, 700)];
    for (now, price, percent) in [(50, 900, 10), (60, 800, 20), (75, 700, 30)] {
        check(Kind::Gradual, &staircase, 50, now, Some((price, 1_000, percent)));
    }
    // Announced as steps of one reduction, not: each is measured against the one before.
    check(Kind::General, &staircase, 50, 75, Some((700, 800, 12)));
    // What became cheaper before anything was announced was the price.
    check(Kind::Gradual, &staircase, 60, 75, Some((700, 900, 22)));
    // A day off sale, or at the old price, begins it anew.
    check(Kind::Gradual, &[(0, 1_000), (50, 800), (60, 0), (61, 800)], 50, 61, Some((800, 800, 0)));
    check(Kind::Gradual, &[(0, 1_000), (50, 800), (60, 1_000), (61, 700)], 50, 61, Some((700, 800, 12)));
    check(Kind::Gradual, &[(0, 1_000), (50, 800), (60, 1_000), (99, 700)], 50, 99, Some((700, 1_000, 30)));
}

#[test]
fn a_new_article_has_the_lowest_price_it_had_and_none_where_it_had_none() {
    check(Kind::General, &[(0, 1_000), (3, 900)], 3, 3, Some((900, 1_000, 10)));
    check(Kind::General, &[(0, 1_000)], 0, 5, None);
    check(Kind::General, &[(0, 1_000), (5, 0)], 0, 6, None);
    check(Kind::General, &[], 0, 6, None);
}

#[test]
fn for_one_person_and_for_what_spoils_nothing_is_asked() {
    for kind in [Kind::Individual, Kind::Perishable] {
        let found = reference(&history(&[(0, 1_000), (5, 500)]), kind, day(5), day(5), &GERMANY);
        assert_eq!(found, Some(Reference::NotAsked { source: "PAngV section 11 (4)" }));
    }
    assert_eq!(reference(&history(&[(0, 1)]), Kind::General, day(0), day(0), &[]), None);
}

/// The same, by looking at every day.
fn by_the_day(prices: &[Option<i64>], kind: Kind, announced: usize) -> Option<(i64, i64, usize)> {
    let now = prices.len() - 1;
    let price = prices[now]?;
    let begins = |day: &usize| *day == 0 || prices[*day] != prices[*day - 1];
    let mut begun = (0..=now).rev().find(begins)?;
    let goes_down = |day: usize| {
        0 < day && prices[day].is_some_and(|price| prices[day - 1].is_some_and(|before| price < before))
    };
    if kind == Kind::Gradual && goes_down(begun) {
        while let Some(earlier) =
            (0..begun).rev().find(begins).filter(|day| announced <= *day && goes_down(*day))
        {
            begun = earlier;
        }
    }
    let lowest = prices[begun.saturating_sub(30)..begun].iter().flatten().min()?;
    Some((price, *lowest, begun))
}

/// What happens to the price of a product between two looks at it.
#[derive(Clone, Copy, Debug)]
enum Deed {
    /// It is listed at a price, for the first time, at another or at the same.
    Listed(i64),
    /// It is off sale.
    Gone,
    /// The server begins anew: the history is what was stored of it.
    Restarted,
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        6 => (1..7_i64).prop_map(|price| Deed::Listed(100 * price)),
        1 => Just(Deed::Gone),
        1 => Just(Deed::Restarted),
    ]
}

/// Slots of a quarter of a day; most deeds lie within 30 days of each other, some do not.
fn deeds() -> impl Strategy<Value = Vec<(usize, Deed)>> {
    let apart = prop_oneof![6 => 1..60_usize, 2 => 60..119_usize, 1 => 119..180_usize];
    vec((apart, deed()), 1..40)
}

const SLOT_MS: i64 = 6 * 3_600_000;
const SLOTS_OF_30_DAYS: usize = 120;

fn slot(slot: usize) -> Timestamp {
    Timestamp(SLOT_MS * i64::try_from(slot).unwrap())
}

/// Plays deeds twice: into a history as a server does, and into an array with the price of every slot.
fn played(deeds: &[(usize, Deed)]) -> (PriceHistory, Vec<Option<i64>>) {
    let (mut history, mut prices): (PriceHistory, Vec<Option<i64>>) = (PriceHistory::default(), Vec::new());
    let mut present = None;
    for (apart, deed) in deeds {
        prices.extend(std::iter::repeat_n(present, *apart));
        let now = prices.len();
        match *deed {
            Deed::Listed(price) => {
                present = Some(price);
                history.note(slot(now), Some(Cents(price)));
            }
            Deed::Gone => {
                present = None;
                history.note(slot(now), None);
            }
            Deed::Restarted => history = PriceHistory::new(history.steps().to_vec()),
        }
    }
    prices.extend(std::iter::repeat_n(present, 3));
    (history, prices)
}

/// What may be announced, by looking at every slot.
fn by_the_slot(prices: &[Option<i64>], kind: Kind, announced: usize) -> Option<(i64, i64)> {
    let now = prices.len() - 1;
    let price = prices[now]?;
    let begins = |slot: &usize| *slot == 0 || prices[*slot] != prices[*slot - 1];
    let falls = |slot: usize| {
        0 < slot && prices[slot].zip(prices[slot - 1]).is_some_and(|(own, before)| own < before)
    };
    let mut begun = (0..=now).rev().find(begins)?;
    if kind == Kind::Gradual && falls(begun) {
        while let Some(earlier) =
            (0..begun).rev().find(begins).filter(|slot| announced <= *slot && falls(*slot))
        {
            begun = earlier;
        }
    }
    let lowest = prices[begun.saturating_sub(SLOTS_OF_30_DAYS)..begun].iter().flatten().min()?;
    Some((price, *lowest))
}

/// So many in a test run, and a hundred thousand in a round of a campaign, which asks for 2,000 of every property.
fn histories() -> ProptestConfig {
    let asked = ProptestConfig::default();
    let cases = if asked.cases < 1_000 { 2_000 } else { asked.cases.saturating_mul(50) };
    ProptestConfig { cases, failure_persistence: None, ..asked }
}

/// A way to find what a reduction is measured against; a mutant has another.
type Measure = fn(&PriceHistory, Kind, Timestamp, Timestamp) -> Option<Reference>;

fn sound(history: &PriceHistory, kind: Kind, announced: Timestamp, now: Timestamp) -> Option<Reference> {
    reference(history, kind, announced, now, &GERMANY)
}

/// Holds a history against what looking at every slot says; gives whether anything could be announced.
fn holds(deeds: &[(usize, Deed)], kind: Kind, since: usize, measure: Measure) -> Result<bool, String> {
    let (history, prices) = played(deeds);
    let now = prices.len() - 1;
    let announced = now.saturating_sub(since);
    let found = match measure(&history, kind, slot(announced), slot(now)) {
        Some(Reference::Price(reduction)) => {
            let (price, reference) = (reduction.price.0, reduction.reference.0);
            // Per cent by hand: the largest whole number that is not more than the reduction.
            let percent = (0..=100).rev().find(|percent| 100 * (reference - price) >= percent * reference);
            if i64::from(reduction.percent()) != percent.unwrap_or(0) {
                return Err(format!("{} % from {reference} to {price}", reduction.percent()));
            }
            Some((price, reference))
        }
        Some(Reference::NoPrice) => None,
        other => return Err(format!("{other:?}")),
    };
    let expected = by_the_slot(&prices, kind, announced);
    if found != expected {
        return Err(format!("{kind:?} is measured as {found:?}, not {expected:?}: {deeds:?}"));
    }
    Ok(expected.is_some_and(|(price, reference)| price < reference))
}

/// Histories with gaps, returns to old prices, restarts of the server, and reductions in steps, to the quarter of a day.
#[expect(clippy::disallowed_macros, reason = "a campaign reads what was tried off the output")]
#[test]
fn histories_of_any_kind_are_measured_as_looking_at_every_slot_says() {
    let config = histories();
    let (cases, reduced) = (config.cases, Cell::new(0_u32));
    let drawn = (deeds(), any::<bool>(), 0..366 * 4_usize);
    TestRunner::new(config)
        .run(&drawn, |(deeds, is_gradual, since)| {
            let kind = if is_gradual { Kind::Gradual } else { Kind::General };
            let is_reduced = holds(&deeds, kind, since, sound).map_err(TestCaseError::fail)?;
            reduced.set(reduced.get() + u32::from(is_reduced));
            Ok(())
        })
        .unwrap();
    assert!(cases / 20 < reduced.get(), "{} of {cases} histories end in a reduction", reduced.get());
    println!("evidence I36 price_histories histories={cases} reductions={}", reduced.get());
}

fn is_caught(measure: Measure) -> bool {
    let seeds = ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() };
    let drawn = (deeds(), any::<bool>(), 0..366 * 4_usize);
    let run = TestRunner::new(seeds).run(&drawn, |(deeds, is_gradual, since)| {
        let kind = if is_gradual { Kind::Gradual } else { Kind::General };
        holds(&deeds, kind, since, measure).map(drop).map_err(TestCaseError::fail)
    });
    run.is_err()
}

#[test]
fn a_law_that_is_read_otherwise_is_caught() {
    // Against the price just before, as shops did until the law was written.
    assert!(is_caught(|history, kind, announced, now| {
        Some(match sound(history, kind, announced, now)? {
            Reference::Price(reduction) => {
                let before = history.at(Timestamp(reduction.begun_at.0 - 1)).unwrap_or(reduction.reference);
                Reference::Price(Reduction { reference: before, ..reduction })
            }
            other => other,
        })
    }));
    // Every reduction as if it were one of the steps of a staircase, and a staircase as if it were none.
    assert!(is_caught(|history, _, announced, now| sound(history, Kind::Gradual, announced, now)));
    assert!(is_caught(|history, _, announced, now| sound(history, Kind::General, announced, now)));
    // Twenty-nine days, and a staircase that goes on over gaps.
    assert!(is_caught(|history, kind, announced, now| {
        let short = [
            Rule { duty: Duty::LowestBeforeThisStep { days: 29 }, ..GERMANY[0] },
            Rule { duty: Duty::LowestBeforeFirstStep { days: 29 }, ..GERMANY[1] },
        ];
        reference(history, kind, announced, now, &short)
    }));
    assert!(is_caught(|history, kind, announced, now| {
        let priced = history.steps().iter().filter(|step| step.price.is_some()).copied();
        sound(&PriceHistory::new(priced), kind, announced, now)
    }));
}

/// At least so many histories by the day; `PROPTEST_CASES`, which the default reads, asks for more.
fn histories_by_the_day() -> ProptestConfig {
    let asked = ProptestConfig::default();
    ProptestConfig { cases: asked.cases.max(1_000), failure_persistence: None, ..asked }
}

proptest! {
    #![proptest_config(histories_by_the_day())]

    #[test]
    fn any_history_gives_what_looking_at_every_day_gives(
        runs in vec((option::weighted(0.8, 1..6_i64), 1..25_usize), 1..12),
        announced in 0..150_usize,
        is_gradual in any::<bool>(),
    ) {
        let prices: Vec<Option<i64>> =
            runs.iter().flat_map(|(price, days)| std::iter::repeat_n(*price, *days)).collect();
        let kind = if is_gradual { Kind::Gradual } else { Kind::General };
        let steps: Vec<(i64, i64)> = (0..).zip(&prices).map(|(day, price)| (day, price.unwrap_or(0))).collect();
        let now = i64::try_from(prices.len()).unwrap() - 1;
        let since = i64::try_from(announced).unwrap();
        let found = reference(&history(&steps), kind, day(since), day(now), &GERMANY);
        let expected = by_the_day(&prices, kind, announced).map_or(Reference::NoPrice, |(price, lowest, begun)| {
            Reference::Price(Reduction {
                price: Cents(price),
                reference: Cents(lowest),
                begun_at: day(i64::try_from(begun).unwrap()),
                source: if is_gradual { "PAngV section 11 (2)" } else { "PAngV section 11 (1)" },
            })
        });
        prop_assert_eq!(found, Some(expected));
    }
}

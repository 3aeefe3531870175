//! The cases of the law, and a second reckoning over histories that are drawn, day by day.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::{GERMANY, Kind, PriceHistory, Reduction, Reference, Step, reference};
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

/// At least so many histories; `PROPTEST_CASES`, which the default reads, asks for more.
fn histories() -> ProptestConfig {
    let asked = ProptestConfig::default();
    ProptestConfig { cases: asked.cases.max(1_000), failure_persistence: None, ..asked }
}

proptest! {
    #![proptest_config(histories())]

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

//! Whoever lets an offer run out is not given the same or better at once, however often they are asked about, in whatever session. Histories
//! are drawn and played day by day, beside a memory that is too simple to be wrong.

use std::cell::Cell;
use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::{Coupon, expire, issue};
use crate::base::{Cents, DecisionId, Timestamp};
use crate::decision::hesitation::{asked, plain};
use crate::decision::{
    Candidate, Decision, Drawn, Person, RanOut, Removed, Situation, Usage, Verdict, decide,
};
use crate::offer::{Benefit, Catalogue};

/// How long a coupon of these shops is valid.
const VALID_DAYS: u16 = 5;

/// What somebody does on a day: is asked about so many times, in sessions of their own, and uses what they hold or not.
#[derive(Clone, Debug)]
struct Day {
    asked: usize,
    uses: bool,
}

fn days() -> impl Strategy<Value = Vec<Day>> {
    vec((0..4_usize, proptest::bool::weighted(0.1)).prop_map(|(asked, uses)| Day { asked, uses }), 20..90)
}

/// A shop with one offer of some values, which anybody may have again and again.
fn shop(reissue_days: u16, benefits: Vec<Benefit>) -> Catalogue {
    let mut catalogue = plain();
    catalogue.contact_policy.reissue_days = reissue_days;
    for offer in &mut catalogue.offers {
        offer.benefits.clone_from(&benefits);
        offer.limits.per_profile = 1_000;
        offer.terms.valid_days = VALID_DAYS;
    }
    catalogue
}

/// A way to decide; a mutant forgets.
type Decide = fn(Situation<'_>) -> Decision;

/// What a history came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Played {
    issued: u32,
    ran_out: u32,
    refused: u32,
}

/// Plays a history. Whatever is issued must not be the same or better than what ran out in the days before.
fn play(catalogue: &Catalogue, days: &[Day], decide: Decide) -> Result<Played, String> {
    let wait = i64::from(catalogue.contact_policy.reissue_days);
    let mut coupons: Vec<Coupon> = Vec::new();
    let mut played = Played::default();
    // The model: until when something could be used that was not, and what it would have given.
    let mut lost: Vec<(Timestamp, Benefit)> = Vec::new();
    for (today, day) in (0_i64..).zip(days) {
        let midnight = Timestamp(0).plus_days(20_000 + today);
        for turn in 0..day.asked {
            let now = Timestamp(midnight.0 + 3_600_000 * (1 + i64::try_from(turn).unwrap()));
            for coupon in &mut coupons {
                if let Some(effect) = expire(coupon, now) {
                    *coupon = effect.coupon;
                    lost.push((coupon.valid_until, coupon.benefit));
                    played.ran_out += 1;
                }
            }
            let number = u64::try_from(today * 10).unwrap() + u64::try_from(turn).unwrap();
            let decision = decide(situation(catalogue, &coupons, now, number));
            let deadline = |one: &&Candidate| matches!(one.removed, Some(Removed::DeadlinePassed { .. }));
            played.refused += u32::try_from(decision.candidates.iter().filter(deadline).count()).unwrap();
            let Some(effect) = issue(&decision, catalogue) else { continue };
            let too_soon = lost.iter().find(|(until, before)| {
                now < until.plus_days(wait) && !is_clearly_less(&effect.coupon.benefit, before)
            });
            if let Some((until, before)) = too_soon {
                let given = effect.coupon.benefit;
                return Err(format!("{before:?} ran out at {until}, and {given:?} was given at {now}"));
            }
            coupons.push(effect.coupon);
            played.issued += 1;
        }
        if day.uses {
            // Used on some order: whether it ran out is all that matters here.
            coupons.retain(|coupon| coupon.state.ended_at().is_some());
        }
    }
    Ok(played)
}

/// Tells by trying whether one benefit is worth less than another on some spend and more on none.
fn is_clearly_less(given: &Benefit, before: &Benefit) -> bool {
    let spends = || (0..12_000).step_by(97).map(Cents);
    spends().all(|spend| given.worth(spend) <= before.worth(spend))
        && spends().any(|spend| given.worth(spend) < before.worth(spend))
}

fn situation<'a>(catalogue: &'a Catalogue, coupons: &[Coupon], now: Timestamp, seed: u64) -> Situation<'a> {
    let mut situation = asked(catalogue, now, seed);
    situation.id = DecisionId::new(now, [u8::try_from(seed % 251).unwrap(); 16]);
    let ran_out: Vec<RanOut> = coupons.iter().filter_map(|coupon| coupon.ran_out(now)).collect();
    let issued = u32::try_from(coupons.len()).unwrap();
    situation.person = Person {
        used: BTreeMap::from([(0, Usage { issued, held_out: 0 })]),
        ran_out: BTreeMap::from([(0, ran_out)]),
        ..situation.person
    };
    situation
}

fn forgets(situation: Situation<'_>) -> Decision {
    let person = Person { ran_out: BTreeMap::new(), ..situation.person };
    decide(Situation { person, ..situation })
}

/// Believes that a coupon begins anew with each session: it looks at what ran out in the last days only.
fn begins_anew(mut situation: Situation<'_>) -> Decision {
    let recent = situation.now.plus_days(-2);
    situation.person.ran_out.values_mut().for_each(|all| all.retain(|one| recent < one.until));
    decide(situation)
}

fn benefits() -> impl Strategy<Value = Vec<Benefit>> {
    let benefit = prop_oneof![
        (1..6_i64).prop_map(|euros| Benefit::Amount(Cents(100 * euros))),
        (1..5_u16, 1..6_i64).prop_map(|(share, euros)| Benefit::Percent {
            basis_points: share * 500,
            maximum: Cents(100 * euros),
        }),
    ];
    vec(benefit, 1..4)
}

/// At least so many histories; `PROPTEST_CASES`, which the default reads, asks for more.
fn histories() -> ProptestConfig {
    let asked = ProptestConfig::default();
    ProptestConfig { cases: asked.cases.max(300), failure_persistence: None, ..asked }
}

#[expect(clippy::disallowed_macros, reason = "a campaign reads what was tried off the output")]
#[test]
fn what_ran_out_is_not_given_again_before_its_days_are_over() {
    let config = histories();
    let cases = config.cases;
    let sum = Cell::new(Played::default());
    let drawn = (days(), prop_oneof![Just(14_u16), 0..30_u16], benefits());
    TestRunner::new(config)
        .run(&drawn, |(days, wait, benefits)| {
            let played = play(&shop(wait, benefits), &days, decide).map_err(TestCaseError::fail)?;
            let Played { issued, ran_out, refused } = sum.get();
            sum.set(Played {
                issued: issued + played.issued,
                ran_out: ran_out + played.ran_out,
                refused: refused + played.refused,
            });
            Ok(())
        })
        .unwrap();
    let sum = sum.get();
    assert!(cases < sum.issued && cases < sum.ran_out && cases < sum.refused, "{sum:?} tries nothing");
    println!(
        "evidence I37 deadlines histories={cases} issued={} ran_out={} refused={}",
        sum.issued, sum.ran_out, sum.refused
    );
}

#[test]
fn a_decision_that_forgets_dates_is_caught() {
    let days: Vec<Day> = (0..60).map(|_| Day { asked: 1, uses: false }).collect();
    let catalogue = shop(14, vec![Benefit::Amount(Cents(200))]);
    assert!(play(&catalogue, &days, forgets).is_err());
    assert!(play(&catalogue, &days, begins_anew).is_err());
    let sound = play(&catalogue, &days, decide).unwrap();
    assert!(0 < sound.refused && 5 < sound.issued, "{sound:?}");
}

/// The date of a coupon is the same however often somebody is asked about, and a smaller value may be given meanwhile.
#[test]
fn only_less_is_given_before_and_the_reason_says_until_when() {
    let catalogue = shop(14, [100, 200, 300].map(|cents| Benefit::Amount(Cents(cents))).to_vec());
    let now = Timestamp(0).plus_days(20_000);
    let until = now.plus_days(-4);
    let ask = |now| {
        let mut asked = asked(&catalogue, now, 1);
        let ran_out = vec![RanOut { until, benefit: Some(Benefit::Amount(Cents(200))) }];
        asked.person.ran_out = BTreeMap::from([(0, ran_out)]);
        decide(asked)
    };
    let reasons = |decision: &Decision| -> Vec<Option<&'static str>> {
        decision.candidates.iter().map(|one| one.removed.as_ref().map(Removed::code)).collect()
    };
    let passed = Some("deadline_passed");
    for _ in 0..50 {
        let decision = ask(now);
        assert_eq!(reasons(&decision), [None, passed, passed, None]);
        assert_eq!(decision.offered(), Some(Drawn { offer: 0, benefit: 0 }));
        let again_at = Some(Removed::DeadlinePassed { again_at: until.plus_days(14), days: 14 });
        assert_eq!(decision.candidates[1].removed, again_at);
    }
    // To the millisecond.
    let end = until.plus_days(14);
    assert_eq!(reasons(&ask(Timestamp(end.0 - 1))), [None, passed, passed, None]);
    assert_eq!(reasons(&ask(end)), [None; 4]);
    // Of a right it is not known what it would have given: the offer waits altogether.
    let mut asked = asked(&catalogue, now, 1);
    asked.person.ran_out = BTreeMap::from([(0, vec![RanOut { until, benefit: None }])]);
    let decision = decide(asked);
    assert_eq!(
        (reasons(&decision), decision.verdict),
        (vec![passed, passed, passed, None], Verdict::Nothing)
    );
}

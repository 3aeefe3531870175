use std::sync::LazyLock;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::feature::Reading;

/// Compiled once: a property asks for them thousands of times.
static FEATURES: LazyLock<Catalogue> = LazyLock::new(Catalogue::built_in);

fn segment(id: &str, rule: &str, number: u32) -> Segment {
    Segment {
        id: SegmentId::parse(id).unwrap(),
        title: id.to_owned(),
        purpose: Purpose::Newsletter,
        rule: Rule::compile(rule, &FEATURES).unwrap(),
        number: Some(RuleNumber(number)),
    }
}

/// Somebody with so many orders in four weeks, or while that is still filled.
fn orders(orders: Option<f64>) -> View {
    let mut slots = vec![Viewed::NoData; FEATURES.definitions().len()];
    slots[FEATURES.slot("orders_28d").unwrap()] = match orders {
        Some(value) => Viewed::Number(Reading { value, age_ms: 0 }),
        None => Viewed::Filling,
    };
    View::new(slots)
}

const BUYS: &str = "feature.orders_28d >= 1.0";
const BUYS_OFTEN: &str = "feature.orders_28d >= 3.0";

fn granting() -> Grants {
    Grants::new([Purpose::Newsletter])
}

/// Looks at somebody who was known before.
fn look(memberships: &mut Memberships, segments: &Segments, view: &View) -> Vec<(u32, i64, Option<Passage>)> {
    let moved = memberships.look(segments, view, &granting(), Timestamp(5), IsNew::No);
    let told = |moved: &Moved| moved.passage().filter(|_| moved.is_told);
    moved.iter().map(|moved| (moved.rule.0, moved.members, told(moved))).collect()
}

#[test]
fn a_rule_names_features_and_nothing_else() {
    let check = |source: &str| Rule::compile(source, &FEATURES).map(drop).map_err(|problem| problem.message);
    assert_eq!(check(BUYS), Ok(()));
    assert!(check("context.hour > 3").unwrap_err().contains("context.hour"));
    assert!(check("feature.orders_28d").is_err(), "a number is no rule");
}

#[test]
fn what_is_not_known_is_no() {
    let rule = Rule::compile(BUYS, &FEATURES).unwrap();
    assert_eq!(rule.holds(&View::default()), Some(false));
    assert_eq!(rule.holds(&orders(Some(1.0))), Some(true));
    assert_eq!(rule.holds(&orders(None)), None, "it is still filled");
}

#[test]
fn a_rule_that_says_something_else_is_another_rule() {
    let digest = |rule| segment("buys", rule, 1).digest();
    assert_eq!(digest(BUYS), digest(BUYS));
    assert_ne!(digest(BUYS), digest(BUYS_OFTEN));
    let for_offers = Segment { purpose: Purpose::Personalisation, ..segment("buys", BUYS, 1) };
    assert_ne!(digest(BUYS), for_offers.digest());
}

#[test]
fn who_comes_and_goes_is_told_once() {
    let segments = Segments::new(vec![segment("buys", BUYS, 1), segment("often", BUYS_OFTEN, 2)]);
    let mut memberships = Memberships::default();
    let moved = memberships.look(&segments, &orders(Some(1.0)), &granting(), Timestamp(5), IsNew::Yes);
    let entered = Moved { rule: RuleNumber(1), members: 1, granting: 1, is_told: true };
    assert_eq!(moved, [entered]);
    assert_eq!(look(&mut memberships, &segments, &orders(Some(1.0))), []);
    assert_eq!(look(&mut memberships, &segments, &orders(Some(3.0))), [(2, 1, Some(Passage::Entered))]);
    let left = [(1, -1, Some(Passage::Left)), (2, -1, Some(Passage::Left))];
    assert_eq!(look(&mut memberships, &segments, &orders(Some(0.0))), left);
    assert_eq!(memberships.leave_all().count(), 0);
}

#[test]
fn a_rule_that_is_new_changed_or_gone_moves_people_in_silence() {
    let mut memberships = Memberships::default();
    let first = Segments::new(vec![segment("buys", BUYS, 1)]);
    assert_eq!(look(&mut memberships, &first, &orders(Some(1.0))), [(1, 1, None)]);
    let changed = Segments::new(vec![segment("buys", "feature.orders_28d >= 0.5", 2)]);
    assert_eq!(look(&mut memberships, &changed, &orders(Some(1.0))), [(1, -1, None), (2, 1, None)]);
    assert_eq!(look(&mut memberships, &changed, &orders(Some(0.0))), [(2, -1, Some(Passage::Left))]);
    look(&mut memberships, &changed, &orders(Some(1.0)));
    assert_eq!(look(&mut memberships, &Segments::default(), &orders(Some(1.0))), [(2, -1, None)]);
}

#[test]
fn while_a_feature_is_filled_everybody_stays_where_they_are() {
    let mut memberships = Memberships::default();
    let segments = Segments::new(vec![segment("buys", BUYS, 1)]);
    look(&mut memberships, &segments, &orders(Some(1.0)));
    assert_eq!(look(&mut memberships, &segments, &orders(None)), []);
    let another = Segments::new(vec![segment("buys", BUYS, 1), segment("often", BUYS_OFTEN, 2)]);
    assert_eq!(look(&mut memberships, &another, &orders(None)), []);
    assert_eq!(look(&mut memberships, &another, &orders(Some(3.0))), [(2, 1, None)], "nobody knew before");
}

#[test]
fn a_withdrawn_consent_moves_the_share_and_nobody() {
    let mut memberships = Memberships::default();
    let segments = Segments::new(vec![segment("buys", BUYS, 1)]);
    look(&mut memberships, &segments, &orders(Some(1.0)));
    let moved = memberships.look(&segments, &orders(Some(1.0)), &Grants::default(), Timestamp(9), IsNew::No);
    assert_eq!(moved, [Moved { rule: RuleNumber(1), members: 0, granting: -1, is_told: true }]);
    assert_eq!(moved[0].granting_passage(), Some(Passage::Left));
    assert_eq!(memberships.of[&RuleNumber(1)], Member { since: Timestamp(5), granted: false });
}

#[test]
fn more_moves_than_a_batch_holds_wait_for_the_next_look() {
    let number = |number| segment(&format!("buys-{number}"), BUYS, number);
    let segments = Segments::new((1..=30).map(number).collect());
    let mut memberships = Memberships::default();
    let moved = memberships.look(&segments, &orders(Some(1.0)), &granting(), Timestamp(5), IsNew::Yes);
    assert_eq!((moved.len(), memberships.of.len()), (MOVES_MAX, MOVES_MAX));
    assert_eq!(look(&mut memberships, &segments, &orders(Some(1.0))).len(), 10);
    assert_eq!(look(&mut memberships, &segments, &orders(Some(1.0))), []);
}

proptest! {
    /// Whatever happens to somebody, the moves add up to what is remembered, and what is told alternates.
    #[test]
    fn moves_add_up(steps in vec((0..5_u8, any::<bool>(), 0..3_usize), 0..30)) {
        let catalogues = [
            Segments::new(vec![segment("buys", BUYS, 1)]),
            Segments::new(vec![segment("buys", BUYS, 1), segment("often", BUYS_OFTEN, 2)]),
            Segments::new(vec![segment("often", BUYS_OFTEN, 2)]),
        ];
        let mut memberships = Memberships::default();
        let mut sums: BTreeMap<RuleNumber, (i64, i64)> = BTreeMap::new();
        for (count, grants, catalogue) in steps {
            let grants = if grants { granting() } else { Grants::default() };
            let view = orders((count < 4).then_some(f64::from(count)));
            for moved in memberships.look(&catalogues[catalogue], &view, &grants, Timestamp(1), IsNew::No) {
                let (members, granted) = sums.entry(moved.rule).or_default();
                *members += moved.members;
                *granted += moved.granting;
                prop_assert!((0..=1).contains(members) && (0..=*members).contains(granted));
            }
        }
        for (rule, sum) in sums {
            let member = memberships.of.get(&rule);
            let is_granted = member.is_some_and(|member| member.granted);
            prop_assert_eq!(sum, (i64::from(member.is_some()), i64::from(is_granted)));
        }
        prop_assert!(memberships.of.keys().all(|rule| rule.0 <= 2));
    }
}

//! Coupons are redeemed on an order, come back in part and go back to their person, and are redeemed again, there and elsewhere: whatever stands on an
//! order keeps to its floors and to who may meet, and what is answered is what the ledger has.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::super::{Cart, Checkout, Claim, best, put_on};
use super::{NOW, Written, amount, line, percent};
use crate::base::Cents;
use crate::coupon::{Coupon, LineBack, Redemption, State, TakenBack, redeem, reverse};
use crate::offer::{Afterwards, Benefit, CartPolicy, ReversalPolicy, ReversalReason};

const ORDERS: [&str; 2] = ["o", "x"];

/// Finds what stands of a coupon's redemptions on an order.
type Standing = fn(&Coupon, &[Redemption], &str) -> Vec<Redemption>;

fn all_that_stands(_: &Coupon, redemptions: &[Redemption], order: &str) -> Vec<Redemption> {
    redemptions.iter().filter(|redemption| redemption.stands_on(order)).cloned().collect()
}

/// Forgets what a coupon was redeemed as once it went back to its person, or is used elsewhere.
fn last_while_used(coupon: &Coupon, redemptions: &[Redemption], order: &str) -> Vec<Redemption> {
    let is_used = matches!(&coupon.state, State::Redeemed { order_id, .. } if order_id == order);
    redemptions.last().filter(|last| is_used && last.stands_on(order)).cloned().into_iter().collect()
}

#[derive(Clone, Debug)]
enum Step {
    /// These of the coupons, by a bit each, on one of the orders.
    Redeems { which: u8, order: usize },
    /// Some pieces of a line of one of a coupon's redemptions.
    Back { coupon: usize, redemption: usize, line: usize, pieces: u32, reason: ReversalReason },
}

#[derive(Clone, Debug)]
struct Case {
    written: Vec<Written>,
    max_stack: u8,
    steps: Vec<Step>,
}

fn benefit() -> impl Strategy<Value = Benefit> {
    prop_oneof![
        (100..900_i64).prop_map(amount),
        (500..=9_000_u16, 100..900_i64).prop_map(|(share, most)| percent(share, most)),
    ]
}

fn written(number: u8) -> impl Strategy<Value = Written> {
    let meets = (proptest::bool::weighted(0.7), proptest::option::weighted(0.3, Just("g")), 0..2_u16);
    let answer = || prop_oneof![4 => Just(Afterwards::Returns), 1 => Just(Afterwards::StaysUsed)];
    let reversals = [answer(), answer(), answer(), answer()];
    (benefit(), prop_oneof![Just(0), 0..600_i64], meets, reversals).prop_map(
        move |(
            benefit,
            minimum_price,
            (stacks, group, priority),
            [cancel, refund, partial_refund, chargeback],
        )| {
            let mut written = Written::new(number, benefit).minimum(0, minimum_price);
            written.coupon.reversals = ReversalPolicy { cancel, refund, partial_refund, chargeback };
            written.stacking.stacks = stacks;
            written.stacking.exclusive_group = group.map(str::to_owned);
            written.stacking.priority = priority;
            written
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    let order = prop_oneof![4 => Just(0_usize), 1 => Just(1)];
    let reason = prop_oneof![Just(ReversalReason::Refund), Just(ReversalReason::Chargeback)];
    prop_oneof![
        (1..8_u8, order).prop_map(|(which, order)| Step::Redeems { which, order }),
        (0..3_usize, 0..4_usize, 0..2_usize, 1..3_u32, reason).prop_map(
            |(coupon, redemption, line, pieces, reason)| Step::Back {
                coupon,
                redemption,
                line,
                pieces,
                reason
            }
        ),
    ]
}

fn case() -> impl Strategy<Value = Case> {
    ([written(1), written(2), written(3)], 1..4_u8, vec(step(), 1..24))
        .prop_map(|(written, max_stack, steps)| Case { written: written.to_vec(), max_stack, steps })
}

/// Orders of one cart: three pieces at 2.00 and one at 4.00.
fn cart() -> Cart {
    let three = super::Line { quantity: 3, ..line(0, 200, &[], None) };
    Cart::new(vec![three, line(1, 400, &[], None)]).unwrap()
}

struct Run {
    written: Vec<Written>,
    policy: CartPolicy,
    redemptions: Vec<Vec<Redemption>>,
    cart: Cart,
    broken: BTreeSet<&'static str>,
}

impl Run {
    fn redeems(&mut self, which: u8, order: &str, standing: Standing) {
        let mut stands: Vec<(usize, Redemption)> = Vec::new();
        for (place, written) in self.written.iter().enumerate() {
            let its = standing(&written.coupon, &self.redemptions[place], order);
            stands.extend(its.into_iter().map(|redemption| (place, redemption)));
        }
        let of = |place: usize| self.written[place].claim();
        let mut claims: Vec<Claim<'_>> =
            stands.iter().map(|(place, one)| Claim { redeemed: Some(one), ..of(*place) }).collect();
        let named = (0..self.written.len()).filter(|place| which >> place & 1 == 1);
        let usable: Vec<usize> = named.filter(|place| !self.written[*place].coupon.is_done(NOW)).collect();
        claims.extend(usable.iter().map(|place| of(*place)));
        let checkout = Checkout { policy: &self.policy, order: Some(order), now: NOW };
        let stack = put_on(&self.cart, &claims, &checkout);
        let most = best(&self.cart, &claims, &checkout).priced.discount();
        let discount = stack.priced.discount();
        let redeemed: Vec<_> = usable
            .iter()
            .filter_map(|place| {
                Some((*place, redeem(&self.written[*place].coupon, order, &stack, NOW).ok()?))
            })
            .collect();
        for (place, effect) in redeemed {
            self.written[place].coupon = effect.coupon;
            self.redemptions[place].extend(effect.redemption);
        }
        let spent: Cents = self.on(order).map(|(_, redemption)| redemption.spent()).sum();
        if discount != spent {
            self.broken.insert("the answer is not what the ledger has");
        }
        if most < discount {
            self.broken.insert("the best is worse");
        }
    }

    fn back(&mut self, place: usize, number: usize, line: usize, pieces: u32, reason: ReversalReason) {
        let Some(redemption) = self.redemptions[place].get(number).cloned() else { return };
        let what = TakenBack::Lines(vec![LineBack { line: line.to_string(), quantity: Some(pieces) }]);
        let coupon = &self.written[place].coupon;
        let Ok(effect) = reverse(coupon, &redemption, &what, reason, Cents(i64::MAX), NOW) else { return };
        self.written[place].coupon = effect.coupon;
        self.redemptions[place][number] = effect.redemption.unwrap();
    }

    /// What is spent on an order, with the place of its coupon.
    fn on(&self, order: &str) -> impl Iterator<Item = (usize, &Redemption)> {
        let all = self.redemptions.iter().enumerate();
        let all = all.flat_map(|(place, its)| its.iter().map(move |redemption| (place, redemption)));
        all.filter(move |(_, redemption)| redemption.order_id == order && Cents::ZERO < redemption.spent())
    }

    fn look(&mut self, order: &str) {
        let places: BTreeSet<usize> = self.on(order).map(|(place, _)| place).collect();
        let there: Vec<&Written> = places.iter().map(|place| &self.written[*place]).collect();
        let spent: Cents = self.on(order).map(|(_, redemption)| redemption.spent()).sum();
        let left = self.cart.price() - spent;
        let groups: Vec<&String> =
            there.iter().filter_map(|one| one.stacking.exclusive_group.as_ref()).collect();
        let of_line = |line: &super::Line| -> Cents {
            let parts = self.on(order).flat_map(|(_, redemption)| redemption.parts_left());
            parts.filter(|part| part.line == line.id).map(|part| part.amount).sum()
        };
        let mut broken = Vec::new();
        if there.iter().any(|one| left < one.coupon.terms.minimum_price) {
            broken.push("less remains than a minimum price");
        }
        if self.cart.lines().iter().any(|line| line.price() < of_line(line)) {
            broken.push("a line costs less than nothing");
        }
        if 1 < there.len() && there.iter().any(|one| !one.stacking.stacks) {
            broken.push("one that stands alone meets another");
        }
        if 1 < groups.len() {
            broken.push("two of one group meet");
        }
        if usize::from(self.policy.max_stack) < there.len() {
            broken.push("too many meet");
        }
        for (written, its) in self.written.iter().zip(&self.redemptions) {
            let spent: Cents = its.iter().map(Redemption::spent).sum();
            if written.coupon.benefit.maximum() < spent + written.coupon.reserved {
                broken.push("a coupon gives more than it is worth");
            }
        }
        self.broken.extend(broken);
    }
}

/// Plays it, and tells what is broken at its end or on the way.
fn play(case: &Case, standing: Standing) -> BTreeSet<&'static str> {
    let policy = CartPolicy { max_stack: case.max_stack, ..CartPolicy::default() };
    let redemptions = vec![Vec::new(); case.written.len()];
    let mut run =
        Run { written: case.written.clone(), policy, redemptions, cart: cart(), broken: BTreeSet::new() };
    for step in &case.steps {
        match step {
            Step::Redeems { which, order } => run.redeems(*which, ORDERS[*order], standing),
            Step::Back { coupon, redemption, line, pieces, reason } => {
                run.back(*coupon, *redemption, *line, *pieces, *reason);
            }
        }
        ORDERS.iter().for_each(|order| run.look(order));
    }
    run.broken
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_stands_on_an_order_keeps_its_rules_whatever_went_back(case in case()) {
        prop_assert_eq!(play(&case, all_that_stands), BTreeSet::new());
    }
}

#[test]
fn an_order_that_forgets_what_went_back_in_part_is_caught() {
    let mut runner = TestRunner::deterministic();
    let mut broken = BTreeSet::new();
    for _ in 0..2_000 {
        broken.extend(play(&case().new_tree(&mut runner).unwrap().current(), last_while_used));
    }
    for wrong in [
        "the answer is not what the ledger has",
        "less remains than a minimum price",
        "one that stands alone meets another",
        "two of one group meet",
        "too many meet",
    ] {
        assert!(broken.contains(wrong), "{wrong} is not among {broken:?}");
    }
}

/// 9.00 off an order of 10.00, of which 1.00 must remain: one of three pieces comes back with 1.80, and as much may be taken off again, by this coupon or
/// by another.
#[test]
fn what_came_back_is_all_that_can_be_taken_off_again() {
    let returns = Afterwards::Returns;
    let policy =
        ReversalPolicy { cancel: returns, refund: returns, partial_refund: returns, chargeback: returns };
    let one = |number| {
        let mut written = Written::new(number, amount(900)).minimum(0, 100);
        written.coupon.reversals = policy;
        written
    };
    for which in [0b001, 0b010, 0b011] {
        let mut run = Run {
            written: vec![one(1), one(2)],
            policy: CartPolicy::default(),
            redemptions: vec![Vec::new(); 2],
            cart: cart(),
            broken: BTreeSet::new(),
        };
        run.redeems(0b001, "o", all_that_stands);
        run.back(0, 0, 0, 1, ReversalReason::Refund);
        assert_eq!(run.on("o").map(|(_, redemption)| redemption.spent().0).sum::<i64>(), 720);
        run.redeems(which, "o", all_that_stands);
        let spent: Vec<i64> = run.on("o").map(|(_, redemption)| redemption.spent().0).collect();
        assert_eq!((spent, &run.broken), (vec![720, 180], &BTreeSet::new()), "{which}");
        // Both redemptions still come back, each by itself.
        let last = if which == 0b010 { (1, 0) } else { (0, 1) };
        run.back(last.0, last.1, 0, 3, ReversalReason::Refund);
        run.back(last.0, last.1, 1, 1, ReversalReason::Refund);
        run.back(0, 0, 0, 2, ReversalReason::Refund);
        run.back(0, 0, 1, 1, ReversalReason::Refund);
        assert_eq!(run.on("o").count(), 0, "{which}");
        assert_eq!(run.written[0].coupon.reserved, Cents(900), "{which}");
    }
}

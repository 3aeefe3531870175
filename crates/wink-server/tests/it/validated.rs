//! What a validation says is what a redemption does: drawn carts and coupons, in every phase of their lives, asked about and then used.

use std::sync::Arc;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use wink_core::base::{CampaignId, Cents, CouponId, DecisionId, OfferId, ProfileId, Timestamp};
use wink_core::coupon::cart::{Cart, Line};
use wink_core::coupon::{Coupon, Hold, State};
use wink_core::offer::{Benefit, ReversalPolicy, Terms};
use wink_record::Stored;
use wink_server::flow::cart::{Tried, validate};
use wink_server::flow::once::Replied;
use wink_server::flow::redeem::{Mode, Purchase, redeem};
use wink_server::{Engine, catalogue, flow, keys};
use wink_sim::SimStore;
use wink_store::{Batch, BatchId, Change, Home, Outcome, Store};

use super::counter::{MONDAY, Offer, Shop, later, secrets, wait};

type Counter = Engine<Arc<SimStore>>;

/// What became of a coupon: what it takes off, line by line, or the code of the "no".
type Said = Result<Vec<i64>, &'static str>;

/// Offers that meet in different ways: alone, in a group, before others.
const OFFERS: [(&str, &str); 4] = [
    ("first", "stacks = true\npriority = 2"),
    ("one", "stacks = true\nexclusive_group = \"g\""),
    ("other", "stacks = true\nexclusive_group = \"g\"\npriority = 1"),
    ("alone", ""),
];

const ORDER: &str = "o-1";

/// Where a drawn coupon is in its life.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Phase {
    Issued,
    Asleep,
    Activated,
    HeldHere,
    HeldElsewhere,
    HoldIsOver,
    TimeIsOver,
    UsedElsewhere,
    Revoked,
    NeverWas,
    /// Redeemed on the same order and cart, by a question before.
    UsedHere,
}

#[derive(Clone, Debug)]
struct Drawn {
    offer: usize,
    phase: Phase,
    benefit: Benefit,
    reserved: Option<i64>,
    minimum_spend: i64,
    minimum_price: i64,
    category: Option<&'static str>,
    person: u8,
}

#[derive(Clone, Debug)]
struct Case {
    lines: Vec<Line>,
    coupons: Vec<Drawn>,
    mode: Mode,
}

fn line() -> impl Strategy<Value = Line> {
    let category = option::of(select(vec!["TEA", "CUPS"]));
    let price = prop_oneof![0..12_i64, 90..110_i64, 0..2_000_i64];
    (price, category, option::of(0..1_200_i64), 1..4_u32).prop_map(|(price, category, cost, quantity)| Line {
        id: String::new(),
        product: "a product".to_owned(),
        categories: category.into_iter().map(str::to_owned).collect(),
        quantity,
        unit_price: Cents(price),
        vat_basis_points: None,
        unit_cost: cost.map(Cents),
    })
}

fn drawn() -> impl Strategy<Value = Drawn> {
    use Phase::{
        Activated, Asleep, HeldElsewhere, HeldHere, HoldIsOver, Issued, NeverWas, Revoked, TimeIsOver,
        UsedElsewhere,
    };
    let phase = prop_oneof![
        6 => Just(Issued),
        1 => select(vec![Asleep, HeldElsewhere, TimeIsOver, UsedElsewhere, Revoked, NeverWas]),
        2 => select(vec![Activated, HeldHere, HoldIsOver]),
    ];
    let benefit = prop_oneof![
        (1..900_i64).prop_map(|amount| Benefit::Amount(Cents(amount))),
        (1..=10_000_u16, 1..900_i64)
            .prop_map(|(basis_points, maximum)| Benefit::Percent { basis_points, maximum: Cents(maximum) }),
    ];
    let terms = (prop_oneof![3 => Just(0), 1 => 0..2_000_i64], prop_oneof![3 => Just(0), 1 => 0..2_000_i64]);
    let category = option::weighted(0.3, select(vec!["TEA", "CUPS"]));
    let person = prop_oneof![9 => Just(1_u8), 1 => Just(2)];
    (0..OFFERS.len(), phase, benefit, option::weighted(0.2, 1..300_i64), terms, category, person).prop_map(
        |(offer, phase, benefit, reserved, (minimum_spend, minimum_price), category, person)| Drawn {
            offer,
            phase,
            benefit,
            reserved,
            minimum_spend,
            minimum_price,
            category,
            person,
        },
    )
}

fn case() -> impl Strategy<Value = Case> {
    let mode = select(vec![Mode::AllOrNothing, Mode::WhatApplies]);
    (vec(line(), 0..5), vec(drawn(), 1..5), mode, proptest::bool::weighted(0.2)).prop_map(
        |(mut lines, mut coupons, mode, is_begun)| {
            for (number, line) in lines.iter_mut().enumerate() {
                line.id = number.to_string();
            }
            if is_begun {
                coupons[0].phase = Phase::UsedHere;
            }
            Case { lines, coupons, mode }
        },
    )
}

/// A shop with those offers, two coupons on a cart, and a floor of nine tenths of the cost.
fn counter() -> Counter {
    let offer = |(name, more): (&str, &str)| Offer {
        more: more.to_owned(),
        budget: "1000000.00".to_owned(),
        ..Offer::new(name, "{ amount = \"1.00\" }")
    };
    let mut files = Shop::selling(OFFERS.map(offer).to_vec()).files();
    files.get_mut("shop.toml").unwrap().push_str("\n[cart]\nmax_stack = 2\ncost_floor_percent = 90\n");
    let catalogue = catalogue::compile(&files).unwrap_or_else(|findings| panic!("{findings:#?}"));
    let engine = wait(Engine::open(Arc::new(SimStore::new()), secrets(), MONDAY)).unwrap();
    wait(flow::catalogue::apply(&engine, catalogue, files, MONDAY)).unwrap();
    engine
}

fn coupon(drawn: &Drawn, number: u128) -> Coupon {
    let hold = |order: &str, until: Timestamp| {
        State::Reserved(Hold {
            order_id: order.to_owned(),
            amount: Cents(1),
            at: MONDAY,
            until,
            activated_at: None,
        })
    };
    let state = match drawn.phase {
        Phase::Activated => State::Activated { at: MONDAY },
        Phase::HeldHere => hold(ORDER, later(MONDAY, 60)),
        Phase::HeldElsewhere => hold("o-2", later(MONDAY, 60)),
        Phase::HoldIsOver => hold("o-2", later(MONDAY, 1)),
        Phase::UsedElsewhere => State::Redeemed {
            at: MONDAY,
            order_id: "o-2".to_owned(),
            amount: Cents(1),
            returned: Cents::ZERO,
        },
        Phase::Revoked => State::Revoked { at: MONDAY },
        Phase::Issued | Phase::Asleep | Phase::TimeIsOver | Phase::NeverWas | Phase::UsedHere => {
            State::Issued
        }
    };
    let maximum = drawn.benefit.maximum();
    let offer = OFFERS[drawn.offer].0;
    Coupon {
        id: CouponId::from_bytes(number.to_be_bytes()),
        decision: DecisionId::from_bytes([1; 16]),
        profile: Some(ProfileId::from_bytes([drawn.person; 16])),
        campaign: CampaignId::parse(offer).unwrap(),
        offer: OfferId::parse(offer).unwrap(),
        benefit: drawn.benefit,
        terms: Terms {
            minimum_spend: Cents(drawn.minimum_spend),
            minimum_price: Cents(drawn.minimum_price),
            valid_days: 28,
            needs_activation: matches!(drawn.phase, Phase::Asleep | Phase::Activated),
        },
        reversals: ReversalPolicy::default(),
        categories: drawn.category.into_iter().map(str::to_owned).collect(),
        issued_at: MONDAY,
        valid_until: if drawn.phase == Phase::TimeIsOver { later(MONDAY, 1) } else { MONDAY.plus_days(28) },
        reserved: match state.ended_at() {
            None => drawn.reserved.map_or(maximum, |reserved| maximum.min(Cents(reserved))),
            Some(_) => Cents::ZERO,
        },
        redemptions: Vec::new(),
        state,
    }
}

/// Stores the coupons of a case, and gives the order they are about to be used on.
fn written(engine: &Counter, case: &Case) -> Purchase {
    let number = || u128::from_be_bytes(wink_server::secrets::random().unwrap());
    let coupons: Vec<Coupon> = case.coupons.iter().map(|drawn| coupon(drawn, number())).collect();
    let mut batch = Batch::new(BatchId(number().to_be_bytes()), engine.tenant, Home(0));
    let there = coupons.iter().zip(&case.coupons).filter(|(_, drawn)| drawn.phase != Phase::NeverWas);
    for (coupon, _) in there {
        let (queue, id) = (keys::EXPIRY, coupon.id.bytes());
        batch.changes.push(Change::Put(keys::coupon(coupon.id), coupon.to_bytes()));
        batch.changes.push(Change::Add(keys::budget(coupon.campaign.as_str()), coupon.reserved.0));
        let timer = |due: Timestamp| Change::Enqueue { queue, due_ms: due.0, id, payload: Vec::new() };
        batch.changes.extend(coupon.due_at().map(timer));
    }
    let outcome = wait(engine.store.commit(batch));
    assert!(matches!(outcome, Outcome::Committed { .. }), "{outcome:?}");
    let purchase = Purchase {
        points: None,
        are_typed: false,
        identity: None,
        store: None,
        coupons: coupons.iter().map(|coupon| coupon.id.to_string()).collect(),
        order_id: ORDER.to_owned(),
        cart: Cart::new(case.lines.clone()).unwrap(),
        mode: case.mode,
        till: None,
    };
    for (coupon, _) in
        purchase.coupons.iter().zip(&case.coupons).filter(|(_, drawn)| drawn.phase == Phase::UsedHere)
    {
        redeemed(engine, &Purchase { coupons: vec![coupon.clone()], ..purchase.clone() });
    }
    purchase
}

fn now() -> Timestamp {
    later(MONDAY, 5)
}

fn validated(engine: &Counter, purchase: &Purchase, order: Option<&str>) -> Vec<Said> {
    let asked = Tried {
        coupons: &purchase.coupons,
        are_typed: false,
        cart: &purchase.cart,
        order,
        identity: None,
        store: None,
    };
    let validated = wait(validate(engine, &asked, None, now())).unwrap();
    let said = |coupon: &Option<Coupon>| {
        let coupon = coupon.as_ref().ok_or("discount_code_invalid")?;
        let applied = validated.stack.outcome(coupon.id).map_err(|refusal| refusal.code())?;
        Ok(applied.by_line.iter().map(|amount| amount.0).collect())
    };
    validated.coupons.iter().map(said).collect()
}

/// Redeems, and reads what came of it off the redemptions; `None` if nothing was redeemed, whatever would apply.
fn redeemed(engine: &Counter, purchase: &Purchase) -> Option<Vec<Said>> {
    let Replied::Now(rung) = wait(redeem(engine, purchase, None, now())).unwrap() else {
        panic!("nothing is kept without a key")
    };
    let said = |used: &flow::redeem::Used| {
        if let Some(refusal) = rung.refusal(used) {
            return Err(refusal.code());
        }
        let parts =
            used.redemption.as_ref().map(|redemption| redemption.parts.as_slice()).unwrap_or_default();
        let amount =
            |line: &Line| parts.iter().find(|part| part.line == line.id).map_or(0, |part| part.amount.0);
        Ok(purchase.cart.lines().iter().map(amount).collect())
    };
    rung.is_redeemed.then(|| rung.used.iter().map(said).collect())
}

/// A way to redeem an order's coupons, and a way to ask about them before.
#[derive(Clone, Copy)]
struct Tills {
    asks: fn(&Counter, &Purchase) -> Vec<Said>,
    uses: fn(&Counter, &Purchase) -> Option<Vec<Said>>,
}

const SOUND: Tills =
    Tills { asks: |engine, purchase| validated(engine, purchase, Some(&purchase.order_id)), uses: redeemed };

fn agree(engine: &Counter, case: &Case, tills: Tills) -> Result<(), String> {
    let purchase = written(engine, case);
    let asked = (tills.asks)(engine, &purchase);
    let used = (tills.uses)(engine, &purchase);
    let is_redeemed = match case.mode {
        Mode::AllOrNothing => asked.iter().all(Result::is_ok),
        Mode::WhatApplies => asked.iter().any(Result::is_ok),
    };
    let expected = is_redeemed.then_some(asked);
    if used == expected { Ok(()) } else { Err(format!("said {expected:?}, did {used:?}")) }
}

/// A shop is opened for every eight carts, which takes longer than all of them.
fn some() -> ProptestConfig {
    let asked = ProptestConfig::default();
    ProptestConfig { cases: asked.cases / 4, failure_persistence: None, ..asked }
}

proptest! {
    #![proptest_config(some())]

    #[test]
    fn what_is_said_is_what_is_done(cases in vec(case(), 8)) {
        let engine = counter();
        for case in cases {
            let agreed = agree(&engine, &case, SOUND);
            prop_assert_eq!(agreed, Ok(()), "{:?}", case);
        }
    }
}

/// Redeems coupon after coupon, as if each were alone.
fn one_by_one(engine: &Counter, purchase: &Purchase) -> Option<Vec<Said>> {
    let one = |coupon: &String| {
        let one = Purchase { coupons: vec![coupon.clone()], mode: Mode::WhatApplies, ..purchase.clone() };
        redeemed(engine, &one).map_or(Err("refused"), |mut said| said.remove(0))
    };
    Some(purchase.coupons.iter().map(one).collect())
}

/// Redeems without what the shop's costs forbid.
fn without_costs(engine: &Counter, purchase: &Purchase) -> Option<Vec<Said>> {
    let mut lines = purchase.cart.lines().to_vec();
    lines.iter_mut().for_each(|line| line.unit_cost = None);
    redeemed(engine, &Purchase { cart: Cart::new(lines).unwrap(), ..purchase.clone() })
}

#[test]
fn tills_that_say_one_thing_and_do_another_are_caught() {
    let is_caught = |tills: Tills| {
        let (engine, mut runner) = (counter(), TestRunner::deterministic());
        (0..200).any(|_| {
            let case = case().new_tree(&mut runner).unwrap().current();
            agree(&engine, &case, tills).is_err()
        })
    };
    assert!(!is_caught(SOUND));
    assert!(is_caught(Tills { uses: one_by_one, ..SOUND }), "coupon by coupon");
    assert!(is_caught(Tills { uses: without_costs, ..SOUND }), "below the cost");
    let forgetful = |engine: &Counter, purchase: &Purchase| validated(engine, purchase, None);
    assert!(is_caught(Tills { asks: forgetful, ..SOUND }), "without the order");
}

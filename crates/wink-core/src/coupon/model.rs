//! A coupon's life against a model of it that is too simple to be wrong: random steps, legal and illegal, early and late. After each, the
//! answer, the state and every account of the ledger are what the model says.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::tests::{Order, coupon, line, order_of, redeemed, reserved};
use super::*;
use crate::base::{Cents, Chance, Timestamp};
use crate::offer::{Afterwards, Benefit, Extent, ReversalPolicy, ReversalReason};

const MINUTE: i64 = 60_000;
const ORDERS: [&str; 3] = ["o-1", "o-2", "o-3"];

type Reverse =
    fn(&Coupon, &Redemption, &TakenBack, ReversalReason, Cents, Timestamp) -> Result<Effect, NotReversed>;

/// The steps under test; a mutant has one that is wrong.
#[derive(Clone, Copy)]
struct Steps {
    activate: fn(&Coupon, Timestamp) -> Result<Effect, Refusal>,
    deactivate: fn(&Coupon, Timestamp) -> Result<Effect, Refusal>,
    reserve: fn(&Coupon, &Order, HoldFor, Timestamp) -> Result<Effect, Refusal>,
    release: fn(&Coupon, &str, Timestamp) -> Result<Effect, Refusal>,
    redeem: fn(&Coupon, &Order, Timestamp) -> Result<Effect, Refusal>,
    reverse: Reverse,
    revoke: fn(&Coupon, Timestamp) -> Result<Effect, Refusal>,
    expire: fn(&Coupon, Timestamp) -> Option<Effect>,
}

const SOUND: Steps =
    Steps { activate, deactivate, reserve: reserved, release, redeem: redeemed, reverse, revoke, expire };

/// What the model knows of a coupon.
#[derive(Clone, Debug)]
struct Model {
    needs_activation: bool,
    policy: ReversalPolicy,
    valid_until: i64,
    state: Is,
    is_active: bool,
    reserved: i64,
    /// What each redemption still costs, in the order they were made.
    spent: Vec<i64>,
    /// What came back of each and stayed with the campaign, and goes back with the coupon once everything came.
    stayed: Vec<i64>,
    /// What lies in `returned`.
    returned: i64,
}

/// Where the model's coupon is.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Is {
    Free,
    Held { order: usize, until: i64 },
    Used,
    Expired,
    Revoked,
}

impl Model {
    /// What time alone has done by `now`, whether or not the timer was seen to.
    fn at(&self, now: i64) -> Is {
        match self.state {
            Is::Held { until, .. } if now < until => self.state,
            Is::Free | Is::Held { .. } if self.valid_until <= now => Is::Expired,
            Is::Held { .. } => Is::Free,
            other => other,
        }
    }

    fn refusal(&self, now: i64) -> Option<&'static str> {
        match self.at(now) {
            Is::Used => Some("discount_code_already_applied"),
            Is::Expired => Some("discount_code_expired"),
            Is::Revoked => Some("discount_code_invalid"),
            Is::Held { .. } => Some("coupon_reserved"),
            Is::Free => None,
        }
    }

    fn name(&self, redeemed: i64) -> &'static str {
        let spent = self.spent.last().copied().unwrap_or_default();
        match self.state {
            Is::Free if self.is_active => "activated",
            Is::Free => "issued",
            Is::Held { .. } => "reserved",
            Is::Used if spent == redeemed => "redeemed",
            Is::Used if 0 < spent => "partly_reversed",
            Is::Used => "reversed",
            Is::Expired => "expired",
            Is::Revoked => "revoked",
        }
    }
}

/// A coupon on its way, with its model and its ledger.
struct Run {
    steps: Steps,
    coupon: Coupon,
    redemptions: Vec<Redemption>,
    model: Model,
    accounts: BTreeMap<Account, i64>,
    entries: BTreeSet<[u8; 16]>,
    now: i64,
    chance: Chance,
}

impl Run {
    fn new(seed: u64, steps: Steps) -> Self {
        let mut chance = Chance::new(seed, "a coupon's life");
        let draw = |chance: &mut Chance, count: u32| below(chance, count);
        let needs_activation = draw(&mut chance, 2) == 0;
        let mut answer = || Afterwards::ALL[draw(&mut chance, 2) as usize];
        let policy = ReversalPolicy {
            cancel: answer(),
            refund: answer(),
            partial_refund: answer(),
            chargeback: answer(),
        };
        let mut coupon = coupon(Benefit::Percent { basis_points: 1_000, maximum: Cents(300) }, 500, 100);
        coupon.terms.needs_activation = needs_activation;
        coupon.reversals = policy;
        coupon.valid_until = Timestamp(1_500 * MINUTE);
        let model = Model {
            needs_activation,
            policy,
            valid_until: 1_500 * MINUTE,
            state: Is::Free,
            is_active: false,
            reserved: 300,
            spent: Vec::new(),
            stayed: Vec::new(),
            returned: 0,
        };
        let accounts = BTreeMap::from([(Account::Available, -300), (Account::Reserved, 300)]);
        let (redemptions, entries) = (Vec::new(), BTreeSet::new());
        Self { steps, coupon, redemptions, model, accounts, entries, now: 0, chance }
    }

    fn below(&mut self, count: u32) -> u32 {
        below(&mut self.chance, count)
    }

    /// Takes a random step and compares.
    fn step(&mut self) -> Result<(), String> {
        self.now += i64::from(self.below(8)) * MINUTE;
        let now = Timestamp(self.now);
        match self.below(16) {
            0 | 1 => self.activates(self.steps.activate, true, now),
            2 => self.activates(self.steps.deactivate, false, now),
            3..=5 => self.reserves(now),
            6 => self.releases(now),
            7..=10 => self.redeems(now),
            11..=13 => self.reverses(now),
            14 if self.below(40) == 0 => self.revokes(now),
            _ => self.expires(now),
        }
    }

    fn activates(
        &mut self,
        step: fn(&Coupon, Timestamp) -> Result<Effect, Refusal>,
        wanted: bool,
        now: Timestamp,
    ) -> Result<(), String> {
        let expected = match self.model.refusal(now.0) {
            None if !self.model.needs_activation => Some("activation_not_needed"),
            other => other,
        };
        let is_done = self.compare("activation", step(&self.coupon, now), expected)?;
        if is_done {
            (self.model.state, self.model.is_active) = (Is::Free, wanted);
        }
        self.holds("activation")
    }

    fn order(&mut self) -> (usize, Order) {
        let order = self.below(3) as usize;
        let lines = vec![
            line("a", 1, i64::from(self.below(900))),
            line("b", 3, i64::from(self.below(300))),
            line("c", 2, 167),
        ];
        (order, order_of(ORDERS[order], lines))
    }

    /// What a step on an order is refused with, and what the coupon is worth else: ten per cent, at most what is reserved.
    fn worth(&self, place: usize, order: &Order, now: i64) -> Result<i64, &'static str> {
        let is_held_here = matches!(self.model.at(now), Is::Held { order: held, .. } if held == place);
        if let Some(code) = self.model.refusal(now).filter(|_| !is_held_here) {
            return Err(code);
        }
        if self.model.needs_activation && !self.model.is_active {
            return Err("coupon_not_activated");
        }
        let spend = order.cart.price().0;
        if spend < 500 { Err("minimum_spend") } else { Ok(((spend + 5) / 10).min(self.model.reserved)) }
    }

    fn reserves(&mut self, now: Timestamp) -> Result<(), String> {
        let (place, order) = self.order();
        let is_held_here = matches!(self.model.at(now.0), Is::Held { order: held, .. } if held == place);
        let expected = if is_held_here { None } else { self.worth(place, &order, now.0).err() };
        let effect = (self.steps.reserve)(&self.coupon, &order, HoldFor::default(), now);
        if self.compare("reservation", effect, expected)? && !is_held_here {
            self.model.state = Is::Held { order: place, until: now.0 + 15 * MINUTE };
        }
        self.holds("reservation")
    }

    fn releases(&mut self, now: Timestamp) -> Result<(), String> {
        let order = self.below(3) as usize;
        let is_held_here = matches!(self.model.at(now.0), Is::Held { order: held, .. } if held == order);
        let expected = if is_held_here { None } else { self.model.refusal(now.0) };
        let effect = (self.steps.release)(&self.coupon, ORDERS[order], now);
        if self.compare("release", effect, expected)? {
            self.model.state = Is::Free;
        }
        self.holds("release")
    }

    fn redeems(&mut self, now: Timestamp) -> Result<(), String> {
        let (place, order) = self.order();
        let worth = self.worth(place, &order, now.0);
        let effect = (self.steps.redeem)(&self.coupon, &order, now);
        if self.compare("redemption", effect, worth.err())? {
            self.model.state = Is::Used;
            self.model.reserved = 0;
            self.model.spent.push(worth.unwrap_or_default());
            self.model.stayed.push(0);
        }
        self.holds("redemption")
    }

    fn reverses(&mut self, now: Timestamp) -> Result<(), String> {
        if self.redemptions.is_empty() {
            return Ok(());
        }
        let count = u32::try_from(self.redemptions.len()).unwrap();
        let place = self.below(count) as usize;
        let what = match self.below(3) {
            0 => TakenBack::Everything,
            _ => {
                let line = ["a", "b", "c", "none"][self.below(4) as usize].to_owned();
                let quantity = [None, Some(1), Some(2)][self.below(3) as usize];
                TakenBack::Lines(vec![LineBack { line, quantity }])
            }
        };
        let reason = ReversalReason::ALL[self.below(4) as usize];
        let redemption = self.redemptions[place].clone();
        let left = self.model.spent[place];
        let room = [0, 20, i64::MAX][self.below(3) as usize];
        let effect = (self.steps.reverse)(&self.coupon, &redemption, &what, reason, Cents(room), now);
        // Which pieces are left is counted here anew, from what came back before.
        let is_possible = possible(&redemption, &what);
        if effect.is_ok() != is_possible {
            return Err(format!("a reversal of {what:?} is {effect:?}"));
        }
        let Ok(effect) = effect else { return Ok(()) };
        let back = left - effect.redemption.as_ref().unwrap().spent().0;
        let is_all = what == TakenBack::Everything;
        if back < 0 || left < back || (is_all && back != left) {
            return Err(format!("{back} of {left} came back for {what:?}"));
        }
        let is_some_left = possible(effect.redemption.as_ref().unwrap(), &TakenBack::Everything);
        let extent = if is_some_left { Extent::Part } else { Extent::Whole };
        let is_last = place + 1 == self.redemptions.len();
        let is_there = match self.model.state {
            Is::Free => true,
            Is::Used => is_last,
            _ => false,
        };
        let wanted = self.model.policy.after(reason, extent);
        let again = if is_some_left { 0 } else { self.model.stayed[place].min(room) };
        let is_worth = 0 < back + again;
        let returns = wanted == Afterwards::Returns && is_there && is_worth && now.0 < self.model.valid_until;
        self.take(effect)?;
        self.model.spent[place] -= back;
        if returns {
            self.model.reserved += back + again;
            self.model.returned -= again;
            if self.model.state == Is::Used {
                (self.model.state, self.model.is_active) = (Is::Free, self.model.needs_activation);
            }
        } else {
            self.model.returned += back;
            let goes_along = self.model.policy.after(reason, Extent::Whole) == Afterwards::Returns;
            self.model.stayed[place] += if goes_along { back } else { 0 };
        }
        self.holds("reversal")
    }

    fn revokes(&mut self, now: Timestamp) -> Result<(), String> {
        let is_again = self.model.state == Is::Revoked;
        let expected = if is_again { None } else { self.model.refusal(now.0) };
        let effect = (self.steps.revoke)(&self.coupon, now);
        if self.compare("revocation", effect, expected)? && !is_again {
            (self.model.state, self.model.reserved) = (Is::Revoked, 0);
        }
        self.holds("revocation")
    }

    fn expires(&mut self, now: Timestamp) -> Result<(), String> {
        let after = self.model.at(now.0);
        let is_due = after != self.model.state;
        let effect = (self.steps.expire)(&self.coupon, now);
        if effect.is_some() != is_due {
            return Err(format!("at {now} time does {effect:?} to {:?}", self.model));
        }
        if let Some(effect) = effect {
            self.take(effect)?;
            self.model.state = after;
            if after == Is::Expired {
                self.model.reserved = 0;
            }
        }
        self.holds("expiry")
    }

    /// Compares an answer with the code the model expects, and takes the effect; tells whether there was one.
    fn compare(
        &mut self,
        what: &str,
        effect: Result<Effect, Refusal>,
        expected: Option<&str>,
    ) -> Result<bool, String> {
        let found = effect.as_ref().err().map(Refusal::code);
        if found != expected {
            return Err(format!("a {what} is refused with {found:?} instead of {expected:?}"));
        }
        match effect {
            Ok(effect) => self.take(effect).map(|()| true),
            Err(_) => Ok(false),
        }
    }

    fn take(&mut self, effect: Effect) -> Result<(), String> {
        for entry in &effect.entries {
            if !self.entries.insert(entry.id) {
                return Err(format!("{entry:?} is booked twice"));
            }
            *self.accounts.entry(entry.from).or_default() -= entry.amount.0;
            *self.accounts.entry(entry.to).or_default() += entry.amount.0;
        }
        self.coupon = effect.coupon;
        if let Some(redemption) = effect.redemption {
            match self.redemptions.iter_mut().find(|known| known.id == redemption.id) {
                Some(known) => *known = redemption,
                None => self.redemptions.push(redemption),
            }
        }
        Ok(())
    }

    /// Compares state, reservations and money with the model.
    fn holds(&self, after: &str) -> Result<(), String> {
        let account = |account| self.accounts.get(&account).copied().unwrap_or_default();
        let redeemed = self.redemptions.last().map_or(0, |redemption| redemption.amount.0);
        let found = (self.coupon.state.name(), self.coupon.reserved.0, self.redemptions.len());
        let expected = (self.model.name(redeemed), self.model.reserved, self.model.spent.len());
        let spent: i64 = self.model.spent.iter().sum();
        let booked = (account(Account::Reserved), account(Account::Spent), account(Account::Returned));
        let is_below = Account::ALL.into_iter().skip(1).any(|one| account(one) < 0);
        let is_zero = self.accounts.values().sum::<i64>() == 0;
        if found != expected
            || booked != (self.model.reserved, spent, self.model.returned)
            || is_below
            || !is_zero
        {
            return Err(format!(
                "after a {after}: {found:?} instead of {expected:?}, {:?} for {:?}",
                self.accounts, self.model
            ));
        }
        Ok(())
    }
}

fn below(chance: &mut Chance, count: u32) -> u32 {
    let [a, b, c, d, ..] = chance.bytes();
    u32::from_le_bytes([a, b, c, d]) % count
}

/// Tells whether there are pieces that could come back, counted without the code under test.
fn possible(redemption: &Redemption, what: &TakenBack) -> bool {
    let left = |line: &str| {
        let had = redemption.parts.iter().find(|part| part.line == line).map(|part| part.quantity)?;
        let parts = redemption.reversals.iter().flat_map(|reversal| &reversal.parts);
        Some(had - parts.filter(|part| part.line == line).map(|part| part.quantity).sum::<u32>())
    };
    match what {
        TakenBack::Everything => redemption.parts.iter().any(|part| left(&part.line) != Some(0)),
        TakenBack::Lines(lines) => lines.iter().all(|back| {
            let left = left(&back.line).unwrap_or_default();
            (1..=left).contains(&back.quantity.unwrap_or(left))
        }),
    }
}

fn play(seed: u64, steps: Steps) -> Result<(), String> {
    let mut run = Run::new(seed, steps);
    for number in 0..STEPS {
        run.step().map_err(|wrong| format!("seed {seed}, step {number}: {wrong}"))?;
    }
    Ok(())
}

/// Steps of one life: long enough that most coupons end, and are then asked for what is too late. A campaign plays 2,000 lives, a
/// million steps.
const STEPS: u64 = 500;

#[expect(clippy::disallowed_macros, reason = "a campaign reads what was tried off the output")]
#[test]
fn every_life_goes_as_the_model_says() {
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    let lives = config.cases;
    let life = |seed: u64| play(seed, SOUND).map_err(TestCaseError::fail);
    TestRunner::new(config).run(&any::<u64>(), life).unwrap();
    println!("evidence I3,I4,I10 coupon_lives lives={lives} steps={}", u64::from(lives) * STEPS);
}

fn is_caught(steps: Steps) -> bool {
    // Few coupons are still free when their time is over, so it takes many lives to see one expire.
    (0..1_000).any(|seed| play(seed, steps).is_err())
}

#[test]
fn a_step_that_is_wrong_is_caught() {
    assert!(is_caught(Steps { redeem: ignores_holds, ..SOUND }), "a held coupon used elsewhere");
    assert!(is_caught(Steps { redeem: ignores_time, ..SOUND }), "an expired coupon used");
    assert!(is_caught(Steps { redeem: keeps_the_rest, ..SOUND }), "the rest stays reserved");
    assert!(is_caught(Steps { release: frees_any, ..SOUND }), "another order's hold let go");
    assert!(is_caught(Steps { reverse: forgets_before, ..SOUND }), "the same pieces come back twice");
    assert!(is_caught(Steps { reverse: never_returns, ..SOUND }), "the policy is not kept");
    assert!(is_caught(Steps { reverse: last_step_only, ..SOUND }), "worth the last pieces only");
    assert!(is_caught(Steps { reverse: passes_the_budget, ..SOUND }), "promised without room");
    assert!(is_caught(Steps { expire: expires_held, ..SOUND }), "a held coupon expires");
    assert!(is_caught(Steps { expire: frees_twice, ..SOUND }), "what was reserved is freed twice");
    assert!(is_caught(Steps { activate: skips_ahead, ..SOUND }), "a coupon that needs none is activated");
}

fn without_hold(coupon: &Coupon) -> Coupon {
    match &coupon.state {
        State::Reserved(hold) => Coupon { state: State::free(hold.activated_at), ..coupon.clone() },
        _ => coupon.clone(),
    }
}

fn ignores_holds(coupon: &Coupon, order: &Order, now: Timestamp) -> Result<Effect, Refusal> {
    redeemed(&without_hold(coupon), order, now)
}

fn ignores_time(coupon: &Coupon, order: &Order, _: Timestamp) -> Result<Effect, Refusal> {
    redeemed(coupon, order, Timestamp(0))
}

fn keeps_the_rest(coupon: &Coupon, order: &Order, now: Timestamp) -> Result<Effect, Refusal> {
    let mut effect = redeemed(coupon, order, now)?;
    effect.entries.truncate(1);
    Ok(effect)
}

fn frees_any(coupon: &Coupon, order: &str, now: Timestamp) -> Result<Effect, Refusal> {
    release(&without_hold(coupon), order, now)
}

fn forgets_before(
    coupon: &Coupon,
    redemption: &Redemption,
    what: &TakenBack,
    reason: ReversalReason,
    room: Cents,
    now: Timestamp,
) -> Result<Effect, NotReversed> {
    reverse(coupon, &Redemption { reversals: Vec::new(), ..redemption.clone() }, what, reason, room, now)
}

fn last_step_only(
    coupon: &Coupon,
    redemption: &Redemption,
    what: &TakenBack,
    reason: ReversalReason,
    _: Cents,
    now: Timestamp,
) -> Result<Effect, NotReversed> {
    reverse(coupon, redemption, what, reason, Cents::ZERO, now)
}

fn passes_the_budget(
    coupon: &Coupon,
    redemption: &Redemption,
    what: &TakenBack,
    reason: ReversalReason,
    _: Cents,
    now: Timestamp,
) -> Result<Effect, NotReversed> {
    reverse(coupon, redemption, what, reason, Cents(i64::MAX), now)
}

fn never_returns(
    coupon: &Coupon,
    redemption: &Redemption,
    what: &TakenBack,
    _: ReversalReason,
    room: Cents,
    now: Timestamp,
) -> Result<Effect, NotReversed> {
    let keep = Afterwards::StaysUsed;
    let never = ReversalPolicy { cancel: keep, refund: keep, partial_refund: keep, chargeback: keep };
    let strict = Coupon { reversals: never, ..coupon.clone() };
    let mut effect = reverse(&strict, redemption, what, ReversalReason::Cancel, room, now)?;
    effect.coupon.reversals = coupon.reversals;
    Ok(effect)
}

fn expires_held(coupon: &Coupon, now: Timestamp) -> Option<Effect> {
    expire(&without_hold(coupon), now)
}

fn frees_twice(coupon: &Coupon, now: Timestamp) -> Option<Effect> {
    let mut effect = expire(coupon, now)?;
    effect.entries.extend(effect.entries.clone());
    Some(effect)
}

fn skips_ahead(coupon: &Coupon, now: Timestamp) -> Result<Effect, Refusal> {
    match activate(coupon, now) {
        Err(Refusal::NeedsNoActivation) => Ok(coupon.with_state(State::Activated { at: now })),
        answer => answer,
    }
}

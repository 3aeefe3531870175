//! A campaign whose effect is known: people whom an offer really moves, or does not, drawn by lot into its arms, and followed as a shop's
//! sources tell of them.

use std::collections::BTreeMap;

use wink_core::base::{
    CampaignId, Cents, CouponId, DecisionId, OfferId, RedemptionId, ReversalId, Timestamp, Value,
};
use wink_core::coupon::{Part, Redemption, Reversal};
use wink_core::event::{Body, Line, Observed, Order};
use wink_core::measure::{Arm, Costs, Followed, Tally};
use wink_core::offer::{Afterwards, Margins, ReversalReason};

use super::{Draw, Response};

/// A campaign and the people it meets.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// How many people.
    pub people: u64,
    /// Which share of them is held out.
    pub held_out: f64,
    /// How many of them there are of each [`Response`], as shares in the order of [`Response::ALL`].
    pub responses: [f64; 4],
    /// What the coupon takes off, in cents.
    pub coupon: i64,
}

/// Which part of the shelf price is margin, in basis points.
const MARGIN: u16 = 4_000;
/// How often an order comes back as a whole.
const RETURNED: f64 = 0.1;
/// What a basket costs on the shelf at least, and on average beyond that, in cents.
const BASKET: (f64, f64) = (500.0, 3_000.0);

impl Trial {
    /// Tells what the offer really changes in contribution per person, in cents: the expectation, without a draw.
    ///
    /// Who buys contributes the margin of a basket unless it comes back; who buys with the offer contributes a coupon less.
    pub fn increment(&self) -> f64 {
        let [sure, moved, _, put_off] = self.responses;
        let margin = (BASKET.0 + BASKET.1) * f64::from(MARGIN) / 10_000.0;
        let coupon = Cents(self.coupon);
        let kept = 1.0 - RETURNED;
        kept * ((moved - put_off) * margin - (sure + moved) * real(coupon))
    }

    /// Tells which share of the discount really goes to people who would have bought anyway.
    pub fn wasted(&self) -> f64 {
        let [sure, moved, ..] = self.responses;
        sure / (sure + moved)
    }

    /// Plays it once.
    pub fn play(&self, seed: u64) -> Tally {
        let mut draw = Draw::new(seed, "trial");
        let costs = Costs {
            by_product: BTreeMap::new(),
            margins: Margins { default_basis_points: MARGIN, by_category: BTreeMap::new() },
        };
        let mut tally = Tally::default();
        for _ in 0..self.people {
            let arm = if draw.says(self.held_out) { Arm::HeldOut } else { Arm::Offered };
            let response = Response::drawn(&self.responses, &mut draw);
            tally.assign(arm);
            tally.add(&self.follow(arm, response, &costs, &mut draw));
        }
        tally
    }

    fn follow(&self, arm: Arm, response: Response, costs: &Costs, draw: &mut Draw) -> Followed {
        let assigned_at = Timestamp(1_772_409_600_000);
        let mut person = Followed::new(arm, assigned_at);
        // Who buys anyway has bought before: what was spent tells something of what will be.
        let buys_without = matches!(response, Response::SureThing | Response::SleepingDog);
        person.before = whole(draw.gamma(if buys_without { 4.0 } else { 0.5 }, 1_500.0));
        let (buys, coupon) = match arm {
            Arm::Offered => (matches!(response, Response::SureThing | Response::Persuadable), self.coupon),
            Arm::HeldOut => (buys_without, 0),
        };
        if !buys {
            return person;
        }
        let at = assigned_at.plus_days(1 + i64::try_from(draw.below(28)).unwrap_or(0));
        let shelf = whole(BASKET.0 + draw.gamma(2.0, BASKET.1 / 2.0));
        // Some shops tell of a coupon in the order, others do not.
        let told = if draw.says(0.5) { coupon } else { 0 };
        person.hear(at, &order(shelf.0 - coupon, told), &BTreeMap::new(), costs);
        let comes_back = draw.says(RETURNED);
        if comes_back && let Some(refunded) = Observed::named("Order Refunded") {
            let which = BTreeMap::from([("order_id".to_owned(), Value::Text(ORDER.to_owned()))]);
            person.hear(at.plus_days(3), &Body::Observed(refunded), &which, costs);
        }
        if 0 < coupon
            && let Some(redemption) = redemption(coupon, comes_back, at)
        {
            person.use_coupon(&redemption, true);
        }
        person
    }
}

const ORDER: &str = "order";

fn order(paid: i64, discount: i64) -> Body {
    let line = Line {
        product_id: "p".to_owned(),
        category: None,
        quantity: 1,
        paid: Cents(paid),
        discount: Cents(discount),
        coupon_discount: Cents(discount),
    };
    Body::OrderCompleted(Order { order_id: ORDER.to_owned(), store_id: None, lines: vec![line] })
}

/// `None` if the names were none, which these are not.
fn redemption(amount: i64, comes_back: bool, at: Timestamp) -> Option<Redemption> {
    let part = Part { line: "1".to_owned(), quantity: 1, amount: Cents(amount), vat_basis_points: None };
    let reversal = Reversal {
        id: ReversalId::from_bytes([4; 16]),
        at: at.plus_days(3),
        reason: ReversalReason::Refund,
        parts: vec![part.clone()],
        afterwards: Afterwards::StaysUsed,
    };
    Some(Redemption {
        id: RedemptionId::from_bytes([1; 16]),
        coupon: CouponId::from_bytes([2; 16]),
        decision: DecisionId::from_bytes([3; 16]),
        profile: None,
        campaign: CampaignId::parse("trial").ok()?,
        offer: OfferId::parse("trial").ok()?,
        order_id: ORDER.to_owned(),
        at,
        amount: Cents(amount),
        parts: vec![part],
        counted: Vec::new(),
        reversals: if comes_back { vec![reversal] } else { Vec::new() },
        offline: None,
    })
}

#[expect(clippy::cast_possible_truncation, reason = "baskets of a simulation")]
fn whole(cents: f64) -> Cents {
    Cents(libm::round(cents.clamp(0.0, 1e9)) as i64)
}

#[expect(clippy::cast_precision_loss, reason = "coupons of a simulation")]
fn real(cents: Cents) -> f64 {
    cents.0 as f64
}

#[cfg(test)]
mod tests {
    use wink_core::measure::{Interval, LotShare, Lots, Statement, Thresholds};

    use super::*;

    const RUNS: u64 = 1_000;

    /// Plays a trial often and counts in how many runs something holds of the statement.
    fn count<const MANY: usize>(trial: &Trial, holds: impl Fn(&Statement) -> [bool; MANY]) -> [u32; MANY] {
        let mut held = [0; MANY];
        for seed in 0..RUNS {
            let statement = Statement::of(&trial.play(seed), LotShare::Fixed(3_000), &Thresholds::default());
            held.iter_mut().zip(holds(&statement)).for_each(|(held, holds)| *held += u32::from(holds));
        }
        held
    }

    const TRIAL: Trial = Trial { people: 600, held_out: 0.3, responses: [0.25, 0.15, 0.6, 0.0], coupon: 300 };

    #[test]
    fn the_statement_holds_the_true_increment_and_waste_as_often_as_it_says() {
        let (increment, wasted) = (TRIAL.increment(), TRIAL.wasted());
        assert!(50.0 < increment && 0.6 < wasted, "{increment} {wasted}");
        let held = count(&TRIAL, |statement| {
            let told = statement.increment.as_ref().unwrap();
            let waste = statement.waste.as_ref().unwrap().share;
            let holds = |interval: Interval, truth: f64| interval.lower <= truth && truth <= interval.upper;
            [holds(told.told, increment), holds(told.plain, increment), holds(waste, wasted)]
        });
        assert!(held.iter().all(|held| (930..=970).contains(held)), "{held:?} of {RUNS}");
    }

    #[test]
    fn an_offer_that_puts_people_off_is_measured_as_well() {
        let trial = Trial { responses: [0.2, 0.05, 0.6, 0.15], ..TRIAL };
        let increment = trial.increment();
        assert!(increment < -150.0, "{increment}");
        let [held, stops] = count(&trial, |statement| {
            let told = statement.increment.as_ref().unwrap().told;
            [told.lower <= increment && increment <= told.upper, told.upper < 0.0]
        });
        assert!((930..=970).contains(&held) && 900 < stops, "{held} {stops} of {RUNS}");
    }

    #[test]
    fn an_offer_that_does_nothing_is_found_to_do_something_in_one_run_of_twenty() {
        let trial = Trial { responses: [0.4, 0.0, 0.6, 0.0], coupon: 0, ..TRIAL };
        assert!(trial.increment().abs() < 1e-12);
        let [found, mismatches] = count(&trial, |statement| {
            let lots = matches!(&statement.lots, Lots::Tested(ratio) if ratio.is_mismatch());
            [!statement.increment.as_ref().unwrap().told.holds_zero(), lots]
        });
        assert!((36..=64).contains(&found), "{found} of {RUNS}");
        assert!(mismatches <= 5, "{mismatches} of {RUNS}");
    }
}

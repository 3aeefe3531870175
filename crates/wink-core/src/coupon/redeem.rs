//! A coupon is used on an order: what it is worth there is spent, the rest of what was reserved is free again.

use super::ledger::{Account, Entry};
use super::life::{Coupon, Effect, Phase, State};
use super::redemption::{Part, Redemption};
use super::refusal::Refusal;
use super::share::share_out;
use crate::base::{Cents, RedemptionId, Timestamp};

/// The part of an order a coupon applies to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Basket {
    /// The order.
    pub order_id: String,
    /// Its lines of the offer's products.
    pub lines: Vec<BasketLine>,
}

/// A line of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BasketLine {
    /// The shop's name of it, unique in the order.
    pub line: String,
    /// How many pieces; at least one.
    pub quantity: u32,
    /// What it costs before the coupon.
    pub spend: Cents,
}

impl Basket {
    fn spend(&self) -> Cents {
        self.lines.iter().map(|line| line.spend).sum()
    }
}

/// Redeems a coupon on an order.
///
/// # Errors
/// The [`Refusal`], with what would make it apply.
pub fn redeem(coupon: &Coupon, basket: &Basket, now: Timestamp) -> Result<Effect, Refusal> {
    match coupon.phase(now)? {
        Phase::Asleep => return Err(Refusal::NotActivated),
        Phase::Held(hold) if hold.order_id != basket.order_id => {
            return Err(Refusal::Held { until: hold.until });
        }
        Phase::Held(_) | Phase::Ready { .. } => {}
    }
    let amount = coupon.worth_on(basket)?;
    let redemption = coupon.redemption_on(basket, amount, now);
    let state = State::Redeemed { at: now, order_id: basket.order_id.clone(), amount, returned: Cents::ZERO };
    let mut effect = coupon.with_state(state);
    let about = redemption.about();
    effect.entries.push(Entry::new(about, Account::Reserved, Account::Spent, amount, now));
    let rest = coupon.reserved - amount;
    if Cents::ZERO < rest {
        effect.entries.push(Entry::new(about, Account::Reserved, Account::Available, rest, now));
    }
    effect.coupon.reserved = Cents::ZERO;
    effect.coupon.redemptions.push(redemption.id);
    effect.redemption = Some(redemption);
    Ok(effect)
}

impl Coupon {
    /// Tells what it is worth on a basket: never more than is reserved for it, and never so much that less than the minimum price remains.
    ///
    /// # Errors
    /// Why it does not apply.
    pub(super) fn worth_on(&self, basket: &Basket) -> Result<Cents, Refusal> {
        if basket.lines.is_empty() {
            return Err(Refusal::NoProducts);
        }
        let spend = basket.spend();
        if spend < self.terms.minimum_spend {
            return Err(Refusal::MinimumSpend { missing: self.terms.minimum_spend - spend });
        }
        let most = (spend - self.terms.minimum_price).max(Cents::ZERO);
        let amount = self.benefit.worth(spend).min(most).min(self.reserved);
        if amount == Cents::ZERO {
            return Err(Refusal::MinimumPrice);
        }
        Ok(amount)
    }

    fn redemption_on(&self, basket: &Basket, amount: Cents, now: Timestamp) -> Redemption {
        let spends: Vec<Cents> = basket.lines.iter().map(|line| line.spend).collect();
        let shares = share_out(amount, &spends);
        let part = |(line, amount): (&BasketLine, Cents)| Part {
            line: line.line.clone(),
            quantity: line.quantity,
            amount,
        };
        // A coupon that came back may be used on the same order again.
        let turn = u64::try_from(self.redemptions.len()).unwrap_or(u64::MAX).to_be_bytes();
        let fields = [&self.id.bytes(), basket.order_id.as_bytes(), &turn];
        Redemption {
            id: RedemptionId::seeded("redemption", &fields),
            coupon: self.id,
            decision: self.decision,
            profile: self.profile,
            campaign: self.campaign.clone(),
            offer: self.offer.clone(),
            order_id: basket.order_id.clone(),
            at: now,
            amount,
            parts: basket.lines.iter().zip(shares).map(part).collect(),
            reversals: Vec::new(),
        }
    }
}

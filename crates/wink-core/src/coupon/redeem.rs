//! A coupon is used on an order: what it takes off there is spent, the rest of what was reserved is free again.

use super::cart::{Applied, Cart, Line, Stack};
use super::ledger::{Account, Entry};
use super::life::{Coupon, Effect, State};
use super::redemption::{Part, Redemption};
use super::refusal::Refusal;
use crate::base::{Cents, RedemptionId, Timestamp};

/// Redeems a coupon on an order, for what it takes off the order's cart beside the others there.
///
/// # Errors
/// The [`Refusal`], with what would make it apply.
pub fn redeem(coupon: &Coupon, order: &str, stack: &Stack<'_>, now: Timestamp) -> Result<Effect, Refusal> {
    coupon.usable_at(now, Some(order))?;
    let applied = stack.outcome(coupon.id)?;
    let redemption = coupon.redemption_on(order, stack.priced.cart(), applied, now);
    let amount = redemption.amount;
    let state = State::Redeemed { at: now, order_id: order.to_owned(), amount, returned: Cents::ZERO };
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
    fn redemption_on(&self, order: &str, cart: &Cart, applied: &Applied, now: Timestamp) -> Redemption {
        let part = |(line, amount): (&Line, &Cents)| Part {
            line: line.id.clone(),
            quantity: line.quantity,
            amount: *amount,
            vat_basis_points: line.vat_basis_points,
        };
        let taken = cart.lines().iter().zip(&applied.by_line).filter(|(_, amount)| Cents::ZERO < **amount);
        // A coupon that came back may be used on the same order again.
        let turn = u64::try_from(self.redemptions.len()).unwrap_or(u64::MAX).to_be_bytes();
        let fields = [&self.id.bytes(), order.as_bytes(), &turn];
        Redemption {
            id: RedemptionId::seeded("redemption", &fields),
            coupon: self.id,
            decision: self.decision,
            profile: self.profile,
            campaign: self.campaign.clone(),
            offer: self.offer.clone(),
            order_id: order.to_owned(),
            at: now,
            amount: applied.amount,
            parts: taken.map(part).collect(),
            counted: applied.counted.clone(),
            reversals: Vec::new(),
            offline: None,
        }
    }
}

//! Which coupons together give the shopper most.

use super::line::Cart;
use super::priced::Priced;
use super::stack::{Checkout, Claim, alone, clash, in_order};
use crate::base::{Cents, CouponId};
use crate::offer::CartPolicy;

/// The most combinations that are tried: all there are of twelve coupons that may meet.
pub const COMBINATIONS_MAX: usize = 4_096;

/// The most lines that are looked at for combinations, each as often as it is: a person waits for the answer. Of a cart with more than 64 lines
/// fewer combinations are tried.
const VISITS_MAX: usize = 64 * COMBINATIONS_MAX;

/// Where not all are tried, so many coupons, those that take most off alone, are held together.
const GROWN_FROM_MAX: usize = 24;

/// The coupons that give most.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Best<'a> {
    /// The cart with them.
    pub priced: Priced<'a>,
    /// Whether every combination was tried. If not, there could be one that gives more.
    pub is_exact: bool,
}

/// Finds the combination the policy allows that takes most off the cart: of those that take as much the one with the fewest coupons, of those
/// the first in the policy's order.
///
/// All combinations are tried as long as there are at most [`COMBINATIONS_MAX`]; fewer of a long cart. Of more, the best single coupon is held
/// against what grows by always adding the coupon that brings most, from those that take most alone: at most eight steps.
pub fn best<'a>(cart: &'a Cart, claims: &[Claim<'_>], checkout: &Checkout<'_>) -> Best<'a> {
    let policy = checkout.policy;
    // What was redeemed on the order before stands, so it is in every combination.
    let (redeemed, mut usable): (Vec<_>, Vec<_>) =
        in_order(claims).into_iter().partition(|claim| claim.redeemed.is_some());
    let mut begun = Priced::new(cart, policy);
    if !begun.begin(&redeemed) {
        usable.clear();
    }
    // What does not apply alone does not apply beside others, which leave it less.
    usable.retain(|claim| alone(cart, claim, checkout).is_ok() && clash(&redeemed, claim, policy).is_none());
    let most = COMBINATIONS_MAX.min(VISITS_MAX / cart.lines().len().max(1));
    let is_exact = combinations(&usable, policy) <= most;
    let mut search = Search { policy, best: begun.clone(), begun, redeemed };
    if is_exact {
        let (begun, redeemed) = (search.begun.clone(), search.redeemed.clone());
        search.try_all(&begun, &redeemed, &usable);
    } else {
        let begun = search.begun.clone();
        let mut alone: Vec<(Cents, &Claim<'_>)> = Vec::new();
        for claim in &usable {
            alone.extend(search.try_one(&begun, claim).map(|priced| (priced.discount(), *claim)));
        }
        alone.sort_by_key(|(discount, _)| std::cmp::Reverse(*discount));
        let most: Vec<CouponId> =
            alone.iter().take(GROWN_FROM_MAX).map(|(_, claim)| claim.coupon.id).collect();
        usable.retain(|claim| most.contains(&claim.coupon.id));
        search.grow(&usable);
    }
    Best { priced: search.best, is_exact }
}

/// Counts the combinations, as if there were no groups; no further than it matters.
fn combinations(claims: &[&Claim<'_>], policy: &CartPolicy) -> usize {
    let stacking = claims.iter().filter(|claim| claim.stacking.stacks).count();
    let mut count = claims.len() - stacking;
    let mut of_size = 1_usize;
    for size in 1..=usize::from(policy.max_stack).min(stacking) {
        // The binomial coefficient, from the one before; it divides evenly.
        of_size = of_size.saturating_mul(stacking - size + 1) / size;
        count = count.saturating_add(of_size);
        if COMBINATIONS_MAX < count {
            break;
        }
    }
    count
}

struct Search<'p, 'c, 'a> {
    policy: &'p CartPolicy,
    /// The cart with what was redeemed on the order before.
    begun: Priced<'a>,
    redeemed: Vec<&'c Claim<'c>>,
    best: Priced<'a>,
}

impl<'a> Search<'_, '_, 'a> {
    /// Tries what is put on already with every combination of what comes behind it.
    fn try_all(&mut self, priced: &Priced<'a>, beside: &[&Claim<'_>], ahead: &[&Claim<'_>]) {
        let mut ahead = ahead;
        while let Some((claim, behind)) = ahead.split_first() {
            ahead = behind;
            if clash(beside, claim, self.policy).is_some() {
                continue;
            }
            if let Some(next) = self.try_one(priced, claim) {
                self.try_all(&next, &[beside, &[*claim]].concat(), behind);
            }
        }
    }

    /// Puts one more coupon on, and remembers the result if it is the best so far.
    fn try_one(&mut self, priced: &Priced<'a>, claim: &Claim<'_>) -> Option<Priced<'a>> {
        let mut next = priced.clone();
        next.put(claim).ok()?;
        self.remember(&next);
        Some(next)
    }

    fn remember(&mut self, found: &Priced<'a>) {
        let rank = |priced: &Priced<'_>| (priced.discount(), std::cmp::Reverse(priced.applied().len()));
        if rank(&self.best) < rank(found) {
            self.best = found.clone();
        }
    }

    /// Adds to the coupons that may meet, again and again, the one that brings most.
    fn grow(&mut self, claims: &[&Claim<'_>]) {
        let (mut chosen, mut grown): (Vec<usize>, _) = (Vec::new(), self.begun.clone());
        loop {
            let tried = (0..claims.len()).filter(|index| !chosen.contains(index)).filter_map(|index| {
                let with: Vec<usize> =
                    (0..claims.len()).filter(|other| *other == index || chosen.contains(other)).collect();
                Some((self.together(claims, &with)?, with))
            });
            let step = tried.fold(None, |best: Option<(Priced<'a>, Vec<usize>)>, next| match best {
                Some(best) if next.0.discount() <= best.0.discount() => Some(best),
                _ => Some(next),
            });
            match step {
                Some((next, with)) if grown.discount() < next.discount() => (grown, chosen) = (next, with),
                _ => return self.remember(&grown),
            }
        }
    }

    /// Puts coupons on together, by their places in the policy's order. `None` if they may not meet, one stands alone, or one takes nothing off.
    fn together(&self, claims: &[&Claim<'_>], with: &[usize]) -> Option<Priced<'a>> {
        let (mut priced, mut beside): (_, Vec<&Claim<'_>>) = (self.begun.clone(), self.redeemed.clone());
        for claim in with.iter().filter_map(|index| claims.get(*index)) {
            if !claim.stacking.stacks || clash(&beside, claim, self.policy).is_some() {
                return None;
            }
            priced.put(claim).ok()?;
            beside.push(*claim);
        }
        Some(priced)
    }
}

//! The stacking policy: which coupons may meet on one cart, in which order they count, and what no stack of them may go below.

use crate::base::Cents;

/// The most coupons that may ever meet on a cart, so that the combinations to try stay few.
pub const STACK_MAX: u8 = 8;

/// How the coupons of an offer meet others on a cart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stacking {
    /// The higher counts first. What comes later is worked out on what is left to pay.
    pub priority: u16,
    /// Of one group at most one coupon counts.
    pub exclusive_group: Option<String>,
    /// Whether it counts beside others that say the same. One that does not stands alone.
    pub stacks: bool,
}

/// Why two coupons do not meet on a cart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clash {
    /// One of them stands alone.
    StandsAlone,
    /// Both are of one group.
    SameGroup,
}

impl Stacking {
    /// Tells why it does not meet `other`, if so.
    pub fn clash(&self, other: &Self) -> Option<Clash> {
        if !self.stacks || !other.stacks {
            return Some(Clash::StandsAlone);
        }
        let is_same_group = self.exclusive_group.is_some() && self.exclusive_group == other.exclusive_group;
        is_same_group.then_some(Clash::SameGroup)
    }
}

/// What holds for a cart whatever coupons are on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CartPolicy {
    /// How many coupons may meet, 1 to [`STACK_MAX`].
    pub max_stack: u8,
    /// The share of a line's cost, in basis points, that must remain to be paid for it: 10,000 is the cost itself. `None`: no such floor.
    pub cost_floor_basis_points: Option<u16>,
}

impl Default for CartPolicy {
    fn default() -> Self {
        Self { max_stack: STACK_MAX, cost_floor_basis_points: None }
    }
}

impl CartPolicy {
    /// Tells what must remain of something that costs the shop so much; rounded up, because it is a floor.
    pub fn cost_floor(&self, cost: Cents) -> Cents {
        let Some(basis_points) = self.cost_floor_basis_points else { return Cents::ZERO };
        let product = i128::from(cost.0) * i128::from(basis_points);
        let floor = product.div_euclid(10_000) + i128::from(product.rem_euclid(10_000) != 0);
        Cents(i64::try_from(floor).unwrap_or(i64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stacking(stacks: bool, group: Option<&str>) -> Stacking {
        Stacking { priority: 0, exclusive_group: group.map(str::to_owned), stacks }
    }

    #[test]
    fn coupons_meet_if_both_stack_and_are_not_of_one_group() {
        let check = |one: Stacking, other: Stacking, expected| {
            assert_eq!(one.clash(&other), expected);
            assert_eq!(other.clash(&one), expected);
        };
        check(stacking(true, None), stacking(true, None), None);
        check(stacking(true, None), stacking(false, None), Some(Clash::StandsAlone));
        check(stacking(true, Some("a")), stacking(true, Some("b")), None);
        check(stacking(true, Some("a")), stacking(true, Some("a")), Some(Clash::SameGroup));
    }

    #[test]
    fn a_cost_floor_is_rounded_up() {
        let floor =
            |basis_points| CartPolicy { cost_floor_basis_points: basis_points, ..CartPolicy::default() };
        assert_eq!(floor(Some(10_500)).cost_floor(Cents(101)), Cents(107));
        assert_eq!(floor(Some(10_000)).cost_floor(Cents(101)), Cents(101));
        assert_eq!(floor(None).cost_floor(Cents(101)), Cents::ZERO);
    }
}

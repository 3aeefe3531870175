//! Money: whole minor units of one currency per shop.

/// An amount in minor units: cents, yen, thousandths of a dinar. It cannot be printed by itself, because only its [`Currency`](super::Currency)
/// knows where the decimals begin. Additions are checked in every build: an overflow stops, it never wraps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cents(pub i64);

impl Cents {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// The most that a price, a cart, a line or a budget may be: a thousand million euros or rupiah, a hundred times as many yen. More is a slip, and
    /// sums of less never overflow.
    pub const MOST: Self = Self(100_000_000_000);

    /// Adds what nobody has checked: the most there is where it would be more.
    #[must_use]
    pub fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// Takes `percent` hundredths of a percent (basis points) of the amount, half up.
    pub fn basis_points(self, basis_points: i64) -> Self {
        let product = i128::from(self.0) * i128::from(basis_points);
        let rounded = (product + 5_000).div_euclid(10_000);
        Self(i64::try_from(rounded).unwrap_or(if rounded < 0 { i64::MIN } else { i64::MAX }))
    }
}

impl std::ops::Add for Cents {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl std::ops::Sub for Cents {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl std::ops::AddAssign for Cents {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

impl std::iter::Sum for Cents {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, |sum, amount| sum + amount)
    }
}

#[cfg(test)]
impl Cents {
    /// Spells it as euros for a test to compare: `-12.05`.
    pub(crate) fn in_euros(self) -> String {
        super::Currency::new("EUR").expect("three capitals").of(self).plain()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_rounded_half_up() {
        assert_eq!(Cents(250).basis_points(1_000), Cents(25));
        assert_eq!(Cents(5).basis_points(5_000), Cents(3));
        assert_eq!(Cents(-5).basis_points(5_000), Cents(-2));
    }
}

//! The discount by rate of VAT, as a receipt and a return need it.

use super::priced::Priced;
use crate::base::Cents;

/// What one rate has of a cart. Prices hold the tax.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VatShare {
    /// The rate in basis points; `None` for lines that name none.
    pub rate: Option<u16>,
    /// What its lines cost without coupons.
    pub before: Cents,
    /// What the coupons take off them.
    pub discount: Cents,
    /// By how much the tax that is in the price becomes less; nothing where no rate is named.
    pub tax: Cents,
}

/// Splits a cart by rate, lowest first; lines without one come first of all. The discounts add up to the cart's.
///
/// The tax in a price is `price × rate / (1 + rate)`, rounded half up once for all lines of a rate; the share of the discount is the
/// difference between the tax without and with coupons, so that a receipt before and one after agree with it.
pub fn vat_shares(priced: &Priced<'_>) -> Vec<VatShare> {
    let lines = || priced.cart().lines().iter().zip(priced.left());
    let mut rates: Vec<Option<u16>> = lines().map(|(line, _)| line.vat_basis_points).collect();
    rates.sort_unstable();
    rates.dedup();
    let share = |rate: Option<u16>| {
        let of_rate = || lines().filter(|(line, _)| line.vat_basis_points == rate);
        let before: Cents = of_rate().map(|(line, _)| line.price()).sum();
        let after: Cents = of_rate().map(|(_, left)| *left).sum();
        let tax = rate.map_or(Cents::ZERO, |rate| vat_contained(before, rate) - vat_contained(after, rate));
        VatShare { rate, before, discount: before - after, tax }
    };
    rates.into_iter().map(share).collect()
}

/// Tells the tax that is in a price, half up.
pub fn vat_contained(price: Cents, rate: u16) -> Cents {
    let whole = i128::from(10_000 + u32::from(rate));
    let tax = (2 * i128::from(price.0) * i128::from(rate) + whole).div_euclid(2 * whole);
    Cents(i64::try_from(tax).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tax_in_a_price_is_rounded_half_up() {
        assert_eq!(vat_contained(Cents(11_900), 1_900), Cents(1_900));
        assert_eq!(vat_contained(Cents(1_000), 700), Cents(65));
        assert_eq!(vat_contained(Cents(1), 10_000), Cents(1));
        assert_eq!(vat_contained(Cents(999), 0), Cents(0));
    }
}

//! Amounts as shops' clients send them: JSON numbers in major units, read digit by digit. Never a float on the way.

use std::fmt;

use serde_json::Value as Json;
use wink_core::base::{Cents, Currency};
use wink_core::coupon::cart::{Room, allocate};

/// A decimal number as written: `mantissa × 10^exponent`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Decimal {
    mantissa: i128,
    exponent: i32,
}

/// More digits than this are no amount of money; it also keeps every sum far below what the mantissa holds.
const DIGITS_MAX: usize = 24;

impl Decimal {
    /// Reads a number, or the text of one. A number is taken by its shortest spelling, which for up to 15 digits is the one the
    /// client wrote.
    pub(crate) fn read(json: &Json) -> Option<Self> {
        match json {
            Json::Number(number) => Self::parse(&number.to_string()),
            Json::String(text) => Self::parse(text.trim()),
            _ => None,
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let (sign, unsigned) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
        let (digits, power) = match unsigned.split_once(['e', 'E']) {
            Some((digits, power)) => (digits, power.parse::<i32>().ok()?),
            None => (unsigned, 0),
        };
        let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
        let all = format!("{whole}{decimals}");
        let is_number =
            !whole.is_empty() && all.len() <= DIGITS_MAX && all.bytes().all(|b| b.is_ascii_digit());
        if !is_number {
            return None;
        }
        let exponent = power.checked_sub(i32::try_from(decimals.len()).ok()?)?;
        Some(Self { mantissa: sign * all.parse::<i128>().ok()?, exponent })
    }

    /// Multiplies by a number of pieces.
    pub(crate) fn times(self, pieces: i64) -> Option<Self> {
        Some(Self { mantissa: self.mantissa.checked_mul(i128::from(pieces))?, ..self })
    }

    /// Rounds to so many decimals, half up, and counts the last of them. `None` if it is too large to be an amount.
    pub(crate) fn minor(self, decimals: usize) -> Option<i64> {
        let places = self.exponent.checked_add(i32::try_from(decimals).ok()?)?;
        let cents = match u32::try_from(places) {
            Ok(places) => self.mantissa.checked_mul(10_i128.checked_pow(places)?)?,
            Err(_) => {
                let Some(divisor) = 10_i128.checked_pow(places.unsigned_abs()) else { return Some(0) };
                (self.mantissa + divisor / 2).div_euclid(divisor)
            }
        };
        let cents = i64::try_from(cents).ok()?;
        (-Cents::MOST.0..=Cents::MOST.0).contains(&cents).then_some(cents)
    }
}

/// Spells it so that it reads back as the same.
impl fmt::Display for Decimal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}e{}", self.mantissa, self.exponent)
    }
}

/// Reads an amount in major units as minor ones of its currency, half up.
pub(crate) fn cents(json: &Json, currency: Currency) -> Option<i64> {
    Decimal::read(json)?.minor(currency.places())
}

/// Spreads `amount` over `weights` in proportion, to the cent: remainders go to the largest fractions, of equal ones to the first.
pub(crate) fn spread(amount: i64, weights: &[i64]) -> Vec<i64> {
    let room = |weight: &i64| Room { weight: Cents(*weight), most: Cents(i64::MAX) };
    let lines: Vec<Room> = weights.iter().map(room).collect();
    allocate(Cents(amount), &lines).into_iter().map(|share| share.0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_read_digit_by_digit() {
        for (text, wanted) in [
            ("19.99", Some(1_999)),
            ("0.29", Some(29)),
            ("1.005", Some(101)),
            ("-1.005", Some(-100)),
            ("1.115", Some(112)),
            ("4.35", Some(435)),
            ("1e2", Some(10_000)),
            ("1.5E-1", Some(15)),
            ("0.30000000000000004", Some(30)),
            ("1e-300", Some(0)),
            ("9e300", None),
            ("10000000000", None),
            ("\"12.50\"", Some(1_250)),
            ("\"12,50\"", None),
            ("\"\"", None),
            ("null", None),
        ] {
            assert_eq!(in_minor_units(text, "EUR"), wanted, "{text}");
        }
    }

    fn in_minor_units(text: &str, code: &str) -> Option<i64> {
        cents(&serde_json::from_str(text).unwrap(), Currency::new(code).unwrap())
    }

    #[test]
    fn a_yen_has_no_decimals_and_a_dinar_three() {
        assert_eq!(
            ["1980", "19.5", "0.4"].map(|text| in_minor_units(text, "JPY")),
            [Some(1_980), Some(20), Some(0)]
        );
        assert_eq!(["1.25", "1.2345"].map(|text| in_minor_units(text, "KWD")), [Some(1_250), Some(1_235)]);
    }

    /// ISO 4217 by the number of decimals, but for the many that have two.
    #[test]
    fn every_currency_without_two_decimals_is_counted_in_its_own() {
        for (places, codes) in [
            (0, "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"),
            (3, "BHD IQD JOD KWD LYD OMR TND"),
            (4, "CLF UYW"),
        ] {
            let unit = 10_i64.pow(places);
            for code in codes.split(' ') {
                let read = ["12", "12.0", "\"12.00000\"", "1.2e1"].map(|text| in_minor_units(text, code));
                assert_eq!(read, [Some(12 * unit); 4], "{code}");
                // A half of the last decimal there is.
                let half = format!("5e-{}", places + 1);
                assert_eq!(in_minor_units(&half, code), Some(1), "{code}");
                let less = format!("4.99e-{}", places + 1);
                assert_eq!(in_minor_units(&less, code), Some(0), "{code}");
            }
        }
    }

    #[test]
    fn pieces_are_multiplied_before_anything_is_rounded() {
        let price = Decimal::read(&serde_json::json!(0.333)).unwrap();
        assert_eq!(price.times(3).unwrap().minor(2), Some(100));
    }

    #[test]
    fn shares_add_up_to_the_cent() {
        assert_eq!(spread(100, &[1, 1, 1]), [34, 33, 33]);
        assert_eq!(spread(5, &[1_000, 1, 1_000]), [3, 0, 2]);
        assert_eq!(spread(7, &[0, 0]), [0, 0]);
        for amount in 0..200 {
            assert_eq!(spread(amount, &[3, 199, 77, 1]).iter().sum::<i64>(), amount);
        }
    }
}

//! Amounts as they are typed. How many decimals one has, only the shop's currency knows.

use std::fmt;
use std::str::FromStr;

use anyhow::bail;
use wink_core::base::{Cents, Currency};

/// An amount as typed: digits, and decimals if there are some.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Amount {
    whole: String,
    decimals: Option<String>,
}

impl FromStr for Amount {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (whole, decimals) = match text.split_once('.') {
            Some((whole, decimals)) => (whole, Some(decimals)),
            None => (text, None),
        };
        let is_digits = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        if !is_digits(whole) || !decimals.is_none_or(is_digits) {
            return Err(format!("`{text}` is not an amount; write it like 23.90"));
        }
        Ok(Self { whole: whole.to_owned(), decimals: decimals.map(str::to_owned) })
    }
}

impl Amount {
    /// Counts it in minor units of a currency: all of its decimals are written, or none.
    ///
    /// # Errors
    /// If it has others than the currency, or is too large.
    pub(crate) fn minor_units(&self, currency: Currency) -> anyhow::Result<i64> {
        let places = currency.places();
        let decimals = self.decimals.as_deref();
        let all_or_none = decimals.is_none_or(|decimals| decimals.len() == places);
        let counted = format!("{}{:0<places$}", self.whole, decimals.unwrap_or_default());
        match counted.parse() {
            Ok(amount) if all_or_none => Ok(amount),
            _ => {
                let like = currency.of(Cents(23 * 10_i64.pow(u32::try_from(places)?)));
                bail!("`{self}` is not an amount of the shop; write it like {}", like.plain())
            }
        }
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.whole)?;
        self.decimals.as_ref().map_or(Ok(()), |decimals| write!(out, ".{decimals}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, code: &str, expected: &str) {
        let currency = Currency::new(code).unwrap();
        let amount = text.parse::<Amount>().and_then(|amount| {
            amount.minor_units(currency).map(|amount| amount.to_string()).map_err(|why| why.to_string())
        });
        assert_eq!(amount.unwrap_or_else(|why| why), expected, "{text} {code}");
    }

    #[test]
    fn an_amount_has_all_decimals_of_its_currency_or_none() {
        check("23.90", "EUR", "2390");
        check("23", "EUR", "2300");
        check("610", "JPY", "610");
        check("6.100", "KWD", "6100");
        check("6", "KWD", "6000");
        check("0.0610", "CLF", "610");
        check("23.9", "EUR", "`23.9` is not an amount of the shop; write it like 23.00");
        check("23.905", "EUR", "`23.905` is not an amount of the shop; write it like 23.00");
        check("610.00", "JPY", "`610.00` is not an amount of the shop; write it like 23");
        check("6.10", "KWD", "`6.10` is not an amount of the shop; write it like 23.000");
        check(
            "99999999999999999999",
            "JPY",
            "`99999999999999999999` is not an amount of the shop; write it like 23",
        );
        for wrong in ["", ".", "1.", ".5", "-1", "1,50", "+1", "1e3"] {
            check(wrong, "EUR", &format!("`{wrong}` is not an amount; write it like 23.90"));
        }
    }
}

//! Currencies: which there are, how many decimals their amounts have, and how an amount is written with both.

use std::fmt;

use super::Cents;

/// How many decimals the amounts of each currency have: ISO 4217, list one, as published on 1 January 2026. What is listed there without a
/// minor unit, gold for one, is not in here.
const DECIMALS: [(usize, &str); 4] = [
    (0, "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"),
    (
        2,
        "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW CNY COP COU \
         CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES \
         KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR \
         NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP \
         TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG",
    ),
    (3, "BHD IQD JOD KWD LYD OMR TND"),
    (4, "CLF UYW"),
];

/// The decimals of a currency that is not listed.
const DECIMALS_OTHERWISE: usize = 2;

/// An ISO 4217 currency code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

impl Currency {
    /// "No currency", as ISO 4217 spells it: a shop that has not said which it has.
    pub const NONE: Self = Self(*b"XXX");

    /// Reads a code of three capital letters.
    pub fn new(code: &str) -> Option<Self> {
        let bytes: [u8; 3] = code.as_bytes().try_into().ok()?;
        bytes.iter().all(u8::is_ascii_uppercase).then_some(Self(bytes))
    }

    /// Spells the code.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("???")
    }

    /// Tells how many decimals its amounts have. `None` for a code that ISO 4217 does not list, or lists without a minor unit.
    pub fn decimals(&self) -> Option<usize> {
        // Three letters and a space each.
        let listed = |codes: &str| codes.as_bytes().chunks(4).any(|code| code.starts_with(&self.0));
        DECIMALS.iter().find(|(_, codes)| listed(codes)).map(|(decimals, _)| *decimals)
    }

    /// Tells how many decimals its amounts are written with: two, where none are listed.
    pub fn places(&self) -> usize {
        self.decimals().unwrap_or(DECIMALS_OTHERWISE)
    }

    /// Tells how many minor units make a major one: 100 cents, 1 yen, 1,000 fils.
    pub fn minor_units(&self) -> f64 {
        (0..self.places()).fold(1.0, |units, _| units * 10.0)
    }

    /// Spells an amount in minor units that need not be whole, an average for one, with the currency's decimals: `-12.50` for -1250.4 cents.
    pub fn rounded(self, amount: f64) -> String {
        format!("{:.*}", self.places(), amount / self.minor_units())
    }

    /// Writes an amount in this currency.
    pub fn of(self, amount: Cents) -> Money {
        Money { amount, currency: self }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.code())
    }
}

/// An amount with its currency, to be written down: `6.10 EUR`, `610 JPY`, `0.610 KWD`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Money {
    amount: Cents,
    currency: Currency,
}

impl Money {
    /// Spells it with this mark before the decimals: a comma in German.
    pub fn spelled(self, mark: char) -> String {
        format!("{} {}", self.digits(mark), self.currency)
    }

    /// Spells it without the currency, with a point before the decimals: for a column that names it once.
    pub fn plain(self) -> String {
        self.digits('.')
    }

    fn digits(self, mark: char) -> String {
        let decimals = self.currency.places();
        let sign = if self.amount < Cents::ZERO { "-" } else { "" };
        let digits = format!("{:0width$}", self.amount.0.unsigned_abs(), width = decimals + 1);
        let (whole, rest) = digits.split_at(digits.len() - decimals);
        let mark = if decimals == 0 { String::new() } else { mark.to_string() };
        format!("{sign}{whole}{mark}{rest}")
    }
}

/// Prints with a point before the decimals.
impl fmt::Display for Money {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.spelled('.'))
    }
}

/// Lists for tests every currency of ISO 4217 without two decimals, with how many it has: written down once more and apart from the table that is
/// tested with it.
#[cfg(test)]
pub(crate) fn not_in_hundredths() -> impl Iterator<Item = (Currency, usize)> {
    let none = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF";
    let listed = [(0, none), (3, "BHD IQD JOD KWD LYD OMR TND"), (4, "CLF UYW")];
    let of = |(places, codes): (usize, &'static str)| {
        codes.split(' ').map(move |code| (Currency::new(code).expect("three capitals"), places))
    };
    listed.into_iter().flat_map(of)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelled(amount: i64, code: &str) -> String {
        Currency::new(code).unwrap().of(Cents(amount)).to_string()
    }

    #[test]
    fn a_currency_is_three_capitals() {
        assert_eq!(Currency::new("EUR").map(|c| c.to_string()), Some("EUR".to_owned()));
        assert_eq!(Currency::new("eur"), None);
        assert_eq!(Currency::new("EURO"), None);
    }

    #[test]
    fn an_amount_has_the_decimals_of_its_currency() {
        assert_eq!(spelled(610, "EUR"), "6.10 EUR");
        assert_eq!(spelled(-5, "EUR"), "-0.05 EUR");
        assert_eq!(spelled(610, "JPY"), "610 JPY");
        assert_eq!(spelled(610, "KWD"), "0.610 KWD");
        assert_eq!(spelled(-12_345, "CLF"), "-1.2345 CLF");
        assert_eq!(spelled(610, "ABC"), "6.10 ABC");
        assert_eq!(spelled(i64::MIN, "EUR"), "-92233720368547758.08 EUR");
        assert_eq!(Currency::new("EUR").unwrap().of(Cents(1_205)).spelled(','), "12,05 EUR");
        assert_eq!(Currency::new("KWD").unwrap().of(Cents(-1_205)).plain(), "-1.205");
        let units =
            ["JPY", "EUR", "KWD", "CLF", "ABC"].map(|code| Currency::new(code).unwrap().minor_units());
        assert_eq!(units, [1.0, 100.0, 1_000.0, 10_000.0, 100.0]);
    }

    #[test]
    fn every_currency_without_two_decimals_has_its_own() {
        let spelled_so = ["610", "", "", "0.610", "0.0610"];
        let rounded_so = ["12346", "", "", "12.346", "1.2346"];
        let mut seen = 0;
        for (currency, places) in not_in_hundredths() {
            seen += 1;
            assert_eq!((currency.decimals(), currency.places()), (Some(places), places), "{currency}");
            assert_eq!(currency.of(Cents(610)).to_string(), format!("{} {currency}", spelled_so[places]));
            let in_german = format!("{} {currency}", spelled_so[places].replace('.', ","));
            assert_eq!(currency.of(Cents(610)).spelled(','), in_german);
            assert_eq!(currency.rounded(12_345.6), rounded_so[places], "{currency}");
        }
        let others = DECIMALS.iter().filter(|(decimals, _)| *decimals != 2);
        assert_eq!(seen, others.flat_map(|(_, codes)| codes.split(' ')).count());
        assert_eq!(Currency::new("EUR").unwrap().rounded(-1_250.4), "-12.50");
    }

    #[test]
    fn every_listed_currency_is_listed_once() {
        let mut codes: Vec<&str> = DECIMALS.iter().flat_map(|(_, codes)| codes.split(' ')).collect();
        assert!(codes.iter().all(|code| Currency::new(code).is_some()));
        codes.sort_unstable();
        let listed = codes.len();
        codes.dedup();
        assert_eq!((codes.len(), listed), (165, 165));
        assert_eq!(Currency::NONE.decimals(), None);
    }
}

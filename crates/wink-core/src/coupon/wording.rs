//! What is said to the shopper and to the cashier when a coupon is refused, in German and English. Plain, and without pressure.

use super::refusal::Refusal;
use crate::base::{Cents, Currency, Timestamp, Zone};

/// How a shop writes money and dates.
#[derive(Clone, Copy, Debug)]
pub struct Locale<'a> {
    /// Its currency.
    pub currency: Currency,
    /// Where its days begin.
    pub zone: &'a Zone,
}

/// A sentence in both languages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sentence {
    /// German.
    pub de: String,
    /// English.
    pub en: String,
}

/// A refusal in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wording {
    /// For the shopper.
    pub customer: Sentence,
    /// For whoever stands at the till.
    pub cashier: Sentence,
}

impl Refusal {
    /// Puts the refusal into words.
    pub fn wording(&self, locale: &Locale<'_>) -> Wording {
        Wording { customer: self.to_customer(locale), cashier: self.to_cashier(locale) }
    }

    fn to_customer(self, locale: &Locale<'_>) -> Sentence {
        match self {
            Self::Unknown | Self::Revoked => {
                said("Dieser Coupon gilt hier nicht.", "This coupon is not valid here.")
            }
            Self::AlreadyRedeemed { at } => said(
                &format!("Dieser Coupon wurde am {} schon eingelöst.", locale.german_date(at)),
                &format!("This coupon was already used on {}.", locale.english_date(at)),
            ),
            Self::Expired { until } => said(
                &format!("Dieser Coupon galt bis {}.", locale.german_date(until)),
                &format!("This coupon was valid until {}.", locale.english_date(until)),
            ),
            Self::NotActivated => said(
                "Bitte aktivieren Sie den Coupon zuerst, dann gilt er.",
                "Please activate the coupon first, then it applies.",
            ),
            Self::NeedsNoActivation => {
                said("Dieser Coupon gilt ohne Aktivierung.", "This coupon applies without being activated.")
            }
            Self::Held { .. } => said(
                "Dieser Coupon gehört gerade zu einer anderen Bestellung.",
                "This coupon is part of another order at the moment.",
            ),
            Self::OtherPerson => {
                said("Dieser Coupon gehört jemand anderem.", "This coupon belongs to somebody else.")
            }
            Self::NoProducts => said(
                "Für die Artikel in diesem Warenkorb gilt der Coupon nicht.",
                "The coupon is not for the products in this cart.",
            ),
            Self::MinimumSpend { missing } => said(
                &format!("Der Coupon gilt ab einem höheren Betrag; es fehlen {}.", locale.german(missing)),
                &format!("The coupon applies from a higher amount; {} is missing.", locale.english(missing)),
            ),
            Self::MinimumPrice => said(
                "Diese Artikel haben schon ihren niedrigsten Preis.",
                "These products are already at their lowest price.",
            ),
        }
    }

    fn to_cashier(self, locale: &Locale<'_>) -> Sentence {
        match self {
            Self::Unknown => said(
                "Coupon unbekannt. Nummer prüfen, sonst nicht annehmen.",
                "Coupon unknown. Check the number, else do not take it.",
            ),
            Self::Revoked => said("Coupon zurückgezogen.", "Coupon withdrawn."),
            Self::AlreadyRedeemed { at } => said(
                &format!("Schon eingelöst am {}.", locale.german_date(at)),
                &format!("Already used on {}.", locale.english_date(at)),
            ),
            Self::Expired { until } => said(
                &format!("Abgelaufen am {}.", locale.german_date(until)),
                &format!("Ran out on {}.", locale.english_date(until)),
            ),
            Self::NotActivated => said(
                "Noch nicht aktiviert. Der Kunde aktiviert ihn selbst.",
                "Not activated yet. The customer activates it.",
            ),
            Self::NeedsNoActivation => {
                said("Braucht keine Aktivierung; einfach einlösen.", "Needs no activation; just redeem it.")
            }
            Self::Held { until } => said(
                &format!("Für eine andere Bestellung vorgemerkt bis {until}."),
                &format!("Held for another order until {until}."),
            ),
            Self::OtherPerson => said(
                "Gehört einer anderen Person als die übrigen Coupons; einzeln einlösen.",
                "Another person's than the other coupons; redeem it alone.",
            ),
            Self::NoProducts => {
                said("Kein Artikel des Angebots im Bon.", "No product of the offer in this order.")
            }
            Self::MinimumSpend { missing } => said(
                &format!("Mindestbetrag nicht erreicht: es fehlen {}.", locale.german(missing)),
                &format!("Below the minimum spend: {} is missing.", locale.english(missing)),
            ),
            Self::MinimumPrice => said("Mindestpreis erreicht.", "At the minimum price."),
        }
    }
}

impl Locale<'_> {
    fn german(&self, amount: Cents) -> String {
        format!("{} {}", amount.to_string().replace('.', ","), self.currency)
    }

    fn english(&self, amount: Cents) -> String {
        format!("{} {amount}", self.currency)
    }

    fn german_date(&self, at: Timestamp) -> String {
        let (year, month, day) = self.zone.date(at);
        format!("{day:02}.{month:02}.{year}")
    }

    fn english_date(&self, at: Timestamp) -> String {
        let (year, month, day) = self.zone.date(at);
        format!("{year}-{month:02}-{day:02}")
    }
}

fn said(de: &str, en: &str) -> Sentence {
    Sentence { de: de.to_owned(), en: en.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_what_is_missing_and_on_which_day_of_the_shop_it_was() {
        let zone = Zone::new("Europe/Berlin").unwrap();
        let locale = Locale { currency: Currency::new("EUR").unwrap(), zone: &zone };
        let wording = Refusal::MinimumSpend { missing: Cents(610) }.wording(&locale);
        assert_eq!(wording.customer.de, "Der Coupon gilt ab einem höheren Betrag; es fehlen 6,10 EUR.");
        assert_eq!(wording.cashier.en, "Below the minimum spend: EUR 6.10 is missing.");
        // Half past eleven in the evening of UTC is the next day in Berlin.
        let until = Timestamp::parse("2026-03-30T23:30:00Z").unwrap();
        let wording = Refusal::Expired { until }.wording(&locale);
        assert_eq!(wording.customer.de, "Dieser Coupon galt bis 31.03.2026.");
        assert_eq!(wording.customer.en, "This coupon was valid until 2026-03-31.");
    }
}

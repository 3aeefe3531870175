//! What is said about a coupon, to the shopper and to the cashier, in German and English: facts, a date, what would help. Nothing that
//! hurries, and no word of what only the shop should know.

use super::refusal::{Beside, Refusal};
use crate::base::{Cents, Currency, Timestamp, Zone};

/// A language there are texts in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// German.
    German,
    /// English.
    English,
}

/// Who reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Whoever would use the coupon.
    Customer,
    /// Whoever sits at the till.
    Cashier,
}

/// How a shop writes amounts and dates.
#[derive(Clone, Copy, Debug)]
pub struct Locale<'a> {
    /// Its currency.
    pub currency: Currency,
    /// Its clock.
    pub zone: &'a Zone,
}

/// Writes texts in one language, with the amounts and on the clock of one shop.
#[derive(Clone, Copy, Debug)]
pub struct Speaker<'a> {
    /// The language.
    pub language: Language,
    /// The shop's amounts and dates.
    pub locale: Locale<'a>,
}

impl<'a> Locale<'a> {
    /// Speaks a language.
    pub fn speaker(self, language: Language) -> Speaker<'a> {
        Speaker { language, locale: self }
    }
}

impl Speaker<'_> {
    /// Says until when a coupon is valid, to its last minute.
    pub fn valid_until(&self, until: Timestamp) -> String {
        let until = self.last_minute(until);
        match self.language {
            Language::German => format!("Gültig bis {until}."),
            Language::English => format!("Valid until {until}."),
        }
    }

    /// Says to its person that a coupon will run out: until when it is valid, and nothing else.
    pub fn expiring(&self, until: Timestamp) -> String {
        let until = self.last_minute(until);
        match self.language {
            Language::German => format!("Ihr Gutschein gilt bis {until}."),
            Language::English => format!("Your coupon is valid until {until}."),
        }
    }

    /// Says why a coupon does not apply, and what would help.
    pub fn refusal(&self, refusal: &Refusal, audience: Audience) -> String {
        match (self.language, audience) {
            (Language::German, Audience::Customer) => self.german_for_customer(refusal),
            (Language::German, Audience::Cashier) => self.german_for_cashier(refusal),
            (Language::English, Audience::Customer) => self.english_for_customer(refusal),
            (Language::English, Audience::Cashier) => self.english_for_cashier(refusal),
        }
    }

    fn german_for_customer(&self, refusal: &Refusal) -> String {
        match refusal {
            Refusal::Unknown | Refusal::Revoked => "Dieser Gutschein ist nicht gültig.".to_owned(),
            Refusal::AlreadyRedeemed { at } => {
                format!("Dieser Gutschein wurde am {} eingelöst.", self.minute(*at))
            }
            Refusal::Expired { until } => {
                format!("Dieser Gutschein galt bis {}.", self.last_minute(*until))
            }
            Refusal::NotActivated => "Dieser Gutschein muss erst aktiviert werden.".to_owned(),
            Refusal::NeedsNoActivation => "Dieser Gutschein gilt ohne Aktivierung.".to_owned(),
            Refusal::Held { until, is_over } => format!(
                "Dieser Gutschein ist bis {} für eine andere Bestellung vorgemerkt.{}",
                self.minute_after(*until),
                if *is_over { " Bis dahin läuft er ab." } else { "" }
            ),
            Refusal::NoProduct { categories, missing } if categories.is_empty() => {
                format!("Der Warenkorb ist leer. Der Gutschein gilt ab {}.", self.money(*missing))
            }
            Refusal::NoProduct { categories, missing } => format!(
                "Der Gutschein gilt für {}. Davon ist nichts im Warenkorb; ab {} gilt er.",
                categories.join(", "),
                self.money(*missing)
            ),
            Refusal::MinimumSpend { missing } => format!(
                "Mit weiteren {} für Produkte aus diesem Angebot gilt der Gutschein.",
                self.money(*missing)
            ),
            Refusal::MinimumPrice { missing } => format!(
                "Dieser Gutschein senkt den Preis dieser Produkte nicht weiter. Mit weiteren {} für Produkte aus diesem Angebot gilt der Gutschein.",
                self.money(*missing)
            ),
            Refusal::CostFloor => "Dieser Gutschein senkt den Preis dieser Produkte nicht weiter.".to_owned(),
            Refusal::OtherCart => {
                "Die Bestellung hat sich geändert, seit auf ihr ein Gutschein eingelöst wurde.".to_owned()
            }
            Refusal::UsedUp => "Dieser Code ist aufgebraucht.".to_owned(),
            Refusal::NobodySaid => {
                "Dieser Code zählt je Person. Er braucht eine Anmeldung oder Kundenkarte.".to_owned()
            }
            Refusal::PersonLimit { .. } => "Dieses Angebot ist schon ausgeschöpft.".to_owned(),
            Refusal::HouseholdLimit { .. } => "Dieses Angebot ist für Ihren Haushalt schon ausgeschöpft.".to_owned(),
            Refusal::DayLimit { until: None } => "Für heute ist dieses Angebot ausgeschöpft.".to_owned(),
            Refusal::DayLimit { until: Some(until) } => {
                format!("Für heute ist dieses Angebot ausgeschöpft. Es gilt wieder ab {}.", self.minute(*until))
            }
            Refusal::StoreLimit => {
                "In dieser Filiale ist dieses Angebot ausgeschöpft. In einer anderen kann es gelten.".to_owned()
            }
            Refusal::Combination { leave_out, .. } if leave_out.is_empty() => {
                "Dieser Gutschein gilt nicht zusammen mit denen, die für diese Bestellung schon eingelöst sind."
                    .to_owned()
            }
            Refusal::Combination { .. } => {
                "Dieser Gutschein gilt nicht zusammen mit anderen im Warenkorb. Ohne sie gilt er.".to_owned()
            }
        }
    }

    fn german_for_cashier(&self, refusal: &Refusal) -> String {
        match refusal {
            Refusal::Unknown => "Unbekannt, oder nicht von dieser Person.".to_owned(),
            Refusal::Revoked => "Zurückgezogen.".to_owned(),
            Refusal::AlreadyRedeemed { at } => format!("Eingelöst am {}.", self.minute(*at)),
            Refusal::Expired { until } => format!("Abgelaufen. Galt bis {}.", self.last_minute(*until)),
            Refusal::NotActivated => "Noch nicht aktiviert. Das macht der Kunde selbst.".to_owned(),
            Refusal::NeedsNoActivation => "Braucht keine Aktivierung, gilt sofort.".to_owned(),
            Refusal::Held { until, is_over } => format!(
                "Für eine andere Bestellung vorgemerkt bis {}.{}",
                self.minute_after(*until),
                if *is_over { " Läuft bis dahin ab." } else { "" }
            ),
            Refusal::NoProduct { categories, missing } if categories.is_empty() => {
                format!("Warenkorb leer. Nötig: {}.", self.money(*missing))
            }
            Refusal::NoProduct { categories, missing } => {
                format!("Kein Produkt aus {}. Nötig: {}.", categories.join(", "), self.money(*missing))
            }
            Refusal::MinimumSpend { missing } => {
                format!("Mindestbetrag nicht erreicht. Es fehlen {}.", self.money(*missing))
            }
            Refusal::MinimumPrice { missing } => {
                format!("Mindestpreis erreicht. Es fehlen {}.", self.money(*missing))
            }
            Refusal::CostFloor => "Mindestpreis erreicht.".to_owned(),
            Refusal::OtherCart => {
                "Auf dieser Bestellung mit anderem Warenkorb eingelöst. Erst zurücknehmen.".to_owned()
            }
            Refusal::UsedUp => "Öffentlicher Code, aufgebraucht.".to_owned(),
            Refusal::NobodySaid => "Zählt je Person. Kundenkarte scannen.".to_owned(),
            Refusal::PersonLimit { at_most } => format!("Höchstens {at_most} je Person, erreicht."),
            Refusal::HouseholdLimit { at_most } => format!("Höchstens {at_most} je Haushalt, erreicht."),
            Refusal::DayLimit { until: None } => "Tageslimit erreicht.".to_owned(),
            Refusal::DayLimit { until: Some(until) } => {
                format!("Tageslimit erreicht. Wieder ab {}.", self.minute(*until))
            }
            Refusal::StoreLimit => "Limit dieser Filiale erreicht.".to_owned(),
            Refusal::Combination { why, leave_out } => {
                let why = match why {
                    Beside::OtherPerson => "Gehört jemand anderem als die übrigen.".to_owned(),
                    Beside::StandsAlone => "Einer davon gilt nur allein.".to_owned(),
                    Beside::SameGroup => "Aus dieser Gruppe gilt nur einer.".to_owned(),
                    Beside::TooMany { at_most } => format!("Höchstens {at_most} Gutscheine zusammen."),
                    Beside::NothingLeft => "Die anderen Gutscheine lassen nichts übrig.".to_owned(),
                };
                match leave_out.is_empty() {
                    true => format!("{why} Die anderen sind auf dieser Bestellung eingelöst."),
                    false => format!("{why} Gilt ohne {}.", listed(leave_out)),
                }
            }
        }
    }

    fn english_for_customer(&self, refusal: &Refusal) -> String {
        match refusal {
            Refusal::Unknown | Refusal::Revoked => "This coupon is not valid.".to_owned(),
            Refusal::AlreadyRedeemed { at } => format!("This coupon was used on {}.", self.minute(*at)),
            Refusal::Expired { until } => {
                format!("This coupon was valid until {}.", self.last_minute(*until))
            }
            Refusal::NotActivated => "This coupon has to be activated first.".to_owned(),
            Refusal::NeedsNoActivation => "This coupon applies without being activated.".to_owned(),
            Refusal::Held { until, is_over } => format!(
                "This coupon is held for another order until {}.{}",
                self.minute_after(*until),
                if *is_over { " By then it has run out." } else { "" }
            ),
            Refusal::NoProduct { categories, missing } if categories.is_empty() => {
                format!("The cart is empty. The coupon applies from {}.", self.money(*missing))
            }
            Refusal::NoProduct { categories, missing } => format!(
                "This coupon is for {}. Nothing of it is in the cart; from {} it applies.",
                categories.join(", "),
                self.money(*missing)
            ),
            Refusal::MinimumSpend { missing } => {
                format!("With {} more for products of this offer the coupon applies.", self.money(*missing))
            }
            Refusal::MinimumPrice { missing } => format!(
                "This coupon lowers the price of these products no further. With {} more for products of this offer the coupon applies.",
                self.money(*missing)
            ),
            Refusal::CostFloor => "This coupon lowers the price of these products no further.".to_owned(),
            Refusal::OtherCart => "This order has changed since a coupon was used on it.".to_owned(),
            Refusal::UsedUp => "This code is used up.".to_owned(),
            Refusal::NobodySaid => {
                "This code counts per person. It needs an account or a loyalty card.".to_owned()
            }
            Refusal::PersonLimit { .. } => "This offer was used as often as one person may.".to_owned(),
            Refusal::HouseholdLimit { .. } => "This offer was used as often as one household may.".to_owned(),
            Refusal::DayLimit { until: None } => "This offer is used up for today.".to_owned(),
            Refusal::DayLimit { until: Some(until) } => {
                format!("This offer is used up for today. It applies again from {}.", self.minute(*until))
            }
            Refusal::StoreLimit => {
                "This offer is used up in this store. In another one it may apply.".to_owned()
            }
            Refusal::Combination { leave_out, .. } if leave_out.is_empty() => {
                "This coupon does not go together with those that were used on this order before.".to_owned()
            }
            Refusal::Combination { .. } => {
                "This coupon does not go together with others in the cart. Without them it applies."
                    .to_owned()
            }
        }
    }

    fn english_for_cashier(&self, refusal: &Refusal) -> String {
        match refusal {
            Refusal::Unknown => "Unknown, or not this person's.".to_owned(),
            Refusal::Revoked => "Taken back.".to_owned(),
            Refusal::AlreadyRedeemed { at } => format!("Used on {}.", self.minute(*at)),
            Refusal::Expired { until } => format!("Run out. Was valid until {}.", self.last_minute(*until)),
            Refusal::NotActivated => "Not activated yet. The customer does that.".to_owned(),
            Refusal::NeedsNoActivation => "Needs no activation, applies at once.".to_owned(),
            Refusal::Held { until, is_over } => format!(
                "Held for another order until {}.{}",
                self.minute_after(*until),
                if *is_over { " Run out by then." } else { "" }
            ),
            Refusal::NoProduct { categories, missing } if categories.is_empty() => {
                format!("Cart empty. Needed: {}.", self.money(*missing))
            }
            Refusal::NoProduct { categories, missing } => {
                format!("No product of {}. Needed: {}.", categories.join(", "), self.money(*missing))
            }
            Refusal::MinimumSpend { missing } => {
                format!("Minimum spend not reached. Missing: {}.", self.money(*missing))
            }
            Refusal::MinimumPrice { missing } => {
                format!("Minimum price reached. Missing: {}.", self.money(*missing))
            }
            Refusal::CostFloor => "Minimum price reached.".to_owned(),
            Refusal::OtherCart => "Used on this order with another cart. Take that back first.".to_owned(),
            Refusal::UsedUp => "Public code, used up.".to_owned(),
            Refusal::NobodySaid => "Counts per person. Scan the customer's card.".to_owned(),
            Refusal::PersonLimit { at_most } => format!("At most {at_most} per person, reached."),
            Refusal::HouseholdLimit { at_most } => format!("At most {at_most} per household, reached."),
            Refusal::DayLimit { until: None } => "Day's limit reached.".to_owned(),
            Refusal::DayLimit { until: Some(until) } => {
                format!("Day's limit reached. Again from {}.", self.minute(*until))
            }
            Refusal::StoreLimit => "This store's limit reached.".to_owned(),
            Refusal::Combination { why, leave_out } => {
                let why = match why {
                    Beside::OtherPerson => "Belongs to somebody else than the others.".to_owned(),
                    Beside::StandsAlone => "One of them counts only alone.".to_owned(),
                    Beside::SameGroup => "Only one of its group counts.".to_owned(),
                    Beside::TooMany { at_most } => format!("At most {at_most} coupons together."),
                    Beside::NothingLeft => "The other coupons leave nothing.".to_owned(),
                };
                match leave_out.is_empty() {
                    true => format!("{why} The others are used on this order."),
                    false => format!("{why} Applies without {}.", listed(leave_out)),
                }
            }
        }
    }

    fn money(&self, amount: Cents) -> String {
        self.locale.currency.of(amount).spelled(match self.language {
            Language::German => ',',
            Language::English => '.',
        })
    }

    /// The minute an instant lies in.
    fn minute(&self, at: Timestamp) -> String {
        self.locale.zone.spelled(
            at,
            match self.language {
                Language::German => "%d.%m.%Y, %H:%M Uhr",
                Language::English => "%-d %B %Y, %H:%M",
            },
        )
    }

    /// The first minute that begins at an instant or after it.
    fn minute_after(&self, at: Timestamp) -> String {
        self.minute(Timestamp(at.0 + (-at.0).rem_euclid(60_000)))
    }

    /// The last minute before an instant: what is valid until midnight is valid until 23:59 of the day before.
    fn last_minute(&self, until: Timestamp) -> String {
        self.minute(Timestamp(until.0 - 1))
    }
}

fn listed(coupons: &[crate::base::CouponId]) -> String {
    coupons.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

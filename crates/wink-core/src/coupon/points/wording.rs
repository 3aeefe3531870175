//! What is said where points do not pay, to the customer and to the cashier, in German and English.

use super::tender::NotPaid;
use crate::coupon::{Audience, Language};

impl NotPaid {
    /// Tells the stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoProgramme => "points_not_taken",
            Self::NobodySaid => "points_user_not_logged_in",
            Self::Balance { .. } => "points_balance",
            Self::TooMany { .. } => "points_exceed_order",
            Self::PaidBefore => "points_already_used",
            Self::EarnedBefore => "points_order_earned",
            Self::OtherCart => "redeemed_on_other_cart",
        }
    }

    /// Tells the key of the catalogue that says no. `None` where it is no rule but what has happened.
    pub fn rule(&self) -> Option<&'static str> {
        match self {
            Self::NoProgramme => Some("points"),
            Self::TooMany { .. } => Some("points.worth"),
            Self::NobodySaid
            | Self::Balance { .. }
            | Self::PaidBefore
            | Self::EarnedBefore
            | Self::OtherCart => None,
        }
    }

    /// Says why points do not pay, and what would help.
    pub fn text(&self, language: Language, audience: Audience) -> String {
        match (language, audience) {
            (Language::German, Audience::Customer) => self.german_for_customer(),
            (Language::German, Audience::Cashier) => self.german_for_cashier(),
            (Language::English, Audience::Customer) => self.english_for_customer(),
            (Language::English, Audience::Cashier) => self.english_for_cashier(),
        }
    }

    fn german_for_customer(&self) -> String {
        match self {
            Self::NoProgramme => "Hier kann nicht mit Punkten bezahlt werden.".to_owned(),
            Self::NobodySaid => "Mit Anmeldung oder Kundenkarte zahlen Ihre Punkte.".to_owned(),
            Self::Balance { balance, .. } => format!("Ihr Guthaben: {balance} Punkte."),
            Self::TooMany { most } => format!("Für diese Bestellung zählen höchstens {most} Punkte."),
            Self::PaidBefore => "Diese Bestellung ist schon mit Punkten bezahlt.".to_owned(),
            Self::EarnedBefore => "Diese Bestellung hat schon Punkte gesammelt.".to_owned(),
            Self::OtherCart => {
                "Die Bestellung hat sich geändert, seit auf ihr ein Gutschein eingelöst wurde.".to_owned()
            }
        }
    }

    fn german_for_cashier(&self) -> String {
        match self {
            Self::NoProgramme => "Dieser Laden nimmt keine Punkte.".to_owned(),
            Self::NobodySaid => "Kundenkarte scannen.".to_owned(),
            Self::Balance { balance, asked } => format!("{balance} Punkte da, {asked} verlangt."),
            Self::TooMany { most } => format!("Höchstens {most} Punkte auf dieser Bestellung."),
            Self::PaidBefore => "Auf dieser Bestellung sind schon Punkte. Erst zurücknehmen.".to_owned(),
            Self::EarnedBefore => {
                "Bestellung hat schon Punkte gesammelt: keine Zahlung mit Punkten.".to_owned()
            }
            Self::OtherCart => {
                "Gutschein auf dieser Bestellung mit anderem Warenkorb eingelöst. Erst zurücknehmen."
                    .to_owned()
            }
        }
    }

    fn english_for_customer(&self) -> String {
        match self {
            Self::NoProgramme => "You cannot pay with points here.".to_owned(),
            Self::NobodySaid => "Sign in or show your card and your points pay.".to_owned(),
            Self::Balance { balance, .. } => format!("Your balance: {balance} points."),
            Self::TooMany { most } => format!("At most {most} points count for this order."),
            Self::PaidBefore => "This order is paid with points already.".to_owned(),
            Self::EarnedBefore => "This order has earned points already.".to_owned(),
            Self::OtherCart => "This order has changed since a coupon was used on it.".to_owned(),
        }
    }

    fn english_for_cashier(&self) -> String {
        match self {
            Self::NoProgramme => "This shop takes no points.".to_owned(),
            Self::NobodySaid => "Scan the customer's card.".to_owned(),
            Self::Balance { balance, asked } => format!("{balance} points there, {asked} asked for."),
            Self::TooMany { most } => format!("At most {most} points on this order."),
            Self::PaidBefore => "This order has points on it. Take them back first.".to_owned(),
            Self::EarnedBefore => "Order has earned points already: no paying with points.".to_owned(),
            Self::OtherCart => {
                "A coupon was used on this order with another cart. Take that back first.".to_owned()
            }
        }
    }
}

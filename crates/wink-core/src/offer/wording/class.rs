//! What a text can do to somebody, how bad that is, what would show that it is true, and how to say it fairly.

use super::Language;

/// What follows from a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// A person looks at it and says why it may stay.
    Review,
    /// It may stand only where it is bound to a value that is checked whenever it is said.
    Fact,
    /// It is never said.
    Block,
}

impl Severity {
    /// Spells it as the rules do.
    pub fn name(self) -> &'static str {
        match self {
            Self::Review => "review",
            Self::Fact => "fact",
            Self::Block => "block",
        }
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        [Self::Review, Self::Fact, Self::Block].into_iter().find(|severity| severity.name() == text)
    }
}

macro_rules! classes {
    ($($name:ident $spelled:literal $binding:expr, $german:literal, $english:literal, $doc:literal;)*) => {
        /// What a text does.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Class {
            $(#[doc = $doc] $name,)*
        }

        impl Class {
            /// Lists them all.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Spells it as the rules do.
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => $spelled,)* }
            }

            /// Names the value that would show such a claim to be true, if one could.
            pub fn binding(self) -> Option<&'static str> {
                match self { $(Self::$name => $binding,)* }
            }

            /// Gives a fair way to say it.
            pub fn alternative(self, language: Language) -> &'static str {
                match (self, language) {
                    $((Self::$name, Language::German) => $german, (Self::$name, Language::English) => $english,)*
                }
            }
        }
    };
}

classes! {
    Urgency "urgency" Some("offer.valid_until"), "Gültig bis {{offer.valid_until}}.", "Valid until {{offer.valid_until}}.", "Hurries.";
    Scarcity "scarcity" Some("stock.available"), "Vorrätig: {{stock.available}}.", "In stock: {{stock.available}}.", "Says that there is little.";
    SocialProof "social_proof" Some("demand.count"), "In den letzten 30 Tagen {{demand.count}}-mal gekauft.", "Bought {{demand.count}} times in 30 days.", "Says what others do.";
    Confirmshaming "confirmshaming" None, "Nein, danke", "No, thanks", "Lets somebody who says no speak badly of themself.";
    FearOfLoss "fear_loss" None, "240 Punkte, gültig bis 31.12.2027.", "240 points, valid until 31 Dec 2027.", "Says what would be lost.";
    Guilt "guilt_pity" None, "Sie sind abgemeldet.", "You are unsubscribed.", "Makes somebody feel sorry.";
    SafetyFear "safety_fear" None, "Rauchmelder, geprüft nach EN 14604.", "Smoke alarm, tested to EN 14604.", "Makes somebody afraid for those they love.";
    FakeWin "fake_win" None, "Als Mitglied erhalten Sie 5 €.", "As a member you get 5 EUR.", "Says that something was won.";
    Free "free_claim" Some("offer.cost_total"), "Preis: {{offer.cost_total}}, kein Mindestkauf.", "Price: {{offer.cost_total}}, no minimum spend.", "Says that something costs nothing.";
    Price "price_claim" Some("price.lowest_30d"), "19,99 €. Niedrigster Preis der letzten 30 Tage: {{price.lowest_30d}}.", "19.99 EUR. Lowest price of the last 30 days: {{price.lowest_30d}}.", "Compares prices.";
    RightAsPerk "legal_right_as_perk" None, "14 Tage Widerrufsrecht (gesetzlich).", "14 days to withdraw (by law).", "Sells what everybody has by law.";
    Children "children" None, "kein Angebot", "no offer", "Speaks to children.";
    TrickDefault "trick_default" None, "Ja, ich möchte … (nicht angekreuzt)", "Yes, I would like … (not ticked)", "Takes a yes that nobody gave.";
    Subscription "subscription_trap" None, "Preis, Laufzeit und Kündigung mit einem Klick daneben", "Price, duration, and one click to stop beside it", "Goes on by itself.";
    Nagging "nagging" None, "nichts: wer ging, wird in Ruhe gelassen", "nothing: whoever goes is left alone", "Asks again.";
    MaskedAd "masked_ad" None, "Anzeige", "Ad", "Calls an advertisement something else, if it is paid for.";
    AccountThreat "account_threat" None, "eine Nachricht zum Konto, einmal, mit Datum", "a message about the account, once, with a date", "Threatens with the account.";
}

impl Class {
    pub(super) fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|class| class.name() == text)
    }
}

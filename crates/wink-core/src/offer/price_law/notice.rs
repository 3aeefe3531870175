//! What a shopper is told when a decision about them changes what they pay.

/// The notice that a price was personalised by an automated decision (directive 2011/83/EU, article 6 (1) (ea)). A value chosen for a person is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PriceNotice {
    /// In German.
    pub german: &'static str,
    /// In English.
    pub english: &'static str,
}

impl PriceNotice {
    /// The notice.
    pub const PERSONALISED: Self = Self {
        german: "Dieser Preisvorteil wurde auf der Grundlage automatisierter Entscheidungsfindung personalisiert.",
        english: "This reduction was personalised on the basis of automated decision-making.",
    };
}

//! By which way a word about consent came to Wink, and so how far it can be relied on.

use super::tcf;

/// The way a word came. Ordered by strength, the weakest first: a yes is only as good as the way it came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mechanism {
    /// Global Privacy Control: a setting of the browser, which says no and never yes.
    GlobalPrivacyControl,
    /// Google's Consent Mode, as a tag manager passes it on.
    ConsentMode,
    /// A string of the IAB's Transparency and Consent Framework.
    Tcf,
    /// The shop's own consent banner or form. What older messages mean, which do not say.
    #[default]
    Cmp,
    /// On paper or at the till, with a signature.
    Signature,
    /// By the person themself, signed in to their account.
    Account,
}

impl Mechanism {
    /// Lists them all, the weakest first.
    pub const ALL: [Self; 6] =
        [Self::GlobalPrivacyControl, Self::ConsentMode, Self::Tcf, Self::Cmp, Self::Signature, Self::Account];

    /// Tells how long a yes by it counts before it has to be said again, in days; without an answer it counts until it is taken back.
    pub fn granted_for_days(self) -> Option<i64> {
        (self == Self::Tcf).then_some(tcf::FRESH_DAYS)
    }

    /// Spells it as the API does.
    pub fn name(self) -> &'static str {
        match self {
            Self::GlobalPrivacyControl => "gpc",
            Self::ConsentMode => "consent_mode",
            Self::Tcf => "tcf",
            Self::Cmp => "cmp",
            Self::Signature => "signature",
            Self::Account => "account",
        }
    }

    /// Reads the spelling.
    ///
    /// # Errors
    /// What could be written instead.
    pub fn parse(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|mechanism| mechanism.name() == text).ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            format!("is `{}`, none of {names}", text.chars().take(64).collect::<String>())
        })
    }
}

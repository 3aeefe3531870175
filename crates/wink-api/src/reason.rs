//! Why a coupon does not apply, in codes for machines and sentences for people.

use serde::Serialize;
use utoipa::ToSchema;
use wink_core::coupon::points::NotPaid;
use wink_core::coupon::{Audience, Language, Locale, NearestMiss, Refusal, Speaker};

/// Why a coupon does not apply, and what would help.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ReasonView {
    /// The stable code; UCP and ACP names where they have one.
    #[schema(example = "minimum_spend")]
    pub code: &'static str,
    /// The key of the catalogue that says no, where it is a rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "minimum_spend")]
    pub rule: Option<&'static str>,
    /// What to tell the customer.
    pub customer: SentenceView,
    /// What to tell the cashier.
    pub cashier: SentenceView,
    /// What would make it apply, if anything would.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nearest_miss: Option<NearestMissView>,
}

/// A sentence in both languages.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SentenceView {
    /// German.
    pub de: String,
    /// English.
    pub en: String,
}

/// What would make a refused coupon apply.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum NearestMissView {
    /// So much more of the offer's products, on a cart without other coupons.
    AddSpend {
        /// In minor units.
        missing_cents: i64,
    },
    /// The person's activation.
    Activate,
    /// Waiting until the other order does not hold it any more, or the day is over.
    Wait {
        /// The first instant it is free.
        until: String,
    },
    /// Leaving out other coupons.
    LeaveOut {
        /// Their ids.
        coupons: Vec<String>,
    },
    /// Saying who it is, by an `identity`.
    SignIn,
    /// Another store.
    OtherStore,
    /// Fewer points.
    UsePoints {
        /// So many at most.
        at_most: i64,
    },
}

impl ReasonView {
    /// Shows a refusal, in the shop's own money and days.
    pub fn new(refusal: &Refusal, locale: Locale<'_>) -> Self {
        let said = |audience| SentenceView::new(locale, |speaker| speaker.refusal(refusal, audience));
        Self {
            code: refusal.code(),
            rule: refusal.rule(),
            customer: said(Audience::Customer),
            cashier: said(Audience::Cashier),
            nearest_miss: refusal.nearest_miss().map(NearestMissView::from),
        }
    }
}

impl ReasonView {
    /// Shows why points do not pay.
    pub fn of_points(why: &NotPaid, locale: Locale<'_>) -> Self {
        let said = |audience| SentenceView::new(locale, |speaker| why.text(speaker.language, audience));
        Self {
            code: why.code(),
            rule: why.rule(),
            customer: said(Audience::Customer),
            cashier: said(Audience::Cashier),
            nearest_miss: match why {
                NotPaid::NobodySaid => Some(NearestMissView::SignIn),
                NotPaid::Balance { balance: at_most, .. } | NotPaid::TooMany { most: at_most } => {
                    (0 < at_most.0).then_some(NearestMissView::UsePoints { at_most: at_most.0 })
                }
                NotPaid::NoProgramme | NotPaid::PaidBefore | NotPaid::EarnedBefore | NotPaid::OtherCart => {
                    None
                }
            },
        }
    }
}

impl SentenceView {
    /// Says something in both languages.
    pub fn new(locale: Locale<'_>, say: impl Fn(&Speaker<'_>) -> String) -> Self {
        let [de, en] = [Language::German, Language::English].map(|language| say(&locale.speaker(language)));
        Self { de, en }
    }
}

impl From<NearestMiss<'_>> for NearestMissView {
    fn from(miss: NearestMiss<'_>) -> Self {
        match miss {
            NearestMiss::AddSpend(missing) => Self::AddSpend { missing_cents: missing.0 },
            NearestMiss::Activate => Self::Activate,
            NearestMiss::SignIn => Self::SignIn,
            NearestMiss::OtherStore => Self::OtherStore,
            NearestMiss::Wait(until) => Self::Wait { until: until.to_string() },
            NearestMiss::LeaveOut(coupons) => {
                Self::LeaveOut { coupons: coupons.iter().map(ToString::to_string).collect() }
            }
        }
    }
}

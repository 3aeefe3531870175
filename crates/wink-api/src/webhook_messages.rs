//! The bodies of outgoing webhooks: ids and amounts, never a direct identifier.

use serde::Serialize;
use wink_core::base::{Cents, Currency, ProfileId, Timestamp};
use wink_core::coupon::{Coupon, issue};
use wink_core::decision::{Decision, Verdict};
use wink_core::offer::Catalogue;

use crate::BenefitView;

/// What every message looks like.
#[derive(Clone, Debug, Serialize)]
pub struct Told<T> {
    /// What it tells of.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// When that happened.
    pub timestamp: String,
    /// The details.
    pub data: T,
}

impl<T> Told<T> {
    /// Tells of something.
    pub fn new(kind: &'static str, at: Timestamp, data: T) -> Self {
        Self { kind, timestamp: at.to_string(), data }
    }
}

/// `decision.made`.
#[derive(Clone, Debug, Serialize)]
pub struct DecisionTold {
    /// Its id.
    pub decision: String,
    /// About whom: a pseudonym.
    pub profile: String,
    /// Where the answer is shown.
    pub channel: &'static str,
    /// `offer`, `held_out` or `none`.
    pub verdict: &'static str,
    /// The offer, if one is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offer: Option<String>,
    /// The coupon that was issued.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coupon: Option<String>,
    /// Until when the offer can be accepted, if the coupon waits for that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accept_by: Option<String>,
}

impl DecisionTold {
    /// Shows a decision.
    pub fn new(decision: &Decision, catalogue: &Catalogue) -> Self {
        let offer = decision.offered().and_then(|drawn| catalogue.offers.get(drawn.offer));
        Self {
            decision: decision.id.to_string(),
            profile: decision.person.profile.to_string(),
            channel: decision.ask.channel.name(),
            verdict: match decision.verdict {
                Verdict::Offer(_) => "offer",
                Verdict::HeldOut(_) => "held_out",
                Verdict::Nothing => "none",
            },
            offer: offer.map(|offer| offer.id.to_string()),
            coupon: issue(decision, catalogue).map(|effect| effect.coupon.id.to_string()),
            accept_by: decision.accept_by().map(|until| until.to_string()),
        }
    }
}

/// `coupon.issued`, `coupon.redeemed`, `coupon.reversed`, `coupon.expiring` and `coupon.expired`.
#[derive(Clone, Debug, Serialize)]
pub struct CouponTold {
    /// Its id.
    pub coupon: String,
    /// The decision that issued it.
    pub decision: String,
    /// Whose it is: a pseudonym.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// Its campaign.
    pub campaign: String,
    /// Its offer.
    pub offer: String,
    /// The currency of the amounts, by its ISO 4217 code.
    pub currency: String,
    /// What it takes off.
    pub benefit: BenefitView,
    /// The most it can be worth, in minor units.
    pub maximum_cents: i64,
    /// What it was worth when it was redeemed, or how much of that was taken back, in minor units.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount_cents: Option<i64>,
    /// The first instant it is no longer valid.
    pub valid_until: String,
    /// What its person may be sent, if they want to hear of it now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<TextTold>,
}

/// A text that may be sent as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TextTold {
    /// In German.
    pub de: String,
    /// In English.
    pub en: String,
}

impl CouponTold {
    /// Shows a coupon, and the amount that a step moved.
    pub fn new(coupon: &Coupon, amount: Option<Cents>, currency: Currency) -> Self {
        Self {
            coupon: coupon.id.to_string(),
            decision: coupon.decision.to_string(),
            profile: coupon.profile.map(|profile| profile.to_string()),
            campaign: coupon.campaign.to_string(),
            offer: coupon.offer.to_string(),
            currency: currency.to_string(),
            benefit: coupon.benefit.into(),
            maximum_cents: coupon.benefit.maximum().0,
            amount_cents: amount.map(|amount| amount.0),
            valid_until: coupon.valid_until.to_string(),
            text: None,
        }
    }

    /// The same, with a text for its person.
    pub fn with_text(self, text: Option<TextTold>) -> Self {
        Self { text, ..self }
    }
}

/// `segment.entered` and `segment.left`.
#[derive(Clone, Debug, Serialize)]
pub struct SegmentTold {
    /// Its id, as the catalogue names it.
    pub segment: String,
    /// Who came or left: a pseudonym.
    pub profile: String,
}

impl SegmentTold {
    /// Shows who came or left.
    pub fn new(segment: &str, profile: ProfileId) -> Self {
        Self { segment: segment.to_owned(), profile: profile.to_string() }
    }
}

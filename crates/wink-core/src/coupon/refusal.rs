//! Why a step was not taken: a stable code, a sentence safe for the shopper, the rule, and what would help.

use crate::base::{Cents, Timestamp};

/// A "no" at the till or the checkout. It is an answer, not an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no such coupon here. Unknown, malformed and another shop's are the same.
    #[error("this coupon is not valid here")]
    Unknown,
    /// It was redeemed before.
    #[error("this coupon was already used on {at}")]
    AlreadyRedeemed {
        /// When.
        at: Timestamp,
    },
    /// It is no longer valid.
    #[error("this coupon was valid until {until}")]
    Expired {
        /// Until when it was.
        until: Timestamp,
    },
    /// It was taken back.
    #[error("this coupon is no longer valid")]
    Revoked,
    /// It waits to be activated.
    #[error("activate this coupon first, then it applies")]
    NotActivated,
    /// It can be used at once, so that there is nothing to activate.
    #[error("this coupon needs no activation")]
    NeedsNoActivation,
    /// It is held for another order.
    #[error("this coupon is held for another order until {until}")]
    Held {
        /// The first instant it is free again.
        until: Timestamp,
    },
    /// It is not the same person's as the other coupons of the cart.
    #[error("this coupon belongs to somebody else")]
    OtherPerson,
    /// Nothing in the order is what the offer is for.
    #[error("no product of this order is one the coupon is for")]
    NoProducts,
    /// The order is too small.
    #[error("add {missing} worth of the offer's products and the coupon applies")]
    MinimumSpend {
        /// What is missing.
        missing: Cents,
    },
    /// After the benefit nothing would be left of the price that must remain.
    #[error("the price of these products is already at its minimum")]
    MinimumPrice,
}

/// What would make a refused coupon apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NearestMiss {
    /// So much more of the offer's products.
    AddSpend(Cents),
    /// The person's activation.
    Activate,
    /// Waiting until the other order's hold is over.
    Wait(Timestamp),
}

impl Refusal {
    /// Tells the stable code; UCP names where they fit.
    pub fn code(&self) -> &'static str {
        match self {
            Self::AlreadyRedeemed { .. } => "discount_code_already_applied",
            Self::Expired { .. } => "discount_code_expired",
            Self::Revoked | Self::Unknown => "discount_code_invalid",
            Self::OtherPerson => "discount_code_user_ineligible",
            Self::NotActivated => "coupon_not_activated",
            Self::NeedsNoActivation => "activation_not_needed",
            Self::Held { .. } => "coupon_reserved",
            Self::NoProducts => "no_eligible_products",
            Self::MinimumSpend { .. } => "minimum_spend",
            Self::MinimumPrice => "minimum_price",
        }
    }

    /// Names the rule that said no: a term of the coupon, or its place in its life.
    pub fn rule(&self) -> &'static str {
        match self {
            Self::Unknown | Self::AlreadyRedeemed { .. } | Self::Revoked | Self::Held { .. } => {
                "coupon.state"
            }
            Self::Expired { .. } => "coupon.valid_until",
            Self::NotActivated | Self::NeedsNoActivation => "terms.needs_activation",
            Self::OtherPerson => "coupon.profile",
            Self::NoProducts => "offer.categories",
            Self::MinimumSpend { .. } => "terms.minimum_spend",
            Self::MinimumPrice => "terms.minimum_price",
        }
    }

    /// Tells what would make it apply, if anything would.
    pub fn nearest_miss(&self) -> Option<NearestMiss> {
        match self {
            Self::MinimumSpend { missing } => Some(NearestMiss::AddSpend(*missing)),
            Self::NotActivated => Some(NearestMiss::Activate),
            Self::Held { until } => Some(NearestMiss::Wait(*until)),
            _ => None,
        }
    }
}

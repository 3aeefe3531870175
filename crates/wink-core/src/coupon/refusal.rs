//! Why a coupon was not redeemed: a stable code, a sentence safe for the shopper, and what would help.

use crate::base::{Cents, Timestamp};

/// A "no" at the till or the checkout. It is an answer, not an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
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

impl Refusal {
    /// Tells the stable code; UCP names where they fit.
    pub fn code(&self) -> &'static str {
        match self {
            Self::AlreadyRedeemed { .. } => "discount_code_already_applied",
            Self::Expired { .. } => "discount_code_expired",
            Self::Revoked => "discount_code_invalid",
            Self::MinimumSpend { .. } => "minimum_spend",
            Self::MinimumPrice => "minimum_price",
        }
    }
}

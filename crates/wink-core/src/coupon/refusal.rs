//! Why a step was not taken: a stable code, the rule behind it, and what would help. [`Speaker`](super::Speaker) puts it into words for
//! people.

use crate::base::{Cents, CouponId, Timestamp};

/// A "no" at the till or the checkout. It is an answer, not an error.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no such coupon here, or it is somebody else's: which of the two is nobody's business. Malformed and another shop's are the
    /// same.
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
    #[error("activate this coupon first")]
    NotActivated,
    /// It can be used at once, so that there is nothing to activate.
    #[error("this coupon needs no activation")]
    NeedsNoActivation,
    /// It is held for another order.
    #[error("this coupon is held for another order until {until}")]
    Held {
        /// The first instant it is free again.
        until: Timestamp,
        /// Whether it has run out by then.
        is_over: bool,
    },
    /// Nothing of the offer is in the cart.
    #[error("nothing in the cart is of the offer's products")]
    NoProduct {
        /// The categories it is for; none in particular if the cart is empty.
        categories: Vec<String>,
        /// With how much of them it applies.
        missing: Cents,
    },
    /// The order is too small.
    #[error("the cart has too little of the offer's products")]
    MinimumSpend {
        /// What is missing.
        missing: Cents,
    },
    /// After the benefit less would be left of the price than must remain.
    #[error("the price of these products is already at its minimum")]
    MinimumPrice {
        /// With how much more of the offer's products it applies.
        missing: Cents,
    },
    /// What the products cost the shop leaves no room. Shoppers are told as for the minimum price: costs are nobody's business.
    #[error("the price of these products is already at its minimum")]
    CostFloor,
    /// It would apply without other coupons that are on the cart.
    #[error("this coupon does not go together with another one on the cart")]
    Combination {
        /// What stands against it.
        why: Beside,
        /// Without these it applies; none if it is what was used on the order before that stands against it.
        leave_out: Vec<CouponId>,
    },
    /// What was redeemed on the order before has no room on this cart: lines it took something from are gone, or have fewer pieces or a lower price.
    #[error(
        "the order has changed since a coupon was redeemed on it; take that back, then redeem again on this cart"
    )]
    OtherCart,
    /// It is a public code, and those that there were of it are used. Everybody may know.
    #[error("this code is used up")]
    UsedUp,
    /// It is a public code, which counts per person, and nobody said who they are.
    #[error("say whose it is; this code counts once for each person")]
    NobodySaid,
    /// The person had the offer as often as one may.
    #[error("one person may have this at most {at_most} times")]
    PersonLimit {
        /// How often that is.
        at_most: u32,
    },
    /// All who live with the person had the offer as often as they may together.
    #[error("all who live together may have this at most {at_most} times")]
    HouseholdLimit {
        /// How often that is.
        at_most: u32,
    },
    /// The offer or its campaign was used today as often, or for as much, as it may be in a day.
    #[error("no more of this today{}", .until.map(|until| format!("; it applies again from {until}")).unwrap_or_default())]
    DayLimit {
        /// The first instant of the next day; `None` if it would not apply then either, as far as is known now.
        until: Option<Timestamp>,
    },
    /// It was used in this store as often, or for as much, as it may be in one.
    #[error("no more of this in this store")]
    StoreLimit,
}

/// What stands against a coupon beside others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beside {
    /// The others are somebody else's.
    OtherPerson,
    /// It or another stands alone.
    StandsAlone,
    /// Another of its group is there.
    SameGroup,
    /// There are as many as may be.
    TooMany {
        /// How many that is.
        at_most: u8,
    },
    /// The others leave nothing it could be taken off.
    NothingLeft,
}

/// What would make a refused coupon apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NearestMiss<'a> {
    /// So much more of the offer's products, on a cart without other coupons.
    AddSpend(Cents),
    /// The person's activation.
    Activate,
    /// Waiting until the other order's hold is over, or the day.
    Wait(Timestamp),
    /// Leaving out these other coupons.
    LeaveOut(&'a [CouponId]),
    /// Saying who it is that pays.
    SignIn,
    /// Going to another store.
    OtherStore,
}

impl Refusal {
    /// Tells the stable code; the names of UCP and ACP where they have one.
    pub fn code(&self) -> &'static str {
        match self {
            Self::AlreadyRedeemed { .. } => "discount_code_already_applied",
            Self::Expired { .. } => "discount_code_expired",
            Self::Unknown | Self::Revoked => "discount_code_invalid",
            Self::NotActivated => "coupon_not_activated",
            Self::NeedsNoActivation => "activation_not_needed",
            Self::Held { .. } => "coupon_reserved",
            Self::NoProduct { .. } => "no_eligible_products",
            Self::MinimumSpend { .. } => "minimum_spend",
            Self::MinimumPrice { .. } | Self::CostFloor => "minimum_price",
            Self::Combination { why: Beside::OtherPerson, .. } => "discount_code_user_ineligible",
            Self::Combination { .. } => "discount_code_combination_disallowed",
            Self::OtherCart => "redeemed_on_other_cart",
            Self::UsedUp => "public_code_used_up",
            Self::NobodySaid => "discount_code_user_not_logged_in",
            Self::PersonLimit { .. } => "profile_limit",
            Self::HouseholdLimit { .. } => "household_limit",
            Self::DayLimit { .. } => "day_limit",
            Self::StoreLimit => "store_limit",
        }
    }

    /// Tells the key of the catalogue that says no. `None` where it is no rule but what has happened.
    pub fn rule(&self) -> Option<&'static str> {
        match self {
            Self::Unknown
            | Self::AlreadyRedeemed { .. }
            | Self::Revoked
            | Self::Held { .. }
            | Self::OtherCart => None,
            Self::Expired { .. } => Some("valid_days"),
            Self::NotActivated | Self::NeedsNoActivation => Some("needs_activation"),
            Self::NoProduct { categories, .. } if categories.is_empty() => Some("minimum_spend"),
            Self::NoProduct { .. } => Some("categories"),
            Self::MinimumSpend { .. } => Some("minimum_spend"),
            Self::MinimumPrice { .. } => Some("minimum_price"),
            Self::CostFloor => Some("cost_floor_percent"),
            Self::UsedUp => Some("public_code"),
            Self::NobodySaid | Self::PersonLimit { .. } => Some("per_profile"),
            Self::HouseholdLimit { .. } => Some("per_household"),
            Self::DayLimit { .. } => Some("per_day"),
            Self::StoreLimit => Some("per_store"),
            Self::Combination { why, .. } => match why {
                Beside::OtherPerson => None,
                Beside::StandsAlone => Some("stacks"),
                Beside::SameGroup => Some("exclusive_group"),
                Beside::TooMany { .. } => Some("max_stack"),
                Beside::NothingLeft => Some("minimum_price"),
            },
        }
    }

    /// Tells what would make it apply, if anything would.
    pub fn nearest_miss(&self) -> Option<NearestMiss<'_>> {
        match self {
            Self::NotActivated => Some(NearestMiss::Activate),
            // Nobody waits for what is over by then.
            Self::Held { until, is_over } => (!is_over).then_some(NearestMiss::Wait(*until)),
            Self::DayLimit { until } => until.map(NearestMiss::Wait),
            Self::NobodySaid => Some(NearestMiss::SignIn),
            Self::StoreLimit => Some(NearestMiss::OtherStore),
            Self::NoProduct { missing, .. }
            | Self::MinimumSpend { missing }
            | Self::MinimumPrice { missing } => Some(NearestMiss::AddSpend(*missing)),
            Self::Combination { leave_out, .. } if !leave_out.is_empty() => {
                Some(NearestMiss::LeaveOut(leave_out))
            }
            _ => None,
        }
    }
}

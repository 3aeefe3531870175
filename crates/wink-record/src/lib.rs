//! Stored formats: how the core's types lie in the store. Versioned by field tags (a number never changes its meaning), each with a golden file kept for ever.
//!
//! Knows bytes and the core's types. Never a store, a clock or a rule.

mod access;
mod answer;
mod bulk;
mod catalogue;
mod coupon;
mod dead_letter;
mod decision;
mod erasure;
mod event;
mod first_state;
mod folded;
mod household;
mod lease;
mod ledger;
mod message;
mod model;
mod occasions;
mod order;
mod packed;
mod points;
mod price_history;
mod product;
mod profile;
mod redemption;
mod removed;
mod right;
mod round;
mod segments;
mod state;
mod state_bytes;
mod taken_back;
mod texts;
mod value;
mod vault;
mod webhook;

pub use access::{ApiKey, TenantNamed};
pub use answer::KeptAnswer;
pub use bulk::KeyRotations;
pub use catalogue::{CatalogueApplied, CatalogueFiles};
pub use dead_letter::{DeadLetter, LetterHead};
pub use decision::Decided;
pub use erasure::Erasure;
pub use folded::Folded;
pub use lease::Reported;
pub use message::{Damaged, Stored};
pub use occasions::Awaiting;
pub use order::OrderCoupons;
pub use points::PointsOrder;
pub use round::{Occasion, Round};
pub use segments::{SegmentPassage, SegmentRule, SegmentRules};
pub use taken_back::{KeyEnd, Withdrawal};
pub use webhook::{
    Delivery, DeliveryState, Disabled, MessageType, SealedSecret, WebhookEndpoint, WebhookMessage,
};

//! Words every stage uses: money, time, ids, chance, values. Knows no stage.

pub mod expression;

mod chance;
mod currency;
mod hash;
pub mod holiday;
mod id;
mod money;
mod points;
mod time;
mod value;

pub use chance::Chance;
#[cfg(test)]
pub(crate) use currency::not_in_hundredths;
pub use currency::{Currency, Money};
pub use hash::{Digest, Hasher, share_of};
pub use id::{
    CampaignId, CouponId, DecisionId, EventId, HouseholdId, IdError, LeaseId, LetterId, MessageId, OfferId,
    ProfileId, RedemptionId, ReversalId, SegmentId, TillId, TriggerId, WebhookId,
};
pub use money::Cents;
pub use points::Points;
pub use time::{DAY_MS, Timestamp, Zone};
pub use value::Value;

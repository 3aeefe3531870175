//! What happened: envelopes from outside become accepted events, or rejections with a reason. Knows no profile.

mod accept;
mod body;
mod card;
mod channel_scored;
mod consent_input;
mod envelope;
mod mechanism;
mod place;
mod rejection;
mod rename;
mod repair;
mod schema;
mod scored;
mod tcf;
mod upcast;

pub use accept::{
    DEPTH_MAX, EVENT_BYTES_MAX, Event, FUTURE_TOLERANCE_MS, IDENTITIES_MAX, LATE_AFTER_MS, accept,
};
pub use body::{
    Attributes, Body, ConsentChange, ConsentState, Exposure, ExposureKind, HOUSEHOLD_BYTES_MAX,
    HouseholdChange, Issued, Line, Order, Redeemed, Reversed, RightGiven, UsedCoupon,
};
pub use card::without_cards;
pub use channel_scored::{ChannelScored, NAME_BYTES_MAX};
pub use envelope::{Envelope, Identity, IdentityError};
pub use mechanism::Mechanism;
pub use place::{ELSEWHERE, PLACE_REPORTED, Place, Spot, is_coordinate};
pub use rejection::Rejection;
pub use repair::{Repair, RepairError};
pub use schema::{CONTEXT_EVENTS, Observed, Property, PropertyType, Schema, SchemaVersion, Schemas};
pub use scored::{MILLION, Scored};
pub use tcf::{TC_STRING_BYTES_MAX, TcString, TcStringError};
pub use upcast::{Conversion, Mapping, STEPS_MAX as UPCAST_STEPS_MAX, Shape, Shapes};

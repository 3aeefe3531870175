//! The HTTP contract: what is sent and answered. Shapes only; no behaviour, no store, no routes.

mod decisions;
mod events;
mod export;
mod exposures;
mod health;
pub mod json;
mod kept;
mod keys;
mod letters;
mod made;
mod problem;
mod profiles;
mod value;

pub use decisions::{Answered, CandidateView, DecisionAsked, DecisionView};
pub use events::{EventReceived, EventsAnswered, EventsReceived, IdentitySent, ItemAnswered};
pub use export::{EXPORT_FORMAT, StateExported};
pub use exposures::{ExposureAnswered, ExposureSent};
pub use health::BalanceView;
pub use kept::EventView;
pub use keys::{
    KeyAsked, KeyMade, KeyView, KeysListed, RotationAsked, TenantAsked, TenantView, TenantsListed,
};
pub use letters::{LetterListed, LetterReplayed, LetterView, LettersAsked, MessageView, RepairSent};
pub use made::{BudgetView, DecisionRecord, DecisionTrace};
pub use problem::Problem;
pub use profiles::{
    AttributeView, ConsentSent, ConsentView, ConsentsListed, ConsentsSent, DataPage, ErasureView,
    FeatureView, FeaturesListed, HeldCoupon, HoldingView, ListAsked, ProfileLookedUp, ProfileView,
};
pub use value::{to_json, value};

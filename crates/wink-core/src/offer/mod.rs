//! What may be given: campaigns, offers, products, contact policy, and the rules that say when. Chooses nothing.

pub mod price_law;

mod campaign;
mod catalogue;
mod contact;
mod places;
mod product;
mod programme;
mod public_code;
mod reversal;
mod rules;
mod stacking;
mod terms;
mod trigger;
mod use_limit;
pub mod wording;

pub use campaign::Campaign;
pub use catalogue::{Catalogue, CatalogueVersion, Economics, Holdout, InPlay, Shop};
pub use contact::{ContactPolicy, FrequencyCap, REISSUE_DAYS};
pub use places::{Circle, Places, RESOLUTION_MAX};
pub use product::{Margins, Product, Unlistable};
pub use programme::{PointsFactor, Programme};
pub use public_code::{PublicCode, WORD_MAX, WORD_MIN, Word};
pub use reversal::{Afterwards, Extent, ReversalPolicy, ReversalReason};
pub use rules::{ContextFact, Named, RuleSlots, Rules, Stage, declarations};
pub use stacking::{CartPolicy, Clash, STACK_MAX, Stacking};
pub use terms::{Benefit, Channel, Limits, Offer, Scorecard, Terms, Weights};
pub use trigger::Trigger;
pub use use_limit::{UseLimit, UseLimits};

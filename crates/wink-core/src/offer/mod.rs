//! What may be given: campaigns, offers, products, contact policy, and the rules that say when. Chooses nothing.

mod campaign;
mod catalogue;
mod contact;
mod product;
mod reversal;
mod rules;
mod terms;
mod trigger;
pub mod wording;

pub use campaign::Campaign;
pub use catalogue::{Catalogue, CatalogueVersion, Economics, Holdout, InPlay, Shop};
pub use contact::{ContactPolicy, FrequencyCap};
pub use product::{Margins, Product, Unlistable};
pub use reversal::{Afterwards, Extent, ReversalPolicy, ReversalReason};
pub use rules::{ContextFact, Named, RuleSlots, Rules, Stage, declarations};
pub use terms::{Benefit, Channel, Limits, Offer, Scorecard, Terms, Weights};
pub use trigger::Trigger;

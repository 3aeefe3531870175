//! What may be given: campaigns, offers, products, contact policy, and the rules that say when. Chooses nothing.

mod campaign;
mod catalogue;
mod contact;
mod terms;
mod product;
mod rules;

pub use campaign::Campaign;
pub use catalogue::{Catalogue, CatalogueVersion, Economics, Holdout, Shop};
pub use contact::{ContactPolicy, FrequencyCap};
pub use terms::{Benefit, Channel, Limits, Offer, Scorecard, Terms, Weights};
pub use product::{Margins, Product};
pub use rules::{ContextFact, Rules, Stage, declarations};

//! What we know: events fold into mergeable states, states are viewed as features. Nothing is read that is not granted, and nothing that is too old.

mod catalogue;
mod fold;
mod state;
mod view;

pub use catalogue::{Aggregation, Catalogue, Class, Definition, FeatureType};
pub use fold::{HORIZON_DAYS, fold};
pub use state::{Affinity, Contact, Day, State};
pub use view::{Reading, View, Viewed, view};

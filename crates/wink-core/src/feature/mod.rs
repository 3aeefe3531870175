//! What we know: events fold into mergeable states, states are viewed as features. Nothing is read that is not granted, and nothing that is too old.

mod accumulator;
mod bands;
mod built_in;
mod catalogue;
mod contact;
mod definition;
mod first_form;
mod fold;
mod happened;
mod plan;
mod read;
mod score;
mod segment;
mod series;
mod sketch;
mod state;
mod trigger;
mod view;

#[cfg(test)]
mod tests;

pub use bands::{BANDS_MAX, quantile_bounds};
pub use built_in::{definitions as built_in_definitions, of_places as place_definitions};
pub use catalogue::{Catalogue, DefinitionProblem};
pub use definition::{
    Age, Aggregation, Class, Definition, FeatureType, Heard, How, Never, Selection, Unit, Window,
};
pub use first_form::{FirstDay, FirstForm};
pub use fold::fold;
pub use happened::Happened;
pub use plan::WINDOW_DAYS_MAX;
pub use score::{Contribution, Score, Term};
pub use segment::{
    IsNew, MOVES_MAX, Member, Memberships, Moved, Passage, Rule, RuleNumber, Segment, Segments,
};
pub use series::{Bucket, Extremes, HORIZON_DAYS, Series};
pub use sketch::{Histogram, Registers, Shared};
pub use state::{Accumulated, AccumulatorId, Named, Stamped, State, Times};
pub use trigger::{
    BOUGHT_MAX, Becomes, Cap, DayOf, Listing, ListingChange, Moment, MonthDay, Note, Occasions, ProductKey,
    Quiet, REMEMBERED_MAX, Remembered, Trigger, WATCHED_MAX, Wanting, Watched, When, Yearly,
};
pub use view::{Reading, View, Viewed, Wanted, view};

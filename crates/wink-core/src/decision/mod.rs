//! Give what, or nothing? Candidates are filtered, scored, drawn once and explained. No store, no clock, no chance of its own.

mod candidate;
mod choose;
mod deadline;
mod decide;
mod explain;
mod filter;
mod issue;
mod score;
mod situation;

#[cfg(test)]
mod consent_table;

pub use candidate::{Candidate, Decision, Drawn, Removed, Verdict};
pub use choose::holds_out;
pub use decide::{ENGINE, decide};
pub use explain::{Explanation, Line, explain, headline};
pub use filter::missing_consent;
pub use issue::{AcceptWithin, Issue};
pub use score::Expected;
pub use situation::{Ask, BudgetUse, Person, RanOut, Situation, Standing, Usage};

#[cfg(test)]
pub(crate) mod hesitation;

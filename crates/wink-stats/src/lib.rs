//! Statistics that add up from sums. Knows numbers only: no shop, no person, no I/O, no clock, no chance.

pub mod bandit;
pub mod buying;
pub mod complements;
mod difference;
mod error;
pub mod experiment;
mod interval;
mod joint;
mod moments;
pub mod numeric;
pub mod offpolicy;
pub mod propensity;
mod rows;
mod symmetric;
pub mod uplift;

pub use difference::{Interval, PEOPLE_MIN, mean_difference};
pub use error::Error;
pub use joint::JointMoments;
pub use moments::Moments;
pub use rows::{Rows, Table, only, random_half};

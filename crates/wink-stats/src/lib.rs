//! Statistics that add up from sums. Knows numbers only: no shop, no person, no I/O, no clock, no chance.

pub mod bandit;
pub mod buying;
pub mod complements;
pub mod experiment;
pub mod geo;
pub mod numeric;
pub mod offpolicy;
pub mod pooling;
pub mod propensity;
pub mod uplift;

mod difference;
mod error;
mod interval;
mod joint;
mod moments;
mod rows;
mod stability;
mod symmetric;

pub use difference::{Interval, PEOPLE_MIN, mean_difference};
pub use error::Error;
pub use joint::JointMoments;
pub use moments::Moments;
pub use rows::{Rows, Table, only, random_half};
pub use stability::{SHIFT_LARGE, SHIFT_NOTABLE, Stability, all_in_one, silence, stability};

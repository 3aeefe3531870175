//! Statistics that add up from sums. Knows numbers only: no shop, no person, no I/O, no clock, no chance.

pub mod buying;
pub mod experiment;
pub mod geo;
pub mod numeric;

mod difference;
mod error;
mod joint;
mod moments;

pub use difference::{Interval, PEOPLE_MIN, mean_difference};
pub use error::Error;
pub use joint::JointMoments;
pub use moments::Moments;

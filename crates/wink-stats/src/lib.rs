//! Statistics that add up from sums. Knows numbers only: no shop, no person, no I/O, no clock, no chance.

mod difference;
mod error;
mod moments;

pub use difference::{Interval, PEOPLE_MIN, mean_difference};
pub use error::Error;
pub use moments::Moments;

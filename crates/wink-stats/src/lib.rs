//! Statistics that add up from sums. Knows numbers only: no shop, no person, no I/O, no clock, no chance.

mod difference;
mod moments;

pub use difference::{Interval, NotEnoughData, PEOPLE_MIN, mean_difference};
pub use moments::Moments;

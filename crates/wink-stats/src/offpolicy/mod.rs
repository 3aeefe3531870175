//! What would another policy have brought? Estimates from the log of the one that ran.
//!
//! A [`Log`] holds, for each round, the reward, the probability the logged action was drawn with, and the probability the other
//! policy would have chosen it with. The other policy must do nothing that the logged one never did: [`Overlap`] tells how far
//! that holds, and with too little of it there is no estimate.

mod cells;
mod direct;
mod log;

pub use cells::CellMeans;
pub use direct::{Choices, direct};
pub use log::{EFFECTIVE_MIN, Log, Overlap};

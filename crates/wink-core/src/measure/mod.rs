//! What did it change? Arms as they were assigned, outcomes as they came, and "not enough data" where that is the answer.

mod readout;

pub use readout::{Arm, ArmSums, OUTCOME_DAYS, Readout, outcome_days, readout};

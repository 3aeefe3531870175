//! What did it change? Arms as they were assigned, outcomes as they came, and "not enough data" where that is the answer.

mod advice;
mod card;
mod channels;
mod costs;
mod drift;
mod first_day;
mod followed;
mod grid;
mod purchase_model;
mod readout;
mod statement;
mod sums;

#[cfg(test)]
mod tests;

pub use advice::{Action, Facts, Rule, Thresholds, advise};
pub use card::Card;
pub use channels::{
    CHANNEL_LIMITS, CHANNELS_MAX, ChannelRates, ChannelSettings, ChannelsCard, ChannelsHoldOut, NoChannels,
    TrainedChannels, Visits, channel_of, train_channels,
};
pub use costs::{CostSource, Costs, Goods};
pub use drift::{
    Change, Drift, DriftReport, DriftWindows, Finding, Kind, RATE, SeenBetween, WindowsError, WordShare,
};
pub use first_day::{FIRST_DAY_SHARE, FirstDay};
pub use followed::{Followed, Harm, Outcome};
pub use grid::{Grid, GridError};
pub use purchase_model::{
    ClvCard, HoldOut, LIMITS, Purchase, Settings, SpendCard, Trained, UNIT_DAYS, train,
};
pub use readout::{Arm, ArmSums, OUTCOME_DAYS, Readout, outcome_days, readout};
pub use statement::{
    Guarded, Increment, LEVEL, LotShare, Lots, Reaction, Statement, Waste, shown, shown_share,
};
pub use sums::{ArmTally, Tally};
pub use wink_stats::buying::{Model, Parameters, SpendParameters};
pub use wink_stats::experiment::Verdict;
pub use wink_stats::{Error as Unsaid, Interval};

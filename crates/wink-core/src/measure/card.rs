//! The card of a model, of whichever kind.

use super::{ChannelsCard, ClvCard};

/// What stands on a model's card.
#[derive(Clone, Debug, PartialEq)]
pub enum Card {
    /// Of a model of purchases.
    Clv(ClvCard),
    /// Of a model of channels.
    Channels(ChannelsCard),
}

impl Card {
    /// Tells the model's version, from 1; all models of a shop count together.
    pub fn version(&self) -> u32 {
        match self {
            Self::Clv(card) => card.version,
            Self::Channels(card) => card.version,
        }
    }
}

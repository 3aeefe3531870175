//! Which accumulators the stored states hold the whole history of.

use prost::Message;
use wink_core::base::Timestamp;
use wink_core::feature::AccumulatorId;

use crate::message::{Damaged, Stored, decode};

/// Which accumulators are filled; all others of the catalogue in force are still to be folded from the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folded {
    /// Ascending.
    pub accumulators: Vec<AccumulatorId>,
    /// When it was last known which are needed.
    pub since: Timestamp,
}

#[derive(Clone, PartialEq, Message)]
struct FoldedMessage {
    #[prost(fixed32, repeated, tag = "1")]
    accumulators: Vec<u32>,
    #[prost(sint64, tag = "2")]
    since: i64,
}

impl Stored for Folded {
    fn to_bytes(&self) -> Vec<u8> {
        let accumulators = self.accumulators.iter().map(|id| id.0).collect();
        FoldedMessage { accumulators, since: self.since.0 }.encode_to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, Damaged> {
        let message: FoldedMessage = decode("folded accumulators", bytes)?;
        let accumulators = message.accumulators.into_iter().map(AccumulatorId).collect();
        Ok(Self { accumulators, since: Timestamp(message.since) })
    }
}

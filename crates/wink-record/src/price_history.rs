//! What a product cost when.

use prost::Message;
use wink_core::base::{Cents, Timestamp};
use wink_core::offer::price_law::{PriceHistory, Step};

use crate::message::{Damaged, Stored, decode};

#[derive(Clone, PartialEq, Message)]
struct PriceHistoryMessage {
    #[prost(message, repeated, tag = "1")]
    steps: Vec<StepMessage>,
}

#[derive(Clone, PartialEq, Message)]
struct StepMessage {
    #[prost(sint64, tag = "1")]
    from: i64,
    #[prost(sint64, optional, tag = "2")]
    price: Option<i64>,
}

impl Stored for PriceHistory {
    fn to_bytes(&self) -> Vec<u8> {
        let step = |step: &Step| StepMessage { from: step.from.0, price: step.price.map(|price| price.0) };
        PriceHistoryMessage { steps: self.steps().iter().map(step).collect() }.encode_to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, Damaged> {
        let message: PriceHistoryMessage = decode("price history", bytes)?;
        let step = |step: StepMessage| Step { from: Timestamp(step.from), price: step.price.map(Cents) };
        Ok(Self::new(message.steps.into_iter().map(step)))
    }
}

//! What is asked when a trigger's moment has come.

use super::Channel;
use crate::feature;

/// A trigger with its question. Whether anything is given is for the offers' rules to say: a trigger asks, it promises nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Trigger {
    /// When it asks.
    pub moments: feature::Trigger,
    /// Where the answer is shown.
    pub channel: Channel,
    /// The name of the place, as the shop calls it.
    pub placement: String,
    /// How long what is offered can be accepted, in seconds; without it the coupon is issued with the decision.
    pub accept_within_seconds: Option<u32>,
}

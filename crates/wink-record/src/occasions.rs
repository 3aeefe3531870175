//! What triggers remember of a person, and the moments that wait in the queue.

use prost::Message;
use wink_core::base::{Cents, ProfileId, Timestamp, TriggerId};
use wink_core::feature::{Moment, Occasions, ProductKey, Remembered, Wanting, Watched};

use crate::message::{Damaged, Stored, decode, id};
use crate::round::DayMessage;

const WHAT: &str = "occasions";

#[derive(Clone, PartialEq, Message)]
struct OccasionsMessage {
    #[prost(message, repeated, tag = "1")]
    remembered: Vec<RememberedMessage>,
}

#[derive(Clone, PartialEq, Message)]
struct RememberedMessage {
    #[prost(string, tag = "1")]
    trigger: String,
    #[prost(sint64, repeated, tag = "2")]
    moments: Vec<i64>,
    #[prost(sint64, optional, tag = "3")]
    since: Option<i64>,
    #[prost(sint64, optional, tag = "4")]
    ended: Option<i64>,
    #[prost(message, optional, tag = "5")]
    day: Option<DayMessage>,
    #[prost(message, repeated, tag = "6")]
    watched: Vec<WatchedMessage>,
    #[prost(message, repeated, tag = "7")]
    bought: Vec<WatchedMessage>,
}

#[derive(Clone, PartialEq, Message)]
struct WatchedMessage {
    #[prost(bytes = "vec", tag = "1")]
    product: Vec<u8>,
    #[prost(sint64, tag = "2")]
    at: i64,
    #[prost(sint64, optional, tag = "3")]
    price: Option<i64>,
}

impl Stored for Occasions {
    fn to_bytes(&self) -> Vec<u8> {
        let remembered = self.0.iter().map(|(trigger, remembered)| RememberedMessage {
            trigger: trigger.to_string(),
            moments: remembered.moments.iter().map(|at| at.0).collect(),
            since: remembered.since.map(|at| at.0),
            ended: remembered.ended.map(|at| at.0),
            day: remembered.day.map(DayMessage::of),
            watched: remembered.watched.iter().map(watched_message).collect(),
            bought: remembered.bought.iter().map(bought_message).collect(),
        });
        OccasionsMessage { remembered: remembered.collect() }.encode_to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, Damaged> {
        let message: OccasionsMessage = decode(WHAT, bytes)?;
        let remembered = message.remembered.into_iter().map(|message| {
            let remembered = Remembered {
                moments: message.moments.into_iter().map(Timestamp).collect(),
                since: message.since.map(Timestamp),
                ended: message.ended.map(Timestamp),
                day: message.day.map(DayMessage::read).transpose()?,
                watched: message.watched.iter().map(watched).collect::<Result<_, Damaged>>()?,
                bought: message.bought.iter().map(bought).collect::<Result<_, Damaged>>()?,
            };
            Ok((trigger(&message.trigger)?, remembered))
        });
        remembered.collect::<Result<_, Damaged>>().map(Self)
    }
}

fn watched_message((product, watched): (&ProductKey, &Watched)) -> WatchedMessage {
    WatchedMessage {
        product: product.0.to_vec(),
        at: watched.at.0,
        price: watched.price.map(|price| price.0),
    }
}

fn watched(message: &WatchedMessage) -> Result<(ProductKey, Watched), Damaged> {
    let watched = Watched { at: Timestamp(message.at), price: message.price.map(Cents) };
    Ok((ProductKey(id(WHAT, &message.product)?), watched))
}

fn bought_message((product, at): (&ProductKey, &Timestamp)) -> WatchedMessage {
    WatchedMessage { product: product.0.to_vec(), at: at.0, price: None }
}

fn bought(message: &WatchedMessage) -> Result<(ProductKey, Timestamp), Damaged> {
    Ok((ProductKey(id(WHAT, &message.product)?), Timestamp(message.at)))
}

/// A moment of somebody that waits to be seen to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Awaiting {
    /// Whose.
    pub profile: ProfileId,
    /// Which.
    pub moment: Moment,
}

#[derive(Clone, PartialEq, Message)]
struct AwaitingMessage {
    #[prost(bytes = "vec", tag = "1")]
    profile: Vec<u8>,
    #[prost(string, tag = "2")]
    trigger: String,
    #[prost(sint64, tag = "3")]
    at: i64,
    /// Whether it is only looked whether it stayed quiet.
    #[prost(bool, tag = "4")]
    looks: bool,
    #[prost(sint64, optional, tag = "5")]
    cart: Option<i64>,
}

impl Stored for Awaiting {
    fn to_bytes(&self) -> Vec<u8> {
        let Moment { trigger, at, wanting, cart } = &self.moment;
        AwaitingMessage {
            profile: self.profile.bytes().to_vec(),
            trigger: trigger.to_string(),
            at: at.0,
            looks: matches!(wanting, Wanting::Look(_)),
            cart: cart.map(|cart| cart.0),
        }
        .encode_to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, Damaged> {
        let message: AwaitingMessage = decode("awaited moment", bytes)?;
        let at = Timestamp(message.at);
        let wanting = if message.looks { Wanting::Look(at) } else { Wanting::Decision };
        let cart = message.cart.map(Cents);
        let moment = Moment { trigger: trigger(&message.trigger)?, at, wanting, cart };
        Ok(Self { profile: ProfileId::from_bytes(id("awaited moment", &message.profile)?), moment })
    }
}

fn trigger(text: &str) -> Result<TriggerId, Damaged> {
    TriggerId::parse(text).map_err(|error| Damaged { what: WHAT, why: error.to_string() })
}

//! The card of a model of channels.

use prost::{Message, Oneof};
use wink_core::base::Timestamp;
use wink_core::measure::{ChannelRates, ChannelSettings, ChannelsCard, ChannelsHoldOut};

use super::{CardMessage, WHAT, digest};
use crate::message::{Damaged, present};

#[derive(Clone, PartialEq, Message)]
pub(super) struct ChannelsMessage {
    #[prost(uint32, tag = "1")]
    within_days: u32,
    #[prost(double, tag = "2")]
    level: f64,
    #[prost(message, repeated, tag = "3")]
    channels: Vec<RatesMessage>,
    #[prost(uint64, tag = "4")]
    left_out: u64,
    #[prost(uint64, tag = "5")]
    visits_left_out: u64,
    #[prost(oneof = "HoldOutMessage", tags = "6, 7")]
    hold_out: Option<HoldOutMessage>,
}

#[derive(Clone, PartialEq, Message)]
struct RatesMessage {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(uint64, tag = "2")]
    people: u64,
    #[prost(uint64, tag = "3")]
    visits: u64,
    #[prost(uint64, tag = "4")]
    converted: u64,
    #[prost(double, tag = "5")]
    rate: f64,
    #[prost(double, tag = "6")]
    strength: f64,
    #[prost(bool, tag = "7")]
    differs: bool,
    #[prost(uint64, tag = "8")]
    best_for: u64,
}

#[derive(Clone, PartialEq, Oneof)]
enum HoldOutMessage {
    #[prost(message, tag = "6")]
    Looked(LookedMessage),
    #[prost(string, tag = "7")]
    NotLooked(String),
}

#[derive(Clone, PartialEq, Message)]
struct LookedMessage {
    #[prost(uint32, tag = "1")]
    days: u32,
    #[prost(uint64, tag = "2")]
    visits: u64,
    #[prost(uint64, tag = "3")]
    found: u64,
    #[prost(double, tag = "4")]
    expected: f64,
    #[prost(double, tag = "5")]
    squared_error: f64,
    #[prost(double, tag = "6")]
    squared_error_of_all: f64,
}

pub(super) fn to_message(card: &ChannelsCard) -> CardMessage {
    CardMessage {
        version: card.version,
        trained_at: card.trained_at.0,
        from: card.from,
        until: card.until,
        customers: card.people,
        not_granted: card.not_granted,
        input: card.input.0.to_vec(),
        channels: Some(ChannelsMessage {
            within_days: card.settings.within_days,
            level: card.settings.level,
            channels: card.channels.iter().map(to_rates).collect(),
            left_out: card.left_out,
            visits_left_out: card.visits_left_out,
            hold_out: Some(match &card.hold_out {
                Ok(looked) => HoldOutMessage::Looked(to_looked(looked)),
                Err(why) => HoldOutMessage::NotLooked(why.clone()),
            }),
        }),
        ..CardMessage::default()
    }
}

pub(super) fn from_message(
    message: CardMessage,
    of_channels: ChannelsMessage,
) -> Result<ChannelsCard, Damaged> {
    Ok(ChannelsCard {
        version: message.version,
        trained_at: Timestamp(message.trained_at),
        settings: ChannelSettings { within_days: of_channels.within_days, level: of_channels.level },
        from: message.from,
        until: message.until,
        people: message.customers,
        not_granted: message.not_granted,
        input: digest(message.input)?,
        channels: of_channels.channels.into_iter().map(from_rates).collect(),
        left_out: of_channels.left_out,
        visits_left_out: of_channels.visits_left_out,
        hold_out: match present(WHAT, "hold-out", of_channels.hold_out)? {
            HoldOutMessage::Looked(looked) => Ok(from_looked(&looked)),
            HoldOutMessage::NotLooked(why) => Err(why),
        },
    })
}

fn to_rates(rates: &ChannelRates) -> RatesMessage {
    RatesMessage {
        name: rates.name.clone(),
        people: rates.people,
        visits: rates.visits,
        converted: rates.converted,
        rate: rates.rate,
        strength: rates.strength,
        differs: rates.differs,
        best_for: rates.best_for,
    }
}

fn from_rates(message: RatesMessage) -> ChannelRates {
    ChannelRates {
        name: message.name,
        people: message.people,
        visits: message.visits,
        converted: message.converted,
        rate: message.rate,
        strength: message.strength,
        differs: message.differs,
        best_for: message.best_for,
    }
}

fn to_looked(looked: &ChannelsHoldOut) -> LookedMessage {
    LookedMessage {
        days: looked.days,
        visits: looked.visits,
        found: looked.found,
        expected: looked.expected,
        squared_error: looked.squared_error,
        squared_error_of_all: looked.squared_error_of_all,
    }
}

fn from_looked(message: &LookedMessage) -> ChannelsHoldOut {
    ChannelsHoldOut {
        days: message.days,
        visits: message.visits,
        found: message.found,
        expected: message.expected,
        squared_error: message.squared_error,
        squared_error_of_all: message.squared_error_of_all,
    }
}

//! The card of a model, as the journal and the list of models keep it.

use prost::{Message, Oneof};
use wink_core::base::{Digest, Timestamp};
use wink_core::measure::{Card, ClvCard, HoldOut, Model, Parameters, Settings, SpendCard, SpendParameters};

use crate::message::{Damaged, Stored, decode, present, unknown};
use channels::ChannelsMessage;

mod channels;

const WHAT: &str = "model card";

#[derive(Clone, PartialEq, Message)]
struct CardMessage {
    #[prost(uint32, tag = "1")]
    version: u32,
    #[prost(sint64, tag = "2")]
    trained_at: i64,
    #[prost(message, optional, tag = "3")]
    settings: Option<SettingsMessage>,
    #[prost(sint32, tag = "4")]
    from: i32,
    #[prost(sint32, tag = "5")]
    until: i32,
    #[prost(uint64, tag = "6")]
    customers: u64,
    #[prost(uint64, tag = "7")]
    not_granted: u64,
    #[prost(uint64, tag = "8")]
    orders: u64,
    #[prost(uint64, tag = "9")]
    without_value: u64,
    #[prost(bytes = "vec", tag = "10")]
    input: Vec<u8>,
    /// r, alpha, a, b.
    #[prost(double, repeated, tag = "11")]
    parameters: Vec<f64>,
    #[prost(double, repeated, tag = "12")]
    relative_errors: Vec<f64>,
    #[prost(double, tag = "13")]
    log_likelihood: f64,
    #[prost(oneof = "SpendMessage", tags = "14, 15")]
    spend: Option<SpendMessage>,
    #[prost(oneof = "HoldOutMessage", tags = "16, 17")]
    hold_out: Option<HoldOutMessage>,
    /// What a model of channels is; of what stands above it has the version, the time, the days, the people and the hash.
    #[prost(message, optional, tag = "18")]
    channels: Option<ChannelsMessage>,
}

#[derive(Clone, PartialEq, Message)]
struct SettingsMessage {
    /// 1 BG/NBD, 2 MBG/NBD.
    #[prost(uint32, tag = "1")]
    model: u32,
    #[prost(uint32, tag = "2")]
    horizon_days: u32,
    #[prost(uint32, tag = "3")]
    value_days: u32,
    #[prost(double, tag = "4")]
    discount: f64,
    #[prost(double, tag = "5")]
    margin: f64,
    #[prost(uint32, optional, tag = "6")]
    hold_out_days: Option<u32>,
    /// Cards of before there was a penalty lack it: it was none.
    #[prost(double, tag = "7")]
    penalty: f64,
}

#[derive(Clone, PartialEq, Oneof)]
enum SpendMessage {
    #[prost(message, tag = "14")]
    Found(SpendFoundMessage),
    #[prost(string, tag = "15")]
    NotFound(String),
}

#[derive(Clone, PartialEq, Message)]
struct SpendFoundMessage {
    #[prost(uint64, tag = "1")]
    customers: u64,
    /// p, q, gamma.
    #[prost(double, repeated, tag = "2")]
    parameters: Vec<f64>,
    #[prost(double, tag = "3")]
    log_likelihood: f64,
}

#[derive(Clone, PartialEq, Oneof)]
enum HoldOutMessage {
    #[prost(message, tag = "16")]
    Looked(LookedMessage),
    #[prost(string, tag = "17")]
    NotLooked(String),
}

#[derive(Clone, PartialEq, Message)]
struct LookedMessage {
    #[prost(uint32, tag = "1")]
    days: u32,
    #[prost(uint64, tag = "2")]
    customers: u64,
    #[prost(double, tag = "3")]
    found: f64,
    #[prost(double, tag = "4")]
    expected: f64,
    #[prost(double, tag = "5")]
    mean_absolute_error: f64,
    #[prost(double, tag = "6")]
    bought: f64,
    #[prost(double, tag = "7")]
    bought_expected: f64,
    #[prost(double, optional, tag = "8")]
    auc: Option<f64>,
}

impl Stored for Card {
    fn to_bytes(&self) -> Vec<u8> {
        let message = match self {
            Self::Clv(card) => to_clv(card),
            Self::Channels(card) => channels::to_message(card),
        };
        message.encode_to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, Damaged> {
        let mut message: CardMessage = decode(WHAT, bytes)?;
        match message.channels.take() {
            None => from_clv(message).map(Self::Clv),
            Some(of_channels) => channels::from_message(message, of_channels).map(Self::Channels),
        }
    }
}

fn to_clv(card: &ClvCard) -> CardMessage {
    let Parameters { r, alpha, a, b } = card.parameters;
    CardMessage {
        version: card.version,
        trained_at: card.trained_at.0,
        settings: Some(to_settings(&card.settings)),
        from: card.from,
        until: card.until,
        customers: card.customers,
        not_granted: card.not_granted,
        orders: card.orders,
        without_value: card.without_value,
        input: card.input.0.to_vec(),
        parameters: vec![r, alpha, a, b],
        relative_errors: card.relative_errors.to_vec(),
        log_likelihood: card.log_likelihood,
        spend: Some(match &card.spend {
            Ok(spend) => SpendMessage::Found(to_spend(spend)),
            Err(why) => SpendMessage::NotFound(why.clone()),
        }),
        hold_out: Some(match &card.hold_out {
            Ok(looked) => HoldOutMessage::Looked(to_looked(looked)),
            Err(why) => HoldOutMessage::NotLooked(why.clone()),
        }),
        channels: None,
    }
}

fn from_clv(message: CardMessage) -> Result<ClvCard, Damaged> {
    let [r, alpha, a, b] = numbers(message.parameters)?;
    Ok(ClvCard {
        version: message.version,
        trained_at: Timestamp(message.trained_at),
        settings: from_settings(&present(WHAT, "settings", message.settings)?)?,
        from: message.from,
        until: message.until,
        customers: message.customers,
        not_granted: message.not_granted,
        orders: message.orders,
        without_value: message.without_value,
        input: digest(message.input)?,
        parameters: Parameters { r, alpha, a, b },
        relative_errors: numbers(message.relative_errors)?,
        log_likelihood: message.log_likelihood,
        spend: match present(WHAT, "spend", message.spend)? {
            SpendMessage::Found(found) => Ok(from_spend(found)?),
            SpendMessage::NotFound(why) => Err(why),
        },
        hold_out: match present(WHAT, "hold-out", message.hold_out)? {
            HoldOutMessage::Looked(looked) => Ok(from_looked(&looked)),
            HoldOutMessage::NotLooked(why) => Err(why),
        },
    })
}

fn to_settings(settings: &Settings) -> SettingsMessage {
    SettingsMessage {
        model: match settings.model {
            Model::BgNbd => 1,
            Model::MbgNbd => 2,
        },
        horizon_days: settings.horizon_days,
        value_days: settings.value_days,
        discount: settings.discount,
        margin: settings.margin,
        hold_out_days: settings.hold_out_days,
        penalty: settings.penalty,
    }
}

fn from_settings(message: &SettingsMessage) -> Result<Settings, Damaged> {
    Ok(Settings {
        model: match message.model {
            1 => Model::BgNbd,
            2 => Model::MbgNbd,
            other => return Err(unknown(WHAT, "model", other)),
        },
        horizon_days: message.horizon_days,
        value_days: message.value_days,
        discount: message.discount,
        margin: message.margin,
        hold_out_days: message.hold_out_days,
        penalty: message.penalty,
    })
}

fn to_spend(spend: &SpendCard) -> SpendFoundMessage {
    let SpendParameters { p, q, gamma } = spend.parameters;
    SpendFoundMessage {
        customers: spend.customers,
        parameters: vec![p, q, gamma],
        log_likelihood: spend.log_likelihood,
    }
}

fn from_spend(message: SpendFoundMessage) -> Result<SpendCard, Damaged> {
    let [p, q, gamma] = numbers(message.parameters)?;
    Ok(SpendCard {
        customers: message.customers,
        parameters: SpendParameters { p, q, gamma },
        log_likelihood: message.log_likelihood,
    })
}

fn to_looked(looked: &HoldOut) -> LookedMessage {
    LookedMessage {
        days: looked.days,
        customers: looked.customers,
        found: looked.found,
        expected: looked.expected,
        mean_absolute_error: looked.mean_absolute_error,
        bought: looked.bought,
        bought_expected: looked.bought_expected,
        auc: looked.auc,
    }
}

fn from_looked(message: &LookedMessage) -> HoldOut {
    HoldOut {
        days: message.days,
        customers: message.customers,
        found: message.found,
        expected: message.expected,
        mean_absolute_error: message.mean_absolute_error,
        bought: message.bought,
        bought_expected: message.bought_expected,
        auc: message.auc,
    }
}

fn numbers<const N: usize>(numbers: Vec<f64>) -> Result<[f64; N], Damaged> {
    numbers.try_into().map_err(|_| damaged("it has too many parameters, or too few"))
}

fn digest(bytes: Vec<u8>) -> Result<Digest, Damaged> {
    bytes.try_into().map(Digest).map_err(|_| damaged("its hash is not 32 bytes long"))
}

fn damaged(why: &str) -> Damaged {
    Damaged { what: WHAT, why: why.to_owned() }
}

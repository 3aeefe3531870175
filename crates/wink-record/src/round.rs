//! Rounds: occasions that concern many people, who are asked about some at a time.

use prost::Message;
use wink_core::base::{Cents, ProfileId, Timestamp, TriggerId};
use wink_core::feature::{ListingChange, MonthDay, ProductKey};

use crate::message::{Damaged, Stored, decode, id, present, unknown};

const WHAT: &str = "round";

/// An occasion, and how far the round of those it concerns has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Round {
    /// What happened.
    pub occasion: Occasion,
    /// When: what everybody's moment is known by.
    pub at: Timestamp,
    /// Who was looked at last; nobody before it begins.
    pub after: Option<ProfileId>,
    /// Whose moment it was so far.
    pub people: u32,
}

/// What concerns many people at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// A day that comes each year.
    Day {
        /// The trigger that waits for it.
        trigger: TriggerId,
        /// Which day.
        day: MonthDay,
    },
    /// A change of a product in the list.
    Listing {
        /// The trigger that waits for it; before it is known which ones do, none.
        trigger: Option<TriggerId>,
        /// What changed.
        change: ListingChange,
    },
}

#[derive(Clone, PartialEq, Message)]
struct RoundMessage {
    #[prost(string, optional, tag = "1")]
    trigger: Option<String>,
    #[prost(sint64, tag = "2")]
    at: i64,
    #[prost(bytes = "vec", optional, tag = "3")]
    after: Option<Vec<u8>>,
    #[prost(uint32, tag = "4")]
    people: u32,
    #[prost(message, optional, tag = "5")]
    day: Option<DayMessage>,
    #[prost(message, optional, tag = "6")]
    listing: Option<ListingMessage>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct DayMessage {
    #[prost(int32, tag = "1")]
    month: i32,
    #[prost(int32, tag = "2")]
    day: i32,
}

#[derive(Clone, PartialEq, Message)]
struct ListingMessage {
    #[prost(bytes = "vec", tag = "1")]
    product: Vec<u8>,
    #[prost(message, optional, tag = "2")]
    cheaper: Option<CheaperMessage>,
    #[prost(bool, tag = "3")]
    is_available_again: bool,
}

#[derive(Clone, PartialEq, Message)]
struct CheaperMessage {
    #[prost(sint64, tag = "1")]
    before: i64,
    #[prost(sint64, tag = "2")]
    price: i64,
}

impl DayMessage {
    pub(crate) fn of(day: MonthDay) -> Self {
        let (month, day) = day.numbers();
        Self { month: month.into(), day: day.into() }
    }

    pub(crate) fn read(self) -> Result<MonthDay, Damaged> {
        let numbers = i8::try_from(self.month).ok().zip(i8::try_from(self.day).ok());
        let day = numbers.and_then(|(month, day)| MonthDay::new(month, day));
        day.ok_or_else(|| unknown(WHAT, "day", format!("{}-{}", self.month, self.day)))
    }
}

impl Stored for Round {
    fn to_bytes(&self) -> Vec<u8> {
        let (trigger, day, listing) = match &self.occasion {
            Occasion::Day { trigger, day } => (Some(trigger), Some(DayMessage::of(*day)), None),
            Occasion::Listing { trigger, change } => (trigger.as_ref(), None, Some(listing(change))),
        };
        RoundMessage {
            trigger: trigger.map(ToString::to_string),
            at: self.at.0,
            after: self.after.map(|profile| profile.bytes().to_vec()),
            people: self.people,
            day,
            listing,
        }
        .encode_to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, Damaged> {
        let message: RoundMessage = decode(WHAT, bytes)?;
        let trigger = message.trigger.as_deref().map(trigger).transpose()?;
        let occasion = match (message.day, message.listing) {
            (Some(day), _) => Occasion::Day { trigger: present(WHAT, "trigger", trigger)?, day: day.read()? },
            (None, listing) => {
                let listing = present(WHAT, "listing", listing)?;
                Occasion::Listing { trigger, change: change(&listing)? }
            }
        };
        let after = message.after.map(|after| id(WHAT, &after)).transpose()?.map(ProfileId::from_bytes);
        Ok(Self { occasion, at: Timestamp(message.at), after, people: message.people })
    }
}

fn listing(change: &ListingChange) -> ListingMessage {
    let cheaper = change.cheaper.map(|(before, price)| CheaperMessage { before: before.0, price: price.0 });
    ListingMessage {
        product: change.product.0.to_vec(),
        cheaper,
        is_available_again: change.is_available_again,
    }
}

fn change(message: &ListingMessage) -> Result<ListingChange, Damaged> {
    let cheaper = message.cheaper.as_ref().map(|cheaper| (Cents(cheaper.before), Cents(cheaper.price)));
    let product = ProductKey(id(WHAT, &message.product)?);
    Ok(ListingChange { product, cheaper, is_available_again: message.is_available_again })
}

fn trigger(text: &str) -> Result<TriggerId, Damaged> {
    TriggerId::parse(text).map_err(|error| Damaged { what: WHAT, why: error.to_string() })
}

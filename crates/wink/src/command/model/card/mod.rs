//! The card of a model, as it is shown.

mod channels;
mod clv;

use jiff::civil::{Date, date};
use serde::{Deserialize, Serialize};
use wink_core::measure::Card;

use channels::ChannelsView;
use clv::ClvView;

/// A model's card, as it is shown.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum CardView {
    /// Of a model of purchases.
    Clv(ClvView),
    /// Of a model of channels.
    Channels(ChannelsView),
}

impl CardView {
    pub(super) fn of(card: &Card) -> Self {
        match card {
            Card::Clv(card) => Self::Clv(ClvView::of(card)),
            Card::Channels(card) => Self::Channels(ChannelsView::of(card)),
        }
    }

    pub(super) fn version(&self) -> u32 {
        match self {
            Self::Clv(card) => card.version,
            Self::Channels(card) => card.version,
        }
    }

    /// Says what stands in its row of the list.
    pub(super) fn row(&self) -> [String; 7] {
        match self {
            Self::Clv(card) => card.row(),
            Self::Channels(card) => card.row(),
        }
    }

    pub(super) fn print(&self) {
        match self {
            Self::Clv(card) => card.print(),
            Self::Channels(card) => card.print(),
        }
    }
}

fn day(day: i32) -> String {
    const EPOCH: Date = date(1970, 1, 1);
    let found = EPOCH.checked_add(jiff::Span::new().days(day));
    found.map_or_else(|_| format!("day {day}"), |day| day.to_string())
}

//! The card of a model of channels, as it is shown.

use serde::{Deserialize, Serialize};
use wink_core::measure::{CHANNEL_LIMITS, ChannelRates, ChannelsCard, ChannelsHoldOut};

use super::day;
use crate::terminal::{self, say};

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ChannelsView {
    pub(super) version: u32,
    trained_at: String,
    from: String,
    until: String,
    people: u64,
    not_granted: u64,
    input_hash: String,
    within_days: u32,
    level: f64,
    channels: Vec<RatesView>,
    channels_left_out: u64,
    visits_left_out: u64,
    hold_out: Option<HoldOutView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hold_out_not_known: Option<String>,
    limits: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct RatesView {
    channel: String,
    people: u64,
    visits: u64,
    converted: u64,
    /// The rate of somebody of whom nothing is known.
    rate: f64,
    /// How many visits of somebody's own count as much.
    strength: f64,
    differs: bool,
    best_for: u64,
}

#[derive(Debug, Serialize, Deserialize)]
struct HoldOutView {
    days: u32,
    visits: u64,
    found: u64,
    expected: f64,
    squared_error: f64,
    squared_error_of_all: f64,
}

impl ChannelsView {
    pub(super) fn of(card: &ChannelsCard) -> Self {
        Self {
            version: card.version,
            trained_at: card.trained_at.to_string(),
            from: day(card.from),
            until: day(card.until),
            people: card.people,
            not_granted: card.not_granted,
            input_hash: card.input.hex(),
            within_days: card.settings.within_days,
            level: card.settings.level,
            channels: card.channels.iter().map(RatesView::of).collect(),
            channels_left_out: card.left_out,
            visits_left_out: card.visits_left_out,
            hold_out: card.hold_out.as_ref().ok().map(HoldOutView::of),
            hold_out_not_known: card.hold_out.as_ref().err().cloned(),
            limits: CHANNEL_LIMITS.map(str::to_owned).to_vec(),
        }
    }

    /// Says what stands in its row of the list.
    pub(super) fn row(&self) -> [String; 7] {
        let looked = self.hold_out.as_ref();
        [
            format!("channels {}", self.version),
            self.trained_at.clone(),
            "beta-binomial".to_owned(),
            self.people.to_string(),
            self.until.clone(),
            looked.map_or_else(|| "-".to_owned(), |held| format!("{:.0} / {}", held.expected, held.found)),
            "-".to_owned(),
        ]
    }

    pub(super) fn print(&self) {
        say!("channels {}: beta-binomial, fitted {}", self.version, self.trained_at);
        say!(
            "  {} people who came {} to {}; {} came and have not granted personalisation",
            self.people,
            self.from,
            self.until,
            self.not_granted
        );
        let mut rows = terminal::table();
        rows.set_header([
            "channel",
            "people",
            "visits",
            "bought",
            "rate of somebody new",
            "counts as",
            "best for",
        ]);
        for one in &self.channels {
            rows.add_row(one.row());
        }
        say!("{rows}");
        if 0 < self.channels_left_out {
            say!(
                "  left out, as they tell too little: {} other channels with {} visits",
                self.channels_left_out,
                self.visits_left_out
            );
        }
        match (&self.hold_out, &self.hold_out_not_known) {
            (Some(held), _) => held.print(),
            (None, why) => say!("  not checked: {}", why.as_deref().unwrap_or_default()),
        }
        say!("  a purchase within {} days counts for the last visit before it", self.within_days);
        self.limits.iter().for_each(|limit| say!("  limit: {limit}"));
        say!("  fitted to data with the hash {}", self.input_hash);
    }
}

impl RatesView {
    fn of(rates: &ChannelRates) -> Self {
        Self {
            channel: rates.name.clone(),
            people: rates.people,
            visits: rates.visits,
            converted: rates.converted,
            rate: rates.rate,
            strength: rates.strength,
            differs: rates.differs,
            best_for: rates.best_for,
        }
    }

    fn row(&self) -> [String; 7] {
        let strength = match self.differs {
            true => format!("{:.1} visits", self.strength),
            false => "people do not differ".to_owned(),
        };
        [
            self.channel.clone(),
            self.people.to_string(),
            self.visits.to_string(),
            self.converted.to_string(),
            format!("{:.4}", self.rate),
            strength,
            self.best_for.to_string(),
        ]
    }
}

impl HoldOutView {
    fn of(held: &ChannelsHoldOut) -> Self {
        Self {
            days: held.days,
            visits: held.visits,
            found: held.found,
            expected: held.expected,
            squared_error: held.squared_error,
            squared_error_of_all: held.squared_error_of_all,
        }
    }

    fn print(&self) {
        say!(
            "  check on {} visits of the last {} days, which a fit had not seen: {} bought, {:.1} foretold",
            self.visits,
            self.days,
            self.found,
            self.expected
        );
        say!(
            "    mean squared error {:.4}, and {:.4} if everybody had the rate of all",
            self.squared_error,
            self.squared_error_of_all
        );
    }
}

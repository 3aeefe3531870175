//! Cards of models.

use wink_core::measure::{
    Card, ChannelRates, ChannelSettings, ChannelsCard, ChannelsHoldOut, ClvCard, HoldOut, Model, Parameters,
    Settings, SpendCard, SpendParameters,
};

use super::*;

pub(crate) fn models() -> Vec<(&'static str, Card)> {
    let whole = ClvCard {
        version: 3,
        trained_at: AT,
        settings: Settings {
            model: Model::MbgNbd,
            horizon_days: 30,
            value_days: 365,
            discount: 0.1,
            margin: 0.3,
            hold_out_days: Some(60),
            penalty: 0.0,
        },
        from: 16_900,
        until: 17_227,
        customers: 2_357,
        not_granted: 12,
        orders: 6_696,
        without_value: 8,
        input: Digest([7; 32]),
        parameters: Parameters { r: 0.25, alpha: 4.5, a: 0.75, b: 2.5 },
        relative_errors: [0.0625, 0.125, 0.25, 0.375],
        log_likelihood: -9_582.5,
        spend: Ok(SpendCard {
            customers: 946,
            parameters: SpendParameters { p: 6.25, q: 3.75, gamma: 1_544.0 },
            log_likelihood: -4_055.5,
        }),
        hold_out: Ok(HoldOut {
            days: 60,
            customers: 2_300,
            found: 1_882.0,
            expected: 1_653.5,
            mean_absolute_error: 0.75,
            bought: 0.25,
            bought_expected: 0.5,
            auc: Some(0.875),
        }),
    };
    let bare = ClvCard {
        settings: Settings { model: Model::BgNbd, hold_out_days: None, ..whole.settings },
        spend: Err("not enough data".to_owned()),
        hold_out: Err("nothing came later".to_owned()),
        ..whole.clone()
    };
    let penalised = ClvCard { settings: Settings { penalty: 0.015_625, ..whole.settings }, ..whole.clone() };
    let mut models = [("whole", whole), ("bare", bare), ("penalised", penalised)]
        .map(|(name, card)| (name, Card::Clv(card)))
        .to_vec();
    models.extend(of_channels().map(|(name, card)| (name, Card::Channels(card))));
    models
}

fn of_channels() -> [(&'static str, ChannelsCard); 2] {
    let rates = |name: &str, differs| ChannelRates {
        name: name.to_owned(),
        people: 1_786,
        visits: 8_117,
        converted: 379,
        rate: 0.046_875,
        strength: 15.25,
        differs,
        best_for: 124,
    };
    let whole = ChannelsCard {
        version: 4,
        trained_at: AT,
        settings: ChannelSettings { within_days: 7, level: 0.95 },
        from: 16_900,
        until: 17_220,
        people: 1_997,
        not_granted: 12,
        input: Digest([8; 32]),
        channels: vec![rates("email", true), rates("search", false)],
        left_out: 3,
        visits_left_out: 41,
        hold_out: Ok(ChannelsHoldOut {
            days: 80,
            visits: 4_000,
            found: 201,
            expected: 198.5,
            squared_error: 0.046_875,
            squared_error_of_all: 0.0625,
        }),
    };
    let bare = ChannelsCard { hold_out: Err("nobody came later".to_owned()), ..whole.clone() };
    [("channels", whole), ("channels-bare", bare)]
}

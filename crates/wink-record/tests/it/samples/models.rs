//! Cards of models.

use wink_core::measure::{Card, HoldOut, Model, Parameters, Settings, SpendCard, SpendParameters};

use super::*;

pub(crate) fn models() -> Vec<(&'static str, Card)> {
    let whole = Card {
        version: 3,
        trained_at: AT,
        settings: Settings {
            model: Model::MbgNbd,
            horizon_days: 30,
            value_days: 365,
            discount: 0.1,
            margin: 0.3,
            hold_out_days: Some(60),
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
    let bare = Card {
        settings: Settings { model: Model::BgNbd, hold_out_days: None, ..whole.settings },
        spend: Err("not enough data".to_owned()),
        hold_out: Err("nothing came later".to_owned()),
        ..whole.clone()
    };
    vec![("whole", whole), ("bare", bare)]
}

//! What the newest model reckons somebody will do. They are known of whoever was scored, for five weeks: who is scored every week, or every
//! month, always has one.

use super::{Age, Aggregation, Class, Definition, Selection, derived, folded};

const SERVED_DAYS: i32 = 35;

pub(super) fn all() -> Vec<Definition> {
    let scored = || Selection::of(&["Customer Scored"]);
    let of_some = |selection: Selection, name: &str, meaning: &str, of: &str| {
        folded(name, meaning, Class::Score, selection, Aggregation::Last { of: format!("event.{of}") })
            .served(SERVED_DAYS)
    };
    let last = |name: &str, meaning: &str, of: &str| of_some(scored(), name, meaning, of);
    // A model that knows nothing of what people spend says none: what an earlier one said then is as old as it is.
    let value = of_some(
        scored().only("0 <= event.value_cents"),
        "score_value_cents",
        "what they are worth within the model's horizon, discounted, in cents",
        "value_cents",
    );
    let churn = derived(
        "score_churn",
        "how likely they have left, 0 to 1",
        Class::Score,
        "1.0 - feature.score_alive",
    );
    vec![
        last("score_alive", "how likely they are still a customer, 0 to 1", "alive"),
        churn.served(SERVED_DAYS),
        last("score_purchase", "how likely they buy within the model's horizon, 0 to 1", "purchase"),
        last("score_purchases", "purchases to expect within the model's horizon", "purchases"),
        value.aged_by(Age::Selected),
        last("score_version", "the version of the model that says so", "version"),
        channel(
            "score_channel",
            "by which channel they come when they buy, as the only share",
            Aggregation::Newest { by: "event.channel".to_owned() },
        ),
        of_channel(
            "score_channel_rate",
            "how likely a visit by that channel leads to a purchase, 0 to 1",
            "rate",
        ),
        of_channel("score_channel_rate_lower", "where the interval of that rate begins", "lower"),
        of_channel("score_channel_rate_upper", "where the interval of that rate ends", "upper"),
        of_channel(
            "score_channel_probability",
            "how likely no other channel is better, 0 to 1",
            "probability",
        ),
        of_channel("score_channel_version", "the version of the model of channels that says so", "version"),
    ]
}

fn channel(name: &str, meaning: &str, aggregation: Aggregation) -> Definition {
    folded(name, meaning, Class::Score, Selection::of(&["Channel Scored"]), aggregation).served(SERVED_DAYS)
}

fn of_channel(name: &str, meaning: &str, of: &str) -> Definition {
    channel(name, meaning, Aggregation::Last { of: format!("event.{of}") })
}

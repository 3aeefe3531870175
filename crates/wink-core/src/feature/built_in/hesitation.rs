//! How ready somebody is to buy in this session, and how unsure: two probabilities, each with the parts that made it. How far the session
//! came is `session_stage`.
//!
//! The weights were fitted on simulated shoppers, whose intent is known, by maximum likelihood, on one moment of every visit before a
//! purchase: 1,000 people, 60 days, seed 2026. This prints them, and fails if they are not those that are written here:
//!
//! ```sh
//! cargo test -p wink-sim --test it hesitation -- --nocapture
//! ```
//!
//! What is hesitation is counted at most once, so that who hesitates again earns nothing by it.

use super::{Class, Definition, How, Score};
use super::{Term, derived};

fn score(name: &str, meaning: &str, intercept: i32, terms: &[(&str, u32, u32, i32)]) -> Definition {
    let term = |(feature, unit, at_most, weight): &(&str, u32, u32, i32)| Term {
        feature: (*feature).to_owned(),
        unit: *unit,
        at_most: *at_most,
        weight: *weight,
    };
    let how = How::Scored(Score { intercept, terms: terms.iter().map(term).collect() });
    Definition { how, ..derived(name, meaning, Class::Behaviour, "") }.served(1)
}

pub(super) fn all() -> Vec<Definition> {
    vec![
        score(
            "readiness",
            "how likely this session ends in a purchase, from 0 to 1",
            -2_236,
            &[
                ("session_products_viewed", 1, 8, -486),
                ("session_searches", 1, 1, 437),
                ("session_dwell_ms", 60_000, 10, 353),
                ("session_cart_adds", 1, 4, 1_193),
                ("session_cart_removes", 1, 1, -1_275),
                ("session_checkout_steps", 1, 4, 699),
                ("session_hesitations", 1, 1, -152),
                ("orders_112d", 1, 3, 113),
            ],
        ),
        score(
            "uncertainty",
            "how unsure somebody is in this session, from 0 to 1",
            -430,
            &[
                ("session_products_viewed", 1, 8, -85),
                ("session_checkout_steps", 1, 4, -137),
                ("session_cart_removes", 1, 1, 425),
                ("session_hesitations", 1, 1, 907),
                ("session_fields_abandoned", 1, 1, 315),
            ],
        ),
    ]
}

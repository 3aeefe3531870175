//! What somebody bought: recency, frequency, value, rhythm, tastes, use of discounts.

use super::{Age, Aggregation, Class, Definition, Selection, Window};
use super::{count, days_since, derived, folded, mean, ratio, shares, sum};

fn orders() -> Selection {
    Selection::of(&["Order Completed"])
}

fn of_orders(name: &str, meaning: &str, aggregation: Aggregation) -> Definition {
    folded(name, meaning, Class::Purchase, orders(), aggregation)
}

/// The ten that were there before features were declared.
pub(super) fn first() -> Vec<Definition> {
    let coupons = Selection::of(&["Coupon Applied", "Coupon Redeemed"]);
    vec![
        of_orders("recency_days", "days since the last order", days_since()).at_any_age(),
        of_orders("orders_56d", "orders in 56 days", count(56)),
        of_orders("orders_365d", "orders in 365 days", count(365)),
        of_orders("sales_cents_365d", "sales in 365 days, in cents", sum("event.sales_cents", 365)),
        of_orders("order_gap_days", "mean days between order days", Aggregation::GapDays),
        of_orders("basket_cents", "mean basket in 365 days, in cents", mean("event.sales_cents", 365)),
        of_orders("basket_lines", "mean lines per basket in 365 days", mean("event.lines", 365)),
        of_orders(
            "category_affinity",
            "share of sales by category, half-life 112 days",
            shares("items.category", Some("items.cents"), 112),
        ),
        folded("coupons_used_365d", "coupons used in 365 days", Class::Purchase, coupons, count(365))
            .aged_by(Age::Of(orders().events)),
        of_orders(
            "discount_share_365d",
            "share of the shelf price that was reduced in 365 days",
            Aggregation::Share {
                part: "event.discount_cents".to_owned(),
                rest: "event.sales_cents".to_owned(),
                window: Window::Days(365),
            },
        ),
    ]
}

pub(super) fn further() -> Vec<Definition> {
    let when = |filter: &str| ratio(orders().only(filter), 365);
    let value = || "event.sales_cents".to_owned();
    vec![
        of_orders("orders_28d", "orders in 28 days", count(28)),
        of_orders("orders_112d", "orders in 112 days", count(112)),
        of_orders("sales_cents_28d", "sales in 28 days, in cents", sum("event.sales_cents", 28)),
        of_orders(
            "order_days_365d",
            "days with an order in 365 days",
            Aggregation::ActiveDays { window: Window::Days(365) },
        ),
        of_orders("customer_days", "days since the first order heard of", Aggregation::SinceFirst)
            .at_any_age(),
        of_orders(
            "first_basket_cents",
            "the first basket heard of, in cents",
            Aggregation::First { of: value() },
        )
        .at_any_age(),
        of_orders("last_basket_cents", "the last basket, in cents", Aggregation::Last { of: value() }),
        of_orders(
            "basket_cents_max_365d",
            "the largest basket in 365 days, in cents",
            Aggregation::Max { of: value(), window: Window::Days(365) },
        ),
        of_orders(
            "basket_cents_median_365d",
            "the median basket in 365 days, in cents, within 1 %",
            Aggregation::Quantile { of: value(), per_mille: 500, window: Window::Days(365) },
        ),
        of_orders(
            "sales_cents_decayed",
            "sales in cents, half-life 56 days",
            Aggregation::Decayed { of: Some(value()), half_life_days: 56 },
        ),
        of_orders(
            "discounted_orders_share_365d",
            "share of orders with something reduced, in 365 days",
            when("event.discount_cents > 0"),
        ),
        of_orders(
            "coupon_orders_share_365d",
            "share of orders with a coupon, in 365 days",
            when("event.coupon_cents > 0"),
        ),
        of_orders(
            "store_orders_share_365d",
            "share of orders in a store, in 365 days",
            when("has(event.store_id)"),
        ),
        of_orders(
            "weekend_orders_share_365d",
            "share of orders on Saturday or Sunday on the shop's clock, in 365 days",
            when("event.weekday >= 6"),
        ),
        of_orders(
            "evening_orders_share_365d",
            "share of orders from 17 to 22 o'clock on the shop's clock, in 365 days",
            when("event.hour >= 17 && event.hour < 22"),
        ),
        derived(
            "order_overdue",
            "days since the last order, measured in the person's own days between orders",
            Class::Purchase,
            "feature.recency_days / feature.order_gap_days",
        )
        .at_any_age(),
        derived(
            "order_trend",
            "orders a day in 28 days, measured in those a day in 112 days",
            Class::Purchase,
            "feature.orders_28d * 4.0 / feature.orders_112d",
        ),
    ]
}

//! What somebody did on a page or in the app: visits, searches, tastes, the session that goes on, the cart, hesitation.

use super::{Aggregation, Class, Definition, Selection, Unit, Window};
use super::{count, days_since, derived, folded, shares};

/// How long a habit of browsing is served: longer than a season it says little.
const SERVED_DAYS: i32 = 90;

fn of(events: &[&str], name: &str, meaning: &str, aggregation: Aggregation) -> Definition {
    folded(name, meaning, Class::Behaviour, Selection::of(events), aggregation).served(SERVED_DAYS)
}

fn in_session(events: &[&str], name: &str, meaning: &str) -> Definition {
    of(events, name, meaning, Aggregation::Count { window: Window::Session }).served(1)
}

pub(super) fn all() -> Vec<Definition> {
    visits().into_iter().chain(sessions()).chain(carts()).collect()
}

fn visits() -> Vec<Definition> {
    let viewed = &["Product Viewed"];
    let visits = &["Page", "Screen", "Product Viewed"];
    let price = || "event.price_cents".to_owned();
    vec![
        of(visits, "last_visit_days", "days since the last page, screen or product", days_since())
            .at_any_age(),
        of(
            visits,
            "visit_days_28d",
            "days with a visit in 28 days",
            Aggregation::ActiveDays { window: Window::Days(28) },
        ),
        of(viewed, "products_viewed_7d", "products looked at in 7 days", count(7)),
        of(viewed, "products_viewed_28d", "products looked at in 28 days", count(28)),
        of(
            viewed,
            "different_products_viewed_28d",
            "about how many different products were looked at in 28 days",
            Aggregation::Distinct { of: "items.product_id".to_owned(), window: Window::Days(28) },
        ),
        of(
            viewed,
            "price_viewed_cents_median_28d",
            "the median price of what was looked at in 28 days, in cents, within 1 %",
            Aggregation::Quantile { of: price(), per_mille: 500, window: Window::Days(28) },
        ),
        of(
            viewed,
            "price_viewed_cents_min_28d",
            "the lowest price of what was looked at in 28 days, in cents",
            Aggregation::Min { of: price(), window: Window::Days(28) },
        ),
        of(
            viewed,
            "brand_interest",
            "share of products looked at by brand, half-life 28 days",
            shares("items.brand", None, 28),
        ),
        of(
            viewed,
            "category_interest",
            "share of products looked at by category, half-life 28 days",
            shares("items.category", None, 28),
        ),
        of(
            &["Page", "Screen"],
            "device_class",
            "share of pages by class of device, half-life 28 days",
            shares("event.device_class", None, 28),
        ),
        of(
            &["Page", "Screen"],
            "visit_source",
            "share of pages by where somebody came from, half-life 28 days",
            shares("event.source", None, 28),
        ),
        of(&["Products Searched"], "searches_7d", "searches in 7 days", count(7)),
        of(
            &["Product Added to Wishlist"],
            "wishlist_adds_28d",
            "products put on the wish list in 28 days",
            count(28),
        ),
        of(&["Store Entered"], "store_visits_28d", "visits to a store in 28 days", count(28)),
    ]
}

fn sessions() -> Vec<Definition> {
    let session_mean = |of: &str| Aggregation::Mean { of: of.to_owned(), window: Window::Session };
    let session_sum = |of: &str| Aggregation::Sum { of: of.to_owned(), window: Window::Session };
    let zone = |filter: &str| Selection::of(&["Cursor Stopped", "Hesitated"]).only(filter);
    let about_shipping = folded(
        "session_shipping_stops",
        "stops of the cursor at the shipping costs in this session",
        Class::Behaviour,
        zone("event.zone == \"shipping\""),
        Aggregation::Count { window: Window::Session },
    );
    vec![
        in_session(&["Product Viewed"], "session_products_viewed", "products looked at in this session"),
        in_session(&["Products Searched"], "session_searches", "searches in this session"),
        in_session(
            &["Product List Viewed"],
            "session_lists_viewed",
            "lists of products looked at in this session",
        ),
        in_session(&["Page", "Screen"], "session_pages", "pages and screens in this session"),
        of(
            &["Page Engaged"],
            "session_dwell_ms",
            "time spent reading in this session",
            session_sum("event.dwell_ms"),
        )
        .served(1),
        of(
            &["Page Engaged"],
            "session_scroll_pct",
            "how far pages were scrolled in this session, on average",
            session_mean("event.scroll_pct"),
        )
        .served(1),
        of(
            &["Page Engaged"],
            "session_quick_backs",
            "quick returns in this session",
            session_sum("event.quick_back"),
        )
        .served(1),
        of(
            &["Product Viewed"],
            "session_different_products",
            "about how many different products were looked at in this session",
            Aggregation::Distinct { of: "items.product_id".to_owned(), window: Window::Session },
        )
        .served(1),
        in_session(&["Hesitated"], "session_hesitations", "pauses before deciding in this session"),
        about_shipping.served(1),
        in_session(&["Field Abandoned"], "session_fields_abandoned", "fields left empty in this session"),
        in_session(&["Rage Click"], "session_rage_clicks", "angry clicks in this session"),
    ]
}

fn carts() -> Vec<Definition> {
    vec![
        in_session(&["Product Added"], "session_cart_adds", "products put into the cart in this session"),
        in_session(
            &["Product Removed"],
            "session_cart_removes",
            "products taken out of the cart in this session",
        ),
        in_session(&["Cart Viewed"], "session_cart_views", "looks at the cart in this session"),
        in_session(
            &["Checkout Started", "Checkout Step Viewed", "Checkout Step Completed", "Payment Info Entered"],
            "session_checkout_steps",
            "steps of the checkout in this session",
        ),
        in_session(&["Order Completed"], "session_orders", "orders in this session"),
        of(
            &["Product Added"],
            "cart_minutes",
            "minutes since something was put into the cart",
            Aggregation::Since { unit: Unit::Minutes, exact: false },
        )
        .served(30),
        of(&["Product Added"], "cart_adds_28d", "products put into the cart in 28 days", count(28)),
        of(&["Checkout Started"], "checkouts_28d", "checkouts begun in 28 days", count(28)),
        derived(
            "session_stage",
            "how far this session came: 0 inspiration, 1 comparison (three products or more), 2 cart, 3 checkout",
            Class::Behaviour,
            "feature.session_checkout_steps > 0.0 ? 3.0 : feature.session_cart_adds > feature.session_cart_removes ? 2.0 \
             : feature.session_products_viewed >= 3.0 ? 1.0 : 0.0",
        )
        .served(1),
        derived(
            "checkouts_left_28d",
            "checkouts begun less orders made, in 28 days",
            Class::Behaviour,
            "!has(feature.orders_28d) ? feature.checkouts_28d : feature.checkouts_28d > feature.orders_28d \
             ? feature.checkouts_28d - feature.orders_28d : 0.0",
        )
        .served(SERVED_DAYS)
        .heard_once(),
    ]
}

//! One visit: somebody comes with an intent, looks, compares, wonders, fills a cart, hesitates, and buys or leaves.

use serde_json::{Value as Json, json};
use wink_core::base::Timestamp;

use super::draw::{Draw, logistic};
use super::goods::{CATEGORIES, Goods, Product};
use super::message::Sending;
use super::person::{DAY, Person, milliseconds};

/// What people stop at when they are unsure. A page marks them so.
pub const ZONES: [&str; 4] = ["shipping", "price", "size", "returns"];

/// What somebody comes for. Nobody says it; a shop must guess.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intent {
    /// To look around.
    Look,
    /// To compare before buying, here or elsewhere.
    Compare,
    /// To buy.
    Buy,
}

impl Intent {
    const ALL: [Self; 3] = [Self::Look, Self::Compare, Self::Buy];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Look => "look",
            Self::Compare => "compare",
            Self::Buy => "buy",
        }
    }
}

/// The truth about a visit.
#[derive(Clone, Debug, PartialEq)]
pub struct Visit {
    /// Whose it was.
    pub person: u64,
    /// When it began.
    pub began_at: Timestamp,
    /// What they came for.
    pub intent: Intent,
    /// How ready they were to buy as they came in, `0.0..1.0`: the higher, the more of those who come so buy.
    pub readiness: f64,
    /// How unsure they were at the end, `0.0..1.0`.
    pub uncertainty: f64,
    /// What they were most unsure about, by place in [`ZONES`].
    pub zone: usize,
    /// What was in the cart at the end, in cents.
    pub cart_cents: i64,
    /// Whether they bought.
    pub bought: bool,
}

/// A visit while it is played.
struct Play<'a> {
    person: &'a Person,
    goods: &'a Goods,
    sending: &'a mut Sending,
    draw: &'a mut Draw,
    now: Timestamp,
    pages: usize,
    uncertainty: f64,
    zone: usize,
    cart: Vec<&'a Product>,
    ready: f64,
}

impl Visit {
    /// Plays a visit on the day that begins then.
    pub(super) fn play(
        person: &Person,
        goods: &Goods,
        begins: Timestamp,
        sending: &mut Sending,
        draw: &mut Draw,
    ) -> Self {
        let intent = Intent::ALL.get(draw.weighted(&[0.5, 0.3, 0.2])).copied().unwrap_or(Intent::Look);
        let came_for = match intent {
            Intent::Look => -2.2,
            Intent::Compare => -0.8,
            Intent::Buy => 1.8,
        };
        let ready = person.readiness + came_for + 0.5 * draw.normal();
        let zone = draw.weighted(&person.worries);
        let worry = person.worries.get(zone).copied().unwrap_or_default();
        let uncertainty = logistic(-2.0 + 2.2 * worry + 0.4 * draw.normal());
        let readiness = logistic(ready - 2.0 * uncertainty);
        // Most people shop in the evening.
        let hour = if draw.says(0.6) { draw.between(17.0, 22.5) } else { draw.between(7.0, 17.0) };
        let now = hours(begins, hour);
        let mut play =
            Play { person, goods, sending, draw, now, pages: 0, uncertainty, zone, cart: Vec::new(), ready };
        play.arrive();
        play.look(intent);
        let bought = play.decide();
        let cart_cents = play.cart.iter().map(|product| product.price_cents).sum();
        Self {
            person: person.number,
            began_at: now,
            intent,
            readiness,
            uncertainty,
            zone,
            cart_cents,
            bought,
        }
    }
}

impl<'a> Play<'a> {
    /// Comes in by a device, known or not yet.
    fn arrive(&mut self) {
        let device = self.draw.pick(&self.person.devices).cloned();
        let mut identities = Vec::new();
        if self.draw.says(self.person.signs_in) {
            identities.push(self.person.customer());
        }
        identities.extend(device.iter().map(|device| ("device", device.id.clone())));
        self.sending.about(identities);
        let source = ["direct", "search", "newsletter", "ad"];
        let source = source.get(self.draw.weighted(&[0.4, 0.35, 0.15, 0.1])).copied().unwrap_or("direct");
        let class = device.map_or("phone", |device| device.class);
        self.tell("Page", json!({ "path": "/", "device_class": class, "source": source }));
        self.stay(6.0, 15);
    }

    /// Looks at things until there is enough, and puts some into the cart.
    fn look(&mut self, intent: Intent) {
        let (looks, same) = match intent {
            Intent::Look => (2.5, 0.2),
            Intent::Compare => (6.0, 0.85),
            Intent::Buy => (2.0, 0.6),
        };
        let looks = 1 + self.draw.count(looks).min(20);
        let mut category = self.draw.weighted(&self.person.likes);
        if self.draw.says(if intent == Intent::Look { 0.2 } else { 0.5 }) {
            let query = CATEGORIES.get(category).map_or("", |category| category.thing);
            self.tell("Products Searched", json!({ "query": query }));
        }
        for _ in 0..looks {
            if !self.draw.says(same) {
                category = self.draw.weighted(&self.person.likes);
            }
            let name = CATEGORIES.get(category).map_or("", |category| category.name);
            if self.draw.says(0.4) {
                self.tell("Product List Viewed", json!({ "category": name }));
                self.stay(9.0, 40);
            }
            let Some(product) = self.goods.take(category, self.person.brand, self.draw) else { continue };
            self.look_at(product);
        }
    }

    fn look_at(&mut self, product: &'a Product) {
        self.tell("Product Viewed", about(product));
        let interest = logistic(self.ready);
        if self.draw.says(0.25 * (1.0 - interest)) {
            // Back again at once: this was not it.
            self.leave_page(2.0, 5, true);
            return;
        }
        self.wonder(0.6);
        self.stay(14.0 + 25.0 * interest, 55);
        if self.draw.says(0.1) {
            self.tell("Product Added to Wishlist", about(product));
        }
        if self.draw.says(logistic(self.ready + 0.4)) {
            self.tell("Product Added", about(product));
            self.cart.push(product);
        }
    }

    /// Goes to the cart and through the checkout, as far as it gets.
    fn decide(&mut self) -> bool {
        if self.cart.is_empty() {
            return false;
        }
        let id = format!("cart-{}-{}", self.person.number, self.now.0);
        self.tell("Cart Viewed", json!({ "cart_id": id, "products": self.lines() }));
        self.wonder(1.4);
        self.stay(15.0, 70);
        if self.draw.says(0.5 * self.uncertainty)
            && let Some(product) = self.cart.pop()
        {
            self.tell("Product Removed", about(product));
        }
        if self.cart.is_empty() || !self.draw.says(logistic(self.ready + 1.5 - 1.2 * self.uncertainty)) {
            return false;
        }
        self.tell("Checkout Started", json!({ "checkout_id": id, "products": self.lines() }));
        for step in 1..=2 {
            self.tell("Checkout Step Viewed", json!({ "checkout_id": id, "step": step }));
            self.wonder(1.0);
            if self.draw.says(0.12 * self.uncertainty) {
                self.tell(
                    "Field Abandoned",
                    json!({ "field": if step == 1 { "address" } else { "payment" } }),
                );
            }
            self.stay(20.0, 90);
            if !self.draw.says(logistic(self.ready + 3.0 - 3.0 * self.uncertainty)) {
                return false;
            }
            self.tell("Checkout Step Completed", json!({ "checkout_id": id, "step": step }));
        }
        self.tell("Payment Info Entered", json!({ "checkout_id": id }));
        self.buy();
        true
    }

    fn buy(&mut self) {
        let order = format!("o-{}-{}", self.person.number, self.now.0);
        let products = self.lines();
        self.tell("Order Completed", json!({ "order_id": order, "products": products }));
        let total: i64 = self.cart.iter().map(|product| product.price_cents).sum();
        let sized = self
            .cart
            .iter()
            .any(|product| CATEGORIES.get(product.category).is_some_and(|category| category.has_sizes));
        if self.draw.says(if sized { 0.3 } else { 0.06 }) {
            let days = milliseconds(self.draw.between(3.0, 14.0) * 86_400.0);
            let at = Timestamp(self.now.0 + days);
            self.sending.tell(
                at,
                "Return Requested",
                json!({ "order_id": order, "total_cents": total, "reason": "does not fit" }),
            );
            self.sending.tell(
                Timestamp(at.0 + 3 * DAY),
                "Order Refunded",
                json!({ "order_id": order, "total_cents": total }),
            );
        }
        if self.draw.says(0.04) {
            let at = Timestamp(self.now.0 + milliseconds(self.draw.between(1.0, 5.0) * 86_400.0));
            let ticket = format!("t-{order}");
            self.sending.tell(
                at,
                "Support Ticket Opened",
                json!({ "ticket_id": ticket, "topic": "delivery" }),
            );
            if self.draw.says(0.3) {
                self.sending.tell(
                    Timestamp(at.0 + DAY),
                    "Complaint Made",
                    json!({ "ticket_id": ticket, "topic": "delivery" }),
                );
            }
            self.sending.tell(
                Timestamp(at.0 + 2 * DAY),
                "Support Ticket Closed",
                json!({ "ticket_id": ticket }),
            );
        }
    }

    /// Stops at what is unclear, the longer the more unsure; now and then anybody does.
    fn wonder(&mut self, strength: f64) {
        let stops = self.draw.count(0.1 + 1.6 * strength * self.uncertainty).min(5);
        for _ in 0..stops {
            let zone = if self.draw.says(0.85) { self.zone } else { self.draw.below(ZONES.len()) };
            let zone = ZONES.get(zone).copied().unwrap_or("price");
            self.tell("Cursor Stopped", json!({ "zone": zone, "after_ms": 700 }));
            let seconds = self.draw.around(1.2 + 3.0 * self.uncertainty, 1.5);
            if 2.0 < seconds {
                self.tell("Hesitated", json!({ "zone": zone, "ms": milliseconds(seconds) }));
            }
            self.pass(seconds);
        }
    }

    fn stay(&mut self, median_seconds: f64, scroll_pct: i64) {
        self.leave_page(median_seconds, scroll_pct, false);
    }

    /// Leaves a page after a while, and the page tells how it was.
    fn leave_page(&mut self, median_seconds: f64, scroll_pct: i64, quick_back: bool) {
        self.pages += 1;
        let seconds = self.draw.around(median_seconds, 1.8);
        self.pass(seconds);
        let scroll = (scroll_pct + milliseconds(self.draw.between(0.0, 0.03))).min(100);
        let engaged =
            json!({ "dwell_ms": milliseconds(seconds), "scroll_pct": scroll, "quick_back": quick_back });
        self.tell("Page Engaged", engaged);
    }

    fn pass(&mut self, seconds: f64) {
        self.now.0 += milliseconds(seconds.min(1_800.0)).max(1);
    }

    fn tell(&mut self, event: &str, properties: Json) {
        self.sending.tell(self.now, event, properties);
        self.pass(0.2);
    }

    fn lines(&self) -> Vec<Json> {
        let line = |product: &&Product| {
            let mut line = about(product);
            if let Json::Object(line) = &mut line {
                line.insert("total_cents".to_owned(), product.price_cents.into());
            }
            line
        };
        self.cart.iter().map(line).collect()
    }
}

fn about(product: &Product) -> Json {
    let category = CATEGORIES.get(product.category).map(|category| category.name);
    json!({
        "product_id": product.id, "name": product.name, "category": category, "brand": product.brand,
        "price_cents": product.price_cents, "quantity": 1,
    })
}

/// So many hours into a day.
pub(super) fn hours(begins: Timestamp, hours: f64) -> Timestamp {
    Timestamp(begins.0 + milliseconds(hours * 3_600.0))
}

//! What servers send by Google's Measurement Protocol, as envelopes in Wink's words. Pure: no secret is checked here, no clock read.

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value as Json};
use wink_core::base::{Currency, Timestamp};
use wink_core::event::{Envelope, Identity};

use crate::commerce::{self, number_to_text};
use crate::identities::{USER_ID, derived_id, id_text, identities};
use crate::json::{self, JsonError};
use crate::money::Decimal;
use crate::value;

/// At most this many events in one request, as the protocol has it.
pub const GA4_EVENTS_MAX: usize = 25;

/// A request: one browser or app, and what happened there.
#[derive(Clone, Debug, Deserialize)]
pub struct Ga4Batch {
    /// The events, as sent.
    pub events: Vec<Box<RawValue>>,
    #[serde(default)]
    client_id: Json,
    #[serde(default)]
    app_instance_id: Json,
    #[serde(default)]
    user_id: Json,
    #[serde(default)]
    timestamp_micros: Json,
}

/// Google's names of events, and Wink's. One that is not in the list keeps its name.
const EVENTS: [(&str, &str); 18] = [
    ("add_payment_info", "Payment Info Entered"),
    ("add_shipping_info", "Checkout Step Completed"),
    ("add_to_cart", "Product Added"),
    ("add_to_wishlist", "Product Added to Wishlist"),
    ("begin_checkout", "Checkout Started"),
    ("page_view", "Page"),
    ("purchase", "Order Completed"),
    ("refund", "Order Refunded"),
    ("remove_from_cart", "Product Removed"),
    ("screen_view", "Screen"),
    ("search", "Products Searched"),
    ("select_item", "Product Clicked"),
    ("select_promotion", "Promotion Clicked"),
    ("view_cart", "Cart Viewed"),
    ("view_item", "Product Viewed"),
    ("view_item_list", "Product List Viewed"),
    ("view_promotion", "Promotion Viewed"),
    ("view_search_results", "Products Searched"),
];

/// Google's names of properties, and Wink's.
const PROPERTIES: [(&str, &str); 3] =
    [("items", "products"), ("search_term", "query"), ("transaction_id", "order_id")];

/// Google's names of an item's fields, and Wink's.
const ITEM: [(&str, &str); 6] = [
    ("index", "position"),
    ("item_brand", "brand"),
    ("item_category", "category"),
    ("item_id", "product_id"),
    ("item_name", "name"),
    ("item_variant", "variant"),
];

impl Ga4Batch {
    /// Reads a body.
    ///
    /// # Errors
    /// Says what is wrong with the body as a whole.
    pub fn read(body: &[u8]) -> Result<Self, JsonError> {
        let batch: Self = json::frame(body)?;
        if batch.events.len() <= GA4_EVENTS_MAX {
            return Ok(batch);
        }
        let many = batch.events.len();
        let message = format!("{many} events are too many; send at most {GA4_EVENTS_MAX} at once");
        Err(JsonError { code: json::JsonCode::TooManyValues, pointer: "/events".to_owned(), message })
    }

    /// Turns the event at `place` into an envelope of `source`, received at `now`. Amounts are in the shop's currency.
    ///
    /// # Errors
    /// Says why it cannot be read.
    pub fn envelope(
        &self,
        place: usize,
        event: &RawValue,
        source: &str,
        currency: Currency,
        now: Timestamp,
    ) -> Result<Envelope, String> {
        let fields: Map<String, Json> =
            json::read(event.get().as_bytes()).map_err(|error| error.in_place())?;
        let sent_name =
            id_text(&fields, "name").ok_or("`name` is missing; it is the name of what happened")?;
        let name = translated(&EVENTS, &sent_name).to_owned();
        let micros = fields.get("timestamp_micros").unwrap_or(&self.timestamp_micros);
        let original_at = micros_to_instant(micros);
        let identities = self.identities()?;
        let mut properties = fields.get("params").and_then(Json::as_object).map(rename).unwrap_or_default();
        // An order's id makes it one order, as with Google; anything else is told apart by time and place in the request.
        let order = id_text(&properties, "order_id").filter(|_| sent_name == "purchase");
        let whose: Vec<&str> = identities.iter().map(|identity| identity.value()).collect();
        let at = original_at.unwrap_or(now).to_string();
        let message_id = match order {
            Some(order) => derived_id("ga4", &[&sent_name, &order]),
            None => derived_id("ga4", &[&sent_name, &whose.join("\n"), &at, &place.to_string(), event.get()]),
        };
        one_product(&name, &mut properties);
        commerce::translate(&name, &mut properties, currency);
        Ok(Envelope {
            source: source.to_owned(),
            message_id,
            event: name,
            schema_version: None,
            identities,
            original_at,
            sent_at: None,
            properties: properties.into_iter().map(|(name, json)| (name, value(json))).collect(),
        })
    }
}

impl Ga4Batch {
    fn identities(&self) -> Result<Vec<Identity>, String> {
        let named = [
            (USER_ID, USER_ID, &self.user_id),
            ("client_id", "ga_client_id", &self.client_id),
            ("app_instance_id", "ga_app_instance_id", &self.app_instance_id),
        ];
        let fields = named.iter().map(|(field, _, json)| ((*field).to_owned(), (*json).clone())).collect();
        identities(&fields, &named.map(|(field, namespace, _)| (field, namespace)))
    }
}

fn translated<'a>(names: &'a [(&str, &str)], name: &'a str) -> &'a str {
    names.iter().find(|(google, _)| *google == name).map_or(name, |(_, ours)| ours)
}

/// Puts the parameters under Wink's names. Google's `discount` is per piece and already in the price, so a line was reduced by it and
/// nothing more is taken off.
fn rename(params: &Map<String, Json>) -> Map<String, Json> {
    let mut properties: Map<String, Json> =
        params.iter().map(|(name, json)| (translated(&PROPERTIES, name).to_owned(), json.clone())).collect();
    number_to_text(&mut properties, "order_id");
    if let Some(Json::Array(items)) = properties.get_mut("products") {
        for item in items.iter_mut().filter_map(Json::as_object_mut) {
            *item = std::mem::take(item)
                .into_iter()
                .map(|(name, json)| (translated(&ITEM, &name).to_owned(), json))
                .collect();
            discount_of_all_pieces(item);
        }
    }
    properties
}

/// Puts the only item of an event that is about one product where the vocabulary has it: at the top.
fn one_product(name: &str, properties: &mut Map<String, Json>) {
    let is_about_one = name.starts_with("Product ") && !name.starts_with("Product List");
    let Some(Json::Array(items)) = properties.get_mut("products") else { return };
    if let (true, [Json::Object(item)]) = (is_about_one, items.as_mut_slice()) {
        let item = std::mem::take(item);
        properties.remove("products");
        properties.extend(item);
    }
}

fn discount_of_all_pieces(item: &mut Map<String, Json>) {
    let pieces = item.get("quantity").map_or(Some(1), Json::as_i64);
    let of_one = item.get("discount").and_then(Decimal::read);
    if let Some(of_all) = of_one.zip(pieces).and_then(|(discount, pieces)| discount.times(pieces)) {
        item.insert("discount".to_owned(), of_all.to_string().into());
    }
}

fn micros_to_instant(json: &Json) -> Option<Timestamp> {
    let micros = json.as_i64().or_else(|| json.as_str()?.parse().ok())?;
    Some(Timestamp(micros.div_euclid(1_000)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use wink_core::base::Value;

    use super::*;

    const NOW: Timestamp = Timestamp(1_700_000_000_000);

    fn envelopes(body: Json) -> Vec<Result<Envelope, String>> {
        let batch = Ga4Batch::read(body.to_string().as_bytes()).unwrap();
        let place_and_event = batch.events.iter().enumerate();
        place_and_event
            .map(|(place, event)| batch.envelope(place, event, "web", Currency::new("EUR").unwrap(), NOW))
            .collect()
    }

    fn purchase() -> Json {
        json!({ "name": "purchase", "params": {
            "transaction_id": "T_12345", "currency": "EUR", "value": 30.03, "tax": 4.9, "shipping": 5.99,
            "items": [{ "item_id": "SKU_12345", "item_name": "Tea", "item_category": "TEA", "discount": 2.22, "price": 10.01, "quantity": 3 }],
        } })
    }

    #[test]
    fn a_purchase_is_an_order() {
        let all = envelopes(json!({ "client_id": "1.2", "user_id": "anna", "events": [purchase()] }));
        let envelope = all[0].as_ref().unwrap();
        assert_eq!(envelope.event, "Order Completed");
        let named: Vec<String> =
            envelope.identities.iter().map(|one| format!("{}:{}", one.namespace(), one.value())).collect();
        assert_eq!(named, ["user_id:anna", "ga_client_id:1.2"]);
        assert_eq!(envelope.properties["order_id"], Value::Text("T_12345".to_owned()));
        assert_eq!(envelope.properties["value_cents"], Value::Int(3_003));
        let Value::List(lines) = &envelope.properties["products"] else { panic!() };
        let Value::Map(line) = &lines[0] else { panic!() };
        assert_eq!(line["product_id"], Value::Text("SKU_12345".to_owned()));
        assert_eq!((&line["total_cents"], &line["discount_cents"]), (&Value::Int(3_003), &Value::Int(666)));
    }

    #[test]
    fn the_only_product_of_an_event_about_one_stands_at_the_top() {
        let item = json!({ "item_id": "a", "item_category": "TEA", "price": 4.5 });
        let said = |name: &str, items: &[&Json]| {
            let event = json!({ "name": name, "params": { "items": items, "currency": "EUR" } });
            let body = json!({ "client_id": "1.2", "events": [event] });
            envelopes(body).remove(0).unwrap().properties
        };
        for name in ["view_item", "add_to_cart", "remove_from_cart", "select_item", "add_to_wishlist"] {
            let found = said(name, &[&item]);
            assert_eq!(found["product_id"], Value::Text("a".to_owned()), "{name}");
            assert_eq!(found["price_cents"], Value::Int(450), "{name}");
            assert!(!found.contains_key("products") && found.contains_key("currency"), "{name}: {found:?}");
        }
        assert!(said("view_item", &[&item, &item]).contains_key("products"), "several stay a list");
        for name in ["view_item_list", "view_cart", "begin_checkout"] {
            assert!(said(name, &[&item]).contains_key("products"), "{name} is about many");
        }
    }

    #[test]
    fn the_same_order_is_one_message_and_two_views_are_two() {
        let view = json!({ "name": "view_item", "params": { "items": [{ "item_id": "a" }] } });
        let ids = |micros: Json| -> Vec<String> {
            let events = [purchase(), purchase(), view.clone(), view.clone()];
            let body = json!({ "client_id": "1.2", "timestamp_micros": micros, "events": events });
            envelopes(body).into_iter().map(|envelope| envelope.unwrap().message_id).collect()
        };
        let first = ids(json!(1_699_999_999_000_000_i64));
        assert_eq!(first[0], first[1]);
        assert_ne!(first[2], first[3]);
        assert_eq!(ids(json!("1699999999000000")), first, "a retry is the same messages");
        assert_ne!(ids(json!(1_699_999_999_001_000_i64))[2], first[2]);
    }

    #[test]
    fn one_event_that_cannot_be_read_does_not_spoil_the_others() {
        let all = envelopes(
            json!({ "client_id": "1.2", "events": [{ "params": {} }, 7, { "name": "page_view" }] }),
        );
        assert!(all[0].is_err() && all[1].is_err(), "{all:?}");
        assert_eq!(all[2].as_ref().unwrap().event, "Page");
        for body in ["", "[]", "{}", "{\"events\": 3}"] {
            assert!(Ga4Batch::read(body.as_bytes()).is_err(), "{body}");
        }
        let many = json!({ "events": vec![purchase(); GA4_EVENTS_MAX + 1] }).to_string();
        assert!(Ga4Batch::read(many.as_bytes()).is_err());
    }
}

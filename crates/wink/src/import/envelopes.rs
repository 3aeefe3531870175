//! What the data would have been, had it been sent as events while it happened.

use std::collections::{BTreeMap, HashMap};

use anyhow::anyhow;
use wink_core::base::{Cents, Timestamp, Value};
use wink_core::event::{Envelope, Identity};
use wink_core::offer::Product;
use wink_server::flow::ingest::Received;

use super::completejourney::{Basket, Journey, Redemption};

/// The source of everything that is imported.
const SOURCE: &str = "import-completejourney";

/// The namespace of the data's household ids.
const NAMESPACE: &str = "household";

/// What the consent proof of an import says, wherever it is shown.
const ASSUMED: &str = "assumed by --assume-consent; the data carries no consent";

/// Names a household.
pub(crate) fn household(id: i64) -> anyhow::Result<Identity> {
    Identity::new(NAMESPACE, &id.to_string()).map_err(|error| anyhow!("household {id}: {error}"))
}

/// The consents that are assumed for a household at `at`.
pub(crate) fn consents(id: i64, at: Timestamp) -> anyhow::Result<Vec<Received>> {
    ["personalisation", "newsletter"]
        .into_iter()
        .map(|purpose| {
            let properties =
                [("purpose", text(purpose)), ("state", text("granted")), ("method", text(ASSUMED))];
            envelope(id, format!("consent-{id}-{purpose}"), "Consent Updated", at, properties)
        })
        .collect()
}

/// What is stated of a household at `at`.
pub(crate) fn identify(
    id: i64,
    stated: &[(&'static str, String)],
    at: Timestamp,
) -> anyhow::Result<Received> {
    let traits = stated.iter().map(|(name, value)| ((*name).to_owned(), text(value))).collect();
    envelope(id, format!("identify-{id}"), "Identify", at, [("traits", Value::Map(traits))])
}

/// A basket as an order.
pub(crate) fn order(journey: &Journey, basket: &Basket) -> anyhow::Result<Received> {
    let lines =
        basket.lines.iter().map(|row| line(journey, *row).ok_or_else(|| anyhow!("line {row} is not there")));
    let properties = [
        ("order_id", text(&basket.id.to_string())),
        ("store_id", text(&basket.store.to_string())),
        ("currency", text("USD")),
        ("products", Value::List(lines.collect::<anyhow::Result<_>>()?)),
    ];
    let message_id = format!("basket-{}", basket.id);
    envelope(basket.household, message_id, "Order Completed", Timestamp(basket.at_ms), properties)
}

/// A historical redemption as a coupon that is not Wink's.
pub(crate) fn redemption(redemption: &Redemption) -> anyhow::Result<Received> {
    let properties = [
        ("coupon_id", text(&redemption.coupon.to_string())),
        ("campaign_id", text(&redemption.campaign.to_string())),
    ];
    let message_id = format!("redemption-{}", redemption.row);
    envelope(redemption.household, message_id, "Coupon Applied", Timestamp(redemption.at_ms), properties)
}

/// The products that were listed or sold, with the shelf price they were last sold at.
pub(crate) fn products(journey: &Journey) -> Vec<Product> {
    let lines = &journey.lines;
    let mut price: HashMap<i64, Cents> = HashMap::new();
    let shelf = lines.paid_cents.iter().zip(&lines.retail_discount_cents).zip(&lines.coupon_match_cents);
    for ((product, quantity), ((paid, retail), matched)) in
        lines.product.iter().zip(&lines.quantity).zip(shelf)
    {
        if 0 < *quantity {
            price.insert(*product, Cents((paid + retail + matched) / quantity));
        }
    }
    let mut ids: Vec<i64> = journey.products.keys().chain(price.keys()).copied().collect();
    ids.sort_unstable();
    ids.dedup();
    let product = |id: i64| {
        let listed = journey.products.get(&id);
        Product {
            id: id.to_string(),
            name: listed.map(|row| row.name.clone()).unwrap_or_default(),
            category: listed.and_then(|row| row.category.clone()),
            brand: listed.and_then(|row| row.brand.clone()),
            price: price.get(&id).copied(),
            cost: None,
            stock: None,
        }
    };
    ids.into_iter().map(product).collect()
}

fn line(journey: &Journey, row: usize) -> Option<Value> {
    let lines = &journey.lines;
    let product = *lines.product.get(row)?;
    let coupon = *lines.coupon_discount_cents.get(row)?;
    let discount = lines.retail_discount_cents.get(row)? + coupon + lines.coupon_match_cents.get(row)?;
    let mut fields = BTreeMap::from([
        ("product_id".to_owned(), text(&product.to_string())),
        ("quantity".to_owned(), Value::Int(*lines.quantity.get(row)?)),
        ("total_cents".to_owned(), Value::Int(*lines.paid_cents.get(row)?)),
        ("discount_cents".to_owned(), Value::Int(discount)),
        ("coupon_discount_cents".to_owned(), Value::Int(coupon)),
    ]);
    if let Some(category) = journey.products.get(&product).and_then(|row| row.category.as_ref()) {
        fields.insert("category".to_owned(), text(category));
    }
    Some(Value::Map(fields))
}

fn envelope<const N: usize>(
    id: i64,
    message_id: String,
    event: &str,
    at: Timestamp,
    properties: [(&str, Value); N],
) -> anyhow::Result<Received> {
    let envelope = Envelope {
        source: SOURCE.to_owned(),
        message_id,
        event: event.to_owned(),
        schema_version: None,
        identities: vec![household(id)?],
        original_at: Some(at),
        sent_at: None,
        properties: properties.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
    };
    Ok(Received { envelope, original: Vec::new(), at, is_vouched: true })
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

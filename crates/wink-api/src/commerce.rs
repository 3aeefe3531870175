//! What the shop vocabularies of Segment and Google share: products with prices, orders with discounts. Amounts become whole minor units
//! under a name that says so; what is not understood stays as it was sent, and the core says what is wrong with it.

use serde_json::{Map, Value as Json};

use wink_core::base::Currency;

use crate::money::{Decimal, cents, spread};

/// The amounts in major units that an event or a product of these vocabularies may have.
const AMOUNTS: [&str; 8] = ["price", "value", "subtotal", "total", "revenue", "shipping", "tax", "discount"];

/// Puts the properties of an event into Wink's words. Amounts are in the shop's currency: in another they are refused later. A shop that has none yet
/// sets the message aside if it names one, and so that it may be sent on later, its amounts are counted in that.
pub(crate) fn translate(event: &str, properties: &mut Map<String, Json>, currency: Currency) {
    let mut named = None;
    if let Some(Json::String(code)) = properties.get_mut("currency") {
        code.make_ascii_uppercase();
        named = Currency::new(code);
    }
    let currency = if currency == Currency::NONE { named.unwrap_or(currency) } else { currency };
    for name in ["order_id", "coupon_id", "store_id", "product_id"] {
        number_to_text(properties, name);
    }
    if let Some(Json::Array(products)) = properties.get_mut("products") {
        products.iter_mut().filter_map(Json::as_object_mut).for_each(name_product);
    }
    if event == "Order Completed" {
        price_lines(properties, currency);
    }
    amounts_to_cents(properties, currency);
    if let Some(Json::Array(products)) = properties.get_mut("products") {
        let products = products.iter_mut().filter_map(Json::as_object_mut);
        products.for_each(|product| amounts_to_cents(product, currency));
    }
}

/// Turns a number that is meant as an id into text: shops number their orders and products.
pub(crate) fn number_to_text(fields: &mut Map<String, Json>, name: &str) {
    if let Some(json @ Json::Number(_)) = fields.get_mut(name) {
        *json = Json::String(json.to_string());
    }
}

/// Finds the product's id, by `sku` if there is no other, and a whole number of pieces.
fn name_product(product: &mut Map<String, Json>) {
    number_to_text(product, "product_id");
    number_to_text(product, "sku");
    let nameless = matches!(product.get("product_id"), None | Some(Json::Null));
    if nameless && let Some(sku) = product.get("sku").filter(|sku| sku.is_string()) {
        product.insert("product_id".to_owned(), sku.clone());
    }
    let pieces = product.get("quantity").and_then(whole);
    if let Some(pieces) = pieces {
        product.insert("quantity".to_owned(), pieces.into());
    }
}

/// Reads `2`, `2.0` or `"2"`; half a piece is none.
fn whole(json: &Json) -> Option<i64> {
    let hundredths = Decimal::read(json)?.minor(2)?;
    (hundredths % 100 == 0).then_some(hundredths / 100)
}

/// Says of every line of an order what was paid for it.
///
/// A line is worth price times quantity. The order's `discount` is spread over the lines in proportion. It is taken off what was
/// paid, unless `subtotal` or `revenue`, which are amounts after discounts, say that the prices were reduced already. A line that
/// says `total_cents` itself is believed.
fn price_lines(properties: &mut Map<String, Json>, currency: Currency) {
    let amount = |name: &str| properties.get(name).and_then(|json| cents(json, currency));
    let discount = amount("discount").filter(|discount| 0 < *discount).unwrap_or(0);
    let after_discount = [amount("subtotal"), amount("revenue")];
    let Some(Json::Array(products)) = properties.get_mut("products") else { return };
    let mut lines: Vec<(&mut Map<String, Json>, i64)> = products
        .iter_mut()
        .filter_map(Json::as_object_mut)
        .filter_map(|product| priced(product, currency))
        .collect();
    let worth: Vec<i64> = lines.iter().map(|(_, worth)| *worth).collect();
    let sum: i64 = worth.iter().sum();
    let already_reduced = after_discount.contains(&Some(sum));
    let can_be_taken_off = !already_reduced && discount <= sum;
    for ((product, worth), share) in lines.iter_mut().zip(spread(discount, &worth)) {
        let paid = if can_be_taken_off { *worth - share } else { *worth };
        let own = product.remove("discount").and_then(|json| cents(&json, currency)).unwrap_or(0).max(0);
        product.insert("total_cents".to_owned(), paid.into());
        product.insert("discount_cents".to_owned(), (own + share).into());
    }
}

/// Tells what a line is worth, if it does not say itself what was paid.
fn priced(product: &mut Map<String, Json>, currency: Currency) -> Option<(&mut Map<String, Json>, i64)> {
    if product.contains_key("total_cents") {
        return None;
    }
    let pieces = product.get("quantity").map_or(Some(1), whole)?;
    let worth = Decimal::read(product.get("price")?)?.times(pieces)?.minor(currency.places())?;
    (0 <= worth).then_some((product, worth))
}

fn amounts_to_cents(fields: &mut Map<String, Json>, currency: Currency) {
    for name in AMOUNTS {
        let Some(amount) = fields.get(name).and_then(|json| cents(json, currency)) else { continue };
        fields.remove(name);
        fields.insert(format!("{name}_cents"), amount.into());
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(event: &str, sent: Json, wanted: Json) {
        let Json::Object(mut properties) = sent else { panic!("{sent}") };
        translate(event, &mut properties, Currency::new("EUR").unwrap());
        assert_eq!(Json::Object(properties), wanted);
    }

    #[test]
    fn an_order_becomes_lines_in_cents() {
        check(
            "Order Completed",
            json!({ "order_id": 50, "currency": "eur", "total": 44.97, "tax": 6.38,
                "products": [{ "sku": 7, "price": 19.99, "quantity": 2 }, { "product_id": "b", "price": "0.29" }] }),
            json!({ "order_id": "50", "currency": "EUR", "total_cents": 4497, "tax_cents": 638,
                "products": [
                    { "sku": "7", "product_id": "7", "quantity": 2, "price_cents": 1999, "total_cents": 3998, "discount_cents": 0 },
                    { "product_id": "b", "price_cents": 29, "total_cents": 29, "discount_cents": 0 },
                ] }),
        );
    }

    #[test]
    fn an_order_s_discount_is_spread_and_taken_off_once() {
        let order = |subtotal: Json| {
            let products = json!([{ "product_id": "a", "price": 10 }, { "product_id": "b", "price": 5 }]);
            json!({ "order_id": "1", "discount": 1, "subtotal": subtotal, "products": products })
        };
        let lines = |paid: [i64; 2]| {
            json!([
                { "product_id": "a", "price_cents": 1000, "total_cents": paid[0], "discount_cents": 67 },
                { "product_id": "b", "price_cents": 500, "total_cents": paid[1], "discount_cents": 33 },
            ])
        };
        check(
            "Order Completed",
            order(json!(14)),
            json!({ "order_id": "1", "discount_cents": 100, "subtotal_cents": 1400, "products": lines([933, 467]) }),
        );
        check(
            "Order Completed",
            order(json!(15)),
            json!({ "order_id": "1", "discount_cents": 100, "subtotal_cents": 1500, "products": lines([1000, 500]) }),
        );
    }

    #[test]
    fn an_order_in_yen_has_no_decimals() {
        let Json::Object(mut properties) = json!({ "order_id": "1", "currency": "JPY", "discount": 100,
            "products": [{ "product_id": "a", "price": 1980, "quantity": 2 }, { "product_id": "b", "price": 41 }] })
        else {
            panic!()
        };
        translate("Order Completed", &mut properties, Currency::new("JPY").unwrap());
        let paid = [0, 1].map(|line| properties["products"][line]["total_cents"].as_i64().unwrap());
        assert_eq!((paid, properties["discount_cents"].as_i64()), ([3_861, 40], Some(100)));
    }

    #[test]
    fn before_the_shop_has_a_currency_the_messages_own_counts() {
        for (shop, named, expected) in
            [("XXX", "jpy", 1_980), ("XXX", "no", 198_000), ("KWD", "JPY", 1_980_000)]
        {
            let Json::Object(mut properties) = json!({ "product_id": "a", "currency": named, "price": 1980 })
            else {
                panic!()
            };
            translate("Product Viewed", &mut properties, Currency::new(shop).unwrap());
            assert_eq!(properties["price_cents"], expected, "{named} at {shop}");
        }
    }

    #[test]
    fn what_is_no_amount_stays_as_sent() {
        let odd = json!({ "order_id": "1", "total": "free", "products": [{ "product_id": "a", "price": null, "quantity": 1.5 }, 7] });
        check("Order Completed", odd.clone(), odd);
        check("Product Viewed", json!({ "price": 19.99 }), json!({ "price_cents": 1999 }));
    }
}

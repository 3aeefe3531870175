//! What a shop counts in: asked once by commands that read or print amounts.

use serde_json::Value as Json;
use wink_core::base::{Cents, Currency};

use crate::control::Line;

/// Asks which currency a shop has.
///
/// # Errors
/// If the store cannot be asked.
pub(super) async fn currency_of(line: &Line) -> anyhow::Result<Currency> {
    Ok(named(&line.ask("GET", "/v1/tills/keys", None).await?))
}

/// Reads the currency that an answer names; none where no catalogue was in force, and in files from before it was named, when all shops
/// counted in hundredths.
pub(super) fn named(answer: &Json) -> Currency {
    let code = answer.get("currency").and_then(Json::as_str);
    code.and_then(Currency::new).unwrap_or(Currency::NONE)
}

/// Spells an amount with its currency, if there is one.
pub(super) fn spelled(currency: Currency, amount: Cents) -> String {
    let money = currency.of(amount);
    if currency == Currency::NONE { money.plain() } else { money.to_string() }
}

/// Reads an amount of an answer.
pub(super) fn amount(json: &Json, name: &str) -> Cents {
    Cents(json.get(name).and_then(Json::as_i64).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_amount_is_spelled_as_its_shop_counts() {
        let check = |answer: &Json, expected: &str| assert_eq!(spelled(named(answer), Cents(610)), expected);
        check(&json!({ "currency": "JPY" }), "610 JPY");
        check(&json!({ "currency": "KWD" }), "0.610 KWD");
        check(&json!({ "currency": "EUR" }), "6.10 EUR");
        check(&json!({}), "6.10");
        check(&json!({ "currency": 7 }), "6.10");
    }
}

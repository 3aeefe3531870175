//! A catalogue's files as plain values, in the shape in which they can be sent back.

use std::collections::BTreeMap;

use wink_core::base::Value;

use super::{Files, SHOP, edit, tree};

/// Shows the campaigns with their offers, ordered by id.
pub fn campaigns(files: &Files) -> BTreeMap<String, Value> {
    let campaigns = edit::campaigns(files).filter_map(|(_, fields)| {
        let id = fields.get("id").and_then(Value::as_text)?.to_owned();
        Some((id, Value::Map(fields)))
    });
    campaigns.collect()
}

/// Shows the offers, ordered by id, each with its `campaign`.
pub fn offers(files: &Files) -> BTreeMap<String, Value> {
    let offers = edit::offers(files).into_iter().map(|mut offer| {
        offer.fields.insert("campaign".to_owned(), Value::Text(offer.campaign));
        (offer.id, Value::Map(offer.fields))
    });
    offers.collect()
}

/// Shows the contact policy.
pub fn contact_policy(files: &Files) -> Option<Value> {
    files.get(SHOP).and_then(|text| tree::of_text(text)).and_then(|mut shop| shop.remove("contact_policy"))
}

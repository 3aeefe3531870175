//! What two versions of a catalogue say differently.

use wink_core::base::Value;

use super::tree::{self, Fields};
use super::{FEATURES, Files, SCHEMAS, SEGMENTS, SHOP, TRIGGERS, edit};

/// One thing that changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// What it is, as in `campaigns/tea/offers/tea-tenth/minimum_spend`.
    pub path: String,
    /// What it said; nothing if it was not there.
    pub before: Option<Value>,
    /// What it says; nothing if it is gone.
    pub after: Option<Value>,
}

/// Compares what files say, whatever they are called and however they are written.
pub fn differences(before: &Files, after: &Files) -> Vec<Difference> {
    let mut found = Vec::new();
    compare("", &whole(before), &whole(after), &mut found);
    found
}

/// Puts all files into one tree, in which campaigns and offers stand under their ids.
fn whole(files: &Files) -> Fields {
    let shop = files.get(SHOP).and_then(|text| tree::of_text(text)).unwrap_or_default();
    let campaigns = edit::campaigns(files).map(|(_, mut campaign)| {
        if let Some(Value::List(offers)) = campaign.remove("offers") {
            let offers = offers.into_iter().map(|offer| (id(&offer), offer)).collect();
            campaign.insert("offers".to_owned(), Value::Map(offers));
        }
        let campaign = Value::Map(campaign);
        (id(&campaign), campaign)
    });
    let campaigns = campaigns.collect();
    Fields::from([
        ("campaigns".to_owned(), Value::Map(campaigns)),
        ("features".to_owned(), Value::Map(features(files))),
        ("schemas".to_owned(), Value::Map(listed_by(files, SCHEMAS, "schemas", "event"))),
        ("segments".to_owned(), Value::Map(listed(files, SEGMENTS, "segments"))),
        ("shop".to_owned(), Value::Map(shop)),
        ("triggers".to_owned(), Value::Map(listed(files, TRIGGERS, "triggers"))),
    ])
}

/// Puts what a file lists under the ids.
fn listed(files: &Files, file: &str, list: &str) -> Fields {
    listed_by(files, file, list, "id")
}

fn listed_by(files: &Files, file: &str, list: &str, key: &str) -> Fields {
    let said = files.get(file).and_then(|text| tree::of_text(text)).unwrap_or_default();
    let Some(Value::List(items)) = said.get(list) else { return Fields::new() };
    let name = |item: &Value| item.field(key).and_then(Value::as_text).unwrap_or_default().to_owned();
    items.iter().map(|item| (name(item), item.clone())).collect()
}

/// Puts the shop's own features under their names, beside which built-in ones are switched off.
fn features(files: &Files) -> Fields {
    let mut said = files.get(FEATURES).and_then(|text| tree::of_text(text)).unwrap_or_default();
    let Some(Value::List(own)) = said.remove("features") else { return said };
    let name =
        |feature: &Value| feature.field("name").and_then(Value::as_text).unwrap_or_default().to_owned();
    said.extend(own.into_iter().map(|feature| (name(&feature), feature)));
    said
}

fn id(value: &Value) -> String {
    value.field("id").and_then(Value::as_text).unwrap_or_default().to_owned()
}

fn compare(path: &str, before: &Fields, after: &Fields, found: &mut Vec<Difference>) {
    let keys = before.keys().chain(after.keys().filter(|key| !before.contains_key(*key)));
    for key in keys {
        let path = if path.is_empty() { key.clone() } else { format!("{path}/{key}") };
        match (before.get(key), after.get(key)) {
            (Some(Value::Map(before)), Some(Value::Map(after))) => compare(&path, before, after, found),
            (before, after) if before != after => {
                found.push(Difference { path, before: before.cloned(), after: after.cloned() });
            }
            _ => {}
        }
    }
}

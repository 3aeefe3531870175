//! Ids of people as clients of other products send them.

use serde_json::{Map, Value as Json};
use wink_core::base::Hasher;
use wink_core::event::Identity;

/// The namespace of the shop's own id of a person.
pub(crate) const USER_ID: &str = "user_id";

/// Reads an id: text, or a number by its digits. Empty text and null are no id.
pub(crate) fn id_text(fields: &Map<String, Json>, name: &str) -> Option<String> {
    match fields.get(name)? {
        Json::String(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
        Json::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Reads the identities that are there, in the order of `names`, each a field and its namespace.
pub(crate) fn identities(
    fields: &Map<String, Json>,
    names: &[(&str, &str)],
) -> Result<Vec<Identity>, String> {
    let present = |(field, namespace): &(&str, &str)| {
        let value = id_text(fields, field)?;
        Some(Identity::new(namespace, &value).map_err(|error| format!("`{field}`: {error}")))
    };
    names.iter().filter_map(present).collect()
}

/// Makes a message id from what is said, for clients that send none: the same said again is the same message.
pub(crate) fn derived_id(purpose: &str, said: &[&str]) -> String {
    let hash = said.iter().fold(Hasher::new(purpose), |hash, text| hash.field(text.as_bytes())).finish();
    let short: String = hash.hex().chars().take(32).collect();
    format!("{purpose}-{short}")
}

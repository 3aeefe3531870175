//! Looks through bytes for coordinates that only a parser would find: a key may be spelled with escapes, or stand twice.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use wink_core::event::is_coordinate;

/// In which a CloudEvent carries its data encoded.
const ENCODED: &str = "data_base64";

/// Tells whether a text may say where somebody is: a key in it, however deep, names a coordinate, or it cannot be looked through, as it is no JSON
/// or carries something encoded.
pub fn may_say_coordinates(bytes: &[u8]) -> bool {
    serde_json::from_slice(bytes).map_or(true, |Said(coordinates)| coordinates)
}

/// Whether coordinates are said.
struct Said(bool);

impl<'de> Deserialize<'de> for Said {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Search).map(Self)
    }
}

struct Search;

impl<'de> Visitor<'de> for Search {
    type Value = bool;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_bool<E>(self, _: bool) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_i64<E>(self, _: i64) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_u64<E>(self, _: u64) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_f64<E>(self, _: f64) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_str<E>(self, _: &str) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<bool, A::Error> {
        let mut found = false;
        while let Some(Said(inside)) = values.next_element()? {
            found |= inside;
        }
        Ok(found)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<bool, A::Error> {
        let mut found = false;
        while let Some(name) = fields.next_key::<String>()? {
            let Said(inside) = fields.next_value()?;
            found |= inside || name == ENCODED || is_coordinate(&name);
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_found_however_deep_it_lies_and_however_it_is_spelled() {
        for text in [
            r#"{"latitude":1}"#,
            r#"[{"a":[{"b":{"LNG":null}}]}]"#,
            r#"{"l\u0061t":48.1}"#,
            r#"{"at":{"lon":1},"at":2}"#,
            r#"{"data_base64":"e30="}"#,
            r#"{"a":1e999}"#,
            "latitude=48.1",
            "",
        ] {
            assert!(may_say_coordinates(text.as_bytes()), "{text}");
        }
        for text in [r#"{"flat":1,"platform":"lat","text":"{\"lat\":1}","none":null,"yes":true}"#, "[-1,1.5]"]
        {
            assert!(!may_say_coordinates(text.as_bytes()), "{text}");
        }
    }
}

//! JSON values as the core holds them.

use serde_json::Value as Json;
use wink_core::base::Value;

/// Turns JSON into a core value. A whole number beyond 64 bits becomes the nearest float, as JSON itself has it.
pub fn value(json: Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(value),
        Json::Number(number) => match number.as_i64() {
            Some(whole) => Value::Int(whole),
            None => Value::Float(number.as_f64().unwrap_or(0.0)),
        },
        Json::String(text) => Value::Text(text),
        Json::Array(values) => Value::List(values.into_iter().map(value).collect()),
        Json::Object(fields) => {
            Value::Map(fields.into_iter().map(|(name, field)| (name, value(field))).collect())
        }
    }
}

/// Turns a core value into JSON. A number that JSON has no word for becomes null.
pub fn to_json(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(value) => Json::Bool(*value),
        Value::Int(number) => Json::from(*number),
        Value::Float(number) => Json::from(*number),
        Value::Text(text) => Json::String(text.clone()),
        Value::List(values) => Json::Array(values.iter().map(to_json).collect()),
        Value::Map(fields) => {
            Json::Object(fields.iter().map(|(name, field)| (name.clone(), to_json(field))).collect())
        }
    }
}

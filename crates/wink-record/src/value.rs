//! Values without a schema: attributes, unknown properties, what a rule compared.

use std::collections::BTreeMap;

use prost::{Message, Oneof};
use wink_core::base::Value;

/// A value. An unset `kind` is null.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct ValueMessage {
    #[prost(oneof = "Kind", tags = "1, 2, 3, 4, 5, 6")]
    pub kind: Option<Kind>,
}

#[derive(Clone, PartialEq, Oneof)]
pub(crate) enum Kind {
    #[prost(bool, tag = "1")]
    Bool(bool),
    #[prost(sint64, tag = "2")]
    Int(i64),
    #[prost(double, tag = "3")]
    Float(f64),
    #[prost(string, tag = "4")]
    Text(String),
    #[prost(message, tag = "5")]
    List(ListMessage),
    #[prost(message, tag = "6")]
    Map(MapMessage),
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct ListMessage {
    #[prost(message, repeated, tag = "1")]
    pub values: Vec<ValueMessage>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct MapMessage {
    #[prost(btree_map = "string, message", tag = "1")]
    pub fields: BTreeMap<String, ValueMessage>,
}

impl From<&Value> for ValueMessage {
    fn from(value: &Value) -> Self {
        let kind = match value {
            Value::Null => None,
            Value::Bool(value) => Some(Kind::Bool(*value)),
            Value::Int(number) => Some(Kind::Int(*number)),
            Value::Float(number) => Some(Kind::Float(*number)),
            Value::Text(text) => Some(Kind::Text(text.clone())),
            Value::List(values) => {
                Some(Kind::List(ListMessage { values: values.iter().map(Self::from).collect() }))
            }
            Value::Map(fields) => Some(Kind::Map(MapMessage { fields: to_fields(fields) })),
        };
        Self { kind }
    }
}

impl From<ValueMessage> for Value {
    fn from(message: ValueMessage) -> Self {
        match message.kind {
            None => Self::Null,
            Some(Kind::Bool(value)) => Self::Bool(value),
            Some(Kind::Int(number)) => Self::Int(number),
            Some(Kind::Float(number)) => Self::Float(number),
            Some(Kind::Text(text)) => Self::Text(text),
            Some(Kind::List(list)) => Self::List(list.values.into_iter().map(Self::from).collect()),
            Some(Kind::Map(map)) => Self::Map(from_fields(map.fields)),
        }
    }
}

pub(crate) fn to_fields(fields: &BTreeMap<String, Value>) -> BTreeMap<String, ValueMessage> {
    fields.iter().map(|(name, value)| (name.clone(), value.into())).collect()
}

pub(crate) fn from_fields(fields: BTreeMap<String, ValueMessage>) -> BTreeMap<String, Value> {
    fields.into_iter().map(|(name, value)| (name, value.into())).collect()
}

//! A value as a rule, an attribute or an unknown event property holds it. Ordered maps only, so that equal means equal bytes.

use std::collections::BTreeMap;

/// A dynamically typed value. `Missing` is not a value: it is an absent `Value`.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// JSON `null`; nothing is known.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A finite number that is not whole.
    Float(f64),
    /// Text.
    Text(String),
    /// Several values.
    List(Vec<Value>),
    /// Named values.
    Map(BTreeMap<String, Value>),
}

impl Value {
    /// Looks up a named value inside a map.
    pub fn field(&self, name: &str) -> Option<&Value> {
        match self {
            Self::Map(fields) => fields.get(name),
            _ => None,
        }
    }

    /// Takes the text, if it is text.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Takes the whole number, if it is one.
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Self::Int(number) => Some(*number),
            _ => None,
        }
    }

    /// Tells how many values lie inside each other: 1 for a plain one. Stops counting at `most + 1`.
    pub fn depth(&self, most: usize) -> usize {
        let inner = |depth: Option<usize>| 1 + depth.unwrap_or(0);
        match (self, most) {
            (Self::List(_) | Self::Map(_), 0) => 1,
            (Self::List(values), _) => inner(values.iter().map(|value| value.depth(most - 1)).max()),
            (Self::Map(fields), _) => inner(fields.values().map(|value| value.depth(most - 1)).max()),
            _ => 1,
        }
    }

    /// Tells about how many bytes it takes where it is stored.
    pub fn weight(&self) -> usize {
        match self {
            Self::Text(text) => 8 + text.len(),
            Self::List(values) => 8 + values.iter().map(Self::weight).sum::<usize>(),
            Self::Map(fields) => {
                8 + fields.iter().map(|(name, value)| 8 + name.len() + value.weight()).sum::<usize>()
            }
            _ => 12,
        }
    }

    /// Names the type, as error messages do.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Float(_) => "double",
            Self::Text(_) => "string",
            Self::List(_) => "list",
            Self::Map(_) => "map",
        }
    }
}

//! Older shapes of an event are lifted to the newest one the shop declares, by mappings that are data. The same at the door and when a dead
//! letter is sent on. A mapping that does not fit a message is a rejection, never a guess.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::Rejection;
use super::rename::{RenameError, rename_all};
use super::repair::{PathError, change};
use super::schema::{PropertyType, SchemaVersion};
use crate::base::{Currency, Value};

/// A mapping names at most this many properties: it lifts one revision to the next, it does not write the message anew.
pub const STEPS_MAX: usize = 100;

/// Amounts beyond this many major units are a slip; sums of less never overflow in minor ones.
const MAJOR_UNITS_MAX: f64 = 1e9;

/// Model and revision of a shape; additions need no mapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shape {
    /// Breaks every reader.
    pub model: u16,
    /// May break some readers.
    pub revision: u16,
}

impl Shape {
    /// Reads `1-0`.
    pub fn parse(text: &str) -> Option<Self> {
        let (model, revision) = text.split_once('-')?;
        let number = |text: &str| text.parse::<u16>().ok();
        Some(Self { model: number(model)?, revision: number(revision)? })
    }
}

impl From<SchemaVersion> for Shape {
    fn from(version: SchemaVersion) -> Self {
        Self { model: version.model, revision: version.revision }
    }
}

impl std::fmt::Display for Shape {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}-{}", self.model, self.revision)
    }
}

/// Another type that a property gets, where its value can be read as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conversion {
    /// Text: a number by its digits, a flag by its word.
    Text,
    /// A whole number, from text or from a number without a fraction.
    Int,
    /// A number, from text.
    Number,
    /// True or false, from `true`, `false`, 1 and 0.
    Flag,
    /// Whole minor units of the shop's currency, from an amount in major ones with at most its decimals.
    Cents,
}

/// Why a value cannot be converted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NotConverted {
    /// It cannot be read as the type.
    Type,
    /// It is an amount with more decimals than its currency has.
    Decimals,
}

impl Conversion {
    /// Lists them all.
    pub const ALL: [Self; 5] = [Self::Text, Self::Int, Self::Number, Self::Flag, Self::Cents];

    /// Spells it as a catalogue does.
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Int => "whole",
            Self::Number => "number",
            Self::Flag => "flag",
            Self::Cents => "cents",
        }
    }

    /// Reads the spelling.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|conversion| conversion.name() == text)
    }

    fn wanted(self) -> PropertyType {
        match self {
            Self::Text => PropertyType::Text,
            Self::Int => PropertyType::Int,
            Self::Number | Self::Cents => PropertyType::Number,
            Self::Flag => PropertyType::Flag,
        }
    }

    /// Converts a value; amounts are in `currency`. What has the type already stays.
    fn of(self, value: &Value, currency: Currency) -> Result<Value, NotConverted> {
        match (self, value) {
            (Self::Cents, Value::Float(amount)) => minor_units_of(*amount, currency),
            (Self::Cents, Value::Text(text)) => minor_units_in(text.trim(), currency.places()),
            _ => self.of_whole(value, currency).ok_or(NotConverted::Type),
        }
    }

    /// The same of what is no amount with decimals.
    fn of_whole(self, value: &Value, currency: Currency) -> Option<Value> {
        match (self, value) {
            (Self::Text, Value::Text(text)) => Some(Value::Text(text.clone())),
            (Self::Text, Value::Int(number)) => Some(Value::Text(number.to_string())),
            (Self::Text, Value::Float(number)) => Some(Value::Text(number.to_string())),
            (Self::Text, Value::Bool(flag)) => Some(Value::Text(flag.to_string())),
            (Self::Int, Value::Int(number)) => Some(Value::Int(*number)),
            (Self::Int, Value::Text(text)) => text.trim().parse().ok().map(Value::Int),
            (Self::Number, Value::Int(_)) => Some(value.clone()),
            (Self::Number, Value::Float(number)) if number.is_finite() => Some(value.clone()),
            (Self::Number, Value::Text(text)) => {
                let number: f64 = text.trim().parse().ok()?;
                number.is_finite().then_some(Value::Float(number))
            }
            (Self::Flag, Value::Bool(flag)) => Some(Value::Bool(*flag)),
            (Self::Flag, Value::Int(0)) => Some(Value::Bool(false)),
            (Self::Flag, Value::Int(1)) => Some(Value::Bool(true)),
            (Self::Flag, Value::Text(text)) => text.trim().parse().ok().map(Value::Bool),
            (Self::Cents, Value::Int(amount)) => {
                let unit = 10_i64.checked_pow(u32::try_from(currency.places()).ok()?)?;
                amount.checked_mul(unit).map(Value::Int)
            }
            _ => None,
        }
    }
}

/// Reads an amount that was sent as a number: what is no whole number of minor units, but for the last bits of a binary fraction, is none.
fn minor_units_of(amount: f64, currency: Currency) -> Result<Value, NotConverted> {
    if !amount.is_finite() || MAJOR_UNITS_MAX < amount.abs() {
        return Err(NotConverted::Type);
    }
    let minor = amount * currency.minor_units();
    let whole = libm::round(minor);
    // Of a thousand million the next number a float knows is a thousandth of the smallest minor unit there is away, and a hundred-thousandth
    // of a cent.
    let slack = 1e-6 * currency.minor_units();
    if slack < (minor - whole).abs() {
        return Err(NotConverted::Decimals);
    }
    #[expect(clippy::cast_possible_truncation, reason = "whole, and within ten million million")]
    let whole = whole as i64;
    Ok(Value::Int(whole))
}

/// Reads an amount by its digits: `12`, `12.3`, `-12.30`. Zeros behind the currency's decimals say nothing and are taken.
fn minor_units_in(text: &str, places: usize) -> Result<Value, NotConverted> {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    let is_digits = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !is_digits(whole) || !is_digits(part) || 10 < whole.len() {
        return Err(NotConverted::Type);
    }
    let part = part.trim_end_matches('0');
    if places < part.len() {
        return Err(NotConverted::Decimals);
    }
    let minor: i64 = format!("{whole}{part:0<places$}").parse().map_err(|_| NotConverted::Type)?;
    Ok(Value::Int(sign * minor))
}

/// A mapping from one shape to a newer one. Properties are named by path, as in a repair: `currency`, `products/*/sku`. What is not there is
/// passed over: an optional property may be missing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mapping {
    /// Properties that get another name in the same place; done first, and all at once. A name that is taken is a rejection.
    pub rename: BTreeMap<String, String>,
    /// Properties that are taken out; done second.
    pub remove: Vec<String>,
    /// Properties that get another type; done third.
    pub convert: BTreeMap<String, Conversion>,
    /// Properties that get a value where they have none; done fourth.
    pub default: BTreeMap<String, Value>,
    /// Properties that get a value whatever they had; done last.
    pub set: BTreeMap<String, Value>,
}

impl Mapping {
    /// Counts the properties it names.
    pub fn len(&self) -> usize {
        self.rename.len() + self.remove.len() + self.convert.len() + self.default.len() + self.set.len()
    }

    /// Tells whether it changes nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Lifts the properties of a message. Amounts are in `currency`.
    fn apply(
        &self,
        properties: BTreeMap<String, Value>,
        currency: Currency,
    ) -> Result<BTreeMap<String, Value>, Rejection> {
        let mut properties = Value::Map(properties);
        self.rename_in(&mut properties)?;
        for path in &self.remove {
            at(&mut properties, path, &mut |fields, last| drop(fields.remove(last)))?;
        }
        for (path, conversion) in &self.convert {
            let mut wrong = None;
            at(&mut properties, path, &mut |fields, last| match fields.get_mut(last) {
                None | Some(Value::Null) => {}
                Some(value) => match conversion.of(value, currency) {
                    Ok(converted) => *value = converted,
                    Err(why) => wrong = Some((why, value.type_name())),
                },
            })?;
            match wrong {
                None => {}
                Some((NotConverted::Type, found)) => {
                    return Err(Rejection::WrongType {
                        path: path.clone(),
                        wanted: conversion.wanted(),
                        found,
                    });
                }
                Some((NotConverted::Decimals, _)) => return Err(too_fine(path, currency)),
            }
        }
        for (path, value) in &self.default {
            at(&mut properties, path, &mut |fields, last| {
                let known = fields.entry(last.to_owned()).or_insert(Value::Null);
                if *known == Value::Null {
                    *known = value.clone();
                }
            })?;
        }
        for (path, value) in &self.set {
            at(&mut properties, path, &mut |fields, last| {
                drop(fields.insert(last.to_owned(), value.clone()))
            })?;
        }
        match properties {
            Value::Map(fields) => Ok(fields),
            _ => Ok(BTreeMap::new()),
        }
    }

    /// Renames as [`rename_all`] does.
    fn rename_in(&self, properties: &mut Value) -> Result<(), Rejection> {
        match rename_all(properties, &self.rename) {
            // A property that is not there may be an optional one.
            Ok(_missed) => Ok(()),
            Err(RenameError::NotInside(path)) => Err(leads_nowhere(&path)),
            Err(RenameError::Taken { path, target }) => Err(Rejection::BadValue {
                path: target,
                problem: format!("is there already, so `{path}` cannot be renamed to it"),
            }),
        }
    }
}

fn at(
    properties: &mut Value,
    path: &str,
    what: &mut impl FnMut(&mut BTreeMap<String, Value>, &str),
) -> Result<(), Rejection> {
    let changed = change(properties, path, &mut |fields, last| {
        what(fields, last);
        1
    });
    changed.map(drop).map_err(|PathError| leads_nowhere(path))
}

fn too_fine(path: &str, currency: Currency) -> Rejection {
    let problem = match currency.places() {
        0 => format!("has decimals, and amounts in {currency} have none"),
        places => format!("has more decimals than the {places} of {currency}"),
    };
    Rejection::BadValue { path: path.to_owned(), problem }
}

fn leads_nowhere(path: &str) -> Rejection {
    Rejection::BadValue {
        path: path.to_owned(),
        problem: "leads through something that is neither an object nor a list, so the message cannot be lifted to the newest revision"
            .to_owned(),
    }
}

/// What a shop declares of the shapes of one event.
#[derive(Clone, Debug, PartialEq)]
pub struct Shapes {
    /// The newest version its senders use.
    pub version: SchemaVersion,
    /// Mappings, by the shape they lift, each to a newer one.
    pub upcasts: BTreeMap<Shape, (Shape, Mapping)>,
}

impl Shapes {
    /// Lifts properties of the shape `from` as far as mappings lead. Tells the shape they have then. Amounts are in `currency`.
    pub(super) fn lift<'a>(
        &self,
        from: Shape,
        properties: &'a BTreeMap<String, Value>,
        currency: Currency,
    ) -> Result<(Shape, Cow<'a, BTreeMap<String, Value>>), Rejection> {
        let (mut shape, mut properties) = (from, Cow::Borrowed(properties));
        while let Some((to, mapping)) = self.upcasts.get(&shape) {
            // Mappings lead upwards, which the catalogue checks; one that does not ends here rather than never.
            if *to <= shape {
                break;
            }
            properties = Cow::Owned(mapping.apply(properties.into_owned(), currency)?);
            shape = *to;
        }
        Ok((shape, properties))
    }
}

#[cfg(test)]
mod tests;

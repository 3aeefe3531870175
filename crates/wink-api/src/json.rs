//! Reads JSON that nobody vouches for: no deeper, wider or longer than the limits below, and every key only once.
//!
//! A parser that takes the last of two equal keys lets a client say one thing to a gateway and another to Wink; a number that does not
//! fit would be stored as another number. Both are refused, with the place as a JSON pointer.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::de::{
    Deserialize, DeserializeOwned, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor,
};
use serde_path_to_error::{Path, Segment};
use wink_core::base::Value;

mod coordinates;
mod plain;
#[cfg(test)]
mod tests;

pub use coordinates::may_say_coordinates;
pub use plain::words as plain_words;

/// How many values may lie inside each other: what a shop sends needs fewer than ten, and every level costs stack.
pub const DEPTH_MAX: usize = 32;

/// How many keys one object may have.
pub const KEYS_MAX: usize = 512;

/// How many values one text may hold. The dearest, objects of one key, take seven bytes of JSON and some 640 in memory: of these, half
/// as many are about 20 MiB.
pub const VALUES_MAX: usize = 65_536;

/// Why a JSON text was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct JsonError {
    /// What kind of reason it is.
    pub code: JsonCode,
    /// Where, as a JSON pointer; empty for the text as a whole.
    pub pointer: String,
    /// What is wrong, for the client's developer.
    pub message: String,
}

/// What can be wrong with a JSON text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JsonCode {
    /// The bytes are not UTF-8, or an escape names half a character.
    NotUtf8,
    /// It is not JSON, or not to its end.
    Malformed,
    /// Values lie inside each other more than [`DEPTH_MAX`] times.
    TooDeep,
    /// An object has more than [`KEYS_MAX`] keys.
    TooManyKeys,
    /// The text holds more than [`VALUES_MAX`] values.
    TooManyValues,
    /// An object names a key twice.
    DuplicateKey,
    /// A key has a NUL character in it.
    KeyInvalid,
    /// A number is beyond 64 bits.
    NumberOutOfRange,
    /// It is JSON, but not what is expected there.
    Unexpected,
}

impl JsonCode {
    /// Spells it as problems do.
    pub fn name(self) -> &'static str {
        match self {
            Self::NotUtf8 => "json_not_utf8",
            Self::Malformed => "json_malformed",
            Self::TooDeep => "json_too_deep",
            Self::TooManyKeys => "json_too_many_keys",
            Self::TooManyValues => "json_too_many_values",
            Self::DuplicateKey => "json_duplicate_key",
            Self::KeyInvalid => "json_key_invalid",
            Self::NumberOutOfRange => "json_number_out_of_range",
            Self::Unexpected => "json_unexpected",
        }
    }
}

/// Reads a text as a core value.
///
/// # Errors
/// Says what is wrong and where.
pub fn value(bytes: &[u8]) -> Result<Value, JsonError> {
    parse(bytes)
}

/// Reads a text as `T`, after one look over it for what `T` would not notice.
///
/// # Errors
/// Says what is wrong and where.
pub fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, JsonError> {
    parse::<()>(bytes)?;
    // Following the path costs as much as reading; where nothing is wrong nobody asks for it.
    if let Ok(read) = serde_json::from_slice(bytes) {
        return Ok(read);
    }
    shaped(bytes)
}

/// Reads a text that is JSON, and says where it has another shape.
fn shaped<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, JsonError> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    serde_path_to_error::deserialize(&mut reader).map_err(|error| JsonError {
        code: JsonCode::Unexpected,
        pointer: pointer_of(error.path()),
        message: plain::words(&error.inner().to_string()),
    })
}

/// Reads a text as `T`, which notices all of that itself: a structure that takes no unknown fields, of texts, numbers and [`Fields`]. The look
/// over it is left out unless something is wrong.
///
/// # Errors
/// Says what is wrong and where.
pub fn read_at_once<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, JsonError> {
    serde_json::from_slice(bytes).or_else(|_| read(bytes))
}

/// Reads what holds the parts of a text together. The parts, kept raw, are read one by one later, so that one of them does not spoil
/// the others.
///
/// # Errors
/// Says what is wrong and where.
pub fn frame<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, JsonError> {
    serde_json::from_slice(bytes).or_else(|_| {
        // Where it is no JSON, the careful reader says better why; where it is, this is not the shape.
        parse::<()>(bytes)?;
        shaped(bytes)
    })
}

impl JsonError {
    /// Says what is wrong and where in one sentence, for an answer that has no place for a pointer.
    pub fn in_place(&self) -> String {
        match self.pointer.as_str() {
            "" => self.message.clone(),
            pointer => format!("{pointer}: {}", self.message),
        }
    }

    /// Says that a text is JSON, but not what is expected.
    pub(crate) fn unexpected(message: &str) -> Self {
        Self { code: JsonCode::Unexpected, pointer: String::new(), message: message.to_owned() }
    }
}

/// Joins the steps of a JSON pointer.
pub fn pointer<'a>(steps: impl IntoIterator<Item = &'a str>) -> String {
    steps.into_iter().map(|step| format!("/{}", step.replace('~', "~0").replace('/', "~1"))).collect()
}

fn pointer_of(path: &Path) -> String {
    let steps: Vec<String> = path
        .iter()
        .filter_map(|segment| match segment {
            Segment::Seq { index } => Some(index.to_string()),
            Segment::Map { key } => Some(key.clone()),
            Segment::Enum { variant } => Some(variant.clone()),
            Segment::Unknown => None,
        })
        .collect();
    pointer(steps.iter().map(String::as_str))
}

/// An object in a structure, read as core values under the limits of a text of its own.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fields(pub BTreeMap<String, Value>);

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // As deep as it lies in its structure at least.
        let mut reading = Reading { path: vec![Step::Index(0)], values: 0, refused: None };
        let part: Part<'_, '_, Value> = Part { reading: &mut reading, made: std::marker::PhantomData };
        match part.deserialize(deserializer)? {
            Value::Map(fields) => Ok(Self(fields)),
            _ => Err(serde::de::Error::custom("this is not an object")),
        }
    }
}

fn parse<M: Made>(bytes: &[u8]) -> Result<M, JsonError> {
    let text = std::str::from_utf8(bytes).map_err(|error| JsonError {
        code: JsonCode::NotUtf8,
        pointer: String::new(),
        message: format!("the text is not UTF-8 from byte {} on", error.valid_up_to()),
    })?;
    let mut reader = serde_json::Deserializer::from_str(text);
    let mut reading = Reading { path: Vec::new(), values: 0, refused: None };
    let read = Part { reading: &mut reading, made: std::marker::PhantomData }.deserialize(&mut reader);
    read.and_then(|made| reader.end().map(|()| made)).map_err(|error| reading.explain(&error))
}

/// What becomes of a text: a value, or nothing when it is only looked over.
trait Made: Sized {
    /// The fields of an object, as far as it was read.
    type Object<'de>: Object<'de, Self>;

    fn null() -> Self;
    fn bool(value: bool) -> Self;
    fn int(value: i64) -> Self;
    fn float(value: f64) -> Self;
    fn text(value: &str) -> Self;
    fn list(values: Vec<Self>) -> Self;
    fn map(object: Self::Object<'_>) -> Self;
}

/// The fields of an object, as far as it was read.
trait Object<'de, M>: Default {
    fn has(&self, key: &str) -> bool;
    fn len(&self) -> usize;
    fn take(&mut self, key: Cow<'de, str>, value: M);
}

impl Object<'_, Value> for BTreeMap<String, Value> {
    fn has(&self, key: &str) -> bool {
        self.contains_key(key)
    }

    fn len(&self) -> usize {
        self.len()
    }

    fn take(&mut self, key: Cow<'_, str>, value: Value) {
        self.insert(key.into_owned(), value);
    }
}

/// The keys of an object that is only looked over. Few are found fastest by comparing.
#[derive(Default)]
struct Keys<'de> {
    few: Vec<Cow<'de, str>>,
    more: BTreeSet<Cow<'de, str>>,
}

impl Keys<'_> {
    const FEW: usize = 16;
}

impl<'de> Object<'de, ()> for Keys<'de> {
    fn has(&self, key: &str) -> bool {
        self.few.iter().any(|known| known == key) || self.more.contains(key)
    }

    fn len(&self) -> usize {
        self.few.len() + self.more.len()
    }

    fn take(&mut self, key: Cow<'de, str>, (): ()) {
        if self.few.len() < Self::FEW {
            self.few.push(key);
        } else {
            self.more.insert(key);
        }
    }
}

impl Made for Value {
    type Object<'de> = BTreeMap<String, Self>;

    fn null() -> Self {
        Self::Null
    }

    fn bool(value: bool) -> Self {
        Self::Bool(value)
    }

    fn int(value: i64) -> Self {
        Self::Int(value)
    }

    fn float(value: f64) -> Self {
        Self::Float(value)
    }

    fn text(value: &str) -> Self {
        Self::Text(value.to_owned())
    }

    fn list(values: Vec<Self>) -> Self {
        Self::List(values)
    }

    fn map(fields: Self::Object<'_>) -> Self {
        Self::Map(fields)
    }
}

impl Made for () {
    type Object<'de> = Keys<'de>;

    fn null() {}
    fn bool(_: bool) {}
    fn int(_: i64) {}
    fn float(_: f64) {}
    fn text(_: &str) {}
    fn list(_: Vec<Self>) {}
    fn map(_: Keys<'_>) {}
}

/// How far reading has come, and why it stopped.
struct Reading<'de> {
    path: Vec<Step<'de>>,
    values: usize,
    refused: Option<(JsonCode, String)>,
}

enum Step<'de> {
    Key(Cow<'de, str>),
    Index(usize),
}

impl Reading<'_> {
    fn refuse<E: serde::de::Error>(&mut self, code: JsonCode, message: impl Into<String>) -> E {
        self.refused = Some((code, message.into()));
        E::custom("refused")
    }

    /// Says why reading stopped: for a reason of ours, or of the parser's, whose kinds can only be told by their words.
    fn explain(&mut self, error: &serde_json::Error) -> JsonError {
        let (code, message) = self.refused.take().unwrap_or_else(|| {
            let message = error.to_string();
            let code = if message.starts_with("number out of range") {
                JsonCode::NumberOutOfRange
            } else if message.contains("surrogate") || message.contains("hex escape") {
                JsonCode::NotUtf8
            } else {
                JsonCode::Malformed
            };
            (code, message)
        });
        let steps: Vec<String> = self.path.iter().map(Step::to_string).collect();
        JsonError { code, pointer: pointer(steps.iter().map(String::as_str)), message }
    }
}

impl fmt::Display for Step<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(key) => out.write_str(key),
            Self::Index(index) => index.fmt(out),
        }
    }
}

/// One value of the text. Visits it and what lies in it; the path is left as it is where something is refused.
struct Part<'a, 'de, M> {
    reading: &'a mut Reading<'de>,
    made: std::marker::PhantomData<M>,
}

impl<'de, M: Made> Part<'_, 'de, M> {
    fn inner(&mut self) -> Part<'_, 'de, M> {
        Part { reading: self.reading, made: std::marker::PhantomData }
    }

    /// Takes one level more.
    fn enter<E: serde::de::Error>(&mut self) -> Result<(), E> {
        if DEPTH_MAX <= self.reading.path.len() {
            let message = format!("values lie inside each other more than {DEPTH_MAX} times");
            return Err(self.reading.refuse(JsonCode::TooDeep, message));
        }
        Ok(())
    }

    /// Steps to a key that was not there before.
    fn step<E: serde::de::Error>(&mut self, fields: &M::Object<'de>, key: Cow<'de, str>) -> Result<(), E> {
        let (known, with_nul) = (fields.has(&key), key.contains('\0'));
        self.reading.path.push(Step::Key(key));
        if known {
            return Err(self.reading.refuse(JsonCode::DuplicateKey, "the key stands twice in its object"));
        }
        if with_nul {
            return Err(self.reading.refuse(JsonCode::KeyInvalid, "a key has no NUL character"));
        }
        if KEYS_MAX <= fields.len() {
            let message = format!("an object has at most {KEYS_MAX} keys");
            return Err(self.reading.refuse(JsonCode::TooManyKeys, message));
        }
        Ok(())
    }
}

impl<'de, M: Made> DeserializeSeed<'de> for Part<'_, 'de, M> {
    type Value = M;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<M, D::Error> {
        if VALUES_MAX <= self.reading.values {
            let message = format!("the text holds more than {VALUES_MAX} values; send less at once");
            return Err(self.reading.refuse(JsonCode::TooManyValues, message));
        }
        self.reading.values += 1;
        deserializer.deserialize_any(self)
    }
}

impl<'de, M: Made> Visitor<'de> for Part<'_, 'de, M> {
    type Value = M;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<M, E> {
        Ok(M::null())
    }

    fn visit_bool<E>(self, value: bool) -> Result<M, E> {
        Ok(M::bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<M, E> {
        Ok(M::int(value))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<M, E> {
        match i64::try_from(value) {
            Ok(value) => Ok(M::int(value)),
            Err(_) => Err(self.reading.refuse(JsonCode::NumberOutOfRange, OUT_OF_RANGE)),
        }
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<M, E> {
        // The parser makes floats of whole numbers that are too long: above this there is no telling them apart.
        if TWO_POW_63 <= value.abs() {
            return Err(self.reading.refuse(JsonCode::NumberOutOfRange, OUT_OF_RANGE));
        }
        // A minus before zero says nothing, and would make two equal values differ in their bytes.
        Ok(if value == 0.0 { M::int(0) } else { M::float(value) })
    }

    fn visit_str<E>(self, value: &str) -> Result<M, E> {
        Ok(M::text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut values: A) -> Result<M, A::Error> {
        self.enter()?;
        let mut made = Vec::new();
        loop {
            self.reading.path.push(Step::Index(made.len()));
            let Some(value) = values.next_element_seed(self.inner())? else { break };
            self.reading.path.pop();
            made.push(value);
        }
        self.reading.path.pop();
        Ok(M::list(made))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut fields: A) -> Result<M, A::Error> {
        self.enter()?;
        let mut made = M::Object::default();
        while let Some(key) = fields.next_key_seed(Key)? {
            self.step(&made, key)?;
            let value = fields.next_value_seed(self.inner())?;
            if let Some(Step::Key(key)) = self.reading.path.pop() {
                made.take(key, value);
            }
        }
        Ok(M::map(made))
    }
}

/// The key of a field, as it stands in the text where it is written without escapes.
struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Key {
    type Value = Cow<'de, str>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a key")
    }

    fn visit_borrowed_str<E>(self, key: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(key))
    }

    fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(key.to_owned()))
    }
}

/// The first number above all whole numbers of 64 bits.
const TWO_POW_63: f64 = 9_223_372_036_854_775_808.0;

const OUT_OF_RANGE: &str = "the number is beyond 64 bits; send long identifiers as text";

//! What an event says, field by field: names, types and numbers, never what identifies somebody.

use std::collections::BTreeMap;

use crate::base::{Cents, Value};
use crate::event::{Body, HouseholdChange, Line, Order, Schema};
use crate::profile::Kept;

/// Fields are followed into lists and objects this deep.
const DEPTH_MAX: usize = 3;

/// A name or a word of at most this many characters is shown, if it is plain.
const CHARACTERS_MAX: usize = 64;

/// A name with more digits than this may be somebody's number.
const DIGITS_MAX: usize = 4;

/// What stands for all names that are not plain, or beyond what is followed: an object's keys may be addresses.
pub(super) const OTHER: &str = "(other)";

/// What stands for a name that few people sent.
pub(super) const FEW: &str = "(few)";

/// Texts that are one of few words, by the event's schema: their words are counted. Of every other text it is known only that it is one. Campaigns
/// are not among them: a newsletter is another one every week, and nothing has changed.
const WORDS: [&str; 11] = [
    "brand",
    "category",
    "currency",
    "device_class",
    "list_id",
    "mechanism",
    "placement",
    "purpose",
    "state",
    "store_id",
    "zone",
];

/// The type of a value, as far as it matters to who reads it: 12 and 12.5 are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// True or false.
    Flag,
    /// A number.
    Number,
    /// Text.
    Text,
    /// Several values.
    List,
    /// Named values.
    Map,
    /// A fact about the person, of which only the name is kept outside the vault.
    Sealed,
}

impl Kind {
    /// Names it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Flag => "flag",
            Self::Number => "number",
            Self::Text => "text",
            Self::List => "list",
            Self::Map => "object",
            Self::Sealed => "sealed",
        }
    }
}

/// One field of one event.
pub(super) struct Seen<'a> {
    /// The object it is in: empty for the event itself, else the path with a `/` behind it.
    pub(super) parent: &'a str,
    pub(super) path: String,
    /// Whether the event's schema names it.
    pub(super) known: bool,
    pub(super) kind: Kind,
    pub(super) number: Option<f64>,
    pub(super) word: Option<&'a str>,
}

/// Who is told of what there is.
pub(super) trait Visitor {
    /// An object was met: the event itself, or one inside it.
    fn object(&mut self, path: &str);
    /// A field that is not null was met. Says whether it is to be looked into.
    fn field(&mut self, seen: Seen<'_>) -> bool;
    /// A field that is not null was met in an object whose name is not told.
    fn other(&mut self, parent: &str);
}

/// What an event says, in the words it was sent in.
pub(super) struct Said {
    fields: BTreeMap<String, Value>,
    /// Whether all of that was read typed, and so is named by the schema.
    is_typed: bool,
}

/// Tells of every field of an event. Of a list one entry is looked at, drawn by the event's id: entries of one event are alike, and counted as
/// if they were not they would make chance look like change.
pub(super) fn visit(kept: &Kept, said: &Said, schema: &Schema, visitor: &mut impl Visitor) {
    let bytes = kept.id.bytes();
    let drawn = bytes.iter().fold(0_usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(usize::from(*byte)));
    let is_sealed = matches!(kept.body, Body::Identify(_));
    // What is in the traits is named by whoever sent them.
    let mut walk = Walk { schema, drawn, is_typed: said.is_typed && !is_sealed, is_sealed, visitor };
    walk.visitor.object("");
    walk.fields("", &said.fields, 1);
    walk.is_typed = false;
    walk.fields("", &kept.extra, 1);
}

struct Walk<'a, V> {
    schema: &'a Schema,
    drawn: usize,
    /// Whether what is looked at was read typed, and so is known as a whole.
    is_typed: bool,
    is_sealed: bool,
    visitor: &'a mut V,
}

impl<V: Visitor> Walk<'_, V> {
    fn fields(&mut self, parent: &str, fields: &BTreeMap<String, Value>, depth: usize) {
        for (name, value) in fields {
            let Some(kind) = self.kind(value, parent) else { continue };
            if !is_plain_name(name) {
                self.visitor.other(parent);
                continue;
            }
            let is_named = self.schema.properties.iter().any(|known| known.name == name);
            let known = self.is_typed || (parent.is_empty() && is_named);
            let path = format!("{parent}{name}");
            let seen = Seen {
                parent,
                path: path.clone(),
                known,
                kind,
                number: number(value),
                word: word(name, value).filter(|_| known || parent == "products/*/"),
            };
            if self.visitor.field(seen) && depth < DEPTH_MAX {
                self.inside(&path, value, depth);
            }
        }
    }

    fn inside(&mut self, path: &str, value: &Value, depth: usize) {
        let (inner, path) = match value {
            Value::Map(fields) => (fields, format!("{path}/")),
            Value::List(entries) if !entries.is_empty() => match entries.get(self.drawn % entries.len()) {
                Some(Value::Map(fields)) => (fields, format!("{path}/*/")),
                _ => return,
            },
            _ => return,
        };
        self.visitor.object(&path);
        self.fields(&path, inner, depth + 1);
    }

    fn kind(&self, value: &Value, parent: &str) -> Option<Kind> {
        Some(match value {
            Value::Null if self.is_sealed && parent == "traits/" => Kind::Sealed,
            Value::Null => return None,
            Value::Bool(_) => Kind::Flag,
            Value::Int(_) | Value::Float(_) => Kind::Number,
            Value::Text(_) => Kind::Text,
            Value::List(_) => Kind::List,
            Value::Map(_) => Kind::Map,
        })
    }
}

#[expect(clippy::cast_precision_loss, reason = "put into buckets far wider than what is lost")]
fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Int(number) => Some(*number as f64),
        Value::Float(number) if number.is_finite() => Some(*number),
        _ => None,
    }
}

/// The word of a field that holds one of few; [`OTHER`] for one that is not plain. Ids of lists and stores are the shop's own, and may be numbers.
fn word<'a>(name: &str, value: &'a Value) -> Option<&'a str> {
    let word = value.as_text().filter(|_| WORDS.contains(&name))?;
    let is_shown = is_plain(word) && (name.ends_with("_id") || has_few_digits(word));
    Some(if is_shown { word } else { OTHER })
}

/// Tells whether the name of a field can be shown. One with a `/` would be taken for a path.
fn is_plain_name(name: &str) -> bool {
    is_plain(name) && has_few_digits(name) && !name.contains('/') && ![OTHER, FEW].contains(&name)
}

/// Tells whether a text is short, and of letters of any script, digits, and what stands between words: no address, no sign a screen obeys.
fn is_plain(text: &str) -> bool {
    let plain = |sign: char| sign.is_alphanumeric() || "_-.,:;$%&+'!/() ".contains(sign);
    !text.is_empty() && text.chars().count() <= CHARACTERS_MAX && text.chars().all(plain)
}

fn has_few_digits(text: &str) -> bool {
    text.chars().filter(|sign| sign.is_numeric()).count() <= DIGITS_MAX
}

/// Gives what a body says; `None` of what Wink writes itself. What was not sent and what was sent as its default are one in the journal: a reduction
/// of nought is taken for one that was not sent.
pub(super) fn said(body: &Body) -> Option<Said> {
    let text = |text: &str| Value::Text(text.to_owned());
    let said = match body {
        Body::OrderCompleted(order) => of_order(order),
        Body::CouponApplied(used) => fields([
            ("coupon_id", Some(text(&used.coupon_id))),
            ("campaign_id", used.campaign_id.as_deref().map(text)),
        ]),
        Body::Identify(attributes) => fields([("traits", Some(Value::Map(attributes.0.clone())))]),
        Body::ConsentUpdated(change) => fields([
            ("purpose", Some(text(&change.purpose))),
            ("state", Some(text(change.state.name()))),
            ("method", Some(text(&change.method))),
            ("mechanism", Some(text(change.mechanism.name()))),
            ("surface", change.surface.as_deref().map(text)),
            ("text_version", change.text_version.as_deref().map(text)),
            ("text_hash", change.text_hash.as_deref().map(text)),
            ("recorded_by", change.recorded_by.as_deref().map(text)),
        ]),
        Body::Exposed(exposure) => fields([("decision_id", Some(text(&exposure.decision.to_string())))]),
        Body::HouseholdChanged(change) => {
            let id = match change {
                HouseholdChange::Joined { household_id } => Some(household_id.as_str()),
                HouseholdChange::Left { household_id } => household_id.as_deref(),
            };
            fields([("household_id", id.map(text))])
        }
        Body::Observed(_) => return Some(Said { fields: BTreeMap::new(), is_typed: false }),
        Body::CouponIssued(_)
        | Body::RightGiven(_)
        | Body::CouponRedeemed(_)
        | Body::CouponReversed(_)
        | Body::Scored(_)
        | Body::ChannelScored(_) => return None,
    };
    Some(Said { fields: said, is_typed: true })
}

fn fields<const N: usize>(said: [(&str, Option<Value>); N]) -> BTreeMap<String, Value> {
    said.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

fn of_order(order: &Order) -> BTreeMap<String, Value> {
    let text = |text: &str| Value::Text(text.to_owned());
    let reduction = |cents: Cents| (cents != Cents::ZERO).then_some(Value::Int(cents.0));
    let line = |line: &Line| {
        Value::Map(fields([
            ("product_id", Some(text(&line.product_id))),
            ("category", line.category.as_deref().map(text)),
            ("quantity", Some(Value::Int(line.quantity))),
            ("total_cents", Some(Value::Int(line.paid.0))),
            ("discount_cents", reduction(line.discount)),
            ("coupon_discount_cents", reduction(line.coupon_discount)),
        ]))
    };
    fields([
        ("order_id", Some(text(&order.order_id))),
        ("store_id", order.store_id.as_deref().map(text)),
        ("products", Some(Value::List(order.lines.iter().map(line).collect()))),
    ])
}

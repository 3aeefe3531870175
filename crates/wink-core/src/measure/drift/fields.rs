//! What an event says, field by field: names, types and numbers, never what identifies somebody.

use std::collections::BTreeMap;

use crate::base::Value;
use crate::event::{Body, HouseholdChange, Line, Order, Schema};
use crate::profile::Kept;

/// Fields are followed into lists and objects this deep.
const DEPTH_MAX: usize = 3;

/// A name of at most this many bytes is shown, if it is plain.
const NAME_BYTES_MAX: usize = 64;

/// A name with more digits than this may be somebody's number.
const DIGITS_MAX: usize = 4;

/// What stands for all names that are not plain: an object's keys may be addresses.
pub(super) const OTHER: &str = "(other)";

/// Texts that are one of few words, by the event's schema: their words are counted. Of every other text it is known only that it is one.
const WORDS: [&str; 12] = [
    "brand",
    "campaign_id",
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
    /// Whether the schema names it.
    pub(super) known: bool,
    pub(super) kind: Kind,
    pub(super) number: Option<f64>,
    pub(super) word: Option<&'a str>,
}

/// Who is told of what there is.
pub(super) trait Visitor {
    /// An object was met: the event itself, or one inside it.
    fn object(&mut self, path: &str);
    /// A field that is not null was met in it.
    fn field(&mut self, seen: Seen<'_>);
}

/// Tells of every field of an event. Of a list one entry is looked at, drawn by the event's id: entries of one event are alike, and counted as
/// if they were not they would make chance look like change. Returns whether it is an event that senders send; Wink's own are passed over.
pub(super) fn visit(kept: &Kept, schema: &Schema, visitor: &mut impl Visitor) -> bool {
    let Some((said, is_typed)) = said(&kept.body) else { return false };
    let bytes = kept.id.bytes();
    let drawn = bytes.iter().fold(0_usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(usize::from(*byte)));
    let mut walk =
        Walk { schema, drawn, is_typed, is_sealed: matches!(kept.body, Body::Identify(_)), visitor };
    walk.visitor.object("");
    walk.fields("", &said, None, 1);
    walk.is_typed = false;
    walk.fields("", &kept.extra, None, 1);
    true
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
    /// `top` is the property of the event they are in.
    fn fields(&mut self, parent: &str, fields: &BTreeMap<String, Value>, top: Option<&str>, depth: usize) {
        for (name, value) in fields {
            let top = top.unwrap_or(name);
            let shown = if is_plain(name) { name.as_str() } else { OTHER };
            let named = self.schema.properties.iter().any(|known| known.name == top);
            let known = named && (parent.is_empty() || self.is_typed);
            let Some(kind) = self.kind(value, parent) else { continue };
            let word =
                value.as_text().filter(|_| WORDS.contains(&shown) && (known || parent == "products/*/"));
            let path = format!("{parent}{shown}");
            let seen = Seen { parent, path: path.clone(), known, kind, number: number(value), word };
            self.visitor.field(seen);
            if depth < DEPTH_MAX {
                self.inside(&path, value, top, depth);
            }
        }
    }

    fn inside(&mut self, path: &str, value: &Value, top: &str, depth: usize) {
        let (inner, path) = match value {
            Value::Map(fields) => (Some(fields), format!("{path}/")),
            Value::List(entries) if !entries.is_empty() => match entries.get(self.drawn % entries.len()) {
                Some(Value::Map(fields)) => (Some(fields), format!("{path}/*/")),
                _ => return,
            },
            _ => return,
        };
        if let Some(fields) = inner {
            self.visitor.object(&path);
            self.fields(&path, fields, Some(top), depth + 1);
        }
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

/// Tells whether a name or a word can be shown: short, of letters and a few digits, and so nobody's address or number.
pub(super) fn is_plain(name: &str) -> bool {
    let digits = name.bytes().filter(u8::is_ascii_digit).count();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.$ &/()".contains(&byte);
    !name.is_empty() && name.len() <= NAME_BYTES_MAX && digits <= DIGITS_MAX && name.bytes().all(plain)
}

/// Gives what a body says in the words it was sent in, and whether all of that was read typed. `None` of what Wink writes itself.
fn said(body: &Body) -> Option<(BTreeMap<String, Value>, bool)> {
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
        Body::Observed(_) => return Some((BTreeMap::new(), false)),
        Body::CouponIssued(_)
        | Body::RightGiven(_)
        | Body::CouponRedeemed(_)
        | Body::CouponReversed(_)
        | Body::Scored(_) => return None,
    };
    Some((said, true))
}

fn fields<const N: usize>(said: [(&str, Option<Value>); N]) -> BTreeMap<String, Value> {
    said.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

fn of_order(order: &Order) -> BTreeMap<String, Value> {
    let text = |text: &str| Value::Text(text.to_owned());
    let line = |line: &Line| {
        Value::Map(fields([
            ("product_id", Some(text(&line.product_id))),
            ("category", line.category.as_deref().map(text)),
            ("quantity", Some(Value::Int(line.quantity))),
            ("total_cents", Some(Value::Int(line.paid.0))),
            ("discount_cents", Some(Value::Int(line.discount.0))),
            ("coupon_discount_cents", Some(Value::Int(line.coupon_discount.0))),
        ]))
    };
    fields([
        ("order_id", Some(text(&order.order_id))),
        ("store_id", order.store_id.as_deref().map(text)),
        ("products", Some(Value::List(order.lines.iter().map(line).collect()))),
    ])
}

//! Finds what came nearest when an expression failed: the fact, what it was and what was wanted, as data.
//!
//! For `&&` it is the first part that fails; for `||` the alternative with the smallest gap relative to the numbers
//! compared, and the first one where gaps do not tell. Under `!` the roles change.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use super::super::Value;
use super::evaluate::{Scalar, order};
use super::node::{Comparison, Kind, Node, TextTest};
use super::{Expression, Fact, Facts};

/// What came nearest to making an expression hold.
#[derive(Clone, Debug, PartialEq)]
pub enum Miss {
    /// A fact that was compared with a value.
    Fact {
        /// The bytes of the source.
        at: Range<usize>,
        /// The slot of the fact.
        slot: usize,
        /// Its name.
        name: Arc<str>,
        /// Which of the shares, where the fact is shares.
        key: Option<Arc<str>>,
        /// What it was; `Null` if not known. A double without a fraction is an `Int`.
        found: Value,
        /// How it should have stood to `wanted`.
        relation: Relation,
        /// With what it was compared; a list for `OneOf` and `NoneOf`, `Null` for `Known` and `NotKnown`.
        wanted: Value,
    },
    /// A part of the source that is not a plain comparison of a fact.
    Part {
        /// The bytes of the source.
        at: Range<usize>,
        /// The part itself.
        text: String,
        /// What it should have been.
        wanted: bool,
    },
}

/// How a fact should have stood to a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Relation {
    /// The same.
    Equal,
    /// Another.
    NotEqual,
    /// Smaller.
    Less,
    /// Smaller or the same.
    AtMost,
    /// Greater.
    Greater,
    /// Greater or the same.
    AtLeast,
    /// In the list.
    OneOf,
    /// Not in the list.
    NoneOf,
    /// Begins with it.
    StartsWith,
    /// Does not begin with it.
    NotStartsWith,
    /// Ends with it.
    EndsWith,
    /// Does not end with it.
    NotEndsWith,
    /// Has it inside.
    Contains,
    /// Does not have it inside.
    NotContains,
    /// Known at all.
    Known,
    /// Not known.
    NotKnown,
}

impl Relation {
    /// Spells the need for it, to be followed by what was wanted: `needs at least`.
    pub fn need(self) -> &'static str {
        match self {
            Self::Equal => "needs",
            Self::NotEqual => "needs anything but",
            Self::Less => "needs less than",
            Self::AtMost => "needs at most",
            Self::Greater => "needs more than",
            Self::AtLeast => "needs at least",
            Self::OneOf => "needs one of",
            Self::NoneOf => "needs none of",
            Self::StartsWith => "needs to start with",
            Self::NotStartsWith => "needs not to start with",
            Self::EndsWith => "needs to end with",
            Self::NotEndsWith => "needs not to end with",
            Self::Contains => "needs to contain",
            Self::NotContains => "needs not to contain",
            Self::Known => "needs to be known",
            Self::NotKnown => "needs not to be known",
        }
    }

    fn of(comparison: Comparison) -> Self {
        match comparison {
            Comparison::Equal => Self::Equal,
            Comparison::NotEqual => Self::NotEqual,
            Comparison::Less => Self::Less,
            Comparison::AtMost => Self::AtMost,
            Comparison::Greater => Self::Greater,
            Comparison::AtLeast => Self::AtLeast,
        }
    }

    fn of_test(test: TextTest) -> Self {
        match test {
            TextTest::StartsWith => Self::StartsWith,
            TextTest::EndsWith => Self::EndsWith,
            TextTest::Contains => Self::Contains,
        }
    }

    fn opposite(self) -> Self {
        match self {
            Self::Equal => Self::NotEqual,
            Self::NotEqual => Self::Equal,
            Self::Less => Self::AtLeast,
            Self::AtMost => Self::Greater,
            Self::Greater => Self::AtMost,
            Self::AtLeast => Self::Less,
            Self::OneOf => Self::NoneOf,
            Self::NoneOf => Self::OneOf,
            Self::StartsWith => Self::NotStartsWith,
            Self::NotStartsWith => Self::StartsWith,
            Self::EndsWith => Self::NotEndsWith,
            Self::NotEndsWith => Self::EndsWith,
            Self::Contains => Self::NotContains,
            Self::NotContains => Self::Contains,
            Self::Known => Self::NotKnown,
            Self::NotKnown => Self::Known,
        }
    }
}

/// Finds the miss of an expression that was evaluated over the same `facts` and failed.
pub(super) fn find(expression: &Expression, facts: &(impl Facts + ?Sized)) -> Miss {
    Finder { expression, facts }.miss(&expression.root, true)
}

struct Finder<'a, F: Facts + ?Sized> {
    expression: &'a Expression,
    facts: &'a F,
}

impl<F: Facts + ?Sized> Finder<'_, F> {
    /// Says why `node` is not `wanted`.
    fn miss(&self, node: &Node, wanted: bool) -> Miss {
        match &node.kind {
            Kind::Not(part) => self.miss(part, !wanted),
            Kind::All(parts) if wanted => self.first(node, parts, wanted),
            Kind::Any(parts) if !wanted => self.first(node, parts, wanted),
            Kind::All(parts) | Kind::Any(parts) => self.nearest(node, parts, wanted),
            Kind::Choose(parts) => {
                let [condition, then, otherwise] = parts.as_ref();
                match condition.holds(self.facts) {
                    Ok(true) => self.miss(then, wanted),
                    Ok(false) => self.miss(otherwise, wanted),
                    Err(_) => self.part(node, wanted),
                }
            }
            _ => self.leaf(node, wanted).unwrap_or_else(|| self.part(node, wanted)),
        }
    }

    fn first(&self, node: &Node, parts: &[Node], wanted: bool) -> Miss {
        match parts.iter().find(|part| part.holds(self.facts) == Ok(!wanted)) {
            Some(part) => self.miss(part, wanted),
            None => self.part(node, wanted),
        }
    }

    fn nearest(&self, node: &Node, parts: &[Node], wanted: bool) -> Miss {
        let mut best: Option<(f64, Miss)> = None;
        for part in parts {
            let miss = self.miss(part, wanted);
            let gap = miss.gap();
            if best.as_ref().is_none_or(|(smallest, _)| gap < *smallest) {
                best = Some((gap, miss));
            }
        }
        best.map_or_else(|| self.part(node, wanted), |(_, miss)| miss)
    }

    fn leaf(&self, node: &Node, wanted: bool) -> Option<Miss> {
        let (fact, relation, value) = match &node.kind {
            Kind::Compare(comparison, sides) => {
                let [left, right] = sides.as_ref();
                let (fact, other, comparison) = if is_fact(left) {
                    (left, right, *comparison)
                } else {
                    (right, left, comparison.mirrored())
                };
                (fact, Relation::of(comparison), owned(other.value(self.facts).ok()?))
            }
            Kind::Among(part, constants) => {
                let list = constants.iter().map(|constant| owned(constant.scalar())).collect();
                (part.as_ref(), Relation::OneOf, Value::List(list))
            }
            Kind::Test(test, sides) => {
                let [text, part] = sides.as_ref();
                (text, Relation::of_test(*test), owned(part.value(self.facts).ok()?))
            }
            Kind::Fact { .. } => (node, Relation::Equal, Value::Bool(true)),
            Kind::Known { .. } => (node, Relation::Known, Value::Null),
            _ => return None,
        };
        let (slot, key, found) = self.found(fact)?;
        let (relation, value) = match (relation, value, wanted) {
            (relation, value, true) => (relation, value),
            // `x == true` reads better than `x != false`.
            (Relation::Equal, Value::Bool(value), false) => (Relation::Equal, Value::Bool(!value)),
            (Relation::NotEqual, value @ Value::Bool(_), false) => (Relation::Equal, value),
            (relation, value, false) => (relation.opposite(), value),
        };
        let name = self.expression.name_of(slot);
        Some(Miss::Fact { at: node.at.into(), slot, name, key, found, relation, wanted: value })
    }

    /// Reads the fact that a node is.
    fn found(&self, node: &Node) -> Option<(usize, Option<Arc<str>>, Value)> {
        match &node.kind {
            Kind::Fact { slot, .. } => Some((*slot, None, owned(node.value(self.facts).ok()?))),
            Kind::Share { slot, key } => {
                Some((*slot, Some(key.clone()), owned(node.value(self.facts).ok()?)))
            }
            Kind::Known { slot } => Some((*slot, None, self.known(*slot))),
            _ => None,
        }
    }

    fn known(&self, slot: usize) -> Value {
        match self.facts.fact(slot) {
            Some(Fact::Bool(value)) => Value::Bool(value),
            Some(Fact::Int(value)) => Value::Int(value),
            Some(Fact::Double(value)) if value.is_finite() => owned(Scalar::Double(value)),
            Some(Fact::Text(value)) => Value::Text(value.to_owned()),
            Some(Fact::Shares(_)) => Value::Map(std::collections::BTreeMap::new()),
            Some(Fact::Double(_)) | None => Value::Null,
        }
    }

    fn part(&self, node: &Node, wanted: bool) -> Miss {
        let at: Range<usize> = node.at.into();
        Miss::Part { text: self.expression.part(at.clone()).to_owned(), at, wanted }
    }
}

fn is_fact(node: &Node) -> bool {
    matches!(node.kind, Kind::Fact { .. } | Kind::Share { .. })
}

/// Copies a value; a double without a fraction becomes an `Int`, as `Value` has it.
fn owned(scalar: Scalar<'_>) -> Value {
    match scalar {
        Scalar::Bool(value) => Value::Bool(value),
        Scalar::Int(value) => Value::Int(value),
        Scalar::Text(value) => Value::Text(value.to_owned()),
        Scalar::Double(value) => {
            #[expect(clippy::cast_possible_truncation, reason = "compared with the original below")]
            let whole = value as i64;
            let is_whole = order(Scalar::Int(whole), scalar) == Some(std::cmp::Ordering::Equal);
            if is_whole { Value::Int(whole) } else { Value::Float(value) }
        }
    }
}

impl Miss {
    /// Tells how far off it was relative to the larger number; infinitely, where no numbers were compared.
    fn gap(&self) -> f64 {
        let Self::Fact { found, wanted, .. } = self else { return f64::INFINITY };
        let (Some(found), Some(wanted)) = (number(found), number(wanted)) else { return f64::INFINITY };
        let larger = found.abs().max(wanted.abs());
        if larger == 0.0 { 0.0 } else { (found - wanted).abs() / larger }
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        #[expect(clippy::cast_precision_loss, reason = "a gap is a rough measure")]
        Value::Int(value) => Some(*value as f64),
        Value::Float(value) => Some(*value),
        _ => None,
    }
}

/// Cuts the place off a name: `recency_days` of `feature.recency_days`.
pub(super) fn short(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

/// Prints plain English: `recency_days is 3, needs at least 14`.
impl fmt::Display for Miss {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Part { text, wanted: true, .. } => write!(out, "`{text}` does not hold"),
            Self::Part { text, wanted: false, .. } => write!(out, "`{text}` holds, needs not to"),
            Self::Fact { name, key, found, relation, wanted, .. } => {
                out.write_str(short(name))?;
                if let Some(key) = key {
                    write!(out, "[{key:?}]")?;
                }
                match relation {
                    Relation::Known => return out.write_str(" is not known, needs to be"),
                    Relation::NotKnown => return out.write_str(" is known, needs not to be"),
                    _ => {}
                }
                write!(out, " is {}, {} {}", Shown(found), relation.need(), Shown(wanted))
            }
        }
    }
}

/// A value as English text has it.
struct Shown<'a>(&'a Value);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::Null => out.write_str("not known"),
            Value::Bool(value) => write!(out, "{value}"),
            Value::Int(value) => write!(out, "{value}"),
            Value::Float(value) => {
                let text = format!("{value:.6}");
                out.write_str(text.trim_end_matches('0').trim_end_matches('.'))
            }
            Value::Text(value) => write!(out, "{value:?}"),
            Value::Map(_) => out.write_str("known"),
            Value::List(values) => {
                for (place, value) in values.iter().enumerate() {
                    let comma = if place == 0 { "" } else { ", " };
                    write!(out, "{comma}{}", Shown(value))?;
                }
                Ok(())
            }
        }
    }
}

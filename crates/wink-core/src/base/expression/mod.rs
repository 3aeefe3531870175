//! Small typed expressions in CEL syntax: no loops, no calls outwards, a cost known before anything runs.
//!
//! The parser is our own, so that every node knows its place in the source and everything is total and bounded by
//! construction: at most [`SOURCE_BYTES_MAX`] bytes, [`DEPTH_MAX`] levels and [`COST_MAX`] steps. The meaning is CEL's;
//! what CEL leaves to doubles is an error here: a division by zero or an overflow is never infinity.
//!
//! A fact may be not known (no consent, no data, too old). An expression that needs it does not hold; one that is decided
//! without it (`false && …`, `true || …`) is not disturbed.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

mod check;
mod evaluate;
mod formula;
mod keys;
mod lexer;
mod miss;
mod nearest;
mod node;
mod parser;

#[cfg(test)]
mod tests;

pub use evaluate::{Fault, Verdict};
pub use formula::Formula;
pub use miss::{Miss, Relation};
pub use nearest::nearest;

/// The longest source: a rule is read by people, and offsets fit 16 bits.
pub const SOURCE_BYTES_MAX: usize = 4_096;

/// The deepest nesting: far more than anybody reads, far less than a stack holds.
pub const DEPTH_MAX: usize = 32;

/// The highest static cost: some microseconds per evaluation at the very worst.
pub const COST_MAX: u32 = 1_000;

/// The type of a name or an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// `true` or `false`.
    Bool,
    /// A whole number.
    Int,
    /// A number.
    Double,
    /// Text.
    Text,
    /// Shares by name, read with `name["key"]`; a key that is not there is 0.0.
    Shares,
}

impl Type {
    /// Spells it as messages do.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Double => "double",
            Self::Text => "text",
            Self::Shares => "shares",
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

/// The names an expression may use; a name's slot is the order in which it was declared.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Declarations {
    names: Vec<(String, Type)>,
}

impl Declarations {
    /// Starts without names.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a dotted name; its slot is the number of names before it.
    pub fn declare(&mut self, name: &str, value_type: Type) {
        self.names.push((name.to_owned(), value_type));
    }

    /// Finds the slot and type of a name.
    pub fn find(&self, name: &str) -> Option<(usize, Type)> {
        let slot = self.names.iter().position(|(declared, _)| declared == name)?;
        self.names.get(slot).map(|(_, value_type)| (slot, *value_type))
    }

    /// Lists the names with their types, by slot.
    pub fn names(&self) -> impl Iterator<Item = (&str, Type)> {
        self.names.iter().map(|(name, value_type)| (name.as_str(), *value_type))
    }
}

/// What is known when an expression is evaluated.
pub trait Facts {
    /// Reads the fact declared at `slot`; `None` where it is not known (no consent, no data, too old).
    fn fact(&self, slot: usize) -> Option<Fact<'_>>;
}

/// A fact, lent for one evaluation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fact<'a> {
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number; one that is not finite counts as not known.
    Double(f64),
    /// Text.
    Text(&'a str),
    /// Shares by name.
    Shares(&'a BTreeMap<String, f64>),
}

impl Fact<'_> {
    /// Tells its type.
    pub fn value_type(&self) -> Type {
        match self {
            Self::Bool(_) => Type::Bool,
            Self::Int(_) => Type::Int,
            Self::Double(_) => Type::Double,
            Self::Text(_) => Type::Text,
            Self::Shares(_) => Type::Shares,
        }
    }
}

/// A compiled, type-checked boolean expression. Two are equal if their sources are.
#[derive(Clone)]
pub struct Expression {
    source: Arc<str>,
    root: node::Node,
    /// Ascending, parallel to `names`.
    reads: Vec<usize>,
    names: Vec<Arc<str>>,
    cost: u32,
}

impl Expression {
    /// Compiles `source`: parses it, checks its types against `declarations` and adds up what it can cost.
    ///
    /// # Errors
    /// Says where and why the source is not a boolean expression over the declared names within the limits.
    pub fn compile(source: &str, declarations: &Declarations) -> Result<Self, Problem> {
        let tree = parser::parse(source)?;
        let checked = check::check(&tree, declarations)?;
        Ok(Self {
            source: source.into(),
            root: checked.root,
            names: checked.names,
            reads: checked.reads,
            cost: checked.cost,
        })
    }

    /// Gives the source it was compiled from.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Tells how many steps an evaluation can take at most.
    pub fn cost(&self) -> u32 {
        self.cost
    }

    /// Lists the slots it reads, ascending.
    pub fn reads(&self) -> &[usize] {
        &self.reads
    }

    /// Names the fact of a slot it reads.
    fn name_of(&self, slot: usize) -> Arc<str> {
        let place = self.reads.binary_search(&slot).ok();
        place.and_then(|place| self.names.get(place)).cloned().unwrap_or_else(|| "?".into())
    }

    /// Cuts a part out of the source.
    fn part(&self, at: Range<usize>) -> &str {
        self.source.get(at).unwrap_or(&self.source)
    }
}

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Eq for Expression {}

impl fmt::Debug for Expression {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_tuple("Expression").field(&self.source).finish()
    }
}

/// Why a text is not a valid expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The bytes of the source it is about.
    pub at: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// What to write instead, where that can be said.
    pub fix: Option<String>,
}

impl Problem {
    fn new(at: impl Into<Range<usize>>, message: impl Into<String>) -> Self {
        Self { at: at.into(), message: message.into(), fix: None }
    }

    fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = Some(fix.into());
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.message)?;
        match &self.fix {
            Some(fix) => write!(out, " (fix: {fix})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Problem {}

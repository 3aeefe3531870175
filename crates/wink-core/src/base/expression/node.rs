//! What an expression is compiled to: a small tree whose names are slots. Made by `check` alone, so its types fit.

use std::ops::Range;
use std::sync::Arc;

use super::Type;

/// The bytes of the source a node stands for; 16 bits suffice, see `SOURCE_BYTES_MAX`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    start: u16,
    end: u16,
}

impl Span {
    /// Clamps, never wraps; the parser refuses a source for which that would matter.
    pub(super) fn new(start: usize, end: usize) -> Self {
        let short = |offset| u16::try_from(offset).unwrap_or(u16::MAX);
        Self { start: short(start), end: short(end) }
    }

    /// Reaches from here to the end of `last`.
    pub(super) fn to(self, last: Self) -> Self {
        Self { start: self.start, end: last.end }
    }
}

impl From<Span> for Range<usize> {
    fn from(span: Span) -> Self {
        usize::from(span.start)..usize::from(span.end)
    }
}

/// A node and its place in the source.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) at: Span,
    pub(super) kind: Kind,
}

/// What a node does.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    Constant(Constant),
    Fact { slot: usize, declared: Type },
    Share { slot: usize, key: Arc<str> },
    Known { slot: usize },
    Not(Box<Node>),
    All(Box<[Node]>),
    Any(Box<[Node]>),
    Choose(Box<[Node; 3]>),
    Compare(Comparison, Box<[Node; 2]>),
    Among(Box<Node>, Box<[Constant]>),
    Negate(Box<Node>),
    Calculate(Arithmetic, Box<[Node; 2]>),
    Size(Box<Node>),
    Test(TextTest, Box<[Node; 2]>),
}

/// A value known when the expression is compiled.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Constant {
    Bool(bool),
    Int(i64),
    Double(f64),
    Text(Arc<str>),
}

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    AtMost,
    Greater,
    AtLeast,
}

impl Comparison {
    /// Spells it.
    pub(super) fn symbol(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::Greater => ">",
            Self::AtLeast => ">=",
        }
    }

    /// Says the same with the sides exchanged.
    pub(super) fn mirrored(self) -> Self {
        match self {
            Self::Equal | Self::NotEqual => self,
            Self::Less => Self::Greater,
            Self::AtMost => Self::AtLeast,
            Self::Greater => Self::Less,
            Self::AtLeast => Self::AtMost,
        }
    }
}

/// An operation on two numbers of one type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

impl Arithmetic {
    /// Spells it.
    pub(super) fn symbol(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Remainder => "%",
        }
    }
}

/// A question about a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TextTest {
    StartsWith,
    EndsWith,
    Contains,
}

impl TextTest {
    /// Spells it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::StartsWith => "startsWith",
            Self::EndsWith => "endsWith",
            Self::Contains => "contains",
        }
    }
}

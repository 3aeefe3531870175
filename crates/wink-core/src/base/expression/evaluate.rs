//! Evaluates nodes over facts. Allocates nothing unless a rule fails and has to say why.
//!
//! `&&` and `||` are CEL's: a side that decides wins, whatever the other one is. Where nothing decides, not known comes
//! before a fault, and the leftmost before the others; all other operators stop at their first operand without a value.

use std::cmp::Ordering;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use super::miss::{self, Miss};
use super::node::{Arithmetic, Comparison, Constant, Kind, Node, Span, TextTest};
use super::{Expression, Fact, Facts, Type};

/// What an expression says about some facts.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// It holds.
    Holds,
    /// It does not, and this came nearest.
    Fails(Miss),
    /// It cannot be told without a fact that is not known. Treat it as "no".
    NotKnown {
        /// The slot of the fact.
        slot: usize,
        /// Its name.
        name: Arc<str>,
    },
    /// It cannot be told, as something cannot be calculated. Treat it as "no".
    Error(Fault),
}

impl Verdict {
    /// Tells whether the expression holds; everything else is "no".
    pub fn holds(&self) -> bool {
        matches!(self, Self::Holds)
    }
}

/// Prints why, in one line.
impl fmt::Display for Verdict {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Holds => out.write_str("holds"),
            Self::Fails(miss) => miss.fmt(out),
            Self::NotKnown { name, .. } => write!(out, "{} is not known", miss::short(name)),
            Self::Error(fault) => fault.fmt(out),
        }
    }
}

/// What could not be calculated, and where in the source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A divisor is zero.
    DivisionByZero {
        /// The bytes of the source.
        at: Range<usize>,
    },
    /// A result is outside what its type holds.
    Overflow {
        /// The bytes of the source.
        at: Range<usize>,
    },
    /// A fact is of another type than was declared.
    WrongType {
        /// The slot of the fact.
        slot: usize,
        /// What was declared.
        declared: Type,
        /// What it is.
        found: Type,
    },
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DivisionByZero { .. } => out.write_str("division by zero"),
            Self::Overflow { .. } => out.write_str("a result is too large"),
            Self::WrongType { declared, found, .. } => {
                write!(out, "a fact was declared {declared} and is {found}")
            }
        }
    }
}

impl Expression {
    /// Evaluates it over `facts`.
    pub fn evaluate(&self, facts: &(impl Facts + ?Sized)) -> Verdict {
        match self.root.holds(facts) {
            Ok(true) => Verdict::Holds,
            Ok(false) => Verdict::Fails(miss::find(self, facts)),
            Err(Stop::NotKnown { slot }) => Verdict::NotKnown { slot, name: self.name_of(slot) },
            Err(Stop::DivisionByZero { at }) => Verdict::Error(Fault::DivisionByZero { at: at.into() }),
            Err(Stop::Overflow { at }) => Verdict::Error(Fault::Overflow { at: at.into() }),
            Err(Stop::WrongType { slot, declared, found }) => {
                Verdict::Error(Fault::WrongType { slot, declared, found })
            }
        }
    }
}

impl Expression {
    /// Tells only whether it holds, for who asks about many people and shows no reasons.
    pub fn holds(&self, facts: &(impl Facts + ?Sized)) -> bool {
        self.root.holds(facts) == Ok(true)
    }
}

/// No facts, for constants.
pub(super) struct Nothing;

impl Facts for Nothing {
    fn fact(&self, _slot: usize) -> Option<Fact<'_>> {
        None
    }
}

/// A value of one node.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Scalar<'a> {
    Bool(bool),
    Int(i64),
    Double(f64),
    Text(&'a str),
}

/// Why a node has no value. Small, as every node returns one or none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Stop {
    NotKnown { slot: usize },
    DivisionByZero { at: Span },
    Overflow { at: Span },
    WrongType { slot: usize, declared: Type, found: Type },
}

impl Constant {
    pub(super) fn scalar(&self) -> Scalar<'_> {
        match self {
            Self::Bool(value) => Scalar::Bool(*value),
            Self::Int(value) => Scalar::Int(*value),
            Self::Double(value) => Scalar::Double(*value),
            Self::Text(value) => Scalar::Text(value),
        }
    }
}

impl Node {
    /// Evaluates a node that `check` found to be bool.
    pub(super) fn holds(&self, facts: &(impl Facts + ?Sized)) -> Result<bool, Stop> {
        match &self.kind {
            Kind::Known { slot } => Ok(facts.fact(*slot).is_some_and(is_finite)),
            Kind::Not(part) => Ok(!part.holds(facts)?),
            Kind::All(parts) => decide(parts, facts, false),
            Kind::Any(parts) => decide(parts, facts, true),
            Kind::Choose(parts) => {
                let [condition, then, otherwise] = parts.as_ref();
                if condition.holds(facts)? { then.holds(facts) } else { otherwise.holds(facts) }
            }
            Kind::Compare(comparison, sides) => {
                let [left, right] = sides.as_ref();
                // By far the most common question, a number against a bound, takes a short way to the same answer.
                if let Kind::Fact { slot, declared: Type::Double } = left.kind
                    && let Kind::Constant(Constant::Double(bound)) = right.kind
                    && let Some(Fact::Double(value)) = facts.fact(slot)
                    && value.is_finite()
                {
                    return Ok(comparison.accepts_doubles(value, bound));
                }
                let ordering = order(left.value(facts)?, right.value(facts)?);
                Ok(ordering.is_some_and(|ordering| comparison.accepts(ordering)))
            }
            Kind::Among(part, constants) => {
                let value = part.value(facts)?;
                Ok(constants.iter().any(|constant| order(value, constant.scalar()) == Some(Ordering::Equal)))
            }
            Kind::Test(test, sides) => {
                let [text, part] = sides.as_ref();
                match (text.value(facts)?, part.value(facts)?) {
                    (Scalar::Text(text), Scalar::Text(part)) => Ok(test.accepts(text, part)),
                    _ => Ok(false),
                }
            }
            Kind::Constant(_)
            | Kind::Fact { .. }
            | Kind::Share { .. }
            | Kind::Negate(_)
            | Kind::Calculate(..)
            | Kind::Size(_) => Ok(self.value(facts)? == Scalar::Bool(true)),
        }
    }

    /// Evaluates a node of any type; the leaves right here, as most operands are leaves.
    #[inline]
    pub(super) fn value<'a>(&'a self, facts: &'a (impl Facts + ?Sized)) -> Result<Scalar<'a>, Stop> {
        match &self.kind {
            Kind::Constant(constant) => Ok(constant.scalar()),
            Kind::Fact { slot, declared } => read(*slot, *declared, facts),
            _ => self.branch(facts),
        }
    }

    fn branch<'a>(&'a self, facts: &'a (impl Facts + ?Sized)) -> Result<Scalar<'a>, Stop> {
        match &self.kind {
            Kind::Share { slot, key } => match facts.fact(*slot) {
                Some(Fact::Shares(shares)) => {
                    let share = shares.get(key.as_ref()).copied().unwrap_or(0.0);
                    if share.is_finite() {
                        Ok(Scalar::Double(share))
                    } else {
                        Err(Stop::NotKnown { slot: *slot })
                    }
                }
                Some(other) => Err(wrong_type(*slot, Type::Shares, other)),
                None => Err(Stop::NotKnown { slot: *slot }),
            },
            Kind::Choose(parts) => {
                let [condition, then, otherwise] = parts.as_ref();
                if condition.holds(facts)? { then.value(facts) } else { otherwise.value(facts) }
            }
            Kind::Negate(part) => match part.value(facts)? {
                Scalar::Int(value) => value.checked_neg().map(Scalar::Int).ok_or_else(|| self.overflow()),
                Scalar::Double(value) => Ok(Scalar::Double(-value)),
                other => Ok(other),
            },
            Kind::Calculate(arithmetic, sides) => {
                let [left, right] = sides.as_ref();
                match (left.value(facts)?, right.value(facts)?) {
                    (Scalar::Int(left), Scalar::Int(right)) => self.int(*arithmetic, left, right),
                    (Scalar::Double(left), Scalar::Double(right)) => self.double(*arithmetic, left, right),
                    (other, _) => Ok(other),
                }
            }
            Kind::Size(part) => match part.value(facts)? {
                Scalar::Text(text) => {
                    Ok(Scalar::Int(i64::try_from(text.chars().count()).unwrap_or(i64::MAX)))
                }
                other => Ok(other),
            },
            Kind::Constant(constant) => Ok(constant.scalar()),
            Kind::Fact { slot, declared } => read(*slot, *declared, facts),
            Kind::Known { .. }
            | Kind::Not(_)
            | Kind::All(_)
            | Kind::Any(_)
            | Kind::Compare(..)
            | Kind::Among(..)
            | Kind::Test(..) => self.holds(facts).map(Scalar::Bool),
        }
    }

    fn int(&self, arithmetic: Arithmetic, left: i64, right: i64) -> Result<Scalar<'_>, Stop> {
        let divides = matches!(arithmetic, Arithmetic::Divide | Arithmetic::Remainder);
        if divides && right == 0 {
            return Err(Stop::DivisionByZero { at: self.at });
        }
        let result = match arithmetic {
            Arithmetic::Add => left.checked_add(right),
            Arithmetic::Subtract => left.checked_sub(right),
            Arithmetic::Multiply => left.checked_mul(right),
            Arithmetic::Divide => left.checked_div(right),
            Arithmetic::Remainder => left.checked_rem(right),
        };
        result.map(Scalar::Int).ok_or_else(|| self.overflow())
    }

    fn double(&self, arithmetic: Arithmetic, left: f64, right: f64) -> Result<Scalar<'_>, Stop> {
        let result = match arithmetic {
            Arithmetic::Add => left + right,
            Arithmetic::Subtract => left - right,
            Arithmetic::Multiply => left * right,
            Arithmetic::Divide | Arithmetic::Remainder => {
                if right == 0.0 {
                    return Err(Stop::DivisionByZero { at: self.at });
                }
                left / right
            }
        };
        if result.is_finite() { Ok(Scalar::Double(result)) } else { Err(self.overflow()) }
    }

    fn overflow(&self) -> Stop {
        Stop::Overflow { at: self.at }
    }
}

/// Looks for a part that is `deciding`; without one, the parts without a value have their say.
fn decide(parts: &[Node], facts: &(impl Facts + ?Sized), deciding: bool) -> Result<bool, Stop> {
    let mut stop = None;
    for part in parts {
        match part.holds(facts) {
            Ok(value) if value == deciding => return Ok(deciding),
            Ok(_) => {}
            Err(new) => {
                let is_unknown = |stop: &Stop| matches!(stop, Stop::NotKnown { .. });
                let comes_first = stop.as_ref().is_none_or(|stop| is_unknown(&new) && !is_unknown(stop));
                if comes_first {
                    stop = Some(new);
                }
            }
        }
    }
    match stop {
        Some(stop) => Err(stop),
        None => Ok(!deciding),
    }
}

#[inline]
fn read<'a>(slot: usize, declared: Type, facts: &'a (impl Facts + ?Sized)) -> Result<Scalar<'a>, Stop> {
    match (declared, facts.fact(slot)) {
        (_, None) => Err(Stop::NotKnown { slot }),
        (Type::Bool, Some(Fact::Bool(value))) => Ok(Scalar::Bool(value)),
        (Type::Int, Some(Fact::Int(value))) => Ok(Scalar::Int(value)),
        (Type::Double, Some(Fact::Double(value))) if value.is_finite() => Ok(Scalar::Double(value)),
        (Type::Double, Some(Fact::Double(_))) => Err(Stop::NotKnown { slot }),
        (Type::Text, Some(Fact::Text(value))) => Ok(Scalar::Text(value)),
        (declared, Some(found)) => Err(wrong_type(slot, declared, found)),
    }
}

fn wrong_type(slot: usize, declared: Type, found: Fact<'_>) -> Stop {
    Stop::WrongType { slot, declared, found: found.value_type() }
}

fn is_finite(fact: Fact<'_>) -> bool {
    !matches!(fact, Fact::Double(value) if !value.is_finite())
}

impl Comparison {
    #[inline]
    pub(super) fn accepts(self, ordering: Ordering) -> bool {
        match self {
            Self::Equal => ordering == Ordering::Equal,
            Self::NotEqual => ordering != Ordering::Equal,
            Self::Less => ordering == Ordering::Less,
            Self::AtMost => ordering != Ordering::Greater,
            Self::Greater => ordering == Ordering::Greater,
            Self::AtLeast => ordering != Ordering::Less,
        }
    }
}

impl Comparison {
    #[inline]
    fn accepts_doubles(self, left: f64, right: f64) -> bool {
        match self {
            Self::Equal => left == right,
            Self::NotEqual => left != right,
            Self::Less => left < right,
            Self::AtMost => left <= right,
            Self::Greater => left > right,
            Self::AtLeast => left >= right,
        }
    }
}

impl TextTest {
    fn accepts(self, text: &str, part: &str) -> bool {
        match self {
            Self::StartsWith => text.starts_with(part),
            Self::EndsWith => text.ends_with(part),
            Self::Contains => text.contains(part),
        }
    }
}

/// Orders two values of comparable types; `None` cannot occur after `check`.
#[inline]
pub(super) fn order(left: Scalar<'_>, right: Scalar<'_>) -> Option<Ordering> {
    match (left, right) {
        (Scalar::Bool(left), Scalar::Bool(right)) => Some(left.cmp(&right)),
        (Scalar::Int(left), Scalar::Int(right)) => Some(left.cmp(&right)),
        (Scalar::Double(left), Scalar::Double(right)) => left.partial_cmp(&right),
        (Scalar::Text(left), Scalar::Text(right)) => Some(left.cmp(right)),
        (Scalar::Int(left), Scalar::Double(right)) => Some(order_int_double(left, right)),
        (Scalar::Double(left), Scalar::Int(right)) => Some(order_int_double(right, left).reverse()),
        _ => None,
    }
}

/// Compares exactly: an int of more than 53 bits is not rounded first.
fn order_int_double(int: i64, double: f64) -> Ordering {
    // 2^63, the first double above every int.
    const ABOVE: f64 = 9_223_372_036_854_775_808.0;
    if ABOVE <= double {
        return Ordering::Less;
    }
    if double < -ABOVE {
        return Ordering::Greater;
    }
    let whole = double.trunc();
    #[expect(clippy::cast_possible_truncation, reason = "it is whole and lies within the ints")]
    let rounded = whole as i64;
    int.cmp(&rounded).then_with(|| 0.0_f64.partial_cmp(&(double - whole)).unwrap_or(Ordering::Equal))
}

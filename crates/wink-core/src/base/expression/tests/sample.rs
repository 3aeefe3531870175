//! Random well-typed expressions, with an evaluation of their own to compare with.

use proptest::prelude::*;

use super::*;

/// A well-typed expression, written down and evaluated by other means than the ones under test.
#[derive(Clone, Debug)]
pub(super) enum Sample {
    Literal(String, Outcome),
    Fact(usize),
    Share(&'static str),
    Has(usize),
    Not(Box<Sample>),
    Logic(&'static str, Box<Sample>, Box<Sample>),
    Choose(Box<Sample>, Box<Sample>, Box<Sample>),
    Compare(&'static str, Box<Sample>, Box<Sample>),
    Among(Box<Sample>, Vec<Sample>),
    Negate(Box<Sample>),
    Calculate(&'static str, Box<Sample>, Box<Sample>),
    Size(Box<Sample>),
    Test(&'static str, Box<Sample>, Box<Sample>),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Outcome {
    Bool(bool),
    Int(i64),
    Double(f64),
    Text(String),
    NotKnown(usize),
    Error,
}

impl Sample {
    /// Writes it with no more brackets than the grammar needs.
    pub(super) fn write(&self) -> String {
        let wrap = |sample: &Sample, weakest: u8| {
            let text = sample.write();
            if sample.power() < weakest { format!("({text})") } else { text }
        };
        let power = self.power();
        match self {
            Self::Literal(text, _) => text.clone(),
            Self::Fact(slot) => NAMES[*slot].0.to_owned(),
            Self::Share(key) => format!("feature.category_affinity[\"{key}\"]"),
            Self::Has(slot) => format!("has({})", NAMES[*slot].0),
            Self::Not(part) => format!("!{}", wrap(part, 8)),
            Self::Negate(part) => format!("-{}", wrap(part, 8)),
            Self::Logic(operator, left, right)
            | Self::Compare(operator, left, right)
            | Self::Calculate(operator, left, right) => {
                format!("{} {operator} {}", wrap(left, power), wrap(right, power + 1))
            }
            Self::Choose(condition, then, otherwise) => {
                format!("{} ? {} : {}", wrap(condition, 2), wrap(then, 2), wrap(otherwise, 1))
            }
            Self::Among(part, list) => {
                let list: Vec<String> = list.iter().map(Sample::write).collect();
                format!("{} in [{}]", wrap(part, power), list.join(", "))
            }
            Self::Size(part) => format!("size({})", part.write()),
            Self::Test(test, text, part) => format!("{}.{test}({})", wrap(text, 8), part.write()),
        }
    }

    fn power(&self) -> u8 {
        match self {
            Self::Choose(..) => 1,
            Self::Logic("||", ..) => 2,
            Self::Logic(..) => 3,
            Self::Compare(..) | Self::Among(..) => 4,
            Self::Calculate("+" | "-", ..) => 5,
            Self::Calculate(..) => 6,
            Self::Not(_) | Self::Negate(_) => 7,
            _ => 8,
        }
    }

    pub(super) fn evaluate(&self, facts: &Known) -> Outcome {
        use Outcome::{Bool, Double, Error, Int, NotKnown, Text};
        let strict = |parts: &[&Sample]| -> Result<Vec<Outcome>, Outcome> {
            let value = |part: &&Sample| match part.evaluate(facts) {
                stop @ (NotKnown(_) | Error) => Err(stop),
                value => Ok(value),
            };
            parts.iter().map(value).collect()
        };
        let values = match self {
            Self::Literal(_, value) => return value.clone(),
            Self::Fact(slot) => {
                return match &facts.0[*slot] {
                    None => NotKnown(*slot),
                    Some(Owned::Bool(value)) => Bool(*value),
                    Some(Owned::Int(value)) => Int(*value),
                    Some(Owned::Double(value)) => Double(*value),
                    Some(Owned::Text(value)) => Text(value.clone()),
                    Some(Owned::Shares(_)) => unreachable!(),
                };
            }
            Self::Share(key) => {
                return match &facts.0[2] {
                    Some(Owned::Shares(shares)) => Double(*shares.get(*key).unwrap_or(&0.0)),
                    _ => NotKnown(2),
                };
            }
            Self::Has(slot) => return Bool(facts.0[*slot].is_some()),
            Self::Choose(condition, then, otherwise) => {
                return match condition.evaluate(facts) {
                    Bool(true) => then.evaluate(facts),
                    Bool(false) => otherwise.evaluate(facts),
                    stop => stop,
                };
            }
            Self::Logic(operator, left, right) => {
                let deciding = Bool(*operator == "||");
                let sides = [left.evaluate(facts), right.evaluate(facts)];
                if sides.contains(&deciding) {
                    return deciding;
                }
                let unknown = sides.iter().find(|side| matches!(side, NotKnown(_)));
                let error = sides.iter().find(|side| **side == Error);
                return unknown.or(error).unwrap_or(&sides[0]).clone();
            }
            Self::Not(part) | Self::Negate(part) | Self::Size(part) | Self::Among(part, _) => strict(&[part]),
            Self::Compare(_, left, right) | Self::Calculate(_, left, right) | Self::Test(_, left, right) => {
                strict(&[left, right])
            }
        };
        let values = match values {
            Ok(values) => values,
            Err(stop) => return stop,
        };
        let less = |left: &Outcome, right: &Outcome| match (left, right) {
            (Int(left), Int(right)) => left < right,
            (Double(left), Double(right)) => left < right,
            (Int(left), Double(right)) => (*left as f64) < *right,
            (Double(left), Int(right)) => *left < *right as f64,
            (Text(left), Text(right)) => left < right,
            (Bool(left), Bool(right)) => left < right,
            _ => unreachable!(),
        };
        let same = |left: &Outcome, right: &Outcome| !less(left, right) && !less(right, left);
        match (self, values.as_slice()) {
            (Self::Not(_), [Bool(value)]) => Bool(!value),
            (Self::Negate(_), [Int(value)]) => value.checked_neg().map_or(Error, Int),
            (Self::Negate(_), [Double(value)]) => Double(-value),
            (Self::Size(_), [Text(text)]) => Int(text.chars().count() as i64),
            (Self::Among(_, list), [value]) => {
                Bool(list.iter().any(|item| same(&item.evaluate(facts), value)))
            }
            (Self::Test("startsWith", ..), [Text(text), Text(part)]) => Bool(text.starts_with(part.as_str())),
            (Self::Test("endsWith", ..), [Text(text), Text(part)]) => Bool(text.ends_with(part.as_str())),
            (Self::Test(..), [Text(text), Text(part)]) => Bool(text.contains(part.as_str())),
            (Self::Compare(operator, ..), [left, right]) => Bool(match *operator {
                "==" => same(left, right),
                "!=" => !same(left, right),
                "<" => less(left, right),
                "<=" => !less(right, left),
                ">" => less(right, left),
                _ => !less(left, right),
            }),
            (Self::Calculate(operator, ..), [Int(left), Int(right)]) => {
                let (left, right) = (i128::from(*left), i128::from(*right));
                let result = match *operator {
                    "+" => left + right,
                    "-" => left - right,
                    "*" => left * right,
                    _ if right == 0 => return Error,
                    "/" => left / right,
                    // As in CEL: where the quotient does not fit, there is no remainder either.
                    _ if i64::try_from(left / right).is_err() => return Error,
                    _ => left % right,
                };
                i64::try_from(result).map_or(Error, Int)
            }
            (Self::Calculate(operator, ..), [Double(left), Double(right)]) => {
                let result = match *operator {
                    "+" => left + right,
                    "-" => left - right,
                    "*" => left * right,
                    _ if *right == 0.0 => return Error,
                    _ => left / right,
                };
                if result.is_finite() { Double(result) } else { Error }
            }
            _ => unreachable!(),
        }
    }
}

fn boxed(sample: Sample) -> Box<Sample> {
    Box::new(sample)
}

fn ints() -> impl Strategy<Value = i64> {
    prop_oneof![8 => -5_i64..15, 1 => Just(i64::MAX), 1 => Just(i64::MIN)]
}

fn int_literal() -> BoxedStrategy<Sample> {
    ints().prop_map(|value| Sample::Literal(value.to_string(), Outcome::Int(value))).boxed()
}

fn double_literal() -> BoxedStrategy<Sample> {
    let literal = |quarters: u8| {
        let value = f64::from(quarters) / 4.0;
        Sample::Literal(format!("{value:?}"), Outcome::Double(value))
    };
    any::<u8>().prop_map(literal).boxed()
}

fn text_literal() -> BoxedStrategy<Sample> {
    let literal = |text: &str| Sample::Literal(format!("{text:?}"), Outcome::Text(text.to_owned()));
    prop::sample::select(vec!["", "w", "web", "till", "ä\"b", "a\\"]).prop_map(literal).boxed()
}

fn int(depth: u32) -> BoxedStrategy<Sample> {
    let leaf = prop_oneof![int_literal(), Just(Sample::Fact(4)), Just(Sample::Fact(5))];
    if depth == 0 {
        return leaf.boxed();
    }
    let operator = prop::sample::select(vec!["+", "-", "*", "/", "%"]);
    prop_oneof![
        2 => leaf,
        3 => (operator, int(depth - 1), int(depth - 1)).prop_map(|(o, l, r)| Sample::Calculate(o, boxed(l), boxed(r))),
        1 => int(depth - 1).prop_map(|part| Sample::Negate(boxed(part))),
        1 => text(0).prop_map(|part| Sample::Size(boxed(part))),
    ]
    .boxed()
}

fn double(depth: u32) -> BoxedStrategy<Sample> {
    let share = prop::sample::select(vec!["YOGURT", "CHEESE"]).prop_map(Sample::Share);
    let leaf = prop_oneof![double_literal(), Just(Sample::Fact(0)), Just(Sample::Fact(1)), share];
    if depth == 0 {
        return leaf.boxed();
    }
    let operator = prop::sample::select(vec!["+", "-", "*", "/"]);
    prop_oneof![
        2 => leaf,
        3 => (operator, double(depth - 1), double(depth - 1))
            .prop_map(|(o, l, r)| Sample::Calculate(o, boxed(l), boxed(r))),
        1 => double(depth - 1).prop_map(|part| Sample::Negate(boxed(part))),
    ]
    .boxed()
}

fn text(depth: u32) -> BoxedStrategy<Sample> {
    let leaf = prop_oneof![text_literal(), Just(Sample::Fact(3)), Just(Sample::Fact(7))];
    if depth == 0 {
        return leaf.boxed();
    }
    let choice =
        (bool(0), text(0), text(0)).prop_map(|(c, t, o)| Sample::Choose(boxed(c), boxed(t), boxed(o)));
    prop_oneof![3 => leaf, 1 => choice].boxed()
}

pub(super) fn bool(depth: u32) -> BoxedStrategy<Sample> {
    let literal = any::<bool>().prop_map(|value| Sample::Literal(value.to_string(), Outcome::Bool(value)));
    let known = prop::sample::select(vec![0_usize, 3, 4, 5, 6, 7]).prop_map(Sample::Has);
    let leaf = prop_oneof![1 => literal, 3 => Just(Sample::Fact(6)), 1 => known];
    if depth == 0 {
        return leaf.boxed();
    }
    let relation = || prop::sample::select(vec!["==", "!=", "<", "<=", ">", ">="]);
    let number = || prop_oneof![int(2), double(2)];
    let compare = |(o, l, r)| Sample::Compare(o, boxed(l), boxed(r));
    let test = prop::sample::select(vec!["startsWith", "endsWith", "contains"]);
    let numbers = prop::collection::vec(prop_oneof![int_literal(), double_literal()], 1..4);
    let texts = prop::collection::vec(text_literal(), 1..4);
    let among = |(part, list)| Sample::Among(boxed(part), list);
    prop_oneof![
        1 => leaf,
        4 => (prop::sample::select(vec!["&&", "||"]), bool(depth - 1), bool(depth - 1))
            .prop_map(|(o, l, r)| Sample::Logic(o, boxed(l), boxed(r))),
        1 => bool(depth - 1).prop_map(|part| Sample::Not(boxed(part))),
        1 => (bool(depth - 1), bool(depth - 1), bool(depth - 1))
            .prop_map(|(c, t, o)| Sample::Choose(boxed(c), boxed(t), boxed(o))),
        3 => (relation(), number(), number()).prop_map(compare),
        1 => (relation(), text(1), text(1)).prop_map(compare),
        1 => (number(), numbers).prop_map(among),
        1 => (text(1), texts).prop_map(among),
        1 => (test, text(1), text(0)).prop_map(|(t, l, r)| Sample::Test(t, boxed(l), boxed(r))),
    ]
    .boxed()
}

/// Facts of which any may be not known.
pub(super) fn some_facts() -> impl Strategy<Value = Known> {
    let text =
        || prop::sample::select(vec!["web", "till", "ä\"b"]).prop_map(|text| Owned::Text(text.to_owned()));
    let quarters = |value: u8| Owned::Double(f64::from(value) / 4.0);
    let shares = (0.0..1.0_f64, 0.0..1.0_f64).prop_map(|(a, b)| {
        Owned::Shares(BTreeMap::from([("YOGURT".to_owned(), a), ("CHEESE".to_owned(), b)]))
    });
    let known = (
        any::<u8>().prop_map(quarters),
        any::<u8>().prop_map(quarters),
        shares,
        text(),
        ints().prop_map(Owned::Int),
        ints().prop_map(Owned::Int),
        any::<bool>().prop_map(Owned::Bool),
        text(),
    );
    known.prop_map(|(a, b, c, d, e, f, g, h)| Known([a, b, c, d, e, f, g, h].map(Some).into()))
}

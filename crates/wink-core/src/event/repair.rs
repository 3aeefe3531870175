//! A message that was not accepted is repaired: properties renamed, set or taken out, or the event named as it should have been.
//!
//! Says what the message would be, and accepts nothing.

use std::collections::BTreeMap;

use super::rename::{RenameError, rename_all};
use super::{Envelope, Identity};
use crate::base::{Timestamp, Value};

/// A repair names at most this many properties: it mends a sender's mistake, it does not write the message anew.
const STEPS_MAX: usize = 100;

/// What is to be changed in a message. Properties are named as in the reason: `currency`, `products/0/total_cents`; `*` stands for
/// every line of a list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Repair {
    /// The event's name.
    pub event: Option<String>,
    /// The schema version.
    pub schema_version: Option<String>,
    /// The message id; for a message whose id was used for another one.
    pub message_id: Option<String>,
    /// Whose event it is.
    pub identities: Option<Vec<Identity>>,
    /// When it happened.
    pub occurred_at: Option<Timestamp>,
    /// Properties that get another name in the same place, by their path; done first, and all at once. A name that is taken is refused.
    pub rename: BTreeMap<String, String>,
    /// Properties that are taken out; done second.
    pub remove: Vec<String>,
    /// Properties that get a value; done last.
    pub set: BTreeMap<String, Value>,
}

/// Why a repair is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RepairError {
    /// The path names nothing in the message.
    #[error("there is no property `{0}` in the message")]
    NoSuchProperty(String),
    /// The path leads through something that holds no properties.
    #[error("`{0}` leads through something that is neither an object nor a list")]
    NotInside(String),
    /// A property would be written over another.
    #[error(
        "`{target}` is there already, so `{path}` cannot be renamed to it; take it out or rename it as well"
    )]
    Taken {
        /// What was to be renamed.
        path: String,
        /// What is in the way.
        target: String,
    },
    /// It names too much.
    #[error("a repair changes at most {STEPS_MAX} properties")]
    TooMany,
}

impl From<RenameError> for RepairError {
    fn from(error: RenameError) -> Self {
        match error {
            RenameError::NotInside(path) => Self::NotInside(path),
            RenameError::Taken { path, target } => Self::Taken { path, target },
        }
    }
}

impl Repair {
    /// Tells what the message is once it is repaired.
    ///
    /// # Errors
    /// Names the property that is not there, so that a mapping made for other messages does not quietly do nothing.
    pub fn apply(&self, envelope: &Envelope) -> Result<Envelope, RepairError> {
        if STEPS_MAX < self.rename.len() + self.remove.len() + self.set.len() {
            return Err(RepairError::TooMany);
        }
        let mut repaired = envelope.clone();
        repaired.event = self.event.clone().unwrap_or(repaired.event);
        repaired.schema_version = self.schema_version.clone().or(repaired.schema_version);
        repaired.message_id = self.message_id.clone().unwrap_or(repaired.message_id);
        repaired.identities = self.identities.clone().unwrap_or(repaired.identities);
        if let Some(occurred_at) = self.occurred_at {
            // Said by somebody who looked at it: the client's clock has no part in it any more.
            (repaired.original_at, repaired.sent_at) = (Some(occurred_at), None);
        }
        let mut properties = Value::Map(std::mem::take(&mut repaired.properties));
        let missed = rename_all(&mut properties, &self.rename)?;
        if let Some(path) = missed.first() {
            return Err(RepairError::NoSuchProperty((*path).to_owned()));
        }
        for path in &self.remove {
            let removed = change_or(&mut properties, path, &mut |fields, last| {
                usize::from(fields.remove(last).is_some())
            })?;
            found(removed, path)?;
        }
        for (path, value) in &self.set {
            let set = change_or(&mut properties, path, &mut |fields, last| {
                fields.insert(last.to_owned(), value.clone());
                1
            })?;
            found(set, path)?;
        }
        if let Value::Map(fields) = properties {
            repaired.properties = fields;
        }
        Ok(repaired)
    }
}

/// A path leads through something that holds no properties.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PathError;

fn change_or(
    value: &mut Value,
    path: &str,
    what: &mut impl FnMut(&mut BTreeMap<String, Value>, &str) -> usize,
) -> Result<usize, RepairError> {
    change(value, path, what).map_err(|PathError| RepairError::NotInside(path.to_owned()))
}

fn found(changed: usize, path: &str) -> Result<(), RepairError> {
    if changed == 0 { Err(RepairError::NoSuchProperty(path.to_owned())) } else { Ok(()) }
}

/// Walks to every object a path leads to, and changes the property its last part names. Tells how often that was done.
pub(super) fn change(
    value: &mut Value,
    path: &str,
    what: &mut impl FnMut(&mut BTreeMap<String, Value>, &str) -> usize,
) -> Result<usize, PathError> {
    let parts: Vec<&str> = path.split('/').collect();
    let (last, parents) = parts.split_last().unwrap_or((&"", &[]));
    walk(value, parents, &mut |fields| what(fields, last)).ok_or(PathError)
}

/// `None` where the path leads through something that holds nothing.
fn walk(
    value: &mut Value,
    parents: &[&str],
    what: &mut impl FnMut(&mut BTreeMap<String, Value>) -> usize,
) -> Option<usize> {
    let Some((part, rest)) = parents.split_first() else {
        let Value::Map(fields) = value else { return None };
        return Some(what(fields));
    };
    match value {
        Value::Map(fields) => fields.get_mut(*part).map_or(Some(0), |inner| walk(inner, rest, what)),
        Value::List(values) => {
            let index = part.parse::<usize>().ok();
            let mut changed = 0;
            for (place, inner) in values.iter_mut().enumerate() {
                if *part == "*" || index == Some(place) {
                    changed += walk(inner, rest, what)?;
                }
            }
            Some(changed)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    fn map(fields: &[(&str, Value)]) -> Value {
        Value::Map(fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
    }

    fn message() -> Envelope {
        let line = |cents| map(&[("sku", text("p-1")), ("price", Value::Int(cents))]);
        let Value::Map(properties) =
            map(&[("id", text("o-1")), ("products", Value::List(vec![line(100), line(200)]))])
        else {
            panic!("a map")
        };
        Envelope {
            source: "shop".to_owned(),
            message_id: "m-1".to_owned(),
            event: "Order Done".to_owned(),
            schema_version: None,
            identities: Vec::new(),
            original_at: None,
            sent_at: Some(Timestamp(5)),
            properties,
        }
    }

    fn renames(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned())).collect()
    }

    #[test]
    fn a_repair_renames_takes_out_and_sets_in_every_line() {
        let repair = Repair {
            event: Some("Order Completed".to_owned()),
            occurred_at: Some(Timestamp(3)),
            rename: renames(&[
                ("id", "order_id"),
                ("products/*/sku", "product_id"),
                ("products/*/price", "total_cents"),
            ]),
            remove: vec!["products/1/total_cents".to_owned()],
            set: BTreeMap::from([("products/1/total_cents".to_owned(), Value::Int(7))]),
            ..Repair::default()
        };
        let repaired = repair.apply(&message()).unwrap();
        let line = |cents| map(&[("product_id", text("p-1")), ("total_cents", Value::Int(cents))]);
        assert_eq!(repaired.properties["products"], Value::List(vec![line(100), line(7)]));
        assert_eq!(repaired.properties["order_id"], text("o-1"));
        assert_eq!((repaired.event.as_str(), repaired.message_id.as_str()), ("Order Completed", "m-1"));
        assert_eq!((repaired.original_at, repaired.sent_at), (Some(Timestamp(3)), None));
    }

    fn renamed(pairs: &[(&str, &str)]) -> Result<BTreeMap<String, Value>, RepairError> {
        let repair = Repair { rename: renames(pairs), ..Repair::default() };
        let mut envelope = message();
        envelope.properties = BTreeMap::from([
            ("a".to_owned(), Value::Int(1)),
            ("b".to_owned(), Value::Int(2)),
            ("lines".to_owned(), Value::List(vec![map(&[("a", Value::Int(3)), ("b", Value::Int(4))])])),
        ]);
        repair.apply(&envelope).map(|repaired| repaired.properties)
    }

    #[test]
    fn a_repair_renames_all_at_once_and_writes_nothing_over_another() {
        let swapped = renamed(&[("a", "b"), ("b", "a")]).unwrap();
        assert_eq!((&swapped["a"], &swapped["b"]), (&Value::Int(2), &Value::Int(1)));
        let chained = renamed(&[("a", "b"), ("b", "c")]).unwrap();
        assert_eq!((&chained["b"], &chained["c"]), (&Value::Int(1), &Value::Int(2)));
        assert!(!chained.contains_key("a"));
        // A path is one of the message as it was sent, also where its list gets another name.
        let inside = renamed(&[("lines", "products"), ("lines/*/a", "b"), ("lines/*/b", "a")]).unwrap();
        assert_eq!(inside["products"], Value::List(vec![map(&[("a", Value::Int(4)), ("b", Value::Int(3))])]));

        let taken = |path: &str, target: &str| RepairError::Taken {
            path: path.to_owned(),
            target: target.to_owned(),
        };
        assert_eq!(renamed(&[("a", "b")]), Err(taken("a", "b")));
        assert_eq!(renamed(&[("a", "c"), ("b", "c")]), Err(taken("b", "c")));
        assert_eq!(renamed(&[("lines/0/a", "b")]), Err(taken("lines/0/a", "lines/0/b")));
        let missing = RepairError::NoSuchProperty("z".to_owned());
        assert_eq!(renamed(&[("a", "c"), ("z", "y")]), Err(missing));
    }

    #[test]
    fn a_repair_that_finds_nothing_to_do_says_so() {
        let check = |repair: Repair, expected: RepairError| {
            assert_eq!(repair.apply(&message()), Err(expected));
        };
        let nothing = "products/9/sku".to_owned();
        check(
            Repair { rename: renames(&[("products/9/sku", "x")]), ..Repair::default() },
            RepairError::NoSuchProperty(nothing.clone()),
        );
        check(
            Repair { set: BTreeMap::from([(nothing.clone(), Value::Null)]), ..Repair::default() },
            RepairError::NoSuchProperty(nothing),
        );
        check(
            Repair { remove: vec!["id/x".to_owned()], ..Repair::default() },
            RepairError::NotInside("id/x".to_owned()),
        );
        let many = (0..101).map(|number| (number.to_string(), Value::Null)).collect();
        check(Repair { set: many, ..Repair::default() }, RepairError::TooMany);
    }
}

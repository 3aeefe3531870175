//! Properties get other names, as an upcast or a repair says: all at once, and never one over another.

use std::collections::BTreeMap;

use super::repair::{PathError, change};
use crate::base::Value;

/// Why properties cannot be renamed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum RenameError {
    /// The path leads through something that holds no properties.
    NotInside(String),
    /// Where the path leads there is a property of the new name already.
    Taken {
        /// What was to be renamed.
        path: String,
        /// What is in the way.
        target: String,
    },
}

/// Renames, the deepest first, so that every path is one of the message as it was sent. Of one depth all values are taken out before any is
/// put back: in which order they are listed does not matter, and none is written over another. Tells the paths that named nothing.
///
/// # Errors
/// If a path leads nowhere or a name is taken. The properties are half changed then.
pub(super) fn rename_all<'a>(
    properties: &mut Value,
    names: &'a BTreeMap<String, String>,
) -> Result<Vec<&'a str>, RenameError> {
    let mut by_depth: BTreeMap<usize, Vec<(&String, &String)>> = BTreeMap::new();
    for (path, name) in names {
        by_depth.entry(path.split('/').count()).or_default().push((path, name));
    }
    let mut missed = Vec::new();
    for renamed in by_depth.into_values().rev() {
        let mut moving = Vec::new();
        for (path, name) in renamed {
            // One for every object the path leads to, in an order that taking out does not change: it changes nothing on the way there.
            let mut taken = Vec::new();
            at(properties, path, &mut |fields, last| taken.push(fields.remove(last)))?;
            if taken.iter().all(Option::is_none) {
                missed.push(path.as_str());
            }
            moving.push((path, name, taken));
        }
        for (path, name, taken) in moving {
            let mut taken = taken.into_iter();
            let mut is_free = true;
            at(properties, path, &mut |fields, _| {
                if let Some(value) = taken.next().flatten() {
                    is_free &= put(fields, name, value);
                }
            })?;
            if !is_free {
                let target = path.rsplit_once('/').map(|(parent, _)| format!("{parent}/{name}"));
                let target = target.unwrap_or_else(|| name.clone());
                return Err(RenameError::Taken { path: path.clone(), target });
            }
        }
    }
    missed.sort_unstable();
    Ok(missed)
}

/// Puts a value under another name; refuses where that would lose one. What is null is none.
fn put(fields: &mut BTreeMap<String, Value>, name: &str, value: Value) -> bool {
    match fields.get(name) {
        None | Some(Value::Null) => drop(fields.insert(name.to_owned(), value)),
        Some(_) => return value == Value::Null,
    }
    true
}

fn at(
    properties: &mut Value,
    path: &str,
    what: &mut impl FnMut(&mut BTreeMap<String, Value>, &str),
) -> Result<(), RenameError> {
    let changed = change(properties, path, &mut |fields, last| {
        what(fields, last);
        1
    });
    changed.map(drop).map_err(|PathError| RenameError::NotInside(path.to_owned()))
}

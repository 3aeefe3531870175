//! `schemas.toml`: the newest shape the shop's senders use for an event, and how older ones are lifted to it.

use std::collections::{BTreeMap, BTreeSet};

use wink_core::base::Value;
use wink_core::event::{Conversion, Mapping, SchemaVersion, Schemas, Shape, Shapes, UPCAST_STEPS_MAX};

use super::entry::{Entry, Section, list};
use super::file::File;

/// The keys of a schema, in the order in which they are written.
const KEYS: &[&str] = &["event", "version", "upcasts"];

/// The keys of an upcast, in the order in which it is done.
const UPCAST_KEYS: &[&str] = &["from", "to", "rename", "remove", "convert", "default", "set"];

/// Reads the file. What is wrong is reported there.
pub(super) fn read(file: &File<'_>) -> Schemas {
    let schemas = Schemas::built_in();
    let Some(document) = super::campaign::document(file) else { return schemas };
    let root = Section::root(file, document.as_table());
    root.only(&["schemas"]);
    let sections = root.optional("schemas").and_then(|entry| entry.sections("[[schemas]]"));
    let mut declared = BTreeMap::new();
    for section in sections.unwrap_or_default() {
        let Some((event, shapes)) = schema(&section, &schemas) else { continue };
        if declared.insert(event.clone(), shapes).is_some() {
            let message = format!("there is a schema of `{event}` already");
            file.report(section.at(), message, Some("write all of it into one".to_owned()));
        }
    }
    schemas.declaring(declared)
}

fn schema(section: &Section<'_>, schemas: &Schemas) -> Option<(String, Shapes)> {
    section.only(KEYS);
    let event = section.required("event").and_then(|entry| {
        let name = entry.text()?;
        if schemas.events().any(|known| known == name) {
            return Some(name.to_owned());
        }
        let fix = wink_core::base::expression::nearest(name, schemas.events());
        entry.refuse(format!("there is no event `{name}`"), fix.map(|meant| format!("write `{meant}`")))
    });
    let version = section.required("version").and_then(|entry| {
        let text = entry.text()?;
        let known = SchemaVersion::parse(text).ok();
        known.or_else(|| {
            entry.refuse(format!("`{text}` is no version"), Some("write it like `1-2-0`".to_owned()))
        })
    });
    let newest = version.map(Shape::from);
    let mut upcasts = BTreeMap::new();
    let sections = section.optional("upcasts").and_then(|entry| entry.sections("[[schemas.upcasts]]"));
    for upcast in sections.unwrap_or_default() {
        // Who may say how somebody consented is checked of what was sent, before anything is lifted.
        if event.as_deref().is_some_and(Schemas::is_of_consent) {
            let message =
                "a word about consent is taken as it was sent and never lifted: its proof is what was said";
            upcast.file().report(
                upcast.at(),
                message.to_owned(),
                Some("let the sender send the newest shape".to_owned()),
            );
            continue;
        }
        let Some((from, to, mapping)) = read_upcast(&upcast, newest) else { continue };
        if upcasts.insert(from, (to, mapping)).is_some() {
            let message = format!("there is an upcast from {from} already");
            upcast.file().report(upcast.at(), message, Some("lift each shape by one".to_owned()));
        }
    }
    Some((event?, Shapes { version: version?, upcasts }))
}

fn read_upcast(section: &Section<'_>, newest: Option<Shape>) -> Option<(Shape, Shape, Mapping)> {
    section.only(UPCAST_KEYS);
    let shape = |name| {
        let entry = section.required(name)?;
        let text = entry.text()?;
        let fix = || Some("write model and revision, like `1-0`".to_owned());
        let shape = Shape::parse(text).or_else(|| entry.refuse(format!("`{text}` is no shape"), fix()))?;
        Some((entry, shape))
    };
    let (from, to) = (shape("from"), shape("to"));
    let mapping = Mapping {
        rename: texts(section, "rename"),
        remove: section
            .optional("remove")
            .and_then(|entry| entry.texts())
            .unwrap_or_default()
            .into_iter()
            .map(|(path, _)| path.to_owned())
            .collect(),
        convert: conversions(section),
        default: values(section, "default"),
        set: values(section, "set"),
    };
    if UPCAST_STEPS_MAX < mapping.len() {
        let message = format!("an upcast changes at most {UPCAST_STEPS_MAX} properties");
        section.file().report(section.at(), message, None);
        return None;
    }
    let ((_, from), (entry, to)) = (from?, to?);
    if to <= from {
        return entry.refuse(format!("{to} is not newer than {from}"), Some("lift upwards".to_owned()));
    }
    if newest.is_some_and(|newest| newest < to) {
        let fix = Some("write the newest shape as `version`".to_owned());
        return entry.refuse(format!("{to} is newer than the newest"), fix);
    }
    Some((from, to, mapping))
}

/// Reads a table of paths with something each; what stands for no property is reported.
fn each<'a, T>(
    section: &Section<'a>,
    name: &'static str,
    read: impl Fn(&Entry<'a>) -> Option<T>,
) -> BTreeMap<String, T> {
    let table = section.optional(name).and_then(|entry| entry.section("[[schemas.upcasts]]"));
    let Some(table) = table else { return BTreeMap::new() };
    let mut all = BTreeMap::new();
    for (entry, _) in table.entries() {
        if entry.name.split('/').any(str::is_empty) {
            entry.refuse::<()>(format!("`{}` is no property", entry.name), None);
            continue;
        }
        if let Some(value) = read(&entry) {
            all.insert(entry.name.clone(), value);
        }
    }
    all
}

fn texts(section: &Section<'_>, name: &'static str) -> BTreeMap<String, String> {
    let names = each(section, name, |entry| {
        let text = entry.text()?;
        let fix = || Some("write the last part of its path only".to_owned());
        if text.contains('/') {
            return entry.refuse(format!("`{text}` lies in another place"), fix());
        }
        Some(text.to_owned())
    });
    let mut taken = BTreeSet::new();
    for (path, new) in &names {
        let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
        if !taken.insert((parent, new)) {
            let message = format!("two properties are renamed to `{new}`");
            section.file().report(section.at(), message, Some("rename one of them".to_owned()));
        }
    }
    // What names too much is refused as a whole.
    if names.len() <= UPCAST_STEPS_MAX {
        for message in tangled(&names) {
            let fix = "let another upcast do it, after this one".to_owned();
            section.file().report(section.at(), message, Some(fix));
        }
    }
    names
}

/// Says which renames get in each other's way, so that whoever reads the file could not tell what becomes of a message.
fn tangled(names: &BTreeMap<String, String>) -> Vec<String> {
    let mut all = Vec::new();
    for (path, new) in names {
        let target =
            path.rsplit_once('/').map_or_else(|| new.clone(), |(parent, _)| format!("{parent}/{new}"));
        for other in names.keys() {
            if leads_to(other, &target) && depth(other) == depth(&target) {
                all.push(format!("`{path}` is renamed to `{new}`, and `{other}` is renamed too"));
            } else if depth(path) < depth(other) && (leads_to(path, other) || leads_to(&target, other)) {
                all.push(format!("`{other}` is renamed, and `{path}` above it too"));
            }
        }
    }
    all
}

fn depth(path: &str) -> usize {
    path.split('/').count()
}

/// Tells whether one path can lead to what another leads to, or to what is above it.
fn leads_to(path: &str, other: &str) -> bool {
    let is_same = |(one, other): (&str, &str)| one == other || one == "*" || other == "*";
    depth(path) <= depth(other) && path.split('/').zip(other.split('/')).all(is_same)
}

fn conversions(section: &Section<'_>) -> BTreeMap<String, Conversion> {
    each(section, "convert", |entry| {
        let text = entry.text()?;
        let fix = || Some(format!("use {}", list(&Conversion::ALL.map(Conversion::name))));
        Conversion::parse(text).or_else(|| entry.refuse(format!("`{text}` is none of them"), fix()))
    })
}

fn values(section: &Section<'_>, name: &'static str) -> BTreeMap<String, Value> {
    each(section, name, Entry::scalar)
}

#[cfg(test)]
mod tests;

//! `segments.toml`: sets of people by a rule over their features.

use std::collections::BTreeSet;

use wink_core::base::SegmentId;
use wink_core::feature::{Catalogue, Rule, Segment, Segments};
use wink_core::profile::Purpose;

use super::entry::{Section, list};
use super::file::File;
use super::literal;

/// At most this many: everybody is held against all of them whenever something of them comes in.
const SEGMENTS_MAX: usize = 100;

/// What stands in addresses in the place of a segment's id.
const TAKEN: [&str; 2] = ["overlap", "preview"];

/// What a segment says, in the order in which it is written.
pub(super) const KEYS: &[&str] = &["id", "title", "rule", "purpose"];

/// Reads the file. What is wrong is reported there.
pub(super) fn read(file: &File<'_>, features: &Catalogue) -> Segments {
    let Some(document) = super::campaign::document(file) else { return Segments::default() };
    let root = Section::root(file, document.as_table());
    root.only(&["segments"]);
    let sections = root.optional("segments").and_then(|entry| entry.sections("[[segments]]"));
    let sections = sections.unwrap_or_default();
    if SEGMENTS_MAX < sections.len() {
        let message = format!("{} segments are too many; at most {SEGMENTS_MAX}", sections.len());
        file.report(root.at(), message, None);
        return Segments::default();
    }
    let mut ids = BTreeSet::new();
    let mut segments = Vec::new();
    for section in &sections {
        let Some(segment) = segment(section, features) else { continue };
        if !ids.insert(segment.id.clone()) {
            let message = format!("there is a segment `{}` already", segment.id);
            file.report(section.at(), message, Some("give one of them another id".to_owned()));
        }
        segments.push(segment);
    }
    Segments::new(segments)
}

fn segment(section: &Section<'_>, features: &Catalogue) -> Option<Segment> {
    section.only(KEYS);
    let id = section.required("id").and_then(|id| {
        let text = id.text()?;
        if TAKEN.contains(&text) {
            return id.refuse(format!("`{text}` is the name of another address of the API"), None);
        }
        SegmentId::parse(text).map_err(|error| id.refuse::<()>(error.to_string(), None)).ok()
    });
    let title = section.required("title").and_then(|title| title.text().map(str::to_owned));
    let rule = section.required("rule").and_then(|rule| {
        let refused = |problem: wink_core::base::expression::Problem| {
            let inside = literal::place_inside(rule.file().cut(&rule.at), problem.at.start);
            let start = rule.at.start + inside;
            rule.report_at(&(start..start), problem.message, problem.fix);
        };
        Rule::compile(rule.text()?, features).map_err(refused).ok()
    });
    let purpose = section.required("purpose").and_then(|purpose| {
        let text = purpose.text()?;
        let known = Purpose::ALL.map(Purpose::name);
        let fix = || Some(format!("write {}", list(&known)));
        Purpose::parse(text).or_else(|| purpose.refuse(format!("`{text}` is not a purpose"), fix()))
    });
    Some(Segment { id: id?, title: title?, purpose: purpose?, rule: rule?, number: None })
}

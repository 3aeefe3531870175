//! Have the events of a source changed, from one window of time to another? Fields that appear, vanish, change their type, are left out more often,
//! or hold other numbers and words.
//!
//! Sums only, in bounded memory; and nothing personal: names of fields, types, counts, medians, and words of fields the schema says hold one of
//! few. A text is never kept otherwise.

mod compare;
mod fields;
mod sketch;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::base::Timestamp;
use crate::event::Schemas;
use crate::profile::Kept;

pub use compare::{Change, DriftReport, Finding, RATE, SeenBetween, WordShare};
pub use fields::Kind;
use fields::{OTHER, Seen, Visitor, is_plain, visit};
use sketch::Sketch;

/// At most this many pairs of a source and an event are followed: every event there is, of several sources.
const GROUPS_MAX: usize = 512;

/// At most this many fields are followed, of all events together: with the sketches of all of them full, some 40 MB.
const FIELDS_MAX: usize = 2_048;

/// At most this many words of a field are counted apart; further ones are counted together.
const WORDS_MAX: usize = 64;

/// Two windows of time, each from its first instant to the first that is no longer in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DriftWindows {
    before: (Timestamp, Timestamp),
    after: (Timestamp, Timestamp),
}

/// Why two windows cannot be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WindowsError {
    /// One of them is empty.
    #[error("the window from {0} to {1} is empty; its end must be later than its beginning")]
    Empty(Timestamp, Timestamp),
    /// The later one begins in the earlier one, or before it.
    #[error("the windows overlap: the earlier ends at {0}, and the later begins at {1}")]
    Overlap(Timestamp, Timestamp),
}

impl DriftWindows {
    /// Takes two windows, the earlier one first.
    ///
    /// # Errors
    /// If one is empty, or they overlap.
    pub fn new(before: (Timestamp, Timestamp), after: (Timestamp, Timestamp)) -> Result<Self, WindowsError> {
        for (from, until) in [after, before] {
            if until <= from {
                return Err(WindowsError::Empty(from, until));
            }
        }
        if after.0 < before.1 {
            return Err(WindowsError::Overlap(before.1, after.0));
        }
        Ok(Self { before, after })
    }

    /// Tells the window an instant is in: 0 the earlier, 1 the later.
    fn of(&self, at: Timestamp) -> Option<usize> {
        [self.before, self.after].iter().position(|(from, until)| *from <= at && at < *until)
    }

    /// Tells the earlier window.
    pub fn before(&self) -> (Timestamp, Timestamp) {
        self.before
    }

    /// Tells the later window.
    pub fn after(&self) -> (Timestamp, Timestamp) {
        self.after
    }
}

/// What was seen of events in two windows, by when they were received.
#[derive(Clone, Debug)]
pub struct Drift {
    windows: DriftWindows,
    groups: BTreeMap<(String, &'static str), Group>,
    fields: usize,
    /// Fields and events that were met when as many were followed as can be.
    beyond: u64,
}

/// The events of one name from one source.
#[derive(Clone, Debug, Default)]
struct Group {
    /// How often each object was met, by its path; the event itself under the empty one.
    objects: BTreeMap<String, [u64; 2]>,
    fields: BTreeMap<String, Field>,
}

/// One field of them.
#[derive(Clone, Debug)]
struct Field {
    parent: String,
    known: bool,
    first_seen: Timestamp,
    last_seen: Timestamp,
    kinds: BTreeMap<Kind, [u64; 2]>,
    numbers: Sketch,
    words: BTreeMap<String, [u64; 2]>,
}

impl Drift {
    /// Begins with nothing seen.
    pub fn new(windows: DriftWindows) -> Self {
        Self { windows, groups: BTreeMap::new(), fields: 0, beyond: 0 }
    }

    /// Takes an event in. The order does not matter as long as no bound is met.
    pub fn take(&mut self, kept: &Kept, schemas: &Schemas) {
        let Some(window) = self.windows.of(kept.received_at) else { return };
        let Some(schema) = schemas.of(kept.body.event_name()) else { return };
        let source = if is_plain(&kept.source) { kept.source.as_str() } else { OTHER };
        let named = (source.to_owned(), schema.event);
        let is_followed = self.groups.contains_key(&named);
        if !is_followed && GROUPS_MAX <= self.groups.len() {
            self.beyond += 1;
            return;
        }
        let mut taking = Taking {
            group: self.groups.remove(&named).unwrap_or_default(),
            fields: self.fields,
            beyond: self.beyond,
            window,
            at: kept.received_at,
        };
        let is_sent = visit(kept, schema, &mut taking);
        (self.fields, self.beyond) = (taking.fields, taking.beyond);
        if is_sent || is_followed {
            self.groups.insert(named, taking.group);
        }
    }

    /// Says what has changed.
    pub fn report(&self) -> DriftReport {
        compare::report(self)
    }
}

struct Taking {
    group: Group,
    fields: usize,
    beyond: u64,
    window: usize,
    at: Timestamp,
}

impl Visitor for Taking {
    fn object(&mut self, path: &str) {
        // An object inside an event is followed if the field it stands in is.
        let field = path.trim_end_matches("/*/").trim_end_matches('/');
        if path.is_empty() || self.group.fields.contains_key(field) {
            count(self.group.objects.entry(path.to_owned()).or_default(), self.window);
        }
    }

    fn field(&mut self, seen: Seen<'_>) {
        if !self.group.fields.contains_key(&seen.path) {
            if FIELDS_MAX <= self.fields || !self.group.objects.contains_key(seen.parent) {
                self.beyond += 1;
                return;
            }
            self.fields += 1;
        }
        let field = self.group.fields.entry(seen.path).or_insert_with(|| Field {
            parent: seen.parent.to_owned(),
            known: seen.known,
            first_seen: self.at,
            last_seen: self.at,
            kinds: BTreeMap::new(),
            numbers: Sketch::default(),
            words: BTreeMap::new(),
        });
        field.first_seen = field.first_seen.min(self.at);
        field.last_seen = field.last_seen.max(self.at);
        count(field.kinds.entry(seen.kind).or_default(), self.window);
        if let Some(number) = seen.number {
            field.numbers.add(number, self.window);
        }
        if let Some(word) = seen.word {
            let has_room = field.words.len() < WORDS_MAX || field.words.contains_key(word);
            let word = if has_room && is_plain(word) { word } else { OTHER };
            count(field.words.entry(word.to_owned()).or_default(), self.window);
        }
    }
}

fn count(counts: &mut [u64; 2], window: usize) {
    if let Some(count) = counts.get_mut(window) {
        *count += 1;
    }
}

//! Has what a source sends changed, from one window of time to another? Events that stop; fields that appear, vanish, change their type, are left
//! out more often, or hold other numbers and words.
//!
//! One message of each person, event and window is counted: what one person sends is alike, and taken for the word of many it would make chance
//! look like change.
//!
//! Sums only, and nothing personal: names of fields, types, counts, medians, and words of fields the schema says hold one of few. A name or a word
//! is told if ten people sent it, and so is an event that is only listed, and a type. A text is never kept otherwise. Times are told to the hour.
//!
//! Whatever is in the journal, what is kept is bounded: [`SOURCES_MAX`] sources; of each the fields the schemas name and [`UNKNOWN_MAX`] others, of
//! these [`UNKNOWN_OF_EVENT_MAX`] of one event; [`WORDS_MAX`] words and 128 buckets of numbers of a field; 2 MB to know who was counted. That is at most
//! some 8 MB of a source, and some 260 MB if all of them send all they can. Each source has its own bounds: none fills another's. An event takes time
//! as it is long, which is 64 KiB at most, and is looked into three levels deep.

mod compare;
mod fields;
mod people;
mod sketch;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use crate::base::{ProfileId, Timestamp};
use crate::event::Schemas;
use crate::profile::Kept;

pub use compare::{Change, DriftReport, Finding, RATE, SeenBetween, WordShare};
pub use fields::Kind;
use fields::{OTHER, Seen, Visitor, visit};
use people::{Counted, People};
use sketch::Sketch;

/// At most this many sources are told apart: one is a key's name, and a shop has as many as it has systems. Further ones are counted together.
const SOURCES_MAX: usize = 32;

/// At most this many fields that no schema names are followed of a source.
const UNKNOWN_MAX: usize = 1_024;

/// And at most this many of them in one event: more than any real client sends, and too few to crowd out the source's other events.
const UNKNOWN_OF_EVENT_MAX: usize = 64;

/// At most this many words of a field are counted apart; further ones are counted together.
const WORDS_MAX: usize = 32;

/// The later window is cut into so many slices, and the earlier one into slices as long: days, if it is a week.
const SLICES: i64 = 7;

/// Two windows of the same days may differ so long where a clock is set on or back between them.
const CLOCK_CHANGE_MS: i64 = 2 * 3_600_000;

/// But by no more than this part of the shorter one: a tenth. Of a longer window more people send what few send, though nothing has changed.
const LONGER_MAX: i64 = 10;

/// Two windows of time, each from its first instant to the first that is no longer in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DriftWindows {
    before: (Timestamp, Timestamp),
    after: (Timestamp, Timestamp),
}

/// Why two windows cannot be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WindowsError {
    /// The earlier one is empty.
    #[error("the earlier window, from {0} to {1}, is empty; its end must be later than its beginning")]
    EmptyBefore(Timestamp, Timestamp),
    /// The later one is empty.
    #[error("the later window, from {0} to {1}, is empty; its end must be later than its beginning")]
    EmptyAfter(Timestamp, Timestamp),
    /// The later one begins in the earlier one, or before it.
    #[error("the windows overlap: the earlier ends at {0}, and the later begins at {1}")]
    Overlap(Timestamp, Timestamp),
    /// The later one is not over: what is still to come would be missing in it.
    #[error("the later window ends at {0}, and it is {1}; leave its end out to have it end now")]
    Future(Timestamp, Timestamp),
    /// One of them is longer: of each person one message counts, and who comes for longer sends more of what is seldom.
    #[error(
        "the windows must be as long as each other: the earlier lasts {0} s, the later {1} s; leave the earlier out to have it as long and end where the later begins"
    )]
    Unequal(i64, i64),
}

impl DriftWindows {
    /// Takes two windows, the earlier one first, as of `now`.
    ///
    /// # Errors
    /// If one is empty, they overlap, one is not over, or one is longer by more than a change of the clocks.
    pub fn new(
        before: (Timestamp, Timestamp),
        after: (Timestamp, Timestamp),
        now: Timestamp,
    ) -> Result<Self, WindowsError> {
        if after.1 <= after.0 {
            return Err(WindowsError::EmptyAfter(after.0, after.1));
        }
        if before.1 <= before.0 {
            return Err(WindowsError::EmptyBefore(before.0, before.1));
        }
        if after.0 < before.1 {
            return Err(WindowsError::Overlap(before.1, after.0));
        }
        if now < after.1 {
            return Err(WindowsError::Future(after.1, now));
        }
        let [earlier, later] = [before, after].map(|(from, until)| until.since_ms(from));
        let (shorter, longer) = (earlier.min(later), earlier.max(later));
        if CLOCK_CHANGE_MS.min(shorter / LONGER_MAX) < longer - shorter {
            return Err(WindowsError::Unequal(earlier / 1_000, later / 1_000));
        }
        Ok(Self { before, after })
    }

    /// Tells the window an instant is in: 0 the earlier, 1 the later.
    fn of(&self, at: Timestamp) -> Option<usize> {
        [self.before, self.after].iter().position(|(from, until)| *from <= at && at < *until)
    }

    /// Tells how long a slice of the windows is, in milliseconds.
    fn slice_ms(&self) -> i64 {
        (self.after.1.since_ms(self.after.0) / SLICES).max(1)
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
    sources: BTreeMap<String, Source>,
    /// Messages with something that is counted under [`OTHER`] because as much was followed as can be.
    beyond: u64,
}

/// What one source sends.
#[derive(Clone, Debug, Default)]
struct Source {
    events: BTreeMap<&'static str, Group>,
    counted: Counted,
    /// Fields that are followed and that no schema names.
    unknown: usize,
}

/// The events of one name from one source.
#[derive(Clone, Debug)]
struct Group {
    /// How often each object was met, by its path; the event itself under the empty one.
    objects: BTreeMap<String, [u64; 2]>,
    fields: BTreeMap<String, Field>,
    unknown: usize,
    span: Span,
    /// Slices of the earlier window in which some came.
    slices: BTreeSet<i64>,
}

/// One field of them.
#[derive(Clone, Debug)]
struct Field {
    parent: String,
    known: bool,
    span: Span,
    /// How often it was there.
    seen: [u64; 2],
    people: People,
    kinds: BTreeMap<Kind, [u64; 2]>,
    numbers: Sketch,
    words: BTreeMap<String, Word>,
}

/// A word of a field.
#[derive(Clone, Debug, Default)]
struct Word {
    seen: [u64; 2],
    people: People,
}

/// When something was first and last seen in the windows.
#[derive(Clone, Copy, Debug)]
struct Span {
    first: Timestamp,
    last: Timestamp,
}

impl Span {
    fn at(at: Timestamp) -> Self {
        Self { first: at, last: at }
    }

    fn reach(&mut self, at: Timestamp) {
        *self = Self { first: self.first.min(at), last: self.last.max(at) };
    }
}

impl Drift {
    /// Begins with nothing seen.
    pub fn new(windows: DriftWindows) -> Self {
        Self { windows, sources: BTreeMap::new(), beyond: 0 }
    }

    /// Takes an event in. Of the messages of a person the first that is taken in counts. Wink's own events are passed over.
    pub fn take(&mut self, kept: &Kept, schemas: &Schemas) {
        let at = kept.received_at;
        let Some(window) = self.windows.of(at) else { return };
        let Some(schema) = schemas.of(kept.body.event_name()) else { return };
        let Some(said) = fields::said(&kept.body) else { return };
        let has_room = self.sources.len() < SOURCES_MAX || self.sources.contains_key(&kept.source);
        // A source is a key's name, which the shop gave it.
        let name = if has_room { kept.source.as_str() } else { OTHER };
        let source = self.sources.entry(name.to_owned()).or_default();
        let group = source.events.entry(schema.event).or_insert_with(|| Group::at(at));
        group.span.reach(at);
        if window == 0 {
            group.slices.insert(at.since_ms(self.windows.before.0) / self.windows.slice_ms());
        }
        let mut taking = Taking {
            group,
            unknown_of_source: &mut source.unknown,
            window,
            at,
            person: kept.profile,
            counts: source.counted.is_first(schema.event, window, kept.profile),
            others: BTreeSet::new(),
            is_beyond: !has_room,
        };
        visit(kept, &said, schema, &mut taking);
        self.beyond += u64::from(taking.is_beyond);
    }

    /// Says what has changed.
    pub fn report(&self) -> DriftReport {
        compare::report(self)
    }
}

impl Group {
    fn at(at: Timestamp) -> Self {
        Self {
            objects: BTreeMap::new(),
            fields: BTreeMap::new(),
            unknown: 0,
            span: Span::at(at),
            slices: BTreeSet::new(),
        }
    }
}

impl Field {
    fn new(parent: &str, known: bool, at: Timestamp) -> Self {
        Self {
            parent: parent.to_owned(),
            known,
            span: Span::at(at),
            seen: [0, 0],
            people: People::default(),
            kinds: BTreeMap::new(),
            numbers: Sketch::default(),
            words: BTreeMap::new(),
        }
    }
}

/// One message that is taken in.
struct Taking<'a> {
    group: &'a mut Group,
    unknown_of_source: &'a mut usize,
    window: usize,
    at: Timestamp,
    person: ProfileId,
    /// Whether it counts, or only tells when its fields were seen.
    counts: bool,
    /// Objects in which a field was counted under [`OTHER`]: once a message, however many such fields there are.
    others: BTreeSet<String>,
    is_beyond: bool,
}

impl Taking<'_> {
    /// Counts a field as there.
    fn meet(&mut self, parent: &str, path: String, known: bool) -> &mut Field {
        let field = self.group.fields.entry(path).or_insert_with(|| Field::new(parent, known, self.at));
        field.span.reach(self.at);
        if self.counts {
            count(&mut field.seen, self.window);
            field.people.add(self.person);
        }
        field
    }

    /// Makes room for a field that is new, if there is any.
    fn has_room(&mut self, seen: &Seen<'_>) -> bool {
        if seen.known || self.group.fields.contains_key(&seen.path) {
            return true;
        }
        let has_room = self.group.unknown < UNKNOWN_OF_EVENT_MAX && *self.unknown_of_source < UNKNOWN_MAX;
        if has_room {
            self.group.unknown += 1;
            *self.unknown_of_source += 1;
        }
        has_room
    }
}

impl Visitor for Taking<'_> {
    fn object(&mut self, path: &str) {
        if self.counts {
            count(self.group.objects.entry(path.to_owned()).or_default(), self.window);
        }
    }

    fn field(&mut self, seen: Seen<'_>) -> bool {
        if !self.has_room(&seen) {
            self.is_beyond = true;
            self.other(seen.parent);
            return false;
        }
        let (counts, window, person) = (self.counts, self.window, self.person);
        let mut is_beyond = false;
        let field = self.meet(seen.parent, seen.path, seen.known);
        if counts {
            count(field.kinds.entry(seen.kind).or_default(), window);
            if let Some(number) = seen.number {
                field.numbers.add(number, window);
            }
            if let Some(word) = seen.word {
                let has_room = field.words.len() < WORDS_MAX || field.words.contains_key(word);
                is_beyond = !has_room && word != OTHER;
                let word = field.words.entry(if has_room { word } else { OTHER }.to_owned()).or_default();
                count(&mut word.seen, window);
                word.people.add(person);
            }
        }
        self.is_beyond |= is_beyond;
        true
    }

    fn other(&mut self, parent: &str) {
        if self.others.insert(parent.to_owned()) {
            self.meet(parent, format!("{parent}{OTHER}"), false);
        }
    }
}

fn count(counts: &mut [u64; 2], window: usize) {
    if let Some(count) = counts.get_mut(window) {
        *count += 1;
    }
}

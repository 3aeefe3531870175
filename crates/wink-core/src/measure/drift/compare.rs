//! What has changed between the two windows, by more than chance and by enough to matter.

use std::collections::BTreeMap;

use wink_stats::{SHIFT_NOTABLE, Stability, all_in_one, silence, stability};

use super::fields::{FEW, OTHER};
use super::people::ENOUGH;
use super::{Drift, DriftWindows, Field, Group, Kind, Word};
use crate::base::Timestamp;

/// How likely a report of two windows in which nothing has changed names anything: divided by the comparisons made (Bonferroni), it is what each
/// of them may be. Every way in which something could have been named is a comparison.
pub const RATE: f64 = 0.01;

/// Of fewer people's events, or of fewer fields, nothing is compared: any two handfuls differ.
const SEEN_MIN: u64 = 50;

/// A field is left out notably more or less often from this difference of the shares on: five of a hundred.
const ABSENT_NOTABLE: f64 = 0.05;

/// Numbers are compared in about this many groups of the same size, as the population stability index is usually taken.
const GROUPS: u64 = 10;

/// A field that is there in one window may be missing in the other, or be there more or less often.
const WAYS_OF_PRESENCE: u64 = 3;

/// A type may be in one window only, in either.
const WAYS_OF_A_KIND: u64 = 2;

/// Times are told to the hour.
const HOUR_MS: i64 = 3_600_000;

/// At most this many words are told of a field, those that shifted most.
const WORDS_TOLD: usize = 5;

/// What has changed.
#[derive(Clone, Debug, PartialEq)]
pub struct DriftReport {
    /// The windows.
    pub windows: DriftWindows,
    /// What was found, the source and the event first.
    pub findings: Vec<Finding>,
    /// How many comparisons were made.
    pub comparisons: u64,
    /// Events that too few people sent in one of the windows to compare, with how many did in both: at least ten in one of them.
    pub too_few: Vec<(String, &'static str, [u64; 2])>,
    /// How many more events fewer than ten people sent in either window. They are not named.
    pub others: u64,
    /// How many messages held a field or a word beyond what can be followed, which is counted under `(other)`.
    pub beyond: u64,
}

/// One change.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Who sends the event.
    pub source: String,
    /// The event's name.
    pub event: &'static str,
    /// The field, by its path; `*` stands for an entry of a list, `(other)` for fields whose names are not told or that are too many to follow,
    /// `(few)` for one that fewer than ten people sent. `None` if it is the event itself.
    pub field: Option<String>,
    /// Whether the event's schema names it.
    pub known: bool,
    /// What has changed.
    pub change: Change,
    /// How likely it is by chance.
    pub p_value: f64,
    /// How often the object the field belongs to was seen in each window, and the field in it.
    pub seen: SeenBetween,
    /// The hour in which it was first seen in the windows; `None` if fewer than ten people sent it.
    pub first_seen: Option<Timestamp>,
    /// The hour in which it was last seen in them; `None` if fewer than ten people sent it.
    pub last_seen: Option<Timestamp>,
}

/// Counts in the earlier and in the later window, of one message of each person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeenBetween {
    /// Events, or objects inside them.
    pub all: [u64; 2],
    /// Those with the field, not null.
    pub with_field: [u64; 2],
}

/// What has changed of an event or a field.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// The event came, and comes no more.
    Stopped,
    /// It was not there, and is.
    Appeared,
    /// It was there, and is not.
    Vanished,
    /// It is of other types: the counts of each that ten people sent in one of the windows.
    Types(BTreeMap<Kind, [u64; 2]>),
    /// It is left out more or less often: the share of absent values in each window.
    Absent([f64; 2]),
    /// It holds other numbers.
    Numbers {
        /// The population stability index.
        index: f64,
        /// About the median of each window.
        medians: [Option<f64>; 2],
    },
    /// It holds other words.
    Words {
        /// The population stability index.
        index: f64,
        /// Those that shifted most.
        words: Vec<WordShare>,
    },
}

impl Change {
    /// Tells the stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Stopped => "stopped",
            Self::Appeared => "appeared",
            Self::Vanished => "vanished",
            Self::Types(_) => "types_changed",
            Self::Absent(_) => "absent_share_changed",
            Self::Numbers { .. } => "numbers_shifted",
            Self::Words { .. } => "words_shifted",
        }
    }
}

/// A word's share of a field's words in each window.
#[derive(Clone, Debug, PartialEq)]
pub struct WordShare {
    /// The word.
    pub word: String,
    /// Its shares.
    pub shares: [f64; 2],
}

/// Everything that was compared of one field: what it would be, and how likely that is by chance.
#[derive(Default)]
struct Compared {
    comparisons: u64,
    notable: Vec<(Change, f64)>,
}

pub(super) fn report(drift: &Drift) -> DriftReport {
    let (mut findings, mut too_few, mut comparisons) = (Vec::new(), Vec::new(), 0);
    let events =
        drift.sources.iter().flat_map(|(source, sent)| sent.events.iter().map(move |sent| (source, sent)));
    for (source, (event, group)) in events {
        let people = group.objects.get("").copied().unwrap_or_default();
        if people.iter().all(|people| SEEN_MIN <= *people) {
            comparisons += of_fields(source, event, group, &mut findings);
        } else {
            too_few.push((source.clone(), *event, people));
        }
        if SEEN_MIN <= people[0] {
            comparisons += 1;
            findings.extend(stopped(drift.windows, source, event, group, people));
        }
    }
    let level = RATE / float(comparisons.max(1));
    findings.retain(|finding| finding.p_value <= level);
    let has_stopped = |source: &str, event: &str| {
        let is_it = |finding: &Finding| (finding.source.as_str(), finding.event) == (source, event);
        findings.iter().any(|finding| is_it(finding) && finding.change == Change::Stopped)
    };
    too_few.retain(|(source, event, _)| !has_stopped(source, event));
    let (too_few, others): (Vec<_>, Vec<_>) =
        too_few.into_iter().partition(|(_, _, people)| can_be_told(people));
    let others = u64::try_from(others.len()).unwrap_or(u64::MAX);
    DriftReport { windows: drift.windows, findings, comparisons, too_few, others, beyond: drift.beyond }
}

/// Tells whether in one of the windows so many people sent something that none of them can be meant.
fn can_be_told(people: &[u64; 2]) -> bool {
    people.iter().any(|people| usize::try_from(*people).is_ok_and(|people| ENOUGH <= people))
}

/// An event nobody sends any more: how likely all who sent it fall into the earlier window, by how long the windows are; or how likely it is silent for
/// so long, if that is likelier. One that comes now and then, as with a newsletter, may well be silent for a while: it has not stopped.
fn stopped(
    windows: DriftWindows,
    source: &str,
    event: &'static str,
    group: &Group,
    people: [u64; 2],
) -> Option<Finding> {
    let [before, 0] = people else { return None };
    let long = |(since, until): (Timestamp, Timestamp)| u64::try_from(until.since_ms(since)).unwrap_or(0);
    let (earlier, later) = (long(windows.before()), long(windows.after()));
    let slice = u64::try_from(windows.slice_ms()).unwrap_or(1);
    let active = u64::try_from(group.slices.len()).unwrap_or(u64::MAX);
    let silent = silence(active, earlier.div_ceil(slice), float(later) / float(slice));
    Some(Finding {
        source: source.to_owned(),
        event,
        field: None,
        known: true,
        change: Change::Stopped,
        p_value: all_in_one(before, float(earlier) / (float(earlier) + float(later))).max(silent),
        seen: SeenBetween { all: people, with_field: people },
        first_seen: Some(hour(group.span.first)),
        last_seen: Some(hour(group.span.last)),
    })
}

/// Compares the fields of an event that enough people sent. Tells how many comparisons that were.
fn of_fields(source: &str, event: &'static str, group: &Group, findings: &mut Vec<Finding>) -> u64 {
    let mut comparisons = 0;
    for (path, field) in &group.fields {
        let all = group.objects.get(&field.parent).copied().unwrap_or_default();
        if all.iter().any(|all| *all < SEEN_MIN) || field.seen == [0, 0] {
            continue;
        }
        let compared = compare(field, all);
        comparisons += compared.comparisons;
        let is_told = field.known || path == OTHER || field.people.are_enough();
        let seen_at = |at: Timestamp| field.people.are_enough().then(|| hour(at));
        findings.extend(compared.notable.into_iter().map(|(change, p_value)| Finding {
            source: source.to_owned(),
            event,
            field: Some(if is_told { path.as_str() } else { FEW }.to_owned()),
            known: field.known,
            change,
            p_value,
            seen: SeenBetween { all, with_field: field.seen },
            first_seen: seen_at(field.span.first),
            last_seen: seen_at(field.span.last),
        }));
    }
    comparisons
}

fn compare(field: &Field, all: [u64; 2]) -> Compared {
    let mut compared = Compared::default();
    let seen = field.seen;
    presence(seen, all, &mut compared);
    if seen.iter().any(|seen| *seen < SEEN_MIN) {
        return compared;
    }
    kinds(&field.kinds, seen, &mut compared);
    let [before, after] = field.numbers.groups(GROUPS);
    if let Some(Stability { index, p_value }) = shifted(&before, &after, &mut compared) {
        let medians = [0, 1].map(|window| field.numbers.median(window));
        compared.notable.push((Change::Numbers { index, medians }, p_value));
    }
    let of = |window: usize| field.words.values().map(|word| at(&word.seen, window)).collect::<Vec<_>>();
    if let Some(Stability { index, p_value }) = shifted(&of(0), &of(1), &mut compared) {
        compared.notable.push((Change::Words { index, words: most_shifted(&field.words) }, p_value));
    }
    compared
}

/// Compares how often a field is there. Of one that is in one window only it is asked how likely all that were seen fall there.
fn presence(seen: [u64; 2], all: [u64; 2], compared: &mut Compared) {
    compared.comparisons += WAYS_OF_PRESENCE;
    let share = |window: usize| float(at(&all, window)) / float(all[0] + all[1]);
    match seen {
        [0, after] => compared.notable.push((Change::Appeared, all_in_one(after, share(1)))),
        [before, 0] => compared.notable.push((Change::Vanished, all_in_one(before, share(0)))),
        [before, after] => {
            let absent = [all[0].saturating_sub(before), all[1].saturating_sub(after)];
            let shares = [float(absent[0]) / float(all[0]), float(absent[1]) / float(all[1])];
            if ABSENT_NOTABLE <= (shares[1] - shares[0]).abs() {
                let p_value = stability(&[before, absent[0]], &[after, absent[1]]).p_value;
                compared.notable.push((Change::Absent(shares), p_value));
            }
        }
    }
}

/// Compares types: one that is in one window only, and the shares of all. The least likely of these is told.
fn kinds(kinds: &BTreeMap<Kind, [u64; 2]>, seen: [u64; 2], compared: &mut Compared) {
    if kinds.len() < 2 {
        return;
    }
    let share = |window: usize| float(at(&seen, window)) / float(seen[0] + seen[1]);
    let mut likely = 1.0_f64;
    for counts in kinds.values() {
        match counts {
            [0, after] => likely = likely.min(all_in_one(*after, share(1))),
            [before, 0] => likely = likely.min(all_in_one(*before, share(0))),
            _ => {}
        }
        compared.comparisons += WAYS_OF_A_KIND;
    }
    let of = |window: usize| kinds.values().map(|counts| at(counts, window)).collect::<Vec<_>>();
    if let Some(Stability { p_value, .. }) = shifted(&of(0), &of(1), compared) {
        likely = likely.min(p_value);
    }
    if likely < 1.0 {
        let told = kinds.iter().filter(|(_, people)| can_be_told(people));
        let told = told.map(|(kind, people)| (*kind, *people)).collect();
        compared.notable.push((Change::Types(told), likely));
    }
}

/// Compares counts in bins, if there are enough; `None` if they have not shifted notably.
fn shifted(before: &[u64], after: &[u64], compared: &mut Compared) -> Option<Stability> {
    let few = |counts: &[u64]| counts.iter().sum::<u64>() < SEEN_MIN;
    if before.len() < 2 || few(before) || few(after) {
        return None;
    }
    compared.comparisons += 1;
    Some(stability(before, after)).filter(|found| SHIFT_NOTABLE <= found.index)
}

fn most_shifted(words: &BTreeMap<String, Word>) -> Vec<WordShare> {
    let all =
        words.values().fold([0, 0], |sum: [u64; 2], word| [sum[0] + word.seen[0], sum[1] + word.seen[1]]);
    let share = |word: &Word, window: usize| float(at(&word.seen, window)) / float(at(&all, window).max(1));
    let mut told: Vec<WordShare> = words
        .iter()
        .filter(|(name, word)| name.as_str() == OTHER || word.people.are_enough())
        .map(|(name, word)| WordShare { word: name.clone(), shares: [share(word, 0), share(word, 1)] })
        .collect();
    let by = |word: &WordShare| (word.shares[1] - word.shares[0]).abs();
    told.sort_by(|one, other| by(other).total_cmp(&by(one)).then_with(|| one.word.cmp(&other.word)));
    told.truncate(WORDS_TOLD);
    told
}

/// Cuts an instant to its hour: nobody is found by when they came.
fn hour(at: Timestamp) -> Timestamp {
    Timestamp(at.0.saturating_sub(at.0.rem_euclid(HOUR_MS)))
}

fn at(counts: &[u64; 2], window: usize) -> u64 {
    counts.get(window).copied().unwrap_or_default()
}

#[expect(clippy::cast_precision_loss, reason = "counts of events are far fewer than 2^53")]
fn float(count: u64) -> f64 {
    count as f64
}

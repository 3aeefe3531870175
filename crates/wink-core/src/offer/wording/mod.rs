//! Whether a text is fair: no pressure, no shame, no claim that nobody can check. German and English.
//!
//! Words are all it sees. That "no" is as large as "yes" and that a page has no clock that starts again are for other eyes.

mod bound;
mod claim;
mod class;
mod markup;
mod normal;
mod patterns;
mod readability;
mod sentence;
mod spelled;

pub use class::{Class, Severity};
pub use readability::{NotEnough, Readability, readability};

use std::ops::Range;

use bound::Values;
use normal::Mapped;

/// A language there are rules for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Language {
    /// German.
    German,
    /// English.
    English,
}

impl Language {
    /// Lists them all.
    pub const ALL: [Self; 2] = [Self::German, Self::English];

    /// Spells it as browsers and files do.
    pub fn code(self) -> &'static str {
        match self {
            Self::German => "de",
            Self::English => "en",
        }
    }

    /// Reads the spelling.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.code() == text)
    }
}

/// Something a text should not say, or not without being able to show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule, like `DE-U3`.
    pub rule: &'static str,
    /// The language the rule is for.
    pub language: Language,
    /// What it is.
    pub class: Class,
    /// What follows.
    pub severity: Severity,
    /// Where it stands, in bytes of the text.
    pub at: Range<usize>,
}

impl Finding {
    /// Gives a fair way to say it.
    pub fn alternative(&self) -> &'static str {
        self.class.alternative(self.language)
    }
}

/// Looks a text over by the rules of some languages. What it finds is in the order of the text.
///
/// A claim of fact that is bound to a value, such as `{{stock.available}}` for a number of pieces, is no finding: what it says is then checked
/// whenever it is said. A number that was written down is not, whatever value stands beside it.
pub fn lint(text: &str, languages: &[Language]) -> Vec<Finding> {
    let laid = Mapped::laid(text);
    let values = Values::of(text);
    let mut found = search(&laid.collapsed(), &values, languages);
    // Whoever spells a word in digits, letter by letter or behind hyphens, means that word.
    if let Some(folded) = laid.folded() {
        let also = search(&folded, &values, languages);
        add_new(&mut found, also.into_iter());
    }
    // Where words are spelled letter by letter, and nothing says where the next one begins, they are those the rules know. Only what is of several
    // words counts: within a word that was spelled out, a shorter one means nothing.
    if let Some(parted) = laid.parted() {
        let also = search(&parted, &values, languages);
        add_new(&mut found, also.into_iter().filter(|(_, words)| *words == Words::Several));
    }
    let mut found: Vec<Finding> = found.into_iter().map(|(finding, _)| finding).collect();
    found.sort_by_key(|finding| (finding.at.start, finding.at.end, finding.rule));
    found
}

/// Of how many words a finding is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Words {
    One,
    Several,
}

/// Adds what another reading finds, unless the same rule has found it there.
fn add_new(found: &mut Vec<(Finding, Words)>, also: impl Iterator<Item = (Finding, Words)>) {
    found.sort_by_key(|(finding, _)| (finding.rule, finding.at.start));
    let is_new = |(one, _): &(Finding, Words)| {
        // What one rule finds in one reading does not overlap, so only the last that begins before its end can.
        let behind =
            found.partition_point(|(known, _)| (known.rule, known.at.start) < (one.rule, one.at.end));
        let before = behind.checked_sub(1).and_then(|last| found.get(last));
        before.is_none_or(|(known, _)| known.rule != one.rule || known.at.end <= one.at.start)
    };
    let new: Vec<(Finding, Words)> = also.filter(is_new).collect();
    found.extend(new);
}

fn search(mapped: &Mapped, values: &Values<'_>, languages: &[Language]) -> Vec<(Finding, Words)> {
    let rules = patterns::rules();
    let mut found = Vec::new();
    for rule in rules.matching(&mapped.text).filter(|rule| languages.contains(&rule.language)) {
        let meant_otherwise = rule.meant_otherwise(&mapped.text);
        for place in rule.pattern.find_iter(&mapped.text) {
            if meant_otherwise.iter().any(|other| other.start <= place.start() && place.end() <= other.end) {
                continue;
            }
            let at = mapped.original(place.range());
            // Only a claim of fact can be shown; hurry is hurry, whatever stands beside it.
            let is_shown = rule.severity == Severity::Fact
                && rule.class.binding().is_some_and(|name| values.show(name, at.start))
                && !claim::is_written(rule.class, mapped, &place.range(), values);
            if !is_shown {
                let (language, class, severity) = (rule.language, rule.class, rule.severity);
                let words = if place.as_str().contains(' ') { Words::Several } else { Words::One };
                found.push((Finding { rule: rule.id, language, class, severity, at }, words));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests;

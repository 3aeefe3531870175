//! Whether a text is fair: no pressure, no shame, no claim that nobody can check. German and English.
//!
//! Words are all it sees. That "no" is as large as "yes" and that a page has no clock that starts again are for other eyes.

mod class;
mod normal;
mod patterns;
mod readability;
mod sentence;

pub use class::{Class, Severity};
pub use readability::{NotEnough, Readability, readability};

use std::ops::Range;

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
/// whenever it is said.
pub fn lint(text: &str, languages: &[Language]) -> Vec<Finding> {
    let laid = Mapped::laid(text);
    let mut found = search(text, &laid.collapsed(), languages);
    // Whoever spells a word in digits, letter by letter or behind hyphens, means that word.
    if let Some(folded) = laid.folded() {
        let also = search(text, &folded, languages);
        found.sort_by_key(|finding| (finding.rule, finding.at.start));
        let is_new = |one: &Finding| {
            // What one rule finds in one reading does not overlap, so only the last that begins before its end can.
            let behind = found.partition_point(|known| (known.rule, known.at.start) < (one.rule, one.at.end));
            let before = behind.checked_sub(1).and_then(|last| found.get(last));
            before.is_none_or(|known| known.rule != one.rule || known.at.end <= one.at.start)
        };
        let new: Vec<Finding> = also.into_iter().filter(is_new).collect();
        found.extend(new);
    }
    found.sort_by_key(|finding| (finding.at.start, finding.at.end, finding.rule));
    found
}

fn search(text: &str, mapped: &Mapped, languages: &[Language]) -> Vec<Finding> {
    let rules = patterns::rules();
    let mut found = Vec::new();
    for rule in rules.matching(&mapped.text).filter(|rule| languages.contains(&rule.language)) {
        for place in rule.pattern.find_iter(&mapped.text) {
            let at = mapped.original(place.range());
            // Only a claim of fact can be shown; hurry is hurry, whatever stands beside it.
            if rule.severity != Severity::Fact || !is_bound(text, &at, rule.class) {
                let (language, class, severity) = (rule.language, rule.class, rule.severity);
                found.push(Finding { rule: rule.id, language, class, severity, at });
            }
        }
    }
    found
}

/// Tells whether the sentence a claim stands in has the value that shows it.
fn is_bound(text: &str, at: &Range<usize>, class: Class) -> bool {
    let Some(binding) = class.binding() else { return false };
    let ends = |at: usize| matches!(text.as_bytes().get(at), Some(b'.' | b'!' | b'?' | b'\n'));
    // A point between digits or inside a value's name ends no sentence.
    let is_end = |at: &usize| {
        let next = text.as_bytes().get(at + 1);
        ends(*at) && next.is_none_or(u8::is_ascii_whitespace)
    };
    let from = (0..at.start).rev().find(is_end).map_or(0, |end| end + 1);
    // A rule may look further than the sentence in which it begins.
    let to = (at.start..text.len()).find(is_end).unwrap_or(text.len());
    let sentence = text.get(from..to).unwrap_or_default();
    sentence
        .split("{{")
        .skip(1)
        .any(|rest| rest.split("}}").next().is_some_and(|name| name.trim() == binding))
}

#[cfg(test)]
mod reference;
#[cfg(test)]
mod tests;

//! The rules, read once. They are data (`patterns.tsv`), so that they can be read and measured without this code. A blank in a pattern is also the end
//! of a paragraph, which `.` does not pass.

use std::ops::Range;
use std::sync::OnceLock;

use regex::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};

use super::{Class, Language, Severity};

/// The rules as they are written.
const WRITTEN: &str = include_str!("patterns.tsv");

/// What stands in the place of a severity on a line that takes something out of a rule.
const EXCEPT: &str = "except";

/// Bytes a compiled pattern may take: some list many words in both cases of every letter.
const COMPILED_BYTES_MAX: usize = 64 << 20;

/// Bytes for the automaton's states, which are made while a text is read and forgotten where there are more.
const STATES_BYTES_MAX: usize = 8 << 20;

/// A rule.
pub(super) struct Rule {
    pub(super) id: &'static str,
    pub(super) language: Language,
    pub(super) class: Class,
    pub(super) severity: Severity,
    pub(super) pattern: Regex,
    /// What it does not mean.
    except: Option<Regex>,
}

impl Rule {
    /// Lists where a text has words of this rule that mean something else.
    pub(super) fn meant_otherwise(&self, text: &str) -> Vec<Range<usize>> {
        let found = self.except.iter().flat_map(|except| except.find_iter(text));
        found.map(|place| place.range()).collect()
    }
}

/// All rules, with one automaton that says which of them may find something: it knows no ends of words and no distances, which would cost it its speed.
pub(super) struct Rules {
    set: RegexSet,
    rules: Vec<Rule>,
}

impl Rules {
    /// Lists the rules that may find something in a text; those that are not listed do not.
    pub(super) fn matching(&self, text: &str) -> impl Iterator<Item = &Rule> {
        self.set.matches(text).into_iter().filter_map(|place| self.rules.get(place))
    }

    #[cfg(test)]
    pub(super) fn all(&self) -> &[Rule] {
        &self.rules
    }

    fn read() -> Self {
        let (mut rules, mut patterns) = (Vec::new(), Vec::new());
        for (rule, pattern) in written().filter_map(rule) {
            rules.push(rule);
            patterns.push(loosened(&pattern));
        }
        let set = RegexSetBuilder::new(patterns)
            .case_insensitive(true)
            .size_limit(COMPILED_BYTES_MAX)
            .dfa_size_limit(STATES_BYTES_MAX)
            .build();
        // Each of them was compiled alone before; a test reads every line of the file.
        Self { set: set.unwrap_or_default(), rules }
    }
}

/// Lists the rules as they are written.
fn written() -> impl Iterator<Item = &'static str> {
    lines().filter(|line| line.split('\t').nth(2) != Some(EXCEPT))
}

/// Lists what single rules do not mean, as it is written.
fn exceptions() -> impl Iterator<Item = &'static str> {
    lines().filter(|line| line.split('\t').nth(2) == Some(EXCEPT))
}

fn lines() -> impl Iterator<Item = &'static str> {
    WRITTEN.lines().filter(|line| !line.starts_with('#'))
}

/// Gives the patterns and their examples, as they are written.
pub(super) fn texts() -> impl Iterator<Item = &'static str> {
    written().flat_map(|line| line.split('\t').skip(3))
}

fn rule(line: &'static str) -> Option<(Rule, String)> {
    let mut fields = line.split('\t');
    let (id, class, severity, pattern) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
    let pattern = pattern.replace(' ', r"\s");
    let language = Language::parse(&id.get(..2)?.to_ascii_lowercase())?;
    let (class, severity) = (Class::parse(class)?, Severity::parse(severity)?);
    let except = exceptions().find(|line| line.split('\t').next() == Some(id));
    let except = except.and_then(|line| line.split('\t').nth(3)).and_then(compiled);
    Some((Rule { id, language, class, severity, pattern: compiled(&pattern)?, except }, pattern))
}

/// Compiles a pattern, in which a blank is whatever stands between two words.
fn compiled(pattern: &str) -> Option<Regex> {
    let pattern = pattern.replace(' ', r"\s");
    RegexBuilder::new(&pattern).case_insensitive(true).size_limit(COMPILED_BYTES_MAX).build().ok()
}

/// Makes a pattern that matches wherever this one does, and is quicker to look for: without ends of words, and with any distance where there is one.
fn loosened(pattern: &str) -> String {
    let mut loose = String::with_capacity(pattern.len());
    let mut rest = pattern;
    while let Some(one) = rest.chars().next() {
        let distance = rest.strip_prefix(".{").and_then(|behind| behind.find('}'));
        let taken = match (rest.strip_prefix(r"\b"), distance) {
            (Some(_), _) => 2,
            (None, Some(end)) => {
                loose.push_str(".*");
                end + 3
            }
            // What is escaped is passed on with its sign.
            (None, None) if one == '\\' => {
                let escaped = rest.chars().take(2).map(char::len_utf8).sum();
                loose.push_str(rest.get(..escaped).unwrap_or_default());
                escaped
            }
            (None, None) => {
                loose.push(one);
                one.len_utf8()
            }
        };
        rest = rest.get(taken..).unwrap_or_default();
    }
    loose
}

/// Gives the rules.
pub(super) fn rules() -> &'static Rules {
    static RULES: OnceLock<Rules> = OnceLock::new();
    RULES.get_or_init(Rules::read)
}

#[cfg(test)]
mod tests;

//! The rules, read once. They are data (`patterns.tsv`), so that they can be read and measured without this code. A blank in a pattern is also the end
//! of a paragraph, which `.` does not pass.

use std::sync::OnceLock;

use regex::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};

use super::{Class, Language, Severity};

/// The rules as they are written.
const WRITTEN: &str = include_str!("patterns.tsv");

/// Bytes a compiled pattern may take: some list many words in both cases of every letter.
const COMPILED_BYTES_MAX: usize = 64 << 20;

/// A rule.
pub(super) struct Rule {
    pub(super) id: &'static str,
    pub(super) language: Language,
    pub(super) class: Class,
    pub(super) severity: Severity,
    pub(super) pattern: Regex,
}

/// All rules, with one automaton that says which of them to ask.
pub(super) struct Rules {
    set: RegexSet,
    rules: Vec<Rule>,
}

impl Rules {
    /// Lists the rules that find something in a text.
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
            patterns.push(pattern);
        }
        let set =
            RegexSetBuilder::new(patterns).case_insensitive(true).size_limit(COMPILED_BYTES_MAX).build();
        // Each of them was compiled alone before; a test reads every line of the file.
        Self { set: set.unwrap_or_default(), rules }
    }
}

/// Lists the rules as they are written.
fn written() -> impl Iterator<Item = &'static str> {
    WRITTEN.lines().filter(|line| !line.starts_with('#'))
}

fn rule(line: &'static str) -> Option<(Rule, String)> {
    let mut fields = line.split('\t');
    let (id, class, severity, pattern) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
    let pattern = pattern.replace(' ', r"\s");
    let language = Language::parse(&id.get(..2)?.to_ascii_lowercase())?;
    let compiled = RegexBuilder::new(&pattern).case_insensitive(true).size_limit(COMPILED_BYTES_MAX).build();
    let (class, severity) = (Class::parse(class)?, Severity::parse(severity)?);
    Some((Rule { id, language, class, severity, pattern: compiled.ok()? }, pattern))
}

/// Gives the rules.
pub(super) fn rules() -> &'static Rules {
    static RULES: OnceLock<Rules> = OnceLock::new();
    RULES.get_or_init(Rules::read)
}

#[cfg(test)]
mod tests;

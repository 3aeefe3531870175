//! A public code: a word like `SOMMER10` that anybody may type. It needs no chance and keeps no secret; what bounds it is its budget.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::base::Cents;

/// The shortest word, in characters: a shorter one is typed by mistake.
pub const WORD_MIN: usize = 3;

/// The longest word, in characters: what people still type off a poster.
pub const WORD_MAX: usize = 32;

/// A word as it counts: in one spelling, however it is typed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Word(String);

/// What an offer says of its public code. One of the caps is always there, beside the campaign's budget.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicCode {
    /// The word.
    pub word: Word,
    /// The most its coupons may owe at any time.
    pub budget: Option<Cents>,
    /// How often it may be used in all.
    pub uses: Option<u32>,
}

impl Word {
    /// Reads what somebody typed. Small and capital letters are the same, and so are the ways Unicode has to write a letter (NFKC); spaces and what
    /// cannot be seen do not count. `None` if it is no word.
    pub fn read(text: &str) -> Option<Self> {
        // Much longer than any word before it is normalised: nothing else is looked at.
        if WORD_MAX * 16 < text.len() {
            return None;
        }
        let seen = |one: &char| !one.is_whitespace() && !is_invisible(*one);
        let plain: String = text.nfkc().filter(seen).flat_map(char::to_uppercase).collect();
        let word: String = plain.nfkc().collect();
        let may_stand =
            |one: char| one.is_alphanumeric() || is_combining_mark(one) || matches!(one, '-' | '_');
        let is_word = (WORD_MIN..=WORD_MAX).contains(&word.chars().count()) && word.chars().all(may_stand);
        is_word.then_some(Self(word))
    }

    /// The word, in its one spelling.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Soft hyphens, joiners, marks of direction and of byte order: pasted along, never typed.
fn is_invisible(one: char) -> bool {
    matches!(one, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(typed: &[&str], expected: &str) {
        for typed in typed {
            let word = Word::read(typed);
            assert_eq!(word.as_ref().map_or("no word", Word::as_str), expected, "{typed:?}");
        }
    }

    #[test]
    fn a_word_is_one_however_it_is_typed() {
        check(
            &["SOMMER10", "sommer10", " Sommer 10 ", "ＳＯＭＭＥＲ１０", "som\u{ad}mer\u{200b}10"],
            "SOMMER10",
        );
        check(&["GRÜSSE", "grüße", "Gru\u{308}ße", "GRU\u{308}SSE"], "GRÜSSE");
        check(&["ΣΟΦΟΣ", "σοφος", "σοφοσ"], "ΣΟΦΟΣ");
        check(&["ﬁsch-1"], "FISCH-1");
    }

    #[test]
    fn what_is_too_short_too_long_or_no_word_is_none() {
        check(&["", "ab", "a b", "10 %!", "a/b/c", "x\u{7}yz"], "no word");
        check(&[&"A".repeat(WORD_MAX)], &"A".repeat(WORD_MAX));
        check(&[&"A".repeat(WORD_MAX + 1), &"ß".repeat(WORD_MAX), &" ".repeat(100_000)], "no word");
    }

    #[test]
    fn reading_a_word_again_changes_nothing() {
        for typed in ["straße", "ŉoon", "ǰazz", "ΐota", "ﬃne-3", "ıİi"] {
            let Some(once) = Word::read(typed) else { continue };
            assert_eq!(Word::read(once.as_str()).as_ref(), Some(&once), "{typed}");
        }
    }
}

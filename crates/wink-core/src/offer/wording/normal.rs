//! A text as rules see it: compatible characters as one (Unicode NFKC), nothing invisible; and, where somebody hides a word in digits or between
//! spaces, the word. Every byte knows where it came from.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// A text that was made from another.
pub(super) struct Mapped {
    /// The text.
    pub(super) text: String,
    /// For each byte, and for the end, the byte of the original it came from.
    from: Vec<usize>,
}

impl Mapped {
    /// Normalises a text.
    pub(super) fn normal(text: &str) -> Self {
        let mut mapped =
            Self { text: String::with_capacity(text.len()), from: Vec::with_capacity(text.len() + 1) };
        let mut chars = text.char_indices().peekable();
        let mut behind = 0;
        while let Some((at, first)) = chars.next() {
            if at < behind {
                continue;
            }
            if let Some(length) = value(text.get(at..).unwrap_or_default()) {
                // What is said there is a number or a date, which the rules know as digits.
                mapped.push('7', at);
                behind = at + length;
                continue;
            }
            let mut end = at + first.len_utf8();
            while let Some((_, mark)) = chars.next_if(|(_, next)| is_combining_mark(*next)) {
                end += mark.len_utf8();
            }
            let cluster = text.get(at..end).unwrap_or_default();
            cluster.nfkc().filter(|one| !is_invisible(*one)).for_each(|one| mapped.push(plain(one), at));
        }
        mapped.from.push(text.len());
        mapped
    }

    /// Reads words that are spelled in digits or letter by letter; nothing if there are none.
    pub(super) fn folded(&self) -> Option<Self> {
        let joined = self.joined();
        let spelled = joined.as_ref().unwrap_or(self).spelled();
        spelled.or(joined)
    }

    /// Finds the place in the original.
    pub(super) fn original(&self, place: Range<usize>) -> Range<usize> {
        let at = |byte: usize| self.from.get(byte).copied().unwrap_or_default();
        // To the end of the last character that is meant.
        at(place.start)..at(place.end).max(at(place.end.saturating_sub(1)))
    }

    fn push(&mut self, one: char, at: usize) {
        self.text.push(one);
        self.from.extend(std::iter::repeat_n(at, one.len_utf8()));
    }

    /// Takes the spaces out of `J E T Z T`: three letters or more, each alone.
    fn joined(&self) -> Option<Self> {
        let chars: Vec<(usize, char)> = self.text.char_indices().collect();
        let letter = |place: usize| chars.get(place).is_some_and(|(_, one)| one.is_alphabetic());
        let alone = |place: usize| letter(place) && !letter(place + 1);
        let gap =
            |place: usize| chars.get(place).is_some_and(|(_, one)| matches!(one, ' ' | '.' | '-' | '_'));
        let mut made = Self { text: String::new(), from: Vec::new() };
        let mut is_other = false;
        let mut place = 0;
        while let Some((byte, one)) = chars.get(place) {
            let begins = place == 0 || !letter(place - 1);
            let mut letters = 1;
            while begins && alone(place) && alone(place + 2 * letters) && gap(place + 2 * letters - 1) {
                letters += 1;
            }
            if 3 <= letters {
                for step in 0..letters {
                    if let Some((byte, one)) = chars.get(place + 2 * step) {
                        made.push(*one, self.from.get(*byte).copied().unwrap_or_default());
                    }
                }
                is_other = true;
                place += 2 * letters - 1;
            } else {
                made.push(*one, self.from.get(*byte).copied().unwrap_or_default());
                place += 1;
            }
        }
        made.from.push(self.from.last().copied().unwrap_or_default());
        is_other.then_some(made)
    }

    /// Reads digits in words as the letters they look like: `l3tzt3`. A number beside a word is none.
    fn spelled(&self) -> Option<Self> {
        let mut made = Self { text: String::new(), from: self.from.clone() };
        for word in self.text.split_inclusive(|one: char| !is_of_word(one)) {
            let letters = word.chars().filter(|one| one.is_alphabetic()).count();
            let begins_with_letter = word.chars().next().is_some_and(char::is_alphabetic);
            for one in word.chars() {
                let instead = if 2 <= letters && begins_with_letter { look_alike(one) } else { one };
                made.text.push(instead);
            }
        }
        (made.text != self.text).then_some(made)
    }
}

/// Tells how long a value's name is that a text begins with, like `{{stock.available}}`.
fn value(text: &str) -> Option<usize> {
    let (name, _) = text.strip_prefix("{{")?.split_once("}}")?;
    // What stands between braces and is no name is read like any other text.
    let is_name = |one: char| one.is_ascii_alphanumeric() || one == '_' || one == '.';
    name.trim().chars().all(is_name).then_some(name.len() + 4)
}

fn is_of_word(one: char) -> bool {
    one.is_alphanumeric() || matches!(one, '@' | '$')
}

/// All of one byte, so that no place moves.
fn look_alike(one: char) -> char {
    match one {
        '0' => 'o',
        '1' => 'i',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        other => other,
    }
}

/// Takes typographic signs for the plain ones the rules are written with.
fn plain(one: char) -> char {
    match one {
        '\u{2019}' | '\u{2018}' | '\u{02bc}' => '\'',
        '\u{2010}' | '\u{2011}' => '-',
        other => other,
    }
}

/// Soft hyphens, joiners and marks that nobody sees.
fn is_invisible(one: char) -> bool {
    matches!(one, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
}

//! A text as rules see it: compatible characters as one (Unicode NFKC), nothing invisible, one blank for whatever stands between two words; and,
//! where somebody hides a word in digits, between spaces or behind hyphens, the word. Every byte knows where it came from.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::{markup, spelled};

/// A text that was made from another.
#[derive(Clone)]
pub(super) struct Mapped {
    /// The text.
    pub(super) text: String,
    /// For each byte, and for the end, the byte of the original it came from.
    from: Vec<usize>,
}

impl Mapped {
    /// Normalises a text, its blanks and ends of lines as they stand: what they mean is known only beside each other.
    pub(super) fn laid(text: &str) -> Self {
        let mut mapped =
            Self { text: String::with_capacity(text.len()), from: Vec::with_capacity(text.len() + 1) };
        let mut chars = text.char_indices().peekable();
        let mut behind = 0;
        while let Some((at, first)) = chars.next() {
            if at < behind {
                continue;
            }
            let rest = text.get(at..).unwrap_or_default();
            if let Some(length) = value(rest) {
                // What is said there is a number or a date, which the rules know as digits.
                mapped.push('7', at);
                behind = at + length;
                continue;
            }
            if let Some((written, meant)) = markup::entity(rest).or_else(|| markup::tag(rest)) {
                meant.into_iter().for_each(|one| mapped.push(plain(one), at));
                behind = at + written;
                continue;
            }
            if first.is_whitespace() {
                chars.next_if(|(_, next)| first == '\r' && *next == '\n');
                blank(first).chars().for_each(|one| mapped.push(one, at));
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

    /// Makes one blank of whatever stands between two words; between two paragraphs, which are two lines apart, the end of a line.
    pub(super) fn collapsed(&self) -> Self {
        let mut made = self.empty();
        let mut places = self.places().peekable();
        while let Some((at, one)) = places.next() {
            let mut lines = usize::from(one == '\n');
            while one.is_whitespace()
                && let Some((_, next)) = places.next_if(|(_, next)| next.is_whitespace())
            {
                lines += usize::from(next == '\n');
            }
            made.push(if one.is_whitespace() { if 2 <= lines { '\n' } else { ' ' } } else { one }, at);
        }
        made.ends_as(self)
    }

    /// Reads words that are spelled in digits or letter by letter, or hang together by hyphens; nothing if there are none.
    pub(super) fn folded(&self) -> Option<Self> {
        let joined = self.joined(Run::Whole).unhyphenated().collapsed();
        let folded = joined.spelled().unwrap_or(joined);
        (folded.text != self.collapsed().text).then_some(folded)
    }

    /// Reads words that are spelled letter by letter in one case and with one blank between all letters as the words the rules know; nothing if there
    /// are none.
    pub(super) fn parted(&self) -> Option<Self> {
        let parted = self.joined(Run::Parted);
        (parted.text != self.joined(Run::Whole).text).then(|| parted.unhyphenated().collapsed())
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

    fn empty(&self) -> Self {
        Self { text: String::with_capacity(self.text.len()), from: Vec::with_capacity(self.from.len()) }
    }

    /// Ends where the text ends that it was made from.
    fn ends_as(mut self, other: &Self) -> Self {
        self.from.push(other.from.last().copied().unwrap_or_default());
        self
    }

    /// Goes through the characters, each with the byte of the original it came from.
    fn places(&self) -> impl Iterator<Item = (usize, char)> {
        self.text.char_indices().map(|(byte, one)| (self.from.get(byte).copied().unwrap_or_default(), one))
    }

    /// Takes the spaces out of `J E T Z T`: three letters or more, each alone. Two spaces, or a capital behind a small letter, begin a word.
    fn joined(&self, run: Run) -> Self {
        let chars: Vec<(usize, char)> = self.places().collect();
        let at = |place: usize| chars.get(place).map(|(_, one)| *one);
        let letter = |place: usize| at(place).is_some_and(char::is_alphabetic);
        let alone = |place: usize| letter(place) && !letter(place + 1);
        let gap = |place: usize| at(place).is_some_and(|one| matches!(one, ' ' | '\n' | '.' | '-' | '_'));
        let mut made = self.empty();
        let mut place = 0;
        while let Some((from, one)) = chars.get(place) {
            let begins = place == 0 || !letter(place - 1);
            let mut letters = 1;
            while begins && alone(place) && alone(place + 2 * letters) && gap(place + 2 * letters - 1) {
                letters += 1;
            }
            if letters < 3 {
                made.push(*one, *from);
                place += 1;
                continue;
            }
            let begins_word = match run {
                Run::Whole => Vec::new(),
                Run::Parted => {
                    let run: Vec<char> =
                        chars.iter().skip(place).step_by(2).take(letters).map(|(_, one)| *one).collect();
                    spelled::beginnings(&run)
                }
            };
            let mut was_small = false;
            for (number, (from, one)) in chars.iter().skip(place).step_by(2).take(letters).enumerate() {
                if (was_small && one.is_uppercase()) || begins_word.contains(&number) {
                    made.push(' ', *from);
                }
                was_small = one.is_lowercase();
                made.push(*one, *from);
            }
            place += 2 * letters - 1;
        }
        made.ends_as(self)
    }

    /// Takes the hyphens out of `Letzte-Chance`, and out of a word that goes on in the next line.
    fn unhyphenated(&self) -> Self {
        let chars: Vec<(usize, char)> = self.places().collect();
        let at = |place: usize| chars.get(place).map(|(_, one)| *one);
        let letter = |place: usize| at(place).is_some_and(char::is_alphabetic);
        // A hyphen between two digits is a date's or a sum's.
        let tied = |left: usize, right: usize| {
            let [left, right] = [left, right].map(|place| at(place).unwrap_or(' '));
            left.is_alphanumeric()
                && right.is_alphanumeric()
                && (left.is_alphabetic() || right.is_alphabetic())
        };
        let mut made = self.empty();
        let mut place = 0;
        while let Some((from, one)) = chars.get(place) {
            place += 1;
            if *one != '-' || place < 2 {
                made.push(*one, *from);
                continue;
            }
            let mut next = place;
            while at(next).is_some_and(char::is_whitespace) {
                next += 1;
            }
            let is_break = letter(place - 2) && at(place) == Some('\n');
            if is_break && at(next).is_some_and(char::is_lowercase) {
                place = next;
            } else {
                made.push(if tied(place - 2, place) || is_break { ' ' } else { '-' }, *from);
            }
        }
        made.ends_as(self)
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

/// No value has a longer name.
const NAME_BYTES_MAX: usize = 200;

/// How letters that stand alone are put together.
#[derive(Clone, Copy)]
enum Run {
    /// To one word.
    Whole,
    /// To the words the rules know.
    Parted,
}

/// Tells how long a value's name is that a text begins with, like `{{stock.available}}`.
fn value(text: &str) -> Option<usize> {
    let rest = text.strip_prefix("{{")?;
    let end = rest.as_bytes().windows(2).take(NAME_BYTES_MAX).position(|two| two == b"}}")?;
    let name = rest.get(..end)?;
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

/// Takes typographic signs for the plain ones the rules are written with, and letters of other scripts for the Latin ones they look like (some of the
/// confusables of Unicode Technical Standard 39). A word that is really Greek or Russian is none the rules know, before and after.
fn plain(one: char) -> char {
    match one {
        '\u{2019}' | '\u{2018}' | '\u{02bc}' => '\'',
        '\u{2010}' | '\u{2011}' => '-',
        // Cyrillic and Greek, Armenian, and Latin letters of other languages.
        '\u{370}'..='\u{587}' | '\u{131}' | '\u{251}' | '\u{261}' => {
            LOOK_ALIKE.iter().find(|(_, others)| others.contains(one)).map_or(one, |(latin, _)| *latin)
        }
        other => other,
    }
}

/// Latin letters, each with the letters that look like it.
const LOOK_ALIKE: &[(char, &str)] = &[
    ('A', "АΑ"),
    ('B', "ВΒ"),
    ('C', "СϹ"),
    ('E', "ЕΕ"),
    ('H', "НΗ"),
    ('I', "ІΙӀ"),
    ('J', "Ј"),
    ('K', "КΚ"),
    ('M', "МΜ"),
    ('N', "Ν"),
    ('O', "ОΟՕ"),
    ('P', "РΡ"),
    ('S', "ЅՏ"),
    ('T', "ТΤ"),
    ('X', "ХΧ"),
    ('Y', "УҮΥ"),
    ('Z', "Ζ"),
    ('a', "аαɑ"),
    ('c', "сϲ"),
    ('d', "ԁ"),
    ('e', "еε"),
    ('g', "ɡց"),
    ('h', "һհ"),
    ('i', "іιı"),
    ('j', "јϳ"),
    ('k', "кκ"),
    ('l', "ӏ"),
    ('m', "м"),
    ('n', "ոη"),
    ('o', "оοօ"),
    ('p', "рρ"),
    ('q', "ԛ"),
    ('s', "ѕ"),
    ('t', "тτ"),
    ('u', "սυ"),
    ('v', "ν"),
    ('w', "ԝω"),
    ('x', "хχ"),
    ('y', "уүγ"),
];

/// Takes whatever is blank for a space or for ends of lines.
fn blank(one: char) -> &'static str {
    match one {
        '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' => "\n",
        '\u{2029}' => "\n\n",
        _ => " ",
    }
}

/// Soft hyphens, joiners, fillers and marks that nobody sees.
pub(super) fn is_invisible(one: char) -> bool {
    matches!(one,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}' | '\u{ffa0}' | '\u{e0000}'..='\u{e0fff}')
}

//! Whether the number a claim names is the value that shows it, or one that somebody wrote down once.

use std::ops::Range;

use super::Class;
use super::bound::Values;
use super::normal::Mapped;

/// Numbers in words, up to which people write them so.
const IN_WORDS: &[&str] = &[
    "ein", "eine", "einen", "eines", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun",
    "zehn", "elf", "zwölf", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
];

/// What a number counts that is a span of time.
const TIMES: &[&str] = &[
    "s", "sek", "sekunde", "sekunden", "sec", "secs", "second", "seconds", "m", "min", "mins", "minute",
    "minuten", "minutes", "h", "hr", "hrs", "std", "stunde", "stunden", "hour", "hours", "uhr", "d", "t",
    "tag", "tage", "tagen", "day", "days", "woche", "wochen", "week", "weeks", "monat", "monate", "monaten",
    "month", "months", "jahr", "jahre", "jahren", "year", "years",
];

/// A number within a claim.
struct Number<'a> {
    at: usize,
    /// Whether it is a word.
    is_word: bool,
    /// Whether it is a span or a time of day.
    is_time: bool,
    text: &'a str,
}

/// Tells whether a claim names a number that was written down: then the value beside it shows nothing. Of stock and of other people it is the first
/// that counts neither days nor hours, which may say since when; of hurry it is any that does.
pub(super) fn is_written(class: Class, mapped: &Mapped, place: &Range<usize>, values: &Values<'_>) -> bool {
    let Some(name) = class.binding() else { return false };
    let claim = mapped.text.get(place.clone()).unwrap_or_default();
    let origin = |number: &Number<'_>| {
        let at = place.start + number.at;
        mapped.original(at..at + number.text.len()).start
    };
    let numbers = numbers(claim);
    match class {
        Class::Scarcity | Class::SocialProof => {
            // "One of our customers" counts nobody.
            let counts =
                |number: &&Number<'_>| !number.is_time && (!number.is_word || class == Class::Scarcity);
            numbers.iter().find(counts).is_some_and(|number| !values.is_at(name, origin(number)))
        }
        Class::Urgency => numbers.iter().any(|number| number.is_time && !values.is_any_at(origin(number))),
        _ => false,
    }
}

/// Lists the numbers of a claim.
fn numbers(claim: &str) -> Vec<Number<'_>> {
    let mut words: Vec<(usize, &str)> = Vec::new();
    for piece in claim.split_inclusive(|one: char| !one.is_alphanumeric()) {
        let at = words.last().map_or(0, |(at, piece): &(usize, &str)| at + piece.len());
        words.push((at, piece));
    }
    let bare = |piece: &str| piece.trim_end_matches(|one: char| !one.is_alphanumeric()).to_lowercase();
    let mut found = Vec::new();
    for (place, (at, piece)) in words.iter().enumerate() {
        let text = bare(piece);
        let is_word = IN_WORDS.contains(&text.as_str());
        if !is_word && !text.starts_with(|one: char| one.is_ascii_digit()) {
            continue;
        }
        let mut behind =
            words.iter().skip(place + 1).map(|(_, piece)| bare(piece)).filter(|word| !word.is_empty());
        let is_clock =
            piece.ends_with(':') && words.get(place + 1).is_some_and(|(_, next)| starts_with_digit(next));
        let of_clock = place
            .checked_sub(1)
            .and_then(|before| words.get(before))
            .is_some_and(|(_, before)| before.ends_with(':') && starts_with_digit(before));
        let counts_time = behind.next().is_some_and(|word| TIMES.contains(&word.as_str()));
        // "24h" is one word.
        let unit = text.trim_start_matches(|one: char| one.is_ascii_digit());
        let is_time = is_clock || of_clock || counts_time || TIMES.contains(&unit);
        let end =
            piece.len() - piece.chars().last().filter(|one| !one.is_alphanumeric()).map_or(0, char::len_utf8);
        found.push(Number { at: *at, is_word, is_time, text: piece.get(..end).unwrap_or_default() });
    }
    found
}

fn starts_with_digit(text: &str) -> bool {
    text.starts_with(|one: char| one.is_ascii_digit())
}

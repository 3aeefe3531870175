//! Card numbers: found wherever somebody put one, and taken out before anything is stored. Wink needs none, and whoever stores one has to
//! prove to the card schemes how.
//!
//! Other digits take their place, which follow from the number by a keyed hash: numbers of loyalty cards and orders that only look like a card
//! are told apart as before, and whoever has the stored data alone cannot try all numbers out.
//!
//! A card number is 14 to 19 digits that begin as a scheme's numbers do (ISO/IEC 7812, issuer identification numbers) and whose check digit
//! is right (ISO/IEC 7812-1, Annex B, the Luhn formula). Digits may stand in groups, and may be written as URLs and JSON write them.
//!
//! One id of some thousand has such digits in it by chance, as ids are UUIDs (RFC 9562) and have groups too. What lies within one is left as it
//! is: a coupon whose id was changed would be found by nobody.

use crate::base::Hasher;

/// What may begin a group of the digits that take a number's place. No scheme's numbers begin so, so none of them is taken for a card again; and
/// the first, which begins the whole number, keeps one of 19 digits within 64 bits.
const BEGINNINGS: [u8; 4] = *b"7019";

/// The fewest digits. Numbers of 13 are article numbers far more often than cards, and no scheme gives out 12 or 13 any more.
const DIGITS_MIN: usize = 14;

/// The most digits.
const DIGITS_MAX: usize = 19;

/// What stands between the groups of a number that people wrote: one character, as it is or as a URL writes it.
const BETWEEN: [&[u8]; 11] =
    [b" ", b"-", b"+", b".", b"_", b"/", b"%20", b"%2D", b"%2d", "\u{a0}".as_bytes(), "\u{202f}".as_bytes()];

/// One digit as it is written.
#[derive(Clone, Copy)]
struct Digit {
    value: u8,
    /// Where the character stands that says which digit it is.
    at: usize,
    /// Whether a group begins with it.
    begins: bool,
}

/// Takes card numbers out of a text: other digits take their place, always the same ones under the same key. `None` if there is none in
/// it, as almost always.
pub fn without_cards(text: &[u8], key: &[u8; 32]) -> Option<Vec<u8>> {
    if !has_many_digits(text) {
        return None;
    }
    let mut changed: Option<Vec<u8>> = None;
    let mut from = 0;
    let mut run: Vec<Digit> = Vec::new();
    let mut groups: Vec<usize> = Vec::new();
    while let Some(start) = next_digit(text, from) {
        from = read_run(text, start, &mut run, &mut groups);
        for card in cards(&run, &groups).into_iter().filter(|card| !lies_in_a_uuid(text, card)) {
            let copy = changed.get_or_insert_with(|| text.to_vec());
            for (place, (digit, instead)) in card.iter().zip(instead(card, key)).enumerate() {
                let [first, ..] = BEGINNINGS;
                let new = match (place, digit.begins) {
                    (0, _) => first,
                    (_, true) => BEGINNINGS.get(usize::from(instead % 4)).copied().unwrap_or(first),
                    (_, false) => b'0' + instead % 10,
                };
                if let Some(byte) = copy.get_mut(digit.at) {
                    *byte = new;
                }
            }
        }
    }
    changed
}

/// Draws what takes a number's place, from the number.
fn instead(card: &[Digit], key: &[u8; 32]) -> [u8; 32] {
    let digits: Vec<u8> = card.iter().map(|digit| digit.value).collect();
    Hasher::keyed(key, "card").field(&digits).finish().0
}

/// What a byte may be in a number that people wrote.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Digit,
    /// It may stand between digits, or be a part of how one is written.
    Between,
    Neither,
}

/// The part of each byte. A table, because every byte of every body is looked up in it.
static PARTS: [Part; 256] = {
    let mut parts = [Part::Neither; 256];
    let mut byte = 0;
    while byte < parts.len() {
        #[expect(
            clippy::indexing_slicing,
            clippy::cast_possible_truncation,
            reason = "below the table's length, a byte's"
        )]
        {
            parts[byte] = match byte as u8 {
                b'0'..=b'9' => Part::Digit,
                b' ' | b'-' | b'+' | b'.' | b'_' | b'/' | b'%' | b'D' | b'd' | b'\\' | b'u' => Part::Between,
                0xc2 | 0xa0 | 0xe2 | 0x80 | 0xaf => Part::Between,
                _ => Part::Neither,
            };
        }
        byte += 1;
    }
    parts
};

/// Tells whether there could be a card number at all: says yes too often, but never no to one that has one.
fn has_many_digits(text: &[u8]) -> bool {
    let mut digits = 0;
    text.iter().any(|byte| {
        match PARTS.get(usize::from(*byte)) {
            Some(Part::Digit) => digits += 1,
            Some(Part::Between) => {}
            _ => digits = 0,
        }
        DIGITS_MIN <= digits
    })
}

/// Finds where the next digit begins.
fn next_digit(text: &[u8], from: usize) -> Option<usize> {
    let rest = text.get(from..)?;
    let is_digit = |(at, byte): (usize, &u8)| byte.is_ascii_digit() || digit(text, from + at).is_some();
    rest.iter().enumerate().position(is_digit).map(|at| from + at)
}

/// Reads a digit at a place: `4`, `%34` as in a URL, or `\u0034` as in JSON. Gives it and where it ends.
fn digit(text: &[u8], at: usize) -> Option<(Digit, usize)> {
    let rest = text.get(at..)?;
    let lead = match rest.first()? {
        b'0'..=b'9' => 0,
        b'%' if rest.starts_with(b"%3") => 2,
        b'\\' if rest.starts_with(b"\\u003") => 5,
        _ => return None,
    };
    let byte = *rest.get(lead)?;
    let digit = Digit { value: byte.wrapping_sub(b'0'), at: at + lead, begins: false };
    byte.is_ascii_digit().then_some((digit, at + lead + 1))
}

/// Reads digits and what may stand between groups of them. Gives where they end; `groups` is where in `run` each group begins.
fn read_run(text: &[u8], start: usize, run: &mut Vec<Digit>, groups: &mut Vec<usize>) -> usize {
    run.clear();
    groups.clear();
    groups.push(0);
    let mut at = start;
    while let Some((found, end)) = digit(text, at) {
        run.push(Digit { begins: groups.last() == Some(&run.len()), ..found });
        at = end;
        if digit(text, at).is_none()
            && let Some(after) = separator(text, at).filter(|after| digit(text, *after).is_some())
        {
            groups.push(run.len());
            at = after;
        }
    }
    at.max(start + 1)
}

/// Reads what stands between two groups. Gives where it ends.
fn separator(text: &[u8], at: usize) -> Option<usize> {
    let rest = text.get(at..)?;
    BETWEEN.iter().find(|between| rest.starts_with(between)).map(|between| at + between.len())
}

/// Finds the card numbers of a run: one that fills a number of its groups, from one's beginning to one's end.
fn cards<'run>(run: &'run [Digit], groups: &'run [usize]) -> Vec<&'run [Digit]> {
    let mut found = Vec::new();
    let mut first = 0;
    while let Some(begin) = groups.get(first) {
        // The longest first: a shorter one in it would leave the rest of the card.
        let furthest = groups.len().min(first + DIGITS_MAX);
        let card = (first + 1..=furthest).rev().find_map(|past| {
            let end = groups.get(past).copied().unwrap_or(run.len());
            let digits = run.get(*begin..end)?;
            is_card(digits).then_some((digits, past))
        });
        first = match card {
            Some((digits, past)) => {
                found.push(digits);
                past
            }
            None => first + 1,
        };
    }
    found
}

/// How long a UUID is, and where its dashes are.
const UUID: usize = 36;
const DASHES: [usize; 4] = [8, 13, 18, 23];

fn lies_in_a_uuid(text: &[u8], card: &[Digit]) -> bool {
    let (Some(first), Some(last)) = (card.first(), card.last()) else { return false };
    let earliest = (last.at + 1).saturating_sub(UUID);
    (earliest..=first.at).any(|start| is_uuid(text, start))
}

/// Tells whether a UUID stands at a place. One without a single letter is none: there are next to none, and digits alone may be a card after all.
fn is_uuid(text: &[u8], start: usize) -> bool {
    let Some(id) = text.get(start..start + UUID) else { return false };
    let goes_on = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let before = start.checked_sub(1).and_then(|before| text.get(before));
    let fits = |(place, byte): (usize, &u8)| match DASHES.contains(&place) {
        true => *byte == b'-',
        false => byte.is_ascii_hexdigit(),
    };
    !goes_on(before)
        && !goes_on(text.get(start + UUID))
        && id.iter().enumerate().all(fits)
        && id.iter().any(u8::is_ascii_alphabetic)
}

fn is_card(digits: &[Digit]) -> bool {
    (DIGITS_MIN..=DIGITS_MAX).contains(&digits.len())
        && is_of_a_scheme(digits)
        && check_digit_is_right(digits)
}

/// Tells whether a scheme gives out numbers that begin like this and are as long.
fn is_of_a_scheme(digits: &[Digit]) -> bool {
    let beginning = digits.iter().take(4).fold(0, |number, digit| number * 10 + u32::from(digit.value));
    let length = digits.len();
    match beginning {
        // Visa.
        4000..=4999 => length == 16 || length == 19,
        // Mastercard, and Mir between its ranges.
        5100..=5599 | 2221..=2720 | 2200..=2204 => length == 16,
        // American Express.
        3400..=3499 | 3700..=3799 => length == 15,
        // Diners Club.
        3000..=3059 | 3095 | 3600..=3699 | 3800..=3999 => (14..=19).contains(&length),
        // JCB, Discover, UnionPay, RuPay.
        3528..=3589 | 6011 | 6440..=6599 | 6200..=6299 | 6070..=6089 | 8100..=8299 => length >= 16,
        // Maestro.
        5018 | 5020 | 5038 | 5893 | 6304 | 6759 | 6761..=6763 => length >= 16,
        _ => false,
    }
}

/// The Luhn formula: every second digit from the right but one counts twice, and the digits' sum is a multiple of ten.
fn check_digit_is_right(digits: &[Digit]) -> bool {
    let sum: u32 = digits.iter().rev().enumerate().fold(0, |sum, (place, digit)| {
        let value = u32::from(digit.value) * if place % 2 == 1 { 2 } else { 1 };
        sum + if 9 < value { value - 9 } else { value }
    });
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests;

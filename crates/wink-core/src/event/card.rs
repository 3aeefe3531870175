//! Card numbers: found wherever somebody put one, and taken out before anything is stored. Wink needs none, and whoever stores one has to
//! prove to the card schemes how.
//!
//! A card number is 14 to 19 digits that begin as a scheme's numbers do (ISO/IEC 7812, issuer identification numbers) and whose check digit
//! is right (ISO/IEC 7812-1, Annex B, the Luhn formula). Digits may stand in groups, and may be written as URLs and JSON write them.

/// What stands for every digit of a card number: right in a JSON number as well as in a text, and no scheme's first digit.
const INSTEAD: u8 = b'9';

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
}

/// Takes card numbers out of a text: every digit becomes a 9. `None` if there is none in it, as almost always.
pub fn without_cards(text: &[u8]) -> Option<Vec<u8>> {
    if !has_many_digits(text) {
        return None;
    }
    let mut changed: Option<Vec<u8>> = None;
    let mut from = 0;
    let mut run: Vec<Digit> = Vec::new();
    let mut groups: Vec<usize> = Vec::new();
    while let Some(start) = next_digit(text, from) {
        from = read_run(text, start, &mut run, &mut groups);
        for card in cards(&run, &groups) {
            let copy = changed.get_or_insert_with(|| text.to_vec());
            for digit in card {
                if let Some(byte) = copy.get_mut(digit.at) {
                    *byte = INSTEAD;
                }
            }
        }
    }
    changed
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
    byte.is_ascii_digit().then(|| (Digit { value: byte - b'0', at: at + lead }, at + lead + 1))
}

/// Reads digits and what may stand between groups of them. Gives where they end; `groups` is where in `run` each group begins.
fn read_run(text: &[u8], start: usize, run: &mut Vec<Digit>, groups: &mut Vec<usize>) -> usize {
    run.clear();
    groups.clear();
    groups.push(0);
    let mut at = start;
    while let Some((found, end)) = digit(text, at) {
        run.push(found);
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

//! Values as they are spelled: decimals without a detour over floats, and the places of characters inside TOML strings.

/// Why a text is not a decimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotDecimal {
    /// Other characters than digits and one dot.
    Digits,
    /// More decimals than allowed.
    Decimals,
    /// Out of range.
    TooLarge,
}

/// Reads `12.5` as 1,250 hundredths for two `places`. The digits count as they are written; nothing is rounded.
pub(super) fn decimal(text: &str, places: usize) -> Result<i64, NotDecimal> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text),
    };
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, "0"));
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !is_digits(whole) || !is_digits(decimals) {
        return Err(NotDecimal::Digits);
    }
    let padded = format!("{whole}{decimals:0<places$}");
    if whole.len() + places < padded.len()
        && !decimals.get(places..).is_some_and(|rest| rest.bytes().all(|b| b == b'0'))
    {
        return Err(NotDecimal::Decimals);
    }
    let kept = padded.get(..whole.len() + places).unwrap_or(&padded);
    kept.parse::<i64>().map(|value| sign * value).map_err(|_| NotDecimal::TooLarge)
}

/// Finds for a byte of a TOML string's value the byte of its literal, quotes included, where it stands.
///
/// Exact for all four kinds of string. What is not understood counts as one byte, which misses by a column at worst.
pub(super) fn place_inside(literal: &str, byte: usize) -> usize {
    let is_triple = literal.starts_with("\"\"\"") || literal.starts_with("'''");
    let is_basic = literal.starts_with('"');
    let mut start = if is_triple { 3 } else { 1 };
    if is_triple {
        let rest = literal.get(start..).unwrap_or("");
        start += if rest.starts_with("\r\n") { 2 } else { usize::from(rest.starts_with('\n')) };
    }
    let mut at = start;
    let mut value_bytes = 0;
    loop {
        let rest = literal.get(at..).unwrap_or("");
        let swallows =
            is_basic && rest.strip_prefix('\\').is_some_and(|after| after.starts_with(char::is_whitespace));
        if byte <= value_bytes && !swallows {
            break;
        }
        let Some(first) = rest.chars().next() else { break };
        let escape = if is_basic { rest.strip_prefix('\\') } else { None };
        let (raw, decoded) = match escape {
            None => (first.len_utf8(), first.len_utf8()),
            Some(after) => escaped(after),
        };
        at += raw;
        value_bytes += decoded;
    }
    at
}

/// Tells how many bytes an escape takes in the literal and in the value; `after` is what follows the backslash.
fn escaped(after: &str) -> (usize, usize) {
    let coded = |digits: usize| {
        let code = after.get(1..1 + digits).and_then(|digits| u32::from_str_radix(digits, 16).ok());
        (2 + digits, code.and_then(char::from_u32).map_or(1, char::len_utf8))
    };
    match after.chars().next() {
        Some('x') => coded(2),
        Some('u') => coded(4),
        Some('U') => coded(8),
        Some(letter) if letter.is_whitespace() => {
            // A backslash at the end of a line swallows the blanks up to the next word.
            (1 + after.len() - after.trim_start().len(), 0)
        }
        Some(letter) => (1 + letter.len_utf8(), 1),
        None => (1, 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decimal_counts_as_it_is_written() {
        for (text, wanted) in [
            ("1.50", Ok(150)),
            ("1.5", Ok(150)),
            ("1", Ok(100)),
            ("0.07", Ok(7)),
            ("-0.5", Ok(-50)),
            ("1.5000", Ok(150)),
            ("1.505", Err(NotDecimal::Decimals)),
            ("1,50", Err(NotDecimal::Digits)),
            ("1e3", Err(NotDecimal::Digits)),
            (".5", Err(NotDecimal::Digits)),
            ("1.", Err(NotDecimal::Digits)),
            ("", Err(NotDecimal::Digits)),
            ("92233720368547758.07", Ok(i64::MAX)),
            ("92233720368547758.08", Err(NotDecimal::TooLarge)),
        ] {
            assert_eq!(decimal(text, 2), wanted, "{text}");
        }
        assert_eq!(decimal("0.005", 4), Ok(50));
    }

    #[test]
    fn a_place_inside_a_string_is_found_in_its_literal() {
        for (literal, value, word) in [
            (r#""a word""#, "a word", "word"),
            ("'a word'", "a word", "word"),
            ("'''\nä word'''", "ä word", "word"),
            ("\"\"\"\r\na word\"\"\"", "a word", "word"),
            (r#""\"\u00e4\t word""#, "\"ä\t word", "word"),
            ("\"\"\"a \\\n   word\"\"\"", "a word", "word"),
        ] {
            let found = place_inside(literal, value.find(word).unwrap());
            assert!(literal[found..].starts_with(word), "{literal}");
        }
        assert_eq!(place_inside("\"ab\"", 2), 3);
        assert_eq!(place_inside("\"ab\"", 99), 4);
    }
}

//! Cuts a source into tokens, each with its place. Follows the CEL grammar, less what rules do not have.

use std::ops::Range;

use super::Problem;
use super::node::Span;

/// A token and its place.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub(super) at: Span,
    pub(super) kind: TokenKind,
}

/// What a token is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum TokenKind {
    Name,
    /// Digits only; the sign is the parser's, so that the smallest int can be written.
    Int,
    Double(f64),
    Text(String),
    /// An operator, bracket, comma or dot.
    Symbol(&'static str),
    End,
}

/// Longer ones first, so that `<=` is not read as `<`.
const SYMBOLS: [&str; 24] = [
    "&&", "||", "==", "!=", "<=", ">=", "<", ">", "!", "+", "-", "*", "/", "%", "?", ":", "(", ")", "[", "]",
    ".", ",", "{", "}",
];

/// What people write by habit, and what it is here.
const HABITS: [(&str, &str); 9] = [
    ("<>", "write `!=`"),
    ("=", "write `==`"),
    ("&", "write `&&`"),
    ("|", "write `||`"),
    ("“", "write `\"`"),
    ("”", "write `\"`"),
    ("„", "write `\"`"),
    ("’", "write `'`"),
    ("`", "write `\"`"),
];

/// Reads the token that begins at or behind `from`, past blanks and comments.
pub(super) fn next(source: &str, from: usize) -> Result<Token, Problem> {
    let start = skip_blanks(source, from);
    let rest = source.get(start..).unwrap_or("");
    let Some(first) = rest.chars().next() else {
        return Ok(Token { at: Span::new(source.len(), source.len()), kind: TokenKind::End });
    };
    let token = |length: usize, kind| Ok(Token { at: Span::new(start, start + length), kind });

    if first.is_ascii_alphabetic() || first == '_' {
        let length = rest.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
        let opens_text = rest.get(length..).is_some_and(|after| after.starts_with(['"', '\'']));
        if opens_text
            && rest.get(..length).is_some_and(|word| matches!(word, "r" | "R" | "b" | "B" | "rb" | "br"))
        {
            return Err(Problem::new(start..start + length, "raw and byte texts are not part of rules")
                .fix("write a plain text and double its backslashes"));
        }
        return token(length, TokenKind::Name);
    }
    let dot_and_digit = first == '.' && rest.as_bytes().get(1).is_some_and(u8::is_ascii_digit);
    if first.is_ascii_digit() || dot_and_digit {
        return number(rest, start);
    }
    if first == '"' || first == '\'' {
        return text(rest, start, first);
    }
    for (habit, fix) in HABITS {
        let is_operator = rest.starts_with("==") || rest.starts_with("&&") || rest.starts_with("||");
        if rest.starts_with(habit) && !is_operator {
            return Err(
                Problem::new(start..start + habit.len(), format!("`{habit}` has no meaning here")).fix(fix)
            );
        }
    }
    if let Some(symbol) = SYMBOLS.into_iter().find(|symbol| rest.starts_with(symbol)) {
        return token(symbol.len(), TokenKind::Symbol(symbol));
    }
    let shown = if first.is_control() { first.escape_default().to_string() } else { first.to_string() };
    Err(Problem::new(start..start + first.len_utf8(), format!("`{shown}` has no meaning here")))
}

fn skip_blanks(source: &str, from: usize) -> usize {
    let mut at = from;
    loop {
        let rest = source.get(at..).unwrap_or("");
        let blanks = rest.bytes().take_while(|b| matches!(b, b' ' | b'\t' | b'\n' | b'\r' | 0x0c)).count();
        at += blanks;
        let rest = rest.get(blanks..).unwrap_or("");
        if !rest.starts_with("//") {
            return at;
        }
        at += rest.bytes().take_while(|b| *b != b'\n').count();
    }
}

fn number(rest: &str, start: usize) -> Result<Token, Problem> {
    let bytes = rest.as_bytes();
    let digits = |from: usize| bytes.iter().skip(from).take_while(|b| b.is_ascii_digit()).count();
    let is = |place: usize, wanted: &[u8]| bytes.get(place).is_some_and(|b| wanted.contains(b));

    let mut length = digits(0);
    let mut is_double = false;
    if is(length, b".") && 0 < digits(length + 1) {
        is_double = true;
        length += 1 + digits(length + 1);
    }
    if is(length, b"eE") {
        let sign = usize::from(is(length + 1, b"+-"));
        let exponent = digits(length + 1 + sign);
        if 0 < exponent {
            is_double = true;
            length += 1 + sign + exponent;
        }
    }
    let tail = bytes.iter().skip(length).take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
    let at: Range<usize> = start..start + length;
    let literal = rest.get(..length).unwrap_or("");
    if 0 < tail {
        let whole = rest.get(..length + tail).unwrap_or("");
        return Err(Problem::new(start..start + length + tail, format!("`{whole}` is not a number"))
            .fix("write digits, with a dot for a double: `14` or `0.5`"));
    }
    if !is_double {
        return Ok(Token { at: Span::new(at.start, at.end), kind: TokenKind::Int });
    }
    match literal.parse::<f64>() {
        Ok(value) if value.is_finite() => {
            Ok(Token { at: Span::new(at.start, at.end), kind: TokenKind::Double(value) })
        }
        _ => Err(Problem::new(at, format!("`{literal}` is too large for a double"))),
    }
}

fn text(rest: &str, start: usize, quote: char) -> Result<Token, Problem> {
    let triple = [quote; 3].iter().collect::<String>();
    if rest.starts_with(&triple) {
        return Err(Problem::new(start..start + 3, "texts over several lines are not part of rules")
            .fix(format!("write one {quote} and `\\n` for a new line")));
    }
    let mut value = String::new();
    let mut letters = rest.char_indices().skip(1);
    while let Some((place, letter)) = letters.next() {
        if letter == quote {
            let end = start + place + 1;
            return Ok(Token { at: Span::new(start, end), kind: TokenKind::Text(value) });
        }
        match letter {
            '\n' | '\r' => break,
            '\\' => value.push(escaped(&mut letters, start, place)?),
            _ => value.push(letter),
        }
    }
    let end = rest.find(['\n', '\r']).unwrap_or(rest.len());
    Err(Problem::new(start..start + end, "the text does not end").fix(format!("close it with {quote}")))
}

/// Reads what follows a backslash.
fn escaped(
    letters: &mut impl Iterator<Item = (usize, char)>,
    start: usize,
    backslash: usize,
) -> Result<char, Problem> {
    let refused = |end: usize, message: String| {
        Err(Problem::new(start + backslash..start + end, message).fix("write `\\\\` for a backslash"))
    };
    let Some((place, letter)) = letters.next() else {
        return refused(backslash + 1, "the text ends in the middle of an escape".to_owned());
    };
    let (radix, count, mut code) = match letter {
        'a' => return Ok('\u{7}'),
        'b' => return Ok('\u{8}'),
        'f' => return Ok('\u{c}'),
        'n' => return Ok('\n'),
        'r' => return Ok('\r'),
        't' => return Ok('\t'),
        'v' => return Ok('\u{b}'),
        '\\' | '?' | '"' | '\'' | '`' => return Ok(letter),
        'x' | 'X' => (16, 2, 0),
        'u' => (16, 4, 0),
        'U' => (16, 8, 0),
        '0'..='3' => (8, 2, letter.to_digit(8).unwrap_or(0)),
        _ => return refused(place + letter.len_utf8(), format!("`\\{letter}` is not an escape")),
    };
    let mut end = place + 1;
    for _ in 0..count {
        let Some((place, digit)) = letters.next() else {
            return refused(end, "the text ends in the middle of an escape".to_owned());
        };
        end = place + digit.len_utf8();
        let Some(value) = digit.to_digit(radix) else {
            return refused(end, format!("the escape `\\{letter}…` needs {count} digits"));
        };
        code = code.saturating_mul(radix).saturating_add(value);
    }
    match char::from_u32(code) {
        Some(decoded) => Ok(decoded),
        None => refused(end, "the escape names no character".to_owned()),
    }
}

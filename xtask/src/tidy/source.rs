//! Rust source without its comments and literals, so that rules look at code only.

/// Blanks comments, string and character literals. Every line keeps its number; code keeps its place in the line.
pub(super) fn code_only(source: &str) -> String {
    let bytes = source.as_bytes();
    let at = |index: usize| bytes.get(index).copied().unwrap_or(0);
    let mut kept = bytes.to_vec();
    let mut index = 0;
    while index < bytes.len() {
        let end = match (at(index), at(index + 1)) {
            (b'/', b'/') => line_end(bytes, index),
            (b'/', b'*') => block_end(bytes, index),
            (b'"', _) => string_end(bytes, index + 1),
            (b'r', b'"' | b'#')
                if !is_word(at(index.wrapping_sub(1))) || at(index.wrapping_sub(1)) == b'b' =>
            {
                raw_string_end(bytes, index + 1).unwrap_or(index + 1)
            }
            (b'\'', _) => character_end(bytes, index),
            _ => index + 1,
        };
        if index + 1 < end {
            for byte in kept.iter_mut().take(end).skip(index).filter(|byte| **byte != b'\n') {
                *byte = b' ';
            }
        }
        index = end;
    }
    String::from_utf8_lossy(&kept).into_owned()
}

/// The number of lines that hold code.
pub(super) fn lines_of_code(source: &str) -> usize {
    code_only(source).lines().filter(|line| !line.trim().is_empty()).count()
}

/// Whether the byte can be part of an identifier.
pub(super) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn line_end(bytes: &[u8], from: usize) -> usize {
    bytes.iter().skip(from).position(|byte| *byte == b'\n').map_or(bytes.len(), |length| from + length)
}

fn block_end(bytes: &[u8], from: usize) -> usize {
    let mut depth = 0_usize;
    let mut index = from;
    while index < bytes.len() {
        match bytes.get(index..index + 2) {
            Some(b"/*") => (depth, index) = (depth + 1, index + 2),
            Some(b"*/") => (depth, index) = (depth - 1, index + 2),
            _ => index += 1,
        }
        if depth == 0 {
            return index;
        }
    }
    bytes.len()
}

fn string_end(bytes: &[u8], from: usize) -> usize {
    let mut index = from;
    while let Some(byte) = bytes.get(index) {
        match byte {
            b'\\' => index += 2,
            b'"' => return index + 1,
            _ => index += 1,
        }
    }
    bytes.len()
}

/// The end of `"…"` or `#"…"#` that starts at `from`; none if this is no raw string after all (`r#type`).
fn raw_string_end(bytes: &[u8], from: usize) -> Option<usize> {
    let hashes = bytes.iter().skip(from).take_while(|byte| **byte == b'#').count();
    if bytes.get(from + hashes) != Some(&b'"') {
        return None;
    }
    let mut closing = vec![b'"'];
    closing.resize(hashes + 1, b'#');
    let inside = from + hashes + 1;
    let found = bytes.get(inside..)?.windows(closing.len()).position(|window| window == closing);
    Some(found.map_or(bytes.len(), |length| inside + length + closing.len()))
}

/// The end of a character literal; the next byte if the quote begins a lifetime.
fn character_end(bytes: &[u8], from: usize) -> usize {
    if bytes.get(from + 1) == Some(&b'\\') {
        let closing = bytes.iter().skip(from + 3).position(|byte| *byte == b'\'');
        return closing.map_or(bytes.len(), |length| from + 3 + length + 1);
    }
    // One character of up to four bytes, then the closing quote; a lifetime has none.
    let first = bytes.get(from + 1).copied().unwrap_or(0);
    let length = match first {
        0..=0x7f => 1,
        0x80..=0xdf => 2,
        0xe0..=0xef => 3,
        _ => 4,
    };
    if bytes.get(from + 1 + length) == Some(&b'\'') { from + length + 2 } else { from + 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(source: &str, expected: &str) {
        let squeezed: Vec<String> = code_only(source).split_whitespace().map(str::to_owned).collect();
        assert_eq!(squeezed.join(" "), expected, "{source}");
    }

    #[test]
    fn only_code_is_left() {
        check("a // b\nc", "a c");
        check("a /* b /* c */ d */ e", "a e");
        check(r#"say("crate::x \" y", 'z', '\'', '"') // "#, "say( , , , )");
        check("let x = r#\"a \" b\"#; c", "let x = ; c");
        check("fn f<'a>(x: &'a str) {}", "fn f<'a>(x: &'a str) {}");
        check("r#type", "r#type");
        check("'é' b", "b");
    }

    #[test]
    fn lines_keep_their_numbers() {
        assert_eq!(code_only("a\n/* x\ny */ b\n").lines().count(), 3);
        assert_eq!(lines_of_code("//! doc\n\nfn a() {}\n/* x */\n"), 1);
    }
}

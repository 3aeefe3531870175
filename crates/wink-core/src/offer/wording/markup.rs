//! What HTML writes into a text that nobody reads: tags, and characters by their names or numbers.

/// How HTML writes characters by name, and what each of them is; nothing for what nobody sees.
const ENTITIES: &[(&str, Option<char>)] = &[
    ("&nbsp;", Some(' ')),
    ("&ensp;", Some(' ')),
    ("&emsp;", Some(' ')),
    ("&thinsp;", Some(' ')),
    ("&shy;", None),
    ("&zwnj;", None),
    ("&zwj;", None),
    ("&zerowidthspace;", None),
    ("&auml;", Some('ä')),
    ("&ouml;", Some('ö')),
    ("&uuml;", Some('ü')),
    ("&szlig;", Some('ß')),
    ("&eacute;", Some('é')),
    ("&euro;", Some('€')),
    ("&amp;", Some('&')),
    ("&rsquo;", Some('\'')),
    ("&apos;", Some('\'')),
];

/// Tags within a line of text: what stands on both sides of one may be one word.
const INLINE: &[&str] = &[
    "a", "abbr", "b", "bdi", "bdo", "big", "cite", "code", "del", "dfn", "em", "font", "i", "ins", "kbd",
    "mark", "q", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "tt", "u", "var", "wbr",
];

/// Longer than this is no tag, but text with a sign for "less" in it.
const TAG_BYTES_MAX: usize = 2_000;

/// What is longer is read as text: to look for the end of each comment through a whole text of their beginnings would take for ever.
const COMMENT_BYTES_MAX: usize = 2_000;

/// Tells what a text begins with that HTML writes for a character or for nothing, and how long it is.
pub(super) fn entity(text: &str) -> Option<(usize, Option<char>)> {
    if !text.starts_with('&') {
        return None;
    }
    let is_written =
        |name: &str| text.get(..name.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(name));
    if let Some((name, meant)) = ENTITIES.iter().find(|(name, _)| is_written(name)) {
        return Some((name.len(), *meant));
    }
    let written = text.strip_prefix("&#")?;
    let (digits, radix) = match written.strip_prefix(['x', 'X']) {
        Some(digits) => (digits, 16),
        None => (written, 10),
    };
    // A sign of Unicode has no more digits.
    let length = digits.bytes().take(8).position(|byte| byte == b';')?;
    let number = u32::from_str_radix(digits.get(..length)?, radix).ok()?;
    let meant = Some(char::from_u32(number)?).filter(|one| !super::normal::is_invisible(*one));
    let end = text.len() - digits.len() + length + 1;
    Some((end, meant))
}

/// Tells how long the tag or comment is that a text begins with, and what it is to who reads: nothing, or an end of a line.
pub(super) fn tag(text: &str) -> Option<(usize, Option<char>)> {
    let inner = text.strip_prefix('<')?;
    if let Some(comment) = inner.strip_prefix("!--") {
        let end = comment.as_bytes().windows(3).take(COMMENT_BYTES_MAX).position(|three| three == b"-->");
        return end.map(|end| (end + 7, None));
    }
    let named = inner.strip_prefix('/').unwrap_or(inner);
    let name_length = named.bytes().take_while(u8::is_ascii_alphanumeric).count();
    let name = named.get(..name_length)?;
    let is_name = name.starts_with(|one: char| one.is_ascii_alphabetic());
    let goes_on =
        matches!(named.as_bytes().get(name_length), Some(b'>' | b'/' | b' ' | b'\n' | b'\r' | b'\t'));
    if !is_name || !goes_on {
        return None;
    }
    let end = text.bytes().take(TAG_BYTES_MAX).skip(1).position(|byte| matches!(byte, b'>' | b'<'))? + 1;
    if text.as_bytes().get(end) != Some(&b'>') {
        return None;
    }
    let is_inline = INLINE.iter().any(|known| known.eq_ignore_ascii_case(name));
    Some((end + 1, (!is_inline).then_some('\n')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_nothing_or_the_end_of_a_line() {
        for (text, wanted) in [
            ("<b>heu", Some((3, None))),
            ("</B>te", Some((4, None))),
            ("<span style=\"x\">", Some((16, None))),
            ("<br/>x", Some((5, Some('\n')))),
            ("<p class=a>", Some((11, Some('\n')))),
            ("<!-- a > b -->x", Some((14, None))),
            ("<5 Euro", None),
            ("< b>", None),
            ("<b und <i>", None),
            ("<b", None),
            ("<bunt!>", None),
        ] {
            assert_eq!(tag(text), wanted, "{text}");
        }
    }

    #[test]
    fn characters_are_read_by_name_and_number() {
        for (text, wanted) in [
            ("&NBSP;x", Some((6, Some(' ')))),
            ("&shy;", Some((5, None))),
            ("&#74;etzt", Some((5, Some('J')))),
            ("&#x4A;etzt", Some((6, Some('J')))),
            ("&#173;", Some((6, None))),
            ("&#x110000;", None),
            ("&#;", None),
            ("&unknown;", None),
            ("A&B", None),
        ] {
            assert_eq!(entity(text), wanted, "{text}");
        }
    }
}

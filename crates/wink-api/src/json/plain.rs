//! What a reader says is wrong with the shape of a text, in the words of whoever sent it: no types of the code, no lines of a text that is one.

/// Words what a reader said. What it says in our own words stays.
pub fn words(said: &str) -> String {
    let said = said.rsplit_once(" at line ").map_or(said, |(said, _)| said);
    let both = |rest: &str| rest.split_once(", expected ").map(|(a, b)| (a.to_owned(), b.to_owned()));
    for start in ["invalid type: ", "invalid value: "] {
        if let Some((found, expected)) = said.strip_prefix(start).and_then(both) {
            return format!("this is {}, expected {}", value(&found), kind(&expected));
        }
    }
    if let Some((length, expected)) = said.strip_prefix("invalid length ").and_then(both) {
        return match expected.starts_with("struct ") {
            true => "this is a list, expected an object".to_owned(),
            false => format!("this has {length} parts, expected {}", kind(&expected)),
        };
    }
    for start in ["unknown field ", "unknown variant "] {
        if let Some((name, known)) = said.strip_prefix(start).and_then(both) {
            let known = known.trim_start_matches("one of ").replace("` or `", "`, `");
            return format!("{name} is not known here; known are {known}");
        }
    }
    if let Some(name) = said.strip_prefix("missing field ") {
        return format!("{name} is missing");
    }
    if let Some(name) = said.strip_prefix("duplicate field ") {
        return format!("{name} stands here twice");
    }
    if said.starts_with("invalid digit") || said.starts_with("number too") || said.starts_with("cannot parse")
    {
        return "this is not a whole number that is possible here".to_owned();
    }
    if said.starts_with("provided string was not") {
        return "this is neither true nor false".to_owned();
    }
    if said.starts_with("data did not match any variant") {
        return "this has none of the shapes that are expected".to_owned();
    }
    said.to_owned()
}

/// Names a value that was found. What a text says is not repeated: it may be somebody's.
fn value(found: &str) -> String {
    let number = |rest: &str| format!("the number {}", rest.trim_matches('`'));
    match found.split_once(' ') {
        Some(("integer", rest)) => number(rest),
        Some(("floating", rest)) => number(rest.trim_start_matches("point ")),
        Some(("boolean", rest)) => rest.trim_matches('`').to_owned(),
        Some(("string" | "character", _)) => "a text".to_owned(),
        _ => kind(found),
    }
}

/// Names a kind of value.
fn kind(expected: &str) -> String {
    let plain = match expected {
        "a string" | "string" | "a borrowed string" | "str" => "a text",
        "a sequence" | "sequence" | "a list" => "a list",
        "a map" | "map" => "an object",
        "a boolean" | "boolean" => "true or false",
        "unit" | "null" | "unit value" => "null",
        "u8" => "a whole number from 0 to 255",
        "u16" => "a whole number from 0 to 65535",
        "u32" => "a whole number from 0 to 4294967295",
        "u64" | "usize" => "a whole number, not negative",
        "i8" | "i16" | "i32" | "i64" => "a whole number",
        "f32" | "f64" => "a number",
        "variant identifier" | "string or map" => "a name of those that are known",
        other if other.starts_with("struct ") => "an object",
        other if other.starts_with("enum ") => "a name of those that are known",
        other => other,
    };
    plain.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_reads_no_types_of_the_code() {
        for (said, wanted) in [
            ("invalid type: string \"an address, expected\", expected i64 at line 1 column 9", None),
            (
                "invalid type: string \"x\", expected a sequence at line 1 column 14",
                Some("this is a text, expected a list"),
            ),
            ("invalid type: integer `7`, expected a map", Some("this is the number 7, expected an object")),
            (
                "invalid type: floating point `1.5`, expected i64",
                Some("this is the number 1.5, expected a whole number"),
            ),
            ("invalid type: null, expected struct IdentitySent", Some("this is null, expected an object")),
            ("invalid type: boolean `true`, expected a string", Some("this is true, expected a text")),
            (
                "invalid value: integer `-1`, expected u32",
                Some("this is the number -1, expected a whole number from 0 to 4294967295"),
            ),
            (
                "invalid length 0, expected struct Sent with 1 element",
                Some("this is a list, expected an object"),
            ),
            ("missing field `identity` at line 1 column 2", Some("`identity` is missing")),
            (
                "unknown field `discount`, expected one of `identity`, `channel` at line 1 column 9",
                Some("`discount` is not known here; known are `identity`, `channel`"),
            ),
            ("unknown variant `a`, expected `b` or `c`", Some("`a` is not known here; known are `b`, `c`")),
            ("invalid digit found in string", Some("this is not a whole number that is possible here")),
            ("provided string was not `true` or `false`", Some("this is neither true nor false")),
            ("duplicate field `a`", Some("`a` stands here twice")),
            (
                "`batch` is missing; it is the list of messages",
                Some("`batch` is missing; it is the list of messages"),
            ),
        ] {
            match wanted {
                Some(wanted) => assert_eq!(words(said), wanted),
                None => assert!(!words(said).contains("i64 at line"), "{}", words(said)),
            }
        }
    }
}

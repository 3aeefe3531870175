//! A text and what is said about it.

use serde::Deserialize;

use super::*;

#[track_caller]
fn check(text: impl AsRef<[u8]>, code: JsonCode, pointer: &str) {
    let refused = value(text.as_ref()).unwrap_err();
    assert_eq!((refused.code, refused.pointer.as_str()), (code, pointer), "{refused}");
    let refused = read::<serde_json::Value>(text.as_ref()).unwrap_err();
    assert_eq!((refused.code, refused.pointer.as_str()), (code, pointer), "{refused}");
}

#[test]
fn a_text_becomes_the_value_it_says() {
    let read = value(br#" {"a": [1, -2.5, true, null], "\u00e4": {"b": "\ud83d\ude00"}} "#).unwrap();
    let list = vec![Value::Int(1), Value::Float(-2.5), Value::Bool(true), Value::Null];
    let inner = Value::Map(BTreeMap::from([("b".to_owned(), Value::Text("😀".to_owned()))]));
    let wanted = BTreeMap::from([("a".to_owned(), Value::List(list)), ("ä".to_owned(), inner)]);
    assert_eq!(read, Value::Map(wanted));
}

#[test]
fn a_key_that_stands_twice_is_refused_however_it_is_spelled() {
    check(r#"{"a": 1, "b": 2, "a": 1}"#, JsonCode::DuplicateKey, "/a");
    check(r#"{"x": [0, {"a": 1, "\u0061": 2}]}"#, JsonCode::DuplicateKey, "/x/1/a");
    check(r#"{"a/~": {"": 1, "": 2}}"#, JsonCode::DuplicateKey, "/a~1~0/");
}

#[test]
fn what_is_too_deep_or_too_wide_is_refused_and_the_last_that_fits_is_not() {
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    assert!(value(nested(DEPTH_MAX).as_bytes()).is_ok());
    check(nested(DEPTH_MAX + 1), JsonCode::TooDeep, &"/0".repeat(DEPTH_MAX));
    check("[".repeat(1_000_000), JsonCode::TooDeep, &"/0".repeat(DEPTH_MAX));
    check(r#"{"a":"#.repeat(100_000), JsonCode::TooDeep, &"/a".repeat(DEPTH_MAX));

    let keys = |count: usize| {
        let keys: Vec<String> = (0..count).map(|key| format!("\"k{key}\":0")).collect();
        format!("{{{}}}", keys.join(","))
    };
    assert!(value(keys(KEYS_MAX).as_bytes()).is_ok());
    check(keys(KEYS_MAX + 1), JsonCode::TooManyKeys, &format!("/k{KEYS_MAX}"));

    let list = |count: usize| format!("[{}0]", "0,".repeat(count - 1));
    assert!(value(list(VALUES_MAX - 1).as_bytes()).is_ok());
    check(list(VALUES_MAX), JsonCode::TooManyValues, &format!("/{}", VALUES_MAX - 1));
}

#[test]
fn a_number_that_does_not_fit_is_refused_and_never_another_number() {
    for number in
        ["9223372036854775808", "-9223372036854775809", "1e400", "-1e400", "1e20", "18446744073709551616"]
    {
        check(format!("[{number}]"), JsonCode::NumberOutOfRange, "/0");
    }
    for (number, wanted) in [
        ("9223372036854775807", Value::Int(i64::MAX)),
        ("-9223372036854775808", Value::Int(i64::MIN)),
        ("-0", Value::Int(0)),
        ("1e-400", Value::Int(0)),
        ("1.5e3", Value::Float(1_500.0)),
    ] {
        assert_eq!(value(number.as_bytes()), Ok(wanted), "{number}");
    }
}

#[test]
fn what_is_not_text_is_refused() {
    check(b"[\"\xff\"]", JsonCode::NotUtf8, "");
    // Overlong, a surrogate in UTF-8, UTF-16.
    check(b"[\"\xc0\xaf\"]", JsonCode::NotUtf8, "");
    check(b"[\"\xed\xa0\x80\"]", JsonCode::NotUtf8, "");
    check(b"\xff\xfe[\0]\0", JsonCode::NotUtf8, "");
    for escape in [r"\ud800", r"\udc00", r"\ud800\u0041", r"\ud800x"] {
        check(format!("{{\"a\": \"{escape}\"}}"), JsonCode::NotUtf8, "/a");
    }
    check("{\"a\\u0000b\": 1}", JsonCode::KeyInvalid, "/a\0b");
}

#[test]
fn what_is_not_json_to_its_end_is_refused() {
    for text in [
        "",
        " ",
        "{",
        "[1,]",
        "{\"a\":1,}",
        "nul",
        "01",
        "+1",
        ".5",
        "NaN",
        "'a'",
        "\u{feff}{}",
        "[1] 2",
        "{}x",
    ] {
        let refused = value(text.as_bytes()).unwrap_err();
        assert_eq!(refused.code, JsonCode::Malformed, "{text}: {refused}");
    }
    check("[\"a\nb\"]", JsonCode::Malformed, "/0");
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sent {
    #[expect(dead_code, reason = "only its type is looked at")]
    lines: Vec<Line>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    #[expect(dead_code, reason = "only its type is looked at")]
    cents: i64,
}

#[test]
fn what_is_not_expected_is_refused_where_it_stands() {
    for (text, pointer, message) in [
        (
            r#"{"lines": [{"cents": 1}, {"cents": "2"}]}"#,
            "/lines/1/cents",
            "this is a text, expected a whole number",
        ),
        (
            r#"{"lines": [{"cents": 1.5}]}"#,
            "/lines/0/cents",
            "this is the number 1.5, expected a whole number",
        ),
        (r#"{"lines": [{}]}"#, "/lines/0", "`cents` is missing"),
        (
            r#"{"lines": [{"cents": 1, "euro": 2}]}"#,
            "/lines/0/euro",
            "`euro` is not known here; known are `cents`",
        ),
        (r#"[]"#, "", "this is a list, expected an object"),
    ] {
        let refused = read::<Sent>(text.as_bytes()).unwrap_err();
        assert_eq!((refused.code, refused.pointer.as_str()), (JsonCode::Unexpected, pointer), "{refused}");
        assert!(refused.message.starts_with(message), "{refused}");
    }
}

use std::collections::BTreeSet;

use super::without_cards;
use crate::base::{Chance, CouponId};

const KEY: [u8; 32] = [7; 32];

fn cleared(text: &str) -> Option<String> {
    without_cards(text.as_bytes(), &KEY).map(|bytes| String::from_utf8(bytes).unwrap())
}

/// The digits of a text, whichever way they are written.
fn digits_of(text: &str) -> String {
    let plain = text.replace("%3", "").replace("\\u003", "").replace("%20", "");
    plain.chars().filter(char::is_ascii_digit).collect()
}

/// How a scheme's numbers begin, and how long they are.
const SCHEMES: [(&str, usize); 14] = [
    ("4", 16),
    ("4", 19),
    ("51", 16),
    ("55", 16),
    ("2221", 16),
    ("2720", 16),
    ("34", 15),
    ("37", 15),
    ("36", 14),
    ("305", 14),
    ("6011", 16),
    ("3566", 16),
    ("62", 18),
    ("6759", 17),
];

/// Makes a number that begins so and has a right check digit, found by trying all ten.
fn card(chance: &mut Chance, (begins, length): (&str, usize)) -> String {
    let mut digits = begins.to_owned();
    while digits.len() < length - 1 {
        digits.push(figure(chance));
    }
    let right = |last: &char| {
        let doubled = [0, 2, 4, 6, 8, 1, 3, 5, 7, 9];
        let all: Vec<usize> =
            format!("{digits}{last}").bytes().map(|byte| usize::from(byte - b'0')).collect();
        let sum: usize = all
            .iter()
            .rev()
            .enumerate()
            .map(|(at, value)| if at % 2 == 1 { doubled[*value] } else { *value })
            .sum();
        sum.is_multiple_of(10)
    };
    let last = ('0'..='9').find(right).unwrap();
    format!("{digits}{last}")
}

fn figure(chance: &mut Chance) -> char {
    char::from(b'0' + below(chance, 10))
}

fn below(chance: &mut Chance, most: u8) -> u8 {
    chance.bytes()[0] % most
}

/// Ways in which people and programs write a number.
fn written(digits: &str, way: u8) -> String {
    let grouped = |between: &str| {
        let sizes: &[usize] = if digits.len() == 15 { &[4, 6, 5] } else { &[4, 4, 4, 4, 3] };
        let mut rest = digits;
        let mut groups = Vec::new();
        for size in sizes {
            let (group, left) = rest.split_at(rest.len().min(*size));
            groups.push(group);
            rest = left;
        }
        groups.retain(|group| !group.is_empty());
        groups.join(between)
    };
    match way {
        0 => digits.to_owned(),
        1 => grouped(" "),
        2 => grouped("-"),
        3 => grouped("."),
        4 => grouped("%20"),
        5 => grouped("\u{a0}"),
        6 => digits.chars().map(|digit| format!("%3{digit}")).collect(),
        7 => digits.chars().map(|digit| format!("\\u003{digit}")).collect(),
        8 => digits.chars().map(String::from).collect::<Vec<_>>().join(" "),
        _ => grouped("+"),
    }
}

/// What stands around a number.
const AROUND: [(&str, &str); 8] = [
    ("", ""),
    (r#"{"note":""#, r#""}"#),
    (r#"{"number":"#, "}"),
    ("card ", ", thank you"),
    ("visa", "x"),
    (r#"{"a":[1,2,"#, r#"],"b":3}"#),
    ("https://shop.example/?pan=", "&ok=1"),
    ("2026-11-22T10:00:00Z ", ""),
];

#[test]
fn ten_thousand_cards_are_taken_out_however_they_are_written() {
    let mut chance = Chance::new(58, "cards");
    for number in 0..10_000_usize {
        let digits = card(&mut chance, SCHEMES[number % SCHEMES.len()]);
        let (before, after) = AROUND[number / 10 % AROUND.len()];
        let text = format!("{before}{}{after}", written(&digits, below(&mut chance, 10)));
        let masked = cleared(&text).unwrap_or_else(|| panic!("{text} keeps {digits}"));
        assert_eq!(masked.len(), text.len());
        assert!(masked.starts_with(before) && masked.ends_with(after), "{text} became {masked}");
        assert_eq!(cleared(&masked), None, "{text} became {masked}");
        let left = digits_of(&masked[before.len()..masked.len() - after.len()]);
        assert!(
            left.len() == digits.len() && left.starts_with('7') && left != digits,
            "{text} became {masked}"
        );
    }
}

#[test]
fn numbers_that_only_look_alike_stay() {
    let mut chance = Chance::new(58, "orders");
    let mut taken = 0;
    for number in 0..10_000_u32 {
        let length = usize::from(8 + below(&mut chance, 12));
        let digits: String = (0..length).map(|_| figure(&mut chance)).collect();
        let text = match number % 4 {
            0 => digits,
            1 => format!("ORD-{digits}"),
            2 => format!("2026{digits}"),
            _ => format!(r#"{{"order_id":"{digits}","quantity":3}}"#),
        };
        taken += u32::from(cleared(&text).is_some());
    }
    assert!(
        taken <= 50,
        "{taken} of 10,000 order numbers were taken for cards: more than one in two hundred"
    );
}

#[test]
fn what_is_no_card_number_stays() {
    for text in [
        "",
        "4111111111111112",
        "41111111111111111",
        "x9999999999999999",
        "4006381333931",
        "GA1.1.1234567890.1732252800",
        "1732252800000000",
        "%3",
        "\\u003",
        "%",
        "0049 170 1234567",
        "DE89 3704 0044 0532 0130 00",
        "3f2504e0-4f89-41d3-9a0c-0305e82c3301",
    ] {
        assert_eq!(cleared(text), None, "{text}");
    }
    let two = cleared("4111 1111 1111 1111 5555-5555-5555-4444").unwrap();
    assert!(!two.contains("1111 1111") && !two.contains("5555-5555"), "{two}");
    let amid = cleared("7 4111111111111111 8").unwrap();
    assert!(amid.starts_with("7 7") && amid.ends_with(" 8"), "{amid}");
}

/// What only looks like a card, such as the number of a loyalty card, still tells people apart; and what takes its place does not tell it.
#[test]
fn numbers_are_told_apart_as_before() {
    let mut chance = Chance::new(58, "apart");
    let numbers: BTreeSet<String> = (0..20_000).map(|_| card(&mut chance, ("62", 16))).collect();
    let instead: BTreeSet<String> = numbers.iter().map(|number| cleared(number).unwrap()).collect();
    assert_eq!(instead.len(), numbers.len());
    let one = numbers.first().unwrap();
    assert_eq!(cleared(one), cleared(one));
    assert_ne!(without_cards(one.as_bytes(), &KEY), without_cards(one.as_bytes(), &[8; 32]));
}

/// Groups without end: whoever tried all of them against all would not come to an end either.
#[test]
fn a_text_made_to_be_slow_is_read_through() {
    for text in ["1 ".repeat(500_000), "1".repeat(1 << 20), "%3".repeat(500_000), "4112 ".repeat(200_000)] {
        assert_eq!(cleared(&text), None);
    }
}

#[test]
fn ids_stay_although_some_look_like_a_card() {
    let mut chance = Chance::new(1, "ids");
    let mut alike = 0;
    for _ in 0..100_000 {
        let id = CouponId::from_bytes(chance.bytes()).to_string();
        assert_eq!(cleared(&format!("{{\"coupons\":[\"{id}\"]}}")), None);
        // Cut by its last character it is no id any more.
        alike += usize::from(cleared(&id[..id.len() - 1]).is_some());
    }
    assert!(5 < alike, "{alike} of 100,000 ids look like a card");
    let card = "12345678-4111-1111-1111-1111aaaaaaaa";
    assert_eq!(cleared(card), None);
    for hidden in [
        "12345678-0000-0000-4111-111111111111",
        "x12345678-4111-1111-1111-1111aaaaaaaa",
        "12345678-4111-1111-1111-1111aaaaaaaag",
        "id-4111-1111-1111-1111",
        "a0000000-0000-0000-0000-000000000000-4111-1111-1111-1111",
    ] {
        assert!(cleared(hidden).is_some(), "{hidden}");
    }
}

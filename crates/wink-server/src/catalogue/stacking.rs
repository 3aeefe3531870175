//! How coupons meet on a cart: what an offer says of its own, and `[cart]` in `shop.toml`. What is not said limits and allows nothing.

use wink_core::base::OfferId;
use wink_core::offer::{CartPolicy, STACK_MAX, Stacking};

use super::campaign::refuse_id;
use super::entry::{Entry, Section};

/// Reads what an offer says; its coupons stand alone if it says nothing.
pub(super) fn of_offer(section: &Section<'_>) -> Option<Stacking> {
    let stacks = match section.optional("stacks") {
        Some(entry) => entry.flag(),
        None => Some(false),
    };
    let exclusive_group = match section.optional("exclusive_group") {
        Some(entry) => exclusive_group(&entry, stacks).map(Some),
        None => Some(None),
    };
    let priority = match section.optional("priority") {
        Some(entry) => entry.whole(0..=1_000).and_then(|priority| u16::try_from(priority).ok()),
        None => Some(0),
    };
    Some(Stacking { priority: priority?, exclusive_group: exclusive_group?, stacks: stacks? })
}

fn exclusive_group(entry: &Entry<'_>, stacks: Option<bool>) -> Option<String> {
    // A slug like every other name that people write.
    let group = match OfferId::parse(entry.text()?) {
        Ok(slug) => slug.to_string(),
        Err(error) => return refuse_id(entry, &error.to_string()),
    };
    if stacks == Some(false) {
        let fix = "write `stacks = true` as well, or leave it out".to_owned();
        return entry.refuse("`exclusive_group` says nothing about coupons that stand alone", Some(fix));
    }
    Some(group)
}

/// Reads `[cart]`: what holds for every cart.
pub(super) fn of_shop(root: &Section<'_>) -> Option<CartPolicy> {
    let otherwise = CartPolicy::default();
    let Some(entry) = root.optional("cart") else { return Some(otherwise) };
    let section = entry.section("[cart]")?;
    section.only(&["max_stack", "cost_floor_percent"]);
    let max_stack = match section.optional("max_stack") {
        Some(entry) => entry.whole(1..=i64::from(STACK_MAX)).and_then(|most| u8::try_from(most).ok()),
        None => Some(otherwise.max_stack),
    };
    let cost_floor = match section.optional("cost_floor_percent") {
        Some(entry) => entry.percent(1..=500).map(Some),
        None => Some(otherwise.cost_floor_basis_points),
    };
    Some(CartPolicy { max_stack: max_stack?, cost_floor_basis_points: cost_floor? })
}

#[cfg(test)]
mod tests {
    use super::super::file::File;
    use super::*;

    /// Reads a table with one of the two readers, and says what it says or what is wrong with it.
    fn check(text: &str, expected: Result<(Stacking, CartPolicy), &[&str]>) {
        let file = File::new("f", text);
        let document = super::super::campaign::document(&file).unwrap();
        let root = Section::root(&file, document.as_table());
        let read = (of_offer(&root), of_shop(&root));
        let findings: Vec<String> = file.into_findings().iter().map(ToString::to_string).collect();
        match expected {
            Ok((stacking, cart)) => {
                assert_eq!((read, findings), ((Some(stacking), Some(cart)), Vec::new()), "{text}");
            }
            Err(expected) => assert_eq!(findings, expected, "{text}"),
        }
    }

    #[test]
    fn what_is_not_said_changes_nothing() {
        let alone = Stacking { priority: 0, exclusive_group: None, stacks: false };
        let unlimited = CartPolicy { max_stack: STACK_MAX, cost_floor_basis_points: None };
        check("", Ok((alone.clone(), unlimited)));
        check("[cart]", Ok((alone, unlimited)));
    }

    #[test]
    fn what_is_said_is_read() {
        let text = "stacks = true\nexclusive_group = \"tea\"\npriority = 7\n[cart]\nmax_stack = 2\ncost_floor_percent = 104.5";
        check(
            text,
            Ok((
                Stacking { priority: 7, exclusive_group: Some("tea".to_owned()), stacks: true },
                CartPolicy { max_stack: 2, cost_floor_basis_points: Some(10_450) },
            )),
        );
    }

    #[test]
    fn what_is_wrong_is_said_where_it_stands() {
        check("stacks = 1", Err(&["f:1:10: `stacks` is a whole number, expected true or false"]));
        check("\npriority = 1001", Err(&["f:2:12: `priority` must be 0 to 1000, this is 1001"]));
        check(
            "exclusive_group = \"tea\"",
            Err(&[
                "f:1:19: `exclusive_group` says nothing about coupons that stand alone (fix: write `stacks = true` as well, or leave it out)",
            ]),
        );
        check(
            "stacks = true\nexclusive_group = \"Tea time\"",
            Err(&[
                "f:2:19: `Tea time` is not a slug (fix: use 1 to 64 of a-z, 0-9, `-` and `_`, beginning with a letter or digit)",
            ]),
        );
        check("[cart]\nmax_stack = 9", Err(&["f:2:13: `max_stack` must be 1 to 8, this is 9"]));
        check(
            "[cart]\nmax_stak = 2",
            Err(&["f:2:1: `max_stak` is not a known key in `[cart]` (fix: write `max_stack`)"]),
        );
        check(
            "[cart]\ncost_floor_percent = 0",
            Err(&["f:2:22: `cost_floor_percent` must be 1 to 500, this is 0"]),
        );
    }
}

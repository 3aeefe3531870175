//! A trigger and the findings it brings, as they are printed.

use std::collections::BTreeMap;

use wink_core::feature::{Becomes, DayOf, Listing, When, Yearly};

use crate::catalogue::tests::{CAMPAIGN_TEXT, SHOP_TEXT};
use crate::catalogue::{Catalogue, Finding, SHOP, TRIGGERS, compile};

fn with(triggers: &str) -> Result<Catalogue, Vec<Finding>> {
    let texts = [(SHOP, SHOP_TEXT), ("campaigns/spring.toml", CAMPAIGN_TEXT), (TRIGGERS, triggers)];
    compile(&BTreeMap::from(texts.map(|(name, text)| (name.to_owned(), text.to_owned()))))
}

/// A trigger of these lines, the first of which is line 3.
fn text(lines: &[&str]) -> String {
    let placed = ["channel = \"newsletter\"", "placement = \"here\""];
    let begin = ["[[triggers]]", "id = \"it\""];
    [begin.as_slice(), lines, &placed].concat().join("\n")
}

fn when(lines: &[&str]) -> When {
    let catalogue = with(&text(lines)).unwrap_or_else(|findings| panic!("{findings:#?}"));
    catalogue.triggers[0].moments.when.clone()
}

#[track_caller]
fn check(lines: &[&str], wanted: &str) {
    let found = with(&text(lines)).map_or_else(|findings| findings, |_| Vec::new());
    let found: Vec<String> = found.iter().map(Finding::to_string).collect();
    assert_eq!(found, [format!("triggers.toml:{wanted}")], "{lines:?}");
}

const ON: &str = "on = [\"Product Viewed\"]";
const PAUSE: &str = "pause_minutes = 60";

#[test]
fn a_moment_comes_in_four_ways() {
    assert_eq!(when(&[ON, PAUSE]), When::Event);
    assert!(matches!(when(&[ON, PAUSE, "quiet_minutes = 30"]), When::Quiet(_)));
    let stated = Yearly { of: DayOf::Stated("birthday".to_owned()), hour: 9 };
    assert_eq!(when(&["each_year = \"birthday\"", "at_hour = 9"]), When::Yearly(stated));
    let first = Yearly { of: DayOf::First, hour: 0 };
    assert_eq!(
        when(&["on = [\"Order Completed\"]", "each_year = \"first\"", "at_hour = 0"]),
        When::Yearly(first)
    );
    let waits = [ON, PAUSE, "within_days = 30", "people_at_most = 10"];
    let listing =
        |becomes| When::Listing(Listing { becomes, within_ms: 30 * 86_400_000, people_at_most: 10 });
    let cheaper = Becomes::Cheaper { percent: 1 };
    assert_eq!(when(&[waits.as_slice(), &["product = \"cheaper\""]].concat()), listing(cheaper));
    assert_eq!(when(&[waits.as_slice(), &["product = \"available\""]].concat()), listing(Becomes::Available));
}

#[test]
fn what_is_wrong_with_when_is_said_where_it_stands() {
    let day = "each_year = \"birthday\"";
    check(&[day], "1:1: `at_hour` is missing in `[[triggers]]`");
    check(&[day, "at_hour = 24"], "4:11: `at_hour` must be 0 to 23, this is 24");
    check(
        &[ON, day, "at_hour = 9"],
        "4:13: with `on`, the day is that of the earliest such event, and not `birthday` \
         (fix: write `first`; or leave `on` out for the date stated as `birthday`)",
    );
    check(&[day, "at_hour = 9", PAUSE], "5:17: a day comes once a year, so `pause_minutes` says nothing");
    check(
        &[day, "at_hour = 9", "filter = 'event.hour > 3'"],
        "5:10: `filter` is about an event, and a stated day is none",
    );
    check(
        &[ON, PAUSE, "at_hour = 9"],
        "5:11: `at_hour` belongs to `each_year`, which is not written (fix: write `each_year`, or leave it out)",
    );
    check(
        &[ON, PAUSE, "quiet_minutes = 9", "product = \"cheaper\""],
        "6:11: a moment comes one way: `product` says another than `quiet_minutes` \
         (fix: leave one of them out, or write two triggers)",
    );
    let waits = [ON, PAUSE, "within_days = 30", "people_at_most = 10"];
    check(
        &[waits.as_slice(), &["product = \"dearer\""]].concat(),
        "7:11: a product becomes `dearer` for no trigger (fix: write `cheaper` or `available`)",
    );
    check(
        &[waits.as_slice(), &["product = \"available\"", "cheaper_percent = 5"]].concat(),
        "8:19: `cheaper_percent` belongs to `product = \"cheaper\"`",
    );
    check(
        &[waits.as_slice(), &["product = \"available\"", "crosses = 'feature.orders_28d > 1.0'"]].concat(),
        "8:11: `crosses` is about an event, and `product` about none \
         (fix: leave one of them out, or write two triggers)",
    );
}

#[test]
fn nobody_is_on_a_page_when_a_day_comes() {
    let text = text(&["each_year = \"birthday\"", "at_hour = 9"]).replace("\"newsletter\"", "\"web\"");
    let findings = with(&text).unwrap_err();
    assert_eq!(
        findings[0].to_string(),
        "triggers.toml:5:11: with `each_year` nobody is on a page or at a till when the moment comes (fix: write `newsletter`)"
    );
}

#[test]
fn triggers_that_wait_for_products_are_few() {
    let one = |number: usize| {
        let lines = [ON, PAUSE, "within_days = 30", "people_at_most = 10", "product = \"cheaper\""];
        text(&lines).replace("\"it\"", &format!("\"it-{number}\""))
    };
    let many = |count| (0..count).map(one).collect::<Vec<_>>().join("\n");
    assert!(with(&many(4)).is_ok());
    let findings = with(&many(5)).unwrap_err();
    assert!(
        findings[0].to_string().contains("5 triggers with `product` are too many; at most 4"),
        "{findings:?}"
    );
}

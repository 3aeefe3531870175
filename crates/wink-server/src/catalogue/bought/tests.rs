//! The key and the findings it brings, as they are printed.

use std::collections::BTreeMap;

use crate::catalogue::tests::{CAMPAIGN_TEXT, SHOP_TEXT};
use crate::catalogue::{Catalogue, Finding, SHOP, compile};

const FILE: &str = "campaigns/spring.toml";

/// The campaign with another line at the end of its first offer.
fn with(line: &str) -> Result<Catalogue, Vec<Finding>> {
    let campaign = format!("{CAMPAIGN_TEXT}{line}\n");
    compile(&BTreeMap::from([(SHOP.to_owned(), SHOP_TEXT.to_owned()), (FILE.to_owned(), campaign)]))
}

#[track_caller]
fn check(line: &str, wanted: &str) {
    let found = with(line).map_or_else(|findings| findings, |_| Vec::new());
    let found: Vec<String> = found.iter().map(Finding::to_string).collect();
    let at = CAMPAIGN_TEXT.lines().count() + 1;
    assert_eq!(found, [format!("{FILE}:{at}:{wanted}")], "{line}");
}

#[test]
fn the_key_is_a_feature_and_a_rule_before_that_of_the_offer() {
    let catalogue =
        with("not_if_bought = { products = [\"milk\", \"oat-milk\"], within_days = 14 }").unwrap();
    let slot = catalogue.features.slot("bought_spring_dairy").unwrap();
    let definition = &catalogue.features.definitions()[slot];
    assert_eq!(definition.meaning, "orders with milk or oat-milk in 14 days");
    let rule = catalogue.offers[0].rules.eligibility.as_ref().unwrap();
    assert_eq!(rule.source(), "feature.bought_spring_dairy <= 0.0 && (has(feature.recency_days))");
    assert!(with("").unwrap().features.slot("bought_spring_dairy").is_none());
}

#[test]
fn two_offers_never_share_a_name() {
    let names = ["a-b", "a_b", "a--b", &"x".repeat(60), &"y".repeat(60)].map(super::name);
    assert_eq!(names[0], "bought_a_b");
    assert!(names.iter().all(|name| name.len() <= super::NAME_MAX));
    assert_eq!(std::collections::BTreeSet::from(names).len(), 5);
}

#[test]
fn what_is_wrong_with_the_key_is_said_where_it_stands() {
    check("not_if_bought = 14", "17: `not_if_bought` must be a table, this is a whole number");
    check("not_if_bought = { products = [\"milk\"] }", "17: `within_days` is missing in `not_if_bought`");
    check(
        "not_if_bought = { products = [\"milk\"], within_days = 367 }",
        "54: `within_days` must be 1 to 366, this is 367",
    );
    check(
        "not_if_bought = { products = [], within_days = 9 }",
        "30: `products` names 1 to 20 products, this names 0",
    );
    check("not_if_bought = { products = ['a\"'], within_days = 9 }", "31: this is no id of a product");
}

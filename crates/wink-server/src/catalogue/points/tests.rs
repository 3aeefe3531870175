//! The programme, what multiplies it, and the findings both bring, as they are printed.

use std::collections::BTreeMap;

use wink_core::base::Cents;
use wink_core::offer::{PointsFactor, Programme};

use crate::catalogue::tests::{CAMPAIGN_TEXT, SHOP_TEXT};
use crate::catalogue::{Catalogue, Finding, SHOP, compile};

fn with(shop: &str, campaign: &str) -> Result<Catalogue, Vec<Finding>> {
    let shop = format!("{SHOP_TEXT}\n[points]\n{shop}\n");
    let campaign = format!("{campaign}\n{CAMPAIGN_TEXT}");
    compile(&BTreeMap::from([(SHOP.to_owned(), shop), ("campaigns/spring.toml".to_owned(), campaign)]))
}

const SHOP_SAYS: &str = "per_unit = 2\nworth = \"0.01\"\nexpire_months = 24";

#[track_caller]
fn check(shop: &str, campaign: &str, wanted: &str) {
    let found = with(shop, campaign).map_or_else(|findings| findings, |_| Vec::new());
    let found: Vec<String> = found.iter().map(Finding::to_string).collect();
    let said = found.iter().map(|line| line.splitn(4, ':').last().unwrap_or_default().trim());
    assert_eq!(said.collect::<Vec<_>>(), [wanted]);
}

#[test]
fn a_programme_is_what_the_shop_says_and_a_campaign_multiplies_it() {
    let catalogue = with(SHOP_SAYS, "points = { factor = 3, categories = [\"TEA\"] }").unwrap();
    let programme = Programme { per_unit: 2, worth: Cents(1), expire_months: 24 };
    assert_eq!(catalogue.shop.points, Some(programme));
    let factor = PointsFactor { factor: 3, categories: vec!["TEA".to_owned()] };
    assert_eq!(catalogue.campaigns[0].points, Some(factor));
}

#[test]
fn a_programme_that_makes_no_sense_is_refused() {
    let shop = |from, to| SHOP_SAYS.replacen(from, to, 1);
    check(&shop("per_unit = 2", "per_unit = 0"), "", "`per_unit` must be 1 to 1000, this is 0");
    check(&shop("\"0.01\"", "\"0.00\""), "", "`worth` must be more than 0");
    check(&shop("24", "0"), "", "`expire_months` must be 1 to 120, this is 0");
    check(&shop("\nexpire_months = 24", ""), "", "`expire_months` is missing in `[points]`");
    check(
        &shop("\"0.01\"", "\"0.50\""),
        "",
        "100 minor units earn points that are worth as much, or more (fix: write a smaller `per_unit` or `worth`)",
    );
    check(SHOP_SAYS, "points = { factor = 1 }", "`factor` must be 2 to 100, this is 1");
    assert_eq!(with(SHOP_SAYS, "points = { factor = 49 }").err(), None);
    let findings = with(SHOP_SAYS, "points = { factor = 50 }").unwrap_err();
    assert_eq!(
        findings.iter().map(Finding::to_string).collect::<Vec<_>>(),
        [
            "campaigns/spring.toml:1:21: 100 minor units earn points that are worth as much, or more (fix: write a smaller `factor`, or a smaller `per_unit` or `worth` in `shop.toml`)"
        ]
    );
}

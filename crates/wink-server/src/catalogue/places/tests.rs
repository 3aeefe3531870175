//! `[places]` and the findings it brings, as they are printed.

use std::collections::BTreeMap;

use wink_core::offer::Places;

use crate::catalogue::tests::{CAMPAIGN_TEXT, SHOP_TEXT};
use crate::catalogue::{Catalogue, Finding, SHOP, compile};

const PLACES: &str = r#"
[places]
resolution = 6
hours = [{ from = 9, until = 12 }, { from = 14, until = 20 }]
stores = [{ id = "city", latitude = 48.1374, longitude = 11, radius_m = 300 }]
regions = [{ id = "munich", latitude = 48.14, longitude = 11.58, radius_km = 25 }]
transit_minutes = 30
"#;

fn with(places: &str) -> Result<Catalogue, Vec<Finding>> {
    let shop = format!("{SHOP_TEXT}{places}");
    let texts = [(SHOP, shop.as_str()), ("campaigns/spring.toml", CAMPAIGN_TEXT)];
    compile(&BTreeMap::from(texts.map(|(name, text)| (name.to_owned(), text.to_owned()))))
}

/// Changes `from` to `to` in the section; what is found is compared without its line and column.
#[track_caller]
fn check(from: &str, to: &str, wanted: &str) {
    assert!(PLACES.contains(from), "{from}");
    let findings = with(&PLACES.replacen(from, to, 1)).unwrap_err();
    let found: Vec<String> = findings
        .into_iter()
        .map(|Finding { message, fix, .. }| match fix {
            Some(fix) => format!("{message}; {fix}"),
            None => message,
        })
        .collect();
    assert_eq!(found, [wanted], "{to}");
}

#[test]
fn a_shop_that_says_nothing_keeps_nothing_and_has_no_features_of_places() {
    let catalogue = with("").unwrap();
    assert_eq!(catalogue.shop.places, None);
    assert_eq!(catalogue.features.slot("near_store"), None);
}

#[test]
fn places_say_what_is_kept() {
    let catalogue = with(PLACES).unwrap();
    let Places { resolution, hours, stores, regions, context_minutes } = catalogue.shop.places.unwrap();
    assert_eq!((resolution, hours, context_minutes), (Some(6), vec![(9, 12), (14, 20)], [90, 30]));
    assert_eq!((stores[0].longitude, stores[0].radius_m, regions[0].radius_m), (11.0, 300.0, 25_000.0));
    let slots = ["place_cell", "near_store", "rain_percent", "transit_delay_minutes"]
        .map(|name| catalogue.features.slot(name).is_some());
    assert_eq!(slots, [true; 4]);
}

#[test]
fn what_is_wrong_with_places_is_said() {
    check(
        "resolution = 6",
        "resolution = 7",
        "cells of resolution 7 can single out a home; write 6 or less: its cells have 36 km² on average",
    );
    check("until = 12", "until = 9", "a window ends after it begins; one over midnight is two");
    check("\"city\"", "\"City\"", "`City` is no name of a place; use up to 64 of a-z, 0-9, `-` and `_`");
    check("\"munich\"", "\"elsewhere\"", "`elsewhere` is what everywhere else is called");
    check("48.1374", "91", "`latitude` must lie between -90 and 90 degrees");
    check("radius_m = 300", "radius_m = 30", "`radius_m` must be 100 to 5000, this is 30");
    check("radius_km = 25", "radius_km = 1", "`radius_km` must be 5 to 500, this is 1");
    check("transit_minutes = 30", "transit_minutes = 1", "`transit_minutes` must be 5 to 1440, this is 1");
    check(
        "hours = [{ from = 9, until = 12 }, { from = 14, until = 20 }]",
        "hours = []",
        "`hours` is empty, so that no place would ever be heard of; write at least one, like `{ from = 9, until = 20 }`",
    );
}

//! The whole year, once. Alone, as it takes minutes in an unoptimised build; the sums are those of the files, computed elsewhere.

use std::time::Instant;

use crate::journey::{imported, replayed};
use crate::wink::verified;

#[test]
fn timing_a_year_adds_up_to_what_the_files_say() {
    let store = tempfile::tempdir().unwrap();
    let begun = Instant::now();
    let summary = imported(store.path(), &["--assume-consent"]);
    println!("imported in {:.0?}: {}", begun.elapsed(), summary["timing"]);
    let sums = [
        ("lines", 1_469_307),
        ("baskets", 155_848),
        ("profiles", 2_469),
        ("sales_cents", 459_603_958),
        // Off by the shop, by manufacturers' coupons, and by the shop matching those.
        ("discount_cents", 79_165_064 + 2_635_990 + 454_265),
        ("coupon_discount_cents", 2_635_990),
    ];
    for (name, expected) in sums {
        assert_eq!(summary[name], expected, "{name}");
    }
    let events = [
        ("Order Completed", 155_848),
        ("Coupon Applied", 2_102),
        ("Identify", 801),
        ("Consent Updated", 4_938),
    ];
    for (name, expected) in events {
        assert_eq!(summary["events"][name], expected, "{name}");
    }
    let count = |name: &str| summary[name].as_i64().unwrap();
    assert_eq!(count("decisions"), count("offers") + count("none") + count("holdout"));
    assert_eq!(summary["events"]["Coupon Issued"], summary["offers"], "each offer is a contact");
    assert!(0 < count("offers") && 0 < count("holdout") && 0 < count("none"), "{summary}");
    assert!(count("budget_used_cents") <= count("budget_cap_cents"));
    for campaign in summary["campaigns"].as_array().unwrap() {
        let cents = |name: &str| campaign[name].as_i64().unwrap();
        assert!(cents("budget_used_cents") <= cents("budget_cap_cents"), "{campaign}");
    }
    assert_eq!(summary["balance"]["dead"], 0);
    assert_eq!(summary["balance"]["refused"], 0);
    assert_eq!(summary["examples"].as_array().unwrap().len(), 3);
    assert_eq!(replayed(store.path())["decisions"], summary["decisions"]);
    let verified = verified(store.path());
    assert_eq!(verified["state_hash"], summary["state_hash"]);
    println!("imported, made again and verified in {:.0?}", begun.elapsed());
}

//! One golden file per stored type. A file is never changed: a new format gets a new file, and the old one must still be read.

use std::fmt::Debug;
use std::path::PathBuf;

use wink_core::base::{Cents, Value};
use wink_core::coupon::{Coupon, Entry, Lease, Redemption};
use wink_core::decision::Decision;
use wink_core::event::DEPTH_MAX;
use wink_core::profile::Kept;
use wink_record::Stored;

use crate::samples;

/// Checks that `value` is written as the golden file has it, and read back the same. With `WINK_BLESS=1` a missing file is
/// written; one that is there never is.
fn check<T: Stored + PartialEq + Debug>(name: &str, value: &T) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden").join(format!("{name}.hex"));
    let written = hex(&value.to_bytes());
    let may_write = std::env::var_os("WINK_BLESS").is_some();
    if !path.exists() && may_write {
        std::fs::write(&path, &written).unwrap();
    }
    let golden = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}; `cargo xtask bless` writes a new one", path.display()));
    assert_eq!(written, golden, "{name} is no longer written as it was; stored data would not be the same");
    assert_eq!(&T::from_bytes(&bytes(&golden)).unwrap(), value, "{name} is no longer read as it was");
}

/// Checks that a golden file of a form that is no longer written is still read.
fn still_read<T: Stored + PartialEq + Debug>(name: &str, value: &T) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden").join(format!("{name}.hex"));
    let golden = std::fs::read_to_string(path).unwrap();
    assert_eq!(&T::from_bytes(&bytes(&golden)).unwrap(), value, "{name} is no longer read as it was");
}

fn hex(bytes: &[u8]) -> String {
    let lines: Vec<String> =
        bytes.chunks(32).map(|line| line.iter().map(|byte| format!("{byte:02x}")).collect()).collect();
    lines.join("\n") + "\n"
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits: String = hex.split_whitespace().collect();
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
}

#[test]
fn events_are_stored_as_ever() {
    for (name, event) in samples::events() {
        check(&format!("event-{name}-v1"), &event);
    }
}

#[test]
fn keys_and_tenants_are_stored_as_ever() {
    check("api-key-v1", &samples::api_key());
    check("tenant-v1", &samples::tenant());
}

#[test]
fn profiles_are_stored_as_ever() {
    check("profile-v1", &samples::profile());
    check("profile-proven-v1", &samples::proven_profile());
    check("profile-contradicting-v1", &samples::contradicting_profile());
    check("profile-linked-v1", &samples::linked_profile());
    check("profile-placed-v1", &samples::placed_profile());
    check("profile-in-household-v1", &samples::profile_in_household());
    check("household-v1", &samples::household());
    check("vault-v1", &samples::vault());
    still_read("state-v1", &samples::first_state());
    check("state-v2", &samples::state());
    check("state-named-v2", &samples::state_with_a_name());
    check("folded-v1", &samples::folded());
}

#[test]
fn coupons_and_money_are_stored_as_ever() {
    for (name, coupon) in samples::coupons() {
        check(&format!("coupon-{name}-v1"), &coupon);
    }
    for (name, coupon) in samples::later_coupons() {
        check(&format!("coupon-{name}-v1"), &coupon);
    }
    check("redemption-v1", &samples::redemption());
    check("redemption-offline-v1", &samples::offline_redemption());
    check("lease-v1", &samples::lease());
    check("lease-limited-v1", &samples::limited_lease());
    for (name, report) in samples::reports() {
        check(&format!("till-report-{name}-v1"), &report);
    }
    check("redemption-counted-v1", &samples::counted_redemption());
    check("answer-v1", &samples::answer());
    check("order-v1", &samples::order_coupons());
    for (name, right) in samples::rights() {
        check(&format!("right-{name}-v1"), &right);
    }
    check("wallet-v1", &samples::wallet());
    check("wallet-rights-v1", &samples::wallet_of_rights());
    check("wallet-announced-v1", &samples::wallet_announced());
    check("ledger-v1", &samples::movement());
    check("ledger-v2", &samples::told_movement());
    check("points-account-v1", &samples::points_account());
    check("points-order-v1", &samples::points_order());
    check("points-tender-v1", &samples::tender());
    for (name, moved) in samples::points_moved() {
        check(&format!("points-moved-{name}-v1"), &moved);
    }
}

/// A sum that does not hold is damage, whoever wrote it.
#[test]
fn sums_that_do_not_hold_are_not_read() {
    let mut more = samples::redemption();
    more.parts[0].amount = Cents(101);
    assert!(Redemption::from_bytes(&more.to_bytes()).is_err(), "lines and whole differ");
    let mut twice = samples::redemption();
    twice.reversals[0].parts[0].quantity = 4;
    assert!(Redemption::from_bytes(&twice.to_bytes()).is_err(), "more pieces came back than there were");
    for (name, coupon) in samples::later_coupons() {
        let more = Coupon { reserved: Cents(151), ..coupon };
        assert!(Coupon::from_bytes(&more.to_bytes()).is_err(), "{name} reserves more than it can cost");
    }
    let mut kept = samples::limited_lease();
    kept.kept[0].amount = Cents(5_001);
    assert!(Lease::from_bytes(&kept.to_bytes()).is_err(), "a limit keeps more for a lease than it holds");
    let below = Entry { amount: Cents(-1), ..samples::movement() };
    assert!(Entry::from_bytes(&below.to_bytes()).is_err(), "a movement backwards");
}

#[test]
fn decisions_are_stored_as_ever() {
    check("decision-v1", &samples::decision());
    check("decision-some-features-v1", &samples::decision_of_some_features());
    check("decision-on-accept-v1", &samples::waiting_decision());
    check("decision-on-second-device-v1", &samples::decision_on_second_device());
    check("decision-in-household-v1", &samples::decision_in_household());
    check("decision-after-deadlines-v1", &samples::decision_after_deadlines());
    check("decided-v1", &samples::decided());
}

#[test]
fn the_rest_is_stored_as_ever() {
    check("product-v1", &samples::product());
    check("product-v2", &samples::product_in_stock());
    check("price-history-v1", &samples::price_history());
    check("catalogue-v1", &samples::catalogue());
    check("catalogue-applied-v1", &samples::catalogue_applied());
    check("dead-letter-v1", &samples::dead_letter());
    check("dead-letter-replayable-v1", &samples::replayable_letter());
    check("letter-head-v1", &samples::letter_head());
    check("erasure-v1", &samples::erasure());
    check("withdrawal-v1", &samples::withdrawal());
    check("key-end-v1", &samples::key_end());
}

#[test]
fn webhooks_are_stored_as_ever() {
    check("webhook-v1", &samples::webhook());
    check("webhook-message-v1", &samples::message());
    for (name, delivery) in samples::deliveries() {
        check(&format!("webhook-delivery-{name}-v1"), &delivery);
    }
}

#[test]
fn what_triggers_remember_is_stored_as_ever() {
    check("occasions-v1", &samples::occasions());
    check("occasions-bought-v1", &samples::occasions_with_purchases());
    check("awaiting-v1", &samples::awaiting());
    check("awaiting-with-cart-v1", &samples::awaiting_with_cart());
    for (name, round) in samples::rounds() {
        check(&format!("round-{name}-v1"), &round);
    }
}

#[test]
fn segments_are_stored_as_ever() {
    check("memberships-v1", &samples::memberships());
    check("segment-rules-v1", &samples::segment_rules());
    for (name, passage) in samples::passages() {
        check(&format!("segment-{name}-v1"), &passage);
    }
}

#[test]
fn the_deepest_value_that_is_accepted_is_read_back() {
    let map = |inner| Value::Map([("k".to_owned(), inner)].into());
    let deepest = (1..DEPTH_MAX).fold(Value::Int(1), |inner, _| map(inner));
    for (_, mut event) in samples::events() {
        event.extra = [("x".to_owned(), deepest.clone())].into();
        assert_eq!(Kept::from_bytes(&event.to_bytes()).unwrap(), event);
    }
}

/// Whether a record is the one that was written is the journal's to say; here, whatever the bytes, reading them is an answer.
#[test]
fn cut_or_changed_bytes_are_read_without_a_panic_and_a_cut_is_never_the_whole() {
    let bytes = samples::decision().to_bytes();
    for length in 0..bytes.len() {
        if let Ok(read) = Decision::from_bytes(&bytes[..length]) {
            assert_ne!(read, samples::decision(), "cut at {length}");
        }
    }
    let mut refused = 0;
    for at in 0..bytes.len() * 8 {
        let mut changed = bytes.clone();
        changed[at / 8] ^= 1 << (at % 8);
        refused += u32::from(Decision::from_bytes(&changed).is_err());
    }
    assert!(0 < refused, "some changes cannot be read at all");
}

#[test]
fn models_are_stored_as_ever() {
    for (name, card) in samples::models() {
        check(&format!("model-{name}-v1"), &card);
    }
}

#[test]
fn bulks_and_key_rotations_are_stored_as_ever() {
    check("bulk-v1", &samples::bulk());
    check("key-rotations-v1", &samples::key_rotations());
}

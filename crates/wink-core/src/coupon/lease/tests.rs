//! A lease is renewed once, for no longer than it was; takes a coupon once; and knows nobody who was erased.

use super::super::tests::coupon;
use super::super::{Account, Part, Settled, State, Taken, Unbacked, expire, release_of_erased, settle};
use super::*;
use crate::base::Digest;
use crate::offer::Benefit;

const HOUR: i64 = 3_600_000;

pub(super) fn lease(granted: Timestamp, hours: i64) -> Lease {
    let till = TillId::parse("till-1").unwrap();
    let campaign = CampaignId::parse("spring").unwrap();
    Lease {
        id: Lease::id_of(&till, &campaign, 0),
        till,
        store: None,
        campaign,
        offer: None,
        catalogue: CatalogueVersion(Digest([0; 32])),
        count_max: 5,
        cents_max: Cents(1_000),
        takes_paper: true,
        granted_at: whole_second(granted),
        expires_at: Timestamp(granted.0 + hours * HOUR),
        used_count: 0,
        used: Cents::ZERO,
        unbacked_count: 0,
        unbacked: Cents::ZERO,
        closed_at: None,
        kept: Vec::new(),
    }
}

fn taken(number: u32, amount: i64, at: Timestamp) -> Taken {
    let part = Part { line: "anna".to_owned(), quantity: 1, amount: Cents(amount), vat_basis_points: None };
    let coupon = CouponId::from_bytes([1; 16]);
    Taken { number, coupon, order_id: format!("o-{number}"), at, amount: Cents(amount), parts: vec![part] }
}

#[test]
fn a_lease_is_renewed_for_as_long_as_it_was_and_no_longer() {
    for (hours, milliseconds) in [(1, 0), (24, 1), (24, 999), (168, 1), (168, 999)] {
        let mut lease = lease(Timestamp(10_000 + milliseconds), hours);
        for turn in 1..5 {
            let now = Timestamp(lease.expires_at.0 - 17 * turn);
            let Ok(Renewal::Asked(asked)) = lease.renewal(None, now) else { panic!("not renewed") };
            assert_eq!(asked.expires_at.since_ms(now), hours * HOUR, "turn {turn} of {hours} hours");
            lease = Lease { granted_at: whole_second(now), expires_at: asked.expires_at, ..lease };
        }
    }
}

#[test]
fn only_the_last_lease_is_renewed_and_only_until_its_money_is_back() {
    let now = Timestamp(2 * HOUR);
    let first = lease(Timestamp(0), 24);
    let closed = first.close(now).unwrap().lease;
    assert!(matches!(closed.renewal(None, now), Ok(Renewal::Asked(_))), "its answer may have been lost");
    assert_eq!(closed.renewal(Some(&first), now), Ok(Renewal::Came(&first)));
    assert_eq!(closed.renewal(Some(&closed), now), Err(LeaseRefused::Followed(closed.campaign.clone())));
    let due = closed.due_at();
    assert!(closed.renewal(None, Timestamp(due.0 - 1)).is_ok());
    assert_eq!(closed.renewal(None, due), Err(LeaseRefused::Overdue(due)));
}

#[test]
fn a_coupon_is_taken_once_under_a_lease_whatever_its_numbers_and_their_order() {
    let (lease, at) = (lease(Timestamp(0), 24), Timestamp(HOUR));
    let issued = coupon(Benefit::Amount(Cents(150)), 0, 0);
    let mut leases = Vec::new();
    for numbers in [[1, 2], [2, 1]] {
        let [first, second] = numbers.map(|number| taken(number, 100, at));
        let Settled::Booked(booked) = settle(&lease, &first, Some(&issued), None, Some(&[]), at) else {
            panic!("sound")
        };
        let again =
            settle(&booked.lease, &second, Some(&booked.coupon), Some(&booked.redemption), Some(&[]), at);
        let Settled::Unbacked { lease, why } = again else { panic!("{again:?}") };
        assert_eq!((why, booked.coupon.redemptions.len()), (Unbacked::TakenHere, 1));
        leases.push(*lease);
    }
    assert_eq!(leases[0], leases[1]);
    assert_eq!((leases[0].used, leases[0].unbacked), (Cents(100), Cents(100)));
}

#[test]
fn what_no_lease_covers_adds_up_without_running_over() {
    let full = Lease { unbacked: Cents(i64::MAX - 1), unbacked_count: u32::MAX, ..lease(Timestamp(0), 24) };
    assert_eq!([0, 1, 5, 6].map(|number| full.has_number(number)), [false, true, true, false]);
    let settled = settle(&full, &taken(1, i64::MAX, Timestamp(0)), None, None, None, Timestamp(0));
    let Settled::Unbacked { lease, why } = settled else { panic!("{settled:?}") };
    assert_eq!((why, lease.unbacked.0, lease.unbacked_count), (Unbacked::CouponUnknown, i64::MAX, u32::MAX));
}

#[test]
fn a_late_report_of_a_coupon_that_ran_out_names_nobody_who_was_erased() {
    let issued = coupon(Benefit::Amount(Cents(150)), 0, 0);
    let lease = lease(Timestamp(issued.valid_until.0 - 2 * HOUR), 24);
    let late = Timestamp(issued.valid_until.0 + HOUR);
    let expired = expire(&issued, late).unwrap().coupon;
    let erased = release_of_erased(&expired, late).coupon;
    let taken = taken(1, 100, Timestamp(issued.valid_until.0 - HOUR));
    let told = |coupon| match settle(&lease, &taken, Some(coupon), None, Some(&[]), late) {
        Settled::Booked(booked) => booked,
        other => panic!("{other:?}"),
    };
    let known = told(&expired);
    assert_eq!((known.redemption.order_id.as_str(), known.redemption.loss()), ("o-1", None));
    let nameless = told(&erased);
    assert_eq!((nameless.redemption.profile, nameless.redemption.order_id.as_str()), (None, ""));
    assert_eq!(nameless.redemption.parts[0].line, "0");
    assert!(matches!(nameless.coupon.state, State::Revoked { .. }), "{:?}", nameless.coupon.state);
    let entry = &nameless.entries[0];
    assert_eq!((entry.from, entry.to, entry.amount), (Account::Reserved, Account::Spent, Cents(100)));
}

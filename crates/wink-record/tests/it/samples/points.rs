//! Points, with every field set to something of its own.

use wink_core::base::{Cents, Points, ProfileId, RedemptionId, Timestamp};
use wink_core::coupon::points::{
    Account, Cause, Early, Earned, Entry, GivenBack, Lot, Place, Tender, TenderLine,
};
use wink_core::offer::ReversalReason;
use wink_record::PointsOrder;

fn lot(until: i64, points: i64) -> Lot {
    Lot { until: Timestamp(until), points: Points(points) }
}

pub(crate) fn points_account() -> Account {
    Account {
        id: [7; 16],
        profile: ProfileId::from_bytes([1; 16]),
        lots: vec![lot(1_000, 20), lot(2_000, 30)],
        used: Points(9),
        owed: Points(6),
        steps: 7,
    }
}

pub(crate) fn points_order() -> PointsOrder {
    let earned = Earned {
        order: [2; 16],
        profile: ProfileId::from_bytes([1; 16]),
        at: Timestamp(900),
        paid: Cents(3_149),
        back: Cents(1_000),
        points: Points(31),
        uncollected: Points(4),
    };
    let early = Early { back: Cents(70), is_all: true };
    PointsOrder {
        is_told: true,
        earned: Some(earned),
        early,
        tenders: vec![RedemptionId::from_bytes([3; 16])],
    }
}

pub(crate) fn tender() -> Tender {
    let line = TenderLine { line: "a".to_owned(), quantity: 3, back: 1, paid: Cents(30), points: Points(15) };
    let back = GivenBack {
        at: Timestamp(950),
        reason: ReversalReason::Refund,
        points: Points(5),
        amount: Cents(10),
    };
    Tender {
        id: RedemptionId::from_bytes([3; 16]),
        profile: ProfileId::from_bytes([1; 16]),
        order_id: "o-1".to_owned(),
        at: Timestamp(940),
        basis: [6; 16],
        lines: vec![line],
        lots: vec![lot(1_000, 4), lot(2_000, 6)],
        back: vec![back],
    }
}

pub(crate) fn points_moved() -> [(&'static str, Entry); 3] {
    let entry = |cause, from, to| Entry {
        id: [4; 16],
        at: Timestamp(940),
        account: [5; 16],
        cause,
        from,
        to,
        points: Points(15),
    };
    let redemption = Cause::Redemption(RedemptionId::from_bytes([3; 16]));
    [
        ("earned", entry(Some(Cause::Order([2; 16])), Place::Shop, Place::Held)),
        ("used", entry(Some(redemption), Place::Held, Place::Used)),
        ("expired", entry(None, Place::Held, Place::Expired)),
    ]
}

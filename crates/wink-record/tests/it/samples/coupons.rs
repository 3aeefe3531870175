//! Coupons, rights, redemptions, wallets, and the money they move.

use wink_core::coupon::{LimitKept, UseCount};

use super::*;

pub(crate) fn coupons() -> Vec<(&'static str, Coupon)> {
    let coupon = |benefit, state| Coupon {
        id: coupon_id(),
        decision: decision_id(),
        profile: Some(ProfileId::from_bytes([2; 16])),
        campaign: campaign(),
        offer: offer(),
        benefit,
        terms: Terms {
            minimum_spend: Cents(1_000),
            minimum_price: Cents(500),
            valid_days: 28,
            needs_activation: false,
        },
        reversals: ReversalPolicy::default(),
        categories: vec!["TEA".to_owned()],
        issued_at: AT,
        valid_until: AT.plus_days(28),
        reserved: if state == Life::Issued { Cents(150) } else { Cents::ZERO },
        redemptions: vec![],
        state,
    };
    let amount = Benefit::Amount(Cents(150));
    let percent = Benefit::Percent { basis_points: 1_000, maximum: Cents(300) };
    let redeemed =
        Life::Redeemed { at: AT, order_id: "o-2".to_owned(), amount: Cents(120), returned: Cents::ZERO };
    let erased = Coupon { profile: None, ..coupon(amount, Life::Revoked { at: AT }) };
    vec![
        ("issued", coupon(amount, Life::Issued)),
        ("redeemed", coupon(percent, redeemed)),
        ("expired", coupon(amount, Life::Expired { at: AT })),
        ("revoked", erased),
    ]
}

/// Coupons with what came later: activation, a hold, redemptions, what came back, and a policy of their own.
pub(crate) fn later_coupons() -> Vec<(&'static str, Coupon)> {
    let (_, issued) = coupons().remove(0);
    let redemption = RedemptionId::from_bytes([7; 16]);
    let strict = ReversalPolicy { refund: Afterwards::StaysUsed, ..ReversalPolicy::default() };
    let hold = Hold {
        order_id: "o-3".to_owned(),
        amount: Cents(90),
        at: AT,
        until: AT.plus_days(1),
        activated_at: Some(AT),
    };
    let reversed =
        Life::Redeemed { at: AT, order_id: "o-2".to_owned(), amount: Cents(120), returned: Cents(40) };
    let terms = Terms { needs_activation: true, ..issued.terms };
    let used = Coupon { reserved: Cents::ZERO, redemptions: vec![redemption], ..issued.clone() };
    vec![
        ("activated", Coupon { terms, state: Life::Activated { at: AT }, ..issued.clone() }),
        ("reserved", Coupon { terms, reversals: strict, state: Life::Reserved(hold), ..issued.clone() }),
        ("reversed", Coupon { state: reversed, ..used }),
        ("came-back", Coupon { reserved: Cents(120), redemptions: vec![redemption], ..issued }),
    ]
}

pub(crate) fn redemption() -> Redemption {
    let part = |line: &str, quantity, amount| Part {
        line: line.to_owned(),
        quantity,
        amount: Cents(amount),
        vat_basis_points: None,
    };
    let reversal = |number, reason, parts, afterwards| Reversal {
        id: ReversalId::from_bytes([number; 16]),
        at: AT.plus_days(1),
        reason,
        parts,
        afterwards,
    };
    Redemption {
        id: RedemptionId::from_bytes([7; 16]),
        coupon: coupon_id(),
        decision: decision_id(),
        profile: Some(ProfileId::from_bytes([2; 16])),
        campaign: campaign(),
        offer: offer(),
        order_id: "o-2".to_owned(),
        at: AT,
        amount: Cents(120),
        parts: vec![part("1", 3, 100), part("2", 1, 20)],
        counted: Vec::new(),
        reversals: vec![
            reversal(8, ReversalReason::Refund, vec![part("1", 1, 33)], Afterwards::StaysUsed),
            reversal(9, ReversalReason::Cancel, vec![part("2", 1, 20)], Afterwards::Returns),
        ],
        offline: None,
    }
}

/// A redemption that was counted for limits.
pub(crate) fn counted_redemption() -> Redemption {
    let counted = ["offer/tea/day/20514", "campaign/spring/store/7"];
    Redemption { counted: counted.map(|name| UseCount::from_name(name.to_owned())).to_vec(), ..redemption() }
}

pub(crate) fn rights() -> Vec<(&'static str, Right)> {
    let right = |state| Right {
        decision: decision_id(),
        coupon: coupon_id(),
        profile: Some(ProfileId::from_bytes([2; 16])),
        campaign: campaign(),
        offer: offer(),
        reserved: Cents(150),
        accept_by: AT.plus_days(1),
        state,
    };
    vec![
        ("open", right(RightState::Open)),
        ("accepted", right(RightState::Accepted { at: AT })),
        ("lapsed", right(RightState::Lapsed { at: AT })),
        ("revoked", Right { profile: None, ..right(RightState::Revoked { at: AT }) }),
    ]
}

pub(crate) fn wallet() -> Wallet {
    Wallet { held: vec![held(Given::Coupon(coupon_id())), held(Given::HeldOut)], announced: Vec::new() }
}

/// A wallet with a coupon of which it was said that it will run out.
pub(crate) fn wallet_announced() -> Wallet {
    let announced = vec![Announced { coupon: coupon_id(), at: AT.plus_days(25) }];
    Wallet { held: vec![held(Given::Coupon(coupon_id()))], announced }
}

/// A wallet with rights that were not accepted.
pub(crate) fn wallet_of_rights() -> Wallet {
    Wallet { held: vec![held(Given::Right), held(Given::Lapsed)], announced: Vec::new() }
}

fn held(given: Given) -> Held {
    Held { at: AT, decision: decision_id(), campaign: campaign(), offer: offer(), given }
}

pub(crate) fn movement() -> Entry {
    Entry {
        id: [6; 16],
        at: AT,
        campaign: campaign(),
        coupon: coupon_id(),
        decision: None,
        redemption: None,
        from: Account::Reserved,
        to: Account::Spent,
        amount: Cents(120),
    }
}

/// A movement that tells what caused it.
pub(crate) fn told_movement() -> Entry {
    Entry {
        decision: Some(decision_id()),
        redemption: Some(RedemptionId::from_bytes([7; 16])),
        from: Account::Spent,
        to: Account::Returned,
        ..movement()
    }
}

pub(crate) fn order_coupons() -> OrderCoupons {
    OrderCoupons(vec![CouponId::from_bytes([1; 16]), CouponId::from_bytes([2; 16])])
}

pub(crate) fn answer() -> KeptAnswer {
    KeptAnswer { status: 409, body: b"{}".to_vec() }
}

/// A redemption that a till gave without asking, and that is a loss.
pub(crate) fn offline_redemption() -> Redemption {
    let mut redemption = Redemption {
        reversals: Vec::new(),
        offline: Some(Offline {
            lease: LeaseId::from_bytes([12; 16]),
            number: 3,
            loss: Some(Loss::UsedOffline),
        }),
        ..redemption()
    };
    redemption.parts[0].vat_basis_points = Some(700);
    redemption
}

pub(crate) fn lease() -> Lease {
    Lease {
        id: LeaseId::from_bytes([12; 16]),
        till: TillId::parse("Till-3.south").unwrap(),
        store: Some("munich".to_owned()),
        campaign: campaign(),
        offer: Some(offer()),
        catalogue: CatalogueVersion(Digest([4; 32])),
        count_max: 20,
        cents_max: Cents(5_000),
        takes_paper: true,
        granted_at: AT,
        expires_at: AT.plus_days(2),
        used_count: 3,
        used: Cents(360),
        unbacked_count: 1,
        unbacked: Cents(120),
        closed_at: Some(AT.plus_days(9)),
        kept: Vec::new(),
    }
}

/// A lease under limits per day and store, with a coupon booked on it.
pub(crate) fn limited_lease() -> Lease {
    let kept = |count: &str, uses, amount| LimitKept {
        count: UseCount::from_name(count.to_owned()),
        uses,
        amount: Cents(amount),
    };
    let kept = vec![
        kept("offer/spring-tea/day/20514", 17, 4_640),
        kept("offer/spring-tea/store/munich", 17, 4_640),
        kept("offer/spring-tea/day/20515", 20, 5_000),
    ];
    Lease { closed_at: None, kept, ..lease() }
}

pub(crate) fn reports() -> Vec<(&'static str, Reported)> {
    let report =
        |outcome| Reported { body: [9; 16], coupon: coupon_id(), at: AT, amount: Cents(120), outcome };
    vec![
        ("booked", report(Ok(RedemptionId::from_bytes([7; 16])))),
        ("unbacked", report(Err(Unbacked::LeaseFull))),
        ("taken-here", report(Err(Unbacked::TakenHere))),
    ]
}

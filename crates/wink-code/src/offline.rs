//! Whether a till gives a coupon while it can ask nobody: a function of the lease, the payload, what this till has given, and the time.

use crate::lease::{LeasedOffer, SignedLease};
use crate::payload::{Keys, Refused, verify};

/// The longest id of an order, in bytes: the server hears of none that is longer.
pub const ORDER_BYTES_MAX: usize = 128;
/// The longest name of a line, in bytes, as on a cart.
pub const LINE_BYTES_MAX: usize = 64;
/// The most lines that one coupon takes something off, as many as a cart has.
pub const LINES_MAX: usize = 500;
/// The highest rate of VAT, in basis points.
pub const RATE_MAX: u16 = 10_000;

/// What a till is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked<'a> {
    /// What the QR code holds.
    pub payload: &'a str,
    /// The name of this till.
    pub till: &'a str,
    /// The store it stands in; empty if it does not know.
    pub store: &'a str,
    /// The order.
    pub order: &'a str,
    /// What is bought.
    pub lines: &'a [OrderLine],
    /// Seconds since 1970.
    pub now: u32,
}

/// Some pieces of one product on an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderLine {
    /// The shop's name of the line.
    pub line: String,
    /// The categories of the product, in the shop's words.
    pub categories: Vec<String>,
    /// How many pieces.
    pub quantity: u32,
    /// What all of them cost, in minor units, VAT included.
    pub cents: u32,
    /// The rate of the VAT in basis points, if it is known.
    pub vat_basis_points: Option<u16>,
}

/// A coupon that was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// The lease it was given under.
    pub lease: [u8; 16],
    /// Its number on that lease, from 1.
    pub number: u32,
    /// Seconds since 1970.
    pub at: u32,
    /// The coupon.
    pub coupon: [u8; 16],
    /// The order.
    pub order: String,
    /// What was taken off, in minor units.
    pub cents: u32,
    /// The same, line by line; adds up to it.
    pub lines: Vec<GivenLine>,
}

/// What a coupon took off a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenLine {
    /// The shop's name of the line.
    pub line: String,
    /// How many pieces it has.
    pub quantity: u32,
    /// How much, in minor units.
    pub cents: u32,
    /// The rate of the VAT in basis points, if it is known.
    pub vat_basis_points: Option<u16>,
}

impl Given {
    /// Tells whether the server can hear of it: an order's id of 1 to [`ORDER_BYTES_MAX`] bytes; 1 to [`LINES_MAX`] lines with different names of 1
    /// to [`LINE_BYTES_MAX`] bytes without control characters, each of at least one piece, with a rate of at most [`RATE_MAX`].
    pub fn is_reportable(&self) -> bool {
        let mut names: Vec<&str> = self.lines.iter().map(|line| line.line.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        let is_plain = |line: &GivenLine| {
            (1..=LINE_BYTES_MAX).contains(&line.line.len())
                && !line.line.contains(char::is_control)
                && 0 < line.quantity
                && line.vat_basis_points.is_none_or(|rate| rate <= RATE_MAX)
        };
        (1..=ORDER_BYTES_MAX).contains(&self.order.len())
            && (1..=LINES_MAX).contains(&self.lines.len())
            && names.len() == self.lines.len()
            && self.lines.iter().all(is_plain)
    }
}

/// Why a till does not give a coupon by itself. With the server it may still be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotGiven {
    /// The code is not good.
    #[error(transparent)]
    Code(#[from] Refused),
    /// It is another shop's coupon, or another shop's lease.
    #[error("this is a coupon of another shop")]
    OtherShop,
    /// It is another till's lease.
    #[error("the lease is for another till")]
    OtherTill,
    /// The lease is for tills of another store.
    #[error("the lease is for another store")]
    OtherStore,
    /// The lease is not good yet, or the till's clock is wrong.
    #[error("the lease is not good yet; look at the till's clock")]
    LeaseNotYet,
    /// The lease is over.
    #[error("the lease is over; the till must reach the server for a new one")]
    LeaseOver,
    /// The till has said that it gives nothing more under it.
    #[error("the lease was given back; the till must reach the server for a new one")]
    LeaseReturned,
    /// Nobody is bound to the code, and the lease does not cover that.
    #[error("a code on paper can be copied; it needs the server")]
    Paper,
    /// The coupon is none that the lease covers.
    #[error("the lease does not cover this coupon; it needs the server")]
    NotInLease,
    /// This till has given it before.
    #[error("this till has taken this coupon before")]
    TakenHere,
    /// The order is too small, or has nothing the coupon is for.
    #[error("the order is too small for this coupon, or has none of its products")]
    TooLittle,
    /// The server could not hear of it afterwards.
    #[error(
        "an order's id has 1 to {ORDER_BYTES_MAX} bytes, and it has at most {LINES_MAX} lines with different plain names of 1 to \
         {LINE_BYTES_MAX} bytes, a piece or more, and a rate of at most {RATE_MAX} basis points"
    )]
    Order,
    /// The lease has no coupon left.
    #[error("the lease has no coupon left; the till must reach the server")]
    CountUsed,
    /// The lease has too little money left.
    #[error("the lease has too little money left; the till must reach the server")]
    CentsUsed,
}

impl NotGiven {
    /// Tells the stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Code(Refused::Malformed) => "code_malformed",
            Self::Code(Refused::KeyUnknown) => "key_unknown",
            Self::Code(Refused::Signature) => "signature_wrong",
            Self::Code(Refused::NotYet) => "coupon_not_yet",
            Self::Code(Refused::Over) => "coupon_over",
            Self::Code(Refused::NotLive) => "not_live",
            Self::OtherShop => "other_shop",
            Self::OtherTill => "other_till",
            Self::OtherStore => "other_store",
            Self::LeaseNotYet => "lease_not_yet",
            Self::LeaseOver => "lease_over",
            Self::LeaseReturned => "lease_returned",
            Self::Paper => "paper",
            Self::NotInLease => "not_in_lease",
            Self::TakenHere => "taken_here",
            Self::TooLittle => "too_little",
            Self::Order => "order_malformed",
            Self::CountUsed => "count_used",
            Self::CentsUsed => "cents_used",
        }
    }
}

/// Decides whether the till gives a coupon. `given` is all it has given, under this lease and others; what is answered counts only once it
/// stands in that log.
///
/// # Errors
/// The first reason against it.
pub fn decide(
    lease: &SignedLease,
    keys: &Keys,
    given: &[Given],
    asked: &Asked<'_>,
) -> Result<Given, NotGiven> {
    its_lease(lease, asked)?;
    let said = verify(asked.payload, keys, asked.now)?;
    if said.tenant != lease.tenant {
        return Err(NotGiven::OtherShop);
    }
    if said.holder.is_none() && !lease.takes_paper {
        return Err(NotGiven::Paper);
    }
    let offer = lease.offers.iter().find(|offer| offer.terms == said.terms).ok_or(NotGiven::NotInLease)?;
    if given.iter().any(|given| given.coupon == said.coupon) {
        return Err(NotGiven::TakenHere);
    }
    let lines: Vec<&OrderLine> = asked.lines.iter().filter(|line| is_of(offer, line)).collect();
    let spend = lines.iter().fold(0_u32, |sum, line| sum.saturating_add(line.cents));
    let cents = offer.worth_on(spend).ok_or(NotGiven::TooLittle)?;
    if said.offline_cents_max < cents {
        return Err(NotGiven::NotInLease);
    }
    let (count, gave) = used(lease, given);
    if lease.count_max <= count {
        return Err(NotGiven::CountUsed);
    }
    if lease.cents_max < gave.saturating_add(cents) {
        return Err(NotGiven::CentsUsed);
    }
    let given = Given {
        lease: lease.lease,
        number: count + 1,
        at: asked.now,
        coupon: said.coupon,
        order: asked.order.to_owned(),
        cents,
        lines: spread(cents, &lines),
    };
    // What nobody can be told of would be given and never booked.
    if given.is_reportable() { Ok(given) } else { Err(NotGiven::Order) }
}

/// Asks whether the lease is this till's, and good now.
fn its_lease(lease: &SignedLease, asked: &Asked<'_>) -> Result<(), NotGiven> {
    if lease.till != asked.till {
        return Err(NotGiven::OtherTill);
    }
    if !lease.store.is_empty() && lease.store != asked.store {
        return Err(NotGiven::OtherStore);
    }
    if asked.now < lease.valid_from {
        return Err(NotGiven::LeaseNotYet);
    }
    if lease.valid_until <= asked.now { Err(NotGiven::LeaseOver) } else { Ok(()) }
}

/// Tells how many coupons a till has given under a lease, and for how much.
fn used(lease: &SignedLease, given: &[Given]) -> (u32, u32) {
    let its = given.iter().filter(|given| given.lease == lease.lease);
    its.fold((0, 0), |(count, cents), given| (count.max(given.number), cents.saturating_add(given.cents)))
}

fn is_of(offer: &LeasedOffer, line: &OrderLine) -> bool {
    offer.categories.is_empty() || line.categories.iter().any(|category| offer.categories.contains(category))
}

/// Spreads an amount over lines in proportion to what they cost: whole units down, then one each to the largest remainders, of equal ones to
/// the first line (Hamilton's method), as the server does.
fn spread(cents: u32, lines: &[&OrderLine]) -> Vec<GivenLine> {
    let whole: u64 = lines.iter().map(|line| u64::from(line.cents)).sum::<u64>().max(1);
    let product = |line: &OrderLine| u64::from(cents) * u64::from(line.cents);
    let mut shares: Vec<u64> = lines.iter().map(|line| product(line) / whole).collect();
    let missing = u64::from(cents) - shares.iter().sum::<u64>();
    let mut places: Vec<usize> = (0..lines.len()).collect();
    // Stable: of equal remainders the first line comes first.
    places.sort_by_key(|place| std::cmp::Reverse(lines.get(*place).map(|line| product(line) % whole)));
    for place in places.into_iter().take(usize::try_from(missing).unwrap_or(usize::MAX)) {
        shares.iter_mut().skip(place).take(1).for_each(|share| *share += 1);
    }
    let given = lines.iter().zip(shares).map(|(line, share)| GivenLine {
        line: line.line.clone(),
        quantity: line.quantity,
        cents: u32::try_from(share).unwrap_or(u32::MAX),
        vat_basis_points: line.vat_basis_points,
    });
    given.filter(|given| 0 < given.cents).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lease::tests::{SECRET, keys, lease};
    use crate::payload::{Signed, Signer};

    fn payload(coupon: u8) -> String {
        let said = Signed {
            tenant: 1,
            coupon: [coupon; 16],
            valid_from: 900,
            valid_until: 1_900,
            terms: [2; 16],
            offline_cents_max: 300,
            holder: None,
        };
        Signer::new(&SECRET).sign(&said)
    }

    fn lines() -> Vec<OrderLine> {
        let line = |line: &str, category: &str, cents| OrderLine {
            line: line.to_owned(),
            categories: vec![category.to_owned()],
            quantity: 2,
            cents,
            vat_basis_points: Some(700),
        };
        vec![line("1", "TEA", 1_000), line("2", "MUG", 9_000), line("3", "TEA", 2_005)]
    }

    fn check(lease: &SignedLease, given: &[Given], asked: &Asked<'_>, expected: &str) {
        let text = match decide(lease, &keys(), given, asked) {
            Ok(given) => {
                let lines: Vec<String> =
                    given.lines.iter().map(|line| format!("{}:{}", line.line, line.cents)).collect();
                format!("{} {} {}", given.number, given.cents, lines.join(" "))
            }
            Err(reason) => reason.code().to_owned(),
        };
        assert_eq!(text, expected);
    }

    #[test]
    fn a_till_gives_what_its_lease_covers_and_says_why_not() {
        let (payload, lines, lease) = (payload(1), lines(), lease());
        let asked = Asked {
            payload: &payload,
            till: "till-3",
            store: "munich",
            order: "o-1",
            lines: &lines,
            now: 1_500,
        };
        check(&lease, &[], &asked, "1 300 1:100 3:200");
        check(&lease, &[], &Asked { till: "till-4", ..asked }, "other_till");
        check(&lease, &[], &Asked { store: "berlin", ..asked }, "other_store");
        check(&lease, &[], &Asked { now: 999, ..asked }, "lease_not_yet");
        check(&lease, &[], &Asked { now: 2_000, ..asked }, "lease_over");
        check(&lease, &[], &Asked { now: 1_900, ..asked }, "coupon_over");
        check(&lease, &[], &Asked { lines: &lines[..0], ..asked }, "too_little");
        check(&lease, &[], &Asked { lines: &lines[1..2], ..asked }, "too_little");
        check(&lease, &[], &Asked { payload: "0", ..asked }, "code_malformed");
        check(&SignedLease { takes_paper: false, ..lease.clone() }, &[], &asked, "paper");
        check(&SignedLease { tenant: 2, ..lease.clone() }, &[], &asked, "other_shop");
        let mut other = lease.clone();
        other.offers[0].terms = [3; 16];
        check(&other, &[], &asked, "not_in_lease");
    }

    #[test]
    fn a_till_gives_nothing_that_the_server_could_not_hear_of() {
        let (payload, lines, lease) = (payload(1), lines(), lease());
        let (till, store) = ("till-3", "munich");
        let asked = Asked { payload: &payload, till, store, order: "o-1", lines: &lines, now: 1_500 };
        let longest = "o".repeat(ORDER_BYTES_MAX);
        check(&lease, &[], &Asked { order: &longest, ..asked }, "1 300 1:100 3:200");
        check(&lease, &[], &Asked { order: &format!("{longest}o"), ..asked }, "order_malformed");
        check(&lease, &[], &Asked { order: "", ..asked }, "order_malformed");
        let changes: [fn(&mut OrderLine); 6] = [
            |line| line.line = "3".to_owned(),
            |line| line.line = String::new(),
            |line| line.line = "1\n".to_owned(),
            |line| line.line = "l".repeat(LINE_BYTES_MAX + 1),
            |line| line.quantity = 0,
            |line| line.vat_basis_points = Some(RATE_MAX + 1),
        ];
        for change in changes {
            let mut changed = lines.clone();
            change(&mut changed[0]);
            check(&lease, &[], &Asked { lines: &changed, ..asked }, "order_malformed");
        }
        // Only what it takes something off is told.
        let mut other = lines.clone();
        other[1].line = String::new();
        check(&lease, &[], &Asked { lines: &other, ..asked }, "1 300 1:100 3:200");
        let many = |count: usize| -> Vec<OrderLine> {
            (0..count).map(|line| OrderLine { line: line.to_string(), ..lines[0].clone() }).collect()
        };
        let given = |count| {
            let line = |line: OrderLine| GivenLine {
                line: line.line,
                quantity: line.quantity,
                cents: 1,
                vat_basis_points: None,
            };
            let lines = many(count).into_iter().map(line).collect();
            Given {
                lease: [7; 16],
                number: 1,
                at: 1,
                coupon: [1; 16],
                order: "o".to_owned(),
                cents: 1,
                lines,
            }
        };
        assert!(given(LINES_MAX).is_reportable());
        assert!(!given(LINES_MAX + 1).is_reportable());
        assert!(!given(0).is_reportable());
    }

    #[test]
    fn a_lease_is_used_up_by_count_and_by_money_and_a_coupon_is_taken_once() {
        let (lines, mut given, lease) = (lines(), Vec::new(), lease());
        let mut give = |coupon: u8, lease: &SignedLease| {
            let payload = payload(coupon);
            let (till, store) = ("till-3", "munich");
            let asked = Asked { payload: &payload, till, store, order: "o", lines: &lines, now: 1_500 };
            let answer = decide(lease, &keys(), &given, &asked);
            given.extend(answer.clone());
            answer.map(|given| given.number)
        };
        assert_eq!(give(1, &lease), Ok(1));
        assert_eq!(give(1, &lease), Err(NotGiven::TakenHere));
        assert_eq!(give(2, &lease), Ok(2));
        assert_eq!(give(3, &lease), Ok(3));
        assert_eq!(give(4, &lease), Err(NotGiven::CountUsed));
        // Under the next lease numbers begin anew; what was taken stays taken.
        let next = SignedLease { lease: [8; 16], cents_max: 599, ..lease };
        assert_eq!(give(3, &next), Err(NotGiven::TakenHere));
        assert_eq!(give(4, &next), Ok(1));
        assert_eq!(give(5, &next), Err(NotGiven::CentsUsed));
    }

    #[test]
    fn shares_of_lines_add_up_to_the_cent() {
        for cents in 0..40 {
            let line = |line: u32| OrderLine {
                line: line.to_string(),
                categories: vec![],
                quantity: 1,
                cents: 7 + line * 5,
                vat_basis_points: None,
            };
            let lines: Vec<OrderLine> = (0..3).map(line).collect();
            let spread = spread(cents, &lines.iter().collect::<Vec<_>>());
            assert_eq!(spread.iter().map(|line| line.cents).sum::<u32>(), cents);
        }
    }
}

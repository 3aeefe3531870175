//! What tills gave without asking is booked, in whatever order it comes.
//!
//! Each was paid from the lease of its till, so the money moves the same way whoever comes first. Only which of several that took one coupon
//! counts, and which are a loss, is a matter of comparing them: the one that was taken first counts, and what is booked later may say that
//! another was. So every order gives the same, and so does everything twice.

use super::lease::{Lease, whole_second};
use super::ledger::{About, Account, Entry};
use super::life::{Coupon, State};
use super::limit::UseCount;
use super::redemption::{Part, Redemption};
use crate::base::{Cents, CouponId, LeaseId, RedemptionId, Timestamp};

/// Where a redemption that nobody was asked for came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offline {
    /// The lease that paid for it.
    pub lease: LeaseId,
    /// Its number on that lease, from 1.
    pub number: u32,
    /// Why it is a loss; `None` if it is the use of the coupon that counts.
    pub loss: Option<Loss>,
}

/// Why what a till gave is a loss: the customer has it, the shop pays it from the lease, and it is nobody's fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Loss {
    /// The coupon had been used with the server.
    UsedBefore,
    /// A till that could not ask either had taken it first.
    UsedOffline,
    /// The coupon was not valid any more, or not yet: the till's clock was wrong.
    NotValid,
    /// The shop had taken it back.
    Revoked,
}

impl Loss {
    /// Lists them all.
    pub const ALL: [Self; 4] = [Self::UsedBefore, Self::UsedOffline, Self::NotValid, Self::Revoked];

    /// Spells it as the API does.
    pub fn name(self) -> &'static str {
        match self {
            Self::UsedBefore => "used_before",
            Self::UsedOffline => "used_offline",
            Self::NotValid => "not_valid",
            Self::Revoked => "revoked",
        }
    }
}

/// What a till did not get a lease for. It is told and counted, and nothing pays for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unbacked {
    /// The lease had given back what was left when the till was heard of.
    LeaseClosed,
    /// The lease had no room.
    LeaseFull,
    /// It was not taken while the lease was good.
    OutsideLease,
    /// The coupon is not one of the lease's, or gives less than was taken off.
    NotInLease,
    /// There is no such coupon.
    CouponUnknown,
    /// The till has reported the coupon under this lease before. A till that keeps its log takes none twice, so this bounds what a coupon's
    /// list of redemptions can grow to: one of each lease.
    TakenHere,
}

impl Unbacked {
    /// Lists them all.
    pub const ALL: [Self; 6] = [
        Self::LeaseClosed,
        Self::LeaseFull,
        Self::OutsideLease,
        Self::NotInLease,
        Self::CouponUnknown,
        Self::TakenHere,
    ];

    /// Spells it as the API does.
    pub fn name(self) -> &'static str {
        match self {
            Self::LeaseClosed => "lease_closed",
            Self::LeaseFull => "lease_full",
            Self::OutsideLease => "outside_lease",
            Self::NotInLease => "not_in_lease",
            Self::CouponUnknown => "coupon_unknown",
            Self::TakenHere => "taken_here",
        }
    }
}

/// A coupon that a till took without asking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Its number on the lease, from 1, as the till counted.
    pub number: u32,
    /// The coupon.
    pub coupon: CouponId,
    /// The order.
    pub order_id: String,
    /// When, by the till's clock.
    pub at: Timestamp,
    /// What was taken off; the parts add up to it.
    pub amount: Cents,
    /// The same, line by line.
    pub parts: Vec<Part>,
}

/// What becomes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled {
    /// The lease pays.
    Booked(Box<Booked>),
    /// Nothing does.
    Unbacked {
        /// The lease, which counts it.
        lease: Box<Lease>,
        /// Why.
        why: Unbacked,
    },
}

/// What is different once it is booked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Booked {
    /// The lease.
    pub lease: Lease,
    /// The coupon.
    pub coupon: Coupon,
    /// The redemption, which counts or is a loss.
    pub redemption: Redemption,
    /// The one that counted until now and is a loss, because this one was first.
    pub displaced: Option<Redemption>,
    /// The movements.
    pub entries: Vec<Entry>,
}

/// Books what a till took. `last` is what the coupon was last redeemed as, if it was; `counted` are the limits it counts for, as [`Lease::counted`]
/// says it: `None` if the lease does not cover coupons of its offer.
pub fn settle(
    lease: &Lease,
    taken: &Taken,
    coupon: Option<&Coupon>,
    last: Option<&Redemption>,
    counted: Option<&[UseCount]>,
    now: Timestamp,
) -> Settled {
    let (coupon, counted) = match backed(lease, taken, coupon, counted) {
        Ok(covered) => covered,
        Err(why) => {
            let lease = Lease {
                unbacked_count: lease.unbacked_count.saturating_add(1),
                unbacked: lease.unbacked.saturating_add(taken.amount),
                ..lease.clone()
            };
            return Settled::Unbacked { lease: Box::new(lease), why };
        }
    };
    let counts = counts(lease, taken, coupon, last);
    let redemption =
        Redemption { counted: counted.to_vec(), ..redemption(lease, taken, coupon, counts.err()) };
    let about = redemption.about();
    let mut entries = vec![Entry::new(about, Account::Reserved, Account::Spent, taken.amount, now)];
    let mut after = coupon.clone();
    let mut displaced = None;
    if counts.is_ok() {
        let is_first = coupon.is_in_circulation();
        if is_first && Cents::ZERO < coupon.reserved {
            // Not by this redemption alone: which of several is heard of first is nobody's matter.
            let about = About { redemption: None, ..coupon.about() };
            entries.push(Entry::new(about, Account::Reserved, Account::Available, coupon.reserved, now));
        }
        displaced = last.filter(|_| !is_first && !is_expired(coupon)).map(Redemption::lost);
        after.reserved = Cents::ZERO;
        after.redemptions.push(redemption.id);
        after.state = State::Redeemed {
            at: taken.at,
            order_id: redemption.order_id.clone(),
            amount: taken.amount,
            returned: Cents::ZERO,
        };
    } else {
        // The last is the one that counts.
        let place = after.redemptions.len().saturating_sub(1);
        after.redemptions.insert(place, redemption.id);
    }
    let lease = lease.with(taken.amount, counted);
    Settled::Booked(Box::new(Booked { lease, coupon: after, redemption, displaced, entries }))
}

/// Tells whether the lease pays. Asks first what the till's own words say, which is the same in every order.
fn backed<'a>(
    lease: &Lease,
    taken: &Taken,
    coupon: Option<&'a Coupon>,
    counted: Option<&'a [UseCount]>,
) -> Result<(&'a Coupon, &'a [UseCount]), Unbacked> {
    if taken.at < lease.granted_at || lease.expires_at <= taken.at {
        return Err(Unbacked::OutsideLease);
    }
    let coupon = coupon.ok_or(Unbacked::CouponUnknown)?;
    let is_of_it = coupon.campaign == lease.campaign
        && lease.offer.as_ref().is_none_or(|only| *only == coupon.offer)
        && taken.amount <= coupon.benefit.maximum();
    let counted = counted.filter(|_| is_of_it).ok_or(Unbacked::NotInLease)?;
    if coupon.redemptions.contains(&lease.redemption_of(coupon.id)) {
        return Err(Unbacked::TakenHere);
    }
    if lease.closed_at.is_some() {
        return Err(Unbacked::LeaseClosed);
    }
    let has_room =
        lease.has_number(taken.number) && lease.used_count < lease.count_max && taken.amount <= lease.held();
    if has_room { Ok((coupon, counted)) } else { Err(Unbacked::LeaseFull) }
}

/// Tells whether this is the use of the coupon that counts.
fn counts(lease: &Lease, taken: &Taken, coupon: &Coupon, last: Option<&Redemption>) -> Result<(), Loss> {
    if taken.at < whole_second(coupon.issued_at) || coupon.valid_until <= taken.at {
        return Err(Loss::NotValid);
    }
    match &coupon.state {
        // An order may be paying with it; but it has been used.
        State::Issued | State::Activated { .. } | State::Reserved(_) => Ok(()),
        // It ran out after it was taken, and before anybody heard of that.
        State::Expired { .. } => Ok(()),
        State::Redeemed { .. } => match last.and_then(Redemption::rank) {
            Some(rank) if (taken.at, lease.id, taken.number) < rank => Ok(()),
            Some(_) => Err(Loss::UsedOffline),
            None => Err(Loss::UsedBefore),
        },
        State::Revoked { .. } => Err(Loss::Revoked),
    }
}

impl Lease {
    /// Names what it pays for a coupon: it takes each once, whatever numbers the till gives it.
    pub fn redemption_of(&self, coupon: CouponId) -> RedemptionId {
        self.id.redemption_of(coupon)
    }
}

impl LeaseId {
    /// Names what the lease pays for a coupon, also where nothing else of the lease is kept.
    pub fn redemption_of(self, coupon: CouponId) -> RedemptionId {
        RedemptionId::seeded("offline redemption", &[&self.bytes(), &coupon.bytes()])
    }
}

fn is_expired(coupon: &Coupon) -> bool {
    matches!(coupon.state, State::Expired { .. })
}

fn redemption(lease: &Lease, taken: &Taken, coupon: &Coupon, loss: Option<Loss>) -> Redemption {
    let redemption = Redemption {
        id: lease.redemption_of(coupon.id),
        coupon: coupon.id,
        decision: coupon.decision,
        profile: coupon.profile,
        campaign: coupon.campaign.clone(),
        offer: coupon.offer.clone(),
        order_id: taken.order_id.clone(),
        at: taken.at,
        amount: taken.amount,
        parts: taken.parts.clone(),
        reversals: Vec::new(),
        counted: Vec::new(),
        offline: Some(Offline { lease: lease.id, number: taken.number, loss }),
    };
    // Whoever was erased stays so, whatever a till still says.
    let is_erased = coupon.profile.is_none()
        && match &coupon.state {
            State::Revoked { .. } => true,
            State::Redeemed { order_id, .. } => order_id.is_empty(),
            _ => false,
        };
    if is_erased { redemption.release_of_erased() } else { redemption }
}

impl Redemption {
    /// Tells why it is a loss, if it is.
    pub fn loss(&self) -> Option<Loss> {
        self.offline?.loss
    }

    /// What decides which of several counts: the one that was taken first. `None` if the server gave it.
    fn rank(&self) -> Option<(Timestamp, LeaseId, u32)> {
        self.offline.map(|offline| (self.at, offline.lease, offline.number))
    }

    /// The same as a loss, because another till had taken the coupon first.
    fn lost(&self) -> Self {
        let offline = self.offline.map(|offline| Offline { loss: Some(Loss::UsedOffline), ..offline });
        Self { offline, ..self.clone() }
    }
}

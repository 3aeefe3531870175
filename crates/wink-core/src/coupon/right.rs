//! The right to a coupon: given by a decision that was asked to wait, accepted in time, or lapsed.
//!
//! What the coupon could cost is reserved with the right, so that accepting moves no money and can find no empty budget. A step
//! is taken from the stage that allows it: what is not open cannot be accepted, what is not overdue cannot lapse.

use super::issue::drawn_coupon;
use super::ledger::{About, Account, Entry};
use super::life::Coupon;
use crate::base::{CampaignId, Cents, CouponId, DecisionId, OfferId, ProfileId, Timestamp};
use crate::decision::{Decision, missing_consent};
use crate::offer::Catalogue;
use crate::profile::{Grants, Purpose};

/// A right to a coupon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Right {
    /// The decision that gave it.
    pub decision: DecisionId,
    /// The coupon it is a right to; there is none of that id before the right is accepted.
    pub coupon: CouponId,
    /// Whose it is; `None` once that person was erased.
    pub profile: Option<ProfileId>,
    /// The campaign that promised it.
    pub campaign: CampaignId,
    /// The offer.
    pub offer: OfferId,
    /// What is reserved for it: the most the coupon can cost.
    pub reserved: Cents,
    /// The first instant it can no longer be accepted. Fixed when it is given, never moved.
    pub accept_by: Timestamp,
    /// What became of it.
    pub state: RightState,
}

/// What became of a right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RightState {
    /// Nothing yet; its reservation stands.
    Open,
    /// It was accepted: there is a coupon, and the reservation is the coupon's.
    Accepted {
        /// When.
        at: Timestamp,
    },
    /// It was not accepted in time.
    Lapsed {
        /// When that was noticed.
        at: Timestamp,
    },
    /// It was taken back.
    Revoked {
        /// When.
        at: Timestamp,
    },
}

impl RightState {
    /// Spells it as the API does.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Accepted { .. } => "accepted",
            Self::Lapsed { .. } => "lapsed",
            Self::Revoked { .. } => "revoked",
        }
    }

    /// Tells when its life ended, if it has.
    pub fn ended_at(self) -> Option<Timestamp> {
        match self {
            Self::Open => None,
            Self::Accepted { at } | Self::Lapsed { at } | Self::Revoked { at } => Some(at),
        }
    }
}

/// Where a right stands at an instant. The only way to the next step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage<'a> {
    /// It can be accepted.
    Open(Open<'a>),
    /// Its time is over, and nobody has seen to it yet.
    Overdue(Overdue<'a>),
    /// It was accepted.
    Accepted,
    /// It lapsed.
    Lapsed,
    /// It was taken back.
    Revoked,
}

/// A right that can be accepted at this instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Open<'a> {
    right: &'a Right,
    now: Timestamp,
}

/// A right whose time is over at this instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overdue<'a> {
    right: &'a Right,
    now: Timestamp,
}

/// Why a right was not accepted: a stable code, and a sentence safe for the shopper. It is an answer, not an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAccepted {
    /// The decision gave no right: it offers nothing, or issued its coupon at once.
    #[error("this decision gave nothing that could be accepted")]
    NoRight,
    /// The time is over.
    #[error("this offer could be accepted until {until}")]
    Lapsed {
        /// Until when it could.
        until: Timestamp,
    },
    /// It was taken back.
    #[error("this offer is no longer there")]
    Revoked,
    /// The person has said no since.
    #[error("the person has not granted {}", .0.name())]
    NoConsent(Purpose),
}

impl NotAccepted {
    /// Tells the stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoRight => "no_right",
            Self::Lapsed { .. } => "right_lapsed",
            Self::Revoked => "right_revoked",
            Self::NoConsent(_) => "no_consent",
        }
    }
}

/// A right, and the money its step moves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// The right afterwards.
    pub right: Right,
    /// The movement; `None` if what was reserved had moved on before.
    pub entry: Option<Entry>,
}

/// A right that was accepted, and the coupon it became. No money moves: the coupon takes the reservation over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The right afterwards.
    pub right: Right,
    /// The coupon.
    pub coupon: Coupon,
}

/// Gives the right of a decision that was asked to wait, reserving the most it can cost. `None` if it offers nothing, or was not.
pub fn give(decision: &Decision, catalogue: &Catalogue) -> Option<Moved> {
    let accept_by = decision.accept_by()?;
    let coupon = drawn_coupon(decision, catalogue, decision.now)?;
    let right = Right {
        decision: decision.id,
        coupon: coupon.id,
        profile: coupon.profile,
        reserved: coupon.benefit.maximum(),
        campaign: coupon.campaign,
        offer: coupon.offer,
        accept_by,
        state: RightState::Open,
    };
    let entry = right.movement(Account::Available, Account::Reserved, decision.now);
    Some(Moved { right, entry: Some(entry) })
}

impl Right {
    /// Tells where it stands at `now`.
    pub fn stage(&self, now: Timestamp) -> Stage<'_> {
        match self.state {
            RightState::Open if now < self.accept_by => Stage::Open(Open { right: self, now }),
            RightState::Open => Stage::Overdue(Overdue { right: self, now }),
            RightState::Accepted { .. } => Stage::Accepted,
            RightState::Lapsed { .. } => Stage::Lapsed,
            RightState::Revoked { .. } => Stage::Revoked,
        }
    }

    /// Takes the person out; one that nobody accepted or let lapse is revoked, and what it reserved is free again.
    pub fn release_of_erased(&self, now: Timestamp) -> Moved {
        let mut moved = match self.state {
            RightState::Open => self.freed(RightState::Revoked { at: now }, now),
            _ => Moved { right: self.clone(), entry: None },
        };
        moved.right.profile = None;
        moved
    }

    fn freed(&self, state: RightState, now: Timestamp) -> Moved {
        let entry = self.movement(Account::Reserved, Account::Available, now);
        Moved { right: Self { state, ..self.clone() }, entry: Some(entry) }
    }

    /// Under the coupon's id, which takes the reservation over if the right is accepted.
    fn movement(&self, from: Account, to: Account, at: Timestamp) -> Entry {
        let about = About {
            campaign: &self.campaign,
            coupon: self.coupon,
            decision: self.decision,
            redemption: None,
            reversal: None,
        };
        Entry::new(about, from, to, self.reserved, at)
    }
}

impl Open<'_> {
    /// Makes the coupon, valid from now for as long as its terms say, if the person still grants what the offer needs.
    ///
    /// # Errors
    /// Why it was not accepted.
    pub fn accept(
        self,
        decision: &Decision,
        catalogue: &Catalogue,
        grants: &Grants,
    ) -> Result<Accepted, NotAccepted> {
        if let Some(purpose) = missing_consent(decision.ask.channel, grants) {
            return Err(NotAccepted::NoConsent(purpose));
        }
        let coupon = drawn_coupon(decision, catalogue, self.now);
        let coupon = coupon.filter(|coupon| coupon.id == self.right.coupon).ok_or(NotAccepted::NoRight)?;
        let right = Right { state: RightState::Accepted { at: self.now }, ..self.right.clone() };
        Ok(Accepted { right, coupon })
    }
}

impl Overdue<'_> {
    /// Lets it lapse: what it reserved is free again.
    pub fn lapse(self) -> Moved {
        self.right.freed(RightState::Lapsed { at: self.now }, self.now)
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn right() -> Right {
        Right {
            decision: DecisionId::from_bytes([2; 16]),
            coupon: CouponId::from_bytes([1; 16]),
            profile: Some(ProfileId::from_bytes([3; 16])),
            campaign: CampaignId::parse("spring").unwrap(),
            offer: OfferId::parse("spring-tea").unwrap(),
            reserved: Cents(150),
            accept_by: Timestamp(100),
            state: RightState::Open,
        }
    }

    #[test]
    fn a_right_is_open_to_its_last_instant_and_overdue_from_the_next() {
        let right = right();
        assert!(matches!(right.stage(Timestamp(99)), Stage::Open(_)));
        let Stage::Overdue(overdue) = right.stage(Timestamp(100)) else { panic!("its time is over") };
        let moved = overdue.lapse();
        assert_eq!(moved.right.state, RightState::Lapsed { at: Timestamp(100) });
        assert_eq!(moved.entry.map(|entry| entry.owed()), Some(Cents(-150)));
        // Whatever the clock says later, it has lapsed.
        assert_eq!(moved.right.stage(Timestamp(1)), Stage::Lapsed);
    }

    #[test]
    fn an_erasure_frees_what_is_open_and_nothing_else() {
        let freed = |state| Right { state, ..right() }.release_of_erased(Timestamp(5));
        let open = freed(RightState::Open);
        assert_eq!((open.right.state, open.right.profile), (RightState::Revoked { at: Timestamp(5) }, None));
        assert_eq!(open.entry.map(|entry| entry.owed()), Some(Cents(-150)));
        for ended in [RightState::Accepted { at: Timestamp(1) }, RightState::Lapsed { at: Timestamp(1) }] {
            let moved = freed(ended);
            assert_eq!((moved.right.state, moved.right.profile, moved.entry), (ended, None, None));
        }
    }

    proptest! {
        #[test]
        fn what_was_reserved_comes_back_once_and_only_if_nobody_accepted(
            steps in vec((any::<bool>(), 0..200_i64), 0..12),
            is_accepted in any::<bool>(),
        ) {
            let mut right = right();
            if is_accepted {
                right.state = RightState::Accepted { at: Timestamp(1) };
            }
            let mut owed = right.reserved;
            for (is_erasure, now) in steps {
                let now = Timestamp(now);
                let moved = match right.stage(now) {
                    _ if is_erasure => right.release_of_erased(now),
                    Stage::Overdue(overdue) => overdue.lapse(),
                    _ => continue,
                };
                owed += moved.entry.map_or(Cents::ZERO, |entry| entry.owed());
                right = moved.right;
                let stands = matches!(right.state, RightState::Open | RightState::Accepted { .. });
                prop_assert_eq!(owed, if stands { right.reserved } else { Cents::ZERO });
            }
        }
    }
}

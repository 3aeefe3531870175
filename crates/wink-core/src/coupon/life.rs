//! A coupon and where it is in its life: `issued → activated → reserved → redeemed → (partly) reversed`, or `expired`, or `revoked`.
//!
//! A step is taken from [`Coupon::phase`], which there is only for a coupon in circulation. Each step is an [`Effect`]: the coupon
//! afterwards, and the money that moves.

use super::ledger::{About, Account, Entry};
use super::redemption::Redemption;
use super::refusal::Refusal;
use crate::base::{CampaignId, Cents, CouponId, DecisionId, OfferId, ProfileId, RedemptionId, Timestamp};
use crate::offer::{Benefit, ReversalPolicy, Terms};

/// A coupon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coupon {
    /// Its id; never a secret.
    pub id: CouponId,
    /// The decision that issued it; of a coupon that was issued in bulk, the bulk.
    pub decision: DecisionId,
    /// Whose it is; `None` once that person was erased, and while it is for whoever comes with its code.
    pub profile: Option<ProfileId>,
    /// Its campaign.
    pub campaign: CampaignId,
    /// Its offer.
    pub offer: OfferId,
    /// What it gives.
    pub benefit: Benefit,
    /// Under which terms.
    pub terms: Terms,
    /// What becomes of it when an order is taken back, as its campaign said at its issue.
    pub reversals: ReversalPolicy,
    /// Categories whose products it applies to; empty for every product.
    pub categories: Vec<String>,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// The first instant it is no longer valid. Fixed at issue, never moved.
    pub valid_until: Timestamp,
    /// What lies in the ledger's account `reserved` for it: the most it can be worth now. Nothing unless it is in circulation.
    pub reserved: Cents,
    /// What it was redeemed as, oldest first.
    pub redemptions: Vec<RedemptionId>,
    /// Where it is in its life.
    pub state: State,
}

/// Where a coupon is in its life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// In circulation.
    Issued,
    /// In circulation, and its person has activated it.
    Activated {
        /// When.
        at: Timestamp,
    },
    /// In circulation, and held for an order that is being paid.
    Reserved(Hold),
    /// Used.
    Redeemed {
        /// When.
        at: Timestamp,
        /// On which order.
        order_id: String,
        /// What it was worth.
        amount: Cents,
        /// How much of that was taken back since.
        returned: Cents,
    },
    /// Not used in time.
    Expired {
        /// When that was noticed.
        at: Timestamp,
    },
    /// Taken back.
    Revoked {
        /// When.
        at: Timestamp,
    },
}

/// A reservation: the coupon waits for an order, and is nobody else's meanwhile. It ends once, by redemption, release or its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// The order.
    pub order_id: String,
    /// What the coupon is worth on it.
    pub amount: Cents,
    /// When it began.
    pub at: Timestamp,
    /// The first instant it is over.
    pub until: Timestamp,
    /// When the coupon was activated, if it was.
    pub activated_at: Option<Timestamp>,
}

/// What a step does: the coupon as it is afterwards, the money that moves, and the redemption that was made or changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    /// The coupon afterwards.
    pub coupon: Coupon,
    /// The movements.
    pub entries: Vec<Entry>,
    /// The redemption afterwards.
    pub redemption: Option<Redemption>,
}

/// Where a coupon in circulation stands at an instant. The only way to a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase<'a> {
    /// It waits to be activated.
    Asleep,
    /// It can be reserved or redeemed.
    Ready {
        /// When it was activated, if it was.
        activated_at: Option<Timestamp>,
    },
    /// It is held for an order.
    Held(&'a Hold),
}

impl State {
    /// Spells it as the API does.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Issued => "issued",
            Self::Activated { .. } => "activated",
            Self::Reserved(_) => "reserved",
            Self::Redeemed { returned: Cents::ZERO, .. } => "redeemed",
            Self::Redeemed { amount, returned, .. } if returned < amount => "partly_reversed",
            Self::Redeemed { .. } => "reversed",
            Self::Expired { .. } => "expired",
            Self::Revoked { .. } => "revoked",
        }
    }

    /// Tells when its life ended, if it has.
    pub fn ended_at(&self) -> Option<Timestamp> {
        match self {
            Self::Issued | Self::Activated { .. } | Self::Reserved(_) => None,
            Self::Redeemed { at, .. } | Self::Expired { at } | Self::Revoked { at } => Some(*at),
        }
    }

    /// The state of a coupon that can be used again: as it was activated, if it was.
    pub(super) fn free(activated_at: Option<Timestamp>) -> Self {
        activated_at.map_or(Self::Issued, |at| Self::Activated { at })
    }
}

impl Coupon {
    /// Tells whether it is in circulation: it can still be used, or could until its time was over.
    pub fn is_in_circulation(&self) -> bool {
        self.state.ended_at().is_none()
    }

    /// Tells whether it cannot be used any more at `now`, whether or not anybody has seen to its timer: it is used, over or revoked. All there is to
    /// say of it on an order is then what it was redeemed as there.
    pub fn is_done(&self, now: Timestamp) -> bool {
        self.phase(now).is_err()
    }

    /// Tells when time alone changes it next: a hold ends, or its validity. That is when its timer is due.
    pub fn due_at(&self) -> Option<Timestamp> {
        match &self.state {
            State::Issued | State::Activated { .. } => Some(self.valid_until),
            State::Reserved(hold) => Some(hold.until),
            State::Redeemed { .. } | State::Expired { .. } | State::Revoked { .. } => None,
        }
    }

    /// Asks whether it can be used at `now`, whatever is bought: on this order, or on one that has no id yet.
    ///
    /// # Errors
    /// Why not.
    pub fn usable_at(&self, now: Timestamp, order: Option<&str>) -> Result<(), Refusal> {
        match self.phase(now)? {
            Phase::Asleep => Err(Refusal::NotActivated),
            Phase::Held(hold) if Some(hold.order_id.as_str()) != order => Err(self.held(hold)),
            Phase::Held(_) | Phase::Ready { .. } => Ok(()),
        }
    }

    /// Tells where it stands at `now`, whether or not anybody has seen to its timer.
    ///
    /// # Errors
    /// Why no step can be taken from it.
    pub(super) fn phase(&self, now: Timestamp) -> Result<Phase<'_>, Refusal> {
        let activated_at = match &self.state {
            State::Issued => None,
            State::Activated { at } => Some(*at),
            // Whoever reserved in time may also pay after the coupon's last day.
            State::Reserved(hold) if now < hold.until => return Ok(Phase::Held(hold)),
            State::Reserved(hold) => hold.activated_at,
            State::Redeemed { at, .. } => return Err(Refusal::AlreadyRedeemed { at: *at }),
            State::Expired { .. } => return Err(Refusal::Expired { until: self.valid_until }),
            State::Revoked { .. } => return Err(Refusal::Revoked),
        };
        if self.valid_until <= now {
            return Err(Refusal::Expired { until: self.valid_until });
        }
        let is_asleep = self.terms.needs_activation && activated_at.is_none();
        Ok(if is_asleep { Phase::Asleep } else { Phase::Ready { activated_at } })
    }

    /// Says no to whoever comes while it is held for another order.
    pub(super) fn held(&self, hold: &Hold) -> Refusal {
        Refusal::Held { until: hold.until, is_over: self.valid_until <= hold.until }
    }

    /// Takes a step that moves no money.
    pub(super) fn with_state(&self, state: State) -> Effect {
        Effect { coupon: Self { state, ..self.clone() }, entries: Vec::new(), redemption: None }
    }

    /// Ends its circulation: what it reserved goes to `account`.
    pub(super) fn freed(&self, state: State, account: Account, now: Timestamp) -> Effect {
        let mut effect = self.with_state(state);
        effect.coupon.reserved = Cents::ZERO;
        effect.entries.push(Entry::new(self.about(), Account::Reserved, account, self.reserved, now));
        effect
    }

    pub(super) fn about(&self) -> About<'_> {
        About {
            campaign: &self.campaign,
            coupon: self.id,
            decision: self.decision,
            redemption: None,
            reversal: None,
        }
    }
}

//! A redemption is taken back: all that is left of it, some lines, or some pieces of them. The campaign's policy says whether the coupon
//! goes back to its person or stays used.

use super::ledger::{About, Account, Entry};
use super::life::{Coupon, Effect, State};
use super::redemption::{Part, Redemption, Reversal};
use crate::base::{Cents, ReversalId, Timestamp};
use crate::offer::{Afterwards, Extent, ReversalPolicy, ReversalReason};

/// What is to come back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TakenBack {
    /// Everything that is left.
    Everything,
    /// Some lines.
    Lines(Vec<LineBack>),
}

/// A line that comes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineBack {
    /// The shop's name of it.
    pub line: String,
    /// How many pieces; all that are left if it is not said.
    pub quantity: Option<u32>,
}

/// Why nothing was taken back: a stable code, and a sentence for the shop. It is an answer, not an error.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotReversed {
    /// Everything came back before.
    #[error("nothing is left of this redemption that could be taken back")]
    NothingLeft,
    /// Nothing was given on such a line.
    #[error("nothing was given on a line `{line}` of this order")]
    LineUnknown {
        /// As it was named.
        line: String,
    },
    /// A line is named twice.
    #[error("line `{line}` is named twice; name it once, with all its pieces")]
    LineTwice {
        /// Which line.
        line: String,
    },
    /// More pieces than there are, or none.
    #[error("of line `{line}` {left} pieces can be taken back, and at least one at a time")]
    Quantity {
        /// Which line.
        line: String,
        /// How many have not come back yet.
        left: u32,
    },
}

impl NotReversed {
    /// Tells the stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NothingLeft => "nothing_left_to_reverse",
            Self::LineUnknown { .. } => "line_unknown",
            Self::LineTwice { .. } => "line_twice",
            Self::Quantity { .. } => "line_quantity",
        }
    }
}

/// Takes back a redemption, or some of it.
///
/// What comes back lies in `returned` if the coupon stays used, and the campaign may promise it again. If the coupon goes back to its person it
/// lies in `reserved`: the coupon is worth at most that from then on.
///
/// Who brings the last piece gets back a coupon that is worth all pieces, in however many steps they came: what came back before and stayed with
/// the campaign is promised again. The campaign may have promised it to others meanwhile, so that much of it needs room: `room` is how much more
/// may be promised, and what does not fit stays `returned`. What comes back in this very step needs none, and can always be given back.
///
/// # Errors
/// Why not.
pub fn reverse(
    coupon: &Coupon,
    redemption: &Redemption,
    what: &TakenBack,
    reason: ReversalReason,
    room: Cents,
    now: Timestamp,
) -> Result<Effect, NotReversed> {
    let parts = redemption.parts_back(what)?;
    let amount: Cents = parts.iter().map(|part| part.amount).sum();
    let extent = if redemption.is_all(&parts) { Extent::Whole } else { Extent::Part };
    let wanted = coupon.reversals.after(reason, extent);
    let again = match extent {
        Extent::Whole => redemption.stayed(&coupon.reversals).min(room).max(Cents::ZERO),
        Extent::Part => Cents::ZERO,
    };
    // A coupon that is worth nothing is none.
    // What a till gave without asking was the lease's money, and another till may have taken the same coupon: it stays used.
    let can_return =
        Cents::ZERO < amount + again && redemption.offline.is_none() && coupon.can_take_back(redemption, now);
    let afterwards = if can_return { wanted } else { Afterwards::StaysUsed };
    let count = u64::try_from(redemption.reversals.len()).unwrap_or(u64::MAX).to_be_bytes();
    let id = ReversalId::seeded("reversal", &[&redemption.id.bytes(), &count]);
    let mut effect = coupon.with_state(coupon.state_after(redemption, amount, afterwards, now));
    let to = match afterwards {
        Afterwards::Returns => Account::Reserved,
        Afterwards::StaysUsed => Account::Returned,
    };
    let about = About { reversal: Some(id), ..redemption.about() };
    let mut book = |from, to, amount| {
        if Cents::ZERO < amount {
            effect.entries.push(Entry::new(about, from, to, amount, now));
        }
    };
    book(Account::Spent, to, amount);
    if afterwards == Afterwards::Returns {
        book(Account::Returned, Account::Reserved, again);
        effect.coupon.reserved += amount + again;
    }
    let mut redemption = redemption.clone();
    redemption.reversals.push(Reversal { id, at: now, reason, parts, afterwards });
    effect.redemption = Some(redemption);
    Ok(effect)
}

/// Tells whether a reversal gave the coupon back to its person.
pub(super) fn is_given_back(reversal: &Reversal) -> bool {
    reversal.afterwards == Afterwards::Returns
}

impl Redemption {
    /// Tells whether no piece is left once these have come back.
    fn is_all(&self, back: &[Part]) -> bool {
        self.parts.iter().all(|part| {
            let pieces = back.iter().filter(|back| back.line == part.line).map(|back| back.quantity);
            self.quantity_left(part) <= pieces.sum()
        })
    }

    /// Tells what came back before and stayed with the campaign, but for what came back for a reason after which the coupon stays used even if
    /// everything comes.
    fn stayed(&self, policy: &ReversalPolicy) -> Cents {
        let whole = |reversal: &Reversal| policy.after(reversal.reason, Extent::Whole);
        let stayed = self.reversals.iter().filter(|reversal| !is_given_back(reversal));
        stayed.filter(|reversal| whole(reversal) == Afterwards::Returns).map(Reversal::amount).sum()
    }

    /// Works out what comes back, line by line.
    fn parts_back(&self, what: &TakenBack) -> Result<Vec<Part>, NotReversed> {
        let mut parts: Vec<Part> = Vec::new();
        match what {
            TakenBack::Everything => {
                let left = self.parts.iter().map(|part| (part, self.quantity_left(part)));
                parts.extend(
                    left.filter(|(_, left)| 0 < *left).map(|(part, left)| self.part_back(part, left)),
                );
            }
            TakenBack::Lines(lines) => {
                for back in lines {
                    parts.push(self.line_back(back, &parts)?);
                }
            }
        }
        if parts.is_empty() { Err(NotReversed::NothingLeft) } else { Ok(parts) }
    }

    fn line_back(&self, back: &LineBack, before: &[Part]) -> Result<Part, NotReversed> {
        let line = back.line.clone();
        let Some(part) = self.parts.iter().find(|part| part.line == line) else {
            return Err(NotReversed::LineUnknown { line });
        };
        if before.iter().any(|other| other.line == line) {
            return Err(NotReversed::LineTwice { line });
        }
        let left = self.quantity_left(part);
        let quantity = back.quantity.unwrap_or(left);
        if !(1..=left).contains(&quantity) {
            return Err(NotReversed::Quantity { line, left });
        }
        Ok(self.part_back(part, quantity))
    }
}

impl Coupon {
    /// Tells whether it can go back to whoever had it: its person is there, or it is for whoever has its code; it is valid, and it was not used
    /// elsewhere since.
    fn can_take_back(&self, redemption: &Redemption, now: Timestamp) -> bool {
        let is_free = match &self.state {
            State::Issued | State::Activated { .. } => true,
            State::Redeemed { .. } => self.redemptions.last() == Some(&redemption.id),
            State::Reserved(_) | State::Expired { .. } | State::Revoked { .. } => false,
        };
        // Of an erased person not even the order is left.
        let is_somebody_there = self.profile.is_some() || !redemption.order_id.is_empty();
        is_free && is_somebody_there && now < self.valid_until
    }

    fn state_after(
        &self,
        redemption: &Redemption,
        back: Cents,
        afterwards: Afterwards,
        now: Timestamp,
    ) -> State {
        match (&self.state, afterwards) {
            (State::Redeemed { .. }, Afterwards::Returns) => {
                // Whoever activated it once need not do so again.
                State::free(self.terms.needs_activation.then_some(now))
            }
            (State::Redeemed { at, order_id, amount, returned }, Afterwards::StaysUsed)
                if self.redemptions.last() == Some(&redemption.id) =>
            {
                State::Redeemed {
                    at: *at,
                    order_id: order_id.clone(),
                    amount: *amount,
                    returned: *returned + back,
                }
            }
            (state, _) => state.clone(),
        }
    }
}

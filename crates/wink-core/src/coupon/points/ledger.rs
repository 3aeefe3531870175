//! Double entry in points: what leaves one place arrives in another, so all places of an account sum to nothing.

use crate::base::{Hasher, Points, RedemptionId, Timestamp};

/// Where points can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// With the shop, which makes them: this place is below nothing by all that there are.
    Shop,
    /// With their person.
    Held,
    /// Paid with.
    Used,
    /// Run out, or left by somebody who was erased.
    Expired,
    /// Taken back with what they were earned on.
    TakenBack,
}

impl Place {
    /// Lists them all.
    pub const ALL: [Self; 5] = [Self::Shop, Self::Held, Self::Used, Self::Expired, Self::TakenBack];

    /// Spells it as reports do.
    pub fn name(self) -> &'static str {
        match self {
            Self::Shop => "shop",
            Self::Held => "held",
            Self::Used => "used",
            Self::Expired => "expired",
            Self::TakenBack => "taken_back",
        }
    }

    fn number(self) -> u8 {
        match self {
            Self::Shop => 0,
            Self::Held => 1,
            Self::Used => 2,
            Self::Expired => 3,
            Self::TakenBack => 4,
        }
    }
}

/// What moved points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// An order that earned them, by a keyed hash of its id.
    Order([u8; 16]),
    /// A redemption that paid with them.
    Redemption(RedemptionId),
}

impl Cause {
    /// Tells which it is apart from all others, also of the other kind.
    pub fn bytes(self) -> [u8; 17] {
        let (kind, id) = match self {
            Self::Order(key) => (0, key),
            Self::Redemption(id) => (1, id.bytes()),
        };
        let mut bytes = [kind; 17];
        bytes.iter_mut().skip(1).zip(id).for_each(|(to, from)| *to = from);
        bytes
    }
}

/// A movement of points. It names an account, which says nothing of a person once their profile is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its own id, from what it is about and the step: the same step is the same entry.
    pub id: [u8; 16],
    /// When they moved.
    pub at: Timestamp,
    /// Whose account.
    pub account: [u8; 16],
    /// What moved them; time alone if nothing did, or their person left.
    pub cause: Option<Cause>,
    /// Where they left.
    pub from: Place,
    /// Where they arrived.
    pub to: Place,
    /// How many; more than none.
    pub points: Points,
}

/// What a movement is about.
#[derive(Clone, Copy)]
pub(super) struct About {
    pub account: [u8; 16],
    pub cause: Option<Cause>,
    /// Tells the steps of an account apart.
    pub step: u64,
    pub at: Timestamp,
}

impl Entry {
    /// Tells the redemption that moved them, if one did.
    pub fn redemption(&self) -> Option<RedemptionId> {
        match self.cause {
            Some(Cause::Redemption(id)) => Some(id),
            Some(Cause::Order(_)) | None => None,
        }
    }

    /// Tells what the balance became more by; less than nothing if it became less.
    pub fn gained(&self) -> Points {
        if self.to == Place::Held { self.points } else { Points::ZERO - self.points }
    }

    /// Tells in a word what happened: `earned`, `given_back`, `used`, `expired` or `taken_back`.
    pub fn what(&self) -> &'static str {
        match (self.from, self.to) {
            (Place::Shop, _) => "earned",
            (_, Place::Held) => "given_back",
            (_, to) => to.name(),
        }
    }

    pub(super) fn new(about: About, from: Place, to: Place, points: Points) -> Self {
        let account = about.account;
        let id = Hasher::new("points entry")
            .field(&account)
            .field(&about.cause.map(Cause::bytes).unwrap_or_default());
        let id = id.field(&about.step.to_be_bytes()).field(&about.at.0.to_be_bytes());
        let id = id.field(&[from.number(), to.number()]).finish().short();
        Self { id, at: about.at, account, cause: about.cause, from, to, points }
    }
}

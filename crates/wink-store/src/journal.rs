//! The journal's shape: lanes, permanent headers, and payloads that can be taken out of them.
//!
//! A header commits to its payload by `BLAKE3(salt ‖ owner ‖ payload)` and to all headers before it by a hash chain. Redaction removes
//! payload, owner and salt; without the salt the commitment tells nothing about a guessable payload, and the chain still
//! verifies because it runs over headers only.

use crate::{Home, Tenant};

/// The number of lanes, fixed for ever: it is part of where an entry lives.
pub const LANES: u8 = 64;

/// One of the [`LANES`] sequences. Dense and ordered inside; no order across lanes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lane(u8);

impl Lane {
    /// Finds the lane of a home.
    pub fn of(home: Home) -> Self {
        let [lane, ..] = (home.0 % u64::from(LANES)).to_le_bytes();
        Self(lane)
    }

    /// Names the lane `number`, if there is one.
    pub fn new(number: u8) -> Option<Self> {
        (number < LANES).then_some(Self(number))
    }

    /// Tells the lane's number, below [`LANES`].
    pub fn number(self) -> u8 {
        self.0
    }

    /// Lists all lanes.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..LANES).map(Self)
    }
}

/// A place in a lane: 0, 1, 2, … without gaps. A lane is shared by all tenants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position(pub u64);

/// The kind of an entry, numbered by the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryKind(pub u16);

/// The permanent part of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Whose data it is.
    pub tenant: Tenant,
    /// What sort of entry it is.
    pub kind: EntryKind,
    /// The entry's own id.
    pub key: [u8; 16],
    /// [`commitment`] of the body.
    pub commitment: [u8; 32],
    /// [`chain`] of the header before it (zero for the first) and this one.
    pub hash: [u8; 32],
}

/// The part of an entry that redaction removes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    /// Random bytes that keep a short payload from being guessed from its commitment.
    pub salt: [u8; 16],
    /// Whose entry it is, if anybody's.
    pub owner: Option<Home>,
    /// What happened, in the caller's bytes.
    pub payload: Vec<u8>,
}

/// An entry as read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its place.
    pub position: Position,
    /// The permanent part.
    pub header: Header,
    /// The rest, or `None` once redacted.
    pub body: Option<Body>,
}

/// Commits to a body.
pub fn commitment(body: &Body) -> [u8; 32] {
    let owner = body.owner.map_or([0; 9], |home| {
        let mut bytes = [1; 9];
        for (to, from) in bytes.iter_mut().skip(1).zip(home.0.to_le_bytes()) {
            *to = from;
        }
        bytes
    });
    let mut hash = blake3::Hasher::new();
    hash.update(&body.salt).update(&owner).update(&body.payload);
    *hash.finalize().as_bytes()
}

/// Links a header to the one before it.
pub fn chain(before: &[u8; 32], lane: Lane, position: Position, header: &Header) -> [u8; 32] {
    let mut hash = blake3::Hasher::new();
    hash.update(before)
        .update(&[lane.number()])
        .update(&position.0.to_le_bytes())
        .update(&header.tenant.0.to_le_bytes())
        .update(&header.kind.0.to_le_bytes())
        .update(&header.key)
        .update(&header.commitment);
    *hash.finalize().as_bytes()
}

/// Where a lane does not hold together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LaneError {
    /// A position is missing.
    #[error("lane {lane} has no entry at position {expected}")]
    Gap {
        /// The lane's number.
        lane: u8,
        /// The position that should follow.
        expected: u64,
    },
    /// A header does not follow from the one before it.
    #[error("lane {lane}, position {position}: the hash chain is broken")]
    Chain {
        /// The lane's number.
        lane: u8,
        /// Where.
        position: u64,
    },
    /// A body is not the one its header committed to.
    #[error("lane {lane}, position {position}: the payload is not the one that was committed")]
    Commitment {
        /// The lane's number.
        lane: u8,
        /// Where.
        position: u64,
    },
}

impl Entry {
    /// Checks that this entry follows the hash `before` at `expected`, and that its body, if kept, is the one committed to.
    ///
    /// # Errors
    /// Names lane, position and what is wrong.
    pub fn verify(&self, before: &[u8; 32], lane: Lane, expected: Position) -> Result<(), LaneError> {
        let lane_number = lane.number();
        if self.position != expected {
            return Err(LaneError::Gap { lane: lane_number, expected: expected.0 });
        }
        if chain(before, lane, expected, &self.header) != self.header.hash {
            return Err(LaneError::Chain { lane: lane_number, position: expected.0 });
        }
        match &self.body {
            Some(body) if commitment(body) != self.header.commitment => {
                Err(LaneError::Commitment { lane: lane_number, position: expected.0 })
            }
            _ => Ok(()),
        }
    }
}

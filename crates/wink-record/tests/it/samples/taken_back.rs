//! What was taken back.

use wink_core::event::{ConsentState, Mechanism};
use wink_record::{KeyEnd, Withdrawal};

use super::*;

pub(crate) fn withdrawal() -> Withdrawal {
    Withdrawal {
        tenant: 1,
        profile: ProfileId::from_bytes([1; 16]),
        identity: IdentityKey([2; 16]),
        purpose: Purpose::Newsletter,
        state: ConsentState::Withdrawn,
        mechanism: Mechanism::Account,
        at: AT,
        source: "shop".to_owned(),
    }
}

pub(crate) fn key_end() -> KeyEnd {
    KeyEnd { key: [7; 16], ends_at: AT, revoked: true }
}

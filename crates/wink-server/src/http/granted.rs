//! What a key grants for longer than one request: tokens for one person's stream, and streams that are open. Neither outlives the key.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tokio::time::{Instant, sleep_until};
use wink_api::Problem;
use wink_core::base::{Hasher, ProfileId, Timestamp};
use wink_store::{Store, Tenant};

use super::operation::Operation;
use super::problem;
use super::service::{Arrival, Service};
use crate::Error;
use crate::access::{self, KeyId, NO_KEY};

/// The key of an open stream is looked at this often: a revocation acts within a second, a busy machine's delay included.
const LOOK_AT_KEY: Duration = Duration::from_millis(700);

/// A key by which something was granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key {
    /// The tenant it was of.
    pub tenant: Tenant,
    /// Which key; [`NO_KEY`] where none was needed.
    pub id: KeyId,
}

impl Key {
    /// Tells whether a request of this operation would still be let in with it.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub(super) async fn is_good<S: Store>(
        self,
        service: &Service<S>,
        operation: &Operation,
    ) -> Result<bool, Error> {
        if self.id == NO_KEY {
            return Ok(service.conduct.without_keys);
        }
        let access = access::of(&service.store, self.id, (service.clock)()).await?;
        Ok(access.is_some_and(|access| {
            access.tenant == self.tenant && operation.who.roles().contains(&access.role)
        }))
    }
}

/// A key that holds a stream open.
pub(super) struct Held<S> {
    key: Key,
    service: Arc<Service<S>>,
    arrival: Arrival,
    look_at: Instant,
}

impl<S: Store> Held<S> {
    /// Makes it of a key that was good just now.
    pub(super) fn new(key: Key, service: Arc<Service<S>>, arrival: Arrival) -> Self {
        Self { key, service, arrival, look_at: Instant::now() + LOOK_AT_KEY }
    }

    /// Waits until the key is no longer good, and gives what is to be said of it; `None` if that cannot be found out.
    pub(super) async fn gone(&mut self) -> Option<Problem> {
        loop {
            sleep_until(self.look_at).await;
            let is_good = self.key.is_good(&self.service, self.arrival.operation).await.ok()?;
            if !is_good {
                let mut problem = problem::key_unknown().into_problem();
                problem.request_id.clone_from(&self.arrival.request_id);
                return Some(problem);
            }
            self.look_at = Instant::now() + LOOK_AT_KEY;
        }
    }
}

/// What a token grants: one person's stream, for some minutes, while the key is good that it was made with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Grant {
    /// The key it was made with.
    pub key: Key,
    /// Whose stream.
    pub profile: ProfileId,
    /// When it is over.
    pub ends_at: Timestamp,
}

impl Grant {
    /// Writes it as a token.
    pub(super) fn write(&self, key: &[u8; 32]) -> String {
        let Key { tenant, id } = self.key;
        let ends_at = self.ends_at.0.to_be_bytes();
        let fields = [&tenant.0.to_be_bytes()[..], &id.0, &self.profile.bytes(), &ends_at];
        let granted = fields.concat();
        URL_SAFE_NO_PAD.encode([&granted, tag(&granted, key).as_bytes().as_slice()].concat())
    }

    /// Reads a token; `None` if it was not written here.
    pub(super) fn read(token: &str, key: &[u8; 32]) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (granted, sent) = bytes.split_last_chunk::<32>()?;
        if tag(granted, key) != blake3::Hash::from_bytes(*sent) {
            return None;
        }
        let (tenant, rest) = granted.split_first_chunk::<4>()?;
        let (id, rest) = rest.split_first_chunk::<16>()?;
        let (profile, rest) = rest.split_first_chunk::<16>()?;
        Some(Self {
            key: Key { tenant: Tenant(u32::from_be_bytes(*tenant)), id: KeyId(*id) },
            profile: ProfileId::from_bytes(*profile),
            ends_at: Timestamp(i64::from_be_bytes(rest.try_into().ok()?)),
        })
    }
}

/// Proves that a token is ours. As blake3's own type, because that compares in constant time.
fn tag(granted: &[u8], key: &[u8; 32]) -> blake3::Hash {
    blake3::Hash::from_bytes(Hasher::keyed(key, "stream token").field(granted).finish().0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [u8; 32] = [7; 32];

    fn grant() -> Grant {
        let key = Key { tenant: Tenant(3), id: KeyId([2; 16]) };
        Grant { key, profile: ProfileId::from_bytes([1; 16]), ends_at: Timestamp(1_000) }
    }

    #[test]
    fn a_token_reads_back_as_made_under_its_key_only_and_unchanged_only() {
        let token = grant().write(&KEY);
        assert_eq!(Grant::read(&token, &KEY), Some(grant()));
        assert_eq!(Grant::read(&token, &[8; 32]), None);
        let bytes = URL_SAFE_NO_PAD.decode(&token).unwrap();
        for place in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[place] ^= 1;
            assert_eq!(Grant::read(&URL_SAFE_NO_PAD.encode(changed), &KEY), None, "byte {place}");
        }
        for wrong in ["", "x", &token[1..], &format!("{token}AAAA")] {
            assert_eq!(Grant::read(wrong, &KEY), None, "{wrong}");
        }
    }
}

//! The keys of an installation, and what is sealed under them.

use std::cell::RefCell;

use chacha20poly1305::aead::{Aead, KeyInit};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use wink_core::base::Hasher;

/// Why something sealed could not be opened, or nothing could be sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The key is another one, or the bytes were changed.
    #[error("a sealed record cannot be opened: the key file is another one, or the record was changed")]
    Opened,
    /// The operating system gives no random numbers.
    #[error("the operating system gives no random numbers")]
    NoChance,
}

/// The installation's secret, and the keys derived from it. Never printed.
#[derive(Clone)]
pub struct Secrets {
    master: [u8; 32],
    identity: [u8; 32],
    marks: [u8; 32],
    wrapping: [u8; 32],
    letters: [u8; 32],
    webhooks: [u8; 32],
    answers: [u8; 32],
    streams: [u8; 32],
    cards: [u8; 32],
    codes: [u8; 32],
    signing: [u8; 32],
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Secrets(..)")
    }
}

impl Secrets {
    /// Derives the keys from the installation's master secret.
    pub fn new(master: [u8; 32]) -> Self {
        let derive = |purpose: &str| Hasher::keyed(&master, purpose).finish().0;
        Self {
            master,
            identity: derive("identities"),
            marks: derive("marks"),
            wrapping: derive("vault keys"),
            letters: derive("dead letters"),
            webhooks: derive("webhook secrets"),
            answers: derive("kept answers"),
            streams: derive("stream tokens"),
            cards: derive("card numbers"),
            codes: derive("coupon codes"),
            signing: derive("coupon signatures"),
        }
    }

    /// Derives the keys of a tenant, so that one identity has another name in each. The first tenant has the installation's own.
    #[must_use]
    pub fn of_tenant(&self, tenant: u32) -> Self {
        match tenant {
            1 => self.clone(),
            other => {
                let own = Hasher::keyed(&self.master, "tenant").field(&other.to_le_bytes()).finish().0;
                // Card numbers are taken out before anybody knows whose they are.
                Self { cards: self.cards, ..Self::new(own) }
            }
        }
    }

    /// The key under which identities are hashed.
    pub fn identity(&self) -> &[u8; 32] {
        &self.identity
    }

    /// The key under which message ids and bodies are hashed.
    pub fn marks(&self) -> &[u8; 32] {
        &self.marks
    }

    /// The key under which stream tokens are made.
    pub fn streams(&self) -> &[u8; 32] {
        &self.streams
    }

    /// The key by which other digits take the place of a card number's.
    pub fn cards(&self) -> &[u8; 32] {
        &self.cards
    }

    /// The key from which codes are made, and under which they are looked up.
    pub fn codes(&self) -> &[u8; 32] {
        &self.codes
    }

    /// The secret with which codes are signed after so many replacements.
    pub fn signing(&self, replaced: usize) -> [u8; 32] {
        let replaced = u64::try_from(replaced).unwrap_or(u64::MAX);
        Hasher::keyed(&self.signing, "signing key").field(&replaced.to_le_bytes()).finish().0
    }

    /// A value that tells this secret from another without giving it away; the store keeps it.
    pub fn check(&self) -> [u8; 16] {
        Hasher::keyed(&self.identity, "which secret").finish().short()
    }

    /// Wraps a person's key for storage.
    ///
    /// # Errors
    /// If the operating system gives no random numbers.
    pub fn wrap(&self, key: &[u8; 32]) -> Result<Vec<u8>, SealError> {
        seal(&self.wrapping, key)
    }

    /// Unwraps a person's key.
    ///
    /// # Errors
    /// If it was wrapped under another secret or changed.
    pub fn unwrap_key(&self, wrapped: &[u8]) -> Result<[u8; 32], SealError> {
        open(&self.wrapping, wrapped)?.try_into().map_err(|_| SealError::Opened)
    }

    /// Seals a dead letter.
    ///
    /// # Errors
    /// If the operating system gives no random numbers.
    pub fn seal_letter(&self, bytes: &[u8]) -> Result<Vec<u8>, SealError> {
        seal(&self.letters, bytes)
    }

    /// Opens a dead letter.
    ///
    /// # Errors
    /// If it was sealed under another secret or changed.
    pub fn open_letter(&self, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        open(&self.letters, sealed)
    }

    /// Seals an answer that is kept: it may name a code.
    ///
    /// # Errors
    /// If the operating system gives no random numbers.
    pub fn seal_answer(&self, bytes: &[u8]) -> Result<Vec<u8>, SealError> {
        seal(&self.answers, bytes)
    }

    /// Opens an answer that was kept.
    ///
    /// # Errors
    /// If it was sealed under another secret or changed.
    pub fn open_answer(&self, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        open(&self.answers, sealed)
    }

    /// Seals the secret that is shared with a receiver of webhooks.
    ///
    /// # Errors
    /// If the operating system gives no random numbers.
    pub fn seal_webhook(&self, bytes: &[u8]) -> Result<Vec<u8>, SealError> {
        seal(&self.webhooks, bytes)
    }

    /// Opens the secret of a receiver of webhooks.
    ///
    /// # Errors
    /// If it was sealed under another secret or changed.
    pub fn open_webhook(&self, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        open(&self.webhooks, sealed)
    }
}

/// Draws a new key.
///
/// # Errors
/// If the operating system gives no random numbers.
pub fn new_key() -> Result<[u8; 32], SealError> {
    random()
}

/// Random bytes a thread fetches at once: a request needs several numbers, and asking for each costs more than the numbers.
const POOL_BYTES: usize = 1_024;

thread_local! {
    /// Bytes of the operating system that nobody has yet, at the end of the array from the number on.
    static POOL: RefCell<(usize, [u8; POOL_BYTES])> = const { RefCell::new((POOL_BYTES, [0; POOL_BYTES])) };
}

/// Draws random bytes from the operating system.
///
/// # Errors
/// If it gives none.
pub fn random<const N: usize>() -> Result<[u8; N], SealError> {
    const { assert!(N <= POOL_BYTES, "so many come from the operating system at once") };
    POOL.with_borrow_mut(|(next, pool)| {
        if POOL_BYTES < *next + N {
            getrandom::fill(pool).map_err(|_| SealError::NoChance)?;
            *next = 0;
        }
        let taken = pool.get_mut(*next..).and_then(<[u8]>::first_chunk_mut).ok_or(SealError::NoChance)?;
        *next += N;
        // Not kept: what becomes a key must not stay readable here.
        Ok(std::mem::replace(taken, [0; N]))
    })
}

/// Seals bytes under a key: a random nonce of 24 bytes, then XChaCha20-Poly1305.
///
/// # Errors
/// If the operating system gives no random numbers.
pub fn seal(key: &[u8; 32], plain: &[u8]) -> Result<Vec<u8>, SealError> {
    let nonce: [u8; 24] = random()?;
    let sealed = XChaCha20Poly1305::new(key.into())
        .encrypt(&XNonce::from(nonce), plain)
        .map_err(|_| SealError::Opened)?;
    Ok([nonce.as_slice(), &sealed].concat())
}

/// Opens what [`seal`] sealed.
///
/// # Errors
/// If the key is another one or the bytes were changed.
pub fn open(key: &[u8; 32], sealed: &[u8]) -> Result<Vec<u8>, SealError> {
    let (nonce, sealed) = sealed.split_first_chunk::<24>().ok_or(SealError::Opened)?;
    XChaCha20Poly1305::new(key.into()).decrypt(&XNonce::from(*nonce), sealed).map_err(|_| SealError::Opened)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_under_its_key_only_and_unchanged_only() {
        let sealed = seal(&[1; 32], b"anna").unwrap();
        assert_eq!(open(&[1; 32], &sealed).unwrap(), b"anna");
        assert_eq!(open(&[2; 32], &sealed), Err(SealError::Opened));
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert_eq!(open(&[1; 32], &changed), Err(SealError::Opened), "byte {place}");
        }
        assert_eq!(open(&[1; 32], b"short"), Err(SealError::Opened));
    }
}

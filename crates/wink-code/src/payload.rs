//! What a QR code holds: what the shop says of a coupon, signed with Ed25519 (RFC 8032), so that a till verifies it with public keys only.
//!
//! ```text
//! bytes   0      version, 1                     29..33  first second it is over
//!         1..5   key id                         33..49  hash of the terms
//!         5..9   tenant                         49..53  most that may be taken offline, in minor units
//!         9..25  coupon                         53      1 if a holder follows, else 0
//!         25..29 first second it is valid       54..86  the holder's public key
//!         then the signature, 64 bytes; of a holder's payload then a rotating part of 68
//! ```
//!
//! Numbers are big-endian, seconds are since 1970. The text is these bytes in Crockford's base 32, in capitals: 189, or 349 with a holder, from
//! the alphabet a QR code packs best.

use std::collections::BTreeMap;

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};

use crate::alphabet::{decode, encode};
use crate::rotating;

const VERSION: u8 = 1;

/// What is signed begins so: a signature made for something else is none here.
const PURPOSE: &[u8] = b"wink coupon 1\0";

/// The bytes of what is said of a coupon without a holder.
const PLAIN_BYTES: usize = 54;
const KEY_BYTES: usize = 32;
pub(crate) const SIGNATURE_BYTES: usize = 64;

/// What a payload says of a coupon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// The shop.
    pub tenant: u32,
    /// The coupon's id, without its prefix.
    pub coupon: [u8; 16],
    /// The first second it is valid, since 1970.
    pub valid_from: u32,
    /// The first second it is no longer valid.
    pub valid_until: u32,
    /// A hash of its terms.
    pub terms: [u8; 16],
    /// The most that a till may take off without asking the server, in minor units.
    pub offline_cents_max: u32,
    /// The key of the device it is bound to: then a payload counts with a rotating part only, and a picture of it not for long.
    pub holder: Option<[u8; KEY_BYTES]>,
}

/// Why a payload is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It is no payload, or was cut off.
    #[error("this is not a coupon's code")]
    Malformed,
    /// No key of that id is known: it was retired, or the till's keys are old.
    #[error("the key it is signed with is not known here; fetch the public keys")]
    KeyUnknown,
    /// It was changed, or signed by somebody else.
    #[error("the signature is wrong")]
    Signature,
    /// Its time has not come.
    #[error("the coupon is not valid yet")]
    NotYet,
    /// Its time is over.
    #[error("the coupon is not valid any more")]
    Over,
    /// It is bound to a device, and does not come from it now: a picture, or a clock that is wrong.
    #[error("show the code in the app: a picture of it counts for a minute only")]
    NotLive,
}

/// Signs what a shop says of its coupons.
pub struct Signer(SigningKey);

impl Signer {
    /// Takes a secret of 32 bytes nobody can guess.
    pub fn new(secret: &[u8; KEY_BYTES]) -> Self {
        Self(SigningKey::from_bytes(secret))
    }

    /// Gives the public key that tills verify with.
    pub fn public_key(&self) -> [u8; KEY_BYTES] {
        self.0.verifying_key().to_bytes()
    }

    /// Signs bytes for a purpose; the key's id stands with them.
    pub(crate) fn sign_bytes(&self, purpose: &[u8], bytes: &[u8]) -> [u8; SIGNATURE_BYTES] {
        self.0.sign(&[purpose, bytes].concat()).to_bytes()
    }

    /// Writes the payload of a coupon. The same is always the same bytes: an image that is asked for again is the same image.
    pub fn sign(&self, said: &Signed) -> String {
        let mut bytes = vec![VERSION];
        bytes.extend(key_id(&self.public_key()));
        bytes.extend(said.tenant.to_be_bytes());
        bytes.extend(said.coupon);
        bytes.extend(said.valid_from.to_be_bytes());
        bytes.extend(said.valid_until.to_be_bytes());
        bytes.extend(said.terms);
        bytes.extend(said.offline_cents_max.to_be_bytes());
        bytes.push(u8::from(said.holder.is_some()));
        bytes.extend(said.holder.iter().flatten());
        let signature = self.sign_bytes(PURPOSE, &bytes);
        bytes.extend(signature);
        encode(&bytes)
    }
}

/// The public keys a till has.
#[derive(Clone, Debug, Default)]
pub struct Keys(BTreeMap<[u8; 4], VerifyingKey>);

impl Keys {
    /// Takes public keys of 32 bytes. One that is no point of the curve is left out: nothing can be signed with it.
    pub fn new(public_keys: impl IntoIterator<Item = [u8; KEY_BYTES]>) -> Self {
        let key = |bytes| Some((key_id(&bytes), VerifyingKey::from_bytes(&bytes).ok()?));
        Self(public_keys.into_iter().filter_map(key).collect())
    }
}

impl Keys {
    /// Verifies bytes that were signed for a purpose by the key of an id.
    ///
    /// # Errors
    /// If there is no such key, or the signature is not its own.
    pub(crate) fn verify_bytes(
        &self,
        key: [u8; 4],
        purpose: &[u8],
        bytes: &[u8],
        signature: &[u8; SIGNATURE_BYTES],
    ) -> Result<(), Refused> {
        let key = self.0.get(&key).ok_or(Refused::KeyUnknown)?;
        // Strict: no second signature of the same, and no key that signs everything.
        let signed = [purpose, bytes].concat();
        key.verify_strict(&signed, &Signature::from_bytes(signature)).map_err(|_| Refused::Signature)
    }
}

/// The id of a key: its first four bytes.
pub(crate) fn key_id(public_key: &[u8; KEY_BYTES]) -> [u8; 4] {
    let [a, b, c, d, ..] = *public_key;
    [a, b, c, d]
}

/// Verifies a payload at `now`, in seconds since 1970. No server is asked: whether the coupon was used before, only that one knows.
///
/// # Errors
/// The first thing that is wrong. Everything in a payload is signed, so one that was changed anywhere is refused.
pub fn verify(text: &str, keys: &Keys, now: u32) -> Result<Signed, Refused> {
    let bytes = decode(text).ok_or(Refused::Malformed)?;
    let mut reader = Reader(&bytes);
    let said = reader.said().ok_or(Refused::Malformed)?;
    let signature: [u8; SIGNATURE_BYTES] = reader.take().ok_or(Refused::Malformed)?;
    keys.verify_bytes(said.key, PURPOSE, said.bytes, &signature)?;
    let said = said.signed;
    match &said.holder {
        None if reader.0.is_empty() => {}
        None => return Err(Refused::Malformed),
        Some(holder) => rotating::verify(reader.0, holder, &signature, now)?,
    }
    if now < said.valid_from {
        return Err(Refused::NotYet);
    }
    if said.valid_until <= now {
        return Err(Refused::Over);
    }
    Ok(said)
}

/// What was said, and the bytes that said it.
struct Said<'a> {
    key: [u8; 4],
    bytes: &'a [u8],
    signed: Signed,
}

/// Reads bytes from the front.
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*taken)
    }

    fn said(&mut self) -> Option<Said<'a>> {
        let whole = self.0;
        let [VERSION] = self.take()? else { return None };
        let key = self.take()?;
        let mut signed = Signed {
            tenant: u32::from_be_bytes(self.take()?),
            coupon: self.take()?,
            valid_from: u32::from_be_bytes(self.take()?),
            valid_until: u32::from_be_bytes(self.take()?),
            terms: self.take()?,
            offline_cents_max: u32::from_be_bytes(self.take()?),
            holder: None,
        };
        let length = match self.take()? {
            [0] => PLAIN_BYTES,
            [1] => {
                signed.holder = Some(self.take()?);
                PLAIN_BYTES + KEY_BYTES
            }
            _ => return None,
        };
        Some(Said { key, bytes: whole.get(..length)?, signed })
    }
}

/// Gives the signature of a payload that was signed for a holder and has no rotating part yet.
pub(crate) fn signature_of(bytes: &[u8]) -> Option<[u8; SIGNATURE_BYTES]> {
    let mut reader = Reader(bytes);
    reader.said()?.signed.holder?;
    let signature = reader.take()?;
    reader.0.is_empty().then_some(signature)
}

#[cfg(test)]
mod tests;

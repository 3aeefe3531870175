//! The rotating part of a payload: the holder's device signs which half minute it is, so that a picture of the code is worth nothing soon after.
//!
//! It cannot keep anybody from showing a code over a live picture from somewhere else. It need not: the server counts a coupon once.

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};

use crate::alphabet::{decode, encode};
use crate::payload::{Refused, signature_of};

/// How long one rotating part counts as now, in seconds; with the steps before and after it, no picture lives longer than a minute and a half,
/// and one that was taken as it appeared no longer than a minute.
pub const STEP_SECONDS: u32 = 30;

const PURPOSE: &[u8] = b"wink moment 1\0";

/// Tells the step of an instant, in seconds since 1970.
pub fn step_at(now: u32) -> u32 {
    now / STEP_SECONDS
}

/// Completes a payload that is bound to a device, with the device's secret, at a step. `None` if the text is no such payload.
pub fn rotated(payload: &str, secret: &[u8; 32], step: u32) -> Option<String> {
    let mut bytes = decode(payload)?;
    let signed = said(&signature_of(&bytes)?, step);
    bytes.extend(step.to_be_bytes());
    bytes.extend(SigningKey::from_bytes(secret).sign(&signed).to_bytes());
    Some(encode(&bytes))
}

/// Verifies a rotating part.
///
/// # Errors
/// [`Refused::NotLive`] unless it was made by this device for the step of `now` or one beside it.
pub(crate) fn verify(part: &[u8], holder: &[u8; 32], payload: &[u8; 64], now: u32) -> Result<(), Refused> {
    let (step, signature) = part.split_first_chunk::<4>().ok_or(Refused::NotLive)?;
    let step = u32::from_be_bytes(*step);
    let signature: &[u8; 64] = signature.try_into().map_err(|_| Refused::Malformed)?;
    if 1 < step.abs_diff(step_at(now)) {
        return Err(Refused::NotLive);
    }
    let key = VerifyingKey::from_bytes(holder).map_err(|_| Refused::NotLive)?;
    let signature = Signature::from_bytes(signature);
    key.verify_strict(&said(payload, step), &signature).map_err(|_| Refused::NotLive)
}

/// What the device signs: this payload, by its signature, at this step.
fn said(payload: &[u8; 64], step: u32) -> Vec<u8> {
    [PURPOSE, payload, &step.to_be_bytes()].concat()
}

//! Codes of coupons. They follow from the coupon and the installation's secret, so none is stored; what is typed is found by a keyed hash, and
//! what a QR code holds by its signature.

use wink_code::{CODE_BYTES, Code, Keys, Signed, Signer, verify};
use wink_core::base::{Cents, CouponId, Hasher, OfferId, Timestamp};
use wink_core::coupon::{Coupon, Refusal};
use wink_core::offer::{Benefit, Terms};
use wink_record::{KeyRotations, Stored};
use wink_store::{Batch, Change, Check, Home, RecordKey, Store};

use super::booking::home_of;
use super::steps;
use crate::engine::batch_id;
use crate::secrets::Secrets;
use crate::{Engine, Error, keys};

/// The shortest payload of a QR code, in characters: what is shorter is typed.
const PAYLOAD_MIN: usize = 100;

/// Makes the code of a coupon, always the same one.
pub fn code_of(secrets: &Secrets, coupon: CouponId) -> Code {
    const { assert!(CODE_BYTES == 10, "a code is made of the first ten bytes of a hash") };
    let mut turn = 0_u32;
    loop {
        let hash = Hasher::keyed(secrets.codes(), "coupon code").field(&coupon.bytes());
        let [bytes @ .., _, _, _, _, _, _] = hash.field(&turn.to_le_bytes()).finish().short();
        // One code in hundreds spells a word; the next turn almost never does again.
        if let Some(code) = Code::new(bytes) {
            return code;
        }
        turn = turn.wrapping_add(1);
    }
}

/// Gives a coupon with its code, which can be typed from then on.
///
/// # Errors
/// If there is no such coupon, or the store cannot be read or takes no writes.
pub async fn show<S: Store>(engine: &Engine<S>, id: CouponId) -> Result<(Coupon, Code), Error> {
    let coupon = steps::find(engine, id).await?;
    let code = code_of(&engine.secrets, id);
    let key = keys::code(engine.secrets.codes(), &code);
    if engine.record(&key).await?.is_none() {
        let mut batch = Batch::new(batch_id()?, engine.tenant, home_of(coupon.profile));
        batch.checks.push(Check::Absent(key));
        batch.changes.push(leads_to(&engine.secrets, id));
        // On a conflict somebody else has just asked for the same.
        engine.commit(batch).await?;
    }
    Ok((coupon, code))
}

/// The change by which a coupon's code is found.
pub(super) fn leads_to(secrets: &Secrets, coupon: CouponId) -> Change {
    let key = keys::code(secrets.codes(), &code_of(secrets, coupon));
    Change::Put(key, coupon.bytes().to_vec())
}

/// A coupon that somebody named, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub id: CouponId,
    pub by: By,
}

/// How a coupon was named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    /// By its id, which the shop knows.
    Id,
    /// By what stands on it: whoever has that may use it, and may also be guessing.
    Code,
    /// By a public code, which anybody may type.
    Word,
}

impl Named {
    /// Tells whether nobody is told of the coupon: whoever tries codes must not learn which of them were good once, and a coupon for whoever has
    /// its code is used by the code alone.
    pub(super) fn hides(&self, coupon: &Coupon, order: Option<&str>, now: Timestamp) -> bool {
        let is_over =
            || matches!(coupon.usable_at(now, order), Err(Refusal::Expired { .. } | Refusal::Revoked));
        match self.by {
            By::Code | By::Word => is_over(),
            By::Id => coupon.profile.is_none() && coupon.is_in_circulation(),
        }
    }
}

/// Finds out which coupons are named, by place: by id, by what is typed off them, or by what their QR code holds. `None` for what names none.
/// An id is no secret, so where all of it was `typed` or scanned an id names nothing.
pub(super) async fn named<S: Store>(
    engine: &Engine<S>,
    asked: &[String],
    are_typed: bool,
    now: Timestamp,
) -> Result<Vec<Option<Named>>, Error> {
    let typed: Vec<Option<RecordKey>> =
        asked.iter().map(|text| typed(text).map(|code| keys::code(engine.secrets.codes(), &code))).collect();
    let lookups: Vec<RecordKey> = typed.iter().flatten().cloned().collect();
    let mut found = engine.store.get(engine.tenant, &lookups).await?.into_iter();
    let public = match asked.iter().any(|text| is_payload(text)) {
        true => public_keys(engine).await?,
        false => Vec::new(),
    };
    let keys = Keys::new(public.into_iter().map(|known| known.key));
    let mut named = Vec::with_capacity(asked.len());
    for (text, typed) in asked.iter().zip(typed) {
        let record = typed.and_then(|_| found.next().flatten());
        let by_code = |bytes: [u8; 16]| Named { id: CouponId::from_bytes(bytes), by: By::Code };
        named.push(match record {
            Some(record) => record.bytes.as_slice().try_into().ok().map(by_code),
            None if is_payload(text) => shown(engine, text, &keys, now).map(by_code),
            None if are_typed => None,
            None => CouponId::parse(text).ok().map(|id| Named { id, by: By::Id }),
        });
    }
    Ok(named)
}

/// Reads what somebody typed as a code. A text that is none was mistyped, or is something else: nobody is looked up for it.
pub(crate) fn typed(text: &str) -> Option<Code> {
    if is_id(text) { None } else { Code::read(text) }
}

/// Tells whether a text names a coupon by its id, which is no secret.
pub(crate) fn is_id(text: &str) -> bool {
    text.starts_with(CouponId::PREFIX)
}

fn is_payload(text: &str) -> bool {
    PAYLOAD_MIN <= text.len()
}

fn shown<S>(engine: &Engine<S>, text: &str, keys: &Keys, now: Timestamp) -> Option<[u8; 16]> {
    let signed = verify(text, keys, seconds(now)).ok()?;
    (signed.tenant == engine.tenant.0).then_some(signed.coupon)
}

/// Writes what the QR code of a coupon holds; for a device, what that completes itself every half minute. Its time is the coupon's own, so
/// asked for again it says the same.
///
/// # Errors
/// If the store cannot be read.
pub async fn payload<S: Store>(
    engine: &Engine<S>,
    coupon: &Coupon,
    holder: Option<[u8; 32]>,
) -> Result<String, Error> {
    let said = Signed {
        tenant: engine.tenant.0,
        coupon: coupon.id.bytes(),
        valid_from: seconds(coupon.issued_at),
        valid_until: seconds(coupon.valid_until),
        terms: terms_of(&coupon.offer, coupon.benefit, &coupon.terms, &coupon.categories),
        // Only under a lease, which bounds what several tills together take off one coupon. Whether it is active only the server knows.
        offline_cents_max: match coupon.terms.needs_activation {
            true => 0,
            false => u32::try_from(worth_of(coupon).0).unwrap_or(0),
        },
        holder,
    };
    Ok(signer(engine).await?.sign(&said))
}

/// Tells the most that a coupon gives: one that came back in part gives only what came back.
fn worth_of(coupon: &Coupon) -> Cents {
    let most = coupon.benefit.maximum();
    if coupon.is_in_circulation() { most.min(coupon.reserved) } else { most }
}

/// Hashes what coupons of an offer give under which terms.
pub(super) fn terms_of(offer: &OfferId, benefit: Benefit, terms: &Terms, categories: &[String]) -> [u8; 16] {
    let benefit = match benefit {
        Benefit::Amount(amount) => [0, amount.0],
        Benefit::Percent { basis_points, maximum } => [i64::from(basis_points), maximum.0],
    };
    let terms = [terms.minimum_spend.0, terms.minimum_price.0];
    let hash = Hasher::new("coupon terms").field(offer.as_str().as_bytes());
    let hash = benefit.iter().chain(&terms).fold(hash, |hash, amount| hash.field(&amount.to_le_bytes()));
    categories.iter().fold(hash, |hash, category| hash.field(category.as_bytes())).finish().short()
}

/// Gives what signs now.
pub(super) async fn signer<S: Store>(engine: &Engine<S>) -> Result<Signer, Error> {
    Ok(Signer::new(&engine.secrets.signing(rotations(engine).await?.0.len())))
}

/// A key that tills verify with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicKey {
    /// The key.
    pub key: [u8; 32],
    /// Since when it signs; `None` if it is the first.
    pub since: Option<Timestamp>,
    /// Until when it signed; `None` if it still does.
    pub until: Option<Timestamp>,
}

/// Lists the public keys, oldest first. The last one signs; the others verify what they signed.
///
/// # Errors
/// If the store cannot be read.
pub async fn public_keys<S: Store>(engine: &Engine<S>) -> Result<Vec<PublicKey>, Error> {
    let rotations = rotations(engine).await?.0;
    let starts = std::iter::once(None).chain(rotations.iter().copied().map(Some));
    let ends = rotations.iter().copied().map(Some).chain(std::iter::once(None));
    let key = |replaced| Signer::new(&engine.secrets.signing(replaced)).public_key();
    let listed = starts.zip(ends).enumerate();
    Ok(listed.map(|(replaced, (since, until))| PublicKey { key: key(replaced), since, until }).collect())
}

/// Replaces the key that signs. What the old one signed stays good until its coupon runs out.
///
/// # Errors
/// If the store cannot be read or takes no writes.
pub async fn rotate<S: Store>(engine: &Engine<S>, now: Timestamp) -> Result<Vec<PublicKey>, Error> {
    let key = keys::key_rotations();
    let record = engine.record(&key).await?;
    let mut rotations = match &record {
        Some(record) => KeyRotations::from_bytes(&record.bytes)?,
        None => KeyRotations::default(),
    };
    rotations.0.push(now);
    let mut batch = Batch::new(batch_id()?, engine.tenant, Home(0));
    batch.checks.push(match &record {
        Some(record) => Check::Version(key.clone(), record.version),
        None => Check::Absent(key.clone()),
    });
    batch.changes.push(Change::Put(key, rotations.to_bytes()));
    engine.commit(batch).await?.ok_or(Error::Contended)?;
    public_keys(engine).await
}

async fn rotations<S: Store>(engine: &Engine<S>) -> Result<KeyRotations, Error> {
    Ok(engine.stored(&keys::key_rotations()).await?.unwrap_or_default())
}

/// Seconds since 1970, as payloads count them.
pub(super) fn seconds(at: Timestamp) -> u32 {
    u32::try_from(at.0.div_euclid(1_000)).unwrap_or(if at.0 < 0 { 0 } else { u32::MAX })
}

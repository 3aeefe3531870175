//! One hash of everything that matters: equal after any crash, repeat or order of independent work, on any machine.
//!
//! Goes in: records, counters, and journal entries by what they say. Stays out: when something arrived, where it stands in a lane, batch
//! ids, salts, sealing nonces and the installation's secret, the balance counters (a repeated message is traffic, not state), and notes
//! that only find again what is hashed already.

use wink_core::base::{Digest, Hasher, RedemptionId, Timestamp};
use wink_core::coupon::points::{Account, Entry as Moved, Tender};
use wink_core::profile::{IdentityKey, Kept, Profile, Vault};
use wink_record::Stored;
use wink_store::{Entry, Lane, Store};

use super::walk;
use crate::keys::{self, entry, kind};
use crate::{Engine, Error, secrets};

/// Hashes the store's contents.
///
/// # Errors
/// If the store cannot be read or what is sealed cannot be opened.
pub async fn state_hash<S: Store>(engine: &Engine<S>) -> Result<Digest, Error> {
    let mut parts: Vec<Digest> = Vec::new();
    plain_records(engine, &mut parts).await?;
    keyed_records(engine, &mut parts).await?;
    vaults(engine, &mut parts).await?;
    for (key, counter) in engine.store.counters_with(engine.tenant, b"").await? {
        if key.0.starts_with(keys::BALANCE.as_bytes()) {
            continue;
        }
        let cap = counter.cap.map_or(Vec::new(), |cap| cap.to_le_bytes().to_vec());
        parts.push(part("counter", &[&key.0, &counter.value.to_le_bytes(), &cap]));
    }
    for lane in Lane::all() {
        walk::lane(engine, lane, |found| {
            if found.header.tenant == engine.tenant
                && let Some(digest) = entry_part(found)?
            {
                parts.push(digest);
            }
            Ok(())
        })
        .await?;
    }
    // Sorted, so that neither lanes nor keys that depend on the secret matter.
    parts.sort_unstable();
    let whole = parts.iter().fold(Hasher::new("state"), |hash, part| hash.field(&part.0));
    Ok(whole.finish())
}

/// Records whose key and bytes mean the same in every installation.
async fn plain_records<S: Store>(engine: &Engine<S>, parts: &mut Vec<Digest>) -> Result<(), Error> {
    let plain = [
        kind::WALLET,
        kind::COUPON,
        kind::REDEMPTION,
        kind::RIGHT,
        kind::LEASE,
        kind::DECISION,
        kind::PRODUCT,
        kind::CATALOGUE,
        kind::CATALOGUE_IN_FORCE,
        kind::ERASING,
        kind::MEMBERSHIPS,
        kind::MEMBER,
        kind::SEGMENT_RULES,
        kind::MODEL,
    ];
    for kind in plain {
        walk::records(engine, kind, |key, record| {
            parts.push(part("record", &[&kind.0.to_le_bytes(), key, &record.bytes]));
            Ok(())
        })
        .await?;
    }
    Ok(())
}

/// Records whose key or bytes hold a hash under the installation's secret: that hash stays out.
async fn keyed_records<S: Store>(engine: &Engine<S>, parts: &mut Vec<Digest>) -> Result<(), Error> {
    for kind in [kind::IDENTITY, kind::ERASED, kind::HOUSEHOLD] {
        walk::records(engine, kind, |_, record| {
            parts.push(part("record", &[&kind.0.to_le_bytes(), &record.bytes]));
            Ok(())
        })
        .await?;
    }
    walk::records(engine, kind::STATE, |key, record| {
        let profile = key.get(..16).unwrap_or(key);
        parts.push(part("record", &[&kind::STATE.0.to_le_bytes(), profile, &record.bytes]));
        Ok(())
    })
    .await?;
    walk::stored(engine, kind::PROFILE, |mut profile: Profile| {
        let identities = profile.identities.len().to_le_bytes();
        profile.identities.clear();
        // So are the ids of households.
        let lives = profile.residence.take().map_or(Vec::new(), |word| {
            let is_in_one = word.household.is_some();
            [word.at.0.to_le_bytes().as_slice(), word.source.as_bytes(), &[u8::from(is_in_one)]].concat()
        });
        let mut counted: Vec<u32> =
            std::mem::take(&mut profile.counted).all().map(|(_, entries)| entries).collect();
        counted.sort_unstable();
        let counted: Vec<u8> = counted.into_iter().flat_map(u32::to_le_bytes).collect();
        let id = kind::PROFILE.0.to_le_bytes();
        let mut fields: Vec<&[u8]> = vec![id.as_slice(), identities.as_slice()];
        let bytes = profile.to_bytes();
        fields.push(&bytes);
        // Who was never in one is hashed as ever.
        if !lives.is_empty() || !counted.is_empty() {
            fields.extend([&*lives, &*counted]);
        }
        parts.push(part("record", &fields));
        Ok(())
    })
    .await?;
    walk::stored(engine, kind::POINTS_ACCOUNT, |account: Account| {
        let lots = account.lots.iter().flat_map(|lot| [lot.until.0, lot.points.0]);
        let lots = lots.chain([account.used.0, account.owed.0]);
        let lots: Vec<u8> = lots.flat_map(i64::to_le_bytes).collect();
        parts.push(part("points of a person", &[&account.profile.bytes(), &lots]));
        Ok(())
    })
    .await?;
    walk::stored(engine, kind::TENDER, |mut tender: Tender| {
        tender.id = RedemptionId::from_bytes([0; 16]);
        parts.push(part("record", &[&kind::TENDER.0.to_le_bytes(), &tender.to_bytes()]));
        Ok(())
    })
    .await?;
    walk::records(engine, kind::DEAD_LETTER, |_, record| {
        let mut letter = wink_record::DeadLetter::from_bytes(&engine.secrets.open_letter(&record.bytes)?)?;
        letter.received_at = Timestamp::default();
        parts.push(part("record", &[&kind::DEAD_LETTER.0.to_le_bytes(), &letter.to_bytes()]));
        Ok(())
    })
    .await
}

/// Vaults by what is in them.
async fn vaults<S: Store>(engine: &Engine<S>, parts: &mut Vec<Digest>) -> Result<(), Error> {
    let mut keys_by_profile = std::collections::BTreeMap::new();
    walk::records(engine, kind::VAULT_KEY, |key, record| {
        keys_by_profile.insert(key.to_vec(), engine.secrets.unwrap_key(&record.bytes)?);
        Ok(())
    })
    .await?;
    walk::records(engine, kind::VAULT, |key, record| {
        let Some(secret) = keys_by_profile.get(key) else { return Err(secrets::SealError::Opened.into()) };
        let vault = Vault::from_bytes(&secrets::open(secret, &record.bytes)?)?;
        parts.push(part("record", &[&kind::VAULT.0.to_le_bytes(), key, &vault.to_bytes()]));
        Ok(())
    })
    .await
}

fn entry_part(found: &Entry) -> Result<Option<Digest>, Error> {
    let Some(body) = &found.body else { return Ok(None) };
    let kind = found.header.kind;
    if kind == entry::POINTS {
        // Its id and its cause hold a hash under the secret, its account is drawn, and its time may be when an order was heard of.
        let moved = Moved::from_bytes(&body.payload)?;
        let (from, to, points) = (moved.from.name(), moved.to.name(), moved.points.0.to_le_bytes());
        return Ok(Some(part("points", &[from.as_bytes(), to.as_bytes(), &points])));
    }
    let payload = if kind == entry::EVENT {
        let mut kept = Kept::from_bytes(&body.payload)?;
        (kept.received_at, kept.accepted_at) = (Timestamp::default(), None);
        kept.identity = IdentityKey([0; 16]);
        kept.to_bytes()
    } else {
        body.payload.clone()
    };
    Ok(Some(part("entry", &[&kind.0.to_le_bytes(), &found.header.key, &payload])))
}

fn part(what: &str, fields: &[&[u8]]) -> Digest {
    fields.iter().fold(Hasher::new(what), |hash, field| hash.field(field)).finish()
}

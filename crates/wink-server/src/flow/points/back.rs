//! What was paid with points comes back, and the points with it: all of it, some lines, or some pieces of them.

use wink_core::base::{CouponId, ProfileId, RedemptionId, Timestamp};
use wink_core::coupon::NotReversed;
use wink_core::coupon::points::{Tender, give_back};
use wink_record::Stored;
use wink_store::{Batch, Change, Check, Store};

use super::Purses;
use crate::engine::batch_id;
use crate::error::ATTEMPTS_MAX;
use crate::flow::once::{self, Keeping, Replied};
use crate::flow::person;
use crate::flow::reverse::Wanted;
use crate::flow::tills::day;
use crate::keys;
use crate::{Engine, Error};

/// The payment afterwards, or why nothing came back.
pub type Answer = Result<Tender, NotReversed>;

/// Finds a redemption that is a payment with points. `None` if it is none.
///
/// # Errors
/// If the store cannot be read.
pub async fn find<S: Store>(engine: &Engine<S>, id: RedemptionId) -> Result<Option<Tender>, Error> {
    engine.stored(&keys::tender(id)).await
}

/// Gives points back. The answer is durable when this returns.
///
/// # Errors
/// If there is no such redemption, the store cannot be read or takes no writes, or the idempotency key belongs to something else.
pub async fn reverse<S: Store>(
    engine: &Engine<S>,
    wanted: &Wanted,
    keeping: Option<&Keeping<'_, Answer>>,
    now: Timestamp,
) -> Result<Replied<Answer>, Error> {
    let mut turn = engine.turn();
    for _ in 0..ATTEMPTS_MAX {
        if let Some(answer) = once::before(engine, keeping).await? {
            return Ok(Replied::Before(answer));
        }
        let key = keys::tender(wanted.redemption);
        let missing = || Error::NotFound { what: "redemption", name: wanted.redemption.to_string() };
        let record = engine.record(&key).await?.ok_or_else(missing)?;
        let tender = Tender::from_bytes(&record.bytes)?;
        // Of whoever is being erased nothing comes back: their account is closed.
        let profile = person::profile(engine, tender.profile).await?.ok_or_else(missing)?;
        let mut purses = Purses::default();
        purses.load(engine, tender.profile).await?;
        let account = purses.of(tender.profile).cloned().ok_or_else(missing)?;
        let mut batch = Batch::new(batch_id()?, engine.tenant, keys::home(tender.profile));
        batch.checks.push(profile.unchanged());
        batch.checks.push(Check::Version(key.clone(), record.version));
        let answer = match give_back(&account, &tender, &wanted.what, wanted.reason, now) {
            Ok(paid) => {
                purses.put([paid.account], paid.entries);
                batch.changes.push(Change::Put(key, paid.tender.to_bytes()));
                purses.add_to(&mut batch);
                if let Some((till, back)) = wanted.till.as_ref().zip(paid.tender.back.last()) {
                    batch.changes.push(day::given_back(engine, till, &paid.tender, back)?);
                }
                Ok(paid.tender)
            }
            Err(refused) => Err(refused),
        };
        if let Some(keeping) = keeping {
            keeping.keep(&engine.secrets, &answer, answers_of(tender.profile), now, now, &mut batch)?;
        }
        if batch.changes.is_empty() || turn.commit(batch).await?.is_some() {
            return Ok(Replied::Now(answer));
        }
    }
    Err(Error::Contended)
}

/// Under what answers about a profile's points are kept, as those about a coupon are under the coupon.
pub(in crate::flow) fn answers_of(id: ProfileId) -> CouponId {
    CouponId::from_bytes(id.bytes())
}

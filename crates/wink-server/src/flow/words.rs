//! Somebody types a public code. It stands for the coupon of its offer that the person has already, and else for a new one, which is issued when it
//! is redeemed.

use wink_core::base::{CouponId, Timestamp};
use wink_core::coupon::{Bound, Counts, Coupon, Held, Refusal, by_word, coupon_of_word};
use wink_core::offer::{Campaign, Catalogue, Offer, Word};
use wink_record::Stored;
use wink_store::{Record, RecordKey, Store};

use super::cart::{Found, Tried};
use super::codes::{By, Named};
use super::limits;
use super::taker::Taker;
use crate::keys;
use crate::{Engine, Error};

/// Finds what a text stands for that names no coupon otherwise. `None` if it is no public code of a campaign that runs: a word that was one, will be
/// one or never was are the same.
pub(super) async fn found<S: Store>(
    engine: &Engine<S>,
    catalogue: &Catalogue,
    asked: &Tried<'_>,
    text: &str,
    now: Timestamp,
) -> Result<Option<Found>, Error> {
    let Some((offer, campaign)) = Word::read(text).and_then(|word| catalogue.offer_of_word(&word, now))
    else {
        return Ok(None);
    };
    let id = coupon_of_word(engine.secrets.codes(), &offer.id, asked.order.unwrap_or_default());
    // Used on this very order before: the same again.
    if asked.order.is_some()
        && let Some(record) = engine.record(&keys::coupon(id)).await?
    {
        let found = Found::new(engine, &record, asked.order, By::Code, now).await?;
        let hides = Named { id, by: By::Code }.hides(&found.coupon, asked.order, now);
        return Ok(Some(found).filter(|_| !hides));
    }
    let Some(identity) = asked.identity else {
        let closed = Bound::closed(Counts::Person(offer.id.clone()), Refusal::NobodySaid);
        let coupon = by_word(id, offer, campaign, None, now);
        return Ok(coupon.map(|coupon| Found::of_word(coupon, vec![closed], None)));
    };
    let taker = Taker::load(engine, identity, &[offer], catalogue).await?;
    if let Some(record) = in_hand(engine, offer, &taker, asked.order, now).await? {
        return Ok(Some(Found::new(engine, &record, asked.order, By::Code, now).await?));
    }
    further(engine, (id, offer, campaign), taker, now).await
}

/// Makes a further use of a public code for a person, with everything that bounds it.
async fn further<S: Store>(
    engine: &Engine<S>,
    (id, offer, campaign): (CouponId, &Offer, &Campaign),
    taker: Taker,
    now: Timestamp,
) -> Result<Option<Found>, Error> {
    // Asked first: whoever had theirs is told that, whatever became of the code since.
    let mut bounds = taker.bounds(offer);
    bounds.extend(limits::of_word(engine, offer, campaign).await?);
    let coupon = by_word(id, offer, campaign, Some(taker.profile()), now);
    Ok(coupon.map(|coupon| Found::of_word(coupon, bounds, Some(taker))))
}

/// Finds a coupon of the offer that the person has and can use: there is no need of another.
async fn in_hand<S: Store>(
    engine: &Engine<S>,
    offer: &Offer,
    taker: &Taker,
    order: Option<&str>,
    now: Timestamp,
) -> Result<Option<Record>, Error> {
    let names: Vec<RecordKey> = taker.had(offer).filter_map(Held::coupon).map(keys::coupon).collect();
    for record in engine.store.get(engine.tenant, &names).await?.into_iter().flatten() {
        let coupon = Coupon::from_bytes(&record.bytes)?;
        if coupon.usable_at(now, order).is_ok() {
            return Ok(Some(record));
        }
    }
    Ok(None)
}

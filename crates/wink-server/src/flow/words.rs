//! Somebody types a public code. It stands for the coupon of its offer that the person has already, and else for a new one, which is issued when it
//! is redeemed.

use std::sync::Arc;

use wink_core::base::{CouponId, ProfileId, Timestamp};
use wink_core::coupon::{Bound, Counts, Coupon, Given, Held, Refusal, Wallet, by_word, coupon_of_word};
use wink_core::event::Identity;
use wink_core::offer::{Campaign, Catalogue, Offer, Word};
use wink_record::Stored;
use wink_store::{Batch, Change, Check, Record, RecordKey, Store};

use super::cart::{Found, Tried};
use super::codes::{By, Named};
use super::limits;
use super::person::Loaded;
use super::profiles::{self, Whom};
use super::whole::Whole;
use crate::keys;
use crate::{Engine, Error};

/// Whom a further use of a public code goes to.
pub(super) struct Taker {
    /// What their profiles had, the one that is asked about first; nothing if nobody knows them yet.
    wallets: Vec<Loaded<Arc<Wallet>>>,
    /// That their profiles are as they were read.
    unchanged: Vec<Check>,
    whom: Option<Identity>,
}

impl Taker {
    async fn load<S: Store>(engine: &Engine<S>, identity: &Identity) -> Result<(Option<Whole>, Self), Error> {
        let whole = profiles::find(engine, &Whom::Identity(identity.clone())).await?;
        let Some(known) = &whole else {
            let taker = Self { wallets: Vec::new(), unchanged: Vec::new(), whom: Some(identity.clone()) };
            return Ok((None, taker));
        };
        let keys = known.all().map(|profile| keys::wallet(profile.value.id)).collect();
        let wallets = engine.people.wallets.read(&engine.store, engine.tenant, keys).await?;
        let taker = Self { wallets, unchanged: known.unchanged().collect(), whom: None };
        Ok((whole, taker))
    }

    /// Tells who has to be made known before anything can be theirs.
    pub(super) fn newcomer(&self) -> Option<&Identity> {
        self.whom.as_ref()
    }

    /// Adds to a batch that these coupons are theirs, provided that they had nothing else meanwhile.
    pub(super) fn take(&self, coupons: &[&Coupon], batch: &mut Batch) {
        batch.checks.extend(self.unchanged.iter().cloned());
        batch.checks.extend(self.wallets.iter().map(Loaded::unchanged));
        let Some(first) = self.wallets.first() else { return };
        let mut wallet = Wallet::clone(&first.value);
        for coupon in coupons {
            wallet.held.push(Held {
                at: coupon.issued_at,
                decision: coupon.decision,
                campaign: coupon.campaign.clone(),
                offer: coupon.offer.clone(),
                given: Given::Coupon(coupon.id),
            });
            batch.changes.push(Change::Add(keys::issued(coupon.offer.as_str()), 1));
            batch.changes.push(Change::Add(keys::public_uses(coupon.offer.as_str()), 1));
        }
        batch.changes.push(Change::Put(first.key.clone(), wallet.to_bytes()));
    }

    /// Lists what they had of an offer.
    fn had<'a>(&'a self, offer: &'a Offer) -> impl Iterator<Item = &'a Held> {
        let held = self.wallets.iter().flat_map(|wallet| &wallet.value.held);
        held.filter(move |held| {
            held.offer == offer.id && matches!(held.given, Given::Coupon(_) | Given::Right)
        })
    }
}

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
        let found = Found::new(engine, &record, asked.order, By::Code).await?;
        let hides = Named { id, by: By::Code }.hides(&found.coupon, asked.order, now);
        return Ok(Some(found).filter(|_| !hides));
    }
    let Some(identity) = asked.identity else {
        let closed = Bound::closed(Counts::Person(offer.id.clone()), Refusal::NobodySaid);
        let coupon = by_word(id, offer, campaign, None, now);
        return Ok(coupon.map(|coupon| Found::of_word(coupon, vec![closed], None)));
    };
    let (whole, taker) = Taker::load(engine, identity).await?;
    if let Some(record) = in_hand(engine, offer, &taker, asked.order, now).await? {
        return Ok(Some(Found::new(engine, &record, asked.order, By::Code).await?));
    }
    // Nobody knows them yet, so nothing of theirs is on the cart that it would have to go with.
    let profile = match &whole {
        Some(whole) => whole.asked().id,
        None => ProfileId::seeded("newcomer", &[]),
    };
    further(engine, (id, offer, campaign), (profile, taker), now).await
}

/// Makes a further use of a public code for a person, with everything that bounds it.
async fn further<S: Store>(
    engine: &Engine<S>,
    (id, offer, campaign): (CouponId, &Offer, &Campaign),
    (profile, taker): (ProfileId, Taker),
    now: Timestamp,
) -> Result<Option<Found>, Error> {
    let mut bounds = limits::of_word(engine, offer, campaign).await?;
    let at_most = offer.limits.per_profile;
    let had = u32::try_from(taker.had(offer).count()).unwrap_or(u32::MAX);
    // Asked first: whoever had theirs is told that, whatever became of the code since.
    bounds.insert(
        0,
        Bound {
            counts: Counts::Person(offer.id.clone()),
            uses_left: Some(at_most.saturating_sub(had)),
            amount_left: None,
            next: None,
            refusal: Refusal::PersonLimit { at_most },
        },
    );
    let coupon = by_word(id, offer, campaign, Some(profile), now);
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

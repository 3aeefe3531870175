//! Who takes what was nobody's: a further use of a public code, or a coupon that was issued in bulk. It is theirs from the redemption on, and their
//! limits hold for it, which the commit guards: nothing that was read of them may have changed meanwhile.

use std::collections::BTreeMap;
use std::sync::Arc;

use wink_core::base::{OfferId, ProfileId, Timestamp};
use wink_core::coupon::{Bound, Coupon, Given, Held, Wallet, given_together, person_bounds};
use wink_core::event::Identity;
use wink_core::offer::{Catalogue, Offer};
use wink_core::profile::Had;
use wink_record::Stored;
use wink_store::{Batch, Change, Check, Store};

use super::cart::Found;
use super::households::Together;
use super::person::Loaded;
use super::profiles::{self, Whom};
use crate::{Engine, Error, keys};

/// Whom something goes to that was nobody's.
pub(super) struct Taker {
    /// The profile it will lie with; while nobody knows them, one that is nobody's.
    profile: ProfileId,
    /// What their profiles had, the one that is asked about first; nothing if nobody knows them yet.
    wallets: Vec<Loaded<Arc<Wallet>>>,
    /// What their households had, where that was asked for.
    together: Vec<BTreeMap<OfferId, Had>>,
    /// That their profiles, and all who live with them, are as they were read.
    unchanged: Vec<Check>,
    whom: Option<Identity>,
}

impl Taker {
    /// Reads somebody, and all who live with them if one of these offers is limited per household.
    pub(super) async fn load<S: Store>(
        engine: &Engine<S>,
        identity: &Identity,
        offers: &[&Offer],
        catalogue: &Catalogue,
    ) -> Result<Self, Error> {
        let Some(known) = profiles::find(engine, &Whom::Identity(identity.clone())).await? else {
            return Ok(Self {
                // Nobody knows them yet, so nothing of theirs is on the cart that it would have to go with.
                profile: ProfileId::seeded("newcomer", &[]),
                wallets: Vec::new(),
                together: Vec::new(),
                unchanged: Vec::new(),
                whom: Some(identity.clone()),
            });
        };
        let keys = known.all().map(|profile| keys::wallet(profile.value.id)).collect();
        let wallets = engine.people.wallets.read(&engine.store, engine.tenant, keys).await?;
        let mut unchanged: Vec<Check> = known.unchanged().collect();
        unchanged.extend(wallets.iter().map(Loaded::unchanged));
        let mut together = Vec::new();
        if offers.iter().any(|offer| offer.limits.per_household.is_some()) {
            let home = Together::load(engine, &known, catalogue).await?;
            together = home.had;
            unchanged.extend(home.checks);
        }
        Ok(Self { profile: known.asked().id, wallets, together, unchanged, whom: None })
    }

    /// The profile it will lie with.
    pub(super) fn profile(&self) -> ProfileId {
        self.profile
    }

    /// Tells who has to be made known before anything can be theirs.
    pub(super) fn newcomer(&self) -> Option<&Identity> {
        self.whom.as_ref()
    }

    /// Says how often they may still have an offer.
    pub(super) fn bounds(&self, offer: &Offer) -> Vec<Bound> {
        let had = self.wallets.iter().map(|wallet| wallet.value.count_of(&offer.id));
        let had = had.fold(0, u32::saturating_add);
        person_bounds(offer, had, given_together(&offer.id, &self.together))
    }

    /// Lists what they had of an offer.
    pub(super) fn had<'a>(&'a self, offer: &'a Offer) -> impl Iterator<Item = &'a Held> {
        let held = self.wallets.iter().flat_map(|wallet| &wallet.value.held);
        held.filter(move |held| {
            held.offer == offer.id && matches!(held.given, Given::Coupon(_) | Given::Right)
        })
    }

    /// Adds to a batch what must still be so when something becomes theirs.
    pub(super) fn guard(&self, batch: &mut Batch) {
        batch.checks.extend(self.unchanged.iter().cloned());
    }

    /// Adds to a batch that these coupons are theirs from `now` on.
    pub(super) fn take(&self, coupons: &[&Coupon], now: Timestamp, batch: &mut Batch) {
        let Some(first) = self.wallets.first() else { return };
        let mut wallet = Wallet::clone(&first.value);
        for coupon in coupons {
            wallet.held.push(Held::by_code(coupon, now));
            // One that was issued in bulk was counted then.
            if coupon.is_by_word() {
                batch.changes.push(Change::Add(keys::issued(coupon.offer.as_str()), 1));
                batch.changes.push(Change::Add(keys::public_uses(coupon.offer.as_str()), 1));
            }
        }
        batch.changes.push(Change::Put(first.key.clone(), wallet.to_bytes()));
    }
}

/// Finds out whose the coupons that are nobody's will be, and lets what that person may still have bound them.
pub(super) async fn give<S: Store>(
    engine: &Engine<S>,
    catalogue: &Catalogue,
    identity: &Identity,
    found: &mut [Option<Found>],
) -> Result<(), Error> {
    let nobodys: Vec<&mut Found> =
        found.iter_mut().flatten().filter(|found| found.is_for_anybody()).collect();
    if nobodys.is_empty() {
        return Ok(());
    }
    let offers: Vec<&Offer> =
        nobodys.iter().filter_map(|found| catalogue.offer(&found.coupon.offer)).collect();
    let taker = Arc::new(Taker::load(engine, identity, &offers, catalogue).await?);
    for found in nobodys {
        let offer = catalogue.offer(&found.coupon.offer);
        let bounds = offer.map(|offer| taker.bounds(offer)).unwrap_or_default();
        found.goes_to(taker.clone(), bounds);
    }
    Ok(())
}

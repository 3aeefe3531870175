//! What is known of one person, read for somebody who may see it. Changes nothing.

use std::sync::Arc;

use wink_api::{FeatureView, HoldingView};
use wink_core::base::{DecisionId, ProfileId, Timestamp};
use wink_core::coupon::{Coupon, Held, Right, Wallet};
use wink_core::decision::Decision;
use wink_core::event::Identity;
use wink_core::feature::{Catalogue, State, View, Viewed, Wanted, view};
use wink_core::profile::{Profile, Vault};
use wink_record::Stored;
use wink_store::{Direction, Range, RecordKey, Store, Version};

use super::page::{Page, Paged, cursor};
use super::person;
use crate::keys;
use crate::{Engine, Error};

/// Who is asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whom {
    /// The person with this profile id.
    Profile(ProfileId),
    /// The person this identity leads to.
    Identity(Identity),
}

/// A profile, and which commit wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// The profile.
    pub profile: Profile,
    /// Its version: what is changed on the strength of what was read holds only if this is still the one.
    pub version: Version,
}

/// The features of a person with what is read of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Features {
    /// What they are.
    pub catalogue: Arc<Catalogue>,
    /// What they say; nothing where the purpose is not granted.
    pub view: View,
}

impl Features {
    /// Tells what is read of the feature of this name.
    pub fn find(&self, name: &str) -> Option<&Viewed> {
        self.view.slots().get(self.catalogue.slot(name)?)
    }

    /// Shows them all, in the order of the catalogue.
    pub(crate) fn shown(&self) -> impl Iterator<Item = FeatureView> {
        let slots = 0..self.view.slots().len();
        slots.filter_map(|slot| FeatureView::new(&self.catalogue, slot, &self.view))
    }
}

/// Something a person was given or held out of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holding {
    /// What was decided.
    pub held: Held,
    /// The coupon as it is now, if one was issued.
    pub coupon: Option<Coupon>,
    /// The right to it as it is now, if it was or is to be accepted first.
    pub right: Option<Right>,
}

impl Holding {
    /// Shows it.
    pub(crate) fn view(&self) -> HoldingView {
        HoldingView::new(&self.held, self.coupon.as_ref(), self.right.as_ref())
    }
}

/// Finds a person. `None` for somebody unknown and somebody erased alike.
///
/// # Errors
/// If the store cannot be read.
pub async fn find<S: Store>(engine: &Engine<S>, whom: &Whom) -> Result<Option<Known>, Error> {
    let id = match whom {
        Whom::Profile(id) => *id,
        Whom::Identity(identity) => {
            let Some(id) = person::find(engine, person::identity_key(engine, identity)).await? else {
                return Ok(None);
            };
            id
        }
    };
    let loaded = person::profile(engine, id).await?;
    Ok(loaded.and_then(|loaded| Some(Known { version: loaded.version?, profile: loaded.value })))
}

/// Opens what identifies the person directly. Not for everybody's eyes.
///
/// # Errors
/// If the store cannot be read or the vault not opened.
pub async fn vault<S: Store>(engine: &Engine<S>, id: ProfileId) -> Result<Vault, Error> {
    Ok(person::vault(engine, id).await?.0)
}

/// Reads every feature at `now`. One whose purpose the person has not granted says so, and nothing else.
///
/// # Errors
/// If the store cannot be read.
pub async fn features<S: Store>(
    engine: &Engine<S>,
    profile: &Profile,
    now: Timestamp,
) -> Result<Features, Error> {
    let catalogue = engine.features();
    let states = person::states(engine, profile).await?;
    let states: Vec<&State> = states.iter().map(|state| &state.value).collect();
    let view = view(&states, &catalogue, &profile.grants(now), now, &Wanted::all());
    Ok(Features { catalogue, view })
}

/// Lists the decisions about a person, newest first.
///
/// # Errors
/// If the store cannot be read, or the cursor is not one of this list.
pub async fn decisions<S: Store>(
    engine: &Engine<S>,
    id: ProfileId,
    page: &Page,
) -> Result<Paged<Decision>, Error> {
    let list = [b"decisions".as_slice(), &id.bytes()].concat();
    let all = Range::prefix(keys::home(id).0.to_be_bytes());
    let range = match page.open(engine, &list)? {
        Some(until) => Range { until: Some(until), ..all },
        None => all,
    };
    let kind = keys::kind::DECISION_OF;
    let notes = engine.store.scan(engine.tenant, kind, range, Direction::Reverse, page.limit()).await?;
    let ids = notes.records.iter().filter_map(|(note, _)| {
        Some(keys::decision(DecisionId::from_bytes(note.get(8..)?.try_into().ok()?)))
    });
    let ids: Vec<RecordKey> = ids.collect();
    let mut items = Vec::with_capacity(ids.len());
    for record in engine.store.get(engine.tenant, &ids).await?.into_iter().flatten() {
        let decision = Decision::from_bytes(&record.bytes)?;
        // A home is a hash: two people could have the same.
        if decision.person.profile == id {
            items.push(decision);
        }
    }
    let next_cursor = notes.next.and_then(|next| Some(cursor(engine, &list, &next.until?)));
    Ok(Paged { items, next_cursor })
}

/// Lists what a person was given or held out of, newest first, with the coupons as they are now.
///
/// # Errors
/// If the store cannot be read, or the cursor is not one of this list.
pub async fn wallet<S: Store>(
    engine: &Engine<S>,
    id: ProfileId,
    page: &Page,
) -> Result<Paged<Holding>, Error> {
    let list = [b"wallet".as_slice(), &id.bytes()].concat();
    let wallet: Wallet = engine.stored(&keys::wallet(id)).await?.unwrap_or_default();
    // A wallet only grows, so a place counted from its beginning stays the same.
    let until = match page.open(engine, &list)? {
        Some(place) => u32::from_be_bytes(place.try_into().map_err(|_| Error::Cursor)?),
        None => u32::try_from(wallet.held.len()).unwrap_or(u32::MAX),
    };
    let before = wallet.held.iter().take(usize::try_from(until).unwrap_or(usize::MAX));
    let held: Vec<Held> = before.rev().take(page.limit()).cloned().collect();
    let items = as_they_are(engine, held).await?;
    let rest = until.saturating_sub(u32::try_from(items.len()).unwrap_or(u32::MAX));
    let next_cursor = (0 < rest).then(|| cursor(engine, &list, &rest.to_be_bytes()));
    Ok(Paged { items, next_cursor })
}

async fn as_they_are<S: Store>(engine: &Engine<S>, held: Vec<Held>) -> Result<Vec<Holding>, Error> {
    let coupons: Vec<Coupon> =
        all_stored(engine, held.iter().filter_map(Held::coupon).map(keys::coupon).collect()).await?;
    let rights: Vec<Right> =
        all_stored(engine, held.iter().map(|held| keys::right(held.decision)).collect()).await?;
    let holding = |held: Held| Holding {
        coupon: coupons.iter().find(|coupon| Some(coupon.id) == held.coupon()).cloned(),
        right: rights.iter().find(|right| right.decision == held.decision).cloned(),
        held,
    };
    Ok(held.into_iter().map(holding).collect())
}

/// Reads those of the records that are there.
async fn all_stored<S: Store, T: Stored>(engine: &Engine<S>, keys: Vec<RecordKey>) -> Result<Vec<T>, Error> {
    let records = engine.store.get(engine.tenant, &keys).await?;
    Ok(records.iter().flatten().map(|record| T::from_bytes(&record.bytes)).collect::<Result<_, _>>()?)
}

//! What is known of one person, read for somebody who may see it. Changes nothing.

use std::sync::Arc;

use wink_api::{FeatureView, HoldingView};
use wink_core::base::{DecisionId, ProfileId, Timestamp};
use wink_core::coupon::{Announced, Coupon, Held, Right, Wallet};
use wink_core::decision::Decision;
use wink_core::event::Identity;
use wink_core::feature::{Catalogue, State, View, Viewed, Wanted, view};
use wink_core::profile::{Cluster, Vault};
use wink_record::Stored;
use wink_store::{Direction, Range, RecordKey, Store};

use super::context;
use super::page::{Page, Paged, cursor};
use super::person;
use super::whole::{self, Whole};
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
pub async fn find<S: Store>(engine: &Engine<S>, whom: &Whom) -> Result<Option<Whole>, Error> {
    let id = match whom {
        Whom::Profile(id) => *id,
        Whom::Identity(identity) => {
            let Some(id) = person::find(engine, person::identity_key(engine, identity)).await? else {
                return Ok(None);
            };
            id
        }
    };
    whole::load(engine, id).await
}

/// Opens what identifies the person directly. Not for everybody's eyes.
///
/// # Errors
/// If the store cannot be read or a vault not opened.
pub async fn vault<S: Store>(engine: &Engine<S>, whole: &Whole) -> Result<Vault, Error> {
    let mut all = Vault::default();
    for profile in whole.cluster().profiles() {
        let (vault, _) = person::vault(engine, profile.id).await?;
        all.take_in(vault);
    }
    Ok(all)
}

/// Reads every feature at `now`. One whose purpose the person has not granted says so, and nothing else.
///
/// # Errors
/// If the store cannot be read.
pub async fn features<S: Store>(
    engine: &Engine<S>,
    person: &Cluster<'_>,
    now: Timestamp,
) -> Result<Features, Error> {
    let catalogue = engine.features();
    let view = viewed(engine, person, &catalogue, &Wanted::all(), now).await?;
    Ok(Features { catalogue, view })
}

/// Views what is wanted of a person at `now`.
///
/// # Errors
/// If the store cannot be read.
pub async fn viewed<S: Store>(
    engine: &Engine<S>,
    person: &Cluster<'_>,
    catalogue: &Catalogue,
    wanted: &Wanted,
    now: Timestamp,
) -> Result<View, Error> {
    let states = person::states(engine, person).await?;
    let around = match engine.catalogue() {
        Ok(in_force) => {
            let asked = context::Asked { catalogue: &in_force, wanted, now };
            context::around(engine, &asked, person, &states).await?
        }
        Err(_) => Vec::new(),
    };
    let states: Vec<&State> = states.iter().map(|state| &*state.value).chain(&around).collect();
    Ok(view(&states, catalogue, &person.grants(now), now, wanted))
}

/// Lists the decisions about a person, newest first.
///
/// # Errors
/// If the store cannot be read, or the cursor is not one of this list.
pub async fn decisions<S: Store>(
    engine: &Engine<S>,
    person: &Cluster<'_>,
    page: &Page,
) -> Result<Paged<Decision>, Error> {
    let list = [b"decisions".as_slice(), &person.lead().bytes()].concat();
    let before = page.open(engine, &list)?;
    // Ids sort by time: the newest of everybody's newest are the newest of all.
    let mut noted: Vec<DecisionId> = Vec::new();
    for profile in person.profiles() {
        let home = keys::home(profile.id).0.to_be_bytes();
        let all = Range::prefix(home);
        let range = match &before {
            Some(id) => Range { until: Some([home.as_slice(), id].concat()), ..all },
            None => all,
        };
        let kind = keys::kind::DECISION_OF;
        let limit = page.limit() + 1;
        let notes = engine.store.scan(engine.tenant, kind, range, Direction::Reverse, limit).await?;
        let id = |note: &[u8]| Some(DecisionId::from_bytes(note.get(8..)?.try_into().ok()?));
        noted.extend(notes.records.iter().filter_map(|(note, _)| id(note)));
    }
    noted.sort_unstable_by(|a, b| b.cmp(a));
    let is_more = page.limit() < noted.len();
    noted.truncate(page.limit());
    let next_cursor = noted.last().filter(|_| is_more).map(|last| cursor(engine, &list, &last.bytes()));
    let ids: Vec<RecordKey> = noted.into_iter().map(keys::decision).collect();
    let found: Vec<Decision> = all_stored(engine, ids).await?;
    // A home is a hash: two people could have the same.
    let is_theirs =
        |decision: &Decision| person.profiles().any(|profile| profile.id == decision.person.profile);
    Ok(Paged { items: found.into_iter().filter(is_theirs).collect(), next_cursor })
}

/// Lists what a person was given or held out of, newest first, with the coupons as they are now.
///
/// # Errors
/// If the store cannot be read, or the cursor is not one of this list.
pub async fn wallet<S: Store>(
    engine: &Engine<S>,
    person: &Cluster<'_>,
    page: &Page,
) -> Result<Paged<Holding>, Error> {
    let list = [b"wallet".as_slice(), &person.lead().bytes()].concat();
    let before = page.open(engine, &list)?;
    let keys = person.profiles().map(|profile| keys::wallet(profile.id)).collect();
    let wallets: Vec<Wallet> = all_stored(engine, keys).await?;
    let mut held: Vec<Held> = wallets.into_iter().flat_map(|wallet| wallet.held).collect();
    held.sort_by_key(|held| std::cmp::Reverse(place(held)));
    if let Some(before) = &before {
        held.retain(|held| place(held).as_slice() < before.as_slice());
    }
    let is_more = page.limit() < held.len();
    held.truncate(page.limit());
    let next_cursor = held.last().filter(|_| is_more).map(|last| cursor(engine, &list, &place(last)));
    Ok(Paged { items: as_they_are(engine, held).await?, next_cursor })
}

/// Lists of which coupons a person was told that they will run out, oldest first.
pub(super) async fn announced<S: Store>(
    engine: &Engine<S>,
    person: &Cluster<'_>,
) -> Result<Vec<Announced>, Error> {
    let keys = person.profiles().map(|profile| keys::wallet(profile.id)).collect();
    let wallets: Vec<Wallet> = all_stored(engine, keys).await?;
    let mut announced: Vec<Announced> = wallets.into_iter().flat_map(|wallet| wallet.announced).collect();
    announced.sort_by_key(|announced| announced.at);
    Ok(announced)
}

/// Orders what a person was given by when, and what was given in one instant by the decision; what was taken by codes on one order, by the coupon.
fn place(held: &Held) -> [u8; 24] {
    // The sign turned round, so that bytes sort as numbers do.
    let at = (held.at.0 ^ i64::MIN).to_be_bytes();
    let given = match held.coupon().filter(|_| held.is_by_word()) {
        Some(coupon) => coupon.bytes(),
        None => held.decision.bytes(),
    };
    let mut place = [0; 24];
    place.iter_mut().zip(at.into_iter().chain(given)).for_each(|(to, from)| *to = from);
    place
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

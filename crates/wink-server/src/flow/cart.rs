//! Coupons are tried on a cart: loaded, worked out, and nothing is written. Redeeming them begins with the same.

use std::collections::BTreeSet;
use std::sync::Arc;

use wink_core::base::{CouponId, Points, Timestamp};
use wink_core::coupon::cart::{Best, Cart, Checkout, Claim, Line, Stack, best, put_on};
use wink_core::coupon::points::NotPaid;
use wink_core::coupon::{Bound, Coupon, Redemption, State, Wallet};
use wink_core::event::Identity;
use wink_core::offer::{Catalogue, Product, UseLimit};
use wink_record::{OrderCoupons, Stored};
use wink_store::{Change, Check, Record, RecordKey, Store, Version};

use super::codes::{self, By, Named};
use super::limits;
use super::points::pay::{self, Tendered};
use super::profiles::{self, Whom};
use super::taker::{self, Taker};
use super::whole::Whole;
use super::words;
use crate::{Engine, Error, keys};

/// The most of a person's coupons that are told of, the newest: a page of their wallet.
pub const COUPONS_MAX: usize = 200;

/// How many days a coupon that ran out is still told of: who brings a print of it learns why it no longer counts.
const TOLD_FOR_DAYS: i64 = 14;

/// A person's coupons on a cart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Qualified<'a> {
    /// Each with what becomes of it alone, newest first.
    pub coupons: Vec<(Coupon, Stack<'a>)>,
    /// What each public code stands for, by place among those asked; `None` for one that is none.
    pub words: Vec<Option<(Coupon, Stack<'a>)>>,
    /// Those that take most off together.
    pub best: Best<'a>,
}

/// Coupons that are tried together on a cart, beside those that were redeemed on the same order before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried<'c> {
    /// The coupons, as somebody named them: by id, by code, or by what their QR code holds. What is malformed is as unknown as what is not there,
    /// and so is a coupon that was named before.
    pub coupons: &'c [String],
    /// On what.
    pub cart: &'c Cart,
    /// Whether somebody typed or scanned them: then an id names nothing, as it is no secret.
    pub are_typed: bool,
    /// The order, if it has an id yet.
    pub order: Option<&'c str>,
    /// Whose they must be, if that is known; what counts per person needs to know.
    pub identity: Option<&'c Identity>,
    /// The store where they are used; none in the shop without one.
    pub store: Option<&'c str>,
}

/// Some coupons together on a cart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Validated<'a> {
    /// Those that are there and may be the person's, by place among those asked; `None` where that is not so.
    pub coupons: Vec<Option<Coupon>>,
    /// What becomes of those that are there.
    pub stack: Stack<'a>,
    /// What points would pay of it, or why they would not; `None` if they were not asked to.
    pub points: Option<Result<Tendered, NotPaid>>,
}

/// Completes lines from the list of products: the category, and the cost where the line names none.
///
/// # Errors
/// If the store cannot be read.
pub async fn complete<S: Store>(engine: &Engine<S>, mut lines: Vec<Line>) -> Result<Vec<Line>, Error> {
    let names: Vec<RecordKey> = lines.iter().map(|line| keys::product(&line.product)).collect();
    let listed = engine.store.get(engine.tenant, &names).await?;
    for (line, listed) in lines.iter_mut().zip(listed) {
        let Some(record) = listed else { continue };
        let product = Product::from_bytes(&record.bytes)?;
        line.categories.extend(product.category);
        line.costs(product.cost);
    }
    Ok(lines)
}

/// A cart that is asked about for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish<'c> {
    /// The person.
    pub identity: &'c Identity,
    /// Public codes that they typed, beside the coupons they have.
    pub words: &'c [String],
    /// The cart.
    pub cart: &'c Cart,
    /// The order, if it has an id yet.
    pub order: Option<&'c str>,
    /// The store; none in the shop without one.
    pub store: Option<&'c str>,
}

/// Tells what a person's coupons would do on a cart, and public codes that they typed. Somebody nobody knows has no coupons.
///
/// # Errors
/// If the store cannot be read, or no catalogue is in force.
pub async fn qualify<'a, S: Store>(
    engine: &Engine<S>,
    wish: &Wish<'a>,
    now: Timestamp,
) -> Result<Qualified<'a>, Error> {
    let (cart, order) = (wish.cart, wish.order);
    let catalogue = engine.catalogue()?;
    let (coupons, are_all) = match profiles::find(engine, &Whom::Identity(wish.identity.clone())).await? {
        Some(whole) => held(engine, &whole, now).await?,
        None => (Vec::new(), true),
    };
    let mut found: Vec<Option<Found>> = Vec::new();
    for word in wish.words {
        let asked = Tried {
            coupons: &[],
            cart,
            are_typed: true,
            order,
            identity: Some(wish.identity),
            store: wish.store,
        };
        found.push(words::found(engine, &catalogue, &asked, word, now).await?);
    }
    let words = found.len();
    found.extend(coupons.into_iter().map(|coupon| Some(Found::held(coupon))));
    let on_order = OnOrder::load(engine, order).await?;
    for held in found.iter_mut().flatten().filter(|held| held.coupon.is_done(now)) {
        // As a validation says it: what ran out and stands on the order is the same again.
        let stands = on_order.used.iter().rev().find(|used| used.coupon.id == held.coupon.id);
        held.redeemed = held.redeemed.take().or_else(|| stands?.redeemed.clone());
    }
    bound(engine, &catalogue, &mut found, wish.store, now).await?;
    let standing = on_order.standing(found.iter().flatten());
    let redeemed: Vec<Claim<'_>> = standing.into_iter().map(|found| found.claim(&catalogue)).collect();
    let is_new = |found: &Found| found.redeemed.is_none();
    // A word may stand for a coupon they have: on the cart it is one.
    let mut seen = BTreeSet::new();
    let once = found.iter().flatten().filter(|found| is_new(found) && seen.insert(found.coupon.id));
    let claims: Vec<Claim<'_>> = once.map(|found| found.claim(&catalogue)).collect();
    let checkout = Checkout { policy: &catalogue.cart, order, now };
    let all: Vec<Claim<'_>> = redeemed.iter().chain(&claims).cloned().collect();
    let best = best(cart, &all, &checkout);
    let beside = |found: &Found| -> Stack<'a> {
        let its = is_new(found).then(|| found.claim(&catalogue));
        put_on(cart, &redeemed.iter().cloned().chain(its).collect::<Vec<_>>(), &checkout)
    };
    let tried: Vec<Option<Stack<'a>>> = found.iter().map(|found| found.as_ref().map(beside)).collect();
    let best = Best { is_exact: best.is_exact && are_all, ..best };
    let mut tried: Vec<Option<(Coupon, Stack<'a>)>> =
        found.into_iter().zip(tried).map(|(found, stack)| Some((found?.coupon, stack?))).collect();
    let coupons = tried.split_off(words).into_iter().flatten().collect();
    Ok(Qualified { coupons, words: tried, best })
}

/// Tells what some coupons would do together on a cart, and what points would pay of the rest. With an identity, the coupons of others are as if they
/// were not there.
///
/// # Errors
/// If the store cannot be read, or no catalogue is in force.
pub async fn validate<'a, S: Store>(
    engine: &Engine<S>,
    asked: &Tried<'a>,
    points: Option<Points>,
    now: Timestamp,
) -> Result<Validated<'a>, Error> {
    let catalogue = engine.catalogue()?;
    let Loaded { mut found, on_order } = load(engine, asked, &catalogue, now).await?;
    keep_theirs(engine, asked.identity, &mut found).await?;
    let stack = stack(asked, &found, &on_order, &catalogue, now);
    let in_points = match asked.order {
        Some(order) => pay::OnOrder::load(engine, order).await?,
        None => pay::OnOrder::none(),
    };
    let is_used_now = |found: &Found| found.redeemed.is_none() && stack.outcome(found.coupon.id).is_ok();
    let wanted = pay::Asked {
        points,
        identity: asked.identity,
        order_id: asked.order.unwrap_or_default(),
        priced: &stack.priced,
        fits: stack.fits,
        is_more: found.iter().flatten().any(is_used_now),
    };
    let paying = pay::paying(engine, wanted, &in_points, &catalogue, now).await?;
    let coupons = found.into_iter().map(|found| found.map(Found::untaken)).collect();
    Ok(Validated { coupons, stack, points: paying.map(|paying| paying.outcome) })
}

/// A coupon as it was read.
pub(super) struct Found {
    pub coupon: Coupon,
    /// What it was redeemed as on the order that is asked about, if it stands there and cannot be used again: then it is the same again. One that went back
    /// to its person is used anew, though some of what it was redeemed as before may stand ([`OnOrder`]).
    pub redeemed: Option<Redemption>,
    /// Which commit wrote the coupon; none yet if it is a public code's, which is issued when it is redeemed.
    version: Option<Version>,
    by: By,
    /// What bounds a further use of a public code, and what its person may still have.
    bounds: Vec<Bound>,
    /// The limits per day and store its use counts for.
    pub limits: Vec<(Bound, UseLimit)>,
    /// Whom it goes to, if it is nobody's yet: a further use of a public code, or a coupon that was issued in bulk.
    pub taker: Option<Arc<Taker>>,
}

impl Found {
    pub(super) async fn new<S: Store>(
        engine: &Engine<S>,
        record: &Record,
        order: Option<&str>,
        by: By,
        now: Timestamp,
    ) -> Result<Self, Error> {
        let coupon = Coupon::from_bytes(&record.bytes)?;
        let redeemed = match order.filter(|_| coupon.is_done(now)) {
            Some(order) => standing(engine, &coupon, order).await?.pop(),
            None => None,
        };
        Ok(Self { redeemed, version: Some(record.version), by, ..Self::held(coupon) })
    }

    /// A coupon that is only looked at.
    fn held(coupon: Coupon) -> Self {
        Self {
            coupon,
            redeemed: None,
            version: None,
            by: By::Id,
            bounds: Vec::new(),
            limits: Vec::new(),
            taker: None,
        }
    }

    /// A further use of a public code.
    pub(super) fn of_word(coupon: Coupon, bounds: Vec<Bound>, taker: Option<Taker>) -> Self {
        Self { by: By::Word, bounds, taker: taker.map(Arc::new), ..Self::held(coupon) }
    }

    /// Tells whether it is for whoever has its code, and nobody has used it.
    pub(super) fn is_for_anybody(&self) -> bool {
        let is_free = self.redeemed.is_none() && self.coupon.is_in_circulation();
        self.by == By::Code && self.coupon.profile.is_none() && is_free
    }

    /// Says whose it is once it is redeemed, and what they may still have.
    pub(super) fn goes_to(&mut self, taker: Arc<Taker>, bounds: Vec<Bound>) {
        self.coupon.profile = Some(taker.profile());
        (self.taker, self.bounds) = (Some(taker), bounds);
    }

    /// The coupon as it is while nothing is redeemed: what is nobody's is nobody's.
    pub(super) fn untaken(self) -> Coupon {
        let is_nobodys = self.taker.is_some() && self.version.is_some();
        let profile = self.coupon.profile.filter(|_| !is_nobodys);
        Coupon { profile, ..self.coupon }
    }

    /// The coupon as it lies in the store; `None` if it is issued by the step that redeems it.
    pub(super) fn stored(&self) -> Option<&Coupon> {
        self.version.map(|_| &self.coupon)
    }

    pub(super) fn claim(&self, catalogue: &Catalogue) -> Claim<'_> {
        let bounds = match self.redeemed {
            Some(_) => Vec::new(),
            None => self.bounds.iter().chain(self.limits.iter().map(|(bound, _)| bound)).cloned().collect(),
        };
        Claim { redeemed: self.redeemed.as_ref(), bounds, ..Claim::new(&self.coupon, catalogue) }
    }

    /// Tells whether somebody may use it: it is theirs, or it is nobody's and they have its code.
    fn may_be_used_by(&self, whole: Option<&Whole>) -> bool {
        let is_for_whoever_has_it = self.by == By::Code && self.coupon.profile.is_none();
        // A further use of a public code was made for them, and what was nobody's goes to them.
        let is_made_theirs = self.by == By::Word || self.taker.is_some();
        is_for_whoever_has_it || is_made_theirs || whole.is_some_and(|whole| is_of(&self.coupon, whole))
    }

    /// The check that the coupon is still as it was read.
    pub(super) fn unchanged(&self) -> Check {
        let key = keys::coupon(self.coupon.id);
        match self.version {
            Some(version) => Check::Version(key, version),
            None => Check::Absent(key),
        }
    }
}

/// What was used on an order before.
pub(super) struct OnOrder {
    /// Every redemption that still takes something off it, whatever became of its coupon since: with a coupon as often as it was redeemed there.
    pub used: Vec<Found>,
    /// Where that is remembered, at which version, and every coupon there; nothing for an order without an id.
    remembered: Option<(RecordKey, Option<Version>, OrderCoupons)>,
}

impl OnOrder {
    pub(super) async fn load<S: Store>(engine: &Engine<S>, order: Option<&str>) -> Result<Self, Error> {
        let Some(order) = order else { return Ok(Self { used: Vec::new(), remembered: None }) };
        let key = keys::order(engine.secrets.marks(), order);
        let (version, coupons) = match engine.record(&key).await? {
            Some(record) => (Some(record.version), OrderCoupons::from_bytes(&record.bytes)?),
            None => (None, OrderCoupons::default()),
        };
        let mut seen = BTreeSet::new();
        let once = coupons.0.iter().copied().filter(|id| seen.insert(*id));
        let names: Vec<RecordKey> = once.map(keys::coupon).collect();
        let mut used = Vec::new();
        for record in engine.store.get(engine.tenant, &names).await?.iter().flatten() {
            let coupon = Coupon::from_bytes(&record.bytes)?;
            for redemption in standing(engine, &coupon, order).await? {
                let found = Found::held(coupon.clone());
                used.push(Found { redeemed: Some(redemption), version: Some(record.version), ..found });
            }
        }
        Ok(Self { used, remembered: Some((key, version, coupons)) })
    }

    /// The check that nothing was used on the order since.
    pub(super) fn unchanged(&self) -> Option<Check> {
        let (key, version, _) = self.remembered.as_ref()?;
        Some(match version {
            Some(version) => Check::Version(key.clone(), *version),
            None => Check::Absent(key.clone()),
        })
    }

    /// Lists all that stands on the order: what is remembered of it, and what was named and is none of that, as a till gave it without asking.
    fn standing<'f>(&'f self, found: impl IntoIterator<Item = &'f Found>) -> Vec<&'f Found> {
        let id = |found: &Found| found.redeemed.as_ref().map(|redemption| redemption.id);
        let mut all: Vec<&Found> = self.used.iter().collect();
        for found in found {
            if found.redeemed.is_some() && all.iter().all(|other| id(other) != id(found)) {
                all.push(found);
            }
        }
        all
    }

    /// Remembers that further coupons are used on it. It is written also where one was there before, so that whoever read it meanwhile reads again.
    pub(super) fn with(&self, coupons: impl IntoIterator<Item = CouponId>) -> Option<Change> {
        let (key, _, before) = self.remembered.as_ref()?;
        let mut all = before.clone();
        for coupon in coupons {
            if !all.0.contains(&coupon) {
                all.0.push(coupon);
            }
        }
        Some(Change::Put(key.clone(), all.to_bytes()))
    }
}

/// Reads what a coupon was redeemed as on an order, as far as that has not come back, oldest first: also if it went back to its person since, or was used
/// on another order.
async fn standing<S: Store>(
    engine: &Engine<S>,
    coupon: &Coupon,
    order: &str,
) -> Result<Vec<Redemption>, Error> {
    if coupon.redemptions.is_empty() {
        return Ok(Vec::new());
    }
    let names: Vec<RecordKey> = coupon.redemptions.iter().copied().map(keys::redemption).collect();
    let mut standing = Vec::new();
    for record in engine.store.get(engine.tenant, &names).await?.iter().flatten() {
        let redemption = Redemption::from_bytes(&record.bytes)?;
        standing.extend(Some(redemption).filter(|redemption| redemption.stands_on(order)));
    }
    Ok(standing)
}

/// Coupons as they were read.
pub(super) struct Loaded {
    /// By their places among those asked; `None` for one that is not there.
    pub found: Vec<Option<Found>>,
    /// What was used on the order before, named or not.
    pub on_order: OnOrder,
}

/// Loads coupons, `None` for one that is not there, or that nobody is told of; and what was used on their order before.
pub(super) async fn load<S: Store>(
    engine: &Engine<S>,
    asked: &Tried<'_>,
    catalogue: &Catalogue,
    now: Timestamp,
) -> Result<Loaded, Error> {
    let mut seen = BTreeSet::new();
    // Each step is taken from the coupon as it was read, so it is taken once.
    let mut once = |named: Option<Named>| named.filter(|named| seen.insert(named.id));
    let named = codes::named(engine, asked.coupons, asked.are_typed, now).await?;
    let are_coupons: Vec<bool> = named.iter().map(Option::is_some).collect();
    let named: Vec<Option<Named>> = named.into_iter().map(&mut once).collect();
    let places = asked.coupons.iter().zip(&named);
    let names: Vec<RecordKey> = places.map(|(asked, named)| looked_up(asked, *named)).collect();
    let records = engine.store.get(engine.tenant, &names).await?;
    let mut found = Vec::with_capacity(named.len());
    let places = asked.coupons.iter().zip(named.into_iter().zip(are_coupons));
    for ((text, (named, is_coupon)), record) in places.zip(records) {
        found.push(match named.zip(record) {
            Some((named, record)) => read(engine, asked, named, &record, now).await?,
            None if is_coupon => None,
            None => words::found(engine, catalogue, asked, text, now)
                .await?
                .filter(|found| seen.insert(found.coupon.id)),
        });
    }
    if let Some(identity) = asked.identity {
        taker::give(engine, catalogue, identity, &mut found).await?;
    }
    bound(engine, catalogue, &mut found, asked.store, now).await?;
    Ok(Loaded { found, on_order: OnOrder::load(engine, asked.order).await? })
}

/// Names the record of a coupon. What names none is looked up as well, where nothing lies: a code that was never given asks the store for as
/// much as one that ran out or is somebody else's.
fn looked_up(asked: &str, named: Option<Named>) -> RecordKey {
    let nothing = || CouponId::seeded("no coupon", &[asked.as_bytes()]);
    keys::coupon(named.map_or_else(nothing, |named| named.id))
}

/// Finds out which limits using the coupons falls under.
async fn bound<S: Store>(
    engine: &Engine<S>,
    catalogue: &Catalogue,
    found: &mut [Option<Found>],
    store: Option<&str>,
    now: Timestamp,
) -> Result<(), Error> {
    let unused = |found: &'_ Option<Found>| found.as_ref().is_some_and(|found| found.redeemed.is_none());
    let coupons =
        found.iter().map(|found| found.as_ref().filter(|_| unused(found)).map(|found| &found.coupon));
    let limits = limits::of_uses(engine, catalogue, coupons, store, now).await?;
    for (found, limits) in found.iter_mut().zip(limits) {
        if let Some(found) = found {
            found.limits = limits;
        }
    }
    Ok(())
}

async fn read<S: Store>(
    engine: &Engine<S>,
    asked: &Tried<'_>,
    named: Named,
    record: &Record,
    now: Timestamp,
) -> Result<Option<Found>, Error> {
    // Before anything else is read: a code that opens nothing costs as much as one that was never made.
    if named.hides(&Coupon::from_bytes(&record.bytes)?, asked.order, now) {
        return Ok(None);
    }
    Found::new(engine, record, asked.order, named.by, now).await.map(Some)
}

/// With an identity, takes out the coupons of others: they are as if they were not there.
pub(super) async fn keep_theirs<S: Store>(
    engine: &Engine<S>,
    identity: Option<&Identity>,
    found: &mut [Option<Found>],
) -> Result<(), Error> {
    let Some(identity) = identity else { return Ok(()) };
    let whole = profiles::find(engine, &Whom::Identity(identity.clone())).await?;
    for place in found {
        place.take_if(|found| !found.may_be_used_by(whole.as_ref()));
    }
    Ok(())
}

/// Puts coupons on the cart, as the catalogue in force lets them meet.
pub(super) fn stack<'a>(
    asked: &Tried<'a>,
    found: &[Option<Found>],
    on_order: &OnOrder,
    catalogue: &Catalogue,
    now: Timestamp,
) -> Stack<'a> {
    let standing = on_order.standing(found.iter().flatten());
    let further = found.iter().flatten().filter(|found| found.redeemed.is_none());
    let claims: Vec<Claim<'_>> =
        standing.into_iter().chain(further).map(|found| found.claim(catalogue)).collect();
    put_on(asked.cart, &claims, &Checkout { policy: &catalogue.cart, order: asked.order, now })
}

fn is_of(coupon: &Coupon, whole: &Whole) -> bool {
    whole.cluster().profiles().any(|profile| Some(profile.id) == coupon.profile)
}

/// Loads the coupons of a person that can be used, or could a while ago; newest first, and whether they are all there are.
async fn held<S: Store>(
    engine: &Engine<S>,
    whole: &Whole,
    now: Timestamp,
) -> Result<(Vec<Coupon>, bool), Error> {
    let wallets: Vec<RecordKey> =
        whole.cluster().profiles().map(|profile| keys::wallet(profile.id)).collect();
    let mut held = Vec::new();
    for record in engine.store.get(engine.tenant, &wallets).await?.iter().flatten() {
        held.extend(Wallet::from_bytes(&record.bytes)?.held);
    }
    held.sort_by_key(|held| std::cmp::Reverse(held.at));
    let names: Vec<RecordKey> = held.iter().filter_map(|held| held.coupon()).map(keys::coupon).collect();
    let mut coupons = Vec::new();
    for some in names.chunks(COUPONS_MAX) {
        for record in engine.store.get(engine.tenant, some).await?.iter().flatten() {
            coupons.extend(Some(Coupon::from_bytes(&record.bytes)?).filter(|coupon| is_told_of(coupon, now)));
        }
        if COUPONS_MAX < coupons.len() {
            coupons.truncate(COUPONS_MAX);
            return Ok((coupons, false));
        }
    }
    Ok((coupons, true))
}

fn is_told_of(coupon: &Coupon, now: Timestamp) -> bool {
    match coupon.state {
        State::Issued | State::Activated { .. } | State::Reserved(_) | State::Expired { .. } => {
            now < coupon.valid_until.plus_days(TOLD_FOR_DAYS)
        }
        State::Redeemed { .. } | State::Revoked { .. } => false,
    }
}

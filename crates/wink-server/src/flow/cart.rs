//! Coupons are tried on a cart: loaded, worked out, and nothing is written.

use wink_core::base::{CouponId, Timestamp};
use wink_core::coupon::cart::{Best, Cart, Claim, Line, Stack, best, put_on};
use wink_core::coupon::{Coupon, State, Wallet};
use wink_core::event::Identity;
use wink_core::offer::{Catalogue, Product};
use wink_record::Stored;
use wink_store::{RecordKey, Store};

use super::profiles::{self, Whom};
use super::whole::Whole;
use crate::{Engine, Error, keys};

/// The most of a person's coupons that are looked at, the newest: a page of their wallet.
pub const COUPONS_MAX: usize = 200;

/// How many days a coupon that ran out is still told of: who brings a print of it learns why it no longer counts.
const TOLD_FOR_DAYS: i64 = 14;

/// A person's coupons on a cart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Qualified<'a> {
    /// Each with what becomes of it alone, newest first.
    pub coupons: Vec<(Coupon, Stack<'a>)>,
    /// Those that take most off together.
    pub best: Best<'a>,
}

/// Some coupons together on a cart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Validated<'a> {
    /// Those that are there and may be the person's, by place among those asked; `None` where that is not so.
    pub coupons: Vec<Option<Coupon>>,
    /// What becomes of those that are there.
    pub stack: Stack<'a>,
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
        line.unit_cost = line.unit_cost.or(product.cost);
    }
    Ok(lines)
}

/// Tells what a person's coupons would do on a cart. Somebody nobody knows has none.
///
/// # Errors
/// If the store cannot be read, or no catalogue is in force.
pub async fn qualify<'a, S: Store>(
    engine: &Engine<S>,
    identity: &Identity,
    cart: &'a Cart,
    now: Timestamp,
) -> Result<Qualified<'a>, Error> {
    let catalogue = engine.catalogue()?;
    let coupons = match profiles::find(engine, &Whom::Identity(identity.clone())).await? {
        Some(whole) => held(engine, &whole, now).await?,
        None => Vec::new(),
    };
    let claims = claims(coupons.iter(), &catalogue);
    let policy = &catalogue.cart;
    let best = best(cart, &claims, policy, now);
    let alone: Vec<Stack<'a>> =
        claims.iter().map(|claim| put_on(cart, std::slice::from_ref(claim), policy, now)).collect();
    Ok(Qualified { coupons: coupons.into_iter().zip(alone).collect(), best })
}

/// Tells what some coupons would do together on a cart. With an identity, the coupons of others are as if they were not there.
///
/// # Errors
/// If the store cannot be read, or no catalogue is in force.
pub async fn validate<'a, S: Store>(
    engine: &Engine<S>,
    identity: Option<&Identity>,
    asked: &[Option<CouponId>],
    cart: &'a Cart,
    now: Timestamp,
) -> Result<Validated<'a>, Error> {
    let catalogue = engine.catalogue()?;
    let names: Vec<CouponId> = asked.iter().flatten().copied().collect();
    let mut found = stored(engine, &names).await?;
    if let Some(identity) = identity {
        let whole = profiles::find(engine, &Whom::Identity(identity.clone())).await?;
        found.retain(|coupon| whole.as_ref().is_some_and(|whole| is_of(coupon, whole)));
    }
    let stack = put_on(cart, &claims(found.iter(), &catalogue), &catalogue.cart, now);
    let coupon = |id: &Option<CouponId>| found.iter().find(|coupon| Some(coupon.id) == *id).cloned();
    Ok(Validated { coupons: asked.iter().map(coupon).collect(), stack })
}

fn claims<'c>(coupons: impl Iterator<Item = &'c Coupon>, catalogue: &Catalogue) -> Vec<Claim<'c>> {
    coupons.map(|coupon| Claim::new(coupon, catalogue)).collect()
}

fn is_of(coupon: &Coupon, whole: &Whole) -> bool {
    whole.cluster().profiles().any(|profile| Some(profile.id) == coupon.profile)
}

/// Loads the coupons of a person that can be used, or could a while ago; newest first.
async fn held<S: Store>(engine: &Engine<S>, whole: &Whole, now: Timestamp) -> Result<Vec<Coupon>, Error> {
    let wallets: Vec<RecordKey> =
        whole.cluster().profiles().map(|profile| keys::wallet(profile.id)).collect();
    let mut held = Vec::new();
    for record in engine.store.get(engine.tenant, &wallets).await?.iter().flatten() {
        held.extend(Wallet::from_bytes(&record.bytes)?.held);
    }
    held.sort_by_key(|held| std::cmp::Reverse(held.at));
    let newest: Vec<CouponId> = held.iter().filter_map(|held| held.coupon()).take(COUPONS_MAX).collect();
    let mut coupons = stored(engine, &newest).await?;
    coupons.retain(|coupon| is_told_of(coupon, now));
    Ok(coupons)
}

fn is_told_of(coupon: &Coupon, now: Timestamp) -> bool {
    match coupon.state {
        State::Issued | State::Expired { .. } => now < coupon.valid_until.plus_days(TOLD_FOR_DAYS),
        State::Redeemed { .. } | State::Revoked { .. } => false,
    }
}

async fn stored<S: Store>(engine: &Engine<S>, ids: &[CouponId]) -> Result<Vec<Coupon>, Error> {
    let names: Vec<RecordKey> = ids.iter().copied().map(keys::coupon).collect();
    let records = engine.store.get(engine.tenant, &names).await?;
    Ok(records.iter().flatten().map(|record| Coupon::from_bytes(&record.bytes)).collect::<Result<_, _>>()?)
}

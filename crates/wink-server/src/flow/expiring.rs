//! Coupons will run out: their people are told some days before, with a date and nothing that hurries, once, and only if they want to hear.
//!
//! The message, the note that it was said, and the end of its timer are one batch, so it is said once whatever crashes.

use wink_api::TextTold;
use wink_core::base::{CouponId, Timestamp};
use wink_core::coupon::{Announced, Audience, Coupon, Language, Locale, Notice, Refusal, Wallet, notice};
use wink_core::decision::missing_consent;
use wink_core::feature::State;
use wink_core::offer::{Channel, ContactPolicy};
use wink_record::{MessageType, Stored};
use wink_store::{Batch, Change, Check, Leased, Store};

use super::Clock;
use super::announce::Listeners;
use super::booking::home_of;
use super::person::{self, Loaded};
use super::whole::{self, Whole};
use crate::engine::batch_id;
use crate::error::ATTEMPTS_MAX;
use crate::keys;
use crate::{Engine, Error};

/// Timers leased at once: one commit group of the embedded store.
const AT_ONCE: usize = 256;

/// A lease lasts a minute: far longer than a commit takes, short enough that a crashed worker's timers come back soon.
const LEASE_MS: i64 = 60_000;

/// The most announcements that are remembered of a person, the newest: more than the largest cap a contact policy can set.
const REMEMBERED_MAX: usize = 1_000;

/// Makes the timer of a coupon that was issued just now; `None` if nobody will be told.
pub(super) fn timer(coupon: &Coupon, policy: &ContactPolicy) -> Option<Change> {
    let due = coupon.profile.and(policy.expiring_days).and_then(|days| coupon.notice_at(days))?;
    Some(due_again(coupon.id, due))
}

fn due_again(coupon: CouponId, due: Timestamp) -> Change {
    Change::Enqueue { queue: keys::EXPIRING, due_ms: due.0, id: coupon.bytes(), payload: Vec::new() }
}

/// Tells of every coupon of which it is to be said by now that it will run out. Returns how many there were.
///
/// # Errors
/// If the store cannot be read or takes no writes; timers not done come back.
pub async fn announce_due<S: Store>(engine: &Engine<S>, clock: Clock<'_>) -> Result<u64, Error> {
    let mut told = 0;
    loop {
        let now = clock();
        let due =
            engine.store.lease_due(engine.tenant, keys::EXPIRING, now.0, now.0 + LEASE_MS, AT_ONCE).await?;
        if due.is_empty() {
            return Ok(told);
        }
        let listeners = Listeners::load(engine).await?;
        // One by one: coupons of one person lie in one wallet, and would be in each other's way.
        for timer in &due {
            told += u64::from(announce(engine, &listeners, timer, clock).await?);
        }
    }
}

/// Sees to one timer, and tells whether somebody was told by it.
async fn announce<S: Store>(
    engine: &Engine<S>,
    listeners: &Listeners,
    timer: &Leased,
    clock: Clock<'_>,
) -> Result<bool, Error> {
    for _ in 0..ATTEMPTS_MAX {
        let person = Person::load(engine, CouponId::from_bytes(timer.id)).await?;
        let now = clock();
        let home = home_of(person.as_ref().and_then(|person| person.coupon.value.profile));
        let mut batch = Batch::new(batch_id()?, engine.tenant, home);
        batch.changes.push(Change::Acknowledge { queue: keys::EXPIRING, due_ms: timer.due_ms, id: timer.id });
        let heard = listeners.want(MessageType::CouponExpiring);
        let tells = match person.filter(|_| heard) {
            Some(person) => person.into_batch(engine, listeners, now, &mut batch)?,
            None => false,
        };
        if engine.commit(batch).await?.is_some() {
            return Ok(tells);
        }
    }
    Err(Error::Contended)
}

/// A coupon and its person, as loaded for a timer.
struct Person {
    coupon: Loaded<Coupon>,
    whole: Whole,
    /// Theirs under the coupon's profile, where it is noted what was said.
    wallet: Loaded<Wallet>,
    /// Those under their other profiles.
    elsewhere: Vec<Loaded<Wallet>>,
    contacts: Vec<Timestamp>,
}

impl Person {
    /// Loads both; `None` if one of them is gone.
    async fn load<S: Store>(engine: &Engine<S>, id: CouponId) -> Result<Option<Self>, Error> {
        let key = keys::coupon(id);
        let Some(record) = engine.record(&key).await? else { return Ok(None) };
        let coupon = Loaded { key, version: Some(record.version), value: Coupon::from_bytes(&record.bytes)? };
        let Some(profile) = coupon.value.profile else { return Ok(None) };
        let Some(whole) = whole::load(engine, profile).await? else { return Ok(None) };
        let wallet = person::load(engine, keys::wallet(profile), Wallet::default).await?;
        let mut elsewhere = Vec::new();
        for other in whole.cluster().profiles().filter(|other| other.id != profile) {
            elsewhere.push(person::load(engine, keys::wallet(other.id), Wallet::default).await?);
        }
        let contacts = contacts(engine, &whole).await?;
        Ok(Some(Self { coupon, whole, wallet, elsewhere, contacts }))
    }

    /// Decides, and adds what follows to the batch of the timer. Tells whether the person is told.
    fn into_batch<S: Store>(
        mut self,
        engine: &Engine<S>,
        listeners: &Listeners,
        now: Timestamp,
        batch: &mut Batch,
    ) -> Result<bool, Error> {
        let (coupon, catalogue) = (&self.coupon.value, engine.catalogue()?);
        let wallets = || self.elsewhere.iter().chain([&self.wallet]);
        if wallets().any(|wallet| wallet.value.was_announced(coupon.id)) {
            return Ok(false);
        }
        let announced = wallets().flat_map(|wallet| &wallet.value.announced).map(|announced| announced.at);
        let contacts: Vec<Timestamp> = self.contacts.iter().copied().chain(announced).collect();
        let grants = self.whole.cluster().grants(now);
        let policy = &catalogue.contact_policy;
        match notice(coupon, &grants, &contacts, policy, now) {
            Notice::Never => return Ok(false),
            Notice::Later(due) => {
                batch.changes.push(due_again(coupon.id, due));
                return Ok(false);
            }
            Notice::Tell => {}
        }
        // A consent withdrawn in between is a conflict, and so are a coupon that was used and another contact.
        batch.checks.extend(self.whole.unchanged());
        batch.checks.push(self.coupon.unchanged());
        batch.checks.extend(wallets().map(Loaded::unchanged));
        let until = coupon.valid_until;
        let text = text(engine, |language, locale: Locale<'_>| locale.speaker(language).expiring(until))?;
        listeners.hear_expiring(coupon, text, now, batch);
        let remembered = &mut self.wallet.value.announced;
        remembered.push(Announced { coupon: coupon.id, at: now });
        let forgotten = remembered.len().saturating_sub(REMEMBERED_MAX);
        remembered.drain(..forgotten);
        batch.changes.push(Change::Put(self.wallet.key, self.wallet.value.to_bytes()));
        Ok(true)
    }
}

/// Lists the contacts a person already had, announcements apart.
async fn contacts<S: Store>(engine: &Engine<S>, whole: &Whole) -> Result<Vec<Timestamp>, Error> {
    let states = person::states(engine, &whole.cluster()).await?;
    let states = states.iter().map(|state| &*state.value);
    Ok(states.flat_map(State::contacts).copied().collect())
}

/// Gives the text for the person of a coupon that ran out, if they want to hear of it, and what must still be so when it is sent: nobody
/// hears who has withdrawn meanwhile. It is no contact, so nothing is counted.
pub(super) async fn of_expired<S: Store>(
    engine: &Engine<S>,
    coupon: &Coupon,
    clock: Clock<'_>,
) -> Result<Option<(TextTold, Vec<Check>)>, Error> {
    let Some(profile) = coupon.profile else { return Ok(None) };
    let Some(whole) = whole::load(engine, profile).await? else { return Ok(None) };
    if missing_consent(Channel::Newsletter, &whole.cluster().grants(clock())).is_some() {
        return Ok(None);
    }
    let refusal = Refusal::Expired { until: coupon.valid_until };
    let say = |language, locale: Locale<'_>| locale.speaker(language).refusal(&refusal, Audience::Customer);
    Ok(Some((text(engine, say)?, whole.unchanged().collect())))
}

fn text<S: Store>(
    engine: &Engine<S>,
    say: impl Fn(Language, Locale<'_>) -> String,
) -> Result<TextTold, Error> {
    let catalogue = engine.catalogue()?;
    let shop = &catalogue.shop;
    let locale = Locale { currency: shop.currency, zone: &shop.zone };
    Ok(TextTold { de: say(Language::German, locale), en: say(Language::English, locale) })
}

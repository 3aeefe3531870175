//! Keys: made, listed, revoked, replaced. Read from the store at every request, so that a revocation acts at once.

use std::fmt;

use wink_core::base::Timestamp;
use wink_record::{ApiKey, KeyEnd, Stored};
use wink_store::{Batch, Change, Check, Direction, Home, Range, Store, Tenant, Version};

use super::{Role, Token};
use crate::engine::batch_id;
use crate::error::ATTEMPTS_MAX;
use crate::keys::{self, INSTALLATION};
use crate::{Error, write};

/// Origins a key may be bound to at most: a shop has a handful of addresses.
const ORIGINS_MAX: usize = 32;

/// The longest name of a key, in bytes.
const NAME_BYTES_MAX: usize = 64;

/// Keys read at once.
const AT_ONCE: usize = 500;

/// Names a key without giving its secret away.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub [u8; 16]);

impl KeyId {
    /// Reads it as it is printed.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix("key_").filter(|digits| digits.len() == 32)?;
        u128::from_str_radix(digits, 16).ok().map(|number| Self(number.to_be_bytes()))
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "key_{:032x}", u128::from_be_bytes(self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

/// What a key should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewKey {
    /// For which tenant.
    pub tenant: Tenant,
    /// To do what.
    pub role: Role,
    /// What people will call it, and the source of the events it brings.
    pub name: String,
    /// The store of a till.
    pub store: Option<String>,
    /// The origins a publishable key may be used from; empty for any.
    pub origins: Vec<String>,
    /// Requests a second, if it gets a limit of its own.
    pub rate: Option<u32>,
}

impl NewKey {
    fn check(&self) -> Result<(), Error> {
        let slug = |text: &str| {
            !text.is_empty()
                && text.len() <= NAME_BYTES_MAX
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        };
        let wrong = |what: String| Err(Error::Unusable(what));
        if !slug(&self.name) {
            return wrong("a key's name has 1 to 64 letters, digits, `-`, `_` or `.`".to_owned());
        }
        match (self.role, &self.store) {
            (Role::Till, None) => return wrong("a till's key is bound to a store; name it".to_owned()),
            (Role::Till, Some(store)) if slug(store) => {}
            (Role::Till, Some(_)) => {
                return wrong("a store's name has 1 to 64 letters, digits, `-`, `_` or `.`".to_owned());
            }
            (role, Some(_)) => return wrong(format!("a key of the role {} has no store", role.name())),
            (_, None) => {}
        }
        if !self.origins.is_empty() && !self.role.is_publishable() {
            return wrong("origins are for publishable keys; a server sends none".to_owned());
        }
        if ORIGINS_MAX < self.origins.len() {
            return wrong(format!("{} origins are too many; at most {ORIGINS_MAX}", self.origins.len()));
        }
        match self.origins.iter().find(|origin| !is_origin(origin)) {
            Some(origin) => wrong(format!("`{origin}` is not an origin; write it like https://shop.example")),
            None if self.rate == Some(0) => wrong("a rate is at least 1 request a second".to_owned()),
            None => Ok(()),
        }
    }
}

/// Whether a text is an origin as browsers send it: scheme, host and perhaps a port, nothing behind.
fn is_origin(text: &str) -> bool {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.:[]".contains(&byte);
    host.is_some_and(|host| !host.is_empty() && host.len() <= 255 && host.bytes().all(plain))
}

/// A key that was presented and is good, with what it may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// Which key.
    pub id: KeyId,
    /// For which tenant.
    pub tenant: Tenant,
    /// To do what.
    pub role: Role,
    /// The source of the events it brings.
    pub name: String,
    /// The store of a till.
    pub store: Option<String>,
    /// The origins it may be used from; empty for any.
    pub origins: Vec<String>,
    /// Requests a second, if it has a limit of its own.
    pub rate: Option<u32>,
}

/// A key in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Which key.
    pub id: KeyId,
    /// What is stored of it.
    pub key: ApiKey,
}

/// Makes a key and gives its secret, which nobody can read again.
///
/// # Errors
/// [`Error::Unusable`] if the key would make no sense, or a till of its name stands in another store; else if the store takes no write.
pub async fn create<S: Store>(store: &S, new: &NewKey, now: Timestamp) -> Result<(KeyId, Token), Error> {
    new.check()?;
    elsewhere(store, new, now).await?;
    let token = Token::draw(new.role)?;
    let key = ApiKey {
        tenant: new.tenant.0,
        role: new.role.name().to_owned(),
        name: new.name.clone(),
        store: new.store.clone(),
        origins: new.origins.clone(),
        rate: new.rate,
        created_at: now,
        ends_at: None,
        revoked: false,
    };
    let mut batch = Batch::new(batch_id()?, INSTALLATION, Home(0));
    put_new(&mut batch, &token, &key);
    write::commit(store, batch).await?.ok_or(Error::Contended)?;
    if let Err(error) = elsewhere(store, new, now).await {
        // Somebody made the other one at the same moment, and may have been told the same: nobody was given this one yet.
        revoke(store, token.id(), None, now).await?;
        return Err(error);
    }
    Ok((token.id(), token))
}

/// Refuses a till of the same name in another store: leases, reports and days go by the till's name, so the two would tend one another's.
async fn elsewhere<S: Store>(store: &S, new: &NewKey, now: Timestamp) -> Result<(), Error> {
    if new.role != Role::Till {
        return Ok(());
    }
    let till = Role::Till.name();
    let is_same = |key: &ApiKey| key.role == till && key.name == new.name && key.store != new.store;
    let is_good = |key: &ApiKey| key.ends_at.is_none_or(|ends| now < ends);
    let keys = list(store, Some(new.tenant)).await?;
    let Some(other) = keys.into_iter().find(|named| is_same(&named.key) && is_good(&named.key)) else {
        return Ok(());
    };
    let place = other.key.store.unwrap_or_default();
    Err(Error::Unusable(format!(
        "a till `{}` stands in the store `{place}` ({}); name this one otherwise, or revoke that key if the till has moved",
        new.name, other.id
    )))
}

fn put_new(batch: &mut Batch, token: &Token, key: &ApiKey) {
    batch.checks.push(Check::Absent(keys::api_key(token.id().0)));
    batch.changes.push(Change::Put(keys::api_key(token.id().0), key.to_bytes()));
}

/// Finds the key of a secret, if it is good at `now`. Unknown, revoked and replaced keys are the same: none.
///
/// # Errors
/// If the store cannot be read.
pub async fn find<S: Store>(store: &S, token: &Token, now: Timestamp) -> Result<Option<Access>, Error> {
    of(store, token.id(), now).await
}

/// Tells what a key may do whose secret was shown before, if it is still good at `now`.
///
/// # Errors
/// If the store cannot be read.
pub(crate) async fn of<S: Store>(store: &S, id: KeyId, now: Timestamp) -> Result<Option<Access>, Error> {
    let Some((key, _)) = load(store, id).await? else { return Ok(None) };
    let over = key.ends_at.is_some_and(|ends| ends <= now);
    let role = Role::parse(&key.role);
    Ok(role.filter(|_| !over).map(|role| Access {
        id,
        tenant: Tenant(key.tenant),
        role,
        name: key.name,
        store: key.store,
        origins: key.origins,
        rate: key.rate,
    }))
}

/// Lists the keys of a tenant without those of operators, or all there are, oldest first.
///
/// # Errors
/// If the store cannot be read.
pub async fn list<S: Store>(store: &S, tenant: Option<Tenant>) -> Result<Vec<Named>, Error> {
    let mut all = Vec::new();
    let mut next = Some(Range::default());
    while let Some(range) = next {
        let page = store.scan(INSTALLATION, keys::kind::API_KEY, range, Direction::Forward, AT_ONCE).await?;
        for (id, record) in page.records {
            let key = ApiKey::from_bytes(&record.bytes)?;
            let id: [u8; 16] = id.as_slice().try_into().unwrap_or_default();
            if may_tend(tenant, &key) {
                all.push(Named { id: KeyId(id), key });
            }
        }
        next = page.next;
    }
    all.sort_by_key(|named| (named.key.created_at, named.id));
    Ok(all)
}

/// Revokes a key, of `tenant` if one is given: from now on it is refused. Revoking it again changes nothing. Tells what is to be
/// [listed](crate::erasures::Erasures::list_keys).
///
/// # Errors
/// [`Error::NotFound`] if there is no such key there.
pub async fn revoke<S: Store>(
    store: &S,
    id: KeyId,
    tenant: Option<Tenant>,
    now: Timestamp,
) -> Result<KeyEnd, Error> {
    let mut ends_at = now;
    change(store, id, tenant, |key, _| {
        ends_at = key.ends_at.map_or(now, |ends| ends.min(now));
        (key.ends_at, key.revoked) = (Some(ends_at), true);
        Ok(())
    })
    .await?;
    Ok(KeyEnd { key: id.0, ends_at, revoked: true })
}

/// Ends keys again that ended before, after an older state was restored. Tells how many of them this state took for good at `now`.
///
/// # Errors
/// If the store cannot be read or takes no writes; calling again goes on.
pub async fn end_again<S: Store>(store: &S, list: &[KeyEnd], now: Timestamp) -> Result<u64, Error> {
    let mut done = 0;
    for end in list {
        let id = KeyId(end.key);
        let Some((key, _)) = load(store, id).await? else { continue };
        let is_known = key.ends_at.is_some_and(|ends| ends <= end.ends_at) && (key.revoked || !end.revoked);
        if is_known {
            continue;
        }
        done += u64::from(key.ends_at.is_none_or(|ends| now < ends) && end.ends_at <= now);
        change(store, id, None, |key, _| {
            key.ends_at = Some(key.ends_at.map_or(end.ends_at, |ends| ends.min(end.ends_at)));
            key.revoked |= end.revoked;
            Ok(())
        })
        .await?;
    }
    Ok(done)
}

/// Replaces a key by a new one that may do the same; the old one is good for another `overlap_ms`. Tells the new one, and of the old one what is
/// to be [listed](crate::erasures::Erasures::list_keys).
///
/// # Errors
/// [`Error::NotFound`] if there is no such key there, [`Error::Unusable`] if it is no longer good.
pub async fn rotate<S: Store>(
    store: &S,
    id: KeyId,
    tenant: Option<Tenant>,
    overlap_ms: i64,
    now: Timestamp,
) -> Result<(KeyId, Token, KeyEnd), Error> {
    let ends_at = Timestamp(now.0.saturating_add(overlap_ms));
    let mut drawn = None;
    change(store, id, tenant, |key, batch| {
        if key.ends_at.is_some() {
            return Err(Error::Unusable(
                "the key was revoked or replaced already; make a new one".to_owned(),
            ));
        }
        let role = Role::parse(&key.role).unwrap_or(Role::Ingest);
        let token = Token::draw(role)?;
        put_new(batch, &token, &ApiKey { created_at: now, ..key.clone() });
        key.ends_at = Some(ends_at);
        drawn = Some(token);
        Ok(())
    })
    .await?;
    let token = drawn.ok_or(Error::Contended)?;
    Ok((token.id(), token, KeyEnd { key: id.0, ends_at, revoked: false }))
}

/// Tells whether whoever tends the keys of `tenant`, or of all, tends this one. An operator's is nobody's but an operator's, whatever tenant it
/// was made in: with what replaces it, everything of every tenant could be done.
fn may_tend(tenant: Option<Tenant>, key: &ApiKey) -> bool {
    tenant.is_none_or(|tenant| tenant.0 == key.tenant && Role::parse(&key.role) != Some(Role::Operator))
}

async fn change<S: Store>(
    store: &S,
    id: KeyId,
    tenant: Option<Tenant>,
    mut edit: impl FnMut(&mut ApiKey, &mut Batch) -> Result<(), Error>,
) -> Result<(), Error> {
    for _ in 0..ATTEMPTS_MAX {
        let found = load(store, id).await?;
        let found = found.filter(|(key, _)| may_tend(tenant, key));
        let (mut key, version) =
            found.ok_or_else(|| Error::NotFound { what: "key", name: id.to_string() })?;
        let mut batch = Batch::new(batch_id()?, INSTALLATION, Home(0));
        edit(&mut key, &mut batch)?;
        batch.checks.push(Check::Version(keys::api_key(id.0), version));
        batch.changes.push(Change::Put(keys::api_key(id.0), key.to_bytes()));
        if write::commit(store, batch).await?.is_some() {
            return Ok(());
        }
    }
    Err(Error::Contended)
}

async fn load<S: Store>(store: &S, id: KeyId) -> Result<Option<(ApiKey, Version)>, Error> {
    let mut records = store.get(INSTALLATION, &[keys::api_key(id.0)]).await?;
    let Some(record) = records.pop().flatten() else { return Ok(None) };
    Ok(Some((ApiKey::from_bytes(&record.bytes)?, record.version)))
}

/// Stands where a key would be named and none was needed.
pub(crate) const NO_KEY: KeyId = KeyId([0; 16]);

/// The access of somebody who needs no key: the installation was told so, or the caller sits at the machine itself.
pub(crate) fn without_key(role: Role) -> Access {
    Access {
        id: NO_KEY,
        tenant: keys::TENANT,
        role,
        name: "http".to_owned(),
        store: None,
        origins: Vec::new(),
        rate: None,
    }
}

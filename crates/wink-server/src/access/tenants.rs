//! Tenants: shops that share an installation and nothing else.

use wink_core::base::Timestamp;
use wink_record::{Stored, TenantNamed};
use wink_store::{Batch, Change, Check, Direction, Home, Range, Store, Tenant};

use crate::engine::batch_id;
use crate::keys::{self, INSTALLATION, TENANT};
use crate::{Error, write};

/// What the first tenant is called.
const FIRST: &str = "main";

/// Tenants of one installation at most: each has its catalogue in memory.
const TENANTS_MAX: usize = 10_000;

/// Lists the tenants with their names, the first one included.
///
/// # Errors
/// If the store cannot be read.
pub async fn list<S: Store>(store: &S) -> Result<Vec<(Tenant, String)>, Error> {
    let mut all = vec![(TENANT, FIRST.to_owned())];
    let page =
        store.scan(INSTALLATION, keys::kind::TENANT, Range::default(), Direction::Forward, TENANTS_MAX);
    for (key, record) in page.await?.records {
        let number: [u8; 4] = key.as_slice().try_into().unwrap_or_default();
        all.push((Tenant(u32::from_be_bytes(number)), TenantNamed::from_bytes(&record.bytes)?.name));
    }
    Ok(all)
}

/// Finds a tenant by its name.
///
/// # Errors
/// [`Error::NotFound`], naming those there are.
pub async fn named<S: Store>(store: &S, name: &str) -> Result<Tenant, Error> {
    let all = list(store).await?;
    let found = all.iter().find(|(_, known)| known == name);
    found.map(|(tenant, _)| *tenant).ok_or_else(|| Error::NotFound { what: "tenant", name: name.to_owned() })
}

/// Makes a tenant.
///
/// # Errors
/// [`Error::Unusable`] if the name is taken or is none.
pub async fn create<S: Store>(store: &S, name: &str, now: Timestamp) -> Result<Tenant, Error> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if name.is_empty() || 64 < name.len() || !name.bytes().all(plain) {
        return Err(Error::Unusable("a tenant's name has 1 to 64 of a-z, 0-9 and `-`".to_owned()));
    }
    let all = list(store).await?;
    if all.iter().any(|(_, known)| known == name) {
        return Err(Error::Unusable(format!("there is a tenant `{name}` already")));
    }
    if TENANTS_MAX <= all.len() {
        return Err(Error::Unusable(format!("an installation has at most {TENANTS_MAX} tenants")));
    }
    let last = all.iter().map(|(tenant, _)| tenant.0).max().unwrap_or(TENANT.0);
    let tenant = Tenant(last + 1);
    let mut batch = Batch::new(batch_id()?, INSTALLATION, Home(0));
    batch.checks.push(Check::Absent(keys::tenant(tenant)));
    let record = TenantNamed { name: name.to_owned(), created_at: now };
    batch.changes.push(Change::Put(keys::tenant(tenant), record.to_bytes()));
    write::commit(store, batch).await?.ok_or(Error::Contended)?;
    Ok(tenant)
}

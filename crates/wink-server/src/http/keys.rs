//! Keys and tenants. An admin tends the keys of its own tenant, an operator those of all.

use axum::http::StatusCode;
use wink_api::{
    KeyAsked, KeyMade, KeyView, KeysListed, RotationAsked, TenantAsked, TenantView, TenantsListed,
};
use wink_store::{Store, Tenant};

use super::body::{Json, PathName};
use super::problem::{Refused, invalid};
use super::service::Caller;
use crate::access::{self, KeyId, Named, NewKey, Role};

/// How long a replaced key is still good, unless somebody says otherwise: a day is enough to deploy the new one everywhere.
const OVERLAP_MS: i64 = 24 * 3_600_000;

/// The longest overlap: a key that is to live longer was not replaced.
const OVERLAP_HOURS_MAX: u32 = 24 * 90;

/// Lists the keys of the tenant, oldest first; an operator sees those of all. Secrets are not among it.
#[utoipa::path(get, path = "/v1/keys", tag = "keys", operation_id = "list_keys",
    responses((status = 200, description = "The keys", body = KeysListed)))]
pub(super) async fn list_keys<S: Store>(caller: Caller<S>) -> Result<axum::Json<KeysListed>, Refused> {
    let tenants = access::list_tenants(&caller.service.store).await?;
    let keys = access::list(&caller.service.store, of(&caller)).await?;
    let data = keys.iter().map(|named| view(named, &tenants)).collect();
    Ok(axum::Json(KeysListed { data }))
}

/// Makes a key. Its secret is in the answer and nowhere else, ever.
#[utoipa::path(post, path = "/v1/keys", tag = "keys", operation_id = "create_key", request_body = KeyAsked,
    responses((status = 201, description = "The key with its secret", body = KeyMade)))]
pub(super) async fn create_key<S: Store>(
    caller: Caller<S>,
    Json(asked): Json<KeyAsked>,
) -> Result<(StatusCode, axum::Json<KeyMade>), Refused> {
    let role = Role::parse(&asked.role).ok_or_else(|| {
        let roles: Vec<&str> = Role::ALL.iter().map(|role| role.name()).collect();
        invalid("/role", format!("there is no such role; there are {}", roles.join(", ")))
    })?;
    if role == Role::Operator && caller.access.role != Role::Operator {
        return Err(invalid("/role", "only an operator makes a key for an operator"));
    }
    let tenant = match (&asked.tenant, caller.access.role) {
        (None, _) => caller.access.tenant,
        (Some(name), Role::Operator) => access::tenant_named(&caller.service.store, name).await?,
        (Some(_), _) => return Err(invalid("/tenant", "a key is made for your own tenant; leave it out")),
    };
    let new = NewKey {
        tenant,
        role,
        name: asked.name,
        store: asked.store,
        origins: asked.origins,
        rate: asked.rate,
    };
    let (id, token) = access::create(&caller.service.store, &new, caller.now).await?;
    Ok((StatusCode::CREATED, axum::Json(KeyMade { id: id.to_string(), secret: token.reveal().to_owned() })))
}

/// Revokes a key: every request with it is refused from now on.
#[utoipa::path(delete, path = "/v1/keys/{id}", tag = "keys", operation_id = "revoke_key",
    params(("id" = String, Path, description = "The key's id, like key_0123…")),
    responses((status = 204, description = "Revoked")))]
pub(super) async fn revoke_key<S: Store>(
    caller: Caller<S>,
    PathName(id): PathName,
) -> Result<StatusCode, Refused> {
    let id = key_id(&id)?;
    let end = access::revoke(&caller.service.store, id, of(&caller), caller.now).await?;
    caller.service.list_key(end)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Replaces a key by a new one that may do the same. The old one stays good for the overlap.
#[utoipa::path(post, path = "/v1/keys/{id}/rotate", tag = "keys", operation_id = "rotate_key", request_body = RotationAsked,
    params(("id" = String, Path, description = "The key's id, like key_0123…")),
    responses((status = 201, description = "The new key with its secret", body = KeyMade)))]
pub(super) async fn rotate_key<S: Store>(
    caller: Caller<S>,
    PathName(id): PathName,
    Json(asked): Json<RotationAsked>,
) -> Result<(StatusCode, axum::Json<KeyMade>), Refused> {
    let id = key_id(&id)?;
    let overlap = match asked.overlap_hours {
        Some(hours) if OVERLAP_HOURS_MAX < hours => {
            return Err(invalid("/overlap_hours", format!("at most {OVERLAP_HOURS_MAX} hours")));
        }
        Some(hours) => i64::from(hours) * 3_600_000,
        None => OVERLAP_MS,
    };
    let (id, token, end) =
        access::rotate(&caller.service.store, id, of(&caller), overlap, caller.now).await?;
    caller.service.list_key(end)?;
    Ok((StatusCode::CREATED, axum::Json(KeyMade { id: id.to_string(), secret: token.reveal().to_owned() })))
}

/// Lists the tenants of the installation.
#[utoipa::path(get, path = "/v1/tenants", tag = "keys", operation_id = "list_tenants",
    responses((status = 200, description = "The tenants", body = TenantsListed)))]
pub(super) async fn list_tenants<S: Store>(caller: Caller<S>) -> Result<axum::Json<TenantsListed>, Refused> {
    let tenants = access::list_tenants(&caller.service.store).await?;
    let data = tenants.into_iter().map(|(_, name)| TenantView { name }).collect();
    Ok(axum::Json(TenantsListed { data }))
}

/// Makes a tenant: a shop of its own, that shares nothing with the others.
#[utoipa::path(post, path = "/v1/tenants", tag = "keys", operation_id = "create_tenant", request_body = TenantAsked,
    responses((status = 201, description = "The tenant", body = TenantView)))]
pub(super) async fn create_tenant<S: Store>(
    caller: Caller<S>,
    Json(asked): Json<TenantAsked>,
) -> Result<(StatusCode, axum::Json<TenantView>), Refused> {
    let tenant = access::create_tenant(&caller.service.store, &asked.name, caller.now).await?;
    caller.service.engine(tenant).await?;
    Ok((StatusCode::CREATED, axum::Json(TenantView { name: asked.name })))
}

/// The tenant whose keys a caller tends; none for all.
fn of<S>(caller: &Caller<S>) -> Option<Tenant> {
    (caller.access.role != Role::Operator).then_some(caller.access.tenant)
}

fn key_id(text: &str) -> Result<KeyId, Refused> {
    let unknown = || crate::Error::NotFound { what: "key", name: text.chars().take(64).collect() };
    Ok(KeyId::parse(text).ok_or_else(unknown)?)
}

fn view(named: &Named, tenants: &[(Tenant, String)]) -> KeyView {
    let key = &named.key;
    let tenant = tenants.iter().find(|(tenant, _)| tenant.0 == key.tenant);
    KeyView {
        id: named.id.to_string(),
        name: key.name.clone(),
        role: key.role.clone(),
        tenant: tenant.map_or_else(|| key.tenant.to_string(), |(_, name)| name.clone()),
        store: key.store.clone(),
        origins: key.origins.clone(),
        rate: key.rate,
        created_at: key.created_at.to_string(),
        ends_at: key.ends_at.map(|at| at.to_string()),
        revoked: key.revoked,
    }
}

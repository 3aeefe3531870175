//! Who may call, and for whom: roles, keys and tenants. A key is shown once and stored as a hash; a tenant comes from its key, never from
//! what a client sends.

mod keys;
mod role;
mod tenants;
mod token;
mod vouch;

pub use keys::{Access, KeyId, Named, NewKey, create, end_again, find, list, revoke, rotate};
pub(crate) use keys::{NO_KEY, of, without_key};
pub use role::Role;
pub use tenants::{create as create_tenant, list as list_tenants, named as tenant_named};
pub use token::Token;
pub(crate) use vouch::{Vouched, vouched};

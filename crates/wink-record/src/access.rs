//! API keys and tenants: who may call, and for whom. The secret itself is never stored, only found again by its hash.

use prost::Message;
use wink_core::base::Timestamp;

use crate::message::{Damaged, Stored, decode};

/// An API key as stored, under the hash of its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// The tenant it belongs to.
    pub tenant: u32,
    /// What it may do, by the role's name.
    pub role: String,
    /// What people call it; events that come in with it carry this as their source.
    pub name: String,
    /// The store a till's key is bound to.
    pub store: Option<String>,
    /// The origins a publishable key may be used from; empty for any.
    pub origins: Vec<String>,
    /// Requests a second, if it has a limit of its own.
    pub rate: Option<u32>,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it is refused: revoked, or replaced and its overlap over.
    pub ends_at: Option<Timestamp>,
    /// Whether somebody revoked it, rather than replaced it.
    pub revoked: bool,
}

#[derive(Clone, PartialEq, Message)]
struct ApiKeyMessage {
    #[prost(uint32, tag = "1")]
    tenant: u32,
    #[prost(string, tag = "2")]
    role: String,
    #[prost(string, tag = "3")]
    name: String,
    #[prost(string, optional, tag = "4")]
    store: Option<String>,
    #[prost(string, repeated, tag = "5")]
    origins: Vec<String>,
    #[prost(uint32, optional, tag = "6")]
    rate: Option<u32>,
    #[prost(sint64, tag = "7")]
    created_at: i64,
    #[prost(sint64, optional, tag = "8")]
    ends_at: Option<i64>,
    #[prost(bool, tag = "9")]
    revoked: bool,
}

impl Stored for ApiKey {
    fn to_bytes(&self) -> Vec<u8> {
        ApiKeyMessage {
            tenant: self.tenant,
            role: self.role.clone(),
            name: self.name.clone(),
            store: self.store.clone(),
            origins: self.origins.clone(),
            rate: self.rate,
            created_at: self.created_at.0,
            ends_at: self.ends_at.map(|at| at.0),
            revoked: self.revoked,
        }
        .encode_to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, Damaged> {
        let message: ApiKeyMessage = decode("API key", bytes)?;
        Ok(Self {
            tenant: message.tenant,
            role: message.role,
            name: message.name,
            store: message.store,
            origins: message.origins,
            rate: message.rate,
            created_at: Timestamp(message.created_at),
            ends_at: message.ends_at.map(Timestamp),
            revoked: message.revoked,
        })
    }
}

/// A tenant as stored, under its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantNamed {
    /// What people call it.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
}

#[derive(Clone, PartialEq, Message)]
struct TenantMessage {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(sint64, tag = "2")]
    created_at: i64,
}

impl Stored for TenantNamed {
    fn to_bytes(&self) -> Vec<u8> {
        TenantMessage { name: self.name.clone(), created_at: self.created_at.0 }.encode_to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, Damaged> {
        let message: TenantMessage = decode("tenant", bytes)?;
        Ok(Self { name: message.name, created_at: Timestamp(message.created_at) })
    }
}

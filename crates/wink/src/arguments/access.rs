//! Keys and tenants: who may call, and for whom.

use clap::{Args, Subcommand};

use super::Data;

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  wink key create --role admin --name me --data store
  wink key create --role ingest --name web-shop --origin https://shop.example --data store
  wink key create --role till --name till-3 --store s-1 --data store
  wink key list --data store
  wink key rotate key_00112233445566778899aabbccddeeff --overlap-hours 48 --data store
  wink key revoke key_00112233445566778899aabbccddeeff --data store

Works while a server runs. A secret is shown once; what is stored is its hash.")]
pub(crate) struct Key {
    #[command(subcommand)]
    pub(crate) action: KeyAction,
    /// Prints the answer as JSON
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeyAction {
    /// Makes a key and prints its secret, this once
    #[command(after_help = "Examples:
  wink key create --role shop --name web-shop --data store
  wink key create --role ingest --name web-shop --origin https://shop.example --data store
  wink key create --role till --name till-3 --store s-1 --data store")]
    Create {
        /// What it may do: ingest, client, shop, till, partner, analyst, support, marketer, privacy, admin or operator
        #[arg(long)]
        role: String,
        /// What people call it; the source of the events it brings
        #[arg(long)]
        name: String,
        /// For which tenant, instead of the first
        #[arg(long)]
        tenant: Option<String>,
        /// The store a till's key is bound to
        #[arg(long)]
        store: Option<String>,
        /// An origin a publishable key may be used from; may be said several times, none for any
        #[arg(long)]
        origin: Vec<String>,
        /// Requests a second, if it gets a limit of its own
        #[arg(long)]
        rate: Option<u32>,
        #[command(flatten)]
        data: Data,
    },
    /// Lists the keys of all tenants, without their secrets
    #[command(after_help = "Examples:
  wink key list --data store
  wink key list --data store --json")]
    List {
        #[command(flatten)]
        data: Data,
    },
    /// Refuses a key from now on
    #[command(after_help = "Examples:
  wink key revoke key_00112233445566778899aabbccddeeff --data store")]
    Revoke {
        /// The key's id
        id: String,
        #[command(flatten)]
        data: Data,
    },
    /// Replaces a key by a new one that may do the same
    #[command(after_help = "Examples:
  wink key rotate key_00112233445566778899aabbccddeeff --data store
  wink key rotate key_00112233445566778899aabbccddeeff --overlap-hours 48 --data store")]
    Rotate {
        /// The key's id
        id: String,
        #[command(flatten)]
        data: Data,
        /// How long the old one stays good
        #[arg(long, default_value_t = 24)]
        overlap_hours: u32,
    },
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  wink tenant create outlet --data store
  wink tenant list --data store")]
pub(crate) struct Tenant {
    #[command(subcommand)]
    pub(crate) action: TenantAction,
    /// Prints the answer as JSON
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TenantAction {
    /// Makes a tenant
    #[command(after_help = "Examples:
  wink tenant create outlet --data store")]
    Create {
        /// What people will call it
        name: String,
        #[command(flatten)]
        data: Data,
    },
    /// Lists the tenants
    #[command(after_help = "Examples:
  wink tenant list --data store")]
    List {
        #[command(flatten)]
        data: Data,
    },
}

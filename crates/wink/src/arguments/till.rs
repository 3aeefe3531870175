//! Tills: what they verify codes with.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Data;

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  wink till keys --data store --json
  wink till rotate --data store
  wink till verify 04AA77V --keys keys.json

Works while a server runs, on the first tenant.")]
pub(crate) struct Till {
    #[command(subcommand)]
    pub(crate) action: TillAction,
    /// Prints the answer as JSON
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TillAction {
    /// Lists the public keys that codes are verified with
    #[command(after_help = "Examples:
  wink till keys --data store
  wink till keys --data store --json")]
    Keys {
        #[command(flatten)]
        data: Data,
    },
    /// Replaces the key that signs; what the old one signed stays good
    #[command(after_help = "Examples:
  wink till rotate --data store")]
    Rotate {
        #[command(flatten)]
        data: Data,
    },
    /// Verifies what a QR code holds, without a store or a server
    #[command(after_help = "Examples:
  wink till verify 04AA77V --keys keys.json
  wink till verify 04AA77V --keys keys.json --json

The file of keys is what `wink till keys --json` printed. Whether the coupon was used before, only the server knows.")]
    Verify {
        /// What the QR code holds
        payload: String,
        /// The public keys
        #[arg(long, value_name = "FILE")]
        keys: PathBuf,
    },
}

//! Who lives with whom: shown, joined, left.

use clap::{Args, Subcommand};

use super::Data;

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  wink household show --identity customer:42 --data store
  wink household join --identity customer:42 --household h-4711 --data store
  wink household leave --identity customer:42 --data store

Needs the store for itself: no server may be running on it.")]
pub(crate) struct Household {
    #[command(subcommand)]
    pub(crate) action: HouseholdAction,
    /// Prints the answer as JSON
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum HouseholdAction {
    /// Shows who lives in a person's household
    #[command(after_help = "Examples:
  wink household show --identity customer:42 --data store
  wink household show --identity customer:42 --data store --json")]
    Show {
        /// Who, as namespace:value
        #[arg(long)]
        identity: String,
        #[command(flatten)]
        data: Data,
    },
    /// Puts a person into a household; they leave the one they were in
    #[command(after_help = "Examples:
  wink household join --identity customer:42 --household h-4711 --data store")]
    Join {
        /// Who, as namespace:value
        #[arg(long)]
        identity: String,
        /// What the shop calls the household
        #[arg(long, value_name = "NAME")]
        household: String,
        #[command(flatten)]
        data: Data,
    },
    /// Takes a person out of their household
    #[command(after_help = "Examples:
  wink household leave --identity customer:42 --data store

What they were given while they lived there goes on counting for it.")]
    Leave {
        /// Who, as namespace:value
        #[arg(long)]
        identity: String,
        #[command(flatten)]
        data: Data,
    },
}

//! `wink dead-letters`: messages that were not accepted.

use clap::{Args, Subcommand};

use super::Data;

#[derive(Debug, Args)]
pub(crate) struct DeadLetters {
    #[command(subcommand)]
    pub(crate) action: DeadLettersAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DeadLettersAction {
    /// Lists letters, newest first: when, from whom and why, but nothing of what the sender wrote
    #[command(after_help = "Examples:
  wink dead-letters list --data store
  wink dead-letters list --data store --code event_unknown --json")]
    List {
        #[command(flatten)]
        data: Data,
        #[command(flatten)]
        which: WhichLetters,
        /// At most how many
        #[arg(long, default_value_t = 50)]
        limit: usize,
        /// Prints the list as JSON
        #[arg(long)]
        json: bool,
    },
    /// Opens a letter; it may name a person
    #[command(after_help = "Examples:
  wink dead-letters show ltr_0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b --data store
  wink dead-letters show ltr_0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b --data store --json")]
    Show {
        /// The letter's id
        letter: String,
        #[command(flatten)]
        data: Data,
        /// Prints the letter as JSON
        #[arg(long)]
        json: bool,
    },
    /// Repairs letters and sends them on, as if they had come right at first
    #[command(after_help = "Examples:
  wink dead-letters replay ltr_0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b --data store --set currency=EUR
  wink dead-letters replay --code property_missing --data store --rename id=order_id --rename products/*/sku=product_id
  wink dead-letters replay --code currency_mismatch --data store --set currency=EUR --json

Properties are named as in the reason, like products/0/total_cents; * stands for every line. What is still not acceptable stays a letter.")]
    Replay {
        /// The letter's id; or name a code for all letters that have it
        #[arg(required_unless_present = "code", conflicts_with_all = ["code", "source"])]
        letter: Option<String>,
        #[command(flatten)]
        data: Data,
        #[command(flatten)]
        which: WhichLetters,
        #[command(flatten)]
        repair: RepairAsked,
        /// Prints what became of them as JSON
        #[arg(long)]
        json: bool,
    },
    /// Deletes a letter; its message stays counted as dead
    #[command(after_help = "Examples:
  wink dead-letters discard ltr_0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b --data store
  wink dead-letters discard ltr_0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b --data store --json")]
    Discard {
        /// The letter's id
        letter: String,
        #[command(flatten)]
        data: Data,
        /// Prints the answer as JSON
        #[arg(long)]
        json: bool,
    },
}

/// Which letters.
#[derive(Clone, Debug, Args)]
pub(crate) struct WhichLetters {
    /// Those with this code
    #[arg(long)]
    pub(crate) code: Option<String>,
    /// Those of this source
    #[arg(long)]
    pub(crate) source: Option<String>,
}

/// What is to be changed in a message.
#[derive(Clone, Debug, Args)]
pub(crate) struct RepairAsked {
    /// The event's name
    #[arg(long)]
    pub(crate) event: Option<String>,
    /// The message id, where the sender used one twice
    #[arg(long)]
    pub(crate) message_id: Option<String>,
    /// When it happened
    #[arg(long, value_name = "TIME")]
    pub(crate) occurred_at: Option<String>,
    /// Gives a property another name in its place
    #[arg(long, value_name = "PATH=NAME")]
    pub(crate) rename: Vec<String>,
    /// Takes a property out
    #[arg(long, value_name = "PATH")]
    pub(crate) remove: Vec<String>,
    /// Gives a property a value: JSON, or text as it is
    #[arg(long, value_name = "PATH=VALUE")]
    pub(crate) set: Vec<String>,
}

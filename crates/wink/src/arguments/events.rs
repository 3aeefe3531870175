//! What can be asked about events.

use clap::{Args, Subcommand};

use super::Data;

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  wink events drift --data store
  wink events drift --data store --until 2026-03-15T00:00:00Z --json")]
pub(crate) struct Events {
    #[command(subcommand)]
    pub(crate) action: EventsAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum EventsAction {
    /// Tells what has changed in the events of each source between two windows of time, also while a server runs
    #[command(after_help = "Examples:
  wink events drift --data store
  wink events drift --data store --since 2026-03-08T00:00:00Z --until 2026-03-15T00:00:00Z
  wink events drift --data store --since 2026-03-08T00:00:00Z --until 2026-03-15T00:00:00Z --before-since 2026-02-01T00:00:00Z --json

Windows are as long as each other; what was released lies between them. Events count in the window they were received in, one of each person. Nothing in the report is about a person.")]
    Drift {
        #[command(flatten)]
        windows: DriftWindowsAsked,
        #[command(flatten)]
        data: Data,
        /// Prints the report as JSON
        #[arg(long)]
        json: bool,
    },
}

/// Two windows of time.
#[derive(Debug, Args)]
pub(crate) struct DriftWindowsAsked {
    /// Where the later window begins, RFC 3339; seven days before its end unless given
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<String>,
    /// Where it ends; now unless given
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<String>,
    /// Where the earlier window begins; as long before its end as the later one lasts unless given
    #[arg(long, value_name = "TIME")]
    pub(crate) before_since: Option<String>,
    /// Where it ends; as long after its beginning as the later one lasts if that is given, else where the later one begins
    #[arg(long, value_name = "TIME")]
    pub(crate) before_until: Option<String>,
}

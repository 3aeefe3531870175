//! What can be asked about segments.

use clap::{Args, Subcommand};

use super::Data;

#[derive(Debug, Args)]
pub(crate) struct Segments {
    #[command(subcommand)]
    pub(crate) action: SegmentsAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SegmentsAction {
    /// Lists segments with their sizes, also while a server runs
    #[command(after_help = "Examples:
  wink segments list --data store
  wink segments list --data store --json")]
    List {
        #[command(flatten)]
        data: Data,
        /// Prints the list as JSON
        #[arg(long)]
        json: bool,
    },
    /// Counts whom a rule would hold of, also while a server runs, and saves nothing
    #[command(after_help = "Examples:
  wink segments preview 'feature.orders_56d>=2.0' --purpose newsletter --data store
  wink segments preview 'feature.orders_56d>=2.0' --purpose newsletter --data store --json

In a shop of more than 20,000 people a fair sample is counted, and the answer is an interval.")]
    Preview {
        /// The rule, as `segments.toml` would have it
        rule: String,
        /// What members would be addressed for
        #[arg(long)]
        purpose: String,
        #[command(flatten)]
        data: Data,
        /// Prints the answer as JSON
        #[arg(long)]
        json: bool,
    },
    /// Hands out the members who have granted what the segment is for; while a server runs, ask it for /v1/segments/{id}/export
    #[command(after_help = "Examples:
  wink segments export lapsed --data store
  wink segments export lapsed --data store --ndjson
  wink segments export lapsed --data store --identity customer")]
    Export {
        /// The segment's id
        segment: String,
        #[command(flatten)]
        data: Data,
        /// Prints one JSON object a line instead of CSV
        #[arg(long)]
        ndjson: bool,
        /// Hands each out with what the shop knows them by in this namespace
        #[arg(long, value_name = "NAMESPACE")]
        identity: Option<String>,
    },
}

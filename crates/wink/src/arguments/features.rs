//! The arguments of `wink features`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Data;

#[derive(Debug, Args)]
pub(crate) struct Features {
    #[command(subcommand)]
    pub(crate) action: FeaturesAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum FeaturesAction {
    /// Adds to each row of a table what was known of somebody at an instant
    #[command(after_help = "Examples:
  wink features as-of labels.csv --at decided_at --data store
  wink features as-of labels.parquet --at decided_at --data store --to training.parquet
  wink features as-of labels.csv --at decided_at --data store --features recency_days,orders_56d,readiness

FILE has a column of identities, written like household:1029, and one of instants, like 2026-03-01T09:30:00Z. Its other columns, such as \
                            the label, are kept. What a person has not granted by today stays empty, and so does somebody nobody knows.")]
    AsOf(AsOf),
}

#[derive(Debug, Args)]
pub(crate) struct AsOf {
    /// The table: CSV with a header, or Parquet
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) data: Data,
    /// The column of the instants
    #[arg(long, value_name = "COLUMN")]
    pub(crate) at: String,
    /// The column of the identities
    #[arg(long, value_name = "COLUMN", default_value = "identity")]
    pub(crate) identity: String,
    /// The features, all if none is named
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    pub(crate) features: Vec<String>,
    /// Where the table goes: a file ending in .csv or .parquet, or `-` for CSV on standard output
    #[arg(long, value_name = "FILE", default_value = "-")]
    pub(crate) to: String,
}

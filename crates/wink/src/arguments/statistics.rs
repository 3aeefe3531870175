//! Models and measurements on the user's own files.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{ComplementsInput, Policy, UpliftFit};

#[derive(Debug, Args)]
pub(crate) struct Model {
    #[command(subcommand)]
    pub(crate) action: ModelAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ModelAction {
    /// Fits a model and says how well it holds
    Fit {
        #[command(subcommand)]
        model: FitAction,
    },
    /// Says what treating nobody, everybody, or whom a model chooses would have brought
    Policy(Policy),
    /// Finds what is bought together, and what to suggest beside a cart
    Complements(ComplementsInput),
}

#[derive(Debug, Subcommand)]
pub(crate) enum FitAction {
    /// Who is changed by a treatment: effects for each person, and how well they rank people
    Uplift(UpliftFit),
}

/// A table.
#[derive(Debug, Args)]
pub(crate) struct InputFile {
    /// The table: .csv, .tsv, .txt (fields apart by blanks), each also with .gz, or .parquet
    #[arg(long, value_name = "FILE")]
    pub(crate) input: PathBuf,
    /// The first row is data already; columns are called 1, 2, …
    #[arg(long)]
    pub(crate) no_header: bool,
}

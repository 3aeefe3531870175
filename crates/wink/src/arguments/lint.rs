//! `wink lint`: texts are looked over before anybody reads them.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  echo 'Letzte Chance auf Tee' | wink lint text -
  wink lint text mail.txt --language de --json")]
pub(crate) struct Lint {
    #[command(subcommand)]
    pub(crate) action: LintAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum LintAction {
    /// Finds words that press, shame or claim what nobody can check
    #[command(after_help = "Examples:
  wink lint text mail.txt
  wink lint text mail.txt push.txt --language en
  echo 'Nur noch {{stock.available}} Stück' | wink lint text -
  echo 'Letzte Chance auf Tee' | wink lint text - --json

block is never said; fact is said only where its sentence has the value that shows it, like {{offer.valid_until}}; review wants a person to look.
Ends with 1 if something is blocked, with --strict if anything is found.")]
    Text {
        /// Files of text; `-` reads standard input
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// The language; without it the rules of both
        #[arg(long)]
        language: Option<LintLanguage>,
        /// Ends with 1 for whatever is found
        #[arg(long)]
        strict: bool,
        /// Prints findings and readability as JSON
        #[arg(long)]
        json: bool,
    },
}

/// A language there are rules for.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum LintLanguage {
    /// German
    De,
    /// English
    En,
}

//! bench
use std::process::ExitCode;
use crate::arguments::Bench;
pub(crate) fn run(_b: &Bench) -> anyhow::Result<ExitCode> { Ok(ExitCode::SUCCESS) }

//! The log: one line for what an operator should know, on standard error.
//!
//! Only Wink's own words are logged, at any level: a library that logs headers or bodies would log people and keys.

use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

use crate::arguments::{Log, LogLevel};

/// Starts the log.
pub(crate) fn start(log: &Log) -> anyhow::Result<()> {
    let level = match log.log_level {
        LogLevel::Error => tracing::Level::ERROR,
        LogLevel::Warn => tracing::Level::WARN,
        LogLevel::Info => tracing::Level::INFO,
        LogLevel::Debug => tracing::Level::DEBUG,
        LogLevel::Trace => tracing::Level::TRACE,
    };
    // By prefix: all crates of Wink, and nobody else's.
    let ours = Targets::new().with_target("wink", level);
    let lines = fmt::layer().with_writer(std::io::stderr);
    let lines =
        if log.log_json { lines.json().flatten_event(true).boxed() } else { lines.with_ansi(false).boxed() };
    tracing_subscriber::registry().with(lines.with_filter(ours)).try_init()?;
    Ok(())
}

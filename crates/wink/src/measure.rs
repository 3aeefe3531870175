//! What only the binary knows about itself: the store's files, the process.

use std::fs;
use std::path::PathBuf;

use metrics::gauge;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use wink_server::http::{COMMIT_SECONDS, REQUEST_SECONDS, describe};

use crate::doctor::machine;

/// Starts to collect what is measured.
pub(crate) fn start() -> anyhow::Result<PrometheusHandle> {
    let requests = Matcher::Full("wink_request_seconds".to_owned());
    let commits = Matcher::Full("wink_store_commit_seconds".to_owned());
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(requests, REQUEST_SECONDS)?
        .set_buckets_for_metric(commits, COMMIT_SECONDS)?
        .install_recorder()?;
    describe();
    Ok(handle)
}

/// Makes what reads the store's files and the process, whenever somebody asks.
pub(crate) fn reader(directory: PathBuf) -> Box<dyn Fn() + Send + Sync> {
    Box::new(move || {
        gauge!("wink_store_bytes").set(float(machine::size(&directory)));
        if let Ok(disk) = rustix::fs::statvfs(&directory) {
            gauge!("wink_store_free_bytes").set(float(disk.f_bavail.saturating_mul(disk.f_frsize)));
        }
        if let Some(bytes) = resident() {
            gauge!("process_resident_memory_bytes").set(float(bytes));
        }
        if let Ok(open) = fs::read_dir("/proc/self/fd") {
            gauge!("process_open_fds").set(float(u64::try_from(open.count()).unwrap_or(0)));
        }
    })
}

/// Reads how much memory the process has, where the system tells.
fn resident() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes << 10)
}

/// A count as a metric has it. Exact up to 2^53, far above any disk.
#[expect(clippy::cast_precision_loss, reason = "a metric is a float, and what is measured fits one")]
fn float(number: u64) -> f64 {
    number as f64
}

//! Ctrl-C: long work stops between two commits, so nothing is lost and nothing is half done.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

static ASKED: AtomicBool = AtomicBool::new(false);

/// From here on Ctrl-C asks long work to stop instead of ending the process.
pub(crate) fn listen() -> anyhow::Result<()> {
    ctrlc::set_handler(|| ASKED.store(true, Ordering::SeqCst))?;
    Ok(())
}

/// Tells whether somebody asked to stop.
pub(crate) fn asked() -> bool {
    ASKED.load(Ordering::SeqCst)
}

/// Nobody notices that a wait ends this much later.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Waits until somebody asks to stop.
pub(crate) async fn when_asked() {
    while !asked() {
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

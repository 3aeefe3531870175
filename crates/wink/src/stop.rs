//! Ctrl-C: long work stops between two commits, so nothing is lost and nothing is half done.

use std::sync::atomic::{AtomicBool, Ordering};

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

//! What people see: errors in one sentence, progress on standard error, tables, JSON.

use std::io::{ErrorKind, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use comfy_table::{ContentArrangement, LineStyle, Table, TableStyle};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

/// Prints a line on standard output, like `println!`, but ends quietly when nobody reads any more, as in `wink explain … | head`.
macro_rules! say {
    ($($text:tt)*) => { $crate::terminal::print_line(format_args!($($text)*)) };
}
pub(crate) use say;

/// Whether it is known already that the command ends with a fault, whatever becomes of the lines that tell of it.
static FAULTY: AtomicBool = AtomicBool::new(false);

/// Passes on whether all is well, and remembers if not: a reader who goes away early, as `| head` does, must not turn it into success.
pub(crate) fn verdict(is_well: bool) -> bool {
    FAULTY.fetch_or(!is_well, Ordering::Relaxed);
    is_well
}

/// Prints a line; see [`say!`]. Everything that was committed is on disk, so ending here loses nothing. If nobody reads any more, the command
/// ends quietly with the code that is decided; if the line cannot be written for another reason, as on a full disk, it fails and says so.
pub(crate) fn print_line(line: std::fmt::Arguments<'_>) {
    let Err(error) = writeln!(std::io::stdout(), "{line}") else { return };
    if error.kind() == ErrorKind::BrokenPipe {
        std::process::exit(i32::from(FAULTY.load(Ordering::Relaxed)));
    }
    complain(&anyhow::Error::new(error).context("standard output cannot be written"));
    std::process::exit(1);
}

/// Starts a table: a line under the header, and otherwise only columns.
pub(crate) fn table() -> Table {
    let line = LineStyle::none().fill('─').junction('─');
    let mut table = Table::new();
    table.load_style(TableStyle::new().header_separator(line));
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table
}

/// Says what is wrong, with its causes, in one line.
pub(crate) fn complain(error: &anyhow::Error) {
    let causes: Vec<String> = error.chain().map(ToString::to_string).collect();
    // If nobody can be told either, the exit code still tells.
    let _written = writeln!(std::io::stderr(), "wink: {}", causes.join(": "));
}

/// Says beside a result, on standard error, what has to be known of it.
pub(crate) fn note(words: &str) {
    let _written = writeln!(std::io::stderr(), "wink: {words}");
}

/// Prints a value as JSON.
pub(crate) fn json(value: &impl Serialize) -> anyhow::Result<()> {
    say!("{}", serde_json::to_string_pretty(value)?);
    Ok(())
}

/// Shows progress on standard error, if that is a terminal and people rather than programs read along.
pub(crate) fn progress(length: u64, what: &'static str, quiet: bool) -> ProgressBar {
    let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
    let bar = ProgressBar::with_draw_target(Some(length), target);
    let style = "{msg:<32} {bar:30} {human_pos:>9} of {human_len} {elapsed}";
    if let Ok(style) = ProgressStyle::with_template(style) {
        bar.set_style(style);
    }
    bar.set_message(what);
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

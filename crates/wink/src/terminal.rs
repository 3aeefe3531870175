//! What people see: errors in one sentence, progress on standard error, tables, JSON.

use std::io::Write;
use std::time::Duration;

use comfy_table::{ContentArrangement, LineStyle, Table, TableStyle};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

/// Prints a line on standard output, like `println!`, but ends quietly when nobody reads any more, as in `wink explain … | head`.
macro_rules! say {
    ($($text:tt)*) => { $crate::terminal::print_line(format_args!($($text)*)) };
}
pub(crate) use say;

/// Prints a line; see [`say!`]. Everything that was committed is on disk, so ending here loses nothing.
pub(crate) fn print_line(line: std::fmt::Arguments<'_>) {
    if writeln!(std::io::stdout(), "{line}").is_err() {
        std::process::exit(0);
    }
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
    eprintln!("wink: {}", causes.join(": "));
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

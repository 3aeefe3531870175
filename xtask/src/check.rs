//! `cargo xtask check`: the quick gate. It changes nothing; it holds no logic that a developer cannot call alone.

use anyhow::Result;

use crate::args::Args;
use crate::{licences, shell, tidy};

/// Runs every check, the cheap ones first, and stops at the first that fails.
///
/// # Errors
/// Fails with the first check that does.
pub(crate) fn run(_: &Args) -> Result<()> {
    shell::run(&mut shell::cargo(["fmt", "--all", "--check"]))?;
    licences::check()?;
    // The fuzz targets have a lock file of their own, which falls behind whenever a crate they use takes in another.
    shell::run(&mut shell::cargo(["fetch", "--quiet", "--locked", "--manifest-path", "fuzz/Cargo.toml"]))?;
    shell::run(&mut shell::cargo([
        "clippy",
        "--workspace",
        "--all-targets",
        "--locked",
        "--",
        "-D",
        "warnings",
    ]))?;
    // What is off by default is compiled too. Its test is run by name: see CONTRIBUTING.md.
    let with_traces = ["clippy", "-p", "wink", "--features", "otel", "--all-targets", "--locked"];
    shell::run(shell::cargo(with_traces).args(["--", "-D", "warnings"]))?;
    shell::run(
        shell::cargo(["doc", "--workspace", "--no-deps", "--locked"]).env("RUSTDOCFLAGS", "-D warnings"),
    )?;
    tidy::check()?;
    println!("\ncheck: all is well");
    Ok(())
}

//! `cargo xtask fuzz`: builds the targets in `fuzz/` with libFuzzer's instrumentation and runs each for a while.
//!
//! The instrumentation is two stable code generation flags, so neither a nightly compiler nor cargo-fuzz is needed. What a target
//! finds is kept in the target directory, and printed with the call that shows it again.

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};

use crate::args::Args;
use crate::shell;

/// The targets, as in `fuzz/Cargo.toml`.
const TARGETS: [&str; 5] = ["event", "batch", "expression", "catalogue", "record"];

/// Seconds per target, if nobody says otherwise: as long as continuous integration has.
const SECONDS: &str = "20";

/// What marks the edges a run takes, for libFuzzer to steer by.
const INSTRUMENTED: [&str; 8] = [
    "--cfg=fuzzing",
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Ccodegen-units=1",
    "-Cdebuginfo=line-tables-only",
];

/// Runs the targets named, or all.
///
/// # Errors
/// Fails if they do not build, or if one finds something.
pub(crate) fn run(args: &Args) -> Result<()> {
    if let Some(unknown) = args.words.iter().find(|word| !TARGETS.contains(&word.as_str())) {
        bail!("there is no fuzz target `{unknown}`; there are {}", TARGETS.join(", "));
    }
    let host = host()?;
    let directory = shell::target_directory()?.join("fuzz");
    let mut build = shell::cargo(["build", "--release", "--locked", "--manifest-path", "fuzz/Cargo.toml"]);
    build.args(["--target", &host]).arg("--target-dir").arg(&directory);
    // Separated by a character no flag contains, because one may hold a blank.
    shell::run(build.env("CARGO_ENCODED_RUSTFLAGS", INSTRUMENTED.join("\u{1f}")))?;
    let seconds = args.value("--seconds").unwrap_or(SECONDS);
    for target in TARGETS {
        if args.words.is_empty() || args.words.iter().any(|word| word == target) {
            fuzz(target, seconds, &directory, &host)?;
        }
    }
    Ok(())
}

fn fuzz(target: &str, seconds: &str, directory: &std::path::Path, host: &str) -> Result<()> {
    let found = directory.join("found");
    let corpus = directory.join("corpus").join(target);
    for needed in [&found, &corpus] {
        std::fs::create_dir_all(needed).with_context(|| format!("making {}", needed.display()))?;
    }
    let binary: PathBuf = directory.join(host).join("release").join(shell::executable(target));
    let mut call = shell::program(binary, []);
    call.arg(&corpus);
    let seeds = shell::root().join("fuzz").join("seeds").join(target);
    if seeds.is_dir() {
        call.arg(seeds);
    }
    call.arg(format!("-max_total_time={seconds}"));
    call.arg(format!("-artifact_prefix={}/{target}-", found.display()));
    // An answer takes milliseconds: a second is a hang. And nothing here is allowed more memory than a request.
    call.args(["-timeout=1", "-rss_limit_mb=512", "-max_len=4096", "-print_final_stats=1"]);
    shell::run(&mut call).with_context(|| format!("the target `{target}` found something"))
}

/// The machine's own target: naming it keeps the flags away from build scripts.
fn host() -> Result<String> {
    let told = shell::output(shell::program("rustc", ["-vV"]).env_remove("RUSTFLAGS"))?;
    let host = told.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc does not say for which machine it builds")?.to_owned())
}

//! `cargo xtask fuzz`: builds the targets in `fuzz/` with libFuzzer's instrumentation and runs each for a while.
//!
//! The instrumentation is a few code generation flags of the compiler the project is built with anyway, so neither another compiler
//! nor cargo-fuzz is needed. What a target finds is kept in the target directory, and the failure names the call that shows it again.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::args::Args;
use crate::shell;

mod seeds;

/// The targets, as in `fuzz/Cargo.toml`.
const TARGETS: [&str; 7] = ["event", "batch", "expression", "catalogue", "code", "record", "tcf"];

/// Time per target, if nobody says otherwise: as long as continuous integration has.
const QUICK: Duration = Duration::from_secs(20);

/// What marks the edges a run takes and the numbers it compares, for libFuzzer to steer by. No address sanitizer: the project's own
/// code has no `unsafe`, and the sanitizer would need a nightly compiler.
const INSTRUMENTED: [&str; 6] = [
    "--cfg=fuzzing",
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
];

/// What no input may exceed: an answer takes milliseconds, so a second is a hang. The targets are instrumented and share the machine, so it is
/// four by the clock. Nothing here is allowed more memory than a request with all its limits used. Longer inputs than these find nothing
/// that shorter ones do not, only later.
const LIMITS: [&str; 3] = ["-timeout=4", "-rss_limit_mb=512", "-max_len=4096"];

/// Runs the targets named, or all; or one of them on one input.
///
/// # Errors
/// Fails if they do not build, or if one finds something.
pub(crate) fn run(args: &Args) -> Result<()> {
    if let Some(unknown) = args.words.iter().find(|word| !TARGETS.contains(&word.as_str())) {
        bail!("there is no fuzz target `{unknown}`; there are {}", TARGETS.join(", "));
    }
    if let Some(input) = args.value("--input") {
        let [target] = args.words.as_slice() else { bail!("`--input` needs one target") };
        let input = std::path::absolute(input).with_context(|| format!("`{input}` is no path"))?;
        return shell::run(Built::build()?.call(target).arg(input));
    }
    let each = match args.value("--seconds") {
        Some(seconds) => Duration::from_secs(seconds.parse().context("`--seconds` is not a whole number")?),
        None => QUICK,
    };
    let wanted = |target: &&str| args.words.is_empty() || args.words.iter().any(|word| word == target);
    targets(TARGETS.into_iter().filter(wanted).collect(), each)
}

/// Runs every target as long as continuous integration does.
///
/// # Errors
/// As [`run`].
pub(crate) fn quick() -> Result<()> {
    targets(TARGETS.to_vec(), QUICK)
}

/// Runs every target, for as long as lets all of them end within `time`.
///
/// # Errors
/// As [`run`].
pub(crate) fn within(time: Duration) -> Result<()> {
    let turns = TARGETS.len().div_ceil(workers(TARGETS.len()));
    targets(TARGETS.to_vec(), time / u32::try_from(turns)?)
}

/// How many targets run at a time: one per processor.
fn workers(targets: usize) -> usize {
    std::thread::available_parallelism().map_or(1, usize::from).min(targets)
}

/// Runs targets for `each`.
fn targets(targets: Vec<&'static str>, each: Duration) -> Result<()> {
    let built = Built::build()?;
    let workers = workers(targets.len());
    println!("\nfuzzing {} for {} s each, {workers} at a time", targets.join(", "), each.as_secs());
    let waiting = Mutex::new(targets.into_iter());
    let next = || waiting.lock().ok().and_then(|mut waiting| waiting.next());
    let work = || -> Result<()> {
        while let Some(target) = next() {
            built.fuzz(target, each)?;
        }
        Ok(())
    };
    let outcomes: Vec<Result<()>> = std::thread::scope(|scope| {
        let running: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        running.into_iter().filter_map(|worker| worker.join().ok()).collect()
    });
    outcomes.into_iter().collect()
}

/// The targets, built.
struct Built {
    /// Where they were built, and where what they find is kept.
    directory: PathBuf,
    /// Where the programs lie in it.
    programs: PathBuf,
}

impl Built {
    fn build() -> Result<Self> {
        let begun = Instant::now();
        let host = host()?;
        let directory = shell::target_directory()?.join("fuzz");
        let mut build = shell::cargo(["build", "--locked", "--bins", "--manifest-path", "fuzz/Cargo.toml"]);
        build.args(["--target", &host]).arg("--target-dir").arg(&directory).env("CARGO_INCREMENTAL", "0");
        // Separated by a character no flag contains, because one may hold a blank.
        shell::run(build.env("CARGO_ENCODED_RUSTFLAGS", INSTRUMENTED.join("\u{1f}")))?;
        println!("the fuzz targets were built in {} s", begun.elapsed().as_secs());
        let programs = directory.join(host).join("debug");
        Ok(Self { directory, programs })
    }

    /// A call of a target under its limits.
    fn call(&self, target: &str) -> Command {
        let mut call = shell::program(self.programs.join(shell::executable(target)), []);
        call.args(LIMITS);
        call
    }

    /// Runs a target on its seeds and what earlier runs kept, and tells how much it did.
    fn fuzz(&self, target: &str, time: Duration) -> Result<()> {
        let [corpus, found, seeds] =
            ["corpus", "found", "seeds"].map(|name| self.directory.join(name).join(target));
        for needed in [&corpus, &found] {
            fs::create_dir_all(needed).with_context(|| format!("cannot make {}", needed.display()))?;
        }
        seeds::write(target, &seeds)?;
        let examples = shell::root().join("fuzz").join("seeds").join(target);
        let told = found.join("log");
        let log = fs::File::create(&told).with_context(|| format!("cannot write {}", told.display()))?;
        let mut call = self.call(target);
        call.arg(format!("-max_total_time={}", time.as_secs()));
        call.arg(format!("-artifact_prefix={}/", found.display()));
        call.arg("-print_final_stats=1").arg(&corpus).arg(&seeds);
        call.args(Some(examples).filter(|examples| examples.is_dir()));
        call.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let status = call.status().with_context(|| format!("cannot start the target `{target}`"))?;
        let told = String::from_utf8_lossy(&fs::read(&told)?).into_owned();
        match (status.success(), artifact(&told)) {
            (true, _) => println!("{target}: {}", summary(&told)?),
            (false, Some(input)) => bail!(
                "the target `{target}` found something:\n{}\n\nshow it again with `cargo xtask fuzz {target} --input {input}`",
                end(&told)
            ),
            (false, None) => bail!("the target `{target}` failed ({status}):\n{}", end(&told)),
        }
        Ok(())
    }
}

/// How much a target did, out of libFuzzer's own words. It must have done something: a target that runs no input finds nothing.
fn summary(told: &str) -> Result<String> {
    let number = |name: &str| {
        let line = told.lines().find_map(|line| line.strip_prefix(&format!("stat::{name}:")))?;
        line.trim().parse::<u64>().ok()
    };
    let inputs = number("number_of_executed_units").context("libFuzzer does not tell how much it did")?;
    let edges = told.lines().rev().find_map(|line| line.split_once(" cov: ")?.1.split(' ').next());
    let edges: u64 = edges.and_then(|edges| edges.parse().ok()).unwrap_or(0);
    if inputs < INPUTS_MIN || edges == 0 {
        bail!("only {inputs} inputs were run and {edges} edges taken:\n{}", end(told));
    }
    let per_second = number("average_exec_per_sec").unwrap_or(0);
    Ok(format!("{inputs} inputs, {per_second} a second; {edges} edges taken, nothing found"))
}

/// Fewer inputs than this in any run are a sign that something is wrong with it.
const INPUTS_MIN: u64 = 100;

/// Where libFuzzer says it wrote the input that it stopped at.
fn artifact(told: &str) -> Option<&str> {
    told.lines().find_map(|line| line.split_once("Test unit written to ")).map(|(_, path)| path.trim())
}

/// The last lines, where what went wrong stands.
fn end(told: &str) -> String {
    let lines: Vec<&str> = told.lines().collect();
    lines.get(lines.len().saturating_sub(40)..).unwrap_or_default().join("\n")
}

/// The machine's own target: naming it keeps the flags away from build scripts and macros.
fn host() -> Result<String> {
    let told = shell::output(shell::program("rustc", ["-vV"]).env_remove("RUSTFLAGS"))?;
    let host = told.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc does not say for which machine it builds")?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOLD: &str = "#2\tINITED cov: 700 ft: 900 corp: 1/1b\n#4096\tpulse  cov: 712 ft: 990 corp: 9/1Kb\n\
        stat::number_of_executed_units: 81920\nstat::average_exec_per_sec:     4096\n";

    #[test]
    fn tells_how_much_was_done() {
        let told = summary(TOLD).unwrap();
        assert_eq!(told, "81920 inputs, 4096 a second; 712 edges taken, nothing found");
    }

    #[test]
    fn a_run_that_did_nothing_is_no_success() {
        assert!(summary(&TOLD.replace("81920", "12")).is_err());
        assert!(summary("").is_err());
    }

    #[test]
    fn finds_the_input_that_stopped_it() {
        let told = "artifact_prefix='/t/'; Test unit written to /t/crash-0a1b\nBase64: AA==\n";
        assert_eq!(artifact(told), Some("/t/crash-0a1b"));
    }
}

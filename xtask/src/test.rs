//! `cargo xtask test`: installs what the tests need, fetches their data, runs all of them.
//!
//! Nothing is skipped in silence: what does not run is left out here, by name, and said.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::args::Args;
use crate::{clients, data, fuzz, promtool, shell};

/// The version of cargo-nextest the project is tested with, installed where none is there.
const NEXTEST_VERSION: &str = "0.9.143";

/// Programs the tests call, each with how to see that it is there, its Debian package, and who needs it.
const PROGRAMS: &[(&str, &[&str], &str, &str)] = &[
    ("strace", &["-V"], "strace", "the crash tests, to see that every acknowledged write was synced"),
    ("python3", &["-m", "pip", "--version"], "python3-pip", "`cargo xtask data`, to fetch the sample data"),
    (
        "python3",
        &["-m", "venv", "--help"],
        "python3-venv",
        "`cargo xtask clients`, to keep the Python clients apart",
    ),
    ("c++", &["--version"], "g++", "`cargo xtask fuzz`, to build libFuzzer"),
    ("node", &["--version"], "nodejs", "the tests that send with real JavaScript clients"),
    ("npm", &["--version"], "npm", "`cargo xtask clients`, to fetch the JavaScript clients"),
    ("zbarimg", &["--version"], "zbar-tools", "the tests of QR codes and bars, to read them as scanners do"),
    ("chromium", &["--version"], "chromium", "the tests of the tag and of the demo page, in a real browser"),
];

/// Runs the tests.
///
/// # Errors
/// Fails if something they need is missing and cannot be installed, or if a test does.
pub(crate) fn run(args: &Args) -> Result<()> {
    install_programs()?;
    let nextest = has_nextest();
    let environment = Environment::prepare(args.has("--reference"))?;
    if !args.has("--reference") {
        println!(
            "\ntests named reference_* and fuzzing are left out: they need `cargo xtask test --reference`"
        );
    }
    // The doc tests and the fuzz targets come first: they are few, and the list of all tests then ends the output.
    if args.words.is_empty() {
        shell::run(environment.apply(&mut shell::cargo(["test", "--doc", "--workspace", "--locked"])))?;
        if args.has("--reference") {
            fuzz::quick()?;
        }
    }
    let mut tests = if nextest { nextest_call(args) } else { cargo_test_call(args) };
    shell::run(environment.apply(&mut tests))
}

/// What the tests find in their environment.
pub(crate) struct Environment {
    /// `WINK_TEST_DATA`: the directory of `cargo xtask data`.
    test_data: PathBuf,
    /// `WINK_TEST_CLIENTS`: the directory of `cargo xtask clients`.
    test_clients: PathBuf,
    /// `WINK_BIN`: the binary, built once.
    binary: PathBuf,
    /// `WINK_PROMTOOL`: Prometheus's own check of metrics.
    promtool: PathBuf,
    /// `WINK_REFERENCE_DATA`: the data sets no package carries.
    reference_data: Option<PathBuf>,
}

impl Environment {
    /// Fetches the data and the clients and builds the binary.
    ///
    /// # Errors
    /// Fails if either does, or if the reference data is asked for and not there.
    pub(crate) fn prepare(reference: bool) -> Result<Environment> {
        let reference_data = if reference { Some(reference_data()?) } else { None };
        let test_data = data::fetch()?;
        let test_clients = clients::fetch()?;
        let promtool = promtool::fetch()?;
        let binary = shell::wink_binary()?;
        Ok(Environment { test_data, test_clients, binary, promtool, reference_data })
    }

    /// Puts it into the environment of a call.
    pub(crate) fn apply<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command.env("WINK_TEST_DATA", &self.test_data).env("WINK_BIN", &self.binary);
        command.env("WINK_TEST_CLIENTS", &self.test_clients).env("WINK_PROMTOOL", &self.promtool);
        match &self.reference_data {
            Some(path) => command.env("WINK_REFERENCE_DATA", path),
            None => command.env_remove("WINK_REFERENCE_DATA"),
        }
    }
}

/// The directory with the data sets that no package carries.
///
/// # Errors
/// Fails if it is not there.
pub(crate) fn reference_data() -> Result<PathBuf> {
    let path = match std::env::var_os("WINK_REFERENCE_DATA") {
        Some(given) => PathBuf::from(given),
        None => shell::root().join("..").join("shared").join("data"),
    };
    path.canonicalize().with_context(|| {
        format!(
            "`--reference` needs the data sets that no package carries in {} (or in the directory WINK_REFERENCE_DATA \
             names); `cargo xtask test` without it runs everything else",
            path.display()
        )
    })
}

fn nextest_call(args: &Args) -> Command {
    let mut call = shell::cargo(["nextest", "run", "--workspace", "--locked"]);
    if !args.has("--reference") {
        call.args(["-E", "not test(/(^|::)reference_/)"]);
    }
    call.args(&args.words);
    call
}

/// The fall-back without nextest: the same tests, one after the other, as its serial groups are unknown to `cargo test`.
fn cargo_test_call(args: &Args) -> Command {
    let mut call = shell::cargo(["test", "--workspace", "--all-targets", "--locked", "--"]);
    call.arg("--test-threads=1");
    if !args.has("--reference") {
        call.args(["--skip", "reference_"]);
    }
    call.args(&args.words);
    call
}

fn has_nextest() -> bool {
    let present = |()| shell::succeeds(&mut shell::cargo(["nextest", "--version"]));
    if present(()) {
        return true;
    }
    println!("\ncargo-nextest is not installed; installing it once (some minutes)");
    let installed =
        shell::run(&mut shell::cargo(["install", "cargo-nextest", "--locked", "--version", NEXTEST_VERSION]));
    match installed {
        Ok(()) if present(()) => true,
        _ => {
            println!(
                "cargo-nextest could not be installed: the tests run with `cargo test`, one after the other"
            );
            false
        }
    }
}

fn install_programs() -> Result<()> {
    let is_missing = |(program, probe, ..): &&(&str, &[&str], &str, &str)| {
        !shell::succeeds(shell::program(program, []).args(*probe))
    };
    let missing: Vec<_> = PROGRAMS.iter().filter(is_missing).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let packages: Vec<&str> = missing.iter().map(|(_, _, package, _)| *package).collect();
    if may_install()? {
        println!("\ninstalling {}", packages.join(", "));
        shell::run(&mut shell::program("apt-get", ["update", "-q"]))?;
        let mut install = shell::program("apt-get", ["install", "-y", "-q", "--no-install-recommends"]);
        shell::run(install.args(&packages).env("DEBIAN_FRONTEND", "noninteractive"))?;
        if let Some((program, ..)) = missing.iter().find(|entry| is_missing(entry)) {
            bail!("`{program}` is still missing after the installation");
        }
        return Ok(());
    }
    let list: Vec<String> = missing
        .iter()
        .map(|(program, _, package, why)| format!("  {program} (package {package}): for {why}"))
        .collect();
    bail!(
        "the tests need programs that are not installed:\n{}\non Debian: `sudo apt-get install {}`; elsewhere the \
         package of that name. This command installs them itself only on Debian and as root",
        list.join("\n"),
        packages.join(" ")
    );
}

/// Only root on a Debian system is changed without asking.
fn may_install() -> Result<bool> {
    if !shell::succeeds(&mut shell::program("apt-get", ["--version"])) {
        return Ok(false);
    }
    Ok(shell::output(&mut shell::program("id", ["-u"]))?.trim() == "0")
}

//! `cargo xtask clients`: the real clients of others that Wink is tested with, and what builds and tests the tag, fetched by package name
//! in exact versions.
//!
//! What is fetched is written down in `crates/wink/tests/clients` and in `web`, with a hash of every file: npm's lock files and pip's list of
//! requirements. It goes into `wink/clients` beside the data sets, in a folder named after a hash of those lists, so that another
//! version is another folder. A folder is made beside its place and renamed when it is whole.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::args::Args;
use crate::{data, shell};

/// What npm fetches.
const NODE_LISTS: [&str; 2] = ["package.json", "package-lock.json"];

/// What pip fetches.
const PYTHON_LIST: &str = "requirements.txt";

/// Fetches what is missing and prints the directory.
///
/// # Errors
/// Fails if the clients can neither be found nor fetched.
pub(crate) fn run(_: &Args) -> Result<()> {
    println!("{}", fetch()?.display());
    Ok(())
}

/// Makes sure the clients are there and gives back their directory: `node/node_modules`, `web/node_modules` and `python/bin/python` lie in
/// it.
///
/// # Errors
/// As [`run`].
pub(crate) fn fetch() -> Result<PathBuf> {
    let lists = shell::root().join("crates").join("wink").join("tests").join("clients");
    let web = shell::root().join("web");
    let of_node = [&lists, &web].into_iter().flat_map(|folder| NODE_LISTS.map(|name| folder.join(name)));
    let paths: Vec<PathBuf> = of_node.chain([lists.join(PYTHON_LIST)]).collect();
    let directory = data::directory()?.with_file_name("clients");
    let version: String = data::digests(&paths)?.concat().chars().step_by(8).collect();
    let place = directory.join(version);
    if place.is_dir() {
        println!("clients: up to date");
        return Ok(place);
    }
    println!("clients: fetching them with npm and pip");
    let fresh = directory.join(format!(".{}", std::process::id()));
    // A bundler comes as one package for each system, all of them optional.
    let outcome = fetch_node(&lists, &fresh.join("node"), &["--omit=optional"])
        .and_then(|()| fetch_node(&web, &fresh.join("web"), &[]))
        .and_then(|()| fetch_python(&lists, &fresh.join("python")));
    if let Err(error) = outcome {
        fs::remove_dir_all(&fresh).with_context(|| format!("cannot remove {}", fresh.display()))?;
        return Err(error);
    }
    fs::rename(&fresh, &place).with_context(|| format!("cannot rename to {}", place.display()))?;
    Ok(place)
}

/// Installs what the lock file says, each file checked by its hash; no script of a package runs. Not `npm ci`: that refuses a lock file
/// which leaves out optional packages for other systems, and a mirror may not have those.
fn fetch_node(lists: &Path, into: &Path, flags: &[&str]) -> Result<()> {
    fs::create_dir_all(into).with_context(|| format!("cannot write to {}", into.display()))?;
    for name in NODE_LISTS {
        fs::copy(lists.join(name), into.join(name)).with_context(|| format!("cannot copy {name}"))?;
    }
    let mut npm =
        shell::program("npm", ["install", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund"]);
    shell::run(npm.args(flags).current_dir(into)).context(OFFLINE)
}

/// Installs exactly what the list says. The virtual environment is moved afterwards, so it is only ever called by its `python`.
fn fetch_python(lists: &Path, into: &Path) -> Result<()> {
    shell::run(shell::program("python3", ["-m", "venv"]).arg(into))
        .context("python3 cannot make a virtual environment: `apt-get install python3-venv` on Debian")?;
    let python = into.join("bin").join("python");
    if !python.is_file() {
        bail!("{} is missing; the clients are fetched on Unix only", python.display());
    }
    let mut pip =
        shell::program(python, ["-m", "pip", "install", "--quiet", "--require-hashes", "--no-deps", "-r"]);
    shell::run(pip.arg(lists.join(PYTHON_LIST))).context(OFFLINE)
}

const OFFLINE: &str = "could not fetch the clients. Is this machine offline? Then copy `wink/clients` in the cache directory from a \
     machine that has run `cargo xtask clients`";

//! The Python that the others run in: a virtual environment for each list of packages.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use super::rows;
use crate::{data, shell};

/// Scripts and lists of packages, beside this file.
const SCRIPTS: &str = "xtask/src/compare";

/// Makes sure that the packages of a list are installed, and gives back a Python that has them. An environment is named after a hash of its
/// list, so that other versions are another environment; one that did not come to its end is made anew.
///
/// # Errors
/// Fails if a package cannot be fetched or does not install.
pub(super) fn with(list: &str) -> Result<PathBuf> {
    let list = shell::root().join(SCRIPTS).join(list);
    let version: String = data::digests(std::slice::from_ref(&list))?.concat().chars().take(16).collect();
    let place = shell::target_directory()?.join("compare").join(format!("python-{version}"));
    let (python, is_whole) = (place.join("bin").join("python"), place.join("whole"));
    if !is_whole.is_file() {
        eprintln!("installing the packages of {}", list.display());
        shell::run(shell::program("python3", ["-m", "venv", "--clear"]).arg(&place))?;
        shell::run(shell::program(&python, ["-m", "pip", "install", "--quiet", "-r"]).arg(&list))
            .context("could not install the packages to compare with")?;
        std::fs::write(is_whole, "")?;
    }
    Ok(python)
}

/// Runs a script and reads the rows it prints; what it says on standard error goes to the terminal. A script that found a difference
/// ends with 1, and its rows say so.
///
/// # Errors
/// Fails if the script does not come to its end.
pub(super) fn script(python: &Path, name: &str, arguments: &[&str]) -> Result<Vec<serde_json::Value>> {
    let mut call = Command::new(python);
    call.arg(shell::root().join(SCRIPTS).join(name)).args(arguments).env("PYTHONDONTWRITEBYTECODE", "1");
    // Threads that wait for each other cost processor time that computes nothing.
    call.envs([("OMP_NUM_THREADS", "1"), ("OPENBLAS_NUM_THREADS", "1")]);
    let done = call.stdin(Stdio::null()).stderr(Stdio::inherit()).output()?;
    if !matches!(done.status.code(), Some(0 | 1)) || done.stdout.is_empty() {
        bail!("`{name}` failed ({})", done.status);
    }
    rows(&String::from_utf8_lossy(&done.stdout))
}

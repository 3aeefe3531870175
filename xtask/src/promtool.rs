//! `promtool`, which reads the metrics as Prometheus does: taken out of Debian's package, without installing or starting anything.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};

use crate::{data, shell};

/// Debian's package that carries it.
const PACKAGE: &str = "prometheus";

/// Finds promtool: on the path, or kept beside the data, or fetched.
///
/// # Errors
/// Fails if it is nowhere and cannot be fetched: the test of the metrics needs it.
pub(crate) fn fetch() -> Result<PathBuf> {
    if shell::succeeds(&mut shell::program("promtool", ["--version"])) {
        return Ok(PathBuf::from("promtool"));
    }
    let place = data::directory()?.join("promtool");
    let program = place.join("usr/bin/promtool");
    if shell::succeeds(&mut shell::program(&program, ["--version"])) {
        return Ok(program);
    }
    println!("\nfetching promtool (Debian's package {PACKAGE}, 19 MB, unpacked and not installed)");
    let unfinished = place.with_extension("unfinished");
    if unfinished.exists() {
        fs::remove_dir_all(&unfinished)?;
    }
    fs::create_dir_all(&unfinished)?;
    let missing = "promtool is missing: install the package of Prometheus, or put promtool on the path";
    shell::run(shell::program("apt-get", ["download", "-q", PACKAGE]).current_dir(&unfinished))
        .context(missing)?;
    let package = fs::read_dir(&unfinished)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.extension().is_some_and(|extension| extension == "deb"))
        .context(missing)?;
    shell::run(shell::program("dpkg", ["-x"]).arg(&package).arg(&unfinished)).context(missing)?;
    fs::remove_file(&package)?;
    if place.exists() {
        fs::remove_dir_all(&place)?;
    }
    fs::rename(&unfinished, &place)?;
    if !shell::succeeds(&mut shell::program(&program, ["--version"])) {
        bail!("{missing}: `{}` does not run", program.display());
    }
    Ok(program)
}

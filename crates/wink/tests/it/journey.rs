//! The Complete Journey, a year of 2,469 households at a grocer: where it lies, and importing it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::wink::{self, Said};

/// The directory of the data. It has to be there: a test that does not run proves nothing.
pub(crate) fn directory() -> PathBuf {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let cache = || set("XDG_CACHE_HOME").or_else(|| Some(set("HOME")?.join(".cache")));
    let all = set("WINK_TEST_DATA").or_else(|| Some(cache()?.join("wink").join("data")));
    let directory = all.unwrap_or_default().join("completejourney");
    let there = directory.join("transactions.parquet").is_file();
    assert!(there, "`{}` does not hold the data; run `cargo xtask data`", directory.display());
    directory
}

/// An import into `store` with these options, and the summary as JSON.
pub(crate) fn import(store: &Path, options: &[&str]) -> Command {
    let mut call = wink::call(["import", "completejourney", "--json"]);
    call.arg(directory()).arg("--data").arg(store).args(options);
    call
}

/// Imports to the end; gives back the summary.
pub(crate) fn imported(store: &Path, options: &[&str]) -> Value {
    let output = import(store, options).output().unwrap();
    let (out, err) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    let summary = Said { code: output.status.code(), out, err }.fine().json();
    assert_eq!(summary["finished"], true, "{summary}");
    let balance = &summary["balance"];
    let count = |name: &str| balance[name].as_i64().unwrap();
    assert_eq!(
        count("received"),
        count("accepted") + count("duplicate") + count("dead") + count("refused"),
        "{balance}"
    );
    summary
}

/// A summary without what a repeat changes: how long it took, and how many messages came once more.
pub(crate) fn settled(mut summary: Value) -> Value {
    summary.as_object_mut().unwrap().remove("timing").unwrap();
    let balance = summary["balance"].as_object_mut().unwrap();
    balance.remove("received").unwrap();
    balance.remove("duplicate").unwrap();
    summary
}

/// Every stored decision is made again and comes out the same to the byte.
pub(crate) fn replayed(store: &Path) -> Value {
    let answer = wink::run(["replay", "--verify", "--json", "--data", store.to_str().unwrap()]).fine().json();
    assert_eq!(answer["same"], answer["decisions"], "{answer}");
    assert_eq!(answer["different"], Value::Array(Vec::new()), "{answer}");
    answer
}

/// A copy of the data of which a test may spoil a file.
pub(crate) fn copy(to: &Path) {
    for file in fs::read_dir(directory()).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}

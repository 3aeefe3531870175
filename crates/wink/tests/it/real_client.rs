//! The real clients of others, each run as a program of its own by a script in `tests/clients`.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

/// Runs a script with its client; the answer is what the script reports.
pub(crate) fn run(script: &str, arguments: &[&str]) -> Value {
    let mut call = call(script);
    let output = call.args(arguments).output().unwrap_or_else(|error| panic!("{call:?}: {error}"));
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{script} failed: {err}");
    serde_json::from_str(&out).unwrap_or_else(|error| panic!("{script}: {error}: {out}{err}"))
}

fn call(script: &str) -> Command {
    let mut call = match script.ends_with(".mjs") {
        true => Command::new("node"),
        false => python(),
    };
    call.arg(scripts().join(script)).env("WINK_TEST_CLIENTS", clients()).stdin(Stdio::null());
    call
}

/// Python with the clients; it finds the modules beside the scripts.
pub(crate) fn python() -> Command {
    let mut call = Command::new(clients().join("python").join("bin").join("python"));
    call.env("PYTHONDONTWRITEBYTECODE", "1").env("PYTHONPATH", scripts()).stdin(Stdio::null());
    call
}

fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join("clients")
}

/// Where the real clients lie, and the tools of the tag beside them.
pub(crate) fn clients() -> PathBuf {
    let missing = "the real clients are missing: `cargo xtask test` fetches them and says where they are";
    PathBuf::from(std::env::var_os("WINK_TEST_CLIENTS").expect(missing))
}

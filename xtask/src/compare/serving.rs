//! Features read over HTTP beside Feast's Python server with its SQLite store: sixty features of one of ten thousand people, by one generator of
//! load in the same rounds.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use super::python;
use crate::args::Args;
use crate::shell;

/// How long the other may take to write its store and to begin, in seconds.
const PATIENCE: u32 = 600;

pub(super) fn run(args: &Args, place: &Path) -> Result<Vec<Value>> {
    let python = python::with("serving.txt")?;
    eprintln!("building Wink as it is released");
    shell::run(&mut shell::cargo(["build", "--release", "--quiet", "--locked", "-p", "wink"]))?;
    let wink = shell::target_directory()?.join("release").join(shell::executable("wink"));
    let directory = place.join("serving");
    if directory.exists() {
        std::fs::remove_dir_all(&directory).context("cannot remove the last run")?;
    }
    std::fs::create_dir_all(&directory)?;
    let other = Feast::start(&python, &directory)?;
    let url = format!("http://127.0.0.1:{}/get-online-features", other.port);
    let mut call = Command::new(wink);
    call.args(["bench", "features", "--json", "--rounds", args.value("--rounds").unwrap_or("5")]);
    let report = shell::output(call.args(["--beside", &url, "--body"]).arg(directory.join("question.json")))?;
    let mut report: Value = serde_json::from_str(&report).context("`wink bench` printed no JSON")?;
    let rows = report.get_mut("benches").and_then(Value::as_array_mut).map(std::mem::take);
    let mut rows = rows.context("`wink bench` measured nothing")?;
    if let Some(name) = rows.last_mut().and_then(|row| row.get_mut("limit_name")) {
        *name = "Feast's Python server".into();
    }
    Ok(rows)
}

/// The other server, while it lives.
struct Feast {
    port: u16,
    server: Child,
}

impl Drop for Feast {
    fn drop(&mut self) {
        let _gone = self.server.kill();
        let _reaped = self.server.wait();
    }
}

impl Feast {
    /// Starts it on a free port, and waits until it answers.
    fn start(python: &Path, directory: &Path) -> Result<Self> {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let script = shell::root().join("xtask/src/compare/serving.py");
        let mut call = Command::new(python);
        call.arg(script).arg(directory).arg(port.to_string()).env("PYTHONDONTWRITEBYTECODE", "1");
        let log = std::fs::File::create(directory.join("server.log"))?;
        let server = call.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).spawn()?;
        let mut other = Self { port, server };
        for _ in 0..PATIENCE {
            if let Some(status) = other.server.try_wait()? {
                bail!("Feast ended ({status}); {} says why", directory.join("server.log").display());
            }
            if TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok() {
                return Ok(other);
            }
            std::thread::sleep(Duration::from_secs(1));
        }
        bail!("Feast does not begin to serve")
    }
}

//! Runs the binary: one command to its end, or a server until it is stopped or killed.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The binary under test.
pub(crate) const WINK: &str = env!("CARGO_BIN_EXE_wink");

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Said {
    /// `None` if a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    /// The standard output as JSON, and nothing beside it.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Insists that the command did what it was asked.
    pub(crate) fn fine(self) -> Self {
        assert_eq!(self.code, Some(0), "{self:?}");
        self
    }
}

/// A call of the binary that does not depend on who calls.
pub(crate) fn call<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Command {
    let mut command = Command::new(WINK);
    command.args(arguments).env_remove("WINK_DATA").stdin(Stdio::null());
    command
}

/// Runs a command to its end.
pub(crate) fn run<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Said {
    let output = call(arguments).output().unwrap();
    Said {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Verifies a store and insists that it is sound.
pub(crate) fn verified(store: &Path) -> serde_json::Value {
    let answer =
        run([OsStr::new("verify"), "--json".as_ref(), "--data".as_ref(), store.as_os_str()]).fine().json();
    assert_eq!(answer["sound"], true, "{answer}");
    answer
}

/// Sends a signal to a process that was started here.
pub(crate) fn signal(child: &Child, name: &str) {
    let status = Command::new("kill").args([format!("-{name}"), child.id().to_string()]).status().unwrap();
    assert!(status.success(), "the process is not there any more");
}

/// A server. Ends with its test, whatever becomes of the test.
pub(crate) struct Server {
    pub(crate) child: Child,
    pub(crate) address: SocketAddr,
    /// From the start of the process until it listens.
    pub(crate) started_in: Duration,
    out: BufReader<std::process::ChildStdout>,
}

impl Server {
    /// Starts `wink serve` on a free port.
    pub(crate) fn start(store: &Path) -> Self {
        Self::start_as(serve(store)).unwrap_or_else(|said| panic!("the server did not start: {said:?}"))
    }

    /// Starts `wink serve` on a free port; everybody who asks needs a key.
    pub(crate) fn start_with_keys(store: &Path) -> Self {
        Self::start_as(serve_with_keys(store))
            .unwrap_or_else(|said| panic!("the server did not start: {said:?}"))
    }

    /// Starts a call that becomes a server, perhaps by way of another program. The error is how it ended instead.
    pub(crate) fn start_as(mut call: Command) -> Result<Self, Said> {
        let begun = Instant::now();
        let mut child = call.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        match line.strip_prefix("listening on http://") {
            Some(address) => {
                let address = address.trim().parse().unwrap();
                Ok(Self { child, address, started_in: begun.elapsed(), out })
            }
            None => Err(end(&mut child, &mut out)),
        }
    }

    /// Kills the process as a power switch would, as far as a process can tell.
    pub(crate) fn kill(mut self) -> Said {
        self.child.kill().unwrap();
        end(&mut self.child, &mut self.out)
    }

    /// Asks the process to stop, and waits.
    pub(crate) fn stop(mut self) -> Said {
        signal(&self.child, "TERM");
        end(&mut self.child, &mut self.out)
    }

    /// Waits for the process to end by itself.
    pub(crate) fn ended(mut self) -> Said {
        end(&mut self.child, &mut self.out)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Gone already, in every test that goes well.
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// `wink serve` on a free port.
pub(crate) fn serve(store: &Path) -> Command {
    let mut call = serve_with_keys(store);
    call.arg("--without-keys");
    call
}

/// `wink serve` on a free port, with keys.
pub(crate) fn serve_with_keys(store: &Path) -> Command {
    serve_at(store, ([127, 0, 0, 1], 0).into())
}

/// `wink serve` at an address, with keys.
pub(crate) fn serve_at(store: &Path, address: SocketAddr) -> Command {
    let listen = address.to_string();
    call([OsStr::new("serve"), "--data".as_ref(), store.as_os_str(), "--listen".as_ref(), listen.as_ref()])
}

fn end(child: &mut Child, out: &mut impl Read) -> Said {
    let (mut said, mut complained) = (String::new(), String::new());
    out.read_to_string(&mut said).unwrap();
    if let Some(mut err) = child.stderr.take() {
        err.read_to_string(&mut complained).unwrap();
    }
    Said { code: child.wait().unwrap().code(), out: said, err: complained }
}

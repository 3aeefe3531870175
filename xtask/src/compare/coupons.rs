//! Redemptions beside PostgreSQL: a transaction written by hand with one hot row for the budget, and a bare compare-and-set of one row. Its
//! settings are those of the package, `fsync` included; what is measured takes turns.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use crate::args::Args;
use crate::shell;

/// The row of `wink bench` that is held against PostgreSQL.
const HOT: &str = "one hot budget";

/// PostgreSQL's clients; more of them only wait for each other's row.
const CLIENTS: &str = "32";

/// How long one measurement of PostgreSQL takes, in seconds.
const LASTING: &str = "5";

/// How often everything is measured.
const ROUNDS: usize = 5;

pub(super) fn run(args: &Args) -> Result<Vec<Value>> {
    let rounds = args.value("--rounds").map_or(Ok(ROUNDS), str::parse)?;
    eprintln!("building Wink as it is released");
    shell::run(&mut shell::cargo(["build", "--release", "--quiet", "--locked", "-p", "wink"]))?;
    let target = shell::target_directory()?;
    let wink = target.join("release").join(shell::executable("wink"));
    let peer = Postgres::start()?;
    let (mut ours, mut written, mut set) = (Vec::new(), Vec::new(), Vec::new());
    for round in 1..=rounds {
        eprintln!("round {round} of {rounds}");
        ours.push(redeemed(&wink)?);
        written.push(peer.transactions("redeem.sql", include_str!("coupons/redeem.sql"))?);
        set.push(peer.transactions("compare_and_set.sql", include_str!("coupons/compare_and_set.sql"))?);
    }
    let ours = median(ours);
    let row = |limit_name: &str, limit: f64, least: f64| {
        json!({
            "name": "redemptions over HTTP from one hot budget",
            "value": ours,
            "unit": "redemptions/s",
            "limit_name": limit_name,
            "limit_value": limit,
            "ratio": ours / limit,
            "target": format!("at least {least} ×"),
            "met": least <= ours / limit,
        })
    };
    Ok(vec![
        row("PostgreSQL, a redemption by hand with one hot budget", median(written), 8.0),
        row("PostgreSQL, compare-and-set of one row", median(set), 0.6),
    ])
}

/// Asks Wink's own bench for one round.
fn redeemed(wink: &Path) -> Result<f64> {
    let mut call = Command::new(wink);
    let report = shell::output(call.args(["bench", "coupons", "--rounds", "1", "--only", HOT, "--json"]))?;
    let report: Value = serde_json::from_str(&report).context("`wink bench` printed no JSON")?;
    let value = report.pointer("/benches/0/value").and_then(Value::as_f64);
    value.context("`wink bench` measured no redemptions")
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// A server of its own, in a directory of its own, reached by a socket in there.
struct Postgres {
    programs: PathBuf,
    directory: PathBuf,
    as_user: Option<&'static str>,
    server: Option<Child>,
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let data = self.data();
        let _stopped = self
            .call("pg_ctl", &["stop", "-m", "immediate", "-D", &data])
            .map(|mut call| shell::succeeds(&mut call));
        if let Some(mut server) = self.server.take() {
            let _reaped = server.wait();
        }
        let _left = std::fs::remove_dir_all(&self.directory);
    }
}

impl Postgres {
    fn start() -> Result<Self> {
        let programs = programs()?;
        let directory = std::env::temp_dir().join(format!("wink-compare-postgres-{}", std::process::id()));
        std::fs::create_dir(&directory).with_context(|| format!("cannot make {}", directory.display()))?;
        let is_root = shell::output(&mut shell::program("id", ["-u"]))?.trim() == "0";
        // PostgreSQL refuses to run as root; its package makes a user for it.
        let as_user = is_root.then_some("postgres");
        let mut peer = Self { programs, directory, as_user, server: None };
        if let Some(user) = as_user {
            shell::run(Command::new("chown").arg(user).arg(&peer.directory))?;
        }
        let data = peer.data();
        shell::output(
            &mut peer.call("initdb", &["--no-instructions", "-A", "trust", "-U", "wink", "-D", &data])?,
        )?;
        let socket = peer.directory.to_string_lossy().into_owned();
        let options = [
            "-D",
            &data,
            "-k",
            &socket,
            "-c",
            "listen_addresses=",
            "-c",
            "fsync=on",
            "-c",
            "synchronous_commit=on",
        ];
        let server = peer
            .call("postgres", &options)?
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        peer.server = Some(server);
        let mut tries = 0;
        while !shell::succeeds(&mut peer.call("pg_isready", &["-q", "-h", &socket])?) {
            tries += 1;
            if 100 < tries {
                bail!("PostgreSQL does not become ready");
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        let schema = peer.file("schema.sql", include_str!("coupons/schema.sql"))?;
        shell::output(&mut peer.call(
            "psql",
            &["-q", "-v", "ON_ERROR_STOP=1", "-h", &socket, "-U", "wink", "-f", &schema, "postgres"],
        )?)?;
        Ok(peer)
    }

    fn data(&self) -> String {
        self.directory.join("data").to_string_lossy().into_owned()
    }

    /// Lets clients run a script again and again. Gives the transactions a second.
    fn transactions(&self, name: &str, script: &str) -> Result<f64> {
        let (script, socket) = (self.file(name, script)?, self.directory.to_string_lossy());
        let options = [
            "-n", "-M", "prepared", "-c", CLIENTS, "-j", "2", "-T", LASTING, "-h", &socket, "-U", "wink",
            "-f", &script, "postgres",
        ];
        let told = shell::output(&mut self.call("pgbench", &options)?)?;
        let failed = told.lines().find_map(|line| line.strip_prefix("number of failed transactions: "));
        if failed.is_none_or(|failed| !failed.starts_with("0 ")) {
            bail!("PostgreSQL did not do what was asked:\n{told}");
        }
        let rate = told.lines().find_map(|line| line.strip_prefix("tps = ")?.split(' ').next());
        rate.context("pgbench told no rate")?.parse().context("pgbench's rate is no number")
    }

    /// Writes a file that PostgreSQL's user can read.
    fn file(&self, name: &str, text: &str) -> Result<String> {
        let path = self.directory.join(name);
        std::fs::write(&path, text)?;
        Ok(path.to_string_lossy().into_owned())
    }

    fn call(&self, program: &str, arguments: &[&str]) -> Result<Command> {
        let program = self.programs.join(program);
        let mut call = match self.as_user {
            None => Command::new(program),
            Some(user) => {
                let mut call = Command::new("runuser");
                call.args(["-u", user, "--"]).arg(program);
                call
            }
        };
        call.current_dir(&self.directory).args(arguments);
        Ok(call)
    }
}

/// Finds where PostgreSQL 15's programs are: in the path, or where Debian puts them.
fn programs() -> Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders = std::env::split_paths(&path).chain([PathBuf::from("/usr/lib/postgresql/15/bin")]);
    let has_all = |folder: &PathBuf| {
        ["initdb", "postgres", "pg_ctl", "pgbench", "psql", "pg_isready"]
            .iter()
            .all(|program| folder.join(program).is_file())
    };
    folders.find(has_all).context("PostgreSQL is not installed; on Debian it is the package `postgresql-15`")
}

//! How the server grows: its memory, its answers and its start with ten thousand people and with a million.
//!
//! The people are written by this process; the server is one of its own, so that its memory is nobody else's.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use indicatif::ProgressBar;
use wink_server::http::Conduct;

use super::load::{Load, status_of};
use super::shop::{Inside, order, put_catalogue_in_force, question};
use crate::command::bench::{Measured, median};
use crate::home;

const FEW: u64 = 10_000;
const MANY: u64 = 1_000_000;

/// A million people and what they did lie in so many bytes of the directory at least; the rest is orders.
const JOURNAL_BYTES: u64 = 1 << 30;

/// Dry-run decisions a second while latencies are taken: far below what the server can do, so that nobody waits for another.
const RATE: f64 = 500.0;

const RUN: Duration = Duration::from_secs(4);

/// The caches have seen as many people by then as they will hold.
const WARM_UP: Duration = Duration::from_secs(15);

const KIBIBYTE: f64 = 1_024.0;

/// The directory of the store. It goes with the bench, whether that worked or not.
pub(super) struct Place(pub(super) PathBuf);

impl Place {
    pub(super) fn new(what: &str) -> Self {
        Self(std::env::temp_dir().join(format!("wink-bench-{what}-{}", std::process::id())))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // It lies in the system's temporary directory: what cannot be removed goes at the next start.
        let _left = fs::remove_dir_all(&self.0);
    }
}

/// A server in a process of its own.
struct Server {
    child: Child,
    address: SocketAddr,
    ready_after: Duration,
}

impl Drop for Server {
    fn drop(&mut self) {
        // As a power switch would, as far as a process can tell.
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// What was seen with so many people.
struct Seen {
    resident: f64,
    p99: f64,
}

/// Measures all of it.
pub(crate) fn measure(rounds: usize, bar: &ProgressBar) -> anyhow::Result<Vec<Measured>> {
    let place = Place::new("growth");
    fill(&place.0, 0..FEW, bar)?;
    let few = look(&Server::start(&place.0)?, FEW, rounds)?;
    fill(&place.0, FEW..MANY, bar)?;
    let many = look(&Server::start(&place.0)?, MANY, rounds)?;
    let mut ready = Vec::new();
    for _ in 0..rounds {
        let server = Server::start(&place.0)?;
        write_until_killed(server)?;
        ready.push(Server::start(&place.0)?.ready_after.as_secs_f64());
        bar.inc(1);
    }
    let held = bytes_under(&place.0)?;
    ensure!(JOURNAL_BYTES <= held, "{held} bytes are too few to say how long a start takes");
    Ok(report(&few, &many, median(ready), held))
}

fn report(few: &Seen, many: &Seen, ready: f64, held: u64) -> Vec<Measured> {
    #[expect(clippy::cast_precision_loss, reason = "counts and sizes")]
    let [people, held] = [MANY - FEW, held].map(|count| count as f64);
    let each = (many.resident - few.resident) / people / KIBIBYTE;
    let gibibyte = KIBIBYTE * KIBIBYTE * KIBIBYTE;
    let against = |name, unit, value: f64, (limit_name, limit_value): (_, f64), target, met| Measured {
        name,
        unit,
        value,
        limit_name,
        limit_value,
        ratio: value / limit_value,
        target,
        met,
    };
    vec![
        against(
            "memory for each of 990,000 more people",
            "KiB",
            each,
            ("what they take on the disk, each", held / people / KIBIBYTE),
            "at most 1.5 KiB",
            each <= 1.5,
        ),
        against(
            "memory of the server with 1,000,000 people",
            "GiB",
            many.resident / gibibyte,
            ("with 10,000", few.resident / gibibyte),
            "at most 1 GiB",
            many.resident <= gibibyte,
        ),
        against(
            "dry-run decision with 1,000,000 people, p99",
            "ms",
            many.p99,
            ("with 10,000", few.p99),
            "at most 1.3 × with 10,000",
            many.p99 / few.p99 <= 1.3,
        ),
        against(
            "ready after being killed while it writes",
            "s",
            ready,
            ("a second for each GiB of its store", held / gibibyte),
            "at most 5 s with 1 GiB of journal",
            ready <= 5.0,
        ),
    ]
}

/// Lets people join, in this process.
pub(super) fn fill(directory: &Path, people: Range<u64>, bar: &ProgressBar) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let service = Arc::new(home::open_service(directory, Conduct::default()).await?);
        if people.start == 0 {
            put_catalogue_in_force(&service).await?;
        }
        let told = |done| bar.set_message(format!("{done} of {} people", people.end - people.start));
        Inside::of(&service).await?.welcome(people.clone(), told).await
    })?;
    bar.inc(1);
    Ok(())
}

fn look(server: &Server, people: u64, rounds: usize) -> anyhow::Result<Seen> {
    let next = AtomicU64::new(0);
    // A step that meets every person once before it meets one again, and neighbours never in a row.
    let ask = |number: u64| post("/v1/decisions", &question(number * 7_919 % people, true));
    let load = Load { address: server.address, connections: 8, request: &ask, next: &next };
    load.closed_loop(WARM_UP).all_fine()?;
    let p99 = (0..rounds).map(|_| Ok(load.open_loop(RATE, RUN).all_fine()?.millis(0.99)));
    let p99 = median(p99.collect::<anyhow::Result<_>>()?);
    Ok(Seen { resident: resident_bytes(server.child.id())?, p99 })
}

/// Sends orders, and pulls the plug in the midst of them.
fn write_until_killed(mut server: Server) -> anyhow::Result<()> {
    let next = AtomicU64::new(0);
    let run = format!("{:?}", Instant::now());
    let orders = |number: u64| {
        let order = |place: u64| order(&format!("{run}-{number}-{place}"), (number * 100 + place) % MANY);
        post("/v1/events", &serde_json::json!({ "events": (0..100).map(order).collect::<Vec<_>>() }))
    };
    let load = Load { address: server.address, connections: 16, request: &orders, next: &next };
    let outcome = std::thread::scope(|scope| {
        let writing = scope.spawn(|| load.closed_loop(RUN * 2));
        std::thread::sleep(RUN);
        let killed = server.child.kill();
        let outcome = writing.join();
        killed.map(|()| outcome)
    })?;
    let outcome = outcome.map_err(|_| anyhow::anyhow!("the load generator failed"))?;
    ensure!(0 < outcome.count(200) && 0 < outcome.count(0), "it was not killed while it wrote");
    Ok(())
}

impl Server {
    /// Starts one and waits until it is ready.
    fn start(directory: &Path) -> anyhow::Result<Self> {
        let begun = Instant::now();
        let mut call = Command::new(std::env::current_exe()?);
        call.args(["serve", "--without-keys", "--listen", "127.0.0.1:0", "--data"]).arg(directory);
        let mut child = call.stdout(Stdio::piped()).stdin(Stdio::null()).spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("it has an output")?).read_line(&mut line)?;
        let address = line.strip_prefix("listening on http://").map(|address| address.trim().parse());
        let address = address.with_context(|| format!("the server said `{line}`"))??;
        let mut server = Self { child, address, ready_after: Duration::ZERO };
        while status_of(address, b"GET /readyz HTTP/1.1\r\nhost: wink\r\n\r\n") != Some(200) {
            ensure!(begun.elapsed() < Duration::from_secs(120), "the server does not become ready");
            std::thread::sleep(Duration::from_millis(10));
        }
        server.ready_after = begun.elapsed();
        Ok(server)
    }
}

fn post(path: &str, body: &serde_json::Value) -> Vec<u8> {
    let body = body.to_string();
    let length = body.len();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: wink\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
    );
    (head + &body).into_bytes()
}

/// What a process holds in memory, as the kernel counts it.
fn resident_bytes(process: u32) -> anyhow::Result<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes = line.and_then(|line| line.trim().strip_suffix("kB")).context("the kernel tells VmRSS")?;
    Ok(kibibytes.trim().parse::<f64>()? * KIBIBYTE)
}

/// What a directory takes on the disk.
fn bytes_under(directory: &Path) -> anyhow::Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        bytes += if kind.is_dir() { bytes_under(&entry.path())? } else { entry.metadata()?.len() };
    }
    Ok(bytes)
}

/// How often the bar moves for so many rounds.
pub(crate) fn steps(rounds: usize) -> usize {
    rounds + 2
}

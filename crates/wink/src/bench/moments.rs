//! From an event that is sent to the answer at an open session: a rule of the shop asks, and what it is answered comes over the stream.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::sync::OnceLock;
use std::sync::atomic::AtomicU64;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow, ensure};
use indicatif::ProgressBar;
use wink_server::http::Conduct;

use super::load::Load;
use super::shop::Shop;
use crate::command::bench::{Measured, median};

/// Whoever hesitates is asked about.
const TRIGGERS: &str = r#"[[triggers]]
id = "hesitates"
on = ["Hesitated"]
filter = "event.ms >= 2000"
pause_minutes = 1
channel = "web"
placement = "shipping"
accept_within_seconds = 86400
"#;

/// Open sessions of a round, each of another person; each hesitates once.
const SESSIONS: u64 = 200;

/// People who hesitate in a second: far from what the server can do, as this is about waiting for nobody.
const PER_SECOND: f64 = 50.0;

/// Who has no answer by then has none.
const PATIENCE: Duration = Duration::from_secs(10);

/// Measures it.
pub(crate) fn measure(rounds: usize, bar: &ProgressBar) -> anyhow::Result<Vec<Measured>> {
    let shop = Shop::open_with(Conduct::default(), &[("triggers.toml", TRIGGERS)])?;
    let (mut answers, mut events) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        let (answered, event) = hesitate(&shop, u64::try_from(round)? * SESSIONS)?;
        answers.push(answered);
        events.push(event);
        bar.inc(1);
    }
    let (value, limit_value) = (median(answers), median(events));
    Ok(vec![Measured {
        name: "from an event to the answer of its trigger at the open session, p99",
        unit: "ms",
        value,
        limit_name: "the answer to the event itself, once it is on disk, p99",
        limit_value,
        ratio: value / limit_value,
        target: "at most 20 ms",
        met: value <= 20.0,
    }])
}

/// How often the bar moves for so many rounds.
pub(crate) fn steps(rounds: usize) -> usize {
    rounds
}

/// Lets people hesitate who follow their sessions. Gives the p99 until their answers came, and until their events were answered, in
/// milliseconds.
fn hesitate(shop: &Shop, first: u64) -> anyhow::Result<(f64, f64)> {
    let sessions = (0..SESSIONS).map(|place| follow(shop, first + place));
    let sessions: Vec<BufReader<TcpStream>> = sessions.collect::<anyhow::Result<_>>()?;
    let sent: Vec<OnceLock<Instant>> = (0..SESSIONS).map(|_| OnceLock::new()).collect();
    let request = |place: u64| {
        let request = shop.hesitation(first + place);
        let moment = usize::try_from(place).ok().and_then(|place| sent.get(place));
        moment.map(|moment| moment.set(Instant::now()));
        request
    };
    let load = Load { address: shop.address, connections: 8, request: &request, next: &AtomicU64::new(0) };
    #[expect(clippy::cast_precision_loss, reason = "a few hundred")]
    let lasting = Duration::from_secs_f64((SESSIONS as f64 - 0.5) / PER_SECOND);
    let (outcome, came) = thread::scope(|scope| {
        let waiting: Vec<_> =
            sessions.into_iter().map(|session| scope.spawn(move || answer(session))).collect();
        let outcome = load.open_loop(PER_SECOND, lasting).all_fine();
        let came =
            waiting.into_iter().map(|waits| waits.join().map_err(|_| anyhow!("a session panicked"))?);
        (outcome, came.collect::<anyhow::Result<Vec<Instant>>>())
    });
    let sent = sent.iter().map(|sent| sent.get().context("somebody did not hesitate"));
    let mut took = came?
        .into_iter()
        .zip(sent)
        .map(|(came, sent)| Ok((came - *sent?).as_secs_f64() * 1e3))
        .collect::<anyhow::Result<Vec<f64>>>()?;
    took.sort_by(f64::total_cmp);
    let p99 = took.get(took.len() * 99 / 100).context("nobody hesitated")?;
    Ok((*p99, outcome?.millis(0.99)))
}

/// Opens a person's session.
fn follow(shop: &Shop, person: u64) -> anyhow::Result<BufReader<TcpStream>> {
    let mut stream = TcpStream::connect(shop.address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(&shop.session(person))?;
    let mut session = BufReader::new(stream);
    let mut line = String::new();
    session.read_line(&mut line)?;
    ensure!(line.contains(" 200 "), "a session was not opened: {line}");
    while line != "\r\n" {
        line.clear();
        ensure!(session.read_line(&mut line)? != 0, "a session ended before it began");
    }
    Ok(session)
}

/// Waits for the answer, and tells when it came.
fn answer(session: BufReader<TcpStream>) -> anyhow::Result<Instant> {
    for line in session.lines() {
        let line = line.context("a session had no answer")?;
        if line.starts_with("data:") {
            return Ok(Instant::now());
        }
    }
    Err(anyhow!("a session ended without an answer"))
}

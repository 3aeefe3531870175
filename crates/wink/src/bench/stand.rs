//! How the server stands: honest clients beside two thousand that stall, and ten times as much asked as it can do.

use std::io::Write;
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow, ensure};
use indicatif::ProgressBar;
use wink_server::http::Conduct;

use super::apart::{Processors, Side};
use super::flood::{Flood, Flooded};
use super::load::{Load, Outcome};
use super::shop::Shop;
use crate::command::bench::{Measured, median};

/// Connections that stall: one of twenty by not reading, the others in the head or in the body, as many each.
const STALLING: usize = 2_000;

/// A measurement of a round.
const RUN: Duration = Duration::from_secs(3);

/// The burst: far longer than an answer takes among so many others, and shorter than a connection may wait with its first request.
const BURST: Duration = Duration::from_secs(8);

/// What was begun before, such as opening two thousand connections, is over by then.
const SETTLES: Duration = Duration::from_secs(1);

/// How long after the burst the server is watched.
const WATCHED: Duration = Duration::from_secs(10);

/// A window in which the rate is counted, before the burst and after it.
const WINDOW: Duration = Duration::from_secs(1);

/// Windows before the burst; their median is what the server can do.
const WINDOWS: usize = 5;

/// Clients that ask for more than can be done, each for one thing at a time: eight times as many as there are places, and nearly
/// as many connections as a server takes.
const CROWD: u32 = 3_600;

/// Connections by which it is measured what can be done: what it takes is theirs, and nobody is refused.
const COMPANY: u32 = 256;

/// Questions that are made before the burst, and asked again and again in it.
const QUESTIONS: u64 = 5_000;

/// Measures all of it.
pub(crate) fn measure(rounds: usize, bar: &ProgressBar) -> anyhow::Result<Vec<Measured>> {
    let mut measured = vec![beside_slow_clients(&Shop::open(Conduct::default())?, rounds, bar)?];
    // Ten times as much takes far more to ask than to refuse: on the same processors the asking would be measured.
    let processors = Processors::find()?;
    processors.keep_to(Side::Server)?;
    let shop = Shop::open(Conduct::default())?;
    processors.keep_to(Side::Clients)?;
    measured.extend(overloaded(&shop, rounds, bar)?);
    Ok(measured)
}

/// How often the bar moves for so many rounds.
pub(crate) fn steps(rounds: usize) -> usize {
    rounds * 2
}

fn beside_slow_clients(shop: &Shop, rounds: usize, bar: &ProgressBar) -> anyhow::Result<Measured> {
    let next = AtomicU64::new(0);
    let load = Load {
        address: shop.address,
        connections: 16,
        request: &|number| shop.question(number, false),
        next: &next,
    };
    // A tenth of what it can do: the clients share the machine, and this is about waiting behind others.
    let rate = load.closed_loop(RUN).goodput() / 10.0;
    let (mut alone, mut beside) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        thread::sleep(SETTLES);
        alone.push(load.open_loop(rate, RUN).all_fine()?.millis(0.99));
        let enough = AtomicBool::new(false);
        let stalled = AtomicU64::new(0);
        let outcome = thread::scope(|scope| {
            scope.spawn(|| stall(shop, &stalled, &enough));
            while usize::try_from(stalled.load(Ordering::Relaxed)).is_ok_and(|count| count < STALLING) {
                thread::sleep(Duration::from_millis(10));
            }
            thread::sleep(SETTLES);
            let outcome = load.open_loop(rate, RUN);
            enough.store(true, Ordering::Relaxed);
            outcome
        });
        beside.push(outcome.all_fine()?.millis(0.99));
        bar.inc(1);
    }
    let (value, limit_value) = (median(beside), median(alone));
    Ok(Measured {
        name: "p99 of honest decisions beside 2,000 connections that stall",
        unit: "ms",
        value,
        limit_name: "the same rate alone",
        limit_value,
        ratio: value / limit_value,
        target: "at most 2 × alone",
        met: value / limit_value <= 2.0,
    })
}

/// Keeps connections that send a byte every few seconds, and opens those again that the server closes.
fn stall(shop: &Shop, stalled: &AtomicU64, enough: &AtomicBool) {
    let open = |place: usize| {
        let mut stream = TcpStream::connect(shop.address)?;
        stream.set_nonblocking(true)?;
        let opening = match place % 20 {
            0 => "GET /openapi.json HTTP/1.1\r\nhost: wink\r\n\r\n".repeat(60),
            even if even % 2 == 0 => "POST /v1/decisions HTTP/1.1\r\nhost: wink\r\nx-slow: ".to_owned(),
            _ => shop.head("/v1/decisions", 1_000),
        };
        stream.write_all(opening.as_bytes())?;
        stalled.fetch_add(1, Ordering::Relaxed);
        std::io::Result::Ok(stream)
    };
    let mut streams: Vec<Option<TcpStream>> = (0..STALLING).map(|_| None).collect();
    while !enough.load(Ordering::Relaxed) {
        for (place, kept) in streams.iter_mut().enumerate() {
            let lives = kept.as_mut().is_some_and(|stream| stream.write_all(b" ").is_ok());
            if !lives {
                // Refused for the moment: tried again with the next round.
                *kept = open(place).ok();
            }
            // The whole round takes two seconds and more, so each sends a byte in that time.
            if enough.load(Ordering::Relaxed) {
                return;
            }
            thread::sleep(Duration::from_millis(1));
        }
    }
}

/// Asks for what is most urgent, a hundred times a second, while everybody asks for everything.
fn urgent(shop: &Shop) -> Outcome {
    let request = |_| b"GET /readyz HTTP/1.1\r\nhost: wink\r\n\r\n".to_vec();
    let load = Load { address: shop.address, connections: 2, request: &request, next: &AtomicU64::new(0) };
    load.open_loop(100.0, BURST)
}

fn overloaded(shop: &Shop, rounds: usize, bar: &ProgressBar) -> anyhow::Result<Vec<Measured>> {
    let next = AtomicU64::new(0);
    let question = |number: u64| shop.question(number, false);
    let company = Load { address: shop.address, connections: COMPANY, request: &question, next: &next };
    let questions: Vec<Vec<u8>> = (0..QUESTIONS).map(question).collect();
    let [mut capacities, mut offers, mut goods, mut recoveries] = [(); 4].map(|()| Vec::new());
    for _ in 0..rounds {
        let rate = || company.closed_loop(WINDOW).goodput();
        let capacity = median((0..WINDOWS).map(|_| rate()).collect());
        let flood = Flood { address: shop.address, connections: CROWD, requests: &questions };
        let (burst, urgent) = thread::scope(|scope| {
            let urgent = scope.spawn(|| urgent(shop));
            (flood.run(capacity * 10.0, BURST), urgent.join())
        });
        let (Flooded { asked, outcome: burst }, urgent) =
            (burst?, urgent.map_err(|_| anyhow!("the urgent ones panicked"))?);
        urgent.all_fine().context("what is most urgent was refused")?;
        let refused = burst.count(429);
        ensure!(
            burst.told_to_wait == refused,
            "{} of {refused} refusals say when to come again",
            burst.told_to_wait
        );
        let known = [200, 429].map(|status| burst.count(status)).iter().sum::<u64>();
        ensure!(
            known == burst.statuses.values().sum::<u64>(),
            "some were neither served nor refused: {:?}",
            burst.statuses
        );
        let over = Instant::now();
        let recovered = loop {
            if capacity * 0.95 <= rate() || WATCHED <= over.elapsed() {
                break over.elapsed();
            }
        };
        capacities.push(capacity);
        offers.push(burst.per_second(asked));
        goods.push(burst.goodput());
        recoveries.push(recovered.as_secs_f64());
        bar.inc(1);
    }
    let (capacity, offered) = (median(capacities), median(offers));
    let (good, recovery) = (median(goods), median(recoveries));
    Ok(vec![
        Measured {
            name: "decisions asked for in the burst",
            unit: "requests/s",
            value: offered,
            limit_name: "those it can make when nobody asks for more",
            limit_value: capacity,
            ratio: offered / capacity,
            target: "10 × of it, as far as the clients beside it can ask",
            met: 10.0 <= offered / capacity,
        },
        Measured {
            name: "decisions served while ten times as many are asked for",
            unit: "requests/s",
            value: good,
            limit_name: "the same without the others",
            limit_value: capacity,
            ratio: good / capacity,
            target: "at least 0.85 of it",
            met: 0.85 <= good / capacity,
        },
        Measured {
            name: "until the rate is back at 95 % after that",
            unit: "s",
            value: recovery,
            limit_name: "one window in which it is counted",
            limit_value: WINDOW.as_secs_f64(),
            ratio: recovery / WINDOW.as_secs_f64(),
            target: "at most 5 s",
            met: recovery <= 5.0,
        },
    ])
}

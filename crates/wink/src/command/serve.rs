//! `wink serve`: the API over HTTP, coupons that run out, retention; stops cleanly.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use axum::Router;
use bytesize::ByteSize;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;
use wink_connect::webhook::address::Reach;
use wink_connect::webhook::send::{Sender, SystemNames};
use wink_core::profile::Retention;
use wink_server::flow::outbox::{Moment, Outbox, Round};
use wink_server::flow::segments::pass;
use wink_server::flow::tills::leases;
use wink_server::flow::{expire, expiring, moments, once, points, refold, retain, rights, rounds};
use wink_server::http::{Capacity, Conduct, Proxies, Service, routes};
use wink_server::listen::tls::Certificate;
use wink_server::secrets::random;
use wink_server::{Engine, access, listen};
use wink_store::Store;

use crate::arguments::Serve;
use crate::spans::Spans;
use crate::terminal::say;
use crate::{control, demo, home, log, maintenance, measure, terminal};

/// Coupons are looked at every second: nobody reads a validity finer than that.
const EXPIRE_EVERY: Duration = Duration::from_secs(1);

/// Between two passes over everybody's segments: what time alone changes is counted in minutes at the finest.
const PASS_EVERY: Duration = Duration::from_secs(10);

/// A pass rests so many times as long as it works, so that it takes a fifth of one core.
const PASS_RESTS: u32 = 4;

/// The outbox is looked at this often: a message is on its way within half a second of what it tells of.
const SEND_EVERY: Duration = Duration::from_millis(500);

/// Retention is counted in days; once an hour keeps it well within one.
const RETAIN_EVERY: Duration = Duration::from_secs(3_600);

/// Less memory for bodies than this would refuse one that is allowed, packed and unpacked.
const BODY_MEMORY_MIN: ByteSize = ByteSize::mib(16);

/// Files kept from connections: the store's, its log's and its backup's, webhooks on their way, the socket for commands.
const FILES_KEPT: usize = 192;

pub(crate) fn run(serve: &Serve) -> anyhow::Result<ExitCode> {
    if serve.without_keys && !serve.listen.ip().is_loopback() {
        bail!(
            "--without-keys lets everybody do anything; listen on 127.0.0.1, or make keys with `wink key create`"
        );
    }
    home::allow_files();
    let settings = settings(serve)?;
    if serve.body_memory < BODY_MEMORY_MIN {
        bail!("--body-memory {} is too little: give bodies {BODY_MEMORY_MIN} or more", serve.body_memory);
    }
    for (name, places) in
        [("--connections", serve.connections), ("--connections-by-address", serve.connections_by_address)]
    {
        if places == 0 {
            bail!("{name} 0 lets nobody in: allow 1 or more, or leave it out");
        }
    }
    let body_bytes_max = usize::try_from(serve.body_memory.as_u64())?;
    let scheme = if settings.certificate.is_some() { "https" } else { "http" };
    log::start(&serve.log)?;
    let spans = serve.otlp_endpoint.as_deref().map(Spans::start).transpose()?;
    home::run(async {
        // Before the store, so that a port that is taken makes none.
        let listener = TcpListener::bind(serve.listen).await.with_context(|| {
            format!("{} cannot be listened on; choose another with --listen", serve.listen)
        })?;
        let webhooks_reach = if serve.webhooks_anywhere { Reach::Anywhere } else { Reach::Public };
        let conduct = Conduct {
            without_keys: serve.without_keys,
            webhooks_reach,
            capacity: Capacity { body_bytes_max, ..Capacity::default() },
            proxies: Proxies(serve.trusted_proxies.clone()),
            segment_prefix: serve.segment_prefix.clone(),
            ..Conduct::default()
        };
        let mut service = home::open_service(&serve.data.data, conduct).await?;
        service.metrics = Some(measure::start()?);
        service.also_measure = Some(measure::reader(serve.data.data.clone()));
        let service = Arc::new(service);
        let address = listener.local_addr()?;
        if !serve.without_keys && access::list(&service.store, None).await?.is_empty() {
            say!(
                "there are no keys yet; make the first with `wink key create --role admin --name me --data {}`",
                serve.data.data.display()
            );
        }
        let control = control::listen(
            &serve.data.data,
            routes(service.clone()).merge(maintenance::routes(service.clone())),
        )?;
        let mut workers = JoinSet::new();
        workers.spawn(work(service.clone()));
        workers.spawn(see_to_moments(service.clone()));
        workers.spawn(look_at_segments(service.clone()));
        let outbox = Arc::new(Outbox::new(Sender::new(webhooks_reach)?));
        workers.spawn(send(service.clone(), outbox));
        if settings.certificate.is_none() && !address.ip().is_loopback() {
            eprintln!(
                "wink: keys and data cross the network in the clear; give a certificate with --tls-cert, or put a proxy in front"
            );
        }
        let here = format!("{scheme}://{address}");
        let demo = match serve.demo {
            true => {
                demo::routes(&service, &[here.clone(), format!("{scheme}://localhost:{}", address.port())])
                    .await?
            }
            false => Router::new(),
        };
        let asked = asked_to_stop()?;
        say!("listening on {here}");
        if serve.demo {
            say!("the shop's page is at {here}/demo");
        }
        let stop = {
            let service = service.clone();
            async move {
                asked.await;
                service.end_streams();
            }
        };
        let routes = match &spans {
            Some(spans) => spans.around(routes(service)),
            None => routes(service),
        };
        let drained = listen::serve(listener, routes.merge(demo), settings, stop).await;
        if 0 < drained.cut {
            say!("{} connections did not finish in time; what they asked last was not answered", drained.cut);
        }
        workers.abort_all();
        drop(control);
        if let Some(spans) = spans {
            spans.stop().await;
        }
        say!("stopped; everything answered is on disk");
        Ok(ExitCode::SUCCESS)
    })
}

fn settings(serve: &Serve) -> anyhow::Result<listen::Settings> {
    let certificate = match (&serve.tls_cert, &serve.tls_key) {
        (Some(certificate), Some(key)) => {
            Some(Arc::new(Certificate::read(certificate.clone(), key.clone())?))
        }
        (None, None) => None,
        _ => bail!("a certificate needs its key: name both, --tls-cert and --tls-key"),
    };
    Ok(listen::Settings {
        certificate,
        // One that is too many is closed at once. Without this, the store would find no file to write to.
        connections_max: serve.connections.min(connections_allowed()),
        connections_by_address_max: serve.connections_by_address,
        ..listen::Settings::default()
    })
}

/// Leaves the store the files it needs; of few files, connections get half.
fn connections_allowed() -> usize {
    let files = home::files_allowed();
    files - FILES_KEPT.min(files / 2)
}

/// Does what is due for every tenant, until it is aborted. An error is told and tried again: the work stays where it is.
async fn work<S: Store>(service: Arc<Service<S>>) {
    let mut retained = None;
    loop {
        let hour = (service.clock)().0 / i64::try_from(RETAIN_EVERY.as_millis()).unwrap_or(i64::MAX);
        for engine in service.engines() {
            let due = do_due(&service, &engine, retained != Some(hour)).await;
            if let Err(error) = due {
                terminal::complain(&error.into());
            }
        }
        retained = Some(hour);
        tokio::time::sleep(EXPIRE_EVERY).await;
    }
}

/// Sees to moments as soon as they are there, until it is aborted. What is waited for is looked at every second.
pub(crate) async fn see_to_moments<S: Store>(service: Arc<Service<S>>) {
    loop {
        for engine in service.engines() {
            if let Err(error) = moments::see_to(&engine, (service.clock)()).await {
                terminal::complain(&error.into());
            }
        }
        // Woken, or at the latest with the next second.
        let _woken = tokio::time::timeout(EXPIRE_EVERY, service.moments.notified()).await;
    }
}

/// Looks at everybody's segments, again and again, until it is aborted: some people, then a rest of four times as long as they took.
async fn look_at_segments<S: Store>(service: Arc<Service<S>>) {
    loop {
        let mut are_more = false;
        for engine in service.engines() {
            let began = Instant::now();
            match pass::step(&engine, (service.clock)()).await {
                Ok(step) => are_more |= matches!(step, pass::Step::People(_)),
                Err(error) => terminal::complain(&error.into()),
            }
            tokio::time::sleep(began.elapsed() * PASS_RESTS).await;
        }
        if !are_more {
            tokio::time::sleep(PASS_EVERY).await;
        }
    }
}

/// Sends webhooks that are due, for every tenant, until it is aborted. What is not sent stays in the outbox. It waits for no receiver: each is
/// called in a task of its own, as many as the outbox lets.
async fn send<S: Store>(service: Arc<Service<S>>, outbox: Arc<Outbox<Sender<SystemNames>>>) {
    let mut calls = JoinSet::new();
    let mut look_at = tokio::time::Instant::now();
    loop {
        if look_at <= tokio::time::Instant::now() {
            let mut are_more = false;
            for engine in service.engines() {
                match outbox.take_up(&engine, (service.clock)()).await {
                    Ok(count) => are_more |= count != 0,
                    Err(error) => terminal::complain(&error.into()),
                }
            }
            let rest = if are_more { Duration::ZERO } else { SEND_EVERY };
            look_at = tokio::time::Instant::now() + rest;
        }
        while let Some(round) = outbox.next((service.clock)()) {
            calls.spawn(call(service.clone(), outbox.clone(), round));
        }
        tokio::select! {
            Some(called) = calls.join_next() => {
                if let Err(error) = called {
                    terminal::complain(&error.into());
                }
            }
            () = tokio::time::sleep_until(look_at) => {}
        }
    }
}

async fn call<S: Store>(service: Arc<Service<S>>, outbox: Arc<Outbox<Sender<SystemNames>>>, round: Round) {
    let called = async {
        let engine = service.engine(round.tenant()).await?;
        let seed = u64::from_be_bytes(random()?);
        // Receivers have today's clock, whatever clock an imported past left the store with.
        let clock = || Moment { now: (service.clock)(), sent_at: home::now(), seed };
        outbox.call(&engine, round, &clock).await
    };
    if let Err(error) = called.await {
        terminal::complain(&error.into());
    }
}

async fn do_due<S: Store>(
    service: &Service<S>,
    engine: &Engine<Arc<S>>,
    hour_began: bool,
) -> Result<(), wink_server::Error> {
    expire::expire_due(engine, &*service.clock).await?;
    points::expire::expire_due(engine, &*service.clock).await?;
    rights::lapse_due(engine, (service.clock)()).await?;
    expiring::announce_due(engine, &*service.clock).await?;
    leases::close_due(engine, (service.clock)()).await?;
    once::forget_due(engine, (service.clock)()).await?;
    refold::step(engine, (service.clock)()).await?;
    rounds::begin_days(engine, (service.clock)()).await?;
    // A round goes on with everything else that is due: some people each second, however many it concerns.
    rounds::step(engine, (service.clock)()).await?;
    if hour_began {
        retain::sweep(engine, &Retention::default(), (service.clock)()).await?;
    }
    Ok(())
}

/// Waits for the signals that ask a server to stop. It listens for them from the call on: one that comes with the first request stops the
/// server as cleanly as any other.
fn asked_to_stop() -> anyhow::Result<impl Future<Output = ()>> {
    let mut interrupted = signal(SignalKind::interrupt()).context("signals cannot be heard")?;
    let mut terminated = signal(SignalKind::terminate()).context("signals cannot be heard")?;
    Ok(async move {
        tokio::select! {
            _ = interrupted.recv() => {}
            _ = terminated.recv() => {}
        }
    })
}

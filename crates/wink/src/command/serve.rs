//! `wink serve`: events and questions over HTTP, coupons that run out, retention; stops cleanly.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::net::TcpListener;
use wink_core::profile::Retention;
use wink_server::flow::{expire, retain};
use wink_server::http::{Service, routes};
use wink_store::Store;

use crate::arguments::Serve;
use crate::home::Clock;
use crate::terminal::say;
use crate::{home, terminal};

/// Coupons are looked at every second: nobody reads a validity finer than that.
const EXPIRE_EVERY: Duration = Duration::from_secs(1);

/// Requests under way get this long to finish when somebody asks to stop: a request takes milliseconds, a client that stalls forever.
const STOP_WITHIN: Duration = Duration::from_secs(5);

/// Retention is counted in days; once an hour keeps it well within one.
const RETAIN_EVERY: Duration = Duration::from_secs(3_600);

pub(crate) fn run(serve: &Serve) -> anyhow::Result<ExitCode> {
    home::run(async {
        // Before the store, so that a port that is taken makes none.
        let listener = TcpListener::bind(serve.listen).await.with_context(|| {
            format!("{} cannot be listened on; choose another with --listen", serve.listen)
        })?;
        let engine = home::open_or_make(&serve.data.data).await?;
        let address = listener.local_addr()?;
        let clock = Clock::of(&engine).await?;
        if let Some(start) = clock.starts_at() {
            say!("this store holds an imported past; its clock goes on where that ends, at {start}");
        }
        if !address.ip().is_loopback() {
            eprintln!(
                "wink: there are no keys yet, and {address} can be reached by others; whoever reaches it may do anything"
            );
        }
        let service = Arc::new(Service { engine, clock: Box::new(move || clock.now()) });
        let worker = tokio::spawn(work(service.clone()));
        say!("listening on http://{address}");
        let (stop, stopping) = tokio::sync::oneshot::channel();
        let server = axum::serve(listener, routes(service)).with_graceful_shutdown(async move {
            asked_to_stop().await;
            // Nobody waits when the server is gone already.
            stop.send(()).ok();
        });
        let too_long = async {
            stopping.await.ok();
            tokio::time::sleep(STOP_WITHIN).await;
        };
        tokio::select! {
            served = server => served?,
            () = too_long => say!("some clients did not finish their requests; they were not answered"),
        }
        worker.abort();
        say!("stopped; everything answered is on disk");
        Ok(ExitCode::SUCCESS)
    })
}

/// Does what is due, until it is aborted. An error is told and tried again: the work stays where it is.
async fn work<S: Store>(service: Arc<Service<S>>) {
    let mut retained = None;
    loop {
        if let Err(error) = expire::expire_due(&service.engine, (service.clock)()).await {
            terminal::complain(&error.into());
        }
        let hour = (service.clock)().0 / i64::try_from(RETAIN_EVERY.as_millis()).unwrap_or(i64::MAX);
        if retained != Some(hour) {
            retained = Some(hour);
            if let Err(error) = retain::sweep(&service.engine, &Retention::default(), (service.clock)()).await
            {
                terminal::complain(&error.into());
            }
        }
        tokio::time::sleep(EXPIRE_EVERY).await;
    }
}

async fn asked_to_stop() {
    let interrupted = tokio::signal::ctrl_c();
    let terminated = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => signal.recv().await,
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = interrupted => {}
        _ = terminated => {}
    }
}

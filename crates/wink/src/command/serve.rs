//! `wink serve`: the API over HTTP, coupons that run out, retention; stops cleanly.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use metrics_exporter_prometheus::PrometheusBuilder;
use tokio::net::TcpListener;
use wink_core::profile::Retention;
use wink_server::flow::{decide, expire, retain};
use wink_server::http::{Conduct, Service, routes};
use wink_server::{Engine, access};
use wink_store::Store;

use crate::arguments::Serve;
use crate::terminal::say;
use crate::{control, home, terminal};

/// Coupons are looked at every second: nobody reads a validity finer than that.
const EXPIRE_EVERY: Duration = Duration::from_secs(1);

/// Requests under way get this long to finish when somebody asks to stop: a request takes milliseconds, a client that stalls forever.
const STOP_WITHIN: Duration = Duration::from_secs(5);

/// Retention is counted in days; once an hour keeps it well within one.
const RETAIN_EVERY: Duration = Duration::from_secs(3_600);

pub(crate) fn run(serve: &Serve) -> anyhow::Result<ExitCode> {
    if serve.without_keys && !serve.listen.ip().is_loopback() {
        bail!(
            "--without-keys lets everybody do anything; listen on 127.0.0.1, or make keys with `wink key create`"
        );
    }
    home::run(async {
        // Before the store, so that a port that is taken makes none.
        let listener = TcpListener::bind(serve.listen).await.with_context(|| {
            format!("{} cannot be listened on; choose another with --listen", serve.listen)
        })?;
        let conduct = Conduct { without_keys: serve.without_keys, ..Conduct::default() };
        let mut service = home::open_service(&serve.data.data, conduct).await?;
        service.metrics = Some(PrometheusBuilder::new().install_recorder()?);
        let service = Arc::new(service);
        let address = listener.local_addr()?;
        if !serve.without_keys && access::list(&service.store, None).await?.is_empty() {
            say!(
                "there are no keys yet; make the first with `wink key create --role admin --name me --data {}`",
                serve.data.data.display()
            );
        }
        let control = control::listen(&serve.data.data, routes(service.clone()))?;
        let worker = tokio::spawn(work(service.clone()));
        say!("listening on http://{address}");
        let (stop, stopping) = tokio::sync::oneshot::channel();
        let app = routes(service).into_make_service_with_connect_info::<std::net::SocketAddr>();
        let server = axum::serve(listener, app).with_graceful_shutdown(async move {
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
        drop(control);
        say!("stopped; everything answered is on disk");
        Ok(ExitCode::SUCCESS)
    })
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

async fn do_due<S: Store>(
    service: &Service<S>,
    engine: &Engine<Arc<S>>,
    hour_began: bool,
) -> Result<(), wink_server::Error> {
    expire::expire_due(engine, (service.clock)()).await?;
    decide::forget_questions(engine, (service.clock)()).await?;
    if hour_began {
        retain::sweep(engine, &Retention::default(), (service.clock)()).await?;
    }
    Ok(())
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

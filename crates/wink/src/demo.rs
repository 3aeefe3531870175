//! `wink serve --demo`: a page of a small shop with the tag in it, and beside it what Wink sees of whoever is there. For trying out, on this
//! machine.

use std::sync::Arc;

use anyhow::{Context, bail};
use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use include_dir::{Dir, include_dir};
use wink_server::access::{self, NewKey, Role};
use wink_server::flow::catalogue::apply;
use wink_server::http::Service;
use wink_server::keys;
use wink_store::Store;

use crate::command::catalogue::built_in;

/// The page, built into the binary so that the demo needs nothing else.
static PAGE: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../web/demo/page");

/// What the shop of the page may give.
static CATALOGUE: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../web/demo/catalogue");

/// By this name the page's keys are known again, and replaced when the server starts anew.
const KEY_NAME: &str = "demo-page";

/// Everything from this server, nothing from elsewhere, and no text that becomes code: a page of a shop can be as strict with the tag in it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";

/// Makes a store ready for the page: its catalogue, and two publishable keys for its origins. Gives the routes.
pub(crate) async fn routes<S: Store>(service: &Service<S>, origins: &[String]) -> anyhow::Result<Router> {
    let engine = service.engine(keys::TENANT).await.context("the store cannot be read")?;
    let loaded = built_in(&CATALOGUE)?;
    match engine.catalogue() {
        Ok(there) if there.version == loaded.catalogue.version => {}
        Ok(_) => bail!(
            "this store has a catalogue of its own, and the demo has another; name a directory for it with --data"
        ),
        // None is in force yet.
        Err(_) => {
            apply(&engine, loaded.catalogue, loaded.files, (service.clock)()).await?;
        }
    }
    let [key, decide_key] = publishable_keys(service, origins).await?;
    let page = PAGE.get_file("index.html").and_then(|file| file.contents_utf8());
    let page = page.context("the demo's page is not text")?;
    let page: Arc<str> = page.replace("{key}", &key).replace("{decide-key}", &decide_key).into();
    let html = move || async move { answer("html", page.as_bytes().to_vec()) };
    Ok(Router::new().route("/demo", get(html)).route("/demo/{file}", get(part)))
}

/// Makes the keys anew: nobody can read the secrets of those that are there.
async fn publishable_keys<S: Store>(service: &Service<S>, origins: &[String]) -> anyhow::Result<[String; 2]> {
    let now = (service.clock)();
    for old in access::list(&service.store, Some(keys::TENANT)).await? {
        if old.key.name == KEY_NAME && !old.key.revoked {
            access::revoke(&service.store, old.id, Some(keys::TENANT), now).await?;
        }
    }
    let new = |role| NewKey {
        tenant: keys::TENANT,
        role,
        name: KEY_NAME.to_owned(),
        store: None,
        origins: origins.to_vec(),
        rate: None,
    };
    let (_, sends) = access::create(&service.store, &new(Role::Ingest), now).await?;
    let (_, asks) = access::create(&service.store, &new(Role::Client), now).await?;
    Ok([sends.reveal().to_owned(), asks.reveal().to_owned()])
}

/// A part of the page.
async fn part(Path(name): Path<String>) -> Response {
    let found = PAGE.get_file(&name).zip(name.rsplit_once('.'));
    match found {
        Some((file, (_, ending))) => answer(ending, file.contents().to_vec()),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn answer(ending: &str, bytes: Vec<u8>) -> Response {
    let media_type = match ending {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        _ => "application/octet-stream",
    };
    let headers: [(HeaderName, &str); 5] = [
        (header::CONTENT_TYPE, media_type),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        // The keys in it are others after a restart.
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, bytes).into_response()
}

//! The gate every request goes through: it gets an id, its key and role are checked, it is admitted or told to come again, it is timed, and a
//! panic in it is a problem of its own and nobody else's.

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use wink_api::Problem;
use wink_core::base::Hasher;
use wink_store::Store;

use super::cors;
use super::finish::ToTheEnd;
use super::operation::{NOWHERE, Operation, Who, operation};
use super::problem::{self, Refused};
use super::proxy::Way;
use super::rate::{Left, Rate};
use super::service::{Arrival, Caller, Conduct, Service};
use crate::access::{self, Access, Role, Token};
use crate::secrets;

/// The whole of a request, from its headers to its answer: longer than any of them takes, shorter than a client waits.
const REQUEST_WITHIN: Duration = Duration::from_secs(30);

/// Who finds no place is told so after this long. Those who ask again at once would otherwise get as much of the processor as those who are
/// served; so their connections are quiet meanwhile, at the price of a timer.
const REFUSED_AFTER: Duration = Duration::from_millis(100);

/// The request's id, in and out.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// A request id longer than this was not made for people who search logs.
const REQUEST_ID_BYTES_MAX: usize = 64;

/// What somebody may do who shows a wrong key, by address: enough for a mistake, not for a search.
const WRONG_KEYS: Rate = Rate { per_second: 5, burst: 20 };

/// What one visitor of a page may do with its publishable key. A page sends a few requests a second at most.
const PER_VISITOR: Rate = Rate { per_second: 50, burst: 200 };

/// Marks requests of somebody who sits at the machine and may read the store's files: an operator, without a key.
#[derive(Clone, Copy, Debug)]
pub struct AtTheMachine;

/// Lets a request through to its route.
pub(super) async fn pass<S: Store>(
    State(service): State<Arc<Service<S>>>,
    request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    let arrival = arrival(&service.conduct, &request);
    let preflight = cors::is_preflight(&request);
    let answer = if preflight {
        cors::preflight(&request)
    } else {
        enter(&service, &arrival, request, next).await.unwrap_or_else(IntoResponse::into_response)
    };
    let mut answer = finish(answer, &arrival);
    // For whatever is laid around the routes: it does not know the path's pattern.
    answer.extensions_mut().insert(arrival.operation);
    tell(&arrival, answer.status(), started.elapsed());
    answer
}

fn arrival(conduct: &Conduct, request: &Request) -> Arrival {
    let path = matched(conduct, request);
    let sent = request.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok());
    let plain = |id: &&str| {
        !id.is_empty()
            && id.len() <= REQUEST_ID_BYTES_MAX
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    let drawn = || secrets::random::<8>().map(u64::from_be_bytes).unwrap_or_default();
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip());
    let Way { address, over_tls } = conduct.proxies.way(peer, request.headers());
    Arrival {
        request_id: sent.filter(plain).map_or_else(|| format!("req_{:016x}", drawn()), str::to_owned),
        operation: path.and_then(|path| operation(request.method(), path)).unwrap_or(&NOWHERE),
        origin: text(request.headers(), &header::ORIGIN).map(str::to_owned),
        address,
        over_tls,
    }
}

/// The path of the table that a request goes to.
fn matched<'a>(conduct: &Conduct, request: &'a Request) -> Option<&'a str> {
    let path = request.extensions().get::<MatchedPath>()?.as_str();
    Some(conduct.segment_prefix.as_ref().map_or(path, |prefix| prefix.taken_off(path)))
}

async fn enter<S: Store>(
    service: &Arc<Service<S>>,
    arrival: &Arrival,
    mut request: Request,
    next: Next,
) -> Result<Response, Refused> {
    let operation = arrival.operation;
    request.extensions_mut().insert(arrival.clone());
    // Where the table names no operation, nothing is done: not even what a route would do that somebody forgot to name.
    if std::ptr::eq(operation, &NOWHERE) {
        return match matched(&service.conduct, &request) {
            Some(path) => Ok(problem::no_such_method(path, request.method())),
            None => Ok(next.run(request).await),
        };
    }
    // Before anything is looked up: who is refused must cost far less than who is served. Who reads a body that is long in coming leaves
    // meanwhile.
    let Ok(place) = service.admission.enter(operation.class) else {
        tokio::time::sleep(REFUSED_AFTER).await;
        return Err(problem::overloaded());
    };
    request.extensions_mut().insert(place.clone());
    let mut left = None;
    let at_the_machine = request.extensions().get::<AtTheMachine>().is_some();
    match presented(request.headers()) {
        Presented::Nothing if at_the_machine || service.conduct.without_keys => {
            let access = access::without_key(if at_the_machine { Role::Operator } else { Role::Admin });
            if operation.who != Who::Anybody {
                may(access.role, operation)?;
            }
            request.extensions_mut().insert(caller(service, arrival, access).await?);
        }
        Presented::Nothing => match operation.who {
            Who::Anybody | Who::RolesAnywhere(_) => {}
            Who::Roles(_) => return Err(problem::key_missing()),
        },
        Presented::Unreadable => return Err(wrong_key(service, arrival)),
        Presented::Token(token) if operation.who != Who::Anybody => {
            let access = admit(service, arrival, &token).await?;
            left = check_rate(service, arrival, &access)?;
            request.extensions_mut().insert(caller(service, arrival, access).await?);
        }
        Presented::Token(_) => {}
    }
    let running = ToTheEnd::new(async move {
        let answer = next.run(request).await;
        drop(place);
        answer
    });
    let mut answer = match tokio::time::timeout(REQUEST_WITHIN, running).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(_)) => {
            metrics::counter!("wink_panics_total").increment(1);
            return Err(problem::broken());
        }
        Err(_) => return Err(problem::too_slow()),
    };
    if let Some((rate, left)) = left {
        rate_headers(answer.headers_mut(), rate, left);
    }
    Ok(answer)
}

/// Makes the caller of a request whose key was accepted, or that needs none.
async fn caller<S: Store>(
    service: &Arc<Service<S>>,
    arrival: &Arrival,
    access: Access,
) -> Result<Caller<S>, Refused> {
    let engine = service.engine(access.tenant).await?;
    let now = (service.clock)();
    Ok(Caller { service: service.clone(), engine, access, operation: arrival.operation, now })
}

/// Finds the key and checks that it may do this, from here.
async fn admit<S: Store>(service: &Service<S>, arrival: &Arrival, token: &Token) -> Result<Access, Refused> {
    let Some(access) = access::find(&service.store, token, (service.clock)()).await? else {
        return Err(wrong_key(service, arrival));
    };
    may(access.role, arrival.operation)?;
    let bound = !access.origins.is_empty();
    let known = |origin: &String| access.origins.contains(origin);
    if bound && !arrival.origin.as_ref().is_some_and(known) {
        return Err(problem::origin_unknown());
    }
    Ok(access)
}

fn may(role: Role, operation: &Operation) -> Result<(), Refused> {
    match operation.who.roles().contains(&role) {
        true => Ok(()),
        false => Err(problem::role_missing(role, operation)),
    }
}

/// For operations that take a key in the body or the query: the same checks, once the route has found it there.
///
/// # Errors
/// As the gate would have refused it.
pub(super) async fn admit_late<S: Store>(
    service: &Arc<Service<S>>,
    arrival: &Arrival,
    key: Option<&str>,
) -> Result<Caller<S>, Refused> {
    let token = key.ok_or_else(problem::key_missing)?;
    let token = Token::sent(token).ok_or_else(|| wrong_key(service, arrival))?;
    let access = admit(service, arrival, &token).await?;
    check_rate(service, arrival, &access)?;
    caller(service, arrival, access).await
}

/// A wrong key: refused, and after a few from one address refused without being looked at.
fn wrong_key<S>(service: &Service<S>, arrival: &Arrival) -> Refused {
    let caller = Hasher::new("wrong key").field(address(arrival).as_bytes()).finish().number();
    match service.rates.check(caller, WRONG_KEYS) {
        Ok(_) => problem::key_unknown(),
        Err(wait) => problem::too_often(wait),
    }
}

/// Spells where a request came from, as one who calls.
pub(super) fn address(arrival: &Arrival) -> String {
    network(arrival.address)
}

/// Spells an address as one who calls.
pub(super) fn network(address: Option<IpAddr>) -> String {
    // One household has a whole IPv6 network: its first 64 bits are who it is.
    match address.map(|address| address.to_canonical()) {
        Some(IpAddr::V6(address)) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}")
        }
        Some(IpAddr::V4(address)) => address.to_string(),
        None => String::new(),
    }
}

fn check_rate<S>(
    service: &Service<S>,
    arrival: &Arrival,
    access: &Access,
) -> Result<Option<(Rate, Left)>, Refused> {
    let key = Hasher::new("rate").field(&access.id.0);
    let check = |caller: u64, rate: Rate| {
        service.rates.check(caller, rate).map(|left| (rate, left)).map_err(problem::too_often)
    };
    let own = match access.rate {
        Some(per_second) => {
            let rate = Rate { per_second, burst: per_second.saturating_mul(2) };
            Some(check(key.finish().number(), rate)?)
        }
        None => None,
    };
    if access.role.is_publishable() {
        let visitor = Hasher::new("visitor").field(&access.id.0).field(address(arrival).as_bytes());
        return Ok(Some(check(visitor.finish().number(), PER_VISITOR)?));
    }
    Ok(own)
}

fn rate_headers(headers: &mut HeaderMap, rate: Rate, left: Left) {
    let policy = format!("\"key\";q={};w={}", rate.burst, rate.burst.div_ceil(rate.per_second));
    let state = format!("\"key\";r={};t={}", left.requests, 1);
    for (name, value) in [("ratelimit-policy", policy), ("ratelimit", state)] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
}

/// What a request shows for a key.
enum Presented {
    Nothing,
    Unreadable,
    Token(Token),
}

/// Reads the Authorization header: `Bearer KEY`, or `Basic` with the key as user name, as the Segment family sends it.
fn presented(headers: &HeaderMap) -> Presented {
    let Some(value) = headers.get(header::AUTHORIZATION) else { return Presented::Nothing };
    let token = value.to_str().ok().and_then(|value| {
        let (scheme, rest) = value.split_once(' ')?;
        if scheme.eq_ignore_ascii_case("bearer") {
            return Token::sent(rest.trim());
        }
        if !scheme.eq_ignore_ascii_case("basic") {
            return None;
        }
        let decoded = STANDARD.decode(rest.trim()).ok()?;
        let decoded = std::str::from_utf8(&decoded).ok()?;
        Token::sent(decoded.split_once(':').map_or(decoded, |(user, _)| user))
    });
    token.map_or(Presented::Unreadable, Presented::Token)
}

/// Gives the answer its last headers, and a problem its body.
fn finish(mut answer: Response, arrival: &Arrival) -> Response {
    if let Some(mut found) = answer.extensions_mut().remove::<Box<Problem>>() {
        found.request_id.clone_from(&arrival.request_id);
        metrics::counter!("wink_requests_refused_total", "code" => found.code.clone()).increment(1);
        answer = problem::render(&found, answer);
    }
    let headers = answer.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&arrival.request_id) {
        headers.insert(REQUEST_ID, id);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    if let Some(origin) = &arrival.origin {
        cors::allow(headers, origin);
    }
    answer
}

/// Counts and logs a request by its operation: never by its path, which may name a person.
fn tell(arrival: &Arrival, status: StatusCode, took: Duration) {
    let operation = arrival.operation.id;
    // Almost every answer is a 200: its label costs no memory.
    let name =
        if status == StatusCode::OK { Cow::Borrowed("200") } else { status.as_str().to_owned().into() };
    metrics::counter!("wink_requests_total", "operation" => operation, "status" => name).increment(1);
    metrics::histogram!("wink_request_seconds", "operation" => operation).record(took.as_secs_f64());
    let (request, status, micros) = (&arrival.request_id, status.as_u16(), took.as_micros());
    if 500 <= status {
        tracing::error!(operation, status, micros, request, "answered");
    } else {
        tracing::debug!(operation, status, micros, request, "answered");
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

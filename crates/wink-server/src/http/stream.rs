//! `GET /v1/stream`: one person's decisions as server-sent events, as they are committed. A connection that breaks goes on where it was.
//!
//! Nothing piles up for a reader who is slow: the journal is read on when they have taken what was sent, a page at a time.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream::unfold;
use serde::Deserialize;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};
use utoipa::IntoParams;
use wink_api::{DecisionView, IdentitySent, Problem, StreamTokenAsked, StreamTokenMade};
use wink_core::base::{Hasher, ProfileId, Timestamp};
use wink_core::coupon::issue;
use wink_store::Store;

use super::body::{Asked, Json};
use super::granted::{Grant, Held, Key};
use super::problem::{self, Refused, invalid};
use super::service::{Arrival, Caller, Service};
use crate::flow::erase::find;
use crate::flow::stream::{Listener, Placed, Places, decision};
use crate::{Engine, Error};

/// A comment this often keeps the connection open through proxies, which close what is silent for half a minute.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// A browser that lost its connection comes again after this long.
const RETRY: Duration = Duration::from_secs(2);

/// A stream ends after this long, and its token is looked at anew when the reader comes again. Its key is looked at all the time.
const LASTS: Duration = Duration::from_secs(15 * 60);

/// So often it is looked whether further profiles are the same person, if nothing is decided about them.
const LOOK_FOR_LINKS: Duration = Duration::from_secs(3);

/// The longest life of a token: it stands in a URL, and what stands in URLs gets around.
const TOKEN_MINUTES_MAX: u32 = 15;

/// Streams open at once with one key: a shop's server follows the people who are there now.
const PER_KEY_MAX: usize = 1_000;

/// Streams open at once for one person by token: a few tabs.
const PER_PERSON_MAX: usize = 8;

/// Streams open at once altogether: each is a connection and a task.
const ALTOGETHER_MAX: usize = 8_192;

/// The streams that are open, by who opened them.
pub(crate) struct Open {
    seats: Mutex<BTreeMap<u64, usize>>,
    closing: watch::Sender<bool>,
}

impl Default for Open {
    fn default() -> Self {
        Self { seats: Mutex::default(), closing: watch::channel(false).0 }
    }
}

impl Open {
    /// Ends all streams; their readers come again, to another process perhaps.
    pub(crate) fn close(&self) {
        self.closing.send_replace(true);
    }

    fn enter(self: &Arc<Self>, who: u64, most: usize) -> Result<Seat, Refused> {
        let mut seats = self.seats.lock().unwrap_or_else(PoisonError::into_inner);
        let is_full = ALTOGETHER_MAX <= seats.values().sum();
        let taken = seats.entry(who).or_default();
        if is_full || most <= *taken {
            return Err(problem::too_often(RETRY));
        }
        *taken += 1;
        Ok(Seat { open: self.clone(), who })
    }
}

/// A stream that is open, until it is dropped.
struct Seat {
    open: Arc<Open>,
    who: u64,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut seats = self.open.seats.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(taken) = seats.get_mut(&self.who) {
            *taken = taken.saturating_sub(1);
            if *taken == 0 {
                seats.remove(&self.who);
            }
        }
    }
}

/// Whose decisions are followed: by a token, or, with a key, by profile or identity.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct StreamAsked {
    /// The profile.
    profile: Option<String>,
    /// The namespace of an identity of it: the session's, for instance.
    namespace: Option<String>,
    /// That identity.
    value: Option<String>,
    /// A token from `/v1/stream-tokens`, for browsers.
    token: Option<String>,
}

/// Follows one person's decisions as server-sent events, from now on or from `Last-Event-ID`.
#[utoipa::path(get, path = "/v1/stream", tag = "stream", operation_id = "open_stream",
    params(StreamAsked, ("Last-Event-ID" = Option<String>, Header, description = "Goes on after this event")),
    responses(
        (status = 200, description = "Events of the type `decision`, each with a decision as data; one of the type `refused` with a problem is the last, once the key is no longer good", body = String, content_type = "text/event-stream"),
        (status = 404, description = "Nobody is known by this name", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "A value cannot be used", body = Problem, content_type = "application/problem+json"),
    ))]
pub(super) async fn open_stream<S: Store>(
    State(service): State<Arc<Service<S>>>,
    caller: Option<Extension<Caller<S>>>,
    arrival: Arrival,
    headers: HeaderMap,
    Asked(asked): Asked<StreamAsked>,
) -> Result<Response, Refused> {
    let places = headers.get("last-event-id").map(|id| {
        let places = id.to_str().ok().and_then(Places::parse);
        places.ok_or_else(|| invalid("", "`Last-Event-ID` is the id of an event of this stream"))
    });
    let now = (service.clock)();
    let is_page = asked.token.is_some();
    let (engine, profile, key, seat) = match (&asked.token, caller) {
        (Some(token), _) => {
            let grant = Grant::read(token, service.stream_key()).filter(|grant| now < grant.ends_at);
            let grant = grant.ok_or_else(problem::key_unknown)?;
            if !grant.key.is_good(&service, arrival.operation).await? {
                return Err(problem::key_unknown());
            }
            let who = Hasher::new("stream of a person").field(&grant.profile.bytes()).finish().number();
            let seat = service.streams.enter(who, PER_PERSON_MAX)?;
            (service.engine(grant.key.tenant).await?, grant.profile, grant.key, seat)
        }
        (None, Some(Extension(caller))) => {
            let identity = asked.namespace.zip(asked.value);
            let identity = identity.map(|(namespace, value)| IdentitySent { namespace, value });
            let profile = named(&caller.engine, asked.profile.as_deref(), identity.as_ref()).await?;
            let who = Hasher::new("stream of a key").field(&caller.access.id.0).finish().number();
            let key = Key { tenant: caller.access.tenant, id: caller.access.id };
            (caller.engine, profile, key, service.streams.enter(who, PER_KEY_MAX)?)
        }
        (None, None) => return Err(problem::key_missing()),
    };
    let reader = Reader {
        listener: Listener::begin(&engine, profile, places.transpose()?.as_ref(), now).await?,
        engine,
        knows_place: false,
        is_page,
        ends: Instant::now() + LASTS,
        closing: service.streams.closing.subscribe(),
        _seat: seat,
    };
    let held = Held::new(key, service, arrival);
    let events = unfold(Some((reader, held)), |open| async move {
        let (mut reader, mut held) = open?;
        // The key first: a reader who is far behind always has something to hear.
        tokio::select! {
            biased;
            last = held.gone() => Some((Ok::<_, Infallible>(refusal(&last?)), None)),
            event = reader.next() => Some((Ok(event?), Some((reader, held)))),
        }
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(HEARTBEAT)).into_response())
}

/// Makes a token with which a browser follows one person's decisions for some minutes.
#[utoipa::path(post, path = "/v1/stream-tokens", tag = "stream", operation_id = "make_stream_token", request_body = StreamTokenAsked,
    responses(
        (status = 201, description = "The token", body = StreamTokenMade),
        (status = 404, description = "Nobody is known by this name", body = Problem, content_type = "application/problem+json"),
    ))]
pub(super) async fn make_stream_token<S: Store>(
    caller: Caller<S>,
    Json(asked): Json<StreamTokenAsked>,
) -> Result<(StatusCode, axum::Json<StreamTokenMade>), Refused> {
    let minutes = asked.minutes.unwrap_or(TOKEN_MINUTES_MAX);
    if !(1..=TOKEN_MINUTES_MAX).contains(&minutes) {
        return Err(invalid("/minutes", format!("a token is good for 1 to {TOKEN_MINUTES_MAX} minutes")));
    }
    let profile = named(&caller.engine, asked.profile.as_deref(), asked.identity.as_ref()).await?;
    let ends_at = Timestamp(caller.now.0 + i64::from(minutes) * 60_000);
    let key = Key { tenant: caller.engine.tenant, id: caller.access.id };
    let grant = Grant { key, profile, ends_at };
    let token = grant.write(caller.service.stream_key());
    Ok((StatusCode::CREATED, axum::Json(StreamTokenMade { token, ends_at: ends_at.to_string() })))
}

/// The last event of a stream whose key is gone: what the reader would be told who came again.
fn refusal(problem: &Problem) -> Event {
    let json = serde_json::to_string(problem).expect("strings and numbers are JSON");
    Event::default().event("refused").data(json)
}

/// Finds the person that is named by profile or by identity.
async fn named<S: Store>(
    engine: &Engine<S>,
    profile: Option<&str>,
    identity: Option<&IdentitySent>,
) -> Result<ProfileId, Refused> {
    match (profile, identity) {
        (Some(text), None) => ProfileId::parse(text).map_err(|error| invalid("/profile", error.to_string())),
        (None, Some(sent)) => {
            let identity = sent.read().map_err(|error| invalid("/identity", error))?;
            let nobody = || Error::NotFound { what: "person with this", name: "identity".to_owned() };
            Ok(find(engine, &identity).await?.ok_or_else(nobody)?)
        }
        _ => Err(invalid("", "name a profile, or an identity by namespace and value")),
    }
}

/// One open stream.
struct Reader<S> {
    engine: Arc<Engine<Arc<S>>>,
    listener: Listener,
    /// Whether the reader knows where they are: a connection that breaks before anything happens goes on from there.
    knows_place: bool,
    /// Whether a browser reads along, by a token.
    is_page: bool,
    ends: Instant,
    closing: watch::Receiver<bool>,
    _seat: Seat,
}

impl<S: Store> Reader<S> {
    /// Waits for the next event; `None` ends the stream, and the reader comes again.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if self.ends <= Instant::now() {
                return None;
            }
            if let Some(placed) = self.listener.told(&self.engine).await.ok()? {
                // Nothing is told of somebody who was erased meanwhile.
                match self.event(placed).await.ok()? {
                    Some(event) => return Some(event),
                    None => continue,
                }
            }
            if !self.knows_place {
                self.knows_place = true;
                return Some(Event::default().id(self.listener.id()).retry(RETRY));
            }
            tokio::select! {
                () = self.listener.woken() => {}
                () = sleep(LOOK_FOR_LINKS) => {}
                () = sleep_until(self.ends) => return None,
                _ = self.closing.wait_for(|closing| *closing) => return None,
            }
            // Somebody may have signed in meanwhile.
            self.listener.look_for_links(&self.engine).await.ok()?;
        }
    }

    async fn event(&self, placed: Placed) -> Result<Option<Event>, Error> {
        let decision = decision(&self.engine, placed.profile, placed.decision).await?;
        let Some(decision) = decision.filter(|decision| placed.since <= decision.now) else {
            return Ok(None);
        };
        let catalogue = self.engine.catalogue_of(decision.catalogue).await?;
        let coupon = issue(&decision, &catalogue).map(|effect| effect.coupon.id.to_string());
        let view = DecisionView::new(&decision, &catalogue, coupon, false);
        let view = if self.is_page { view.for_page() } else { view };
        let json = serde_json::to_string(&view).expect("strings, numbers and lists are JSON");
        Ok(Some(Event::default().event("decision").id(self.listener.id_after(&placed)).data(json)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seats_are_counted_by_who_sits_and_free_again_when_they_leave() {
        let open = Arc::new(Open::default());
        let mut seats: Vec<Seat> = (0..3).map(|_| open.enter(1, 3).unwrap()).collect();
        assert!(open.enter(1, 3).is_err());
        assert!(open.enter(2, 3).is_ok());
        seats.pop();
        assert!(open.enter(1, 3).is_ok());
        drop(seats);
        assert_eq!(*open.seats.lock().unwrap(), BTreeMap::new());
    }
}

//! What waits in the outbox about a person is asked again before it leaves the house: a consent it was written under may be taken back by then.
//!
//! What became of a coupon and that somebody left a segment needs none: the one is the shop's account, by the other a receiver stops.

use serde_json::Value as Json;
use wink_core::base::{DecisionId, ProfileId, Timestamp};
use wink_core::decision::{Decision, missing_consent};
use wink_core::feature::Memberships;
use wink_core::offer::Channel;
use wink_core::profile::{Cluster, Grants, Purpose};
use wink_record::{Damaged, MessageType, WebhookMessage};
use wink_store::Store;

use super::person;
use super::whole;
use crate::{Engine, Error, keys};

/// What may be sent of a message.
pub(super) enum Leaving {
    /// This body.
    Body(Vec<u8>),
    /// Nothing, and why.
    Nothing(String),
}

/// Tells what of `message` may be sent at `now`.
///
/// # Errors
/// If the store cannot be read, or holds a message that is none.
pub(super) async fn leaving<S: Store>(
    engine: &Engine<S>,
    message: WebhookMessage,
    now: Timestamp,
) -> Result<Leaving, Error> {
    use MessageType::{
        CouponExpired, CouponExpiring, CouponIssued, CouponRedeemed, CouponReversed, DecisionMade,
        SegmentEntered, SegmentLeft, WebhookTest,
    };
    match message.kind {
        CouponIssued | CouponRedeemed | CouponReversed | SegmentLeft | WebhookTest => {
            return Ok(Leaving::Body(message.body));
        }
        DecisionMade | CouponExpiring | CouponExpired | SegmentEntered => {}
    }
    let mut told = Told::read(&message)?;
    let Some(profile) = told.text("profile").and_then(|id| ProfileId::parse(id).ok()) else {
        // A coupon that anybody may use.
        return Ok(Leaving::Body(message.body));
    };
    let whole = whole::load(engine, profile).await?;
    // Whoever is gone has granted nothing.
    let person = whole.as_ref().map(whole::Whole::cluster);
    let grants = person.as_ref().map_or_else(Grants::default, |person| person.grants(now));
    let missing = match message.kind {
        DecisionMade => of_decision(engine, &told, &grants).await?,
        SegmentEntered => match &person {
            Some(person) => of_entry(engine, &told, person, &grants).await?,
            None => Some("whom it tells of is gone".to_owned()),
        },
        CouponExpired => {
            // That it ran out is the shop's account; the text is for the person.
            let is_wanted = missing_consent(Channel::Newsletter, &grants).is_none();
            return Ok(Leaving::Body(if is_wanted { message.body } else { told.without_text() }));
        }
        _ => missing_consent(Channel::Newsletter, &grants).map(no_longer),
    };
    Ok(missing.map_or(Leaving::Body(message.body), Leaving::Nothing))
}

/// What a decision was allowed to read has to be allowed still.
async fn of_decision<S: Store>(
    engine: &Engine<S>,
    told: &Told,
    grants: &Grants,
) -> Result<Option<String>, Error> {
    let gone = || Some("the decision it tells of is gone".to_owned());
    let Some(id) = told.text("decision").and_then(|id| DecisionId::parse(id).ok()) else { return Ok(gone()) };
    let Some(decision) = engine.stored::<Decision>(&keys::decision(id)).await? else { return Ok(gone()) };
    let then = decision.person.grants;
    Ok(then
        .granted()
        .filter(|purpose| concerns(*purpose, &decision))
        .find(|now| !grants.allow(*now))
        .map(no_longer))
}

/// Tells whether a decision depended on a purpose.
fn concerns(purpose: Purpose, decision: &Decision) -> bool {
    let others = Grants::new(Purpose::ALL.into_iter().filter(|other| *other != purpose));
    missing_consent(decision.ask.channel, &others) == Some(purpose)
}

/// Who came into a segment is told of while they grant what it is for and what its rule reads of them.
async fn of_entry<S: Store>(
    engine: &Engine<S>,
    told: &Told,
    person: &Cluster<'_>,
    grants: &Grants,
) -> Result<Option<String>, Error> {
    let catalogue = engine.catalogue()?;
    let Some(segment) = told.text("segment").and_then(|id| catalogue.segments.find(id)) else {
        return Ok(Some("the segment it tells of is gone".to_owned()));
    };
    if !grants.allow(segment.purpose) {
        return Ok(Some(no_longer(segment.purpose)));
    }
    // Who is a member has granted enough for it: some rules can be true in several ways.
    let memberships =
        person::load(engine, keys::memberships(person.lead()), Memberships::default).await?.value;
    if segment.number.is_some_and(|number| memberships.of.contains_key(&number)) {
        return Ok(None);
    }
    let definitions = catalogue.features.definitions().iter().enumerate();
    let mut read = definitions.filter(|(slot, _)| segment.rule.wanted().asks_for(*slot));
    Ok(read.find(|(_, read)| !grants.allow(read.purpose)).map(|(_, read)| no_longer(read.purpose)))
}

fn no_longer(purpose: Purpose) -> String {
    format!("`{}` is no longer granted", purpose.name())
}

/// The body of a message, as it was written.
struct Told(Json);

impl Told {
    fn read(message: &WebhookMessage) -> Result<Self, Damaged> {
        let damaged = |error: serde_json::Error| Damaged { what: "webhook message", why: error.to_string() };
        serde_json::from_slice(&message.body).map(Self).map_err(damaged)
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.0.get("data")?.get(name)?.as_str()
    }

    fn without_text(&mut self) -> Vec<u8> {
        if let Some(data) = self.0.get_mut("data").and_then(Json::as_object_mut) {
            data.remove("text");
        }
        self.0.to_string().into_bytes()
    }
}

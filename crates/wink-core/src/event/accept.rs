//! The door: an envelope becomes an event, or a rejection with a reason. No store, no clock: "now" comes in.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::body::{self, Body};
use super::{ConsentState, Envelope, Identity, Rejection, Schemas};
use crate::base::{Currency, EventId, Hasher, Timestamp, Value};

/// How far ahead of us a client's clock may be before its event is set aside: five minutes covers an unsynchronised device.
pub const FUTURE_TOLERANCE_MS: i64 = 5 * 60_000;

/// An event received more than this after it happened is marked late: a day covers a phone that was offline overnight.
pub const LATE_AFTER_MS: i64 = 24 * 3_600_000;

/// An event of at most this many bytes as it is stored: some hundred order lines, and far below what a commit takes.
pub const EVENT_BYTES_MAX: usize = 64 * 1024;

/// Values may lie inside each other this deep: deeper than any real client nests, and half of what the stored format can hold.
pub const DEPTH_MAX: usize = 16;

/// A message names at most this many identities of a person: a browser, an app, a mail address, a card, and a few more.
pub const IDENTITIES_MAX: usize = 20;

/// An accepted event.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Its id.
    pub id: EventId,
    /// Who sent it.
    pub source: String,
    /// The client's id of the message.
    pub message_id: String,
    /// Under whom it is kept. Where it is stored, only a keyed hash of it stands.
    pub identity: Identity,
    /// Further identities of the same person that the client named.
    pub linked: Vec<Identity>,
    /// When it happened: received − (sent − original), so that a wrong client clock cancels out. Never later than it was received; of a
    /// TCF string, when somebody chose what it says.
    pub occurred_at: Timestamp,
    /// When it was sent, by the client's clock.
    pub sent_at: Option<Timestamp>,
    /// When it arrived here.
    pub received_at: Timestamp,
    /// When it happened, by the client's clock.
    pub original_at: Option<Timestamp>,
    /// Whether it arrived more than a day after it happened.
    pub late: bool,
    /// What it says.
    pub body: Body,
    /// Properties that the body does not hold, kept as sent.
    pub extra: BTreeMap<String, Value>,
}

/// Accepts an envelope as the event `id`, or says why not.
///
/// Same envelope, same schemas, same `now`, same answer.
///
/// # Errors
/// The [`Rejection`] under which the envelope goes to the dead letters.
pub fn accept(
    envelope: &Envelope,
    schemas: &Schemas,
    currency: Currency,
    id: EventId,
    now: Timestamp,
) -> Result<Event, Rejection> {
    let length = envelope.message_id.chars().count();
    if length == 0 || 100 < length {
        return Err(Rejection::MessageId);
    }
    let (identity, linked) = envelope.identities.split_first().ok_or(Rejection::NoIdentity)?;
    check_size(envelope)?;
    let (schema, properties) =
        schemas.read(&envelope.event, envelope.schema_version.as_deref(), &envelope.properties, currency)?;
    if let Cow::Owned(lifted) = &properties {
        // What a mapping added counts as well.
        check_properties(lifted)?;
    }
    schema.check(&properties)?;
    let occurred_at = envelope.occurred_at(now);
    let (body, said_at) = body::read(schema.event, &properties, currency, occurred_at.min(now))?;
    // What is kept whole keeps its properties, whether or not their types were checked.
    let is_whole = matches!(body, Body::Observed(_));
    let unknown = properties.iter().filter(|(name, _)| is_whole || !schema.names(name));
    // A no is heard by whatever clock: until somebody looked at that clock, use would go on.
    let is_no = matches!(&body, Body::ConsentUpdated(word) if word.state != ConsentState::Granted);
    if !is_no && now.0 + FUTURE_TOLERANCE_MS < occurred_at.0 {
        return Err(Rejection::Future { occurred_at });
    }
    Ok(Event {
        id,
        source: envelope.source.clone(),
        message_id: envelope.message_id.clone(),
        identity: identity.clone(),
        linked: linked.to_vec(),
        occurred_at: said_at,
        sent_at: envelope.sent_at,
        received_at: now,
        original_at: envelope.original_at,
        late: LATE_AFTER_MS < now.since_ms(occurred_at),
        body,
        extra: unknown.map(|(name, value)| (name.clone(), value.clone())).collect(),
    })
}

fn check_size(envelope: &Envelope) -> Result<(), Rejection> {
    if IDENTITIES_MAX < envelope.identities.len() {
        return Err(Rejection::TooLarge(format!(
            "names {} identities; at most {IDENTITIES_MAX}",
            envelope.identities.len()
        )));
    }
    check_properties(&envelope.properties)
}

fn check_properties(properties: &BTreeMap<String, Value>) -> Result<(), Rejection> {
    let too_large = |what: String| Err(Rejection::TooLarge(what));
    if properties.values().any(|value| DEPTH_MAX < value.depth(DEPTH_MAX)) {
        return too_large(format!("nests values deeper than {DEPTH_MAX}"));
    }
    let weight: usize = properties.iter().map(|(name, value)| name.len() + value.weight()).sum();
    if EVENT_BYTES_MAX < weight {
        return too_large(format!("has about {weight} bytes; at most {EVENT_BYTES_MAX}"));
    }
    Ok(())
}

impl Envelope {
    /// Tells when it happened, as far as it can be told of a message that came at `received`: what a wrong client clock adds cancels
    /// out where the client said when it sent it.
    pub fn occurred_at(&self, received: Timestamp) -> Timestamp {
        match (self.original_at, self.sent_at) {
            (Some(original), Some(sent)) => Timestamp(received.0.saturating_sub(sent.since_ms(original))),
            (Some(original), None) => original,
            (None, _) => received,
        }
    }

    /// Hashes what the client said, so that a retry is told from another message under the same id. Leaves out the time of
    /// sending, which a retry changes.
    pub fn body_hash(&self, key: &[u8; 32]) -> [u8; 16] {
        let mut hash = Hasher::keyed(key, "event body")
            .field(self.event.as_bytes())
            .field(self.schema_version.as_deref().unwrap_or_default().as_bytes())
            .field(&self.original_at.map_or(Vec::new(), |time| time.0.to_le_bytes().to_vec()))
            .field(&self.identities.len().to_le_bytes());
        for identity in &self.identities {
            hash = hash.field(identity.namespace().as_bytes()).field(identity.value().as_bytes());
        }
        for (name, value) in &self.properties {
            hash.add(name.as_bytes());
            hash_value(&mut hash, value);
        }
        hash.finish().short()
    }
}

/// Hashes a value. In place: a hash state is large, and values lie inside each other before anybody has looked how deep.
fn hash_value(hash: &mut Hasher, value: &Value) {
    let length = |length: usize| u64::try_from(length).unwrap_or(u64::MAX).to_le_bytes();
    match value {
        Value::Null => hash.add(b"n"),
        Value::Bool(value) => hash.add(&[b'b', u8::from(*value)]),
        Value::Int(number) => {
            hash.add(b"i");
            hash.add(&number.to_le_bytes());
        }
        Value::Float(number) => {
            hash.add(b"f");
            hash.add(&number.to_bits().to_le_bytes());
        }
        Value::Text(text) => {
            hash.add(b"t");
            hash.add(text.as_bytes());
        }
        Value::List(values) => {
            hash.add(b"l");
            hash.add(&length(values.len()));
            values.iter().for_each(|value| hash_value(hash, value));
        }
        Value::Map(fields) => {
            hash.add(b"m");
            hash.add(&length(fields.len()));
            for (name, value) in fields {
                hash.add(name.as_bytes());
                hash_value(hash, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Cents;

    const NOW: Timestamp = Timestamp(1_700_000_000_000);

    fn envelope(event: &str, properties: &[(&str, Value)]) -> Envelope {
        Envelope {
            source: "shop".to_owned(),
            message_id: "m-1".to_owned(),
            event: event.to_owned(),
            schema_version: None,
            identities: vec![Identity::new("Customer", "anna").unwrap()],
            original_at: None,
            sent_at: None,
            properties: properties.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
        }
    }

    fn order(lines: Vec<Value>) -> Envelope {
        envelope(
            "Order Completed",
            &[("order_id", Value::Text("o-1".to_owned())), ("products", Value::List(lines))],
        )
    }

    fn line(total: Value) -> Value {
        Value::Map(BTreeMap::from([
            ("product_id".to_owned(), Value::Text("p-1".to_owned())),
            ("total_cents".to_owned(), total),
        ]))
    }

    fn check(envelope: Envelope, expected: &str) {
        let usd = Currency::new("USD").unwrap();
        let answer = accept(&envelope, &Schemas::built_in(), usd, EventId::from_bytes([1; 16]), NOW);
        let text = match answer {
            Ok(event) => format!("accepted {} late={}", event.body.event_name(), event.late),
            Err(rejection) => format!("{}: {rejection}", rejection.code()),
        };
        assert_eq!(text, expected);
    }

    #[test]
    fn accepts_an_order_and_keeps_what_it_does_not_know() {
        let mut sent = order(vec![line(Value::Int(250)), line(Value::Int(0))]);
        sent.properties.insert("gift".to_owned(), Value::Bool(true));
        let usd = Currency::new("USD").unwrap();
        let event = accept(&sent, &Schemas::built_in(), usd, EventId::from_bytes([1; 16]), NOW).unwrap();
        let Body::OrderCompleted(order) = &event.body else { panic!("{:?}", event.body) };
        assert_eq!(order.sales(), Cents(250));
        assert_eq!(order.lines.len(), 2);
        assert_eq!(event.extra, BTreeMap::from([("gift".to_owned(), Value::Bool(true))]));
        assert_eq!(event.identity.namespace(), "customer");
    }

    #[test]
    fn an_event_known_by_name_only_is_kept_whole() {
        check(envelope("Product Viewed", &[]), "accepted Product Viewed late=false");
        let sent = envelope("Page", &[("path", Value::Text("/tea".to_owned()))]);
        let usd = Currency::new("USD").unwrap();
        let event = accept(&sent, &Schemas::built_in(), usd, EventId::from_bytes([1; 16]), NOW).unwrap();
        assert_eq!(event.extra, sent.properties);
    }

    #[test]
    fn refuses_with_a_code_and_a_way_out() {
        check(
            envelope("Teleported", &[]),
            "event_unknown: `Teleported` is not a known event; see the list of events, or register a schema for it",
        );
        check(envelope("Order Completed", &[]), "property_missing: property `order_id` is missing");
        check(
            order(vec![line(Value::Float(2.5))]),
            "property_type: property `products/0/total_cents` must be a whole number, not double",
        );
        check(
            order(vec![line(Value::Int(-1))]),
            "property_value: property `products/0/total_cents` must lie between 0 and 100000000000 minor units",
        );
        let mut nobody = order(vec![]);
        nobody.identities.clear();
        check(
            nobody,
            "identity_missing: no identity; name at least one, as in `identities: [{namespace, value}]`",
        );
        let mut nameless = order(vec![]);
        nameless.message_id.clear();
        check(
            nameless,
            "message_id_invalid: `message_id` must have 1 to 100 characters, so that a retry can be recognised",
        );
        let mut euro = order(vec![]);
        euro.properties.insert("currency".to_owned(), Value::Text("EUR".to_owned()));
        check(euro, "currency_mismatch: the shop's currency is USD; `EUR` is refused, never converted");
    }

    #[test]
    fn an_addition_is_read_and_a_new_model_is_not() {
        let versioned =
            |version: &str| Envelope { schema_version: Some(version.to_owned()), ..order(vec![]) };
        check(versioned("1-0-9"), "accepted Order Completed late=false");
        check(
            versioned("2-0-0"),
            "schema_unknown: schema 2-0-0 of `Order Completed` is not known here, the newest is 1-0-0; declare it in `schemas.toml`, upgrade Wink, or send the older form",
        );
        check(versioned("one"), "schema_version_invalid: `one` is not a schema version; write it like 1-0-0");
    }

    #[test]
    fn a_wrong_client_clock_cancels_out() {
        let year_ahead = Timestamp(NOW.0 + 365 * 86_400_000);
        let sent = Envelope {
            original_at: Some(Timestamp(year_ahead.0 - 60_000)),
            sent_at: Some(year_ahead),
            ..order(vec![])
        };
        let usd = Currency::new("USD").unwrap();
        let event = accept(&sent, &Schemas::built_in(), usd, EventId::from_bytes([1; 16]), NOW).unwrap();
        assert_eq!(event.occurred_at, Timestamp(NOW.0 - 60_000));
    }

    #[test]
    fn the_future_is_set_aside_and_the_past_is_late() {
        let at = |ms: i64| Envelope { original_at: Some(Timestamp(ms)), ..order(vec![]) };
        check(at(NOW.0 + FUTURE_TOLERANCE_MS), "accepted Order Completed late=false");
        check(
            at(NOW.0 + FUTURE_TOLERANCE_MS + 1),
            "occurred_in_future: it claims to have happened at 2023-11-14T22:18:20.001Z, later than now; look at the clock that said so, and tell it with the right time",
        );
        check(at(NOW.0 - LATE_AFTER_MS), "accepted Order Completed late=false");
        check(at(NOW.0 - LATE_AFTER_MS - 1), "accepted Order Completed late=true");
    }

    #[test]
    fn a_no_is_heard_by_whatever_clock() {
        let text = |text: &str| Value::Text(text.to_owned());
        let own = |state: &str| {
            let said =
                [("purpose", text("personalisation")), ("state", text(state)), ("method", text("app"))];
            envelope("Consent Updated", &said)
        };
        let modes = |state: &str| {
            let said = [("ad_user_data", text("granted")), ("ad_personalization", text(state))];
            envelope("Consent Mode Updated", &said)
        };
        let denying = text("COvFyGBOvFyGBAbAAAENAPCAAOAAAAAAAAAAAEEUACCKAAA");
        let ahead = |envelope: Envelope| Envelope {
            original_at: Some(Timestamp(NOW.0 + 2 * FUTURE_TOLERANCE_MS)),
            ..envelope
        };
        let heard = |envelope: Envelope| {
            let usd = Currency::new("USD").unwrap();
            accept(&ahead(envelope), &Schemas::built_in(), usd, EventId::from_bytes([1; 16]), NOW)
        };
        for no in
            [own("denied"), own("withdrawn"), modes("denied"), envelope("Privacy Control Signalled", &[])]
        {
            assert_eq!(heard(no.clone()).map(|event| event.occurred_at), Ok(NOW), "{no:?}");
        }
        let string = heard(envelope("TCF Consent Updated", &[("tc_string", denying)])).unwrap();
        assert!(string.occurred_at < NOW);
        for yes in [own("granted"), modes("granted")] {
            assert_eq!(heard(yes.clone()).unwrap_err().code(), "occurred_in_future", "{yes:?}");
        }
    }

    #[test]
    fn what_is_too_large_is_refused() {
        let with = |value: Value| {
            let mut sent = order(vec![]);
            sent.properties.insert("x".to_owned(), value);
            sent
        };
        let nested = |depth: usize| (1..depth).fold(Value::Int(1), |inner, _| Value::List(vec![inner]));
        check(with(nested(DEPTH_MAX)), "accepted Order Completed late=false");
        check(with(nested(DEPTH_MAX + 1)), "event_too_large: the event nests values deeper than 16");
        check(with(nested(10_000)), "event_too_large: the event nests values deeper than 16");
        check(
            with(Value::Text("x".repeat(70_000))),
            "event_too_large: the event has about 70044 bytes; at most 65536",
        );
        let mut crowd = order(vec![]);
        crowd.identities = (0..21).map(|n| Identity::new("cookie", &n.to_string()).unwrap()).collect();
        check(crowd, "event_too_large: the event names 21 identities; at most 20");
    }

    #[test]
    fn a_retry_has_the_same_body_hash_and_another_message_has_not() {
        let key = [9; 32];
        let first = order(vec![line(Value::Int(250))]);
        let retry = Envelope { sent_at: Some(NOW), ..first.clone() };
        assert_eq!(first.body_hash(&key), retry.body_hash(&key));
        assert_ne!(first.body_hash(&key), order(vec![line(Value::Int(251))]).body_hash(&key));
    }
}

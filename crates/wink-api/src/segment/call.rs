//! One call (`track`, `identify`, …) or a batch of them becomes envelopes. Each call is read alone: one that cannot be read does not
//! spoil the others.

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value as Json};
use wink_core::base::{Currency, Timestamp};
use wink_core::event::{Envelope, PLACE_REPORTED, is_coordinate};

use crate::commerce;
use crate::identities::{USER_ID, derived_id, id_text, identities};
use crate::json::{self, JsonError};
use crate::value;

/// What a client of the family can say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// Somebody did something.
    Track,
    /// Facts about somebody.
    Identify,
    /// Somebody saw a page.
    Page,
    /// Somebody saw a screen of an app.
    Screen,
    /// Somebody belongs to a group.
    Group,
    /// Somebody has another id.
    Alias,
}

/// What was sent: one call or many.
#[derive(Clone, Debug)]
pub struct Batch {
    /// The write key, if the body carries it.
    pub write_key: Option<String>,
    /// The calls, as sent.
    pub calls: Vec<Box<RawValue>>,
    sent_at: Option<String>,
    context: Map<String, Json>,
    call: Option<Call>,
}

/// What holds the calls of a batch together. One call alone has the same fields around itself.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Frame {
    write_key: Option<String>,
    sent_at: Option<String>,
    batch: Option<Vec<Box<RawValue>>>,
    #[serde(rename = "type")]
    kind: Option<Box<RawValue>>,
    context: Option<Box<RawValue>>,
}

/// Why a call could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
    /// The client's own id of it, if it says one.
    pub message_id: Option<String>,
    /// What is wrong, for the client's developer.
    pub message: String,
}

/// The part of a call's `context` that is kept: where the person was and what brought them there. Addresses, devices and whatever
/// identifies a person directly are left out; traits go to the vault by `identify`.
const CONTEXT_KEPT: [&str; 15] = [
    "app",
    "campaign",
    "channel",
    "consent",
    "groupId",
    "library",
    "locale",
    "os",
    "page",
    "referrer",
    "screen",
    "sessionId",
    "sessionStart",
    "timezone",
    "active",
];

/// Where clients say coordinates: in the context, or in the properties of a report.
const LOCATION: &str = "location";

impl Call {
    /// Finds the call of a name, as in a path or in `type`.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "track" => Self::Track,
            "identify" => Self::Identify,
            "page" => Self::Page,
            "screen" => Self::Screen,
            "group" => Self::Group,
            "alias" => Self::Alias,
            _ => return None,
        })
    }
}

impl Batch {
    /// Reads a body that came to the path of `call`; `None` is the path of batches. What it is, is told by its content.
    ///
    /// # Errors
    /// Says what is wrong with the body as a whole. What is wrong inside a call is found when that call is read.
    pub fn read(body: &[u8], call: Option<Call>) -> Result<Self, JsonError> {
        let frame: Frame = json::frame(body)?;
        let (write_key, sent_at) = (frame.write_key, frame.sent_at);
        let Some(calls) = frame.batch else {
            if call.is_none() && frame.kind.is_none() {
                return Err(JsonError::unexpected("`batch` is missing; it is the list of messages"));
            }
            let calls = vec![json::frame(body)?];
            return Ok(Self { write_key, calls, sent_at, context: Map::new(), call });
        };
        let context = frame.context.map(|context| json::read(context.get().as_bytes())).transpose()?;
        Ok(Self { write_key, calls, sent_at, context: context.unwrap_or_default(), call: None })
    }

    /// Turns one of the calls into an envelope of `source`, received at `now`. Amounts are in the shop's currency.
    ///
    /// # Errors
    /// Says why it cannot be read.
    pub fn envelope(
        &self,
        call: &RawValue,
        source: &str,
        currency: Currency,
        now: Timestamp,
    ) -> Result<Envelope, Unread> {
        let fields: Map<String, Json> = json::read(call.get().as_bytes())
            .map_err(|error| Unread { message_id: None, message: error.in_place() })?;
        self.read_fields(&fields, source, currency, now)
            .map_err(|message| Unread { message_id: id_text(&fields, "messageId"), message })
    }

    fn read_fields(
        &self,
        fields: &Map<String, Json>,
        source: &str,
        currency: Currency,
        now: Timestamp,
    ) -> Result<Envelope, String> {
        let call = self.kind(fields)?;
        let time = |name: &str, text: Option<&str>| {
            text.map(Timestamp::parse).transpose().map_err(|error| format!("`{name}`: {error}"))
        };
        let text = |name: &str| fields.get(name).and_then(Json::as_str).filter(|text| !text.is_empty());
        let original_at = time("timestamp", text("originalTimestamp").or(text("timestamp")))?;
        let mut named = vec![("userId", USER_ID), ("anonymousId", "anonymous_id")];
        if call == Call::Alias {
            // An id before the sign-in. Two people who have signed in are never joined, so it is not looked for among them.
            named.push(("previousId", "anonymous_id"));
        }
        let (event, mut properties) = said(call, fields)?;
        if event == PLACE_REPORTED {
            self.locate(fields, &mut properties);
        }
        if matches!(call, Call::Page | Call::Screen) {
            self.say_whence(fields, &mut properties);
        }
        commerce::translate(&event, &mut properties, currency);
        let context = self.context_of(fields);
        if !context.is_empty() {
            properties.insert("context".to_owned(), Json::Object(context));
        }
        Ok(Envelope {
            source: source.to_owned(),
            message_id: message_id(fields, original_at, now),
            event,
            schema_version: None,
            identities: identities(fields, &named)?,
            original_at,
            sent_at: time("sentAt", text("sentAt").or(self.sent_at.as_deref()))?,
            properties: properties.into_iter().map(|(name, json)| (name, value(json))).collect(),
        })
    }

    fn kind(&self, fields: &Map<String, Json>) -> Result<Call, String> {
        match (fields.get("type").and_then(Json::as_str), self.call) {
            (_, Some(call)) => Ok(call),
            (Some(name), None) => Call::named(name).ok_or_else(|| {
                format!("`type` is `{name}`; there are track, identify, page, screen, group and alias")
            }),
            (None, None) => Err("`type` is missing, as in `track`".to_owned()),
        }
    }

    /// Reads a report's point of the context, where clients of phones put it, unless the report says one in the same field itself. Nothing but
    /// the coordinates is read: they go no further than the place that is kept of them.
    fn locate(&self, fields: &Map<String, Json>, properties: &mut Map<String, Json>) {
        let own = fields.get("context").and_then(|context| context.get(LOCATION));
        let location = own.or_else(|| self.context.get(LOCATION)).and_then(Json::as_object);
        let said = location.into_iter().flatten().filter(|(name, _)| is_coordinate(name));
        let point: Map<String, Json> = said.map(|(name, degrees)| (name.clone(), degrees.clone())).collect();
        if !point.is_empty() && !properties.contains_key(LOCATION) {
            properties.insert(LOCATION.to_owned(), Json::Object(point));
        }
    }

    /// Says where somebody came from and on what kind of device under the names that features read, unless the page says so itself.
    fn say_whence(&self, fields: &Map<String, Json>, properties: &mut Map<String, Json>) {
        let own = fields.get("context").and_then(Json::as_object);
        let of_context = |name: &str, field: &str| {
            let found = own.and_then(|own| own.get(name)).or_else(|| self.context.get(name))?;
            found.get(field).cloned()
        };
        let text = |json: &Json| json.as_str().is_some_and(|text| !text.is_empty());
        let source = properties.get("utm_source").cloned().or_else(|| of_context("campaign", "source"));
        let device = match of_context("userAgentData", "mobile") {
            Some(Json::Bool(is_mobile)) => Some(if is_mobile { "mobile" } else { "desktop" }),
            // Only the libraries of phones say a type.
            _ => of_context("device", "type").filter(text).map(|_| "mobile"),
        };
        for (name, said) in [("source", source), ("device_class", device.map(Json::from))] {
            if let (false, Some(said)) = (properties.contains_key(name), said.filter(text)) {
                properties.insert(name.to_owned(), said);
            }
        }
    }

    /// The context of the batch, with what the call says itself on top.
    fn context_of(&self, fields: &Map<String, Json>) -> Map<String, Json> {
        let own = fields.get("context").and_then(Json::as_object);
        let both = self.context.iter().chain(own.into_iter().flatten());
        both.filter(|(name, _)| CONTEXT_KEPT.contains(&name.as_str()))
            .map(|(name, json)| (name.clone(), json.clone()))
            .collect()
    }
}

/// Tells the event and its properties.
fn said(call: Call, fields: &Map<String, Json>) -> Result<(String, Map<String, Json>), String> {
    let object = |name: &str| fields.get(name).and_then(Json::as_object).cloned();
    let mut properties = object("properties").unwrap_or_default();
    let mut also = |name: &str, as_name: &str| {
        if let Some(text) = id_text(fields, name) {
            properties.insert(as_name.to_owned(), Json::String(text));
        }
    };
    let event = match call {
        Call::Track => match id_text(fields, "event") {
            Some(event) => event,
            None => return Err("`event` is missing; it is the name of what happened".to_owned()),
        },
        Call::Page | Call::Screen => {
            also("name", "name");
            also("category", "category");
            if call == Call::Page { "Page" } else { "Screen" }.to_owned()
        }
        Call::Group => {
            also("groupId", "group_id");
            properties.extend(object("traits").map(|traits| ("traits".to_owned(), Json::Object(traits))));
            "Group".to_owned()
        }
        Call::Alias => "Alias".to_owned(),
        Call::Identify => {
            // RudderStack's browser client states the traits in the context only.
            let in_context = || fields.get("context")?.get("traits")?.as_object().cloned();
            let traits = object("traits").or_else(in_context).unwrap_or_default();
            properties.insert("traits".to_owned(), Json::Object(traits));
            "Identify".to_owned()
        }
    };
    Ok((event, properties))
}

/// The client's own id of the message. Without one it follows from the content, so that what is sent again is known again; a call
/// that does not even say when it happened may be a second one of the same kind, and counts on its own.
fn message_id(fields: &Map<String, Json>, original_at: Option<Timestamp>, now: Timestamp) -> String {
    if let Some(id) = id_text(fields, "messageId") {
        return id;
    }
    let mut content = fields.clone();
    content.retain(|name, _| !["sentAt", "writeKey"].contains(&name.as_str()));
    let received = original_at.map_or_else(|| now.to_string(), |_| String::new());
    derived_id("segment", &[&Json::Object(content).to_string(), &received])
}

//! The events there are, with their properties and versions. A schema is data: what it does not name is kept, not refused.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use super::Rejection;
use super::consent_input;
use super::upcast::Shapes;
use crate::base::{Currency, Value};

/// The properties of an event, as they were sent.
type Properties = BTreeMap<String, Value>;

/// A version `model-revision-addition`: another model breaks, a revision may break, an addition never does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SchemaVersion {
    /// Breaks every reader.
    pub model: u16,
    /// May break some readers.
    pub revision: u16,
    /// Adds only.
    pub addition: u16,
}

impl SchemaVersion {
    /// Reads `1-0-2`.
    ///
    /// # Errors
    /// Says how to write it.
    pub fn parse(text: &str) -> Result<Self, Rejection> {
        let wrong = || Rejection::SchemaVersion(text.chars().take(32).collect());
        let mut parts = text.split('-').map(str::parse::<u16>);
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(Ok(model)), Some(Ok(revision)), Some(Ok(addition)), None) => {
                Ok(Self { model, revision, addition })
            }
            _ => Err(wrong()),
        }
    }
}

impl fmt::Display for SchemaVersion {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}-{}-{}", self.model, self.revision, self.addition)
    }
}

/// The type of a property.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PropertyType {
    /// Text of at most 4 KiB.
    Text,
    /// A whole number.
    Int,
    /// A finite number.
    Number,
    /// True or false.
    Flag,
    /// Named values.
    Map,
    /// Several values.
    List,
}

impl fmt::Display for PropertyType {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Text => "text of at most 4,096 bytes",
            Self::Int => "a whole number",
            Self::Number => "a number",
            Self::Flag => "true or false",
            Self::Map => "an object",
            Self::List => "a list",
        })
    }
}

/// One property of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Property {
    /// Its name.
    pub name: &'static str,
    /// Its type.
    pub value_type: PropertyType,
    /// Whether an event without it is refused.
    pub required: bool,
}

/// What an event of a name looks like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schema {
    /// The event's name.
    pub event: &'static str,
    /// The newest version known here.
    pub version: SchemaVersion,
    /// The properties it names.
    pub properties: &'static [Property],
}

const fn required(name: &'static str, value_type: PropertyType) -> Property {
    Property { name, value_type, required: true }
}

const fn optional(name: &'static str, value_type: PropertyType) -> Property {
    Property { name, value_type, required: false }
}

use PropertyType::{Flag, Int, List, Map, Number, Text};

const ORDER: &[Property] = &[
    required("order_id", Text),
    required("products", List),
    optional("currency", Text),
    optional("store_id", Text),
];
const COUPON_APPLIED: &[Property] =
    &[required("coupon_id", Text), optional("coupon_name", Text), optional("campaign_id", Text)];
const IDENTIFY: &[Property] = &[required("traits", Map)];
const CONSENT: &[Property] = &[
    required("purpose", Text),
    required("state", Text),
    required("method", Text),
    optional("mechanism", Text),
    optional("surface", Text),
    optional("text_version", Text),
    optional("text_hash", Text),
    optional("recorded_by", Text),
];
const HOUSEHOLD_JOINED: &[Property] = &[required("household_id", Text)];
const HOUSEHOLD_LEFT: &[Property] = &[optional("household_id", Text)];
const EXPOSURE: &[Property] = &[required("decision_id", Text)];
/// A promotion may be one of the shop's own, which no decision of Wink's offered.
const PROMOTION: &[Property] = &[optional("decision_id", Text)];

const PRODUCT: &[Property] = &[
    optional("product_id", Text),
    optional("category", Text),
    optional("brand", Text),
    optional("price_cents", Int),
    optional("quantity", Number),
];
const LISTED: &[Property] = &[optional("products", List), optional("category", Text)];
const SEARCHED: &[Property] = &[optional("query", Text)];
const CHECKOUT: &[Property] = &[optional("checkout_id", Text), optional("step", Number)];
const CART: &[Property] = &[optional("cart_id", Text), optional("products", List)];
const CHANGED_ORDER: &[Property] = &[optional("order_id", Text), optional("total_cents", Int)];
const COUPON: &[Property] = &[optional("coupon_id", Text), optional("reason", Text)];
const EMAIL: &[Property] =
    &[optional("email_id", Text), optional("campaign_id", Text), optional("list_id", Text)];
const PAGE: &[Property] = &[optional("device_class", Text), optional("source", Text)];
const ENGAGED: &[Property] =
    &[required("dwell_ms", Int), optional("scroll_pct", Number), optional("quick_back", Flag)];
const ZONE: &[Property] = &[required("zone", Text), required("ms", Int)];
/// A page that shows an answer beside the zone says where, and what the cart is worth. One that gets the unit wrong hesitates all the same.
const HESITATED: &[Property] = &[
    required("zone", Text),
    required("ms", Int),
    optional("placement", Text),
    optional("cart_cents", Number),
];
const STOPPED: &[Property] = &[required("zone", Text), optional("after_ms", Int)];
const FIELD: &[Property] = &[required("field", Text)];
const STORE: &[Property] = &[required("store_id", Text)];
/// What a message about a place may say. The others are Wink's own: it works them out and takes them from nobody.
const PLACE: &[Property] = &[
    optional("region", Text),
    optional("place_cell", Text),
    optional("place_region", Text),
    optional("near_store", Text),
];
const TICKET: &[Property] = &[required("ticket_id", Text), optional("topic", Text)];
const RETURN: &[Property] =
    &[required("order_id", Text), optional("total_cents", Int), optional("reason", Text)];

/// Events that are kept whole: what the clients of the Segment family call for a shop and for mail and send beside `track`, what
/// people do on a page, and what the shop's service tells of. Of the properties named here the type is checked, so that features can
/// rely on it.
const OBSERVED: &[(&str, &[Property])] = &[
    ("Alias", &[]),
    ("App Removed", &[]),
    ("Cart Shared", CART),
    ("Cart Viewed", CART),
    ("Checkout Started", CHECKOUT),
    ("Checkout Step Completed", CHECKOUT),
    ("Checkout Step Viewed", CHECKOUT),
    ("Code Copied", &[]),
    ("Complaint Made", TICKET),
    ("Coupon Denied", COUPON),
    ("Coupon Entered", COUPON),
    ("Coupon Removed", COUPON),
    ("Coupon Saved", COUPON),
    ("Coupon Scanned", COUPON),
    ("Cursor Stopped", STOPPED),
    ("Element Viewed", ZONE),
    ("Email Bounced", EMAIL),
    ("Email Delivered", EMAIL),
    ("Email Link Clicked", EMAIL),
    ("Email Marked as Spam", EMAIL),
    ("Email Opened", EMAIL),
    ("Field Abandoned", FIELD),
    ("Group", &[]),
    ("Hesitated", HESITATED),
    ("Order Cancelled", CHANGED_ORDER),
    ("Order Refunded", CHANGED_ORDER),
    ("Order Updated", CHANGED_ORDER),
    ("Page", PAGE),
    ("Page Engaged", ENGAGED),
    ("Payment Info Entered", CHECKOUT),
    (super::PLACE_REPORTED, PLACE),
    ("Product Added", PRODUCT),
    ("Product Added to Wishlist", PRODUCT),
    ("Product Clicked", PRODUCT),
    ("Product List Filtered", LISTED),
    ("Product List Viewed", LISTED),
    ("Product Removed", PRODUCT),
    ("Product Removed from Wishlist", PRODUCT),
    ("Product Reviewed", PRODUCT),
    ("Product Shared", PRODUCT),
    ("Product Viewed", PRODUCT),
    ("Products Searched", SEARCHED),
    ("Promotion Clicked", PROMOTION),
    ("Promotion Viewed", PROMOTION),
    ("Rage Click", &[]),
    ("Return Requested", RETURN),
    ("Screen", PAGE),
    ("Store Entered", STORE),
    ("Support Ticket Closed", TICKET),
    ("Support Ticket Opened", TICKET),
    ("Unsubscribed", EMAIL),
    ("Wishlist Product Added to Cart", PRODUCT),
];

/// What is told of a region or a store and of nobody in it. A client cannot send these about a person; a feed tells them.
const OF_CONTEXT: [(&str, &[Property]); 2] = [
    (
        "Weather Reported",
        &[
            optional("rain_tenths_mm", Int),
            optional("rain_percent", Int),
            optional("snow_cm", Int),
            optional("temperature_c", Int),
            optional("wind_kmh", Int),
        ],
    ),
    ("Transit Reported", &[optional("delay_minutes", Int), optional("cancelled_percent", Int)]),
];

/// The names of the events that tell of a region or a store.
pub const CONTEXT_EVENTS: [&str; 2] = [OF_CONTEXT[0].0, OF_CONTEXT[1].0];

/// The name of an event that is kept whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Observed(&'static str);

impl Observed {
    /// Lists them all.
    pub fn all() -> impl Iterator<Item = Self> {
        OBSERVED.iter().chain(&OF_CONTEXT).map(|(name, _)| Self(name))
    }

    /// Finds the one of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::all().find(|observed| observed.0 == name)
    }

    /// Tells the name.
    pub fn name(self) -> &'static str {
        self.0
    }
}

/// All schemas, by event name.
#[derive(Clone, Debug, PartialEq)]
pub struct Schemas {
    by_event: BTreeMap<&'static str, Schema>,
    of_context: BTreeMap<&'static str, Schema>,
    /// What the shop says of the shapes its senders use.
    declared: BTreeMap<String, Shapes>,
}

impl Schemas {
    /// Lists the events every shop can send.
    pub fn built_in() -> Self {
        let version = SchemaVersion { model: 1, revision: 0, addition: 0 };
        let schema = |event, properties| (event, Schema { event, version, properties });
        let observed = OBSERVED.iter().map(|(event, properties)| schema(*event, *properties));
        let read = [
            schema("Order Completed", ORDER),
            schema("Coupon Applied", COUPON_APPLIED),
            schema("Identify", IDENTIFY),
            schema("Consent Updated", CONSENT),
            schema("Promotion Dismissed", EXPOSURE),
            schema("Household Joined", HOUSEHOLD_JOINED),
            schema("Household Left", HOUSEHOLD_LEFT),
        ];
        // What they say is read as a whole, and kept as it came.
        let foreign = consent_input::EVENTS.map(|event| schema(event, &[]));
        Self {
            by_event: observed.chain(read).chain(foreign).collect(),
            of_context: OF_CONTEXT.iter().map(|(event, properties)| schema(*event, *properties)).collect(),
            declared: BTreeMap::new(),
        }
    }

    /// Takes up what a shop declares of the shapes of its events: the newest version of each, and how older ones are lifted to it. Of an
    /// event there is not nothing is taken up.
    pub fn declaring(mut self, declared: BTreeMap<String, Shapes>) -> Self {
        for (event, shapes) in &declared {
            if let Some(schema) = self.by_event.get_mut(event.as_str()) {
                schema.version = shapes.version;
            }
        }
        self.declared = declared;
        self
    }

    /// Lists the names.
    pub fn events(&self) -> impl Iterator<Item = &'static str> {
        self.by_event.keys().copied()
    }

    /// Lists the names events go by once they are accepted: a word about consent is one, in whosever spelling it came.
    pub fn kept(&self) -> impl Iterator<Item = &'static str> {
        self.events().filter(|event| !consent_input::EVENTS.contains(event))
    }

    /// Tells whether an event of this name is a word about consent, in whosever spelling.
    pub fn is_of_consent(event: &str) -> bool {
        event == "Consent Updated" || consent_input::EVENTS.contains(&event)
    }

    /// Finds what an event of this name looks like.
    pub fn of(&self, event: &str) -> Option<&Schema> {
        self.by_event.get(event).or_else(|| self.of_context.get(event))
    }

    /// Finds the schema of an event, and its properties in the newest shape. What is of no version is of the newest. Amounts are in
    /// `currency`.
    pub(super) fn read<'a>(
        &self,
        event: &str,
        version: Option<&str>,
        properties: &'a Properties,
        currency: Currency,
    ) -> Result<(&Schema, Cow<'a, Properties>), Rejection> {
        let schema = self
            .by_event
            .get(event)
            .ok_or_else(|| Rejection::UnknownEvent(event.chars().take(100).collect()))?;
        let Some(text) = version else { return Ok((schema, Cow::Borrowed(properties))) };
        let found = SchemaVersion::parse(text)?;
        let (shape, lifted) = match self.declared.get(event) {
            Some(shapes) => shapes.lift(found.into(), properties, currency)?,
            None => (found.into(), Cow::Borrowed(properties)),
        };
        // An older revision that nobody mapped is read as it is: it may break some readers, and what it breaks is checked next.
        let readable = shape.model == schema.version.model && shape.revision <= schema.version.revision;
        if readable {
            return Ok((schema, lifted));
        }
        Err(Rejection::UnknownSchema {
            event: event.to_owned(),
            found: found.to_string(),
            known: schema.version.to_string(),
        })
    }
}

impl Schema {
    /// Tells whether it names a property; others are kept as they are.
    pub(super) fn names(&self, property: &str) -> bool {
        self.properties.iter().any(|known| known.name == property)
    }

    /// Checks the properties this schema names; leaves the others alone.
    ///
    /// # Errors
    /// If one is missing or of another type.
    pub fn check(&self, properties: &BTreeMap<String, Value>) -> Result<(), Rejection> {
        for property in self.properties {
            match properties.get(property.name) {
                None | Some(Value::Null) if property.required => {
                    return Err(Rejection::MissingProperty(property.name.to_owned()));
                }
                None | Some(Value::Null) => {}
                Some(value) => check_type(property.name, property.value_type, value)?,
            }
        }
        Ok(())
    }
}

/// Checks a value against a type.
pub(super) fn check_type(path: &str, wanted: PropertyType, value: &Value) -> Result<(), Rejection> {
    let fits = match (wanted, value) {
        (PropertyType::Text, Value::Text(text)) => text.len() <= 4_096,
        (PropertyType::Number, Value::Float(number)) => number.is_finite(),
        (PropertyType::Int | PropertyType::Number, Value::Int(_))
        | (PropertyType::Flag, Value::Bool(_))
        | (PropertyType::Map, Value::Map(_))
        | (PropertyType::List, Value::List(_)) => true,
        _ => false,
    };
    if fits {
        return Ok(());
    }
    Err(Rejection::WrongType { path: path.to_owned(), wanted, found: value.type_name() })
}

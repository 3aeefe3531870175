//! Where somebody was: coordinates are taken out of every message before anything else looks at it, however deep they lie, and what may be kept
//! of them is no finer than the shop's regions, its stores and a coarse cell. Knows no shop and no consent; whoever asks for a [`Place`] has looked.

use std::collections::BTreeMap;

use super::{Body, Envelope, Event, Observed};
use crate::base::Value;

/// The only event that keeps a place.
pub const PLACE_REPORTED: &str = "Place Reported";

/// What is said of somebody who is in none of the shop's regions, or near none of its stores.
pub const ELSEWHERE: &str = "elsewhere";

/// Properties a place is kept in. A message that says them itself is not believed.
const CELL: &str = "place_cell";
const REGION: &str = "place_region";
const NEAR_STORE: &str = "near_store";

/// In which a client says the region it knows somebody to be in, in place of coordinates.
const SAID_REGION: &str = "region";

/// How clients spell the degrees north.
const LATITUDES: &[&str] = &["latitude", "lat"];

/// How clients spell the degrees east.
const LONGITUDES: &[&str] = &["longitude", "lon", "lng"];

/// Where clients of the Segment family put coordinates.
const LOCATION: &str = "location";

/// Tells whether clients say a coordinate under this name, in capitals or not.
pub fn is_coordinate(name: &str) -> bool {
    is_one_of(LATITUDES, name) || is_one_of(LONGITUDES, name)
}

fn is_one_of(names: &[&str], name: &str) -> bool {
    names.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// A point on the globe. It lives as long as a message is thought through; nothing stores or prints it.
#[derive(Clone, Copy, PartialEq)]
pub struct Spot {
    latitude: f64,
    longitude: f64,
}

/// Hides it: whatever prints a message must not print where somebody stood.
impl std::fmt::Debug for Spot {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Spot(…)")
    }
}

impl Spot {
    /// Takes degrees north and east; `None` if there is no such point.
    pub fn new(latitude: f64, longitude: f64) -> Option<Self> {
        let is_there = (-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude);
        is_there.then_some(Self { latitude, longitude })
    }

    /// Degrees north.
    pub fn latitude(self) -> f64 {
        self.latitude
    }

    /// Degrees east.
    pub fn longitude(self) -> f64 {
        self.longitude
    }
}

/// Where somebody was, as coarse as the shop wants it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The cell of the H3 grid, if the shop keeps cells and the point was said.
    pub cell: Option<String>,
    /// The shop's region, or [`ELSEWHERE`].
    pub region: String,
    /// The store in whose vicinity it was, or [`ELSEWHERE`]; unknown where the region alone was said.
    pub near_store: Option<String>,
}

impl Envelope {
    /// Takes all coordinates out, and what only Wink may say of a place. Gives the point the message is about: what lies deeper than in
    /// `location` may be that of a product or of a store.
    pub fn take_spot(&mut self) -> Option<Spot> {
        let properties = &mut self.properties;
        for name in [CELL, REGION, NEAR_STORE] {
            properties.remove(name);
        }
        let spot = point(properties).or_else(|| match properties.get(LOCATION) {
            Some(Value::Map(location)) => point(location),
            _ => None,
        });
        strip(properties);
        spot
    }
}

/// Reads the point of fields that say both of its coordinates.
fn point(fields: &BTreeMap<String, Value>) -> Option<Spot> {
    let said = |names| {
        fields.iter().filter(|(name, _)| is_one_of(names, name)).find_map(|(_, value)| degrees(value))
    };
    Spot::new(said(LATITUDES)?, said(LONGITUDES)?)
}

fn degrees(value: &Value) -> Option<f64> {
    match value {
        Value::Float(degrees) => Some(*degrees),
        Value::Int(degrees) => i32::try_from(*degrees).ok().map(f64::from),
        _ => None,
    }
}

/// Takes coordinates out of fields and of all that lies in them.
fn strip(fields: &mut BTreeMap<String, Value>) {
    fields.retain(|name, _| !is_coordinate(name));
    fields.values_mut().for_each(strip_inside);
}

fn strip_inside(value: &mut Value) {
    match value {
        Value::Map(fields) => strip(fields),
        Value::List(values) => values.iter_mut().for_each(strip_inside),
        _ => {}
    }
}

impl Event {
    /// Tells whether it is a report of a place.
    pub fn is_of_place(&self) -> bool {
        matches!(self.body, Body::Observed(observed) if Some(observed) == Observed::named(PLACE_REPORTED))
    }

    /// Takes out the region a client said; what is to be kept of it comes back by [`Self::keep_place`].
    pub fn take_region(&mut self) -> Option<String> {
        match self.extra.remove(SAID_REGION) {
            Some(Value::Text(region)) => Some(region),
            _ => None,
        }
    }

    /// Keeps a place with the event.
    pub fn keep_place(&mut self, place: Place) {
        let said = [(CELL, place.cell), (REGION, Some(place.region)), (NEAR_STORE, place.near_store)];
        for (name, text) in said {
            if let Some(text) = text {
                self.extra.insert(name.to_owned(), Value::Text(text));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn envelope(properties: &[(&str, Value)]) -> Envelope {
        Envelope {
            source: "app".to_owned(),
            message_id: "m-1".to_owned(),
            event: PLACE_REPORTED.to_owned(),
            schema_version: None,
            identities: Vec::new(),
            original_at: None,
            sent_at: None,
            properties: properties.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
        }
    }

    fn map(fields: &[(&str, Value)]) -> Value {
        Value::Map(fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
    }

    #[test]
    fn the_point_is_read_from_the_message_or_its_location_as_clients_spell_it() {
        for (latitude, longitude) in [("latitude", "longitude"), ("lat", "lon"), ("Lat", "LNG")] {
            let point = [(latitude, Value::Float(48.137)), (longitude, Value::Int(11))];
            for mut sent in [envelope(&point), envelope(&[("location", map(&point))])] {
                assert_eq!(sent.take_spot(), Spot::new(48.137, 11.0));
                assert!(!format!("{sent:?}").contains("48"), "{sent:?}");
            }
        }
    }

    #[test]
    fn coordinates_leave_the_message_however_deep_they_lie() {
        let stands =
            map(&[("lat", Value::Float(48.137)), ("lng", Value::Float(11.575)), ("name", Value::Null)]);
        let places = [
            ("traits", map(&[("home", stands.clone()), ("Longitude", Value::Text("11.575".to_owned()))])),
            ("context", map(&[("device", map(&[("at", Value::List(vec![Value::List(vec![stands])]))]))])),
        ];
        let mut sent = envelope(&places);
        assert_eq!(sent.take_spot(), None, "it may be that of something else");
        let left = format!("{sent:?}");
        assert!(!left.contains("137") && !left.contains("575"), "{left}");
        assert_eq!(left.matches("\"name\"").count(), 2, "all else stays: {left}");
    }

    #[test]
    fn what_is_no_point_is_taken_out_all_the_same() {
        for value in [Value::Float(91.0), Value::Text("48.1".to_owned()), Value::Float(f64::NAN), Value::Null]
        {
            let mut sent = envelope(&[("latitude", value), ("longitude", Value::Float(11.5))]);
            assert_eq!(sent.take_spot(), None);
            assert!(sent.properties.is_empty());
        }
        let mut sent = envelope(&[("path", Value::Text("/tea".to_owned())), ("flat", Value::Int(1))]);
        assert_eq!(sent.take_spot(), None);
        assert_eq!(sent.properties.len(), 2);
    }

    #[test]
    fn a_message_is_not_believed_what_wink_works_out() {
        let mut sent =
            envelope(&[("near_store", Value::Text("city".to_owned())), ("place_cell", Value::Int(1))]);
        sent.take_spot();
        assert!(sent.properties.is_empty());
    }
}

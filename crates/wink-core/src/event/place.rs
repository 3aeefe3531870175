//! Where somebody was: coordinates are taken out of every message before anything else looks at it, and what may be kept of them is no finer than
//! the shop's regions, its stores and a coarse cell. Knows no shop and no consent; whoever asks for a [`Place`] has looked.

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

const LATITUDE: &str = "latitude";
const LONGITUDE: &str = "longitude";

/// Where clients of the Segment family put coordinates.
const LOCATION: &str = "location";

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

/// What a message said about where somebody is, taken out of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Whereabouts {
    /// The point, if it said one.
    pub spot: Option<Spot>,
    /// Whether anything was taken out: then the message as it came is not kept either.
    pub were_said: bool,
}

/// Where somebody was, as coarse as the shop wants it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The cell of the H3 grid, if the shop keeps cells and the point was said.
    pub cell: Option<String>,
    /// The shop's region, or [`ELSEWHERE`].
    pub region: String,
    /// The store in whose vicinity it was, or [`ELSEWHERE`].
    pub near_store: String,
}

impl Envelope {
    /// Takes coordinates out, wherever clients put them, and what only Wink may say of a place.
    pub fn take_whereabouts(&mut self) -> Whereabouts {
        let properties = &mut self.properties;
        for name in [CELL, REGION, NEAR_STORE] {
            properties.remove(name);
        }
        let mut taken = take_coordinates(properties);
        if let Some(Value::Map(location)) = properties.get_mut(LOCATION) {
            let inside = take_coordinates(location);
            taken.were_said |= inside.were_said;
            taken.spot = taken.spot.or(inside.spot);
        }
        taken
    }
}

fn take_coordinates(properties: &mut BTreeMap<String, Value>) -> Whereabouts {
    let (latitude, longitude) = (properties.remove(LATITUDE), properties.remove(LONGITUDE));
    let were_said = latitude.is_some() || longitude.is_some();
    let spot = degrees(latitude).zip(degrees(longitude));
    Whereabouts { spot: spot.and_then(|(latitude, longitude)| Spot::new(latitude, longitude)), were_said }
}

fn degrees(value: Option<Value>) -> Option<f64> {
    match value? {
        Value::Float(degrees) => Some(degrees),
        Value::Int(degrees) => i32::try_from(degrees).ok().map(f64::from),
        _ => None,
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
        let said = [(CELL, place.cell), (REGION, Some(place.region)), (NEAR_STORE, Some(place.near_store))];
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

    #[test]
    fn coordinates_leave_the_message_wherever_they_stand() {
        let point = [("latitude", Value::Float(48.137)), ("longitude", Value::Int(11))];
        let inside =
            Value::Map(point.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect());
        for mut sent in [envelope(&point), envelope(&[("location", inside)])] {
            let taken = sent.take_whereabouts();
            assert_eq!(taken.spot, Spot::new(48.137, 11.0));
            assert!(taken.were_said);
            assert!(!format!("{sent:?}{taken:?}").contains("48"), "{sent:?}");
        }
    }

    #[test]
    fn what_is_no_point_is_taken_out_all_the_same() {
        for value in [Value::Float(91.0), Value::Text("48.1".to_owned()), Value::Float(f64::NAN), Value::Null]
        {
            let mut sent = envelope(&[("latitude", value), ("longitude", Value::Float(11.5))]);
            assert_eq!(sent.take_whereabouts(), Whereabouts { spot: None, were_said: true });
            assert!(sent.properties.is_empty());
        }
        let mut sent = envelope(&[("path", Value::Text("/tea".to_owned()))]);
        assert_eq!(sent.take_whereabouts(), Whereabouts::default());
        assert_eq!(sent.properties.len(), 1);
    }

    #[test]
    fn a_message_is_not_believed_what_wink_works_out() {
        let mut sent =
            envelope(&[("near_store", Value::Text("city".to_owned())), ("place_cell", Value::Int(1))]);
        sent.take_whereabouts();
        assert!(sent.properties.is_empty());
    }
}

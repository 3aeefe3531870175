//! What a shop keeps of where people are. Plain data; which cell a point lies in is worked out at the edge.

use crate::base::{Timestamp, Zone};

/// The finest H3 resolution a shop may keep: a cell has 36 km² on average, with a small town in it and never a single home.
pub const RESOLUTION_MAX: u8 = 6;

/// What is kept of where people are.
#[derive(Clone, Debug, PartialEq)]
pub struct Places {
    /// The resolution of the cell, at most [`RESOLUTION_MAX`]; without it no cell is kept.
    pub resolution: Option<u8>,
    /// The hours of the shop's clock in which a place is heard of, each from and until.
    pub hours: Vec<(i64, i64)>,
    /// The stores whose vicinity counts.
    pub stores: Vec<Circle>,
    /// The regions people are in.
    pub regions: Vec<Circle>,
    /// How long what is told of a region or a store counts, by the events in the order of `CONTEXT_EVENTS`, in minutes.
    pub context_minutes: [i64; 2],
}

/// A place with its surroundings.
#[derive(Clone, Debug, PartialEq)]
pub struct Circle {
    /// What the shop calls it.
    pub id: String,
    /// Degrees north of its middle.
    pub latitude: f64,
    /// Degrees east of its middle.
    pub longitude: f64,
    /// How far it reaches, in metres.
    pub radius_m: f64,
}

impl Places {
    /// Tells whether somebody's place may be heard of at an instant.
    pub fn are_heard_at(&self, at: Timestamp, zone: &Zone) -> bool {
        let (_, hour) = zone.weekday_and_hour(at);
        self.hours.iter().any(|(from, until)| *from <= hour && hour < *until)
    }

    /// Tells whether a region is one of the shop's.
    pub fn has_region(&self, id: &str) -> bool {
        self.regions.iter().any(|region| region.id == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_heard_of_in_the_hours_of_the_shop_on_its_own_clock() {
        let berlin = Zone::new("Europe/Berlin").unwrap();
        let hours = vec![(9, 12), (14, 20)];
        let places =
            Places { resolution: None, hours, stores: vec![], regions: vec![], context_minutes: [0; 2] };
        for (at, heard) in [
            ("2026-07-01T06:59:59Z", false),
            ("2026-07-01T07:00:00Z", true),
            ("2026-07-01T10:00:00Z", false),
            ("2026-07-01T12:00:00Z", true),
            ("2026-07-01T17:59:59Z", true),
            ("2026-07-01T18:00:00Z", false),
            ("2026-01-15T07:30:00Z", false),
        ] {
            assert_eq!(places.are_heard_at(Timestamp::parse(at).unwrap(), &berlin), heard, "{at}");
        }
    }
}

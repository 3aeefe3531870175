//! Where somebody is, coarsely, and what the weather and the trains do there. Only a shop that says what is kept of places has these.

use super::{Age, Aggregation, Class, Definition, Selection, Unit, folded};
use crate::event::{CONTEXT_EVENTS, PLACE_REPORTED};
use crate::profile::Purpose;

/// Lists them; they come behind the features every shop has.
pub fn all() -> Vec<Definition> {
    let mut all = whereabouts();
    all.extend(surroundings());
    all
}

fn of(events: &[&str], name: &str, meaning: &str, aggregation: Aggregation) -> Definition {
    let definition = folded(name, meaning, Class::Place, Selection::of(events), aggregation).served(1);
    Definition { purpose: Purpose::Location, ..definition }
}

fn whereabouts() -> Vec<Definition> {
    let kept = |said: &str, name: &str, meaning: &str, aggregation: Aggregation| {
        let selection = Selection::of(&[PLACE_REPORTED]).only(&format!("event.{said} != \"\""));
        let definition = folded(name, meaning, Class::Place, selection, aggregation).served(1);
        Definition { purpose: Purpose::Location, ..definition.aged_by(Age::Selected) }
    };
    let newest = |by: &str| Aggregation::Newest { by: format!("event.{by}") };
    let minutes = Aggregation::Since { unit: Unit::Minutes, exact: false };
    // Every place that is kept has a region, so a newer one without a cell ends the cell before. Of stores a region alone says nothing: what was
    // said of them last stays, as old as it is, and nobody comes near a store twice without having left.
    vec![
        kept("place_region", "place_cell", "the coarse cell somebody was in last", newest("place_cell")),
        kept(
            "place_region",
            "place_region",
            "the region somebody was in last, or `elsewhere`",
            newest("place_region"),
        ),
        kept(
            "near_store",
            "near_store",
            "the store somebody was near last, or `elsewhere`",
            newest("near_store"),
        ),
        kept("place_region", "place_minutes", "minutes since somebody's place was heard of", minutes),
    ]
}

/// What is told of the region somebody is in, or of the store they are near. How long it counts is the feed's to say, see `[context]`.
fn surroundings() -> Vec<Definition> {
    let [weather, transit] = CONTEXT_EVENTS;
    let last = |event: &str, name: &str, field: &str, meaning: &str| {
        of(&[event], name, meaning, Aggregation::Last { of: format!("event.{field}") })
    };
    vec![
        last(weather, "rain_tenths_mm", "rain_tenths_mm", "rain in the last hour, in tenths of a millimetre"),
        last(weather, "rain_percent", "rain_percent", "how likely rain is, in percent"),
        last(weather, "snow_cm", "snow_cm", "snow on the ground, in centimetres"),
        last(weather, "temperature_c", "temperature_c", "the temperature, in degrees Celsius"),
        last(weather, "wind_kmh", "wind_kmh", "the wind, in kilometres an hour"),
        last(transit, "transit_delay_minutes", "delay_minutes", "how late public transport is, in minutes"),
        last(
            transit,
            "transit_cancelled_percent",
            "cancelled_percent",
            "how much of public transport is cancelled, in percent",
        ),
    ]
}

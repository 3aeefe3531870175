//! Makes of a point what a shop keeps of it: a coarse cell, a region, the vicinity of a store. The point goes no further.

use h3o::{LatLng, Resolution};
use wink_core::event::{ELSEWHERE, Place, Spot};
use wink_core::offer::{Circle, Places};

/// Coarsens a point. The region is looked for from the middle of the cell where the shop keeps cells, so that it tells no more than the cell does.
///
/// Cells are those of H3 (Uber, 2018); distances are along great circles of a sphere, by the haversine formula, which is wrong by 0.6 % at most.
pub(crate) fn coarse(spot: Spot, places: &Places) -> Option<Place> {
    let point = LatLng::new(spot.latitude(), spot.longitude()).ok()?;
    let cell = places.resolution.and_then(|resolution| Resolution::try_from(resolution).ok());
    let cell = cell.map(|resolution| point.to_cell(resolution));
    let within = cell.map_or(point, LatLng::from);
    Some(Place {
        cell: cell.map(|cell| cell.to_string()),
        region: nearest(within, &places.regions),
        near_store: Some(nearest(point, &places.stores)),
    })
}

/// Names the circle a point lies in; of several, the one whose middle is nearest.
fn nearest(point: LatLng, circles: &[Circle]) -> String {
    let reach = |circle: &Circle| {
        let middle = LatLng::new(circle.latitude, circle.longitude).ok()?;
        let metres = point.distance_m(middle);
        (metres <= circle.radius_m).then_some(metres)
    };
    let inside = circles.iter().filter_map(|circle| Some((reach(circle)?, circle)));
    let nearest = inside.min_by(|(one, _), (other, _)| one.total_cmp(other));
    nearest.map_or(ELSEWHERE, |(_, circle)| &circle.id).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn circle(id: &str, latitude: f64, longitude: f64, radius_m: f64) -> Circle {
        Circle { id: id.to_owned(), latitude, longitude, radius_m }
    }

    /// Munich: Marienplatz, and the region round the town.
    fn munich(resolution: Option<u8>) -> Places {
        Places {
            resolution,
            hours: vec![(0, 24)],
            stores: vec![circle("city", 48.1374, 11.5755, 300.0), circle("station", 48.1402, 11.5600, 300.0)],
            regions: vec![
                circle("munich", 48.14, 11.58, 25_000.0),
                circle("bavaria", 48.95, 11.40, 200_000.0),
            ],
            context_minutes: [90; 2],
        }
    }

    fn at(latitude: f64, longitude: f64, resolution: Option<u8>) -> Place {
        coarse(Spot::new(latitude, longitude).unwrap(), &munich(resolution)).unwrap()
    }

    #[test]
    fn a_point_is_in_a_cell_a_region_and_the_vicinity_of_a_store() {
        let place = at(48.1380, 11.5760, Some(5));
        assert_eq!((place.region.as_str(), place.near_store.as_deref()), ("munich", Some("city")));
        // The cell that the reference implementation of H3 gives (h3-py 4.5.0, `latlng_to_cell`).
        assert_eq!(place.cell.as_deref(), Some("851f8d47fffffff"));
        let place = at(48.1404, 11.5610, Some(5));
        assert_eq!(place.near_store.as_deref(), Some("station"));
        let place = at(49.45, 11.08, None);
        let near_store = Some(ELSEWHERE.to_owned());
        assert_eq!(place, Place { cell: None, region: "bavaria".to_owned(), near_store });
        let place = at(-33.86, 151.2, Some(0));
        assert_eq!((place.region.as_str(), place.near_store.as_deref()), (ELSEWHERE, Some(ELSEWHERE)));
    }

    #[test]
    fn the_vicinity_ends_at_its_radius() {
        // A degree of latitude is 111.195 km on the sphere of H3.
        let north = |metres: f64| at(48.1374 + metres / 111_195.0, 11.5755, None).near_store;
        assert_eq!(north(299.0).as_deref(), Some("city"));
        assert_eq!(north(301.0).as_deref(), Some(ELSEWHERE));
    }

    #[test]
    fn points_of_one_cell_are_told_apart_by_nothing_but_a_store() {
        let (one, other) = (at(48.20, 11.60, Some(4)), at(48.21, 11.62, Some(4)));
        assert_eq!(one, other);
    }
}

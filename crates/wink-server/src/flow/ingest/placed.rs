//! What is kept of where somebody was: nothing unless the shop wants it, the person has granted it, and it is an hour in which places are heard of.

use wink_core::base::Timestamp;
use wink_core::event::{Event, Place, Spot};
use wink_core::offer::Places;
use wink_core::profile::Purpose;
use wink_store::Store;

use super::known::Known;
use crate::place::coarse;
use crate::{Engine, Error};

impl Known {
    /// Keeps with a report of a place what may be kept of it. What the client said of it is taken out in any case.
    pub(super) async fn place<S: Store>(
        &mut self,
        engine: &Engine<S>,
        event: &mut Event,
        spot: Option<Spot>,
        now: Timestamp,
    ) -> Result<(), Error> {
        let said = event.take_region();
        let Ok(catalogue) = engine.catalogue() else { return Ok(()) };
        let Some(places) = &catalogue.shop.places else { return Ok(()) };
        if !places.are_heard_at(event.occurred_at, &catalogue.shop.zone) {
            return Ok(());
        }
        let whole = self.rely(engine).await?;
        let person = whole.cluster();
        // Granted when it was taken, and not withdrawn since.
        let is_granted = |at| person.grants(at).allow(Purpose::Location);
        if is_granted(event.occurred_at) && is_granted(now) {
            let place = match spot {
                Some(spot) => coarse(spot, places),
                None => said.and_then(|region| in_region(region, places)),
            };
            place.into_iter().for_each(|place| event.keep_place(place));
        }
        Ok(())
    }
}

/// Takes a region the client said for the place, if it is one of the shop's. It says nothing of stores, not even that none is near.
fn in_region(region: String, places: &Places) -> Option<Place> {
    places.has_region(&region).then_some(Place { cell: None, region, near_store: None })
}

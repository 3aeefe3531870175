//! Days that somebody stated and that come each year: kept while they grant it, and not a moment longer.

use std::collections::btree_map::Entry;

use wink_core::base::Timestamp;
use wink_core::feature::{DayOf, MonthDay, Trigger as Moments, When};
use wink_core::offer::{Catalogue, Trigger};
use wink_core::profile::{Purpose, Vault};
use wink_store::Store;

use super::known::Known;
use crate::flow::noted::Noted;
use crate::flow::person;
use crate::flow::whole::Whole;
use crate::{Engine, Error};

/// The event that says a word about a purpose.
const CONSENT: &str = "Consent Updated";

impl Known {
    /// Keeps month and day of what was stated for the triggers that wait for it, or forgets them. Wink opens the vault here, while somebody
    /// states something or says a word about a purpose, and in the background never.
    pub(super) async fn keep_days<S: Store>(
        &mut self,
        engine: &Engine<S>,
        catalogue: &Catalogue,
        event: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        let stated = |trigger: &&Trigger| stated(trigger).is_some() && trigger.moments.listens_to(event);
        let triggers: Vec<&Trigger> = catalogue.triggers.iter().filter(stated).collect();
        if triggers.is_empty() {
            return Ok(());
        }
        let whole = self.rely(engine).await?;
        let is_granted = whole.cluster().grants(now).allow(Purpose::Personalisation);
        let vault = if is_granted { Some(self.vault(engine).await?) } else { None };
        let days: Vec<_> = days(&triggers, vault.as_deref()).collect();
        if let Some(occasions) = &mut self.occasions {
            days.into_iter().for_each(|(trigger, day)| occasions.value_mut().keep_day(trigger, day));
        }
        if event == CONSENT {
            self.keep_days_elsewhere(engine, &whole, &triggers, is_granted).await?;
        }
        Ok(())
    }

    /// A word about a purpose counts for all profiles of the person: it takes away what is kept under the others, or brings back what was
    /// stated there.
    async fn keep_days_elsewhere<S: Store>(
        &mut self,
        engine: &Engine<S>,
        whole: &Whole,
        triggers: &[&Trigger],
        is_granted: bool,
    ) -> Result<(), Error> {
        for other in whole.all().skip(1) {
            let id = other.value.id;
            let vault = if is_granted { Some(person::vault(engine, id).await?.0) } else { None };
            let noted = match self.elsewhere.entry(id) {
                Entry::Occupied(noted) => noted.into_mut(),
                Entry::Vacant(place) => place.insert(Noted::load(engine, id).await?),
            };
            let days = days(triggers, vault.as_ref());
            days.for_each(|(trigger, day)| noted.value_mut().keep_day(trigger, day));
        }
        Ok(())
    }
}

/// Finds the day each of some triggers waits for in what was stated, if that may be known.
fn days<'triggers, 'vault>(
    triggers: &'triggers [&Trigger],
    vault: Option<&'vault Vault>,
) -> impl Iterator<Item = (&'triggers Moments, Option<MonthDay>)> + use<'triggers, 'vault> {
    triggers.iter().map(move |trigger| {
        let stated = stated(trigger).and_then(|name| vault?.attributes.get(name));
        (&trigger.moments, stated.and_then(|(_, value)| MonthDay::parse(value)))
    })
}

/// Tells which attribute a trigger waits for each year.
fn stated(trigger: &Trigger) -> Option<&str> {
    match &trigger.moments.when {
        When::Yearly(yearly) => match &yearly.of {
            DayOf::Stated(name) => Some(name),
            DayOf::First => None,
        },
        When::Event | When::Quiet(_) | When::Listing(_) => None,
    }
}

//! Days that somebody stated and that come each year: kept while they grant it, and not a moment longer.

use wink_core::base::Timestamp;
use wink_core::feature::{DayOf, MonthDay, When};
use wink_core::offer::{Catalogue, Trigger};
use wink_core::profile::Purpose;
use wink_store::Store;

use super::known::Known;
use crate::{Engine, Error};

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
        let whole = self.joined.around(engine, &self.profile).await?;
        let is_granted = whole.cluster().grants(now).allow(Purpose::Personalisation);
        for trigger in triggers {
            let day = match self::stated(trigger).filter(|_| is_granted) {
                None => None,
                Some(name) => {
                    let stated = self.vault(engine).await?.attributes.get(name);
                    stated.and_then(|(_, value)| MonthDay::parse(value))
                }
            };
            if let Some(occasions) = &mut self.occasions {
                occasions.value_mut().keep_day(&trigger.moments, day);
            }
        }
        Ok(())
    }
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

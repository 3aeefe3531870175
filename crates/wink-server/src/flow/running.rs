//! What is in play and what is left to give. Which campaigns run, and what a decision asks for while they do, is found out once for as long as
//! that stays so; the counters are read every time.

use std::sync::Arc;

use wink_core::base::{Cents, Timestamp};
use wink_core::decision::{BudgetUse, Decision, Standing};
use wink_core::feature::Wanted;
use wink_core::offer::{Catalogue, CatalogueVersion, InPlay};
use wink_store::{Counter, CounterKey, Store};

use crate::keys;
use crate::{Engine, Error};

/// What is in play of one version of the catalogue, and which counters tell what is left of it.
pub(crate) struct Counted {
    version: CatalogueVersion,
    in_play: InPlay,
    counters: Vec<CounterKey>,
}

impl Counted {
    fn new(catalogue: &Catalogue, now: Timestamp) -> Self {
        let in_play = catalogue.in_play(now);
        let budgets = in_play.campaigns.iter().filter_map(|index| catalogue.campaigns.get(*index));
        let issued = in_play.limited.iter().filter_map(|index| catalogue.offers.get(*index));
        let counters = budgets
            .map(|campaign| keys::budget(campaign.id.as_str()))
            .chain(issued.map(|offer| keys::issued(offer.id.as_str())))
            .collect();
        Self { version: catalogue.version, in_play, counters }
    }

    /// Tells whether it is what is in play of this catalogue at `now`.
    pub(crate) fn is_of(&self, catalogue: &Catalogue, now: Timestamp) -> bool {
        self.version == catalogue.version && self.in_play.holds_at(now)
    }
}

/// What is left to give, kept up to date while questions are decided in a row.
pub(super) struct Running {
    pub(super) standing: Standing,
    counted: Arc<Counted>,
}

impl Running {
    pub(super) async fn load<S: Store>(
        engine: &Engine<S>,
        catalogue: &Catalogue,
        now: Timestamp,
    ) -> Result<Self, Error> {
        let counted = engine.counted(catalogue, now, || Counted::new(catalogue, now));
        let InPlay { campaigns, limited, .. } = &counted.in_play;
        let counters = engine.store.counters(engine.tenant, &counted.counters).await?;
        let (budgets, issued) = counters.split_at(campaigns.len().min(counters.len()));
        let budget = |(index, counter): (&usize, &Counter)| {
            let configured = catalogue.campaigns.get(*index).map_or(Cents::ZERO, |campaign| campaign.budget);
            let cap = counter.cap.map_or(configured, Cents);
            (*index, BudgetUse { used: Cents(counter.value), cap })
        };
        let count = |counter: &Counter| u32::try_from(counter.value).unwrap_or(u32::MAX);
        let standing = Standing {
            budgets: campaigns.iter().zip(budgets).map(budget).collect(),
            issued: limited.iter().zip(issued).map(|(index, counter)| (*index, count(counter))).collect(),
        };
        Ok(Self { standing, counted })
    }

    /// Whether an offer in play is limited per household.
    pub(super) fn counts_households(&self) -> bool {
        self.counted.in_play.counts_households
    }

    /// What a decision asks about a person.
    pub(super) fn wanted(&self) -> &Wanted {
        &self.counted.in_play.wanted
    }

    /// Books what a decision promised, as its commit will.
    pub(super) fn promise(&mut self, decision: &Decision, catalogue: &Catalogue) {
        let Some(drawn) = decision.offered() else { return };
        let Some(offer) = catalogue.offers.get(drawn.offer) else { return };
        let Some(benefit) = offer.benefits.get(drawn.benefit) else { return };
        if let Some(budget) = self.standing.budgets.get_mut(&offer.campaign) {
            budget.used += benefit.maximum();
        }
        if let Some(count) = self.standing.issued.get_mut(&drawn.offer) {
            *count += 1;
        }
    }
}

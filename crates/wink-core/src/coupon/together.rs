//! What all who live together had of an offer: what its limit per household counts.

use std::collections::BTreeMap;

use super::Wallet;
use crate::base::OfferId;
use crate::decision::Usage;
use crate::offer::Catalogue;
use crate::profile::{Had, Household};

/// Counts what a household had of each offer: its members now, and those who are gone. Beside each member's wallet stands how many of its
/// entries were counted when they left before.
pub fn had_together<'a>(
    household: &Household,
    wallets: impl IntoIterator<Item = (&'a Wallet, usize)>,
) -> BTreeMap<OfferId, Had> {
    let mut all = household.gone.clone();
    for (wallet, counted) in wallets {
        for (offer, had) in wallet.had(counted) {
            *all.entry(offer).or_default() += had;
        }
    }
    all
}

/// Lists what was had of the offers that are limited per household, by index in the catalogue. Of several households it is the most: the
/// limits of all of them hold.
pub fn used_together<'a>(
    catalogue: &Catalogue,
    households: impl IntoIterator<Item = &'a BTreeMap<OfferId, Had>>,
) -> BTreeMap<usize, Usage> {
    let mut used: BTreeMap<usize, Usage> = BTreeMap::new();
    let together = |usage: &Usage| usage.issued.saturating_add(usage.held_out);
    for (offer, had) in households.into_iter().flatten() {
        let Ok(index) = catalogue.offers.binary_search_by(|known| known.id.cmp(offer)) else { continue };
        if catalogue.offers.get(index).is_none_or(|known| known.limits.per_household.is_none()) {
            continue;
        }
        let usage = Usage { issued: had.given, held_out: had.held_out };
        let most = used.entry(index).or_insert(usage);
        if together(most) < together(&usage) {
            *most = usage;
        }
    }
    used
}

/// Tells how many coupons of an offer a household was given; of several households, the most.
pub fn given_together<'a>(
    offer: &OfferId,
    households: impl IntoIterator<Item = &'a BTreeMap<OfferId, Had>>,
) -> u32 {
    households.into_iter().filter_map(|had| had.get(offer)).map(|had| had.given).max().unwrap_or(0)
}

#[cfg(test)]
mod tests;

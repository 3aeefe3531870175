//! The price a reduction is measured against.

use super::{Duty, Kind, PriceHistory, Rule, Step};
use crate::base::{Cents, Timestamp};

/// What may be said of a reduction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reference {
    /// It is measured against this price.
    Price(Reduction),
    /// The law asks for none; where it says so.
    NotAsked {
        /// Where that is written.
        source: &'static str,
    },
    /// There is no price now, or there was none before: no reduction may be announced.
    NoPrice,
}

/// A price and the one it is measured against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reduction {
    /// The price now.
    pub price: Cents,
    /// The lowest of the days before.
    pub reference: Cents,
    /// The first instant of the reduction, before which the days are counted.
    pub begun_at: Timestamp,
    /// Where the rule is written.
    pub source: &'static str,
}

impl Reduction {
    /// Tells by how much the price is lower, in whole per cent rounded down; zero if it is not lower, and then it is no reduction.
    pub fn percent(&self) -> u8 {
        if self.reference <= self.price {
            return 0;
        }
        let (price, reference) = (i128::from(self.price.0), i128::from(self.reference.0));
        u8::try_from((reference - price) * 100 / reference).unwrap_or(0)
    }

    /// Tells whether it may be said that this was the price before: not if it was lower, and not if nothing is reduced.
    pub fn allows(&self, claimed: Cents) -> bool {
        self.price < self.reference && claimed <= self.reference
    }
}

/// Finds what a reduction at `now`, announced since `announced_at`, is measured against.
///
/// A reduction in steps counts from the first of them, as long as the price only fell and the product was on sale; after a rise or a gap it
/// begins anew. A product that has been on sale for less than the days asked for has the lowest of those it was.
///
/// `None` if the table has no rule for the kind.
pub fn reference(
    history: &PriceHistory,
    kind: Kind,
    announced_at: Timestamp,
    now: Timestamp,
    law: &[Rule],
) -> Option<Reference> {
    let rule = law.iter().find(|rule| rule.kind == kind)?;
    let (days, begun_at) = match rule.duty {
        Duty::None => return Some(Reference::NotAsked { source: rule.source }),
        Duty::LowestBeforeThisStep { days } => (days, history.step_at(now).map(|step| step.from)),
        Duty::LowestBeforeFirstStep { days } => (days, first_step(history, announced_at, now)),
    };
    let (Some(price), Some(begun_at)) = (history.at(now), begun_at) else { return Some(Reference::NoPrice) };
    let lowest = history.lowest(begun_at.plus_days(-i64::from(days)), begun_at);
    Some(lowest.map_or(Reference::NoPrice, |reference| {
        Reference::Price(Reduction { price, reference, begun_at, source: rule.source })
    }))
}

/// Finds the first of the steps down that lead to the present price without a rise or a gap, none from before it was announced.
fn first_step(history: &PriceHistory, announced_at: Timestamp, now: Timestamp) -> Option<Timestamp> {
    let present = history.step_at(now)?;
    let mut first = present.from;
    let pairs = history.steps().windows(2).rev().filter_map(|pair| <&[Step; 2]>::try_from(pair).ok());
    for [before, step] in pairs.skip_while(|[_, step]| present.from < step.from) {
        let is_earlier = step.from < announced_at && step.from < present.from;
        let goes_down = step.price.is_some() && step.price < before.price;
        if is_earlier || !goes_down {
            break;
        }
        first = step.from;
    }
    Some(first)
}

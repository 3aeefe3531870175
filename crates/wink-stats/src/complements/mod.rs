//! What goes together? Pairs of items from baskets, and what to show beside a cart, without what was bought already.

use std::collections::BTreeSet;

use crate::Error;
use crate::error::{at_least, same_length};
use crate::moments::real;

/// Baskets as item numbers, one after the other, with the place where each basket ends.
#[derive(Clone, Copy, Debug)]
pub struct Baskets<'a> {
    /// The items of all baskets.
    pub items: &'a [u32],
    /// For each basket how many items have been listed up to its end.
    pub ends: &'a [usize],
}

/// How complements are found. Unfitted: [`Pairs::fit`] makes [`Complements`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pairs {
    /// The share of baskets an item, and a pair, must be in at least.
    pub support_min: f64,
    /// How many baskets of evidence for "no connection" are added to each pair, so that rare pairs do not win by chance.
    pub strength: f64,
}

impl Default for Pairs {
    fn default() -> Self {
        Self { support_min: 0.01, strength: 10.0 }
    }
}

/// Two items, the smaller number first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pair {
    /// The items.
    pub items: (u32, u32),
    /// How many baskets hold both.
    pub count: u64,
    /// How much more often than if they had nothing to do with each other (Brin, Motwani, Ullman and Tsur 1997, "Dynamic itemset
    /// counting", where it is called interest).
    pub lift: f64,
    /// The same drawn towards 1: (count + k) / (expected + k), the mean of a gamma posterior with a prior around 1 of strength k (DuMouchel
    /// 1999, "Bayesian data mining in large frequency tables", section 2, with one component).
    pub shrunken_lift: f64,
    /// The cosine of the two items' baskets (Linden, Smith and York 2003, "Amazon.com recommendations: item-to-item collaborative
    /// filtering").
    pub cosine: f64,
}

/// Pairs that were found, the greatest shrunken lift first.
#[derive(Clone, Debug, PartialEq)]
pub struct Complements {
    /// How many baskets there were.
    pub baskets: u64,
    /// How many items are in enough of them.
    pub frequent_items: usize,
    /// The pairs that are.
    pub pairs: Vec<Pair>,
}

/// An item to show beside a cart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Suggestion {
    /// The item.
    pub item: u32,
    /// The item of the cart it goes with.
    pub because_of: u32,
    /// Their shrunken lift.
    pub shrunken_lift: f64,
}

impl Pairs {
    /// Counts. An item that stands in a basket twice counts once.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a setting; [`Error::Shape`] for ends that do not fit the items; [`Error::NotEnoughData`] without
    /// two baskets, or two items that are frequent enough.
    pub fn fit(&self, baskets: Baskets<'_>) -> Result<Complements, Error> {
        crate::error::share("the least support", self.support_min)?;
        if !(0.0 <= self.strength && self.strength.is_finite()) {
            return Err(Error::OutOfRange { what: "the strength", value: self.strength, must: "0 or more" });
        }
        let baskets = baskets.distinct()?;
        // Of one basket every item is in all of them: whatever is in it would go together as if by chance.
        at_least("baskets", 2, baskets.len())?;
        let count = u64::try_from(baskets.len()).unwrap_or(u64::MAX);
        let enough = |found: u64| self.support_min * real(count) <= real(found);
        let singles: Vec<(u32, u64)> =
            runs(baskets.concat()).into_iter().filter(|(_, found)| enough(*found)).collect();
        at_least("frequent items", 2, singles.len())?;
        let single = |item: u32| {
            let place = singles.binary_search_by_key(&item, |(item, _)| *item).ok()?;
            singles.get(place).map(|(_, count)| *count)
        };
        let mut together = Vec::new();
        for basket in &baskets {
            let frequent: Vec<u32> = basket.iter().copied().filter(|item| single(*item).is_some()).collect();
            for (place, first) in frequent.iter().enumerate() {
                together.extend(frequent.iter().skip(place + 1).map(|second| (*first, *second)));
            }
        }
        let pairs = runs(together).into_iter().filter(|(_, found)| enough(*found));
        let measured = pairs.filter_map(|(items, found)| {
            Some(self.measure(items, found, (single(items.0)?, single(items.1)?), count))
        });
        let mut pairs: Vec<Pair> = measured.collect();
        pairs.sort_by(|a, b| b.shrunken_lift.total_cmp(&a.shrunken_lift).then(a.items.cmp(&b.items)));
        Ok(Complements { baskets: count, frequent_items: singles.len(), pairs })
    }

    fn measure(&self, items: (u32, u32), count: u64, singles: (u64, u64), baskets: u64) -> Pair {
        let both = real(singles.0) * real(singles.1);
        let expected = both / real(baskets);
        Pair {
            items,
            count,
            lift: real(count) / expected,
            shrunken_lift: (real(count) + self.strength) / (expected + self.strength),
            cosine: real(count) / libm::sqrt(both),
        }
    }
}

impl Complements {
    /// Suggests at most `count` items to show beside a cart, those that go best with some item of it first. Nothing that is in the cart
    /// or was `bought` is suggested, and nothing that goes with it no more than by chance.
    pub fn suggest(&self, cart: &[u32], bought: &[u32], count: usize) -> Vec<Suggestion> {
        let mut seen: BTreeSet<u32> = cart.iter().chain(bought).copied().collect();
        let mut suggestions = Vec::new();
        for pair in self.pairs.iter().take_while(|pair| 1.0 < pair.shrunken_lift) {
            if suggestions.len() == count {
                break;
            }
            for (because_of, item) in [pair.items, (pair.items.1, pair.items.0)] {
                if cart.contains(&because_of) && seen.insert(item) {
                    suggestions.push(Suggestion { item, because_of, shrunken_lift: pair.shrunken_lift });
                }
            }
        }
        suggestions
    }
}

impl Baskets<'_> {
    /// The items of each basket, in order, each once.
    fn distinct(&self) -> Result<Vec<Vec<u32>>, Error> {
        same_length("the last basket's end", self.items.len(), self.ends.last().copied().unwrap_or(0))?;
        let mut begin = 0;
        let mut baskets = Vec::with_capacity(self.ends.len());
        for end in self.ends {
            let Some(items) = self.items.get(begin..*end) else {
                return Err(Error::Shape { what: "a basket's end", expected: begin, found: *end });
            };
            let mut items = items.to_vec();
            items.sort_unstable();
            items.dedup();
            baskets.push(items);
            begin = *end;
        }
        Ok(baskets)
    }
}

/// How often each entry stands there, in order.
fn runs<T: Ord + Copy>(mut entries: Vec<T>) -> Vec<(T, u64)> {
    entries.sort_unstable();
    let alike = entries.chunk_by(|a, b| a == b);
    alike.filter_map(|run| Some((*run.first()?, u64::try_from(run.len()).ok()?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten baskets: bread (0) and butter (1) mostly together, milk (2) in every one.
    fn sample() -> (Vec<u32>, Vec<usize>) {
        let baskets: [&[u32]; 10] =
            [&[0, 1, 2], &[1, 0, 2], &[0, 1, 2, 2], &[0, 2], &[2], &[2], &[2], &[2], &[2], &[1, 2]];
        let ends = baskets.iter().scan(0, |end, basket| {
            *end += basket.len();
            Some(*end)
        });
        (baskets.concat(), ends.collect())
    }

    fn found(strength: f64) -> Complements {
        let (items, ends) = sample();
        let pairs = Pairs { support_min: 0.2, strength };
        pairs.fit(Baskets { items: &items, ends: &ends }).unwrap()
    }

    #[test]
    fn a_pair_is_measured_by_its_baskets() {
        let found = found(0.0);
        assert_eq!((found.baskets, found.frequent_items, found.pairs.len()), (10, 3, 3));
        let first = found.pairs[0];
        assert_eq!((first.items, first.count), ((0, 1), 3));
        assert!((first.lift - 3.0 / 1.6).abs() < 1e-12 && first.lift == first.shrunken_lift);
        assert!((first.cosine - 0.75).abs() < 1e-12);
        assert!((found.pairs[1].lift - 1.0).abs() < 1e-12, "what is in every basket goes with nothing");
    }

    #[test]
    fn little_evidence_is_drawn_towards_no_connection() {
        assert!((found(10.0).pairs[0].shrunken_lift - 13.0 / 11.6).abs() < 1e-12);
    }

    #[test]
    fn what_was_bought_is_not_suggested() {
        let found = found(0.0);
        let items = |cart: &[u32], bought: &[u32]| {
            found.suggest(cart, bought, 5).iter().map(|one| (one.item, one.because_of)).collect::<Vec<_>>()
        };
        assert_eq!(items(&[0], &[]), [(1, 0)]);
        assert_eq!(items(&[0], &[1]), []);
        assert_eq!(items(&[2], &[]), []);
        assert_eq!(items(&[], &[]), []);
    }

    #[test]
    fn baskets_that_say_nothing_are_not_enough_data() {
        let refused =
            |items: &[u32], ends: &[usize]| Pairs::default().fit(Baskets { items, ends }).unwrap_err();
        assert!(matches!(refused(&[], &[]), Error::NotEnoughData { found: 0, .. }));
        assert!(matches!(refused(&[1, 1], &[2]), Error::NotEnoughData { found: 1, .. }));
        assert!(matches!(refused(&[1, 2], &[1]), Error::Shape { .. }));
        assert!(matches!(refused(&[1, 2], &[2, 1, 2]), Error::Shape { .. }));
    }
}

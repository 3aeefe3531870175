//! How many people: enough of them that what they sent can be told, and nobody twice.

use crate::base::{Hasher, ProfileId};

/// What so many people sent is nobody's own, and can be told.
pub(super) const ENOUGH: usize = 10;

/// How many bits [`Counted`] has: 2 MiB of them. Of a million people and events in both windows chance passes some three of a hundred over.
const BITS: u64 = 1 << 24;

/// People who sent something, as long as they are few.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct People {
    few: Vec<ProfileId>,
    are_enough: bool,
}

impl People {
    /// Adds somebody.
    pub(super) fn add(&mut self, person: ProfileId) {
        if self.are_enough || self.few.contains(&person) {
            return;
        }
        self.few.push(person);
        if ENOUGH <= self.few.len() {
            *self = Self { few: Vec::new(), are_enough: true };
        }
    }

    /// Tells whether they are so many that none of them can be meant.
    pub(super) fn are_enough(&self) -> bool {
        self.are_enough
    }
}

/// Of whom an event of a source was counted in which window. A bit for each, found by a hash: somebody whose bit another one has set is passed over, which is
/// chance that touches all alike; nobody is counted twice.
#[derive(Clone)]
pub(super) struct Counted(Vec<u64>);

impl Default for Counted {
    fn default() -> Self {
        Self(vec![0; usize::try_from(BITS / 64).unwrap_or_default()])
    }
}

impl std::fmt::Debug for Counted {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let counted: u64 = self.0.iter().map(|word| u64::from(word.count_ones())).sum();
        write!(out, "Counted({counted})")
    }
}

impl Counted {
    /// Notes that somebody sent an event, and tells whether that is the first time in this window.
    pub(super) fn is_first(&mut self, event: &str, window: usize, person: ProfileId) -> bool {
        let hash = Hasher::new("drift")
            .field(event.as_bytes())
            .field(&window.to_le_bytes())
            .field(&person.bytes())
            .finish()
            .number();
        let bit = hash % BITS;
        let mask = 1 << (bit % 64);
        let Some(word) = usize::try_from(bit / 64).ok().and_then(|word| self.0.get_mut(word)) else {
            return false;
        };
        let is_first = *word & mask == 0;
        *word |= mask;
        is_first
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Timestamp;

    fn person(number: u32) -> ProfileId {
        ProfileId::seeded("drift", &[&number.to_le_bytes()])
    }

    #[test]
    fn ten_are_enough_and_one_who_comes_ten_times_is_not() {
        let mut people = People::default();
        (0..100).for_each(|_| people.add(person(1)));
        (2..10).for_each(|number| people.add(person(number)));
        assert!(!people.are_enough());
        people.add(person(10));
        assert!(people.are_enough());
        assert_eq!(people.few, []);
    }

    #[test]
    fn everybody_is_counted_once_a_window_and_event() {
        let mut counted = Counted::default();
        let anna = ProfileId::new(Timestamp(1), [7; 16]);
        assert!(counted.is_first("Page", 0, anna) && !counted.is_first("Page", 0, anna));
        assert!(counted.is_first("Page", 1, anna) && counted.is_first("Screen", 0, anna));
        assert!(counted.is_first("Page", 0, person(1)));
        let first = (0..100_000).filter(|number| counted.is_first("Order Completed", 0, person(*number)));
        // Of 17 million bits these set fewer than six of a thousand, and half of them before the other half comes.
        let first = first.count();
        assert!((99_500..=100_000).contains(&first), "{first}");
    }
}

//! How often a person may be contacted, over all campaigns and channels.

use crate::base::Timestamp;
use crate::feature::State;

/// The rules that keep a person from being asked too often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactPolicy {
    /// Every cap must hold.
    pub caps: Vec<FrequencyCap>,
}

impl ContactPolicy {
    /// Collects a person's contacts as far back as any cap looks, oldest first.
    pub fn recent(&self, states: &[&State], now: Timestamp) -> Vec<Timestamp> {
        let longest = self.caps.iter().map(|cap| cap.within_days).max().unwrap_or(0);
        let since = now.plus_days(-i64::from(longest));
        let contacts = states.iter().flat_map(|state| state.contacts());
        let mut recent: Vec<Timestamp> = contacts.copied().filter(|at| since < *at && *at <= now).collect();
        recent.sort_unstable();
        recent
    }
}

/// At most so many contacts in so many days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrequencyCap {
    /// How many.
    pub at_most: u32,
    /// In how many days, counted back from now.
    pub within_days: u16,
}

//! How often a person may be contacted, over all campaigns and channels.

use crate::base::Timestamp;
use crate::feature::State;

/// For how many days what ran out unused is not given again, unless the shop says otherwise: a fortnight, after which nobody takes the date
/// that was named for one that was never meant.
pub const REISSUE_DAYS: u16 = 14;

/// The rules that keep a person from being asked too often, and from being hurried by dates that are not meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactPolicy {
    /// Every cap must hold.
    pub caps: Vec<FrequencyCap>,
    /// For how many days after an offer ran out unused the same person is not given the same or better; 0 for no such wait.
    pub reissue_days: u16,
    /// How many days before a coupon runs out its person is told; `None` for never.
    pub expiring_days: Option<u16>,
}

impl ContactPolicy {
    /// Collects a person's contacts as far back as any cap looks, oldest first: those their states know of, and announcements.
    pub fn recent(&self, states: &[&State], announced: &[Timestamp], now: Timestamp) -> Vec<Timestamp> {
        let longest = self.caps.iter().map(|cap| cap.within_days).max().unwrap_or(0);
        let since = now.plus_days(-i64::from(longest));
        let contacts = states.iter().flat_map(|state| state.contacts()).chain(announced);
        let mut recent: Vec<Timestamp> = contacts.copied().filter(|at| since < *at && *at <= now).collect();
        recent.sort_unstable();
        recent
    }

    /// Finds a cap that allows no further contact at `now`, after those already made.
    pub fn reached(&self, contacts: &[Timestamp], now: Timestamp) -> Option<FrequencyCap> {
        let is_reached = |cap: &&FrequencyCap| {
            let since = now.plus_days(-i64::from(cap.within_days));
            let made = contacts.iter().filter(|at| since < **at && **at <= now).count();
            usize::try_from(cap.at_most).is_ok_and(|at_most| at_most <= made)
        };
        self.caps.iter().find(is_reached).copied()
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

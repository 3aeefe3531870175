//! `per_day` and `per_store` of an offer or a campaign: `{ uses = 100, amount = "500.00" }`, one of the two or both.

use wink_core::offer::{UseLimit, UseLimits};

use super::entry::{Entry, Section};

pub(super) const PER_DAY: &str = "per_day";
pub(super) const PER_STORE: &str = "per_store";

/// Reads both; what is not said limits nothing.
pub(super) fn read(section: &Section<'_>) -> Option<UseLimits> {
    let limit = |name| match section.optional(name) {
        Some(entry) => limit(&entry, name).map(Some),
        None => Some(None),
    };
    let (per_day, per_store) = (limit(PER_DAY), limit(PER_STORE));
    Some(UseLimits { per_day: per_day?, per_store: per_store? })
}

fn limit(entry: &Entry<'_>, name: &'static str) -> Option<UseLimit> {
    let section = entry.section(name)?;
    section.only(&["uses", "amount"]);
    let uses = match section.optional("uses") {
        Some(entry) => {
            entry.whole(1..=i64::from(u32::MAX)).and_then(|uses| u32::try_from(uses).ok()).map(Some)
        }
        None => Some(None),
    };
    let amount = match section.optional("amount") {
        Some(entry) => entry.positive_amount().map(Some),
        None => Some(None),
    };
    let limit = UseLimit { uses: uses?, amount: amount? };
    if limit == UseLimit::default() {
        let fix = "write `{ uses = 100 }`, `{ amount = \"500.00\" }` or both";
        return entry.refuse(format!("`{name}` limits nothing"), Some(fix.to_owned()));
    }
    Some(limit)
}

//! `[points]` of `shop.toml`, the loyalty programme, and `points` of a campaign, which multiplies what it gives.

use wink_core::offer::{PointsFactor, Programme};

use super::entry::Section;

pub(super) const KEY: &str = "points";

/// A unit earns at most this many: more is a slip for the worth of one.
const PER_UNIT_MAX: i64 = 1_000;

/// Points last at most ten years: who wants them to last for ever says what they will owe.
const MONTHS_MAX: i64 = 120;

/// A campaign multiplies at most so much: more than a hundred is a slip.
const FACTOR_MAX: i64 = 100;

/// What `per_unit` is for, in minor units of any currency. Who gives points worth as much gives all that was paid.
const UNIT: i64 = 100;

/// Tells what the points of a unit are worth.
fn given(programme: &Programme) -> i64 {
    i64::from(programme.per_unit).saturating_mul(programme.worth.0)
}

/// Reads the programme; without the section there is none. `None` if it is wrong, which is then reported.
#[expect(clippy::option_option, reason = "missing is fine, wrong is not")]
pub(super) fn of_shop(root: &Section<'_>) -> Option<Option<Programme>> {
    let Some(entry) = root.optional(KEY) else { return Some(None) };
    let section = entry.section("[points]")?;
    section.only(&["per_unit", "worth", "expire_months"]);
    let per_unit = section.required("per_unit").and_then(|entry| entry.whole(1..=PER_UNIT_MAX));
    let worth = section.required("worth").and_then(|entry| entry.positive_amount());
    let months = section.required("expire_months").and_then(|entry| entry.whole(1..=MONTHS_MAX));
    let programme = Programme {
        per_unit: u32::try_from(per_unit?).ok()?,
        worth: worth?,
        expire_months: u16::try_from(months?).ok()?,
    };
    if UNIT <= given(&programme) {
        let message = "100 minor units earn points that are worth as much, or more";
        return entry.refuse(message, Some("write a smaller `per_unit` or `worth`".to_owned()));
    }
    Some(Some(programme))
}

/// Reads by how much a campaign multiplies points; without the key it does not.
#[expect(clippy::option_option, reason = "missing is fine, wrong is not")]
pub(super) fn of_campaign(root: &Section<'_>, programme: Option<&Programme>) -> Option<Option<PointsFactor>> {
    let Some(entry) = root.optional(KEY) else { return Some(None) };
    let section = entry.section(KEY)?;
    section.only(&["factor", "categories"]);
    let factor = section.required("factor").and_then(|entry| Some((entry.whole(2..=FACTOR_MAX)?, entry)));
    if let (Some((factor, entry)), Some(programme)) = (&factor, programme)
        && UNIT <= given(programme).saturating_mul(*factor)
    {
        let message = "100 minor units earn points that are worth as much, or more";
        let fix = "write a smaller `factor`, or a smaller `per_unit` or `worth` in `shop.toml`";
        return entry.refuse(message, Some(fix.to_owned()));
    }
    let categories = match section.optional("categories") {
        Some(entry) => {
            let owned = |(text, _): (&str, _)| text.to_owned();
            entry.texts().map(|texts| texts.into_iter().map(owned).collect())
        }
        None => Some(Vec::new()),
    };
    Some(Some(PointsFactor { factor: u32::try_from(factor?.0).ok()?, categories: categories? }))
}

#[cfg(test)]
mod tests;

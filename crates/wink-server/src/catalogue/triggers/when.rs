//! When the moment of a trigger comes: with an event, after quiet, each year on a day, or when a product is listed anew.

use wink_core::base::DAY_MS;
use wink_core::feature::{Becomes, DayOf, Listing, Quiet, When, Yearly};
use wink_core::offer::Trigger;

use super::{MINUTE_MS, events};
use crate::catalogue::entry::{Entry, Section};

/// What a trigger remembers is written with the events it is learned from: so many with notes of products fit into a commit.
const LISTINGS_MAX: usize = 4;

/// And so many with a day.
const DAYS_MAX: usize = 20;

/// Keys that belong to one way only.
const OF_YEARLY: [&str; 1] = ["at_hour"];
const OF_LISTING: [&str; 3] = ["cheaper_percent", "within_days", "people_at_most"];

/// Reads when.
pub(super) fn read(section: &Section<'_>) -> Option<When> {
    let ways = ["quiet_minutes", "each_year", "product"].map(|name| section.optional(name));
    let mut written = ways.into_iter().flatten();
    let (way, other) = (written.next(), written.next());
    if let (Some(way), Some(other)) = (&way, other) {
        let fix = "leave one of them out, or write two triggers".to_owned();
        let message = format!("a moment comes one way: `{}` says another than `{}`", other.name, way.name);
        return other.refuse(message, Some(fix));
    }
    let name = way.as_ref().map_or("", |way| way.name.as_str());
    belong(section, &["unless"], "quiet_minutes", name)?;
    belong(section, &OF_YEARLY, "each_year", name)?;
    belong(section, &OF_LISTING, "product", name)?;
    match (name, &way) {
        ("quiet_minutes", Some(minutes)) => quiet(section, minutes).map(When::Quiet),
        ("each_year", Some(of)) => yearly(section, of).map(When::Yearly),
        ("product", Some(becomes)) => listing(section, becomes).map(When::Listing),
        _ => Some(When::Event),
    }
}

/// Refuses keys that mean nothing without another.
fn belong(section: &Section<'_>, keys: &[&'static str], to: &str, way: &str) -> Option<()> {
    let alone = keys.iter().find_map(|name| section.optional(name).filter(|_| way != to));
    match alone {
        None => Some(()),
        Some(entry) => entry.refuse(
            format!("`{}` belongs to `{to}`, which is not written", entry.name),
            Some(format!("write `{to}`, or leave it out")),
        ),
    }
}

fn quiet(section: &Section<'_>, minutes: &Entry<'_>) -> Option<Quiet> {
    // A week: what is quiet longer is gone, and a campaign's business.
    let for_ms = minutes.whole(1..=7 * 24 * 60)? * MINUTE_MS;
    let unless = section.optional("unless").map_or(Some(Vec::new()), |unless| events(&unless))?;
    Some(Quiet { for_ms, unless })
}

fn yearly(section: &Section<'_>, of: &Entry<'_>) -> Option<Yearly> {
    /// The word for the earliest of some events.
    const FIRST: &str = "first";
    let hour = i8::try_from(section.required("at_hour")?.whole(0..=23)?).ok()?;
    let name = of.text()?;
    let of = match (section.optional("on"), name) {
        (Some(_), FIRST) => DayOf::First,
        (Some(_), _) => {
            return of.refuse(
                format!("with `on`, the day is that of the earliest such event, and not `{name}`"),
                Some(format!("write `{FIRST}`; or leave `on` out for the date stated as `{name}`")),
            );
        }
        (None, "") => return of.refuse("`each_year` names no attribute", None),
        (None, name) => DayOf::Stated(name.to_owned()),
    };
    Some(Yearly { of, hour })
}

fn listing(section: &Section<'_>, becomes: &Entry<'_>) -> Option<Listing> {
    let percent = section.optional("cheaper_percent");
    let becomes = match (becomes.text()?, percent) {
        ("cheaper", None) => Becomes::Cheaper { percent: 1 },
        ("cheaper", Some(percent)) => {
            Becomes::Cheaper { percent: u8::try_from(percent.whole(1..=99)?).ok()? }
        }
        ("available", None) => Becomes::Available,
        ("available", Some(percent)) => {
            return percent.refuse("`cheaper_percent` belongs to `product = \"cheaper\"`", None);
        }
        (other, _) => {
            let fix = Some("write `cheaper` or `available`".to_owned());
            return becomes.refuse(format!("a product becomes `{other}` for no trigger"), fix);
        }
    };
    let within_ms = section.required("within_days")?.whole(1..=366)? * DAY_MS;
    let people = section.required("people_at_most")?.whole(1..=1_000_000)?;
    Some(Listing { becomes, within_ms, people_at_most: u32::try_from(people).ok()? })
}

/// Reads the events; of a stated day there are none.
pub(super) fn on(section: &Section<'_>, when: &When) -> Option<Vec<String>> {
    match when {
        When::Yearly(Yearly { of: DayOf::Stated(_), .. }) => match section.optional("filter") {
            None => Some(Vec::new()),
            Some(filter) => filter.refuse("`filter` is about an event, and a stated day is none", None),
        },
        When::Yearly(_) | When::Event | When::Quiet(_) | When::Listing(_) => events(&section.required("on")?),
    }
}

/// Reads for how long there is no other moment; a day of the year comes once.
pub(super) fn pause_ms(section: &Section<'_>, when: &When) -> Option<i64> {
    if let When::Yearly(_) = when {
        for name in ["pause_minutes", "at_most"] {
            if let Some(entry) = section.optional(name) {
                return entry.refuse(format!("a day comes once a year, so `{name}` says nothing"), None);
            }
        }
        return Some(0);
    }
    // Who is asked again at every stop of the cursor is not served but followed.
    Some(section.required("pause_minutes")?.whole(1..=366 * 24 * 60)? * MINUTE_MS)
}

/// Names the key that makes a moment come without an event.
pub(super) fn without_event(when: &When) -> Option<&'static str> {
    match when {
        When::Event => None,
        When::Quiet(_) => Some("quiet_minutes"),
        When::Yearly(_) | When::Listing(_) => nobody_is_there(when),
    }
}

/// Names the key that makes a moment come when nobody is there.
pub(super) fn nobody_is_there(when: &When) -> Option<&'static str> {
    match when {
        When::Event | When::Quiet(_) => None,
        When::Yearly(_) => Some("each_year"),
        When::Listing(_) => Some("product"),
    }
}

/// Refuses more triggers with notes than fit.
pub(super) fn few_enough(root: &Section<'_>, triggers: &[Trigger]) {
    let is_listing = |when: &When| matches!(when, When::Listing(_));
    let is_day = |when: &When| matches!(when, When::Yearly(_));
    let count = |is: fn(&When) -> bool| triggers.iter().filter(|trigger| is(&trigger.moments.when)).count();
    for (key, there, at_most) in
        [("product", count(is_listing), LISTINGS_MAX), ("each_year", count(is_day), DAYS_MAX)]
    {
        if at_most < there {
            let message = format!("{there} triggers with `{key}` are too many; at most {at_most}");
            root.file().report(root.at(), message, None);
        }
    }
}

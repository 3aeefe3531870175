//! `features.toml`: features of the shop's own, beside the built-in ones, and which of those are switched off.

use std::ops::Range;

use wink_core::base::Zone;
use wink_core::base::expression::nearest;
use wink_core::feature::{
    Age, Aggregation, BANDS_MAX, Catalogue, Class, Definition, DefinitionProblem, Heard, How, Never,
    Selection, Unit, Window, built_in_definitions, place_definitions,
};
use wink_core::offer::Places;
use wink_core::profile::Purpose;

use super::bands::{self, Bounds};
use super::entry::{Entry, Section, list};
use super::file::File;
use super::literal;

/// At most this many features of a shop's own: each is read for every decision that asks for it.
const OWN_MAX: usize = 200;

/// What a feature says, in the order in which it is written.
const KEYS: &[&str] = &[
    "name",
    "meaning",
    "events",
    "filter",
    "aggregation",
    "value",
    "rest",
    "by",
    bands::KEY,
    "window",
    "half_life_days",
    "per_mille",
    "unit",
    "part_events",
    "part_filter",
    "formula",
    "age_of",
    "never",
    "ttl_days",
    "purpose",
    "class",
    "heard",
];

/// How events can be aggregated.
const AGGREGATIONS: &[&str] = &[
    "count",
    "sum",
    "mean",
    "min",
    "max",
    "first",
    "last",
    "distinct",
    "quantile",
    "decayed_sum",
    "time_since",
    "time_since_first",
    "active_days",
    "gap_days",
    "shares",
    "newest",
    "share",
    "ratio",
];

/// What nobody may compute features about: special categories of personal data (GDPR article 9), need, and children.
const NEVER_CLASSES: [&str; 7] =
    ["health", "pregnancy", "origin", "religion", "emotion", "financial_distress", "minor"];

/// Lists the features a shop has without writing any: those every shop has, and those of places if it keeps places.
pub(super) fn given(places: Option<&Places>) -> Vec<Definition> {
    let mut given = built_in_definitions();
    given.extend(places.into_iter().flat_map(|_| place_definitions()));
    given
}

/// Compiles the features that are given alone.
pub(super) fn without_own(given: Vec<Definition>, zone: &Zone) -> Option<Catalogue> {
    Catalogue::compile(given, zone).ok()
}

/// Reads the file; `None` if anything in it is wrong, which is then reported.
pub(super) fn read(
    file: &File<'_>,
    mut definitions: Vec<Definition>,
    bounds: &Bounds,
    zone: &Zone,
) -> Option<Catalogue> {
    let document = super::campaign::document(file)?;
    let root = Section::root(file, document.as_table());
    root.only(&["switched_off", "features"]);
    let off = switched_off(&root, &mut definitions);
    let built_in = definitions.len();
    let sections = match root.optional("features") {
        Some(entry) => entry.sections("[[features]]")?,
        None => Vec::new(),
    };
    if OWN_MAX < sections.len() {
        let message = format!("{} features are too many; at most {OWN_MAX}", sections.len());
        file.report(root.at(), message, None);
        return None;
    }
    let own: Vec<Option<Definition>> = sections.iter().map(|section| definition(section, bounds)).collect();
    definitions.extend(own.into_iter().collect::<Option<Vec<Definition>>>()?);
    if !file.is_clean() {
        return None;
    }
    match Catalogue::compile(definitions.clone(), zone) {
        Ok(catalogue) => Some(catalogue),
        Err(problem) => {
            let own = problem.index.checked_sub(built_in).and_then(|own| sections.get(own));
            match own {
                Some(section) => report(section, &problem),
                None => {
                    let name =
                        definitions.get(problem.index).map_or("", |definition| definition.name.as_str());
                    let message = format!("`{name}` is derived of a feature that is switched off");
                    file.report(&off, message, Some(format!("switch `{name}` off too")));
                }
            }
            None
        }
    }
}

/// Takes the built-in features out that the shop does not want; tells where it says so.
fn switched_off(root: &Section<'_>, definitions: &mut Vec<Definition>) -> Range<usize> {
    let Some(entry) = root.optional("switched_off") else { return root.at().clone() };
    for (name, at) in entry.texts().unwrap_or_default() {
        match definitions.iter().position(|definition| definition.name == name) {
            Some(place) => drop(definitions.remove(place)),
            None => {
                let fix = nearest(name, definitions.iter().map(|definition| definition.name.as_str()));
                let fix = fix.map(|meant| format!("write `{meant}`"));
                entry.report_at(&at, format!("`{name}` is no built-in feature"), fix);
            }
        }
    }
    entry.at.clone()
}

/// Reports a problem at the key it is about, inside its text where that is known.
fn report(section: &Section<'_>, problem: &DefinitionProblem) {
    let key = match problem.key {
        "event" => "events",
        "part" => "part_events",
        // A part's filter is compiled like any other; it is the one at fault if the feature's own is not there.
        "filter" if section.optional("filter").is_none() => "part_filter",
        key => key,
    };
    let (message, fix) = (problem.message.clone(), problem.fix.clone());
    match section.optional_named(key) {
        Some(entry) => {
            let inside = problem.at.map(|at| literal::place_inside(entry.file().cut(&entry.at), at));
            let start = entry.at.start + inside.unwrap_or(0);
            entry.report_at(&(start..start), message, fix);
        }
        None => section.file().report(section.at(), message, fix),
    }
}

fn definition(section: &Section<'_>, bounds: &Bounds) -> Option<Definition> {
    section.only(KEYS);
    let text = |name| section.required(name).and_then(|entry| entry.text().map(str::to_owned));
    let (name, meaning) = (text("name"), text("meaning"));
    let purpose = one_of(section, "purpose", &Purpose::ALL.map(Purpose::name), Purpose::parse);
    let class = class(section);
    let ttl_days = match section.optional("ttl_days") {
        Some(entry) => Some(i32::try_from(entry.whole(1..=3_660)?).ok()?),
        None => None,
    };
    let heard = match section.optional("heard") {
        None => Heard::Fully,
        Some(_) => one_of(section, "heard", &["fully", "once"], |text| match text {
            "fully" => Some(Heard::Fully),
            "once" => Some(Heard::Once),
            _ => None,
        })?,
    };
    let how = match section.optional("formula") {
        Some(entry) => How::Derived { formula: entry.text()?.to_owned() },
        None => folded(section, bounds)?,
    };
    Some(Definition {
        name: name?,
        meaning: meaning?,
        how,
        ttl_days,
        purpose: purpose?,
        class: class?,
        heard,
    })
}

fn class(section: &Section<'_>) -> Option<Class> {
    let entry = section.required("class")?;
    let name = entry.text()?;
    if NEVER_CLASSES.contains(&name) {
        return entry.refuse(format!("nothing about `{name}` is ever computed of a person"), None);
    }
    one_of(section, "class", &Class::ALL.map(Class::name), Class::parse)
}

fn one_of<T>(
    section: &Section<'_>,
    key: &'static str,
    known: &[&str],
    parse: fn(&str) -> Option<T>,
) -> Option<T> {
    let entry = section.required(key)?;
    let text = entry.text()?;
    parse(text).or_else(|| {
        let fix = match nearest(text, known.iter().copied()) {
            Some(meant) => format!("write `{meant}`"),
            None => format!("write {}", list(known)),
        };
        entry.refuse(format!("`{text}` is not known as `{key}`"), Some(fix))
    })
}

fn folded(section: &Section<'_>, bounds: &Bounds) -> Option<How> {
    let selection =
        Selection { events: texts(&section.required("events")?)?, filter: optional(section, "filter")? };
    let aggregation = aggregation(section, bounds)?;
    let age = match section.optional("age_of") {
        None => Age::default(),
        Some(entry) => match texts(&entry)? {
            events if events == ["selected"] => Age::Selected,
            events => Age::Of(events),
        },
    };
    let never = match section.optional("never") {
        None => Never::Unknown,
        Some(_) => one_of(section, "never", &["unknown", "zero"], |text| match text {
            "unknown" => Some(Never::Unknown),
            "zero" => Some(Never::Zero),
            _ => None,
        })?,
    };
    Some(How::Folded { selection, aggregation, age, never })
}

fn aggregation(section: &Section<'_>, bounds: &Bounds) -> Option<Aggregation> {
    let name = one_of(section, "aggregation", AGGREGATIONS, |text| {
        AGGREGATIONS.iter().find(|known| **known == text).copied()
    })?;
    let of = |key| section.required(key).and_then(|entry| entry.text().map(str::to_owned));
    let window = || section.required("window").and_then(|entry| window(&entry));
    let half_life_days = |least: i64| {
        let days = section.required("half_life_days")?.whole(least..=3_660)?;
        i32::try_from(days).ok()
    };
    Some(match name {
        "count" => Aggregation::Count { window: window()? },
        "sum" => Aggregation::Sum { of: of("value")?, window: window()? },
        "mean" => Aggregation::Mean { of: of("value")?, window: window()? },
        "min" => Aggregation::Min { of: of("value")?, window: window()? },
        "max" => Aggregation::Max { of: of("value")?, window: window()? },
        "first" => Aggregation::First { of: of("value")? },
        "last" => Aggregation::Last { of: of("value")? },
        "distinct" => Aggregation::Distinct { of: of("value")?, window: window()? },
        "quantile" => {
            let per_mille = u16::try_from(section.required("per_mille")?.whole(0..=1_000)?).ok()?;
            Aggregation::Quantile { of: of("value")?, per_mille, window: window()? }
        }
        "decayed_sum" => {
            Aggregation::Decayed { of: optional(section, "value")?, half_life_days: half_life_days(1)? }
        }
        "time_since" => {
            let unit = one_of(section, "unit", &["minutes", "days"], |text| match text {
                "minutes" => Some(Unit::Minutes),
                "days" => Some(Unit::Days),
                _ => None,
            })?;
            Aggregation::Since { unit, exact: false }
        }
        "time_since_first" => {
            if let Some(unit) = section.optional("unit") {
                return unit.refuse("`time_since_first` counts days; leave `unit` out", None);
            }
            Aggregation::SinceFirst
        }
        "active_days" => Aggregation::ActiveDays { window: window()? },
        "gap_days" => Aggregation::GapDays,
        "shares" => Aggregation::Shares {
            by: shared_by(section, bounds)?,
            of: optional(section, "value")?,
            // They are kept in steps of four weeks, so what halves within one would be far off.
            half_life_days: half_life_days(28)?,
        },
        "newest" => Aggregation::Newest { by: of("by")? },
        "share" => Aggregation::Share { part: of("value")?, rest: of("rest")?, window: window()? },
        // The list above has no other.
        _ => {
            let events = match section.optional("part_events") {
                Some(entry) => texts(&entry)?,
                None => texts(&section.required("events")?)?,
            };
            let part = Selection { events, filter: optional(section, "part_filter")? };
            Aggregation::Ratio { part, window: window()? }
        }
    })
}

/// Reads by what is shared out; by bands that are counted out of the product list, if the feature says into how many.
fn shared_by(section: &Section<'_>, bounds: &Bounds) -> Option<String> {
    let by = section.required("by")?;
    let text = by.text()?;
    let Some(entry) = section.optional(bands::KEY) else { return Some(text.to_owned()) };
    if text != bands::OF {
        let fix = format!("write `{}`", bands::OF);
        return by.refuse("bands are counted out of what products cost", Some(fix));
    }
    let count = entry.whole(2..=i64::try_from(BANDS_MAX).ok()?)?;
    Some(bands::path(usize::try_from(count).ok()?, bounds))
}

/// Reads a text that may be missing. `None` if it is there and wrong.
#[expect(clippy::option_option, reason = "missing is fine, wrong is not")]
fn optional(section: &Section<'_>, key: &'static str) -> Option<Option<String>> {
    match section.optional(key) {
        None => Some(None),
        Some(entry) => entry.text().map(|text| Some(text.to_owned())),
    }
}

fn texts(entry: &Entry<'_>) -> Option<Vec<String>> {
    Some(entry.texts()?.into_iter().map(|(text, _)| text.to_owned()).collect())
}

fn window(entry: &Entry<'_>) -> Option<Window> {
    let text = entry.text()?;
    let counted = text.split_once(' ').and_then(|(days, unit)| Some((days.parse::<i32>().ok()?, unit)));
    match counted {
        Some((days, "days")) => Some(Window::Days(days)),
        Some((days, "shop days")) => Some(Window::ShopDays(days)),
        Some((days, "exact days")) => Some(Window::Exact(days)),
        None if text == "session" => Some(Window::Session),
        _ => {
            let fix = "write it like `28 days`, `28 shop days`, `28 exact days` or `session`".to_owned();
            entry.refuse(format!("`{text}` is not a window"), Some(fix))
        }
    }
}

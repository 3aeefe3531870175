//! How a feature is read from accumulators, and which it needs. Made once per catalogue, so that folding and viewing look nothing up.

use super::accumulator::{Accumulator, Kept, Named, Numbered};
use super::bands::Bands;
use super::catalogue::DefinitionProblem;
use super::contact;
use super::definition::{
    Age, Aggregation, Class, Definition, FeatureType, Heard, How, Never, Selection, Unit, Window,
};
use super::happened::{Field, Fields, ItemField, OWN_EVENTS};
use super::score;
use super::series::{Bucket, HORIZON_DAYS};
use super::state::AccumulatorId;
use crate::base::Zone;
use crate::base::expression::{Declarations, Expression, Formula, Problem, Type, nearest};
use crate::event::{CONTEXT_EVENTS, Schemas};

/// The longest window: what is kept, less the month in which events may be late.
pub const WINDOW_DAYS_MAX: i32 = HORIZON_DAYS - 31;

/// Windows up to this long are exact to the day for sketches too; longer ones go in steps of four weeks.
const SKETCH_DAYS_MAX: i32 = 31;

/// Events of somebody who is at it: a session is what lies between two pauses of them.
const ACTIVITY: [&str; 24] = [
    "Cart Viewed",
    "Checkout Started",
    "Checkout Step Completed",
    "Checkout Step Viewed",
    "Code Copied",
    "Coupon Entered",
    "Cursor Stopped",
    "Element Viewed",
    "Field Abandoned",
    "Hesitated",
    "Order Completed",
    "Page",
    "Page Engaged",
    "Payment Info Entered",
    "Product Added",
    "Product Added to Wishlist",
    "Product Clicked",
    "Product List Filtered",
    "Product List Viewed",
    "Product Removed",
    "Product Viewed",
    "Products Searched",
    "Rage Click",
    "Screen",
];

/// Events by which somebody shows that they hesitate. They are free to repeat, so that no decision counts them.
const HESITATION: [&str; 4] = ["Cursor Stopped", "Field Abandoned", "Hesitated", "Rage Click"];

fn is_of_hesitation(selection: &Selection, how: &Aggregation) -> bool {
    let part = match how {
        Aggregation::Ratio { part, .. } => &part.events[..],
        _ => &[],
    };
    selection.events.iter().chain(part).any(|event| HESITATION.contains(&event.as_str()))
}

/// How a feature is read.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Plan {
    pub(super) step: Step,
    pub(super) age: Option<AgeOf>,
    pub(super) never: Never,
    /// The accumulators it cannot be read without.
    pub(super) needs: Vec<usize>,
    /// The features it is derived of.
    pub(super) reads: Vec<usize>,
    pub(super) heard: Heard,
}

/// Where the age of a value is found.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct AgeOf {
    /// The newest instants.
    pub(super) times: usize,
    /// Counts by day of the same events, for looking back before the newest instant that is remembered.
    pub(super) days: Option<usize>,
}

/// What is computed from accumulators, by their places.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Step {
    Sum(usize, Window),
    Exact {
        times: usize,
        days: i32,
    },
    Mean {
        sum: usize,
        count: usize,
        window: Window,
    },
    Min(usize, Window),
    Max(usize, Window),
    Stamped(usize),
    /// The same of a number that is kept in parts of one.
    Parts(usize, i64),
    Distinct(usize, Window),
    Quantile {
        spread: usize,
        per_mille: u16,
        window: Window,
    },
    Decayed {
        sum: usize,
        half_life_days: i32,
    },
    Since(Unit),
    SinceFirst(usize),
    ActiveDays(usize, Window),
    GapDays(usize),
    Shares {
        shares: usize,
        half_life_days: i32,
    },
    Name {
        name: usize,
        selected: usize,
    },
    Share {
        part: usize,
        rest: usize,
        window: Window,
    },
    Ratio {
        part: usize,
        whole: usize,
        window: Window,
    },
    Formula(Formula),
    Score(score::Compiled),
}

/// What is wrong with a definition, before it is known which.
pub(super) struct Wrong {
    key: &'static str,
    message: String,
    fix: Option<String>,
    at: Option<usize>,
}

impl Wrong {
    pub(super) fn new(key: &'static str, message: impl Into<String>) -> Self {
        Self { key, message: message.into(), fix: None, at: None }
    }

    pub(super) fn fix(self, fix: Option<String>) -> Self {
        Self { fix, ..self }
    }

    fn expression(key: &'static str, problem: Problem) -> Self {
        Self { key, message: problem.message, fix: problem.fix, at: Some(problem.at.start) }
    }

    pub(super) fn of(self, index: usize) -> DefinitionProblem {
        let Self { key, message, fix, at } = self;
        DefinitionProblem { index, key, message, fix, at }
    }
}

/// Collects the accumulators of some definitions; two that need the same share it.
pub(super) struct Compiler<'a> {
    zone: &'a Zone,
    schemas: Schemas,
    accumulators: Vec<Accumulator>,
    activity: Option<usize>,
}

impl<'a> Compiler<'a> {
    pub(super) fn new(zone: &'a Zone) -> Self {
        Self { zone, schemas: Schemas::built_in(), accumulators: Vec::new(), activity: None }
    }

    /// Keeps what is read beside features.
    pub(super) fn always_kept(&mut self) {
        let kept = [
            (contact::selection(), Kept::Times(contact::CONTACTS_MAX), Class::Contact),
            (
                Selection::of(&["Order Completed"]),
                Kept::Sums(Field::SalesCents, Bucket::Day),
                Class::Purchase,
            ),
        ];
        for (selection, kept, class) in kept {
            // Both are plainly valid; a test looks their ids up.
            let _place = self.keep(&selection, kept, class).ok();
        }
    }

    /// Finds for every age the counts by day of the same events, if some feature keeps them.
    pub(super) fn look_back(&self, plans: &mut [Plan]) {
        for age in plans.iter_mut().filter_map(|plan| plan.age.as_mut()) {
            let Some(Accumulator { events, filter, .. }) = self.accumulators.get(age.times) else { continue };
            let filter = filter.as_ref().map(|filter| filter.source().to_owned());
            let selection = Selection { events: events.clone(), filter };
            age.days = self.find(&selection, &Kept::Sums(Field::One, Bucket::Day));
        }
    }

    pub(super) fn finish(self) -> (Vec<Accumulator>, Option<usize>) {
        (self.accumulators, self.activity)
    }

    /// Finds out how a feature is read; `before` are those a formula may use.
    pub(super) fn plan(&mut self, definition: &Definition, before: &[Definition]) -> Result<Plan, Wrong> {
        check_name(&definition.name)?;
        match &definition.how {
            How::Derived { formula } => Ok(Plan { heard: definition.heard, ..derived(formula, before)? }),
            How::Scored(score) => {
                let score = score.compile(before)?;
                let (reads, heard) = (score.reads().to_vec(), definition.heard);
                let (needs, never) = (Vec::new(), Never::Unknown);
                Ok(Plan { step: Step::Score(score), age: None, never, needs, reads, heard })
            }
            How::Folded { selection, aggregation, age, never } => {
                self.check_events("event", &selection.events)?;
                check_context(selection, aggregation)?;
                let class = definition.class;
                let step = self.step(selection, aggregation, class)?;
                let age = self.age(selection, aggregation, age, class)?;
                let mut needs = step.needs();
                needs.extend(age.iter().map(|age| age.times));
                needs.extend(self.activity.filter(|_| step.window() == Some(Window::Session)));
                let heard =
                    if is_of_hesitation(selection, aggregation) { Heard::Once } else { definition.heard };
                Ok(Plan { step, age, never: *never, needs, reads: Vec::new(), heard })
            }
        }
    }

    fn check_events(&self, key: &'static str, events: &[String]) -> Result<(), Wrong> {
        if events.is_empty() {
            return Err(Wrong::new(key, "no event is named"));
        }
        let known = || self.schemas.kept().chain(OWN_EVENTS).chain(CONTEXT_EVENTS);
        match events.iter().find(|event| !known().any(|known| known == event.as_str())) {
            None => Ok(()),
            Some(event) => {
                let fix = nearest(event, known()).map(|meant| format!("write `{meant}`"));
                Err(Wrong::new(key, format!("`{event}` is not a known event")).fix(fix))
            }
        }
    }

    fn step(&mut self, selection: &Selection, how: &Aggregation, class: Class) -> Result<Step, Wrong> {
        if let Some(window) = how.window() {
            self.check_window(window, how)?;
        }
        let counted = |compiler: &mut Self, selection: &Selection, window: Window| {
            compiler.keep(selection, Kept::Sums(Field::One, bucket(window)), class)
        };
        Ok(match how {
            Aggregation::Count { window: Window::Exact(days) } => {
                let times = self.keep(selection, Kept::Times(contact::CONTACTS_MAX), class)?;
                Step::Exact { times, days: *days }
            }
            Aggregation::Count { window } => Step::Sum(counted(self, selection, *window)?, *window),
            Aggregation::Sum { of, window } => {
                let field = self.number(selection, "value", of)?;
                Step::Sum(self.keep(selection, Kept::Sums(field, bucket(*window)), class)?, *window)
            }
            Aggregation::Mean { of, window } => {
                let field = self.number(selection, "value", of)?;
                let sum = self.keep(selection, Kept::Sums(field.clone(), bucket(*window)), class)?;
                let count = match field.is_always_said() {
                    true => counted(self, selection, *window)?,
                    false => self.keep(selection, Kept::Known(field, bucket(*window)), class)?,
                };
                Step::Mean { sum, count, window: *window }
            }
            Aggregation::Min { of, window } | Aggregation::Max { of, window } => {
                let field = self.number(selection, "value", of)?;
                let place = self.keep(selection, Kept::Extremes(field, bucket(*window)), class)?;
                match how {
                    Aggregation::Min { .. } => Step::Min(place, *window),
                    _ => Step::Max(place, *window),
                }
            }
            Aggregation::First { of } => {
                let field = self.number(selection, "value", of)?;
                Step::Stamped(self.keep(selection, Kept::First(field), class)?)
            }
            Aggregation::Last { of } => {
                let fields = Fields::of(&selection.events, &self.schemas);
                match fields.find(of).map(|(field, _)| field.parts()) {
                    Some(parts) if 1 < parts => {
                        let kept = Kept::Last(self.kept_number(selection, "value", of)?);
                        Step::Parts(self.keep(selection, kept, class)?, parts)
                    }
                    _ => {
                        let field = self.number(selection, "value", of)?;
                        Step::Stamped(self.keep(selection, Kept::Last(field), class)?)
                    }
                }
            }
            Aggregation::Distinct { of, window } => {
                let named = self.named(selection, "value", of)?;
                Step::Distinct(
                    self.keep(selection, Kept::Distinct(named, sketched(*window)), class)?,
                    *window,
                )
            }
            Aggregation::Quantile { of, per_mille, window } => {
                let field = self.number(selection, "value", of)?;
                let spread = self.keep(selection, Kept::Spread(field, sketched(*window)), class)?;
                Step::Quantile { spread, per_mille: *per_mille, window: *window }
            }
            Aggregation::Decayed { of, half_life_days } => {
                let field = match of {
                    Some(path) => self.number(selection, "value", path)?,
                    None => Field::One,
                };
                let sum = self.keep(selection, Kept::Sums(field, Bucket::Day), class)?;
                Step::Decayed { sum, half_life_days: *half_life_days }
            }
            Aggregation::Since { unit, .. } => Step::Since(*unit),
            Aggregation::SinceFirst => {
                Step::SinceFirst(self.keep(selection, Kept::First(Field::One), class)?)
            }
            Aggregation::ActiveDays { window } => {
                Step::ActiveDays(counted(self, selection, *window)?, *window)
            }
            Aggregation::GapDays => Step::GapDays(counted(self, selection, Window::Days(1))?),
            Aggregation::Newest { by } => match self.named(selection, "by", by)? {
                Named::Event(field) => {
                    let name = self.keep(selection, Kept::Name(field), class)?;
                    Step::Name { name, selected: self.keep(selection, Kept::Times(1), class)? }
                }
                Named::Item(_) | Named::Band(_) => {
                    let message = format!("`{by}` is of an item, and the newest name is that of an event");
                    return Err(Wrong::new("by", message));
                }
            },
            Aggregation::Shares { by, of, half_life_days } => {
                let named = self.named(selection, "by", by)?;
                let numbered = match of {
                    None => None,
                    Some(path) => Some(self.numbered(selection, &named, path)?),
                };
                let shares = self.keep(selection, Kept::Shares(named, numbered), class)?;
                Step::Shares { shares, half_life_days: *half_life_days }
            }
            Aggregation::Share { part, rest, window } => {
                let [part, rest] = [part, rest].map(|path| self.number(selection, "value", path));
                let part = self.keep(selection, Kept::Sums(part?, bucket(*window)), class)?;
                let rest = self.keep(selection, Kept::Sums(rest?, bucket(*window)), class)?;
                Step::Share { part, rest, window: *window }
            }
            Aggregation::Ratio { part, window } => {
                self.check_events("part", &part.events)?;
                let part = counted(self, part, *window)?;
                Step::Ratio { part, whole: counted(self, selection, *window)?, window: *window }
            }
        })
    }

    fn check_window(&mut self, window: Window, how: &Aggregation) -> Result<(), Wrong> {
        let days = match window {
            Window::Days(days) | Window::ShopDays(days) => days,
            Window::Exact(days) if matches!(how, Aggregation::Count { .. }) => days,
            Window::Exact(_) => {
                let message = "only events can be counted to the millisecond, nothing else";
                return Err(Wrong::new("window", message).fix(Some("count in days".to_owned())));
            }
            Window::Session => {
                let activity = Selection::of(&ACTIVITY);
                let place = self.keep(&activity, Kept::Sums(Field::One, Bucket::Minute), Class::Behaviour)?;
                self.activity = Some(place);
                return Ok(());
            }
        };
        if (1..=WINDOW_DAYS_MAX).contains(&days) {
            return Ok(());
        }
        Err(Wrong::new("window", format!("a window has 1 to {WINDOW_DAYS_MAX} days, this has {days}")))
    }

    fn age(
        &mut self,
        selection: &Selection,
        how: &Aggregation,
        age: &Age,
        class: Class,
    ) -> Result<Option<AgeOf>, Wrong> {
        if how.window() == Some(Window::Session) {
            return Ok(None);
        }
        let unfiltered = |events: &[String]| Selection { events: events.to_vec(), filter: None };
        // How long ago something was is asked of just that.
        let of_itself = matches!(how, Aggregation::Since { .. } | Aggregation::SinceFirst);
        let told_by = match age {
            _ if of_itself => selection.clone(),
            Age::Named => unfiltered(&selection.events),
            Age::Selected => selection.clone(),
            Age::Of(events) => {
                self.check_events("age_of", events)?;
                unfiltered(events)
            }
        };
        let is_exact = matches!(
            how,
            Aggregation::Since { exact: true, .. } | Aggregation::Count { window: Window::Exact(_) }
        );
        let keep = if is_exact { contact::CONTACTS_MAX } else { 1 };
        let times = self.keep(&told_by, Kept::Times(keep), class)?;
        Ok(Some(AgeOf { times, days: None }))
    }

    fn number(&self, selection: &Selection, key: &'static str, path: &str) -> Result<Field, Wrong> {
        let field = self.kept_number(selection, key, path)?;
        if 1 < field.parts() {
            let message =
                format!("of `{path}` only the newest can be read: adding up what models said means nothing");
            return Err(Wrong::new(key, message).fix(Some("aggregate it with `last`".to_owned())));
        }
        Ok(field)
    }

    /// Finds a number, which may be kept in parts of one.
    fn kept_number(&self, selection: &Selection, key: &'static str, path: &str) -> Result<Field, Wrong> {
        let fields = Fields::of(&selection.events, &self.schemas);
        match fields.find(path) {
            Some((field, Type::Int | Type::Double | Type::Bool)) => Ok(field.clone()),
            Some((_, found)) => Err(Wrong::new(key, format!("`{path}` is {found}, not a number"))),
            None => Err(unknown(key, path, fields.names().names().map(|(name, _)| name))),
        }
    }

    fn named(&self, selection: &Selection, key: &'static str, path: &str) -> Result<Named, Wrong> {
        if let Some(bands) = Bands::parse(path) {
            return bands.map(Named::Band).map_err(|message| Wrong::new(key, message));
        }
        if let Some(item) = ItemField::parse(path) {
            return match item.is_text() {
                true => Ok(Named::Item(item)),
                false => Err(Wrong::new(key, format!("`{path}` is a number, not a text"))),
            };
        }
        let fields = Fields::of(&selection.events, &self.schemas);
        match fields.find(path) {
            Some((field, Type::Text)) => Ok(Named::Event(field.clone())),
            Some((_, found)) => Err(Wrong::new(key, format!("`{path}` is {found}, not a text"))),
            None => {
                let mut names: Vec<&str> = fields.names().names().map(|(name, _)| name).collect();
                for path in ItemField::paths() {
                    names.push(path);
                }
                Err(unknown(key, path, names.into_iter()))
            }
        }
    }

    fn numbered(&self, selection: &Selection, named: &Named, path: &str) -> Result<Numbered, Wrong> {
        match ItemField::parse(path) {
            Some(item) if item.is_text() => {
                Err(Wrong::new("value", format!("`{path}` is a text, not a number")))
            }
            Some(item) if !matches!(named, Named::Event(_)) => Ok(Numbered::Item(item)),
            Some(_) => {
                let message = format!("`{path}` is of an item, and the name it is shared by is of the event");
                Err(Wrong::new("value", message))
            }
            None => self.number(selection, "value", path).map(Numbered::Event),
        }
    }

    /// Finds an accumulator, or makes it.
    fn keep(&mut self, selection: &Selection, kept: Kept, class: Class) -> Result<usize, Wrong> {
        let is_of_person = !matches!(class, Class::Contact | Class::Score) && !selection.is_of_context();
        let text = self.text(selection, &kept);
        let id = AccumulatorId::of(&text);
        let found = self.accumulators.iter_mut().enumerate().find(|(_, known)| known.id == id);
        if let Some((place, known)) = found {
            if known.text != text {
                let message = format!("what `{text}` needs cannot be told from `{}`", known.text);
                return Err(Wrong::new("name", message).fix(Some("word the filter differently".to_owned())));
            }
            known.is_of_person |= is_of_person;
            return Ok(place);
        }
        let fields = Fields::of(&selection.events, &self.schemas);
        let compile = |source: &String| {
            Expression::compile(source, fields.names())
                .map_err(|problem| Wrong::expression("filter", problem))
        };
        let filter = selection.filter.as_ref().map(compile).transpose()?;
        let events = selection.events.clone();
        self.accumulators.push(Accumulator { id, text, events, filter, fields, kept, is_of_person });
        Ok(self.accumulators.len() - 1)
    }

    fn find(&self, selection: &Selection, kept: &Kept) -> Option<usize> {
        let id = AccumulatorId::of(&self.text(selection, kept));
        self.accumulators.iter().position(|known| known.id == id)
    }

    /// Writes down what defines an accumulator; the zone too, if it matters.
    fn text(&self, selection: &Selection, kept: &Kept) -> String {
        let mut events: Vec<&str> = selection.events.iter().map(String::as_str).collect();
        events.sort_unstable();
        events.dedup();
        let mut text = format!("{} | {}", kept.text(), events.join(", "));
        if let Some(filter) = &selection.filter {
            text = format!("{text} | {filter}");
        }
        let is_local = ["shop day", "event.hour", "event.weekday", "event.holiday"]
            .iter()
            .any(|local| text.contains(local));
        if is_local {
            text = format!("{text} | in {}", self.zone.name());
        }
        let holidays = self.zone.region().filter(|_| text.contains("event.holiday"));
        holidays.map_or(text.clone(), |region| format!("{text} | holidays of {}", region.code()))
    }
}

/// Of what is told of a region or a store only the newest counts: a feed may tell it as often as it likes.
fn check_context(selection: &Selection, how: &Aggregation) -> Result<(), Wrong> {
    let is_newest =
        matches!(how, Aggregation::Last { .. } | Aggregation::Newest { .. } | Aggregation::Since { .. });
    let are_all = selection.events.iter().all(|event| CONTEXT_EVENTS.contains(&event.as_str()));
    if !selection.is_of_context() || is_newest && are_all {
        return Ok(());
    }
    let message = "of what is told of regions and stores only the newest is kept, and not together with people's events";
    let fix = "aggregate it with `last`, `newest` or `time_since`".to_owned();
    Err(Wrong::new("aggregation", message).fix(Some(fix)))
}

fn check_name(name: &str) -> Result<(), Wrong> {
    let starts_well = name.starts_with(|c: char| c.is_ascii_lowercase());
    let reads_well = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    if starts_well && reads_well && name.len() <= 64 {
        return Ok(());
    }
    let fix = "use up to 64 of a-z, 0-9 and `_`, beginning with a letter".to_owned();
    Err(Wrong::new("name", format!("`{name}` is no name of a feature")).fix(Some(fix)))
}

fn unknown<'n>(key: &'static str, path: &str, names: impl Iterator<Item = &'n str>) -> Wrong {
    let names: Vec<&str> = names.collect();
    let fix = match nearest(path, names.iter().copied()) {
        Some(meant) => format!("write `{meant}`"),
        None => {
            let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
            format!("use one of {}", names.join(", "))
        }
    };
    Wrong::new(key, format!("`{path}` is not read of these events")).fix(Some(fix))
}

fn derived(source: &str, before: &[Definition]) -> Result<Plan, Wrong> {
    let mut names = Declarations::new();
    for definition in before {
        let value_type = match definition.value_type() {
            FeatureType::Number => Type::Double,
            FeatureType::Shares => Type::Shares,
        };
        names.declare(&format!("feature.{}", definition.name), value_type);
    }
    let formula =
        Formula::compile(source, &names).map_err(|problem| Wrong::expression("formula", problem))?;
    let reads = formula.reads().to_vec();
    let (never, heard) = (Never::Unknown, Heard::default());
    Ok(Plan { step: Step::Formula(formula), age: None, never, needs: Vec::new(), reads, heard })
}

fn bucket(window: Window) -> Bucket {
    match window {
        Window::Days(_) | Window::Exact(_) => Bucket::Day,
        Window::ShopDays(_) => Bucket::ShopDay,
        Window::Session => Bucket::Minute,
    }
}

fn sketched(window: Window) -> Bucket {
    match window {
        Window::Days(days) | Window::Exact(days) if SKETCH_DAYS_MAX < days => Bucket::FourWeeks,
        window => bucket(window),
    }
}

impl Aggregation {
    pub(super) fn window(&self) -> Option<Window> {
        match self {
            Self::Count { window }
            | Self::Sum { window, .. }
            | Self::Mean { window, .. }
            | Self::Min { window, .. }
            | Self::Max { window, .. }
            | Self::Distinct { window, .. }
            | Self::Quantile { window, .. }
            | Self::ActiveDays { window }
            | Self::Share { window, .. }
            | Self::Ratio { window, .. } => Some(*window),
            _ => None,
        }
    }
}

impl Step {
    fn needs(&self) -> Vec<usize> {
        match self {
            Self::Sum(place, _)
            | Self::Exact { times: place, .. }
            | Self::Min(place, _)
            | Self::Max(place, _)
            | Self::Stamped(place)
            | Self::Parts(place, _)
            | Self::Distinct(place, _)
            | Self::Quantile { spread: place, .. }
            | Self::Decayed { sum: place, .. }
            | Self::SinceFirst(place)
            | Self::ActiveDays(place, _)
            | Self::GapDays(place)
            | Self::Shares { shares: place, .. } => vec![*place],
            Self::Mean { sum, count, .. } => vec![*sum, *count],
            Self::Share { part, rest, .. } => vec![*part, *rest],
            Self::Ratio { part, whole, .. } => vec![*part, *whole],
            Self::Name { name, selected } => vec![*name, *selected],
            Self::Since(_) | Self::Formula(_) | Self::Score(_) => Vec::new(),
        }
    }

    fn window(&self) -> Option<Window> {
        match self {
            Self::Sum(_, window)
            | Self::Mean { window, .. }
            | Self::Min(_, window)
            | Self::Max(_, window)
            | Self::Distinct(_, window)
            | Self::Quantile { window, .. }
            | Self::ActiveDays(_, window)
            | Self::Share { window, .. }
            | Self::Ratio { window, .. } => Some(*window),
            _ => None,
        }
    }
}

impl Kept {
    fn text(&self) -> String {
        match self {
            Self::Sums(field, bucket) => format!("sums {} by {}", field.path(), bucket.name()),
            Self::Known(field, bucket) => format!("known {} by {}", field.path(), bucket.name()),
            Self::Extremes(field, bucket) => format!("extremes {} by {}", field.path(), bucket.name()),
            Self::Times(keep) => format!("times {keep}"),
            Self::First(field) => format!("first {}", field.path()),
            Self::Last(field) => format!("last {}", field.path()),
            Self::Distinct(named, bucket) => format!("distinct {} by {}", named.path(), bucket.name()),
            Self::Spread(field, bucket) => format!("spread {} by {}", field.path(), bucket.name()),
            Self::Name(field) => format!("newest name {}", field.path()),
            Self::Shares(named, None) => format!("shares by {}", named.path()),
            Self::Shares(named, Some(numbered)) => {
                format!("shares of {} by {}", numbered.path(), named.path())
            }
        }
    }
}

impl Named {
    fn path(&self) -> String {
        match self {
            Self::Event(field) => field.path(),
            Self::Item(item) => item.path().to_owned(),
            Self::Band(bands) => bands.path(),
        }
    }
}

impl Numbered {
    fn path(&self) -> String {
        match self {
            Self::Event(field) => field.path(),
            Self::Item(item) => item.path().to_owned(),
        }
    }
}

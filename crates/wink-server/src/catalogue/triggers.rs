//! `triggers.toml`: moments in which Wink asks itself, for the answer to be there when the person looks.

use std::collections::BTreeSet;

use wink_core::base::TriggerId;
use wink_core::base::expression::{Declarations, Expression, nearest};
use wink_core::decision::AcceptWithin;
use wink_core::event::Schemas;
use wink_core::feature::{self, Cap};
use wink_core::offer::{Channel, Named, RuleSlots, Trigger, declarations};

use super::entry::{Entry, Section, list};
use super::file::File;
use super::literal;

mod when;

#[cfg(test)]
mod tests;

/// At most this many: every event is held against those that listen to it.
const TRIGGERS_MAX: usize = 100;

const MINUTE_MS: i64 = 60_000;

/// What a trigger says, in the order in which it is written.
const KEYS: &[&str] = &[
    "id",
    "on",
    "filter",
    "crosses",
    "quiet_minutes",
    "unless",
    "each_year",
    "at_hour",
    "product",
    "cheaper_percent",
    "within_days",
    "people_at_most",
    "pause_minutes",
    "at_most",
    "within_hours",
    "channel",
    "placement",
    "accept_within_seconds",
];

/// Reads the file. What is wrong is reported there.
pub(super) fn read(file: &File<'_>, features: &feature::Catalogue) -> Vec<Trigger> {
    let Some(document) = super::campaign::document(file) else { return Vec::new() };
    let root = Section::root(file, document.as_table());
    root.only(&["triggers"]);
    let sections = root.optional("triggers").and_then(|entry| entry.sections("[[triggers]]"));
    let sections = sections.unwrap_or_default();
    if TRIGGERS_MAX < sections.len() {
        let message = format!("{} triggers are too many; at most {TRIGGERS_MAX}", sections.len());
        file.report(root.at(), message, None);
        return Vec::new();
    }
    let names = Names { declarations: declarations(features), slots: RuleSlots::of(features) };
    let mut ids = BTreeSet::new();
    let mut triggers = Vec::new();
    for section in &sections {
        let Some(trigger) = trigger(section, &names) else { continue };
        if !ids.insert(trigger.moments.id.clone()) {
            let message = format!("there is a trigger `{}` already", trigger.moments.id);
            file.report(section.at(), message, Some("give one of them another id".to_owned()));
        }
        triggers.push(trigger);
    }
    when::few_enough(&root, &triggers);
    triggers
}

fn trigger(section: &Section<'_>, names: &Names) -> Option<Trigger> {
    section.only(KEYS);
    let channel = section.required("channel").and_then(|entry| channel(&entry));
    let placement = section.required("placement").and_then(|entry| entry.text().map(str::to_owned));
    let accept_within_seconds = match section.optional("accept_within_seconds") {
        None => None,
        Some(entry) => {
            let (least, most) = (AcceptWithin::SECONDS_MIN, AcceptWithin::SECONDS_MAX);
            Some(u32::try_from(entry.whole(i64::from(least)..=i64::from(most))?).ok()?)
        }
    };
    let crosses = match section.optional("crosses") {
        None => None,
        Some(entry) => Some(names.rule(&entry)?),
    };
    let moments = moments(section)?;
    if let (true, Some(key)) = (crosses.is_some(), when::without_event(&moments.when)) {
        let fix = "leave one of them out, or write two triggers".to_owned();
        let message = format!("`crosses` is about an event, and `{key}` about none");
        return section.required("crosses")?.refuse(message, Some(fix));
    }
    if let (Some(channel), Some(key)) = (channel, when::nobody_is_there(&moments.when))
        && !channel.is_pushed()
    {
        let fix = "write `newsletter`".to_owned();
        let message = format!("with `{key}` nobody is on a page or at a till when the moment comes");
        return section.required("channel")?.refuse(message, Some(fix));
    }
    Some(Trigger { moments, crosses, channel: channel?, placement: placement?, accept_within_seconds })
}

/// What a rule may name.
struct Names {
    declarations: Declarations,
    slots: RuleSlots,
}

impl Names {
    /// Compiles a rule over a person's features. A channel, a place or a cart is a page's to know, and no page asks.
    fn rule(&self, entry: &Entry<'_>) -> Option<Expression> {
        let rule = entry.rule(&self.declarations)?;
        let context = rule.reads().iter().find_map(|slot| match self.slots.at(*slot)? {
            Named::Context(fact) => Some(fact),
            Named::Feature(_) => None,
        });
        match context {
            None => Some(rule),
            Some(fact) => entry.refuse(
                format!("`{}` is known when somebody asks, and here Wink asks itself", fact.name()),
                Some(
                    "write a rule over `feature.…`; what is given there is for the offers' rules to say"
                        .to_owned(),
                ),
            ),
        }
    }
}

fn channel(entry: &Entry<'_>) -> Option<Channel> {
    let text = entry.text()?;
    let known = Channel::ALL.map(Channel::name);
    Channel::parse(text).or_else(|| {
        entry.refuse(format!("`{text}` is not a channel"), Some(format!("write {}", list(&known))))
    })
}

fn moments(section: &Section<'_>) -> Option<feature::Trigger> {
    let id = section.required("id")?;
    let id = TriggerId::parse(id.text()?).map_err(|error| id.refuse::<()>(error.to_string(), None)).ok()?;
    let when = when::read(section)?;
    let on = when::on(section, &when)?;
    let pause_ms = when::pause_ms(section, &when)?;
    let cap = match (section.optional("at_most"), section.optional("within_hours")) {
        (None, None) => None,
        (Some(at_most), Some(within)) => Some(Cap {
            at_most: u16::try_from(at_most.whole(1..=i64::from(feature::REMEMBERED_MAX))?).ok()?,
            within_ms: within.whole(1..=366 * 24)? * 60 * MINUTE_MS,
        }),
        (Some(alone), None) | (None, Some(alone)) => {
            return alone
                .refuse("`at_most` and `within_hours` belong together", Some("write both".to_owned()));
        }
    };
    let filter = section.optional("filter");
    let source = match &filter {
        None => None,
        Some(entry) => Some(entry.text()?),
    };
    feature::Trigger::new(id, on, source, when, pause_ms, cap)
        .map_err(|problem| {
            let Some(entry) = filter else { return };
            let inside = literal::place_inside(entry.file().cut(&entry.at), problem.at.start);
            let start = entry.at.start + inside;
            entry.report_at(&(start..start), problem.message, problem.fix);
        })
        .ok()
}

/// Reads names of events that there are.
fn events(entry: &Entry<'_>) -> Option<Vec<String>> {
    let schemas = Schemas::built_in();
    let mut names = Vec::new();
    for (name, at) in entry.texts()? {
        if !schemas.kept().any(|known| known == name) {
            let fix = nearest(name, schemas.kept()).map(|meant| format!("write `{meant}`"));
            entry.report_at(&at, format!("there is no event `{name}`"), fix);
            return None;
        }
        names.push(name.to_owned());
    }
    if names.is_empty() {
        return entry.refuse(format!("`{}` names no event", entry.name), None);
    }
    Some(names)
}

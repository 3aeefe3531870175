//! Which rules there are, and their numbers: given in the commit that puts a catalogue in force.

use std::sync::Arc;

use wink_core::base::Timestamp;
use wink_core::feature::{RuleNumber, Segment, Segments};
use wink_core::offer::Catalogue;
use wink_record::{SegmentRule, SegmentRules, Stored};
use wink_store::{Batch, Change, Store};

use crate::flow::person::{self, Loaded};
use crate::keys;
use crate::{Engine, Error};

/// Reads the rules there are.
pub(super) async fn load<S: Store>(engine: &Engine<S>) -> Result<Loaded<SegmentRules>, Error> {
    person::load(engine, keys::segment_rules(), SegmentRules::default).await
}

/// Gives every rule that is new a number and retires those that are gone, in the batch that puts the catalogue in force.
pub(in crate::flow) async fn register<S: Store>(
    engine: &Engine<S>,
    segments: &Segments,
    batch: &mut Batch,
) -> Result<SegmentRules, Error> {
    let loaded = load(engine).await?;
    let mut rules = loaded.value.clone();
    for rule in &mut rules.rules {
        rule.is_retired |= segments.all().iter().all(|segment| !is_of(rule, segment));
    }
    for segment in segments.all() {
        if rules.rules.iter().any(|rule| is_of(rule, segment)) {
            continue;
        }
        rules.last = RuleNumber(rules.last.0.saturating_add(1));
        rules.rules.push(SegmentRule {
            number: rules.last,
            segment: segment.id.clone(),
            digest: segment.digest(),
            is_retired: false,
            counted_at: None,
        });
    }
    batch.checks.push(loaded.unchanged());
    if rules != loaded.value {
        batch.changes.push(Change::Put(loaded.key, rules.to_bytes()));
    }
    Ok(rules)
}

/// Tells a catalogue the numbers of its rules.
pub(in crate::flow) fn numbered(mut catalogue: Catalogue, rules: &SegmentRules) -> Catalogue {
    let number =
        |segment: &Segment| rules.rules.iter().find(|rule| is_of(rule, segment)).map(|rule| rule.number);
    catalogue.segments = catalogue.segments.numbered(number);
    catalogue
}

/// Tells the catalogue in force the numbers of its rules, when an engine is opened.
pub(crate) async fn number<S: Store>(engine: &Engine<S>) -> Result<(), Error> {
    let Some(catalogue) = super::with_segments(engine) else { return Ok(()) };
    let rules = load(engine).await?.value;
    engine.put_in_force(Arc::new(numbered(Arc::unwrap_or_clone(catalogue), &rules)));
    Ok(())
}

/// Remembers that everybody has been asked about every rule in force, by a pass that began at `began`: nobody is counted under a retired one.
pub(super) fn after_pass(rules: &SegmentRules, began: Timestamp) -> SegmentRules {
    let kept = rules.rules.iter().filter(|rule| !rule.is_retired).cloned();
    let counted = |rule: SegmentRule| SegmentRule { counted_at: rule.counted_at.or(Some(began)), ..rule };
    SegmentRules { last: rules.last, rules: kept.map(counted).collect() }
}

fn is_of(rule: &SegmentRule, segment: &Segment) -> bool {
    !rule.is_retired && rule.segment == segment.id && rule.digest == segment.digest()
}

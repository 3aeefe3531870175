//! Segments: sets of people, each given by a rule over their features. Tells who is in one and who came or left; keeps nothing itself.

use std::collections::{BTreeMap, BTreeSet};

use super::view::{View, Viewed, Wanted};
use super::{Catalogue, FeatureType};
use crate::base::expression::{Declarations, Expression, Fact, Facts, Problem, Type};
use crate::base::{Digest, Hasher, SegmentId, Timestamp};
use crate::profile::{Grants, Purpose};

#[cfg(test)]
mod tests;

/// The number a rule was given when it was first put in force. A rule that is changed gets another, higher one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleNumber(pub u32);

/// A rule about a person's features, as in `feature.orders_365d >= 2.0`.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    expression: Expression,
    wanted: Wanted,
    /// What the rule and the features it reads say: equal rules over equal features are the same rule.
    digest: Digest,
}

impl Rule {
    /// Compiles a rule over `feature.…`; a name's slot is the feature's.
    ///
    /// # Errors
    /// Says where and why the source is not such a rule.
    pub fn compile(source: &str, features: &Catalogue) -> Result<Self, Problem> {
        let mut names = Declarations::new();
        for definition in features.definitions() {
            let value_type = match definition.value_type() {
                FeatureType::Number => Type::Double,
                FeatureType::Shares => Type::Shares,
            };
            names.declare(&format!("feature.{}", definition.name), value_type);
        }
        let expression = Expression::compile(source, &names)?;
        let keys = expression.keys().map(str::to_owned);
        let wanted = Wanted::only(features, expression.reads().iter().copied(), keys);
        let read = (0..).zip(features.definitions()).filter(|(slot, _)| wanted.asks_for(*slot));
        let hash = Hasher::new("segment rule").field(source.as_bytes());
        // As it is written in memory: where another Wink writes it otherwise, people are counted anew, and that is all.
        let hash = read.fold(hash, |hash, (_, definition)| hash.field(format!("{definition:?}").as_bytes()));
        Ok(Self { expression, wanted, digest: hash.finish() })
    }

    /// Gives the source it was compiled from.
    pub fn source(&self) -> &str {
        self.expression.source()
    }

    /// Tells which features it must see.
    pub fn wanted(&self) -> &Wanted {
        &self.wanted
    }

    /// Tells whether it holds of somebody; nothing while a feature it reads is new and still filled. What is not known is "no".
    pub fn holds(&self, view: &View) -> Option<bool> {
        let mut read = (0..).zip(view.slots()).filter(|(slot, _)| self.wanted.asks_for(*slot));
        let is_filling = read.any(|(_, viewed)| *viewed == Viewed::Filling);
        (!is_filling).then(|| self.expression.holds(&Known(view)))
    }
}

/// The features of a view, by slot.
struct Known<'a>(&'a View);

impl Facts for Known<'_> {
    fn fact(&self, slot: usize) -> Option<Fact<'_>> {
        match self.0.slots().get(slot)? {
            Viewed::Number(reading) => Some(Fact::Double(reading.value)),
            Viewed::Shares(reading) => Some(Fact::Shares(&reading.value)),
            _ => None,
        }
    }
}

/// A set of people with a name.
#[derive(Clone, Debug, PartialEq)]
pub struct Segment {
    /// Its slug.
    pub id: SegmentId,
    /// What a shop's people call it.
    pub title: String,
    /// What its members are to be addressed for. Who has not granted it may be a member, and is never handed out.
    pub purpose: Purpose,
    /// Who is a member.
    pub rule: Rule,
    /// By which number people remember that they are; none before it is put in force.
    pub number: Option<RuleNumber>,
}

impl Segment {
    /// Identifies who is counted as what: of another rule or another purpose everybody is counted anew.
    pub fn digest(&self) -> Digest {
        let said = Hasher::new("segment").field(&self.rule.digest.0).field(self.purpose.name().as_bytes());
        said.finish()
    }
}

/// The segments of a shop, with what must be known of somebody to tell them all.
#[derive(Clone, Debug, PartialEq)]
pub struct Segments {
    list: Vec<Segment>,
    wanted: Wanted,
}

impl Default for Segments {
    fn default() -> Self {
        Self::new(Vec::new())
    }
}

impl Segments {
    /// Takes segments, in the order in which they are written.
    pub fn new(list: Vec<Segment>) -> Self {
        let wanted = Wanted::of_all(list.iter().map(|segment| &segment.rule.wanted));
        Self { list, wanted }
    }

    /// Lists them.
    pub fn all(&self) -> &[Segment] {
        &self.list
    }

    /// Finds one.
    pub fn find(&self, id: &str) -> Option<&Segment> {
        self.list.iter().find(|segment| segment.id.as_str() == id)
    }

    /// Finds the one a rule belongs to.
    pub fn of_rule(&self, number: RuleNumber) -> Option<&Segment> {
        self.list.iter().find(|segment| segment.number == Some(number))
    }

    /// Tells which features all of them must see.
    pub fn wanted(&self) -> &Wanted {
        &self.wanted
    }

    /// Gives each the number under which its rule is in force.
    #[must_use]
    pub fn numbered(mut self, number_of: impl Fn(&Segment) -> Option<RuleNumber>) -> Self {
        for segment in &mut self.list {
            segment.number = number_of(segment);
        }
        self
    }
}

/// Somebody's membership of one segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// When it was first seen.
    pub since: Timestamp,
    /// Whether they have granted what the segment is for.
    pub granted: bool,
}

/// Which segments somebody was in when they were last looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memberships {
    /// The highest number of a rule they were asked about: of one above it nobody knows whether they were in before.
    pub asked: RuleNumber,
    /// Their segments, by the rule's number.
    pub of: BTreeMap<RuleNumber, Member>,
    /// How often something changed: what makes coming back another passage than coming.
    pub changes: u32,
}

/// Whether somebody came or left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passage {
    /// They are in, and were not.
    Entered,
    /// They were in, and are not.
    Left,
}

/// What changed about somebody and one rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved {
    /// The rule.
    pub rule: RuleNumber,
    /// How many members more it has: 1, 0 or -1.
    pub members: i64,
    /// How many more members who have granted what it is for: 1, 0 or -1.
    pub granting: i64,
    /// Whether it is told. A rule that is new, changed or gone moves people without their doing, so of that nothing is.
    pub is_told: bool,
}

/// At most so many moves of one look; further ones wait for the next. Each is told to every endpoint there may be, in one batch.
pub const MOVES_MAX: usize = 20;

impl Memberships {
    /// Looks at somebody again and tells what changed. A person who `is_new` was in no segment before.
    pub fn look(
        &mut self,
        segments: &Segments,
        view: &View,
        grants: &Grants,
        now: Timestamp,
        is_new: IsNew,
    ) -> Vec<Moved> {
        let before = std::mem::take(&mut self.of);
        let mut highest = self.asked;
        let mut are_all_asked = true;
        for segment in segments.all() {
            let Some(number) = segment.number else { continue };
            highest = highest.max(number);
            let known = before.get(&number);
            let is_in = segment.rule.holds(view).unwrap_or_else(|| {
                are_all_asked = false;
                known.is_some()
            });
            if is_in {
                let since = known.map_or(now, |member| member.since);
                self.of.insert(number, Member { since, granted: grants.allow(segment.purpose) });
            }
        }
        let rules: BTreeSet<RuleNumber> = before.keys().chain(self.of.keys()).copied().collect();
        let mut moves = Vec::new();
        for rule in rules {
            let was_asked = is_new == IsNew::Yes || rule <= self.asked;
            let is_told = was_asked && segments.of_rule(rule).is_some();
            let Some(moved) = Moved::between(rule, before.get(&rule), self.of.get(&rule), is_told) else {
                continue;
            };
            if moves.len() < MOVES_MAX {
                moves.push(moved);
                continue;
            }
            are_all_asked = false;
            match before.get(&rule) {
                Some(member) => self.of.insert(rule, *member),
                None => self.of.remove(&rule),
            };
        }
        if are_all_asked {
            self.asked = highest;
        }
        self.changes = self.changes.saturating_add(u32::from(!moves.is_empty()));
        moves
    }

    /// Takes somebody out of all segments, as an erasure does; nothing is told.
    pub fn leave_all(&self) -> impl Iterator<Item = Moved> {
        self.of.iter().filter_map(|(rule, member)| Moved::between(*rule, Some(member), None, false))
    }
}

/// Whether somebody was known before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IsNew {
    /// They were not.
    Yes,
    /// They were, whether or not their segments were.
    No,
}

impl Moved {
    fn between(
        rule: RuleNumber,
        before: Option<&Member>,
        after: Option<&Member>,
        is_told: bool,
    ) -> Option<Self> {
        let grants = |member: Option<&Member>| i64::from(member.is_some_and(|member| member.granted));
        let members = i64::from(after.is_some()) - i64::from(before.is_some());
        let granting = grants(after) - grants(before);
        (members != 0 || granting != 0).then_some(Self { rule, members, granting, is_told })
    }

    /// Tells whether they came or left.
    pub fn passage(&self) -> Option<Passage> {
        Passage::of(self.members)
    }

    /// Tells whether they came to or left those who are members and have granted what the segment is for: others are handed to nobody.
    pub fn granting_passage(&self) -> Option<Passage> {
        Passage::of(self.granting)
    }
}

impl Passage {
    fn of(more: i64) -> Option<Self> {
        match more {
            1 => Some(Self::Entered),
            -1 => Some(Self::Left),
            _ => None,
        }
    }
}

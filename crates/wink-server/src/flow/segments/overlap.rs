//! How many people two segments have in common.

use std::collections::BTreeMap;

use wink_core::feature::{Memberships, RuleNumber};
use wink_record::Stored;
use wink_store::{Direction, Range, Store};

use crate::keys::kind;
use crate::{Engine, Error};

/// Records read at once.
const AT_ONCE: usize = 4_000;

/// Two segments, and whom they have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// One segment's id.
    pub one: String,
    /// The other's.
    pub other: String,
    /// People in both.
    pub both: u64,
}

/// What segments have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overlap {
    /// How many are in each, in the order asked for.
    pub members: Vec<(String, u64)>,
    /// Every pair of them.
    pub pairs: Vec<Pair>,
    /// People in any of them.
    pub any: u64,
    /// People in all of them.
    pub all: u64,
}

/// Counts everybody in some segments, as they were when they were last looked at.
///
/// # Errors
/// If one of the segments does not exist, or the store cannot be read.
pub async fn count<S: Store>(engine: &Engine<S>, ids: &[String]) -> Result<Overlap, Error> {
    let catalogue = engine.catalogue()?;
    let mut numbers: Vec<RuleNumber> = Vec::with_capacity(ids.len());
    for id in ids {
        let segment = catalogue.segments.find(id).ok_or_else(|| super::unknown(id))?;
        numbers.push(segment.number.unwrap_or_default());
    }
    // People by which of the segments they are in: far fewer kinds of people than people.
    let mut kinds: BTreeMap<Vec<bool>, u64> = BTreeMap::new();
    let mut range = Some(Range::default());
    while let Some(some) = range {
        let page =
            engine.store.scan(engine.tenant, kind::MEMBERSHIPS, some, Direction::Forward, AT_ONCE).await?;
        for (_, record) in &page.records {
            let memberships = Memberships::from_bytes(&record.bytes)?;
            let is_in: Vec<bool> = numbers.iter().map(|number| memberships.of.contains_key(number)).collect();
            if is_in.contains(&true) {
                *kinds.entry(is_in).or_default() += 1;
            }
        }
        range = page.next;
        tokio::task::yield_now().await;
    }
    let of = |wanted: &dyn Fn(&[bool]) -> bool| -> u64 {
        kinds.iter().filter(|(is_in, _)| wanted(is_in)).map(|(_, people)| people).sum()
    };
    let has = |is_in: &[bool], at: usize| is_in.get(at) == Some(&true);
    let members = ids.iter().enumerate().map(|(at, id)| (id.clone(), of(&|is_in| has(is_in, at))));
    let pairs = ids.iter().enumerate().flat_map(|(at, one)| {
        let others = ids.iter().enumerate().skip(at + 1);
        others.map(move |(with, other)| (at, one, with, other))
    });
    let pairs = pairs.map(|(at, one, with, other)| Pair {
        one: one.clone(),
        other: other.clone(),
        both: of(&|is_in| has(is_in, at) && has(is_in, with)),
    });
    Ok(Overlap {
        members: members.collect(),
        pairs: pairs.collect(),
        any: of(&|_| true),
        all: of(&|is_in| !is_in.contains(&false)),
    })
}

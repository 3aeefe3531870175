//! What a rule would come to, before anybody saves it: counted over everybody in a small shop, over a fair sample in a large one. Nothing is kept.

use wink_core::base::{Hasher, ProfileId, Timestamp};
use wink_core::feature::Rule;
use wink_core::profile::{Cluster, IdentityKey, Purpose};
use wink_store::{Direction, Range, Store};

use super::Seen;
use crate::flow::person;
use crate::keys::kind;
use crate::{Engine, Error};

#[cfg(test)]
mod tests;

/// People a preview looks at: what is looked at within a second on a small machine, and of a share of a half it tells ± 0.7 points.
pub const PEOPLE_MAX: usize = 20_000;

/// Identities read at once.
const AT_ONCE: usize = 1_000;

/// Pseudonyms a preview names, to look a few people up by.
const NAMED_MAX: usize = 10;

/// A rule with what its members would be addressed for.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The rule.
    pub rule: Rule,
    /// The purpose.
    pub purpose: Purpose,
}

/// What a rule would come to.
#[derive(Clone, Debug, PartialEq)]
pub struct Preview {
    /// How many people there are.
    pub people: Estimate,
    /// How many of them would be members.
    pub members: Estimate,
    /// How many of those have granted the purpose.
    pub granting: Estimate,
    /// How many people were looked at.
    pub looked_at: u64,
    /// Some who would be members.
    pub sample: Vec<ProfileId>,
}

/// A number of people, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The number, or the best guess at it.
    pub about: f64,
    /// It is hardly less: the lower end of the 95 % interval.
    pub least: f64,
    /// It is hardly more.
    pub most: f64,
}

impl Estimate {
    /// Concludes from `found` people in a `share` of everybody on how many there are in all: the score interval of a binomial count whose
    /// share is known, solved for the number of trials (Wilson, Journal of the American Statistical Association 22, 1927). All were
    /// looked at if the share is 1; then it is exact.
    pub fn new(found: u64, share: f64) -> Self {
        // The 97.5 % quantile of the normal distribution.
        const Z: f64 = 1.959_963_984_540_054;
        #[expect(clippy::cast_precision_loss, reason = "people stay far below 2^53")]
        let found = found as f64;
        let spread = Z * Z * (1.0 - share);
        let middle = 2.0 * found + spread;
        let reach = (spread * (4.0 * found + spread)).sqrt();
        let end = |twice: f64| twice / (2.0 * share);
        Self { about: found / share, least: end(middle - reach).max(found), most: end(middle + reach) }
    }

    /// Tells whether it is the number itself.
    pub fn is_exact(&self) -> bool {
        self.least >= self.most
    }
}

/// Counts whom a rule holds of at `now`.
///
/// # Errors
/// If no catalogue is in force, or the store cannot be read.
pub async fn count<S: Store>(engine: &Engine<S>, asked: &Asked, now: Timestamp) -> Result<Preview, Error> {
    let catalogue = engine.catalogue()?;
    let (mut looked_at, mut members, mut granting) = (0, 0, 0);
    let mut sample = Vec::new();
    // Keys of identities are hashes under a secret: people in their order are people in no order.
    let mut range = Range::default();
    let share = loop {
        let page =
            engine.store.scan(engine.tenant, kind::IDENTITY, range, Direction::Forward, AT_ONCE).await?;
        for (key, record) in &page.records {
            let Some(seen) = Seen::read(engine, person::profile_id(&record.bytes)?).await? else { continue };
            if !stands_for(key, &seen.whole.cluster()) {
                continue;
            }
            looked_at += 1;
            if seen.is_in(&asked.rule, &catalogue, now) {
                members += 1;
                granting += u64::from(seen.whole.cluster().grants(now).allow(asked.purpose));
                if sample.len() < NAMED_MAX {
                    sample.push(seen.whole.cluster().lead());
                }
            }
        }
        let last = page.records.last().map(|(key, _)| key.clone()).unwrap_or_default();
        match page.next {
            None => break 1.0,
            Some(_) if enough(looked_at) => break share_up_to(&last),
            Some(next) => range = next,
        }
        tokio::task::yield_now().await;
    };
    let [people, members, granting] = [looked_at, members, granting].map(|found| Estimate::new(found, share));
    Ok(Preview { people, members, granting, looked_at, sample })
}

fn enough(looked_at: u64) -> bool {
    u64::try_from(PEOPLE_MAX).is_ok_and(|most| most <= looked_at)
}

/// Tells whether an identity is the one under which its person is counted: one of theirs, whichever it is, so that who has many is not met
/// sooner.
fn stands_for(key: &[u8], person: &Cluster<'_>) -> bool {
    let drawn = |key: &IdentityKey| Hasher::new("sample of people").field(&key.0).finish().number();
    let mut keys = person.identities().map(|(_, key)| key);
    let Some(only) = keys.next() else { return false };
    let first = keys.fold(only, |first, key| if drawn(&key) < drawn(&first) { key } else { first });
    first.0 == *key
}

/// Tells which share of all keys lies up to this one.
fn share_up_to(key: &[u8]) -> f64 {
    let first = key.first_chunk::<8>().map_or(0, |first| u64::from_be_bytes(*first));
    #[expect(clippy::cast_precision_loss, reason = "a share of keys needs no more digits than a double has")]
    let share = (first as f64 + 1.0) / 2.0_f64.powi(64);
    share
}

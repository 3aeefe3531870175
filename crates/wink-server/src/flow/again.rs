//! Erases again who was erased before, and takes back again what was taken back: after an older state was restored, and before anybody is served.

use std::collections::{BTreeMap, BTreeSet};

use wink_core::base::{ProfileId, Timestamp};
use wink_core::event::ConsentChange;
use wink_record::{Erasure, Stored, Withdrawal};
use wink_store::{Batch, Change, Store};

use super::consents::{self, Set, Setting};
use super::erase::{erase, erased_at, remove_letters};
use super::person;
use crate::engine::batch_id;
use crate::{DrawnIds, Engine, Error, keys};

/// What the proof of a word says of how it came that was said before and heard again.
const METHOD: &str = "restored";

/// Erases everybody in `list` whose erasure this state does not know, at the time it happened. Tells how many erasures those are.
///
/// In the older state a person may have had fewer names, or some of them may have led to another profile that was joined later: all of
/// it is erased. Names it did not know are kept out all the same.
///
/// # Errors
/// If the store cannot be read or takes no writes; calling again goes on.
pub async fn erase_again<S: Store>(engine: &Engine<S>, list: &[Erasure]) -> Result<u64, Error> {
    let mut done = 0;
    for erasure in list.iter().filter(|erasure| erasure.tenant == engine.tenant.0) {
        let note = keys::erasure(erasure.profile, erasure.at);
        if engine.record(&note).await?.is_some() {
            continue;
        }
        let mut people = BTreeSet::new();
        if person::profile(engine, erasure.profile).await?.is_some() {
            people.insert(erasure.profile);
        }
        for identity in &erasure.identities {
            people.extend(person::find(engine, *identity).await?);
            remove_letters(engine, *identity).await?;
        }
        for profile in people {
            erase(engine, profile, erasure.at).await?;
        }
        let mut batch = Batch::new(batch_id()?, engine.tenant, keys::home(erasure.profile));
        for identity in &erasure.identities {
            let known = engine.record(&keys::erased(*identity)).await?;
            let newest = known.as_ref().map(erased_at).transpose()?.unwrap_or(Timestamp(i64::MIN));
            if newest < erasure.at {
                let at = erasure.at.0.to_be_bytes().to_vec();
                batch.changes.push(Change::Put(keys::erased(*identity), at));
            }
        }
        // Last, so that what was cut off is done again.
        batch.changes.push(Change::Put(note, erasure.to_bytes()));
        engine.commit(batch).await?.ok_or(Error::Contended)?;
        done += 1;
    }
    Ok(done)
}

/// Says again every no in `list` that this state has not heard, as of when it was said. Tells how many those are.
///
/// Whoever this state does not know has granted nothing in it. A yes that was said after such a no, and after this state, is lost with it: then the no
/// stands until it is said again.
///
/// # Errors
/// If the store cannot be read or takes no writes; calling again goes on.
pub async fn withdraw_again<S: Store>(
    engine: &Engine<S>,
    list: &[Withdrawal],
    now: Timestamp,
) -> Result<u64, Error> {
    let mut done = 0;
    for withdrawal in newest(list.iter().filter(|withdrawal| withdrawal.tenant == engine.tenant.0)) {
        let Some(profile) = unheard(engine, withdrawal).await? else { continue };
        let Withdrawal { purpose, state, mechanism, at, source, .. } = withdrawal;
        let change = ConsentChange {
            purpose: purpose.name().to_owned(),
            state: *state,
            mechanism: *mechanism,
            method: METHOD.to_owned(),
            surface: None,
            text_version: None,
            text_hash: None,
            recorded_by: None,
        };
        let setting = Setting {
            profile,
            changes: vec![change],
            said_at: Some(*at),
            source: source.clone(),
            message_id: format!("{METHOD}/{profile}/{}/{}", mechanism.name(), at.0),
            expected: None,
        };
        match consents::set(engine, &DrawnIds, &setting, now).await? {
            Set::Done(_) => done += 1,
            Set::Nobody => {}
            Set::Refused(why) => {
                return Err(Error::Unusable(format!("a no of {at} cannot be said again: {why}")));
            }
            // Without an expected version it cannot be another.
            Set::Changed(_) => return Err(Error::Contended),
        }
    }
    Ok(done)
}

/// Keeps the newest of those that are about the same: somebody may have said yes and no for years.
fn newest<'a>(list: impl Iterator<Item = &'a Withdrawal>) -> Vec<&'a Withdrawal> {
    let mut newest: BTreeMap<_, &Withdrawal> = BTreeMap::new();
    for word in list {
        let about = (word.profile, word.identity, word.purpose, word.mechanism);
        let known = newest.entry(about).or_insert(word);
        if known.at < word.at {
            *known = word;
        }
    }
    newest.into_values().collect()
}

/// Finds whose word it is, if this state knows them and neither the word nor a newer one that came the same way.
async fn unheard<S: Store>(engine: &Engine<S>, withdrawal: &Withdrawal) -> Result<Option<ProfileId>, Error> {
    let id = person::find(engine, withdrawal.identity).await?.unwrap_or(withdrawal.profile);
    let Some(profile) = person::profile(engine, id).await? else { return Ok(None) };
    let words = profile.value.consents.get(&withdrawal.purpose).into_iter().flat_map(|words| words.all());
    let mut newest = words.filter(|word| word.mechanism == withdrawal.mechanism);
    Ok((!newest.any(|word| withdrawal.at <= word.at)).then_some(id))
}

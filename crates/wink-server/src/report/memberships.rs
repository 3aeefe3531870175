//! Proves that segments hold together: counters and notes of members against what is remembered of each person.

use std::collections::{BTreeMap, BTreeSet};

use wink_core::feature::{Memberships, RuleNumber};
use wink_record::Stored;
use wink_store::Store;

use super::walk;
use crate::keys::{self, kind};
use crate::{Engine, Error};

/// Tells what does not hold, in words.
pub(super) async fn findings<S: Store>(engine: &Engine<S>) -> Result<Vec<String>, Error> {
    let mut counted: BTreeMap<RuleNumber, (i64, i64)> = BTreeMap::new();
    let mut members: BTreeSet<Vec<u8>> = BTreeSet::new();
    walk::records(engine, kind::MEMBERSHIPS, |key, record| {
        for (rule, member) in Memberships::from_bytes(&record.bytes)?.of {
            let (all, granting) = counted.entry(rule).or_default();
            (*all, *granting) = (*all + 1, *granting + i64::from(member.granted));
            members.insert([rule.0.to_be_bytes().as_slice(), key].concat());
        }
        Ok(())
    })
    .await?;
    let mut findings = Vec::new();
    walk::records(engine, kind::MEMBER, |key, _| {
        if !members.remove(key) {
            findings.push("somebody is noted as a member of a segment they are not in".to_owned());
        }
        Ok(())
    })
    .await?;
    if !members.is_empty() {
        findings.push(format!("{} members of segments are not noted", members.len()));
    }
    for prefix in [keys::MEMBERS, keys::GRANTING] {
        for (key, counter) in engine.store.counters_with(engine.tenant, prefix.as_bytes()).await? {
            let number = String::from_utf8_lossy(key.0.get(prefix.len()..).unwrap_or_default()).into_owned();
            let Ok(rule) = number.parse().map(RuleNumber) else { continue };
            let (all, granting) = counted.get(&rule).copied().unwrap_or_default();
            let expected = if prefix == keys::MEMBERS { all } else { granting };
            if counter.value != expected {
                let found = counter.value;
                findings.push(format!(
                    "the counter {prefix}{number} is {found}, and {expected} people are found"
                ));
            }
        }
    }
    Ok(findings)
}

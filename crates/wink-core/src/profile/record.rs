//! The profile: a pseudonym with links to identities and consents. Direct identifiers are not in here; they lie in the vault.

use std::collections::{BTreeMap, BTreeSet};

use super::{Consent, Counted, Grants, Purpose, Residence, Words};
use crate::base::{Hasher, ProfileId, Timestamp};
use crate::event::{ConsentChange, Identity};

/// A keyed hash of an identity: finds the profile without storing who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdentityKey(pub [u8; 16]);

impl IdentityKey {
    /// Hashes an identity under the tenant's secret.
    pub fn new(secret: &[u8; 32], identity: &Identity) -> Self {
        let hash = Hasher::keyed(secret, "identity")
            .field(identity.namespace().as_bytes())
            .field(identity.value().as_bytes());
        Self(hash.finish().short())
    }
}

/// What Wink remembers about a person beside their behaviour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// The pseudonym.
    pub id: ProfileId,
    /// When it was first seen.
    pub created_at: Timestamp,
    /// The identities that lead here.
    pub identities: BTreeSet<IdentityKey>,
    /// What was said, by purpose.
    pub consents: BTreeMap<Purpose, Words>,
    /// Profiles that are the same person. Each of two that are linked names the other.
    pub links: BTreeMap<ProfileId, Link>,
    /// Profiles somebody took away from this one: what is heard does not join them again.
    pub apart: BTreeSet<ProfileId>,
    /// The last word about which household the person belongs to.
    pub residence: Option<Residence>,
    /// What was counted with households they left.
    pub counted: Counted,
}

/// How two profiles came to be known as one person.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Link {
    /// When.
    pub at: Timestamp,
    /// By what somebody sent, or who linked them.
    pub source: String,
}

impl Profile {
    /// Starts a profile nobody has said anything about: nothing is granted.
    pub fn new(id: ProfileId, created_at: Timestamp) -> Self {
        Self {
            id,
            created_at,
            identities: BTreeSet::new(),
            consents: BTreeMap::new(),
            links: BTreeMap::new(),
            apart: BTreeSet::new(),
            residence: None,
            counted: Counted::default(),
        }
    }

    /// Notes that another profile is the same person. Of two notes the earlier stays.
    pub fn join(&mut self, other: ProfileId, link: Link) {
        self.apart.remove(&other);
        let known = self.links.entry(other).or_insert_with(|| link.clone());
        if link < *known {
            *known = link;
        }
    }

    /// Notes that another profile is somebody else after all.
    pub fn part(&mut self, other: ProfileId) {
        self.links.remove(&other);
        self.apart.insert(other);
    }

    /// Takes in what the person, as `source` says, decided at `at`. Which word counts then is [`Words`]' to say.
    ///
    /// Returns `None` if there is no such purpose.
    pub fn hear(&mut self, change: &ConsentChange, at: Timestamp, source: &str) -> Option<Purpose> {
        let purpose = Purpose::parse(&change.purpose)?;
        self.consents.entry(purpose).or_default().hear(Consent::new(change, at, source));
        Some(purpose)
    }

    /// Tells what is granted at `now`. A word from the future does not count yet.
    pub fn grants(&self, now: Timestamp) -> Grants {
        let granted = self.consents.iter().filter(|(purpose, words)| words.grant_at(**purpose, now));
        Grants::new(granted.map(|(purpose, _)| *purpose))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{ConsentState, Mechanism};

    fn said(state: ConsentState) -> ConsentChange {
        ConsentChange {
            purpose: "newsletter".to_owned(),
            state,
            method: "checkbox".to_owned(),
            mechanism: Mechanism::default(),
            surface: None,
            text_version: None,
            text_hash: None,
            recorded_by: None,
        }
    }

    fn check(heard: &[(ConsentState, i64)], allowed: bool) {
        // Every order of arrival gives the same answer.
        let mut orders = vec![heard.to_vec()];
        let mut backwards = heard.to_vec();
        backwards.reverse();
        orders.push(backwards);
        for order in orders {
            let mut profile = Profile::new(ProfileId::from_bytes([1; 16]), Timestamp(0));
            for (state, at) in &order {
                profile.hear(&said(*state), Timestamp(*at), "shop");
            }
            assert_eq!(profile.grants(Timestamp(100)).allow(Purpose::Newsletter), allowed, "{order:?}");
        }
    }

    #[test]
    fn the_newest_word_counts_and_at_the_same_instant_the_stricter() {
        use ConsentState::{Denied, Granted, Withdrawn};
        check(&[], false);
        check(&[(Granted, 1)], true);
        check(&[(Granted, 1), (Withdrawn, 2)], false);
        check(&[(Withdrawn, 1), (Granted, 2)], true);
        check(&[(Granted, 5), (Denied, 5)], false);
        check(&[(Granted, 101)], false);
    }

    #[test]
    fn a_yes_to_places_runs_out_and_others_do_not() {
        let mut profile = Profile::new(ProfileId::from_bytes([1; 16]), Timestamp(0));
        for purpose in ["location", "newsletter"] {
            let change = ConsentChange { purpose: purpose.to_owned(), ..said(ConsentState::Granted) };
            profile.hear(&change, Timestamp(1), "shop");
        }
        let may = |at: Timestamp, purpose| profile.grants(at).allow(purpose);
        let end = Timestamp(1).plus_days(30);
        assert!(may(Timestamp(end.0 - 1), Purpose::Location));
        assert!(!may(end, Purpose::Location));
        assert!(may(end, Purpose::Newsletter));
    }

    #[test]
    fn one_purpose_grants_no_other() {
        let mut profile = Profile::new(ProfileId::from_bytes([1; 16]), Timestamp(0));
        profile.hear(&said(ConsentState::Granted), Timestamp(1), "shop");
        assert!(!profile.grants(Timestamp(2)).allow(Purpose::Personalisation));
        let unknown = ConsentChange { purpose: "everything".to_owned(), ..said(ConsentState::Granted) };
        assert_eq!(profile.hear(&unknown, Timestamp(2), "shop"), None);
    }
}

//! Profiles that turned out to be one person, seen as one. Nothing is moved between them: each keeps what was heard under its own
//! identities, so that a link that was wrong is taken away and everything is as it was.

use std::collections::{BTreeMap, BTreeSet};

use super::{Grants, IdentityKey, Profile, Purpose, Words};
use crate::base::{ProfileId, Timestamp};
use crate::event::Identity;

/// A person has at most this many profiles. More is a shared device, a test, or a mistake, and every decision reads all of them.
pub const PROFILES_MAX: usize = 20;

/// The profiles that links join, the one that was asked about first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cluster<'a> {
    asked: &'a Profile,
    others: Vec<&'a Profile>,
}

impl<'a> Cluster<'a> {
    /// Takes profiles together that links join.
    pub fn new(asked: &'a Profile, others: impl IntoIterator<Item = &'a Profile>) -> Self {
        Self { asked, others: others.into_iter().collect() }
    }

    /// The profile that was asked about.
    pub fn asked(&self) -> &'a Profile {
        self.asked
    }

    /// Lists the profiles, the one asked about first.
    pub fn profiles(&self) -> impl Iterator<Item = &'a Profile> + Clone + use<'a, '_> {
        std::iter::once(self.asked).chain(self.others.iter().copied())
    }

    /// Tells which profile stands for the person, whichever was asked about: the one that was seen first, as ids sort by time.
    pub fn lead(&self) -> ProfileId {
        self.profiles().map(|profile| profile.id).min().unwrap_or(self.asked.id)
    }

    /// Tells when the person was first seen.
    pub fn created_at(&self) -> Timestamp {
        self.profiles().map(|profile| profile.created_at).min().unwrap_or(self.asked.created_at)
    }

    /// Lists the identities that lead to the person, each with the profile it leads to.
    pub fn identities(&self) -> impl Iterator<Item = (ProfileId, IdentityKey)> + use<'a, '_> {
        self.profiles().flat_map(|profile| profile.identities.iter().map(|key| (profile.id, *key)))
    }

    /// Takes together what was said about each purpose, to any of the profiles. A no to one of them stands until it is overruled as
    /// [`Words`] say, so the stricter word counts.
    pub fn words(&self) -> BTreeMap<Purpose, Words> {
        let mut all: BTreeMap<Purpose, Words> = BTreeMap::new();
        for (purpose, words) in self.profiles().flat_map(|profile| &profile.consents) {
            let together = all.entry(*purpose).or_default();
            words.all().cloned().for_each(|word| together.hear(word));
        }
        all
    }

    /// Tells what the person has granted at `now`.
    pub fn grants(&self, now: Timestamp) -> Grants {
        if self.others.is_empty() {
            return self.asked.grants(now);
        }
        let words = self.words();
        let granted = words.iter().filter(|(purpose, words)| words.grant_at(**purpose, now));
        Grants::new(granted.map(|(purpose, _)| *purpose))
    }

    fn holds(&self, profile: ProfileId) -> bool {
        self.profiles().any(|known| known.id == profile)
    }
}

/// Which identities belong to one person only: two of them in the same namespace are two people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accounts(BTreeSet<String>);

impl Default for Accounts {
    fn default() -> Self {
        Self::new(["account", "customer", "household", "user_id"].map(str::to_owned))
    }
}

impl Accounts {
    /// Takes the namespaces of a shop's accounts, as identities spell them.
    pub fn new(namespaces: impl IntoIterator<Item = String>) -> Self {
        Self(namespaces.into_iter().collect())
    }

    /// Tells whether an identity is an account.
    pub fn has(&self, identity: &Identity) -> bool {
        self.0.contains(identity.namespace())
    }

    /// Puts accounts first, and leaves the order as it is otherwise: what somebody does who is signed in is theirs, on whichever device.
    pub fn first(&self, identities: &mut [Identity]) {
        identities.sort_by_key(|identity| !self.has(identity));
    }

    /// Finds a namespace in which the two are different accounts.
    pub fn apart<'a>(&self, left: &'a [Identity], right: &[Identity]) -> Option<&'a str> {
        let is_other = |one: &&Identity| {
            let same = |other: &&Identity| other.namespace() == one.namespace();
            self.has(one) && right.iter().filter(same).any(|other| other.value() != one.value())
        };
        left.iter().find(is_other).map(Identity::namespace)
    }
}

/// Tells whether a message joins two identities it names together. With a key that stands in a page's source anybody can name anybody, so from
/// there only those are joined that nobody else can know.
pub fn may_join(is_vouched: bool, one: &Identity, other: &Identity) -> bool {
    is_vouched || (one.is_drawn() && other.is_drawn())
}

/// Why two profiles are not joined.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotLinked {
    /// Each has an account of its own, so they are two people.
    #[error("each has an account of its own in `{namespace}`, so they are two people")]
    TwoAccounts {
        /// The namespace of the accounts.
        namespace: String,
    },
    /// Together they would have too many profiles.
    #[error("together they would have more than {PROFILES_MAX} profiles")]
    TooMany,
    /// Somebody took this link away before.
    #[error("somebody took this link away; who means it otherwise now links them again")]
    TakenApart,
}

/// One side of a link: a person, and all their identities in clear.
pub struct Side<'a> {
    /// Whom links join already.
    pub cluster: &'a Cluster<'a>,
    /// Their identities.
    pub identities: &'a [Identity],
}

/// Tells whether two people may be joined to one; they may be one already.
///
/// # Errors
/// Why not.
pub fn may_link(accounts: &Accounts, left: &Side<'_>, right: &Side<'_>) -> Result<(), NotLinked> {
    if left.cluster.holds(right.cluster.asked.id) {
        return Ok(());
    }
    let taken_apart = |one: &Profile| right.cluster.profiles().any(|other| one.apart.contains(&other.id));
    if left.cluster.profiles().any(taken_apart) {
        return Err(NotLinked::TakenApart);
    }
    if PROFILES_MAX < left.cluster.profiles().count() + right.cluster.profiles().count() {
        return Err(NotLinked::TooMany);
    }
    match accounts.apart(left.identities, right.identities) {
        Some(namespace) => Err(NotLinked::TwoAccounts { namespace: namespace.to_owned() }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{ConsentChange, ConsentState, Mechanism};

    fn profile(number: u8) -> Profile {
        Profile::new(ProfileId::from_bytes([number; 16]), Timestamp(i64::from(number)))
    }

    fn said(state: ConsentState, mechanism: Mechanism) -> ConsentChange {
        ConsentChange {
            purpose: "personalisation".to_owned(),
            state,
            method: "banner".to_owned(),
            mechanism,
            surface: None,
            text_version: None,
            text_hash: None,
            recorded_by: None,
        }
    }

    fn named(names: &[(&str, &str)]) -> Vec<Identity> {
        names.iter().map(|(namespace, value)| Identity::new(namespace, value).unwrap()).collect()
    }

    /// Whether a person who spoke to two profiles, each a word at a time, has granted; the same from either side.
    fn granted(phone: (ConsentState, Mechanism, i64), work: (ConsentState, Mechanism, i64)) -> bool {
        let mut profiles = [profile(1), profile(2)];
        for (profile, (state, mechanism, at)) in profiles.iter_mut().zip([phone, work]) {
            profile.hear(&said(state, mechanism), Timestamp(at), "shop");
        }
        let [one, two] = &profiles;
        let grants = Cluster::new(one, [two]).grants(Timestamp(100));
        assert_eq!(grants, Cluster::new(two, [one]).grants(Timestamp(100)));
        grants.allow(Purpose::Personalisation)
    }

    #[test]
    fn a_no_to_one_profile_is_a_no_of_the_person() {
        use ConsentState::{Denied, Granted, Withdrawn};
        use Mechanism::{Account, Cmp};
        assert!(granted((Granted, Cmp, 1), (Granted, Cmp, 2)));
        assert!(!granted((Granted, Cmp, 1), (Withdrawn, Cmp, 2)));
        assert!(!granted((Granted, Account, 2), (Denied, Cmp, 2)));
        assert!(!granted((Granted, Cmp, 2), (Denied, Account, 1)), "a device does not overrule the account");
        assert!(granted((Denied, Cmp, 1), (Granted, Account, 2)), "the account overrules a device later");
    }

    #[test]
    fn the_oldest_profile_leads_whichever_is_asked_about() {
        let (one, two, three) = (profile(1), profile(2), profile(3));
        for cluster in [Cluster::new(&three, [&one, &two]), Cluster::new(&one, [&three, &two])] {
            assert_eq!((cluster.lead(), cluster.created_at()), (one.id, Timestamp(1)));
        }
    }

    fn check(left: &[(&str, &str)], right: &[(&str, &str)], expected: Result<(), NotLinked>) {
        let (one, two) = (profile(1), profile(2));
        let (left, right) = (named(left), named(right));
        let one = Side { cluster: &Cluster::new(&one, []), identities: &left };
        let two = Side { cluster: &Cluster::new(&two, []), identities: &right };
        let accounts = Accounts::default();
        assert_eq!(may_link(&accounts, &one, &two), expected);
        assert_eq!(may_link(&accounts, &two, &one), expected, "from the other side");
    }

    #[test]
    fn two_accounts_are_two_people() {
        let two = Err(NotLinked::TwoAccounts { namespace: "user_id".to_owned() });
        check(&[("user_id", "anna")], &[("anonymous_id", "a1")], Ok(()));
        check(&[("anonymous_id", "a1")], &[("anonymous_id", "a2")], Ok(()));
        check(&[("user_id", "anna")], &[("customer", "4711"), ("card", "1")], Ok(()));
        check(&[("anonymous_id", "a1"), ("user_id", "anna")], &[("user_id", "ben")], two);
        check(&[("user_id", "anna")], &[("user_id", "anna")], Ok(()));
    }

    #[test]
    fn what_was_taken_apart_stays_apart_and_a_crowd_is_nobody() {
        let (mut one, two) = (profile(1), profile(2));
        let link = |one: &Profile, others: &[Profile]| {
            let cluster = Cluster::new(one, others);
            let one = Side { cluster: &cluster, identities: &[] };
            may_link(&Accounts::default(), &one, &Side { cluster: &Cluster::new(&two, []), identities: &[] })
        };
        let others = |most: usize| (3..).take(most - 2).map(profile).collect::<Vec<Profile>>();
        assert_eq!(link(&one, &others(PROFILES_MAX)), Ok(()));
        assert_eq!(link(&one, &others(PROFILES_MAX + 1)), Err(NotLinked::TooMany));
        one.apart.insert(two.id);
        assert_eq!(link(&one, &[]), Err(NotLinked::TakenApart));
    }

    #[test]
    fn accounts_come_first_and_the_rest_stays_in_order() {
        let mut identities = named(&[("anonymous_id", "a1"), ("card", "1"), ("user_id", "anna")]);
        Accounts::default().first(&mut identities);
        assert_eq!(identities, named(&[("user_id", "anna"), ("anonymous_id", "a1"), ("card", "1")]));
    }
}

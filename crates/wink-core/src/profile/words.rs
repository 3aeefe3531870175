//! What somebody said about one purpose, by every mechanism, and which of it counts.

use std::collections::BTreeMap;

use super::{Consent, Purpose};
use crate::base::Timestamp;
use crate::event::{ConsentState, Mechanism};

/// The newest word of each mechanism about one purpose.
///
/// One word of each is enough, whatever was said before it: a newer word of the same mechanism overrules all that an older one
/// did. So the order in which words arrive does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    newest: BTreeMap<Mechanism, Consent>,
}

impl Words {
    /// Takes a word in. One that is older than the newest of its mechanism changes nothing, and neither does a yes by Global Privacy
    /// Control: it says no or nothing, and does not take its own no back.
    pub fn hear(&mut self, word: Consent) {
        if word.state == ConsentState::Granted && !is_grant(&word) {
            return;
        }
        match self.newest.get(&word.mechanism) {
            Some(newest) if !word.outranks(newest) => {}
            _ => {
                self.newest.insert(word.mechanism, word);
            }
        }
    }

    /// Lists the newest word of each mechanism, the weakest mechanism first.
    pub fn all(&self) -> impl Iterator<Item = &Consent> + Clone {
        self.newest.values()
    }

    /// Finds the word that counts, of all there are.
    pub fn counts(&self) -> Option<&Consent> {
        prevailing(self.all())
    }

    /// Tells whether `purpose` is granted at `now`, by a yes that is too old neither for it nor for the way it came.
    pub fn grant_at(&self, purpose: Purpose, now: Timestamp) -> bool {
        self.counts_at(now).is_some_and(|word| {
            let mut limits =
                [purpose.granted_for_days(), word.mechanism.granted_for_days()].into_iter().flatten();
            word.state == ConsentState::Granted && limits.all(|days| now < word.at.plus_days(days))
        })
    }

    /// Tells whether a no changes what a person has said: it ends what was granted at `now`, or no no that stands is as strong, so that a yes overrules
    /// it less easily. The first word there ever was changes nothing.
    pub fn is_changed_by_no(&self, no: &Consent, purpose: Purpose, now: Timestamp) -> bool {
        let mut after = self.clone();
        after.hear(no.clone());
        let is_heard = after.newest.get(&no.mechanism) == Some(no);
        let ends = self.grant_at(purpose, now) && !after.grant_at(purpose, now);
        let mut refusals = self.all().filter(|word| word.state != ConsentState::Granted);
        ends || (is_heard && !self.newest.is_empty() && refusals.all(|word| word.mechanism < no.mechanism))
    }

    /// Finds the word that counts at `now`. A word from the future does not count yet.
    pub fn counts_at(&self, now: Timestamp) -> Option<&Consent> {
        prevailing(self.all().filter(|word| word.at <= now))
    }
}

/// Finds the word that counts of the newest of each mechanism: the newest no that stands, else the newest yes.
///
/// A no stands until a newer yes by a mechanism at least as strong overrules it. Global Privacy Control overrules nothing.
fn prevailing<'a>(words: impl Iterator<Item = &'a Consent> + Clone) -> Option<&'a Consent> {
    let grants = words.clone().filter(|word| is_grant(word));
    let overruled = |no: &Consent| grants.clone().any(|yes| no.at < yes.at && no.mechanism <= yes.mechanism);
    let refusals = words.filter(|word| word.state != ConsentState::Granted);
    let newest = |word: &&Consent| (word.at, word.state, word.mechanism);
    refusals.filter(|no| !overruled(no)).max_by_key(newest).or_else(|| grants.clone().max_by_key(newest))
}

fn is_grant(word: &Consent) -> bool {
    word.state == ConsentState::Granted && word.mechanism != Mechanism::GlobalPrivacyControl
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;
    use ConsentState::{Denied, Granted, Withdrawn};
    use Mechanism::{Account, Cmp, ConsentMode, GlobalPrivacyControl as Gpc, Signature, Tcf};

    type Said = (Mechanism, ConsentState, i64);

    fn word((mechanism, state, at): Said) -> Consent {
        Consent {
            state,
            at: Timestamp(at),
            method: "checkbox".to_owned(),
            mechanism,
            surface: None,
            text_version: None,
            text_hash: None,
            recorded_by: None,
            source: None,
        }
    }

    fn heard(said: &[Said]) -> Words {
        let mut words = Words::default();
        said.iter().for_each(|said| words.hear(word(*said)));
        words
    }

    fn is_granted(said: &[Said]) -> bool {
        heard(said).counts().is_some_and(|word| word.state == Granted)
    }

    /// Whether a later yes by the second overrules an earlier no by the first, written down pair by pair.
    const OVERRULES: [(Mechanism, [(Mechanism, bool); 6]); 6] = [
        (
            Gpc,
            [(Gpc, false), (ConsentMode, true), (Tcf, true), (Cmp, true), (Signature, true), (Account, true)],
        ),
        (
            ConsentMode,
            [(Gpc, false), (ConsentMode, true), (Tcf, true), (Cmp, true), (Signature, true), (Account, true)],
        ),
        (
            Tcf,
            [
                (Gpc, false),
                (ConsentMode, false),
                (Tcf, true),
                (Cmp, true),
                (Signature, true),
                (Account, true),
            ],
        ),
        (
            Cmp,
            [
                (Gpc, false),
                (ConsentMode, false),
                (Tcf, false),
                (Cmp, true),
                (Signature, true),
                (Account, true),
            ],
        ),
        (
            Signature,
            [
                (Gpc, false),
                (ConsentMode, false),
                (Tcf, false),
                (Cmp, false),
                (Signature, true),
                (Account, true),
            ],
        ),
        (
            Account,
            [
                (Gpc, false),
                (ConsentMode, false),
                (Tcf, false),
                (Cmp, false),
                (Signature, false),
                (Account, true),
            ],
        ),
    ];

    #[test]
    fn of_two_words_the_table_says_which_counts() {
        for (first, row) in OVERRULES {
            for (second, overrules) in row {
                for no in [Denied, Withdrawn] {
                    let pair = format!("{} {} {}", first.name(), no.name(), second.name());
                    assert_eq!(is_granted(&[(first, no, 1), (second, Granted, 2)]), overrules, "{pair}");
                    // A newer no always wins, and of two at one instant the stricter.
                    assert!(!is_granted(&[(first, Granted, 1), (second, no, 2)]), "{pair}");
                    assert!(!is_granted(&[(first, Granted, 1), (second, no, 1)]), "{pair}");
                    // An older yes is no answer to a newer no, however strong it is.
                    assert!(!is_granted(&[(first, no, 2), (second, Granted, 1)]), "{pair}");
                }
                let both = is_granted(&[(first, Granted, 1), (second, Granted, 2)]);
                assert_eq!(both, (first, second) != (Gpc, Gpc), "{} {}", first.name(), second.name());
            }
        }
    }

    #[test]
    fn the_strength_is_in_the_order_the_rule_names() {
        assert_eq!(Mechanism::ALL, [Gpc, ConsentMode, Tcf, Cmp, Signature, Account]);
        assert!(Mechanism::ALL.is_sorted());
        assert_eq!(Mechanism::default(), Cmp, "words that do not say how they came");
    }

    #[test]
    fn the_word_that_is_shown_is_the_one_that_decides() {
        let no = [(Account, Withdrawn, 5), (Cmp, Granted, 9), (Tcf, Denied, 3)];
        assert_eq!(heard(&no).counts(), Some(&word(no[0])));
        let yes = [(Tcf, Denied, 3), (Account, Granted, 5), (Cmp, Granted, 4)];
        assert_eq!(heard(&yes).counts(), Some(&word(yes[1])));
        assert_eq!(heard(&[(Gpc, Granted, 1)]).counts(), None);
        assert_eq!(heard(&yes).counts_at(Timestamp(4)), Some(&word(yes[2])));
        assert_eq!(heard(&yes).counts_at(Timestamp(3)), Some(&word(yes[0])));
    }

    #[test]
    fn privacy_control_does_not_take_its_own_no_back() {
        let said = [(Gpc, Denied, 0), (Gpc, Granted, 1), (ConsentMode, Granted, 0)];
        assert!(!is_granted(&said) && !granted_by_all(&said));
        assert!(is_granted(&[(Gpc, Denied, 0), (Gpc, Granted, 1), (ConsentMode, Granted, 2)]));
    }

    /// The rule over everything that was ever said, with nothing forgotten.
    fn granted_by_all(said: &[Said]) -> bool {
        let grants = || said.iter().filter(|(mechanism, state, _)| *state == Granted && *mechanism != Gpc);
        let stands = |(mechanism, state, at): &Said| {
            *state != Granted && !grants().any(|(by, _, since)| at < since && mechanism <= by)
        };
        grants().next().is_some() && !said.iter().any(stands)
    }

    fn said() -> impl Strategy<Value = Said> {
        (select(Mechanism::ALL.to_vec()), select(vec![Granted, Denied, Withdrawn]), 0..6_i64)
    }

    proptest! {
        #[test]
        fn any_order_gives_the_same_words_and_forgetting_older_ones_changes_nothing(
            said in vec(said(), 0..12),
            keys in vec(any::<u8>(), 12),
        ) {
            prop_assert_eq!(is_granted(&said), granted_by_all(&said), "{:?}", said);
            let mut keyed: Vec<(u8, Said)> = keys.into_iter().zip(said.iter().copied()).collect();
            keyed.sort_by_key(|(key, _)| *key);
            let shuffled: Vec<Said> = keyed.into_iter().map(|(_, said)| said).collect();
            prop_assert_eq!(heard(&shuffled), heard(&said));
        }
    }
}

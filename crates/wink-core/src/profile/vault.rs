//! What identifies a person directly, or was stated about them. Sealed under the person's own key where it is stored.

use std::collections::BTreeMap;

use crate::base::{Timestamp, Value};
use crate::event::{Attributes, Identity};

/// A person has at most this many attributes, the first by name; what shops state are some dozen.
const ATTRIBUTES_MAX: usize = 256;

/// A larger attribute is a document, and is left out.
const VALUE_BYTES_MAX: usize = 1_024;

/// The open contents of a person's vault.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Vault {
    /// The identities that lead to the person, in clear.
    pub identities: Vec<Identity>,
    /// What was stated, with the time of the statement.
    pub attributes: BTreeMap<String, (Timestamp, Value)>,
}

impl Vault {
    /// Remembers an identity.
    pub fn know(&mut self, identity: &Identity) {
        if let Err(place) = self.identities.binary_search(identity) {
            self.identities.insert(place, identity.clone());
        }
    }

    /// Takes in another vault of the same person.
    pub fn take_in(&mut self, other: Self) {
        other.identities.iter().for_each(|identity| self.know(identity));
        for (name, (at, value)) in other.attributes {
            self.hear(Attributes(BTreeMap::from([(name, value)])), at);
        }
    }

    /// Takes in statements made at `at`. The newest counts; of two at the same instant the one whose value sorts last, so that the
    /// order of arrival does not matter.
    pub fn hear(&mut self, stated: Attributes, at: Timestamp) {
        let rank = |(at, value): &(Timestamp, Value)| (*at, format!("{value:?}"));
        for (name, value) in stated.0 {
            if VALUE_BYTES_MAX < name.len() + value.weight() {
                continue;
            }
            let heard = (at, value);
            match self.attributes.get(&name) {
                Some(counts) if rank(&heard) <= rank(counts) => {}
                _ => {
                    self.attributes.insert(name, heard);
                }
            }
        }
        while ATTRIBUTES_MAX < self.attributes.len() {
            self.attributes.pop_last();
        }
    }
}

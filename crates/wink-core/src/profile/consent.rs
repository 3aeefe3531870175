//! Consent per purpose. Of the words of one mechanism the newest counts, and of two at the same instant the stricter.

use crate::base::Timestamp;
use crate::event::{ConsentChange, ConsentState, Mechanism};

/// A yes to the use of somebody's place counts this long. Where people are is asked anew and not taken for granted: phones ask again in the same way.
const LOCATION_DAYS: i64 = 30;

/// What data may be used for. Each is granted on its own, never bundled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purpose {
    /// Using what a person did to choose offers for them.
    Personalisation,
    /// Sending the newsletter.
    Newsletter,
    /// Using about where somebody is: their region, a coarse cell, the vicinity of a store.
    Location,
}

impl Purpose {
    /// Lists them all.
    pub const ALL: [Self; 3] = [Self::Personalisation, Self::Newsletter, Self::Location];

    /// Spells it as the API does.
    pub fn name(self) -> &'static str {
        match self {
            Self::Personalisation => "personalisation",
            Self::Newsletter => "newsletter",
            Self::Location => "location",
        }
    }

    /// Tells how long a yes counts before it has to be said again, in days; without an answer it counts until it is taken back.
    pub(super) fn granted_for_days(self) -> Option<i64> {
        match self {
            Self::Personalisation | Self::Newsletter => None,
            Self::Location => Some(LOCATION_DAYS),
        }
    }

    /// Reads the spelling.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.name() == text)
    }
}

/// The word that counts for one purpose, with its proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consent {
    /// What was decided.
    pub state: ConsentState,
    /// When.
    pub at: Timestamp,
    /// How it was given.
    pub method: String,
    /// By which way it came.
    pub mechanism: Mechanism,
    /// Where it was given.
    pub surface: Option<String>,
    /// Which wording was shown.
    pub text_version: Option<String>,
    /// The hash of that wording.
    pub text_hash: Option<String>,
    /// Who took the word down, if not the person themself.
    pub recorded_by: Option<String>,
    /// Which source it came from.
    pub source: Option<String>,
}

impl Consent {
    /// Takes a change that `source` says happened at `at`.
    pub fn new(change: &ConsentChange, at: Timestamp, source: &str) -> Self {
        Self {
            state: change.state,
            at,
            method: change.method.clone(),
            mechanism: change.mechanism,
            surface: change.surface.clone(),
            text_version: change.text_version.clone(),
            text_hash: change.text_hash.clone(),
            recorded_by: change.recorded_by.clone(),
            source: Some(source.to_owned()),
        }
    }

    /// Tells whether this word counts rather than `other` of the same mechanism, in whichever order the two arrived. Ties are broken by the proof's
    /// text, so that the answer never depends on the order of arrival.
    pub(super) fn outranks(&self, other: &Self) -> bool {
        let rank = |consent: &Self| (consent.at, consent.state);
        rank(other) < rank(self) || (rank(other) == rank(self) && other.proof() < self.proof())
    }

    /// What the word stands on, in an order that only serves to tell two words apart.
    fn proof(&self) -> (&str, [Option<&str>; 5]) {
        let optional = [&self.surface, &self.text_version, &self.text_hash, &self.recorded_by, &self.source];
        (&self.method, optional.map(|text| text.as_deref()))
    }
}

/// What a person has granted at an instant. Made from a profile only; a feature or a channel is used by asking it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Grants {
    personalisation: bool,
    newsletter: bool,
    location: bool,
}

impl Grants {
    /// Collects granted purposes.
    pub fn new(granted: impl IntoIterator<Item = Purpose>) -> Self {
        let mut grants = Self::default();
        for purpose in granted {
            match purpose {
                Purpose::Personalisation => grants.personalisation = true,
                Purpose::Newsletter => grants.newsletter = true,
                Purpose::Location => grants.location = true,
            }
        }
        grants
    }

    /// Tells whether a purpose is granted.
    pub fn allow(&self, purpose: Purpose) -> bool {
        match purpose {
            Purpose::Personalisation => self.personalisation,
            Purpose::Newsletter => self.newsletter,
            Purpose::Location => self.location,
        }
    }

    /// Lists what is granted.
    pub fn granted(&self) -> impl Iterator<Item = Purpose> + '_ {
        Purpose::ALL.into_iter().filter(|purpose| self.allow(*purpose))
    }
}

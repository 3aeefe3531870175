//! What a decision is made of: candidates, what removed them, and the verdict.

use super::decide::ENGINE;
use super::situation::{Ask, Person, Situation, Standing};
use crate::base::expression::Miss;
use crate::base::{Cents, DecisionId, Timestamp};
use crate::offer::{Catalogue, CatalogueVersion, Stage};
use crate::profile::Purpose;

/// What was decided and everything that led to it. Complete: together with its catalogue it can be decided again, to the bit.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// Its id.
    pub id: DecisionId,
    /// The version of the deciding code.
    pub engine: u32,
    /// The catalogue it was made under.
    pub catalogue: CatalogueVersion,
    /// When it was made.
    pub now: Timestamp,
    /// The source of its chance.
    pub seed: u64,
    /// What was asked.
    pub ask: Ask,
    /// What was known of the person.
    pub person: Person,
    /// What was left to give.
    pub standing: Standing,
    /// All candidates; the last is `none`.
    pub candidates: Vec<Candidate>,
    /// The answer.
    pub verdict: Verdict,
}

/// Something that could be given. `drawn` of the candidate `none` is `None`.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// Which offer at which benefit, or nothing.
    pub drawn: Option<Drawn>,
    /// Expected incremental contribution in cents; `None` if it was removed before it was scored. `none` scores 0.
    pub score: Option<f64>,
    /// The probability with which it was chosen.
    pub probability: f64,
    /// What took it out, if anything.
    pub removed: Option<Removed>,
}

impl Candidate {
    /// Tells whether it took part in the draw. Being held out comes after it.
    pub fn was_in_play(&self) -> bool {
        matches!(self.removed, None | Some(Removed::Holdout))
    }
}

/// An offer at one of its benefits, by index in the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Drawn {
    /// Index of the offer.
    pub offer: usize,
    /// Index of the benefit in the offer.
    pub benefit: usize,
}

/// Why a candidate was taken out. The first reason that holds, in the order they stand here.
#[derive(Clone, Debug, PartialEq)]
pub enum Removed {
    /// The person has not granted this.
    NoConsent(Purpose),
    /// The person is in the shop's hold-out.
    GlobalHoldout,
    /// The offer is not made for this channel.
    OtherChannel,
    /// A rule says no.
    Rule {
        /// Which question.
        stage: Stage,
        /// What would have had to be otherwise.
        miss: Miss,
    },
    /// A rule needs a fact that is not known: no data, too old, or not granted.
    NotKnown {
        /// Which question.
        stage: Stage,
        /// The slot of the fact.
        slot: usize,
    },
    /// A rule cannot be evaluated, for instance because it divides by zero here.
    RuleFailed {
        /// Which question.
        stage: Stage,
    },
    /// The person already had as many as the offer allows.
    ProfileLimit {
        /// How many it allows.
        at_most: u32,
    },
    /// Those who live together already had as many as the offer allows.
    HouseholdLimit {
        /// How many it allows.
        at_most: u32,
    },
    /// All coupons of the offer are given out.
    TotalLimit {
        /// How many there were.
        at_most: u32,
    },
    /// The person was contacted as often as the policy allows.
    ContactCap {
        /// How often it allows.
        at_most: u32,
        /// In how many days.
        within_days: u16,
    },
    /// The person had this, or less, until a date that has passed, and let it run out. It is not given again at once: the date was meant.
    DeadlinePassed {
        /// The first instant it may be given again.
        again_at: Timestamp,
        /// How many days the shop waits.
        days: u16,
    },
    /// The budget does not cover the most this could cost.
    Budget {
        /// What it could cost.
        needed: Cents,
        /// What is left.
        left: Cents,
    },
    /// On the expected spend the price would fall below the minimum.
    MinimumPrice {
        /// What would remain to be paid.
        remaining: Cents,
        /// What must remain.
        minimum: Cents,
    },
    /// The person is in the campaign's hold-out: they would have got this, and do not, so that its effect can be measured.
    Holdout,
}

impl Removed {
    /// Tells how far the candidate had come: the place of the question that took it out, in the order they are asked.
    pub(super) fn place(&self) -> usize {
        match self {
            Self::NoConsent(_) => 0,
            Self::GlobalHoldout => 1,
            Self::OtherChannel => 2,
            Self::Rule { stage, .. } | Self::NotKnown { stage, .. } | Self::RuleFailed { stage } => {
                match stage {
                    Stage::Eligibility => 3,
                    Stage::Applicability => 4,
                    Stage::Suitability => 5,
                }
            }
            Self::ProfileLimit { .. } => 6,
            Self::HouseholdLimit { .. } => 7,
            Self::TotalLimit { .. } => 8,
            Self::ContactCap { .. } => 9,
            Self::DeadlinePassed { .. } => 10,
            Self::Budget { .. } => 11,
            Self::MinimumPrice { .. } => 12,
            Self::Holdout => 13,
        }
    }

    /// Tells the stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoConsent(_) => "no_consent",
            Self::GlobalHoldout => "global_holdout",
            Self::OtherChannel => "other_channel",
            Self::Rule { stage: Stage::Eligibility, .. } => "not_eligible",
            Self::Rule { stage: Stage::Applicability, .. } => "not_applicable",
            Self::Rule { stage: Stage::Suitability, .. } => "not_suitable",
            Self::NotKnown { .. } => "fact_not_known",
            Self::RuleFailed { .. } => "rule_failed",
            Self::ProfileLimit { .. } => "profile_limit",
            Self::HouseholdLimit { .. } => "household_limit",
            Self::TotalLimit { .. } => "total_limit",
            Self::ContactCap { .. } => "contact_cap",
            Self::DeadlinePassed { .. } => "deadline_passed",
            Self::Budget { .. } => "budget_exhausted",
            Self::MinimumPrice { .. } => "minimum_price",
            Self::Holdout => "holdout",
        }
    }
}

/// The answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// This candidate, by index.
    Offer(usize),
    /// This candidate, by index, would have been given, but the person is in its campaign's hold-out: nothing is.
    HeldOut(usize),
    /// Nothing, on purpose.
    Nothing,
}

impl Decision {
    /// Tells the chosen offer, if one is given.
    pub fn offered(&self) -> Option<Drawn> {
        match self.verdict {
            Verdict::Offer(index) => self.candidates.get(index)?.drawn,
            Verdict::HeldOut(_) | Verdict::Nothing => None,
        }
    }

    /// Tells whether its features lie where those of its catalogue do: what is built in comes first, and differs from one version of the deciding
    /// code to the next.
    pub fn names_features(&self) -> bool {
        self.engine == ENGINE
    }

    /// Tells the first instant the right it gives can no longer be accepted. `None` if it gives none.
    pub fn accept_by(&self) -> Option<Timestamp> {
        self.offered().and_then(|_| self.ask.issue.accept_by(self.now))
    }

    /// Rebuilds the situation it was made in, for a replay under the same or another catalogue.
    pub fn situation<'a>(&self, catalogue: &'a Catalogue) -> Situation<'a> {
        Situation {
            id: self.id,
            now: self.now,
            seed: self.seed,
            ask: self.ask.clone(),
            person: self.person.clone(),
            standing: self.standing.clone(),
            catalogue,
        }
    }

    /// Tells the offer that was withheld for measurement, if one was.
    pub fn held_out(&self) -> Option<Drawn> {
        match self.verdict {
            Verdict::HeldOut(index) => self.candidates.get(index)?.drawn,
            Verdict::Offer(_) | Verdict::Nothing => None,
        }
    }
}

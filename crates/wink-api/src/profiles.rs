//! `GET /v1/profiles/{id}` and what hangs on it: consents, features, decisions, wallet.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use utoipa::{IntoParams, ToSchema};
use wink_core::base::Timestamp;
use wink_core::coupon::{Coupon, Held, Right, State};
use wink_core::event::{ConsentChange, ConsentState, Identity, Mechanism};
use wink_core::feature::{Catalogue, Contribution, View, Viewed};
use wink_core::profile::{Cluster, Consent, Profile, Purpose, Words};

use crate::{BenefitView, IdentitySent, ResidenceView, RightView};

/// A page of a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DataPage<T> {
    /// The items.
    pub data: Vec<T>,
    /// What to ask for the next page with, as `?cursor=`; null after the last.
    pub next_cursor: Option<String>,
}

/// Which page of a list.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListAsked {
    /// At most how many, 1 to 200; 50 if it is not said.
    pub limit: Option<usize>,
    /// Where to go on, as the page before said.
    pub cursor: Option<String>,
}

/// `POST /v1/profiles/lookup`.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProfileLookedUp {
    /// By what the shop knows the person.
    pub identity: IdentitySent,
}

/// A person as Wink knows them.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ProfileView {
    /// The pseudonym.
    pub id: String,
    /// When they were first seen.
    pub created_at: String,
    /// By what the shop knows them, for those who may see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identities: Option<Vec<IdentitySent>>,
    /// What was stated about them, for those who may see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attributes: Option<BTreeMap<String, AttributeView>>,
    /// How many identities lead to them.
    pub identity_count: usize,
    /// Their consents, one for each purpose there is.
    pub consents: Vec<ConsentView>,
    /// The links that make one person of several profiles.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<LinkView>,
    /// Where they live, if the shop said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub household: Option<ResidenceView>,
}

/// That two profiles are one person.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LinkView {
    /// The two, the older first.
    pub profiles: [String; 2],
    /// When that was learnt.
    pub linked_at: String,
    /// Which source told Wink, or whose key linked them.
    pub source: String,
}

/// `POST /v1/profiles/{id}/links`.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkAsked {
    /// The id of the profile that is the same person, like prf_….
    pub profile: String,
}

/// A stated fact.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AttributeView {
    /// When it was stated.
    pub stated_at: String,
    /// What was stated: a text, a number, a list, whatever it was.
    #[schema(value_type = serde_json::Value)]
    pub value: Json,
}

/// The word that counts for a purpose, with its proof.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ConsentView {
    /// The purpose.
    pub purpose: &'static str,
    /// `granted`, `denied`, `withdrawn`, or `none` if nothing was ever said.
    pub state: &'static str,
    /// When it was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub said_at: Option<String>,
    /// How it was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// By which way it came: `account`, `signature`, `cmp`, `tcf`, `consent_mode` or `gpc`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mechanism: Option<&'static str>,
    /// Where it was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub surface: Option<String>,
    /// Which wording was shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text_version: Option<String>,
    /// The hash of that wording.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text_hash: Option<String>,
    /// Who took it down, if not the person themself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recorded_by: Option<String>,
    /// Which source told Wink.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The newest words by other mechanisms, which count for less here.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub overruled: Vec<WordView>,
}

/// A word that does not count, because another does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct WordView {
    /// `granted`, `denied` or `withdrawn`.
    pub state: &'static str,
    /// When it was said.
    pub said_at: String,
    /// By which way it came.
    pub mechanism: &'static str,
    /// How it was given.
    pub method: String,
    /// Which source told Wink.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

/// `PUT /v1/profiles/{id}/consents`.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConsentsSent {
    /// When they were said; now, if it is not told.
    pub said_at: Option<String>,
    /// The words, one for a purpose. Purposes that are not named stay as they are.
    pub consents: Vec<ConsentSent>,
}

/// A person's consents, one for each purpose there is.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ConsentsListed {
    /// The words that count.
    pub data: Vec<ConsentView>,
}

/// All features of a person.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FeaturesListed {
    /// The features, in the order of the catalogue.
    pub data: Vec<FeatureView>,
}

/// What an erasure removed.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ErasureView {
    /// The pseudonym that is no more.
    pub profile: String,
    /// Records deleted.
    pub records: u64,
    /// Journal entries redacted.
    pub entries: u64,
    /// Coupons taken out of circulation or freed of their person.
    pub coupons: u64,
    /// Dead letters deleted that named the person.
    pub dead_letters: u64,
}

/// One word about one purpose.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConsentSent {
    /// The purpose.
    pub purpose: String,
    /// `granted`, `denied` or `withdrawn`.
    pub state: String,
    /// How it was given.
    pub method: String,
    /// By which way it came: `account`, `signature`, `cmp`, `tcf`, `consent_mode` or `gpc`; `cmp` if it is not said.
    pub mechanism: Option<String>,
    /// Where it was given.
    pub surface: Option<String>,
    /// Which wording was shown.
    pub text_version: Option<String>,
    /// The hash of that wording.
    pub text_hash: Option<String>,
    /// Who took it down, if not the person themself.
    pub recorded_by: Option<String>,
}

/// A feature of a person.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FeatureView {
    /// Its name in rules.
    pub name: String,
    /// What it says, in one line.
    pub meaning: String,
    /// What it may be used for.
    pub purpose: &'static str,
    /// `purchase`, `contact`, `behaviour`, `service`, `place` or `score`.
    pub class: &'static str,
    /// The events it is made of; none if it is derived of other features.
    pub events: Vec<String>,
    /// How old a value may be to be served, in days; null if age is the value itself.
    pub ttl_days: Option<i32>,
    /// `known`, `no_data`, `too_old`, `not_granted`, or `filling` while what happened before it was defined is still added up.
    pub state: &'static str,
    /// The value, if it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<FeatureValue>,
    /// How long ago the newest event that contributed happened, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age_seconds: Option<i64>,
    /// What the features it is derived of said and added, if it is derived and known.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub contributions: Vec<ContributionView>,
}

/// What one feature added to the value of another.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ContributionView {
    /// The feature's name.
    pub feature: String,
    /// What it said; nothing if that is not known, or is no number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// What that added in log-odds, if the value is a probability.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_odds: Option<f64>,
}

/// What a feature says.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum FeatureValue {
    /// A number.
    Number(f64),
    /// Shares by name.
    Shares(BTreeMap<String, f64>),
}

/// Something a person was given or held out of.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct HoldingView {
    /// When it was decided.
    pub decided_at: String,
    /// By which decision.
    pub decision: String,
    /// For which campaign.
    pub campaign: String,
    /// Which offer.
    pub offer: String,
    /// The coupon as it is now; none if the person was held out, or has only the right to one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coupon: Option<HeldCoupon>,
    /// The right to the coupon, if it was or is to be accepted first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub right: Option<RightView>,
}

/// A coupon in somebody's wallet.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct HeldCoupon {
    /// Its id; never a secret.
    pub id: String,
    /// `issued`, `activated`, `reserved`, `redeemed`, `partly_reversed`, `reversed`, `expired` or `revoked`.
    pub state: &'static str,
    /// What it takes off.
    pub benefit: BenefitView,
    /// The most it can be worth, in minor units.
    pub maximum_cents: i64,
    /// The order it needs at least, in minor units.
    pub minimum_spend_cents: i64,
    /// The categories it applies to; empty for every product.
    pub categories: Vec<String>,
    /// When it was issued.
    pub issued_at: String,
    /// The first instant it is no longer valid.
    pub valid_until: String,
    /// When its life ended, if it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<String>,
    /// The order it was used on, or is held for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_id: Option<String>,
    /// What it was worth there, in minor units.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount_cents: Option<i64>,
}

impl ProfileView {
    /// Shows a person by the pseudonym that was asked about only.
    pub fn new(person: &Cluster<'_>) -> Self {
        let words = person.words();
        let consent = |purpose| ConsentView::new(purpose, words.get(&purpose));
        Self {
            id: person.asked().id.to_string(),
            created_at: person.created_at().to_string(),
            identities: None,
            attributes: None,
            identity_count: person.identities().count(),
            consents: Purpose::ALL.into_iter().map(consent).collect(),
            links: person.profiles().flat_map(LinkView::of).collect(),
            household: ResidenceView::of(person),
        }
    }
}

impl LinkView {
    /// Shows the links of a profile to those that came after it, so that each is shown once.
    fn of(profile: &Profile) -> impl Iterator<Item = Self> {
        let later = profile.links.iter().filter(|(other, _)| profile.id < **other);
        later.map(|(other, link)| Self {
            profiles: [profile.id.to_string(), other.to_string()],
            linked_at: link.at.to_string(),
            source: link.source.clone(),
        })
    }
}

impl From<&Identity> for IdentitySent {
    fn from(identity: &Identity) -> Self {
        Self { namespace: identity.namespace().to_owned(), value: identity.value().to_owned() }
    }
}

impl ConsentView {
    /// Shows the word that counts, if there is one, and those that do not.
    pub fn new(purpose: Purpose, words: Option<&Words>) -> Self {
        let consent = words.and_then(Words::counts);
        let rest = words.into_iter().flat_map(Words::all).filter(|word| Some(*word) != consent);
        let optional = |field: fn(&Consent) -> &Option<String>| consent.and_then(|word| field(word).clone());
        Self {
            purpose: purpose.name(),
            state: consent.map_or("none", |word| word.state.name()),
            said_at: consent.map(|word| word.at.to_string()),
            method: consent.map(|word| word.method.clone()),
            mechanism: consent.map(|word| word.mechanism.name()),
            surface: optional(|word| &word.surface),
            text_version: optional(|word| &word.text_version),
            text_hash: optional(|word| &word.text_hash),
            recorded_by: optional(|word| &word.recorded_by),
            source: optional(|word| &word.source),
            overruled: rest.map(WordView::new).collect(),
        }
    }
}

impl WordView {
    fn new(word: &Consent) -> Self {
        Self {
            state: word.state.name(),
            said_at: word.at.to_string(),
            mechanism: word.mechanism.name(),
            method: word.method.clone(),
            source: word.source.clone(),
        }
    }
}

impl ConsentsSent {
    /// Reads when it was said, and the words.
    ///
    /// # Errors
    /// A JSON pointer to what is wrong, and why.
    pub fn read(&self) -> Result<(Option<Timestamp>, Vec<ConsentChange>), (String, String)> {
        let said_at = self.said_at.as_deref().map(Timestamp::parse).transpose();
        let said_at = said_at.map_err(|error| ("/said_at".to_owned(), error))?;
        if self.consents.is_empty() {
            return Err(("/consents".to_owned(), "there is no word in it".to_owned()));
        }
        let mut changes: Vec<ConsentChange> = Vec::with_capacity(self.consents.len());
        for (index, sent) in self.consents.iter().enumerate() {
            let pointer = |field: &str| format!("/consents/{index}/{field}");
            let state = ConsentState::parse(&sent.state).ok_or_else(|| {
                (pointer("state"), format!("`{}` is none of granted, denied, withdrawn", sent.state))
            })?;
            if changes.iter().any(|change| change.purpose == sent.purpose) {
                return Err((pointer("purpose"), format!("`{}` is named twice", sent.purpose)));
            }
            let mechanism = match &sent.mechanism {
                None => Mechanism::default(),
                Some(name) => Mechanism::parse(name).map_err(|error| (pointer("mechanism"), error))?,
            };
            changes.push(ConsentChange {
                purpose: sent.purpose.clone(),
                state,
                mechanism,
                method: sent.method.clone(),
                surface: sent.surface.clone(),
                text_version: sent.text_version.clone(),
                text_hash: sent.text_hash.clone(),
                recorded_by: sent.recorded_by.clone(),
            });
        }
        Ok((said_at, changes))
    }
}

impl FeatureView {
    /// Shows what is read of the feature in a slot, if there is one.
    pub fn new(features: &Catalogue, slot: usize, view: &View) -> Option<Self> {
        let (definition, viewed) = (features.definitions().get(slot)?, view.slots().get(slot)?);
        let contribution = |contribution: &Contribution| {
            let feature = features.definitions().get(contribution.slot)?.name.clone();
            Some(ContributionView { feature, value: contribution.value, log_odds: contribution.log_odds })
        };
        let (state, value, age_ms) = Self::read(viewed);
        Some(Self {
            name: definition.name.clone(),
            meaning: definition.meaning.clone(),
            purpose: definition.purpose.name(),
            class: definition.class.name(),
            events: definition.events().to_vec(),
            ttl_days: definition.ttl_days,
            state,
            value,
            age_seconds: age_ms.map(|age_ms| age_ms / 1_000),
            contributions: features.contributions(slot, view).iter().filter_map(contribution).collect(),
        })
    }

    /// Tells the state of a feature, its value, and how old that is in milliseconds.
    pub(crate) fn read(viewed: &Viewed) -> (&'static str, Option<FeatureValue>, Option<i64>) {
        match viewed {
            Viewed::Number(reading) => {
                ("known", Some(FeatureValue::Number(reading.value)), Some(reading.age_ms))
            }
            Viewed::Shares(reading) => {
                ("known", Some(FeatureValue::Shares(reading.value.clone())), Some(reading.age_ms))
            }
            Viewed::NoData => ("no_data", None, None),
            Viewed::TooOld { age_ms } => ("too_old", None, Some(*age_ms)),
            Viewed::NotGranted(_) => ("not_granted", None, None),
            Viewed::Filling => ("filling", None, None),
            Viewed::NotAsked => ("not_asked", None, None),
        }
    }
}

impl HoldingView {
    /// Shows something a person was given or held out of.
    pub fn new(held: &Held, coupon: Option<&Coupon>, right: Option<&Right>) -> Self {
        Self {
            decided_at: held.at.to_string(),
            decision: held.decision.to_string(),
            campaign: held.campaign.to_string(),
            offer: held.offer.to_string(),
            coupon: coupon.map(HeldCoupon::new),
            right: right.map(RightView::new),
        }
    }
}

impl HeldCoupon {
    fn new(coupon: &Coupon) -> Self {
        let (order_id, amount) = match &coupon.state {
            State::Redeemed { order_id, amount, .. } => (Some(order_id.clone()), Some(amount.0)),
            State::Reserved(hold) => (Some(hold.order_id.clone()), Some(hold.amount.0)),
            _ => (None, None),
        };
        Self {
            id: coupon.id.to_string(),
            state: coupon.state.name(),
            benefit: coupon.benefit.into(),
            maximum_cents: coupon.benefit.maximum().0,
            minimum_spend_cents: coupon.terms.minimum_spend.0,
            categories: coupon.categories.clone(),
            issued_at: coupon.issued_at.to_string(),
            valid_until: coupon.valid_until.to_string(),
            ended_at: coupon.state.ended_at().map(|at| at.to_string()),
            order_id,
            amount_cents: amount,
        }
    }
}

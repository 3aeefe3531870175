//! `POST /v1/decisions`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wink_core::decision::{Decision, Verdict, explain, headline};
use wink_core::offer::{Benefit, Catalogue};

use crate::IdentitySent;

/// A question.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DecisionAsked {
    /// Who.
    pub identity: IdentitySent,
    /// Where the answer would be shown: `newsletter`, `web` or `till`.
    pub channel: String,
    /// The name of the place, as the shop calls it.
    #[serde(default)]
    pub placement: String,
    /// The value of the cart, in minor units.
    pub cart_cents: Option<i64>,
    /// Decide, and leave no trace: nothing is issued, reserved or stored.
    #[serde(default)]
    pub dry_run: bool,
    /// Answer with every candidate and the reason it was not taken.
    #[serde(default)]
    pub explain: bool,
}

/// An answer.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Answered {
    /// What was decided.
    pub decision: DecisionView,
    /// Whether nothing was stored.
    pub dry_run: bool,
}

/// A decision as clients see it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DecisionView {
    /// Its id.
    pub id: String,
    /// `offer`, `held_out` or `none`.
    #[schema(example = "offer")]
    pub verdict: &'static str,
    /// The offer, if one is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offer: Option<String>,
    /// What the shopper reads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The most it can be worth, in minor units.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maximum_cents: Option<i64>,
    /// The coupon that was issued.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coupon: Option<String>,
    /// Why, in one sentence.
    pub reason: String,
    /// What was known of the person, if an explanation was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known: Option<Vec<String>>,
    /// Every candidate, if an explanation was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub candidates: Option<Vec<CandidateView>>,
}

/// A candidate as clients see it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CandidateView {
    /// What it is.
    pub what: String,
    /// Expected incremental contribution, with its currency.
    pub score: Option<String>,
    /// The probability with which it was chosen.
    pub probability: String,
    /// Why not, with the stable code in front.
    pub why_not: Option<String>,
}

impl DecisionView {
    /// Shows a decision. `coupon` is the one that was issued, if any; `explained` asks for every candidate.
    pub fn new(decision: &Decision, catalogue: &Catalogue, coupon: Option<String>, explained: bool) -> Self {
        // Every feature and candidate in words takes longer than the decision did.
        let explanation = explained.then(|| explain(decision, catalogue));
        let drawn = decision.offered();
        let offer = drawn.and_then(|drawn| catalogue.offers.get(drawn.offer));
        let benefit = drawn.and_then(|drawn| offer?.benefits.get(drawn.benefit));
        Self {
            id: decision.id.to_string(),
            verdict: match decision.verdict {
                Verdict::Offer(_) => "offer",
                Verdict::HeldOut(_) => "held_out",
                Verdict::Nothing => "none",
            },
            offer: offer.map(|offer| offer.id.to_string()),
            title: offer.map(|offer| offer.title.clone()),
            maximum_cents: benefit.map(Benefit::maximum).map(|maximum| maximum.0),
            coupon,
            reason: headline(decision, catalogue),
            known: explanation.as_ref().map(|explanation| explanation.known.clone()),
            candidates: explanation
                .map(|explanation| explanation.candidates.iter().map(CandidateView::new).collect()),
        }
    }
}

impl CandidateView {
    fn new(line: &wink_core::decision::Line) -> Self {
        Self {
            what: line.what.clone(),
            score: line.score.clone(),
            probability: line.probability.clone(),
            why_not: line.why_not.clone(),
        }
    }
}

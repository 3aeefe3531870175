//! `POST /v1/decisions`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wink_core::coupon::Coupon;
use wink_core::decision::{AcceptWithin, Decision, Issue, Verdict, explain, headline};
use wink_core::offer::price_law::PriceNotice;
use wink_core::offer::{Benefit, Catalogue};

use crate::{BenefitView, IdentitySent};

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
    /// Whether an offer is a coupon at once, or the right to one that the person accepts.
    #[serde(default)]
    pub issue: IssueAsked,
    /// How long that right can be accepted: 60 to 604800 seconds, 1800 if it is not said.
    pub accept_within_seconds: Option<u32>,
}

/// When the coupon of an offer comes to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum IssueAsked {
    /// With the decision.
    #[default]
    Now,
    /// When it is accepted, by `POST /v1/decisions/{id}/accept`.
    OnAccept,
}

impl DecisionAsked {
    /// Reads when the coupon is to come to be.
    ///
    /// # Errors
    /// What is wrong with `accept_within_seconds`.
    pub fn issue(&self) -> Result<Issue, String> {
        match (self.issue, self.accept_within_seconds) {
            (IssueAsked::Now, None) => Ok(Issue::Now),
            (IssueAsked::Now, Some(_)) => Err("is for `\"issue\": \"on_accept\"` only".to_owned()),
            (IssueAsked::OnAccept, None) => Ok(Issue::OnAccept(AcceptWithin::default())),
            (IssueAsked::OnAccept, Some(seconds)) => {
                let (least, most) = (AcceptWithin::SECONDS_MIN, AcceptWithin::SECONDS_MAX);
                let within = AcceptWithin::new(seconds);
                within.map(Issue::OnAccept).ok_or_else(|| format!("is {seconds}, not {least} to {most}"))
            }
        }
    }
}

/// An answer.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Answered {
    /// What was decided.
    pub decision: DecisionView,
    /// Whether nothing was stored.
    pub dry_run: bool,
}

/// What was accepted: the coupon, the same one however often it is accepted.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AcceptedView {
    /// The decision that offered it.
    pub decision: String,
    /// The coupon's id; never a secret.
    pub coupon: String,
    /// Its offer.
    pub offer: String,
    /// What it takes off.
    pub benefit: BenefitView,
    /// The most it can be worth, in minor units.
    pub maximum_cents: i64,
    /// The order it needs at least, in minor units.
    pub minimum_spend_cents: i64,
    /// The categories it applies to; empty for every product.
    pub categories: Vec<String>,
    /// When it was accepted, and so issued.
    pub issued_at: String,
    /// The first instant it is no longer valid.
    pub valid_until: String,
}

impl AcceptedView {
    /// Shows a coupon as it was issued, whatever became of it since.
    pub fn new(coupon: &Coupon) -> Self {
        Self {
            decision: coupon.decision.to_string(),
            coupon: coupon.id.to_string(),
            offer: coupon.offer.to_string(),
            benefit: coupon.benefit.into(),
            maximum_cents: coupon.benefit.maximum().0,
            minimum_spend_cents: coupon.terms.minimum_spend.0,
            categories: coupon.categories.clone(),
            issued_at: coupon.issued_at.to_string(),
            valid_until: coupon.valid_until.to_string(),
        }
    }
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
    /// What the offer takes off, of the benefits it may have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub benefit: Option<BenefitView>,
    /// The most it can be worth, in minor units.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maximum_cents: Option<i64>,
    /// That the reduction was personalised, to be shown with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price_notice: Option<PriceNoticeView>,
    /// The coupon that was issued.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coupon: Option<String>,
    /// Until when the offer can be accepted, if its coupon waits for that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accept_by: Option<String>,
    /// Why, in one sentence; to a publishable key only whether there is an offer.
    pub reason: String,
    /// What was known of the person, if an explanation was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known: Option<Vec<String>>,
    /// Every candidate, if an explanation was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub candidates: Option<Vec<CandidateView>>,
}

/// The notice that a price was personalised by an automated decision, which directive 2011/83/EU asks for.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct PriceNoticeView {
    /// In German.
    pub de: &'static str,
    /// In English.
    pub en: &'static str,
}

impl PriceNoticeView {
    /// What is said of every reduction that a decision gives to one person.
    const PERSONALISED: Self =
        Self { de: PriceNotice::PERSONALISED.german, en: PriceNotice::PERSONALISED.english };
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
            benefit: benefit.copied().map(BenefitView::from),
            maximum_cents: benefit.map(Benefit::maximum).map(|maximum| maximum.0),
            price_notice: benefit.map(|_| PriceNoticeView::PERSONALISED),
            coupon,
            accept_by: decision.accept_by().map(|until| until.to_string()),
            reason: headline(decision, catalogue),
            known: explanation.as_ref().map(|explanation| explanation.known.clone()),
            candidates: explanation
                .map(|explanation| explanation.candidates.iter().map(CandidateView::new).collect()),
        }
    }

    /// Leaves out what a page's visitor must not read: the reason names what is known of a person and what the shop expects to earn, and with
    /// a key from the page's source anybody may ask about anybody.
    #[must_use]
    pub fn for_page(self) -> Self {
        let reason = if self.verdict == "offer" { "An offer." } else { "No offer." };
        Self { reason: reason.to_owned(), known: None, candidates: None, ..self }
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

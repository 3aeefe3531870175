//! A decision over 20 offers and 60 features, all in play: the most arithmetic a decision of that size can need.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context, anyhow};
use wink_core::base::expression::Expression;
use wink_core::base::{CampaignId, Cents, Currency, DecisionId, Digest, OfferId, ProfileId, Timestamp, Zone};
use wink_core::decision::{Ask, BudgetUse, Decision, Issue, Person, Situation, Standing, decide};
use wink_core::event::Schemas;
use wink_core::feature::{
    self, Age, Aggregation, Class, Definition, Heard, How, Never, Reading, Segments, Selection, View, Viewed,
    Window,
};
use wink_core::offer::{
    Benefit, Campaign, CartPolicy, Catalogue, CatalogueVersion, Channel, ContactPolicy, Economics,
    FrequencyCap, Holdout, Limits, Margins, Offer, REISSUE_DAYS, Rules, Scorecard, Shop, Stacking, Terms,
    UseLimits, Weights, declarations,
};
use wink_core::profile::{Accounts, Grants, Purpose};

const OFFERS: u32 = 20;
const FEATURES: u32 = 60;

/// A situation that is decided again and again.
pub(crate) struct Case {
    catalogue: Catalogue,
    person: Person,
    numbers: Vec<f64>,
}

impl Case {
    /// Builds the situation.
    pub(crate) fn new() -> anyhow::Result<Self> {
        let features = feature::Catalogue::compile((0..FEATURES).map(definition).collect(), &Zone::utc())
            .map_err(|problem| anyhow!("the bench's features: {}", problem.message))?;
        let declarations = declarations(&features);
        let rule = |source: &str| {
            Expression::compile(source, &declarations)
                .map_err(|problem| anyhow!("the bench's rule: {}", problem.message))
        };
        let rules = Rules {
            eligibility: Some(rule("feature.f0 >= 0.0")?),
            applicability: Some(rule("context.channel == \"web\" && feature.f1 < 100.0")?),
            suitability: Some(rule("feature.f2 < 100.0 && (feature.f3 > 0.5 || feature.f4 > 0.1)")?),
        };
        let catalogue = catalogue(features, &rules)?;
        let slots =
            (0..FEATURES).map(|n| Viewed::Number(Reading { value: 1.0 + f64::from(n) / 100.0, age_ms: 1 }));
        let view = View::new(slots.collect());
        let numbers = view.numbers().to_vec();
        let person = Person {
            profile: ProfileId::from_bytes([1; 16]),
            drawn_as: ProfileId::from_bytes([1; 16]),
            grants: Grants::new(Purpose::ALL),
            view,
            contacts: Vec::new(),
            used: BTreeMap::new(),
            household: BTreeMap::new(),
            ran_out: BTreeMap::new(),
        };
        Ok(Self { catalogue, person, numbers })
    }

    /// Decides. Making the situation is part of it, as it is for every request.
    pub(crate) fn decide(&self) -> Decision {
        decide(situation(&self.catalogue, &self.person))
    }

    /// The least that gives the same scores: both linear models and their logistic functions for every offer.
    pub(crate) fn arithmetic(&self) -> f64 {
        let dot = |weights: &Weights| {
            let products = weights.by_slot.iter().zip(&self.numbers).map(|(weight, number)| weight * number);
            1.0 / (1.0 + (-(weights.intercept + products.sum::<f64>())).exp())
        };
        self.catalogue
            .offers
            .iter()
            .map(|offer| dot(&offer.scorecard.uplift) - dot(&offer.scorecard.redeem))
            .sum()
    }
}

fn definition(n: u32) -> Definition {
    Definition {
        name: format!("f{n}"),
        meaning: "a number".to_owned(),
        how: How::Folded {
            selection: Selection::of(&["Order Completed"]),
            aggregation: Aggregation::Count { window: Window::Days(28) },
            age: Age::default(),
            never: Never::default(),
        },
        ttl_days: None,
        purpose: Purpose::Personalisation,
        class: Class::Purchase,
        heard: Heard::default(),
    }
}

fn situation<'a>(catalogue: &'a Catalogue, person: &Person) -> Situation<'a> {
    Situation {
        id: DecisionId::from_bytes([2; 16]),
        now: Timestamp(1_000),
        seed: 7,
        ask: Ask { channel: Channel::Web, placement: "home".to_owned(), cart: None, issue: Issue::Now },
        person: person.clone(),
        standing: Standing {
            budgets: [(0, BudgetUse { used: Cents(0), cap: Cents(100_000) })].into(),
            issued: BTreeMap::new(),
        },
        catalogue,
    }
}

fn catalogue(features: feature::Catalogue, rules: &Rules) -> anyhow::Result<Catalogue> {
    let weights = |n: u32| Weights {
        intercept: -3.0,
        by_slot: (0..FEATURES).map(|slot| f64::from((slot + n) % 7) / 1_000.0).collect(),
    };
    let offer = |n: u32| -> anyhow::Result<Offer> {
        Ok(Offer {
            id: OfferId::parse(&format!("offer-{n:02}"))?,
            title: "An offer".to_owned(),
            campaign: 0,
            benefits: vec![Benefit::Amount(Cents(100))],
            channels: vec![Channel::Web],
            categories: Vec::new(),
            terms: Terms {
                minimum_spend: Cents(0),
                minimum_price: Cents(100),
                valid_days: 28,
                needs_activation: false,
            },
            limits: Limits { per_profile: 1, per_household: None, total: None, uses: UseLimits::default() },
            public_code: None,
            stacking: Stacking::default(),
            rules: rules.clone(),
            scorecard: Scorecard { redeem: weights(n), uplift: weights(n + 3) },
        })
    };
    Ok(Catalogue {
        version: CatalogueVersion(Digest([0; 32])),
        shop: Shop {
            name: "Bench".to_owned(),
            currency: Currency::new("EUR").context("EUR is a currency")?,
            zone: Zone::new("Europe/Berlin").context("Berlin has a clock")?,
            zone_name: "Europe/Berlin".to_owned(),
            accounts: Accounts::default(),
            places: None,
            points: None,
        },
        schemas: Arc::new(Schemas::built_in()),
        features: Arc::new(features),
        contact_policy: ContactPolicy {
            caps: vec![FrequencyCap { at_most: 2, within_days: 28 }],
            reissue_days: REISSUE_DAYS,
            expiring_days: None,
        },
        holdout: Holdout { basis_points: 0, salt: 1 },
        economics: Economics {
            margins: Margins { default_basis_points: 2_500, by_category: BTreeMap::new() },
            default_basket_cents: 3_000.0,
            channel_cost_cents: [0.5, 0.0, 0.0],
            attention_cost_cents: 2.0,
            exploration: 0.05,
        },
        cart: CartPolicy::default(),
        campaigns: vec![Campaign {
            id: CampaignId::parse("bench")?,
            name: "Bench".to_owned(),
            goal: "measure".to_owned(),
            hypothesis: "it is quick".to_owned(),
            starts_at: Timestamp(0),
            ends_at: Timestamp(i64::MAX),
            is_paused: false,
            budget: Cents(100_000),
            holdout_basis_points: 1_000,
            reversals: wink_core::offer::ReversalPolicy::default(),
            limits: UseLimits::default(),
            points: None,
        }],
        offers: (0..OFFERS).map(offer).collect::<anyhow::Result<_>>()?,
        triggers: Vec::new(),
        segments: Segments::default(),
    })
}

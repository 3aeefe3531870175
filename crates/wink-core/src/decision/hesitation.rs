//! Who hesitates again earns nothing by it: whatever a shop makes of hesitation, in features, rules and scorecards.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::{Ask, BudgetUse, Decision, Issue, Person, Situation, Standing, decide};
use crate::base::expression::Expression;
use crate::base::{
    CampaignId, Cents, Currency, DecisionId, Digest, OfferId, ProfileId, Timestamp, Value, Zone,
};
use crate::event::{Body, Observed, Schemas};
use crate::feature::{
    self, Age, Aggregation, Class, Definition, Happened, Heard, How, Never, Segments, Selection, State, Unit,
    Wanted, Window, built_in_definitions, fold, view,
};
use crate::offer::{
    Benefit, Campaign, CartPolicy, Catalogue, CatalogueVersion, Channel, ContactPolicy, Economics, Holdout,
    Limits, Margins, Offer, Rules, Scorecard, Shop, Stacking, Terms, UseLimits, Weights, declarations,
};
use crate::profile::{Accounts, Grants, Purpose};

/// Ten o'clock of some day; what happens lies in the twenty minutes before.
const NOW: Timestamp = Timestamp(20_000 * 86_400_000 + 36_000_000);

/// An event of a session, and how long before now it was.
#[derive(Clone, Debug)]
struct Act {
    minutes_ago: i64,
    event: &'static str,
    zone: &'static str,
    ms: i64,
}

impl Act {
    fn fold(&self, state: &mut State, features: &feature::Catalogue) {
        let properties = [
            ("zone", Value::Text(self.zone.to_owned())),
            ("field", Value::Text(self.zone.to_owned())),
            ("ms", Value::Int(self.ms)),
        ];
        let extra: BTreeMap<String, Value> =
            properties.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let body = Body::Observed(Observed::named(self.event).unwrap());
        let at = Timestamp(NOW.0 - self.minutes_ago * 60_000);
        fold(state, features, &Happened::new(at, &body, &extra));
    }
}

fn act(events: &'static [&'static str]) -> impl Strategy<Value = Act> {
    let zone = select(vec!["shipping", "price", "size"]);
    (1..20_i64, select(events), zone, 100..9_000_i64).prop_map(|(minutes_ago, event, zone, ms)| Act {
        minutes_ago,
        event,
        zone,
        ms,
    })
}

const BROWSING: &[&str] =
    &["Page", "Product Viewed", "Product Added", "Product Removed", "Cart Viewed", "Checkout Started"];
const HESITATING: &[&str] = &["Cursor Stopped", "Hesitated", "Field Abandoned", "Rage Click"];

/// Some browsing that begins twenty minutes ago and is still going on, and some hesitation in it.
fn session() -> impl Strategy<Value = (Vec<Act>, Vec<Act>)> {
    let ends = [20, 0].map(|minutes_ago| Act { minutes_ago, event: "Page", zone: "price", ms: 100 });
    (vec(act(BROWSING), 0..8), vec(act(HESITATING), 1..5)).prop_map(move |(mut browsing, hesitating)| {
        browsing.extend(ends.clone());
        (browsing, hesitating)
    })
}

/// What a shop may have made of hesitation, in every way there is.
fn features() -> feature::Catalogue {
    let own = |name: &str, event: &str, aggregation: Aggregation| Definition {
        name: name.to_owned(),
        meaning: "hesitation".to_owned(),
        how: How::Folded {
            selection: Selection::of(&[event]),
            aggregation,
            age: Age::Named,
            never: Never::Zero,
        },
        ttl_days: None,
        purpose: Purpose::Personalisation,
        class: Class::Behaviour,
        heard: Heard::Fully,
    };
    let window = Window::Days(7);
    let (of, by) = (|| "event.ms".to_owned(), "event.zone".to_owned());
    let mut definitions = built_in_definitions();
    definitions.extend([
        own("own_count", "Hesitated", Aggregation::Count { window }),
        own("own_sum", "Hesitated", Aggregation::Sum { of: of(), window: Window::Session }),
        own("own_mean", "Hesitated", Aggregation::Mean { of: of(), window }),
        own("own_max", "Hesitated", Aggregation::Max { of: of(), window }),
        own("own_last", "Hesitated", Aggregation::Last { of: of() }),
        own("own_since", "Hesitated", Aggregation::Since { unit: Unit::Minutes, exact: false }),
        own("own_decayed", "Cursor Stopped", Aggregation::Decayed { of: None, half_life_days: 7 }),
        own("own_shares", "Cursor Stopped", Aggregation::Shares { by, of: None, half_life_days: 7 }),
        own("own_ratio", "Page", Aggregation::Ratio { part: Selection::of(&["Rage Click"]), window }),
    ]);
    definitions.push(Definition {
        how: How::Derived { formula: "feature.own_count * feature.own_decayed".to_owned() },
        ..own("own_product", "Page", Aggregation::GapDays)
    });
    feature::Catalogue::compile(definitions, &Zone::utc()).unwrap()
}

/// Names that tell of hesitation.
const TOLD: [&str; 15] = [
    "session_hesitations",
    "session_shipping_stops",
    "session_fields_abandoned",
    "session_rage_clicks",
    "readiness",
    "uncertainty",
    "own_count",
    "own_sum",
    "own_mean",
    "own_max",
    "own_last",
    "own_since",
    "own_decayed",
    "own_ratio",
    "own_product",
];

/// What rules can ask beside them.
const SHARED: &str = "own_shares[\"shipping\"]";

/// An offer as some shop could write it: weights either way, and a rule with a threshold either way.
#[derive(Clone, Debug)]
struct Written {
    weights: Vec<(&'static str, f64)>,
    rule: Option<(&'static str, bool, f64)>,
    cents: i64,
}

fn written() -> impl Strategy<Value = Written> {
    let told = || select(&TOLD[..]);
    let weights = vec((told(), -3.0..3.0_f64), 0..6);
    let rule = proptest::option::of((prop_oneof![told(), Just(SHARED)], any::<bool>(), 0.0..6.0_f64));
    (weights, rule, 50..900_i64).prop_map(|(weights, rule, cents)| Written { weights, rule, cents })
}

fn catalogue(features: &Arc<feature::Catalogue>, offers: &[Written]) -> Catalogue {
    let declarations = declarations(features);
    let offer = |(number, written): (usize, &Written)| {
        let mut by_slot = vec![0.0; features.definitions().len()];
        for (told, weight) in &written.weights {
            by_slot[features.slot(told).unwrap()] += weight;
        }
        let rule = written.rule.map(|(told, above, than)| {
            let relation = if above { ">=" } else { "<" };
            let source = format!("feature.{told} {relation} {than:.3}");
            Expression::compile(&source, &declarations).unwrap()
        });
        Offer {
            id: OfferId::parse(&format!("offer-{number}")).unwrap(),
            title: "An offer".to_owned(),
            campaign: 0,
            benefits: [1, 2].map(|times| Benefit::Amount(Cents(written.cents * times))).to_vec(),
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
            rules: Rules { applicability: rule, ..Rules::default() },
            scorecard: Scorecard {
                redeem: Weights { intercept: -2.0, by_slot: vec![0.0; features.definitions().len()] },
                uplift: Weights { intercept: -1.0, by_slot },
            },
        }
    };
    Catalogue {
        version: CatalogueVersion(Digest([0; 32])),
        shop: Shop {
            name: "Shop".to_owned(),
            currency: Currency::new("EUR").unwrap(),
            zone: Zone::utc(),
            zone_name: "UTC".to_owned(),
            accounts: Accounts::default(),
            places: None,
            points: None,
        },
        schemas: Arc::new(Schemas::built_in()),
        features: Arc::clone(features),
        contact_policy: ContactPolicy { caps: Vec::new(), reissue_days: 14, expiring_days: None },
        holdout: Holdout { basis_points: 0, salt: 1 },
        economics: Economics {
            margins: Margins { default_basis_points: 2_500, by_category: BTreeMap::new() },
            default_basket_cents: 3_000.0,
            channel_cost_cents: [0.0; 3],
            attention_cost_cents: 2.0,
            exploration: 0.1,
        },
        cart: CartPolicy::default(),
        campaigns: vec![Campaign {
            id: CampaignId::parse("campaign").unwrap(),
            name: "Campaign".to_owned(),
            goal: "sell".to_owned(),
            hypothesis: "it sells".to_owned(),
            starts_at: Timestamp(0),
            ends_at: Timestamp(i64::MAX),
            is_paused: false,
            budget: Cents(100_000),
            holdout_basis_points: 0,
            reversals: crate::offer::ReversalPolicy::default(),
            limits: UseLimits::default(),
            points: None,
        }],
        offers: offers.iter().enumerate().map(offer).collect(),
        triggers: Vec::new(),
        segments: Segments::default(),
    }
}

/// A shop with one offer that anybody is given.
pub(crate) fn plain() -> Catalogue {
    let offer = Written { weights: Vec::new(), rule: None, cents: 200 };
    let mut catalogue = catalogue(&Arc::new(features()), &[offer]);
    catalogue.economics.exploration = 0.0;
    catalogue.offers.iter_mut().for_each(|offer| offer.scorecard.uplift.intercept = 3.0);
    catalogue
}

/// Asks about somebody nothing is known of.
pub(crate) fn asked(catalogue: &Catalogue, now: Timestamp, seed: u64) -> Situation<'_> {
    about(catalogue, &State::default(), &catalogue.wanted(now), now, seed)
}

fn about<'a>(
    catalogue: &'a Catalogue,
    state: &State,
    wanted: &Wanted,
    now: Timestamp,
    seed: u64,
) -> Situation<'a> {
    let grants = Grants::new(Purpose::ALL);
    let view = view(&[state], &catalogue.features, &grants, now, wanted);
    Situation {
        id: DecisionId::from_bytes([2; 16]),
        now,
        seed,
        ask: Ask { channel: Channel::Web, placement: "cart".to_owned(), cart: None, issue: Issue::Now },
        person: Person {
            profile: ProfileId::from_bytes([1; 16]),
            drawn_as: ProfileId::from_bytes([1; 16]),
            grants,
            view,
            contacts: Vec::new(),
            used: BTreeMap::new(),
            household: BTreeMap::new(),
            ran_out: BTreeMap::new(),
        },
        standing: Standing {
            budgets: [(0, BudgetUse { used: Cents(0), cap: Cents(100_000) })].into(),
            issued: BTreeMap::new(),
        },
        catalogue,
    }
}

/// Tells the most somebody can get who did this, and what it is worth on average, in cents.
fn earns<'a>(catalogue: &Catalogue, acts: impl Iterator<Item = &'a Act>, wanted: &Wanted) -> (i64, f64) {
    let mut state = State::default();
    acts.for_each(|act| act.fold(&mut state, &catalogue.features));
    worth(&decide(about(catalogue, &state, wanted, NOW, 7)), catalogue)
}

fn worth(decision: &Decision, catalogue: &Catalogue) -> (i64, f64) {
    let mut most = 0;
    let mut mean = 0.0;
    for candidate in &decision.candidates {
        let Some(drawn) = candidate.drawn.filter(|_| 0.0 < candidate.probability) else { continue };
        let cents = catalogue.offers[drawn.offer].benefits[drawn.benefit].maximum().0;
        most = most.max(cents);
        mean += candidate.probability * f64::from(i32::try_from(cents).unwrap());
    }
    (most, mean)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn hesitating_again_never_raises_what_one_can_earn(
        (browsing, hesitating) in session(),
        again in vec((any::<Index>(), 1..20_i64), 1..12),
        offers in vec(written(), 1..5),
    ) {
        let features = Arc::new(features());
        let catalogue = catalogue(&features, &offers);
        let wanted = catalogue.wanted(NOW);
        let again: Vec<Act> =
            again.iter().map(|(which, minutes_ago)| Act { minutes_ago: *minutes_ago, ..which.get(&hesitating).clone() }).collect();
        let once = earns(&catalogue, browsing.iter().chain(&hesitating), &wanted);
        let repeated = earns(&catalogue, browsing.iter().chain(&hesitating).chain(&again), &wanted);
        prop_assert!(repeated.0 <= once.0 && repeated.1 <= once.1, "{repeated:?} after {once:?}");
    }
}

/// Hears of everything how often it happened, as somebody does who looks at a person's features.
#[test]
fn a_decision_that_counts_hesitation_is_caught() {
    let features = Arc::new(features());
    let offer = Written { weights: Vec::new(), rule: Some(("own_count", true, 3.0)), cents: 200 };
    let catalogue = catalogue(&features, &[offer]);
    let hesitates = Act { minutes_ago: 3, event: "Hesitated", zone: "shipping", ms: 4_000 };
    let [once, thrice] = [1, 3].map(|times| vec![hesitates.clone(); times]);
    let counting = Wanted::all();
    assert!(earns(&catalogue, once.iter(), &counting).0 < earns(&catalogue, thrice.iter(), &counting).0);
    let wanted = catalogue.wanted(NOW);
    assert_eq!(earns(&catalogue, once.iter(), &wanted), earns(&catalogue, thrice.iter(), &wanted));
}

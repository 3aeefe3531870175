//! What a decision takes on disk: at most 2 KiB for twenty candidates, so that every one can be kept.

use wink_core::decision::{Decision, Removed, Verdict};
use wink_core::offer::Channel;
use wink_record::Stored;
use wink_server::flow::decide;
use wink_server::flow::ingest::ingest;
use wink_sim::SimStore;

use super::counter::{IDS, MONDAY, Offer, Shop, later, open, question, wait};
use super::said;

const RECORD_BYTES_MAX: usize = 2_048;

/// Twenty categories as a grocery calls them.
const CATEGORIES: [&str; 20] = [
    "SOFT DRINKS",
    "BEEF",
    "FLUID MILK PRODUCTS",
    "CHEESE",
    "FRZN MEAT/MEAT DINNERS",
    "BAG SNACKS",
    "BAKED BREAD/BUNS/ROLLS",
    "FROZEN PIZZA",
    "COLD CEREAL",
    "LUNCHMEAT",
    "YOGURT",
    "EGGS",
    "PORK",
    "ICE CREAM/MILK/SHERBTS",
    "COFFEE",
    "TEAS",
    "CANDY - PACKAGED",
    "SOUP",
    "DELI MEATS",
    "VEGETABLES - SHELF STABLE",
];

/// Decides for somebody who bought in all categories last week, with twenty candidates: an offer and a campaign for each category.
fn decide_among_twenty(change: impl Fn(usize, &mut Offer)) -> (Decision, usize) {
    let offers = (0..20)
        .map(|number| {
            let mut offer =
                Offer::new(&format!("spring-{number:02}"), "{ percent = 12.5, at_most = \"3.00\" }");
            offer.categories = vec![CATEGORIES[number].to_owned()];
            change(number, &mut offer);
            offer
        })
        .collect();
    let shop = Shop { exploration: 0.05, caps: vec![(1, 14), (9, 28)], ..Shop::selling(offers) };
    let engine = wait(open(SimStore::new(), &shop, MONDAY)).unwrap();
    let mut messages = said::allows_all("anna", MONDAY);
    for day in 0..7 {
        let lines = CATEGORIES.map(|category| (category, 137 + day));
        messages.push(said::buys(&format!("m-{day}"), "anna", &lines, later(MONDAY, 1 + 1_440 * day)));
    }
    let now = later(MONDAY, 10 * 1_440 + 17);
    for message in &mut messages {
        message.at = now;
    }
    wait(ingest(&engine, &IDS, messages)).unwrap();
    let mut question = question(1, "anna", Channel::Newsletter, now);
    question.seed = u64::MAX;
    question.ask.placement = "newsletter-hero-teaser".to_owned();
    let decision = wait(decide::ask(&engine, &question)).unwrap().unwrap();
    let bytes = decision.to_bytes();
    assert_eq!(Decision::from_bytes(&bytes).unwrap(), decision);
    (decision, bytes.len())
}

#[test]
fn twenty_candidates_each_removed_by_a_rule_with_its_nearest_miss_fit() {
    let (decision, bytes) = decide_among_twenty(|number, offer| {
        let rule = format!(
            "feature.category_affinity[\"{}\"] > 0.5 && feature.recency_days <= 84",
            CATEGORIES[number]
        );
        offer.rules = vec![("suitability".to_owned(), rule)];
    });
    let missed =
        decision.candidates.iter().filter(|one| matches!(one.removed, Some(Removed::Rule { .. }))).count();
    assert_eq!((missed, decision.candidates.len(), decision.verdict), (20, 21, Verdict::Nothing));
    assert!(bytes <= RECORD_BYTES_MAX, "{bytes} bytes");
}

#[test]
fn twenty_scored_candidates_fit() {
    let (decision, bytes) = decide_among_twenty(|number, offer| {
        offer.uplift = 1.0 / (number as f64 + 3.0);
        let rule = format!("feature.category_affinity[\"{}\"] > 0.001", CATEGORIES[number]);
        offer.rules = vec![("suitability".to_owned(), rule)];
    });
    let scored =
        decision.candidates.iter().filter(|one| one.removed.is_none() && one.score.is_some()).count();
    assert_eq!(scored, 21);
    assert!(bytes <= RECORD_BYTES_MAX, "{bytes} bytes");
}

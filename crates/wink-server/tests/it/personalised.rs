//! Whoever is given a reduction by a decision is told that it was personalised: with every offer, in every rendering, and never without one.

use serde_json::{Value as Json, json};
use wink_api::DecisionView;
use wink_core::base::{Chance, Timestamp};
use wink_core::decision::{Decision, Verdict};
use wink_core::offer::Channel;
use wink_core::offer::price_law::PriceNotice;
use wink_core::offer::wording::{Language, lint};
use wink_server::Engine;
use wink_server::flow::decide::try_out;
use wink_server::flow::ingest::ingest;
use wink_sim::SimStore;

use super::counter::{IDS, MONDAY, Offer, Shop, later, open, question, wait, waiting};
use super::evidence::{asked, seed, tell};
use super::said;

const PEOPLE: u64 = 40;

/// A shop that gives amounts and shares, draws by lot, holds people out, and has an offer for one channel only.
fn shop() -> Engine<SimStore> {
    let of = |name: &str, benefits: &[&str]| Offer {
        benefits: benefits.iter().map(|benefit| (*benefit).to_owned()).collect(),
        holdout_percent: 20,
        ..Offer::new(name, "")
    };
    let amounts = of("tea", &["{ amount = \"1.00\" }", "{ amount = \"2.00\" }"]);
    let shares = of("cake", &["{ percent = 10, at_most = \"3.00\" }", "{ amount = \"0.50\" }"]);
    let mail = Offer { channels: vec!["newsletter".to_owned()], ..of("mail", &["{ amount = \"1.50\" }"]) };
    let shop = Shop { exploration: 0.5, ..Shop::selling(vec![amounts, shares, mail]) };
    let engine = wait(open(SimStore::new(), &shop, MONDAY)).unwrap();
    // One in eight allows nothing.
    let people = (0..PEOPLE).filter(|person| person % 8 != 7);
    let all = people.flat_map(|person| said::allows_all(&format!("person-{person}"), MONDAY)).collect();
    wait(ingest(&engine, &IDS, all)).unwrap();
    let nothing = (0..PEOPLE).filter(|person| person % 8 == 7);
    let no = nothing.map(|person| {
        let name = format!("person-{person}");
        said::consents(&format!("no-{person}"), &name, "personalisation", "denied", MONDAY)
    });
    wait(ingest(&engine, &IDS, no.collect())).unwrap();
    engine
}

fn drawn(engine: &Engine<SimStore>, chance: &mut Chance, number: u64) -> Option<Decision> {
    let [who, channel, issue, seed, more, ..] = chance.bytes();
    let person = format!("person-{}", u64::from(who) % PEOPLE);
    let now: Timestamp = later(MONDAY, 1 + i64::from(seed));
    let channel = Channel::ALL[usize::from(channel) % 3];
    let mut question = match issue % 2 {
        0 => question(number, &person, channel, now),
        _ => waiting(number, &person, 600, now),
    };
    question.ask.channel = channel;
    question.seed = u64::from(seed) << 8 | u64::from(more);
    wait(try_out(engine, &question)).unwrap()
}

#[test]
fn every_offer_says_that_it_was_personalised() {
    let (wanted, seed) = (asked("WINK_TEST_DECISIONS", 3_000), seed());
    let engine = shop();
    let catalogue = engine.catalogue().unwrap();
    let mut chance = Chance::new(seed, "rendered decisions");
    let (mut offers, mut others) = (0_u64, 0_u64);
    let notice = json!({ "de": PriceNotice::PERSONALISED.german, "en": PriceNotice::PERSONALISED.english });
    for number in 0..wanted {
        let Some(decision) = drawn(&engine, &mut chance, number) else { panic!("everybody is known") };
        let explained = number % 50 == 0;
        let view = DecisionView::new(&decision, &catalogue, None, explained);
        let rendered: Json = serde_json::to_value(&view).unwrap();
        if matches!(decision.verdict, Verdict::Offer(_)) {
            offers += 1;
            assert_eq!(rendered["price_notice"], notice, "{rendered}");
        } else {
            others += 1;
            assert!(rendered.get("price_notice").is_none(), "{rendered}");
        }
    }
    assert!(wanted / 4 < offers && wanted / 20 < others, "{offers} offers and {others} others");
    for (text, language) in [("de", Language::German), ("en", Language::English)] {
        assert_eq!(lint(notice[text].as_str().unwrap(), &[language]), []);
    }
    let counts = [("decisions", wanted), ("offers", offers), ("without_an_offer", others), ("seed", seed)];
    tell("I35", "personalised_price_notice", &counts.map(|(name, count)| (name, count.to_string())));
}

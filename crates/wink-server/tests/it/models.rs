//! The models of a shop: who is learned from, who is scored, and that a score is read like anything else that is known of somebody.

use std::sync::atomic::{AtomicI64, Ordering};

use wink_core::base::Timestamp;
use wink_core::decision::Verdict;
use wink_core::measure::{Card, ClvCard, Grid, Model, Settings, train};
use wink_core::offer::Channel;
use wink_server::flow::ingest::{Received, ingest};
use wink_server::flow::segments::sizes;
use wink_server::flow::{decide, erase, models};
use wink_server::{Engine, Error, report};
use wink_sim::SimStore;
use wink_store::Store;

use super::audit::audit;
use super::counter::{IDS, MONDAY, Offer, Shop, later, open, question, tell, wait};
use super::said;

const PEOPLE: u64 = 90;

/// The day on which models are fitted.
const DAY: i64 = 360;

const SETTINGS: Settings = Settings {
    model: Model::BgNbd,
    horizon_days: 30,
    value_days: 365,
    discount: 0.1,
    margin: 0.3,
    hold_out_days: Some(60),
    penalty: 0.0,
};

fn person(number: u64) -> String {
    format!("p{number}")
}

/// People who buy at a pace of their own, each third until they leave early. The last one has granted nothing.
fn told() -> Vec<Received> {
    let mut messages = Vec::new();
    for number in 0..PEOPLE {
        let name = person(number);
        if number + 1 < PEOPLE {
            messages.extend(said::allows_all(&name, MONDAY));
        }
        let pace = 15 + i64::try_from(number * 37 % 120).unwrap();
        let leaves = if number % 3 == 0 { 40 + pace * 2 } else { DAY };
        let mut day = 1 + i64::try_from(number % 50).unwrap();
        while day < leaves.min(DAY) {
            let id = format!("{name}-{day}");
            let cents = 900 + i64::try_from(number * 13 % 700).unwrap() + day % 90;
            messages.push(said::buys(&id, &name, &[("TEA", cents)], MONDAY.plus_days(day)));
            day += pace + day * 7 % 11;
        }
    }
    messages
}

fn shop() -> Shop {
    let rules = vec![("eligibility".to_owned(), "feature.score_purchase >= 0.0".to_owned())];
    let segments = "[[segments]]\nid = \"scored\"\ntitle = \"scored\"\nrule = 'feature.score_churn >= 0.0'\npurpose = \"newsletter\"\n";
    let offer = Offer { rules, per_person: 99, ..Offer::new("tea", "{ amount = \"1.00\" }") };
    Shop { segments: segments.to_owned(), ..Shop::selling(vec![offer]) }
}

fn opened() -> Engine<SimStore> {
    let engine = wait(open(SimStore::new(), &shop(), MONDAY)).unwrap();
    for message in told().chunks(50) {
        wait(ingest(&engine, &IDS, message.to_vec())).unwrap();
    }
    engine
}

/// Fits a model and keeps it; its card, and how many people were scored.
fn fit<S: Store>(engine: &Engine<S>, now: Timestamp) -> (ClvCard, u64) {
    let (known, purchases) = wait(models::load(engine, &|| now, |_| {})).unwrap();
    let trained = train(purchases, known.not_granted, SETTINGS, known.version, now).unwrap();
    let scored = wait(models::keep(
        engine,
        &known,
        &Card::Clv(trained.card.clone()),
        &trained.scores,
        &|| now,
        |_| {},
    ))
    .unwrap();
    (trained.card, scored)
}

fn is_offered<S: Store>(engine: &Engine<S>, number: u64, who: u64, now: Timestamp) -> bool {
    let asked = question(number, &person(who), Channel::Web, now);
    let decision = wait(decide::ask(engine, &asked)).unwrap().unwrap();
    matches!(decision.verdict, Verdict::Offer(_))
}

fn members<S: Store>(engine: &Engine<S>) -> u64 {
    wait(sizes::one(engine, "scored")).unwrap().members
}

fn grid<S: Store>(engine: &Engine<S>, now: Timestamp) -> (u64, u64) {
    let grid = Grid::new(vec![0.2, 0.5], vec![0.5]).unwrap();
    let grid = wait(models::count(engine, grid, now)).unwrap();
    (grid.cells().map(|(_, _, people)| people).sum(), grid.not_known())
}

#[test]
fn scores_are_read_by_rules_segments_and_replays() {
    let engine = opened();
    let now = MONDAY.plus_days(DAY);
    assert!(!is_offered(&engine, 1, 7, now), "nobody has a score yet");
    assert_eq!((members(&engine), grid(&engine, now)), (0, (0, PEOPLE)));
    let (card, scored) = fit(&engine, now);
    assert_eq!((card.version, card.customers, card.not_granted, scored), (1, PEOPLE - 1, 1, PEOPLE - 1));
    assert!(card.hold_out.is_ok(), "{card:?}");
    assert_eq!(members(&engine), PEOPLE - 1, "they came in with the commit that scored them");
    assert_eq!(grid(&engine, now), (PEOPLE - 1, 1));
    assert!(is_offered(&engine, 2, 7, now));
    // Five weeks later the score is too old to be read. Somebody else is asked about: who let an offer run out waits for the next in any case.
    assert!(!is_offered(&engine, 3, 8, now.plus_days(36)));
    let replayed = wait(report::replay::verify(&engine, |_| {})).unwrap();
    assert_eq!((replayed.decisions, replayed.same), (3, 3));
    audit(&engine).unwrap();
    // A second model replaces the scores, and the list keeps both.
    let (second, _) = fit(&engine, now.plus_days(36));
    assert_eq!((second.version, second.input), (2, card.input), "nobody bought meanwhile");
    let cards = wait(models::cards(&engine)).unwrap();
    assert_eq!(cards, [Card::Clv(card), Card::Clv(second)]);
    assert!(is_offered(&engine, 4, 8, now.plus_days(36)));
    audit(&engine).unwrap();
}

#[test]
fn who_withdraws_is_neither_learned_from_nor_read_and_who_is_erased_is_gone() {
    let engine = opened();
    let now = MONDAY.plus_days(DAY);
    fit(&engine, now);
    let no = said::consents("no", &person(7), "personalisation", "withdrawn", now);
    wait(tell(&engine, no)).unwrap();
    assert!(!is_offered(&engine, 1, 7, now.plus_days(1)));
    let gone = wait(erase::find(&engine, &said::identity(&person(8)))).unwrap().unwrap();
    wait(erase::erase(&engine, gone, now)).unwrap();
    assert_eq!(grid(&engine, now), (PEOPLE - 3, 2));
    let (card, scored) = fit(&engine, now.plus_days(1));
    assert_eq!((card.customers, card.not_granted, scored), (PEOPLE - 3, 2, PEOPLE - 3));
    audit(&engine).unwrap();
}

#[test]
fn who_withdraws_while_a_model_is_fitted_is_not_scored_and_two_fits_do_not_mix() {
    let engine = opened();
    let now = MONDAY.plus_days(DAY);
    let (known, purchases) = wait(models::load(&engine, &|| now, |_| {})).unwrap();
    let trained = train(purchases, known.not_granted, SETTINGS, known.version, now).unwrap();
    let no = said::consents("no", &person(7), "personalisation", "withdrawn", later(now, 1));
    wait(tell(&engine, no)).unwrap();
    // The run begins before the word, and goes on for longer.
    let looks = AtomicI64::new(0);
    let passing = || later(now, looks.fetch_add(1, Ordering::SeqCst));
    let (card, scores) = (Card::Clv(trained.card), trained.scores);
    assert_eq!(wait(models::keep(&engine, &known, &card, &scores, &passing, |_| {})).unwrap(), PEOPLE - 2);
    let again = wait(models::keep(&engine, &known, &card, &scores, &|| now, |_| {}));
    assert!(matches!(again, Err(Error::Contended)), "{again:?}");
    assert_eq!(wait(models::cards(&engine)).unwrap().len(), 1);
    audit(&engine).unwrap();
}

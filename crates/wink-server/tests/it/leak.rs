//! Nothing of the past knows of the future: what was told of somebody when nothing later had arrived is told for ever, whatever comes,
//! late or not. Each pair of an instant and a later message of the same person is a probe.

use wink_core::base::{Timestamp, Value};
use wink_core::feature::View;
use wink_server::flow::as_of::{Question, as_of};
use wink_server::flow::ingest::{Received, ingest};
use wink_sim::SimStore;
use wink_sim::shop::Draw;

use super::as_of::by_event_time;
use super::counter::{IDS, MINUTE_MS, MONDAY, Offer, Shop, later, open, wait};
use super::said;

/// Seconds; `WINK_TEST_PROBES` asks for more before a release.
const PROBES: usize = 2_000;

/// Messages of a history: enough that most instants have some before them and some after.
const MESSAGES: usize = 60;

/// The most a message is on its way, in minutes: beyond what counts as late.
const ON_ITS_WAY_MAX: f64 = 5.0 * 1_440.0;

const PEOPLE: [&str; 2] = ["anna", "bea"];

fn number(name: &str, otherwise: usize) -> usize {
    std::env::var(name).map_or(otherwise, |text| text.parse().unwrap())
}

/// Messages by arrival. A third of them happened earlier, mostly before other instants.
fn history(draw: &mut Draw) -> Vec<Received> {
    let mut at = MONDAY;
    let mut message = |place: usize| {
        at = Timestamp(at.0 + minutes(draw.exponential(300.0)) + 1);
        let away = if draw.says(0.33) { minutes(draw.between(1.0, ON_ITS_WAY_MAX)) } else { 0 };
        let happened = Timestamp((at.0 - away).max(MONDAY.0));
        let (id, person) = (format!("m-{place}"), draw.pick(&PEOPLE).unwrap());
        let cents = i64::try_from(100 + draw.below(9_000)).unwrap();
        let product = Value::Text(format!("p-{}", draw.below(7)));
        let told = match draw.below(4) {
            0 => said::buys(&id, person, &[("TEA", cents), ("MILK", 250)], happened),
            1 => said::message(&id, person, "Page", Vec::new(), happened),
            2 => said::message(&id, person, "Page Engaged", vec![("dwell_ms", Value::Int(cents))], happened),
            _ => {
                let looked = vec![("product_id", product), ("price_cents", Value::Int(cents))];
                said::message(&id, person, "Product Viewed", looked, happened)
            }
        };
        said::arriving(told, at)
    };
    (0..MESSAGES).map(&mut message).collect()
}

#[expect(clippy::cast_possible_truncation, reason = "minutes of a few days")]
fn minutes(minutes: f64) -> i64 {
    minutes as i64 * MINUTE_MS
}

/// What one history showed.
#[derive(Default)]
struct Probed {
    /// Instants at which somebody looked.
    instants: usize,
    /// Pairs of an instant and a message of the same person that arrived after it.
    probes: usize,
    /// Those whose message had happened before the instant: only its arrival keeps it out.
    late: usize,
    /// Instants at which the mistake in [`by_event_time`] tells something else.
    caught: usize,
}

/// Looks while messages come in, with nothing later there, and again when all have come.
fn probe(seed: u64) -> Probed {
    let mut draw = Draw::new(seed, "leaks");
    let engine =
        wait(open(SimStore::new(), &Shop::selling(vec![Offer::new("tea", "{ amount = \"1.00\" }")]), MONDAY))
            .unwrap();
    let allowed = PEOPLE.into_iter().flat_map(|person| said::allows_all(person, MONDAY));
    wait(ingest(&engine, &IDS, allowed.collect())).unwrap();
    let told = history(&mut draw);
    let ask = |questions: &[Question]| {
        let mut answers: Vec<Option<View>> = vec![None; questions.len()];
        let now = later(told[MESSAGES - 1].at, 60);
        wait(as_of(&engine, questions, now, |place, view| answers[place] = Some(view.clone()))).unwrap();
        answers
    };
    let (mut questions, mut then) = (Vec::new(), Vec::new());
    for (place, message) in told.iter().enumerate() {
        wait(ingest(&engine, &IDS, vec![message.clone()])).unwrap();
        if draw.says(0.5) {
            // A message is known at the very millisecond it arrives, and the next one is not a millisecond before.
            let next = told.get(place + 1).filter(|_| draw.says(0.5));
            let at = next.map_or(message.at, |next| Timestamp(next.at.0 - 1));
            let question = Question { identity: said::identity(draw.pick(&PEOPLE).unwrap()), at };
            then.extend(ask(std::slice::from_ref(&question)));
            questions.push(question);
        }
    }
    assert_eq!(ask(&questions), then, "seed {seed}");
    let mut probed = Probed { instants: questions.len(), ..Probed::default() };
    for (question, view) in questions.iter().zip(&then) {
        let of_person = |message: &&Received| message.envelope.identities[0] == question.identity;
        let after = told.iter().filter(of_person).filter(|message| question.at < message.at);
        let happened_before = |message: &&Received| message.envelope.original_at.unwrap() <= question.at;
        probed.probes += after.clone().count();
        probed.late += after.filter(happened_before).count();
        probed.caught += usize::from(Some(by_event_time(&engine, &told, question)) != *view);
    }
    probed
}

#[test]
fn what_arrives_after_an_instant_never_changes_what_was_known_at_it() {
    let (wanted, seed) = (number("WINK_TEST_PROBES", PROBES), number("WINK_TEST_SEED", 1));
    let mut sum = Probed::default();
    for seed in (seed..).map(|seed| u64::try_from(seed).unwrap()) {
        let Probed { instants, probes, late, caught } = probe(seed);
        sum.instants += instants;
        sum.probes += probes;
        sum.late += late;
        sum.caught += caught;
        if wanted <= sum.probes {
            break;
        }
    }
    let Probed { instants, probes, late, caught } = sum;
    println!("{probes} probes at {instants} instants, {late} of them late; the mistake is seen at {caught}");
    // Both kinds of future were tried. Whoever lets the second in is caught, and only where there was something to let in.
    assert!(probes / 50 < late && instants / 20 < caught && caught < instants);
}

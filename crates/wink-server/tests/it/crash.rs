//! Power cuts in the middle of everything: what was acknowledged is there, the sums hold, and doing it all again ends where it would have ended.

use std::sync::Arc;

use wink_core::base::{Cents, Chance, CouponId, Digest, EventId, Timestamp};
use wink_core::coupon::{Coupon, Refusal, State};
use wink_core::decision::Decision;
use wink_core::offer::Channel;
use wink_record::Stored;
use wink_server::flow::decide::Question;
use wink_server::flow::ingest::{Answer, Received, ingest};
use wink_server::flow::{decide, erase, expire};
use wink_server::{Engine, Error, Ids, keys, report};
use wink_sim::{Disk, Faults, Mutant, Rate, SimStore};
use wink_store::Store;

use super::audit::audit;
use super::careless::{Careless, Mistake};
use super::counter::{IDS, MONDAY, Offer, Shop, later, open, question, redeem, wait};
use super::said;

type Sim = Careless<SimStore>;

/// One step of a script.
enum Deed {
    Tell(Vec<Received>),
    Ask(Question),
    Redeem { coupon: CouponId, order_id: String, spend: Cents },
    Expire,
    Erase(&'static str),
}

struct Step {
    at: Timestamp,
    deed: Deed,
}

/// What a step was answered.
#[derive(Clone, Debug, PartialEq)]
enum Done {
    Told(Vec<Option<EventId>>),
    Decided(Option<Box<Decision>>),
    Redeemed(Option<Box<Result<Coupon, Refusal>>>),
    Expired,
    Erased,
}

const PEOPLE: [&str; 3] = ["anna", "bea", "cleo"];

/// Who buys comes into the first with their first order; into the other come and from it go those Wink has given something lately.
const SEGMENTS: &str = r#"
[[segments]]
id = "buyers"
title = "Who buys"
rule = "feature.orders_28d >= 1.0"
purpose = "newsletter"

[[segments]]
id = "regulars"
title = "Who buys often and was left alone"
rule = "feature.orders_28d >= 3.0 && feature.contacts_28d < 2.0"
purpose = "personalisation"
"#;

fn shop() -> Shop {
    let tea = Offer {
        budget: "6.00".to_owned(),
        per_person: 9,
        valid_days: 1,
        ..Offer::new("tea", "{ amount = \"2.00\" }")
    };
    let coffee = Offer {
        per_person: 2,
        valid_days: 2,
        total: Some(4),
        holdout_percent: 20,
        ..Offer::new("coffee", "{ amount = \"1.00\" }")
    };
    Shop { exploration: 0.3, segments: SEGMENTS.to_owned(), ..Shop::selling(vec![tea, coffee]) }
}

/// Draws a number below `count`.
fn draw(chance: &mut Chance, count: usize) -> usize {
    let [a, b, c, d, ..] = chance.bytes();
    usize::try_from(u32::from_le_bytes([a, b, c, d])).unwrap() % count
}

/// Writes a script of forty steps: events in small groups with repeats and nonsense, questions, redemptions, expiry, and one erasure.
fn script(seed: u64) -> Vec<Step> {
    let mut chance = Chance::new(seed, "script");
    let mut below = move |count: usize| draw(&mut chance, count);
    let mut asked: Vec<CouponId> = Vec::new();
    let mut said_before: Vec<Received> = Vec::new();
    let mut steps = Vec::new();
    for number in 0..40_usize {
        let at = later(MONDAY, 120 * number as i64);
        let person = PEOPLE[below(3)];
        let deed = match below(25) {
            _ if number < 3 => Deed::Tell(said::allows_all(PEOPLE[number % 3], at)),
            _ if number == 30 && below(2) == 0 => Deed::Erase(person),
            0..=9 => {
                let mut messages = Vec::new();
                for part in 0..1 + below(4) {
                    let id = format!("m-{number}-{part}");
                    let person = PEOPLE[below(3)];
                    messages.push(match below(8) {
                        0 if !said_before.is_empty() => said_before[below(said_before.len())].clone(),
                        1 => said::message(&id, person, "Wishlist Shared", Vec::new(), at),
                        2 => said::consents(
                            &id,
                            person,
                            "personalisation",
                            ["granted", "withdrawn"][below(2)],
                            at,
                        ),
                        _ => said::buys(&id, person, &[("TEA", 100 * (1 + below(9) as i64))], at),
                    });
                }
                said_before.extend(messages.iter().cloned());
                Deed::Tell(messages)
            }
            10..=14 => {
                let question = question(number as u64, person, Channel::ALL[below(3)], at);
                asked.push(CouponId::seeded("coupon", &[&question.id.bytes()]));
                Deed::Ask(question)
            }
            15..=18 if !asked.is_empty() => {
                let coupon = asked[below(asked.len())];
                Deed::Redeem { coupon, order_id: format!("order-{number}"), spend: Cents(500) }
            }
            _ => Deed::Expire,
        };
        steps.push(Step { at, deed });
    }
    steps
}

async fn act(engine: &Engine<Sim>, step: &Step) -> Result<Done, Error> {
    Ok(match &step.deed {
        Deed::Tell(messages) => {
            let answers = ingest(engine, &IDS, messages.clone()).await?;
            let id = |answer| match answer {
                Answer::Accepted(id) | Answer::Duplicate(id) => Some(id),
                Answer::Dead(_) | Answer::Erased => None,
            };
            Done::Told(answers.into_iter().map(id).collect())
        }
        Deed::Ask(question) => Done::Decided(decide::ask(engine, question).await?.map(Box::new)),
        Deed::Redeem { coupon, order_id, spend } => {
            match redeem(engine, *coupon, order_id, *spend, step.at).await {
                Err(Error::NotFound { .. }) => Done::Redeemed(None),
                answer => Done::Redeemed(Some(Box::new(answer?))),
            }
        }
        Deed::Expire => {
            expire::expire_due(engine, &|| step.at).await?;
            Done::Expired
        }
        Deed::Erase(person) => {
            // By profile: after a lost answer the identity may lead nowhere already, with the rest still to be done.
            let profile = IDS.profile(&said::identity(person), step.at)?;
            match erase::erase(engine, profile, step.at).await {
                Ok(_) | Err(Error::NotFound { .. }) => Done::Erased,
                Err(error) => return Err(error),
            }
        }
    })
}

/// A script on its way through several lives.
struct Run {
    steps: Vec<Step>,
    /// What was acknowledged, by step.
    acknowledged: Vec<Option<Done>>,
    /// The furthest step that was tried.
    came_to: usize,
}

impl Run {
    /// Does the script from the beginning; tells how far it came, all of it if nothing crashed.
    fn live(&mut self, engine: &Engine<Sim>) -> Result<usize, String> {
        for number in 0..self.steps.len() {
            let step = &self.steps[number];
            let before = self.acknowledged[number].clone();
            // Nobody erases again who was erased, nor asks again about who was not there: they may have come (back) meanwhile.
            let is_over = match before {
                Some(Done::Erased | Done::Decided(None)) => true,
                Some(Done::Decided(Some(_))) => self.erased_later(number),
                _ => false,
            };
            if is_over {
                continue;
            }
            if let Some(before) = &before {
                self.is_there(engine, number, before)?;
            }
            self.came_to = self.came_to.max(number);
            match wait(act(engine, step)) {
                Ok(done) => self.acknowledged[number] = Some(before.unwrap_or(done)),
                Err(_) => return Ok(number),
            }
        }
        Ok(self.steps.len())
    }

    /// Tells whether somebody was erased after a step, or began to be.
    fn erased_later(&self, number: usize) -> bool {
        let erased = |(at, step): (usize, &Step)| number < at && matches!(step.deed, Deed::Erase(_));
        self.steps.iter().enumerate().take(self.came_to + 1).any(erased)
    }

    /// Looks for what was acknowledged. What an erasure took is not expected to be there.
    fn is_there(&self, engine: &Engine<Sim>, number: usize, before: &Done) -> Result<(), String> {
        if self.erased_later(number) {
            return Ok(());
        }
        let record = |key| wait(engine.store.get(keys::TENANT, &[key])).map(|mut records| records.remove(0));
        let lost = |what: String| Err(format!("step {number}: {what} was acknowledged and is not there"));
        match (before, &self.steps[number].deed) {
            (Done::Told(ids), Deed::Tell(messages)) => {
                for (id, said) in ids.iter().zip(messages).filter_map(|(id, said)| Some((id.as_ref()?, said)))
                {
                    let envelope = &said.envelope;
                    let mark =
                        keys::event_mark(engine.secrets.marks(), &envelope.source, &envelope.message_id);
                    let Ok(marks) = wait(engine.store.marks(keys::TENANT, &[mark])) else { return Ok(()) };
                    if marks[0].as_ref().map(|mark| mark.result.as_slice()) != Some(id.bytes().as_slice()) {
                        return lost(format!("message {}", envelope.message_id));
                    }
                }
            }
            (Done::Decided(Some(decision)), _) => {
                let Ok(found) = record(keys::decision(decision.id)) else { return Ok(()) };
                if found.map(|record| record.bytes) != Some(decision.to_bytes()) {
                    return lost(decision.id.to_string());
                }
            }
            (Done::Redeemed(Some(answer)), _) => {
                let Ok(coupon) = answer.as_ref() else { return Ok(()) };
                let Ok(found) = record(keys::coupon(coupon.id)) else { return Ok(()) };
                if found.map(|record| record.bytes) != Some(coupon.to_bytes()) {
                    return lost(format!("the redemption of {}", coupon.id));
                }
                assert!(matches!(coupon.state, State::Redeemed { .. }));
            }
            _ => {}
        }
        Ok(())
    }
}

/// Plays a script through power cuts at these disk operations, and to its end in a last life without any.
fn play(seed: u64, crashes: &[u64], mutant: Mutant, mistake: Mistake) -> Result<Digest, String> {
    let steps = script(seed);
    let mut run = Run { acknowledged: vec![None; steps.len()], steps, came_to: 0 };
    let mut disk = Disk::default();
    for life in 0..=crashes.len() {
        let faults =
            Faults { seed: seed + life as u64, crash_at: crashes.get(life).copied(), ..Faults::default() };
        let is_last = life == crashes.len();
        let store = Arc::new(SimStore::open(disk, faults, mutant));
        let now = run.steps[run.came_to].at;
        let wrapped = Careless { store: Arc::clone(&store), mistake };
        // A crash while opening is a life that ends early.
        if let Ok(engine) = wait(open(wrapped, &shop(), now)) {
            audit(&engine)?;
            let done = run.live(&engine)?;
            if is_last {
                assert_eq!(done, run.steps.len(), "nothing crashes in the last life");
                audit(&engine)?;
                return wait(report::state_hash::state_hash(&engine)).map_err(|error| error.to_string());
            }
        }
        disk = Arc::into_inner(store).unwrap().kill();
        disk.power_cut(seed + life as u64);
    }
    Err("the last life did not open".to_owned())
}

/// Tells what a crashing run did wrong, compared with an undisturbed one.
fn crash(seed: u64, mutant: Mutant, mistake: Mistake) -> Result<(), String> {
    let undisturbed = play(seed, &[], mutant, mistake)?;
    let mut chance = Chance::new(seed, "crashes");
    let mut below = |count: usize| draw(&mut chance, count) as u64;
    // Two operations for each commit; a run has about fifty.
    let crashes = [below(110), below(60), below(12)];
    let crashed = play(seed, &crashes, mutant, mistake)?;
    if crashed == undisturbed { Ok(()) } else { Err(format!("crashes at {crashes:?} change the state")) }
}

/// The seeds that every sound store passes below.
const SEEDS: std::ops::Range<u64> = 0..60;

/// The seeds of a test run, or many others from the one that `cargo xtask campaign` names in `WINK_TEST_SEED`.
fn seeds() -> std::ops::Range<u64> {
    match std::env::var("WINK_TEST_SEED") {
        Ok(first) => {
            let first: u64 = first.parse().expect("WINK_TEST_SEED is a number");
            first..first + 10 * SEEDS.end
        }
        Err(_) => SEEDS,
    }
}

fn is_caught(mutant: Mutant, mistake: Mistake) -> bool {
    SEEDS.into_iter().any(|seed| crash(seed, mutant, mistake).is_err())
}

#[test]
fn after_power_cuts_nothing_acknowledged_is_lost_and_nothing_counts_twice() {
    for seed in seeds() {
        assert_eq!(crash(seed, Mutant::None, Mistake::None), Ok(()), "seed {seed}");
    }
}

#[test]
fn the_scripts_do_all_there_is_to_do() {
    let mut counts = [0; 5];
    for seed in 0..20 {
        let steps = script(seed);
        let mut run = Run { acknowledged: vec![None; steps.len()], steps, came_to: 0 };
        let wrapped = Careless { store: Arc::new(SimStore::new()), mistake: Mistake::None };
        let engine = wait(open(wrapped, &shop(), MONDAY)).unwrap();
        assert_eq!(run.live(&engine), Ok(run.steps.len()));
        let totals = wait(report::totals::coupons(&engine)).unwrap();
        let erased = run.steps.iter().filter(|step| matches!(step.deed, Deed::Erase(_))).count() as u64;
        let dead = wait(report::totals::balance(&engine)).unwrap().dead.cast_unsigned();
        for (count, more) in
            counts.iter_mut().zip([totals.issued, totals.redeemed, totals.expired, erased, dead])
        {
            *count += more;
        }
    }
    assert!(counts.iter().all(|count| 5 <= *count), "{counts:?}");
}

#[test]
fn a_lost_answer_is_asked_for_so_that_every_flow_ends_in_a_definite_one_and_nothing_is_done_twice() {
    for seed in 0..20 {
        let steps = script(seed);
        let faults = Faults { seed, lost_answers: Rate(300), ..Faults::default() };
        let store = SimStore::open(Disk::default(), faults, Mutant::None);
        let wrapped = Careless { store: Arc::new(store), mistake: Mistake::None };
        let engine = wait(open(wrapped, &shop(), MONDAY)).unwrap();
        for step in &steps {
            wait(act(&engine, step)).unwrap();
        }
        assert_eq!(audit(&engine), Ok(()), "seed {seed}");
        let undisturbed = play(seed, &[], Mutant::None, Mistake::None).unwrap();
        assert_eq!(wait(report::state_hash::state_hash(&engine)).unwrap(), undisturbed, "seed {seed}");
    }
}

#[test]
fn power_cuts_catch_marks_in_a_second_batch() {
    assert!(is_caught(Mutant::None, Mistake::MarksApart));
}

#[test]
fn power_cuts_catch_an_answer_before_the_commit() {
    assert!(is_caught(Mutant::AckBeforeCommit, Mistake::None));
}

#[test]
fn power_cuts_catch_an_answer_before_the_sync() {
    assert!(is_caught(Mutant::AckBeforeSync, Mistake::None));
}

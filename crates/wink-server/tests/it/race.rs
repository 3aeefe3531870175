//! Sixty-four at once: on one budget, one coupon, one person, one message. Whoever wins, the sums hold.

use std::sync::{Arc, Barrier};
use std::thread;

use wink_core::base::Cents;
use wink_core::coupon::{NotAccepted, Refusal, Right, RightState, State};
use wink_core::offer::Channel;
use wink_server::flow::ingest::{Answer, ingest};
use wink_server::flow::{decide, erase, rights};
use wink_server::keys::kind;
use wink_server::{DrawnIds, Engine};
use wink_sim::{Disk, Faults, Mutant, SimStore};
use wink_store::{Lane, Position, Store};
use wink_store_fjall::{FjallStore, Options};

use super::audit::{self, all, audit, coupons};
use super::careless::{Careless, Mistake};
use super::counter::{
    IDS, MONDAY, Offer, Shop, coupon_of, insist, later, open, question, redeem, tell, wait, waiting,
};
use super::said;

pub(crate) const TASKS: usize = 64;

/// Does the same sixty-four times, all released at the same moment.
pub(crate) fn at_once<T: Send>(work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let barrier = Barrier::new(TASKS);
    thread::scope(|scope| {
        let start = |number| {
            let (work, barrier) = (&work, &barrier);
            scope.spawn(move || {
                barrier.wait();
                work(number)
            })
        };
        let tasks: Vec<_> = (0..TASKS).map(start).collect();
        tasks.into_iter().map(|task| task.join().unwrap()).collect()
    })
}

fn engine<S: Store>(store: S, offer: Offer, people: usize) -> Engine<S> {
    let engine = wait(open(store, &Shop::selling(vec![offer]), MONDAY)).unwrap();
    let all = (0..people).flat_map(|person| said::allows_all(&format!("person-{person}"), MONDAY)).collect();
    wait(ingest(&engine, &IDS, all)).unwrap();
    engine
}

/// A budget for exactly twenty coupons, and 128 people who would each get one.
fn one_budget<S: Store>(store: S) -> Result<(), String> {
    let offer = Offer { budget: "20.00".to_owned(), ..Offer::new("tea", "{ amount = \"1.00\" }") };
    let engine = engine(store, offer, 2 * TASKS);
    at_once(|task| {
        for number in [task, task + TASKS] {
            let question =
                question(number as u64, &format!("person-{number}"), Channel::Web, later(MONDAY, 1));
            insist(|| wait(decide::ask(&engine, &question)));
        }
    });
    audit(&engine)?;
    match coupons(&engine).len() {
        20 => Ok(()),
        count => Err(format!("{count} coupons were issued of a budget for 20")),
    }
}

/// One coupon, sixty-four orders.
fn one_coupon<S: Store>(store: S) -> Result<(), String> {
    let engine = engine(store, Offer::new("tea", "{ amount = \"1.00\" }"), 1);
    let decision = wait(decide::ask(&engine, &question(0, "person-0", Channel::Web, later(MONDAY, 1))));
    let coupon = coupon_of(&engine, &decision.unwrap().unwrap()).unwrap();
    let answers = at_once(|task| {
        insist(|| wait(redeem(&engine, coupon, &format!("order-{task}"), Cents(1_000), later(MONDAY, 2))))
    });
    let won: Vec<_> = answers.iter().filter_map(|answer| answer.as_ref().ok()).collect();
    let refused =
        answers.iter().filter(|answer| matches!(answer, Err(Refusal::AlreadyRedeemed { .. }))).count();
    if (won.len(), refused) != (1, TASKS - 1) {
        return Err(format!("{} redeemed one coupon, {refused} were refused", won.len()));
    }
    if coupons(&engine) != [won[0].clone()] || !matches!(won[0].state, State::Redeemed { .. }) {
        return Err("the coupon is not the one that was answered".to_owned());
    }
    audit(&engine)
}

/// One right, sixty-four who accept it, some of them as its time runs out and somebody lets it lapse.
fn one_right<S: Store>(store: S) -> Result<(), String> {
    let engine = engine(store, Offer::new("tea", "{ amount = \"1.00\" }"), 1);
    let decision =
        wait(decide::ask(&engine, &waiting(0, "person-0", 60, later(MONDAY, 1)))).unwrap().unwrap();
    let (in_time, over) = (later(MONDAY, 1), later(MONDAY, 2));
    let answers = at_once(|task| match task % 4 {
        0 => {
            insist(|| wait(rights::lapse_due(&engine, over)));
            None
        }
        _ => Some(insist(|| wait(rights::accept(&engine, decision.id, in_time)))),
    });
    let answers: Vec<_> = answers.into_iter().flatten().collect();
    // Either side may win, but only one does, and everybody is told so.
    let told = &answers[0];
    if let Some(other) = answers.iter().find(|answer| answer != &told) {
        return Err(format!("one was told {told:?}, another {other:?}"));
    }
    let (coupons, rights) = (coupons(&engine), audit::rights(&engine));
    let is_accepted = matches!(rights[..], [Right { state: RightState::Accepted { .. }, .. }]);
    match told {
        Ok(coupon) if coupons == [coupon.clone()] && is_accepted => audit(&engine),
        Err(NotAccepted::Lapsed { .. }) if coupons.is_empty() && !is_accepted => audit(&engine),
        _ => Err(format!("told {told:?}, but there is {coupons:?} of {rights:?}")),
    }
}

/// Sixty-four accept one right at the same moment.
fn one_acceptance<S: Store>(store: S) -> Result<(), String> {
    let engine = engine(store, Offer::new("tea", "{ amount = \"1.00\" }"), 1);
    let now = later(MONDAY, 1);
    let decision = wait(decide::ask(&engine, &waiting(0, "person-0", 60, now))).unwrap().unwrap();
    let answers = at_once(|_| insist(|| wait(rights::accept(&engine, decision.id, now))));
    let Ok(coupon) = &answers[0] else { return Err(format!("{:?}", answers[0])) };
    if let Some(other) = answers.iter().find(|answer| answer != &&answers[0]) {
        return Err(format!("one was told {coupon:?}, another {other:?}"));
    }
    if coupons(&engine) != [coupon.clone()] {
        return Err(format!("told {coupon:?}, but there is {:?}", coupons(&engine)));
    }
    audit(&engine)
}

/// One person who may have three.
fn one_person<S: Store>(store: S) -> Result<(), String> {
    let engine = engine(store, Offer { per_person: 3, ..Offer::new("tea", "{ amount = \"1.00\" }") }, 1);
    at_once(|task| {
        let question = question(task as u64, "person-0", Channel::Newsletter, later(MONDAY, 1));
        insist(|| wait(decide::ask(&engine, &question)))
    });
    match coupons(&engine).len() {
        3 => audit(&engine),
        count => Err(format!("{count} coupons for a person who may have 3")),
    }
}

/// One order that sixty-four tills send.
fn one_message<S: Store>(store: S) -> Result<(), String> {
    let engine = engine(store, Offer::new("tea", "{ amount = \"1.00\" }"), 1);
    let answers = at_once(|_| {
        insist(|| wait(tell(&engine, said::buys("m", "person-0", &[("TEA", 500)], later(MONDAY, 1)))))
    });
    let accepted = answers.iter().filter(|answer| matches!(answer, Answer::Accepted(_))).count();
    let duplicate = answers.iter().filter(|answer| matches!(answer, Answer::Duplicate(_))).count();
    if (accepted, duplicate) != (1, TASKS - 1) {
        return Err(format!("{accepted} accepted and {duplicate} duplicates of one message"));
    }
    audit(&engine)
}

/// Sixteen people withdraw while each is asked about three times: behind a withdrawal in the lane there is no offer.
fn one_withdrawal<S: Store>(store: S) -> Result<(), String> {
    let engine =
        engine(store, Offer { per_person: 9, ..Offer::new("tea", "{ amount = \"1.00\" }") }, TASKS / 4);
    at_once(|task| {
        let person = format!("person-{}", task / 4);
        let now = later(MONDAY, 1);
        if task % 4 == 0 {
            let no = |purpose: &str| {
                said::consents(&format!("no-{task}-{purpose}"), &person, purpose, "withdrawn", now)
            };
            let answer = insist(|| wait(tell(&engine, no("personalisation"))));
            assert!(matches!(answer, Answer::Accepted(_)), "{answer:?}");
        } else {
            insist(|| wait(decide::ask(&engine, &question(task as u64, &person, Channel::Web, now))));
        }
    });
    audit(&engine)
}

/// One person is erased while they buy, are asked about and redeem: whoever was faster, nothing of them is left.
fn one_erasure<S: Store>(store: S) -> Result<(), String> {
    let engine = engine(store, Offer { per_person: 99, ..Offer::new("tea", "{ amount = \"1.00\" }") }, 1);
    let (before, now, end) = (later(MONDAY, 1), later(MONDAY, 2), later(MONDAY, 3));
    let ask = |number: usize, at| {
        insist(|| wait(decide::ask(&engine, &question(number as u64, "person-0", Channel::Web, at))))
    };
    let held: Vec<_> =
        (0..TASKS).map(|number| coupon_of(&engine, &ask(1_000 + number, before).unwrap()).unwrap()).collect();
    let profile = wait(erase::find(&engine, &said::identity("person-0"))).unwrap().unwrap();
    at_once(|task| match task % 4 {
        _ if task == TASKS / 2 => drop(insist(|| wait(erase::erase(&engine, profile, end)))),
        0 | 1 => drop(ask(task, now)),
        2 => {
            let said = said::buys(&format!("m-{task}"), "person-0", &[("TEA", 500)], now);
            drop(insist(|| wait(ingest(&engine, &DrawnIds, vec![said.clone()]))));
        }
        _ => drop(insist(|| wait(redeem(&engine, held[task], &format!("order-{task}"), Cents(900), now)))),
    });
    for kind in [
        kind::PROFILE,
        kind::IDENTITY,
        kind::STATE,
        kind::VAULT,
        kind::VAULT_KEY,
        kind::WALLET,
        kind::DECISION,
        kind::ERASING,
    ] {
        if !all(&engine, kind).is_empty() {
            return Err(format!("records of kind {} are left", kind.0));
        }
    }
    if coupons(&engine).iter().any(|coupon| coupon.profile.is_some() || coupon.state == State::Issued) {
        return Err("a coupon still knows its person".to_owned());
    }
    for lane in Lane::all() {
        let entries = wait(engine.store.read_lane(lane, Position(0), usize::MAX)).unwrap();
        if entries.iter().filter_map(|entry| entry.body.as_ref()).any(|body| body.owner.is_some()) {
            return Err("a journal entry is left".to_owned());
        }
    }
    audit(&engine)
}

pub(crate) fn simulated() -> SimStore {
    // Answers come late by a few turns, so that loading and committing of many interleave.
    SimStore::open(Disk::default(), Faults { seed: 3, delays_max: 2, ..Faults::default() }, Mutant::None)
}

pub(crate) type Race<S> = fn(S) -> Result<(), String>;

pub(crate) fn holds(simulated_race: Race<SimStore>, embedded_race: Race<FjallStore>) {
    assert_eq!(simulated_race(simulated()), Ok(()));
    let directory = tempfile::tempdir().unwrap();
    assert_eq!(embedded_race(FjallStore::open(directory.path(), Options::default()).unwrap()), Ok(()));
}

/// What was answered before has its money already: whoever comes after it in the row is not decided as if it had that twice.
#[test]
fn a_row_that_is_asked_again_goes_on_where_it_ended() {
    let offer = Offer { budget: "2.00".to_owned(), ..Offer::new("tea", "{ amount = \"1.00\" }") };
    let engine = engine(SimStore::new(), offer, 3);
    let ask = |number: u64| question(number, &format!("person-{number}"), Channel::Web, later(MONDAY, 1));
    let first = wait(decide::ask(&engine, &ask(0))).unwrap();
    let row = wait(decide::ask_in_order(&engine, &[ask(0), ask(1), ask(2)])).unwrap();
    assert_eq!(row[0], first);
    let offered: Vec<bool> = row.iter().flatten().map(|decision| decision.offered().is_some()).collect();
    assert_eq!(offered, [true, true, false], "the budget is for two");
    audit(&engine).unwrap();
}

#[test]
fn sixty_four_askers_never_overdraw_one_budget() {
    holds(one_budget, one_budget);
}

#[test]
fn sixty_four_tills_redeem_one_coupon_once() {
    holds(one_coupon, one_coupon);
}

#[test]
fn sixty_four_acceptances_make_one_coupon() {
    holds(one_acceptance, one_acceptance);
}

#[test]
fn a_right_is_accepted_or_lapses_and_never_both() {
    holds(one_right, one_right);
}

#[test]
fn sixty_four_questions_about_one_person_keep_the_limit() {
    holds(one_person, one_person);
}

#[test]
fn sixty_four_copies_of_one_message_count_once() {
    holds(one_message, one_message);
}

#[test]
fn a_withdrawal_stops_every_decision_behind_it() {
    holds(one_withdrawal, one_withdrawal);
}

#[test]
fn an_erasure_among_everything_else_leaves_nothing() {
    holds(one_erasure, one_erasure);
}

/// Races until the mistake shows; a race is chance, two hundred are not, on a machine that has much else to do either.
pub(crate) fn is_caught(race: impl Fn() -> Result<(), String>) -> bool {
    (0..200).any(|_| race().is_err())
}

pub(crate) fn checks_then_acts() -> SimStore {
    SimStore::open(
        Disk::default(),
        Faults { seed: 3, delays_max: 2, ..Faults::default() },
        Mutant::CheckThenAct,
    )
}

pub(crate) fn checks_nothing() -> Careless<SimStore> {
    Careless { store: Arc::new(simulated()), mistake: Mistake::NoChecks }
}

#[test]
fn a_store_that_checks_then_acts_is_caught_by_every_race() {
    assert!(is_caught(|| one_budget(checks_then_acts())), "budget");
    assert!(is_caught(|| one_coupon(checks_then_acts())), "coupon");
    // Acceptances alone do no harm even there: all of them write the same coupon. One that meets a lapse does.
    assert!(is_caught(|| one_right(checks_then_acts())), "right");
    assert!(is_caught(|| one_person(checks_then_acts())), "person");
    assert!(is_caught(|| one_message(checks_then_acts())), "message");
}

#[test]
fn a_flow_that_believes_what_it_read_is_caught() {
    assert!(is_caught(|| one_budget(checks_nothing())), "budget");
    assert!(is_caught(|| one_coupon(checks_nothing())), "coupon");
    assert!(is_caught(|| one_right(checks_nothing())), "right");
    assert!(is_caught(|| one_person(checks_nothing())), "person");
    assert!(is_caught(|| one_withdrawal(checks_nothing())), "withdrawal");
    assert!(is_caught(|| one_erasure(checks_nothing())), "erasure");
}

#[test]
fn the_wrapper_without_a_mistake_passes() {
    let sound = || Careless { store: Arc::new(simulated()), mistake: Mistake::None };
    assert_eq!(one_budget(sound()), Ok(()));
    assert_eq!(one_coupon(sound()), Ok(()));
}

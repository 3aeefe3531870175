//! The result of a campaign, from the decisions to the statement: people whose doings are known, and a second reckoning of what they come to.

use std::sync::Arc;

use serde_json::json;
use wink_core::base::{Cents, ProfileId, Timestamp, Value};
use wink_core::decision::Verdict;
use wink_core::event::Identity;
use wink_core::measure::{Lots, Rule};
use wink_core::offer::Channel;
use wink_server::access::Role;
use wink_server::flow::decide::{self, Question};
use wink_server::flow::erase;
use wink_server::flow::ingest::{Received, ingest};
use wink_server::flow::links::{Linked, link};
use wink_server::report::result::{self, CampaignResult};
use wink_server::{Engine, Error};
use wink_sim::SimStore;

use super::api::{self, Api};
use super::counter::{IDS, MONDAY, Offer, Shop, coupon_of, open, question, redeem, wait};
use super::said;

const PEOPLE: u64 = 240;
/// What the coupon takes off.
const COUPON: i64 = 100;
/// The shop's margin, and what one message of the newsletter costs, as the test's shop has them.
const MARGIN: f64 = 0.3;
const MESSAGE: f64 = 0.5;

type Here = Engine<Arc<SimStore>>;

fn day(number: i64) -> Timestamp {
    MONDAY.plus_days(number)
}

fn shop() -> Shop {
    let tea = Offer { holdout_percent: 30, ..Offer::new("tea", "{ amount = \"1.00\" }") };
    Shop::selling(vec![tea])
}

fn empty() -> Here {
    let store = Arc::new(SimStore::new());
    wait(open(store, &shop(), day(-30))).unwrap()
}

fn send(engine: &Here, messages: Vec<Received>) {
    wait(ingest(engine, &IDS, messages)).unwrap();
}

fn refunded(id: &str, person: &str, order: &str, at: Timestamp) -> Received {
    said::message(id, person, "Order Refunded", vec![("order_id", Value::Text(order.to_owned()))], at)
}

/// Lets one person live through the campaign. Tells whether they were held out, and what they contributed in the 28 days, by hand.
fn live(engine: &Here, number: u64) -> (bool, f64) {
    let person = format!("person-{number}");
    send(engine, said::allows_all(&person, day(-20)));
    let buys_anyway = number.is_multiple_of(3);
    if buys_anyway {
        let before = i64::try_from(500 * (1 + number % 4)).unwrap();
        send(engine, vec![said::buys(&format!("before-{number}"), &person, &[("TEA", before)], day(-10))]);
    }
    let asked = question(number, &person, Channel::Newsletter, MONDAY);
    let decision = wait(decide::ask(engine, &asked)).unwrap().unwrap();
    let held_out = matches!(decision.verdict, Verdict::HeldOut(_));
    let coupon = coupon_of(engine, &decision);
    assert_eq!(coupon.is_none(), held_out, "everybody is offered it or held out");
    let contacts = if held_out { 0.0 } else { MESSAGE };
    // Who would not have bought buys because of the coupon, one in three.
    if !buys_anyway && (held_out || number % 3 == 2) {
        return (held_out, -contacts);
    }
    let shelf = i64::try_from(1_500 + 10 * (number % 50)).unwrap();
    let (name, at) = (format!("in-{number}"), day(5 + i64::try_from(number % 20).unwrap()));
    let order = format!("order-{name}");
    let taken_off = match coupon {
        Some(coupon) => {
            wait(redeem(engine, coupon, &order, Cents(shelf), at)).unwrap().unwrap();
            COUPON
        }
        None => 0,
    };
    send(engine, vec![said::buys(&name, &person, &[("TEA", shelf - taken_off)], at)]);
    let comes_back = number.is_multiple_of(12);
    if comes_back {
        send(engine, vec![refunded(&format!("back-{number}"), &person, &order, day(40))]);
    }
    let goods = (1.0 - MARGIN) * shelf as f64;
    let contributed = (shelf - taken_off) as f64 - goods;
    (held_out, if comes_back { 0.0 } else { contributed } - contacts)
}

fn read(engine: &Here, now: Timestamp) -> CampaignResult {
    wait(result::read(engine, "tea", now, |_| ())).unwrap()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn profile(engine: &Here, number: u64) -> ProfileId {
    wait(erase::find(engine, &said::identity(&format!("person-{number}")))).unwrap().unwrap()
}

#[test]
fn the_statement_is_what_people_did() {
    let engine = empty();
    let lives: Vec<(bool, f64)> = (0..PEOPLE).map(|number| live(&engine, number)).collect();
    let arm = |wanted: bool| -> Vec<f64> {
        lives.iter().filter(|(held_out, _)| *held_out == wanted).map(|(_, cents)| *cents).collect()
    };
    let (offered, held_out) = (arm(false), arm(true));
    assert!(30 <= held_out.len() && 30 <= offered.len(), "{} {}", held_out.len(), offered.len());

    let found = read(&engine, day(60));
    let measured = found.arms().map(|arm| usize::try_from(arm.measured()).unwrap());
    assert_eq!(measured, [offered.len(), held_out.len()]);
    let increment = found.statement.increment.clone().unwrap();
    let truth = mean(&offered) - mean(&held_out);
    assert!((increment.plain.estimate - truth).abs() < 1e-6, "{increment:?} {truth}");
    assert!((increment.since.unwrap().estimate - truth).abs() < 1e-6, "nothing happened on the first day");
    let at_the_end = found.statement.course.last().unwrap();
    assert_eq!(at_the_end.0, 28);
    assert!((at_the_end.1.estimate - truth).abs() < 1e-6, "what each message cost is in it: {at_the_end:?}");
    let total = found.statement.total.unwrap().estimate;
    assert!((total - increment.told.estimate * offered.len() as f64).abs() < 1e-6, "{total}");
    let redeemers =
        lives.iter().zip(0..).filter(|((held_out, _), number)| !held_out && number % 3 != 2).count();
    let given = COUPON * i64::try_from(redeemers).unwrap();
    assert_eq!((found.coupons.given, found.coupons.returned), (Cents(given), Cents::ZERO));
    assert!((found.tally.offered.discount - given as f64).abs() < 1e-6);
    assert!(matches!(&found.statement.lots, Lots::Tested(ratio) if !ratio.is_mismatch()));

    the_answer_names_nobody(&engine, &found);
    an_erased_person_is_in_no_arm_and_their_coupon_stays_paid(&engine, &found, &lives);
}

fn the_answer_names_nobody(engine: &Here, found: &CampaignResult) {
    let view = serde_json::to_string(&found.view()).unwrap();
    for number in 0..PEOPLE {
        let id = profile(engine, number).to_string();
        assert!(!view.contains(&id) && !view.contains(&format!("person-{number}")), "{view}");
    }
    assert!(view.contains("\"default_margin\":1.0") && view.contains("no cost of goods is known"), "{view}");
}

fn an_erased_person_is_in_no_arm_and_their_coupon_stays_paid(
    engine: &Here,
    before: &CampaignResult,
    lives: &[(bool, f64)],
) {
    let redeemer = (0..PEOPLE)
        .zip(lives)
        .find(|(number, (held_out, _))| number.is_multiple_of(3) && !held_out)
        .unwrap()
        .0;
    wait(erase::erase(engine, profile(engine, redeemer), day(60))).unwrap();
    let after = read(engine, day(61));
    assert_eq!(after.tally.offered.assigned, before.tally.offered.assigned - 1);
    assert_eq!(after.tally.held_out, before.tally.held_out);
    assert_eq!(after.coupons, before.coupons);
    assert!((before.tally.offered.discount - after.tally.offered.discount - COUPON as f64).abs() < 1e-6);
}

#[test]
fn what_is_not_over_or_not_there_is_said() {
    let engine = empty();
    let nobody = read(&engine, day(60)).view();
    assert_eq!((nobody.offered.assigned, nobody.advice.action.as_str()), (0, "wait"));
    (0..20).for_each(|number| {
        live(&engine, number);
    });
    // The window of somebody assigned on day 0 ends with day 28.
    let open = read(&engine, day(28));
    assert_eq!(open.arms().map(|arm| arm.measured()), [0, 0]);
    assert_eq!(open.statement.advice, Rule::NotEnoughData);
    assert!(open.view().notes[0].contains("28 days of 20 people are not over"), "{:?}", open.view().notes);
    let few = read(&engine, day(29)).view();
    assert_eq!(few.offered.measured + few.held_out.measured, 20);
    assert!(few.increment.not_said.unwrap().contains("at least 30 are needed"));
    assert_eq!((few.offered.contribution_cents, few.held_out.bought), (None, None), "too few to be shown");
    let missing = wait(result::read(&engine, "coffee", day(60), |_| ()));
    assert!(matches!(missing, Err(Error::NotFound { what: "campaign", .. })));
}

/// Asks about somebody who is known by a device only, so that two of them may turn out to be one person.
fn ask_on_device(engine: &Here, number: u64) -> ProfileId {
    let device = Identity::new("device", &format!("d-{number}")).unwrap();
    let on_device = |mut received: Received| {
        received.envelope.identities = vec![device.clone()];
        received
    };
    send(engine, said::allows_all(&format!("d-{number}"), day(-20)).into_iter().map(on_device).collect());
    let asked =
        Question { identity: device.clone(), ..question(number, "somebody", Channel::Newsletter, MONDAY) };
    wait(decide::ask(engine, &asked)).unwrap().unwrap();
    wait(erase::find(engine, &device)).unwrap().unwrap()
}

#[test]
fn profiles_that_are_one_person_count_once() {
    let engine = empty();
    let [one, other] = [0, 1].map(|number| ask_on_device(&engine, number));
    let people = || read(&engine, day(60)).arms().map(|arm| arm.assigned).iter().sum::<u64>();
    assert_eq!(people(), 2);
    assert!(matches!(wait(link(&engine, one, other, "shop", day(50))).unwrap(), Linked::Done(_)));
    assert_eq!(people(), 1);
}

#[test]
fn a_share_that_was_changed_is_neither_tested_nor_advised_upon() {
    let engine = empty();
    for number in 0..3 {
        live(&engine, number);
    }
    let mut files = shop().files();
    let campaign = files.get_mut("campaigns/tea.toml").unwrap();
    *campaign = campaign.replace("holdout_percent = 30", "holdout_percent = 10");
    let compiled = wink_server::catalogue::compile(&files).unwrap();
    wait(wink_server::flow::catalogue::apply(&engine, compiled, files, day(3))).unwrap();
    let found = read(&engine, day(60));
    assert_eq!((&found.statement.lots, found.statement.advice), (&Lots::ShareChanged, Rule::ShareChanged));
    let view = found.view();
    assert_eq!(view.advice.action, "wait");
    assert!(view.notes[0].contains("the share to be held out was changed"), "{:?}", view.notes);
}

#[test]
fn the_result_is_answered_over_http_to_those_who_may_see_it() {
    let api = Api::of_a_shop();
    let keys = [Role::Shop, Role::Marketer].map(|role| format!("Bearer {}", api.key(role)));
    let get = |key: &str, path: &str| api.send("GET", path, &[("authorization", key)], "");
    let asked = [("authorization", keys[0].as_str())];
    let decided = api.send("POST", "/v1/decisions", &asked, &api::question("anna").to_string());
    assert_eq!(decided.json()["decision"]["verdict"], "offer", "{decided:?}");
    let found = get(&keys[1], "/v1/campaigns/tea/result").json();
    assert_eq!((&found["offered"]["assigned"], &found["held_out"]["assigned"]), (&json!(1), &json!(0)));
    assert_eq!((&found["currency"], &found["advice"]["action"]), (&json!("EUR"), &json!("wait")));
    assert_eq!(found["lots"]["not_said"], "the campaign holds nobody out");
    assert_eq!(get(&keys[0], "/v1/campaigns/tea/result").code(), "role_missing");
    assert_eq!(get(&keys[1], "/v1/campaigns/coffee/result").status, 404);
}

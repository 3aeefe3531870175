//! T2 for coupons: the server is killed at each system call of a script that issues, reserves, redeems and takes back. Started again and told the same
//! under the same keys, it says what it said, and every coupon ends as if nothing had happened.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::client::Client;
use crate::sample::{self, batch, joins, question};
use crate::traced::{journal_only, start};
use crate::wink::{Server, verified};

/// Coupons whose whole life is told.
const COUPONS: usize = 2;

/// What is asked for each: issue, reserve, redeem, take back.
const STEPS: usize = 4;

/// What was answered, by idempotency key.
type Answers = BTreeMap<String, String>;

/// Tells a server the whole script, until it is told or the server is gone.
fn tell(server: &Server) -> Answers {
    let mut answers = Answers::new();
    let Ok(mut client) = Client::connect(server.address) else { return answers };
    for place in 0..COUPONS {
        if life(&mut client, place, &mut answers).is_none() {
            break;
        }
    }
    answers
}

/// One coupon, from its person's consent to its redemption being taken back. Nothing once the server is gone.
fn life(client: &mut Client, place: usize, answers: &mut Answers) -> Option<()> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    // Somebody may be held out, or be given nothing for once.
    let mut people = 0..;
    let (person, coupon) = loop {
        let person = format!("person-{place}-{}", people.next()?);
        client.post("/v1/events", &batch(&joins(&person))).ok()?;
        let decided = ask(client, answers, &format!("issue-{person}"), "/v1/decisions", &question(&person))?;
        if let Some(coupon) = text(&decided["decision"]["coupon"]) {
            break (person, coupon);
        }
    };
    let line = json!({ "id": "1", "product_id": "p-tea", "category": "TEA", "quantity": 1, "unit_price_cents": 1_500 });
    let (order, cart) = (format!("order-{place}"), json!({ "lines": [line] }));
    let mut step =
        |step: &str, path: &str, body: &Value| ask(client, answers, &format!("{step}-{person}"), path, body);
    step("reserve", &format!("/v1/coupons/{coupon}/reserve"), &json!({ "order_id": order, "cart": cart }))?;
    let paid =
        step("redeem", "/v1/redemptions", &json!({ "coupons": [coupon], "order_id": order, "cart": cart }))?;
    let redemption = text(&paid["coupons"][0]["redemption"])?;
    step("reverse", &format!("/v1/redemptions/{redemption}/reversals"), &json!({ "reason": "cancel" }))?;
    Some(())
}

/// Asks under a key, and keeps what was answered.
fn ask(client: &mut Client, answers: &mut Answers, key: &str, path: &str, body: &Value) -> Option<Value> {
    let reply = client.send_with("POST", path, &[("idempotency-key", key)], &body.to_string()).ok()?;
    assert_eq!(reply.status, 200, "{path}: {reply:?}");
    let answer = reply.json();
    answers.insert(key.to_owned(), reply.body);
    Some(answer)
}

/// How many lives were told to their ends.
fn whole(answers: &Answers) -> usize {
    answers.keys().filter(|key| key.starts_with("reverse-")).count()
}

/// What every coupon of the script is at the end, with how often it was redeemed.
fn ends(server: &Server, answers: &Answers) -> Vec<(String, usize)> {
    let mut client = Client::connect(server.address).unwrap();
    let issued = answers.iter().filter(|(key, _)| key.starts_with("reserve-"));
    let end = |(_, body): (&String, &String)| {
        let held: Value = serde_json::from_str(body).unwrap();
        let path = format!("/v1/coupons/{}", held["id"].as_str().unwrap());
        let coupon = client.send("GET", &path, "").unwrap().json();
        (coupon["state"].to_string(), coupon["redemptions"].as_array().unwrap().len())
    };
    issued.map(end).collect()
}

/// Kills the server at its nth call, for every nth until the script survives.
fn kill_at_each(calls: &str, options: impl Fn(&std::path::Path) -> Vec<String>) {
    let (mut points, mut acknowledged) = (0, 0);
    loop {
        let store = tempfile::tempdir().unwrap();
        sample::open_shop(store.path());
        let inject = format!("inject={calls}:signal=KILL:when={}", points + 1);
        let options = [vec!["-e".to_owned(), inject], options(store.path())].concat();
        let told = match start(store.path(), &options) {
            Ok(traced) => {
                let told = tell(&traced.server);
                traced.server.kill();
                told
            }
            // Killed before it listened.
            Err(said) => {
                assert_eq!(said.code, None, "{said:?}");
                Answers::new()
            }
        };
        verified(store.path());
        let server = Server::start(store.path());
        let again = tell(&server);
        let case = format!("killed at call {} of {calls}, after {} answers", points + 1, told.len());
        assert_eq!(whole(&again), COUPONS, "{case}");
        for (key, answer) in &told {
            assert_eq!(again.get(key), Some(answer), "{case}: {key} is answered as before");
        }
        assert_eq!(ends(&server, &again), vec![("\"issued\"".to_owned(), 1); COUPONS], "{case}");
        server.stop().fine();
        verified(store.path());
        if whole(&told) == COUPONS {
            break;
        }
        points += 1;
        acknowledged += told.len();
    }
    println!("{calls}: killed at {points} points, {acknowledged} acknowledged steps all there");
    assert!(COUPONS * STEPS <= points, "only {points} points: the commits were not among them");
}

#[test]
fn crash_coupons_killed_before_any_write_to_the_journal_go_on_where_they_were() {
    kill_at_each("write", |store| journal_only(store).to_vec());
}

#[test]
fn crash_coupons_killed_between_write_and_sync_go_on_where_they_were() {
    kill_at_each("fdatasync", |store| journal_only(store).to_vec());
}

#[test]
fn crash_coupons_killed_between_sync_and_answer_go_on_where_they_were() {
    // One thread answers all clients, so that its calls are counted through.
    kill_at_each("writev,sendto,sendmsg", |_| ["-E", "TOKIO_WORKER_THREADS=1"].map(str::to_owned).to_vec());
}

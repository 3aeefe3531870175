//! Tills that cannot ask: leases out of the budget, what two tills took of one coupon, reports in any order and again, and the day's end.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value as Json, json};
use wink_code::{Asked, Given, Keys, OrderLine, decide, read_lease};
use wink_core::base::{CampaignId, Cents, CouponId, LeaseId, RedemptionId, TillId, Timestamp};
use wink_core::coupon::{Account, Entry, LeaseAsked, Part, Redemption, Taken};
use wink_core::offer::Channel;
use wink_record::{MessageType, Stored as _};
use wink_server::access::Role;
use wink_server::flow::decide::ask;
use wink_server::flow::erase::erase;
use wink_server::flow::ingest::ingest;
use wink_server::flow::tills::leases::{self, Answer};
use wink_server::flow::tills::sync;
use wink_server::keys::{self as stored, TENANT, entry};
use wink_server::report::verify::verify;
use wink_server::{Engine, Error, catalogue, flow};
use wink_sim::{Faults, Mutant, SimStore};
use wink_store::{Batch, BatchId, Change, Home, Lane, Outcome, Position, Store as _};

use super::api::{self, Api, question};
use super::audit::{all, audit, coupons, owed as owed_by, redemptions};
use super::counter::{self, IDS, MONDAY, Offer, Shop, kill, later, open, secrets, wait};
use super::said;
use super::webhooks::register;

type Till = Api<SimStore>;

/// The clock of [`Api`] at its beginning, in the seconds of a till.
fn seconds() -> u32 {
    u32::try_from(later(MONDAY, 60).0 / 1_000).unwrap()
}

/// A shop with one campaign, its budget, and people with a coupon of 1.00 each.
fn shop_of(budget: &str, people: &[&str]) -> (Till, Vec<String>, Vec<String>) {
    let store = Arc::new(SimStore::new());
    let offer = Offer { budget: budget.to_owned(), ..Offer::new("tea", "{ amount = \"1.00\" }") };
    let engine = wait(open(store.clone(), &Shop::selling(vec![offer]), MONDAY)).unwrap();
    let allowed: Vec<_> = people.iter().map(|name| said::allows_all(name, MONDAY)).collect();
    wait(ingest(&engine, &IDS, allowed.concat())).unwrap();
    let api = Api::over(store);
    let key = api.key(Role::Shop);
    let coupon = |person: &&str| {
        let answer = api.ask(&key, "POST", "/v1/decisions", &question(person)).json();
        answer["decision"]["coupon"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    };
    let coupons: Vec<String> = people.iter().map(coupon).collect();
    let payload = |coupon: &String| {
        let shown = api.ask(&key, "GET", &format!("/v1/coupons/{coupon}/code"), &Json::Null).json();
        shown["payload"].as_str().unwrap().to_owned()
    };
    let payloads = coupons.iter().map(payload).collect();
    (api, coupons, payloads)
}

fn lease(api: &Till, key: &str, till: &str, cents: i64) -> api::Answer {
    let asked =
        json!({ "campaign": "tea", "count_max": 5, "cents_max": cents, "hours": 24, "takes_paper": true });
    api.ask(key, "POST", &format!("/v1/tills/{till}/leases"), &asked)
}

fn keys(api: &Till, key: &str) -> Keys {
    let listed = api.ask(key, "GET", "/v1/tills/keys", &Json::Null).json();
    let bytes =
        |listed: &Json| URL_SAFE_NO_PAD.decode(listed["key"].as_str().unwrap()).unwrap().try_into().unwrap();
    Keys::new(listed["data"].as_array().unwrap().iter().map(bytes))
}

/// A till takes a coupon by what it has: lease, keys, and what it took before.
fn takes(lease: &Json, keys: &Keys, given: &mut Vec<Given>, payload: &str, second: u32) -> Json {
    let signed = read_lease(lease["signed"].as_str().unwrap(), keys).unwrap();
    let line = |line: &str, cents, rate| OrderLine {
        line: line.to_owned(),
        categories: vec![],
        quantity: 1,
        cents,
        vat_basis_points: Some(rate),
    };
    let lines = [line("1", 300, 700), line("2", 900, 1_900)];
    let order = format!("{}-{second}", signed.till);
    let asked = Asked {
        payload,
        till: &signed.till,
        store: &signed.store,
        order: &order,
        lines: &lines,
        now: seconds() + second,
    };
    let one = decide(&signed, keys, given, &asked).unwrap();
    given.push(one.clone());
    let lines = one.lines.iter().map(|line| {
        json!({
            "line": line.line, "quantity": line.quantity, "amount_cents": line.cents,
            "vat_basis_points": line.vat_basis_points,
        })
    });
    json!({
        "lease": LeaseId::from_bytes(one.lease).to_string(),
        "number": one.number,
        "coupon": CouponId::from_bytes(one.coupon).to_string(),
        "order_id": one.order,
        "at": Timestamp(i64::from(one.at) * 1_000).to_string(),
        "amount_cents": one.cents,
        "lines": lines.collect::<Vec<_>>(),
    })
}

fn synced(api: &Till, key: &str, till: &str, taken: &[Json]) -> Vec<String> {
    let answer = api.ask(key, "POST", &format!("/v1/tills/{till}/sync"), &json!({ "taken": taken }));
    let answer = answer.json();
    let said = |one: &Json| {
        format!("{} {}", one["outcome"].as_str().unwrap(), one["reason"].as_str().unwrap_or_default())
            .trim()
            .to_owned()
    };
    answer["taken"].as_array().unwrap_or_else(|| panic!("{answer}")).iter().map(said).collect()
}

fn sound(api: &Till) {
    let engine = wait(Engine::open_tenant(api.store.clone(), TENANT, secrets(), MONDAY)).unwrap();
    let verified = wait(verify(&engine)).unwrap();
    assert_eq!(verified.findings, Vec::<String>::new());
}

fn owed(api: &Till, key: &str) -> i64 {
    let budget = api.ask(key, "GET", "/v1/budgets/tea", &Json::Null).json();
    budget["used_cents"].as_i64().unwrap_or_else(|| panic!("{budget}"))
}

#[test]
fn a_lease_leaves_the_budget_at_once_and_comes_back_when_nobody_is_heard_of() {
    let (api, _, _) = shop_of("10.00", &["anna", "berta"]);
    let (shop, manager) = (api.key(Role::Shop), api.key(Role::Marketer));
    assert_eq!(owed(&api, &manager), 200, "two coupons");
    let granted = lease(&api, &shop, "till-1", 700);
    assert_eq!(granted.status, 200, "{granted:?}");
    assert_eq!(owed(&api, &manager), 900);
    assert_eq!(lease(&api, &shop, "till-1", 700).json()["id"], granted.json()["id"], "the same again");
    assert_eq!(lease(&api, &shop, "till-1", 600).code(), "lease_open");
    assert_eq!(lease(&api, &shop, "till-2", 101).code(), "no_room");
    assert_eq!(lease(&api, &shop, "till-2", 100).status, 200);
    for (field, value) in [("count_max", json!(0)), ("cents_max", json!(0)), ("hours", json!(169))] {
        let mut asked = json!({ "campaign": "tea", "count_max": 5, "cents_max": 1, "hours": 24 });
        asked[field] = value;
        assert_eq!(api.ask(&shop, "POST", "/v1/tills/till-3/leases", &asked).status, 422, "{field}");
    }
    sound(&api);
    let engine = wait(Engine::open_tenant(api.store.clone(), TENANT, secrets(), MONDAY)).unwrap();
    let due = |days| later(MONDAY, 61).plus_days(days);
    assert_eq!(wait(leases::close_due(&engine, due(7))).unwrap(), 0, "a day, and a week of grace");
    assert_eq!(wait(leases::close_due(&engine, due(8))).unwrap(), 2);
    assert_eq!(wait(leases::close_due(&engine, due(9))).unwrap(), 0);
    assert_eq!(owed(&api, &manager), 200);
    sound(&api);
}

#[test]
fn a_coupon_that_two_tills_took_counts_once_and_the_loss_is_the_leases_whoever_reports_first() {
    let mut results = Vec::new();
    for order in [[0, 1, 2, 0, 1], [2, 1, 0, 0, 2], [1, 2, 1, 0, 0]] {
        let (api, _, payloads) = shop_of("20.00", &["anna", "berta"]);
        let (shop, manager) = (api.key(Role::Shop), api.key(Role::Marketer));
        let keys = keys(&api, &shop);
        let tills = ["till-1", "till-2", "till-3"];
        let leases: Vec<Json> = tills.iter().map(|till| lease(&api, &shop, till, 300).json()).collect();
        let mut logs: Vec<Vec<Json>> = Vec::new();
        // Anna shows her coupon at all three; the second was first.
        for (place, second) in [(0, 90), (1, 30), (2, 60)] {
            let mut given = Vec::new();
            let mut log = vec![takes(&leases[place], &keys, &mut given, &payloads[0], second)];
            if place == 2 {
                log.push(takes(&leases[place], &keys, &mut given, &payloads[1], second + 1));
            }
            logs.push(log);
        }
        api.pass_minutes(5);
        for place in order {
            synced(&api, &shop, tills[place], &logs[place]);
            assert!(owed(&api, &manager) <= 2_000);
        }
        let said: Vec<Vec<String>> =
            (0..3).map(|place| synced(&api, &shop, tills[place], &logs[place])).collect();
        assert_eq!(
            said,
            [vec!["loss used_offline"], vec!["redeemed"], vec!["loss used_offline", "redeemed"]]
        );
        for till in tills {
            let open = api.ask(&shop, "GET", &format!("/v1/tills/{till}/leases"), &Json::Null).json();
            let id = open["data"][0]["id"].clone();
            let back =
                api.ask(&shop, "POST", &format!("/v1/tills/{till}/sync"), &json!({ "returned": [id] }));
            assert_eq!(back.json()["returned"][0]["held_cents"], 0, "{back:?}");
        }
        // Four times 1.00 was given, twice of it as a loss; nothing else is owed.
        assert_eq!(owed(&api, &manager), 400);
        sound(&api);
        results.push(days(&api, &shop, &tills));
    }
    assert_eq!(results[0], results[1]);
    assert_eq!(results[0], results[2]);
}

fn days(api: &Till, key: &str, tills: &[&str]) -> Vec<Json> {
    let day =
        |till: &&str| api.ask(key, "GET", &format!("/v1/tills/{till}/days/2026-03-02"), &Json::Null).json();
    tills.iter().map(day).collect()
}

#[test]
fn a_coupon_that_was_used_with_the_server_is_a_loss_and_what_no_lease_covers_is_told_and_not_paid() {
    let (api, coupons, payloads) = shop_of("20.00", &["anna", "berta"]);
    let (shop, manager) = (api.key(Role::Shop), api.key(Role::Marketer));
    let granted = lease(&api, &shop, "till-1", 500).json();
    let (keys, mut given) = (keys(&api, &shop), Vec::new());
    let annas = takes(&granted, &keys, &mut given, &payloads[0], 10);
    let bertas = takes(&granted, &keys, &mut given, &payloads[1], 20);
    let cart = json!({ "lines": [{ "id": "1", "product_id": "p", "quantity": 1, "unit_price_cents": 500 }] });
    let asked = json!({ "coupons": [coupons[0]], "order_id": "o-1", "cart": cart }).to_string();
    let bearer = format!("Bearer {shop}");
    let headers = [("authorization", bearer.as_str()), ("idempotency-key", "k-1")];
    assert_eq!(api.send("POST", "/v1/redemptions", &headers, &asked).status, 200);
    api.pass_minutes(5);
    assert_eq!(synced(&api, &shop, "till-1", std::slice::from_ref(&annas)), ["loss used_before"]);
    // The same number with something else in it, and a lease of another till.
    let mut other = annas.clone();
    other["order_id"] = json!("another");
    assert_eq!(synced(&api, &shop, "till-1", &[other]), ["refused number_taken"]);
    assert_eq!(synced(&api, &shop, "till-2", std::slice::from_ref(&bertas)), ["refused lease_unknown"]);
    let change = |field: &str, value: Json| {
        let mut changed = bertas.clone();
        changed["number"] = json!(4);
        changed[field] = value;
        changed
    };
    let beyond = change("number", json!(6));
    assert_eq!(synced(&api, &shop, "till-1", &[beyond]), ["unbacked lease_full"]);
    let late = change("at", json!("2026-03-05T00:00:00Z"));
    assert_eq!(synced(&api, &shop, "till-1", &[late]), ["unbacked outside_lease"]);
    let nobody = CouponId::from_bytes([9; 16]).to_string();
    let mut unknown = change("coupon", json!(nobody));
    unknown["number"] = json!(3);
    assert_eq!(synced(&api, &shop, "till-1", &[unknown]), ["unbacked coupon_unknown"]);
    let mut again = annas.clone();
    again["number"] = json!(5);
    assert_eq!(synced(&api, &shop, "till-1", &[again]), ["unbacked taken_here"]);
    // What cannot be read keeps nothing else from being heard.
    let wrong = [change("amount_cents", json!(99)), change("order_id", json!("")), annas.clone()];
    let said = ["refused malformed", "refused malformed", "loss used_before"];
    assert_eq!(synced(&api, &shop, "till-1", &wrong), said);
    let answer = api.ask(&shop, "POST", "/v1/tills/till-1/sync", &json!({ "taken": wrong })).json();
    assert_eq!(
        answer["taken"][0]["why"],
        "amount_cents: the lines must add up to it, and to more than nothing"
    );
    assert_eq!(owed(&api, &manager), 100 + 100 + 500, "berta's coupon, anna's redemption, the lease");
    let day = &days(&api, &shop, &["till-1"])[0];
    assert_eq!(
        (&day["losses"]["cents"], &day["losses_by_reason"][0]["reason"]),
        (&json!(100), &json!("used_before"))
    );
    let unbacked = day["unbacked"].as_array().unwrap();
    let reasons: Vec<&str> = unbacked.iter().map(|one| one["reason"].as_str().unwrap()).collect();
    assert_eq!(reasons, ["coupon_unknown", "taken_here"], "what was outside the lease was on another day");
    assert_eq!(day["open_leases"][0]["unbacked_cents"], 300, "a number that is on no lease is not kept");
    // Renewed: what is left comes back, and as much as before is taken.
    let id = granted["id"].clone();
    let renewed =
        api.ask(&shop, "POST", "/v1/tills/till-1/sync", &json!({ "taken": [bertas], "renewed": [id] }));
    let renewed = renewed.json();
    assert_eq!(renewed["taken"][0]["outcome"], "redeemed");
    assert_ne!(renewed["renewed"][0]["id"], granted["id"]);
    assert_eq!(renewed["renewed"][0]["held_cents"], 500);
    assert_eq!(owed(&api, &manager), 300 + 500);
    // Renewed again it is what came in its place; and once that is given back, it is nothing.
    let body = json!({ "renewed": [granted["id"]] });
    let again = api.ask(&shop, "POST", "/v1/tills/till-1/sync", &body).json();
    assert_eq!(again["renewed"][0]["id"], renewed["renewed"][0]["id"], "{again}");
    let back = json!({ "returned": [renewed["renewed"][0]["id"]] });
    assert_eq!(api.ask(&shop, "POST", "/v1/tills/till-1/sync", &back).status, 200);
    let again = api.ask(&shop, "POST", "/v1/tills/till-1/sync", &body).json();
    assert_eq!(
        (again["renewed"].as_array().map(Vec::len), &again["not_renewed"][0]["lease"]),
        (Some(0), &granted["id"])
    );
    assert_eq!(owed(&api, &manager), 300);
    sound(&api);
}

#[test]
fn the_day_of_a_till_sums_to_the_ledger_with_what_it_did_with_the_server_and_without() {
    let (api, coupons, payloads) = shop_of("20.00", &["anna", "berta", "carla"]);
    let (shop, till) = (api.key(Role::Shop), api.key(Role::Till));
    let granted = lease(&api, &shop, "the-till", 300).json();
    assert_eq!(api.ask(&till, "GET", "/v1/tills/the-till/leases", &Json::Null).json()["data"][0], granted);
    for path in ["leases", "days/2026-03-02"] {
        let others = api.ask(&till, "GET", &format!("/v1/tills/other/{path}"), &Json::Null);
        assert_eq!(others.code(), "not_found", "a till sees itself only");
    }
    let (keys, mut given) = (keys(&api, &shop), Vec::new());
    let annas = takes(&granted, &keys, &mut given, &payloads[0], 10);
    let bearer = format!("Bearer {till}");
    let with = |once: &str, path: &str, body: &Json| {
        let headers = [("authorization", bearer.as_str()), ("idempotency-key", once)];
        let answer = api.send("POST", path, &headers, &body.to_string());
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    };
    let line = |id: &str, cents: i64, rate: i64| json!({ "id": id, "product_id": "p", "quantity": 2, "unit_price_cents": cents, "vat_basis_points": rate });
    let cart = json!({ "lines": [line("1", 300, 700), line("2", 100, 1_900)] });
    for (place, order) in [(1, "o-1"), (2, "o-2")] {
        let asked = json!({ "coupons": [coupons[place]], "order_id": order, "cart": cart });
        let used = with(order, "/v1/redemptions", &asked);
        if place == 2 {
            let id = used["coupons"][0]["redemption"].as_str().unwrap();
            let back = json!({ "reason": "refund", "lines": [{ "line": "2" }] });
            with("back", &format!("/v1/redemptions/{id}/reversals"), &back);
        }
    }
    api.pass_minutes(5);
    assert_eq!(synced(&api, &till, "the-till", &[annas]), ["redeemed"]);
    let day = &days(&api, &till, &["the-till"])[0];
    let expected = json!({
        "redemptions": { "count": 3, "cents": 300 }, "reversals": { "count": 1, "cents": 25 },
        "offline": { "count": 1, "cents": 100 }, "losses": { "count": 0, "cents": 0 },
    });
    for (what, sum) in expected.as_object().unwrap() {
        assert_eq!(&day[what], sum, "{what} of {day}");
    }
    // Anna's 1.00 falls 25 : 75, the others' 75 : 25 each.
    assert_eq!(
        day["vat"],
        json!([
            { "vat_basis_points": 700, "discount_cents": 175, "returned_cents": 0, "discount_vat_cents": 11 },
            { "vat_basis_points": 1_900, "discount_cents": 125, "returned_cents": 25, "discount_vat_cents": 16 },
        ])
    );
    let (spent, returned) = ledger(&api);
    assert_eq!((spent, returned), (300 - 25, 25));
    assert_eq!(api.ask(&till, "GET", "/v1/tills/the-till/days/today", &Json::Null).code(), "value_invalid");
    sound(&api);
}

/// A till without a line tells of a use after the coupon's end was told of, or waits to be.
#[test]
fn a_coupon_that_was_used_in_time_is_no_longer_said_to_have_run_out() {
    let (api, _, payloads) = shop_of("20.00", &["anna"]);
    let shop = api.key(Role::Shop);
    let engine = wait(Engine::open_tenant(api.store.clone(), TENANT, secrets(), MONDAY)).unwrap();
    register(&engine, 1, &[MessageType::CouponExpired]);
    let late = 28 * 24 * 60 - 120;
    api.pass_minutes(late);
    let granted = lease(&api, &shop, "till-1", 300).json();
    let second = u32::try_from(late).unwrap() * 60 + 10;
    let taken = takes(&granted, &keys(&api, &shop), &mut Vec::new(), &payloads[0], second);
    api.pass_minutes(24 * 60);
    let now = later(MONDAY, 60 + late + 24 * 60);
    assert_eq!(wait(flow::expire::expire_due(&engine, &|| now)).unwrap(), 1);
    assert_eq!(all(&engine, stored::kind::MESSAGE).len(), 1);
    assert_eq!(synced(&api, &shop, "till-1", &[taken]), ["redeemed"]);
    assert_eq!(all(&engine, stored::kind::MESSAGE).len(), 0);
    sound(&api);
}

/// As many as a batch holds changes: each loss of a coupon is a redemption of it.
#[test]
fn a_coupon_that_a_thousand_leases_paid_for_is_erased() {
    let (api, _, payloads) = shop_of("20.00", &["anna"]);
    let shop = api.key(Role::Shop);
    let granted = lease(&api, &shop, "till-1", 300).json();
    let taken = takes(&granted, &keys(&api, &shop), &mut Vec::new(), &payloads[0], 10);
    api.pass_minutes(5);
    assert_eq!(synced(&api, &shop, "till-1", &[taken]), ["redeemed"]);
    let engine = wait(Engine::open_tenant(api.store.clone(), TENANT, secrets(), MONDAY)).unwrap();
    let (mut coupon, counts) = (coupons(&engine).remove(0), redemptions(&engine).remove(0));
    let losses: Vec<Redemption> = (0..1_000_u32)
        .map(|number| {
            let id = RedemptionId::seeded("one of many", &[&number.to_be_bytes()]);
            Redemption { id, order_id: format!("o-{number}"), ..counts.clone() }
        })
        .collect();
    coupon.redemptions = losses.iter().map(|loss| loss.id).chain([counts.id]).collect();
    let puts = losses.iter().map(|loss| Change::Put(stored::redemption(loss.id), loss.to_bytes()));
    let mut batch = Batch::new(BatchId([9; 16]), TENANT, Home(0));
    batch.changes = puts.chain([Change::Put(stored::coupon(coupon.id), coupon.to_bytes())]).collect();
    assert!(matches!(wait(api.store.commit(batch)), Outcome::Committed { .. }));
    let anna = coupon.profile.unwrap();
    wait(erase(&engine, anna, later(MONDAY, 70))).unwrap();
    let left = redemptions(&engine);
    assert_eq!(left.len(), 1_001);
    assert!(left.iter().all(|one| one.profile.is_none() && one.order_id.is_empty()));
    assert_eq!(coupons(&engine)[0].profile, None);
}

/// A use of a word that was taken back is a coupon like any other: what a lease pays of it is not the word's money, and what came back in part
/// gives no more than that.
#[test]
fn a_words_coupon_that_came_back_is_paid_by_the_lease_and_its_money_goes_back_to_the_word() {
    let word = "public_code = { word = \"SOMMER10\", budget = \"2.00\" }".to_owned();
    let offer =
        Offer { budget: "20.00".to_owned(), more: word, ..Offer::new("tea", "{ amount = \"1.00\" }") };
    let mut files = Shop::selling(vec![offer]).files();
    let campaign = files.get_mut("campaigns/tea.toml").unwrap();
    *campaign = campaign.replace("[[offers]]", "[reversals]\npartial_refund = \"returns\"\n\n[[offers]]");
    let store = Arc::new(SimStore::new());
    let engine = wait(Engine::open(store.clone(), secrets(), MONDAY)).unwrap();
    wait(flow::catalogue::apply(&engine, catalogue::compile(&files).unwrap(), files, MONDAY)).unwrap();
    let people = ["anna", "berta", "carla"].map(|name| said::allows_all(name, MONDAY));
    wait(ingest(&engine, &IDS, people.concat())).unwrap();
    let api = Api::over(store);
    let shop = api.key(Role::Shop);
    let bearer = format!("Bearer {shop}");
    let once = |once: &str, path: &str, body: &Json| {
        let headers = [("authorization", bearer.as_str()), ("idempotency-key", once)];
        api.send("POST", path, &headers, &body.to_string())
    };
    let line = |id: &str, cents: i64| json!({ "id": id, "product_id": "p", "quantity": 1, "unit_price_cents": cents });
    let cart = json!({ "lines": [line("1", 300), line("2", 900)] });
    let uses = |name: &str| {
        let identity = json!({ "namespace": "customer", "value": name });
        let asked = json!({ "coupons": ["SOMMER10"], "identity": identity, "order_id": name, "cart": cart });
        once(name, "/v1/redemptions", &asked)
    };
    let back = |redemption: &Json, body: &Json| {
        let redemption = redemption.as_str().unwrap();
        let answer = once(redemption, &format!("/v1/redemptions/{redemption}/reversals"), body);
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()["reversals"][0]["coupon"].clone()
    };
    let (annas, bertas) = (uses("anna").json(), uses("berta").json());
    assert_eq!(uses("carla").code(), "public_code_used_up");
    let line_back = json!({ "reason": "refund", "lines": [{ "line": "1" }] });
    assert_eq!(back(&annas["coupons"][0]["redemption"], &line_back), "returns");
    assert_eq!(back(&bertas["coupons"][0]["redemption"], &json!({ "reason": "cancel" })), "returns");
    sound(&api);
    let keys = keys(&api, &shop);
    let shown = |coupon: CouponId| {
        let shown = api.ask(&shop, "GET", &format!("/v1/coupons/{coupon}/code"), &Json::Null).json();
        let payload = shown["payload"].as_str().unwrap_or_else(|| panic!("{shown}")).to_owned();
        let most = wink_code::verify(&payload, &keys, seconds() + 5).unwrap().offline_cents_max;
        (most, payload)
    };
    let mut payloads: Vec<(u32, String)> = coupons(&engine).iter().map(|coupon| shown(coupon.id)).collect();
    payloads.sort_unstable();
    assert_eq!(payloads.iter().map(|(most, _)| *most).collect::<Vec<_>>(), [25, 100]);
    let granted = lease(&api, &shop, "till-1", 500).json();
    let taken = takes(&granted, &keys, &mut Vec::new(), &payloads[1].1, 10);
    api.pass_minutes(5);
    let answer = api.ask(&shop, "POST", "/v1/tills/till-1/sync", &json!({ "taken": [taken] })).json();
    assert_eq!(answer["taken"][0]["outcome"], "redeemed", "{answer}");
    sound(&api);
    assert_eq!(back(&answer["taken"][0]["redemption"], &json!({ "reason": "cancel" })), "stays_used");
    sound(&api);
    // Of the word's 2.00 anna's are left: there is room for one more use, and not for two.
    let after = |name: &str| {
        let identity = json!({ "namespace": "customer", "value": name });
        let order = format!("after-{name}");
        let asked = json!({ "coupons": ["SOMMER10"], "identity": identity, "order_id": order, "cart": cart });
        once(&order, "/v1/redemptions", &asked)
    };
    assert_eq!(after("carla").status, 200);
    assert_eq!(after("dora").code(), "public_code_used_up");
    sound(&api);
}

/// What the ledger's entries say was spent and has come back.
fn ledger(api: &Till) -> (i64, i64) {
    let (mut spent, mut returned) = (Cents::ZERO, Cents::ZERO);
    for lane in Lane::all() {
        for found in wait(api.store.read_lane(lane, Position(0), 10_000)).unwrap() {
            let Some(body) = found.body.as_ref().filter(|_| found.header.kind == entry::LEDGER) else {
                continue;
            };
            let moved = Entry::from_bytes(&body.payload).unwrap();
            let signed = |account| {
                let to = if moved.to == account { moved.amount } else { Cents::ZERO };
                let from = if moved.from == account { moved.amount } else { Cents::ZERO };
                to - from
            };
            spent += signed(Account::Spent);
            returned += signed(Account::Returned);
        }
    }
    (spent.0, returned.0)
}

/// A till's whole story, which can be told again from any place: each step that was taken is the same step again.
async fn story<S: wink_store::Store>(engine: &Engine<S>, coupons: &[CouponId]) -> Result<(), Error> {
    let now = later(MONDAY, 70);
    let till = |name: &str| TillId::parse(name).unwrap();
    for (name, minute) in [("till-1", 75), ("till-2", 72)] {
        let asked = LeaseAsked {
            till: till(name),
            store: None,
            campaign: CampaignId::parse("tea").unwrap(),
            offer: None,
            count_max: 2,
            cents_max: Cents(200),
            takes_paper: true,
            expires_at: now.plus_days(1),
        };
        let lease = match leases::list(engine, &asked.till).await?.pop() {
            Some(known) => known,
            None => match leases::grant(engine, &asked, now).await? {
                Answer::Granted(lease) => lease,
                other => panic!("{other:?}"),
            },
        };
        for (number, coupon) in (1..).zip(coupons) {
            let part = Part { line: "1".to_owned(), quantity: 1, amount: Cents(100), vat_basis_points: None };
            let at = later(MONDAY, minute);
            let order_id = format!("{name}-{number}");
            let taken =
                Taken { number, coupon: *coupon, order_id, at, amount: Cents(100), parts: vec![part] };
            let report = sync::Report { lease: lease.id, taken };
            let outcome = sync::hear(engine, &till(name), &report, later(MONDAY, 90)).await?;
            assert!(matches!(outcome, sync::Outcome::Booked(_)), "{outcome:?}");
        }
        sync::give_back(engine, &till(name), &[lease.id], &[], later(MONDAY, 91)).await?;
    }
    Ok(())
}

#[test]
fn crash_between_any_two_operations_of_lease_and_sync_ends_where_it_would_have_ended() {
    let mut crashes = 0;
    for operation in 0.. {
        let store = Arc::new(SimStore::new());
        let offer = Offer::new("tea", "{ amount = \"1.00\" }");
        let engine = wait(open(store.clone(), &Shop::selling(vec![offer]), MONDAY)).unwrap();
        for (number, name) in [(0, "anna"), (1, "berta")] {
            wait(ingest(&engine, &IDS, said::allows_all(name, MONDAY))).unwrap();
            let asked = counter::question(number, name, Channel::Web, later(MONDAY, 1));
            wait(ask(&engine, &asked)).unwrap().unwrap();
        }
        let issued: Vec<CouponId> = coupons(&engine).iter().map(|coupon| coupon.id).collect();
        drop(engine);
        let faults = Faults { crash_at: Some(operation), ..Faults::default() };
        let failing = Arc::new(SimStore::open(kill(store), faults, Mutant::None));
        let finished = wait(async {
            let Ok(engine) = Engine::open(failing.clone(), secrets(), MONDAY).await else { return false };
            story(&engine, &issued).await.is_ok()
        });
        crashes += u32::from(!finished);
        let sound = Arc::new(SimStore::open(kill(failing), Faults::default(), Mutant::None));
        let engine = wait(Engine::open(sound, secrets(), MONDAY)).unwrap();
        assert_eq!(audit(&engine), Ok(()), "after a crash at operation {operation}");
        wait(story(&engine, &issued)).unwrap();
        assert_eq!(audit(&engine), Ok(()), "after a crash at operation {operation}");
        let lost: Cents =
            redemptions(&engine).iter().filter(|one| one.loss().is_some()).map(|one| one.amount).sum();
        let found = (redemptions(&engine).len(), lost, owed_by(&engine, "tea"));
        assert_eq!(found, (4, Cents(200), Cents(400)), "crash at {operation}");
        if finished {
            break;
        }
    }
    assert!(8 <= crashes, "{crashes} crashes tried nothing");
}

/// Leases, reports and days go by the till's name, so a name is one till's.
#[test]
fn a_tills_name_stands_in_one_store() {
    let (api, _, _) = shop_of("10.00", &["anna"]);
    let admin = api.key(Role::Admin);
    let make = |store: &str| {
        api.ask(&admin, "POST", "/v1/keys", &json!({ "role": "till", "name": "till-1", "store": store }))
    };
    let berlin = make("berlin").json();
    let refused = make("munich");
    assert_eq!((refused.status.as_u16(), refused.code().as_str()), (422, "value_invalid"), "{refused:?}");
    let told = refused.json()["detail"].as_str().unwrap().to_owned();
    assert!(told.contains("`till-1` stands in the store `berlin`"), "{told}");
    assert_eq!(make("berlin").status, 201, "a second key of the same till");
    // Once the till has moved, its name is free.
    let keys = api.ask(&admin, "GET", "/v1/keys", &Json::Null).json();
    for key in keys["data"].as_array().unwrap().iter().filter(|key| key["name"] == "till-1") {
        let path = format!("/v1/keys/{}", key["id"].as_str().unwrap());
        assert_eq!(api.ask(&admin, "DELETE", &path, &Json::Null).status, 204, "{berlin}");
    }
    assert_eq!(make("munich").status, 201);
}

/// Two keys of one name from before that was refused: neither tends what is the other's.
#[test]
fn a_till_tends_no_lease_of_another_store() {
    let (api, _, payloads) = shop_of("10.00", &["anna"]);
    let (shop, admin) = (api.key(Role::Shop), api.key(Role::Admin));
    let asked = json!({
        "campaign": "tea", "count_max": 5, "cents_max": 500, "hours": 24, "takes_paper": true, "store": "berlin",
    });
    let granted = api.ask(&shop, "POST", "/v1/tills/till-1/leases", &asked).json();
    let make = |store: &str| {
        let asked = json!({ "role": "till", "name": "till-1", "store": store });
        api.ask(&admin, "POST", "/v1/keys", &asked).json()["secret"].as_str().unwrap().to_owned()
    };
    let berlin = make("berlin");
    let listed = |key: &str| {
        let leases = api.ask(key, "GET", "/v1/tills/till-1/leases", &Json::Null).json();
        let day = api.ask(key, "GET", "/v1/tills/till-1/days/2026-03-02", &Json::Null).json();
        [leases["data"].as_array().unwrap().len(), day["open_leases"].as_array().unwrap().len()]
    };
    assert_eq!(listed(&berlin), [1, 1]);
    let keys_listed = api.ask(&admin, "GET", "/v1/keys", &Json::Null).json();
    let old = keys_listed["data"].as_array().unwrap().iter().find(|key| key["name"] == "till-1").unwrap();
    let revoke = format!("/v1/keys/{}", old["id"].as_str().unwrap());
    assert_eq!(api.ask(&admin, "DELETE", &revoke, &Json::Null).status, 204);
    let munich = make("munich");
    assert_eq!(listed(&munich), [0, 0]);
    let taken = takes(&granted, &keys(&api, &shop), &mut Vec::new(), &payloads[0], 10);
    assert_eq!(synced(&api, &munich, "till-1", std::slice::from_ref(&taken)), ["refused lease_unknown"]);
    for what in ["returned", "renewed"] {
        let answer =
            api.ask(&munich, "POST", "/v1/tills/till-1/sync", &json!({ "taken": [], what: [granted["id"]] }));
        assert_eq!(answer.status, 404, "{what}: {answer:?}");
    }
    assert_eq!(listed(&shop), [1, 1], "it is as it was");
    let back = make("munich");
    assert_eq!(listed(&back), [0, 0]);
    assert_eq!(synced(&api, &shop, "till-1", &[taken]), ["redeemed"]);
}

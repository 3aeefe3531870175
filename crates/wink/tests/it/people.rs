//! One person over HTTP and on the command line: read under roles, told about, exported, erased; and messages that had to be repaired.

use std::path::Path;

use serde_json::{Value, json};

use crate::client::{Client, Reply, ask};
use crate::sample::{self, batch, event, identity, joins, order, question};
use crate::wink::{Said, Server, call, run, verified};

/// A server with keys: one for each role.
struct Shop {
    server: Server,
    keys: Vec<(&'static str, String)>,
}

const ROLES: [&str; 11] = [
    "ingest", "client", "shop", "till", "partner", "analyst", "support", "marketer", "privacy", "admin",
    "operator",
];

impl Shop {
    fn open(store: &Path) -> Self {
        sample::open_shop(store);
        let keys = ROLES.map(|role| {
            let data = store.to_str().unwrap();
            let mut asked = vec!["key", "create", "--role", role, "--name", role, "--data", data];
            if role == "till" {
                asked.extend(["--store", "7"]);
            }
            let made = run(asked);
            (role, made.fine().out.trim().to_owned())
        });
        let mut serve = call(["serve", "--listen", "127.0.0.1:0", "--data", store.to_str().unwrap()]);
        serve.env("RUST_LOG", "warn");
        Self {
            server: Server::start_as(serve).unwrap_or_else(|said: Said| panic!("{said:?}")),
            keys: keys.to_vec(),
        }
    }

    /// Asks as a role.
    fn ask(&self, role: &str, method: &str, path: &str, body: &Value) -> Reply {
        self.ask_with(role, method, path, &[], body)
    }

    fn ask_with(
        &self,
        role: &str,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Reply {
        let key = &self.keys.iter().find(|(name, _)| *name == role).unwrap().1;
        let bearer = format!("Bearer {key}");
        let headers: Vec<(&str, &str)> =
            [("authorization", bearer.as_str())].into_iter().chain(headers.iter().copied()).collect();
        let body = if body.is_null() { String::new() } else { body.to_string() };
        Client::connect(self.server.address).unwrap().send_with(method, path, &headers, &body).unwrap()
    }

    fn tell(&self, events: &[Value]) {
        let reply = self.ask("shop", "POST", "/v1/events", &batch(events));
        assert_eq!(reply.status, 200, "{reply:?}");
    }

    fn profile_of(&self, person: &str) -> String {
        let reply =
            self.ask("privacy", "POST", "/v1/profiles/lookup", &json!({ "identity": identity(person) }));
        assert_eq!(reply.status, 200, "{reply:?}");
        reply.json()["id"].as_str().unwrap().to_owned()
    }

    fn decide(&self, person: &str) -> Value {
        let reply = self.ask("shop", "POST", "/v1/decisions", &question(person));
        assert_eq!(reply.status, 200, "{reply:?}");
        reply.json()["decision"].clone()
    }
}

fn code(reply: &Reply) -> (u16, String) {
    (reply.status, reply.json()["code"].as_str().unwrap_or_default().to_owned())
}

/// Routes about one person or one message, and who may: everybody else is refused before anything is read.
const MAY: [(&str, &str, &[&str]); 24] = [
    ("GET", "/v1/decisions/DEC", &["shop", "analyst", "support", "privacy", "admin"]),
    ("GET", "/v1/decisions/DEC/trace", &["analyst", "support", "privacy", "admin"]),
    ("POST", "/v1/exposures", &["client", "shop", "till", "admin"]),
    ("POST", "/v1/profiles/lookup", &["shop", "support", "privacy", "admin"]),
    ("GET", "/v1/profiles/PRF", &["shop", "analyst", "support", "privacy", "admin"]),
    ("DELETE", "/v1/profiles/PRF", &["privacy", "admin"]),
    ("GET", "/v1/profiles/PRF/features", &["shop", "analyst", "support", "privacy", "admin"]),
    ("GET", "/v1/profiles/PRF/decisions", &["shop", "analyst", "support", "privacy", "admin"]),
    ("GET", "/v1/profiles/PRF/wallet", &["shop", "support", "privacy", "admin"]),
    ("GET", "/v1/profiles/PRF/consents", &["shop", "analyst", "support", "privacy", "admin"]),
    ("PUT", "/v1/profiles/PRF/consents", &["shop", "support", "privacy", "admin"]),
    ("GET", "/v1/profiles/PRF/household", &["support", "privacy", "admin"]),
    ("PUT", "/v1/profiles/PRF/household", &["shop", "support", "privacy", "admin"]),
    ("DELETE", "/v1/profiles/PRF/household", &["shop", "support", "privacy", "admin"]),
    ("POST", "/v1/profiles/PRF/links", &["support", "privacy", "admin"]),
    ("DELETE", "/v1/profiles/PRF/links/PRF", &["support", "privacy", "admin"]),
    ("GET", "/v1/profiles/PRF/export", &["privacy", "admin"]),
    ("GET", "/v1/dead-letters", &["shop", "privacy", "admin"]),
    ("GET", "/v1/dead-letters/LTR", &["privacy", "admin"]),
    ("POST", "/v1/dead-letters/LTR/replay", &["privacy", "admin"]),
    ("DELETE", "/v1/dead-letters/LTR", &["privacy", "admin"]),
    ("GET", "/v1/health/balance", &["shop", "analyst", "privacy", "admin"]),
    ("GET", "/v1/health/sources", &["shop", "analyst", "privacy", "admin"]),
    ("GET", "/v1/events/drift", &["shop", "analyst", "privacy", "admin", "operator"]),
];

#[test]
fn each_role_may_what_it_may_and_what_is_not_there_looks_alike() {
    let store = tempfile::tempdir().unwrap();
    let shop = Shop::open(store.path());
    // Ids that are none, that nobody has, and of another kind: always the same answer.
    let ids = |kind: &str| {
        [format!("{kind}_00000000-0000-7000-8000-000000000000"), "nobody".to_owned(), format!("{kind}_x")]
    };
    for (method, path, may) in MAY {
        for role in ROLES {
            for number in 0..3 {
                let path = path
                    .replace("DEC", &ids("dec")[number])
                    .replace("PRF", &ids("prf")[number])
                    .replace("LTR", &ids("ltr")[number]);
                let body = match path.as_str() {
                    "/v1/exposures" => json!({ "decision": ids("dec")[number], "kind": "seen" }),
                    "/v1/profiles/lookup" => json!({ "identity": identity("nobody") }),
                    _ if path.ends_with("/links") => json!({ "profile": ids("prf")[0] }),
                    _ if path.ends_with("/household") && method == "PUT" => json!({ "household_id": "h-1" }),
                    _ if method == "PUT" => {
                        json!({ "consents": [{ "purpose": "newsletter", "state": "denied", "method": "x" }] })
                    }
                    _ if method == "POST" => json!({}),
                    _ => Value::Null,
                };
                let reply = shop.ask(role, method, &path, &body);
                let is_list = matches!(
                    path.as_str(),
                    "/v1/dead-letters" | "/v1/health/balance" | "/v1/health/sources" | "/v1/events/drift"
                );
                let expected = match may.contains(&role) {
                    false => (403, "role_missing".to_owned()),
                    true if is_list => (200, String::new()),
                    true => (404, "not_found".to_owned()),
                };
                assert_eq!(code(&reply), expected, "{role} {method} {path}: {reply:?}");
            }
        }
    }
}

#[test]
fn a_person_is_read_by_name_by_few_and_by_pseudonym_by_others() {
    let store = tempfile::tempdir().unwrap();
    let shop = Shop::open(store.path());
    shop.tell(&joins("anna"));
    let traits = json!({ "traits": { "nickname": "Annie" } });
    shop.tell(&[event("anna-who", "anna", "Identify", traits)]);
    let path = format!("/v1/profiles/{}", shop.profile_of("anna"));
    for (role, sees_names) in [("shop", false), ("analyst", false), ("support", true), ("privacy", true)] {
        let profile = shop.ask(role, "GET", &path, &Value::Null).json();
        assert_eq!(profile["identities"] == json!([identity("anna")]), sees_names, "{role}: {profile}");
        assert_eq!(profile["attributes"]["nickname"]["value"] == "Annie", sees_names, "{role}: {profile}");
        assert_eq!(profile["consents"][0]["state"], "granted", "{role}: {profile}");
        assert_eq!(profile.to_string().contains("anna\""), sees_names, "{role}: {profile}");
    }
    let features = shop.ask("analyst", "GET", &format!("{path}/features"), &Value::Null).json();
    let orders =
        features["data"].as_array().unwrap().iter().find(|one| one["name"] == "orders_365d").unwrap();
    assert_eq!((&orders["state"], &orders["value"]), (&json!("known"), &json!(1.0)), "{orders}");
}

#[test]
fn decisions_are_listed_page_by_page_read_and_traced() {
    let store = tempfile::tempdir().unwrap();
    let shop = Shop::open(store.path());
    shop.tell(&joins("anna"));
    let mut made: Vec<String> =
        (0..5).map(|_| shop.decide("anna")["id"].as_str().unwrap().to_owned()).collect();
    // Decisions of one millisecond are listed by their ids, whose rest is chance.
    made.sort_by(|a, b| b.cmp(a));
    let profile = shop.profile_of("anna");
    let list = format!("/v1/profiles/{profile}/decisions");
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = shop.ask("support", "GET", &format!("{list}?limit=2{cursor}"), &Value::Null).json();
        found.extend(
            page["data"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()),
        );
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(found, made);
    let wrong = shop.ask("support", "GET", &format!("{list}?cursor=AAAA"), &Value::Null);
    assert_eq!(code(&wrong), (422, "cursor_invalid".to_owned()));
    let wrong = shop.ask("support", "GET", &format!("{list}?limit=0"), &Value::Null);
    assert_eq!(code(&wrong), (422, "value_invalid".to_owned()));

    let decision = shop.ask("shop", "GET", &format!("/v1/decisions/{}", made[0]), &Value::Null).json();
    assert_eq!((&decision["id"], &decision["profile"]), (&json!(made[0]), &json!(profile)), "{decision}");
    assert_eq!(decision["candidates"], Value::Null);
    let trace = shop.ask("analyst", "GET", &format!("/v1/decisions/{}/trace", made[0]), &Value::Null).json();
    assert_eq!(trace["candidates"].as_array().unwrap().len(), 2, "{trace}");
    assert!(trace["budgets"]["tea"]["cap_cents"] == 10_000_000 && trace["seed"].is_string(), "{trace}");
    let wallet = shop.ask("support", "GET", &format!("/v1/profiles/{profile}/wallet"), &Value::Null).json();
    let coupons = wallet["data"].as_array().unwrap().iter().filter(|one| one["coupon"]["state"] == "issued");
    let offers = made.iter().filter(|id| {
        shop.ask("shop", "GET", &format!("/v1/decisions/{id}"), &Value::Null).json()["verdict"] == "offer"
    });
    assert_eq!(coupons.count(), offers.count());
}

#[test]
fn consents_are_set_with_their_proof_on_what_was_read_and_count_at_once() {
    let store = tempfile::tempdir().unwrap();
    let shop = Shop::open(store.path());
    shop.tell(&joins("anna"));
    let path = format!("/v1/profiles/{}/consents", shop.profile_of("anna"));
    let before = shop.ask("shop", "GET", &path, &Value::Null);
    let tag = before.header("etag").to_owned();
    let withdrawn = json!({ "consents": [{
        "purpose": "personalisation", "state": "withdrawn", "method": "account", "surface": "preferences",
        "text_version": "3", "text_hash": "ab12", "recorded_by": "anna herself",
    }] });
    let headers = [("if-match", tag.as_str()), ("idempotency-key", "withdraw-1")];
    let set = shop.ask_with("shop", "PUT", &path, &headers, &withdrawn);
    assert_eq!(set.status, 200, "{set:?}");
    let word = set.json()["data"][0].clone();
    for (field, expected) in
        [("state", "withdrawn"), ("text_hash", "ab12"), ("recorded_by", "anna herself"), ("source", "shop")]
    {
        assert_eq!(word[field], expected, "{word}");
    }
    assert_eq!(shop.decide("anna")["verdict"], "none", "a withdrawal counts from the next decision on");
    let again = shop.ask_with("shop", "PUT", &path, &headers, &withdrawn);
    assert_eq!((again.status, again.header("etag")), (200, set.header("etag")), "repeated safely: {again:?}");
    let late = shop.ask_with("support", "PUT", &path, &headers[..1], &withdrawn);
    assert_eq!(code(&late), (412, "profile_changed".to_owned()));
    let wrong = json!({ "consents": [{ "purpose": "everything", "state": "granted", "method": "x" }] });
    assert_eq!(code(&shop.ask("shop", "PUT", &path, &wrong)), (422, "property_value".to_owned()));
}

#[test]
fn an_exposure_is_taken_once_and_only_of_what_was_offered() {
    let store = tempfile::tempdir().unwrap();
    let shop = Shop::open(store.path());
    // One in seven is held out for good, so one person alone may never be offered anything.
    let offered = (0..60)
        .map(|number| {
            let person = format!("person-{number}");
            shop.tell(&joins(&person));
            shop.decide(&person)
        })
        .find(|made| made["verdict"] == "offer");
    let seen = json!({ "decision": offered.unwrap()["id"], "kind": "seen" });
    let first = shop.ask("client", "POST", "/v1/exposures", &seen).json();
    let second = shop.ask("till", "POST", "/v1/exposures", &seen).json();
    assert_eq!((&first["status"], &second["status"]), (&json!("accepted"), &json!("duplicate")));
    assert_eq!(first["id"], second["id"]);
    shop.tell(&[order("bea-1", "bea", 500)]);
    let nothing = json!({ "decision": shop.decide("bea")["id"], "kind": "seen" });
    let refused = shop.ask("client", "POST", "/v1/exposures", &nothing);
    assert_eq!(code(&refused), (409, "nothing_offered".to_owned()));
}

#[test]
fn an_export_has_everything_and_an_erased_person_is_as_unknown_as_nobody() {
    let store = tempfile::tempdir().unwrap();
    let shop = Shop::open(store.path());
    // Names that no number written in hexadecimal digits contains.
    for person in ["anna", "beatrix"] {
        shop.tell(&joins(person));
        shop.tell(&[event(
            &format!("{person}-dead"),
            person,
            "Teleported",
            json!({ "to": format!("{person}-land") }),
        )]);
    }
    shop.decide("anna");
    let profile = shop.profile_of("anna");
    let path = format!("/v1/profiles/{profile}");
    let export = shop.ask("privacy", "GET", &format!("{path}/export"), &Value::Null);
    let document = export.json();
    assert_eq!(document["format"], "wink-export-1");
    assert!(3 <= document["events"].as_array().unwrap().len(), "{document}");
    assert_eq!(document["decisions"].as_array().unwrap().len(), 1);
    assert_eq!(document["dead_letters"][0]["message"]["properties"]["to"], "anna-land");
    assert!(export.body.contains("anna-first") && !export.body.contains("beatrix"), "{}", export.body);
    let decision = document["decisions"][0]["id"].as_str().unwrap().to_owned();

    let erased = shop.ask("privacy", "DELETE", &path, &Value::Null).json();
    assert_eq!((&erased["profile"], &erased["dead_letters"]), (&json!(profile), &json!(1)), "{erased}");
    for path in [
        path.clone(),
        format!("{path}/export"),
        format!("{path}/wallet"),
        format!("/v1/decisions/{decision}"),
    ] {
        assert_eq!(code(&shop.ask("privacy", "GET", &path, &Value::Null)), (404, "not_found".to_owned()));
    }
    let letters = shop.ask("privacy", "GET", "/v1/dead-letters", &Value::Null).json();
    assert_eq!(letters["data"].as_array().unwrap().len(), 1, "beatrix's: {letters}");
    let Shop { server, .. } = shop;
    server.stop().fine();
    let data = store.path().to_str().unwrap();
    let exported = run(["export", "--identity", "customer:beatrix", "--data", data]).fine().json();
    assert_eq!(exported["profile"]["identities"], json!([identity("beatrix")]));
    let nobody = run(["export", "--identity", "customer:anna", "--data", data]);
    assert!(nobody.code == Some(1) && nobody.err.contains("nobody is known"), "{nobody:?}");
    verified(store.path());
}

#[test]
fn a_dead_letter_is_repaired_over_http_and_on_the_command_line_and_the_balance_stays_exact() {
    let store = tempfile::tempdir().unwrap();
    sample::open_shop(store.path());
    let server = Server::start(store.path());
    let misspelt = |id: &str| {
        let mut told = order(id, "anna", 700);
        told["event"] = "Order Done".into();
        told
    };
    let told: Vec<Value> = (0..3).map(|number| misspelt(&format!("m-{number}"))).collect();
    ask(server.address, "POST", "/v1/events", &batch(&told).to_string());
    ask(server.address, "POST", "/v1/events", &batch(&told[..1]).to_string());
    let balance = || ask(server.address, "GET", "/v1/health/balance", "").json();
    let expected =
        json!({ "received": 4, "accepted": 0, "duplicate": 0, "dead": 4, "refused": 0, "exact": true });
    assert_eq!(balance(), expected);
    let list = ask(server.address, "GET", "/v1/dead-letters?code=event_unknown", "").json();
    let twice = list["data"].as_array().unwrap().iter().find(|letter| letter["times"] == 2).unwrap();
    assert!(!list.to_string().contains("m-0"), "a list opens nothing: {list}");
    let path = format!("/v1/dead-letters/{}", twice["id"].as_str().unwrap());
    let opened = ask(server.address, "GET", &path, "").json();
    assert_eq!((&opened["code"], &opened["message"]["message_id"]), (&json!("event_unknown"), &json!("m-0")));
    let still = ask(server.address, "POST", &format!("{path}/replay"), "{}").json();
    assert_eq!((&still["status"], &still["code"]), (&json!("dead"), &json!("event_unknown")));
    let unfit = json!({ "rename": { "gift": "present" } }).to_string();
    let unfit = ask(server.address, "POST", &format!("{path}/replay"), &unfit);
    assert_eq!(code(&unfit), (422, "value_invalid".to_owned()));
    let repair = json!({ "event": "Order Completed" }).to_string();
    let sent_on = ask(server.address, "POST", &format!("{path}/replay"), &repair).json();
    assert_eq!(sent_on["status"], "accepted", "{sent_on}");
    let expected =
        json!({ "received": 4, "accepted": 1, "duplicate": 1, "dead": 2, "refused": 0, "exact": true });
    assert_eq!(balance(), expected);
    server.stop().fine();

    let data = store.path().to_str().unwrap();
    let listed = run(["dead-letters", "list", "--data", data, "--json"]).fine().json();
    assert_eq!(listed.as_array().unwrap().len(), 2);
    let first = listed[0]["id"].as_str().unwrap();
    let shown = run(["dead-letters", "show", first, "--data", data]).fine();
    assert!(shown.out.contains("event_unknown") && shown.out.contains("Order Done"), "{shown:?}");
    run(["dead-letters", "discard", first, "--data", data]).fine();
    let still = run(["dead-letters", "replay", "--code", "event_unknown", "--data", data]);
    assert!(still.code == Some(1) && still.out.contains("1 still dead"), "{still:?}");
    let by_code =
        ["dead-letters", "replay", "--code", "event_unknown", "--event", "Order Completed", "--data", data];
    let replayed = run(by_code).fine();
    assert!(replayed.out.contains("1 sent on, 0 still dead"), "{replayed:?}");
    let balance = verified(store.path())["balance"].clone();
    assert_eq!(
        (&balance["accepted"], &balance["dead"]),
        (&json!(2), &json!(1)),
        "the discarded one stays: {balance}"
    );
}

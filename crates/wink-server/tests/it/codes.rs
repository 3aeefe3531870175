//! Codes over HTTP: shown, typed, scanned, guessed. What is not valid looks the same whatever the reason.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value as Json, json};
use wink_code::{Keys, Refused, Signer, rotated, step_at, verify};
use wink_core::base::CouponId;
use wink_server::access::{self, Role};
use wink_server::flow::codes::code_of;
use wink_sim::SimStore;

use super::api::{Answer, Api, question};
use super::counter::{MONDAY, later, secrets, wait};

type Shop = Api<SimStore>;

fn text(json: &Json) -> &str {
    json.as_str().unwrap_or_default()
}

/// Gives somebody a coupon of 1.00.
fn issued(api: &Shop, key: &str, person: &str) -> String {
    let answer = api.ask(key, "POST", "/v1/decisions", &question(person)).json();
    answer["decision"]["coupon"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

fn shown(api: &Shop, key: &str, coupon: &str) -> Json {
    api.ask(key, "GET", &format!("/v1/coupons/{coupon}/code"), &Json::Null).json()
}

fn cart() -> Json {
    json!({ "lines": [{ "id": "1", "product_id": "assam", "quantity": 3, "unit_price_cents": 200 }] })
}

fn tried(api: &Shop, key: &str, named: &str) -> Answer {
    api.ask(key, "POST", "/v1/validations", &json!({ "coupons": [named], "cart": cart() }))
}

fn applies(answer: &Answer) -> bool {
    answer.json()["coupons"][0]["applies"].as_bool().unwrap_or_else(|| panic!("{answer:?}"))
}

/// The code of a coupon there is none of.
fn unknown(number: u8) -> String {
    code_of(&secrets(), CouponId::from_bytes([number; 16])).to_string()
}

fn now() -> u32 {
    u32::try_from(later(MONDAY, 60).0 / 1_000).unwrap()
}

fn keys(api: &Shop, key: &str) -> Vec<[u8; 32]> {
    let listed = api.ask(key, "GET", "/v1/tills/keys", &Json::Null).json();
    let bytes = |listed: &Json| URL_SAFE_NO_PAD.decode(text(&listed["key"])).unwrap().try_into().unwrap();
    listed["data"].as_array().unwrap().iter().map(bytes).collect()
}

#[test]
fn a_coupon_is_used_in_whatever_way_it_is_named() {
    let api = Api::of_a_shop();
    let shop = api.key(Role::Shop);
    let coupon = issued(&api, &shop, "anna");
    let code = shown(&api, &shop, &coupon);
    let typed = text(&code["code"]).to_lowercase().replace('-', " ");
    for named in [&coupon, &typed, text(&code["digits"]), text(&code["payload"])] {
        assert!(applies(&tried(&api, &shop, named)), "{named}");
    }
    let twice = json!({ "coupons": [coupon, typed], "cart": cart() });
    let twice = api.ask(&shop, "POST", "/v1/validations", &twice).json();
    assert_eq!(
        text(&twice["coupons"][1]["reason"]["code"]),
        "discount_code_invalid",
        "one coupon counts once"
    );
    let bearer = format!("Bearer {shop}");
    let used = |once: &str, order: &str| {
        let asked = json!({ "coupons": [typed], "order_id": order, "cart": cart() }).to_string();
        api.send("POST", "/v1/redemptions", &[("authorization", &bearer), ("idempotency-key", once)], &asked)
    };
    assert_eq!(used("k-1", "o-1").json()["cart"]["discount_cents"], 100);
    assert_eq!(used("k-2", "o-2").code(), "discount_code_already_applied");
}

#[test]
fn unknown_expired_revoked_and_foreign_look_alike_and_take_as_long() {
    let api = Api::of_a_shop();
    let (shop, manager) = (api.key(Role::Shop), api.key(Role::Marketer));
    let outlet = wait(access::create_tenant(&api.store, "outlet", MONDAY)).unwrap();
    let of = |person: &str| {
        let coupon = issued(&api, &shop, person);
        let code = text(&shown(&api, &shop, &coupon)["code"]).to_owned();
        (coupon, code)
    };
    let ((_, annas), (coupon, bertas)) = (of("anna"), of("berta"));
    let revoked = api.ask(&manager, "POST", &format!("/v1/coupons/{coupon}/revoke"), &Json::Null);
    assert_eq!(revoked.status, 200);
    // Everybody asks as berta, each from a device of their own, so that nobody is told to wait.
    let answered = |device: &str, code: &str| {
        let address = device.replace("d-", "203.0.113.");
        let asked = json!({
            "coupons": [code], "cart": cart(), "typed_by": { "device": device, "address": address },
            "identity": { "namespace": "customer", "value": "berta" },
        });
        let begun = Instant::now();
        let answer = api.ask(&shop, "POST", "/v1/validations", &asked);
        assert!(Duration::from_millis(25) <= begun.elapsed(), "{code} was answered at once");
        (answer.status, String::from_utf8(answer.body).unwrap().replace(code, "CODE"))
    };
    let of_another_shop = code_of(&secrets().of_tenant(outlet.0), CouponId::from_bytes([1; 16])).to_string();
    let foreign = answered("d-1", &annas);
    let others = [
        answered("d-2", &unknown(1)),
        answered("d-3", &bertas),
        answered("d-4", &of_another_shop),
        answered("d-5", "7K3M-7K3M-7K3M-7K3M"),
    ];
    assert!(others.iter().all(|other| *other == foreign), "{foreign:?} {others:?}");
    // Named by its id, which is no secret, the shop is told why; by its code it is like one that never was.
    api.pass_minutes(28 * 24 * 60);
    api.pass_minutes(1);
    let expired = tried(&api, &shop, &annas);
    let never = tried(&api, &shop, &unknown(2));
    let of = |answer: &Answer| answer.json()["coupons"][0]["reason"].to_string();
    assert_eq!(
        (expired.status, of(&expired), expired.body.len()),
        (never.status, of(&never), never.body.len())
    );
}

#[test]
fn an_id_that_was_typed_names_nothing() {
    let api = Api::of_a_shop();
    let shop = api.key(Role::Shop);
    let coupon = issued(&api, &shop, "anna");
    let ask = |typed_by: Json| {
        let asked = json!({ "coupons": [coupon], "cart": cart(), "typed_by": typed_by });
        api.ask(&shop, "POST", "/v1/validations", &asked).json()["valid"].clone()
    };
    assert_eq!([ask(Json::Null), ask(json!({}))], [json!(true), json!(false)]);
    let wrong = json!({ "coupons": [coupon], "cart": cart(), "typed_by": { "address": "at home" } });
    let refused = api.ask(&shop, "POST", "/v1/validations", &wrong).json();
    assert_eq!(refused["pointer"], "/typed_by/address", "{refused}");
}

#[test]
fn whoever_guesses_waits_whether_or_not_the_next_code_is_right() {
    let api = Api::of_a_shop();
    let (shop, till) = (api.key(Role::Shop), api.key(Role::Till));
    let coupon = issued(&api, &shop, "anna");
    let code = text(&shown(&api, &shop, &coupon)["code"]).to_owned();
    for _ in 0..20 {
        assert_eq!(tried(&api, &shop, "7K3M-7K3M-7K3M-7K3M").status, 200, "mistyped codes are no guesses");
    }
    for number in 0..5 {
        assert_eq!(tried(&api, &shop, &unknown(number)).status, 200);
    }
    let (wrong, right) = (tried(&api, &shop, &unknown(9)), tried(&api, &shop, &code));
    for answer in [&wrong, &right] {
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (429, "rate_limited"));
        let seconds: u64 = answer.headers["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((1..=12).contains(&seconds), "{seconds}");
    }
    // Codes count from when they are sent: a heap of them at once is refused before any is looked up.
    let heap: Vec<String> = (10..16).map(unknown).collect();
    let asked = json!({ "coupons": heap, "cart": cart() });
    assert_eq!(api.ask(&shop, "POST", "/v1/validations", &asked).status, 422);
    assert!(applies(&tried(&api, &till, &code)), "others are not kept waiting");
    assert!(applies(&tried(&api, &shop, &coupon)), "an id is no guess");
}

#[test]
fn a_till_verifies_without_the_server_and_old_keys_stay_good() {
    let api = Api::of_a_shop();
    let (shop, admin) = (api.key(Role::Shop), api.key(Role::Admin));
    let coupon = issued(&api, &shop, "anna");
    let before = text(&shown(&api, &shop, &coupon)["payload"]).to_owned();
    let first = keys(&api, &shop);
    let rotated = api.ask(&admin, "POST", "/v1/tills/keys/rotate", &Json::Null);
    assert_eq!(rotated.json()["data"].as_array().unwrap().len(), 2, "{rotated:?}");
    let after = text(&shown(&api, &shop, &coupon)["payload"]).to_owned();
    assert_ne!(before, after, "another key signs");
    let both = Keys::new(keys(&api, &shop));
    let said = [&before, &after].map(|payload| verify(payload, &both, now()).unwrap());
    assert_eq!(said[0], said[1]);
    assert_eq!(CouponId::from_bytes(said[0].coupon).to_string(), coupon);
    assert_eq!(said[0].offline_cents_max, 100, "under a lease, and no more than it is worth");
    assert_eq!(verify(&after, &Keys::new(first), now()), Err(Refused::KeyUnknown));
    assert!(applies(&tried(&api, &shop, &before)), "what the old key signed stays good");
}

#[test]
fn a_code_that_is_bound_to_a_device_counts_from_there_only() {
    let api = Api::of_a_shop();
    let shop = api.key(Role::Shop);
    let coupon = issued(&api, &shop, "anna");
    let holder = URL_SAFE_NO_PAD.encode(Signer::new(&[5; 32]).public_key());
    let bound =
        api.ask(&shop, "GET", &format!("/v1/coupons/{coupon}/code?holder={holder}"), &Json::Null).json();
    assert_eq!(bound["step_seconds"], 30, "{bound}");
    let payload = text(&bound["payload"]);
    let live = rotated(payload, &[5; 32], step_at(now())).unwrap();
    assert!(applies(&tried(&api, &shop, &live)));
    assert!(!applies(&tried(&api, &shop, payload)), "a picture without its rotating part");
    api.pass_minutes(2);
    assert!(!applies(&tried(&api, &shop, &live)), "a picture of two minutes ago");
}

/// Asked for again and again the code is the same, and its time is the coupon's: nothing that is shown anew begins anew.
#[test]
fn a_code_that_is_shown_again_is_the_same_and_ends_when_it_did() {
    let api = Api::of_a_shop();
    let shop = api.key(Role::Shop);
    let coupon = issued(&api, &shop, "anna");
    let path = |what: &str| format!("/v1/coupons/{coupon}/{what}");
    let all =
        || ["code", "code.svg", "code.png"].map(|what| api.ask(&shop, "GET", &path(what), &Json::Null).body);
    let first = all();
    for _ in 0..50 {
        api.pass_minutes(60);
        assert_eq!(all(), first);
    }
    api.pass_minutes(28 * 24 * 60);
    for what in ["code", "code.svg", "code.png"] {
        let over = api.ask(&shop, "GET", &path(what), &Json::Null);
        assert_eq!((over.status.as_u16(), over.code().as_str()), (409, "discount_code_expired"), "{what}");
    }
}

#[test]
fn pictures_say_what_the_code_is() {
    let api = Api::of_a_shop();
    let till = api.key(Role::Till);
    let coupon = issued(&api, &till, "anna");
    let code = shown(&api, &till, &coupon);
    for (form, said, symbol) in [("qr", "payload", "QR-Code"), ("code128", "digits", "CODE-128")] {
        let path = format!("/v1/coupons/{coupon}/code.png?form={form}");
        let picture = api.ask(&till, "GET", &path, &Json::Null);
        assert_eq!(picture.headers["content-type"], "image/png");
        assert_eq!(scanned(&picture.body), format!("{symbol}:{}", text(&code[said])));
        let path = format!("/v1/coupons/{coupon}/code.svg?form={form}");
        let drawn = String::from_utf8(api.ask(&till, "GET", &path, &Json::Null).body).unwrap();
        assert!(drawn.contains(&format!("aria-label=\"{}\"", text(&code["code"]))), "{drawn}");
    }
    let wrong = api.ask(&till, "GET", &format!("/v1/coupons/{coupon}/code.png?form=ean"), &Json::Null);
    assert_eq!((wrong.status.as_u16(), wrong.json()["pointer"].clone()), (422, json!("/form")));
}

/// Reads a picture as a scanner of others does: `zbarimg`, which `cargo xtask test` installs.
fn scanned(png: &[u8]) -> String {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("code.png");
    std::fs::write(&path, png).unwrap();
    let mut scanner = Command::new("zbarimg");
    let output = scanner.arg("-q").arg(&path).stderr(Stdio::piped()).output();
    let output =
        output.expect("zbarimg is there: `cargo xtask test` installs it (Debian's package zbar-tools)");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

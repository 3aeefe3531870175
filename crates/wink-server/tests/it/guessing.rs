//! Whoever guesses codes: hits none, learns nothing from an answer or how long it takes, and is made to wait wherever they come from.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use wink_code::{CODE_BYTES, Code};
use wink_core::base::{CampaignId, Cents, Chance, CouponId, Timestamp};
use wink_core::coupon::cart::Cart;
use wink_core::offer::Channel;
use wink_server::access::{self, NewKey, Role};
use wink_server::flow::bulk::{Wanted, begin, codes, go_on};
use wink_server::flow::cart::{Tried, validate};
use wink_server::flow::codes::{code_of, show};
use wink_server::flow::decide;
use wink_server::flow::ingest::ingest;
use wink_server::flow::steps::{self, Step};
use wink_server::keys::TENANT;
use wink_server::{Engine, Error};
use wink_sim::SimStore;
use wink_store::Store;

use super::api::{Api, question as asked_over_http};
use super::counted::Counted;
use super::counter::{IDS, MONDAY, Offer, Shop, coupon_of, later, open, purchase, question, secrets, wait};
use super::evidence::{asked, seed, tell};
use super::race::at_once;
use super::said;

/// Codes that are good while somebody guesses.
const ALIVE: u64 = 2_000;

fn any_cart() -> Cart {
    purchase("order", Cents(900)).cart
}

/// Types codes, and counts those that name a coupon.
fn hits<S: Store>(engine: &Engine<S>, cart: &Cart, typed: &[String]) -> usize {
    let tried = Tried { coupons: typed, cart, are_typed: true, order: None, identity: None, store: None };
    wait(validate(engine, &tried, None, later(MONDAY, 1))).unwrap().coupons.iter().flatten().count()
}

/// Draws a code that could be one: its check symbol is right.
fn drawn(chance: &mut Chance) -> String {
    loop {
        let [bytes @ .., _, _, _, _, _, _] = chance.bytes();
        let bytes: [u8; CODE_BYTES] = bytes;
        if let Some(code) = Code::new(bytes) {
            return code.to_string();
        }
    }
}

/// Guesses in the neighbourhood of a code that is known: one of its symbols is another, and the check symbol with it.
fn near(code: &str, chance: &mut Chance) -> Option<String> {
    const SYMBOLS: &[u8] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let mut symbols: Vec<u8> = code.bytes().filter(|symbol| *symbol != b'-').collect();
    let [place, value, ..] = chance.bytes();
    symbols[usize::from(place) % 15] = SYMBOLS[usize::from(value) % 32];
    let mut with_check = SYMBOLS.iter().map(|check| {
        symbols[15] = *check;
        String::from_utf8(symbols.clone()).unwrap()
    });
    with_check.find(|typed| Code::read(typed).is_some_and(|read| read.to_string() != code))
}

#[test]
fn of_random_codes_none_is_a_coupon() {
    let (guesses, seed) = (asked("WINK_TEST_GUESSES", 20_000), seed());
    let tea = Offer { budget: "100000.00".to_owned(), ..Offer::new("tea", "{ amount = \"1.00\" }") };
    let engine = wait(open(SimStore::new(), &Shop::selling(vec![tea]), MONDAY)).unwrap();
    let campaign = CampaignId::parse("tea").unwrap();
    let wanted = Wanted { name: "print".to_owned(), campaign, offer: None, count: ALIVE };
    wait(begin(&engine, &wanted, MONDAY)).unwrap();
    while wait(go_on(&engine, "print", MONDAY)).unwrap().bulk.done < ALIVE {}
    let alive: Vec<String> =
        wait(codes(&engine, "print", 0, 10_000)).unwrap().iter().map(|one| one.code.to_string()).collect();
    let cart = any_cart();
    let right: usize = alive.chunks(20).map(|some| hits(&engine, &cart, some)).sum();
    assert_eq!(right, alive.len(), "whoever has a code is told of its coupon");

    let mut chance = Chance::new(seed, "guessed codes");
    let (mut tried, mut hit, mut nearby) = (0_u64, 0, 0_u64);
    while tried < guesses {
        let some: Vec<String> = (0..(guesses - tried).min(1_000))
            .map(|number| {
                let known = &alive[usize::try_from(number).unwrap() % alive.len()];
                let close = if number % 10 == 0 { near(known, &mut chance) } else { None };
                nearby += u64::from(close.is_some());
                close.unwrap_or_else(|| drawn(&mut chance))
            })
            .collect();
        assert!(some.iter().all(|typed| Code::read(typed).is_some()), "every guess could be a code");
        hit += hits(&engine, &cart, &some);
        tried += u64::try_from(some.len()).unwrap();
    }
    assert_eq!(hit, 0, "of {tried} guesses, seed {seed}");
    let counts = [("guesses", tried), ("near_a_known_code", nearby), ("alive", ALIVE), ("hits", 0)];
    let counts = counts.map(|(name, count)| (name, count.to_string()));
    tell("I12", "guessed_codes", &[&counts[..], &[("seed", seed.to_string())][..]].concat());
}

/// Why a code is not valid, and the code.
type NotValid = [(&'static str, String); 4];

/// A shop in which anna's first coupon ran out, berta has one that is good, and one was taken back; with the codes of all, and one of none.
fn codes_that_are_not_valid<S: Store>(store: S) -> Result<(Engine<S>, NotValid), Error> {
    let tea = Offer { per_person: 9, ..Offer::new("tea", "{ amount = \"1.00\" }") };
    let engine = wait(open(store, &Shop::selling(vec![tea]), MONDAY))?;
    for person in ["anna", "berta"] {
        wait(ingest(&engine, &IDS, said::allows_all(person, MONDAY)))?;
    }
    let shown = |number, person, at| -> Result<(CouponId, String), Error> {
        let decision = wait(decide::ask(&engine, &question(number, person, Channel::Web, at)))?.unwrap();
        let coupon = coupon_of(&engine, &decision).unwrap();
        Ok((coupon, wait(show(&engine, coupon))?.1.to_string()))
    };
    let (_, expired) = shown(1, "anna", MONDAY)?;
    let (_, foreign) = shown(2, "berta", NOW)?;
    let (coupon, revoked) = shown(3, "berta", NOW)?;
    drop(wait(steps::take(&engine, coupon, &Step::Revoke, None, NOW))?);
    let unknown = code_of(&secrets(), CouponId::from_bytes([9; 16])).to_string();
    let codes = [("unknown", unknown), ("expired", expired), ("foreign", foreign), ("revoked", revoked)];
    Ok((engine, codes))
}

/// The day after the first coupon ran out.
const NOW: Timestamp = Timestamp(MONDAY.0 + 29 * 86_400_000);

#[test]
fn a_code_that_is_not_valid_asks_the_store_for_as_much_whatever_the_reason() {
    let store = Arc::new(Counted::new(Arc::new(SimStore::new())));
    let (engine, codes) = codes_that_are_not_valid(store.clone()).unwrap();
    let cart = any_cart();
    let asks = |typed: &str| {
        let typed = [typed.to_owned()];
        let anna = said::identity("anna");
        let tried = Tried {
            coupons: &typed,
            cart: &cart,
            are_typed: true,
            order: None,
            identity: Some(&anna),
            store: None,
        };
        store.taken();
        let found = wait(validate(&engine, &tried, None, NOW)).unwrap();
        assert_eq!(found.coupons, [None]);
        store.taken()
    };
    // The first question reads the person into memory.
    asks(&codes[0].1);
    let [unknown, others @ ..] = codes.each_ref().map(|(_, code)| asks(code));
    assert!(3 <= unknown.len(), "{unknown:?}");
    for (other, (name, _)) in others.iter().zip(&codes[1..]) {
        assert_eq!(*other, unknown, "{name}");
    }
    let reads = unknown.iter().map(|(_, keys)| keys).sum::<usize>();
    tell("I12", "reads_of_codes_not_valid", &[("kinds", "4".to_owned()), ("keys_read", reads.to_string())]);
}

/// A thousand addresses try six wrong codes each, 64 at once: each gets through at most five times, and all of them at most a hundred times a
/// second and a hundred at once. Both bounds are those of the time it took, so a slow machine changes nothing.
#[test]
fn a_thousand_addresses_wait_alone_and_together() {
    let api = Api::of_a_shop();
    let (shop, till) = (api.key(Role::Shop), api.key(Role::Till));
    let coupon = api.ask(&till, "POST", "/v1/decisions", &asked_over_http("anna")).json();
    let coupon = coupon["decision"]["coupon"].as_str().unwrap().to_owned();
    let code = api.ask(&till, "GET", &format!("/v1/coupons/{coupon}/code"), &json!(null)).json();
    let code = code["code"].as_str().unwrap().to_owned();
    let cart =
        json!({ "lines": [{ "id": "1", "product_id": "assam", "quantity": 3, "unit_price_cents": 200 }] });
    let tries = |key: &str, typed: &str, address: Option<&str>| {
        let typed_by = address.map_or(json!({}), |address| json!({ "address": address }));
        let asked = json!({ "coupons": [typed], "cart": cart, "typed_by": typed_by });
        api.ask(key, "POST", "/v1/validations", &asked)
    };
    let begun = Instant::now();
    let counted = at_once(|thread| {
        let mut chance = Chance::new(u64::try_from(thread).unwrap(), "a guesser");
        let mut admitted: BTreeMap<usize, u32> = BTreeMap::new();
        let mut asked = 0_u32;
        for _ in 0..6 {
            for number in (thread..1_000).step_by(64) {
                let address = format!("10.0.{}.{}", number / 250, number % 250);
                let answer = tries(&shop, &drawn(&mut chance), Some(&address));
                asked += 1;
                match answer.status.as_u16() {
                    200 => *admitted.entry(number).or_default() += 1,
                    429 => assert_eq!(answer.code(), "rate_limited"),
                    other => panic!("{other}: {answer:?}"),
                }
            }
        }
        (asked, admitted)
    });
    let seconds = begun.elapsed().as_secs_f64();
    let asked: u32 = counted.iter().map(|(asked, _)| asked).sum();
    let admitted: u32 = counted.iter().flat_map(|(_, admitted)| admitted.values()).sum();
    let from_one = counted.iter().flat_map(|(_, admitted)| admitted.values()).max().copied().unwrap_or(0);
    assert_eq!(asked, 6_000);
    assert!(
        100 <= admitted && f64::from(admitted) <= 101.0 + 100.0 * seconds,
        "{admitted} in {seconds:.1} s"
    );
    assert!(f64::from(from_one) <= 6.0 + seconds / 12.0, "{from_one} from one address in {seconds:.1} s");
    let served = tries(&till, &code, None).json();
    assert_eq!(served["coupons"][0]["applies"], true, "tills go on meanwhile: {served}");
    let counts =
        [("addresses", 1_000), ("tries", asked), ("admitted", admitted), ("most_from_one", from_one)];
    let counts = counts.map(|(name, count)| (name, count.to_string()));
    tell("I12", "throttled_addresses", &[&counts[..], &[("seconds", format!("{seconds:.1}"))][..]].concat());
}

/// Wrong codes that one till may try at once.
const PER_TILL: usize = 60;

/// Askers of the comparison of times. Few, so that the machine does not blur what it is to find.
const ASKERS: usize = 8;

/// Answers take their 25 milliseconds in a test run; in a campaign, with 20,000 of each kind, the times of unknown, expired and foreign codes
/// are one distribution for all that can be told: by the two-sample test of Kolmogorov and Smirnov, at 1 % for the three pairs together
/// (Bonferroni), and by their medians, to 50 microseconds.
#[test]
fn timing_codes_that_are_not_valid_are_answered_at_the_same_time() {
    let pairs = usize::try_from(asked("WINK_TEST_PAIRS", 40)).unwrap();
    let store = Arc::new(SimStore::new());
    let (engine, codes) = codes_that_are_not_valid(store.clone()).unwrap();
    drop(engine);
    let api = Api::over(store);
    api.pass_minutes(29 * 24 * 60);
    let kinds: Vec<&(&str, String)> = codes.iter().filter(|(name, _)| *name != "revoked").collect();
    let tills = (pairs * kinds.len()).div_ceil(PER_TILL) + ASKERS;
    let keys: Vec<String> = (0..tills).map(|number| till(&api, number)).collect();
    let asks = |place: usize, code: &str| {
        let cart = json!({ "lines": [{ "id": "1", "product_id": "assam", "quantity": 3, "unit_price_cents": 200 }] });
        let identity = json!({ "namespace": "customer", "value": "anna" });
        let body =
            json!({ "coupons": [code], "cart": cart, "typed_by": {}, "identity": identity }).to_string();
        let bearer = format!("Bearer {}", keys[place / PER_TILL]);
        let begun = Instant::now();
        let answer = api.send("POST", "/v1/validations", &[("authorization", &bearer)], &body);
        let taken = begun.elapsed();
        assert_eq!(answer.status.as_u16(), 200, "{answer:?}");
        assert!(Duration::from_millis(25) <= taken, "answered after {taken:?}");
        (taken, answer.body.len())
    };
    let share = pairs.div_ceil(ASKERS);
    let ask_all = |asker: usize| {
        let mut times = vec![Vec::with_capacity(share); kinds.len()];
        let mut lengths = Vec::new();
        for turn in 0..share {
            // Each comes first as often as the others.
            for order in 0..kinds.len() {
                let which = (order + turn) % kinds.len();
                let place = (asker * share + turn) * kinds.len() + order;
                let (taken, length) = asks(place, &kinds[which].1);
                times[which].push(taken.as_secs_f64() * 1e6);
                lengths.push(length);
            }
        }
        assert!(lengths.iter().all(|length| *length == lengths[0]), "{lengths:?}");
        times
    };
    let ask_all = &ask_all;
    let measured: Vec<Vec<Vec<f64>>> = std::thread::scope(|scope| {
        let askers: Vec<_> = (0..ASKERS).map(|asker| scope.spawn(move || ask_all(asker))).collect();
        askers.into_iter().map(|asker| asker.join().unwrap()).collect()
    });
    let times: Vec<Vec<f64>> =
        (0..kinds.len()).map(|which| sorted(measured.iter().flat_map(|one| &one[which]))).collect();
    let mut counts = vec![("pairs", times[0].len().to_string())];
    for (one, other, name) in [(0, 1, "expired"), (0, 2, "foreign"), (1, 2, "expired_and_foreign")] {
        let (p, gap) =
            (same_distribution(&times[one], &times[other]), median(&times[one]) - median(&times[other]));
        println!("{name}: p = {p:.4}, medians {gap:+.1} µs apart");
        if 5_000 <= pairs {
            assert!(0.01 / 3.0 < p, "{name} can be told apart: p = {p:.5} of {pairs} pairs");
            assert!(gap.abs() < 50.0, "{name} take {gap:.1} µs longer or shorter");
        }
        counts.push((name, format!("p:{p:.4},median_gap_us:{gap:.1}")));
    }
    tell("I12", "times_of_codes_not_valid", &counts);
}

fn till(api: &Api<SimStore>, number: usize) -> String {
    let new = NewKey {
        tenant: TENANT,
        role: Role::Till,
        name: format!("till-{number}"),
        store: Some("s-1".to_owned()),
        origins: Vec::new(),
        rate: None,
    };
    wait(access::create(&api.store, &new, NOW)).unwrap().1.reveal().to_owned()
}

fn sorted<'a>(times: impl Iterator<Item = &'a f64>) -> Vec<f64> {
    let mut times: Vec<f64> = times.copied().collect();
    times.sort_by(f64::total_cmp);
    times
}

fn median(sorted: &[f64]) -> f64 {
    sorted[sorted.len() / 2]
}

/// Gives the probability of samples at least as far apart if both are of one distribution, by Kolmogorov and Smirnov; of the limit, with the
/// correction for finite samples by Stephens (1970).
fn same_distribution(one: &[f64], other: &[f64]) -> f64 {
    let (n, m) = (one.len(), other.len());
    let (mut i, mut j, mut farthest) = (0, 0, 0.0_f64);
    while i < n && j < m {
        let at = one[i].min(other[j]);
        i += one[i..].iter().take_while(|time| **time <= at).count();
        j += other[j..].iter().take_while(|time| **time <= at).count();
        farthest = farthest.max((i as f64 / n as f64 - j as f64 / m as f64).abs());
    }
    let root = (n as f64 * m as f64 / (n + m) as f64).sqrt();
    let lambda = (root + 0.12 + 0.11 / root) * farthest;
    if lambda < 0.2 {
        return 1.0;
    }
    let term =
        |k: i32| (-2.0 * f64::from(k * k) * lambda * lambda).exp() * if k % 2 == 0 { -1.0 } else { 1.0 };
    (2.0 * (1..=100).map(term).sum::<f64>()).clamp(0.0, 1.0)
}

/// The comparison finds a difference of half a microsecond in a hundred, and none where there is none.
#[test]
fn times_that_differ_are_told_apart() {
    let mut chance = Chance::new(3, "times");
    let mut drawn = |shift: f64| {
        let times: Vec<f64> = (0..20_000).map(|_| shift + 100.0 * chance.share()).collect();
        sorted(times.iter())
    };
    let (one, same, later) = (drawn(0.0), drawn(0.0), drawn(2.5));
    assert!(0.01 < same_distribution(&one, &same), "{}", same_distribution(&one, &same));
    assert!(same_distribution(&one, &later) < 0.001, "{}", same_distribution(&one, &later));
    // scipy.stats.ks_2samp([1, 2, 3, 4], [5, 6, 7, 8]) says D = 1; in the limit p is about 0.01.
    let apart = same_distribution(&[1.0, 2.0, 3.0, 4.0], &[5.0, 6.0, 7.0, 8.0]);
    assert!((0.001..0.05).contains(&apart), "{apart}");
}

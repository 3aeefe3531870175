//! Amounts on the command line of shops that do not count in hundredths: typed and printed with the decimals of the currency.

use std::path::Path;

use crate::sample::{SHOP, TEA};
use crate::wink::{Said, run, verified};

/// A currency, and how it spells amounts of so many minor units.
struct Spelling {
    code: &'static str,
    /// 100, 200, 900, 2,900 and 10,000,000.
    amounts: [&'static str; 5],
    /// Half a minor unit.
    half: &'static str,
    /// An amount of another currency, and how the shop would write one.
    foreign: [&'static str; 2],
}

const YEN: Spelling = Spelling {
    code: "JPY",
    amounts: ["100", "200", "900", "2900", "10000000"],
    half: "0.5",
    foreign: ["9.00", "23"],
};

const DINARS: Spelling = Spelling {
    code: "KWD",
    amounts: ["0.100", "0.200", "0.900", "2.900", "10000.000"],
    half: "0.0005",
    foreign: ["9.00", "23.000"],
};

/// Writes the catalogue of the corner shop, in this currency.
fn write_catalogue(directory: &Path, of: &Spelling) {
    let [one, _, _, basket, budget] = of.amounts;
    let change = |text: &str, amounts: &[(&str, &str)]| {
        amounts.iter().fold(text.to_owned(), |text, (from, to)| {
            assert!(text.contains(from), "{from} is not in {text}");
            text.replace(from, &format!("\"{to}\""))
        })
    };
    let shop = [("\"EUR\"", of.code), ("\"29.00\"", basket), ("\"0.02\"", of.half), ("\"0.005\"", of.half)];
    let tea = [("\"100000.00\"", budget), ("\"5.00\"", one), ("\"1.00\"", one)];
    std::fs::create_dir_all(directory.join("campaigns")).unwrap();
    std::fs::write(directory.join("shop.toml"), change(SHOP, &shop)).unwrap();
    std::fs::write(directory.join("campaigns").join("tea.toml"), change(TEA, &tea)).unwrap();
}

fn play(of: &Spelling) {
    let here = tempfile::tempdir().unwrap();
    let (store, catalogue) = (here.path().join("store"), here.path().join("catalogue"));
    std::fs::create_dir(&store).unwrap();
    write_catalogue(&catalogue, of);
    let file = |name: &str| here.path().join(name).to_str().unwrap().to_owned();
    let with_store = |words: &[&str]| run([words, &["--data", store.to_str().unwrap()]].concat());
    let ([one, two, nine, ..], code) = (of.amounts, of.code);

    with_store(&["catalogue", "apply", catalogue.to_str().unwrap()]).fine();
    std::fs::write(file("tea.csv"), "id,name,price_cents\nassam,Assam,900\n").unwrap();
    with_store(&["products", "import", &file("tea.csv")]).fine();
    let listed = with_store(&["products", "list"]).fine();
    assert!(listed.out.contains(&format!(" {nine} {code} ")), "{listed:?}");

    with_store(&["coupon", "issue", "--campaign", "tea", "--count", "2", "--out", &file("codes.csv")]).fine();
    let codes = std::fs::read_to_string(file("codes.csv")).unwrap();
    let columns = |column: usize| codes.lines().skip(1).map(move |row| row.split(',').nth(column).unwrap());
    let coupons: Vec<&str> = columns(1).collect();
    let typed = columns(2).next().unwrap();
    let shown = with_store(&["coupon", "show", coupons[0]]).fine();
    assert!(shown.out.contains(&format!("\nreserved {one} {code}, valid until ")), "{shown:?}");
    let redeem = |spend: &str| {
        with_store(&["coupon", "redeem", typed, "--order", "o-1", "--spend", spend, "--category", "TEA"])
    };
    let [foreign, like] = of.foreign;
    let refused = format!("wink: `{foreign}` is not an amount of the shop; write it like {like}\n");
    assert_eq!(redeem(foreign).err, refused);
    let used = redeem(nine).fine().out;
    let (redemption, off) = used.trim().split_once(": ").unwrap();
    assert_eq!(off, format!("{one} {code} off"));
    let back = with_store(&["coupon", "reverse", redemption, "--reason", "cancel"]).fine();
    assert_eq!(back.out, format!("{one} {code} taken back; the coupon goes back to its person\n"));
    verified(&store);

    at_a_till(of, coupons[1], &file, &with_store);
    let today = jiff::Zoned::now().with_time_zone(jiff::tz::TimeZone::get("Europe/Berlin").unwrap());
    let report = |back: i64| {
        let date = (today.date() - jiff::Span::new().days(back)).to_string();
        let day = with_store(&["till", "report", "till-3", "--date", &date]).fine().out;
        assert!(day.starts_with(&format!("till-3 on {date}, in {code}\n")), "{day}");
        day
    };
    // Midnight may have passed meanwhile.
    let days = [report(0), report(1)];
    let redeemed = |day: &String| {
        let row = day.lines().find(|row| row.starts_with("redeemed ")).unwrap();
        row.split_whitespace().eq(["redeemed", "1", one])
    };
    let day = days.iter().find(|day| redeemed(day)).unwrap_or_else(|| panic!("{days:?}"));
    let open = day.lines().find(|row| row.starts_with("open: ")).unwrap();
    assert!(open.contains(&format!(" holds {one} until ")), "{two} less {one}: {open}");
    verified(&store);
}

/// A lease, and a coupon under it, without the server.
fn at_a_till(
    of: &Spelling,
    coupon: &str,
    file: &dyn Fn(&str) -> String,
    with_store: &dyn Fn(&[&str]) -> Said,
) {
    let ([one, two, nine, ..], code) = (of.amounts, of.code);
    let payload = with_store(&["coupon", "code", coupon, "--json"]).fine().json();
    let payload = payload["payload"].as_str().unwrap();
    let lease = |most: &str| {
        let words = ["till", "lease", "till-3", "--campaign", "tea", "--count", "2", "--most", most];
        with_store(&[&words[..], &["--paper"]].concat())
    };
    assert!(lease(of.foreign[0]).err.contains("is not an amount of the shop"));
    let granted = lease(two).fine();
    assert!(granted.out.contains(&format!("2 coupons for at most {two} {code} until ")), "{granted:?}");
    let keep = |name: &str, said: Said| std::fs::write(file(name), said.fine().out).unwrap();
    let again = ["till", "lease", "till-3", "--campaign", "tea", "--count", "2", "--most", two, "--paper"];
    keep("lease.json", with_store(&[&again[..], &["--json"]].concat()));
    keep("keys.json", with_store(&["till", "keys", "--json"]));
    let told = run(["till", "verify", payload, "--keys", &file("keys.json")]).fine();
    assert!(told.out.contains(&format!("take at most {one} {code} off under a lease")), "{told:?}");
    let (lease, keys, log) = (file("lease.json"), file("keys.json"), file("till.log"));
    let give = |spend: &str| {
        let words = ["till", "redeem", payload, "--offline", "--till", "till-3", "--lease", &lease];
        let more = ["--keys", &keys, "--log", &log, "--order", "o-2", "--spend", spend, "--category", "TEA"];
        run([&words[..], &more[..]].concat())
    };
    assert!(give(of.foreign[0]).err.contains("is not an amount of the shop"));
    let given = give(nine).fine();
    assert!(given.out.contains(&format!(": {one} {code} off, 1 of 2;")), "{given:?}");
    with_store(&["till", "sync", "till-3", "--log", &log]).fine();
}

#[test]
fn a_shop_in_yen_is_asked_and_told_without_decimals() {
    play(&YEN);
}

#[test]
fn a_shop_in_dinars_is_asked_and_told_with_three() {
    play(&DINARS);
}

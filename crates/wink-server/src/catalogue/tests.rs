//! A file text and the findings it brings, as they are printed.

use std::path::PathBuf;

use wink_core::base::Timestamp;
use wink_core::offer::{Benefit, Channel};

use super::*;

mod currencies;

pub(super) const SHOP_TEXT: &str = r#"name = "Corner Shop"
currency = "EUR"
time_zone = "Europe/Berlin"

[contact_policy]
caps = [{ at_most = 1, within_days = 14 }, { at_most = 2, within_days = 28 }]

[holdout]
percent = 2.5
salt = 7

[economics]
default_margin_percent = 25
default_basket = "29.00"
attention_cost = "0.02"
exploration = 0.05

[economics.channel_cost]
newsletter = "0.005"
web = 0
till = "0.01"

[economics.margins]
"DAIRY" = 12.5
"#;

pub(super) const CAMPAIGN_TEXT: &str = r#"id = "spring"
name = "Spring"
goal = "more baskets"
hypothesis = "a small reduction brings some people back"
starts_at = "2026-03-01"
ends_at = 2026-04-01T00:00:00+02:00
budget = "100.00"
holdout_percent = 10

[[offers]]
id = "spring-dairy"
title = "1.00 EUR less on dairy products"
benefits = [{ amount = "1.00" }, { percent = 10, at_most = 3.5 }]
channels = ["newsletter", "web"]
categories = ["DAIRY"]
minimum_spend = "5.00"
minimum_price = "1"
valid_days = 28
per_profile = 1
total = 50
eligibility = "has(feature.recency_days)"
applicability = 'context.channel == "newsletter"'
suitability = """
feature.recency_days >= 14
&& feature.category_affinity["DAIRY"] > 0.01"""
redeem = { intercept = -2.0, weights = { orders_56d = 0.1, coupons_used_365d = 1 } }
uplift = { intercept = -3.5 }
"#;

fn files(changed: &str, from: &str, to: &str) -> BTreeMap<String, String> {
    let texts = [(SHOP, SHOP_TEXT), ("campaigns/spring.toml", CAMPAIGN_TEXT)];
    let change = |name: &str, text: &str| {
        assert!(name != changed || text.contains(from), "{from} is not in {name}");
        if name == changed { text.replacen(from, to, 1) } else { text.to_owned() }
    };
    texts.into_iter().map(|(name, text)| (name.to_owned(), change(name, text))).collect()
}

fn shown(result: Result<Catalogue, Vec<Finding>>) -> Vec<String> {
    result.map_or_else(|findings| findings.iter().map(Finding::to_string).collect(), |_| Vec::new())
}

/// Changes `from` to `to` in the shop's file.
#[track_caller]
fn check_shop(from: &str, to: &str, wanted: &[&str]) {
    assert_eq!(shown(compile(&files(SHOP, from, to))), wanted, "{to}");
}

/// Changes `from` to `to` in the campaign's file; leaves `campaigns/spring.toml:` out of what is wanted.
#[track_caller]
fn check_campaign(from: &str, to: &str, wanted: &[&str]) {
    let found = shown(compile(&files("campaigns/spring.toml", from, to)));
    let found: Vec<&str> =
        found.iter().map(|line| line.trim_start_matches("campaigns/spring.toml:")).collect();
    assert_eq!(found, wanted, "{to}");
}

#[test]
fn a_catalogue_says_what_its_files_say() {
    let catalogue = compile(&files(SHOP, "name", "name")).unwrap();
    assert_eq!(catalogue.shop.currency.code(), "EUR");
    assert_eq!(catalogue.holdout.basis_points, 250);
    assert_eq!(catalogue.economics.default_basket_cents, 2_900.0);
    assert_eq!(catalogue.economics.channel_cost_cents, [0.5, 0.0, 1.0]);
    assert_eq!(catalogue.economics.margins.of("DAIRY"), 1_250);
    assert_eq!(catalogue.economics.margins.of("BREAD"), 2_500);

    let [campaign] = catalogue.campaigns.as_slice() else { panic!("one campaign") };
    assert_eq!(campaign.starts_at, Timestamp::parse("2026-02-28T23:00:00Z").unwrap());
    assert_eq!(campaign.ends_at, Timestamp::parse("2026-03-31T22:00:00Z").unwrap());
    assert_eq!((campaign.budget, campaign.holdout_basis_points), (Cents(10_000), 1_000));

    let [offer] = catalogue.offers.as_slice() else { panic!("one offer") };
    assert_eq!(
        offer.benefits,
        [Benefit::Amount(Cents(100)), Benefit::Percent { basis_points: 1_000, maximum: Cents(350) }]
    );
    assert_eq!(offer.channels, [Channel::Newsletter, Channel::Web]);
    assert_eq!((offer.terms.minimum_spend, offer.terms.minimum_price), (Cents(500), Cents(100)));
    assert_eq!(offer.rules.asked().count(), 3);
    assert_eq!(offer.scorecard.redeem.intercept, -2.0);
    let slot = catalogue.features.slot("coupons_used_365d").unwrap();
    assert_eq!(offer.scorecard.redeem.by_slot[slot], 1.0);
    assert_eq!(
        describe(&catalogue).to_string(),
        "1 campaigns, 1 offers, 2 candidates, budgets of 100.00 EUR together, 3 rules of at most 13 steps"
    );
}

#[test]
fn campaigns_and_offers_are_ordered_by_id_and_point_to_each_other() {
    let mut files = files(SHOP, "name", "name");
    let other = CAMPAIGN_TEXT.replace("id = \"spring\"", "id = \"autumn\"").replace("spring-dairy", "zz");
    files.insert("campaigns/a.toml".to_owned(), other);
    let catalogue = compile(&files).unwrap();
    let campaign_of = |offer: &offer::Offer| catalogue.campaigns[offer.campaign].id.to_string();
    let pairs: Vec<_> =
        catalogue.offers.iter().map(|offer| (offer.id.to_string(), campaign_of(offer))).collect();
    assert_eq!(
        pairs,
        [("spring-dairy".to_owned(), "spring".to_owned()), ("zz".to_owned(), "autumn".to_owned())]
    );
}

#[test]
fn equal_files_are_the_same_version() {
    let one = compile(&files(SHOP, "name", "name")).unwrap();
    let other = compile(&files(SHOP, "salt = 7", "salt = 8")).unwrap();
    assert_eq!(one.version, compile(&files(SHOP, "name", "name")).unwrap().version);
    assert_ne!(one.version, other.version);
}

#[test]
fn what_is_wrong_in_the_shop() {
    check_shop("name = \"Corner Shop\"\n", "", &["shop.toml:1:1: `name` is missing"]);
    check_shop("Corner Shop", " ", &["shop.toml:1:8: `name` is empty"]);
    check_shop("\"Corner Shop\"", "3", &["shop.toml:1:8: `name` must be a text, this is a whole number"]);
    check_shop(
        "\"EUR\"",
        "\"Euro\"",
        &["shop.toml:2:12: `Euro` is not a currency code (fix: write three capitals like `EUR`)"],
    );
    check_shop(
        "Europe/Berlin",
        "Berlin",
        &["shop.toml:3:13: `Berlin` is not a time zone (fix: write an IANA name like `Europe/Berlin`)"],
    );
}

#[test]
fn what_is_wrong_in_the_tables_of_the_shop() {
    check_shop(
        "[holdout]",
        "[hold_out]",
        &[
            "shop.toml:1:1: `holdout` is missing",
            "shop.toml:8:2: `hold_out` is not a known key (fix: write `holdout`)",
        ],
    );
    check_shop("percent = 2.5\n", "", &["shop.toml:8:1: `percent` is missing in `[holdout]`"]);
    check_shop("percent = 2.5", "percent = 60", &["shop.toml:9:11: `percent` must be 0 to 50, this is 60"]);
    check_shop("percent = 2.5", "percent = -1", &["shop.toml:9:11: `percent` must be 0 to 50, this is -1"]);
    check_shop(
        "percent = 2.5",
        "percent = 2.555",
        &["shop.toml:9:11: `percent` has at most 2 decimals, this is 2.555"],
    );
    check_shop(
        "percent = 2.5",
        "percent = 1e1",
        &["shop.toml:9:11: `percent` is not written in plain digits: 1e1 (fix: write it like `12.5`)"],
    );
    check_shop(
        "percent = 2.5",
        "percent = \"2\"",
        &["shop.toml:9:11: `percent` must be a number, this is a text"],
    );
    check_shop("salt = 7", "salt = -7", &["shop.toml:10:8: `salt` must be at least 0, this is -7"]);
    check_shop(
        "caps = [{ at_most = 1, within_days = 14 }, { at_most = 2, within_days = 28 }]",
        "caps = []",
        &[
            "shop.toml:6:8: `caps` is empty (fix: write at least one, like `{ at_most = 2, within_days = 28 }`)",
        ],
    );
    check_shop(
        "at_most = 1, within_days = 14",
        "at_most = 0, days = 14",
        &[
            "shop.toml:6:9: `within_days` is missing in `caps`",
            "shop.toml:6:21: `at_most` must be 1 to 1000, this is 0",
            "shop.toml:6:24: `days` is not a known key in `caps` (fix: use `at_most` or `within_days`)",
        ],
    );
    check_shop(
        "\"29.00\"",
        "\"29,00\"",
        &[
            "shop.toml:14:18: `default_basket` is not an amount: 29,00 (fix: write digits and a dot, without currency or spaces, like `\"1.50\"`)",
        ],
    );
    check_shop(
        "\"0.02\"",
        "-0.02",
        &["shop.toml:15:18: `attention_cost` must not be negative, this is -0.02"],
    );
    check_shop(
        "\"0.005\"",
        "\"0.00005\"",
        &["shop.toml:19:14: `newsletter` has at most 4 decimals, this is 0.00005"],
    );
    check_shop(
        "exploration = 0.05",
        "exploration = 1.0",
        &["shop.toml:16:15: `exploration` must be 0.0 or more and less than 1.0, this is 1"],
    );
    check_shop(
        "exploration = 0.05",
        "exploration = nan",
        &["shop.toml:16:15: `exploration` must be a finite number, this is NaN"],
    );
    check_shop("web = 0\n", "", &["shop.toml:18:1: `web` is missing in `[economics.channel_cost]`"]);
    check_shop(
        "\"DAIRY\" = 12.5",
        "\"DAIRY\" = 101",
        &["shop.toml:24:11: `DAIRY` must be 0 to 100, this is 101"],
    );
}

#[test]
fn what_is_wrong_in_a_campaign() {
    check_campaign(
        "id = \"spring\"",
        "id = \"Spring\"",
        &[
            "1:6: `Spring` is not a slug (fix: use 1 to 64 of a-z, 0-9, `-` and `_`, beginning with a letter or digit)",
        ],
    );
    check_campaign(
        "goal = ",
        "gaol = ",
        &["1:1: `goal` is missing", "3:1: `gaol` is not a known key (fix: write `goal`)"],
    );
    check_campaign(
        "\"2026-03-01\"",
        "\"1.3.2026\"",
        &[
            "5:13: `starts_at` is not a time: 1.3.2026 (fix: write a date like `2026-03-01`, which is midnight on the shop's clock, or `2026-03-01T09:30:00Z`)",
        ],
    );
    check_campaign(
        "2026-04-01T00:00:00+02:00",
        "2026-04-01T00:00:00",
        &[
            "6:11: `ends_at` is not a time: 2026-04-01T00:00:00 (fix: write a date like `2026-03-01`, which is midnight on the shop's clock, or `2026-03-01T09:30:00Z`)",
        ],
    );
    check_campaign(
        "2026-04-01T00:00:00+02:00",
        "2026-03-01",
        &["6:11: `ends_at` must be later than `starts_at`"],
    );
    check_campaign("\"100.00\"", "0", &["7:10: `budget` must be more than 0"]);
    check_campaign("\"100.00\"", "100.005", &["7:10: `budget` has at most 2 decimals, this is 100.005"]);
    check_campaign("\"100.00\"", "\"3.00\"", &["7:10: `budget` is 3.00, and one coupon may cost 3.50"]);
    check_campaign("\"100.00\"", "\"1000000000.01\"", &["7:10: `budget` is too large: 1000000000.01"]);
    check_campaign(
        "holdout_percent = 10",
        "holdout_percent = 51",
        &["8:19: `holdout_percent` must be 0 to 50, this is 51"],
    );
    check_campaign(
        CAMPAIGN_TEXT.split_once("[[offers]]").unwrap().1,
        "",
        &[
            "10:1: `benefits` is missing in `[[offers]]`",
            "10:1: `channels` is missing in `[[offers]]`",
            "10:1: `id` is missing in `[[offers]]`",
            "10:1: `per_profile` is missing in `[[offers]]`",
            "10:1: `redeem` is missing in `[[offers]]`",
            "10:1: `title` is missing in `[[offers]]`",
            "10:1: `uplift` is missing in `[[offers]]`",
            "10:1: `valid_days` is missing in `[[offers]]`",
        ],
    );
    check_campaign(
        "budget = \"100.00\"",
        "budget = \"100.00",
        &["7:17: not valid TOML: invalid basic string, expected `\"`"],
    );
}

#[test]
fn what_is_wrong_in_an_offer() {
    check_campaign(
        "{ amount = \"1.00\" }, { percent = 10, at_most = 3.5 }",
        "",
        &[
            "13:12: `benefits` is empty (fix: write at least one, like `{ amount = \"1.00\" }` or `{ percent = 10, at_most = \"3.00\" }`)",
        ],
    );
    check_campaign(
        "{ amount = \"1.00\" }",
        "{ percent = 5 }, { percent = 0, at_most = 1 }",
        &["13:13: `at_most` is missing in `benefits`", "13:42: `percent` must be more than 0"],
    );
    check_campaign(
        "{ amount = \"1.00\" }",
        "{ amount = \"0.00\" }, { amount = 1, at_most = 2 }, {}",
        &[
            "13:24: `amount` must be more than 0",
            "13:48: `at_most` is not a known key in `benefits` (fix: use `amount`)",
            "13:63: a benefit needs `amount` or `percent` (fix: write `{ amount = \"1.00\" }` or `{ percent = 10, at_most = \"3.00\" }`)",
        ],
    );
    check_campaign(
        "{ amount = \"1.00\" }",
        "{ amount = \"1.00\" }, { amount = 1 }",
        &["13:34: the value stands twice in `benefits` (fix: leave one out)"],
    );
    check_campaign(
        "\"newsletter\", \"web\"",
        "\"newsleter\", \"fax\", \"web\", \"web\"",
        &[
            "14:13: there is no channel `newsleter` (fix: write `newsletter`)",
            "14:26: there is no channel `fax` (fix: use `newsletter`, `web` or `till`)",
            "14:40: `web` stands twice in `channels` (fix: leave one out)",
        ],
    );
    check_campaign(
        "\"newsletter\", \"web\"",
        "\"newsleter\", \"fax\"",
        &[
            "14:13: there is no channel `newsleter` (fix: write `newsletter`)",
            "14:26: there is no channel `fax` (fix: use `newsletter`, `web` or `till`)",
        ],
    );
    check_campaign(
        "[\"newsletter\", \"web\"]",
        "[]",
        &["14:12: `channels` is empty (fix: use `newsletter`, `web` or `till`)"],
    );
    check_campaign(
        "[\"DAIRY\"]",
        "\"DAIRY\"",
        &["15:14: `categories` must be a list of texts, this is a text"],
    );
    check_campaign(
        "[\"DAIRY\"]",
        "[\"DAIRY\", 3]",
        &["15:24: `categories` must hold texts that are not empty"],
    );
    check_campaign(
        "valid_days = 28",
        "valid_days = 367",
        &["18:14: `valid_days` must be 1 to 366, this is 367"],
    );
    check_campaign(
        "valid_days = 28",
        "valid_days = \"28\"",
        &["18:14: `valid_days` must be a whole number, this is a text"],
    );
    check_campaign(
        "per_profile = 1",
        "per_profile = 0",
        &["19:15: `per_profile` must be 1 to 4294967295, this is 0"],
    );
    check_campaign(
        "redeem = { intercept = -2.0,",
        "redeem = {",
        &["26:10: `intercept` is missing in `redeem`"],
    );
    check_campaign(
        "orders_56d = 0.1",
        "order_56d = 0.1, category_affinity = 1, weather = inf",
        &[
            "26:42: there is no feature `order_56d` (fix: write `orders_56d`)",
            "26:59: `category_affinity` is shares, and a weight needs a number",
            "26:82: there is no feature `weather`",
            "26:92: `weather` must be a finite number, this is inf",
        ],
    );
    check_campaign(
        "uplift = { intercept = -3.5 }",
        "uplift = -3.5",
        &["27:10: `uplift` must be a table, this is a number"],
    );
}

#[test]
fn a_problem_in_a_rule_is_reported_at_its_character() {
    check_campaign(
        "has(feature.recency_days)",
        "has(feature.recency_day)",
        &["21:20: `feature.recency_day` is not known here (fix: write `feature.recency_days`)"],
    );
    check_campaign(
        "\"has(feature.recency_days)\"",
        r#""context.channel == \"wéb\" && context.hour""#,
        &["21:46: `&&` needs bool, this is int (fix: compare it with a value)"],
    );
    check_campaign(
        "context.channel == \"newsletter\"",
        "context.channel = \"newsletter\"",
        &["22:34: `=` has no meaning here (fix: write `==`)"],
    );
    check_campaign(
        "&& feature.category_affinity[\"DAIRY\"]",
        "&& feature.category_affinity",
        &[
            "25:4: `feature.category_affinity` is shares, not one value (fix: read one of them: `feature.category_affinity[\"…\"]`)",
        ],
    );
    check_campaign(
        "'context.channel == \"newsletter\"'",
        "true",
        &["22:17: `applicability` must be a text, this is true or false"],
    );
    check_campaign(
        "\"has(feature.recency_days)\"",
        "\"\"",
        &["21:16: the rule is empty (fix: leave it out, then it always holds)"],
    );
}

#[test]
fn everything_is_reported_at_once_and_in_order() {
    let mut files = files("campaigns/spring.toml", "per_profile = 1\n", "");
    files.insert("campaigns/again.toml".to_owned(), CAMPAIGN_TEXT.to_owned());
    files.insert("campaigns/old/x.toml".to_owned(), String::new());
    files.insert("prices.toml".to_owned(), String::new());
    files.insert(SHOP.to_owned(), SHOP_TEXT.replace("Europe/Berlin", "Mars"));
    assert_eq!(
        shown(compile(&files)),
        [
            "campaigns/old/x.toml:1:1: the file is not part of a catalogue (fix: keep `shop.toml`, `features.toml`, `triggers.toml`, `segments.toml`, `schemas.toml` and `campaigns/*.toml` only, or give it another ending)",
            "campaigns/spring.toml:1:6: the id `spring` is already used in campaigns/again.toml:1",
            "campaigns/spring.toml:10:1: `per_profile` is missing in `[[offers]]`",
            "campaigns/spring.toml:11:6: the id `spring-dairy` is already used in campaigns/again.toml:11",
            "prices.toml:1:1: the file is not part of a catalogue (fix: keep `shop.toml`, `features.toml`, `triggers.toml`, `segments.toml`, `schemas.toml` and `campaigns/*.toml` only, or give it another ending)",
            "shop.toml:3:13: `Mars` is not a time zone (fix: write an IANA name like `Europe/Berlin`)",
        ]
    );
    assert_eq!(
        shown(compile(&BTreeMap::new())),
        ["shop.toml:1:1: the file is missing (fix: write the shop's name, currency and time zone into it)"]
    );
}

/// A folder that is gone when the test ends.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("wink-catalogue-{}-{name}", std::process::id()));
        std::fs::create_dir_all(path.join("campaigns")).unwrap();
        Self(path)
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.0.join(name), bytes).unwrap();
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).unwrap();
    }
}

#[test]
fn a_folder_is_read_with_the_texts_to_store() {
    let folder = Folder::new("good");
    folder.write("shop.toml", SHOP_TEXT);
    folder.write("campaigns/spring.toml", CAMPAIGN_TEXT);
    folder.write("README.md", "left alone");
    folder.write(".hidden.toml", "left alone");
    let loaded = read(&folder.0).unwrap();
    assert_eq!(loaded.files, files(SHOP, "name", "name"));
    assert_eq!(Ok(loaded.catalogue), compile(&loaded.files));
}

#[test]
fn a_folder_that_cannot_be_read_is_a_finding() {
    let shown =
        |folder: &Folder| read(&folder.0).unwrap_err().iter().map(Finding::to_string).collect::<Vec<_>>();
    let folder = Folder::new("bad");
    let missing =
        ["shop.toml:1:1: the file is missing (fix: write the shop's name, currency and time zone into it)"];
    assert_eq!(shown(&folder), missing);

    folder.write("shop.toml", [SHOP_TEXT.as_bytes(), b"# caf\xe9"].concat());
    folder.write("campaigns/spring.toml", CAMPAIGN_TEXT);
    assert_eq!(
        shown(&folder),
        ["shop.toml:25:6: the text is not UTF-8 from here on (fix: save the file as UTF-8)"]
    );

    folder.write("shop.toml", SHOP_TEXT);
    std::os::unix::fs::symlink("nowhere", folder.0.join("campaigns/gone.toml")).unwrap();
    assert_eq!(
        shown(&folder),
        ["campaigns/gone.toml:1:1: the file cannot be read: No such file or directory (os error 2)"]
    );

    let nowhere = read(&folder.0.join("nowhere")).unwrap_err();
    assert!(
        nowhere.iter().any(|finding| finding.message.starts_with("the folder cannot be read")),
        "{nowhere:?}"
    );
}

#[test]
fn the_sample_catalogue_compiles() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/completejourney/catalogue");
    let catalogue = read(&folder).map(|loaded| loaded.catalogue).unwrap_or_else(|findings| {
        panic!("{}", findings.iter().map(Finding::to_string).collect::<Vec<_>>().join("\n"))
    });
    assert_eq!(catalogue.campaigns.len(), 27);
    for offer in &catalogue.offers {
        assert_eq!(offer.rules.asked().count(), 3, "{}", offer.id);
        for (stage, rule) in offer.rules.asked() {
            assert!(rule.cost() < wink_core::base::expression::COST_MAX, "{}: {}", offer.id, stage.name());
        }
    }
}

const FEATURES_TEXT: &str = r#"switched_off = ["fatigue"]

[[features]]
name = "large_orders_90d"
meaning = "orders of three pieces or more in 90 days"
events = ["Order Completed"]
filter = 'event.units >= 3'
aggregation = "count"
window = "90 days"
ttl_days = 120
purpose = "personalisation"
class = "purchase"

[[features]]
name = "large_orders_share"
meaning = "large orders for each of a year"
formula = "feature.large_orders_90d / feature.orders_365d"
purpose = "personalisation"
class = "purchase"
"#;

fn with_features(text: &str) -> Result<Catalogue, Vec<Finding>> {
    let mut files = files("", "", "");
    files.insert(FEATURES.to_owned(), text.to_owned());
    compile(&files)
}

#[track_caller]
fn check_features(from: &str, to: &str, wanted: &[&str]) {
    assert!(FEATURES_TEXT.contains(from), "{from} is not in the file");
    assert_eq!(shown(with_features(&FEATURES_TEXT.replacen(from, to, 1))), wanted);
}

#[test]
fn a_shop_adds_features_and_switches_some_off() {
    let built_in = compile(&files("", "", "")).unwrap().features.definitions().len();
    let catalogue = with_features(FEATURES_TEXT).unwrap();
    assert_eq!(catalogue.features.definitions().len(), built_in + 1);
    assert_eq!(catalogue.features.slot("fatigue"), None);
    assert_eq!(catalogue.features.slot("large_orders_share"), Some(built_in));
    let mut files =
        files("campaigns/spring.toml", "has(feature.recency_days)", "feature.large_orders_90d >= 1");
    assert_eq!(
        shown(compile(&files)),
        ["campaigns/spring.toml:21:16: `feature.large_orders_90d` is not known here"]
    );
    files.insert(FEATURES.to_owned(), FEATURES_TEXT.to_owned());
    compile(&files).unwrap();
}

#[test]
fn every_way_to_aggregate_can_be_written() {
    let ways = [
        "aggregation = \"sum\"\nvalue = \"event.sales_cents\"\nwindow = \"28 shop days\"",
        "aggregation = \"mean\"\nvalue = \"event.lines\"\nwindow = \"session\"",
        "aggregation = \"min\"\nvalue = \"event.sales_cents\"\nwindow = \"28 days\"",
        "aggregation = \"max\"\nvalue = \"event.sales_cents\"\nwindow = \"28 days\"",
        "aggregation = \"first\"\nvalue = \"event.sales_cents\"",
        "aggregation = \"last\"\nvalue = \"event.sales_cents\"",
        "aggregation = \"distinct\"\nvalue = \"items.category\"\nwindow = \"365 days\"",
        "aggregation = \"quantile\"\nvalue = \"event.sales_cents\"\nper_mille = 900\nwindow = \"365 days\"",
        "aggregation = \"decayed_sum\"\nhalf_life_days = 7",
        "aggregation = \"time_since\"\nunit = \"minutes\"",
        "aggregation = \"time_since_first\"",
        "aggregation = \"active_days\"\nwindow = \"7 days\"",
        "aggregation = \"gap_days\"",
        "aggregation = \"shares\"\nby = \"items.category\"\nvalue = \"items.cents\"\nhalf_life_days = 28",
        "aggregation = \"share\"\nvalue = \"event.discount_cents\"\nrest = \"event.sales_cents\"\nwindow = \"7 days\"",
        "aggregation = \"ratio\"\npart_filter = \"event.lines > 3\"\nwindow = \"7 days\"",
        "aggregation = \"count\"\nwindow = \"7 exact days\"\nage_of = [\"selected\"]\nnever = \"zero\"",
    ];
    let (first, _) = FEATURES_TEXT.split_once("\n[[features]]\nname = \"large_orders_share\"").unwrap();
    for way in ways {
        let text = first.replacen("aggregation = \"count\"\nwindow = \"90 days\"", way, 1);
        assert_ne!(text, first);
        assert_eq!(shown(with_features(&text)), [""; 0], "{way}");
    }
}

#[test]
fn what_is_wrong_with_a_feature_is_said_where_it_stands() {
    check_features(
        "\"fatigue\"",
        "\"fatige\"",
        &["features.toml:1:17: `fatige` is no built-in feature (fix: write `fatigue`)"],
    );
    check_features(
        "\"fatigue\"",
        "\"recency_days\"",
        &[
            "features.toml:1:16: `order_overdue` is derived of a feature that is switched off (fix: switch `order_overdue` off too)",
        ],
    );
    check_features(
        "Order Completed",
        "Order Complete",
        &["features.toml:6:10: `Order Complete` is not a known event (fix: write `Order Completed`)"],
    );
    check_features(
        "event.units",
        "event.unit",
        &["features.toml:7:11: `event.unit` is not known here (fix: write `event.units`)"],
    );
    check_features(
        "\"90 days\"",
        "\"a year\"",
        &[
            "features.toml:9:10: `a year` is not a window (fix: write it like `28 days`, `28 shop days`, `28 exact days` or `session`)",
        ],
    );
    check_features(
        "\"90 days\"",
        "\"900 days\"",
        &["features.toml:9:10: a window has 1 to 366 days, this has 900"],
    );
    check_features(
        "\"count\"",
        "\"cuont\"",
        &["features.toml:8:15: `cuont` is not known as `aggregation` (fix: write `count`)"],
    );
    check_features(
        "large_orders_90d / feature",
        "large_orders / feature",
        &[
            "features.toml:17:12: `feature.large_orders` is not known here (fix: write `feature.large_orders_90d`)",
        ],
    );
    check_features(
        "\"large_orders_90d\"",
        "\"orders_365d\"",
        &["features.toml:4:8: `orders_365d` is defined twice (fix: give one of them another name)"],
    );
    check_features(
        "class = \"purchase\"",
        "class = \"health\"",
        &["features.toml:12:9: nothing about `health` is ever computed of a person"],
    );
    check_features(
        "ttl_days = 120",
        "ttl_day = 120",
        &["features.toml:10:1: `ttl_day` is not a known key in `[[features]]` (fix: write `ttl_days`)"],
    );
    check_features(
        "window = \"90 days\"\n",
        "",
        &["features.toml:3:1: `window` is missing in `[[features]]`"],
    );
    let short = "shares\"\nby = \"items.category\"\nhalf_life_days = 7";
    for (way, why) in [
        ("time_since_first\"\nunit = \"minutes\"", "9:8: `time_since_first` counts days; leave `unit` out"),
        (short, "10:18: `half_life_days` must be 28 to 3660, this is 7"),
    ] {
        check_features("count\"\nwindow = \"90 days\"", way, &[&format!("features.toml:{why}")]);
    }
}

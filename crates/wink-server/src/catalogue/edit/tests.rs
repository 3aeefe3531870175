//! What is sent, what becomes of the files, and where something wrong is said to be.

use wink_api::json;

use super::super::tests::{CAMPAIGN_TEXT, SHOP_TEXT};
use super::super::{Loaded, differences, edited, show};
use super::*;

const SPRING: &str = "campaigns/spring.toml";

fn files() -> Files {
    [(SHOP, SHOP_TEXT), (SPRING, CAMPAIGN_TEXT)].map(|(name, text)| (name.to_owned(), text.to_owned())).into()
}

fn fields(text: &str) -> Fields {
    match json::value(text.as_bytes()).unwrap() {
        Value::Map(fields) => fields,
        other => panic!("{other:?}"),
    }
}

/// Gives the fields that `path` of the shown campaign holds, with one of them changed.
fn spring(change: impl FnOnce(&mut Fields)) -> Fields {
    let Some(Value::Map(mut fields)) = show::campaigns(&files()).remove("spring") else {
        panic!("no spring")
    };
    change(&mut fields);
    fields
}

fn dairy(change: &str) -> Fields {
    let Some(Value::Map(fields_shown)) = show::offers(&files()).remove("spring-dairy") else {
        panic!("no dairy")
    };
    fields_shown.into_iter().chain(fields(change)).collect()
}

fn campaign(fields: Fields) -> Edit {
    Edit::Campaign { id: "spring".to_owned(), fields }
}

fn offer(id: &str, fields: Fields) -> Edit {
    Edit::Offer { id: id.to_owned(), fields }
}

fn done(edit: &Edit) -> Loaded {
    edited(&files(), edit).unwrap_or_else(|misfits| panic!("{misfits:#?}"))
}

/// The lines that changed, and what is said differently.
#[track_caller]
fn check(edit: &Edit, lines: &[&str], said: &[&str]) {
    let after = done(edit).files;
    let old: Vec<&str> = files_lines(SHOP_TEXT, CAMPAIGN_TEXT);
    let new: Vec<String> = after.values().flat_map(|text| text.lines()).map(str::to_owned).collect();
    let added: Vec<&str> = new.iter().map(String::as_str).filter(|line| !old.contains(line)).collect();
    assert_eq!(added, lines);
    let paths: Vec<String> = differences(&files(), &after).into_iter().map(|found| found.path).collect();
    assert_eq!(paths, said);
}

fn files_lines<'a>(shop: &'a str, campaign: &'a str) -> Vec<&'a str> {
    shop.lines().chain(campaign.lines()).collect()
}

#[track_caller]
fn refused(edit: &Edit, pointer: &str, message: &str) {
    let misfits = edited(&files(), edit).unwrap_err();
    let said: Vec<(&str, &str)> =
        misfits.iter().map(|misfit| (misfit.pointer.as_str(), misfit.finding.message.as_str())).collect();
    let found = said.iter().any(|(at, what)| *at == pointer && what.starts_with(message));
    assert!(found, "{pointer}: {message} is not among {said:#?}");
}

#[test]
fn what_is_shown_can_be_sent_back_and_changes_no_byte() {
    assert_eq!(done(&campaign(spring(|_| {}))).files, files());
    assert_eq!(done(&offer("spring-dairy", dairy("{}"))).files, files());
    let Some(Value::Map(policy)) = show::contact_policy(&files()) else { panic!("no policy") };
    assert_eq!(done(&Edit::ContactPolicy { fields: policy }).files, files());
}

#[test]
fn only_the_line_of_what_changed_is_written() {
    let goal = spring(|fields| drop(fields.insert("goal".to_owned(), Value::Text("fewer".to_owned()))));
    check(&campaign(goal), &["goal = \"fewer\""], &["campaigns/spring/goal"]);
    check(
        &offer("spring-dairy", dairy(r#"{"minimum_spend": "7.50"}"#)),
        &["minimum_spend = \"7.50\""],
        &["campaigns/spring/offers/spring-dairy/minimum_spend"],
    );
    let more = Edit::Budget { campaign: "spring".to_owned(), fields: fields(r#"{"budget": "250.00"}"#) };
    check(&more, &["budget = \"250.00\""], &["campaigns/spring/budget"]);
    let pause = |is_paused| Edit::Pause { campaign: "spring".to_owned(), is_paused };
    check(&pause(true), &["paused = true"], &["campaigns/spring/paused"]);
    assert_eq!(done(&pause(false)).files, files(), "it goes on already");
    let paused = edited(&files(), &pause(true)).unwrap().files;
    assert_eq!(edited(&paused, &pause(false)).unwrap().files, files());
    let seldom = fields(r#"{"caps": [{"at_most": 1, "within_days": 28}]}"#);
    check(
        &Edit::ContactPolicy { fields: seldom },
        &["caps = [{ at_most = 1, within_days = 28 }]"],
        &["shop/contact_policy/caps"],
    );
}

#[test]
fn comments_stay() {
    let text = CAMPAIGN_TEXT.replace("budget = \"100.00\"", "budget = \"100.00\" # agreed in March");
    let text = text.replace("[[offers]]", "# The only one.\n[[offers]]");
    let files = Files::from([(SHOP.to_owned(), SHOP_TEXT.to_owned()), (SPRING.to_owned(), text.clone())]);
    let edit = Edit::Budget { campaign: "spring".to_owned(), fields: fields(r#"{"budget": 120}"#) };
    let after = edited(&files, &edit).unwrap().files;
    assert_eq!(after[SPRING], text.replace("\"100.00\" #", "120 #"));
    let edit = offer("spring-dairy", dairy(r#"{"title": "Less"}"#));
    let after = edited(&files, &edit).unwrap().files;
    assert_eq!(after[SPRING], text.replace("\"1.00 EUR less on dairy products\"", "\"Less\""));
}

#[test]
fn an_offer_and_a_campaign_can_be_new() {
    let second = dairy(r#"{"id": "spring-tea", "title": "Tea"}"#);
    let loaded = done(&offer("spring-tea", second));
    let ids: Vec<String> = loaded.catalogue.offers.iter().map(|offer| offer.id.to_string()).collect();
    assert_eq!(ids, ["spring-dairy", "spring-tea"]);
    assert!(loaded.files[SPRING].starts_with(CAMPAIGN_TEXT), "what was there stands as it did");

    let mut summer = spring(|fields| drop(fields.remove("id")));
    let Some(Value::List(offers)) = summer.get_mut("offers") else { panic!("no offers") };
    let Value::Map(first) = &mut offers[0] else { panic!("no offer") };
    first.insert("id".to_owned(), Value::Text("summer-ice".to_owned()));
    let loaded = done(&Edit::Campaign { id: "summer".to_owned(), fields: summer });
    assert_eq!(loaded.catalogue.campaigns.len(), 2);
    let text = &loaded.files["campaigns/summer.toml"];
    assert!(text.starts_with("id = \"summer\"\nname = \"Spring\"\ngoal = "), "{text}");
    assert!(text.contains("\n[[offers]]\nid = \"summer-ice\"\ntitle = "), "{text}");
}

#[test]
fn offers_are_written_in_the_order_sent_and_keep_their_own_tables() {
    let text = CAMPAIGN_TEXT.replace(
        "redeem = { intercept = -2.0, weights = { orders_56d = 0.1, coupons_used_365d = 1 } }\n",
        "",
    ) + "\n[offers.redeem]\nintercept = -2.0\n\n[[offers]]\n"
        + CAMPAIGN_TEXT.split_once("[[offers]]\n").unwrap().1.replace("spring-dairy", "spring-tea").as_str();
    let files = Files::from([(SHOP.to_owned(), SHOP_TEXT.to_owned()), (SPRING.to_owned(), text)]);
    let Some(Value::Map(mut sent)) = show::campaigns(&files).remove("spring") else { panic!("no spring") };
    let Some(Value::List(offers)) = sent.get_mut("offers") else { panic!("no offers") };
    offers.reverse();
    sent.insert("goal".to_owned(), Value::Text("fewer".to_owned()));
    let after = edited(&files, &campaign(sent.clone())).unwrap().files;
    assert_eq!(show::campaigns(&after)["spring"], Value::Map(sent));
    let paths: Vec<String> = differences(&files, &after).into_iter().map(|found| found.path).collect();
    assert_eq!(paths, ["campaigns/spring/goal"]);
}

#[test]
fn what_is_wrong_is_named_by_its_place_in_what_was_sent() {
    let sent = |change: &str| campaign(spring(|known| known.extend(fields(change))));
    refused(&sent(r#"{"ends_at": "soon"}"#), "/ends_at", "`ends_at` is not a time");
    refused(&sent(r#"{"colour": "red"}"#), "/colour", "`colour` is not a known key");
    refused(&sent(r#"{"goal": null}"#), "/goal", "`null` says nothing here");
    refused(&sent(r#"{"offers": []}"#), "/offers", "`offers` is empty");
    refused(&sent(r#"{"offers": [{"id": "x"}]}"#), "/offers/0", "`title` is missing");
    refused(&sent(r#"{"offers": [1]}"#), "/offers/0", "`offers` must hold tables");
    refused(&sent(r#"{"id": "other"}"#), "/id", "`id` is another than `spring`");
    refused(&campaign(spring(|known| drop(known.remove("budget")))), "", "`budget` is missing");
    let twice = spring(|known| {
        let Some(Value::List(offers)) = known.get_mut("offers") else { panic!("no offers") };
        offers.push(offers[0].clone());
    });
    refused(&campaign(twice), "/offers/1/id", "the id `spring-dairy` is already used");

    let dairy = |change: &str| offer("spring-dairy", dairy(change));
    refused(
        &dairy(r#"{"benefits": [{"amount": "1.00"}, {"amount": "0"}]}"#),
        "/benefits/1/amount",
        "`amount` must be",
    );
    refused(&dairy(r#"{"channels": ["web", "radio"]}"#), "/channels/1", "there is no channel `radio`");
    refused(
        &dairy(r#"{"eligibility": "feature.orders_365 >= 1"}"#),
        "/eligibility",
        "`feature.orders_365` is not known",
    );
    refused(
        &dairy(r#"{"redeem": {"intercept": 1e9, "weights": {"luck": 1}}}"#),
        "/redeem/weights/luck",
        "there is no feature `luck`",
    );
    refused(&dairy(r#"{"campaign": "summer"}"#), "/campaign", "the offer belongs to campaign `spring`");
    refused(&dairy(r#"{"benefits": [{"amount": "900.00"}]}"#), "", "`budget` is 100.00");
    refused(&offer("new", fields(r#"{"campaign": "summer"}"#)), "/campaign", "there is no campaign `summer`");
    refused(&offer("new", Fields::new()), "", "`campaign` is missing");
    refused(&Edit::Campaign { id: "../x".to_owned(), fields: Fields::new() }, "/id", "");

    let policy = |sent: &str| Edit::ContactPolicy { fields: fields(sent) };
    refused(
        &policy(r#"{"caps": [{"at_most": 0, "within_days": 7}]}"#),
        "/caps/0/at_most",
        "`at_most` must be",
    );
    refused(&policy("{}"), "", "`caps` is missing");
    let budget = |sent: &str| Edit::Budget { campaign: "spring".to_owned(), fields: fields(sent) };
    refused(&budget(r#"{"budget": "-1"}"#), "/budget", "`budget` must not be negative");
    refused(&budget(r#"{"budget": "9.00", "cap": 1}"#), "/cap", "`cap` is not known here");
    refused(&budget("{}"), "", "`budget` is missing");

    let stray =
        Files::from([(SHOP.to_owned(), SHOP_TEXT.to_owned()), ("x/y.toml".to_owned(), String::new())]);
    refused(&Edit::Files(stray), "/files/x~1y.toml", "the file is not part of a catalogue");
    let large = Files::from([(SHOP.to_owned(), "#".repeat(800 * 1024))]);
    refused(&Edit::Files(large), "/files/shop.toml", "with this file the catalogue is larger");
}

//! Text as a campaign's file beside a sound shop, and JSON as an edit of it: findings lie inside the file, and what is valid says the same
//! when it is shown and sent back.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wink_api::json;
use wink_core::base::Value;
use wink_server::catalogue::{Edit, Files, compile, edited, show};

const SHOP: &str = include_str!("../../examples/completejourney/catalogue/shop.toml");
const CAMPAIGN: &str = include_str!("../../examples/completejourney/catalogue/campaigns/cj-01.toml");

fuzz_target!(|text: &str| {
    let files = |campaign: &str| {
        Files::from([
            ("shop.toml".to_owned(), SHOP.to_owned()),
            ("campaigns/one.toml".to_owned(), campaign.to_owned()),
        ])
    };
    let sent = files(text);
    match compile(&sent) {
        Ok(_) => shown_is_sent_back(&sent),
        Err(findings) => {
            let lines = text.lines().count().max(1) + 1;
            let inside = |line: usize| (1..=lines).contains(&line);
            assert!(findings.iter().all(|finding| finding.file == "shop.toml" || inside(finding.line)));
        }
    }
    if let Ok(Value::Map(fields)) = json::value(text.as_bytes())
        && let Ok(loaded) = edited(&files(CAMPAIGN), &Edit::Campaign { id: "cj-01".to_owned(), fields })
    {
        shown_is_sent_back(&loaded.files);
    }
});

fn shown_is_sent_back(files: &Files) {
    for (id, shown) in show::campaigns(files) {
        let Value::Map(fields) = shown else { continue };
        // What a spreadsheet calls infinity is a number in TOML, and none anywhere else.
        let loaded = edited(files, &Edit::Campaign { id, fields }).expect("what is in force can be sent");
        assert_eq!(show::campaigns(&loaded.files), show::campaigns(files));
    }
}

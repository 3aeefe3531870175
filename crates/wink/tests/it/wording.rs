//! `wink lint text`, and the words that Wink itself says to shoppers.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::wink::{Said, WINK, run};

fn written(folder: &Path, name: &str, text: impl AsRef<[u8]>) -> String {
    let file = folder.join(name);
    std::fs::write(&file, text).unwrap();
    file.to_str().unwrap().to_owned()
}

#[test]
fn what_is_blocked_fails_and_says_where_and_how_else() {
    let folder = tempfile::tempdir().unwrap();
    let mail = written(folder.path(), "mail.txt", "Guten Tag.\n\nÜbrigens: letzte Chance auf Tee.\n");
    let said = run(["lint", "text", &mail]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.out.contains("mail.txt:3:11: block DE-U3 (urgency): \"letzte Chance\""), "{said:?}");
    assert!(said.out.contains("fair: Gültig bis {{offer.valid_until}}."), "{said:?}");

    let said = run(["lint", "text", &mail, "--language", "de", "--json"]);
    let report = &said.json()[0];
    let found = &report["findings"][0];
    assert_eq!(
        (&found["line"], &found["column"], &found["severity"]),
        (&json!(3), &json!(11), &json!("block"))
    );
    assert_eq!(report["readability"][0]["words"], json!(7));
}

#[test]
fn a_claim_may_stand_with_its_value_and_only_strictly_fails_without() {
    let folder = tempfile::tempdir().unwrap();
    let bound = written(folder.path(), "bound.txt", "Nur noch {{stock.available}} Stück.");
    let claimed = written(folder.path(), "claimed.txt", "Nur noch 2 Stück.");
    assert!(run(["lint", "text", &bound, "--strict"]).fine().out.contains("nothing found"));
    assert!(run(["lint", "text", &claimed]).fine().out.contains("bind it to {{stock.available}}"));
    assert_eq!(run(["lint", "text", &claimed, "--strict"]).code, Some(1));
}

#[test]
fn standard_input_is_read() {
    let mut call = Command::new(WINK);
    call.args(["lint", "text", "-", "--json"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = call.spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"Hurry!").unwrap();
    let output = child.wait_with_output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), &report[0]["findings"][0]["class"]), (Some(1), &json!("urgency")));
}

#[test]
fn what_is_no_text_is_refused_with_a_way_out() {
    let folder = tempfile::tempdir().unwrap();
    let torn = written(folder.path(), "torn.txt", [0xff, 0xfe, 0x00]);
    let long = written(folder.path(), "long.txt", "a ".repeat((2 << 20) + 1));
    for (file, why) in [
        (torn, "is no text in UTF-8; save it as UTF-8"),
        (long, "is larger than 4 MiB"),
        (folder.path().join("none.txt").to_str().unwrap().to_owned(), "cannot be read"),
        (folder.path().to_str().unwrap().to_owned(), "cannot be read"),
    ] {
        let said = run(["lint", "text", &file]);
        assert!(said.code == Some(1) && said.err.contains(why), "{file}: {said:?}");
    }
}

/// What shoppers and cashiers read, and what stands in front of the project. The guide to fair words is full of unfair ones.
fn own_words() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut files: Vec<PathBuf> = [
        "README.md",
        "crates/wink-core/src/coupon/wording.rs",
        "crates/wink-core/src/offer/price_law/notice.rs",
        "crates/wink-server/src/http/words.rs",
        "web/demo/page/index.html",
        "web/demo/page/texts.js",
        "web/tag/src/words.ts",
    ]
    .map(|file| root.join(file))
    .into();
    for folder in ["docs/guide", "docs/how-to"] {
        let found = std::fs::read_dir(root.join(folder)).unwrap().map(|entry| entry.unwrap().path());
        files.extend(found.filter(|file| file.file_name().is_some_and(|name| name != "wording.md")));
    }
    files
}

#[test]
fn wink_itself_says_nothing_that_is_blocked() {
    let files = own_words();
    assert!(20 < files.len(), "{files:?}");
    let files = files.iter().map(|file| file.to_str().unwrap());
    let said: Said = run(["lint", "text", "--json"].into_iter().chain(files));
    let reports = said.json();
    let found = reports.as_array().unwrap().iter().flat_map(|report| {
        let findings = report["findings"].as_array().unwrap().iter();
        findings
            .filter(|found| found["severity"] == "block")
            .map(|found| (report["file"].to_string(), found.clone()))
    });
    assert_eq!(found.collect::<Vec<_>>(), [], "{}", said.err);
}

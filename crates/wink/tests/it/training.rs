//! `wink features as-of`: a table goes in, what was known goes out beside it, the same as CSV and as Parquet.

use std::fs;
use std::path::Path;

use wink_core::base::Timestamp;

use crate::client::ask;
use crate::sample::{self, batch, joins};
use crate::wink::{Server, run};

/// Before anna came, an hour after it, and somebody who never did.
fn labels() -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let soon = Timestamp(i64::try_from(now.as_millis()).unwrap() + 3_600_000);
    format!(
        "identity,decided_at,label\ncustomer:anna,2020-01-01T00:00:00Z,early\ncustomer:anna,{soon},\"soon, that is\"\n\
         customer:nobody,{soon},unknown\n"
    )
}

fn as_of(store: &Path, from: &str, to: &str, features: &str) -> crate::wink::Said {
    let data = store.to_str().unwrap();
    run(["features", "as-of", from, "--at", "decided_at", "--data", data, "--to", to, "--features", features])
}

#[test]
fn a_row_gets_what_was_known_then_in_both_forms() {
    let here = tempfile::tempdir().unwrap();
    let store = here.path().join("store");
    sample::open_shop(&store);
    let server = Server::start(&store);
    let sent = ask(server.address, "POST", "/v1/events", &batch(&joins("anna")).to_string());
    assert_eq!(sent.status, 200, "{sent:?}");
    assert_eq!(server.stop().code, Some(0));
    let [file, table, again] = ["labels.csv", "table.parquet", "again.csv"]
        .map(|name| here.path().join(name).to_str().unwrap().to_owned());
    fs::write(&file, labels()).unwrap();
    let told = |text: &str| -> Vec<Vec<String>> {
        let rows = csv::Reader::from_reader(text.as_bytes()).into_records();
        rows.map(|row| row.unwrap().iter().skip(2).map(str::to_owned).collect()).collect()
    };
    let said = as_of(&store, &file, "-", "contacts_28d,orders_28d,category_affinity").fine();
    assert_eq!(
        said.out.lines().next().unwrap(),
        "identity,decided_at,label,contacts_28d,orders_28d,category_affinity"
    );
    // That nobody wrote to her was a fact even then; of orders nothing was known.
    let expected =
        [["early", "0", "", ""], ["soon, that is", "0", "1", "{\"TEA\":1.0}"], ["unknown", "", "", ""]];
    assert_eq!(told(&said.out), expected);
    // Written as Parquet and read from it: what was a feature the first time is a text the second.
    as_of(&store, &file, &table, "orders_28d,category_affinity").fine();
    as_of(&store, &table, &again, "contacts_28d").fine();
    let again = fs::read_to_string(again).unwrap();
    let expected =
        [["early", "", "", "0"], ["soon, that is", "1", "{\"TEA\":1.0}", "0"], ["unknown", "", "", ""]];
    assert_eq!(told(&again), expected);
}

#[test]
fn what_cannot_be_read_says_which_row_or_column() {
    let here = tempfile::tempdir().unwrap();
    let store = here.path().join("store");
    sample::open_shop(&store);
    let labels = here.path().join("labels.csv");
    for (text, features, why) in [
        ("identity,at\ncustomer:anna,2020-01-01T00:00:00Z\n", "readiness", "there is no column `decided_at`"),
        ("identity,decided_at\ncustomer:anna,yesterday\n", "readiness", "row 1 of "),
        ("identity,decided_at\nanna,2020-01-01T00:00:00Z\n", "readiness", "row 1 of "),
        ("identity,decided_at\ncustomer:anna,2020-01-01T00:00:00Z\n", "readynes", "write `readiness`"),
        ("identity,decided_at\ncustomer:anna,2999-01-01T00:00:00Z\n", "readiness", "has not come yet"),
        (
            "identity,decided_at,readiness\ncustomer:anna,2020-01-01T00:00:00Z,1\n",
            "readiness",
            "like the feature",
        ),
        ("identity,decided_at,x,x\ncustomer:anna,2020-01-01T00:00:00Z,1,2\n", "readiness", "are called `x`"),
    ] {
        fs::write(&labels, text).unwrap();
        let said = as_of(&store, labels.to_str().unwrap(), "-", features);
        assert!(said.code == Some(1) && said.out.is_empty() && said.err.contains(why), "{why}: {said:?}");
    }
}

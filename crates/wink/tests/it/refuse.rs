//! What cannot be done is refused: in one line that says the way out, with exit code 1, and nothing is made or changed.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::journey;
use crate::sample::{self, TEA};
use crate::wink::{Said, Server, run, verified};

/// Insists on a refusal in one line that holds all of `words`.
fn refused(said: &Said, words: &[&str]) {
    assert_eq!(said.code, Some(1), "{said:?}");
    let (first, rest) = said.err.split_once('\n').unwrap();
    assert_eq!(rest, "", "one line: {said:?}");
    assert!(first.starts_with("wink: "), "{said:?}");
    for word in words {
        assert!(first.contains(word), "`{word}` is not said: {said:?}");
    }
    assert!(!first.contains("panicked") && !first.contains("unwrap"), "{said:?}");
}

#[test]
fn without_a_store_every_command_that_reads_one_says_how_to_make_one() {
    let here = tempfile::tempdir().unwrap();
    let store = here.path().join("store");
    let data = store.to_str().unwrap();
    let calls: [&[&str]; 7] = [
        &["verify"],
        &["replay"],
        &["replay", "--verify"],
        &["decide", "--identity", "customer:anna"],
        &["explain", "dec_015a8f2e-9a00-7c4d-8a3b-2f1e0d9c8b7a"],
        &["erase", "--identity", "customer:anna"],
        &["erase", "--overdue"],
    ];
    for arguments in calls {
        refused(&run([arguments, &["--data", data]].concat()), &["there is no store", data, "wink import"]);
        assert!(!store.exists(), "{arguments:?} made something");
    }
}

#[test]
fn what_is_written_wrongly_is_shown_with_how_to_write_it() {
    let store = tempfile::tempdir().unwrap();
    sample::open_shop(store.path());
    let before = verified(store.path());
    let data = store.path().to_str().unwrap();
    let table: [(&[&str], &[&str]); 12] = [
        (&["explain", "cpn_015a8f2e-9a00-7c4d-8a3b-2f1e0d9c8b7a"], &["`cpn_015a", "`dec_`"]),
        (&["explain", "dec_12"], &["`dec_12`", "UUID"]),
        (&["explain", "dec_015a8f2e-9a00-7c4d-8a3b-2f1e0d9c8b7a"], &["there is no decision", "dec_015a"]),
        (&["erase", "--profile", "customer:anna"], &["`customer:anna`", "`prf_`"]),
        (&["erase", "--identity", "anna"], &["`anna`", "namespace:value"]),
        (&["erase", "--identity", "customer:anna"], &["nobody is known as `customer:anna`"]),
        (&["erase", "--overdue", "--at", "tomorrow"], &["`tomorrow`", "2026-03-01T09:30:00Z"]),
        (&["decide", "--identity", "anna"], &["`anna`", "namespace:value"]),
        (&["decide", "--identity", ":anna"], &["`:anna`"]),
        (
            &["decide", "--identity", "customer:anna", "--channel", "pigeon"],
            &["`pigeon`", "newsletter", "web", "till"],
        ),
        (
            &["decide", "--identity", "customer:anna", "--at", "2017-01-02"],
            &["`2017-01-02`", "2026-03-01T09:30:00Z"],
        ),
        (&["decide", "--identity", "customer:anna"], &["nobody is known as `customer:anna`", "no offer"]),
    ];
    for (arguments, words) in table {
        let said = run([arguments, &["--data", data]].concat());
        refused(&said, words);
        assert_eq!(said.out, "", "{arguments:?}");
    }
    assert_eq!(verified(store.path()), before);
}

/// Tries to import from a directory; nothing may come of it.
fn import_refused(directory: &Path, options: &[&str], words: &[&str]) {
    let here = tempfile::tempdir().unwrap();
    let store = here.path().join("store");
    let head = [
        "import",
        "completejourney",
        directory.to_str().unwrap(),
        "--json",
        "--data",
        store.to_str().unwrap(),
    ];
    refused(&run([&head[..], options].concat()), words);
    assert!(!store.exists(), "a store was made: {words:?}");
}

#[test]
fn data_that_is_missing_or_broken_is_named() {
    import_refused(Path::new("nowhere"), &[], &["nowhere/transactions.parquet", "cargo xtask data"]);
    let spoilt = tempfile::tempdir().unwrap();
    journey::copy(spoilt.path());
    let file = spoilt.path().join("transactions.parquet");
    let whole = fs::read(&file).unwrap();
    fs::write(&file, "household_id,store_id\n1,2\n").unwrap();
    import_refused(spoilt.path(), &[], &["transactions.parquet", "is not Parquet"]);
    fs::write(&file, "").unwrap();
    import_refused(spoilt.path(), &[], &["transactions.parquet", "is not Parquet"]);
    fs::write(&file, &whole[..whole.len() / 2]).unwrap();
    import_refused(spoilt.path(), &[], &["transactions.parquet", "is not Parquet"]);
    // The end, with the list of columns, is whole; the columns are not.
    let mut hollow = whole.clone();
    hollow[1_000..200_000].fill(0xff);
    fs::write(&file, &hollow).unwrap();
    import_refused(spoilt.path(), &[], &["transactions.parquet"]);
    fs::copy(spoilt.path().join("products.parquet"), &file).unwrap();
    import_refused(spoilt.path(), &[], &["transactions.parquet", "no column `household_id`"]);
    fs::write(&file, &whole).unwrap();
    fs::remove_file(spoilt.path().join("demographics.parquet")).unwrap();
    import_refused(spoilt.path(), &[], &["demographics.parquet", "cargo xtask data"]);
}

#[test]
fn an_import_that_could_not_end_well_does_not_begin() {
    let data = journey::directory();
    import_refused(&data, &["--until", "February"], &["`February`", "2026-03-01T09:30:00Z"]);
    import_refused(
        &data,
        &["--summary", "no/such/directory/summary.json"],
        &["no/such/directory/summary.json"],
    );
}

#[test]
fn a_catalogue_with_errors_is_refused_by_line_and_column_and_changes_nothing() {
    let (store, catalogue) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    sample::open_shop(store.path());
    let before = verified(store.path());
    let broken =
        TEA.replace("budget = \"100000.00\"", "budget = \"100000.001\"").replace("per_profile", "per_person");
    sample::write_catalogue(catalogue.path(), &broken);
    let (directory, data) = (catalogue.path().to_str().unwrap(), store.path().to_str().unwrap());
    let fresh = store.path().join("fresh");
    let calls: [&[&str]; 3] = [
        &["catalogue", "check", directory],
        &["catalogue", "apply", directory, "--data", data],
        &["catalogue", "apply", directory, "--data", fresh.to_str().unwrap()],
    ];
    for arguments in calls {
        let said = run(arguments);
        assert_eq!((said.code, said.out.as_str()), (Some(1), ""), "{said:?}");
        let lines: Vec<&str> = said.err.lines().collect();
        assert!(lines[0].starts_with("campaigns/tea.toml:7:10: "), "{said:?}");
        assert!(lines.iter().any(|line| line.contains("`per_person`")), "{said:?}");
        let last = lines.last().unwrap();
        assert!(
            last.starts_with("wink: the catalogue has ") && last.ends_with("nothing was changed"),
            "{said:?}"
        );
    }
    assert!(!fresh.exists());
    let said = run(["catalogue", "check", directory, "--json"]);
    assert_eq!((said.code, said.err.as_str()), (Some(1), ""), "{said:?}");
    let answer = said.json();
    assert_eq!((&answer["valid"], &answer["changed"]), (&false.into(), &false.into()));
    assert_eq!(answer["findings"][0]["file"], "campaigns/tea.toml");
    assert_eq!((&answer["findings"][0]["line"], &answer["findings"][0]["column"]), (&7.into(), &10.into()));
    assert_eq!(verified(store.path()), before);
}

#[test]
fn a_key_that_is_not_this_stores_key_is_refused() {
    let store = tempfile::tempdir().unwrap();
    sample::open_shop(store.path());
    let server = Server::start(store.path());
    let sent = sample::batch(&sample::joins("anna")).to_string();
    assert_eq!(crate::client::ask(server.address, "POST", "/v1/events", &sent).status, 200);
    server.stop().fine();
    let (key, data) = (store.path().join("wink.key"), store.path().to_str().unwrap());
    let right = fs::read(&key).unwrap();
    assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600, "only its owner may read it");
    fs::write(&key, &right[..31]).unwrap();
    refused(&run(["verify", "--data", data]), &["wink.key", "32 bytes", "back-up"]);
    fs::write(&key, [7; 32]).unwrap();
    refused(&run(["verify", "--data", data]), &["key file", "not the one", "back-up"]);
    fs::remove_file(&key).unwrap();
    refused(&run(["verify", "--data", data]), &["wink.key", "missing", "back-up"]);
    refused(&run(["serve", "--data", data, "--listen", "127.0.0.1:0"]), &["wink.key", "missing", "back-up"]);
    assert!(!key.exists(), "a new key would lock everybody out");
    fs::write(&key, &right).unwrap();
    verified(store.path());
}

#[test]
fn a_port_that_is_taken_is_said_before_anything_is_made() {
    let here = tempfile::tempdir().unwrap();
    let store = here.path().join("store");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let said = run(["serve", "--data", store.to_str().unwrap(), "--listen", &address]);
    refused(&said, &[&address, "--listen"]);
    assert!(!store.exists(), "a store was made");
}

#[test]
fn a_store_in_use_or_a_file_in_its_place_is_refused() {
    let store = tempfile::tempdir().unwrap();
    sample::open_shop(store.path());
    let server = Server::start(store.path());
    let data = store.path().to_str().unwrap();
    for arguments in [&["verify"][..], &["replay"], &["serve", "--listen", "127.0.0.1:0"]] {
        refused(&run([arguments, &["--data", data]].concat()), &["another Wink process uses"]);
    }
    server.stop().fine();
    let file = tempfile::NamedTempFile::new().unwrap();
    let data = file.path().to_str().unwrap();
    refused(
        &run(["serve", "--data", data, "--listen", "127.0.0.1:0"]),
        &[data, "cannot be made", "choose another"],
    );
}

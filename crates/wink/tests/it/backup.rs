//! Backup and restore with the binary: what comes back, who does not, and what is refused.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client::{Client, ask};
use crate::sample::{self, batch, event, joins, question};
use crate::wink::{Said, Server, call, run, verified};

/// A word nothing else in a store contains.
const CANARY: &str = "zQ7canary4uX";

struct Place {
    here: tempfile::TempDir,
}

impl Place {
    /// A shop with two people who were asked about, one of them named by the canary.
    fn new() -> Self {
        let place = Self { here: tempfile::tempdir().unwrap() };
        sample::open_shop(&place.store());
        place.meet(&[CANARY, "berta"]);
        place
    }

    fn meet(&self, people: &[&str]) {
        let server = Server::start(&self.store());
        for person in people {
            let mut events = joins(person);
            let traits = json!({ "traits": { "nickname": person } });
            events.push(event(&format!("{person}-who"), person, "Identify", traits));
            let reply = ask(server.address, "POST", "/v1/events", &batch(&events).to_string()).json();
            assert_eq!(reply["accepted"], 4, "{reply}");
            ask(server.address, "POST", "/v1/decisions", &question(person).to_string());
        }
        server.stop().fine();
    }

    fn store(&self) -> PathBuf {
        self.path("store")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.here.path().join(name)
    }

    fn says(&self, person: &str, state: &str) {
        let server = Server::start(&self.store());
        let word = sample::consent(&format!("{person}-{state}"), person, "personalisation", state);
        let reply = ask(server.address, "POST", "/v1/events", &batch(&[word]).to_string()).json();
        assert_eq!(reply["accepted"], 1, "{reply}");
        server.stop().fine();
    }

    fn backup(&self, name: &str) -> PathBuf {
        let file = self.path(name);
        run(["backup", "--data", text(&self.store()), "--to", text(&file)]).fine();
        file
    }

    /// Restores with the key and the list of this place.
    fn restore(&self, file: &Path, to: &Path) -> Said {
        let (key, list) = (self.store().join("wink.key"), self.store().join("erasures"));
        run([
            "restore",
            text(file),
            "--data",
            text(to),
            "--key",
            text(&key),
            "--erasures",
            text(&list),
            "--json",
        ])
    }

    fn erase(&self, person: &str) {
        run(["erase", "--data", text(&self.store()), "--identity", &format!("customer:{person}")]).fine();
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Insists on a refusal in one line that holds all of `words`.
fn refused(said: &Said, words: &[&str]) {
    assert_eq!(said.code, Some(1), "{said:?}");
    assert_eq!(said.err.trim_end().lines().count(), 1, "{said:?}");
    for word in words {
        assert!(said.err.contains(word), "`{word}` is not said: {said:?}");
    }
}

fn files_with_canary(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.append(&mut files_with_canary(&path));
        } else if fs::read(&path).unwrap().windows(CANARY.len()).any(|bytes| bytes == CANARY.as_bytes()) {
            found.push(path);
        }
    }
    found
}

#[test]
fn a_restored_store_is_the_same_and_sound() {
    let place = Place::new();
    let file = place.backup("monday.backup");
    assert_eq!(
        fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o600,
        "only its owner may read it"
    );
    let checked = run(["backup", "--check", text(&file), "--json"]).fine().json();
    assert_eq!(checked["bytes"], fs::metadata(&file).unwrap().len(), "{checked}");

    let restored = place.path("restored");
    let answer = place.restore(&file, &restored).fine().json();
    assert_eq!(
        (&answer["records"], &answer["entries"]),
        (&checked["records"], &checked["entries"]),
        "{answer}"
    );
    assert_eq!(answer["erased_again"], 0, "{answer}");
    assert_eq!(verified(&restored), verified(&place.store()));

    // It is a store like any other: it serves, it is backed up, and that backup holds the same.
    let server = Server::start(&restored);
    let again = joins("berta");
    let reply = ask(server.address, "POST", "/v1/events", &batch(&again).to_string()).json();
    assert_eq!(reply["items"][0]["status"], "duplicate", "its messages are known: {reply}");
    server.stop().fine();
    let into = place.path("many");
    fs::create_dir(&into).unwrap();
    let made = run(["backup", "--data", text(&restored), "--to", text(&into), "--json"]).fine().json();
    let file = PathBuf::from(made["file"].as_str().unwrap());
    assert_eq!(file.parent(), Some(into.as_path()), "{made}");
    run(["backup", "--check", text(&file)]).fine();
}

#[test]
fn who_was_erased_since_does_not_come_back() {
    let place = Place::new();
    let before = place.backup("before.backup");
    place.erase(CANARY);
    place.meet(&["clara"]);
    let restored = place.path("restored");
    let answer = place.restore(&before, &restored).fine().json();
    assert_eq!(answer["erased_again"], 1, "{answer}");
    assert_eq!(files_with_canary(&restored), Vec::<PathBuf>::new());
    assert_ne!(files_with_canary(place.here.path()), Vec::<PathBuf>::new(), "the backup itself still has it");
    verified(&restored);
    let ask_for = |person: &str| {
        let identity = format!("customer:{person}");
        run(["decide", "--dry-run", "--data", text(&restored), "--identity", &identity, "--channel", "web"])
    };
    ask_for("berta").fine();
    refused(&ask_for(CANARY), &["nobody is known as"]);
    refused(&ask_for("clara"), &["nobody is known as"]);
    // The list went along, so that an even older backup knows it too.
    assert_eq!(
        fs::read(restored.join("erasures")).unwrap(),
        fs::read(place.store().join("erasures")).unwrap()
    );
}

#[test]
fn what_was_taken_back_since_stays_so() {
    let place = Place::new();
    let store = place.store();
    let key = |command: &[&str]| run([&["key"], command, &["--data", text(&store)]].concat()).fine();
    let made = |name: &str| {
        let made = key(&["create", "--role", "shop", "--name", name, "--json"]).json();
        ["id", "secret"].map(|field| made[field].as_str().unwrap().to_owned())
    };
    let [kept, revoked, replaced] = ["kept", "revoked", "replaced"].map(made);
    let before = place.backup("before.backup");
    place.says(CANARY, "withdrawn");
    place.says("berta", "withdrawn");
    place.says("berta", "granted");
    key(&["revoke", &revoked[0]]);
    key(&["rotate", &replaced[0], "--overlap-hours", "0"]);
    let after = place.backup("after.backup");

    let restored = place.path("restored");
    let answer = place.restore(&before, &restored).fine().json();
    let again = |answer: &Value| [answer["withdrawn_again"].clone(), answer["keys_ended_again"].clone()];
    assert_eq!(again(&answer), [json!(2), json!(2)], "{answer}");
    verified(&restored);
    let opens = [&kept, &revoked, &replaced].map(|[_, secret]| status_with(&restored, secret));
    assert_eq!(opens, [200, 401, 401]);
    assert_eq!(said(&restored, CANARY), ["withdrawn", "restored"]);
    assert_eq!(said(&restored, "berta")[0], "withdrawn", "the yes after it is lost, and the no stands");

    // A younger backup knows all of it, and the list is the same in both.
    let younger = place.path("younger");
    let answer = place.restore(&after, &younger).fine().json();
    assert_eq!(again(&answer), [json!(0), json!(0)], "{answer}");
    assert_eq!(
        (said(&younger, CANARY)[0].as_str(), said(&younger, "berta")[0].as_str()),
        ("withdrawn", "granted")
    );
    let list = |store: &Path| fs::read(store.join("erasures")).unwrap();
    assert_eq!([list(&restored), list(&younger)], [list(&store), list(&store)]);
}

/// Asks a server with keys for something that every shop may see.
fn status_with(store: &Path, secret: &str) -> u16 {
    let server = Server::start_with_keys(store);
    let authorization = format!("Bearer {secret}");
    let mut client = Client::connect(server.address).unwrap();
    let headers = [("authorization", authorization.as_str())];
    let status = client.send_with("GET", "/v1/products", &headers, "").unwrap().status;
    server.stop().fine();
    status
}

/// What somebody's word about personalisation is, and how it came.
fn said(store: &Path, person: &str) -> [String; 2] {
    let server = Server::start(store);
    let asked = json!({ "identity": sample::identity(person) }).to_string();
    let found = ask(server.address, "POST", "/v1/profiles/lookup", &asked).json();
    server.stop().fine();
    let consents = found["consents"].as_array().unwrap();
    let word = consents.iter().find(|word| word["purpose"] == "personalisation").unwrap();
    ["state", "method"].map(|field| word[field].as_str().unwrap().to_owned())
}

#[test]
fn a_backup_or_a_list_that_will_not_do_is_refused_and_nothing_is_made() {
    let place = Place::new();
    let file = place.backup("monday.backup");
    place.erase(CANARY);
    let after = place.backup("tuesday.backup");
    let whole = fs::read(&file).unwrap();
    let try_bytes = |bytes: &[u8], words: &[&str]| {
        let spoilt = place.path("spoilt.backup");
        fs::write(&spoilt, bytes).unwrap();
        let to = place.path("never");
        refused(&place.restore(&spoilt, &to), words);
        assert!(!to.join("store").exists() && !to.join("store.unfinished").exists());
        refused(&run(["backup", "--check", text(&spoilt)]), words);
    };
    try_bytes(&whole[..whole.len() - 1], &["spoilt.backup", "not whole", "another copy"]);
    try_bytes(&whole[..whole.len() / 2], &["spoilt.backup", "not whole", "another copy"]);
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 4;
    try_bytes(&flipped, &["spoilt.backup", "damaged at byte", "another copy"]);
    try_bytes(b"PK\x03\x04 some archive", &["not a backup of Wink"]);

    let to = place.path("never");
    let restore = |options: &[&str]| run([&["restore", text(&file), "--data", text(&to)], options].concat());
    refused(&restore(&["--no-erasures-since"]), &["there is no key", "--key"]);
    let key = place.store().join("wink.key");
    refused(&restore(&["--key", text(&key)]), &["no list of erasures", "--erasures", "--no-erasures-since"]);
    let other = place.path("other.key");
    fs::write(&other, [7; 32]).unwrap();
    refused(&restore(&["--key", text(&other), "--no-erasures-since"]), &["not the one this backup", "--key"]);
    assert!(!to.exists(), "a restore that cannot begin makes nothing");

    let empty = place.path("empty-list");
    fs::write(&empty, "wink erasures 1\n").unwrap();
    let said =
        run(["restore", text(&after), "--data", text(&to), "--key", text(&key), "--erasures", text(&empty)]);
    refused(&said, &["older than the backup", "1 erasures", "--erasures"]);
    refused(&run(["serve", "--data", text(&to), "--listen", "127.0.0.1:0"]), &["did not come to its end"]);
    refused(&run(["verify", "--data", text(&to)]), &["did not come to its end", "wink restore"]);
    let cut = place.path("cut-list");
    let list = fs::read(place.store().join("erasures")).unwrap();
    fs::write(&cut, &list[..list.len() - 1]).unwrap();
    let said =
        run(["restore", text(&file), "--data", text(&to), "--key", text(&key), "--erasures", text(&cut)]);
    refused(&said, &["cut-list", "in the middle of a line", "a whole copy"]);
    place.restore(&after, &to).fine();
    verified(&to);

    refused(&place.restore(&file, &place.store()), &["not empty", "an empty directory"]);
    refused(
        &run(["backup", "--data", text(&place.store()), "--to", text(&file)]),
        &["there already", "another name"],
    );
    assert_eq!(fs::read(&file).unwrap(), whole, "a backup is never overwritten");
}

#[test]
fn without_a_list_somebody_has_to_say_so() {
    let place = Place::new();
    let file = place.backup("monday.backup");
    let to = place.path("restored");
    let key = place.store().join("wink.key");
    let said = run([
        "restore",
        text(&file),
        "--data",
        text(&to),
        "--key",
        text(&key),
        "--no-erasures-since",
        "--json",
    ]);
    assert_eq!(said.fine().json()["erased_again"], 0);
    assert_eq!(verified(&to), verified(&place.store()));
}

#[test]
fn a_server_writes_a_backup_and_goes_on_serving() {
    let place = Place::new();
    let (before, during) = (place.backup("before.backup"), place.path("during.backup"));
    let server = Server::start(&place.store());
    let data = place.store();
    std::thread::scope(|scope| {
        let told = scope.spawn(|| {
            let mut told = 0;
            for person in 0..40 {
                let events = joins(&format!("p{person}"));
                let reply = ask(server.address, "POST", "/v1/events", &batch(&events).to_string());
                told += usize::from(reply.status == 200);
            }
            told
        });
        let made = run(["backup", "--data", text(&data), "--to", text(&during), "--json"]).fine().json();
        assert_eq!(made["file"], text(&during), "{made}");
        assert_eq!(told.join().unwrap(), 40);
    });
    refused(
        &run(["backup", "--data", text(&data), "--to", text(&during)]),
        &["there already", "another name"],
    );
    server.stop().fine();
    for (name, file) in [("one", before), ("two", during)] {
        let restored = place.path(name);
        place.restore(&file, &restored).fine();
        verified(&restored);
    }
}

/// Starts a call and kills it after some milliseconds.
fn killed<const N: usize>(arguments: [&str; N], after_ms: u64) {
    let mut child = call(arguments).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(after_ms));
    // Gone already if it was faster.
    let _ended = child.kill();
    child.wait().unwrap();
}

#[test]
fn a_backup_that_is_killed_leaves_a_whole_file_or_none() {
    let place = Place::new();
    let (mut whole, mut none, mut after_ms) = (0, 0, 0);
    // Until some were through, however long that takes on this machine; a minute is a hang.
    while whole + none < 24 || (whole == 0 && after_ms < 60_000) {
        let file = place.path(&format!("{after_ms}.backup"));
        killed(["backup", "--data", text(&place.store()), "--to", text(&file)], after_ms);
        if file.exists() {
            run(["backup", "--check", text(&file)]).fine();
            whole += 1;
        } else {
            none += 1;
        }
        after_ms += (after_ms / 8).max(10);
    }
    assert!(0 < whole && 0 < none, "{whole} whole, {none} not there");
    verified(&place.store());
    place.backup("after.backup");
}

#[test]
fn a_restore_that_is_killed_serves_nobody_and_can_be_given_again() {
    let place = Place::new();
    let file = place.backup("monday.backup");
    place.erase(CANARY);
    let (key, list) = (place.store().join("wink.key"), place.store().join("erasures"));
    let begun = Instant::now();
    place.restore(&file, &place.path("timed")).fine();
    let takes_ms = u64::try_from(begun.elapsed().as_millis()).unwrap();
    let (mut served, mut not_served, mut after_ms, mut part) = (0, 0, 0, 0);
    // From the start to long after the end, closest together where most happens, and on until one was through; a minute is a hang.
    while part <= 16 || (served == 0 && after_ms < 60_000) {
        after_ms = takes_ms * part * part / 100;
        part += 1;
        let to = place.path(&format!("restored-{after_ms}"));
        let (key, list) = (text(&key), text(&list));
        killed(["restore", text(&file), "--data", text(&to), "--key", key, "--erasures", list], after_ms);
        if to.join("store").exists() {
            served += 1;
        } else {
            not_served += 1;
            let said = run(["verify", "--data", text(&to)]);
            assert_eq!(said.code, Some(1), "{said:?}");
            place.restore(&file, &to).fine();
        }
        assert_eq!(files_with_canary(&to), Vec::<PathBuf>::new(), "after {after_ms} ms");
        verified(&to);
    }
    assert!(0 < served && 0 < not_served, "{served} finished, {not_served} did not");
}

//! The help of every command, and its examples: whoever copies one gets past the command line.

use std::process::{Command, Stdio};

use crate::client::ask;
use crate::sample;
use crate::wink::{Server, WINK, run};

/// Every command that does something, as the words that call it, with its help.
fn commands() -> Vec<(Vec<String>, String)> {
    let mut found = Vec::new();
    let mut open: Vec<Vec<String>> = vec![Vec::new()];
    while let Some(words) = open.pop() {
        let mut asked = words.clone();
        asked.push("--help".to_owned());
        let help = run(&asked).fine().out;
        let Some((_, listed)) = help.split_once("\nCommands:\n") else {
            found.push((words, help));
            continue;
        };
        for line in listed.lines().take_while(|line| !line.is_empty()) {
            let name = line.split_whitespace().next().unwrap();
            // A description that goes on in the next line is indented further.
            if name != "help" && line.starts_with("  ") && !line.starts_with("   ") {
                open.push([words.as_slice(), &[name.to_owned()]].concat());
            }
        }
    }
    found
}

/// The examples in a help that call `wink`, as words. What stands behind two spaces explains.
fn examples(help: &str) -> Vec<Vec<String>> {
    let Some((_, examples)) = help.split_once("Examples:\n") else { return Vec::new() };
    let calls = examples.lines().filter_map(|line| line.strip_prefix("  wink "));
    let words = |call: &str| call.split("  ").next().unwrap().split(' ').map(str::to_owned).collect();
    calls.map(words).collect()
}

#[test]
fn every_command_has_examples_of_itself() {
    let commands = commands();
    assert!(10 <= commands.len(), "{commands:?}");
    for (words, help) in commands {
        let examples = examples(&help);
        assert!(!examples.is_empty(), "`wink {}` has no examples", words.join(" "));
        for example in examples {
            assert!(example.starts_with(&words), "`wink {}` shows {example:?}", words.join(" "));
        }
    }
}

#[test]
fn every_example_is_understood() {
    let empty = tempfile::tempdir().unwrap();
    for example in commands().iter().flat_map(|(_, help)| examples(help)) {
        // A word that is not known, put last, is what is complained about if everything before it is right.
        let marked =
            Command::new(WINK).args(&example).arg("--no-such-word").env_remove("WINK_DATA").output().unwrap();
        let said = String::from_utf8(marked.stderr).unwrap();
        assert_eq!(marked.status.code(), Some(2), "wink {}: {said}", example.join(" "));
        assert!(said.contains("unexpected argument '--no-such-word'"), "wink {}: {said}", example.join(" "));
        // These go on for long or need nothing, and who makes the first key or tenant makes the store.
        if ["serve", "bench", "simulate"].contains(&example[0].as_str())
            || example[1..].first().is_some_and(|word| word == "create")
        {
            continue;
        }
        let mut call = Command::new(WINK);
        call.args(&example).env_remove("WINK_DATA").current_dir(empty.path()).stdin(Stdio::null());
        let output = call.output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        // These need neither a store nor a file.
        let plans = example.get(..2).is_some_and(|words| words == ["measure", "power"]);
        if plans || ["openapi", "config"].contains(&example[0].as_str()) {
            assert!(
                output.status.success() && !output.stdout.is_empty(),
                "wink {}: {said}",
                example.join(" ")
            );
            continue;
        }
        // 2 is what the command line itself answers; in an empty directory nothing works, but all of it is understood.
        assert_eq!(output.status.code(), Some(1), "wink {}: {said}", example.join(" "));
        let in_json = output.stdout.starts_with(b"{");
        assert!(
            said.starts_with("wink: ") || said.contains(":1:1: ") || in_json,
            "wink {}: {said}",
            example.join(" ")
        );
    }
    let left = std::fs::read_dir(empty.path()).unwrap().count();
    assert_eq!(left, 0, "a command that failed leaves nothing behind");
}

#[test]
fn the_request_in_the_help_of_serve_is_answered() {
    let help = run(["serve", "--help"]).fine().out;
    let line = help.lines().find(|line| line.trim_start().starts_with("curl ")).unwrap();
    let (call, body) = line.trim_end().strip_suffix('\'').unwrap().split_once(" -d '").unwrap();
    let path = call[call.find("/v1/").unwrap()..].split(' ').next().unwrap();
    let store = tempfile::tempdir().unwrap();
    sample::open_shop(store.path());
    let server = Server::start(store.path());
    let reply = ask(server.address, "POST", path, body);
    assert_eq!(reply.status, 200, "{reply:?}");
    assert_eq!(reply.json()["decision"]["verdict"], "none");
}

#[test]
fn what_the_command_line_does_not_know_is_refused_with_a_way_out() {
    let calls: [&[&str]; 8] = [
        &[],
        &["decid"],
        &["decide", "--identity", "customer:anna"],
        &["import", "someothershop", "data", "--data", "store"],
        &["import", "completejourney", "data", "--data", "store", "--seed", "-1"],
        &["erase", "--data", "store"],
        &["erase", "--data", "store", "--overdue", "--identity", "customer:anna"],
        &["serve", "--data", "store", "--listen", "everywhere"],
    ];
    let empty = tempfile::tempdir().unwrap();
    for arguments in calls {
        let output =
            Command::new(WINK).args(arguments).env_remove("WINK_DATA").current_dir(empty.path()).output();
        let output = output.unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.contains("--help") || said.contains("Usage:"), "{arguments:?}: {said}");
        assert_eq!(output.stdout, b"", "{arguments:?}");
    }
    assert_eq!(std::fs::read_dir(empty.path()).unwrap().count(), 0);
}

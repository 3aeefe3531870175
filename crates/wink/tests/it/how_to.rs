//! Every command of `docs/how-to/` is given here as it stands there, in a directory of its own, to this binary and a server of it.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::sample;
use crate::wink::{Server, WINK, run};

/// What the pages tell the system itself, which is not this project's to change. A line that begins otherwise is given.
const NOT_HERE: [&str; 9] = [
    "cargo build ",
    "useradd ",
    "install ",
    "systemctl daemon-reload",
    "docker build ",
    "docker run ",
    "docker exec ",
    // Another build; `spans.rs` and `traced.rs` try it there.
    "wink serve --data STORE --otlp-endpoint ",
    "cp STORE/wink.key ",
];

/// What wants the store for itself, as the pages say.
const ALONE: [&str; 3] = ["wink catalogue apply ", "wink verify ", "wink replay "];

/// A machine with a shop on it.
struct Machine {
    here: tempfile::TempDir,
    server: Option<Server>,
    /// The secret and the name of the last key that was made.
    key: BTreeMap<&'static str, String>,
}

impl Machine {
    fn new() -> Self {
        let here = tempfile::tempdir().unwrap();
        let at = |name: &str| here.path().join(name);
        for directory in ["BACKUPS", "ELSEWHERE", "bin", "STORE"] {
            fs::create_dir(at(directory)).unwrap();
            fs::set_permissions(at(directory), fs::Permissions::from_mode(0o700)).unwrap();
        }
        symlink(WINK, at("bin/wink")).unwrap();
        sample::open_shop(&at("STORE"));
        sample::write_catalogue(&at("DIRECTORY"), sample::TEA);
        fs::copy(at("STORE/wink.key"), at("ELSEWHERE/wink.key")).unwrap();
        let mut machine = Self { here, server: None, key: BTreeMap::new() };
        machine.give("wink key create --role admin --name first --data STORE");
        machine
    }

    fn store(&self) -> PathBuf {
        self.here.path().join("STORE")
    }

    /// Gives a command as it stands on a page.
    fn give(&mut self, line: &str) {
        match line {
            "systemctl stop wink" => return self.stop(),
            "systemctl start wink" | "systemctl enable --now wink" => return self.start(),
            _ if NOT_HERE.iter().any(|begins| line.starts_with(begins)) => return,
            _ => {}
        }
        if ALONE.iter().any(|begins| line.starts_with(begins)) {
            self.stop();
        }
        if line.contains("127.0.0.1:7070") {
            self.start();
        }
        self.name_the_backup(line);
        let said = self.shell(line);
        let find =
            |begins: &str| said.split_whitespace().find(|word| word.starts_with(begins)).map(str::to_owned);
        if line.contains("wink key create ") {
            self.key.insert("WINK_KEY", find("wk_").unwrap_or_else(|| panic!("{said}")));
            let id = find("key_").unwrap_or_else(|| panic!("{said}"));
            self.key.insert("KEY_ID", id.trim_end_matches(':').to_owned());
        }
    }

    fn shell(&self, line: &str) -> String {
        let mut line = line.replace("runuser -u wink -- ", "").replace("/var/lib/wink", "STORE");
        if let Some(server) = &self.server {
            line = line.replace("127.0.0.1:7070", &server.address.to_string());
        }
        if let Some(id) = self.key.get("KEY_ID") {
            line = line.replace("KEY_ID", id);
        }
        let path = format!("{}:{}", self.here.path().join("bin").display(), std::env::var("PATH").unwrap());
        let mut call = Command::new("sh");
        call.args(["-euc", &line]).current_dir(self.here.path()).env("PATH", path);
        call.envs(self.key.get("WINK_KEY").map(|key| ("WINK_KEY", key)));
        let output = call.output().unwrap();
        let [out, err] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
        assert!(output.status.success(), "`{line}` ended with {}:\n{out}\n{err}", output.status);
        format!("{out}\n{err}")
    }

    /// Where a page names a backup, somebody has named it so.
    fn name_the_backup(&self, line: &str) {
        let named = line.split_whitespace().find(|word| word.starts_with("BACKUPS/"));
        let Some(named) = named.map(|name| self.here.path().join(name)).filter(|path| !path.exists()) else {
            return;
        };
        let made = fs::read_dir(self.here.path().join("BACKUPS")).unwrap().next().expect("a backup was made");
        fs::rename(made.unwrap().path(), named).unwrap();
    }

    fn start(&mut self) {
        if self.server.is_none() {
            self.server = Some(Server::start_with_keys(&self.store()));
        }
    }

    fn stop(&mut self) {
        if let Some(server) = self.server.take() {
            let said = server.stop();
            assert_eq!(said.code, Some(0), "{said:?}");
        }
    }
}

/// The lines of a page's shell blocks, in their order.
fn commands(page: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/how-to").join(page);
    let text = fs::read_to_string(path).unwrap();
    let mut inside = false;
    let mut found = Vec::new();
    for line in text.lines() {
        match line {
            "```sh" => inside = true,
            "```" => inside = false,
            _ if inside => found.push(line.to_owned()),
            _ => {}
        }
    }
    found
}

/// Gives every command of a page. `given` is how many there are, so that none is lost by reading the page wrongly.
fn try_page(page: &str, given: usize) -> Machine {
    let commands = commands(page);
    assert_eq!(commands.len(), given, "{page} has {commands:#?}");
    let mut machine = Machine::new();
    for line in &commands {
        machine.give(line);
    }
    machine.stop();
    machine
}

#[test]
fn install() {
    let machine = try_page("install.md", 13);
    assert!(run(["doctor", "--data", machine.store().to_str().unwrap()]).code == Some(0));
}

#[test]
fn back_up() {
    let machine = try_page("back-up.md", 6);
    assert!(
        machine.here.path().join("NEW").is_dir() && machine.here.path().join("ELSEWHERE/erasures").is_file()
    );
}

#[test]
fn upgrade() {
    try_page("upgrade.md", 8);
}

#[test]
fn monitor() {
    try_page("monitor.md", 8);
}

#[test]
fn rotate_keys() {
    try_page("rotate-keys.md", 4);
}

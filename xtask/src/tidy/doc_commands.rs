//! Every command the documents show exists: its subcommands and flags stand in the help of the real program.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;

use super::{Tree, Violation, markdown};
use crate::{command, demo, shell};

/// Languages of fenced blocks that hold commands.
const LANGUAGES: [&str; 5] = ["sh", "bash", "shell", "console", "shell-session"];

/// The two programs whose commands are checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Program {
    Wink,
    Xtask,
}

/// A command found in a document: the words after the program's name.
#[derive(Debug, PartialEq, Eq)]
struct Shown {
    line: usize,
    program: Program,
    words: Vec<String>,
}

/// Every shown command that the programs do not know.
///
/// # Errors
/// Fails if `wink` does not build.
pub(super) fn violations(tree: &Tree) -> Result<Vec<Violation>> {
    let mut found: Vec<(&str, Shown)> = Vec::new();
    for (file, text) in tree.ending(".md") {
        found.extend(commands(text).into_iter().map(|shown| (file, shown)));
    }
    for (arguments, _) in demo::NEXT {
        let words = arguments.split(' ').map(str::to_owned).collect();
        found.push(("xtask/src/demo.rs", Shown { line: 0, program: Program::Wink, words }));
    }
    let binary = shell::wink_binary()?;
    let mut pages: BTreeMap<(Program, Vec<String>), Option<String>> = BTreeMap::new();
    let mut help = |program: Program, path: &[String]| {
        let ask = || match program {
            Program::Xtask => xtask_help(path),
            Program::Wink => wink_help(&binary, path),
        };
        pages.entry((program, path.to_vec())).or_insert_with(ask).clone()
    };
    let mut violations = Vec::new();
    for (file, shown) in found {
        if let Err(message) = check(&shown, &mut help) {
            violations.push(Violation::new(file, shown.line, message));
        }
    }
    Ok(violations)
}

fn xtask_help(path: &[String]) -> Option<String> {
    match path {
        [] => Some(command::overview()),
        [name] if name == "help" => Some(String::new()),
        [name] => command::COMMANDS.iter().find(|command| command.name == name).map(command::Command::help),
        _ => None,
    }
}

fn wink_help(binary: &Path, path: &[String]) -> Option<String> {
    if path.last().is_some_and(|word| word == "help") {
        return Some(String::new());
    }
    shell::output(shell::program(binary, []).args(path).arg("--help")).ok()
}

/// Holds one command against the help pages.
fn check(shown: &Shown, help: &mut impl FnMut(Program, &[String]) -> Option<String>) -> Result<(), String> {
    let name = match shown.program {
        Program::Wink => "wink",
        Program::Xtask => "cargo xtask",
    };
    let line = format!("{name} {}", shown.words.join(" "));
    let mut path: Vec<String> = Vec::new();
    let mut page = help(shown.program, &path).ok_or_else(|| format!("`{name} --help` does not run"))?;
    let mut flags: Vec<&str> = Vec::new();
    for word in &shown.words {
        if word == "--" {
            break;
        }
        if let Some(flag) = flag_name(word) {
            flags.push(flag);
            continue;
        }
        let subcommands = subcommands(&page);
        if subcommands.iter().any(|known| known == word) {
            path.push(word.clone());
            let called = path.join(" ");
            page = help(shown.program, &path)
                .ok_or_else(|| format!("`{line}`: `{name} {called} --help` does not run"))?;
        } else if !subcommands.is_empty() && flags.is_empty() && is_name(word) {
            let called = if path.is_empty() { name.to_owned() } else { format!("{name} {}", path.join(" ")) };
            return Err(format!(
                "`{line}`: `{called}` has no command `{word}`; it has {}",
                subcommands.join(", ")
            ));
        }
    }
    let called = format!("{name} {}", path.join(" "));
    match flags.into_iter().find(|flag| !names_flag(&page, flag)) {
        Some(flag) => Err(format!("`{line}`: `{} --help` does not name `{flag}`", called.trim_end())),
        None => Ok(()),
    }
}

/// The names under the heading `Commands:` of a help page.
fn subcommands(page: &str) -> Vec<String> {
    let list = page.lines().skip_while(|line| line.trim() != "Commands:").skip(1);
    list.take_while(|line| !line.trim().is_empty())
        .filter(|line| line.starts_with("  ") && !line.starts_with("    "))
        .filter_map(|line| line.split_whitespace().next())
        .map(str::to_owned)
        .collect()
}

/// `--flag` without its value; a lone dash and a negative number are none.
fn flag_name(word: &str) -> Option<&str> {
    let name = word.split('=').next().unwrap_or(word);
    let first = name.trim_start_matches('-').chars().next()?;
    (name.starts_with('-') && first.is_alphabetic()).then_some(name)
}

fn names_flag(page: &str, flag: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    page.match_indices(flag).any(|(at, _)| {
        let before = page.get(..at).and_then(|text| text.chars().next_back());
        let after = page.get(at + flag.len()..).and_then(|text| text.chars().next());
        !before.is_some_and(is_part) && !after.is_some_and(is_part)
    })
}

/// Whether the word is spelled like a command, not like a placeholder or a value.
fn is_name(word: &str) -> bool {
    word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

/// The commands in a document: in fenced blocks of a shell, and between backticks.
fn commands(text: &str) -> Vec<Shown> {
    let page = markdown::read(text);
    let mut found = Vec::new();
    for block in page.blocks.iter().filter(|block| LANGUAGES.contains(&block.language.as_str())) {
        let has_prompts = block.language.starts_with("console") || block.language == "shell-session";
        for (line, text) in joined(&block.lines) {
            let text = text.trim();
            let command =
                match text.strip_prefix("$ ").or_else(|| text.strip_prefix("# ").filter(|_| has_prompts)) {
                    Some(command) => command,
                    None if has_prompts => continue, // what the command answers
                    None => text,
                };
            found.extend(parse(line, command));
        }
    }
    for (line, span) in &page.code_spans {
        found.extend(parse(*line, span).into_iter().filter(|shown| !shown.words.is_empty()));
    }
    found
}

/// Lines that end in a backslash, joined with the next.
fn joined(lines: &[(usize, String)]) -> Vec<(usize, String)> {
    let mut whole: Vec<(usize, String)> = Vec::new();
    let mut open = false;
    for (number, line) in lines {
        let (text, continues) = match line.trim_end().strip_suffix('\\') {
            Some(text) => (text, true),
            None => (line.as_str(), false),
        };
        match whole.last_mut().filter(|_| open) {
            Some((_, last)) => *last = format!("{last} {}", text.trim_start()),
            None => whole.push((*number, text.to_owned())),
        }
        open = continues;
    }
    whole
}

/// The commands of one shell line, which pipes, `&&` and `;` may separate.
fn parse(line: usize, text: &str) -> Vec<Shown> {
    let mut found = Vec::new();
    for words in split(text) {
        // Variables set for the command, and what runs it.
        let skipped = words
            .iter()
            .take_while(|word| is_assignment(word) || matches!(word.as_str(), "time" | "sudo" | "env"));
        let words = words.get(skipped.count()..).unwrap_or_default();
        let program_and_rest = match words {
            [cargo, xtask, rest @ ..] if cargo == "cargo" && xtask == "xtask" => Some((Program::Xtask, rest)),
            [cargo, run, rest @ ..] if cargo == "cargo" && run == "run" => {
                let end = rest.iter().position(|word| word == "--").unwrap_or(rest.len());
                let (own, after) = rest.split_at(end);
                own.iter()
                    .any(|word| word == "wink")
                    .then(|| (Program::Wink, after.get(1..).unwrap_or_default()))
            }
            [first, rest @ ..] if first == "wink" || first.ends_with("/wink") => Some((Program::Wink, rest)),
            _ => None,
        };
        if let Some((program, rest)) = program_and_rest {
            // Optional parts are shown in brackets; an ellipsis ends what can be checked.
            let rest = rest.iter().map(|word| word.trim_matches(['[', ']']).to_owned());
            let words = rest.take_while(|word| !word.contains('…') && word != "...").collect();
            found.push(Shown { line, program, words });
        }
    }
    found
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty() && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
    })
}

/// Words by command; quotes are kept together, a comment and what follows a redirection's sign is dropped.
fn split(text: &str) -> Vec<Vec<String>> {
    let mut commands = vec![Vec::new()];
    let mut word = String::new();
    let mut quote: Option<char> = None;
    let mut drop_next = false;
    for character in text.chars().chain([' ']) {
        if let Some(open) = quote {
            if character == open {
                quote = None;
            }
            word.push(character);
            continue;
        }
        let ends_word = character.is_whitespace() || matches!(character, '|' | ';' | '&' | '>' | '<');
        // `<ID>` is a placeholder, not a redirection.
        let is_placeholder = character == '<' && word.is_empty() || character == '>' && word.starts_with('<');
        if !ends_word || is_placeholder {
            match character {
                '\'' | '"' => {
                    quote = Some(character);
                    word.push(character);
                }
                '#' if word.is_empty() => break,
                _ => word.push(character),
            }
            continue;
        }
        if !word.is_empty() {
            let whole = std::mem::take(&mut word);
            if !std::mem::take(&mut drop_next)
                && let Some(last) = commands.last_mut()
            {
                last.push(whole);
            }
        }
        match character {
            '|' | ';' | '&' => commands.push(Vec::new()),
            '>' | '<' => drop_next = true,
            _ => {}
        }
    }
    commands.retain(|words| !words.is_empty());
    commands
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: &str = "Decides.\n\nUsage: wink <COMMAND>\n\nCommands:\n  import  Reads\n  config  Settings\n          of all kinds\n\nOptions:\n  -h, --help\n";
    const IMPORT: &str = "Usage: wink import [OPTIONS] <KIND>\n\nOptions:\n      --data <DIR>\n      --assume-consent  for tests\n";
    const CONFIG: &str = "Commands:\n  describe  Prints\n\nOptions:\n  -h, --help\n";

    fn help(program: Program, path: &[String]) -> Option<String> {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        match (program, path.as_slice()) {
            (Program::Wink, []) => Some(ROOT.to_owned()),
            (Program::Wink, ["import"]) => Some(IMPORT.to_owned()),
            (Program::Wink, ["config"]) => Some(CONFIG.to_owned()),
            (Program::Wink, ["config", "describe"]) => Some(String::new()),
            (Program::Xtask, path) => {
                xtask_help(&path.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>())
            }
            _ => None,
        }
    }

    /// Holds every command in `text` against the pages above; the answer is the first complaint, or "fine".
    fn check(text: &str, expected: &str) {
        let found = commands(text);
        assert!(!found.is_empty(), "no command found in: {text}");
        let complaint = found.iter().find_map(|shown| super::check(shown, &mut help).err());
        assert_eq!(complaint.unwrap_or_else(|| "fine".to_owned()), expected, "{text}");
    }

    #[test]
    fn commands_that_exist_pass() {
        check(
            "```sh\nwink import completejourney DIR --data STORE --assume-consent # real data\n```",
            "fine",
        );
        check("```sh\nWINK_LOG=debug wink import x \\\n  --data=STORE | jq . > out.json\n```", "fine");
        check(
            "```console\n$ cargo xtask test --reference && cargo xtask check\nwink said: --nothing\n```",
            "fine",
        );
        check("```sh\ncargo run --release -p wink -- import x --data STORE\n```", "fine");
        check("run `cargo xtask test [--reference]` or `wink config describe` or `wink import …`", "fine");
    }

    #[test]
    fn a_planted_command_that_does_not_exist_is_caught() {
        check(
            "```sh\nwink imprt x\n```",
            "`wink imprt x`: `wink` has no command `imprt`; it has import, config",
        );
        check(
            "```sh\nwink import x --dta S\n```",
            "`wink import x --dta S`: `wink import --help` does not name `--dta`",
        );
        check(
            "```sh\nwink import x --assume\n```",
            "`wink import x --assume`: `wink import --help` does not name `--assume`",
        );
        check(
            "`wink config explain`",
            "`wink config explain`: `wink config` has no command `explain`; it has describe",
        );
        check(
            "`cargo xtask test --slow`",
            "`cargo xtask test --slow`: `cargo xtask test --help` does not name `--slow`",
        );
        check(
            "```sh\ntrue; ./target/demo/wink serv\n```",
            "`wink serv`: `wink` has no command `serv`; it has import, config",
        );
        check(
            "```console\n$ cargo xtask simulate\n```",
            "`cargo xtask simulate`: `cargo xtask` has no command `simulate`; it has demo, test, check, tidy, bless, bench, compare, fuzz, campaign, data, clients, help",
        );
    }

    #[test]
    fn other_programs_are_left_alone() {
        assert!(
            commands("```sh\ncargo build\ngit commit --anything\ncargo run -p xtask -- x\n```\n`wink`")
                .is_empty()
        );
        assert!(commands("```rust\nwink imprt\n```").is_empty());
    }
}

//! Command-line arguments, read against a command's own table of flags. An unknown flag is refused, never ignored.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail};

use crate::command::Command;

/// The arguments of one command, read.
#[derive(Debug, Default)]
pub(crate) struct Args {
    flags: BTreeMap<&'static str, String>,
    /// What is not a flag, in order.
    pub(crate) words: Vec<String>,
}

impl Args {
    /// Reads `given` by the flags of `command`.
    ///
    /// # Errors
    /// Refuses a flag the command does not have, a flag without its value, and words where none are taken.
    pub(crate) fn parse(command: &Command, given: &[String]) -> Result<Args> {
        let mut args = Args::default();
        let mut rest = given.iter();
        while let Some(word) = rest.next() {
            if !word.starts_with('-') {
                if command.takes.is_empty() {
                    bail!("`cargo xtask {}` takes no `{word}`\n\n{}", command.name, command.help());
                }
                args.words.push(word.clone());
                continue;
            }
            let (name, attached) = match word.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (word.as_str(), None),
            };
            let Some(flag) = command.flags.iter().find(|flag| flag.name == name) else {
                bail!("`cargo xtask {}` has no flag `{name}`\n\n{}", command.name, command.help());
            };
            let value = match flag.value {
                Some(what) => attached
                    .or_else(|| rest.next().cloned())
                    .with_context(|| format!("`{name}` needs a value: {what}"))?,
                None => String::new(),
            };
            args.flags.insert(flag.name, value);
        }
        Ok(args)
    }

    /// Whether the flag was given.
    pub(crate) fn has(&self, flag: &str) -> bool {
        self.flags.contains_key(flag)
    }

    /// The value the flag was given.
    pub(crate) fn value(&self, flag: &str) -> Option<&str> {
        self.flags.get(flag).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::COMMANDS;

    fn parse(line: &str) -> Result<Args> {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        let (name, rest) = words.split_first().unwrap();
        Args::parse(COMMANDS.iter().find(|command| command.name == name).unwrap(), rest)
    }

    #[test]
    fn reads_flags_values_and_words() {
        let args = parse("bench decide --rounds 5").unwrap();
        assert_eq!(
            (args.value("--rounds"), args.words.as_slice()),
            (Some("5"), ["decide".to_owned()].as_slice())
        );
        assert_eq!(parse("bench --rounds=7").unwrap().value("--rounds"), Some("7"));
        assert!(parse("test --reference").unwrap().has("--reference"));
    }

    #[test]
    fn refuses_what_the_table_does_not_have() {
        assert!(parse("test --slow").unwrap_err().to_string().contains("has no flag `--slow`"));
        assert!(parse("bench --rounds").unwrap_err().to_string().contains("needs a value: N"));
        assert!(parse("check everything").unwrap_err().to_string().contains("takes no `everything`"));
    }
}

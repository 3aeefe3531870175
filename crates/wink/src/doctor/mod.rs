//! What a careful operator looks at: the machine, the files, what is in the store. Finds and advises; mends nothing.

pub(crate) mod inside;
pub(crate) mod machine;

use serde::{Deserialize, Serialize};

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Level {
    Ok,
    Warn,
    Fail,
}

/// One thing that was looked at.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Finding {
    /// What.
    pub(crate) check: String,
    pub(crate) level: Level,
    /// What was found.
    pub(crate) found: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) advice: Option<String>,
}

impl Finding {
    pub(crate) fn ok(check: &str, found: impl Into<String>) -> Self {
        Self { check: check.to_owned(), level: Level::Ok, found: found.into(), advice: None }
    }

    pub(crate) fn warn(check: &str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { check: check.to_owned(), level: Level::Warn, found: found.into(), advice: Some(advice.into()) }
    }

    pub(crate) fn fail(check: &str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { check: check.to_owned(), level: Level::Fail, found: found.into(), advice: Some(advice.into()) }
    }
}

//! Errors as RFC 9457 problems, with a stable code and a message a client may show its developer.

use serde::Serialize;

/// A problem.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Names the kind of problem.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind of problem in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// The stable code.
    pub code: String,
    /// What is wrong and what to do.
    pub message: String,
    /// Where in the body, as a JSON pointer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
}

impl Problem {
    /// Describes a problem.
    pub fn new(status: u16, code: &str, title: &str, message: impl Into<String>) -> Self {
        Self {
            kind: format!("/v1/problems/{code}"),
            title: title.to_owned(),
            status,
            code: code.to_owned(),
            message: message.into(),
            pointer: None,
        }
    }
}

//! Errors as RFC 9457 problems, with a stable code and a message a client may show its developer.

use serde::Serialize;
use utoipa::ToSchema;

/// A problem (RFC 9457).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
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
    pub detail: String,
    /// The same again, under the name under which clients of the Segment family look for it.
    pub message: String,
    /// Where in the body, as a JSON pointer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// Everything that is wrong, where several things can be.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ProblemPart>,
    /// The request's id, to find it in the server's log.
    pub request_id: String,
}

impl Problem {
    /// Describes a problem. Its request's id is added when it is answered.
    pub fn new(status: u16, code: &str, title: &str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            kind: format!("/v1/problems/{code}"),
            title: title.to_owned(),
            status,
            code: code.to_owned(),
            detail: message.clone(),
            message,
            pointer: None,
            errors: Vec::new(),
            request_id: String::new(),
        }
    }
}

/// One of several things that are wrong in a catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ProblemPart {
    /// Where in the body, as a JSON pointer.
    pub pointer: String,
    /// What is wrong.
    pub message: String,
    /// What to write instead, where that can be said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
    /// The file it would stand in.
    pub file: String,
    /// Its line there, from 1.
    pub line: usize,
    /// Its column there, in characters, from 1.
    pub column: usize,
}

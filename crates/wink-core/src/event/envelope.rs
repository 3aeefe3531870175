//! What a client sent, before anybody believed it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use unicode_normalization::UnicodeNormalization;

use crate::base::{Timestamp, Value};

/// One identifier of a person, as a client knows them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity {
    namespace: String,
    value: String,
}

/// Why an identity is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// The namespace is empty, too long or not plain.
    #[error("the namespace is not plain; use up to 32 of a-z, 0-9, `_`")]
    Namespace,
    /// The value is empty or too long.
    #[error("the value is empty or longer than 256 bytes")]
    Value,
}

impl Identity {
    /// Takes a namespace in any case and a value. Namespaces are folded to lower case, so that `Email` and `email` are one. Of a value it
    /// takes what people see of it: without blanks around it, without characters nobody sees, and an accent as one character (Unicode NFC),
    /// however the keyboard wrote it.
    ///
    /// # Errors
    /// Says which part is not usable.
    pub fn new(namespace: &str, value: &str) -> Result<Self, IdentityError> {
        let namespace = namespace.to_ascii_lowercase();
        let plain = namespace.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        if namespace.is_empty() || 32 < namespace.len() || !plain {
            return Err(IdentityError::Namespace);
        }
        let value = as_seen(value);
        let value = value.trim();
        if value.is_empty() || 256 < value.len() {
            return Err(IdentityError::Value);
        }
        Ok(Self { namespace, value: value.to_owned() })
    }

    /// Tells the namespace, in lower case.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Tells the value. It may identify a person directly: it goes to the vault and nowhere else.
    pub fn value(&self) -> &str {
        &self.value
    }
}

/// Most values are plain letters and digits, of which nothing is copied.
fn as_seen(value: &str) -> Cow<'_, str> {
    // Marks of direction, soft hyphens and blanks without a width come along when somebody copies an address.
    let is_seen = |one: &char| {
        !matches!(
            one,
            '\u{ad}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'
                ..='\u{202e}' | '\u{2060}' | '\u{feff}'
        )
    };
    if value.is_ascii() { Cow::Borrowed(value) } else { value.chars().filter(is_seen).nfc().collect() }
}

/// An event as received, decoded but not checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Envelope {
    /// Who sent it: the source the key belongs to, never a field of the body.
    pub source: String,
    /// The client's own id of the message, unique within the source.
    pub message_id: String,
    /// The event's name, as in `Order Completed`.
    pub event: String,
    /// The schema version the client wrote, if it says.
    pub schema_version: Option<String>,
    /// Whose event it is; the first is the one it is kept under.
    pub identities: Vec<Identity>,
    /// When it happened, by the client's clock.
    pub original_at: Option<Timestamp>,
    /// When it was sent, by the client's clock.
    pub sent_at: Option<Timestamp>,
    /// What it says.
    pub properties: BTreeMap<String, Value>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_name_is_one_person_however_it_was_written() {
        let value = |text: &str| Identity::new("Email", text).map(|identity| identity.value);
        let anna = Ok("änne@example.org".to_owned());
        for written in [
            "änne@example.org",
            "a\u{308}nne@example.org",
            " \u{feff}änne@example.org\u{200b} ",
            "\u{202a}änne@exam\u{ad}ple.org\u{202c}",
        ] {
            assert_eq!(value(written), anna, "{written:?}");
        }
        assert_ne!(value("Änne@example.org"), anna, "what differs to the eye is another value");
        assert_eq!(value("\u{200b}\u{feff} "), Err(IdentityError::Value), "nothing to see is nothing");
        assert_eq!(value(&"ä".repeat(129)), Err(IdentityError::Value));
    }
}

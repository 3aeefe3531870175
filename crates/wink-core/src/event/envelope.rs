//! What a client sent, before anybody believed it.

use std::collections::BTreeMap;

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
    /// Takes a namespace in any case and a value. Namespaces are folded to lower case, so that `Email` and `email` are one.
    ///
    /// # Errors
    /// Says which part is not usable.
    pub fn new(namespace: &str, value: &str) -> Result<Self, IdentityError> {
        let namespace = namespace.to_ascii_lowercase();
        let plain = namespace.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        if namespace.is_empty() || 32 < namespace.len() || !plain {
            return Err(IdentityError::Namespace);
        }
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

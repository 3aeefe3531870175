//! What a client sent, before anybody believed it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use unicode_normalization::UnicodeNormalization;

use super::consent_input;
use crate::base::{Timestamp, Value};

/// One identifier of a person, as a client knows them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity {
    namespace: String,
    value: String,
}

/// Namespaces of identities that are drawn by chance.
const DRAWN: [&str; 2] = ["anonymous_id", "click_id"];

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

    /// Tells whether identities of the namespace are drawn by chance and told to one browser: whoever knows one has that browser, or a link
    /// that was sent to whom it names. Any other name can be guessed, or is known to many.
    pub fn is_drawn(&self) -> bool {
        DRAWN.contains(&self.namespace())
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

impl Envelope {
    /// What counts of a message that came with a key from a page's source, where anybody can name anybody. A word about consent is the word of
    /// the browser it came from: it says nothing of an account that it names beside. That leaves a no about an account alone, which takes nothing
    /// from anybody; `None` is a yes that names no browser.
    pub fn told_by_page(mut self, at: Timestamp) -> Option<Self> {
        let Some(is_yes) = consent_input::is_yes(&self.event, &self.properties, at) else {
            return Some(self);
        };
        if self.identities.iter().any(Identity::is_drawn) {
            self.identities.retain(Identity::is_drawn);
        } else if is_yes {
            return None;
        }
        Some(self)
    }
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

    #[test]
    fn a_page_speaks_of_consent_for_its_browser_alone() {
        let word = |event: &str, state: &str, names: &[(&str, &str)]| {
            let properties = ["state", "ad_user_data", "ad_personalization"]
                .map(|name| (name.to_owned(), Value::Text(state.to_owned())));
            let said = Envelope {
                source: "web".to_owned(),
                message_id: "m-1".to_owned(),
                event: event.to_owned(),
                schema_version: None,
                identities: names.iter().map(|(name, value)| Identity::new(name, value).unwrap()).collect(),
                original_at: None,
                sent_at: None,
                properties: properties.into(),
            };
            let told = said.told_by_page(Timestamp(0))?;
            Some(told.identities.into_iter().map(|identity| identity.value).collect::<Vec<_>>().join(" "))
        };
        let (account, browser, link) = (("user_id", "anna"), ("anonymous_id", "phone"), ("click_id", "c7"));
        for event in ["Consent Updated", "Consent Mode Updated"] {
            for state in ["granted", "denied"] {
                let both = word(event, state, &[account, browser, link]);
                assert_eq!(both.as_deref(), Some("phone c7"), "{event} {state}");
            }
            assert_eq!(word(event, "granted", &[account]), None, "{event}");
            assert_eq!(word(event, "denied", &[account]).as_deref(), Some("anna"), "{event}");
        }
        assert_eq!(word("Privacy Control Signalled", "granted", &[account]).as_deref(), Some("anna"));
        assert_eq!(word("Page", "granted", &[account, browser]).as_deref(), Some("anna phone"));
    }
}

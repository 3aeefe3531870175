//! What a key can vouch for that stands in a page's source, where everybody can read it.

use wink_core::base::{Timestamp, Value};
use wink_core::event::{Body, Envelope, Mechanism};

use super::Role;

/// A message, as far as its key vouches for it.
pub(crate) struct Vouched {
    pub envelope: Envelope,
    /// Whether that is all of it.
    pub is_whole: bool,
}

/// Takes out, or refuses, what a key cannot vouch for that stands in a page's source. With it anybody could say that somebody had signed in, say yes for a
/// stranger's account, or move strangers from one household to another, and what a household may get with them.
pub(crate) fn vouched(role: Role, envelope: Envelope, now: Timestamp) -> Result<Vouched, String> {
    if !role.is_publishable() {
        return Ok(Vouched { envelope, is_whole: true });
    }
    let (role, event) = (role.name(), envelope.event.as_str());
    if Body::HOUSEHOLD_EVENTS.contains(&event) {
        return Err(format!("a key of the role {role} cannot vouch for who lives with whom (`{event}`)"));
    }
    let claimed = envelope.properties.get("mechanism").and_then(Value::as_text);
    let is_strong =
        claimed.is_some_and(|name| Mechanism::parse(name).is_ok_and(|claimed| Mechanism::Cmp < claimed));
    if event == "Consent Updated" && is_strong {
        let name = claimed.unwrap_or_default();
        return Err(format!("a key of the role {role} cannot vouch for the mechanism `{name}`"));
    }
    let named = envelope.identities.len();
    let told = envelope.told_by_page(now).map(|envelope| {
        let is_whole = envelope.identities.len() == named;
        Vouched { envelope, is_whole }
    });
    told.ok_or_else(|| {
        format!(
            "a key of the role {role} cannot say yes for an account; name the browser by its `anonymous_id`, or let \
             your server say it"
        )
    })
}

//! Words about consent that come in the spelling of somebody else: a string of the Transparency and Consent Framework, the states of Google's
//! Consent Mode, the signal of Global Privacy Control. Each says something about personalisation, and nothing about a newsletter.

use std::collections::BTreeMap;

use super::tcf::TcString;
use super::{ConsentChange, ConsentState, FUTURE_TOLERANCE_MS, Mechanism, Rejection};
use crate::base::{Timestamp, Value};

/// A word in Wink's own spelling.
const CONSENT_UPDATED: &str = "Consent Updated";
/// A banner of the advertising industry was answered.
pub(super) const TCF: &str = "TCF Consent Updated";
/// A tag manager passed Google's states on.
pub(super) const CONSENT_MODE: &str = "Consent Mode Updated";
/// The browser says that data must be neither sold nor shared.
pub(super) const PRIVACY_CONTROL: &str = "Privacy Control Signalled";

/// All of them.
pub(super) const EVENTS: [&str; 3] = [TCF, CONSENT_MODE, PRIVACY_CONTROL];

/// The purpose they are about.
const PURPOSE: &str = "personalisation";

/// States of Consent Mode that have to be granted, all of them. One that is not sent is denied.
const NEEDED: [&str; 2] = ["ad_user_data", "ad_personalization"];

/// Reads what such an event says that happened at `at`, and when it was said; `None` for every other event. What it was read from stays in
/// the event's extras, as its proof.
pub(super) fn read(
    event: &str,
    properties: &BTreeMap<String, Value>,
    at: Timestamp,
) -> Option<Result<(ConsentChange, Timestamp), Rejection>> {
    match event {
        TCF => Some(tcf(properties, at)),
        CONSENT_MODE => Some(consent_mode(properties).map(|word| (word, at))),
        PRIVACY_CONTROL => {
            let word = change(Mechanism::GlobalPrivacyControl, ConsentState::Denied, properties);
            Some(Ok((word, at)))
        }
        _ => None,
    }
}

/// Tells whether an event would be taken as a yes to a purpose if it happened at `at`. `None` if it is no word about consent.
pub(super) fn is_yes(event: &str, properties: &BTreeMap<String, Value>, at: Timestamp) -> Option<bool> {
    if event == CONSENT_UPDATED {
        return Some(properties.get("state").and_then(Value::as_text) == Some("granted"));
    }
    Some(match read(event, properties, at)? {
        Ok((word, _)) => word.state == ConsentState::Granted,
        // Sent again once its time has come, it is one.
        Err(rejection) => matches!(rejection, Rejection::Future { .. }),
    })
}

fn change(mechanism: Mechanism, state: ConsentState, properties: &BTreeMap<String, Value>) -> ConsentChange {
    let surface = properties.get("surface").and_then(Value::as_text);
    ConsentChange {
        purpose: PURPOSE.to_owned(),
        state,
        mechanism,
        method: mechanism.name().to_owned(),
        surface: surface.map(|surface| surface.chars().take(256).collect()),
        text_version: None,
        text_hash: None,
        recorded_by: None,
    }
}

fn state(is_granted: bool) -> ConsentState {
    if is_granted { ConsentState::Granted } else { ConsentState::Denied }
}

fn bad(path: &str, problem: impl Into<String>) -> Rejection {
    Rejection::BadValue { path: path.to_owned(), problem: problem.into() }
}

fn tcf(properties: &BTreeMap<String, Value>, at: Timestamp) -> Result<(ConsentChange, Timestamp), Rejection> {
    let text = match properties.get("tc_string") {
        Some(Value::Text(text)) => text,
        Some(_) => return Err(bad("tc_string", "is no text; send it as `__tcfapi` gives it")),
        None => return Err(Rejection::MissingProperty("tc_string".to_owned())),
    };
    let string = TcString::parse(text).map_err(|error| bad("tc_string", error.to_string()))?;
    let vendor = match properties.get("vendor_id") {
        None | Some(Value::Null) => None,
        Some(Value::Int(id)) => {
            let id = u16::try_from(*id).ok().filter(|id| 0 < *id);
            Some(id.ok_or_else(|| bad("vendor_id", "is no vendor of the framework; they are 1 to 65535"))?)
        }
        Some(_) => return Err(bad("vendor_id", "is no whole number")),
    };
    let state = state(string.allows_personalisation(vendor, at));
    let word = change(Mechanism::Tcf, state, properties);
    let text_version = Some(format!("TCF policy {}", string.policy_version));
    // A string is sent again with every page: that is no new word.
    let (earliest, latest) = string.chosen();
    // The yes of a device whose clock is ahead would be the newest word with every page, after every no, until that day has come.
    if state == ConsentState::Granted && at.0 + FUTURE_TOLERANCE_MS < earliest.0 {
        return Err(Rejection::Future { occurred_at: earliest });
    }
    let said_at = if state == ConsentState::Granted { earliest } else { latest };
    Ok((ConsentChange { text_version, ..word }, said_at.min(at)))
}

fn consent_mode(properties: &BTreeMap<String, Value>) -> Result<ConsentChange, Rejection> {
    let mut is_granted = true;
    for name in NEEDED {
        is_granted &= match properties.get(name).map(Value::as_text) {
            Some(Some("granted")) => true,
            None | Some(Some("denied")) => false,
            Some(_) => return Err(bad(name, "is neither `granted` nor `denied`")),
        };
    }
    Ok(change(Mechanism::ConsentMode, state(is_granted), properties))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_of(event: &str, properties: &[(&str, Value)]) -> Result<ConsentChange, String> {
        let properties = properties.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        let at = Timestamp::parse("2026-03-02T10:00:00Z").unwrap();
        let word = read(event, &properties, at).unwrap();
        word.map(|(word, _)| word).map_err(|rejection| rejection.to_string())
    }

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    #[test]
    fn consent_mode_grants_what_is_granted_whole() {
        let said = |data: Option<&str>, personalisation: Option<&str>| {
            let states = [("ad_user_data", data), ("ad_personalization", personalisation)];
            let states: Vec<(&str, Value)> =
                states.into_iter().filter_map(|(name, state)| Some((name, text(state?)))).collect();
            read_of(CONSENT_MODE, &states).map(|word| word.state)
        };
        use ConsentState::{Denied, Granted};
        assert_eq!(said(Some("granted"), Some("granted")), Ok(Granted));
        for (data, personalisation) in [
            (Some("granted"), Some("denied")),
            (Some("denied"), Some("granted")),
            (Some("granted"), None),
            (None, None),
        ] {
            assert_eq!(said(data, personalisation), Ok(Denied), "{data:?} {personalisation:?}");
        }
        let wrong = said(Some("yes"), Some("granted")).unwrap_err();
        assert!(
            wrong.contains("ad_user_data") && wrong.contains("is neither `granted` nor `denied`"),
            "{wrong}"
        );
    }

    #[test]
    fn privacy_control_says_no() {
        let word = read_of(PRIVACY_CONTROL, &[]).unwrap();
        assert_eq!((word.state, word.mechanism), (ConsentState::Denied, Mechanism::GlobalPrivacyControl));
        assert_eq!(word.purpose, "personalisation");
    }

    #[test]
    fn a_string_says_what_it_allows_and_a_wrong_one_why_it_is_none() {
        // Purposes 1 to 3, of 2020: old, and without the choice of offers.
        let old = "COvFyGBOvFyGBAbAAAENAPCAAOAAAAAAAAAAAEEUACCKAAA";
        let word = read_of(TCF, &[("tc_string", text(old)), ("surface", text("banner"))]).unwrap();
        assert_eq!((word.state, word.mechanism), (ConsentState::Denied, Mechanism::Tcf));
        assert_eq!(
            (word.surface.as_deref(), word.text_version.as_deref()),
            (Some("banner"), Some("TCF policy 2"))
        );
        for (properties, said) in [
            (vec![], "tc_string"),
            (vec![("tc_string", Value::Int(1))], "is no text"),
            (vec![("tc_string", text("CO!"))], "has a character at place 2"),
            (vec![("tc_string", text(old)), ("vendor_id", Value::Int(0))], "is no vendor of the framework"),
            (vec![("tc_string", text(old)), ("vendor_id", text("7"))], "is no whole number"),
        ] {
            let error = read_of(TCF, &properties).unwrap_err();
            assert!(error.contains(said), "{error}");
        }
    }
}

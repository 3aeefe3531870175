//! What a shopper reads is looked over: an offer whose words press or shame is not taken, unless somebody signs for it by name.

use wink_core::offer::wording::{Finding, Language, Severity, lint};

use super::entry::{Entry, Section};

/// Who says that words which are blocked may stand all the same, and why. It stays with the version of the catalogue.
pub(super) const OVERRIDE: &str = "wording_override";

const OVERRIDE_KEYS: &[&str] = &["by", "reason"];

/// Reads an offer's title.
pub(super) fn title(section: &Section<'_>) -> Option<String> {
    let signed = match section.optional(OVERRIDE) {
        Some(entry) => Some(signature(&entry)?),
        None => None,
    };
    let entry = section.required("title")?;
    let text = entry.text()?;
    let findings = lint(text, &Language::ALL);
    let blocked: Vec<&Finding> =
        findings.iter().filter(|finding| finding.severity == Severity::Block).collect();
    match (blocked.first(), signed) {
        (None, None) | (Some(_), Some(())) => Some(text.to_owned()),
        (None, Some(())) => {
            let message = format!("`{OVERRIDE}` is for words that are blocked; there are none");
            section.optional(OVERRIDE)?.refuse(message, Some("leave it out".to_owned()))
        }
        (Some(first), None) => {
            let quote = text.get(first.at.clone()).unwrap_or_default();
            let (rule, class) = (first.rule, first.class.name());
            let message = format!("`{quote}` is not said to shoppers ({rule}, {class})");
            let fix = format!(
                "say it like: {}; or sign for it: {OVERRIDE} = {{ by = \"…\", reason = \"…\" }}",
                first.alternative()
            );
            entry.refuse(message, Some(fix))
        }
    }
}

/// Reads who signed: a name and a reason.
fn signature(entry: &Entry<'_>) -> Option<()> {
    let section = entry.section(OVERRIDE)?;
    section.only(OVERRIDE_KEYS);
    let [by, reason] =
        ["by", "reason"].map(|key| section.required(key).and_then(|entry| entry.text().map(|_| ())));
    by.and(reason)
}

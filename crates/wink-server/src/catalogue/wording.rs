//! What a shopper reads is looked over: an offer whose words press or shame is not taken, unless somebody signs for it by name.

use wink_core::offer::wording::{Class, Finding, Language, Severity, lint};

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
    if text.contains("{{") {
        let fix = "say it without a value; the day until which a coupon is valid is said beside it";
        return entry.refuse("a title is shown as it is written", Some(fix.to_owned()));
    }
    let findings = lint(text, &Language::ALL);
    let blocked: Vec<&Finding> = findings.iter().filter(|finding| needs_a_name(finding)).collect();
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
            let fair = Some(first.alternative()).filter(|fair| !fair.contains("{{"));
            let fair = fair.map_or_else(|| "leave it out".to_owned(), |fair| format!("say it like: {fair}"));
            let fix = format!("{fair}; or sign for it: {OVERRIDE} = {{ by = \"…\", reason = \"…\" }}");
            entry.refuse(message, Some(fix))
        }
    }
}

/// Whether somebody has to sign for it: what is never said, and claims of hurry, stock and company. A title has no value that could show those.
fn needs_a_name(finding: &Finding) -> bool {
    let is_claim = matches!(finding.class, Class::Urgency | Class::Scarcity | Class::SocialProof);
    finding.severity == Severity::Block || (finding.severity == Severity::Fact && is_claim)
}

/// Reads who signed: a name and a reason.
fn signature(entry: &Entry<'_>) -> Option<()> {
    let section = entry.section(OVERRIDE)?;
    section.only(OVERRIDE_KEYS);
    let [by, reason] =
        ["by", "reason"].map(|key| section.required(key).and_then(|entry| entry.text().map(|_| ())));
    by.and(reason)
}

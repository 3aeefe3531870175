//! `public_code` of an offer: `{ word = "SOMMER10", budget = "500.00", uses = 1000 }`. One of the caps must be there: a word that everybody knows is
//! used by everybody.

use wink_code::Code;
use wink_core::base::CouponId;
use wink_core::offer::{Offer, PublicCode, WORD_MAX, WORD_MIN, Word};

use super::entry::{Entry, Section};

pub(super) const KEY: &str = "public_code";

/// Reads it.
pub(super) fn read(entry: &Entry<'_>) -> Option<PublicCode> {
    let section = entry.section(KEY)?;
    section.only(&["word", "budget", "uses"]);
    let word = section.required("word").and_then(|entry| word(&entry));
    let budget = match section.optional("budget") {
        Some(entry) => entry.positive_amount().map(Some),
        None => Some(None),
    };
    let uses = match section.optional("uses") {
        Some(entry) => {
            entry.whole(1..=i64::from(u32::MAX)).and_then(|uses| u32::try_from(uses).ok()).map(Some)
        }
        None => Some(None),
    };
    let code = PublicCode { word: word?, budget: budget?, uses: uses? };
    if code.budget.is_none() && code.uses.is_none() {
        let fix = "write `budget = \"500.00\"`, `uses = 1000` or both".to_owned();
        return entry.refuse("a public code needs a cap of its own: anybody may type it", Some(fix));
    }
    Some(code)
}

fn word(entry: &Entry<'_>) -> Option<Word> {
    let text = entry.text()?;
    let Some(word) = Word::read(text) else {
        let fix = format!("use {WORD_MIN} to {WORD_MAX} letters, digits, `-` and `_`");
        return entry.refuse(format!("`{text}` is no word that could be typed"), Some(fix));
    };
    // What is typed is looked up as an id and as a coupon's own code first.
    let prefix = CouponId::PREFIX.to_uppercase();
    if word.as_str().starts_with(&prefix) || Code::read(word.as_str()).is_some() {
        let fix = "choose another word".to_owned();
        return entry.refuse(format!("`{text}` could be the id or the code of a coupon"), Some(fix));
    }
    Some(word)
}

/// Looks whether an offer can be had by typing a word: nobody is asked which of several values, nobody activates, and no rule is looked at.
pub(super) fn fits(section: &Section<'_>, offer: &Offer) -> bool {
    let Some(entry) = section.optional(KEY).filter(|_| offer.public_code.is_some()) else { return true };
    let dearest = offer.benefits.iter().map(wink_core::offer::Benefit::maximum).max().unwrap_or_default();
    let budget = offer.public_code.as_ref().and_then(|code| code.budget);
    let why = if offer.benefits.len() != 1 {
        "an offer with a public code has one value; nobody chooses between several".to_owned()
    } else if offer.terms.needs_activation {
        "who types a word uses it at once; leave `needs_activation` out".to_owned()
    } else if offer.rules.asked().next().is_some() {
        "a word may be typed by anybody, so rules of the offer are not asked; leave them out".to_owned()
    } else if offer.limits.per_household.is_some() {
        "a word is used without asking who lives with whom; leave `per_household` out".to_owned()
    } else if budget.is_some_and(|budget| budget < dearest) {
        let dearest = section.file().currency().of(dearest).plain();
        format!("the budget of the word is less than one use may cost, {dearest}")
    } else {
        return true;
    };
    entry.refuse::<()>(why, None).is_some()
}

#[cfg(test)]
mod tests {
    use super::super::file::File;
    use super::*;

    fn check(text: &str, expected: &str) {
        let file = File::new("f", text);
        let document = super::super::campaign::document(&file).unwrap();
        let root = Section::root(&file, document.as_table());
        let read = root.optional(KEY).and_then(|entry| read(&entry));
        let findings: Vec<String> = file.into_findings().iter().map(ToString::to_string).collect();
        let said = match read {
            Some(PublicCode { word, budget, uses }) => format!("{} {budget:?} {uses:?}", word.as_str()),
            None => findings.join("; "),
        };
        assert_eq!(said, expected, "{text}");
    }

    #[test]
    fn a_word_comes_with_a_cap() {
        check("public_code = { word = \"Sommer10\", uses = 1000 }", "SOMMER10 None Some(1000)");
        check("public_code = { word = \"Grüße\", budget = \"9.50\" }", "GRÜSSE Some(Cents(950)) None");
        check(
            "public_code = { word = \"SOMMER10\" }",
            "f:1:15: a public code needs a cap of its own: anybody may type it (fix: write `budget = \"500.00\"`, `uses = 1000` or both)",
        );
    }

    #[test]
    fn a_word_cannot_be_taken_for_a_coupon() {
        check(
            "public_code = { word = \"a b\", uses = 1 }",
            "f:1:24: `a b` is no word that could be typed (fix: use 3 to 32 letters, digits, `-` and `_`)",
        );
        check(
            "public_code = { word = \"cpn_x\", uses = 1 }",
            "f:1:24: `cpn_x` could be the id or the code of a coupon (fix: choose another word)",
        );
        let code = Code::new([7; 10]).unwrap().to_string();
        check(
            &format!("public_code = {{ word = \"{code}\", uses = 1 }}"),
            &format!("f:1:24: `{code}` could be the id or the code of a coupon (fix: choose another word)"),
        );
    }
}

//! Text as a rule: refused with a place inside it, or compiled within its cost and answered whatever is known; and a rule in brackets says
//! what it says without, and the opposite behind `!`.
#![no_main]

use std::cell::LazyCell;

use libfuzzer_sys::fuzz_target;
use wink_core::base::expression::{COST_MAX, Declarations, Expression, Fact, Facts, Verdict};
use wink_core::feature;
use wink_core::offer::declarations;

thread_local! {
    static DECLARED: LazyCell<Declarations> = LazyCell::new(|| declarations(&feature::Catalogue::built_in()));
}

fuzz_target!(|text: &str| {
    DECLARED.with(|declared| match Expression::compile(text, declared) {
        Ok(rule) => says_the_same_in_brackets(&rule, declared),
        Err(problem) => assert!(text.get(problem.at.clone()).is_some(), "{problem:?}"),
    });
});

fn says_the_same_in_brackets(rule: &Expression, declared: &Declarations) {
    assert!(rule.cost() <= COST_MAX);
    // On lines of their own: the rule may end in a comment.
    let [same, opposite] = ["(\n", "!(\n"].map(|before| format!("{before}{}\n)", rule.source()));
    let same = Expression::compile(&same, declared).ok();
    let opposite = Expression::compile(&opposite, declared).ok();
    for known in [
        None,
        Some(Fact::Double(0.5)),
        Some(Fact::Int(i64::MIN)),
        Some(Fact::Text("web")),
        Some(Fact::Bool(true)),
    ] {
        let said = rule.evaluate(&Every(known));
        assert!(!said.to_string().is_empty());
        // Longer by some bytes, deeper by a level and dearer by a step: a rule at its limits has neither.
        if let Some(same) = &same {
            assert_eq!(kind(&same.evaluate(&Every(known))), kind(&said), "{}", rule.source());
        }
        if let Some(opposite) = &opposite {
            let turned = match kind(&said) {
                "holds" => "fails",
                "fails" => "holds",
                other => other,
            };
            assert_eq!(kind(&opposite.evaluate(&Every(known))), turned, "{}", rule.source());
        }
    }
}

fn kind(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Holds => "holds",
        Verdict::Fails(_) => "fails",
        Verdict::NotKnown { .. } => "not known",
        Verdict::Error(_) => "error",
    }
}

/// Knows the same of everything, of whatever type it was declared.
struct Every(Option<Fact<'static>>);

impl Facts for Every {
    fn fact(&self, _: usize) -> Option<Fact<'_>> {
        self.0
    }
}

//! Text as a rule: refused with a place inside it, or compiled within its cost and answered whatever is known.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wink_core::base::expression::{Expression, Fact, Facts};
use wink_core::feature;
use wink_core::offer::declarations;

fuzz_target!(|text: &str| {
    let declarations = declarations(&feature::Catalogue::built_in());
    match Expression::compile(text, &declarations) {
        Ok(rule) => {
            for known in [None, Some(Fact::Double(0.5)), Some(Fact::Int(i64::MIN)), Some(Fact::Text("web"))] {
                let _verdict = rule.evaluate(&Every(known));
            }
        }
        Err(problem) => {
            assert!(problem.at.start <= problem.at.end && problem.at.end <= text.len(), "{problem:?}");
            assert!(text.is_char_boundary(problem.at.start), "{problem:?}");
        }
    }
});

/// Knows the same of everything, of whatever type it was declared.
struct Every(Option<Fact<'static>>);

impl Facts for Every {
    fn fact(&self, _: usize) -> Option<Fact<'_>> {
        self.0
    }
}

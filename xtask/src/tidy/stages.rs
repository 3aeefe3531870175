//! Data flows one way: a stage of the core uses `base`, itself and what stands before it.

use super::source::{code_only, is_word};
use super::{Tree, Violation};

/// The stages in the order of the flow. `base` is what all of them share.
const STAGES: [&str; 8] = ["base", "event", "profile", "feature", "offer", "decision", "coupon", "measure"];

const CORE: &str = "crates/wink-core/src/";

/// Every use of a later stage, test code included.
pub(super) fn violations(tree: &Tree) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (path, text) in tree.ending(".rs") {
        let Some(inside) = path.strip_prefix(CORE).filter(|inside| *inside != "lib.rs") else { continue };
        let own = inside.split(['/', '.']).next().unwrap_or_default();
        let Some(own_rank) = rank(own) else {
            violations.push(Violation::new(
                path,
                0,
                format!("`{own}` is no stage; the stages are {}", STAGES.join(" ")),
            ));
            continue;
        };
        let depth = depth(inside);
        for (line, used) in used_stages(&code_only(text), depth) {
            if own_rank < rank(&used).unwrap_or(0) {
                let message =
                    format!("stage `{own}` uses `{used}`, which stands after it; pass the value in instead");
                violations.push(Violation::new(path, line, message));
            }
        }
    }
    violations
}

fn rank(stage: &str) -> Option<usize> {
    STAGES.iter().position(|name| *name == stage)
}

/// How many `super::` lead from the file's module to the crate's root.
fn depth(inside: &str) -> usize {
    let folders = inside.matches('/').count();
    if inside.ends_with("/mod.rs") { folders } else { folders + 1 }
}

/// Line and first segment of each path from the crate's root: `crate::x`, `crate::{x, y}`, `super::super::x`.
fn used_stages(code: &str, depth: usize) -> Vec<(usize, String)> {
    let mut used = Vec::new();
    for (word, needed) in [("crate", 1), ("super", depth)] {
        let mut from = 0;
        while let Some(found) = code.get(from..).and_then(|rest| rest.find(word)) {
            let start = from + found;
            from = start + word.len();
            let before = code.as_bytes().get(start.wrapping_sub(1)).copied().unwrap_or(b' ');
            if is_word(before) {
                continue;
            }
            let mut rest = code.get(from..).unwrap_or_default();
            let mut steps = 1;
            let target = loop {
                let Some(after) = rest.trim_start().strip_prefix("::") else { break "" };
                rest = after.trim_start();
                match rest.strip_prefix("super") {
                    Some(after) if word == "super" && after.trim_start().starts_with("::") => {
                        rest = after;
                        steps += 1;
                    }
                    _ => break rest,
                }
            };
            from = code.len() - rest.len();
            if steps < needed {
                continue;
            }
            let line = 1 + code.get(..start).unwrap_or_default().matches('\n').count();
            used.extend(first_segments(target).into_iter().map(|segment| (line, segment)));
        }
    }
    used
}

/// The first segment of a path, or of each path in a `{…}` group.
fn first_segments(target: &str) -> Vec<String> {
    let word = |text: &str| -> String {
        text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
    };
    let Some(group) = target.strip_prefix('{') else { return vec![word(target)] };
    let mut segments = Vec::new();
    let mut nested = 0_usize;
    let mut item = String::new();
    for character in group.chars() {
        match character {
            '}' if nested == 0 => break,
            ',' if nested == 0 => segments.push(word(&std::mem::take(&mut item))),
            _ => {
                match character {
                    '{' => nested += 1,
                    '}' => nested -= 1,
                    _ => {}
                }
                item.push(character);
            }
        }
    }
    segments.push(word(&item));
    segments
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(file: &str, source: &str, expected: &[usize]) {
        let tree = Tree::of(&[(&format!("{CORE}{file}"), source)]);
        let lines: Vec<usize> = violations(&tree).iter().map(|violation| violation.line).collect();
        assert_eq!(lines, expected, "{file}: {source}");
    }

    #[test]
    fn a_stage_uses_itself_and_what_stands_before_it() {
        check(
            "decision/mod.rs",
            "use crate::base::Cents;\nuse crate::{feature::View, offer};\nuse crate::decision::x;",
            &[],
        );
        check("coupon.rs", "use crate::decision::Decision;", &[]);
        check("lib.rs", "use crate::measure::x;", &[]);
    }

    #[test]
    fn a_planted_use_of_a_later_stage_is_caught() {
        check("feature/view.rs", "use crate::base::Id;\nuse crate::decision::Decision;", &[2]);
        check("feature/view.rs", "use crate::{\n    base::Id,\n    coupon::{self, Coupon},\n};", &[1]);
        check("base/mod.rs", "fn f(x: &crate::event::Event) {}", &[1]);
        check("event/mod.rs", "#[cfg(test)]\nmod tests {\n    use crate::profile::Profile;\n}", &[3]);
        check("event/mod.rs", "use super::offer;", &[1]);
        check("event/gate.rs", "use super::super::offer;\nuse super::offer;", &[1]);
        check("offer/mod.rs", "macro_rules! m { () => { $crate::measure::x() } }", &[1]);
    }

    #[test]
    fn comments_and_strings_may_name_any_stage() {
        check(
            "event/mod.rs",
            "// see crate::decision::x\n/// [`crate::measure::y`]\nconst S: &str = \"crate::coupon::z\";",
            &[],
        );
    }

    #[test]
    fn a_file_outside_the_stages_is_caught() {
        check("common/mod.rs", "", &[0]);
    }
}

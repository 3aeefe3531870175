use std::collections::BTreeMap;

use regex_syntax::ast::parse::Parser;
use regex_syntax::ast::{Ast, RepetitionKind, RepetitionRange, Span};

use super::*;
use crate::offer::wording::lint;

#[test]
fn every_line_is_a_rule() {
    let lines = written().count();
    assert_eq!((rules().all().len(), rules().set.len()), (lines, lines));
    let mut ids: Vec<&str> = rules().all().iter().map(|rule| rule.id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), lines, "an id stands twice");
    for class in Class::ALL {
        assert!(rules().all().iter().any(|rule| rule.class == *class), "{} has no rule", class.name());
    }
}

#[track_caller]
fn found(rule: &str, text: &str) {
    let rules: Vec<&str> = lint(text, &Language::ALL).into_iter().map(|finding| finding.rule).collect();
    assert!(rules.contains(&rule), "{rule} does not find {text:?}: {rules:?}");
}

#[test]
fn every_rule_finds_its_examples_wherever_they_stand() {
    for line in written() {
        let mut fields = line.split('\t');
        let rule = fields.next().unwrap();
        let mut examples = fields.skip(3).peekable();
        assert!(examples.peek().is_some(), "{rule} has no example");
        for example in examples {
            found(rule, example);
            for text in [
                format!("{example}\n"),
                format!("{example}\r\n\r\nTee"),
                format!("Tee\n\n{example} "),
                example.replace(' ', "\n"),
                example.replace(' ', " \r\n\t"),
                example.replace(' ', "\u{a0}"),
                example.replace(' ', " \u{2009}\u{200b}"),
                example.replace(' ', "&nbsp;"),
                example.to_uppercase(),
            ] {
                found(rule, &text);
            }
        }
    }
}

#[test]
fn what_a_rule_does_not_mean_it_does_not_find() {
    for line in exceptions() {
        let mut fields = line.split('\t');
        let id = fields.next().unwrap();
        let rule = rules().all().iter().find(|rule| rule.id == id).unwrap();
        let mut examples = fields.skip(3).peekable();
        assert!(rule.except.is_some() && examples.peek().is_some(), "{line}");
        for example in examples {
            assert!(rule.pattern.is_match(example), "{id} finds no {example:?} that were to be taken out");
            let found = lint(example, &Language::ALL).into_iter().any(|finding| finding.rule == id);
            assert!(!found, "{example:?}");
        }
    }
}

/// Makes up texts for a pattern, of one branch of one alternation and of any of all others.
struct Maker<'a> {
    forced: (Span, usize),
    state: u64,
    /// A character of each class that was asked for: to compile one takes longer than all else.
    of_class: &'a mut BTreeMap<String, char>,
}

impl Maker<'_> {
    /// One of so many.
    fn one_of(&mut self, many: usize) -> usize {
        self.state =
            self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.state >> 33).unwrap() % many
    }

    fn text(&mut self, ast: &Ast) -> String {
        match ast {
            Ast::Empty(_) | Ast::Flags(_) | Ast::Assertion(_) => String::new(),
            Ast::Dot(_) => [" ", "a "][self.one_of(2)].to_owned(),
            Ast::Literal(literal) => literal.c.to_string(),
            Ast::ClassUnicode(_) | Ast::ClassPerl(_) | Ast::ClassBracketed(_) => {
                let made = self.of_class.entry(ast.to_string()).or_insert_with_key(|class| {
                    let class = Regex::new(class).unwrap();
                    let of = |one: &char| class.is_match(one.encode_utf8(&mut [0; 4]));
                    [' ', '7', 'a'].into_iter().chain(' '..='~').find(of).unwrap()
                });
                made.to_string()
            }
            Ast::Group(group) => self.text(&group.ast),
            Ast::Alternation(either) => {
                let any = self.one_of(either.asts.len());
                let leads = either.asts.iter().position(|branch| holds(branch, &self.forced.0));
                let branch = if either.span == self.forced.0 { self.forced.1 } else { leads.unwrap_or(any) };
                self.text(&either.asts[branch])
            }
            Ast::Concat(parts) => parts.asts.iter().map(|part| self.text(part)).collect(),
            Ast::Repetition(repetition) => {
                let is_forced = holds(&repetition.ast, &self.forced.0);
                let least = match &repetition.op.kind {
                    RepetitionKind::ZeroOrOne | RepetitionKind::ZeroOrMore => 0,
                    RepetitionKind::OneOrMore => 1,
                    RepetitionKind::Range(
                        RepetitionRange::Exactly(least)
                        | RepetitionRange::AtLeast(least)
                        | RepetitionRange::Bounded(least, _),
                    ) => usize::try_from(*least).unwrap(),
                };
                let times = if least == 0 && (is_forced || self.one_of(2) == 1) { 1 } else { least };
                (0..times).map(|_| self.text(&repetition.ast)).collect()
            }
        }
    }
}

/// Lists the alternations of a pattern, with how many branches each has.
fn alternations(ast: &Ast) -> Vec<(Span, usize)> {
    match ast {
        Ast::Group(group) => alternations(&group.ast),
        Ast::Repetition(repetition) => alternations(&repetition.ast),
        Ast::Concat(parts) => parts.asts.iter().flat_map(alternations).collect(),
        Ast::Alternation(either) => {
            let within = either.asts.iter().flat_map(alternations);
            within.chain([(either.span, either.asts.len())]).collect()
        }
        _ => Vec::new(),
    }
}

/// Whether an alternation stands in a part of a pattern.
fn holds(ast: &Ast, span: &Span) -> bool {
    alternations(ast).iter().any(|(one, _)| one == span)
}

/// Texts made up for a branch before it is called dead.
const TRIES: u64 = 300;

/// Names the branches of a pattern that match nothing where the text ends, or nothing before a blank.
fn dead_branches(pattern: &str) -> Vec<String> {
    let ast = Parser::new().parse(pattern).unwrap();
    let whole = |behind: &str| {
        let whole = format!("^(?:{pattern}){behind}$");
        RegexBuilder::new(&whole).case_insensitive(true).size_limit(COMPILED_BYTES_MAX).build().unwrap()
    };
    let (at_end, before_blank) = (whole(""), whole(" Tee"));
    let (mut dead, mut of_class) = (Vec::new(), BTreeMap::new());
    for (span, many) in alternations(&ast) {
        for branch in 0..many {
            let mut any = |is: &dyn Fn(&str) -> bool| {
                (0..TRIES).any(|state| {
                    is(&Maker { forced: (span, branch), state, of_class: &mut of_class }.text(&ast))
                })
            };
            // What asks for the end of the text stands nowhere else.
            let is_last = pattern.contains('$') && any(&|text| text.ends_with(['7', '.']));
            let ends = any(&|text| at_end.is_match(text));
            if !ends || !(is_last || any(&|text| before_blank.is_match(&format!("{text} Tee")))) {
                dead.push(format!("branch {branch} of `{}`", &pattern[span.start.offset..span.end.offset]));
            }
        }
    }
    dead
}

#[test]
fn a_branch_that_matches_nothing_is_seen() {
    assert_eq!(dead_branches(r"\b(gratis|umsonst|0 ?€)\b"), ["branch 2 of `gratis|umsonst|0 ?€`"]);
    assert_eq!(dead_branches(r"\b(wirklich|sicher\?)\b|\bmoment!"), [r"branch 1 of `wirklich|sicher\?`"]);
    assert_eq!(dead_branches(r"\b(gratis|umsonst)\b|\b0 ?€"), Vec::<String>::new());
}

#[test]
fn every_branch_of_every_rule_can_match() {
    for rule in rules().all() {
        assert_eq!(dead_branches(rule.pattern.as_str()), Vec::<String>::new(), "{}", rule.id);
    }
}

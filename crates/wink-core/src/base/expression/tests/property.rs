//! Whatever the expression: it evaluates as the reference and as CEL do, and nothing panics.

use proptest::prelude::*;

use super::sample::*;
use super::*;

/// Compiles what `sample` says; a sample whose constants always fail, or that is too large, is refused and not used.
fn compile(sample: &Sample) -> Option<Expression> {
    let source = sample.write();
    match Expression::compile(&source, &declarations()) {
        Ok(expression) => Some(expression),
        Err(problem) => {
            let is_expected = problem.message.starts_with("this ")
                || problem.message.starts_with("the rule ")
                || problem.message.starts_with("nested ");
            assert!(is_expected, "{source}: {problem}");
            None
        }
    }
}

/// At least so many cases; `PROPTEST_CASES`, which the default reads, asks for more.
fn at_least(cases: u32) -> ProptestConfig {
    let asked = ProptestConfig::default();
    ProptestConfig { cases: cases.max(asked.cases), failure_persistence: None, ..asked }
}

proptest! {
    #![proptest_config(at_least(400))]

    #[test]
    fn evaluates_as_the_reference_does(sample in bool(4), mut facts in some_facts(), unknown in any::<[bool; 8]>()) {
        for (fact, unknown) in facts.0.iter_mut().zip(unknown) {
            if unknown {
                *fact = None;
            }
        }
        let Some(expression) = compile(&sample) else { return Ok(()) };
        let outcome = match expression.evaluate(&facts) {
            Verdict::Holds => Outcome::Bool(true),
            Verdict::Fails(_) => Outcome::Bool(false),
            Verdict::NotKnown { slot, .. } => Outcome::NotKnown(slot),
            Verdict::Error(_) => Outcome::Error,
        };
        prop_assert_eq!(outcome, sample.evaluate(&facts), "{}", expression.source());
    }

    #[test]
    fn evaluates_as_cel_does(sample in bool(4), facts in some_facts()) {
        let Some(expression) = compile(&sample) else { return Ok(()) };
        let ours = match expression.evaluate(&facts) {
            Verdict::Holds => true,
            Verdict::Fails(_) => false,
            // Doubles that are not finite are ours alone to refuse.
            Verdict::Error(_) => return Ok(()),
            Verdict::NotKnown { name, .. } => panic!("{name} is known"),
        };
        let program = cel::Program::compile(expression.source()).unwrap();
        prop_assert_eq!(program.execute(&cel_context(&facts)), Ok(cel::Value::Bool(ours)), "{}", expression.source());
    }

    #[test]
    fn a_soup_of_tokens_never_panics(tokens in prop::collection::vec(token(), 0..40), blank in any::<bool>()) {
        let source = tokens.join(if blank { " " } else { "" });
        check_total(&source);
    }

    #[test]
    fn any_text_never_panics(source in any::<String>()) {
        check_total(&source);
    }

    #[test]
    fn a_changed_character_never_panics(sample in bool(3), place in any::<prop::sample::Index>(), with in any::<char>()) {
        let mut letters: Vec<char> = sample.write().chars().collect();
        let place = place.index(letters.len());
        letters[place] = with;
        check_total(&letters.into_iter().collect::<String>());
    }
}

fn check_total(source: &str) {
    match Expression::compile(source, &declarations()) {
        Ok(expression) => {
            assert!(expression.cost() <= COST_MAX);
            for facts in [facts(), Known(Vec::new())] {
                assert!(!expression.evaluate(&facts).to_string().is_empty());
            }
        }
        Err(problem) => assert!(source.get(problem.at.clone()).is_some(), "{source:?}: {problem:?}"),
    }
}

fn token() -> impl Strategy<Value = String> {
    let plain = prop::sample::select(vec![
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ".",
        ",",
        "?",
        ":",
        "!",
        "-",
        "+",
        "*",
        "/",
        "%",
        "<",
        "<=",
        ">",
        ">=",
        "==",
        "!=",
        "&&",
        "||",
        "in",
        "true",
        "false",
        "null",
        "has",
        "size",
        ".startsWith",
        "1",
        "0",
        "2.5",
        "1e9",
        ".5",
        "'a'",
        "\"b\"",
        "'\\n'",
        "//",
        "\n",
        "and",
        "=",
        "ä",
        "context.hour",
        "context.channel",
        "feature.recency_days",
        "feature.category_affinity",
        "profile.member",
        "context",
        "'",
        "\\",
    ]);
    plain.prop_map(str::to_owned)
}

fn cel_context(facts: &Known) -> cel::Context<'static, 'static> {
    let mut groups: BTreeMap<&str, Vec<(cel::objects::Key, cel::Value)>> = BTreeMap::new();
    for ((name, _), fact) in NAMES.iter().zip(&facts.0) {
        let (group, field) = name.split_once('.').unwrap();
        let value = match fact.as_ref().unwrap() {
            Owned::Bool(value) => cel::Value::Bool(*value),
            Owned::Int(value) => cel::Value::Int(*value),
            Owned::Double(value) => cel::Value::Float(*value),
            Owned::Text(value) => cel::Value::String(Arc::new(value.clone())),
            Owned::Shares(shares) => cel_map(
                shares.iter().map(|(key, share)| (key.clone().into(), cel::Value::Float(*share))).collect(),
            ),
        };
        groups.entry(group).or_default().push((field.to_owned().into(), value));
    }
    let mut context = cel::Context::default();
    for (group, fields) in groups {
        context.add_variable_from_value(group, cel_map(fields));
    }
    context
}

fn cel_map(fields: Vec<(cel::objects::Key, cel::Value)>) -> cel::Value {
    cel::Value::Map(cel::objects::Map { map: Arc::new(fields.into_iter().collect()) })
}

//! What holds, what fails and what came nearest, and what is decided without all facts.

use std::collections::BTreeMap;

use super::*;

mod property;
mod refused;
mod sample;

/// The facts of every test: `None` is not known.
#[derive(Clone, Debug)]
struct Known(Vec<Option<Owned>>);

#[derive(Clone, Debug)]
enum Owned {
    Bool(bool),
    Int(i64),
    Double(f64),
    Text(String),
    Shares(BTreeMap<String, f64>),
}

impl Facts for Known {
    fn fact(&self, slot: usize) -> Option<Fact<'_>> {
        Some(match self.0.get(slot)?.as_ref()? {
            Owned::Bool(value) => Fact::Bool(*value),
            Owned::Int(value) => Fact::Int(*value),
            Owned::Double(value) => Fact::Double(*value),
            Owned::Text(value) => Fact::Text(value),
            Owned::Shares(value) => Fact::Shares(value),
        })
    }
}

const NAMES: [(&str, Type); 8] = [
    ("feature.recency_days", Type::Double),
    ("feature.basket_cents", Type::Double),
    ("feature.category_affinity", Type::Shares),
    ("context.channel", Type::Text),
    ("context.hour", Type::Int),
    ("context.cart_cents", Type::Int),
    ("profile.member", Type::Bool),
    ("profile.language", Type::Text),
];

fn declarations() -> Declarations {
    let mut declarations = Declarations::new();
    for (name, value_type) in NAMES {
        declarations.declare(name, value_type);
    }
    declarations
}

/// Recency 3 days, basket 29.00, a taste for yogurt, web, ten o'clock, no cart, a member, language not known.
fn facts() -> Known {
    let shares = BTreeMap::from([("YOGURT".to_owned(), 0.25), ("CHEESE".to_owned(), 0.009)]);
    Known(vec![
        Some(Owned::Double(3.0)),
        Some(Owned::Double(2_900.0)),
        Some(Owned::Shares(shares)),
        Some(Owned::Text("web".to_owned())),
        Some(Owned::Int(10)),
        None,
        Some(Owned::Bool(true)),
        None,
    ])
}

/// Evaluates `source` over `facts()`.
#[track_caller]
fn check(source: &str, wanted: &str) {
    let expression =
        Expression::compile(source, &declarations()).unwrap_or_else(|problem| panic!("{source}: {problem}"));
    assert_eq!(expression.evaluate(&facts()).to_string(), wanted, "{source}");
}

/// Compiles `source`; the first line of the answer shows the place with `^`, the second says what is wrong.
#[track_caller]
fn refuse(source: &str, at: &str, wanted: &str) {
    let problem = Expression::compile(source, &declarations()).expect_err(source);
    assert_eq!((&source[problem.at.clone()], problem.to_string().as_str()), (at, wanted), "{source}");
}

#[test]
fn what_holds() {
    for source in [
        "true",
        "feature.recency_days == 3",
        "feature.recency_days<3.5//a comment\n&& context.hour >= 10 // and another",
        "2 < 2.5 && 3 == 3.0 && 9007199254740993 > 9007199254740992.0",
        "-9223372036854775808 < 0 && 1e3 == 1000.0 && .5 == 0.5 && 1.5e-1 < 0.2",
        "1 + 2 * 3 == 7 && (1 + 2) * 3 == 9 && 7 - 2 - 1 == 4 && 7 / 2 == 3 && -7 / 2 == -3 && -7 % 3 == -1",
        "context.hour - -1 == 11 && --context.hour == 10 && -feature.recency_days < 0",
        "!false && !!true && !(context.hour < 3)",
        "feature.category_affinity[\"YOGURT\"] > 0.2 && feature.category_affinity['WINE'] == 0.0",
        "context.channel in [\"web\", \"till\",] && !(context.hour in [1, 2.5])",
        "context.channel.startsWith('w') && context.channel.endsWith(\"eb\") && context.channel.contains('e')",
        "size(context.channel) == 3 && size('äöü') == 3 && 'ab' < 'b'",
        r#"'\x41\u00e4\101\n\\\'' == "A\u00E4A\n\\'" && size('\U0001F609') == 1"#,
        "profile.member && profile.member == true && profile.member != false",
        "has(feature.recency_days) && !has(profile.language)",
        "context.hour < 12 ? context.channel == 'web' : false",
        "false ? false : true ? true : false",
        "true || false && false",
        "context . channel == 'web'",
    ] {
        check(source, "holds");
    }
}

#[test]
fn what_fails_says_what_came_nearest() {
    check("feature.recency_days >= 14", "recency_days is 3, needs at least 14");
    check("14 <= feature.recency_days", "recency_days is 3, needs at least 14");
    check("feature.recency_days > 2 * 7", "recency_days is 3, needs more than 14");
    check("!(feature.recency_days < 14.5)", "recency_days is 3, needs at least 14.5");
    check("feature.recency_days != 3", "recency_days is 3, needs anything but 3");
    check("feature.recency_days < 2", "recency_days is 3, needs less than 2");
    check("feature.recency_days <= context.hour - 8", "recency_days is 3, needs at most 2");
    check("context.channel == 'newsletter'", "channel is \"web\", needs \"newsletter\"");
    check(
        "context.channel in ['newsletter', 'till']",
        "channel is \"web\", needs one of \"newsletter\", \"till\"",
    );
    check("!(context.channel in ['web'])", "channel is \"web\", needs none of \"web\"");
    check("context.channel.startsWith('news')", "channel is \"web\", needs to start with \"news\"");
    check("!context.channel.contains('e')", "channel is \"web\", needs not to contain \"e\"");
    check(
        "feature.category_affinity['WINE'] > 0.01",
        "category_affinity[\"WINE\"] is 0, needs more than 0.01",
    );
    check("!profile.member", "member is true, needs false");
    check("profile.member == false", "member is true, needs false");
    check("!(profile.member == true)", "member is true, needs false");
    check("has(context.cart_cents)", "cart_cents is not known, needs to be");
    check("!has(context.hour)", "hour is known, needs not to be");
    check("context.hour + 1 > 12 || size(context.channel) > 3", "`context.hour + 1 > 12` does not hold");
    check("!(context.hour + 1 > 1)", "`context.hour + 1 > 1` holds, needs not to");
    check("false", "`false` does not hold");
}

#[test]
fn the_miss_is_the_first_of_all_and_the_nearest_of_any() {
    check(
        "context.hour == 10 && context.hour > 12 && feature.recency_days > 4",
        "hour is 10, needs more than 12",
    );
    check(
        "feature.category_affinity['WINE'] > 0.01 || feature.category_affinity['CHEESE'] > 0.01",
        "category_affinity[\"CHEESE\"] is 0.009, needs more than 0.01",
    );
    check("context.channel == 'till' || context.hour > 12", "hour is 10, needs more than 12");
    check("context.channel == 'till' || profile.member == false", "channel is \"web\", needs \"till\"");
    check("!(context.hour > 5 || context.hour > 20)", "hour is 10, needs at most 5");
    check("!(context.hour > 5 && context.hour > 9)", "hour is 10, needs at most 9");
    check("profile.member ? context.hour > 12 : true", "hour is 10, needs more than 12");
}

#[test]
fn the_miss_is_data() {
    let source = "true && feature.category_affinity[\"WINE\"] > 0.01";
    let expression = Expression::compile(source, &declarations()).unwrap();
    let wanted = Miss::Fact {
        at: 8..48,
        slot: 2,
        name: "feature.category_affinity".into(),
        key: Some("WINE".into()),
        found: super::super::Value::Int(0),
        relation: Relation::Greater,
        wanted: super::super::Value::Float(0.01),
    };
    assert_eq!(expression.evaluate(&facts()), Verdict::Fails(wanted));
    assert_eq!(&source[8..48], "feature.category_affinity[\"WINE\"] > 0.01");
}

#[test]
fn what_cannot_be_told() {
    check("context.cart_cents > 100", "cart_cents is not known");
    check("!(context.cart_cents > 100)", "cart_cents is not known");
    check("profile.language.contains('e') ? true : true", "language is not known");
    check("1 / (context.hour - 10) == 1", "division by zero");
    check("feature.basket_cents / (feature.recency_days - 3.0) > 1.0", "division by zero");
    check("context.hour % (context.hour - 10) == 1", "division by zero");
    check("context.hour + 9223372036854775807 > 0", "a result is too large");
    check("feature.basket_cents * 1e306 > 0.0", "a result is too large");
    check("-(context.hour - 9223372036854775807 - 11) > 0", "a result is too large");
}

#[test]
fn a_fact_of_another_type_is_an_error_and_one_that_is_not_a_number_is_not_known() {
    let evaluate = |source: &str, fact| {
        let mut facts = facts();
        facts.0[0] = Some(fact);
        Expression::compile(source, &declarations()).unwrap().evaluate(&facts).to_string()
    };
    let source = "feature.recency_days > 1";
    assert_eq!(evaluate(source, Owned::Int(3)), "a fact was declared double and is int");
    assert_eq!(evaluate(source, Owned::Double(f64::NAN)), "recency_days is not known");
    assert_eq!(
        evaluate("has(feature.recency_days)", Owned::Double(f64::NAN)),
        "recency_days is not known, needs to be"
    );
}

#[test]
fn and_and_or_are_decided_by_one_side_where_one_decides() {
    let sides = [
        ("profile.member", "T"),
        ("!profile.member", "F"),
        ("context.cart_cents > 1", "U"),
        ("1 / (context.hour - 10) == 1", "E"),
    ];
    let letter = |source: &str| match Expression::compile(source, &declarations()).unwrap().evaluate(&facts())
    {
        Verdict::Holds => "T",
        Verdict::Fails(_) => "F",
        Verdict::NotKnown { .. } => "U",
        Verdict::Error(_) => "E",
    };
    let table = |operator: &str| -> Vec<String> {
        let row = |left: &str| {
            sides.iter().map(|(right, _)| letter(&format!("{left} {operator} {right}"))).collect()
        };
        sides.iter().map(|(left, _)| row(left)).collect()
    };
    //                         T       F       U       E
    assert_eq!(table("&&"), ["TFUE", "FFFF", "UFUU", "EFUE"]);
    assert_eq!(table("||"), ["TTTT", "TFUE", "TUUU", "TEUE"]);
    for (side, wanted) in sides {
        assert_eq!(letter(side), wanted);
        let negated = letter(&format!("!({side})"));
        assert_eq!(negated, ["F", "T", "U", "E"]["TFUE".find(wanted).unwrap()]);
    }
}

#[test]
fn an_expression_tells_what_it_reads_and_costs() {
    let source = "context.hour > 3 && (feature.category_affinity['A'] > 0.1 || has(profile.language)) && context.hour < 9";
    let expression = Expression::compile(source, &declarations()).unwrap();
    assert_eq!(expression.reads(), [2, 4, 7]);
    assert_eq!(expression.cost(), 17);
    assert_eq!(expression.source(), source);
    assert_eq!(expression, Expression::compile(source, &declarations()).unwrap());
    assert_ne!(expression, Expression::compile("true", &declarations()).unwrap());
}

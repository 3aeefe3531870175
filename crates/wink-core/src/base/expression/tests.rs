//! What is accepted, what is refused and in which words, what is decided without all facts, and that CEL agrees.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

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
fn what_is_refused_by_grammar() {
    refuse("", "", "the rule is empty (fix: leave it out, then it always holds)");
    refuse("  // nothing", "  // nothing", "the rule is empty (fix: leave it out, then it always holds)");
    refuse("profile.member &&", "", "expected a value, found the end");
    refuse("(true", "", "expected `)`, found the end");
    refuse("true)", ")", "expected an operator, found `)`");
    refuse("true and true", "and", "expected an operator, found `and` (fix: write `&&`)");
    refuse("true or true", "or", "expected an operator, found `or` (fix: write `||`)");
    refuse("not true", "not", "`not` has no meaning here (fix: write `!`)");
    refuse("context.hour = 3", "=", "`=` has no meaning here (fix: write `==`)");
    refuse("context.hour <> 3", "<>", "`<>` has no meaning here (fix: write `!=`)");
    refuse("true & true", "&", "`&` has no meaning here (fix: write `&&`)");
    refuse("context.channel == “web”", "“", "`“` has no meaning here (fix: write `\"`)");
    refuse("context.hour > 3 § 2", "§", "`§` has no meaning here");
    refuse("\u{0}", "\u{0}", "`\\u{0}` has no meaning here");
    refuse("context.channel == 'web", "'web", "the text does not end (fix: close it with ')");
    refuse("context.channel == 'a\nb'", "'a", "the text does not end (fix: close it with ')");
    refuse("context.channel == 'a\\z'", "\\z", "`\\z` is not an escape (fix: write `\\\\` for a backslash)");
    refuse(
        "context.channel == '\\u12'",
        "\\u12'",
        "the escape `\\u…` needs 4 digits (fix: write `\\\\` for a backslash)",
    );
    refuse(
        "context.channel == '\\ud800'",
        "\\ud800",
        "the escape names no character (fix: write `\\\\` for a backslash)",
    );
    refuse(
        "context.channel == r'a'",
        "r",
        "raw and byte texts are not part of rules (fix: write a plain text and double its backslashes)",
    );
    refuse(
        "context.channel == '''a'''",
        "'''",
        "texts over several lines are not part of rules (fix: write one ' and `\\n` for a new line)",
    );
    refuse(
        "context.hour > 3u",
        "3u",
        "`3u` is not a number (fix: write digits, with a dot for a double: `14` or `0.5`)",
    );
    refuse(
        "context.hour > 0x1F",
        "0x1F",
        "`0x1F` is not a number (fix: write digits, with a dot for a double: `14` or `0.5`)",
    );
    refuse("1e999 > 1.0", "1e999", "`1e999` is too large for a double");
    refuse(
        "9223372036854775808 > 1",
        "9223372036854775808",
        "`9223372036854775808` is too large for an int (fix: write a double: `9223372036854775808.0`)",
    );
    refuse(
        "context.hour == null",
        "null",
        "`null` is not a value here (fix: ask `has(name)` whether a fact is known)",
    );
    refuse("if true", "if", "`if` is a reserved word");
    refuse("context.", "", "expected a name after the dot, found the end");
    refuse("true ? 1 == 1", "", "expected `:`, found the end");
    refuse(
        "context.channel in 'web'",
        "in",
        "`in` needs a list of values on its right (fix: write the values, such as `[\"web\", \"till\"]`)",
    );
    refuse("context.channel in []", "[]", "the list is empty, so nothing is ever in it");
    refuse("context.channel in ['a' 'b']", "'b'", "expected `,`, found `'b'`");
    refuse("[1] == [1]", "[", "a list stands only on the right of `in`");
    refuse("{'a': 1} == 1", "{", "maps are not part of rules");
    refuse("[1, 2].exists(x, x > 1)", "[", "a list stands only on the right of `in`");
    refuse(
        "feature.category_affinity.exists(c, c > 1)",
        "exists",
        "`exists` is a loop, and rules have no loops",
    );
    refuse(
        "context.channel.matches('w.*')",
        "matches",
        "there is no function `matches` (fix: rules know `size`, `has`, `startsWith`, `endsWith` and `contains`)",
    );
    refuse(
        "now() > 1",
        "now",
        "there is no function `now` (fix: rules know `size`, `has`, `startsWith`, `endsWith` and `contains`)",
    );
    refuse("size() > 1", ")", "`size` needs one value between its brackets");
    refuse("context.channel.contains('a', 'b')", ",", "`contains` takes one value only");
    refuse("(context.channel).length == 1", "length", "`.length` does not follow a name");
}

#[test]
fn what_is_refused_by_type() {
    refuse("context.hour", "context.hour", "a rule must be bool, this is int (fix: compare it with a value)");
    refuse(
        "feature.recency_dys > 1",
        "feature.recency_dys",
        "`feature.recency_dys` is not known here (fix: write `feature.recency_days`)",
    );
    refuse(
        "recency_days > 1",
        "recency_days",
        "`recency_days` is not known here (fix: write `feature.recency_days`)",
    );
    refuse("weather == 'rain'", "weather", "`weather` is not known here");
    refuse(
        "context.channel > 3",
        "context.channel > 3",
        "`>` cannot compare text with int (fix: write `\"3\"`)",
    );
    refuse(
        "context.channel == context.hour",
        "context.channel == context.hour",
        "`==` cannot compare text with int",
    );
    refuse("profile.member < true", "profile.member < true", "`<` cannot order bool and bool");
    refuse(
        "1 < context.hour < 3",
        "1 < context.hour < 3",
        "`<` cannot compare bool with int (fix: write both comparisons and join them with `&&`)",
    );
    refuse(
        "context.hour && true",
        "context.hour",
        "`&&` needs bool, this is int (fix: compare it with a value)",
    );
    refuse(
        "true || context.channel",
        "context.channel",
        "`||` needs bool, this is text (fix: compare it with a value)",
    );
    refuse("!context.hour", "context.hour", "`!` needs bool, this is int (fix: compare it with a value)");
    refuse("-context.channel == 'a'", "context.channel", "`-` needs int or double, this is text");
    refuse(
        "feature.basket_cents * 2 > 1",
        "feature.basket_cents * 2",
        "`*` needs two numbers of one type, these are double and int (fix: write `2.0`)",
    );
    refuse(
        "context.channel + 'a' == 'b'",
        "context.channel + 'a'",
        "`+` needs two numbers of one type, these are text and text",
    );
    refuse(
        "feature.recency_days % 2.0 == 0.0",
        "feature.recency_days % 2.0",
        "`%` needs int and int, these are double and double",
    );
    refuse(
        "context.hour ? true : false",
        "context.hour",
        "`?` needs bool, this is int (fix: compare it with a value)",
    );
    refuse(
        "(true ? 1 : 'a') == 1",
        "true ? 1 : 'a'",
        "both branches of `?` need one type, these are int and text",
    );
    refuse("context.channel in ['web', 3]", "3", "`in` cannot find text among int");
    refuse(
        "context.hour in [context.cart_cents]",
        "context.cart_cents",
        "a list holds plain values only (fix: compare with `==` and join with `||`)",
    );
    refuse(
        "feature.category_affinity > 1",
        "feature.category_affinity",
        "`feature.category_affinity` is shares, not one value (fix: read one of them: `feature.category_affinity[\"…\"]`)",
    );
    refuse(
        "context.hour['a'] > 1",
        "context.hour",
        "`context.hour` is int, not shares (fix: write `context.hour` without the brackets)",
    );
    refuse(
        "feature.category_affinity[1] > 1",
        "1",
        "a share is named by a text in quotes (fix: write `feature.category_affinity[\"…\"]`)",
    );
    refuse("'a'['b'] == 1", "'a'", "only a name can be followed by `[…]`");
    refuse("has(1)", "1", "`has` needs a name (fix: write `has(name)`)");
    refuse(
        "has(feature.category_affinity['a'])",
        "feature.category_affinity['a']",
        "a share that is not there is 0.0, so it is always known (fix: write `has(feature.category_affinity)`)",
    );
    refuse("size(context.hour) > 1", "context.hour", "`size` needs text, this is int");
    refuse("context.channel.contains(3)", "3", "`contains` needs text, this is int (fix: write `\"3\"`)");
    refuse("1 / 0 == 1", "1 / 0", "this always divides by zero");
    refuse("9223372036854775807 + 1 > 0", "9223372036854775807 + 1", "this is always too large");
}

#[test]
fn what_is_refused_by_size() {
    let refused = |source: &str| Expression::compile(source, &declarations()).unwrap_err().message;
    let nested = |levels: usize| format!("{}true{}", "(".repeat(levels), ")".repeat(levels));
    check(&nested(DEPTH_MAX), "holds");
    for deep in [
        nested(DEPTH_MAX + 1),
        nested(2_000),
        "!".repeat(2_000),
        "-".repeat(4_000),
        format!("{}1 > 0", "1 + ".repeat(100)),
        "true ? true : ".repeat(200),
        "feature.category_affinity[".repeat(100),
        format!("context.hour in [{}", "(".repeat(100)),
        "size(".repeat(500),
    ] {
        assert_eq!(refused(&deep), "nested more than 32 levels deep", "{deep}");
    }
    assert_eq!(refused(&" ".repeat(4_097)), "the rule is 4097 bytes long; at most 4096 are read");

    let conjuncts = |count: usize| vec!["context.hour > 1"; count].join(" && ");
    let expression = Expression::compile(&conjuncts(200), &declarations()).unwrap();
    assert_eq!(expression.cost(), 601);
    let list = format!("context.channel in [{}]", vec!["'a'"; 100].join(","));
    assert_eq!(refused(&list), "the rule costs more than 1000 steps from here on");
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

/// A well-typed expression, written down and evaluated by other means than the ones under test.
#[derive(Clone, Debug)]
enum Sample {
    Literal(String, Outcome),
    Fact(usize),
    Share(&'static str),
    Has(usize),
    Not(Box<Sample>),
    Logic(&'static str, Box<Sample>, Box<Sample>),
    Choose(Box<Sample>, Box<Sample>, Box<Sample>),
    Compare(&'static str, Box<Sample>, Box<Sample>),
    Among(Box<Sample>, Vec<Sample>),
    Negate(Box<Sample>),
    Calculate(&'static str, Box<Sample>, Box<Sample>),
    Size(Box<Sample>),
    Test(&'static str, Box<Sample>, Box<Sample>),
}

#[derive(Clone, Debug, PartialEq)]
enum Outcome {
    Bool(bool),
    Int(i64),
    Double(f64),
    Text(String),
    NotKnown(usize),
    Error,
}

impl Sample {
    /// Writes it with no more brackets than the grammar needs.
    fn write(&self) -> String {
        let wrap = |sample: &Sample, weakest: u8| {
            let text = sample.write();
            if sample.power() < weakest { format!("({text})") } else { text }
        };
        let power = self.power();
        match self {
            Self::Literal(text, _) => text.clone(),
            Self::Fact(slot) => NAMES[*slot].0.to_owned(),
            Self::Share(key) => format!("feature.category_affinity[\"{key}\"]"),
            Self::Has(slot) => format!("has({})", NAMES[*slot].0),
            Self::Not(part) => format!("!{}", wrap(part, 8)),
            Self::Negate(part) => format!("-{}", wrap(part, 8)),
            Self::Logic(operator, left, right)
            | Self::Compare(operator, left, right)
            | Self::Calculate(operator, left, right) => {
                format!("{} {operator} {}", wrap(left, power), wrap(right, power + 1))
            }
            Self::Choose(condition, then, otherwise) => {
                format!("{} ? {} : {}", wrap(condition, 2), wrap(then, 2), wrap(otherwise, 1))
            }
            Self::Among(part, list) => {
                let list: Vec<String> = list.iter().map(Sample::write).collect();
                format!("{} in [{}]", wrap(part, power), list.join(", "))
            }
            Self::Size(part) => format!("size({})", part.write()),
            Self::Test(test, text, part) => format!("{}.{test}({})", wrap(text, 8), part.write()),
        }
    }

    fn power(&self) -> u8 {
        match self {
            Self::Choose(..) => 1,
            Self::Logic("||", ..) => 2,
            Self::Logic(..) => 3,
            Self::Compare(..) | Self::Among(..) => 4,
            Self::Calculate("+" | "-", ..) => 5,
            Self::Calculate(..) => 6,
            Self::Not(_) | Self::Negate(_) => 7,
            _ => 8,
        }
    }

    fn evaluate(&self, facts: &Known) -> Outcome {
        use Outcome::{Bool, Double, Error, Int, NotKnown, Text};
        let strict = |parts: &[&Sample]| -> Result<Vec<Outcome>, Outcome> {
            let value = |part: &&Sample| match part.evaluate(facts) {
                stop @ (NotKnown(_) | Error) => Err(stop),
                value => Ok(value),
            };
            parts.iter().map(value).collect()
        };
        let values = match self {
            Self::Literal(_, value) => return value.clone(),
            Self::Fact(slot) => {
                return match &facts.0[*slot] {
                    None => NotKnown(*slot),
                    Some(Owned::Bool(value)) => Bool(*value),
                    Some(Owned::Int(value)) => Int(*value),
                    Some(Owned::Double(value)) => Double(*value),
                    Some(Owned::Text(value)) => Text(value.clone()),
                    Some(Owned::Shares(_)) => unreachable!(),
                };
            }
            Self::Share(key) => {
                return match &facts.0[2] {
                    Some(Owned::Shares(shares)) => Double(*shares.get(*key).unwrap_or(&0.0)),
                    _ => NotKnown(2),
                };
            }
            Self::Has(slot) => return Bool(facts.0[*slot].is_some()),
            Self::Choose(condition, then, otherwise) => {
                return match condition.evaluate(facts) {
                    Bool(true) => then.evaluate(facts),
                    Bool(false) => otherwise.evaluate(facts),
                    stop => stop,
                };
            }
            Self::Logic(operator, left, right) => {
                let deciding = Bool(*operator == "||");
                let sides = [left.evaluate(facts), right.evaluate(facts)];
                if sides.contains(&deciding) {
                    return deciding;
                }
                let unknown = sides.iter().find(|side| matches!(side, NotKnown(_)));
                let error = sides.iter().find(|side| **side == Error);
                return unknown.or(error).unwrap_or(&sides[0]).clone();
            }
            Self::Not(part) | Self::Negate(part) | Self::Size(part) | Self::Among(part, _) => strict(&[part]),
            Self::Compare(_, left, right) | Self::Calculate(_, left, right) | Self::Test(_, left, right) => {
                strict(&[left, right])
            }
        };
        let values = match values {
            Ok(values) => values,
            Err(stop) => return stop,
        };
        let less = |left: &Outcome, right: &Outcome| match (left, right) {
            (Int(left), Int(right)) => left < right,
            (Double(left), Double(right)) => left < right,
            (Int(left), Double(right)) => (*left as f64) < *right,
            (Double(left), Int(right)) => *left < *right as f64,
            (Text(left), Text(right)) => left < right,
            (Bool(left), Bool(right)) => left < right,
            _ => unreachable!(),
        };
        let same = |left: &Outcome, right: &Outcome| !less(left, right) && !less(right, left);
        match (self, values.as_slice()) {
            (Self::Not(_), [Bool(value)]) => Bool(!value),
            (Self::Negate(_), [Int(value)]) => value.checked_neg().map_or(Error, Int),
            (Self::Negate(_), [Double(value)]) => Double(-value),
            (Self::Size(_), [Text(text)]) => Int(text.chars().count() as i64),
            (Self::Among(_, list), [value]) => {
                Bool(list.iter().any(|item| same(&item.evaluate(facts), value)))
            }
            (Self::Test("startsWith", ..), [Text(text), Text(part)]) => Bool(text.starts_with(part.as_str())),
            (Self::Test("endsWith", ..), [Text(text), Text(part)]) => Bool(text.ends_with(part.as_str())),
            (Self::Test(..), [Text(text), Text(part)]) => Bool(text.contains(part.as_str())),
            (Self::Compare(operator, ..), [left, right]) => Bool(match *operator {
                "==" => same(left, right),
                "!=" => !same(left, right),
                "<" => less(left, right),
                "<=" => !less(right, left),
                ">" => less(right, left),
                _ => !less(left, right),
            }),
            (Self::Calculate(operator, ..), [Int(left), Int(right)]) => {
                let (left, right) = (i128::from(*left), i128::from(*right));
                let result = match *operator {
                    "+" => left + right,
                    "-" => left - right,
                    "*" => left * right,
                    _ if right == 0 => return Error,
                    "/" => left / right,
                    _ => left % right,
                };
                i64::try_from(result).map_or(Error, Int)
            }
            (Self::Calculate(operator, ..), [Double(left), Double(right)]) => {
                let result = match *operator {
                    "+" => left + right,
                    "-" => left - right,
                    "*" => left * right,
                    _ if *right == 0.0 => return Error,
                    _ => left / right,
                };
                if result.is_finite() { Double(result) } else { Error }
            }
            _ => unreachable!(),
        }
    }
}

fn boxed(sample: Sample) -> Box<Sample> {
    Box::new(sample)
}

fn ints() -> impl Strategy<Value = i64> {
    prop_oneof![8 => -5_i64..15, 1 => Just(i64::MAX), 1 => Just(i64::MIN)]
}

fn int_literal() -> BoxedStrategy<Sample> {
    ints().prop_map(|value| Sample::Literal(value.to_string(), Outcome::Int(value))).boxed()
}

fn double_literal() -> BoxedStrategy<Sample> {
    let literal = |quarters: u8| {
        let value = f64::from(quarters) / 4.0;
        Sample::Literal(format!("{value:?}"), Outcome::Double(value))
    };
    any::<u8>().prop_map(literal).boxed()
}

fn text_literal() -> BoxedStrategy<Sample> {
    let literal = |text: &str| Sample::Literal(format!("{text:?}"), Outcome::Text(text.to_owned()));
    prop::sample::select(vec!["", "w", "web", "till", "ä\"b", "a\\"]).prop_map(literal).boxed()
}

fn int(depth: u32) -> BoxedStrategy<Sample> {
    let leaf = prop_oneof![int_literal(), Just(Sample::Fact(4)), Just(Sample::Fact(5))];
    if depth == 0 {
        return leaf.boxed();
    }
    let operator = prop::sample::select(vec!["+", "-", "*", "/", "%"]);
    prop_oneof![
        2 => leaf,
        3 => (operator, int(depth - 1), int(depth - 1)).prop_map(|(o, l, r)| Sample::Calculate(o, boxed(l), boxed(r))),
        1 => int(depth - 1).prop_map(|part| Sample::Negate(boxed(part))),
        1 => text(0).prop_map(|part| Sample::Size(boxed(part))),
    ]
    .boxed()
}

fn double(depth: u32) -> BoxedStrategy<Sample> {
    let share = prop::sample::select(vec!["YOGURT", "CHEESE"]).prop_map(Sample::Share);
    let leaf = prop_oneof![double_literal(), Just(Sample::Fact(0)), Just(Sample::Fact(1)), share];
    if depth == 0 {
        return leaf.boxed();
    }
    let operator = prop::sample::select(vec!["+", "-", "*", "/"]);
    prop_oneof![
        2 => leaf,
        3 => (operator, double(depth - 1), double(depth - 1))
            .prop_map(|(o, l, r)| Sample::Calculate(o, boxed(l), boxed(r))),
        1 => double(depth - 1).prop_map(|part| Sample::Negate(boxed(part))),
    ]
    .boxed()
}

fn text(depth: u32) -> BoxedStrategy<Sample> {
    let leaf = prop_oneof![text_literal(), Just(Sample::Fact(3)), Just(Sample::Fact(7))];
    if depth == 0 {
        return leaf.boxed();
    }
    let choice =
        (bool(0), text(0), text(0)).prop_map(|(c, t, o)| Sample::Choose(boxed(c), boxed(t), boxed(o)));
    prop_oneof![3 => leaf, 1 => choice].boxed()
}

fn bool(depth: u32) -> BoxedStrategy<Sample> {
    let literal = any::<bool>().prop_map(|value| Sample::Literal(value.to_string(), Outcome::Bool(value)));
    let known = prop::sample::select(vec![0_usize, 3, 4, 5, 6, 7]).prop_map(Sample::Has);
    let leaf = prop_oneof![1 => literal, 3 => Just(Sample::Fact(6)), 1 => known];
    if depth == 0 {
        return leaf.boxed();
    }
    let relation = || prop::sample::select(vec!["==", "!=", "<", "<=", ">", ">="]);
    let number = || prop_oneof![int(2), double(2)];
    let compare = |(o, l, r)| Sample::Compare(o, boxed(l), boxed(r));
    let test = prop::sample::select(vec!["startsWith", "endsWith", "contains"]);
    let numbers = prop::collection::vec(prop_oneof![int_literal(), double_literal()], 1..4);
    let texts = prop::collection::vec(text_literal(), 1..4);
    let among = |(part, list)| Sample::Among(boxed(part), list);
    prop_oneof![
        1 => leaf,
        4 => (prop::sample::select(vec!["&&", "||"]), bool(depth - 1), bool(depth - 1))
            .prop_map(|(o, l, r)| Sample::Logic(o, boxed(l), boxed(r))),
        1 => bool(depth - 1).prop_map(|part| Sample::Not(boxed(part))),
        1 => (bool(depth - 1), bool(depth - 1), bool(depth - 1))
            .prop_map(|(c, t, o)| Sample::Choose(boxed(c), boxed(t), boxed(o))),
        3 => (relation(), number(), number()).prop_map(compare),
        1 => (relation(), text(1), text(1)).prop_map(compare),
        1 => (number(), numbers).prop_map(among),
        1 => (text(1), texts).prop_map(among),
        1 => (test, text(1), text(0)).prop_map(|(t, l, r)| Sample::Test(t, boxed(l), boxed(r))),
    ]
    .boxed()
}

/// Facts of which any may be not known.
fn some_facts() -> impl Strategy<Value = Known> {
    let text =
        || prop::sample::select(vec!["web", "till", "ä\"b"]).prop_map(|text| Owned::Text(text.to_owned()));
    let quarters = |value: u8| Owned::Double(f64::from(value) / 4.0);
    let shares = (0.0..1.0_f64, 0.0..1.0_f64).prop_map(|(a, b)| {
        Owned::Shares(BTreeMap::from([("YOGURT".to_owned(), a), ("CHEESE".to_owned(), b)]))
    });
    let known = (
        any::<u8>().prop_map(quarters),
        any::<u8>().prop_map(quarters),
        shares,
        text(),
        ints().prop_map(Owned::Int),
        ints().prop_map(Owned::Int),
        any::<bool>().prop_map(Owned::Bool),
        text(),
    );
    known.prop_map(|(a, b, c, d, e, f, g, h)| Known([a, b, c, d, e, f, g, h].map(Some).into()))
}

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

fn quick(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(quick(400))]

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

//! What is refused, where, and in which words.

use super::*;

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

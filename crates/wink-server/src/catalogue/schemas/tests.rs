//! Shapes of events as a shop declares them, and every way to get them wrong.

use wink_core::event::Shape;

use super::*;

fn findings(text: &str) -> Vec<String> {
    let file = File::new("schemas.toml", text);
    read(&file);
    file.into_findings().iter().map(ToString::to_string).collect()
}

const ORDERS: &str = r#"[[schemas]]
event = "Order Completed"
version = "1-1-0"

[[schemas.upcasts]]
from = "1-0"
to = "1-1"
rename = { "products/*/sku" = "product_id" }
remove = ["legacy"]
convert = { "products/*/total_cents" = "cents" }
default = { currency = "EUR" }
set = { "channel" = "web", "express" = false, "weight" = 1.5, "boxes" = 1 }
"#;

#[test]
fn a_shape_is_read_with_its_mapping() {
    let file = File::new("schemas.toml", ORDERS);
    let schemas = read(&file);
    assert_eq!(file.into_findings(), []);
    assert_eq!(schemas.of("Order Completed").unwrap().version.to_string(), "1-1-0");
    assert_eq!(schemas.of("Product Viewed").unwrap().version.to_string(), "1-0-0");
    assert_ne!(schemas, Schemas::built_in());
    assert_eq!(Shape::parse("1-0").unwrap().to_string(), "1-0");
}

/// The door asks of what was sent whether a key can vouch for it: what an upcast made of it afterwards nobody would have vouched for.
#[test]
fn words_about_consent_are_not_lifted() {
    let words =
        ["Consent Updated", "TCF Consent Updated", "Consent Mode Updated", "Privacy Control Signalled"];
    for event in words {
        let expected = "schemas.toml:5:1: a word about consent is taken as it was sent and never lifted: its proof is what was said (fix: let the sender send the newest shape)";
        assert_eq!(findings(&ORDERS.replacen("Order Completed", event, 1)), [expected], "{event}");
    }
    let newest = "[[schemas]]\nevent = \"Consent Updated\"\nversion = \"1-1-0\"\n";
    assert_eq!(
        findings(newest),
        Vec::<String>::new(),
        "which version is the newest changes nothing of a message"
    );
}

#[test]
fn renames_that_get_in_each_others_way_are_refused() {
    let check = |renames: &str, expected: &[&str]| {
        let text = ORDERS.replacen("\"products/*/sku\" = \"product_id\"", renames, 1);
        let found = findings(&text);
        let end = " (fix: let another upcast do it, after this one)";
        let expected: Vec<String> =
            expected.iter().map(|what| format!("schemas.toml:5:1: {what}{end}")).collect();
        assert_eq!(found, expected, "{renames}");
    };
    check("a = \"b\", c = \"d\", \"e/a\" = \"b\"", &[]);
    check("a = \"b\", b = \"c\"", &["`a` is renamed to `b`, and `b` is renamed too"]);
    check(
        "a = \"b\", b = \"a\"",
        &["`a` is renamed to `b`, and `b` is renamed too", "`b` is renamed to `a`, and `a` is renamed too"],
    );
    check(
        "\"lines/*/a\" = \"b\", \"lines/0/b\" = \"c\"",
        &["`lines/*/a` is renamed to `b`, and `lines/0/b` is renamed too"],
    );
    check("a = \"b\", \"a/x\" = \"y\"", &["`a/x` is renamed, and `a` above it too"]);
    check("a = \"b\", \"b/x\" = \"y\"", &["`b/x` is renamed, and `a` above it too"]);
}

#[test]
fn what_is_wrong_is_named_by_line_and_column() {
    let check = |from: &str, to: &str, expected: &str| {
        assert!(ORDERS.contains(from), "{from}");
        assert_eq!(findings(&ORDERS.replacen(from, to, 1)), [expected]);
    };
    check(
        "Order Completed",
        "Order Complete",
        "schemas.toml:2:9: there is no event `Order Complete` (fix: write `Order Completed`)",
    );
    check("1-1-0", "1-1", "schemas.toml:3:11: `1-1` is no version (fix: write it like `1-2-0`)");
    check(
        "from = \"1-0\"",
        "from = \"one\"",
        "schemas.toml:6:8: `one` is no shape (fix: write model and revision, like `1-0`)",
    );
    check("to = \"1-1\"", "to = \"1-0\"", "schemas.toml:7:6: 1-0 is not newer than 1-0 (fix: lift upwards)");
    check(
        "to = \"1-1\"",
        "to = \"1-2\"",
        "schemas.toml:7:6: 1-2 is newer than the newest (fix: write the newest shape as `version`)",
    );
    check(
        "\"cents\" }",
        "\"euros\" }",
        "schemas.toml:10:40: `euros` is none of them (fix: use `text`, `whole`, `number`, `flag` or `cents`)",
    );
    check(
        "= \"product_id\"",
        "= \"line/product_id\"",
        "schemas.toml:8:31: `line/product_id` lies in another place (fix: write the last part of its path only)",
    );
    check("\"products/*/sku\"", "\"products//sku\"", "schemas.toml:8:30: `products//sku` is no property");
    check(
        "currency = \"EUR\" }",
        "currency = [] }",
        "schemas.toml:11:24: `currency` must be a text, a number, true or false, this is a list",
    );
}

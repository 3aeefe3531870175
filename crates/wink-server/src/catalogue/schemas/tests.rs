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

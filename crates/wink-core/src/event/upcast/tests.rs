//! Readers and writers of different ages: thirty changes of a schema, each with an old and a new reader for an old and a new writer.

use super::*;
use crate::base::{Cents, Currency, EventId, Timestamp};
use crate::event::{Body, Envelope, Event, Identity, Schemas, accept};

const NOW: Timestamp = Timestamp(1_700_000_000_000);

/// One change of an event's shape.
struct Change {
    what: &'static str,
    event: &'static str,
    /// The version before and after it.
    versions: [&'static str; 2],
    /// What a writer sends before and after it, as `name=value` with lines after `|`.
    sent: [&'static str; 2],
    /// How the old shape is lifted: `kind path value`, one after the other.
    mapping: &'static str,
}

/// How old readers take what new writers send.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// An addition: everybody reads everything.
    Addition,
    /// A revision or a model: an old reader keeps it aside.
    Break,
}

fn in_(currency: &str) -> Currency {
    Currency::new(currency).unwrap()
}

const ORDER: &str = "Order Completed";
const VIEWED: &str = "Product Viewed";
const HESITATED: &str = "Hesitated";

const fn change(
    what: &'static str,
    event: &'static str,
    versions: [&'static str; 2],
    sent: [&'static str; 2],
    mapping: &'static str,
) -> Change {
    Change { what, event, versions, sent, mapping }
}

const ADDED: [&str; 2] = ["1-0-0", "1-0-1"];
const REVISED: [&str; 2] = ["1-0-0", "1-1-0"];
const REMODELLED: [&str; 2] = ["1-0-0", "2-0-0"];

/// The lines of an order, as it is read.
const LINES: &str = "order_id=o|product_id=p total_cents=1250";

const CHANGES: [Change; 30] = [
    // Additions: nobody breaks, and what nobody knows is kept.
    change("a text is added", ORDER, ADDED, [LINES, "order_id=o gift=yes|product_id=p total_cents=1250"], ""),
    change(
        "a number is added",
        ORDER,
        ADDED,
        [LINES, "order_id=o loyalty=12|product_id=p total_cents=1250"],
        "",
    ),
    change(
        "a flag is added",
        ORDER,
        ADDED,
        [LINES, "order_id=o express=true|product_id=p total_cents=1250"],
        "",
    ),
    change(
        "a known optional is added",
        ORDER,
        ADDED,
        [LINES, "order_id=o store_id='7'|product_id=p total_cents=1250"],
        "",
    ),
    change(
        "a line says more",
        ORDER,
        ADDED,
        [LINES, "order_id=o|product_id=p total_cents=1250 colour=red"],
        "",
    ),
    change(
        "a line says its category",
        ORDER,
        ADDED,
        [LINES, "order_id=o|product_id=p total_cents=1250 category=TEA"],
        "",
    ),
    change(
        "an addition is taken back",
        ORDER,
        ["1-0-1", "1-0-2"],
        ["order_id=o gift=yes|product_id=p total_cents=1250", LINES],
        "",
    ),
    change(
        "many additions at once",
        VIEWED,
        ["1-0-0", "1-0-9"],
        ["product_id=p", "product_id=p a=1 b=2 c=3"],
        "",
    ),
    change(
        "an addition to what is kept whole",
        VIEWED,
        ADDED,
        ["product_id=p", "product_id=p brand=House"],
        "",
    ),
    change(
        "an addition to a page's event",
        HESITATED,
        ADDED,
        ["zone=shipping ms=900", "zone=shipping ms=900 placement=cart"],
        "",
    ),
    // Revisions: older ones are lifted.
    change(
        "a property is renamed",
        ORDER,
        REVISED,
        ["number=o|product_id=p total_cents=1250", LINES],
        "rename number order_id",
    ),
    change(
        "a line's property is renamed",
        ORDER,
        REVISED,
        ["order_id=o|sku=p total_cents=1250", LINES],
        "rename products/*/sku product_id",
    ),
    change(
        "two lines' properties are renamed",
        ORDER,
        REVISED,
        ["order_id=o|sku=p paid=1250", LINES],
        "rename products/*/sku product_id;rename products/*/paid total_cents",
    ),
    change(
        "an amount is in cents now",
        ORDER,
        REVISED,
        ["order_id=o|product_id=p total_cents=12.5", LINES],
        "convert products/*/total_cents cents",
    ),
    change(
        "an amount was a text",
        ORDER,
        REVISED,
        ["order_id=o|product_id=p total_cents='12.50'", LINES],
        "convert products/*/total_cents cents",
    ),
    change(
        "an amount is renamed and in cents",
        ORDER,
        REVISED,
        ["order_id=o|product_id=p total='12.5'", LINES],
        "rename products/*/total total_cents;convert products/*/total_cents cents",
    ),
    change(
        "an id was a number",
        ORDER,
        REVISED,
        ["order_id=17|product_id=p total_cents=1250", "order_id='17'|product_id=p total_cents=1250"],
        "convert order_id text",
    ),
    change(
        "a line's id was a number",
        ORDER,
        REVISED,
        ["order_id=o|product_id=4 total_cents=1250", "order_id=o|product_id='4' total_cents=1250"],
        "convert products/*/product_id text",
    ),
    change(
        "a count was a text",
        HESITATED,
        REVISED,
        ["zone=shipping ms='900'", "zone=shipping ms=900"],
        "convert ms whole",
    ),
    change(
        "a number was a text",
        "Page Engaged",
        REVISED,
        ["dwell_ms=1 scroll_pct='0.5'", "dwell_ms=1 scroll_pct=0.5"],
        "convert scroll_pct number",
    ),
    change(
        "a flag was a number",
        "Page Engaged",
        REVISED,
        ["dwell_ms=1 quick_back=1", "dwell_ms=1 quick_back=true"],
        "convert quick_back flag",
    ),
    change(
        "a flag was a text",
        "Page Engaged",
        REVISED,
        ["dwell_ms=1 quick_back='false'", "dwell_ms=1 quick_back=false"],
        "convert quick_back flag",
    ),
    change(
        "what must be there was not",
        HESITATED,
        REVISED,
        ["ms=900", "zone=page ms=900"],
        "default zone page",
    ),
    change(
        "a line's price must be there",
        ORDER,
        REVISED,
        ["order_id=o|product_id=p", "order_id=o|product_id=p total_cents=0"],
        "default products/*/total_cents 0",
    ),
    change(
        "a property that misled is gone",
        ORDER,
        REVISED,
        ["order_id=o currency=DEM|product_id=p total_cents=1250", LINES],
        "remove currency",
    ),
    change(
        "a line's property is gone",
        ORDER,
        REVISED,
        ["order_id=o|product_id=p total_cents=1250 quantity=-1", LINES],
        "remove products/*/quantity",
    ),
    change(
        "a wrong constant is set right",
        ORDER,
        REVISED,
        [
            "order_id=o store_id=x|product_id=p total_cents=1250",
            "order_id=o store_id=web|product_id=p total_cents=1250",
        ],
        "set store_id web",
    ),
    // Models: nothing is as it was, and still it is lifted.
    change(
        "another model of orders",
        ORDER,
        REMODELLED,
        [
            "id=17 shop=9|sku=4 price='12.50' junk=1",
            "order_id='17' store_id='9'|product_id='4' total_cents=1250",
        ],
        "rename id order_id;rename shop store_id;rename products/*/sku product_id;rename products/*/price total_cents;remove products/*/junk;convert order_id text;convert store_id text;convert products/*/product_id text;convert products/*/total_cents cents",
    ),
    change(
        "another model of what is seen",
        VIEWED,
        REMODELLED,
        ["item=4", "product_id='4'"],
        "rename item product_id;convert product_id text",
    ),
    change(
        "a model that only says so",
        VIEWED,
        REMODELLED,
        ["product_id=p", "product_id=p"],
        "set product_id p",
    ),
];

fn plain(text: &str) -> Value {
    if let Some(text) = text.strip_prefix('\'') {
        return Value::Text(text.trim_end_matches('\'').to_owned());
    }
    let number = || text.parse().ok().map(Value::Int);
    let fraction = || text.parse().ok().map(Value::Float);
    let flag = || text.parse().ok().map(Value::Bool);
    number().or_else(fraction).or_else(flag).unwrap_or_else(|| Value::Text(text.to_owned()))
}

fn fields(text: &str) -> BTreeMap<String, Value> {
    let pairs = text.split_whitespace().map(|pair| pair.split_once('=').unwrap());
    pairs.map(|(name, value)| (name.to_owned(), plain(value))).collect()
}

/// Reads `a=1 b=2|c=3`: properties, and two lines that say the same.
fn properties(text: &str) -> BTreeMap<String, Value> {
    let (own, lines) = text.split_once('|').unwrap_or((text, ""));
    let mut all = fields(own);
    if !lines.is_empty() {
        let line = Value::Map(fields(lines));
        all.insert("products".to_owned(), Value::List(vec![line.clone(), line]));
    }
    all
}

fn mapping(text: &str) -> Mapping {
    let mut mapping = Mapping::default();
    for step in text.split(';').filter(|step| !step.is_empty()) {
        let parts: Vec<&str> = step.split(' ').collect();
        let path = parts[1].to_owned();
        match parts[0] {
            "rename" => drop(mapping.rename.insert(path, parts[2].to_owned())),
            "remove" => mapping.remove.push(path),
            "convert" => drop(mapping.convert.insert(path, Conversion::parse(parts[2]).unwrap())),
            "default" => drop(mapping.default.insert(path, plain(parts[2]))),
            "set" => drop(mapping.set.insert(path, plain(parts[2]))),
            other => panic!("{other}"),
        }
    }
    mapping
}

fn version(text: &str) -> SchemaVersion {
    SchemaVersion::parse(text).unwrap()
}

impl Change {
    fn kind(&self) -> Kind {
        let [old, new] = self.versions.map(|text| Shape::from(version(text)));
        if old == new { Kind::Addition } else { Kind::Break }
    }

    /// What a reader knows: before the change, or after it.
    fn reader(&self, is_new: bool) -> Schemas {
        let mut shapes =
            Shapes { version: version(self.versions[usize::from(is_new)]), upcasts: BTreeMap::new() };
        if is_new && self.kind() == Kind::Break {
            let [old, new] = self.versions.map(|text| Shape::from(version(text)));
            shapes.upcasts.insert(old, (new, mapping(self.mapping)));
        }
        Schemas::built_in().declaring(BTreeMap::from([(self.event.to_owned(), shapes)]))
    }

    fn message(&self, is_new: bool) -> Envelope {
        Envelope {
            source: "shop".to_owned(),
            message_id: "m-1".to_owned(),
            event: self.event.to_owned(),
            schema_version: Some(self.versions[usize::from(is_new)].to_owned()),
            identities: vec![Identity::new("customer", "anna").unwrap()],
            original_at: None,
            sent_at: None,
            properties: properties(self.sent[usize::from(is_new)]),
        }
    }
}

fn read(schemas: &Schemas, message: &Envelope) -> Result<Event, Rejection> {
    accept(message, schemas, Currency::new("EUR").unwrap(), EventId::from_bytes([1; 16]), NOW)
}

/// What of an event counts afterwards.
fn told(event: Event) -> (Body, BTreeMap<String, Value>) {
    (event.body, event.extra)
}

#[test]
fn old_and_new_readers_take_what_old_and_new_writers_send() {
    let mut cells = 0;
    for change in &CHANGES {
        let what = change.what;
        let (old, new) = (change.reader(false), change.reader(true));
        let [sent_old, sent_new] = [false, true].map(|is_new| change.message(is_new));
        let newest = told(read(&new, &sent_new).unwrap_or_else(|why| panic!("{what}: {why}")));
        cells += 1;
        match change.kind() {
            Kind::Addition => {
                assert_eq!(told(read(&old, &sent_new).unwrap()), newest, "{what}: the addition is kept");
                let before = told(read(&old, &sent_old).unwrap());
                assert_eq!(told(read(&new, &sent_old).unwrap()), before, "{what}");
                cells += 3;
            }
            Kind::Break => {
                assert_eq!(told(read(&new, &sent_old).unwrap()), newest, "{what}: lifted, it is the same");
                let aside = read(&old, &sent_new).unwrap_err();
                assert_eq!(aside.code(), "schema_unknown", "{what}");
                // Whether the old shape can be read at all is what the revision was made for; it is an answer either way.
                let before = read(&old, &sent_old).map(told);
                // Once there is a mapping, letters of either age are what they would have been at first.
                assert_eq!(told(read(&new, &sent_new).unwrap()), newest, "{what}: sent on");
                if let Err(why) = before {
                    assert!(
                        ["property_missing", "property_type", "property_value", "currency_mismatch"]
                            .contains(&why.code()),
                        "{what}: {why}"
                    );
                    assert_eq!(told(read(&new, &sent_old).unwrap()), newest, "{what}: sent on");
                }
                cells += 3;
            }
        }
    }
    assert_eq!(cells, 120);
}

#[test]
fn a_mapping_is_done_once_and_a_chain_to_its_end() {
    let step = |text| mapping(text);
    let shapes = Shapes {
        version: version("2-1-0"),
        upcasts: BTreeMap::from([
            (Shape { model: 1, revision: 0 }, (Shape { model: 1, revision: 1 }, step("rename a b"))),
            (
                Shape { model: 1, revision: 1 },
                (Shape { model: 2, revision: 1 }, step("rename b c;convert c text")),
            ),
        ]),
    };
    let lifted = |from: &str, sent: &str| {
        let sent = properties(sent);
        let (shape, lifted) = shapes.lift(Shape::parse(from).unwrap(), &sent, in_("EUR")).unwrap();
        (shape.to_string(), lifted.into_owned())
    };
    assert_eq!(lifted("1-0", "a=1"), ("2-1".to_owned(), properties("c='1'")));
    assert_eq!(lifted("1-1", "a=1 b=2"), ("2-1".to_owned(), properties("a=1 c='2'")));
    assert_eq!(lifted("2-1", "a=1"), ("2-1".to_owned(), properties("a=1")));
    assert_eq!(lifted("2-0", "a=1"), ("2-0".to_owned(), properties("a=1")), "nobody mapped it");
}

#[test]
fn properties_are_renamed_all_at_once() {
    let check = |steps: &str, sent: &str, expected: &str| {
        assert_eq!(
            mapping(steps).apply(properties(sent), in_("EUR")).unwrap(),
            properties(expected),
            "{steps}"
        );
    };
    check("rename a b;rename b c", "a=1 b=2", "b=1 c=2");
    check("rename b c;rename c d", "b=1 c=2", "c=1 d=2");
    check("rename a b;rename b a", "a=1 b=2", "a=2 b=1");
    check("rename a b;rename b a", "a=1", "b=1");
    check("rename products/*/a b;rename products/*/b a", "|a=1 b=2", "|a=2 b=1");
    // A path is one of the message as it was sent, also below a name that goes.
    let mut lines = properties("|b=1");
    let line = lines.remove("products").unwrap();
    let lifted = mapping("rename products lines;rename products/*/a b").apply(properties("|a=1"), in_("EUR"));
    assert_eq!(lifted.unwrap(), BTreeMap::from([("lines".to_owned(), line)]));
}

#[test]
fn what_does_not_fit_is_said_and_never_guessed() {
    let check_in = |currency: &str, steps: &str, sent: &str, expected: &str| {
        let shapes = Shapes {
            version: version("1-1-0"),
            upcasts: BTreeMap::from([(
                Shape { model: 1, revision: 0 },
                (Shape { model: 1, revision: 1 }, mapping(steps)),
            )]),
        };
        let sent = properties(sent);
        let why = shapes.lift(Shape { model: 1, revision: 0 }, &sent, in_(currency)).unwrap_err();
        assert_eq!(format!("{}: {why}", why.code()), expected);
    };
    let check = |steps: &str, sent: &str, expected: &str| check_in("EUR", steps, sent, expected);
    check(
        "rename a b",
        "a=1 b=2",
        "property_value: property `b` is there already, so `a` cannot be renamed to it",
    );
    check(
        "rename a c;rename b c",
        "a=1 b=2",
        "property_value: property `c` is there already, so `b` cannot be renamed to it",
    );
    check(
        "rename products/*/a b",
        "|a=1 b=2",
        "property_value: property `products/*/b` is there already, so `products/*/a` cannot be renamed to it",
    );
    check("convert a whole", "a=1.5", "property_type: property `a` must be a whole number, not double");
    check("convert a cents", "a='1,23'", "property_type: property `a` must be a number, not string");
    check("convert a cents", "a='1.234'", "property_value: property `a` has more decimals than the 2 of EUR");
    check("convert a cents", "a=0.001", "property_value: property `a` has more decimals than the 2 of EUR");
    for sent in ["a='610.5'", "a=610.5"] {
        let none = "property_value: property `a` has decimals, and amounts in JPY have none";
        check_in("JPY", "convert a cents", sent, none);
    }
    let three = "property_value: property `a` has more decimals than the 3 of KWD";
    check_in("KWD", "convert a cents", "a='1.2345'", three);
    check("convert a flag", "a=2", "property_type: property `a` must be true or false, not int");
    check(
        "rename a/b c",
        "a=1",
        "property_value: property `a/b` leads through something that is neither an object nor a list, so the message cannot be lifted to the newest revision",
    );
}

#[test]
fn amounts_are_read_to_the_cent() {
    let cents = |value: Value| Conversion::Cents.of(&value, in_("EUR"));
    let text = |text: &str| cents(Value::Text(text.to_owned()));
    assert_eq!(text("12"), Ok(Value::Int(1_200)));
    assert_eq!(text("-0.05"), Ok(Value::Int(-5)));
    assert_eq!(text("12.5"), Ok(Value::Int(1_250)));
    assert_eq!(text("12.500"), Ok(Value::Int(1_250)), "zeros say nothing");
    for wrong in ["", "-", ".5", "1.", "1e3", "12,50", "99999999999", "+1"] {
        assert_eq!(text(wrong), Err(NotConverted::Type), "{wrong}");
    }
    assert_eq!(text("1.005"), Err(NotConverted::Decimals));
    assert_eq!(cents(Value::Float(19.99)), Ok(Value::Int(1_999)));
    assert_eq!(cents(Value::Float(1e9)), Ok(Value::Int(100_000_000_000)));
    for wrong in [f64::NAN, f64::INFINITY, 1e10] {
        assert_eq!(cents(Value::Float(wrong)), Err(NotConverted::Type), "{wrong}");
    }
    assert_eq!(cents(Value::Float(19.999)), Err(NotConverted::Decimals));
    assert_eq!(cents(Value::Int(i64::MAX)), Err(NotConverted::Type));
}

/// Every currency ISO 4217 lists without two decimals: one more than it has is refused, as text and as a number, and never rounded.
#[test]
fn amounts_are_read_with_the_decimals_of_any_currency() {
    for (currency, places) in crate::base::not_in_hundredths() {
        let unit = 10_i64.pow(u32::try_from(places).unwrap());
        let of = |value: Value| Conversion::Cents.of(&value, currency);
        let last: f64 = currency.of(Cents(1)).plain().parse().unwrap();
        for (whole, part) in [(0, 0), (7, 1), (1_980, unit - 1), (999_999, unit / 2)] {
            let part = if places == 0 { 0 } else { part };
            let (minor, plain) = (whole * unit + part, currency.of(Cents(whole * unit + part)).plain());
            assert_eq!(of(Value::Text(plain.clone())), Ok(Value::Int(minor)), "{currency}");
            assert_eq!(of(Value::Float(plain.parse().unwrap())), Ok(Value::Int(minor)), "{currency}");
            let finer = if places == 0 { format!("{plain}.5") } else { format!("{plain}5") };
            assert_eq!(of(Value::Text(finer.clone())), Err(NotConverted::Decimals), "{currency} {finer}");
            let finer = Value::Float(finer.parse().unwrap());
            assert_eq!(of(finer), Err(NotConverted::Decimals), "{currency}");
        }
        assert_eq!(of(Value::Int(12)), Ok(Value::Int(12 * unit)), "{currency}");
        assert_eq!(of(Value::Float(last)), Ok(Value::Int(1)), "{currency}");
    }
}

/// A mapping cannot make a message larger than a message may be.
#[test]
fn what_a_mapping_adds_counts() {
    let filled = "x".repeat(4_096);
    let mut mapping = Mapping::default();
    for number in 0..20 {
        mapping.set.insert(format!("more_{number}"), Value::Text(filled.clone()));
    }
    let shapes = Shapes {
        version: version("1-1-0"),
        upcasts: BTreeMap::from([(
            Shape { model: 1, revision: 0 },
            (Shape { model: 1, revision: 1 }, mapping),
        )]),
    };
    let schemas = Schemas::built_in().declaring(BTreeMap::from([(VIEWED.to_owned(), shapes)]));
    let change = &CHANGES[28];
    let why = read(&schemas, &change.message(false)).unwrap_err();
    assert_eq!(why.code(), "event_too_large", "{why}");
}

//! Folds many events into thirty-five features and views those of everybody at one instant, for `cargo xtask compare features`, which has SQL
//! do the same over the same events. Only what is computed is timed: the columns are read before and the answers written after.
//!
//! `cargo run --release -p wink-sim --example window_features DIRECTORY PEOPLE NOW_MS` reads the columns `person.bin` (u32), `kind.bin` (u8,
//! a place in [`EVENTS`]), `happened.bin` and `cents.bin` (i64), all little endian and in the order of a journal: lane by lane, each by time. It
//! writes `wink.bin`, a row of f64 for each person by number, not a number where nothing is known, and prints one line of JSON with the
//! seconds its one thread had a processor.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use wink_core::base::{Cents, Timestamp, Value, Zone};
use wink_core::event::{Body, Line, Observed, Order};
use wink_core::feature::{
    Age, Aggregation, Catalogue, Class, Definition, Happened, Heard, How, Never, Selection, State, Unit,
    Wanted, Window, fold, view,
};
use wink_core::profile::{Grants, Purpose};

type Failure = Box<dyn std::error::Error + Send + Sync>;

const ORDER: &str = "Order Completed";

/// The events there are; a kind is a place here.
const EVENTS: [&str; 6] =
    ["Page", "Product Viewed", "Product Added", "Products Searched", "Email Opened", ORDER];

/// Lanes of a journal: a person's events lie in one.
const LANES: u32 = 64;

fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let directory = arguments.next().map(PathBuf::from).ok_or("name the directory with the columns")?;
    let people: u32 = arguments.next().ok_or("say how many people there are")?.parse()?;
    let now = Timestamp(arguments.next().ok_or("say at which millisecond to look")?.parse()?);
    let events = Columns::read(&directory)?;
    let catalogue =
        Catalogue::compile(definitions(), &Zone::utc()).map_err(|problem| format!("{problem:?}"))?;
    let begun = processor_ns()?;
    let answers = answers(&events, &catalogue, people, now)?;
    let seconds = f64::from(u32::try_from((processor_ns()? - begun) / 1_000)?) / 1e6;
    let bytes: Vec<u8> = answers.iter().flatten().flat_map(|value| value.to_le_bytes()).collect();
    std::fs::write(directory.join("wink.bin"), bytes)?;
    let names: Vec<&str> =
        catalogue.definitions().iter().map(|definition| definition.name.as_str()).collect();
    writeln!(std::io::stdout(), "{}", serde_json::json!({ "features": names, "cpu_seconds": seconds }))?;
    Ok(())
}

/// Events by column.
struct Columns {
    person: Vec<u32>,
    kind: Vec<u8>,
    at: Vec<i64>,
    cents: Vec<i64>,
}

impl Columns {
    fn read(directory: &Path) -> Result<Self, Failure> {
        let bytes = |name: &str| std::fs::read(directory.join(name));
        let longs = |name: &str| -> Result<Vec<i64>, Failure> {
            Ok(bytes(name)?.as_chunks().0.iter().map(|chunk| i64::from_le_bytes(*chunk)).collect())
        };
        let person =
            bytes("person.bin")?.as_chunks().0.iter().map(|chunk| u32::from_le_bytes(*chunk)).collect();
        Ok(Self { person, kind: bytes("kind.bin")?, at: longs("happened.bin")?, cents: longs("cents.bin")? })
    }
}

/// Goes through the events lane by lane. Within a lane they are brought together by person first, each person's in their order: a state is then
/// in the processor's nearest memory for all of its events, where a lane of many people has more states than fit there.
fn answers(
    events: &Columns,
    catalogue: &Catalogue,
    people: u32,
    now: Timestamp,
) -> Result<Vec<Vec<f64>>, Failure> {
    let mut answers = vec![Vec::new(); usize::try_from(people)?];
    let mut told = Told::default();
    let mut by_person = vec![Vec::new(); usize::try_from(people.div_ceil(LANES))?];
    let mut after = 0;
    for lane in events.person.chunk_by(|one, next| one % LANES == next % LANES) {
        for person in lane {
            let places: &mut Vec<usize> = by_person
                .get_mut(usize::try_from(person / LANES)?)
                .ok_or("a person beyond those there are")?;
            places.push(after);
            after += 1;
        }
        let first = usize::try_from(lane.first().map_or(0, |person| person % LANES))?;
        for (answer, places) in
            answers.iter_mut().skip(first).step_by(usize::try_from(LANES)?).zip(&mut by_person)
        {
            if !places.is_empty() {
                *answer = told.person(events, places.drain(..), catalogue, now);
            }
        }
    }
    // Whoever did nothing is looked at too.
    for answer in answers.iter_mut().filter(|answer| answer.is_empty()) {
        *answer = told.person(events, [], catalogue, now);
    }
    Ok(answers)
}

/// An event of each kind, made once: of the next one only what differs is written.
struct Told {
    bodies: Vec<(Body, BTreeMap<String, Value>)>,
}

impl Default for Told {
    fn default() -> Self {
        let observed = |name: &&str| Some((Body::Observed(Observed::named(name)?), BTreeMap::new()));
        let mut bodies: Vec<_> = EVENTS.iter().filter(|name| **name != ORDER).filter_map(observed).collect();
        let line = Line {
            product_id: String::new(),
            category: None,
            quantity: 1,
            paid: Cents(0),
            discount: Cents(0),
            coupon_discount: Cents(0),
        };
        let order = Order { order_id: String::new(), store_id: None, lines: vec![line] };
        bodies.push((Body::OrderCompleted(order), BTreeMap::new()));
        Self { bodies }
    }
}

impl Told {
    /// Folds the events at some places, all of one person, and looks at them.
    fn person(
        &mut self,
        events: &Columns,
        places: impl IntoIterator<Item = usize>,
        catalogue: &Catalogue,
        now: Timestamp,
    ) -> Vec<f64> {
        let mut state = State::default();
        for place in places {
            let Columns { kind, at, cents, .. } = events;
            if let (Some(kind), Some(at), Some(cents)) = (kind.get(place), at.get(place), cents.get(place)) {
                self.fold(&mut state, catalogue, usize::from(*kind), Timestamp(*at), *cents);
            }
        }
        let view = view(&[&state], catalogue, &Grants::new(Purpose::ALL), now, &Wanted::all());
        (0..catalogue.definitions().len()).map(|slot| view.number(slot).unwrap_or(f64::NAN)).collect()
    }

    fn fold(&mut self, state: &mut State, catalogue: &Catalogue, kind: usize, at: Timestamp, cents: i64) {
        let Some((body, extra)) = self.bodies.get_mut(kind) else { return };
        match (&mut *body, extra.get_mut("price_cents")) {
            (Body::OrderCompleted(order), _) => {
                order.lines.iter_mut().for_each(|line| line.paid = Cents(cents))
            }
            (_, Some(price)) => *price = Value::Int(cents),
            (_, None) => drop(extra.insert("price_cents".to_owned(), Value::Int(cents))),
        }
        fold(state, catalogue, &Happened::new(at, body, extra));
    }
}

/// The features: counts of each event in three windows, and what a shop asks of orders, products and visits.
fn definitions() -> Vec<Definition> {
    let mut definitions = Vec::new();
    let mut define = |name: String, event: &str, aggregation: Aggregation| {
        definitions.push(Definition {
            meaning: name.clone(),
            name,
            how: How::Folded {
                selection: Selection::of(&[event]),
                aggregation,
                age: Age::Named,
                never: Never::Unknown,
            },
            ttl_days: None,
            purpose: Purpose::Personalisation,
            class: Class::Behaviour,
            heard: Heard::Fully,
        });
    };
    for (kind, event) in EVENTS.iter().enumerate() {
        for days in [7, 28, 90] {
            define(format!("count_{kind}_{days}d"), event, Aggregation::Count { window: Window::Days(days) });
        }
    }
    let (sales, price) = (|| "event.sales_cents".to_owned(), || "event.price_cents".to_owned());
    let year = Window::Days(365);
    define("orders_365d".to_owned(), ORDER, Aggregation::Count { window: year });
    for days in [7, 28, 90, 365] {
        let window = Window::Days(days);
        define(format!("sales_{days}d"), ORDER, Aggregation::Sum { of: sales(), window });
    }
    for days in [7, 28, 90] {
        let window = Window::Days(days);
        define(format!("viewed_{days}d"), "Product Viewed", Aggregation::Sum { of: price(), window });
    }
    define("basket_365d".to_owned(), ORDER, Aggregation::Mean { of: sales(), window: year });
    define("largest_365d".to_owned(), ORDER, Aggregation::Max { of: sales(), window: year });
    let window = Window::Days(28);
    define("cheapest_28d".to_owned(), "Product Viewed", Aggregation::Min { of: price(), window });
    define("visit_days_28d".to_owned(), "Page", Aggregation::ActiveDays { window });
    define("visit_days_90d".to_owned(), "Page", Aggregation::ActiveDays { window: Window::Days(90) });
    define("last_basket".to_owned(), ORDER, Aggregation::Last { of: sales() });
    for (name, event) in [("since_order", ORDER), ("since_viewed", "Product Viewed"), ("since_page", "Page")]
    {
        define(name.to_owned(), event, Aggregation::Since { unit: Unit::Days, exact: false });
    }
    definitions
}

/// Tells for how many nanoseconds this thread had a processor.
fn processor_ns() -> Result<u64, Failure> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    Ok(text.split_whitespace().next().ok_or("the kernel keeps no times of threads")?.parse()?)
}

//! Price bands that are counted out of the product list: where they end belongs to a version of the catalogue, and moves only when somebody wants it.

use wink_core::base::{Cents, Timestamp, Value};
use wink_core::feature::Wanted;
use wink_core::offer::Product;
use wink_server::flow::catalogue::{Applied, apply, files_of, in_force};
use wink_server::flow::products::put;
use wink_server::flow::profiles::{Whom, find, viewed};
use wink_server::{Engine, catalogue};
use wink_sim::SimStore;

use super::counter::{MONDAY, Shop, later, open, secrets, tell, wait};
use super::said;

const BANDS: &str = r#"
[[features]]
name = "price_bands"
meaning = "share of products looked at by price"
events = ["Product Viewed"]
aggregation = "shares"
by = "items.unit_cents"
quantiles = 3
half_life_days = 28
ttl_days = 90
purpose = "personalisation"
class = "behaviour"
"#;

fn shop() -> Shop {
    Shop { features: BANDS.to_owned(), ..Shop::default() }
}

fn product(cents: i64) -> Product {
    let id = format!("p-{cents}");
    Product {
        name: id.clone(),
        id,
        category: None,
        brand: None,
        price: Some(Cents(cents)),
        cost: None,
        stock: None,
    }
}

fn list(engine: &Engine<SimStore>, prices: &[i64]) {
    let products: Vec<Product> = prices.iter().copied().map(product).collect();
    wait(put(engine, &products, MONDAY)).unwrap();
}

/// Puts the shop in force once more, with these further files; tells where the bands end then.
fn apply_again(engine: &Engine<SimStore>, more: &[(&str, &str)]) -> (Applied, Option<String>) {
    let mut files = shop().files();
    files.extend(more.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())));
    let catalogue = catalogue::compile(&files).unwrap();
    let applied = wait(apply(engine, catalogue, files, later(MONDAY, 1))).unwrap();
    (applied, wait(in_force(engine)).unwrap().1.remove("bands.toml"))
}

fn looks_at(engine: &Engine<SimStore>, number: usize, cents: i64, at: Timestamp) {
    let properties = vec![("product_id", Value::Text("p".to_owned())), ("price_cents", Value::Int(cents))];
    wait(tell(engine, said::message(&format!("v-{number}"), "anna", "Product Viewed", properties, at)))
        .unwrap();
}

#[test]
fn bands_are_counted_when_the_catalogue_is_applied_and_then_stay() {
    let engine = wait(open(SimStore::new(), &shop(), MONDAY)).unwrap();
    assert_eq!(wait(in_force(&engine)).unwrap().1.get("bands.toml"), None, "no product is listed");
    list(&engine, &[100, 200, 300, 400, 500, 600]);
    let (first, bands) = apply_again(&engine, &[]);
    assert_eq!(bands.as_deref(), Some("[prices]\n3 = [200, 400]\n"));
    list(&engine, &[10_000, 20_000, 30_000, 40_000]);
    let Applied::InForce(version) = first else { panic!("{first:?}") };
    assert_eq!(
        apply_again(&engine, &[]).0,
        Applied::Unchanged(version),
        "prices moved, and the bands did not"
    );
    let (counted, bands) = apply_again(&engine, &[("bands.toml", "")]);
    assert!(matches!(counted, Applied::InForce(_)));
    assert_eq!(bands.as_deref(), Some("[prices]\n3 = [400, 10000]\n"), "counted anew");
    let before = wait(files_of(&engine, version)).unwrap();
    assert_eq!(before["bands.toml"], "[prices]\n3 = [200, 400]\n", "an older version has its own");
    let (_, bands) = apply_again(&engine, &[("bands.toml", "[prices]\n3 = [1, 2]\n")]);
    assert_eq!(bands.as_deref(), Some("[prices]\n3 = [1, 2]\n"), "what the shop says itself stays");
}

#[test]
fn what_is_looked_at_is_shared_out_by_the_bands_of_the_version() {
    let engine = wait(open(SimStore::new(), &shop(), MONDAY)).unwrap();
    wait(tell(&engine, said::consents("yes", "anna", "personalisation", "granted", MONDAY))).unwrap();
    list(&engine, &[100, 200, 300, 400, 500, 600]);
    apply_again(&engine, &[]);
    // As after a restart: the version in force is compiled from its files.
    let engine = wait(Engine::open(engine.store, secrets(), MONDAY)).unwrap();
    for (number, cents) in [150, 200, 350, 9_900].into_iter().enumerate() {
        looks_at(&engine, number, cents, later(MONDAY, 2));
    }
    let features = engine.features();
    let slot = features.slot("price_bands").unwrap();
    let anna = wait(find(&engine, &Whom::Identity(said::identity("anna")))).unwrap().unwrap();
    let catalogue = features.as_ref().clone().filling([]);
    let wanted = Wanted::shown(&catalogue, [slot]);
    let view = wait(viewed(&engine, &anna.cluster(), &catalogue, &wanted, later(MONDAY, 3))).unwrap();
    let shares: Vec<(&str, f64)> =
        view.shares(slot).unwrap().iter().map(|(name, share)| (name.as_str(), *share)).collect();
    assert_eq!(shares, [("1", 0.5), ("2", 0.25), ("3", 0.25)]);
}

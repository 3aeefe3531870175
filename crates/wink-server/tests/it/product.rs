//! The list of products: put, read in pages, deleted, and taken in from files.

use serde_json::json;
use wink_core::base::Cents;
use wink_core::offer::Product;
use wink_core::offer::price_law::Step;
use wink_server::access::Role;
use wink_server::flow::product_import::{Import, Manner, Tally, WrongRow};
use wink_server::flow::products::{self, AT_ONCE, Put};
use wink_server::rows::Format;
use wink_server::{Engine, Error};
use wink_sim::SimStore;

use super::counter::{MONDAY, Offer, Shop, insist, later, open, wait};

fn shop() -> Engine<SimStore> {
    let shop = Shop::selling(vec![Offer::new("tea", "{ amount = \"1.00\" }")]);
    wait(open(SimStore::new(), &shop, MONDAY)).unwrap()
}

fn product(id: &str, price: i64) -> Product {
    Product {
        id: id.to_owned(),
        name: format!("Product {id}"),
        category: None,
        brand: None,
        price: Some(Cents(price)),
        cost: None,
        stock: None,
    }
}

fn import(engine: &Engine<SimStore>, manner: Manner, file: &str) -> (Tally, Vec<WrongRow>) {
    let mut import = Import::new(Format::Csv, manner, MONDAY);
    let mut wrong = Vec::new();
    for piece in file.as_bytes().chunks(1_000) {
        wrong.extend(wait(import.feed(engine, piece)).unwrap());
    }
    wrong.extend(wait(import.finish(engine)).unwrap());
    (import.tally(), wrong)
}

fn ids(products: &[Product]) -> Vec<&str> {
    products.iter().map(|product| product.id.as_str()).collect()
}

#[test]
fn products_are_put_read_in_pages_and_deleted() {
    let engine = shop();
    let put = |products: &[Product]| wait(products::put(&engine, products, MONDAY)).unwrap();
    assert_eq!(put(&[product("a", 1), product("a!", 2), product("b", 3)]).new, 3);
    assert_eq!(put(&[product("a", 1), product("b", 4)]), Put { new: 0, changed: 1, unchanged: 1 });
    let page = |after, limit| wait(products::list(&engine, after, limit)).unwrap();
    assert_eq!(ids(&page(None, 2)), ["a", "a!"]);
    assert_eq!(ids(&page(Some("a!"), 2)), ["b"]);
    assert_eq!(wait(products::get(&engine, "b")).unwrap(), product("b", 4));
    wait(products::delete(&engine, "a", MONDAY)).unwrap();
    for result in [wait(products::delete(&engine, "a", MONDAY)), wait(products::get(&engine, "a")).map(drop)]
    {
        assert!(matches!(result, Err(Error::NotFound { what: "product", .. })), "{result:?}");
    }
    assert_eq!(ids(&page(None, 9)), ["a!", "b"]);
}

#[test]
fn a_change_of_price_is_noted_with_it_and_a_deleted_product_has_a_gap() {
    let engine = shop();
    let at = |days| MONDAY.plus_days(days);
    let put = |days, product| wait(products::put(&engine, &[product], at(days))).unwrap();
    put(0, product("a", 10));
    put(1, Product { name: "Another name".to_owned(), ..product("a", 10) });
    put(2, product("a", 8));
    put(3, Product { price: None, ..product("b", 0) });
    wait(products::delete(&engine, "a", at(4))).unwrap();
    put(5, product("a", 8));
    let steps = |id| wait(products::prices(&engine, id)).unwrap().steps().to_vec();
    let step = |days, price: Option<i64>| Step { from: at(days), price: price.map(Cents) };
    assert_eq!(steps("a"), [step(0, Some(10)), step(2, Some(8)), step(4, None), step(5, Some(8))]);
    assert_eq!(steps("b"), []);
    let unknown = wait(products::prices(&engine, "c"));
    assert!(matches!(unknown, Err(Error::NotFound { what: "product", .. })), "{unknown:?}");
}

#[test]
fn prices_put_at_once_leave_a_history_that_ends_with_the_price() {
    let store = std::sync::Arc::new(SimStore::new());
    let sells = Shop::selling(vec![Offer::new("tea", "{ amount = \"1.00\" }")]);
    let engine = wait(open(store, &sells, MONDAY)).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let engine = &engine;
            scope.spawn(move || {
                for turn in 0..20 {
                    let priced = product("a", 1 + thread * 100 + turn);
                    insist(|| {
                        wait(products::put(engine, std::slice::from_ref(&priced), later(MONDAY, turn)))
                    });
                }
            });
        }
    });
    let listed = wait(products::get(&engine, "a")).unwrap();
    let history = wait(products::prices(&engine, "a")).unwrap();
    assert_eq!(history.steps().last().map(|step| step.price), Some(listed.price));
}

#[test]
fn a_reduction_is_measured_over_http() {
    let api = super::api::Api::of_a_shop();
    let key = api.key(Role::Shop);
    let put = |price: i64| {
        let sent = json!({ "products": [{ "id": "a", "name": "A", "price_cents": price }] });
        assert_eq!(api.ask(&key, "POST", "/v1/products", &sent).status, 200);
    };
    let day = 24 * 60;
    for price in [1_000, 1_200, 900] {
        put(price);
        api.pass_minutes(day);
    }
    let ask = |query: &str| api.ask(&key, "GET", &format!("/v1/products/a/reduction{query}"), &json!({}));
    let found = ask("").json();
    assert_eq!(
        (&found["price_cents"], &found["lowest_cents"], &found["percent"], &found["source"]),
        (&json!(900), &json!(1_000), &json!(10), &json!("PAngV section 11 (1)"))
    );
    assert_eq!(
        ask("?kind=individual").json(),
        json!({ "is_measured": false, "source": "PAngV section 11 (4)" })
    );
    assert_eq!(ask("?kind=other").status, 400);
    assert_eq!(ask("?announced_at=yesterday").status, 422);
    assert_eq!(api.ask(&key, "GET", "/v1/products/b/reduction", &json!({})).status, 404);
}

#[test]
fn a_file_is_taken_in_and_a_wrong_row_does_not_stop_the_others() {
    let engine = shop();
    let many = 2 * AT_ONCE + 7;
    let rows: Vec<String> = (0..many).map(|row| format!("p{row},Product {row},{row}")).collect();
    let file = format!("id,name,price_cents\n{}\nx,,1\nlast,Last,1\n", rows.join("\n"));
    let rows = u64::try_from(many).unwrap() + 2;

    let (tally, wrong) = import(&engine, Manner { dry_run: true, strict: false }, &file);
    assert_eq!(tally, Tally { rows, wrong: 1, put: Put { new: rows - 1, changed: 0, unchanged: 0 } });
    assert_eq!((wrong.len(), wrong[0].line), (1, rows));
    assert_eq!(wait(products::list(&engine, None, 9)).unwrap(), []);

    assert_eq!(import(&engine, Manner::default(), &file).0, tally);
    assert_eq!(wait(products::list(&engine, None, 10 * AT_ONCE)).unwrap().len(), many + 1);
    let (tally, _) = import(&engine, Manner::default(), &file);
    assert_eq!(tally.put, Put { new: 0, changed: 0, unchanged: rows - 1 });
}

#[test]
fn a_strict_import_stops_at_the_first_wrong_row() {
    let engine = shop();
    let (tally, wrong) =
        import(&engine, Manner { dry_run: false, strict: true }, "id,name\na,A\nb,\nc,C\nd,\n");
    assert_eq!((tally.rows, tally.wrong, tally.put.new), (2, 1, 1));
    assert_eq!((wrong.len(), wrong[0].line, wrong[0].wrong.pointer.as_str()), (1, 3, "/name"));
    assert_eq!(ids(&wait(products::list(&engine, None, 9)).unwrap()), ["a"]);
}

/// Amounts do not say of which currency they are, because a shop has one: with another, every price before would mean something else.
/// A till holds money of the budget before there is any coupon, and a bulk promises some.
#[test]
fn a_lease_and_a_bulk_are_amounts_too() {
    use wink_core::base::{CampaignId, Cents, TillId};
    use wink_server::flow::{bulk, tills::leases};
    let begin: [fn(&Engine<SimStore>); 2] = [
        |engine| {
            let asked = wink_core::coupon::LeaseAsked {
                till: TillId::parse("till-1").unwrap(),
                store: None,
                campaign: CampaignId::parse("tea").unwrap(),
                offer: None,
                count_max: 1,
                cents_max: Cents(100),
                takes_paper: true,
                expires_at: MONDAY.plus_days(1),
            };
            assert!(matches!(wait(leases::grant(engine, &asked, MONDAY)), Ok(leases::Answer::Granted(_))));
        },
        |engine| {
            let campaign = CampaignId::parse("tea").unwrap();
            let wanted = bulk::Wanted { name: "spring".to_owned(), campaign, offer: None, count: 1 };
            wait(bulk::begin(engine, &wanted, MONDAY)).unwrap();
        },
    ];
    for begin in begin {
        let engine = shop();
        let mut files = Shop::selling(vec![Offer::new("tea", "{ amount = \"1.00\" }")]).files();
        begin(&engine);
        let shop = files.get_mut("shop.toml").unwrap();
        *shop = shop.replace("currency = \"EUR\"", "currency = \"CHF\"");
        let catalogue = wink_server::catalogue::compile(&files).unwrap();
        let edit = wink_server::catalogue::Edit::Files(files.clone());
        let tried = wait(wink_server::flow::catalogue::plan(&engine, &edit, None));
        assert!(matches!(&tried, Err(Error::Unusable(why)) if why.contains("CHF")), "{tried:?}");
        let applied = wait(wink_server::flow::catalogue::apply(&engine, catalogue, files, MONDAY));
        assert!(matches!(&applied, Err(Error::Unusable(why)) if why.contains("CHF")), "{applied:?}");
    }
}

#[test]
fn another_currency_is_refused_once_there_are_amounts() {
    let files = |currency: &str| {
        let mut files = Shop::selling(vec![Offer::new("tea", "{ amount = \"1.00\" }")]).files();
        let shop = files.get_mut("shop.toml").unwrap();
        *shop = shop.replace("currency = \"EUR\"", &format!("currency = \"{currency}\""));
        files
    };
    let engine = shop();
    let apply = |currency: &str| {
        let files = files(currency);
        let catalogue = wink_server::catalogue::compile(&files).unwrap();
        wait(wink_server::flow::catalogue::apply(&engine, catalogue, files, MONDAY))
    };
    // A new shop that was begun with the wrong one may still put it right.
    apply("CHF").unwrap();
    apply("EUR").unwrap();
    wait(products::put(&engine, &[product("a", 10)], MONDAY)).unwrap();
    let before = wait(wink_server::flow::catalogue::in_force(&engine)).unwrap();
    let refused = apply("CHF").unwrap_err();
    assert!(
        matches!(&refused, Error::Unusable(why) if why.contains("EUR") && why.contains("tenant")),
        "{refused}"
    );
    assert_eq!(wait(wink_server::flow::catalogue::in_force(&engine)).unwrap(), before);
    // What was off the list for a while is still measured against what it cost.
    wait(products::delete(&engine, "a", MONDAY.plus_days(1))).unwrap();
    apply("CHF").unwrap_err();
}

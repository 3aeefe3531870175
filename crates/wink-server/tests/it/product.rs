//! The list of products: put, read in pages, deleted, and taken in from files.

use wink_core::base::Cents;
use wink_core::offer::Product;
use wink_server::flow::product_import::{Import, Manner, Tally, WrongRow};
use wink_server::flow::products::{self, AT_ONCE, Put};
use wink_server::rows::Format;
use wink_server::{Engine, Error};
use wink_sim::SimStore;

use super::counter::{MONDAY, Offer, Shop, open, wait};

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
    wait(products::delete(&engine, "a")).unwrap();
    for result in [wait(products::delete(&engine, "a")), wait(products::get(&engine, "a")).map(drop)] {
        assert!(matches!(result, Err(Error::NotFound { what: "product", .. })), "{result:?}");
    }
    assert_eq!(ids(&page(None, 9)), ["a!", "b"]);
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

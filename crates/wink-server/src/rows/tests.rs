//! Bytes, and the rows they become, however they are cut into pieces.

use wink_core::base::Cents;

use super::*;

fn read(format: Format, bytes: &[u8], piece: usize) -> Vec<Row> {
    let mut rows = Rows::new(format);
    let mut read: Vec<Row> = bytes.chunks(piece).flat_map(|piece| rows.feed(piece)).collect();
    read.extend(rows.finish());
    read
}

/// Each row as `line: id`, or `line: code pointer`; the same for every cut.
#[track_caller]
fn check(format: Format, bytes: impl AsRef<[u8]>, wanted: &[&str]) {
    let bytes = bytes.as_ref();
    for piece in [1, 3, 7, bytes.len().max(1)] {
        let rows: Vec<String> = read(format, bytes, piece)
            .into_iter()
            .map(|Row { line, read }| match read {
                Ok(product) => format!("{line}: {}", product.id),
                Err(wrong) => format!("{line}: {} {}", wrong.code, wrong.pointer).trim_end().to_owned(),
            })
            .collect();
        assert_eq!(rows, wanted, "in pieces of {piece}");
    }
}

#[test]
fn a_row_says_what_stands_in_it() {
    let rows = read(
        Format::Csv,
        b"\xef\xbb\xbfstock,name,id,price_cents,brand\r\n3,\"Tea, \"\"green\"\"\",p-1,250,\r\n",
        5,
    );
    let wanted = Product {
        id: "p-1".to_owned(),
        name: "Tea, \"green\"".to_owned(),
        category: None,
        brand: None,
        price: Some(Cents(250)),
        cost: None,
        stock: Some(3),
    };
    assert_eq!(rows, [Row { line: 2, read: Ok(wanted.clone()) }]);
    let line = br#"{"id":"p-1","name":"Tea, \"green\"","price_cents":250,"stock":3}"#;
    assert_eq!(read(Format::Ndjson, line, 9), [Row { line: 1, read: Ok(wanted) }]);
}

#[test]
fn a_wrong_row_is_named_by_its_line_and_does_not_stop_the_others() {
    check(
        Format::Csv,
        "id,name,price_cents,stock\na,A,1,\nb,B,1.50,\nc,,1,\nd,D\n\"e\",\"E\nE\",1,\nf,F,1,-1\ng,G,-5,0\nh,H,,99999999999\ni,I,,7",
        &[
            "2: a",
            "3: value_invalid /price_cents",
            "4: value_invalid /name",
            "5: row_malformed",
            "6: value_invalid /name",
            "8: value_invalid /stock",
            "9: value_invalid /price_cents",
            "10: value_invalid /stock",
            "11: i",
        ],
    );
    check(
        Format::Ndjson,
        "{\"id\":\"a\",\"name\":\"A\"}\n\n{\"id\":\"b\"}\n{\n{\"id\":\"c\",\"id\":\"d\",\"name\":\"C\"}\r\n{\"id\":\"e\",\"name\":\"E\",\"price_cents\":1.5}\n{\"id\":\"f\",\"name\":\"F\"}",
        &[
            "1: a",
            "3: json_unexpected",
            "4: json_malformed",
            "5: json_duplicate_key /id",
            "6: json_unexpected /price_cents",
            "7: f",
        ],
    );
    check(Format::Csv, b"id,name\na,\xff\nb,B\n", &["2: row_not_utf8", "3: b"]);
    check(Format::Csv, "id,name\na\u{202e},A\nb,B\n", &["2: value_invalid /id", "3: b"]);
}

#[test]
fn a_row_without_end_takes_no_more_memory_than_one() {
    let long = "x".repeat(3 * ROW_BYTES_MAX);
    check(Format::Ndjson, format!("{long}\n{{\"id\":\"a\",\"name\":\"A\"}}\n"), &["1: row_too_long", "2: a"]);
    check(Format::Csv, format!("id,name\na,{long}\nb,B\n"), &["2: row_too_long", "3: b"]);
    check(Format::Csv, format!("id,name\na{}\nb,B\n", ",".repeat(1_000)), &["2: row_too_long", "3: b"]);
}

#[test]
fn a_header_that_is_wrong_is_the_only_thing_said() {
    for (header, wanted) in [
        ("id,name,colour\na,A,red\n", "there is no column `colour`"),
        ("id,name,id\na,A,a\n", "the column `id` stands twice"),
        ("id,price_cents\na,1\n", "the column `name` is missing"),
        ("", "the file has no header"),
    ] {
        check(Format::Csv, header, &["1: header_invalid"]);
        let Err(wrong) = &read(Format::Csv, header.as_bytes(), 4)[0].read else { panic!("{header}") };
        assert!(wrong.message.starts_with(wanted), "{wrong:?}");
    }
}

#[test]
fn an_export_runs_no_formula_and_is_read_back_as_it_was() {
    let texts = ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "'quoted", "a,b", "two \"words\"", "plain"];
    let products: Vec<Product> = texts
        .iter()
        .map(|text| Product {
            id: format!("id {text}"),
            name: (*text).to_owned(),
            category: Some((*text).to_owned()),
            brand: None,
            price: Some(Cents(5)),
            cost: Some(Cents(0)),
            stock: None,
        })
        .collect();
    let lines: Vec<String> = products.iter().map(csv_line).collect();
    for line in &lines {
        let formula = line.split(',').any(|cell| cell.trim_start_matches('"').starts_with(FORMULA));
        assert!(!formula, "{line}");
    }
    let file = format!("{}\n{}\n", csv_header(), lines.join("\n"));
    let read: Vec<Product> =
        read(Format::Csv, file.as_bytes(), 11).into_iter().map(|row| row.read.unwrap()).collect();
    assert_eq!(read, products);
}

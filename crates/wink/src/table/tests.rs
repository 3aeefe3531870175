use std::io::Write;

use parquet::data_type::Int32Type;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::writer::SerializedFileWriter;

use super::*;

fn table(name: &str, content: &str, header: Header) -> anyhow::Result<Table> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(name);
    if name.ends_with(".gz") {
        let mut file =
            flate2::write::GzEncoder::new(std::fs::File::create(&path).unwrap(), Default::default());
        file.write_all(content.as_bytes()).unwrap();
        file.finish().unwrap();
    } else {
        std::fs::write(&path, content).unwrap();
    }
    // A text is in memory once it is open, so the directory may go.
    Table::open(&path, header)
}

fn says(result: anyhow::Result<impl Sized>, words: &str) {
    let error = result.err().map(|error| format!("{error:#}")).unwrap_or_default();
    assert!(error.contains(words), "{error:?} does not say {words:?}");
}

#[test]
fn columns_are_read_by_name_however_they_are_kept_apart() {
    for (name, content) in [
        ("a.csv", "id,\"what, why\",n\n1,\"x, y\",2.5\n2,z,-3e2\n"),
        ("a.csv", "\u{feff}id;what, why;n\r\n1;\"x, y\";2.5\r\n2;z;-3e2\r\n"),
        ("a.csv.gz", "id,\"what, why\",n\n1,\"x, y\",2.5\n2,z,-3e2\n"),
        ("a.TSV", "id\twhat, why\tn\n1\tx, y\t2.5\n2\tz\t-3e2"),
    ] {
        let table = table(name, content, Header::First).unwrap();
        assert_eq!((table.names(), table.rows()), (vec!["id", "what, why", "n"], 2));
        assert_eq!(table.numbers("n").unwrap(), [2.5, -300.0]);
        assert_eq!(table.texts("what, why").unwrap(), ["x, y", "z"]);
    }
    let blanks =
        table("a.txt", " 00004 19970101  2   29.33\n 00004 19970118  2   29.73\n", Header::None).unwrap();
    assert_eq!(blanks.numbers("4").unwrap(), [29.33, 29.73]);
    assert_eq!(blanks.dates("2").unwrap(), [jiff::civil::date(1997, 1, 1), jiff::civil::date(1997, 1, 18)]);
}

#[test]
fn dates_are_read_as_people_write_them() {
    let day = jiff::civil::date(2014, 3, 8);
    for text in [
        "2014-03-08",
        "20140308",
        "2014-03-08 00:00:00",
        "2014-03-08T23:59:59.5+01:00",
        " 2014-03-08 ",
        "08.03.2014",
        "8.3.2014 17:05",
        "2014-03-08 5:05 PM",
        "2014-03-08T00:00:00Z",
        "2014-03-08 00:00:00 UTC",
        "2014-03-08T00:00:00+01:00[Europe/Berlin]",
    ] {
        assert_eq!(read_date(text).unwrap(), day, "{text}");
    }
    for text in [
        "",
        "2014",
        "03/08/2014",
        "31.02.2014",
        "08.03.14",
        "2014-13-01",
        "20140230",
        "ähnliche Daten",
        "2014-03-08garbage",
        "2014-03-08 garbage",
        "2014-03-081",
        "2014-03-08T12zz",
        "08.03.2014 x",
    ] {
        assert!(read_date(text).is_err(), "{text}");
    }
}

#[test]
fn what_keeps_fields_apart_is_found_where_names_and_decimals_have_commas() {
    let quoted = "\"id\";\"sales, net, in EUR\"\n1;38,4\n2;17,04\n";
    assert_eq!(
        table("a.csv", quoted, Header::First).unwrap().numbers("sales, net, in EUR").unwrap(),
        [38.4, 17.04]
    );
    let decimals = "old;8,52;17,04\nnew;10,35;20,71\n";
    assert_eq!(table("a.csv", decimals, Header::None).unwrap().numbers("2").unwrap(), [8.52, 10.35]);
    for declared in ["sep=;\r\nid;n\r\n1;2,5\r\n", "\u{feff}\"SEP=;\"\nid;n\n1;2,5\n"] {
        let table = table("a.csv", declared, Header::First).unwrap();
        assert_eq!((table.names(), table.numbers("n").unwrap()), (vec!["id", "n"], vec![2.5]));
    }
}

#[test]
fn text_that_is_not_utf_8_is_refused_with_the_way_out() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.csv");
    let refused = |bytes: &[u8], words: &str| {
        std::fs::write(&path, bytes).unwrap();
        says(Table::open(&path, Header::First), words);
    };
    refused(b"id;name\n1;K\xf6ln\n", "line 2 is no text in UTF-8; save the file as UTF-8");
    let wide: Vec<u8> = "\u{feff}id;n\n1;2\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    refused(&wide, "it is text in UTF-16; save it as UTF-8");
}

#[test]
fn a_row_without_a_name_is_refused_and_a_number_nobody_needs_may_be_missing() {
    let table = table("a.csv", "who,n\na,1\n ,2\nb,\n", Header::First).unwrap();
    says(table.names_of("who"), "row 2, column `who`: there is no value; fill it in, or leave the row out");
    assert_eq!(table.numbers_of("n", |row| row < 2).unwrap(), [1.0, 2.0, 0.0]);
    says(table.numbers_of("n", |row| row == 2), "row 3, column `n`: there is no value");
}

/// As spreadsheets write files where the comma stands before decimals.
#[test]
fn decimals_may_stand_behind_a_comma_where_semicolons_keep_fields_apart() {
    let content = "n;plain;mixed\n31,87;31.87;1.5\n-1.234,5;2;1,5\n1.234.567;;x\n7;4;\n";
    let german = table("a.csv", content, Header::First).unwrap();
    assert_eq!(german.numbers("n").unwrap(), [31.87, -1_234.5, 1_234_567.0, 7.0]);
    assert_eq!(german.numbers_or_missing("plain").unwrap(), [Some(31.87), Some(2.0), None, Some(4.0)]);
    says(german.numbers("mixed"), "row 1, column `mixed`: `1.5` is not a number");
    for broken in ["1,2,3", "12.34,5", "1.2345,6", ",5", "5,", "0.123,5", "1.234,5e3", "1,5e", "--1,5"] {
        let table = table("b.csv", &format!("a;n\n1;{broken}\n"), Header::First).unwrap();
        says(table.numbers("n"), &format!("`{broken}` is not a number"));
    }
    // A comma may as well stand between thousands here.
    for (name, content) in [("c.tsv", "a\tn\n1\t1,234\n"), ("c.csv", "a,n\n1,\"1,234\"\n")] {
        let english = table(name, content, Header::First).unwrap();
        says(
            english.numbers("n"),
            "`1,234` is not a number; where fields are kept apart by commas or tabs, decimals stand behind a point",
        );
    }
}

/// As pandas writes small and large numbers with `decimal=","`.
#[test]
fn numbers_with_a_comma_may_have_a_power_of_ten() {
    let content = "n;plain\n-4,58e-05;1e-05\n1e-05;3\n1,5E+03;2.5\n7;NaN\n";
    let german = table("a.csv", content, Header::First).unwrap();
    assert_eq!(german.numbers("n").unwrap(), [-4.58e-05, 1e-05, 1_500.0, 7.0]);
    assert_eq!(german.numbers_or_missing("plain").unwrap(), [Some(1e-05), Some(3.0), Some(2.5), None]);
}

#[test]
fn points_between_thousands_are_no_decimal_points() {
    let read = |content: &str, column: &str| {
        table("a.csv", content, Header::First).unwrap().numbers(column).map_err(|error| format!("{error:#}"))
    };
    let whole = "1.234;850;2.345".replace(';', "\n");
    let refused = read(&format!("n;m\n{}\n", whole.replace('\n', ";x\n") + ";x"), "n").unwrap_err();
    assert!(
        refused.contains(
            "row 1, column `n`: `1.234` may be 1234 or 1.234, and nothing in the file tells; write it"
        ) && refused.contains("without points between thousands"),
        "{refused}"
    );
    // The column itself tells, or another one of numbers does.
    for (content, truth) in [
        ("n;m\n1.234;x\n1.234.567;x\n", [1_234.0, 1_234_567.0]),
        ("n;m\n1.234;x\n0.850;x\n", [1.234, 0.85]),
        ("n;m\n-1.234;x\n2.5;x\n", [-1.234, 2.5]),
        ("n;m\n1.234;2,5\n850;3\n", [1_234.0, 850.0]),
        ("n;m\n1.234;2.5\n850;3\n", [1.234, 850.0]),
        ("n;m\n1;x\n850;x\n", [1.0, 850.0]),
    ] {
        assert_eq!(read(content, "n").unwrap(), truth, "{content}");
    }
    // Words with commas say nothing of numbers, and columns that contradict each other neither.
    for content in ["n;m\n1.234;Tee, lose\n850;1,5\n", "n;m;o\n1.234;2,5;2.5\n850;3;3\n"] {
        assert!(read(content, "n").unwrap_err().contains("may be 1234 or 1.234"), "{content}");
    }
    // Elsewhere a point stands before decimals.
    assert_eq!(table("a.csv", "n,m\n1.234,2\n", Header::First).unwrap().numbers("n").unwrap(), [1.234]);
    let mixed = read("n;m\n1.234.567;x\n1.5;x\n", "n").unwrap_err();
    assert!(mixed.contains("row 2, column `n`: `1.5` is not a number; others of the column"), "{mixed}");
}

#[test]
fn lines_without_anything_before_the_first_row_are_none() {
    for (name, content) in [
        ("a.csv", "\n\r\n  \nid,n\n1,2\n"),
        ("a.csv", "\nsep=;\n\nid;n\n1;2\n"),
        ("a.tsv", "\nid\tn\n1\t2\n"),
        ("a.txt", "\nid n\n1 2\n"),
    ] {
        let table = table(name, content, Header::First).unwrap();
        assert_eq!((table.names(), table.numbers("n").unwrap()), (vec!["id", "n"], vec![2.0]), "{content:?}");
    }
    says(table("d.csv", "\n\na,b\n1\n", Header::First), "line 4 has 1 fields");
    says(table("d.txt", "\n\na b\n1\n", Header::First), "line 4 has 1 fields");
    says(table("d.csv", "\n\n", Header::First), "it has no rows");
}

/// Writes a Parquet file of whole numbers, each column with this many.
fn parquet(path: &Path, schema: &str, columns: &[&[i32]]) {
    let schema = std::sync::Arc::new(parquet::schema::parser::parse_message_type(schema).unwrap());
    let file = std::fs::File::create(path).unwrap();
    let mut writer = SerializedFileWriter::new(file, schema, Default::default()).unwrap();
    let mut rows = writer.next_row_group().unwrap();
    for numbers in columns {
        let mut column = rows.next_column().unwrap().unwrap();
        column.typed::<Int32Type>().write_batch(numbers, None, None).unwrap();
        column.close().unwrap();
    }
    rows.close().unwrap();
    writer.close().unwrap();
}

#[test]
fn parquet_has_one_column_of_a_name_that_is_asked_for_and_rows() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.parquet");
    let (a, b, again) = ("required int32 a;", "required int32 b;", "required int32 a;");
    parquet(&path, &format!("message rows {{ {a} {b} {again} }}"), &[&[1], &[2], &[3]]);
    let twice = Table::open(&path, Header::First).unwrap();
    says(twice.numbers("a"), "a.parquet` has more than one column `a`; rename all but one");
    assert_eq!(twice.numbers("b").unwrap(), [2.0], "nobody asked for the others");
    parquet(&path, &format!("message rows {{ {a} }}"), &[&[]]);
    says(Table::open(&path, Header::First), "it has no rows");
}

#[test]
fn what_cannot_be_read_is_named_with_file_row_and_column() {
    let broken = table("b.csv", "n,d\n1,2020-01-01\nx,yesterday\n,\n", Header::First).unwrap();
    says(broken.numbers("n"), "b.csv`, row 2, column `n`: `x` is not a number");
    says(broken.dates("d"), "b.csv`, row 2, column `d`: `yesterday` is not a date");
    says(broken.numbers("m"), "b.csv` has no column `m`; it has n, d");
    let missing = table("c.csv", "n\nNaN\n", Header::First).unwrap();
    says(missing.numbers("n"), "row 1, column `n`: there is no value");
    assert_eq!(missing.numbers_or_missing("n").unwrap(), [None]);
    says(table("c.csv", "n\n-inf\n", Header::First).unwrap().numbers("n"), "`-inf` is not finite");
    says(
        table("c.csv", "n,m\n1,\n", Header::First).unwrap().numbers("m"),
        "row 1, column `m`: there is no value",
    );
    says(table("d.csv", "a,b\n1\n", Header::First), "line 2 has 1 fields, and the first one has 2");
    says(table("e.csv", "a,b\n", Header::First), "it has no rows");
    let twice = table("h.csv", "a,b,a\n1,2,3\n", Header::First).unwrap();
    says(twice.numbers("a"), "h.csv` has more than one column `a`; rename all but one");
    assert_eq!(twice.numbers("b").unwrap(), [2.0], "nobody asked for the others");
    says(table("d.csv", "sep=;\na;b\n1\n", Header::First), "line 3 has 1 fields");
    says(table("d.csv", "sep=x\na;b\n1\n", Header::First), "its first line is `sep=x`");
    says(table("f.xlsx", "", Header::First), "ends in none of .csv");
    says(table("g.parquet", "PAR?", Header::First), "it is not Parquet");
    says(Table::open(Path::new("no/such.csv"), Header::First), "`no/such.csv` cannot be read");
}

/// The same orders as CSV and as Parquet by those who write most of it, each with the compression named: what polars and pandas choose
/// by themselves, and what pyarrow does when asked for Zstandard.
#[test]
fn parquet_reads_like_the_csv_beside_it_whoever_wrote_it() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join("tables");
    let open = |name: &str| Table::open(&directory.join(name), Header::First).unwrap();
    let plain = open("orders.csv");
    for (name, packed) in [("polars", "ZSTD"), ("pyarrow", "ZSTD"), ("pandas", "SNAPPY")] {
        let name = format!("orders-{name}.parquet");
        let file = std::fs::File::open(directory.join(&name)).unwrap();
        let reader = SerializedFileReader::new(file).unwrap();
        let codec = reader.metadata().row_group(0).column(0).compression();
        assert!(codec.to_string().starts_with(packed), "{name}: {codec}");
        let table = open(&name);
        assert_eq!((table.names(), table.rows()), (plain.names(), 200), "{name}");
        for column in ["amount", "pieces", "member"] {
            let (found, truth) = (table.numbers_or_missing(column), plain.numbers_or_missing(column));
            assert_eq!(found.unwrap(), truth.unwrap(), "{name} {column}");
        }
        assert_eq!(table.texts("id").unwrap(), plain.texts("id").unwrap(), "{name}");
        for column in ["day", "at"] {
            assert_eq!(table.dates(column).unwrap(), plain.dates(column).unwrap(), "{name} {column}");
        }
        says(table.numbers("amount"), "row 8, column `amount`: there is no value");
    }
}

/// Durations, for which Parquet has no type and pyarrow a note, and times of day, for which it has one.
#[test]
fn spans_of_time_are_refused_rather_than_read_in_some_unit() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tables/durations-pyarrow.parquet");
    let table = Table::open(&path, Header::First).unwrap();
    assert_eq!(table.numbers("n").unwrap(), [1.0, 2.0]);
    says(table.numbers("wait"), "durations-pyarrow.parquet`, column `wait`: it holds durations");
    says(table.texts("wait"), "write it as a number, as of seconds");
    says(table.numbers("at"), "column `at`: it holds times of day");
    says(table.texts("at"), "or as text");
}

/// Money as decimals and counts without a sign, which pyarrow keeps as integers, and decimals of 30 digits, which it keeps as bytes.
#[test]
fn decimals_have_their_point_and_large_counts_no_sign() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tables/integers-pyarrow.parquet");
    let table = Table::open(&path, Header::First).unwrap();
    for (column, numbers, texts) in [
        ("decimal_32", [12.34, -0.05, 0.0], ["12.34", "-0.05", "0.00"]),
        ("decimal_64", [1_234_567.891, -0.001, 5.0], ["1234567.891", "-0.001", "5.000"]),
        ("unsigned_8", [255.0, 0.0, 7.0], ["255", "0", "7"]),
        ("unsigned_32", [4_000_000_000.0, 0.0, 7.0], ["4000000000", "0", "7"]),
        ("unsigned_64", [18_446_744_073_709_551_615.0, 0.0, 7.0], ["18446744073709551615", "0", "7"]),
        ("signed_32", [-12.0, 0.0, 7.0], ["-12", "0", "7"]),
        ("decimal_bytes", [1.5, 2.5, 3.5], ["1.5", "2.5", "3.5"]),
    ] {
        assert_eq!(table.numbers(column).unwrap(), numbers, "{column}");
        assert_eq!(table.texts(column).unwrap(), texts, "{column}");
    }
}

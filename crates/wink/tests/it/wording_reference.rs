//! How well the rules and the counting do on texts that others labelled.

use std::fs::File;
use std::io::Read;
use std::path::PathBuf;

use flate2::read::GzDecoder;

use wink_core::offer::wording::{Language, lint, readability};

fn table(path: &str, delimiter: u8) -> csv::Reader<Box<dyn Read>> {
    let home = std::env::var_os("WINK_REFERENCE_DATA").expect(
        "this test needs the data sets that no package carries: `cargo xtask test --reference`, or set WINK_REFERENCE_DATA",
    );
    let path = PathBuf::from(home).join(path);
    let file = File::open(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let is_packed = path.extension().is_some_and(|end| end == "gz");
    let read: Box<dyn Read> = if is_packed { Box::new(GzDecoder::new(file)) } else { Box::new(file) };
    csv::ReaderBuilder::new().delimiter(delimiter).from_reader(read)
}

fn columns(path: &str, delimiter: u8, names: [&str; 2]) -> Vec<[String; 2]> {
    let mut table = table(path, delimiter);
    let head = table.headers().unwrap().clone();
    let place = |name: &str| head.iter().position(|one| one == name).unwrap();
    let places = names.map(place);
    table.records().map(|row| places.map(|place| row.as_ref().unwrap()[place].to_owned())).collect()
}

/// Of 2,356 English texts of shops, half of which press (Mathur et al. 2019; Yada et al. 2022).
#[test]
fn reference_dark_patterns_are_found() {
    let rows = columns("dark_patterns/ec_darkpattern_dataset.tsv.gz", b'\t', ["text", "label"]);
    assert_eq!(rows.len(), 2356);
    let (mut right, mut wrong, mut missed) = (0, 0, 0);
    for [text, label] in &rows {
        match (!lint(text, &[Language::English]).is_empty(), label == "1") {
            (true, true) => right += 1,
            (true, false) => wrong += 1,
            (false, true) => missed += 1,
            (false, false) => {}
        }
    }
    assert!(1063 <= right && wrong <= 15 && right + missed == 1178, "{right} {wrong} {missed}");
}

/// Of 250 German sentences and what people made of them to read more easily, and 1,119 that are one sentence each (Naderi et al. 2019).
#[test]
fn reference_simpler_sentences_read_more_easily() {
    let rows =
        columns("textcomplexity_de/parallel_corpus_utf8.csv", b',', ["Original_Sentence", "Simplification"]);
    assert_eq!(rows.len(), 250);
    let read = |text: &str| readability(text, Language::German).unwrap();
    let (mut by_ease, mut by_year) = (0, 0);
    for [hard, simple] in &rows {
        let (hard, simple) = (read(hard), read(simple));
        by_ease += usize::from(hard.ease < simple.ease);
        by_year += usize::from(simple.school_year < hard.school_year);
    }
    let sentences = columns("textcomplexity_de/source_utf8.csv.gz", b',', ["Sentence", "Article"]);
    let one = sentences.iter().filter(|[text, _]| read(text).sentences == 1).count();
    assert!(242 <= by_ease && 232 <= by_year, "{by_ease} {by_year}");
    assert!(1061 <= one && sentences.len() == 1119, "{one} of {}", sentences.len());
}

/// The first Wiener Sachtextformel of two sentences, as textstat reckons it.
#[test]
fn reference_school_years_are_those_of_textstat() {
    for (text, year) in [
        ("Alle meine Entchen schwimmen auf dem See, Köpfchen unters Wasser, Schwänzchen in die Höh.", 3.77),
        (
            "Alle Parteien widmen dem Thema rein quantitativ betrachtet nennenswerte Aufmerksamkeit, die Grünen wenig überraschend am \
             meisten.",
            13.913,
        ),
    ] {
        let found = readability(text, Language::German).unwrap().school_year.unwrap();
        assert!((found - year).abs() < 1e-3, "{found} {year}");
    }
}

//! `bands.toml`: where the price bands end that a shop does not declare but has counted out of its product list. Wink writes it when a catalogue is
//! applied, and it is part of that version, so a decision is made again with the bands of its time.

use std::collections::{BTreeMap, BTreeSet};

use toml_edit::{Array, DocumentMut, Item, Table, value};
use wink_core::feature::{BANDS_MAX, quantile_bounds};

use super::entry::Section;
use super::file::File;
use super::{FEATURES, Files};

/// The file.
pub(crate) const FILE: &str = "bands.toml";

/// The key of a feature that says into how many bands prices are counted.
pub(super) const KEY: &str = "quantiles";

/// The only number that is counted out: what the product list knows of a product is its price.
pub(super) const OF: &str = "items.unit_cents";

/// The bounds by how many bands there are.
pub(super) type Bounds = BTreeMap<usize, Vec<i64>>;

/// Reads the file; `None` if anything in it is wrong, which is then reported.
pub(super) fn read(file: &File<'_>) -> Option<Bounds> {
    let document = super::campaign::document(file)?;
    let root = Section::root(file, document.as_table());
    root.only(&["prices"]);
    let mut bounds = Bounds::new();
    let Some(entry) = root.optional("prices") else { return Some(bounds) };
    for (entry, _) in entry.section("[prices]")?.entries() {
        let count = entry.name.parse::<usize>().ok().filter(|count| (2..=BANDS_MAX).contains(count));
        let Some(count) = count else {
            let message = format!("`{}` is no number of bands; there are 2 to {BANDS_MAX}", entry.name);
            return entry.refuse(message, None);
        };
        bounds.insert(count, entry.wholes()?);
    }
    Some(bounds)
}

/// Tells which numbers of bands the features ask for and the file does not know.
pub(crate) fn missing(files: &Files) -> BTreeSet<usize> {
    let Some(features) = files.get(FEATURES) else { return BTreeSet::new() };
    // What is wrong in either is told when it is read.
    let asked = features.parse::<DocumentMut>().ok().and_then(|document| {
        let features = document.get("features")?.as_array_of_tables()?.clone();
        let count = |table: &Table| usize::try_from(table.get(KEY)?.as_integer()?).ok();
        Some(features.iter().filter_map(count).collect::<BTreeSet<usize>>())
    });
    let text = files.get(FILE).map_or("", String::as_str);
    let known = read(&File::new(FILE, text)).unwrap_or_default();
    asked.unwrap_or_default().into_iter().filter(|count| !known.contains_key(count)).collect()
}

/// Writes the bounds that are missing into the file, counted out of prices.
pub(crate) fn written(files: &Files, missing: &BTreeSet<usize>, prices: &[i64]) -> Option<String> {
    let text = files.get(FILE).map_or("", String::as_str);
    let mut document: DocumentMut = text.parse().ok()?;
    let table = document.entry("prices").or_insert_with(|| Item::Table(Table::new())).as_table_mut()?;
    for count in missing {
        let bounds: Array = quantile_bounds(prices.to_vec(), *count).into_iter().collect();
        table.insert(&count.to_string(), value(bounds));
    }
    Some(document.to_string())
}

/// Spells what a feature shares by, as the core reads it.
pub(super) fn path(count: usize, bounds: &Bounds) -> String {
    let known = bounds.get(&count).filter(|bounds| !bounds.is_empty());
    let up_to = known.map(|bounds| bounds.iter().map(i64::to_string).collect::<Vec<_>>().join(", "));
    format!("{OF} in {count} bands{}", up_to.map_or_else(String::new, |bounds| format!(" up to {bounds}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIVE: &str = "[[features]]\nquantiles = 5\n\n[[features]]\nname = \"other\"\n";

    fn files(bands: Option<&str>) -> Files {
        let files = [(FEATURES, Some(FIVE)), (FILE, bands)];
        files.into_iter().filter_map(|(name, text)| Some((name.to_owned(), text?.to_owned()))).collect()
    }

    #[test]
    fn only_what_is_missing_is_counted_out() {
        assert_eq!(missing(&files(None)), BTreeSet::from([5]));
        let others = "[prices]\n3 = [400, 900]\n";
        let text = written(&files(Some(others)), &missing(&files(Some(others))), &[100, 200, 300, 400, 500])
            .unwrap();
        assert_eq!(text, "[prices]\n3 = [400, 900]\n5 = [100, 200, 300, 400]\n");
        assert!(missing(&files(Some(&text))).is_empty());
    }

    #[test]
    fn a_path_has_the_bounds_that_are_known() {
        assert_eq!(path(3, &Bounds::new()), "items.unit_cents in 3 bands");
        assert_eq!(
            path(3, &Bounds::from([(3, vec![400, 900])])),
            "items.unit_cents in 3 bands up to 400, 900"
        );
    }
}

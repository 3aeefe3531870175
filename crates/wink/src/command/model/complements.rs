//! `wink model complements`: what is bought together, and what to suggest beside a cart.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, anyhow, bail};
use flate2::read::MultiGzDecoder;
use serde::Serialize;
use wink_stats::complements::{Baskets, Complements, Pairs};

use crate::arguments::ComplementsInput;
use crate::arguments::quoted::names;
use crate::table::{Header, Table};
use crate::terminal::{json, say, table};

/// Baskets, with a number for each item.
#[derive(Default)]
struct Numbered {
    names: Vec<String>,
    numbers: BTreeMap<String, u32>,
    items: Vec<u32>,
    ends: Vec<usize>,
}

/// What is printed.
#[derive(Serialize)]
struct Report {
    baskets: u64,
    items: usize,
    frequent_items: usize,
    frequent_pairs: usize,
    pairs: Vec<NamedPair>,
    #[serde(skip_serializing_if = "Option::is_none")]
    suggestions: Option<Vec<NamedSuggestion>>,
}

#[derive(Serialize)]
struct NamedPair {
    items: [String; 2],
    baskets: u64,
    lift: f64,
    shrunken_lift: f64,
    cosine: f64,
}

#[derive(Serialize)]
struct NamedSuggestion {
    item: String,
    because_of: String,
    shrunken_lift: f64,
}

pub(super) fn run(asked: &ComplementsInput) -> anyhow::Result<()> {
    let baskets = match (&asked.basket, &asked.item) {
        (Some(basket), Some(item)) => Numbered::of_rows(&asked.input, basket, item)?,
        _ => Numbered::of_lines(&asked.input)?,
    };
    let pairs = Pairs { support_min: asked.support, strength: asked.strength };
    let found = pairs.fit(Baskets { items: &baskets.items, ends: &baskets.ends }).map_err(way_out)?;
    if found.pairs.is_empty() {
        refuse(&baskets, &found, asked)?;
    }
    let report = Report {
        baskets: found.baskets,
        items: baskets.names.len(),
        frequent_items: found.frequent_items,
        frequent_pairs: found.pairs.len(),
        suggestions: suggestions(asked, &baskets, &found)?,
        pairs: named(&baskets, &found, asked.top),
    };
    if asked.json {
        return json(&report);
    }
    print(&report);
    if asked.basket.is_none()
        && let Some(fields) = baskets.are_alike()
    {
        say!(
            "\neach of the {} lines has {fields} fields; if each is one item of a basket, say which columns with --basket and --item",
            report.baskets
        );
    }
    Ok(())
}

/// Where too few items are in enough baskets, fewer baskets can be enough.
fn way_out(error: wink_stats::Error) -> anyhow::Error {
    match error {
        wink_stats::Error::NotEnoughData { what: "frequent items", .. } => {
            anyhow!("{error}; ask for less with --support, or bring more baskets")
        }
        wink_stats::Error::NotEnoughData { what: "baskets", .. } => {
            anyhow!("{error}; bring more baskets")
        }
        error => error.into(),
    }
}

/// Says that nothing goes together, and what to do about it.
fn refuse(baskets: &Numbered, found: &Complements, asked: &ComplementsInput) -> anyhow::Result<()> {
    let (all, items, part) = (found.baskets, baskets.names.len(), 100.0 * asked.support);
    let said = format!("no two items are together in {part} % of the {all} baskets ({items} items)");
    if let Some(fields) = baskets.are_alike().filter(|_| asked.basket.is_none()) {
        bail!(
            "{said}; each line has {fields} fields: if it is one item of a basket, say which columns with --basket and --item"
        );
    }
    bail!("{said}; ask for less with --support, or bring more baskets")
}

impl Numbered {
    /// A basket in each line.
    fn of_lines(path: &Path) -> anyhow::Result<Self> {
        let cannot = || format!("`{}` cannot be read", path.display());
        let file = File::open(path).with_context(cannot)?;
        let is_packed = path.extension().is_some_and(|end| end == "gz");
        let bytes: Box<dyn Read> =
            if is_packed { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
        let mut lines = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
        let mut baskets = Self::default();
        for line in lines.records() {
            let line = line.with_context(cannot)?;
            line.iter().map(str::trim).filter(|item| !item.is_empty()).for_each(|item| baskets.push(item));
            baskets.ends.push(baskets.items.len());
        }
        Ok(baskets)
    }

    /// An item in each row; a basket's rows need not stand together.
    fn of_rows(path: &Path, basket: &str, item: &str) -> anyhow::Result<Self> {
        let table = Table::open(path, Header::First)?;
        let (owners, items) = (table.names_of(basket)?, table.names_of(item)?);
        let mut rows: Vec<(&str, &str)> =
            owners.iter().map(String::as_str).zip(items.iter().map(String::as_str)).collect();
        rows.sort_unstable();
        let mut baskets = Self::default();
        for rows in rows.chunk_by(|a, b| a.0 == b.0) {
            rows.iter().for_each(|(_, item)| baskets.push(item));
            baskets.ends.push(baskets.items.len());
        }
        Ok(baskets)
    }

    /// Tells how many items every basket has, if they are several and all have as many: baskets are not alike, rows of a table are.
    fn are_alike(&self) -> Option<usize> {
        let mut sizes = self.ends.iter().scan(0, |begin, end| Some(end - std::mem::replace(begin, *end)));
        let first = sizes.next().filter(|size| 1 < *size && 1 < self.ends.len())?;
        sizes.all(|size| size == first).then_some(first)
    }

    fn push(&mut self, item: &str) {
        let number = match self.numbers.get(item) {
            Some(number) => *number,
            None => {
                let number = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
                self.names.push(item.to_owned());
                self.numbers.insert(item.to_owned(), number);
                number
            }
        };
        self.items.push(number);
    }

    fn name(&self, number: u32) -> String {
        let place = usize::try_from(number).unwrap_or(usize::MAX);
        self.names.get(place).cloned().unwrap_or_default()
    }

    /// The numbers of named items; one that is in no basket goes with nothing.
    fn known(&self, names: &[String]) -> anyhow::Result<Vec<u32>> {
        let number = |name: &String| {
            self.numbers.get(name).copied().with_context(|| format!("no basket has the item `{name}`"))
        };
        names.iter().map(number).collect()
    }
}

fn named(baskets: &Numbered, found: &Complements, top: usize) -> Vec<NamedPair> {
    let pair = |pair: &wink_stats::complements::Pair| NamedPair {
        items: [baskets.name(pair.items.0), baskets.name(pair.items.1)],
        baskets: pair.count,
        lift: pair.lift,
        shrunken_lift: pair.shrunken_lift,
        cosine: pair.cosine,
    };
    found.pairs.iter().take(top).map(pair).collect()
}

fn suggestions(
    asked: &ComplementsInput,
    baskets: &Numbered,
    found: &Complements,
) -> anyhow::Result<Option<Vec<NamedSuggestion>>> {
    if asked.cart.is_empty() {
        return Ok(None);
    }
    let suggested = found.suggest(
        &baskets.known(&names(&asked.cart))?,
        &baskets.known(&names(&asked.bought))?,
        asked.top,
    );
    let named = suggested.iter().map(|one| NamedSuggestion {
        item: baskets.name(one.item),
        because_of: baskets.name(one.because_of),
        shrunken_lift: one.shrunken_lift,
    });
    Ok(Some(named.collect()))
}

fn print(report: &Report) {
    let Report { baskets, items, frequent_items, frequent_pairs, .. } = report;
    say!(
        "{baskets} baskets, {items} items; {frequent_items} items and {frequent_pairs} pairs are in enough baskets\n"
    );
    let mut rows = table();
    if let Some(suggestions) = &report.suggestions {
        if suggestions.is_empty() {
            say!("nothing that was not bought goes with this cart");
            return;
        }
        rows.set_header(["suggest", "goes with", "lift, shrunken"]);
        for NamedSuggestion { item, because_of, shrunken_lift } in suggestions {
            rows.add_row([item.clone(), because_of.clone(), format!("{shrunken_lift:.4}")]);
        }
    } else {
        rows.set_header(["item", "goes with", "baskets", "lift", "shrunken", "cosine"]);
        for NamedPair { items: [item, other], baskets, lift, shrunken_lift, cosine } in &report.pairs {
            let numbers = [lift, shrunken_lift, cosine].map(|number| format!("{number:.4}"));
            let [lift, shrunken, cosine] = numbers;
            rows.add_row([item.clone(), other.clone(), baskets.to_string(), lift, shrunken, cosine]);
        }
    }
    say!("{rows}");
}

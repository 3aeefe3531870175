//! Bands of a number, such as of prices: a share for each, by the bound it does not exceed.

use super::happened::{Item, ItemField};

/// At most so many bands: more is a histogram.
const BANDS_MAX: usize = 20;

/// What is written between what is read and the bounds.
const UP_TO: &str = " up to ";

/// What is above the last bound.
const MORE: &str = "more";

/// A number of an item, and where its bands end.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Bands {
    of: ItemField,
    /// Ascending, each with its name.
    bounds: Vec<(i64, String)>,
}

impl Bands {
    /// Reads a path like `items.unit_cents up to 1000, 2500, 5000`; `None` if it names no bands at all.
    pub(super) fn parse(path: &str) -> Option<Result<Self, String>> {
        let (of, bounds) = path.split_once(UP_TO)?;
        Some(Self::read(of, bounds))
    }

    fn read(of: &str, bounds: &str) -> Result<Self, String> {
        let of = ItemField::parse(of).filter(|field| !field.is_text()).ok_or_else(|| {
            format!("`{of}` is no number of an item; bands are made of one like `items.unit_cents`")
        })?;
        let mut read: Vec<(i64, String)> = Vec::new();
        for text in bounds.split(',').map(str::trim) {
            let bound: i64 = text.parse().map_err(|_| format!("`{text}` is no whole number"))?;
            if read.last().is_some_and(|(before, _)| bound <= *before) {
                return Err(format!("bands ascend, and {bound} follows a larger bound"));
            }
            read.push((bound, bound.to_string()));
        }
        if BANDS_MAX < read.len() {
            return Err(format!("{} bounds are too many; at most {BANDS_MAX}", read.len()));
        }
        Ok(Self { of, bounds: read })
    }

    /// Spells the path, however it was written.
    pub(super) fn path(&self) -> String {
        let bounds: Vec<&str> = self.bounds.iter().map(|(_, name)| name.as_str()).collect();
        format!("{}{UP_TO}{}", self.of.path(), bounds.join(", "))
    }

    /// Names the band of an item.
    pub(super) fn name(&self, item: Item<'_>) -> Option<&str> {
        let number = item.number(self.of)?;
        let band = self.bounds.iter().find(|(bound, _)| number <= *bound);
        Some(band.map_or(MORE, |(_, name)| name))
    }
}

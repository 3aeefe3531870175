//! Bands of a number, such as of prices: a share for each. Bands that a shop declares are called by the bound they do not exceed; bands that hold as
//! many products each are counted from the lowest, so that rules over them stay as they are when bounds move.

use super::happened::{Item, ItemField};

/// At most so many bands: more is a histogram.
pub const BANDS_MAX: usize = 20;

/// What is written between what is read and the bounds.
const UP_TO: &str = " up to ";

/// What is written before and behind the number of bands that are counted.
const IN: &str = " in ";
const BANDS: &str = " bands";

/// What is above the last declared bound.
const MORE: &str = "more";

/// A number of an item, and where its bands end.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Bands {
    of: ItemField,
    /// Ascending, each with the name of the band it ends.
    bounds: Vec<(i64, String)>,
    above: Above,
}

/// What is above the last bound.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Above {
    /// A band without a bound.
    More,
    /// The last of so many bands that are counted.
    Counted(usize, String),
    /// Nothing: it is not known yet where the bands end that are counted.
    Unknown(usize),
}

impl Bands {
    /// Reads a path like `items.unit_cents up to 1000, 2500, 5000` or `items.unit_cents in 3 bands up to 900, 2400`, the bounds of which may be
    /// missing; `None` if it names no bands at all.
    pub(super) fn parse(path: &str) -> Option<Result<Self, String>> {
        let (before, bounds) = match path.split_once(UP_TO) {
            Some((before, bounds)) => (before, Some(bounds)),
            None => (path, None),
        };
        match (
            before.split_once(IN).and_then(|(of, counted)| Some((of, counted.strip_suffix(BANDS)?))),
            bounds,
        ) {
            (Some((of, count)), bounds) => Some(Self::counted(of, count, bounds)),
            (None, Some(bounds)) => Some(Self::declared(before, bounds)),
            (None, None) => None,
        }
    }

    fn declared(of: &str, bounds: &str) -> Result<Self, String> {
        let of = field(of)?;
        let bounds = ascending(bounds)?;
        if let Some(pair) = bounds.windows(2).find(|pair| pair.first() == pair.last()) {
            return Err(format!(
                "bands ascend, and {} stands twice",
                pair.first().copied().unwrap_or_default()
            ));
        }
        let bounds = bounds.into_iter().map(|bound| (bound, bound.to_string())).collect();
        Ok(Self { of, bounds, above: Above::More })
    }

    fn counted(of: &str, count: &str, bounds: Option<&str>) -> Result<Self, String> {
        let of = field(of)?;
        let count: usize = count.parse().map_err(|_| format!("`{count}` is no whole number"))?;
        if !(2..=BANDS_MAX).contains(&count) {
            return Err(format!("there are 2 to {BANDS_MAX} bands, not {count}"));
        }
        let Some(bounds) = bounds else {
            return Ok(Self { of, bounds: Vec::new(), above: Above::Unknown(count) });
        };
        let bounds = ascending(bounds)?;
        if bounds.len() + 1 != count {
            return Err(format!("{count} bands have {} bounds, not {}", count - 1, bounds.len()));
        }
        let bounds = bounds.into_iter().zip(1..).map(|(bound, number)| (bound, number.to_string())).collect();
        Ok(Self { of, bounds, above: Above::Counted(count, count.to_string()) })
    }

    /// Spells the path, however it was written.
    pub(super) fn path(&self) -> String {
        let counted = match self.above {
            Above::More => String::new(),
            Above::Counted(count, _) | Above::Unknown(count) => format!("{IN}{count}{BANDS}"),
        };
        let bounds: Vec<String> = self.bounds.iter().map(|(bound, _)| bound.to_string()).collect();
        let up_to = if bounds.is_empty() { "" } else { UP_TO };
        format!("{}{counted}{up_to}{}", self.of.path(), bounds.join(", "))
    }

    /// Names the band of an item.
    pub(super) fn name(&self, item: Item<'_>) -> Option<&str> {
        let number = item.number(self.of)?;
        match (self.bounds.iter().find(|(bound, _)| number <= *bound), &self.above) {
            (Some((_, name)), _) | (None, Above::Counted(_, name)) => Some(name),
            (None, Above::More) => Some(MORE),
            (None, Above::Unknown(_)) => None,
        }
    }
}

fn field(of: &str) -> Result<ItemField, String> {
    ItemField::parse(of).filter(|field| !field.is_text()).ok_or_else(|| {
        format!("`{of}` is no number of an item; bands are made of one like `items.unit_cents`")
    })
}

fn ascending(bounds: &str) -> Result<Vec<i64>, String> {
    let mut read: Vec<i64> = Vec::new();
    for text in bounds.split(',').map(str::trim) {
        let bound: i64 = text.parse().map_err(|_| format!("`{text}` is no whole number"))?;
        if read.last().is_some_and(|before| bound < *before) {
            return Err(format!("bands ascend, and {bound} follows a larger bound"));
        }
        read.push(bound);
    }
    if BANDS_MAX < read.len() {
        return Err(format!("{} bounds are too many; at most {BANDS_MAX}", read.len()));
    }
    Ok(read)
}

/// Tells where `count` bands end that hold as many of some values each, as far as values that are equal allow: the smallest value that so many of
/// them do not exceed (Hyndman and Fan, Sample Quantiles in Statistical Packages, 1996, definition 1). No values, no bounds.
pub fn quantile_bounds(mut values: Vec<i64>, count: usize) -> Vec<i64> {
    values.sort_unstable();
    (1..count)
        .filter_map(|band| values.get((band * values.len()).div_ceil(count).checked_sub(1)?).copied())
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::base::Value;

    fn band(path: &str, cents: i64) -> Option<String> {
        let bands = Bands::parse(path).unwrap().unwrap();
        assert_eq!(bands.path(), path);
        let product = BTreeMap::from([("price_cents".to_owned(), Value::Int(cents))]);
        bands.name(Item::Product(&product)).map(str::to_owned)
    }

    #[test]
    fn declared_bands_are_called_by_their_bound_and_counted_ones_by_their_number() {
        for (cents, declared, counted) in [
            (0, "1000", "1"),
            (1_000, "1000", "1"),
            (1_001, "2500", "2"),
            (2_500, "2500", "2"),
            (2_501, "more", "3"),
        ] {
            assert_eq!(band("items.unit_cents up to 1000, 2500", cents).as_deref(), Some(declared));
            assert_eq!(band("items.unit_cents in 3 bands up to 1000, 2500", cents).as_deref(), Some(counted));
            assert_eq!(band("items.unit_cents in 3 bands", cents), None, "nobody knows where they end");
        }
    }

    #[test]
    fn what_makes_no_bands_is_refused() {
        for (path, message) in [
            ("items.unit_cents up to 5, 5", "stands twice"),
            ("items.unit_cents up to 5, 4", "follows a larger bound"),
            ("items.brand up to 5", "no number of an item"),
            ("items.unit_cents in 1 bands", "2 to 20"),
            ("items.unit_cents in 3 bands up to 5", "have 2 bounds, not 1"),
        ] {
            let error = Bands::parse(path).unwrap().unwrap_err();
            assert!(error.contains(message), "{path}: {error}");
        }
        assert_eq!(Bands::parse("items.brand"), None);
    }

    /// The bounds that numpy gives: `numpy.quantile(values, q, method="inverted_cdf")`.
    #[test]
    fn bounds_are_the_quantiles_of_the_values() {
        let values = vec![9, 1, 8, 2, 7, 3, 6, 4, 5, 10];
        assert_eq!(quantile_bounds(values.clone(), 5), [2, 4, 6, 8]);
        assert_eq!(quantile_bounds(values, 3), [4, 7]);
        assert_eq!(quantile_bounds(vec![500, 500, 500, 900], 4), [500, 500, 500]);
        assert_eq!(quantile_bounds(vec![42], 3), [42, 42]);
        assert!(quantile_bounds(Vec::new(), 5).is_empty());
    }
}

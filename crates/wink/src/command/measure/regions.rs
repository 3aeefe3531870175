//! Regions and days in the user's own file, laid out as panels.

use std::collections::BTreeMap;

use anyhow::{Context, bail};
use jiff::civil::Date;
use wink_stats::geo::{Panel, Window};

use super::open;
use crate::arguments::GeoTable;
use crate::table::Table;

/// With more regions times days than this, there is no memory for those without a row.
const CELLS_MAX: usize = 5_000_000;

/// So many names show how they are written.
const NAMES_SHOWN: usize = 30;

/// A table of regions and days.
pub(super) struct Regions<'a> {
    asked: &'a GeoTable,
    table: Table,
    of_row: Vec<usize>,
    at_row: Vec<usize>,
    names: Vec<String>,
    pub(super) days: Vec<Date>,
}

impl<'a> Regions<'a> {
    pub(super) fn read(asked: &'a GeoTable) -> anyhow::Result<Self> {
        let table = open(&asked.file)?;
        let (regions, dates) = (table.names_of(&asked.region)?, table.dates(&asked.time)?);
        let (of_row, names) = numbered(regions);
        let (at_row, days) = numbered(dates);
        if asked.missing_is_zero && CELLS_MAX < names.len().saturating_mul(days.len()) {
            bail!(
                "{} regions on {} days are more than {CELLS_MAX} numbers; add regions or days up before",
                names.len(),
                days.len()
            );
        }
        Ok(Self { asked, table, of_row, at_row, names, days })
    }

    /// Lays a column out by region and day.
    pub(super) fn panel(&self, column: &str) -> anyhow::Result<Panel> {
        let (mut of_row, mut at_row) = (self.of_row.clone(), self.at_row.clone());
        let mut values = self.table.numbers(column)?;
        let cells = self.names.len().saturating_mul(self.days.len());
        if cells <= CELLS_MAX {
            let mut is_there = vec![false; cells];
            for (row, (region, day)) in self.of_row.iter().zip(&self.at_row).enumerate() {
                let Some(place) = is_there.get_mut(region * self.days.len() + day) else { continue };
                if std::mem::replace(place, true) {
                    bail!(
                        "`{}`, row {}: there is a second number for `{}` on {}; add them up before, or leave one out",
                        self.asked.file.input.display(),
                        row + 1,
                        self.name(*region),
                        self.day(*day)
                    );
                }
            }
            let gap = is_there.iter().position(|there| !there);
            if let Some(place) = gap.filter(|_| !self.asked.missing_is_zero) {
                bail!(
                    "`{}` needs one number for each of {} regions on each of {} days, and has none for `{}` on {}; if a missing row means that nothing was sold, say --missing-is-zero",
                    self.asked.file.input.display(),
                    self.names.len(),
                    self.days.len(),
                    self.name(place / self.days.len()),
                    self.day(place % self.days.len())
                );
            }
            for place in is_there.iter().enumerate().filter(|(_, there)| !**there).map(|(place, _)| place) {
                of_row.push(place / self.days.len());
                at_row.push(place % self.days.len());
                values.push(0.0);
            }
        }
        Panel::of_rows(&of_row, &at_row, &values).with_context(|| {
            format!(
                "`{}` needs one number for each of {} regions on each of {} days",
                self.asked.file.input.display(),
                self.names.len(),
                self.days.len()
            )
        })
    }

    /// Adds up what the treatment cost. Only where nothing else was spent is that what it cost: otherwise it would have to be estimated
    /// what would have been spent without it, and the return would be a ratio of two estimates.
    pub(super) fn cost(&self, column: &str, treated: &[usize], window: Window) -> anyhow::Result<f64> {
        let costs = self.panel(column)?;
        let mut spent = 0.0;
        for region in 0..costs.regions() {
            for (time, cost) in costs.series(region).iter().enumerate().take(window.end) {
                if window.begin <= time && treated.contains(&region) {
                    spent += cost;
                } else if *cost != 0.0 {
                    let day = self.day(time);
                    bail!(
                        "`{column}` is {cost} in {} on {day}, without the treatment; the return can be told only of what was spent on the treatment",
                        self.name(region)
                    );
                }
            }
        }
        if spent <= 0.0 {
            bail!("`{column}` adds up to {spent} in the treated regions, so there is no return of it");
        }
        Ok(spent)
    }

    pub(super) fn numbers(&self, names: &[String]) -> anyhow::Result<Vec<usize>> {
        // Its sales would be counted twice.
        if let Some(twice) =
            (1..).zip(names).find_map(|(next, name)| names.get(next..)?.contains(name).then_some(name))
        {
            bail!("the region `{twice}` is named twice");
        }
        let number = |name: &String| match self.names.iter().position(|known| known == name) {
            Some(number) => Ok(number),
            None => bail!("there is no region `{name}`; there are {}", self.known()),
        };
        names.iter().map(number).collect()
    }

    /// The regions there are, and how to write those whose names look like several.
    fn known(&self) -> String {
        let shown: Vec<String> =
            self.names.iter().take(NAMES_SHOWN).map(|name| format!("`{name}`")).collect();
        let mut known = shown.join(", ");
        if NAMES_SHOWN < self.names.len() {
            known.push_str(&format!(" and {} more", self.names.len() - NAMES_SHOWN));
        }
        if self.names.iter().any(|name| name.contains(',')) {
            known.push_str("; a name with a comma in it is written in double quotes: --treated '\"A, B\"'");
        }
        known
    }

    /// What the time of a row is: a `day`, `week` or `month`, as far apart as the dates are, or a `time`.
    pub(super) fn period(&self) -> &'static str {
        let apart = |pair: &[Date]| pair.first().zip(pair.last()).map_or(0, |(a, b)| (*b - *a).get_days());
        let all = |least: i32, most: i32| {
            1 < self.days.len() && self.days.windows(2).all(|pair| (least..=most).contains(&apart(pair)))
        };
        match () {
            () if all(1, 1) => "day",
            () if all(7, 7) => "week",
            () if all(28, 31) => "month",
            () => "time",
        }
    }

    fn day(&self, time: usize) -> String {
        self.days.get(time).map(ToString::to_string).unwrap_or_default()
    }

    pub(super) fn name(&self, region: usize) -> String {
        self.names.get(region).cloned().unwrap_or_default()
    }
}

/// Numbers for values, in their order, and the values.
fn numbered<T: Ord + Clone>(column: Vec<T>) -> (Vec<usize>, Vec<T>) {
    let mut known: BTreeMap<&T, usize> = column.iter().map(|value| (value, 0)).collect();
    known.values_mut().enumerate().for_each(|(number, place)| *place = number);
    let numbers = column.iter().map(|value| known.get(value).copied().unwrap_or(0)).collect();
    (numbers, known.into_keys().cloned().collect())
}

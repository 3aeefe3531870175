//! The names of lines and estimates above a chart, in as many rows as they need.

use super::{Chart, GREY, MARGINS, WIDTH, segment, text};

/// How high a row is.
const ROW: f64 = 17.0;
/// How far down the first row stands.
const FIRST: f64 = 40.0;

/// Names with their places.
pub(super) struct Legend<'a> {
    entries: Vec<Entry<'a>>,
    rows: u16,
}

struct Entry<'a> {
    name: &'a str,
    colour: &'static str,
    dashes: &'static str,
    place: (f64, f64),
}

impl<'a> Legend<'a> {
    pub(super) fn of(chart: &Chart<'a>) -> Self {
        let [left, right, ..] = MARGINS;
        let lines = chart.lines.iter().map(|line| (line.name, line.is_beside));
        let estimates = chart.estimates.iter().map(|one| (one.name, false));
        let mut entries: Vec<Entry<'a>> = Vec::new();
        let (mut x, mut row) = (left, 0_u16);
        let mut named: Vec<_> = lines.chain(estimates).zip(chart.colours()).collect();
        // What all are compared with stands behind them.
        named.sort_by_key(|((_, is_beside), _)| *is_beside);
        for ((name, is_beside), colour) in named {
            // What every line is compared with is named once, in no line's colour.
            if is_beside && entries.iter().any(|entry| entry.name == name) {
                continue;
            }
            let width = 60.0 + 7.0 * f64::from(u16::try_from(name.chars().count()).unwrap_or(u16::MAX));
            if left < x && WIDTH - right < x + width {
                (x, row) = (left, row.saturating_add(1));
            }
            entries.push(Entry {
                name,
                colour: if is_beside { GREY } else { colour },
                dashes: if is_beside { " stroke-dasharray=\"6 4\"" } else { "" },
                place: (x, FIRST + ROW * f64::from(row)),
            });
            x += width;
        }
        Self { entries, rows: row + 1 }
    }

    /// How much further down the drawing begins for the rows behind the first.
    pub(super) fn extra(&self) -> f64 {
        ROW * f64::from(self.rows - 1)
    }

    pub(super) fn draw(&self, svg: &mut String) {
        for Entry { name, colour, dashes, place: (x, y) } in &self.entries {
            let style = format!("stroke=\"{colour}\" stroke-width=\"3\"{dashes}");
            segment(svg, (*x, *y), (x + 18.0, *y), &style);
            text(svg, (x + 24.0, y + 4.0), "start", "", name);
        }
    }
}

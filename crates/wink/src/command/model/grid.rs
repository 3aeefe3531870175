//! `wink model grid`: people by how likely they buy and how likely they have left, as a table, a picture, or segments.

use anyhow::{Context, bail, ensure};
use serde::{Deserialize, Serialize};
use wink_core::measure::Grid;

use super::store::{Answer, Asked, ask};
use crate::arguments::ModelGrid;
use crate::plot::Cells;
use crate::terminal::{self, say};

/// A grid, as it is shown.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct GridView {
    /// By step of purchase, then by step of churn, each from the lowest.
    cells: Vec<CellView>,
    /// Who has no score.
    not_known: u64,
}

#[derive(Debug, Serialize, Deserialize)]
struct CellView {
    /// From, and to below.
    purchase: [f64; 2],
    churn: [f64; 2],
    people: u64,
    rule: String,
}

impl GridView {
    pub(super) fn of(grid: &Grid) -> Self {
        let cell = |(purchase, churn, people): (usize, usize, u64)| CellView {
            purchase: grid.purchase_step(purchase).into(),
            churn: grid.churn_step(churn).into(),
            people,
            rule: grid.rule(purchase, churn),
        };
        Self { cells: grid.cells().map(cell).collect(), not_known: grid.not_known() }
    }
}

pub(super) fn run(asked: &ModelGrid) -> anyhow::Result<()> {
    // Before a store is looked for: what is wrong with thresholds is wrong everywhere.
    Grid::new(asked.purchase.clone(), asked.churn.clone())?;
    let thresholds = Asked::Grid { purchase: asked.purchase.clone(), churn: asked.churn.clone() };
    let Answer::Grid(found) = ask(&asked.data.data, thresholds, asked.json)? else {
        bail!("the server answered something else; is it of the same version?")
    };
    // The rules of the cells hold whoever is in them; that nobody is in any tells nothing of people.
    ensure!(
        asked.segments || found.cells.iter().any(|cell| 0 < cell.people),
        "nothing could be measured: nobody in the store has a score, of {} people; `wink model train clv` scores them",
        found.not_known
    );
    if asked.json {
        terminal::json(&found)?;
    } else if asked.segments {
        found.cells.iter().for_each(print_segment);
    } else {
        print(&found, asked.churn.len() + 1);
    }
    let Some(path) = &asked.plot else { return Ok(()) };
    let svg = picture(&found, asked.churn.len() + 1).svg();
    std::fs::write(path, svg).with_context(|| format!("`{}` cannot be written", path.display()))
}

fn print(found: &GridView, columns: usize) {
    let all = found.cells.iter().map(|cell| cell.people).sum::<u64>();
    let mut table = terminal::table();
    let head = found.cells.iter().take(columns).map(|cell| format!("left: {}", reach(cell.churn)));
    table.set_header(std::iter::once("buys".to_owned()).chain(head));
    // Who buys most likely stands above, as in a chart.
    for row in found.cells.chunks(columns).rev() {
        let name = row.first().map_or_else(String::new, |cell| reach(cell.purchase));
        let people = row.iter().map(|cell| format!("{} ({})", cell.people, percent(cell.people, all)));
        table.add_row(std::iter::once(name).chain(people));
    }
    say!("{table}");
    say!("{all} people are scored; of {} there is no score", found.not_known);
}

/// Writes a cell as an entry of `segments.toml`.
fn print_segment(cell: &CellView) {
    let name = |[from, to]: [f64; 2]| format!("{}-{}", tenths_of_percent(from), tenths_of_percent(to));
    say!("[[segments]]");
    say!("id = \"buys-{}-left-{}\"", name(cell.purchase), name(cell.churn));
    say!("title = \"buys: {}, left: {}\"", reach(cell.purchase), reach(cell.churn));
    say!("rule = \"{}\"", cell.rule);
    say!("purpose = \"personalisation\"\n");
}

fn picture(found: &GridView, columns: usize) -> Cells {
    let row = |row: &[CellView]| row.iter().map(|cell| cell.people).collect();
    Cells {
        title: "People by what the model expects of them".to_owned(),
        along: "how likely they have left".to_owned(),
        up: "how likely they buy within the horizon".to_owned(),
        columns: found.cells.iter().take(columns).map(|cell| reach(cell.churn)).collect(),
        rows: found
            .cells
            .chunks(columns)
            .filter_map(|cells| Some((reach(cells.first()?.purchase), row(cells))))
            .rev()
            .collect(),
    }
}

fn reach([from, to]: [f64; 2]) -> String {
    format!("{from} to {to}")
}

/// As ids are written: without a point.
fn tenths_of_percent(part: f64) -> String {
    format!("{:04.0}", 1000.0 * part)
}

fn percent(part: u64, all: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "printed with one decimal")]
    let share = if all == 0 { 0.0 } else { 100.0 * part as f64 / all as f64 };
    format!("{share:.1} %")
}

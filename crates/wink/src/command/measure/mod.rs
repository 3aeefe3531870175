//! `wink measure experiment|sequential|geo|geo-plan`: experiments in the user's own files; `wink measure power`: before there are any; `wink measure
//! campaign`: a store's own.

mod arms;
mod campaign;
mod experiment;
mod geo;
mod power;
mod regions;
mod sequential;

use std::process::ExitCode;

use anyhow::ensure;

use crate::arguments::{InputFile, Measure, MeasureAction};
use crate::table::{Header, Table};

pub(crate) fn run(measure: &Measure) -> anyhow::Result<ExitCode> {
    match &measure.action {
        MeasureAction::Experiment(asked) => experiment::run(asked)?,
        MeasureAction::Sequential(asked) => sequential::run(asked)?,
        MeasureAction::Geo(asked) => geo::run(asked)?,
        MeasureAction::GeoPlan(asked) => geo::plan(asked)?,
        MeasureAction::Power(asked) => power::run(asked)?,
        MeasureAction::Campaign(asked) => campaign::run(asked)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Refuses a level that is no share before anything is read.
fn check_level(level: f64) -> anyhow::Result<()> {
    ensure!(0.0 < level && level < 1.0, "--level is {level}, and must be between 0 and 1, like 0.95");
    Ok(())
}

fn open(file: &InputFile) -> anyhow::Result<Table> {
    Table::open(&file.input, if file.no_header { Header::None } else { Header::First })
}

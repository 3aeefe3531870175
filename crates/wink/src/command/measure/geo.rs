//! `wink measure geo|geo-plan`: experiments on regions.

use std::collections::BTreeMap;

use anyhow::{Context, bail};
use jiff::civil::Date;
use serde::Serialize;
use wink_stats::geo::{Candidate, Design, Panel, Synthetic, Window, against_other_times, infer};

use super::open;
use crate::arguments::{Geo, GeoPlan, GeoTable};
use crate::command::interval::Around;
use crate::plot::{Chart, Line};
use crate::table::read_date;
use crate::terminal::{self, say};

/// A panel with its names.
struct Regions {
    panel: Panel,
    names: Vec<String>,
    days: Vec<Date>,
}

#[derive(Serialize)]
struct Report {
    treated: Vec<String>,
    from: String,
    until: String,
    effect: f64,
    p_value: f64,
    placebo: Placebo,
    lift: f64,
    incremental: f64,
    imbalance: f64,
    imbalance_scaled: f64,
    weights: Vec<Weight>,
}

/// What untreated regions say; they may be too few.
#[derive(Serialize)]
struct Placebo {
    effect: Option<Around>,
    p_value: Option<f64>,
    placebos: usize,
    refused: Option<String>,
}

#[derive(Serialize)]
struct Weight {
    region: String,
    weight: f64,
}

#[derive(Serialize)]
struct Planned {
    regions: Vec<String>,
    detectable: Option<f64>,
    imbalance_scaled: f64,
    lifts: Vec<Played>,
}

#[derive(Serialize)]
struct Played {
    lift: f64,
    found: f64,
    effect: f64,
    power: f64,
}

pub(super) fn run(asked: &Geo) -> anyhow::Result<()> {
    let regions = Regions::read(&asked.table)?;
    let treated = regions.numbers(&asked.treated)?;
    let from = read_date(&asked.from)?;
    let until = asked.until.as_deref().map(read_date).transpose()?;
    let until = until.or_else(|| regions.days.last().copied()).unwrap_or(from);
    let window = Window {
        begin: regions.days.partition_point(|day| *day < from),
        end: regions.days.partition_point(|day| *day <= until),
    };
    let found = Synthetic::fit(&regions.panel, &treated, &[], window)?;
    let placebo = infer(&regions.panel, &treated, &found, window, asked.level, asked.table.seed);
    let report = Report {
        treated: asked.treated.clone(),
        from: from.to_string(),
        until: until.to_string(),
        effect: found.effect,
        p_value: against_other_times(&regions.panel, &treated, window)?,
        placebo: Placebo {
            effect: placebo.as_ref().ok().map(|one| one.effect.into()),
            p_value: placebo.as_ref().ok().map(|one| one.p_value),
            placebos: placebo.as_ref().map_or(0, |one| one.placebos),
            refused: placebo.err().map(|error| error.to_string()),
        },
        lift: found.lift,
        incremental: found.incremental,
        imbalance: found.imbalance,
        imbalance_scaled: found.imbalance_scaled,
        weights: found
            .weights
            .iter()
            .map(|(region, weight)| Weight { region: regions.name(*region), weight: *weight })
            .collect(),
    };
    if let Some(path) = &asked.plot {
        draw(&found, window).write(path)?;
    }
    if asked.json {
        return terminal::json(&report);
    }
    report.print(asked.level);
    Ok(())
}

pub(super) fn plan(asked: &GeoPlan) -> anyhow::Result<()> {
    let regions = Regions::read(&asked.table)?;
    let design = Design {
        duration: asked.days,
        plays: asked.plays,
        lifts: asked.lift.clone(),
        alpha: asked.alpha,
        seed: asked.table.seed,
    };
    let candidates = if asked.treated.is_empty() {
        design.select(&regions.panel, asked.size)?
    } else {
        vec![design.play(&regions.panel, &regions.numbers(&asked.treated)?)?]
    };
    let planned: Vec<Planned> = candidates.iter().map(|candidate| regions.planned(candidate)).collect();
    if asked.json {
        return terminal::json(&planned);
    }
    print(&planned);
    Ok(())
}

impl Regions {
    fn read(asked: &GeoTable) -> anyhow::Result<Self> {
        let table = open(&asked.file)?;
        let (regions, dates) = (table.texts(&asked.region)?, table.dates(&asked.time)?);
        let values = table.numbers(&asked.value)?;
        let (of_row, names) = numbered(regions);
        let (at_row, days) = numbered(dates);
        let panel = Panel::of_rows(&of_row, &at_row, &values).with_context(|| {
            format!(
                "`{}` needs one number for each of {} regions on each of {} days",
                asked.file.input.display(),
                names.len(),
                days.len()
            )
        })?;
        Ok(Self { panel, names, days })
    }

    fn numbers(&self, names: &[String]) -> anyhow::Result<Vec<usize>> {
        let number = |name: &String| match self.names.iter().position(|known| known == name) {
            Some(number) => Ok(number),
            None => bail!("there is no region `{name}`; there are {}", self.names.join(", ")),
        };
        names.iter().map(number).collect()
    }

    fn name(&self, region: usize) -> String {
        self.names.get(region).cloned().unwrap_or_default()
    }

    fn planned(&self, candidate: &Candidate) -> Planned {
        Planned {
            regions: candidate.regions.iter().map(|region| self.name(*region)).collect(),
            detectable: candidate.detectable,
            imbalance_scaled: candidate.imbalance,
            lifts: candidate
                .power
                .iter()
                .map(|one| Played { lift: one.lift, found: one.found, effect: one.effect, power: one.power })
                .collect(),
        }
    }
}

/// Numbers for values, in their order, and the values.
fn numbered<T: Ord + Clone>(column: Vec<T>) -> (Vec<usize>, Vec<T>) {
    let mut known: BTreeMap<&T, usize> = column.iter().map(|value| (value, 0)).collect();
    known.values_mut().enumerate().for_each(|(number, place)| *place = number);
    let numbers = column.iter().map(|value| known.get(value).copied().unwrap_or(0)).collect();
    (numbers, known.into_keys().cloned().collect())
}

impl Report {
    fn print(&self, level: f64) {
        say!("{} from {} to {}", self.treated.join(" and "), self.from, self.until);
        say!(
            "  effect on a region and day {:.3}, lift {:+.1} %, incremental {:.0}",
            self.effect,
            self.lift * 100.0,
            self.incremental
        );
        say!("  p {:.4}, against the other days", self.p_value);
        match (&self.placebo.effect, self.placebo.p_value, &self.placebo.refused) {
            (Some(effect), Some(p_value), _) => {
                say!(
                    "  p {p_value:.4}, against {} placebos in other regions; interval of {} % {}",
                    self.placebo.placebos,
                    level * 100.0,
                    effect.words()
                );
            }
            (.., Some(refused)) => say!("  against placebos in other regions: {refused}"),
            _ => {}
        }
        say!(
            "  off before by {:.3}, {:.1} % of what equal weights are off",
            self.imbalance,
            self.imbalance_scaled * 100.0
        );
        let mut table = terminal::table();
        table.set_header(["region", "weight"]);
        for Weight { region, weight } in &self.weights {
            table.add_row([region.clone(), format!("{weight:.4}")]);
        }
        say!("{table}");
    }
}

fn print(planned: &[Planned]) {
    let mut table = terminal::table();
    table.set_header(["regions", "detectable lift", "off before", "planted: found, power"]);
    for one in planned {
        let lifts = one.lifts.iter().map(|played| {
            format!("{:.0} %: {:+.1} %, {:.2}", played.lift * 100.0, played.found * 100.0, played.power)
        });
        table.add_row([
            one.regions.join(", "),
            one.detectable
                .map_or_else(|| "none of these".to_owned(), |lift| format!("{:.0} %", lift * 100.0)),
            format!("{:.1} %", one.imbalance_scaled * 100.0),
            lifts.collect::<Vec<_>>().join("; "),
        ]);
    }
    say!("{table}");
}

fn draw(found: &Synthetic, window: Window) -> Chart<'static> {
    let over_time = |series: &[f64]| {
        series.iter().enumerate().map(|(time, value)| (wink_stats::numeric::count(time), *value)).collect()
    };
    Chart {
        title: "Treated regions, and what would have been",
        along: "days since the first",
        up: "mean of the treated regions",
        lines: vec![
            Line { name: "observed", points: over_time(&found.observed) },
            Line { name: "without the treatment", points: over_time(&found.counterfactual) },
        ],
        bands: Vec::new(),
        marks: vec![(wink_stats::numeric::count(window.begin), "treatment begins")],
    }
}

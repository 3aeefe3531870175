//! `wink model policy`: what treating nobody, everybody, or whom a model chooses brings.

use anyhow::ensure;
use serde::Serialize;
use wink_stats::uplift::{Folds, Nuisance, Prices, Propensities, Readout, best_net_value};

use super::trial::{People, base, learner, open};
use crate::arguments::Policy;
use crate::command::interval::Around;
use crate::terminal::{json, say, table};

/// What is printed.
#[derive(Serialize)]
struct Report {
    rows: usize,
    value: f64,
    costs: Vec<f64>,
    policies: Vec<OfPolicy>,
}

#[derive(Serialize)]
struct OfPolicy {
    name: String,
    /// The part of all people it treats.
    treats: f64,
    treatments: Vec<OfTreatment>,
    /// Net incremental revenue, of all its treatments together.
    nir: f64,
    /// Money for each person of the file, against treating nobody (AIPW).
    gain: Around,
}

/// What the trial says of those the policy gives one treatment.
#[derive(Serialize)]
struct OfTreatment {
    name: String,
    treated: u64,
    control: u64,
    treated_outcomes: f64,
    control_outcomes: f64,
    /// Incremental response rate.
    irr: Option<f64>,
    nir: f64,
}

pub(super) fn run(asked: &Policy) -> anyhow::Result<()> {
    let input = &asked.trial;
    let people = People::read(&open(&input.file)?, input)?;
    let count = people.treatments.len();
    ensure!(
        asked.cost.len() == count,
        "{} costs for {count} treatments: say --cost once for each --treatment",
        asked.cost.len()
    );
    ensure!(
        asked.value.is_finite() && asked.cost.iter().all(|cost| cost.is_finite()),
        "--value and --cost are amounts: finite numbers, like 0.15"
    );
    let prices = Prices { value: asked.value, costs: &asked.cost };
    let trial = people.trial()?;
    let base_model = base(input.learned.base);
    let nuisance = Nuisance::cross_fit(base_model.as_ref(), &trial, Folds::default(), Propensities::Shares)?;
    let nobody = vec![0; people.given.len()];
    let mut policies = vec![("none".to_owned(), nobody.clone())];
    for (arm, name) in (1..).zip(&people.treatments) {
        let name = if count == 1 { "all".to_owned() } else { format!("all: {name}") };
        policies.push((name, vec![arm; people.given.len()]));
    }
    policies.push(("model".to_owned(), chosen(&people, asked, &prices)?));
    let described = policies.into_iter().map(|(name, policy)| {
        let gain = nuisance.gain(&trial, (&policy, &nobody), &prices, input.level)?.into();
        Ok(describe(name, &policy, &people, &prices, gain))
    });
    let report = Report {
        rows: people.given.len(),
        value: asked.value,
        costs: asked.cost.clone(),
        policies: described.collect::<anyhow::Result<_>>()?,
    };
    if input.json {
        return json(&report);
    }
    print(&report);
    Ok(())
}

/// Chooses for each half by effects learned from the other.
fn chosen(people: &People, asked: &Policy, prices: &Prices<'_>) -> anyhow::Result<Vec<usize>> {
    let mut chosen = vec![0; people.given.len()];
    for first in [true, false] {
        let (train, test) = (people.half(!first)?, people.half(first)?);
        let trial = train.trial()?;
        let learner = learner(asked.trial.learner, trial.given().len());
        let effects = learner.fit(base(asked.trial.learned.base).as_ref(), &trial)?;
        let of_half = best_net_value(&effects.predict(test.rows()?), prices)?;
        let places = chosen.iter_mut().zip(&people.first_half).filter(|(_, half)| **half == first);
        places.zip(of_half).for_each(|((place, _), arm)| *place = arm);
    }
    Ok(chosen)
}

fn describe(name: String, policy: &[usize], people: &People, prices: &Prices<'_>, gain: Around) -> OfPolicy {
    let of_treatment = |(arm, name): (usize, &String)| {
        let readout = Readout::of(arm, policy, &people.given, &people.outcomes);
        let cost = prices.costs.get(arm - 1).copied().unwrap_or(0.0);
        OfTreatment {
            name: name.clone(),
            treated: readout.treated.people,
            control: readout.control.people,
            treated_outcomes: readout.treated.outcomes,
            control_outcomes: readout.control.outcomes,
            irr: readout.incremental_rate(),
            nir: readout.net_revenue(prices.value, cost),
        }
    };
    let used = (1..).zip(&people.treatments).filter(|(arm, _)| policy.contains(arm));
    let treatments: Vec<OfTreatment> = used.map(of_treatment).collect();
    let treated = policy.iter().filter(|arm| **arm != 0).count();
    #[expect(clippy::cast_precision_loss, reason = "counts of rows")]
    let treats = treated as f64 / policy.len() as f64;
    OfPolicy { name, treats, nir: treatments.iter().fold(0.0, |sum, one| sum + one.nir), treatments, gain }
}

fn print(report: &Report) {
    let costs: Vec<String> = report.costs.iter().map(ToString::to_string).collect();
    say!(
        "{} people; an outcome is worth {}, a treatment costs {}\n",
        report.rows,
        report.value,
        costs.join(", ")
    );
    let mut rows = table();
    rows.set_header(["policy", "treats", "IRR", "NIR", "gain for each person, against none"]);
    for policy in &report.policies {
        let irr: Vec<String> = policy
            .treatments
            .iter()
            .map(|one| one.irr.map_or_else(|| "not enough data".to_owned(), |irr| format!("{irr:.7}")))
            .collect();
        rows.add_row([
            policy.name.clone(),
            format!("{:.1} %", 100.0 * policy.treats),
            irr.join(", "),
            format!("{:.2}", policy.nir),
            policy.gain.words(),
        ]);
    }
    say!("{rows}");
}

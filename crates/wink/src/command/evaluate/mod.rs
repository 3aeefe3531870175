//! `wink evaluate off-policy`: what another policy would have brought, from the log of one that drew by chance.

mod log;
mod policy;
mod priors;

use std::process::ExitCode;

use anyhow::Context;
use serde::Serialize;
use wink_stats::offpolicy::{CellMeans, Choices, Log, direct};

use self::log::Rounds;
use self::policy::Policy;
use super::interval::Around;
use crate::arguments::{Evaluate, EvaluateAction, OffPolicy};
use crate::terminal::{json, say, table};

/// Which half a round is in, for the model of rewards, is drawn from this: the same log gives the same estimate.
const SEED: u64 = 1;

/// What is printed.
#[derive(Serialize)]
struct Report {
    rounds: usize,
    mean_reward_logged: f64,
    ipw: Around,
    snipw: Around,
    dm: Around,
    /// Whether rounds of one action and position were drawn with different probabilities.
    dm_may_be_off: bool,
    dr: Around,
    overlap: Overlap,
}

#[derive(Serialize)]
struct Overlap {
    mean_weight: f64,
    highest_weight: f64,
    effective_rounds: f64,
    unused: f64,
    /// The part of what the other policy does that the log never shows.
    never_logged: f64,
}

/// Less of the policy than this is rounding.
const MASS_SMALL: f64 = 1e-3;

pub(crate) fn run(evaluate: &Evaluate) -> anyhow::Result<ExitCode> {
    let EvaluateAction::OffPolicy(asked) = &evaluate.action;
    let rounds = Rounds::read(asked)?;
    let policy = Policy::read(&asked.policy, &rounds)?;
    let report = estimate(&rounds, &policy, asked)?;
    if asked.json {
        json(&report)?
    } else {
        print(&report)
    }
    Ok(ExitCode::SUCCESS)
}

fn estimate(rounds: &Rounds, policy: &Policy, asked: &OffPolicy) -> anyhow::Result<Report> {
    let cells = rounds.cells();
    let target: Vec<f64> = cells.iter().map(|cell| policy.probability(*cell)).collect();
    let log = Log::new(&rounds.rewards, &rounds.logged, &target)?;
    // The reward of each action at each position, for two halves each learned from the other.
    let model = CellMeans::cross_fit(&cells, rounds.cell_count(), &rounds.rewards, 2, SEED)?;
    let expected_of =
        |round, cell| model.expected(round, cell).context("a round has a cell that was not counted");
    let mut expected = Vec::with_capacity(cells.len());
    let mut values = Vec::with_capacity(cells.len());
    for (round, cell) in cells.iter().enumerate() {
        expected.push(expected_of(round, *cell)?);
        let beside = rounds.cells_beside(*cell);
        let value = beside.map(|cell| Ok(policy.probability(cell) * expected_of(round, cell)?));
        values.push(value.sum::<anyhow::Result<f64>>()?);
    }
    let level = asked.level;
    let (place_of, probability): (Vec<usize>, Vec<f64>) =
        (0..rounds.cell_count()).map(|cell| (rounds.position_of(cell), policy.probability(cell))).unzip();
    let choices = Choices { place_of: &place_of, probability: &probability };
    let overlap = log.overlap();
    #[expect(clippy::cast_precision_loss, reason = "counts of rows")]
    let mean_reward_logged = rounds.rewards.iter().sum::<f64>() / rounds.rewards.len() as f64;
    Ok(Report {
        rounds: overlap.rounds,
        mean_reward_logged,
        ipw: log.ipw(level)?.into(),
        snipw: log.snipw(level)?.into(),
        dm: direct(&cells, &rounds.rewards, choices, level)?.into(),
        dm_may_be_off: rounds.is_drawn_unlike(),
        dr: log.doubly_robust(&expected, &values, level)?.into(),
        overlap: Overlap {
            mean_weight: overlap.mean_weight,
            highest_weight: overlap.highest_weight,
            effective_rounds: overlap.effective_rounds,
            unused: overlap.unused,
            never_logged: policy.never_logged(rounds),
        },
    })
}

fn print(report: &Report) {
    let Report { rounds, mean_reward_logged, ipw, snipw, dm, dm_may_be_off, dr, overlap } = report;
    say!("{rounds} rounds, whose mean reward was {mean_reward_logged:.6}\n");
    let mut rows = table();
    rows.set_header(["estimate of the other policy", "mean reward"]);
    for (name, around) in [
        ("IPW, inverse propensities", ipw),
        ("SNIPW, self-normalised", snipw),
        ("DM, means of actions", dm),
        ("DR, doubly robust", dr),
    ] {
        rows.add_row([name.to_owned(), around.words()]);
    }
    say!("{rows}\n");
    let Overlap { mean_weight, highest_weight, effective_rounds, unused, never_logged } = overlap;
    say!(
        "mean weight {mean_weight:.4}, highest {highest_weight:.2}; worth {effective_rounds:.0} rounds of the other policy"
    );
    say!("{:.1} % of the rounds have an action it would never choose", 100.0 * unused);
    if MASS_SMALL < *never_logged {
        say!(
            "in {:.1} % of its choices it takes an action that the log never has there: what these bring nobody knows; IPW counts nothing for them, SNIPW what the rest of its choices brings, DM and DR what the log brought in the mean",
            100.0 * never_logged
        );
    }
    if *dm_may_be_off {
        say!(
            "the log drew one action at one position with different probabilities: if it did so by who was asked, DM compares unlike people, and its interval does not know it; go by DR"
        );
    }
}

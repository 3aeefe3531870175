//! Other policies' rewards: the published figures, coverage, and what is refused.

use std::io::Read;

use wink_stats::bandit::{Beta, rank_probabilities};
use wink_stats::offpolicy::{CellMeans, Choices, Log, direct};
use wink_stats::{Error, Interval};

use crate::sample::{Chance, Csv, near, reference};

/// The beliefs about items under `all:` in the file of priors: a list of alphas, then one of betas.
fn beliefs() -> Vec<Beta> {
    let mut text = String::new();
    reference("obd/prior_bts.yaml").read_to_string(&mut text).unwrap();
    let (_, all) = text.split_once("all:").unwrap();
    let (alphas, betas) = all.split_once("beta:").unwrap();
    let numbers = |text: &str| -> Vec<f64> {
        let entries = text.lines().skip_while(|line| !line.trim().starts_with("- "));
        entries.map_while(|line| line.trim().strip_prefix("- ")?.parse().ok()).collect()
    };
    numbers(alphas).into_iter().zip(numbers(betas)).map(|(alpha, beta)| Beta { alpha, beta }).collect()
}

#[test]
fn reference_open_bandit_is_valued_as_published() {
    let beliefs = beliefs();
    assert_eq!(beliefs.len(), 80);
    let chosen = rank_probabilities(&beliefs, 3).unwrap();
    let csv = Csv::reference("obd/random/all/all.csv.gz");
    let (clicks, logged) = (csv.numbers("click"), csv.numbers("propensity_score"));
    let whole = |name| csv.text(name).iter().map(|text| text.parse().unwrap()).collect::<Vec<usize>>();
    let (items, positions) = (whole("item_id"), whole("position"));
    let target: Vec<f64> =
        items.iter().zip(&positions).map(|(item, position)| chosen[*item][position - 1]).collect();
    let log = Log::new(&clicks, &logged, &target).unwrap();
    // The published figures come from 100,000 draws, which are off by about 0.00002 themselves.
    let ipw = log.ipw(0.95).unwrap();
    near(ipw.estimate, 0.004_553, 1e-4);
    near(log.snipw(0.95).unwrap().estimate, 0.004_776, 1e-4);
    let overlap = log.overlap();
    near(overlap.mean_weight, 0.953, 2e-3);
    near(overlap.effective_rounds, 1_641.0, 15.0);
    near(ipw.lower, 0.001_531, 1e-4);
    near(ipw.upper, 0.009_254, 3e-4);
    assert!(ipw.lower < 0.0042 && 0.0042 < ipw.upper, "what the policy really brought lies inside");
    let cell_of: Vec<usize> =
        items.iter().zip(&positions).map(|(item, position)| 3 * item + position - 1).collect();
    let model = CellMeans::cross_fit(&cell_of, 240, &clicks, 2, 1).unwrap();
    let of_round =
        |round: usize, item: usize| model.expected(round, 3 * item + positions[round] - 1).unwrap();
    let expected: Vec<f64> = (0..clicks.len()).map(|round| of_round(round, items[round])).collect();
    let value = |round: usize| -> f64 {
        (0..80).map(|item| chosen[item][positions[round] - 1] * of_round(round, item)).sum()
    };
    let values: Vec<f64> = (0..clicks.len()).map(value).collect();
    // The published model knows features of people and items.
    near(log.doubly_robust(&expected, &values, 0.95).unwrap().estimate, 0.004_727, 3e-4);
    let (place_of, probability): (Vec<usize>, Vec<f64>) =
        (0..240).map(|cell| (cell % 3, chosen[cell / 3][cell % 3])).unzip();
    let choices = Choices { place_of: &place_of, probability: &probability };
    let direct = direct(&cell_of, &clicks, choices, 0.95).unwrap();
    // Means of cells and their standard error, by numpy 2.4 from the same beliefs with 2,000,000 draws.
    near(direct.estimate, NUMPY_DIRECT, 1e-4);
    near((direct.upper - direct.lower) / (2.0 * 1.96), NUMPY_DIRECT_ERROR, 2e-4);
    assert!(direct.lower < 0.0042 && 0.0042 < direct.upper);
}

const NUMPY_DIRECT: f64 = 0.004_615;
const NUMPY_DIRECT_ERROR: f64 = 0.002_230;

/// Rounds of two actions whose rewards are rare, logged by a policy that mostly chooses the first.
struct Simulated {
    rewards: Vec<f64>,
    logged: Vec<f64>,
    target: Vec<f64>,
    actions: Vec<usize>,
}

const REWARDS: [f64; 2] = [0.1, 0.3];
const LOGGED: [f64; 2] = [0.85, 0.15];
const TARGET: [f64; 2] = [0.25, 0.75];
/// What the other policy would bring.
const TRUTH: f64 = TARGET[0] * REWARDS[0] + TARGET[1] * REWARDS[1];

impl Simulated {
    fn new(seed: u64, rounds: usize) -> Self {
        let mut chance = Chance::new(seed);
        let actions: Vec<usize> = (0..rounds).map(|_| usize::from(LOGGED[0] <= chance.share())).collect();
        Self {
            rewards: actions.iter().map(|action| chance.hit(REWARDS[*action])).collect(),
            logged: actions.iter().map(|action| LOGGED[*action]).collect(),
            target: actions.iter().map(|action| TARGET[*action]).collect(),
            actions,
        }
    }

    fn log(&self) -> Log<'_> {
        Log::new(&self.rewards, &self.logged, &self.target).unwrap()
    }

    fn direct(&self) -> Interval {
        let choices = Choices { place_of: &[0, 0], probability: &TARGET };
        direct(&self.actions, &self.rewards, choices, 0.95).unwrap()
    }

    fn doubly_robust(&self) -> Interval {
        let model = CellMeans::cross_fit(&self.actions, 2, &self.rewards, 2, 1).unwrap();
        let of = |round, action| model.expected(round, action).unwrap();
        let rounds = 0..self.actions.len();
        let expected: Vec<f64> = rounds.clone().map(|round| of(round, self.actions[round])).collect();
        let values: Vec<f64> =
            rounds.map(|round| TARGET[0] * of(round, 0) + TARGET[1] * of(round, 1)).collect();
        self.log().doubly_robust(&expected, &values, 0.95).unwrap()
    }
}

fn check_coverage(estimate: impl Fn(&Simulated) -> Interval) {
    let runs = 1_000;
    let held = (0..runs).filter(|seed| {
        let interval = estimate(&Simulated::new(*seed, 500));
        interval.lower <= TRUTH && TRUTH <= interval.upper
    });
    let held = held.count();
    assert!((930..=970).contains(&held), "{held} of {runs}");
}

#[test]
fn intervals_hold_the_truth_as_often_as_they_say() {
    check_coverage(|simulated| simulated.log().ipw(0.95).unwrap());
    check_coverage(|simulated| simulated.log().snipw(0.95).unwrap());
    check_coverage(Simulated::doubly_robust);
    check_coverage(Simulated::direct);
}

/// Three places, each with eight actions that are drawn the less often the better they are; the other policy does the opposite.
#[test]
fn the_direct_method_holds_the_truth_as_often_as_it_says_with_cells_of_few_rounds() {
    const ACTIONS: usize = 8;
    let place_of: Vec<usize> = (0..3 * ACTIONS).map(|cell| cell / ACTIONS).collect();
    let reward = |cell: usize| 0.04 + 0.02 * (cell % ACTIONS) as f64 + 0.03 * (cell / ACTIONS) as f64;
    let logged: Vec<f64> = (0..ACTIONS).map(|action| (ACTIONS - action) as f64 / 36.0).collect();
    let probability: Vec<f64> = (0..3 * ACTIONS).map(|cell| (cell % ACTIONS + 1) as f64 / 36.0).collect();
    let at: Vec<f64> = (0..3)
        .map(|place| (0..ACTIONS).map(|action| probability[action] * reward(place * ACTIONS + action)).sum())
        .collect();
    let truth = at.iter().sum::<f64>() / 3.0;
    let choices = Choices { place_of: &place_of, probability: &probability };
    let held = (0..1_000).filter(|seed| {
        let mut chance = Chance::new(10_000 + seed);
        let cells: Vec<usize> = (0..2_000)
            .map(|round| {
                let mut left = chance.share();
                let drawn = logged.iter().position(|share| {
                    left -= share;
                    left < 0.0
                });
                (round % 3) * ACTIONS + drawn.unwrap_or(ACTIONS - 1)
            })
            .collect();
        let rewards: Vec<f64> = cells.iter().map(|cell| chance.hit(reward(*cell))).collect();
        let interval = direct(&cells, &rewards, choices, 0.95).unwrap();
        interval.lower <= truth && truth <= interval.upper
    });
    let held = held.count();
    assert!((930..=970).contains(&held), "{held} of 1000");
}

/// By hand: the first cell has 20 rounds with the mean 0.5 and the second 20 with 0.25; the policy only takes the second.
#[test]
fn the_direct_method_is_the_mean_of_the_cells_the_policy_chooses() {
    let cells: Vec<usize> = (0..40).map(|round| round % 2).collect();
    let rewards: Vec<f64> = (0..40)
        .map(|round| f64::from(u8::from(if round % 2 == 0 { round < 20 } else { round < 10 })))
        .collect();
    let choices = Choices { place_of: &[0, 0], probability: &[0.0, 1.0] };
    let interval = direct(&cells, &rewards, choices, 0.95).unwrap();
    near(interval.estimate, 0.25, 1e-12);
    // 1.96 · √(0.25 · 0.75 / 19) = 0.195, and a little for the skew.
    near((interval.upper - interval.lower) / 2.0, 0.195, 0.01);
    let refused = |cells: &[usize], choices| direct(cells, &rewards, choices, 0.95).unwrap_err();
    assert!(matches!(refused(&[0; 39], choices), Error::Shape { .. }));
    assert!(matches!(refused(&[2; 40], choices), Error::NotEnoughData { what: "cells", .. }));
    let broken = Choices { place_of: &[0, 0], probability: &[f64::NAN, 1.0] };
    assert!(matches!(refused(&cells, broken), Error::NotFinite { .. }));
}

#[test]
fn a_policy_that_was_logged_itself_has_the_mean_reward() {
    let simulated = Simulated::new(1, 1_000);
    let log = Log::new(&simulated.rewards, &simulated.logged, &simulated.logged).unwrap();
    let mean = simulated.rewards.iter().sum::<f64>() / 1_000.0;
    near(log.ipw(0.95).unwrap().estimate, mean, 1e-12);
    near(log.snipw(0.95).unwrap().estimate, mean, 1e-12);
    let overlap = log.overlap();
    near(overlap.effective_rounds, 1_000.0, 1e-9);
    assert_eq!((overlap.mean_weight, overlap.highest_weight, overlap.unused), (1.0, 1.0, 0.0));
}

#[test]
fn a_log_that_says_nothing_about_the_policy_is_refused() {
    let (rewards, logged) = (vec![1.0; 100], vec![0.5; 100]);
    let refused = |logged: &[f64], target: &[f64]| Log::new(&rewards, logged, target).unwrap_err();
    assert!(matches!(refused(&logged, &[0.0; 100]), Error::NotEnoughData { needed: 30, found: 0, .. }));
    let mut few = vec![0.0; 100];
    few[..20].fill(1.0);
    assert!(matches!(refused(&logged, &few), Error::NotEnoughData { needed: 30, found: 20, .. }));
    assert!(matches!(refused(&[0.0; 100], &few), Error::OutOfRange { .. }));
    assert!(matches!(refused(&logged, &[1.5; 100]), Error::OutOfRange { .. }));
    assert!(matches!(refused(&logged, &[f64::NAN; 100]), Error::NotFinite { .. }));
    assert!(matches!(refused(&logged, &[1.0; 99]), Error::Shape { .. }));
    assert_eq!(refused(&logged, &[0.5; 100]), Error::Constant { what: "the reward" });
}

//! Probabilities: the published figure, agreement with scikit-learn, calibration, and what is refused.

use std::collections::BTreeSet;

use wink_stats::propensity::{
    Base, Linear, Model, Recalibrated, auc, auc_interval, calibration, log_loss, logit, sigmoid,
};
use wink_stats::{Error, Rows, only};

use crate::sample::{Chance, Csv, near, rows};

/// People whose logit is −1 + 2 · first − second.
fn simulated(seed: u64, people: usize) -> (Vec<f64>, Vec<f64>) {
    let mut chance = Chance::new(seed);
    let features: Vec<f64> = (0..2 * people).map(|_| chance.normal()).collect();
    let outcomes = features.chunks(2).map(|x| chance.hit(sigmoid(-1.0 + 2.0 * x[0] - x[1]))).collect();
    (features, outcomes)
}

/// scikit-learn 1.9.1, `LogisticRegression(C=1, tol=1e-12)` on the same twelve rows, twice each.
#[test]
fn weights_agree_with_an_independent_implementation() {
    let once = [
        [0.5, 1.0, 1.0],
        [1.5, -0.5, 0.0],
        [2.5, 0.0, 1.0],
        [3.0, 2.0, 0.0],
        [0.0, 1.0, 0.0],
        [1.0, -1.0, 1.0],
        [2.0, 0.5, 0.0],
        [0.2, 0.1, 0.0],
        [1.7, 1.2, 1.0],
        [2.2, -0.7, 1.0],
        [0.9, 0.4, 0.0],
        [2.8, -1.5, 0.0],
    ];
    let features: Vec<f64> = once.iter().chain(&once).flat_map(|row| [row[0], row[1]]).collect();
    let outcomes: Vec<f64> = once.iter().chain(&once).map(|row| row[2]).collect();
    let model = Linear { penalty: 1.0 }.fit_logistic(Rows::new(&features, 2).unwrap(), &outcomes).unwrap();
    near(model.intercept(), SKLEARN[0], 1e-6);
    near(model.weights()[0], SKLEARN[1], 1e-6);
    near(model.weights()[1], SKLEARN[2], 1e-6);
}

const SKLEARN: [f64; 3] = [-0.409_687_67, 0.068_219_53, -0.159_332_92];

#[test]
fn the_truth_is_found_and_promised_shares_come_about() {
    let (features, outcomes) = simulated(1, 20_000);
    let rows = Rows::new(&features, 2).unwrap();
    let model = Linear::default().fit_logistic(rows, &outcomes).unwrap();
    near(model.intercept(), -1.0, 0.06);
    near(model.weights()[0], 2.0, 0.08);
    near(model.weights()[1], -1.0, 0.06);
    let expected: f64 = model.predict(rows).iter().sum();
    near(expected, outcomes.iter().sum(), 0.01);
    let (others, seen) = simulated(2, 20_000);
    let held = calibration(&model.predict(Rows::new(&others, 2).unwrap()), &seen, 10).unwrap();
    near(held.slope, 1.0, 0.06);
    near(held.intercept, 0.0, 0.06);
    assert!(held.error < 0.02 && held.bins.len() == 10, "{held:?}");
    assert!(held.bins.iter().all(|bin| bin.count == 2_000));
}

/// A model that is too sure by half and always too high.
#[derive(Debug)]
struct TooSure(Box<dyn Model>);

impl Model for TooSure {
    fn predict(&self, rows: Rows<'_>) -> Vec<f64> {
        self.0.predict(rows).iter().map(|probability| sigmoid(1.5 * logit(*probability) + 0.5)).collect()
    }

    fn contributions(&self, row: &[f64]) -> wink_stats::propensity::Contributions {
        let mut inner = self.0.contributions(row);
        inner.base = 1.5 * inner.base + 0.5;
        inner.by_column.iter_mut().for_each(|adds| *adds *= 1.5);
        inner
    }
}

#[test]
fn a_model_that_is_too_sure_is_mended_on_others() {
    let (features, outcomes) = simulated(1, 20_000);
    let (others, seen) = simulated(2, 20_000);
    let rows = Rows::new(&others, 2).unwrap();
    let learn = || Linear::default().learn_probability(Rows::new(&features, 2).unwrap(), &outcomes).unwrap();
    let before = calibration(&TooSure(learn()).predict(rows), &seen, 10).unwrap();
    near(before.slope, 1.0 / 1.5, 0.05);
    let mended = Recalibrated::fit(TooSure(learn()), rows, &seen).unwrap();
    let after = calibration(&mended.predict(rows), &seen, 10).unwrap();
    near(after.slope, 1.0, 1e-3);
    near(after.intercept, 0.0, 1e-3);
    assert!(after.brier < before.brier && after.error < before.error / 2.0);
    let row = [0.7, -0.3];
    let probability = mended.predict(Rows::new(&row, 2).unwrap())[0];
    near(mended.contributions(&row).score(), logit(probability), 1e-9);
}

#[test]
fn contributions_add_up_to_the_score() {
    let (features, outcomes) = simulated(3, 500);
    let rows = Rows::new(&features, 2).unwrap();
    let model = Linear::default().fit_logistic(rows, &outcomes).unwrap();
    let row = [1.0, 2.0];
    let parts = model.contributions(&row);
    near(sigmoid(parts.score()), model.predict(Rows::new(&row, 2).unwrap())[0], 1e-12);
    assert!(0.0 < parts.by_column[0] && parts.by_column[1] < 0.0, "{parts:?}");
}

/// Scores of the ones are those of the zeros, half a standard deviation or two further up: the area is Φ(shift/√2) (Hanley and McNeil 1982).
/// Forty rows of the rarer outcome, or four hundred.
#[test]
fn intervals_of_the_area_hold_it_as_often_as_they_say() {
    for (seed, shift, people) in [(1, 0.5, 200), (2, 2.0, 200), (3, 0.5, 2_000)] {
        let area = wink_stats::numeric::normal_cdf(shift / std::f64::consts::SQRT_2);
        let mut chance = Chance::new(seed);
        let held = (0..1_000).filter(|_| {
            let outcomes: Vec<f64> = (0..people).map(|row| if row % 5 == 0 { 1.0 } else { 0.0 }).collect();
            let scores: Vec<f64> = outcomes.iter().map(|one| one * shift + chance.normal()).collect();
            let found = auc_interval(&scores, &outcomes, 0.95).unwrap();
            found.lower <= area && area <= found.upper
        });
        let held = held.count();
        assert!((930..=970).contains(&held), "seed {seed}, shift {shift}: {held} of 1000");
    }
}

/// scikit-learn 1.9.1: `log_loss([0, 1, 1, 0], [0.1, 0.8, 0.4, 0.4])` is 0.4389051056530454.
#[test]
fn the_loss_is_that_of_an_independent_implementation() {
    let outcomes = [0.0, 1.0, 1.0, 0.0];
    near(log_loss(&[0.1, 0.8, 0.4, 0.4], &outcomes).unwrap(), 0.438_905_105_653_045_4, 1e-12);
    let sure = log_loss(&[0.0, 1.0, 0.0, 0.0], &outcomes).unwrap();
    assert!(8.0 < sure && sure < 9.0, "a certainty that was wrong is dear and not endless: {sure}");
    assert!(matches!(log_loss(&[], &[]), Err(Error::NotEnoughData { .. })));
}

/// Whoever is promised the same is in the same bin, in whatever order the file is.
#[test]
fn bins_keep_what_is_promised_alike_together() {
    let promised: Vec<f64> = (0..1_000).map(|row| if row % 10 == 0 { 0.5 } else { 0.2 }).collect();
    let seen: Vec<f64> = (0..1_000).map(|row| if row % 4 == 0 { 1.0 } else { 0.0 }).collect();
    let held = calibration(&promised, &seen, 5).unwrap();
    let bins: Vec<(usize, f64)> = held.bins.iter().map(|bin| (bin.count, bin.observed)).collect();
    assert_eq!(bins, [(900, 200.0 / 900.0), (100, 0.5)]);
    // scipy 1.17: `binomtest(50, 100).proportion_ci(method="wilson")` is (0.40383153, 0.59616847).
    let around = held.bins[1].seen(0.95).unwrap();
    near(around.lower, 0.403_831_53, 1e-8);
    near(around.upper, 0.596_168_47, 1e-8);
    assert!(matches!(held.bins[0].seen(95.0), Err(Error::OutOfRange { .. })));
}

#[test]
fn ridge_finds_a_line() {
    let features: Vec<f64> = (0..50).map(f64::from).collect();
    let outcomes: Vec<f64> = features.iter().map(|x| 3.0 + 0.5 * x).collect();
    let model = Linear { penalty: 1e-9 }.fit_ridge(Rows::new(&features, 1).unwrap(), &outcomes).unwrap();
    near(model.intercept(), 3.0, 1e-6);
    near(model.weights()[0], 0.5, 1e-8);
}

/// Sessions of a shop, without `PageValues`, which knows of the purchase: logarithms on one scale, months, kind of visitor, weekend. Five
/// parts by the row's number, each judged by a model of the others.
#[test]
fn reference_intent_of_online_shoppers_is_told_as_published() {
    let csv = Csv::reference("online_shoppers/online_shoppers_intention.csv.gz");
    let mut columns: Vec<Vec<f64>> = [
        "Administrative",
        "Administrative_Duration",
        "Informational",
        "Informational_Duration",
        "ProductRelated",
        "ProductRelated_Duration",
        "BounceRates",
        "ExitRates",
        "SpecialDay",
    ]
    .map(|name| standardised(csv.numbers(name).iter().map(|number| libm::log1p(*number)).collect()))
    .into();
    for name in ["Month", "VisitorType", "Weekend"] {
        let values: BTreeSet<&str> = csv.text(name).into_iter().collect();
        columns.extend(values.into_iter().map(|value| csv.is(name, value)));
    }
    let bought = csv.is("Revenue", "TRUE");
    let (all, width) = (rows(&columns), columns.len());
    let all = Rows::new(&all, width).unwrap();
    let mean = (0..5).map(|part| {
        let is_in = |row: usize| row % 5 == part;
        let (train, test) = (all.only(|row| !is_in(row)), all.only(is_in));
        let model = Linear::default().fit_logistic(train.rows(), &only(&bought, |row| !is_in(row))).unwrap();
        auc(&model.predict(test.rows()), &only(&bought, is_in)).unwrap()
    });
    near(mean.sum::<f64>() / 5.0, 0.7494, 2e-3);
}

fn standardised(numbers: Vec<f64>) -> Vec<f64> {
    let count = numbers.len() as f64;
    let mean = numbers.iter().sum::<f64>() / count;
    let variance = numbers.iter().map(|number| (number - mean) * (number - mean)).sum::<f64>() / count;
    numbers.iter().map(|number| (number - mean) / variance.sqrt()).collect()
}

fn refused(features: &[f64], outcomes: &[f64]) -> Error {
    Linear::default().fit_logistic(Rows::new(features, 1).unwrap(), outcomes).unwrap_err()
}

#[test]
fn outcomes_that_say_nothing_are_refused() {
    let features: Vec<f64> = (0..40).map(f64::from).collect();
    let constant = Error::Constant { what: "the outcome" };
    assert_eq!(refused(&features, &[0.0; 40]), constant);
    assert_eq!(refused(&features, &[1.0; 40]), constant);
    assert_eq!(refused(&[1.0], &[1.0]), constant, "one customer");
    let separated: Vec<f64> = features.iter().map(|x| f64::from(u8::from(19.5 < *x))).collect();
    assert_eq!(refused(&features, &separated), Error::Separated { what: "a sum of the features" });
    let mut rare = vec![0.0; 40];
    rare[..9].fill(1.0);
    assert!(matches!(refused(&features, &rare), Error::NotEnoughData { needed: 10, found: 9, .. }));
    let mut odd = vec![0.0; 40];
    odd[3] = 2.0;
    assert!(matches!(refused(&features, &odd), Error::OutOfRange { .. }));
    odd[3] = f64::INFINITY;
    assert!(matches!(refused(&features, &odd), Error::NotFinite { row: 4, .. }));
    assert!(matches!(refused(&features, &[0.0, 1.0]), Error::Shape { .. }));
}

#[test]
fn huge_numbers_are_fitted_or_refused() {
    let mut chance = Chance::new(1);
    let outcomes: Vec<f64> = (0..200).map(|_| chance.hit(0.5)).collect();
    for scale in [1e6, 1e12, 1e200, 1e308] {
        let features: Vec<f64> = (0..200).map(|_| scale * chance.share()).collect();
        match Linear::default().fit_logistic(Rows::new(&features, 1).unwrap(), &outcomes) {
            Ok(model) => {
                assert!(model.predict(Rows::new(&features, 1).unwrap()).iter().all(|p| p.is_finite()))
            }
            Err(error) => assert!(matches!(error, Error::NoConvergence { .. }), "{error}"),
        }
    }
    let refused =
        Linear { penalty: 0.0 }.fit_logistic(Rows::new(&outcomes, 1).unwrap(), &outcomes).unwrap_err();
    assert!(matches!(refused, Error::OutOfRange { .. }));
}

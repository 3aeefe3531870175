//! Learning while choosing: what is learned, how it merges and is forgotten, and that both policies get better.

use wink_stats::Error;
use wink_stats::bandit::{Evidence, Family, Posterior, Prior, Softmax, SoftmaxSettings, Thompson, draw};
use wink_stats::propensity::sigmoid;

use crate::sample::{Chance, near};

const NOISE: Family = Family::Gaussian { noise: 0.5 };

fn weak(features: usize) -> Prior {
    Prior::new(vec![0.0; features], &vec![10.0; features]).unwrap()
}

/// Learns `rounds` outcomes of 1 + 2x.
fn learned(seed: u64, rounds: usize) -> Posterior {
    let mut chance = Chance::new(seed);
    let mut arm = Posterior::new(NOISE, weak(2)).unwrap();
    for _ in 0..rounds {
        let x = [1.0, chance.normal()];
        arm.learn(&x, 1.0 + 2.0 * x[1] + 0.5 * chance.normal()).unwrap();
    }
    arm
}

#[test]
fn a_gaussian_posterior_is_the_one_of_the_book() {
    // One observation y = 3 of x = 1 with noise 0.5 and a prior N(0, 10²): precision 4.01, mean 12/4.01.
    let mut arm = Posterior::new(NOISE, weak(1)).unwrap();
    arm.learn(&[1.0], 3.0).unwrap();
    let score = arm.score(&[1.0]).unwrap();
    near(score.mean, 12.0 / 4.01, 1e-12);
    near(score.deviation, (1.0_f64 / 4.01).sqrt(), 1e-12);
}

#[test]
fn weights_are_learned() {
    let arm = learned(1, 2_500);
    near(arm.mean()[0], 1.0, 0.04);
    near(arm.mean()[1], 2.0, 0.04);
    near(arm.score(&[1.0, 0.0]).unwrap().deviation, 0.5 / 50.0, 0.001);
    assert_eq!(arm.evidence().count(), 2_500.0);
}

#[test]
fn evidence_of_two_days_is_that_of_both() {
    let (mut first, second) = (learned(1, 300), learned(2, 200));
    let mut both = learned(1, 300);
    let mut chance = Chance::new(2);
    for _ in 0..200 {
        let x = [1.0, chance.normal()];
        both.learn(&x, 1.0 + 2.0 * x[1] + 0.5 * chance.normal()).unwrap();
    }
    first.merge(second.evidence()).unwrap();
    for (merged, whole) in first.mean().iter().zip(both.mean()) {
        near(*merged, *whole, 1e-9);
    }
    let (precision, shift, count) = first.evidence().parts();
    let kept = Evidence::from_parts(precision, shift, count).unwrap();
    assert_eq!(&kept, first.evidence());
    assert!(matches!(first.merge(&Evidence::none(3)), Err(Error::Shape { .. })));
    assert!(matches!(Evidence::from_parts(&[1.0], &[1.0, 2.0], 1.0), Err(Error::Shape { .. })));
}

#[test]
fn what_is_forgotten_leaves_the_prior() {
    let mut arm = learned(1, 200);
    let sure = arm.score(&[1.0, 0.0]).unwrap().deviation;
    arm.forget(0.25).unwrap();
    near(arm.score(&[1.0, 0.0]).unwrap().deviation, 2.0 * sure, 0.01);
    (0..40).for_each(|_| arm.forget(0.25).unwrap());
    near(arm.score(&[1.0, 0.0]).unwrap().mean, 0.0, 1e-9);
    near(arm.score(&[1.0, 0.0]).unwrap().deviation, 10.0, 1e-9);
    assert!(arm.forget(0.0).is_err() && arm.forget(1.5).is_err());
}

#[test]
fn a_new_arm_starts_where_the_others_are() {
    let others = [learned(1, 400).evidence().clone(), learned(2, 600).evidence().clone()];
    let prior = weak(2).pooled(&others, 10.0).unwrap();
    let arm = Posterior::new(NOISE, prior).unwrap();
    let score = arm.score(&[1.0, 0.0]).unwrap();
    near(score.mean, 1.0, 0.06);
    // As sure as ten outcomes of theirs.
    near(score.deviation, 0.5 / 10.0_f64.sqrt(), 0.02);
    let nothing = weak(2).pooled(&[], 10.0).unwrap();
    assert_eq!(nothing, weak(2));
    assert!(weak(2).pooled(&[], 0.0).is_err());
}

#[test]
fn a_logistic_posterior_finds_the_odds() {
    let mut chance = Chance::new(1);
    let mut arm = Posterior::new(Family::Logistic, weak(2)).unwrap();
    for _ in 0..20_000 {
        let x = [1.0, chance.normal()];
        let hit = chance.hit(sigmoid(-2.0 + x[1]));
        arm.learn(&x, hit).unwrap();
    }
    near(arm.mean()[0], -2.0, 0.1);
    near(arm.mean()[1], 1.0, 0.1);
    assert!(matches!(arm.learn(&[1.0, 0.0], 2.0), Err(Error::OutOfRange { .. })));
    assert!(matches!(arm.learn(&[1.0], 1.0), Err(Error::Shape { .. })));
    assert!(matches!(arm.learn(&[1.0, f64::NAN], 1.0), Err(Error::NotFinite { .. })));
}

/// Five arms of which the best depends on two features; tells what is lost against always choosing the best, per round, in each quarter.
fn play(mut choose_and_learn: impl FnMut(&[f64], f64, &mut dyn FnMut(usize) -> f64)) -> Vec<f64> {
    const WEIGHTS: [[f64; 3]; 5] =
        [[0.5, 0.0, 0.0], [0.3, 0.5, 0.0], [0.3, -0.5, 0.0], [0.3, 0.0, 0.5], [0.0, 0.0, -0.5]];
    let mut chance = Chance::new(7);
    let quarter = 1_000;
    (0..4)
        .map(|_| {
            let lost = (0..quarter).map(|_| {
                let x = [1.0, chance.normal(), chance.normal()];
                let means =
                    WEIGHTS.map(|weights| weights.iter().zip(x).map(|(weight, x)| weight * x).sum::<f64>());
                let best = means.iter().copied().fold(f64::MIN, f64::max);
                let (drawn, noise) = (chance.share(), 0.5 * chance.normal());
                let mut lost = 0.0;
                choose_and_learn(&x, drawn, &mut |arm| {
                    lost = best - means[arm];
                    means[arm] + noise
                });
                lost
            });
            lost.sum::<f64>() / f64::from(quarter)
        })
        .collect()
}

#[test]
fn thompson_sampling_loses_less_and_less() {
    let mut policy = Thompson::new(NOISE, vec![weak(3); 5]).unwrap();
    let lost = play(|x, drawn, act| {
        let choice = draw(&policy.probabilities(x).unwrap(), drawn).unwrap();
        let outcome = act(choice.arm);
        policy.learn(choice.arm, x, outcome).unwrap();
    });
    // Choosing blindly loses 0.5 a round.
    assert!(lost[3] < 0.01 && lost[3] < lost[0], "{lost:?}");
    assert!(matches!(
        policy.learn(5, &[1.0, 0.0, 0.0], 1.0),
        Err(Error::NotEnoughData { needed: 6, found: 5, .. })
    ));
}

#[test]
fn softmax_loses_less_and_less() {
    let mut policy = Softmax::new(5, 3, SoftmaxSettings::default()).unwrap();
    let mut probabilities = Vec::new();
    let lost = play(|x, drawn, act| {
        policy.probabilities(x, &mut probabilities).unwrap();
        let choice = draw(&probabilities, drawn).unwrap();
        let outcome = act(choice.arm);
        policy.learn(choice.arm, x, outcome, choice.probability).unwrap();
    });
    assert!(lost[3] < 0.15 && lost[3] < lost[0], "{lost:?}");
    assert!(policy.learn(0, &[1.0, 0.0, 0.0], 1.0, 0.0).is_err());
    let odd = SoftmaxSettings { weight_max: 0.5, ..SoftmaxSettings::default() };
    assert!(matches!(Softmax::new(5, 3, odd), Err(Error::OutOfRange { .. })));
    assert!(matches!(Softmax::new(0, 3, SoftmaxSettings::default()), Err(Error::NotEnoughData { .. })));
}

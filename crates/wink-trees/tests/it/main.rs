//! That trees learn what lines cannot, the same from the same seed, and refuse what says nothing.
#![cfg(test)]

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use wink_stats::propensity::{Base, Linear, auc, calibration, logit};
use wink_stats::uplift::{Folds, Learner, Propensities, Trial};
use wink_stats::{Error, Rows};
use wink_trees::Trees;

struct Chance(ChaCha8Rng);

impl Chance {
    fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    fn share(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// Two features from −1 to 1; the outcome is likely where their signs agree, which no line can tell.
fn crossed(seed: u64, people: usize) -> (Vec<f64>, Vec<f64>) {
    let mut chance = Chance::new(seed);
    let features: Vec<f64> = (0..2 * people).map(|_| 2.0 * chance.share() - 1.0).collect();
    let likely = |x: &[f64]| if 0.0 < x[0] * x[1] { 0.8 } else { 0.2 };
    let outcomes = features.chunks(2).map(|x| f64::from(u8::from(chance.share() < likely(x)))).collect();
    (features, outcomes)
}

#[test]
fn trees_learn_what_lines_cannot() {
    let (features, outcomes) = crossed(1, 4_000);
    let (others, seen) = crossed(2, 4_000);
    let (rows, others) = (Rows::new(&features, 2).unwrap(), Rows::new(&others, 2).unwrap());
    let learned = |base: &dyn Base| base.learn_probability(rows, &outcomes).unwrap().predict(others);
    let (trees, line) = (learned(&Trees::default()), learned(&Linear::default()));
    // The best that can be had is 0.8.
    assert!(0.77 < auc(&trees, &seen).unwrap());
    assert!(auc(&line, &seen).unwrap() < 0.55);
    let held = calibration(&trees, &seen, 5).unwrap();
    assert!((0.85..1.15).contains(&held.slope), "{held:?}");
    assert_eq!(learned(&Trees::default()), trees, "the same rows and seed give the same trees");
}

#[test]
fn contributions_add_up_to_the_score() {
    let (features, outcomes) = crossed(1, 1_000);
    let model = Trees::default().learn_probability(Rows::new(&features, 2).unwrap(), &outcomes).unwrap();
    let row = [0.7, 0.4];
    let parts = model.contributions(&row);
    let score = logit(model.predict(Rows::new(&row, 2).unwrap())[0]);
    assert!((parts.score() - score).abs() < 1e-4, "{parts:?} is not {score}");
    assert_eq!(parts.by_column.len(), 2);
}

/// The effect is 1 where the first feature is above 0.5, and else 0.
#[test]
fn a_learner_of_trees_finds_a_step() {
    let mut chance = Chance::new(3);
    let people = 4_000;
    let features: Vec<f64> = (0..people).map(|_| chance.share()).collect();
    let given: Vec<usize> = (0..people).map(|_| usize::from(chance.share() < 0.5)).collect();
    let truth = |x: f64| if 0.5 < x { 1.0 } else { 0.0 };
    let moved = features.iter().zip(&given).map(|(x, given)| if *given == 1 { truth(*x) } else { 0.0 });
    let outcomes: Vec<f64> = moved.map(|effect| effect + chance.share()).collect();
    let rows = Rows::new(&features, 1).unwrap();
    let trial = Trial::new(rows, &given, &outcomes, 1).unwrap();
    let dr = Learner::Dr { folds: Folds { count: 3, seed: 1 }, propensities: Propensities::Shares };
    for learner in [Learner::S, Learner::T, dr] {
        let effects = learner.fit(&Trees::default(), &trial).unwrap().predict(rows);
        let off = effects[0].iter().zip(&features).map(|(effect, x)| (effect - truth(*x)).abs());
        let mean = off.sum::<f64>() / f64::from(people);
        assert!(mean < 0.1, "{learner:?} is off by {mean}");
    }
}

/// Scores as doubly robust ones are: with chance of ten times what differs, and of what differs nothing.
#[test]
fn chance_is_not_taken_for_an_effect() {
    let mut chance = Chance::new(5);
    let features: Vec<f64> = (0..8_000).map(|_| chance.share()).collect();
    let rows = Rows::new(&features, 2).unwrap();
    let scores_of = |chance: &mut Chance, differs: f64| -> Vec<f64> {
        let score = |x: &[f64]| differs * f64::from(u8::from(0.5 < x[0])) + 10.0 * (chance.share() - 0.5);
        features.chunks(2).map(score).collect()
    };
    let told = |scores: &[f64], learned: &dyn Fn(&[f64]) -> Vec<f64>| {
        let told = learned(scores);
        let (least, most) = told.iter().fold((f64::MAX, f64::MIN), |(a, b), one| (a.min(*one), b.max(*one)));
        most - least
    };
    let careful = |scores: &[f64]| Trees::default().learn_effect(rows, scores).unwrap().predict(rows);
    let usual = |scores: &[f64]| Trees::default().learn_mean(rows, scores).unwrap().predict(rows);
    let nothing = scores_of(&mut chance, 0.0);
    assert!(told(&nothing, &careful) < 1e-3 && 1.0 < told(&nothing, &usual));
    let something = scores_of(&mut chance, 1.0);
    assert!((0.5..1.5).contains(&told(&something, &careful)), "{}", told(&something, &careful));
    assert!(matches!(Trees::default().learn_effect(rows, &[f64::NAN; 4_000]), Err(Error::NotFinite { .. })));
}

/// The effect is 1 where both columns have the same sign and else −1: alone, neither tells anything, so that of the questions of the DR-learner's
/// trees one is asked first only by chance. What they tell is then hardly better than one number for everybody, as the guide says. The trees of the
/// other learners find it.
#[test]
fn an_effect_that_shows_only_in_two_columns_together_is_not_found_by_the_dr_learner() {
    let mut chance = Chance::new(7);
    let people = 4_000;
    let features: Vec<f64> = (0..2 * people).map(|_| 2.0 * chance.share() - 1.0).collect();
    let given: Vec<usize> = (0..people).map(|_| usize::from(chance.share() < 0.5)).collect();
    let truth: Vec<f64> = features.chunks(2).map(|x| if 0.0 < x[0] * x[1] { 1.0 } else { -1.0 }).collect();
    let outcome = |(effect, given): (&f64, &usize)| if *given == 1 { *effect } else { 0.0 };
    let outcomes: Vec<f64> = truth.iter().zip(&given).map(|one| outcome(one) + chance.share()).collect();
    let rows = Rows::new(&features, 2).unwrap();
    let trial = Trial::new(rows, &given, &outcomes, 1).unwrap();
    // The mean error of one person's effect: 1 if everybody is told 0.
    let error_of = |learner: Learner| {
        let told = learner.fit(&Trees::default(), &trial).unwrap().predict(rows).swap_remove(0);
        told.iter().zip(&truth).map(|(told, truth)| (told - truth).abs()).sum::<f64>() / f64::from(people)
    };
    let dr = error_of(Learner::Dr { folds: Folds { count: 5, seed: 1 }, propensities: Propensities::Shares });
    assert!(0.85 < dr, "it is off by {dr}");
    for learner in [Learner::S, Learner::T] {
        let off = error_of(learner);
        assert!(off < 0.4, "{learner:?} is off by {off}");
    }
}

#[test]
fn outcomes_that_say_nothing_are_refused() {
    let features: Vec<f64> = (0..100).map(f64::from).collect();
    let refused = |features: &[f64], outcomes: &[f64]| {
        Trees::default().learn_probability(Rows::new(features, 1).unwrap(), outcomes).unwrap_err()
    };
    assert_eq!(refused(&features, &[1.0; 100]), Error::Constant { what: "the outcome" });
    let half: Vec<f64> = (0..100).map(|n| f64::from(n % 2)).collect();
    assert!(matches!(
        refused(&features[..30], &half[..30]),
        Error::NotEnoughData { needed: 40, found: 30, .. }
    ));
    assert!(matches!(
        Trees::default().learn_mean(Rows::new(&features, 1).unwrap(), &[f64::NAN; 100]),
        Err(Error::NotFinite { .. })
    ));
}

//! Effects: the published figures, known effects of simulated people, coverage, and what is refused.

use wink_stats::propensity::{Linear, sigmoid};
use wink_stats::uplift::{
    Effects, Folds, Learner, Nuisance, Prices, Propensities, Ranking, Readout, Trial, best_net_value,
    effect_calibration,
};
use wink_stats::{Error, Rows, only};

use crate::sample::{Chance, Csv, near, rows};

/// Hillstrom's e-mail test: features, who got an e-mail of the arms, whether they did `outcome`, and the row in the file.
struct Mailing {
    features: Vec<f64>,
    given: Vec<usize>,
    outcomes: Vec<f64>,
    row: Vec<usize>,
}

const FEATURES: usize = 9;

impl Mailing {
    fn read(arms: &[&str], outcome: &str) -> Self {
        let csv = Csv::reference("hillstrom/hillstrom.csv.gz");
        let columns = [
            csv.numbers("recency").iter().map(|months| months / 12.0).collect(),
            csv.numbers("history").iter().map(|spent| libm::log1p(*spent) / 8.0).collect(),
            csv.numbers("mens"),
            csv.numbers("womens"),
            csv.numbers("newbie"),
            csv.is("zip_code", "Urban"),
            csv.is("zip_code", "Surburban"),
            csv.is("channel", "Web"),
            csv.is("channel", "Phone"),
        ];
        let segments = csv.text("segment");
        let arm = |segment: &str| {
            if segment == "No E-Mail" { Some(0) } else { arms.contains(&segment).then_some(1) }
        };
        let kept = |row: usize| arm(segments[row]).is_some();
        let all = rows(&columns);
        let table = Rows::new(&all, FEATURES).unwrap().only(kept);
        Self {
            features: table.rows().iter().flatten().copied().collect(),
            given: segments.iter().filter_map(|segment| arm(segment)).collect(),
            outcomes: only(&csv.numbers(outcome), kept),
            row: (0..segments.len()).filter(|row| kept(*row)).collect(),
        }
    }

    fn half(&self, odd: usize) -> Self {
        let chosen = |place: usize| self.row[place] % 2 == odd;
        let table = self.rows().only(chosen);
        Self {
            features: table.rows().iter().flatten().copied().collect(),
            given: only(&self.given, chosen),
            outcomes: only(&self.outcomes, chosen),
            row: only(&self.row, chosen),
        }
    }

    fn rows(&self) -> Rows<'_> {
        Rows::new(&self.features, FEATURES).unwrap()
    }

    fn trial(&self) -> Trial<'_> {
        Trial::new(self.rows(), &self.given, &self.outcomes, 1).unwrap()
    }

    /// Learned from even rows, ranked on odd ones.
    fn ranked(&self, learner: &Learner<'_>) -> Result<Ranking, Error> {
        let effects = learner.fit(&Linear::default(), &self.half(0).trial())?;
        let test = self.half(1);
        let treated: Vec<bool> = test.given.iter().map(|arm| *arm == 1).collect();
        Ranking::new(&effects.predict(test.rows())[0], &treated, &test.outcomes)
    }
}

fn check_mailing(arms: &[&str], [qini, auuc, at_30]: [f64; 3]) {
    let ranking = Mailing::read(arms, "visit").ranked(&Learner::T).unwrap();
    near(ranking.qini(), qini, 1e-3);
    near(ranking.auuc(), auuc, 1e-3);
    near(ranking.uplift_at(0.3).unwrap(), at_30, 1e-3);
}

#[test]
fn reference_hillstrom_is_ranked_as_published() {
    check_mailing(&["Womens E-Mail"], [0.069_114, 0.031_572, 0.073_936]);
    check_mailing(&["Mens E-Mail"], [0.012_908, 0.006_459, 0.093_895]);
    check_mailing(&["Womens E-Mail", "Mens E-Mail"], [0.046_228, 0.026_425, 0.086_210]);
}

#[test]
fn reference_hillstrom_has_too_few_conversions_for_a_ranking() {
    for arm in ["Mens E-Mail", "Womens E-Mail"] {
        let refused = Mailing::read(&[arm], "conversion").ranked(&Learner::T).unwrap_err();
        assert!(matches!(refused, Error::NotEnoughData { needed: 100, .. }), "{refused}");
    }
}

#[test]
fn reference_hillstrom_is_ranked_by_every_learner() {
    let mailing = Mailing::read(&["Womens E-Mail"], "visit");
    let dr = Learner::Dr { folds: Folds::default(), propensities: Propensities::Shares };
    // One linear model knows no interaction, so it ranks worse than a model per arm; scores have no such limit.
    assert!(0.0 < mailing.ranked(&Learner::S).unwrap().qini());
    assert!(0.05 < mailing.ranked(&dr).unwrap().qini());
}

#[test]
fn reference_starbucks_promotion_loses_money_when_sent_to_everyone() {
    let csv = Csv::reference("starbucks_promo/training.csv.gz");
    let given: Vec<usize> = csv.is("Promotion", "Yes").iter().map(|yes| usize::from(*yes == 1.0)).collect();
    let bought = csv.numbers("purchase");
    let everyone = Readout::of(1, &vec![1; given.len()], &given, &bought);
    assert_eq!((everyone.treated.people, everyone.control.people), (42_364, 42_170));
    assert_eq!((everyone.treated.outcomes, everyone.control.outcomes), (721.0, 319.0));
    near(everyone.incremental_rate().unwrap(), 0.009_454_5, 1e-7);
    near(everyone.net_revenue(10.0, 0.15), -2_334.60, 1e-6);
    let nobody = Readout::of(1, &vec![0; given.len()], &given, &bought);
    assert_eq!((nobody.incremental_rate(), nobody.net_revenue(10.0, 0.15)), (None, 0.0));
}

/// People with two features, of whom those with a high first one are moved by the first treatment, by `EFFECT` in the mean, and nobody
/// much by the second.
struct Simulated {
    features: Vec<f64>,
    given: Vec<usize>,
    outcomes: Vec<f64>,
    effects: Vec<f64>,
    /// For each person, of `none`, the first and the second treatment.
    propensities: Vec<f64>,
}

const EFFECT: f64 = 0.5;

impl Simulated {
    /// With `confounding` those with a high first feature, who buy more anyway, are treated more often.
    fn new(seed: u64, people: usize, confounding: f64) -> Self {
        let mut chance = Chance::new(seed);
        let mut all =
            Self { features: vec![], given: vec![], outcomes: vec![], effects: vec![], propensities: vec![] };
        for _ in 0..people {
            let (x, other) = (chance.normal(), chance.normal());
            let effect = EFFECT + x;
            let first = 0.8 * sigmoid(confounding * x);
            let drawn = chance.share();
            let given = if drawn < first {
                1
            } else if drawn < first + 0.1 {
                2
            } else {
                0
            };
            let moved = [0.0, effect, 0.1][given];
            all.features.extend([x, other]);
            all.given.push(given);
            all.outcomes.push(2.0 * x + other + moved + chance.normal());
            all.effects.push(effect);
            all.propensities.extend([0.9 - first, first, 0.1]);
        }
        all
    }

    fn trial(&self) -> Trial<'_> {
        Trial::new(self.rows(), &self.given, &self.outcomes, 2).unwrap()
    }

    fn rows(&self) -> Rows<'_> {
        Rows::new(&self.features, 2).unwrap()
    }

    /// The root of the mean squared distance of the first treatment's effects from the truth.
    fn distance(&self, effects: &Effects) -> f64 {
        let predicted = &effects.predict(self.rows())[0];
        let squares: f64 =
            predicted.iter().zip(&self.effects).map(|(found, truth)| (found - truth) * (found - truth)).sum();
        (squares / predicted.len() as f64).sqrt()
    }
}

#[test]
fn known_effects_are_found() {
    let simulated = Simulated::new(1, 4_000, 1.0);
    let base = Linear::default();
    let propensities = Propensities::Known(&simulated.propensities);
    let dr = Learner::Dr { folds: Folds::default(), propensities };
    let t = Learner::T.fit(&base, &simulated.trial()).unwrap();
    let dr = dr.fit(&base, &simulated.trial()).unwrap();
    // The effect has a standard deviation of 1.
    assert!(simulated.distance(&t) < 0.15, "{}", simulated.distance(&t));
    assert!(simulated.distance(&dr) < 0.15, "{}", simulated.distance(&dr));
    // One linear model finds one number for all.
    let s = Learner::S.fit(&base, &simulated.trial()).unwrap();
    let found = s.predict(simulated.rows());
    assert!(found[0].iter().all(|effect| (effect - found[0][0]).abs() < 1e-9));
    assert!((0.85..1.3).contains(&simulated.distance(&s)));
}

#[test]
fn effects_depend_on_the_seed_of_the_folds_only() {
    let simulated = Simulated::new(1, 500, 0.0);
    let learned = |seed| {
        let folds = Folds { count: 5, seed };
        let dr = Learner::Dr { folds, propensities: Propensities::Shares };
        dr.fit(&Linear::default(), &simulated.trial()).unwrap().predict(simulated.rows())
    };
    assert_eq!(learned(1), learned(1));
    assert_ne!(learned(1), learned(2));
}

/// The value of treating whoever is moved upwards: E[max(EFFECT + x, 0)] = EFFECT Φ(EFFECT) + φ(EFFECT).
#[test]
fn the_interval_of_a_policy_holds_the_truth_as_often_as_it_says() {
    let truth = EFFECT * 0.691_462_461 + 0.352_065_327;
    let runs = 1_000;
    let held = (0..runs).filter(|seed| {
        let simulated = Simulated::new(*seed, 300, 0.5);
        let policy: Vec<usize> = simulated.effects.iter().map(|effect| usize::from(0.0 < *effect)).collect();
        let known = Propensities::Known(&simulated.propensities);
        let nuisance =
            Nuisance::cross_fit(&Linear::default(), &simulated.trial(), Folds { count: 3, seed: 1 }, known)
                .unwrap();
        let prices = Prices { value: 1.0, costs: &[0.0, 0.0] };
        let none = vec![0; policy.len()];
        let gain = nuisance.gain(&simulated.trial(), (&policy, &none), &prices, 0.95).unwrap();
        gain.lower <= truth && truth <= gain.upper
    });
    let held = held.count();
    assert!((930..=970).contains(&held), "{held} of {runs}");
}

#[test]
fn promised_effects_are_seen() {
    let learned = Simulated::new(1, 3_000, 0.0);
    let others = Simulated::new(2, 6_000, 0.0);
    let effects = Learner::T.fit(&Linear::default(), &learned.trial()).unwrap().predict(others.rows());
    let both = |person: usize| others.given[person] != 2;
    let treated: Vec<bool> = only(&others.given, both).iter().map(|arm| *arm == 1).collect();
    let bins = effect_calibration(&only(&effects[0], both), &treated, &only(&others.outcomes, both), 5, 0.99)
        .unwrap();
    assert_eq!(bins.len(), 5);
    for bin in &bins {
        let seen = bin.seen.as_ref().unwrap();
        assert!(seen.lower <= bin.promised && bin.promised <= seen.upper, "{bin:?}");
    }
    let seen = |place: usize| bins[place].seen.as_ref().unwrap().estimate;
    assert!(
        bins.is_sorted_by(|a, b| a.promised < b.promised)
            && (1..5).all(|place| seen(place - 1) < seen(place)),
        "{bins:?}"
    );
}

#[test]
fn a_policy_is_worth_its_effect_less_its_cost() {
    let simulated = Simulated::new(3, 4_000, 0.0);
    let effects = Learner::T.fit(&Linear::default(), &simulated.trial()).unwrap().predict(simulated.rows());
    let prices = Prices { value: 10.0, costs: &[2.0, 5.0] };
    let policy = best_net_value(&effects, &prices).unwrap();
    // 10 · (0.5 + x) > 2 for x > −0.3, so for Φ(0.3) of the people.
    let share = policy.iter().filter(|arm| **arm == 1).count() as f64 / 4_000.0;
    near(share, 0.618, 0.03);
    let nuisance =
        Nuisance::cross_fit(&Linear::default(), &simulated.trial(), Folds::default(), Propensities::Shares)
            .unwrap();
    let everyone = vec![1; policy.len()];
    let gain = nuisance.gain(&simulated.trial(), (&policy, &everyone), &prices, 0.95).unwrap();
    assert!(0.0 < gain.lower, "choosing beats everyone: {gain:?}");
    let value = |policy: &[usize]| nuisance.value(&simulated.trial(), policy, &prices, 0.95).unwrap();
    near(value(&policy).estimate - value(&everyone).estimate, gain.estimate, 1e-9);
}

#[test]
fn a_trial_that_says_nothing_is_refused() {
    let features = [1.0, 2.0, 3.0, 4.0];
    let rows = Rows::new(&features, 1).unwrap();
    let refused = |given: &[usize], outcomes: &[f64], treatments| {
        Trial::new(rows, given, outcomes, treatments).unwrap_err()
    };
    let outcomes = [0.0, 1.0, 0.0, 1.0];
    assert!(matches!(refused(&[0, 0, 0, 0], &outcomes, 1), Error::NotEnoughData { found: 0, .. }));
    assert!(matches!(refused(&[0, 1, 0, 2], &outcomes, 1), Error::OutOfRange { .. }));
    assert!(matches!(refused(&[0, 1, 0, 1], &outcomes, 0), Error::NotEnoughData { .. }));
    assert!(matches!(refused(&[0, 1, 0], &outcomes, 1), Error::Shape { .. }));
    assert!(matches!(refused(&[0, 1, 0, 1], &[0.0, 1.0, 0.0, f64::NAN], 1), Error::NotFinite { row: 4, .. }));
}

#[test]
fn learners_pass_on_what_the_base_refuses() {
    let features: Vec<f64> = (0..100).map(f64::from).collect();
    let rows = Rows::new(&features, 1).unwrap();
    let given: Vec<usize> = (0..100).map(|n| n % 2).collect();
    let constant = vec![1.0; 100];
    let trial = Trial::new(rows, &given, &constant, 1).unwrap();
    for learner in [Learner::S, Learner::T] {
        let refused = learner.fit(&Linear::default(), &trial).unwrap_err();
        assert_eq!(refused, Error::Constant { what: "the outcome" });
    }
    let folds = Folds { count: 51, seed: 1 };
    let dr = Learner::Dr { folds, propensities: Propensities::Shares };
    assert!(matches!(
        dr.fit(&Linear::default(), &trial),
        Err(Error::NotEnoughData { needed: 51, found: 50, .. })
    ));
}

/// Six people by hand, as `sklift.metrics` counts them.
#[test]
fn a_curve_has_one_point_per_effect() {
    let (mut effects, mut treated, mut outcomes) = (vec![], vec![], vec![]);
    // A hundred times each: treated buyers first, then both sides half and half, then buyers without a treatment.
    for (effect, is_treated, hits) in [(0.3, true, 100), (0.2, true, 0), (0.2, false, 0), (0.1, false, 100)] {
        for person in 0..100 {
            effects.push(effect);
            treated.push(is_treated);
            outcomes.push(f64::from(u8::from(person < hits)));
        }
    }
    let ranking = Ranking::new(&effects, &treated, &outcomes).unwrap();
    assert_eq!(ranking.qini_curve(), [(0.0, 0.0), (100.0, 100.0), (300.0, 100.0), (400.0, 0.0)]);
    assert_eq!(ranking.uplift_curve(), [(0.0, 0.0), (100.0, 100.0), (300.0, 150.0), (400.0, 0.0)]);
    near(ranking.qini(), 1.0, 1e-12);
    assert_eq!(ranking.uplift_at(0.25), None, "nobody without a treatment is among the first quarter");
    near(ranking.uplift_at(1.0).unwrap(), 0.0, 1e-12);
}

//! Customers are simulated as the models say; the fits must find the parameters, and the intervals hold what is true.

use wink_stats::buying::{
    Cells, Customer, History, Model, Parameters, Scale, SpendModel, SpendParameters, Terms, value,
};
use wink_stats::numeric::{Chance, expected_over_beta};
use wink_stats::{Error, Interval};

const TRUTH: Parameters = Parameters { r: 0.8, alpha: 5.0, a: 0.9, b: 2.6 };
const SPEND: SpendParameters = SpendParameters { p: 6.0, q: 4.0, gamma: 15.0 };
/// Whose alike is predicted.
const SOMEBODY: Customer =
    Customer { id: 0, history: History { repeats: 3, last: 20.0, observed: 35.0 }, spend: 40.0, later: 0 };

fn customer(model: Model, chance: &mut Chance) -> Customer {
    let observed = 20.0 + 19.0 * chance.uniform();
    let rate = chance.gamma(TRUTH.r) / TRUTH.alpha;
    let leaves = chance.beta(TRUTH.a, TRUTH.b);
    let (mut repeats, mut last) = (0, 0.0);
    let mut gone = model == Model::MbgNbd && chance.uniform() < leaves;
    while !gone {
        let next = last + chance.exponential(rate);
        if observed < next {
            break;
        }
        (repeats, last) = (repeats + 1, next);
        gone = chance.uniform() < leaves;
    }
    let scale = chance.gamma(SPEND.q) / SPEND.gamma;
    let spend = chance.gamma(SPEND.p * f64::from(repeats.max(1))) / f64::from(repeats.max(1)) / scale;
    Customer { id: 0, history: History { repeats, last, observed }, spend, later: 0 }
}

fn customers(model: Model, many: usize, chance: &mut Chance) -> Vec<Customer> {
    (0..many).map(|_| customer(model, chance)).collect()
}

fn cells(customers: &[Customer]) -> Cells {
    Cells::of(&customers.iter().map(|customer| customer.history).collect::<Vec<_>>()).unwrap()
}

fn alive(model: Model) -> f64 {
    let History { repeats, last, observed } = SOMEBODY.history;
    let survived = f64::from(repeats) + if model == Model::MbgNbd { 1.0 } else { 0.0 };
    let ratio = (TRUTH.alpha + observed) / (TRUTH.alpha + last);
    1.0 / (1.0 + TRUTH.a / (TRUTH.b + survived - 1.0) * libm::pow(ratio, TRUTH.r + f64::from(repeats)))
}

fn purchases(model: Model, t: f64) -> f64 {
    let History { repeats, observed, .. } = SOMEBODY.history;
    let survived = f64::from(repeats) + if model == Model::MbgNbd { 1.0 } else { 0.0 };
    let shape = TRUTH.r + f64::from(repeats);
    expected_over_beta(shape, TRUTH.a, TRUTH.b + survived, t / (TRUTH.alpha + observed)) * alive(model)
}

fn worth() -> f64 {
    let x = f64::from(SOMEBODY.history.repeats);
    SPEND.p * (SPEND.gamma + x * SOMEBODY.spend) / (SPEND.p * x + SPEND.q - 1.0)
}

#[test]
fn parameters_are_found_again() {
    for (model, seed) in [(Model::BgNbd, 1), (Model::MbgNbd, 2)] {
        let found = model.fit(&cells(&customers(model, 60_000, &mut Chance::of(seed)))).unwrap();
        let (p, errors) = (found.parameters(), found.relative_errors());
        for ((found, truth), error) in
            [(p.r, TRUTH.r), (p.alpha, TRUTH.alpha), (p.a, TRUTH.a), (p.b, TRUTH.b)].into_iter().zip(errors)
        {
            assert!(
                error < 0.06 && (libm::log(found / truth) / error).abs() < 4.0,
                "{model:?} {p:?} {errors:?}"
            );
        }
        assert!(found.evaluations() <= 25 && found.weak().is_empty(), "{found:?}");
    }
}

/// How many new customers buy in a time, counted and expected.
#[test]
fn expectations_are_those_of_the_simulation() {
    for (model, seed) in [(Model::BgNbd, 3), (Model::MbgNbd, 4)] {
        let everybody = customers(model, 60_000, &mut Chance::of(seed));
        let found = model.fit(&cells(&everybody)).unwrap();
        // Each is followed to an end of their own, so the sum of what is expected until there is compared.
        let expected: f64 = everybody.iter().map(|one| found.purchases_of_new(one.history.observed)).sum();
        let bought: f64 = everybody.iter().map(|one| f64::from(one.history.repeats)).sum();
        assert!((expected / bought - 1.0).abs() < 0.02, "{model:?} {expected} {bought}");
    }
}

#[test]
fn intervals_hold_the_truth_as_often_as_they_say() {
    let terms = Terms { steps: 10, step: 2.0, discount: 0.0, margin: 0.5 };
    let shape = TRUTH.r + f64::from(SOMEBODY.history.repeats);
    let scale = TRUTH.alpha + SOMEBODY.history.observed;
    // Where anybody may leave at once, rates and leaving are told apart by more people only.
    for (model, many) in [(Model::BgNbd, 1_200), (Model::MbgNbd, 3_000)] {
        let mut chance = Chance::of(5);
        let mut held = [0; 7];
        for _ in 0..1_000 {
            let everybody = customers(model, many, &mut chance);
            let found = model.fit(&cells(&everybody)).unwrap();
            let spend = SpendModel.fit(&everybody).unwrap();
            let next = found.next_purchase_interval(&SOMEBODY.history, 0.95).unwrap();
            let tested: [(Interval, f64); 7] = [
                (next.median, scale * (libm::pow(2.0, 1.0 / shape) - 1.0)),
                (next.mean.unwrap(), scale / (shape - 1.0)),
                (found.alive_interval(&SOMEBODY.history, 0.95).unwrap(), alive(model)),
                (found.purchases_interval(&SOMEBODY.history, 20.0, 0.95).unwrap(), purchases(model, 20.0)),
                (found.interval(0.95, Scale::Positive, |parameters| parameters.r).unwrap(), TRUTH.r),
                (spend.purchase_value(&SOMEBODY, 0.95).unwrap().unwrap(), worth()),
                (
                    value(&found, &spend, &SOMEBODY, &terms, 0.95).unwrap().unwrap(),
                    0.5 * worth() * purchases(model, 20.0),
                ),
            ];
            for (held, (interval, truth)) in held.iter_mut().zip(tested) {
                *held += i32::from(interval.lower <= truth && truth <= interval.upper);
            }
        }
        assert!(held.iter().all(|held| (930..=970).contains(held)), "{model:?}: {held:?}");
    }
}

#[test]
fn spend_is_found_again() {
    let found = SpendModel.fit(&customers(Model::BgNbd, 60_000, &mut Chance::of(6))).unwrap();
    let p = found.parameters();
    for (found, truth) in [(p.p, SPEND.p), (p.q, SPEND.q), (p.gamma, SPEND.gamma)] {
        assert!((found / truth - 1.0).abs() < 0.1, "{p:?}");
    }
}

#[test]
fn data_that_says_nothing_is_refused() {
    let fit = |histories: &[History]| {
        Model::BgNbd.fit(&Cells::of(histories).unwrap()).map(|found| found.parameters())
    };
    let alike = |repeats, last, observed| vec![History { repeats, last, observed }; 100];
    assert!(matches!(fit(&alike(2, 3.0, 9.0)[..1]), Err(Error::NotEnoughData { needed: 30, found: 1, .. })));
    assert!(matches!(fit(&alike(0, 0.0, 9.0)), Err(Error::Constant { .. })));
    assert!(fit(&alike(5, 8.9, 9.0)).is_err(), "everybody alike");
    assert!(fit(&alike(1, 1e300, 1e300)).is_err(), "huge values");
    let one = Customer { spend: 12.0, ..SOMEBODY };
    assert!(matches!(SpendModel.fit(&[one]), Err(Error::NotEnoughData { .. })));
    assert!(matches!(SpendModel.fit(&[one; 50]), Err(Error::Constant { .. })));
    assert!(matches!(SpendModel.fit(&[Customer { spend: -1.0, ..one }; 50]), Err(Error::OutOfRange { .. })));
    assert!(matches!(
        SpendModel.fit(&[Customer { spend: f64::NAN, ..one }; 50]),
        Err(Error::NotFinite { row: 1, .. })
    ));
    let nobody =
        SpendModel.fit(&[Customer { history: History { repeats: 0, last: 0.0, observed: 9.0 }, ..one }; 50]);
    assert!(matches!(nobody, Err(Error::NotEnoughData { found: 0, .. })));
}

#[test]
fn predictions_stay_where_they_can_be() {
    let found = Model::BgNbd.fit(&cells(&customers(Model::BgNbd, 5_000, &mut Chance::of(7)))).unwrap();
    for repeats in [0, 1, 2, 10, 100, 1_000] {
        for part in [0.01, 0.5, 1.0] {
            let last = if repeats == 0 { 0.0 } else { 100.0 * part };
            let history = History { repeats, last, observed: 100.0 };
            let alive = found.alive_interval(&history, 0.95).unwrap();
            assert!(
                0.0 <= alive.lower
                    && alive.lower <= alive.estimate
                    && alive.estimate <= alive.upper
                    && alive.upper <= 1.0
            );
            let mut before = 0.0;
            for t in [0.1, 1.0, 10.0, 1_000.0, 100_000.0] {
                let expected = found.purchases(&history, t);
                let buys = found.buys_within(&history, t);
                assert!(before <= expected && expected.is_finite(), "{history:?} {t} {expected}");
                assert!(
                    buys <= expected + 1e-12 && buys <= alive.estimate + 1e-12,
                    "{history:?} {t} {buys} {expected}"
                );
                before = expected;
            }
            let next = found.next_purchase(&history);
            let around = found.next_purchase_interval(&history, 0.95).unwrap();
            assert!(around.median.lower < next.median && next.median < around.median.upper);
            assert_eq!(around.mean.map(|mean| mean.estimate), next.mean);
            assert!(around.mean.is_none_or(|mean| mean.lower < mean.estimate && mean.estimate < mean.upper));
            assert!(next.mean.is_none_or(|mean| next.median < mean), "{next:?}");
        }
    }
}

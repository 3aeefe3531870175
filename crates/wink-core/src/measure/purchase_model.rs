//! The purchase model of a shop: fitted to what everybody bought, checked on what it had not seen, and what it says of each. Who may be
//! learned from is the caller's to know.

use wink_stats::Error;
use wink_stats::buying::{
    Cells, Customer, FittedPurchases, FittedSpend, Model, Orders, Parameters, SpendModel, SpendParameters,
    Terms, expected_value,
};

use crate::base::{Digest, Hasher, Timestamp};
use crate::event::Scored;

/// The unit of time of the parameters: a week, as in the papers.
pub const UNIT_DAYS: i32 = 7;

/// The steps in which what somebody is worth is discounted.
const VALUE_STEPS: u32 = 12;

/// What is true of every such model, for whoever reads its card.
pub const LIMITS: [&str; 4] = [
    "it knows no seasons and no campaigns: rates of purchase do not change until somebody leaves",
    "what was sent back is not taken off, and an order that came to nothing or less is no purchase",
    "it speaks of the average of people with such a history, not of what one of them will do",
    "it learned only from people who have granted personalisation, and speaks of them alone",
];

/// One order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Purchase {
    /// Whose, as a number of the caller's.
    pub customer: u32,
    /// The day of UTC.
    pub day: i32,
    /// What was paid, in cents.
    pub cents: i64,
}

/// What somebody wants of a model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Which model.
    pub model: Model,
    /// Purchases are foretold so many days ahead.
    pub horizon_days: u32,
    /// What somebody is worth is counted over so many days.
    pub value_days: u32,
    /// How much less money is worth after a year.
    pub discount: f64,
    /// Which part of what is paid is earned.
    pub margin: f64,
    /// The last so many days are kept back to check the model; without a number a quarter of the time there is.
    pub hold_out_days: Option<u32>,
    /// How strongly the parameters are drawn to zero, where purchases alone do not tell them; 0 is not at all.
    pub penalty: f64,
}

/// What stands on a model's card: what it was made of, what it is, how well it held, and what it cannot do.
#[derive(Clone, Debug, PartialEq)]
pub struct ClvCard {
    /// Its version, from 1; all models of a shop count together.
    pub version: u32,
    /// When it was fitted.
    pub trained_at: Timestamp,
    /// What was asked for.
    pub settings: Settings,
    /// The day of the first purchase.
    pub from: i32,
    /// The last day it knows of.
    pub until: i32,
    /// People it was fitted to.
    pub customers: u64,
    /// People who bought and have not granted that they are learned from.
    pub not_granted: u64,
    /// Days with an order, of all customers together.
    pub orders: u64,
    /// Orders that came to nothing or less.
    pub without_value: u64,
    /// The hash of what it was fitted to.
    pub input: Digest,
    /// What it found of how people buy.
    pub parameters: Parameters,
    /// The standard errors of the parameters' logarithms.
    pub relative_errors: [f64; 4],
    /// The log-likelihood there.
    pub log_likelihood: f64,
    /// What it found of how much people spend, or why it found nothing.
    pub spend: Result<SpendCard, String>,
    /// How well a model of the time before foretold the last days, or why that is not known.
    pub hold_out: Result<HoldOut, String>,
}

/// The gamma-gamma model's part of a card.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SpendCard {
    /// People who bought again.
    pub customers: u64,
    /// What was found.
    pub parameters: SpendParameters,
    /// The log-likelihood there.
    pub log_likelihood: f64,
}

/// What came in days the model had not seen, against what it expected.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HoldOut {
    /// How many days.
    pub days: u32,
    /// How many people it spoke of.
    pub customers: u64,
    /// Their purchases.
    pub found: f64,
    /// What was expected.
    pub expected: f64,
    /// The mean absolute error of one person's purchases.
    pub mean_absolute_error: f64,
    /// The part of them who bought.
    pub bought: f64,
    /// The mean of the probabilities with which each was to buy.
    pub bought_expected: f64,
    /// How well the probabilities tell who buys from who does not; `None` if all did, or nobody.
    pub auc: Option<f64>,
}

/// A model with what it says of each customer.
#[derive(Clone, Debug, PartialEq)]
pub struct Trained {
    /// What stands on its card.
    pub card: ClvCard,
    /// The scores, by the caller's numbers.
    pub scores: Vec<(u32, Scored)>,
}

/// Fits the model to all purchases up to the day of `now`, and says what it expects of each customer. `not_granted` people were left out by
/// the caller; they stand on the card.
///
/// # Errors
/// Why there is no model: too few customers, nobody who bought again, a likelihood without a summit.
pub fn train(
    mut purchases: Vec<Purchase>,
    not_granted: u64,
    settings: Settings,
    version: u32,
    now: Timestamp,
) -> Result<Trained, Error> {
    check(&settings)?;
    let until = now.day();
    let all = purchases.len();
    purchases.retain(|purchase| 0 < purchase.cents && purchase.day <= until);
    let without_value = length(all - purchases.len());
    purchases.sort_unstable();
    let columns = Columns::of(&purchases);
    let customers = columns.orders().customers(until, until, f64::from(UNIT_DAYS))?;
    let (fitted, spend) = fit(&settings, &customers)?;
    let from = purchases.iter().map(|purchase| purchase.day).min().unwrap_or(until);
    let scores = score(&fitted, spend.as_ref().ok(), &customers, &settings, version)?;
    let card = ClvCard {
        version,
        trained_at: now,
        settings,
        from,
        until,
        customers: length(customers.len()),
        not_granted,
        orders: customers.iter().map(|customer| 1 + u64::from(customer.history.repeats)).sum(),
        without_value,
        input: hash(&purchases),
        parameters: fitted.parameters(),
        relative_errors: fitted.relative_errors(),
        log_likelihood: fitted.log_likelihood(),
        spend: match &spend {
            Ok(spend) => Ok(SpendCard {
                customers: length(customers.iter().filter(|one| 0 < one.history.repeats).count()),
                parameters: spend.parameters(),
                log_likelihood: spend.log_likelihood(),
            }),
            Err(error) => Err(error.to_string()),
        },
        hold_out: hold_out(&columns, &settings, from, until).map_err(|error| error.to_string()),
    };
    Ok(Trained { card, scores })
}

/// Purchases as columns.
struct Columns {
    customers: Vec<u32>,
    days: Vec<i32>,
    values: Vec<f64>,
}

impl Columns {
    fn of(purchases: &[Purchase]) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "an order stays far below 2^53 cents")]
        let cents = |purchase: &Purchase| purchase.cents as f64;
        Self {
            customers: purchases.iter().map(|purchase| purchase.customer).collect(),
            days: purchases.iter().map(|purchase| purchase.day).collect(),
            values: purchases.iter().map(cents).collect(),
        }
    }

    fn orders(&self) -> Orders<'_> {
        Orders { customers: &self.customers, days: &self.days, values: &self.values }
    }
}

fn check(settings: &Settings) -> Result<(), Error> {
    let refused = |what, value, must| Err(Error::OutOfRange { what, value, must });
    for (what, days) in
        [("the horizon in days", settings.horizon_days), ("the days of the value", settings.value_days)]
    {
        if !(1..=3_660).contains(&days) {
            return refused(what, f64::from(days), "1 to 3660");
        }
    }
    if !(0.0..=10.0).contains(&settings.discount) {
        return refused("the discount of a year", settings.discount, "0 to 10");
    }
    if !(0.0 < settings.margin && settings.margin <= 1.0) {
        return refused("the margin", settings.margin, "above 0 and at most 1");
    }
    Ok(())
}

fn fit(
    settings: &Settings,
    customers: &[Customer],
) -> Result<(FittedPurchases, Result<FittedSpend, Error>), Error> {
    let histories: Vec<_> = customers.iter().map(|customer| customer.history).collect();
    let fitted = settings.model.fit_penalised(&Cells::of(&histories)?, settings.penalty)?;
    Ok((fitted, SpendModel.fit(customers)))
}

fn score(
    fitted: &FittedPurchases,
    spend: Option<&FittedSpend>,
    customers: &[Customer],
    settings: &Settings,
    version: u32,
) -> Result<Vec<(u32, Scored)>, Error> {
    let horizon = in_units(settings.horizon_days);
    let step_days = f64::from(settings.value_days) / f64::from(VALUE_STEPS);
    let terms = Terms {
        steps: VALUE_STEPS,
        step: step_days / f64::from(UNIT_DAYS),
        discount: libm::expm1(libm::log1p(settings.discount) * step_days / 365.25),
        margin: settings.margin,
    };
    let mut scores = Vec::with_capacity(customers.len());
    for customer in customers {
        let history = &customer.history;
        let value = match spend {
            Some(spend) => expected_value(fitted, spend, customer, &terms)?,
            None => None,
        };
        let scored = Scored::new(
            version,
            fitted.alive(history),
            fitted.buys_within(history, horizon),
            fitted.purchases(history, horizon),
            value,
        );
        // Somebody of whom the model says nothing that makes sense has no score.
        scores.extend(scored.map(|scored| (customer.id, scored)));
    }
    Ok(scores)
}

/// Fits a model to what came before the last days, and compares what it foretold of them.
fn hold_out(columns: &Columns, settings: &Settings, from: i32, until: i32) -> Result<HoldOut, Error> {
    let span = u32::try_from(until.saturating_sub(from)).unwrap_or(0);
    let days = settings.hold_out_days.unwrap_or(span / 4);
    if days == 0 || span <= days {
        return Err(Error::OutOfRange {
            what: "the number of days kept back",
            value: f64::from(days),
            must: "above 0 and below the days there are",
        });
    }
    let end = until.saturating_sub(i32::try_from(days).unwrap_or(i32::MAX));
    let customers = columns.orders().customers(end, until, f64::from(UNIT_DAYS))?;
    let (fitted, _) = fit(settings, &customers)?;
    let time = in_units(days);
    let (mut expected_all, mut absolute, mut bought_expected) = (0.0, 0.0, 0.0);
    let mut told: Vec<(f64, bool)> = Vec::with_capacity(customers.len());
    for customer in &customers {
        let (expected, found) = (fitted.purchases(&customer.history, time), f64::from(customer.later));
        let buys = fitted.buys_within(&customer.history, time);
        expected_all += expected;
        absolute += (expected - found).abs();
        bought_expected += buys;
        told.push((buys, 0 < customer.later));
    }
    let people = wink_stats::numeric::count(customers.len());
    let bought = wink_stats::numeric::count(told.iter().filter(|(_, bought)| *bought).count());
    Ok(HoldOut {
        days,
        customers: length(customers.len()),
        found: customers.iter().map(|customer| f64::from(customer.later)).sum(),
        expected: expected_all,
        mean_absolute_error: absolute / people,
        bought: bought / people,
        bought_expected: bought_expected / people,
        auc: auc(&told),
    })
}

/// The probability that somebody who bought was given a higher one than somebody who did not, ties half (Hanley, McNeil 1982).
fn auc(told: &[(f64, bool)]) -> Option<f64> {
    let mut ordered = told.to_vec();
    ordered.sort_by(|one, other| one.0.total_cmp(&other.0));
    let (mut below, mut sum, mut bought) = (0.0, 0.0, 0.0);
    for alike in ordered.chunk_by(|one, other| one.0 == other.0) {
        let yes = wink_stats::numeric::count(alike.iter().filter(|(_, bought)| *bought).count());
        let no = wink_stats::numeric::count(alike.len()) - yes;
        sum += yes * (below + no / 2.0);
        below += no;
        bought += yes;
    }
    let pairs = below * bought;
    (0.0 < pairs).then(|| sum / pairs)
}

fn in_units(days: u32) -> f64 {
    f64::from(days) / f64::from(UNIT_DAYS)
}

/// Hashes what a model is fitted to: who bought when for how much, whoever they are.
fn hash(purchases: &[Purchase]) -> Digest {
    let mut hasher = Hasher::new("purchases of a model");
    let (mut customer, mut number) = (None, 0_u32);
    for purchase in purchases {
        if customer.is_some_and(|known| known != purchase.customer) {
            number += 1;
        }
        customer = Some(purchase.customer);
        let mut bytes = [0; 16];
        let fields = [&number.to_le_bytes()[..], &purchase.day.to_le_bytes(), &purchase.cents.to_le_bytes()];
        bytes.iter_mut().zip(fields.concat()).for_each(|(place, byte)| *place = byte);
        hasher.add(&bytes);
    }
    hasher.finish()
}

fn length(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use wink_stats::numeric::Chance;

    const NOW: Timestamp = Timestamp(400 * 86_400_000 + 3_600_000);

    fn settings() -> Settings {
        Settings {
            model: Model::BgNbd,
            horizon_days: 30,
            value_days: 365,
            discount: 0.1,
            margin: 0.3,
            hold_out_days: None,
            penalty: 0.0,
        }
    }

    /// People who buy and leave as the model says they do, with values as the other model says.
    #[expect(clippy::cast_possible_truncation, reason = "days of a year and cents of a basket")]
    fn drawn(people: u32) -> Vec<Purchase> {
        let mut chance = Chance::of(7);
        let mut purchases = Vec::new();
        for customer in 0..people {
            let rate = chance.gamma(0.9) / 40.0;
            let leaves = chance.beta(0.8, 2.4);
            let typical = 2_000.0 + 8_000.0 * chance.uniform();
            let mut day = 1.0 + 120.0 * chance.uniform();
            while day <= 400.0 {
                let cents = typical * (0.5 + chance.uniform());
                purchases.push(Purchase { customer, day: day as i32, cents: cents as i64 });
                if chance.uniform() < leaves {
                    break;
                }
                day -= libm::log(1.0 - chance.uniform()) / rate;
            }
        }
        purchases
    }

    #[test]
    fn a_model_foretells_what_it_has_not_seen() {
        let trained = train(drawn(4_000), 11, settings(), 2, NOW).unwrap();
        let card = &trained.card;
        assert_eq!((card.version, card.customers, card.not_granted, card.until), (2, 4_000, 11, 400));
        assert_eq!(trained.scores.len(), 4_000);
        let held = card.hold_out.as_ref().unwrap();
        assert!((held.expected / held.found - 1.0).abs() < 0.1, "{held:?}");
        assert!((held.bought_expected - held.bought).abs() < 0.03, "{held:?}");
        assert!(0.7 < held.auc.unwrap(), "{held:?}");
        let mean =
            |of: fn(&Scored) -> i64| trained.scores.iter().map(|(_, scored)| of(scored)).sum::<i64>() / 4_000;
        assert!((100_000..900_000).contains(&mean(|scored| scored.alive)));
        assert!(trained.scores.iter().all(|(_, scored)| scored.purchase <= scored.alive));
        assert!(trained.scores.iter().all(|(_, scored)| scored.value.is_some()));
    }

    #[test]
    fn the_order_of_purchases_changes_nothing_and_another_purchase_the_hash() {
        let purchases = drawn(300);
        let mut backwards = purchases.clone();
        backwards.reverse();
        let one = train(purchases.clone(), 0, settings(), 1, NOW).unwrap();
        assert_eq!(one, train(backwards, 0, settings(), 1, NOW).unwrap());
        let mut more = purchases;
        more.push(Purchase { customer: 3, day: 399, cents: 1 });
        assert_ne!(one.card.input, train(more, 0, settings(), 1, NOW).unwrap().card.input);
    }

    #[test]
    fn what_came_to_nothing_or_lies_ahead_is_no_purchase() {
        let mut purchases = drawn(300);
        let one = train(purchases.clone(), 0, settings(), 1, NOW).unwrap();
        purchases.push(Purchase { customer: 3, day: 200, cents: -500 });
        purchases.push(Purchase { customer: 3, day: 401, cents: 500 });
        let other = train(purchases, 0, settings(), 1, NOW).unwrap();
        assert_eq!(other.card.without_value, 2);
        assert_eq!((one.scores, one.card.input), (other.scores, other.card.input));
    }

    #[test]
    fn without_enough_to_learn_from_there_is_no_model() {
        let refused = |purchases, settings| train(purchases, 0, settings, 1, NOW).unwrap_err().to_string();
        assert_eq!(
            refused(Vec::new(), settings()),
            "not enough data: 0 customers, and at least 30 are needed"
        );
        let once = (0..100).map(|customer| Purchase { customer, day: 10, cents: 500 }).collect();
        assert_eq!(
            refused(once, settings()),
            "not enough data: the number of repeats is the same everywhere"
        );
        let wrong = Settings { margin: 0.0, ..settings() };
        assert_eq!(refused(drawn(300), wrong), "the margin is 0, and must be above 0 and at most 1");
        let wrong = Settings { horizon_days: 0, ..settings() };
        assert!(refused(drawn(300), wrong).starts_with("the horizon in days is 0"));
        // The model is there; only how well it holds is not known.
        let all = Settings { hold_out_days: Some(400), ..settings() };
        let card = train(drawn(300), 0, all, 1, NOW).unwrap().card;
        assert!(card.hold_out.unwrap_err().starts_with("the number of days kept back"));
    }

    /// More alike than by lot: larger parameters are ever a little better, and no summit says how people differ.
    #[test]
    fn people_who_are_alike_have_a_model_with_a_penalty() {
        let thrice = |customer: i32| {
            let number = u32::try_from(customer).unwrap();
            [0, 20, 40].map(|after| Purchase {
                customer: number,
                day: 1 + customer % 340 + after,
                cents: 2_000,
            })
        };
        let alike: Vec<Purchase> = (0..2_000).flat_map(thrice).collect();
        let refused = train(alike.clone(), 0, settings(), 1, NOW).unwrap_err();
        assert!(matches!(refused, Error::NotIdentified { .. } | Error::NoConvergence { .. }), "{refused}");
        let penalised = Settings { penalty: 1e-6, ..settings() };
        let card = train(alike, 0, penalised, 1, NOW).unwrap().card;
        let Parameters { a, b, .. } = card.parameters;
        assert!((0.2..0.7).contains(&(a / (a + b))), "{card:?}");
        assert_eq!(card.settings.penalty, 1e-6);
        assert!(card.hold_out.is_ok(), "it is penalised there too: {card:?}");
        let wrong = Settings { penalty: -1.0, ..settings() };
        let refused = train(drawn(300), 0, wrong, 1, NOW).unwrap_err().to_string();
        assert_eq!(refused, "the penalty is -1, and must be 0 or more");
    }

    #[test]
    fn the_area_under_the_curve_counts_pairs() {
        assert_eq!(auc(&[(0.1, false), (0.9, true)]), Some(1.0));
        assert_eq!(auc(&[(0.5, false), (0.5, true)]), Some(0.5));
        assert_eq!(auc(&[(0.9, false), (0.1, true), (0.95, true)]), Some(0.5));
        assert_eq!(auc(&[(0.9, true)]), None);
    }
}

//! `wink model fit|predict clv`: reads orders, fits both models, prints.

use std::collections::BTreeMap;

use anyhow::{Context, anyhow, bail};
use jiff::civil::Date;
use serde::Serialize;
use serde_json::json;
use wink_stats::buying::{
    Cells, Customer, Figures, FittedPurchases, FittedSpend, Model, Orders, SpendModel, Terms, figures,
    fit_without_leaving, margin, per_order, value,
};
use wink_stats::{Interval, JointMoments, only};

use crate::arguments::{ClvFit, ClvInput, ClvPredict, FileModel, Unit};
use crate::command::interval::{Around, rounded};
use crate::plot::{Chart, Line};
use crate::table::{Header, Table, days_since_1970, read_date};
use crate::terminal::{self, say};

/// What is in the file, and what the models make of it.
struct Fit {
    names: Vec<String>,
    customers: Vec<Customer>,
    figures: Figures,
    besides: Besides,
    purchases: FittedPurchases,
    /// The spend model, or why there is none: purchases can be told without it.
    spend: Result<FittedSpend, String>,
    different: usize,
    /// Rows on days that came to nothing or less, which are left out, and all there are.
    without_value: usize,
    rows: usize,
    /// How long the file goes on after the calibration, in units of time.
    later: f64,
}

/// What columns of the orders say that the models do not need.
#[derive(Default)]
struct Besides {
    cost: Option<Interval>,
    margin: Option<Interval>,
    quantity: Option<Interval>,
}

/// The names of these columns.
#[derive(Default)]
struct Columns<'a> {
    cost: Option<&'a str>,
    quantity: Option<&'a str>,
}

pub(super) fn fit(asked: &ClvFit) -> anyhow::Result<()> {
    let columns = Columns { cost: asked.cost.as_deref(), quantity: asked.quantity.as_deref() };
    let fit = Fit::of(&asked.input, &columns)?;
    fit.tell_left_out();
    let report = Report::of(&fit);
    if asked.json {
        return terminal::json(&report);
    }
    report.print(&fit);
    Ok(())
}

pub(super) fn predict(asked: &ClvPredict) -> anyhow::Result<()> {
    let fit = Fit::of(&asked.input, &Columns::default())?;
    fit.tell_left_out();
    if let Err(error) = &fit.spend {
        terminal::note(&format!("what customers are worth cannot be told, only whether they buy: {error}"));
    }
    let terms = Terms { steps: asked.horizon, step: 1.0, discount: asked.discount, margin: asked.margin };
    terms.check()?;
    // Whatever may fail does so before the first line.
    let mut predictions = Vec::with_capacity(fit.customers.len());
    for (customer, name) in fit.each() {
        let history = &customer.history;
        let (purchases, level) = (&fit.purchases, asked.input.level);
        let next = purchases.next_purchase_interval(history, level)?;
        let prediction = Prediction {
            customer: name,
            repeats: history.repeats,
            last: history.last,
            observed: history.observed,
            alive: purchases.alive_interval(history, level)?.into(),
            purchases: purchases.purchases_interval(history, f64::from(asked.horizon), level)?.into(),
            next_median: next.median.into(),
            next_mean: next.mean.map(Into::into),
            value: match &fit.spend {
                Ok(spend) => value(purchases, spend, customer, &terms, level)?.map(Into::into),
                Err(_) => None,
            },
        };
        predictions.push(prediction);
    }
    if let Some(path) = &asked.plot {
        let values: Vec<f64> =
            predictions.iter().filter_map(|one| one.value.map(|value: Around| value.estimate)).collect();
        let density = Density::of(&values);
        density.draw(&density.along(asked.horizon)).write(path)?;
    }
    if !asked.json {
        say!(
            "customer,repeats,last,observed,alive,alive_lower,alive_upper,purchases,purchases_lower,purchases_upper,next_median,next_median_lower,next_median_upper,next_mean,next_mean_lower,next_mean_upper,value,value_lower,value_upper"
        );
    }
    predictions.iter().try_for_each(|prediction| prediction.print(asked.json))
}

impl Fit {
    fn of(asked: &ClvInput, columns: &Columns<'_>) -> anyhow::Result<Self> {
        let header = if asked.file.no_header { Header::None } else { Header::First };
        let table = Table::open(&asked.file.input, header)?;
        let mut days = days(&table.dates(&asked.time)?);
        let mut values = table.numbers(&asked.value)?;
        let (mut customers, names) = numbered(table.names_of(&asked.customer)?);
        let end = days_since_1970(read_date(&asked.calibration_end)?);
        let counted = if asked.without_free { values.clone() } else { with_free(&values) };
        let purchases = Orders { customers: &customers, days: &days, values: &counted }.purchases()?;
        let is_purchase = |row: usize| purchases.get(row) == Some(&true);
        (customers, days, values) =
            (only(&customers, is_purchase), only(&days, is_purchase), only(&values, is_purchase));
        let without_value = purchases.len() - days.len();
        if days.is_empty() {
            bail!("no order in `{}` is worth more than nothing", asked.file.input.display());
        }
        let last = days.iter().copied().max().unwrap_or(end);
        let until = last.max(end);
        if days.iter().all(|day| end < *day) {
            bail!(
                "every order in `{}` lies after the calibration's end {}; choose a later one",
                asked.file.input.display(),
                asked.calibration_end
            );
        }
        let orders = Orders { customers: &customers, days: &days, values: &values };
        let summed = orders.customers(end, until, asked.unit.days())?;
        // Whoever came back for nothing only says nothing of what is spent.
        let pays = |customer: &&Customer| customer.history.repeats == 0 || 0.0 < customer.spend;
        let paying: Vec<Customer> = summed.iter().filter(pays).copied().collect();
        let histories: Vec<_> = summed.iter().map(|customer| customer.history).collect();
        let cells = Cells::of(&histories)?;
        Ok(Self {
            names,
            figures: figures(&orders, asked.level)?,
            besides: Besides::of(&table, is_purchase, &orders, columns, asked.level)?,
            purchases: purchases_of(&cells, asked.model, asked.penalty)?,
            spend: SpendModel.fit(&paying).map_err(|error| why(&error, &summed)),
            different: cells.different(),
            without_value,
            rows: purchases.len(),
            later: f64::from(until - end) / asked.unit.days(),
            customers: summed,
        })
    }

    /// Says beside the result what is not in it.
    fn tell_left_out(&self) {
        if 0 < self.without_value {
            terminal::note(&format!(
                "{} of {} rows are left out: what their customer ordered on that day was taken back or given away, and is no purchase",
                self.without_value, self.rows
            ));
        }
    }

    fn each(&self) -> impl Iterator<Item = (&Customer, &str)> {
        self.customers.iter().map(|customer| {
            let name = usize::try_from(customer.id).ok().and_then(|id| self.names.get(id));
            (customer, name.map_or("", String::as_str))
        })
    }
}

/// Fits the model that was asked for.
fn purchases_of(cells: &Cells, model: FileModel, penalty: f64) -> anyhow::Result<FittedPurchases> {
    let by_penalty = |model: Model| {
        let never = "or --model nbd if nobody ever leaves";
        model.fit_penalised(cells, penalty).map_err(|error| way_out(error, penalty, never))
    };
    match model {
        FileModel::BgNbd => by_penalty(Model::BgNbd),
        FileModel::MbgNbd => by_penalty(Model::MbgNbd),
        FileModel::Nbd if penalty != 0.0 => {
            bail!("--penalty is for bg-nbd and mbg-nbd: where nobody leaves, there is less to tell")
        }
        FileModel::Nbd => Ok(fit_without_leaving(cells)?),
    }
}

/// Why nothing can be told of what people spend. Of people who nearly all spend the same no search finds how they differ.
fn why(error: &wink_stats::Error, customers: &[Customer]) -> String {
    let mut spends: Vec<f64> =
        customers.iter().filter(|one| 0 < one.history.repeats).map(|one| one.spend).collect();
    spends.sort_by(f64::total_cmp);
    let usual = spends.get(spends.len() / 2).copied().unwrap_or(0.0);
    let alike = spends.iter().filter(|spend| (*spend - usual).abs() <= ALIKE * usual).count();
    let part = wink_stats::numeric::count(alike) / wink_stats::numeric::count(spends.len());
    if alike < spends.len() && NEARLY_ALL <= part {
        return format!(
            "{error}: values are nearly all alike, {:.1} % of those who bought again spend {usual:.2} at a time",
            100.0 * part
        );
    }
    error.to_string()
}

/// Means of the same values differ by no more than this part of them.
const ALIKE: f64 = 1e-9;

/// If so many spend the same, that is the reason.
const NEARLY_ALL: f64 = 0.5;

/// Why there are no parameters, and what to do where the likelihood has no summit; `never` says what there is for people who never leave.
pub(super) fn way_out(error: wink_stats::Error, penalty: f64, never: &str) -> anyhow::Error {
    let has_no_summit =
        matches!(error, wink_stats::Error::NotIdentified { .. } | wink_stats::Error::NoConvergence { .. });
    match penalty {
        _ if !has_no_summit => error.into(),
        0.0 => anyhow!("{error}; --penalty 0.01 may give an answer, {never}"),
        _ => anyhow!(
            "{error} with --penalty {penalty} either; try the other --model, {never}, or more customers"
        ),
    }
}

impl Besides {
    fn of(
        table: &Table,
        is_purchase: impl Fn(usize) -> bool,
        orders: &Orders<'_>,
        columns: &Columns<'_>,
        level: f64,
    ) -> anyhow::Result<Self> {
        let read = |column: Option<&str>| {
            let numbers = column.map(|column| table.numbers(column)).transpose()?;
            anyhow::Ok(numbers.map(|numbers| only(&numbers, &is_purchase)))
        };
        let (costs, quantities) = (read(columns.cost)?, read(columns.quantity)?);
        let of = |values: &Option<Vec<f64>>| {
            values.as_deref().map(|values| per_order(&Orders { values, ..*orders }, level)).transpose()
        };
        let left = costs.as_deref().map(|costs| margin(orders, costs, level));
        Ok(Self {
            cost: of(&costs)?,
            margin: left.transpose().context("which part of the value is left")?,
            quantity: of(&quantities)?,
        })
    }

    /// Those that were asked for, with their names and in words.
    fn named(&self) -> impl Iterator<Item = (&'static str, &'static str, Interval)> {
        [
            ("cost", "cost of an order", self.cost),
            ("margin", "part of the value that is left", self.margin),
            ("quantity", "pieces in an order", self.quantity),
        ]
        .into_iter()
        .filter_map(|(name, words, figure)| Some((name, words, figure?)))
    }
}

impl Unit {
    fn days(self) -> f64 {
        match self {
            Self::Day => 1.0,
            Self::Week => 7.0,
            Self::Month => 365.25 / 12.0,
        }
    }
}

/// Values of which those of nothing are the least there is above it, too little to change any sum of others.
fn with_free(values: &[f64]) -> Vec<f64> {
    values.iter().map(|value| if *value == 0.0 { f64::MIN_POSITIVE } else { *value }).collect()
}

/// Days as numbers, from 1970-01-01.
fn days(dates: &[Date]) -> Vec<i32> {
    dates.iter().map(|day| days_since_1970(*day)).collect()
}

/// Numbers for names, in the order of the names.
fn numbered(names: Vec<String>) -> (Vec<u32>, Vec<String>) {
    let mut known: BTreeMap<String, u32> = names.iter().map(|name| (name.clone(), 0)).collect();
    for (number, place) in (0..).zip(known.values_mut()) {
        *place = number;
    }
    let numbers = names.iter().map(|name| known.get(name).copied().unwrap_or(0)).collect();
    (numbers, known.into_keys().collect())
}

#[derive(Serialize)]
struct Prediction<'a> {
    customer: &'a str,
    repeats: u32,
    last: f64,
    observed: f64,
    alive: Around,
    purchases: Around,
    next_median: Around,
    /// Nothing where it is infinite.
    next_mean: Option<Around>,
    value: Option<Around>,
}

impl Prediction<'_> {
    fn print(&self, as_json: bool) -> anyhow::Result<()> {
        if as_json {
            say!("{}", serde_json::to_string(self)?);
            return Ok(());
        }
        let Self { repeats, last, observed, alive, purchases, next_median, .. } = self;
        let three = |around: &Around, digits: usize| {
            let Around { estimate, lower, upper } = around;
            format!("{estimate:.digits$},{lower:.digits$},{upper:.digits$}")
        };
        let or_nothing = |around: Option<Around>, digits| {
            around.map_or_else(|| ",,".to_owned(), |around| three(&around, digits))
        };
        let mut name =
            csv::WriterBuilder::new().terminator(csv::Terminator::Any(b' ')).from_writer(Vec::new());
        name.write_record([self.customer])?;
        let name = String::from_utf8(name.into_inner()?)?;
        say!(
            "{},{repeats},{last:.4},{observed:.4},{},{},{},{},{}",
            name.trim_end(),
            three(alive, 4),
            three(purchases, 4),
            three(next_median, 3),
            or_nothing(self.next_mean, 3),
            or_nothing(self.value, 2),
        );
        Ok(())
    }
}

/// The parameters of the models of purchases; the first two are those of rates.
const PARAMETERS: [&str; 4] = ["r", "alpha", "a", "b"];

/// What a fit says.
#[derive(Serialize)]
struct Report {
    model: &'static str,
    customers: usize,
    different_histories: usize,
    /// Rows on days that came to nothing or less: no purchases, and left out.
    rows_without_value: usize,
    /// What the parameters were drawn to zero by; 0 if they were not.
    penalty: f64,
    parameters: BTreeMap<&'static str, f64>,
    relative_errors: BTreeMap<&'static str, f64>,
    log_likelihood: f64,
    converged_after_evaluations: usize,
    /// Not told with a penalty: the errors are then those of the data and the penalty together.
    hardly_told_by_the_data: Option<Vec<&'static str>>,
    spend: serde_json::Value,
    hold_out: Option<HoldOut>,
    population: serde_json::Value,
}

/// What came after the calibration, against what was expected.
#[derive(Serialize)]
struct HoldOut {
    time: f64,
    purchases: f64,
    expected: f64,
    mean_absolute_error: f64,
    correlation: f64,
}

impl Report {
    fn of(fit: &Fit) -> Self {
        let purchases = &fit.purchases;
        let parameters = purchases.parameters();
        // Where nobody leaves, nothing says how.
        let told = if purchases.leaves() { &PARAMETERS[..] } else { &PARAMETERS[..2] };
        let named = |values: [f64; 4]| told.iter().copied().zip(values).collect();
        Self {
            model: match purchases.model() {
                _ if !purchases.leaves() => "NBD",
                Model::BgNbd => "BG/NBD",
                Model::MbgNbd => "MBG/NBD",
            },
            customers: fit.customers.len(),
            different_histories: fit.different,
            rows_without_value: fit.without_value,
            penalty: purchases.penalty(),
            parameters: named([parameters.r, parameters.alpha, parameters.a, parameters.b]),
            relative_errors: named(purchases.relative_errors()),
            log_likelihood: purchases.log_likelihood(),
            converged_after_evaluations: purchases.evaluations(),
            hardly_told_by_the_data: (purchases.penalty() == 0.0).then(|| purchases.weak()),
            spend: spend(&fit.spend),
            hold_out: hold_out(fit),
            population: population(&fit.figures, &fit.besides),
        }
    }

    fn print(&self, fit: &Fit) {
        let listed = |values: &BTreeMap<&str, f64>| {
            let told = PARAMETERS.iter().filter_map(|name| Some((name, values.get(name)?)));
            told.map(|(name, value)| format!("{name} {value:.4}")).collect::<Vec<_>>().join(", ")
        };
        say!(
            "{} on {} customers, {} different histories",
            self.model,
            self.customers,
            self.different_histories
        );
        if 0.0 < self.penalty {
            say!("  drawn to zero by a penalty of {}", self.penalty);
        }
        say!("  {}", listed(&self.parameters));
        let with = if self.penalty == 0.0 { "" } else { ", the penalty's part included" };
        say!("  relative standard errors{with}: {}", listed(&self.relative_errors));
        say!(
            "  log-likelihood {:.2}, converged after {} evaluations",
            self.log_likelihood,
            self.converged_after_evaluations
        );
        if let Some(weak) = self.hardly_told_by_the_data.as_ref().filter(|weak| !weak.is_empty()) {
            say!("  hardly told by this data: {}", weak.join(", "));
        }
        match &fit.spend {
            Ok(spend) => {
                let p = spend.parameters();
                say!("gamma-gamma on {} customers who bought again", spend.customers());
                say!("  p {:.4}, q {:.4}, v {:.4}", p.p, p.q, p.gamma);
                say!(
                    "  log-likelihood {:.2}, converged after {} evaluations",
                    spend.log_likelihood(),
                    spend.evaluations()
                );
            }
            Err(error) => say!("gamma-gamma: {error}"),
        }
        match &self.hold_out {
            Some(later) => say!(
                "hold-out, {:.1} units of time: {} purchases, {:.1} expected; mean absolute error {:.4}, correlation {:.4}",
                later.time,
                later.purchases,
                later.expected,
                later.mean_absolute_error,
                later.correlation
            ),
            None => say!("hold-out: the file ends with the calibration, so nothing could be checked"),
        }
        print_population(&fit.figures, &fit.besides);
    }
}

fn spend(spend: &Result<FittedSpend, String>) -> serde_json::Value {
    match spend {
        Ok(spend) => {
            let parameters = spend.parameters();
            json!({
                "model": "gamma-gamma",
                "customers": spend.customers(),
                "parameters": { "p": parameters.p, "q": parameters.q, "v": parameters.gamma },
                "log_likelihood": spend.log_likelihood(),
                "converged_after_evaluations": spend.evaluations(),
            })
        }
        Err(error) => json!({ "model": "gamma-gamma", "refused": error }),
    }
}

fn hold_out(fit: &Fit) -> Option<HoldOut> {
    if fit.later <= 0.0 {
        return None;
    }
    let expected = fit.customers.iter().map(|one| fit.purchases.purchases(&one.history, fit.later));
    let pairs: Vec<(f64, f64)> = expected.zip(fit.customers.iter().map(|one| f64::from(one.later))).collect();
    let (expected, found): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
    let (joint, turned) = (JointMoments::of(&expected, &found), JointMoments::of(&found, &expected));
    Some(HoldOut {
        time: fit.later,
        purchases: found.iter().sum(),
        expected: expected.iter().sum(),
        mean_absolute_error: wink_stats::numeric::mean(
            &pairs.iter().map(|(expected, found)| (expected - found).abs()).collect::<Vec<_>>(),
        ),
        correlation: joint.products() / (joint.squares_x() * turned.squares_x()).sqrt(),
    })
}

/// The figures with their names; a missing one is not known.
fn named(figures: &Figures) -> [(&'static str, Option<Interval>); 6] {
    [
        ("orders_each", Some(figures.orders_each)),
        ("repeaters", Some(figures.repeaters)),
        ("days_between", figures.days_between),
        ("value", Some(figures.value)),
        ("first_value", Some(figures.first_value)),
        ("later_value", figures.later_value),
    ]
}

fn population(figures: &Figures, besides: &Besides) -> serde_json::Value {
    let mut population: BTreeMap<&str, serde_json::Value> =
        named(figures).into_iter().map(|(name, figure)| (name, json!(figure.map(Around::from)))).collect();
    population.extend(besides.named().map(|(name, _, figure)| (name, json!(Around::from(figure)))));
    population.insert("customers", figures.customers.into());
    population.insert("orders", figures.orders.into());
    json!(population)
}

fn print_population(figures: &Figures, besides: &Besides) {
    say!("everybody in the file: {} customers, {} days with an order", figures.customers, figures.orders);
    let words = [
        "orders of a customer",
        "part who bought again",
        "days from one order to the next",
        "value of an order",
        "value of the first order",
        "value of a later order",
    ];
    let figures = named(figures).into_iter().zip(words).map(|((_, figure), words)| (words, figure));
    for (words, figure) in figures.chain(besides.named().map(|(_, words, figure)| (words, Some(figure)))) {
        match figure {
            Some(Interval { estimate, lower, upper }) => {
                say!("  {words}: {estimate:.3} [{lower:.3}, {upper:.3}]")
            }
            None => say!("  {words}: not enough data"),
        }
    }
}

/// How values are spread: the part of the customers in each of forty equal steps up to the 99th percentile, and how many lie beyond.
struct Density {
    points: Vec<(f64, f64)>,
    most: f64,
    beyond: usize,
}

impl Density {
    fn of(values: &[f64]) -> Self {
        const STEPS: u32 = 40;
        let mut ordered = values.to_vec();
        ordered.sort_by(f64::total_cmp);
        let most = ordered.get(ordered.len() * 99 / 100).copied().unwrap_or(1.0);
        let width = most / f64::from(STEPS);
        let below = |bound: f64| ordered.partition_point(|value| *value < bound);
        // The last step holds its upper end, or the one at the percentile would be in none.
        let up_to = |step: u32| match step {
            STEPS => ordered.partition_point(|value| *value <= most),
            step => below(f64::from(step) * width),
        };
        let part = |step: u32| {
            let within = up_to(step + 1).saturating_sub(up_to(step));
            let part = wink_stats::numeric::count(within) / wink_stats::numeric::count(ordered.len());
            [(f64::from(step) * width, part), (f64::from(step + 1) * width, part)]
        };
        Self { points: (0..STEPS).flat_map(part).collect(), most, beyond: ordered.len() - up_to(STEPS) }
    }

    /// What runs along, with how many customers it leaves out.
    fn along(&self, horizon: u32) -> String {
        let what = if horizon == 1 { "value over the next unit of time" } else { "value over the horizon" };
        match self.beyond {
            0 => what.to_owned(),
            beyond => format!("{what}; {beyond} more lie beyond {}", rounded(self.most, 2)),
        }
    }

    fn draw<'a>(&self, along: &'a str) -> Chart<'a> {
        Chart {
            title: "What customers are worth",
            along,
            along_dates: false,
            up: "part of the customers",
            lines: vec![Line::of("customers", self.points.clone())],
            bands: Vec::new(),
            estimates: Vec::new(),
            marks: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_says_how_many_customers_it_leaves_out() {
        let part = |density: &Density| density.points.iter().step_by(2).map(|(_, part)| part).sum::<f64>();
        let values: Vec<f64> = (0_u32..1_000).map(f64::from).collect();
        let density = Density::of(&values);
        assert_eq!(density.along(12), "value over the horizon; 9 more lie beyond 990.00");
        assert!((part(&density) - 0.991).abs() < 1e-12, "{}", part(&density));
        let few = Density::of(&[1.0, 2.0, 4.0]);
        assert_eq!(few.along(1), "value over the next unit of time");
        assert!((part(&few) - 1.0).abs() < 1e-12, "{}", part(&few));
        let alike = Density::of(&[0.0; 200]);
        assert!((part(&alike) - 1.0).abs() < 1e-12 && alike.beyond == 0, "{}", part(&alike));
    }
}

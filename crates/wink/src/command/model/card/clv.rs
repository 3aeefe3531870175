//! The card of a model of purchases, as it is shown.

use serde::{Deserialize, Serialize};
use wink_core::measure::{self, ClvCard, HoldOut, LIMITS, UNIT_DAYS};

use super::day;
use crate::terminal::say;

/// The card of a model of purchases.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ClvView {
    pub(super) version: u32,
    model: String,
    trained_at: String,
    from: String,
    until: String,
    customers: u64,
    not_granted: u64,
    orders: u64,
    orders_without_value: u64,
    input_hash: String,
    horizon_days: u32,
    value_days: u32,
    discount_of_a_year: f64,
    margin: f64,
    penalty: f64,
    unit_days: i32,
    parameters: Named,
    relative_errors: Named,
    log_likelihood: f64,
    spend: Option<Spend>,
    #[serde(skip_serializing_if = "Option::is_none")]
    spend_not_known: Option<String>,
    hold_out: Option<HoldOutView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hold_out_not_known: Option<String>,
    limits: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Named {
    r: f64,
    alpha: f64,
    a: f64,
    b: f64,
}

#[derive(Debug, Serialize, Deserialize)]
struct Spend {
    customers: u64,
    p: f64,
    q: f64,
    /// In minor units.
    v: f64,
    log_likelihood: f64,
}

#[derive(Debug, Serialize, Deserialize)]
struct HoldOutView {
    days: u32,
    customers: u64,
    found: f64,
    expected: f64,
    mean_absolute_error: f64,
    bought: f64,
    bought_expected: f64,
    auc: Option<f64>,
}

impl ClvView {
    pub(super) fn of(card: &ClvCard) -> Self {
        let parameters = card.parameters;
        let [r, alpha, a, b] = card.relative_errors;
        Self {
            version: card.version,
            model: match card.settings.model {
                measure::Model::BgNbd => "BG/NBD",
                measure::Model::MbgNbd => "MBG/NBD",
            }
            .to_owned(),
            trained_at: card.trained_at.to_string(),
            from: day(card.from),
            until: day(card.until),
            customers: card.customers,
            not_granted: card.not_granted,
            orders: card.orders,
            orders_without_value: card.without_value,
            input_hash: card.input.hex(),
            horizon_days: card.settings.horizon_days,
            value_days: card.settings.value_days,
            discount_of_a_year: card.settings.discount,
            margin: card.settings.margin,
            penalty: card.settings.penalty,
            unit_days: UNIT_DAYS,
            parameters: Named { r: parameters.r, alpha: parameters.alpha, a: parameters.a, b: parameters.b },
            relative_errors: Named { r, alpha, a, b },
            log_likelihood: card.log_likelihood,
            spend: card.spend.as_ref().ok().map(|spend| Spend {
                customers: spend.customers,
                p: spend.parameters.p,
                q: spend.parameters.q,
                v: spend.parameters.gamma,
                log_likelihood: spend.log_likelihood,
            }),
            spend_not_known: card.spend.as_ref().err().cloned(),
            hold_out: card.hold_out.as_ref().ok().map(HoldOutView::of),
            hold_out_not_known: card.hold_out.as_ref().err().cloned(),
            limits: LIMITS.map(str::to_owned).to_vec(),
        }
    }

    /// Says what stands in its row of the list.
    pub(super) fn row(&self) -> [String; 7] {
        let looked = self.hold_out.as_ref();
        [
            format!("clv {}", self.version),
            self.trained_at.clone(),
            self.model.clone(),
            self.customers.to_string(),
            self.until.clone(),
            looked.map_or_else(|| "-".to_owned(), |held| format!("{:.0} / {:.0}", held.expected, held.found)),
            looked.and_then(|held| held.auc).map_or_else(|| "-".to_owned(), |auc| format!("{auc:.3}")),
        ]
    }

    pub(super) fn print(&self) {
        say!("clv {}: {} and gamma-gamma, fitted {}", self.version, self.model, self.trained_at);
        say!(
            "  {} customers, {} days with an order, {} to {}; {} bought and have not granted personalisation",
            self.customers,
            self.orders,
            self.from,
            self.until,
            self.not_granted
        );
        let listed =
            |of: &Named| format!("r {:.4}, alpha {:.4}, a {:.4}, b {:.4}", of.r, of.alpha, of.a, of.b);
        say!("  {}, in weeks; log-likelihood {:.2}", listed(&self.parameters), self.log_likelihood);
        if 0.0 < self.penalty {
            say!("  drawn to zero by a penalty of {}", self.penalty);
        }
        let with = if self.penalty == 0.0 { "" } else { ", the penalty's part included" };
        say!("  relative standard errors{with}: {}", listed(&self.relative_errors));
        match (&self.spend, &self.spend_not_known) {
            (Some(spend), _) => say!(
                "  spend, of {} who bought again: p {:.4}, q {:.4}, v {:.1} minor units; log-likelihood {:.2}",
                spend.customers,
                spend.p,
                spend.q,
                spend.v,
                spend.log_likelihood
            ),
            (None, why) => say!("  spend is not known: {}", why.as_deref().unwrap_or_default()),
        }
        match (&self.hold_out, &self.hold_out_not_known) {
            (Some(held), _) => held.print(),
            (None, why) => say!("  not checked: {}", why.as_deref().unwrap_or_default()),
        }
        say!(
            "  scores: a purchase within {} days; worth over {} days, margin {}, discount {} a year",
            self.horizon_days,
            self.value_days,
            self.margin,
            self.discount_of_a_year
        );
        self.limits.iter().for_each(|limit| say!("  limit: {limit}"));
        say!("  fitted to data with the hash {}", self.input_hash);
    }
}

impl HoldOutView {
    fn of(held: &HoldOut) -> Self {
        Self {
            days: held.days,
            customers: held.customers,
            found: held.found,
            expected: held.expected,
            mean_absolute_error: held.mean_absolute_error,
            bought: held.bought,
            bought_expected: held.bought_expected,
            auc: held.auc,
        }
    }

    fn print(&self) {
        say!(
            "  check on the last {} days, which a fit had not seen: {:.0} purchases, {:.1} foretold; off by {:.3} a person",
            self.days,
            self.found,
            self.expected,
            self.mean_absolute_error
        );
        let auc = self.auc.map_or_else(|| "not known".to_owned(), |auc| format!("{auc:.3}"));
        say!(
            "    {:.1} % bought, {:.1} % foretold, AUC {auc}",
            100.0 * self.bought,
            100.0 * self.bought_expected
        );
    }
}

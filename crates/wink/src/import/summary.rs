//! What an import ends with, read from the store rather than counted on the way: a resumed import tells the same.

use std::collections::BTreeMap;

use serde::Serialize;
use wink_core::base::DecisionId;
use wink_core::decision::{Decision, Verdict};
use wink_core::measure::{Arm, Readout};
use wink_server::report::campaigns::{self, CampaignReport};
use wink_server::report::state_hash::state_hash;
use wink_server::report::totals::{self, Balance};
use wink_server::{Engine, Error};
use wink_store::Store;

use super::run::Ran;

/// The summary as JSON.
#[derive(Serialize)]
pub(crate) struct Summary {
    pub(crate) finished: bool,
    pub(crate) consent: &'static str,
    pub(crate) lines: u64,
    pub(crate) baskets: u64,
    pub(crate) profiles: u64,
    pub(crate) products: usize,
    pub(crate) sales_cents: i64,
    pub(crate) discount_cents: i64,
    pub(crate) coupon_discount_cents: i64,
    pub(crate) decisions: u64,
    pub(crate) offers: u64,
    pub(crate) none: u64,
    pub(crate) holdout: u64,
    pub(crate) budget_cap_cents: i64,
    pub(crate) budget_used_cents: i64,
    pub(crate) events: BTreeMap<String, i64>,
    pub(crate) balance: BalanceView,
    pub(crate) coupons: CouponsView,
    pub(crate) campaigns: Vec<CampaignView>,
    pub(crate) examples: Vec<String>,
    pub(crate) state_hash: String,
    pub(crate) timing: Timing,
}

#[derive(Serialize)]
pub(crate) struct BalanceView {
    pub(crate) received: i64,
    pub(crate) accepted: i64,
    pub(crate) duplicate: i64,
    pub(crate) dead: i64,
    pub(crate) refused: i64,
}

impl From<Balance> for BalanceView {
    fn from(balance: Balance) -> Self {
        let Balance { received, accepted, duplicate, dead, refused } = balance;
        Self { received, accepted, duplicate, dead, refused }
    }
}

#[derive(Serialize)]
pub(crate) struct CouponsView {
    pub(crate) issued: u64,
    pub(crate) redeemed: u64,
    pub(crate) expired: u64,
    pub(crate) revoked: u64,
}

#[derive(Serialize)]
pub(crate) struct CampaignView {
    pub(crate) id: String,
    pub(crate) offered: u64,
    pub(crate) held_out: u64,
    pub(crate) withheld: BTreeMap<&'static str, u64>,
    pub(crate) budget_used_cents: i64,
    /// The most it owed at any time; coupons that ran out have freed their share since.
    pub(crate) budget_peak_cents: i64,
    pub(crate) budget_cap_cents: i64,
    pub(crate) people_offered: u64,
    pub(crate) people_held_out: u64,
    /// Of them, those whose 28 days are over: the people in the readout.
    pub(crate) people_read_out: u64,
    /// Spend per person in 28 days, offered minus held out, in cents; `null` if there is not enough data.
    pub(crate) effect_cents: Option<f64>,
    /// Its 95 % interval.
    pub(crate) interval_cents: Option<[f64; 2]>,
}

impl From<&CampaignReport> for CampaignView {
    fn from(report: &CampaignReport) -> Self {
        let interval = match report.readout {
            Readout::Effect(interval) => Some(interval),
            Readout::NotEnoughData => None,
        };
        Self {
            id: report.id.to_string(),
            offered: report.offered,
            held_out: report.held_out,
            withheld: report.withheld.clone(),
            budget_used_cents: report.used.0,
            budget_peak_cents: report.peak.0,
            budget_cap_cents: report.cap.0,
            people_offered: report.assigned.0,
            people_held_out: report.assigned.1,
            people_read_out: report.sums.people(Arm::Offered) + report.sums.people(Arm::HeldOut),
            effect_cents: interval.map(|interval| interval.estimate),
            interval_cents: interval.map(|interval| [interval.lower, interval.upper]),
        }
    }
}

/// How fast it went. Differs from run to run; everything else in the summary does not.
#[derive(Serialize)]
pub(crate) struct Timing {
    pub(crate) seconds: f64,
    pub(crate) events_sent: u64,
    pub(crate) events_per_second: f64,
    pub(crate) lines_per_second: f64,
    pub(crate) decisions_per_second: f64,
    pub(crate) decide_p50_us: Option<f64>,
    pub(crate) decide_p99_us: Option<f64>,
}

/// Reads the summary of everything in the store.
pub(crate) async fn read<S: Store>(
    engine: &Engine<S>,
    ran: &Ran,
    assume_consent: bool,
    products: usize,
    seconds: f64,
) -> Result<(Summary, Vec<CampaignReport>), Error> {
    let orders = totals::orders(engine).await?;
    let verdicts = totals::verdicts(engine).await?;
    let coupons = totals::coupons(engine).await?;
    let reports = campaigns::read(engine, ran.reached).await?;
    let micros = |share| engine.decide_times.quantile(share).map(|time| time.as_secs_f64() * 1e6);
    let per_second = |count: u64, time: f64| if 0.0 < time { real(count) / time } else { 0.0 };
    let (ingesting, deciding) = (ran.ingesting.as_secs_f64(), ran.deciding.as_secs_f64());
    let summary = Summary {
        finished: !ran.stopped,
        consent: match assume_consent {
            true => {
                "assumed by --assume-consent; the data carries none. The assumption stays with these households in this store"
            }
            false => "none; no personal decision was made",
        },
        lines: orders.lines,
        baskets: orders.orders,
        profiles: totals::profiles(engine).await?,
        products,
        sales_cents: orders.sales_cents,
        discount_cents: orders.discount_cents,
        coupon_discount_cents: orders.coupon_discount_cents,
        decisions: verdicts.decisions,
        offers: verdicts.offers,
        none: verdicts.none,
        holdout: verdicts.holdout,
        budget_cap_cents: reports.iter().map(|report| report.cap.0).sum(),
        budget_used_cents: reports.iter().map(|report| report.used.0).sum(),
        events: totals::events(engine).await?,
        balance: totals::balance(engine).await?.into(),
        coupons: CouponsView {
            issued: coupons.issued,
            redeemed: coupons.redeemed,
            expired: coupons.expired,
            revoked: coupons.revoked,
        },
        campaigns: reports.iter().map(CampaignView::from).collect(),
        examples: examples(engine).await?.iter().map(ToString::to_string).collect(),
        state_hash: state_hash(engine).await?.hex(),
        timing: Timing {
            seconds,
            events_sent: ran.events,
            events_per_second: per_second(ran.events, ingesting),
            lines_per_second: per_second(ran.lines, ingesting),
            decisions_per_second: per_second(verdicts.decisions, deciding),
            decide_p50_us: micros(0.5),
            decide_p99_us: micros(0.99),
        },
    };
    Ok((summary, reports))
}

/// Picks three decisions worth explaining: the first offer, the first that was held out, the first that gave nothing.
async fn examples<S: Store>(engine: &Engine<S>) -> Result<Vec<DecisionId>, Error> {
    let wanted: [fn(Verdict) -> bool; 3] = [
        |verdict| matches!(verdict, Verdict::Offer(_)),
        |verdict| matches!(verdict, Verdict::HeldOut(_)),
        |verdict| matches!(verdict, Verdict::Nothing),
    ];
    totals::first_decisions(engine, &wanted, |decision: &Decision| 1 < decision.candidates.len()).await
}

#[expect(clippy::cast_precision_loss, reason = "a count")]
fn real(count: u64) -> f64 {
    count as f64
}

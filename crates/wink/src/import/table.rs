//! The summary for people: a table per campaign, and what to make of it.

use comfy_table::{CellAlignment, Table};
use wink_core::base::{Cents, Currency};
use wink_core::measure::Readout;
use wink_server::report::campaigns::CampaignReport;

use super::summary::Summary;
use crate::terminal::{self, say};

/// Prints the summary; amounts are in `currency`.
pub(crate) fn print(summary: &Summary, reports: &[CampaignReport], currency: Currency) {
    let sales = currency.of(Cents(summary.sales_cents));
    say!(
        "{} baskets with {} lines of {} households, sales {sales}, {} products",
        summary.baskets,
        summary.lines,
        summary.profiles,
        summary.products
    );
    say!("consent: {}", summary.consent);
    let balance = &summary.balance;
    say!(
        "messages: {} received = {} accepted + {} duplicate + {} dead + {} refused",
        balance.received,
        balance.accepted,
        balance.duplicate,
        balance.dead,
        balance.refused
    );
    say!(
        "decisions: {} = {} offers + {} held out + {} none, on purpose",
        summary.decisions,
        summary.offers,
        summary.holdout,
        summary.none
    );
    let coupons = &summary.coupons;
    say!(
        "coupons: {} in circulation, {} expired, {} redeemed (nobody in this data could redeem Wink's coupons)",
        coupons.issued,
        coupons.expired,
        coupons.redeemed
    );
    say!("\n{}", campaigns(reports, currency));
    say!("{}", readout_words(reports));
    let timing = &summary.timing;
    say!(
        "\n{:.1} s: {:.0} events/s, {:.0} order lines/s, {:.0} decisions/s; a decision with its loading takes {} (p50), {} (p99)",
        timing.seconds,
        timing.events_per_second,
        timing.lines_per_second,
        timing.decisions_per_second,
        micros(timing.decide_p50_us),
        micros(timing.decide_p99_us),
    );
    say!("state {}", summary.state_hash);
}

fn campaigns(reports: &[CampaignReport], currency: Currency) -> Table {
    let mut table = terminal::table();
    table.set_header([
        "campaign",
        "offered",
        "withheld, and why",
        "budget used of cap (at most)",
        "hold-out",
        "spend per household in 28 days: offered − hold-out [95 %]",
    ]);
    for report in reports {
        table.add_row([
            report.id.to_string(),
            report.offered.to_string(),
            withheld(report),
            budget(report, currency),
            format!("{} of {}", report.assigned.1, report.assigned.0 + report.assigned.1),
            effect(report, currency),
        ]);
    }
    for column in [1, 3, 4] {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

/// The three most frequent reasons.
fn withheld(report: &CampaignReport) -> String {
    let mut reasons: Vec<_> = report.withheld.iter().collect();
    reasons.sort_by_key(|(code, count)| (std::cmp::Reverse(**count), **code));
    let shown: Vec<String> = reasons.iter().take(3).map(|(code, count)| format!("{count} {code}")).collect();
    shown.join(", ")
}

fn budget(report: &CampaignReport, currency: Currency) -> String {
    let [used, cap, peak] = [report.used, report.cap, report.peak].map(|amount| currency.of(amount).plain());
    format!("{used} of {cap} ({peak})")
}

fn effect(report: &CampaignReport, currency: Currency) -> String {
    match report.readout {
        Readout::NotEnoughData => "not enough data".to_owned(),
        Readout::Effect(interval) => {
            let money = |minor: f64| {
                let sign = if minor < 0.0 { "" } else { "+" };
                format!("{sign}{}", currency.rounded(minor))
            };
            format!("{} [{}, {}]", money(interval.estimate), money(interval.lower), money(interval.upper))
        }
    }
}

fn readout_words(reports: &[CampaignReport]) -> String {
    let said: Vec<bool> = reports
        .iter()
        .filter_map(|report| match report.readout {
            Readout::Effect(interval) => Some(interval.holds_zero()),
            Readout::NotEnoughData => None,
        })
        .collect();
    let holds = said.iter().filter(|holds| **holds).count();
    format!(
        "This is an A/A check: nobody in this data ever saw Wink's offers, so the true effect is zero. {holds} of {} intervals hold zero; \
         of such 95 % intervals about one in twenty does not, by chance alone.",
        said.len()
    )
}

fn micros(micros: Option<f64>) -> String {
    micros.map_or_else(|| "-".to_owned(), |micros| format!("{micros:.0} µs"))
}

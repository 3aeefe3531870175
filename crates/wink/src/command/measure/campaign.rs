//! `wink measure campaign`: what a campaign of a store changed, in money.

use anyhow::ensure;
use wink_api::{CampaignResultView, CoursePoint, GuardrailView, IntervalView};
use wink_core::base::Currency;
use wink_server::report::result;

use crate::arguments::CampaignAsked;
use crate::home::Clock;
use crate::plot::{Band, Chart, Line};
use crate::terminal::{self, say};
use crate::{control, home};

pub(super) fn run(asked: &CampaignAsked) -> anyhow::Result<()> {
    let found = home::run(read(asked))?;
    if asked.json {
        terminal::json(&found)?;
    } else {
        print(&found);
    }
    // The answer is there all the same, with what is waited for.
    let Some(path) = &asked.plot else { return refuse_nothing(&found) };
    ensure!(
        !found.course.is_empty(),
        "there is not enough data for a chart yet, so `{}` is not written",
        path.display()
    );
    let title = format!("What {} had changed by each day, not adjusted", found.campaign);
    let up = format!(
        "contribution per person in {}, offered minus held out, with a 95 % interval for each day",
        currency_of(&found)
    );
    draw(&found.course, currency_of(&found).minor_units(), &title, &up).write(path)
}

/// Ends with a fault where not one figure could be measured, as the measurements on files do.
fn refuse_nothing(found: &CampaignResultView) -> anyhow::Result<()> {
    let increment = &found.increment;
    let figures = [
        increment.per_person_cents,
        increment.plain_cents,
        increment.since_assignment_cents,
        found.sales_cents.value,
        found.buys.value,
    ];
    ensure!(
        figures.iter().any(Option::is_some),
        "nothing could be measured of {} yet: {}",
        found.campaign,
        said(increment.not_said.as_ref())
    );
    Ok(())
}

/// Asks the server that has the store, or reads the store and says how far it is.
async fn read(asked: &CampaignAsked) -> anyhow::Result<CampaignResultView> {
    let store = &asked.data.data;
    home::refuse_nothing(store)?;
    if home::is_open_elsewhere(store)? {
        let path = format!("/v1/campaigns/{}/result", asked.campaign);
        return Ok(serde_json::from_value(control::ask(store, "GET", &path, None).await?)?);
    }
    let engine = home::open(store).await?;
    let now = Clock::of(&engine).await?.now();
    let bar = terminal::progress(0, "entries of the journal", asked.json);
    let found = result::read(&engine, &asked.campaign, now, |entries| bar.set_position(entries)).await;
    bar.finish_and_clear();
    Ok(found?.view())
}

fn print(found: &CampaignResultView) {
    say!("{} ({}), counted until {}", found.campaign, found.name, found.computed_at);
    for (name, arm) in [("offered", found.offered), ("held out", found.held_out)] {
        say!(
            "{name:<9} {} people, the {} days of {} are over",
            arm.assigned,
            found.window_days,
            arm.measured
        );
    }
    let lots = &found.lots;
    match (lots.trusted, lots.p_value) {
        (Some(true), Some(p)) => say!("the lots fell as they were to (p {p:.3})"),
        (Some(false), Some(p)) => {
            say!("the lots did NOT fall as they were to (p {p:.1e}): the result is not to be trusted");
        }
        _ => say!("whether the lots fell as they were to: {}", said(lots.not_said.as_ref())),
    }
    figures(found);
    for guardrail in &found.guardrails {
        say!("{}", guarded(guardrail));
    }
    if let Some(reaction) = found.reaction {
        say!(
            "half of the {} who reacted did so within {}, the middle half between {} and {} (descriptive)",
            reaction.people,
            span(reaction.median_ms),
            span(reaction.first_quartile_ms),
            span(reaction.third_quartile_ms)
        );
    }
    found.notes.iter().for_each(|note| say!("note: {note}"));
    say!("advice: {} ({}): {}", found.advice.action, found.advice.rule, found.advice.because);
}

fn figures(found: &CampaignResultView) {
    let currency = currency_of(found);
    let money = |minor: f64| currency.rounded(minor);
    let mut table = terminal::table();
    table.set_header(["figure", "estimate", "95 % interval", "how"]);
    let mut row =
        |figure: String, value: Option<IntervalView>, words: &dyn Fn(f64) -> String, how: String| {
            let (estimate, around) = match value {
                Some(value) => {
                    (words(value.estimate), format!("{} to {}", words(value.lower), words(value.upper)))
                }
                None => ("-".to_owned(), "-".to_owned()),
            };
            table.add_row([figure, estimate, around, how]);
        };
    let increment = &found.increment;
    let how = match (&increment.method, increment.variance_left) {
        (Some(_), Some(left)) => format!("CUPED, {:.0} % of the variance left", 100.0 * left),
        (Some(_), None) => "Welch".to_owned(),
        (None, _) => said(increment.not_said.as_ref()),
    };
    row(format!("contribution per person, {currency}"), increment.per_person_cents, &money, how);
    row("… plain".to_owned(), increment.plain_cents, &money, "Welch".to_owned());
    let since = "Welch, the rest of the first day included".to_owned();
    row("… since the assignment".to_owned(), increment.since_assignment_cents, &money, since);
    row(
        format!("contribution of all offered, {currency}"),
        increment.total_cents,
        &money,
        format!("times {} people", found.offered.measured),
    );
    row(
        format!("paid per person, {currency}"),
        found.sales_cents.value,
        &money,
        found.sales_cents.not_said.clone().unwrap_or_else(|| "Welch".to_owned()),
    );
    row(
        "share that buys".to_owned(),
        found.buys.value,
        &points,
        found.buys.not_said.clone().unwrap_or_else(|| "Newcombe, in points".to_owned()),
    );
    let of = found.waste.discount_cents.map(|cents| format!("of {} of discount", money(cents)));
    row(
        format!("discount wasted, {currency}"),
        found.waste.cents,
        &money,
        found.waste.not_said.clone().or(of).unwrap_or_default(),
    );
    say!("{table}");
    let coupons = found.coupons;
    say!(
        "coupons: {} used, {} {currency} given, {} of it back",
        coupons.redemptions,
        money(real(coupons.given_cents)),
        money(real(coupons.returned_cents))
    );
}

fn guarded(guardrail: &GuardrailView) -> String {
    let name = guardrail.name.replace('_', " ");
    match (&guardrail.verdict, guardrail.change) {
        (Some(verdict), Some(change)) => format!(
            "{name}: {verdict}, {} points ({} to {}), and {} can be borne",
            points(change.estimate),
            points(change.lower),
            points(change.upper),
            points(guardrail.margin)
        ),
        _ => format!("{name}: {}", said(guardrail.not_said.as_ref())),
    }
}

fn said(why: Option<&String>) -> String {
    why.cloned().unwrap_or_default()
}

fn currency_of(found: &CampaignResultView) -> Currency {
    Currency::new(&found.currency).unwrap_or(Currency::NONE)
}

fn points(share: f64) -> String {
    format!("{:+.2}", 100.0 * share)
}

#[expect(clippy::cast_precision_loss, reason = "printed with few decimals")]
fn real(cents: i64) -> f64 {
    cents as f64
}

/// A span as people say it.
fn span(milliseconds: i64) -> String {
    match milliseconds / 60_000 {
        minutes @ ..60 => format!("{minutes} min"),
        minutes @ 60..2_880 => format!("{} h", minutes / 60),
        minutes => format!("{} days", minutes / 1_440),
    }
}

fn draw<'a>(course: &[CoursePoint], unit: f64, title: &'a str, up: &'a str) -> Chart<'a> {
    let point = |minor: f64| minor / unit;
    let days = || course.iter().map(|at| (f64::from(at.day), at.cents));
    let band = days().map(|(day, cents)| (day, point(cents.lower), point(cents.upper))).collect();
    Chart {
        title,
        along: "days after the day of the assignment",
        along_dates: false,
        up,
        lines: vec![
            // The statement is adjusted for what people did before: the last day's difference need not be its estimate.
            Line::of(
                "difference, not adjusted",
                days().map(|(day, cents)| (day, point(cents.estimate))).collect(),
            ),
            Line::beside("no difference", days().map(|(day, _)| (day, 0.0)).collect()),
        ],
        bands: vec![Band { points: band }],
        estimates: Vec::new(),
        marks: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_and_spans_are_said_as_people_say_them() {
        assert_eq!([points(0.0123), points(-0.5)], ["+1.23", "-50.00"]);
        let spans = [0, 59 * 60_000, 60 * 60_000, 47 * 3_600_000, 48 * 3_600_000].map(span);
        assert_eq!(spans, ["0 min", "59 min", "1 h", "47 h", "2 days"]);
    }

    #[test]
    fn the_picture_names_its_difference_as_not_adjusted() {
        let cents = IntervalView { estimate: 50.0, lower: -100.0, upper: 200.0 };
        let course = [1, 2].map(|day| CoursePoint { day, cents });
        let chart = draw(&course, 100.0, "What tea had changed", "money");
        let [difference, none] = &chart.lines[..] else { panic!("two lines") };
        assert_eq!((difference.name, none.name), ("difference, not adjusted", "no difference"));
        assert_eq!(difference.points, [(1.0, 0.5), (2.0, 0.5)]);
        assert_eq!(chart.bands[0].points, [(1.0, -1.0, 2.0), (2.0, -1.0, 2.0)]);
    }
}

//! `/v1/tills/{id}`: what a till may give while it can ask nobody, what it reports afterwards, and what it did on a day.

use std::collections::BTreeSet;

use axum::Json;
use wink_api::{
    DayVatView, LeaseAsked as Sent, LeaseView, LeasesListed, LimitKeptView, NotRenewed, PointsSumView,
    Problem, ReasonSumView, SumView, SyncAnswered, SyncAsked, TAKEN_MAX, TakenAnswered, TakenSent,
    TillDayView,
};
use wink_code::{LINE_BYTES_MAX, LINES_MAX, ORDER_BYTES_MAX, RATE_MAX};
use wink_core::base::{CampaignId, Cents, CouponId, LeaseId, OfferId, TillId, Timestamp};
use wink_core::coupon::{LEASE_CENTS_MAX, Lease, LeaseAsked, LimitKept, Part, Taken};
use wink_store::Store;

use super::body::{self, PathName};
use super::cart::{self, hidden};
use super::problem::{Refused, at, invalid, no_such};
use super::service::Caller;
use crate::access::Role;
use crate::flow::tills::day::{self, Day, Sum, SumInPoints};
use crate::flow::tills::leases::{self, Answer};
use crate::flow::tills::sync::{self, Outcome, Report};

/// What a cart may have a till may tell of, and the other way round.
const _: () =
    assert!(LINES_MAX == wink_core::coupon::cart::LINES_MAX && ORDER_BYTES_MAX == cart::ORDER_BYTES_MAX);

/// Grants a till a lease: so many coupons and so much money that it may give while it can ask nobody. All of the money leaves the budget at
/// once, and all of it is kept in each limit per day and store it could fall under until the lease is given back. A till has one good lease of a campaign; asked again for the same, it is that one.
#[utoipa::path(post, path = "/v1/tills/{id}/leases", tag = "tills", operation_id = "grant_lease", request_body = Sent,
    params(("id" = String, Path, description = "The till, by the name of its key")),
    responses(
        (status = 200, description = "The lease, signed", body = LeaseView),
        (status = 409, description = "`no_room` in the budget, `no_room_in_limit` where a limit per day or store has too little left, or `lease_open`: the till has another one; or no catalogue is in force", body = Problem, content_type = "application/problem+json"),
    ))]
pub(super) async fn grant_lease<S: Store>(
    caller: Caller<S>,
    PathName(id): PathName,
    body::Json(sent): body::Json<Sent>,
) -> Result<Json<LeaseView>, Refused> {
    let asked = asked(till(&caller, &id)?, sent, caller.now)?;
    let conflict = |code: &str, why: String| at("", Problem::new(409, code, "There is no lease", why));
    match leases::grant(&caller.engine, &asked, caller.now).await? {
        Answer::Granted(lease) => Ok(Json(view(&caller, &lease).await?)),
        Answer::NoRoom => Err(conflict(
            "no_room",
            format!(
                "the budget of `{}` has no room for {}",
                asked.campaign,
                caller.engine.currency().of(asked.cents_max)
            ),
        )),
        Answer::Limited(short) => Err(conflict("no_room_in_limit", short.told(caller.engine.currency()))),
        Answer::Open(lease) => Err(conflict(
            "lease_open",
            format!(
                "the till has another lease of `{}` until {}; let it give that back first",
                lease.campaign, lease.expires_at
            ),
        )),
    }
}

/// Lists the leases of a till that hold money, each signed for the till.
#[utoipa::path(get, path = "/v1/tills/{id}/leases", tag = "tills", operation_id = "list_leases",
    params(("id" = String, Path, description = "The till, by the name of its key")),
    responses((status = 200, description = "The leases", body = LeasesListed)))]
pub(super) async fn list_leases<S: Store>(
    caller: Caller<S>,
    PathName(id): PathName,
) -> Result<Json<LeasesListed>, Refused> {
    let till = till(&caller, &id)?;
    let mut data = Vec::new();
    let leases = leases::list(&caller.engine, &till).await?;
    for lease in leases.iter().filter(|lease| lease.is_open() && is_of_store(&caller, lease)) {
        data.push(view(&caller, lease).await?);
    }
    Ok(Json(LeasesListed { data }))
}

/// Hears what a till took while it could ask nobody. Every order gives the same result, and so does everything twice; what several tills
/// took of one coupon counts once, and the others are a loss that their leases pay.
#[utoipa::path(post, path = "/v1/tills/{id}/sync", tag = "tills", operation_id = "sync_till", request_body = SyncAsked,
    params(("id" = String, Path, description = "The till, by the name of its key")),
    responses(
        (status = 200, description = "What became of it, one by one", body = SyncAnswered),
        (status = 409, description = "No catalogue is in force yet", body = Problem, content_type = "application/problem+json"),
    ))]
pub(super) async fn sync_till<S: Store>(
    caller: Caller<S>,
    PathName(id): PathName,
    body::Json(sent): body::Json<SyncAsked>,
) -> Result<Json<SyncAnswered>, Refused> {
    let till = till(&caller, &id)?;
    if TAKEN_MAX < sent.taken.len() {
        return Err(invalid("/taken", format!("send at most {TAKEN_MAX} at once; the others afterwards")));
    }
    // One that cannot be read keeps none of the others from being heard.
    let reports: Vec<Result<Report, String>> = sent.taken.into_iter().map(report).collect();
    let (returned, renewed) =
        (lease_ids("/returned", &sent.returned)?, lease_ids("/renewed", &sent.renewed)?);
    let engine = &caller.engine;
    let foreign = foreign(&caller, &till).await?;
    if returned.iter().chain(&renewed).any(|id| foreign.contains(id)) {
        return Err(no_such("lease"));
    }
    let mut outcomes = Vec::with_capacity(reports.len());
    for report in reports {
        outcomes.push(match report {
            Ok(report) if foreign.contains(&report.lease) => answered(&Outcome::LeaseUnknown),
            Ok(report) => answered(&sync::hear(engine, &till, &report, caller.now).await.map_err(hidden)?),
            Err(why) => malformed(why),
        });
    }
    let after = sync::give_back(engine, &till, &returned, &renewed, caller.now).await.map_err(hidden)?;
    let not_renewed = |(lease, why): (LeaseId, String)| NotRenewed { lease: lease.to_string(), why };
    let mut answer = SyncAnswered {
        taken: outcomes,
        returned: Vec::new(),
        renewed: Vec::new(),
        not_renewed: after.not_renewed.into_iter().map(not_renewed).collect(),
    };
    for lease in &after.returned {
        answer.returned.push(view(&caller, lease).await?);
    }
    for lease in &after.renewed {
        answer.renewed.push(view(&caller, lease).await?);
    }
    Ok(Json(answer))
}

/// Reports what a till did on a day of the shop's calendar: coupons given and taken back, discounts by rate of VAT, what it gave without the
/// server, and what of that is lost. A till that reports late still changes days that are over.
#[utoipa::path(get, path = "/v1/tills/{id}/days/{date}", tag = "tills", operation_id = "read_till_day",
    params(
        ("id" = String, Path, description = "The till, by the name of its key"),
        ("date" = String, Path, description = "The day, like 2026-03-01"),
    ),
    responses(
        (status = 200, description = "The day", body = TillDayView),
        (status = 409, description = "No catalogue is in force yet", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "The date is none", body = Problem, content_type = "application/problem+json"),
    ))]
pub(super) async fn read_till_day<S: Store>(
    caller: Caller<S>,
    PathName((id, date)): PathName<(String, String)>,
) -> Result<Json<TillDayView>, Refused> {
    let till = till(&caller, &id)?;
    let malformed = || invalid("/date", "a day is written like 2026-03-01");
    let is_a_date = date.len() == "2026-03-01".len();
    let midnight = Timestamp::parse(&format!("{date}T00:00:00Z")).ok().filter(|_| is_a_date);
    let number = midnight.ok_or_else(malformed)?.day();
    let currency = caller.engine.catalogue()?.shop.currency.code().to_owned();
    let day = day::read(&caller.engine, &till, number).await?;
    let of_store = day.open_leases.iter().filter(|lease| is_of_store(&caller, lease));
    let open_leases = of_store.map(unsigned).collect();
    Ok(Json(day_view(&day, till.to_string(), date, currency, open_leases)))
}

/// Names the till. One that calls may ask of itself only: of others as little is there as of those that are not.
fn till<S>(caller: &Caller<S>, id: &str) -> Result<TillId, Refused> {
    let is_its_own = caller.access.role != Role::Till || caller.access.name == id;
    TillId::parse(id).filter(|_| is_its_own).ok_or_else(|| no_such("till"))
}

/// Tells whether a lease is the business of whoever calls: a till's key is bound to a store, and a till of the same name in another has leases
/// of its own.
fn is_of_store<S>(caller: &Caller<S>, lease: &Lease) -> bool {
    let bound = caller.access.store.as_ref().zip(lease.store.as_ref());
    bound.is_none_or(|(bound, store)| bound == store)
}

/// Lists the leases of a till that are another store's.
async fn foreign<S: Store>(caller: &Caller<S>, till: &TillId) -> Result<BTreeSet<LeaseId>, Refused> {
    if caller.access.store.is_none() {
        return Ok(BTreeSet::new());
    }
    let leases = leases::list(&caller.engine, till).await?;
    Ok(leases.iter().filter(|lease| !is_of_store(caller, lease)).map(|lease| lease.id).collect())
}

fn asked(till: TillId, sent: Sent, now: Timestamp) -> Result<LeaseAsked, Refused> {
    let store = sent.store.map(|store| match TillId::parse(&store) {
        Some(_) => Ok(store),
        None => Err(invalid("/store", "a store's name has 1 to 64 letters, digits, `-`, `_` or `.`")),
    });
    let offer = sent.offer.map(|offer| OfferId::parse(&offer)).transpose();
    Ok(LeaseAsked {
        till,
        store: store.transpose()?,
        campaign: CampaignId::parse(&sent.campaign)
            .map_err(|error| invalid("/campaign", error.to_string()))?,
        offer: offer.map_err(|error| invalid("/offer", error.to_string()))?,
        count_max: sent.count_max,
        cents_max: Cents(sent.cents_max),
        takes_paper: sent.takes_paper,
        expires_at: Timestamp(now.0.saturating_add(i64::from(sent.hours).saturating_mul(3_600_000))),
    })
}

fn report(sent: TakenSent) -> Result<Report, String> {
    let wrong = |field: &str, why: &str| format!("{field}: {why}");
    let lease = LeaseId::parse(&sent.lease).map_err(|error| wrong("lease", &error.to_string()))?;
    let coupon = CouponId::parse(&sent.coupon).map_err(|error| wrong("coupon", &error.to_string()))?;
    let at = Timestamp::parse(&sent.at).map_err(|why| wrong("at", &why))?;
    if sent.number == 0 {
        return Err(wrong("number", "numbers begin with 1"));
    }
    if !(1..=LINES_MAX).contains(&sent.lines.len()) {
        return Err(wrong("lines", &format!("a coupon takes something off 1 to {LINES_MAX} lines")));
    }
    let mut parts: Vec<Part> = Vec::with_capacity(sent.lines.len());
    for line in sent.lines {
        let is_named = (1..=LINE_BYTES_MAX).contains(&line.line.len());
        let is_again = parts.iter().any(|part| part.line == line.line);
        if !is_named || is_again || line.line.contains(char::is_control) {
            return Err(wrong("lines", "lines have different names of 1 to 64 bytes"));
        }
        let is_whole = 0 < line.quantity && (0..=i64::from(u32::MAX)).contains(&line.amount_cents);
        if !is_whole || line.vat_basis_points.is_some_and(|rate| RATE_MAX < rate) {
            return Err(wrong(
                "lines",
                "a line has at least one piece, an amount of 0 to 4294967295 minor units, and a rate of 0 to 10000",
            ));
        }
        parts.push(Part {
            line: line.line,
            quantity: line.quantity,
            amount: Cents(line.amount_cents),
            vat_basis_points: line.vat_basis_points,
        });
    }
    let amount: Cents = parts.iter().map(|part| part.amount).sum();
    if amount != Cents(sent.amount_cents) || amount == Cents::ZERO {
        return Err(wrong("amount_cents", "the lines must add up to it, and to more than nothing"));
    }
    if LEASE_CENTS_MAX < amount.0 {
        return Err(wrong(
            "amount_cents",
            &format!("no lease holds more than {LEASE_CENTS_MAX} minor units"),
        ));
    }
    if !(1..=ORDER_BYTES_MAX).contains(&sent.order_id.len()) {
        return Err(wrong("order_id", &format!("an order's id has 1 to {ORDER_BYTES_MAX} bytes")));
    }
    let order_id = sent.order_id;
    Ok(Report { lease, taken: Taken { number: sent.number, coupon, order_id, at, amount, parts } })
}

fn lease_ids(pointer: &str, sent: &[String]) -> Result<Vec<LeaseId>, Refused> {
    let read = |text: &String| LeaseId::parse(text).map_err(|error| invalid(pointer, error.to_string()));
    if TAKEN_MAX < sent.len() {
        return Err(invalid(pointer, format!("name at most {TAKEN_MAX}")));
    }
    sent.iter().map(read).collect()
}

fn answered(outcome: &Outcome) -> TakenAnswered {
    let (outcome, reason, redemption) = match outcome {
        Outcome::Booked(redemption) => {
            let loss = redemption.loss();
            let outcome = if loss.is_some() { "loss" } else { "redeemed" };
            (outcome, loss.map(|loss| loss.name()), Some(redemption.id.to_string()))
        }
        Outcome::Unbacked(why) => ("unbacked", Some(why.name()), None),
        Outcome::LeaseUnknown => ("refused", Some("lease_unknown"), None),
        Outcome::NumberTaken => ("refused", Some("number_taken"), None),
    };
    TakenAnswered { outcome, reason, why: None, redemption }
}

fn malformed(why: String) -> TakenAnswered {
    TakenAnswered { outcome: "refused", reason: Some("malformed"), why: Some(why), redemption: None }
}

async fn view<S: Store>(caller: &Caller<S>, lease: &Lease) -> Result<LeaseView, Refused> {
    let signed = match lease.is_open() {
        true => Some(leases::signed(&caller.engine, lease).await?),
        false => None,
    };
    Ok(LeaseView { signed, ..unsigned(lease) })
}

fn kept_view(kept: &LimitKept) -> LimitKeptView {
    LimitKeptView { limit: kept.count.name().to_owned(), uses: kept.uses, cents: kept.amount.0 }
}

fn unsigned(lease: &Lease) -> LeaseView {
    LeaseView {
        id: lease.id.to_string(),
        till: lease.till.to_string(),
        store: lease.store.clone(),
        campaign: lease.campaign.to_string(),
        offer: lease.offer.as_ref().map(ToString::to_string),
        count_max: lease.count_max,
        cents_max: lease.cents_max.0,
        takes_paper: lease.takes_paper,
        granted_at: lease.granted_at.to_string(),
        expires_at: lease.expires_at.to_string(),
        due_at: lease.due_at().to_string(),
        used_count: lease.used_count,
        used_cents: lease.used.0,
        held_cents: lease.held().0,
        unbacked_count: lease.unbacked_count,
        unbacked_cents: lease.unbacked.0,
        closed_at: lease.closed_at.map(|at| at.to_string()),
        kept_in_limits: lease.kept.iter().map(kept_view).collect(),
        signed: None,
    }
}

fn day_view(
    day: &Day,
    till: String,
    date: String,
    currency: String,
    open_leases: Vec<LeaseView>,
) -> TillDayView {
    let sum = |sum: Sum| SumView { count: sum.count, cents: sum.amount.0 };
    let for_reason =
        |(reason, sum): (&'static str, &Sum)| ReasonSumView { reason, count: sum.count, cents: sum.amount.0 };
    let in_points =
        |sum: SumInPoints| PointsSumView { count: sum.count, points: sum.points.0, cents: sum.amount.0 };
    let losses = Sum { count: day.losses.values().map(|sum| sum.count).sum(), amount: day.lost() };
    let vat = day.by_rate.iter().map(|(rate, of_rate)| DayVatView {
        vat_basis_points: *rate,
        discount_cents: of_rate.given.0,
        returned_cents: of_rate.returned.0,
        discount_vat_cents: rate.map_or(0, |rate| of_rate.tax(rate).0),
    });
    TillDayView {
        till,
        date,
        currency,
        redemptions: sum(day.redemptions),
        reversals: sum(day.reversals),
        offline: sum(day.offline),
        losses: sum(losses),
        losses_by_reason: day.losses.iter().map(|(why, sum)| for_reason((why.name(), sum))).collect(),
        unbacked: day.unbacked.iter().map(|(why, sum)| for_reason((why.name(), sum))).collect(),
        vat: vat.collect(),
        points_paid: in_points(day.points_paid),
        points_returned: in_points(day.points_returned),
        open_leases,
    }
}

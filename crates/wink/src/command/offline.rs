//! `wink till lease`, `redeem --offline`, `sync` and `report`: what a till may give while it can ask nobody, and what comes of it.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, anyhow, bail};
use serde_json::{Value as Json, json};
use wink_api::{CartSent, TAKEN_MAX};
use wink_code::{Asked, Given, Log, OrderLine, decide, read_lease};
use wink_core::base::{Cents, CouponId, LeaseId, Timestamp};

use super::coupon::{each, text};
use super::money::{amount, currency_of, named, spelled};
use super::till::{PublicKeys, public_keys};
use crate::arguments::{Amount, TillAction};
use crate::control::Line;
use crate::home;
use crate::terminal::say;

/// The longest list of entries in a request, in bytes: with what stands around it, less than the MiB the server reads.
const REQUEST_BYTES_MAX: usize = (1 << 20) - 1_024;

pub(super) fn run(action: &TillAction, in_json: bool) -> anyhow::Result<ExitCode> {
    match action {
        TillAction::Lease { till, campaign, offer, count, most, hours, store, paper, data } => {
            let asked = json!({
                "campaign": campaign, "offer": offer, "count_max": count, "hours": hours, "store": store,
                "takes_paper": paper,
            });
            home::run(lease(&data.data, till, asked, most, in_json))
        }
        TillAction::Redeem {
            payload, till, store, lease, keys, log, order, spend, category, cart, ..
        } => {
            let shop = public_keys(keys)?;
            let lines = match (cart, spend) {
                (Some(file), _) => lines_of(file)?,
                (None, Some(spend)) => vec![all(spend.minor_units(shop.currency)?, category.as_deref())?],
                (None, None) => bail!("say what the order costs, with `--spend` or with `--cart`"),
            };
            let store = store.as_deref().unwrap_or_default();
            let now = u32::try_from(home::now().0 / 1_000)?;
            let asked = Asked { payload, till, store, order, lines: &lines, now };
            redeem(&asked, lease, &shop, log, in_json)
        }
        TillAction::Sync { till, log, give_back, renew, put_aside, data } => {
            let ends = if *renew { Ends::Renewed } else { Ends::Returned };
            let ends = (*renew || *give_back).then_some(ends);
            let unknown = if *put_aside { Unknown::PutAside } else { Unknown::Waits };
            home::run(sync(&data.data, till, log, (ends, unknown), in_json))
        }
        TillAction::Report { till, date, data } => home::run(report(&data.data, till, date, in_json)),
        TillAction::Keys { .. } | TillAction::Rotate { .. } | TillAction::Verify { .. } => {
            bail!("this is no command about a till without its server")
        }
    }
}

async fn lease(
    store: &Path,
    till: &str,
    mut asked: Json,
    most: &Amount,
    in_json: bool,
) -> anyhow::Result<ExitCode> {
    let line = Line::open(store).await?;
    let currency = currency_of(&line).await?;
    if let Some(asked) = asked.as_object_mut() {
        asked.insert("cents_max".to_owned(), most.minor_units(currency)?.into());
    }
    let lease = line.ask("POST", &format!("/v1/tills/{till}/leases"), Some(asked)).await?;
    if in_json {
        say!("{lease}");
    } else {
        say!(
            "{} lets {till} give {} coupons for at most {} until {}; what is left goes back on {}",
            text(&lease, "id"),
            number(&lease, "count_max"),
            spelled(currency, amount(&lease, "cents_max")),
            text(&lease, "expires_at"),
            text(&lease, "due_at")
        );
    }
    Ok(ExitCode::SUCCESS)
}

/// Decides by the lease, and notes what is given before it says so.
fn redeem(
    asked: &Asked<'_>,
    lease: &Path,
    shop: &PublicKeys,
    log: &Path,
    in_json: bool,
) -> anyhow::Result<ExitCode> {
    let unusable = || format!("`{}` is not what `wink till lease --json` prints", lease.display());
    let granted: Json = serde_json::from_str(&read(lease)?).with_context(unusable)?;
    let signed = granted.get("signed").and_then(Json::as_str).with_context(unusable)?;
    let signed = read_lease(signed, &shop.keys).map_err(|why| anyhow!("the lease is refused: {why}"))?;
    if u64::from(signed.tenant) != shop.tenant {
        bail!("the lease is of another shop than the keys");
    }
    let mut log = open(log)?;
    if log.has_returned(&signed.lease) {
        bail!(wink_code::NotGiven::LeaseReturned);
    }
    let given = decide(&signed, &shop.keys, log.given(), asked)?;
    log.give(given.clone())?;
    if in_json {
        say!("{}", taken(&given));
    } else {
        let coupon = CouponId::from_bytes(given.coupon);
        let off = spelled(shop.currency, Cents(given.cents.into()));
        let (number, most) = (given.number, signed.count_max);
        say!("{coupon}: {off} off, {number} of {most}; sync the till when it has the line again");
    }
    Ok(ExitCode::SUCCESS)
}

/// What becomes of a till's leases once it has reported.
#[derive(Clone, Copy)]
enum Ends {
    Returned,
    Renewed,
}

/// What becomes of entries whose lease the till does not have.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unknown {
    /// They wait in the log: it may be another till's, or the server another shop's.
    Waits,
    /// Somebody has looked, and says that no server will ever know them.
    PutAside,
}

async fn sync(
    store: &Path,
    till: &str,
    log: &Path,
    (ends, unknown): (Option<Ends>, Unknown),
    in_json: bool,
) -> anyhow::Result<ExitCode> {
    if !log.exists() {
        bail!("there is no log `{}`; `wink till redeem` makes one", log.display());
    }
    let (mut log, line) = (open(log)?, Line::open(store).await?);
    let path = format!("/v1/tills/{till}");
    let reported = report_all(&mut log, &line, &path, unknown).await?;
    let Reported { answers, is_known, .. } = &reported;
    let after = match ends {
        // A log of another till, as likely as not: whose leases these are is not sure.
        Some(_) if !is_known => Json::Null,
        Some(ends) => give_back(&mut log, &line, &path, ends).await?,
        None => Json::Null,
    };
    if in_json {
        let aside: Vec<Json> = log.aside().map(|(given, why)| aside(given, why)).collect();
        say!("{}", json!({ "taken": answers, "put_aside": aside, "leases": after }));
        return all_heard(&reported);
    }
    let count = |outcome: &str| answers.iter().filter(|answer| text(answer, "outcome") == outcome).count();
    let (redeemed, losses, unbacked) = (count("redeemed"), count("loss"), count("unbacked"));
    say!("{} reported: {redeemed} redeemed, {losses} lost, {unbacked} without a lease", answers.len());
    for lease in each(&after, "renewed") {
        say!("renewed: {} until {}", text(lease, "id"), text(lease, "expires_at"));
    }
    for lease in each(&after, "not_renewed") {
        say!("not renewed: {}, {}", text(lease, "lease"), text(lease, "why"));
    }
    for (given, why) in log.aside() {
        say!("put aside: {}", refusal(given, why));
    }
    all_heard(&reported)
}

/// What the server answered.
struct Reported {
    /// To what it heard, one by one.
    answers: Vec<Json>,
    /// What it refuses for good and was put aside just now, with why.
    aside: Vec<String>,
    /// What it refused and waits in the log, with why.
    waiting: Vec<String>,
    /// Whether it has the leases of everything that waits or was heard.
    is_known: bool,
}

/// Reports all that the server does not know of. What it refuses for good is put aside, with the reason; what is of a lease the till does not have
/// waits in the log, with what is behind it: that is reported again the next time, which changes nothing.
async fn report_all(log: &mut Log, line: &Line, path: &str, unknown: Unknown) -> anyhow::Result<Reported> {
    let left = log.not_synced();
    let mut reported =
        Reported { answers: Vec::new(), aside: Vec::new(), waiting: Vec::new(), is_known: true };
    let mut rest = left.as_slice();
    while let Some(first) = rest.first() {
        let sent = request_of(rest);
        if sent.is_empty() {
            let why = "it is longer than a request may be";
            log.put_aside(first, why)?;
            reported.aside.push(refusal(first, why));
            rest = rest.get(1..).unwrap_or_default();
            continue;
        }
        let (now, behind) = rest.split_at(sent.len());
        let answer = line.ask("POST", &format!("{path}/sync"), Some(json!({ "taken": sent }))).await?;
        let answered = each(&answer, "taken").collect::<Vec<_>>();
        if answered.len() != now.len() {
            bail!("the server answered {} of {} entries", answered.len(), now.len());
        }
        // So many of the first are known to the server; none behind one that waits counts.
        let (mut known, mut is_whole) = (0, reported.waiting.is_empty());
        for (given, answer) in now.iter().zip(answered) {
            if text(answer, "outcome") != "refused" {
                reported.answers.push(answer.clone());
                known += usize::from(is_whole);
                continue;
            }
            let (reason, why) = (text(answer, "reason"), text(answer, "why"));
            let why = if why.is_empty() { reason.to_owned() } else { format!("{reason}, {why}") };
            if reason == "lease_unknown" && unknown == Unknown::Waits {
                (is_whole, reported.is_known) = (false, false);
                reported.waiting.push(refusal(given, &why));
            } else {
                log.put_aside(given, &why)?;
                reported.aside.push(refusal(given, &why));
            }
        }
        if 0 < known {
            log.has_synced(known)?;
        }
        rest = behind;
    }
    Ok(reported)
}

/// Takes as many entries as fit into a request; none if the first alone does not.
fn request_of(rest: &[Given]) -> Vec<Json> {
    let mut bytes = 0;
    let fits = |entry: &Json| {
        bytes += entry.to_string().len() + 1;
        bytes <= REQUEST_BYTES_MAX
    };
    rest.iter().take(TAKEN_MAX).map(taken).take_while(fits).collect()
}

fn refusal(given: &Given, why: &str) -> String {
    let (lease, order) = (LeaseId::from_bytes(given.lease), given.order.escape_debug());
    format!("number {} of {lease}, order `{order}`: {why}", given.number)
}

/// Writes what was put aside.
fn aside(given: &Given, why: &str) -> Json {
    let mut entry = taken(given);
    if let Some(fields) = entry.as_object_mut() {
        fields.insert("why".to_owned(), Json::from(why));
    }
    entry
}

/// Says what was refused: somebody must look. What was put aside fails the command once, in the sync that did it.
fn all_heard(reported: &Reported) -> anyhow::Result<ExitCode> {
    let Reported { aside, waiting, .. } = reported;
    let mut said = Vec::new();
    if !aside.is_empty() {
        said.push(format!(
            "put aside what the server refuses for good, which is not sent again: {}",
            aside.join("; ")
        ));
    }
    if !waiting.is_empty() {
        said.push(format!(
            "the till has no such lease, so this waits in the log; sync it as the till and with the shop it is of, or `--put-aside` it: {}",
            waiting.join("; ")
        ));
    }
    if said.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    bail!("heard everything else; {}", said.join("; "))
}

/// Ends the leases the till has: it notes that it gives nothing more before the server hears of it.
async fn give_back(log: &mut Log, line: &Line, path: &str, ends: Ends) -> anyhow::Result<Json> {
    let open = line.ask("GET", &format!("{path}/leases"), None).await?;
    let ids: Vec<String> = each(&open, "data").map(|lease| text(lease, "id").to_owned()).collect();
    for id in &ids {
        let lease = LeaseId::parse(id).map_err(|error| anyhow!("{error}"))?.bytes();
        if !log.has_returned(&lease) {
            log.give_back(lease)?;
        }
    }
    let body = match ends {
        Ends::Returned => json!({ "returned": ids }),
        Ends::Renewed => json!({ "renewed": ids }),
    };
    line.ask("POST", &format!("{path}/sync"), Some(body)).await
}

async fn report(store: &Path, till: &str, date: &str, in_json: bool) -> anyhow::Result<ExitCode> {
    let day = Line::open(store).await?.ask("GET", &format!("/v1/tills/{till}/days/{date}"), None).await?;
    if in_json {
        say!("{day}");
        return Ok(ExitCode::SUCCESS);
    }
    let currency = named(&day);
    let amount = |of: &Json, name: &str| currency.of(amount(of, name)).plain();
    say!("{till} on {date}, in {currency}");
    let sum = |what: &str, of: &Json| {
        say!("{what:<24} {:>6} {:>12}", number(of, "count"), amount(of, "cents"));
    };
    for (what, name) in [
        ("redeemed", "redemptions"),
        ("taken back", "reversals"),
        ("without the server", "offline"),
        ("lost", "losses"),
    ] {
        sum(what, day.get(name).unwrap_or(&Json::Null));
    }
    for (what, name) in [("points taken", "points_paid"), ("points given back", "points_returned")] {
        let of = day.get(name).unwrap_or(&Json::Null);
        if number(of, "count") != 0 {
            sum(&format!("{what}: {}", number(of, "points")), of);
        }
    }
    for of in each(&day, "losses_by_reason") {
        sum(&format!("  {}", text(of, "reason")), of);
    }
    for of in each(&day, "unbacked") {
        sum(&format!("no lease: {}", text(of, "reason")), of);
    }
    for of in each(&day, "vat") {
        let rate = of.get("vat_basis_points").and_then(Json::as_i64);
        let rate = rate.map_or("no rate".to_owned(), |rate| format!("{}.{:02} %", rate / 100, rate % 100));
        let (off, back) = (amount(of, "discount_cents"), amount(of, "returned_cents"));
        say!("VAT {rate:<12} off {off}, back {back}, VAT less by {}", amount(of, "discount_vat_cents"));
    }
    for lease in each(&day, "open_leases") {
        let (held, id) = (amount(lease, "held_cents"), text(lease, "id"));
        say!("open: {id} holds {held} until {}", text(lease, "due_at"));
    }
    Ok(ExitCode::SUCCESS)
}

/// What was given, as the server hears of it.
fn taken(given: &Given) -> Json {
    let line = |line: &wink_code::GivenLine| {
        json!({
            "line": line.line, "quantity": line.quantity, "amount_cents": line.cents,
            "vat_basis_points": line.vat_basis_points,
        })
    };
    json!({
        "lease": LeaseId::from_bytes(given.lease).to_string(),
        "number": given.number,
        "coupon": CouponId::from_bytes(given.coupon).to_string(),
        "order_id": given.order,
        "at": Timestamp(i64::from(given.at) * 1_000).to_string(),
        "amount_cents": given.cents,
        "lines": given.lines.iter().map(line).collect::<Vec<_>>(),
    })
}

fn lines_of(file: &Path) -> anyhow::Result<Vec<OrderLine>> {
    let unusable = || format!("`{}` is not a cart as in `POST /v1/redemptions`", file.display());
    let cart: CartSent = serde_json::from_str(&read(file)?).with_context(unusable)?;
    let mut lines = Vec::with_capacity(cart.lines.len());
    for line in cart.lines {
        let price = line.unit_price_cents.checked_mul(i64::from(line.quantity));
        lines.push(OrderLine {
            line: line.id,
            categories: line.category.into_iter().collect(),
            quantity: line.quantity,
            cents: price.and_then(|price| u32::try_from(price).ok()).with_context(unusable)?,
            vat_basis_points: line.vat_basis_points,
        });
    }
    Ok(lines)
}

fn all(spend: i64, category: Option<&str>) -> anyhow::Result<OrderLine> {
    Ok(OrderLine {
        line: "all".to_owned(),
        categories: category.map(str::to_owned).into_iter().collect(),
        quantity: 1,
        cents: u32::try_from(spend).context("the spend is more than a till takes")?,
        vat_basis_points: None,
    })
}

fn open(log: &Path) -> anyhow::Result<Log> {
    Log::open(log).with_context(|| format!("`{}`", log.display()))
}

fn read(file: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(file).with_context(|| format!("`{}` cannot be read", file.display()))
}

fn number(json: &Json, name: &str) -> i64 {
    json.get(name).and_then(Json::as_i64).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use wink_code::GivenLine;

    use super::*;

    fn given(number: u32, lines: usize) -> Given {
        let line = |place: usize| GivenLine {
            line: format!("{place:0>64}"),
            quantity: 1,
            cents: 1,
            vat_basis_points: Some(700),
        };
        Given {
            lease: [1; 16],
            number,
            at: 1_500,
            coupon: [2; 16],
            order: "o".repeat(128),
            cents: 1,
            lines: (0..lines).map(line).collect(),
        }
    }

    #[test]
    fn a_request_holds_what_the_server_reads_and_no_more() {
        let small: Vec<Given> = (1..=300).map(|number| given(number, 1)).collect();
        assert_eq!(request_of(&small).len(), TAKEN_MAX);
        let large: Vec<Given> = (1..=300).map(|number| given(number, 500)).collect();
        let sent = request_of(&large);
        let bytes = |count| {
            let sent: Vec<Json> = large.iter().take(count).map(taken).collect();
            json!({ "taken": sent }).to_string().len()
        };
        assert!(bytes(sent.len()) <= 1 << 20 && REQUEST_BYTES_MAX < bytes(sent.len() + 1));
        assert_eq!(request_of(&[given(1, 20_000)]), Vec::<Json>::new());
    }
}

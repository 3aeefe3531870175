//! Coupons on orders: redeemed over HTTP from one budget and from many, redeemed in process beside what the disk allows, tried beside a bare
//! server, and issued in heaps.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{anyhow, ensure};
use axum::Router;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::routing::post;
use indicatif::ProgressBar;
use wink_api::ValidationAsked;
use wink_core::base::{CampaignId, Cents};
use wink_core::coupon::cart::{Cart, Line};
use wink_core::event::Identity;
use wink_server::flow::bulk;
use wink_server::flow::once::Replied;
use wink_server::flow::redeem::{Mode, Purchase, redeem};
use wink_server::http::Conduct;

use super::bare_file;
use super::load::Load;
use super::shop::{SHOP, Shop, TEA};
use crate::command::bench::{Measured, median};
use crate::home;

/// Redemptions of one measurement: a second or two of them.
const REDEMPTIONS: usize = 8_000;

/// How long validations, and the bare ones beside them, are counted.
const RUN: Duration = Duration::from_secs(1);

/// Budgets beside the one.
const BUDGETS: usize = 20;

/// Callers in process.
const CALLERS: usize = 64;

/// What the store's log takes for one redemption: its coupon, entry, redemption, event, state and kept places. An estimate; the bytes of
/// the limit.
const LIMIT_BYTES: usize = 2_000;

/// Codes of a bulk.
const CODES: u64 = 1_000_000;

/// Measures what has `only` in its name, or all of it.
pub(crate) fn measure(rounds: usize, only: Option<&str>, bar: &ProgressBar) -> anyhow::Result<Vec<Measured>> {
    let mut measured = Vec::new();
    let wants = |name: &str| only.is_none_or(|part| name.contains(part));
    if wants(HTTP) || wants(IN_PROCESS) || wants(TRIED) {
        let one = Shop::open(Conduct::default())?;
        if wants(HTTP) {
            let many = Shop::open_with(Conduct::default(), &as_refs(&many_budgets()))?;
            measured.push(over_http(&one, &many, rounds, bar)?);
        }
        if wants(IN_PROCESS) {
            measured.push(in_process(&one, rounds, bar)?);
        }
        if wants(TRIED) {
            measured.push(tried(&one, rounds, bar)?);
        }
    }
    if wants(ISSUED) {
        measured.push(codes(bar)?);
    }
    Ok(measured)
}

/// How often the bar moves for so many rounds.
pub(crate) fn steps(rounds: usize) -> usize {
    3 * rounds + 1
}

const HTTP: &str = "redemptions over HTTP from one hot budget, 256 connections";
const IN_PROCESS: &str = "redemptions in process, 64 callers";
const TRIED: &str = "validations over HTTP, 64 connections";
const ISSUED: &str = "1,000,000 codes of a bulk issued";

fn over_http(one: &Shop, many: &Shop, rounds: usize, bar: &ProgressBar) -> anyhow::Result<Measured> {
    let (mut hot, mut spread) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        spread.push(redeemed_per_second(many)?);
        hot.push(redeemed_per_second(one)?);
        bar.inc(1);
    }
    Ok(at_least(HTTP, "redemptions/s", hot, ("the same from twenty budgets", spread), 0.9, "at least 0.9"))
}

/// Redeems new coupons over HTTP, each on an order of its own.
fn redeemed_per_second(shop: &Shop) -> anyhow::Result<f64> {
    let coupons = shop.issue(REDEMPTIONS)?;
    let request = |number: u64| {
        let coupon = usize::try_from(number).ok().and_then(|number| coupons.get(number));
        coupon.map(|coupon| shop.redemption(coupon)).unwrap_or_default()
    };
    let load = Load { address: shop.address, connections: 256, request: &request, next: &AtomicU64::new(0) };
    Ok(load.all_of(REDEMPTIONS).all_fine()?.goodput())
}

fn in_process(shop: &Shop, rounds: usize, bar: &ProgressBar) -> anyhow::Result<Measured> {
    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        let path = std::env::temp_dir().join(format!("wink-bench-file-{}-{round}", std::process::id()));
        bare.push(bare_file::commits_per_second(&path, CALLERS, LIMIT_BYTES, RUN)?);
        let coupons = shop.issue(REDEMPTIONS)?;
        ours.push(shop.run(async |engine| {
            let next = Arc::new((AtomicU64::new(0), coupons));
            let began = Instant::now();
            let callers = (0..CALLERS).map(|_| {
                let (engine, next) = (engine.clone(), next.clone());
                tokio::spawn(async move {
                    let mut done = 0_u32;
                    while let Ok(place) = usize::try_from(next.0.fetch_add(1, Ordering::Relaxed))
                        && let Some((person, coupon)) = next.1.get(place)
                    {
                        let purchase = purchase(*person, coupon)?;
                        let replied = redeem(&engine, &purchase, None, home::now()).await?;
                        let fine = matches!(&replied, Replied::Now(rung) if rung.is_redeemed);
                        ensure!(fine, "a coupon was not redeemed");
                        done += 1;
                    }
                    Ok(done)
                })
            });
            let mut done = 0;
            for caller in callers.collect::<Vec<_>>() {
                done += caller.await??;
            }
            Ok(f64::from(done) / began.elapsed().as_secs_f64())
        })?);
        bar.inc(1);
    }
    let limit = "64 callers on a bare file, one sync for all that wait";
    Ok(at_least(IN_PROCESS, "redemptions/s", ours, (limit, bare), 0.3, "at least 0.3 of the disk's limit"))
}

fn purchase(person: u64, coupon: &str) -> anyhow::Result<Purchase> {
    let line = |id: &str, product: &str, category: &[&str], quantity, price, vat| Line {
        id: id.to_owned(),
        product: product.to_owned(),
        categories: category.iter().map(|category| (*category).to_owned()).collect(),
        quantity,
        unit_price: Cents(price),
        vat_basis_points: Some(vat),
        unit_cost: None,
    };
    let lines = vec![line("1", "p-tea", &["TEA"], 2, 700, 700), line("2", "p-pot", &[], 1, 1_900, 1_900)];
    Ok(Purchase {
        points: None,
        coupons: vec![coupon.to_owned()],
        are_typed: false,
        identity: Some(Identity::new("customer", &format!("person-{person}"))?),
        store: None,
        till: None,
        order_id: format!("paid-{coupon}"),
        cart: Cart::new(lines)?,
        mode: Mode::AllOrNothing,
    })
}

fn tried(shop: &Shop, rounds: usize, bar: &ProgressBar) -> anyhow::Result<Measured> {
    let parse = async |body: Bytes| match serde_json::from_slice::<ValidationAsked>(&body) {
        Ok(_) => StatusCode::OK,
        Err(_) => StatusCode::BAD_REQUEST,
    };
    let bare = shop.serve_beside(Router::new().route("/v1/validations", post(parse)))?;
    let coupons = shop.issue(REDEMPTIONS)?;
    let request = |number: u64| {
        let place = usize::try_from(number).unwrap_or_default() % coupons.len();
        coupons.get(place).map(|coupon| shop.validation(coupon)).unwrap_or_default()
    };
    let next = AtomicU64::new(0);
    let rate = |address| {
        let load = Load { address, connections: 64, request: &request, next: &next };
        anyhow::Ok(load.closed_loop(RUN).all_fine()?.goodput())
    };
    let (mut ours, mut bares) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        bares.push(rate(bare)?);
        ours.push(rate(shop.address)?);
        bar.inc(1);
    }
    let limit = "a bare axum handler that parses the same body";
    Ok(at_least(TRIED, "requests/s", ours, (limit, bares), 0.6, "at least 0.6 of a bare server"))
}

/// Issues a bulk, once: a store that already has a million coupons is another one.
fn codes(bar: &ProgressBar) -> anyhow::Result<Measured> {
    let shop = Shop::open(Conduct::default())?;
    let took = shop.run(async |engine| {
        let wanted = bulk::Wanted {
            name: "a-million".to_owned(),
            campaign: CampaignId::parse("tea").map_err(|error| anyhow!("{error}"))?,
            offer: None,
            count: CODES,
        };
        let began = Instant::now();
        bulk::begin(engine, &wanted, home::now()).await?;
        loop {
            let stepped = bulk::go_on(engine, &wanted.name, home::now()).await?;
            ensure!(stepped.stopped.is_none(), "the bulk stopped: {:?}", stepped.stopped);
            bar.set_message(format!("{} of {CODES} codes", stepped.bulk.done));
            if stepped.bulk.done == stepped.bulk.count {
                return Ok(began.elapsed().as_secs_f64());
            }
        }
    })?;
    bar.inc(1);
    Ok(Measured {
        name: ISSUED,
        unit: "s",
        value: took,
        limit_name: "a minute",
        limit_value: 60.0,
        ratio: took / 60.0,
        target: "at most 60 s",
        met: took <= 60.0,
    })
}

/// A rate against another in the same run; larger is better.
fn at_least(
    name: &'static str,
    unit: &'static str,
    rates: Vec<f64>,
    (limit_name, limits): (&'static str, Vec<f64>),
    least: f64,
    target: &'static str,
) -> Measured {
    let (value, limit_value) = (median(rates), median(limits));
    let ratio = value / limit_value;
    Measured { name, unit, value, limit_name, limit_value, ratio, target, met: least <= ratio }
}

/// A shop of many campaigns, whose decisions draw one of them, all but evenly.
fn many_budgets() -> Vec<(String, String)> {
    let mut files = vec![("shop.toml".to_owned(), SHOP.replace("exploration = 0.05", "exploration = 0.99"))];
    files.extend((1..BUDGETS).map(|number| {
        let text = TEA
            .replace("id = \"tea\"", &format!("id = \"tea-{number}\""))
            .replace("id = \"tea-amount\"", &format!("id = \"tea-amount-{number}\""));
        (format!("campaigns/tea-{number}.toml"), text)
    }));
    files
}

fn as_refs(files: &[(String, String)]) -> Vec<(&str, &str)> {
    files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect()
}

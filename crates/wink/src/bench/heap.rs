//! Redemptions in a store that holds ten million coupons, beside one that holds ten thousand: coupons from anywhere in the heap, most of which
//! nobody has looked at since they were issued.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{anyhow, ensure};
use indicatif::ProgressBar;
use wink_core::base::CampaignId;
use wink_server::flow::bulk;
use wink_server::http::Conduct;

use super::load::Load;
use super::shop::Shop;
use crate::command::bench::{Measured, median};
use crate::home;

const FEW: u64 = 10_000;
const MANY: u64 = 10_000_000;

/// The bulk all of them are of.
const BULK: &str = "heap";

/// Redemptions a second: far below what the server can do, so that nobody waits for another.
const RATE: f64 = 500.0;

/// Coupons of one measurement. The last of a hundred is the twentieth slowest.
const REDEMPTIONS: u64 = 2_000;

/// What the store tidies up after so much was written is not what is measured.
const QUIET: Duration = Duration::from_secs(20);

/// Between two coupons of a measurement lie so many others, counted around. It shares no factor with either count, so that none comes twice.
const STRIDE: u64 = 7_368_787;

/// Measures it.
pub(crate) fn measure(rounds: usize, bar: &ProgressBar) -> anyhow::Result<Vec<Measured>> {
    let [few, many] = [Heap::of(FEW, bar)?, Heap::of(MANY, bar)?];
    thread::sleep(QUIET);
    let (mut in_few, mut in_many) = (Vec::new(), Vec::new());
    // The few have to do for every round.
    let rounds = rounds.min(usize::try_from(FEW / REDEMPTIONS)?);
    for _ in 0..rounds {
        in_few.push(few.p99()?);
        in_many.push(many.p99()?);
        bar.inc(1);
    }
    let (value, limit_value) = (median(in_many), median(in_few));
    Ok(vec![Measured {
        name: "redemption with 10,000,000 coupons stored, p99",
        unit: "ms",
        value,
        limit_name: "with 10,000",
        limit_value,
        ratio: value / limit_value,
        target: "at most 1.5 × with 10,000",
        met: value / limit_value <= 1.5,
    }])
}

/// A shop with coupons that nobody has used.
struct Heap {
    shop: Shop,
    count: u64,
    /// How many are used.
    used: AtomicU64,
}

impl Heap {
    fn of(count: u64, bar: &ProgressBar) -> anyhow::Result<Self> {
        let shop = Shop::open(Conduct::default())?;
        shop.run(async |engine| {
            let wanted = bulk::Wanted {
                name: BULK.to_owned(),
                campaign: CampaignId::parse("tea").map_err(|error| anyhow!("{error}"))?,
                offer: None,
                count,
            };
            bulk::begin(engine, &wanted, home::now()).await?;
            loop {
                let stepped = bulk::go_on(engine, BULK, home::now()).await?;
                ensure!(stepped.stopped.is_none(), "the bulk stopped: {:?}", stepped.stopped);
                bar.set_message(format!("{} of {count} coupons", stepped.bulk.done));
                if stepped.bulk.done == count {
                    return Ok(());
                }
            }
        })?;
        bar.inc(1);
        Ok(Self { shop, count, used: AtomicU64::new(0) })
    }

    /// Redeems the next coupons, each on an order of its own, at a steady rate. Tells what one of a hundred took at least, in milliseconds.
    fn p99(&self) -> anyhow::Result<f64> {
        let first = self.used.fetch_add(REDEMPTIONS, Ordering::Relaxed);
        // By their codes: they are nobody's own, and whoever has the code has the coupon.
        let coupons = self.shop.run(async |engine| {
            let mut coupons = Vec::new();
            for place in first..first + REDEMPTIONS {
                let number = place * STRIDE % self.count;
                let found = bulk::codes(engine, BULK, number, 1).await?;
                coupons.extend(found.iter().map(|printed| (place, printed.code.to_string())));
            }
            Ok(coupons)
        })?;
        let request = |number: u64| {
            let coupon = usize::try_from(number).ok().and_then(|number| coupons.get(number));
            coupon.map(|coupon| self.shop.redemption(coupon)).unwrap_or_default()
        };
        let next = AtomicU64::new(0);
        let load = Load { address: self.shop.address, connections: 64, request: &request, next: &next };
        #[expect(clippy::cast_precision_loss, reason = "a count of redemptions")]
        let lasting = Duration::from_secs_f64(REDEMPTIONS as f64 / RATE);
        Ok(load.open_loop(RATE, lasting).all_fine()?.millis(0.99))
    }
}

/// How often the bar moves for so many rounds.
pub(crate) fn steps(rounds: usize) -> usize {
    rounds + 2
}

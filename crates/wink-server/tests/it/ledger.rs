//! The coupon's life under pressure: sixty-four at once on the embedded store, time that runs out in the same millisecond, and a power cut
//! between any two operations of the disk.

use std::sync::Arc;

use wink_core::base::{Cents, CouponId, RedemptionId, Timestamp};
use wink_core::coupon::{HoldFor, Refusal, State, TakenBack};
use wink_core::offer::{Channel, ReversalReason};
use wink_server::flow::ingest::ingest;
use wink_server::flow::once::Replied;
use wink_server::flow::redeem::Purchase;
use wink_server::flow::reverse::{Wanted, reverse};
use wink_server::flow::steps::{self, Step};
use wink_server::flow::{self, decide, expire};
use wink_server::{Engine, Error, catalogue};
use wink_sim::{Disk, Faults, Mutant, SimStore};
use wink_store::Store;
use wink_store_fjall::{FjallStore, Options};

use super::audit::{audit, coupons, owed, redemptions};
use super::counter::{
    IDS, MONDAY, Offer, Shop, coupon_of, insist, kill, later, open, purchase, question, redeem, secrets, wait,
};
use super::evidence::tell;
use super::race::{TASKS, at_once, checks_nothing, is_caught};
use super::said;

/// An engine and the coupons of its only customer.
fn shop<S: Store>(store: S, count: u32) -> (Engine<S>, Vec<CouponId>) {
    let offer = Offer {
        per_person: count,
        budget: "100000.00".to_owned(),
        ..Offer::new("tea", "{ amount = \"1.00\" }")
    };
    let engine = wait(open(store, &Shop::selling(vec![offer]), MONDAY)).unwrap();
    wait(ingest(&engine, &IDS, said::allows_all("anna", MONDAY))).unwrap();
    let coupon = |number| {
        let asked = question(u64::from(number), "anna", Channel::Web, later(MONDAY, 1));
        coupon_of(&engine, &wait(decide::ask(&engine, &asked)).unwrap().unwrap()).unwrap()
    };
    let issued = (0..count).map(coupon).collect();
    (engine, issued)
}

fn hold(order: &str) -> Step {
    let Purchase { order_id, cart, .. } = purchase(order, Cents(900));
    Step::Reserve { order_id, cart, hold_for: HoldFor::default() }
}

fn everything(redemption: RedemptionId) -> Wanted {
    Wanted { redemption, what: TakenBack::Everything, reason: ReversalReason::Cancel, till: None }
}

async fn take<S: Store>(
    engine: &Engine<S>,
    coupon: CouponId,
    step: Step,
    now: Timestamp,
) -> Result<steps::Answer, Error> {
    match steps::take(engine, coupon, &step, None, now).await? {
        Replied::Now(answer) => Ok(answer),
        Replied::Before(_) => panic!("nothing is kept without a key"),
    }
}

/// How many coupons sixty-four tills fight for: a test run's, or those of a campaign, with more than twenty thousand redemptions.
fn contested() -> u32 {
    if std::env::var_os("WINK_TEST_SEED").is_some() { 320 } else { 6 }
}

#[test]
fn of_contested_coupons_none_is_redeemed_twice_on_the_embedded_store() {
    let directory = tempfile::tempdir().unwrap();
    let store = FjallStore::open(directory.path(), Options::default()).unwrap();
    let (engine, issued) = shop(store, contested());
    let won = at_once(|till| {
        let turns = issued.iter().enumerate();
        let tries = turns.filter(|(turn, coupon)| {
            let order = format!("order-{till}-{turn}");
            insist(|| wait(redeem(&engine, **coupon, &order, Cents(900), later(MONDAY, 2)))).is_ok()
        });
        tries.count()
    });
    assert_eq!(won.iter().sum::<usize>(), issued.len());
    assert_eq!(owed(&engine, "tea"), Cents(100 * i64::try_from(issued.len()).unwrap()));
    assert_eq!(audit(&engine), Ok(()));
    let counts = [
        ("threads", TASKS),
        ("coupons", issued.len()),
        ("redemptions_tried", TASKS * issued.len()),
        ("over", 0),
    ];
    tell("I2,I8", "contested_redemptions", &counts.map(|(name, count)| (name, count.to_string())));
}

/// Asks again while others are faster, but not for ever: where sums are wrong, some changes are refused however often they are asked for.
fn patiently<T>(mut ask: impl FnMut() -> Result<T, Error>) -> Result<T, String> {
    for _ in 0..1_000 {
        match ask() {
            Err(Error::Contended) => std::thread::yield_now(),
            answer => return answer.map_err(|error| error.to_string()),
        }
    }
    Err("somebody is never served".to_owned())
}

/// One coupon that is used, taken back and used again by everybody at once: whatever the order, the sums hold.
fn refunds_while_redeeming<S: Store>(store: S) -> Result<(), String> {
    let (engine, issued) = shop(store, 1);
    let now = later(MONDAY, 2);
    let done = at_once(|task| {
        for turn in 0..2 {
            let order = format!("order-{task}-{turn}");
            let used = patiently(|| wait(redeem(&engine, issued[0], &order, Cents(900), now)))?;
            let held = used.ok().and_then(|coupon| coupon.redemptions.last().copied());
            if let Some(redemption) = held {
                drop(patiently(|| wait(reverse(&engine, &everything(redemption), None, now)))?);
            }
        }
        Ok::<(), String>(())
    });
    done.into_iter().collect::<Result<(), String>>()?;
    audit(&engine)?;
    let spent: Cents = redemptions(&engine).iter().map(|redemption| redemption.spent()).sum();
    let coupon = coupons(&engine).remove(0);
    if spent + coupon.reserved != Cents(100) {
        return Err(format!("{} is spent and {} reserved of one coupon of 100", spent.0, coupon.reserved.0));
    }
    Ok(())
}

/// In its last millisecond a coupon is redeemed, and in the next it expires: one of both.
fn redeems_as_it_expires<S: Store>(store: S) -> Result<(), String> {
    let (engine, issued) = shop(store, 1);
    let end = coupons(&engine)[0].valid_until;
    let answers = at_once(|task| match task % 2 {
        0 => patiently(|| wait(expire::expire_due(&engine, &|| end))).map(|_| None),
        _ => {
            let last = Timestamp(end.0 - 1);
            let order = format!("order-{task}");
            patiently(|| wait(redeem(&engine, issued[0], &order, Cents(900), last))).map(Some)
        }
    });
    let answers = answers.into_iter().collect::<Result<Vec<_>, String>>()?;
    let won = answers.iter().flatten().filter(|answer| answer.is_ok()).count();
    let coupon = coupons(&engine).remove(0);
    match (won, &coupon.state) {
        (0, State::Expired { .. }) | (1, State::Redeemed { .. }) => audit(&engine),
        (won, state) => Err(format!("{won} redeemed a coupon that is {state:?}")),
    }
}

/// Everybody reserves, lets go, redeems and sees to timers of one coupon: a hold ends once, and one order pays with it at most.
fn holds<S: Store>(store: S) -> Result<(), String> {
    let (engine, issued) = shop(store, 1);
    let (before, after) = (later(MONDAY, 2), later(MONDAY, 18));
    let done = at_once(|task| {
        let order = format!("order-{}", task % 5);
        let step = match task % 4 {
            0 => hold(&order),
            1 => Step::Release { order_id: order.clone() },
            2 => return patiently(|| wait(expire::expire_due(&engine, &|| after))).map(drop),
            _ => {
                return patiently(|| wait(redeem(&engine, issued[0], &order, Cents(900), before))).map(drop);
            }
        };
        patiently(|| wait(take(&engine, issued[0], step.clone(), before))).map(drop)
    });
    done.into_iter().collect::<Result<(), String>>()?;
    audit(&engine)?;
    match redemptions(&engine).len() {
        0 | 1 => Ok(()),
        count => Err(format!("one coupon was redeemed {count} times")),
    }
}

fn simulated() -> SimStore {
    SimStore::open(Disk::default(), Faults { seed: 5, delays_max: 2, ..Faults::default() }, Mutant::None)
}

fn on_both(
    simulated_race: fn(SimStore) -> Result<(), String>,
    embedded: fn(FjallStore) -> Result<(), String>,
) {
    assert_eq!(simulated_race(simulated()), Ok(()));
    let directory = tempfile::tempdir().unwrap();
    assert_eq!(embedded(FjallStore::open(directory.path(), Options::default()).unwrap()), Ok(()));
}

#[test]
fn refunds_among_redemptions_leave_every_cent_in_one_account() {
    on_both(refunds_while_redeeming, refunds_while_redeeming);
}

#[test]
fn a_coupon_is_redeemed_or_expires_and_never_both() {
    on_both(redeems_as_it_expires, redeems_as_it_expires);
}

#[test]
fn a_hold_ends_once_whoever_comes_first() {
    on_both(holds, holds);
}

#[test]
fn flows_that_believe_what_they_read_are_caught() {
    assert!(is_caught(|| refunds_while_redeeming(checks_nothing())), "refunds");
    assert!(is_caught(|| redeems_as_it_expires(checks_nothing())), "expiry");
    assert!(is_caught(|| holds(checks_nothing())), "holds");
}

/// Reserve, redeem, take back: each asked for until it is answered, as a till does.
async fn pays(engine: &Engine<Arc<SimStore>>, coupon: CouponId) -> Result<(), Error> {
    let step = hold("order-1");
    // A till that does not know what became of its question asks again from the beginning.
    match take(engine, coupon, step, later(MONDAY, 2)).await? {
        Ok(held) => assert_eq!(held.state.name(), "reserved"),
        Err(refusal) => assert!(matches!(refusal, Refusal::AlreadyRedeemed { .. }), "{refusal:?}"),
    }
    let used = match redeem(engine, coupon, "order-1", Cents(900), later(MONDAY, 3)).await? {
        Ok(used) => used,
        // It was taken back altogether before the crash, and is not given again.
        Err(Refusal::AlreadyRedeemed { .. }) => return Ok(()),
        Err(refusal) => panic!("{refusal:?}"),
    };
    let redemption = *used.redemptions.last().unwrap();
    let wanted = Wanted { reason: ReversalReason::Chargeback, ..everything(redemption) };
    drop(reverse(engine, &wanted, None, later(MONDAY, 4)).await?);
    Ok(())
}

#[test]
fn crash_between_any_two_operations_of_reserve_redeem_and_reverse_ends_where_it_would_have_ended() {
    let mut crashes = 0;
    for operation in 0.. {
        let store = Arc::new(SimStore::new());
        let (engine, issued) = shop(store.clone(), 1);
        drop(engine);
        let faults = Faults { crash_at: Some(operation), ..Faults::default() };
        let failing = Arc::new(SimStore::open(kill(store), faults, Mutant::None));
        let finished = wait(async {
            let Ok(engine) = Engine::open(failing.clone(), secrets(), MONDAY).await else { return false };
            pays(&engine, issued[0]).await.is_ok()
        });
        crashes += u32::from(!finished);
        let sound = Arc::new(SimStore::open(kill(failing), Faults::default(), Mutant::None));
        let engine = wait(Engine::open(sound, secrets(), MONDAY)).unwrap();
        assert_eq!(audit(&engine), Ok(()), "after a crash at operation {operation}");
        wait(pays(&engine, issued[0])).unwrap();
        assert_eq!(audit(&engine), Ok(()), "after a crash at operation {operation}");
        let (coupon, redemptions) = (coupons(&engine).remove(0), redemptions(&engine));
        assert_eq!((coupon.state.name(), redemptions.len()), ("reversed", 1), "crash at {operation}");
        assert_eq!((redemptions[0].reversals.len(), owed(&engine, "tea")), (1, Cents::ZERO));
        if finished {
            break;
        }
    }
    assert!(6 <= crashes, "{crashes} crashes tried nothing");
}

/// What the catalogue says of activation and reversals goes with the coupon.
#[test]
fn an_offer_may_ask_for_an_activation_and_a_campaign_keep_coupons_of_cancelled_orders_used() {
    let written = |cancel: &str, needs: &str| {
        let mut files = Shop::selling(vec![Offer::new("tea", "{ amount = \"1.00\" }")]).files();
        let campaign = files.get_mut("campaigns/tea.toml").unwrap();
        let more = format!("[reversals]\ncancel = {cancel}\n\n[[offers]]\nneeds_activation = {needs}");
        *campaign = campaign.replace("[[offers]]", &more);
        files
    };
    let refused = |cancel, needs| catalogue::compile(&written(cancel, needs)).unwrap_err()[0].to_string();
    assert!(refused("\"perhaps\"", "true").contains("`perhaps` is none of them"));
    assert!(refused("\"returns\"", "1").contains("expected true or false"));

    let files = written("\"stays_used\"", "true");
    let engine = wait(Engine::open(SimStore::new(), secrets(), MONDAY)).unwrap();
    let compiled = catalogue::compile(&files).unwrap();
    wait(flow::catalogue::apply(&engine, compiled, files, MONDAY)).unwrap();
    wait(ingest(&engine, &IDS, said::allows_all("anna", MONDAY))).unwrap();
    let asked = question(0, "anna", Channel::Web, later(MONDAY, 1));
    let coupon = coupon_of(&engine, &wait(decide::ask(&engine, &asked)).unwrap().unwrap()).unwrap();
    let uses = || wait(redeem(&engine, coupon, "order-1", Cents(900), later(MONDAY, 2))).unwrap();
    let takes = |step| wait(take(&engine, coupon, step, later(MONDAY, 2))).unwrap();
    assert_eq!(uses(), Err(Refusal::NotActivated));
    takes(Step::Activate).unwrap();
    takes(Step::Deactivate).unwrap();
    assert_eq!(uses(), Err(Refusal::NotActivated));
    takes(Step::Activate).unwrap();
    let redemption = uses().unwrap().redemptions[0];
    drop(wait(reverse(&engine, &everything(redemption), None, later(MONDAY, 3))).unwrap());
    assert_eq!(coupons(&engine)[0].state.name(), "reversed");
    assert_eq!(audit(&engine), Ok(()));
}

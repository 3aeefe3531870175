//! One to twenty tills that lose the line and find it again, give coupons meanwhile, several of them the same, and report in any order, again
//! and again. After all of it the result is the same in every order, the loss is what reckoning coupon by coupon says, to the cent, and no
//! more than the leases; and the budget was never passed on the way.

use std::collections::{BTreeMap, BTreeSet};

use super::tests::{coupon, line, order_of, redeemed};
use super::*;
use crate::base::{
    CampaignId, Cents, Chance, CouponId, DecisionId, LeaseId, RedemptionId, TillId, Timestamp,
};
use crate::offer::{Afterwards, Benefit, CatalogueVersion, ReversalPolicy, ReversalReason};

const HOUR: i64 = 3_600_000;
/// Coupons in circulation: few enough that tills meet at them, and so many that most are taken once.
const COUPONS: u8 = 60;
const WORTH: i64 = 300;

/// The rules under test; a mutant has one that is wrong.
#[derive(Clone, Copy)]
struct Rules {
    granted: fn(&Lease) -> Vec<Entry>,
    settle: fn(&Heard<'_>) -> Settled,
}

/// What the server hears of, with what it has.
#[derive(Clone, Copy)]
struct Heard<'a> {
    lease: &'a Lease,
    taken: &'a Taken,
    coupon: Option<&'a Coupon>,
    last: Option<&'a Redemption>,
    now: Timestamp,
}

const SOUND: Rules = Rules { granted: out_of_the_budget, settle: soundly };

fn soundly(heard: &Heard<'_>) -> Settled {
    settle(heard.lease, heard.taken, heard.coupon, heard.last, Some(&[]), heard.now)
}

fn out_of_the_budget(lease: &Lease) -> Vec<Entry> {
    vec![Entry::new(lease.about(), Account::Available, Account::Reserved, lease.cents_max, lease.granted_at)]
}

/// What the server has.
#[derive(Clone)]
struct Shop {
    rules: Rules,
    cap: i64,
    leases: BTreeMap<LeaseId, Lease>,
    coupons: BTreeMap<CouponId, Coupon>,
    redemptions: BTreeMap<RedemptionId, Redemption>,
    reported: BTreeSet<(LeaseId, u32)>,
    accounts: BTreeMap<(CouponId, Account), i64>,
    entries: BTreeSet<[u8; 16]>,
}

#[derive(Clone)]
struct Till {
    lease: LeaseId,
    is_online: bool,
    log: Vec<Taken>,
}

fn below(chance: &mut Chance, count: usize) -> usize {
    let [a, b, c, d, ..] = chance.bytes();
    usize::try_from(u32::from_be_bytes([a, b, c, d])).unwrap() % count
}

impl Shop {
    fn owed(&self) -> i64 {
        let owed = self.accounts.iter().filter(|((_, account), _)| account.is_owed());
        owed.map(|(_, amount)| amount).sum()
    }

    fn account(&self, wanted: Account) -> i64 {
        self.accounts.iter().filter(|((_, account), _)| *account == wanted).map(|(_, amount)| amount).sum()
    }

    /// Moves money as the store does: all of it or nothing, never above the cap.
    fn book(&mut self, entries: &[Entry]) -> Result<(), String> {
        for entry in entries {
            if !self.entries.insert(entry.id) {
                return Err(format!("an entry twice: {entry:?}"));
            }
            *self.accounts.entry((entry.coupon, entry.from)).or_default() -= entry.amount.0;
            let to = self.accounts.entry((entry.coupon, entry.to)).or_default();
            *to += entry.amount.0;
            let from = self.accounts[&(entry.coupon, entry.from)];
            if entry.from != Account::Available && from < 0 {
                return Err(format!("{from} in an account: {entry:?}"));
            }
        }
        if self.cap < self.owed() { Err(format!("{} owed of {}", self.owed(), self.cap)) } else { Ok(()) }
    }

    fn grant(&mut self, till: u8, cents: i64, count: u32) -> Result<Option<LeaseId>, String> {
        if self.cap < self.owed() + cents {
            return Ok(None);
        }
        let till = TillId::parse(&format!("till-{till}")).unwrap();
        let campaign = CampaignId::parse("spring").unwrap();
        let lease = Lease {
            id: Lease::id_of(&till, &campaign, 0),
            till,
            store: None,
            campaign,
            offer: None,
            catalogue: CatalogueVersion(crate::base::Digest([0; 32])),
            count_max: count,
            cents_max: Cents(cents),
            takes_paper: true,
            granted_at: Timestamp(0),
            expires_at: Timestamp(48 * HOUR),
            used_count: 0,
            used: Cents::ZERO,
            unbacked_count: 0,
            unbacked: Cents::ZERO,
            closed_at: None,
            kept: Vec::new(),
        };
        self.book(&(self.rules.granted)(&lease))?;
        let id = lease.id;
        self.leases.insert(id, lease);
        Ok(Some(id))
    }

    fn redeem(&mut self, id: CouponId, spend: i64, now: Timestamp) -> Result<(), String> {
        let order = order_of("online", vec![line("1", 1, spend)]);
        let Ok(effect) = redeemed(&self.coupons[&id], &order, now) else { return Ok(()) };
        self.put(effect)
    }

    fn put(&mut self, effect: Effect) -> Result<(), String> {
        self.coupons.insert(effect.coupon.id, effect.coupon);
        self.redemptions.extend(effect.redemption.map(|redemption| (redemption.id, redemption)));
        self.book(&effect.entries)
    }

    /// Hears of what a till took, once or again.
    fn hear(&mut self, lease: LeaseId, taken: &Taken, now: Timestamp) -> Result<(), String> {
        if !self.reported.insert((lease, taken.number)) {
            return Ok(());
        }
        let coupon = self.coupons.get(&taken.coupon);
        let last = coupon.filter(|coupon| matches!(coupon.state, State::Redeemed { .. }));
        let last = last.and_then(|coupon| self.redemptions.get(coupon.redemptions.last()?)).cloned();
        let heard = Heard { lease: &self.leases[&lease], taken, coupon, last: last.as_ref(), now };
        match (self.rules.settle)(&heard) {
            Settled::Unbacked { why, .. } => Err(format!("a sound till is not covered: {why:?}")),
            Settled::Booked(booked) => {
                let Booked { lease, coupon, redemption, displaced, entries } = *booked;
                self.leases.insert(lease.id, lease);
                self.coupons.insert(coupon.id, coupon);
                for redemption in displaced.into_iter().chain([redemption]) {
                    self.redemptions.insert(redemption.id, redemption);
                }
                self.book(&entries)
            }
        }
    }

    fn losses(&self) -> i64 {
        let lost = self.redemptions.values().filter(|redemption| redemption.loss().is_some());
        lost.map(|redemption| redemption.amount.0).sum()
    }

    /// Everything that somebody could tell apart. Of what does not count, the order is nobody's matter.
    fn seen(&self) -> String {
        let mut coupons = self.coupons.clone();
        for coupon in coupons.values_mut() {
            let place = coupon.redemptions.len().saturating_sub(1);
            coupon.redemptions[..place].sort_unstable();
        }
        let money: Vec<_> = self.accounts.iter().filter(|(_, amount)| **amount != 0).collect();
        format!("{coupons:?} {:?} {:?} {money:?} {:?}", self.redemptions, self.leases, self.entries)
    }
}

/// A run from a seed, up to where every till has the line again.
fn played(seed: u64, rules: Rules) -> Result<(Shop, Vec<Till>, Chance), String> {
    let mut chance = Chance::new(seed, "tills");
    let mut shop = Shop {
        rules,
        cap: 25_000,
        leases: BTreeMap::new(),
        coupons: BTreeMap::new(),
        redemptions: BTreeMap::new(),
        reported: BTreeSet::new(),
        accounts: BTreeMap::new(),
        entries: BTreeSet::new(),
    };
    let keep = Afterwards::StaysUsed;
    for number in 0..COUPONS {
        let mut issued = coupon(Benefit::Percent { basis_points: 1_000, maximum: Cents(WORTH) }, 0, 0);
        issued.id = CouponId::from_bytes([number + 1; 16]);
        issued.decision = DecisionId::from_bytes([number + 1; 16]);
        issued.reversals =
            ReversalPolicy { cancel: keep, refund: keep, partial_refund: keep, chargeback: keep };
        issued.valid_until = Timestamp(40 * HOUR);
        let (from, to) = (Account::Available, Account::Reserved);
        let entry = Entry::new(issued.about(), from, to, issued.reserved, Timestamp(0));
        shop.book(&[entry])?;
        shop.coupons.insert(issued.id, issued);
    }
    let mut tills = Vec::new();
    for number in 0..1 + below(&mut chance, 20) {
        let cents = 100 + i64::try_from(below(&mut chance, 1_200)).unwrap();
        let count = 1 + u32::try_from(below(&mut chance, 6)).unwrap();
        if let Some(lease) = shop.grant(u8::try_from(number).unwrap(), cents, count)? {
            tills.push(Till { lease, is_online: true, log: Vec::new() });
        }
    }
    for step in 0..120_i64 {
        let now = Timestamp(step * HOUR / 4 + 1);
        let place = below(&mut chance, tills.len());
        let which =
            CouponId::from_bytes([1 + u8::try_from(below(&mut chance, usize::from(COUPONS))).unwrap(); 16]);
        let till = &mut tills[place];
        match below(&mut chance, 8) {
            0 | 1 => till.is_online = !till.is_online,
            2 if till.is_online => {
                // The line is there for some of it, and some of it twice.
                for _ in 0..till.log.len() {
                    let taken = till.log[below(&mut chance, till.log.len())].clone();
                    shop.hear(till.lease, &taken, now)?;
                }
            }
            3 => return_one(&mut shop, &mut chance, now)?,
            _ if till.is_online => {
                let spend = 100 + i64::try_from(below(&mut chance, 4_000)).unwrap();
                // A till with the line asks: it reports before it does.
                for taken in &till.log {
                    shop.hear(till.lease, taken, now)?;
                }
                shop.redeem(which, spend, now)?;
            }
            _ => {
                let lease = &shop.leases[&till.lease];
                take(till, lease, which, now, &mut chance);
            }
        }
    }
    Ok((shop, tills, chance))
}

/// A till without the line takes what its lease and its own log allow, as the verifier in `wink-code` does.
fn take(till: &mut Till, lease: &Lease, which: CouponId, now: Timestamp, chance: &mut Chance) {
    let amount = Cents(1 + i64::try_from(below(chance, usize::try_from(WORTH).unwrap())).unwrap());
    let given: Cents = till.log.iter().map(|taken| taken.amount).sum();
    let number = u32::try_from(till.log.len()).unwrap() + 1;
    let is_seen = till.log.iter().any(|taken| taken.coupon == which);
    if is_seen || lease.count_max < number || lease.cents_max < given + amount || Timestamp(40 * HOUR) <= now
    {
        return;
    }
    let part = Part { line: "1".to_owned(), quantity: 1, amount, vat_basis_points: Some(700) };
    let order_id = format!("{}-{number}", lease.till);
    till.log.push(Taken { number, coupon: which, order_id, at: now, amount, parts: vec![part] });
}

fn return_one(shop: &mut Shop, chance: &mut Chance, now: Timestamp) -> Result<(), String> {
    if shop.redemptions.is_empty() {
        return Ok(());
    }
    let place = below(chance, shop.redemptions.len());
    let redemption = shop.redemptions.values().nth(place).unwrap().clone();
    let coupon = &shop.coupons[&redemption.coupon];
    match reverse(coupon, &redemption, &TakenBack::Everything, ReversalReason::Refund, Cents::ZERO, now) {
        Ok(effect) => shop.put(effect),
        Err(_) => Ok(()),
    }
}

/// Reports all that is left, in an order of its own, and some of it again; then every lease is closed.
fn reported(shop: &Shop, tills: &[Till], chance: &mut Chance) -> Result<Shop, String> {
    let mut shop = shop.clone();
    let mut all: Vec<(LeaseId, &Taken)> =
        tills.iter().flat_map(|till| till.log.iter().map(|taken| (till.lease, taken))).collect();
    for place in (1..all.len()).rev() {
        all.swap(place, below(chance, place + 1));
    }
    let again = all.len() / 3;
    for (lease, taken) in all.iter().chain(all.iter().take(again)) {
        shop.hear(*lease, taken, Timestamp(60 * HOUR))?;
    }
    let leases: Vec<Lease> = shop.leases.values().cloned().collect();
    for closed in leases.iter().filter_map(|lease| lease.close(Timestamp(600 * HOUR))) {
        shop.leases.insert(closed.lease.id, closed.lease);
        shop.book(closed.entry.as_slice())?;
    }
    Ok(shop)
}

/// Reckons the loss coupon by coupon, from the logs and from what the server gave, without looking at what it booked.
fn loss_expected(shop: &Shop, tills: &[Till]) -> i64 {
    let mut loss = 0;
    for id in shop.coupons.keys() {
        let mut taken: Vec<(Timestamp, LeaseId, u32, i64)> = tills
            .iter()
            .flat_map(|till| till.log.iter().map(move |taken| (till.lease, taken)))
            .filter(|(_, taken)| taken.coupon == *id)
            .map(|(lease, taken)| (taken.at, lease, taken.number, taken.amount.0))
            .collect();
        taken.sort_unstable();
        let used_online = shop.redemptions.values().any(|one| one.coupon == *id && one.offline.is_none());
        let counts = usize::from(!used_online);
        loss += taken.iter().skip(counts).map(|(_, _, _, amount)| amount).sum::<i64>();
    }
    loss
}

/// What a campaign prints at its end.
#[derive(Debug, Default)]
struct Tally {
    tills: usize,
    taken: usize,
    losses: usize,
    lost_cents: i64,
    leased_cents: i64,
}

fn check(seed: u64, rules: Rules, tally: &mut Tally) -> Result<(), String> {
    let (shop, tills, mut chance) = played(seed, rules)?;
    let first = reported(&shop, &tills, &mut chance)?;
    for _ in 0..3 {
        if reported(&shop, &tills, &mut chance)?.seen() != first.seen() {
            return Err("another order gave another result".to_owned());
        }
    }
    let (found, expected) = (first.losses(), loss_expected(&first, &tills));
    if found != expected {
        return Err(format!("a loss of {found} instead of {expected}"));
    }
    let leased: i64 = first.leases.values().map(|lease| lease.cents_max.0).sum();
    let given: i64 = tills.iter().flat_map(|till| &till.log).map(|taken| taken.amount.0).sum();
    let booked: i64 = first.leases.values().map(|lease| lease.used.0).sum();
    if leased < found || given != booked {
        return Err(format!("{found} lost of {leased} leased, {booked} booked of {given} given"));
    }
    let spent: i64 = first.redemptions.values().map(|redemption| redemption.spent().0).sum();
    let reserved: i64 = first.coupons.values().map(|coupon| coupon.reserved.0).sum();
    let accounts = (first.account(Account::Spent), first.account(Account::Reserved));
    if accounts != (spent, reserved) || first.accounts.values().sum::<i64>() != 0 {
        return Err(format!("the ledger has {accounts:?} instead of {:?}", (spent, reserved)));
    }
    tally.tills += tills.len();
    tally.taken += tills.iter().map(|till| till.log.len()).sum::<usize>();
    tally.losses += first.redemptions.values().filter(|redemption| redemption.loss().is_some()).count();
    tally.lost_cents += found;
    tally.leased_cents += leased;
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "a campaign names its seed and how many follow it")]
fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().unwrap())
}

#[test]
#[expect(clippy::disallowed_macros, reason = "a campaign says what it tried")]
fn tills_that_cannot_ask_lose_no_more_than_their_leases_in_whatever_order_they_report() {
    let (first, count) = (number("WINK_TEST_SEED", 1), number("WINK_TEST_TILLS", 150));
    let mut tally = Tally::default();
    for seed in first..first + count {
        if let Err(wrong) = check(seed, SOUND, &mut tally) {
            panic!("seed {seed}: {wrong}");
        }
    }
    let Tally { tills, taken, losses, lost_cents, leased_cents } = &tally;
    println!(
        "evidence I14 offline_tills seeds={count} seed={first} tills={tills} taken={taken} losses={losses} \
         lost_cents={lost_cents} leased_cents={leased_cents}"
    );
    assert!(0 < tally.losses, "no two tills met at a coupon: {tally:?}");
    assert!(tally.losses < tally.taken, "all of it was a loss: {tally:?}");
}

#[test]
fn the_simulation_notices_rules_that_are_wrong() {
    let mutants: [(&str, Rules); 5] = [
        ("a lease is not taken out of the budget", Rules { granted: |_| Vec::new(), ..SOUND }),
        ("who reports first counts", Rules { settle: in_order_of_arrival, ..SOUND }),
        ("a loss is not booked", Rules { settle: forgets_losses, ..SOUND }),
        ("what counted before stays as it was", Rules { settle: displaces_nobody, ..SOUND }),
        ("a coupon's own reserve is kept as well", Rules { settle: frees_nothing, ..SOUND }),
    ];
    for (what, rules) in mutants {
        let caught = (1..=60).any(|seed| check(seed, rules, &mut Tally::default()).is_err());
        assert!(caught, "not noticed: {what}");
    }
}

fn changed(settled: Settled, change: impl Fn(&mut Booked)) -> Settled {
    match settled {
        Settled::Booked(mut booked) => {
            change(&mut booked);
            Settled::Booked(booked)
        }
        unbacked => unbacked,
    }
}

fn in_order_of_arrival(heard: &Heard<'_>) -> Settled {
    let earliest = heard.last.map(|last| Redemption { at: Timestamp(i64::MIN), ..last.clone() });
    soundly(&Heard { last: earliest.as_ref(), ..*heard })
}

fn forgets_losses(heard: &Heard<'_>) -> Settled {
    changed(soundly(heard), |booked| {
        if booked.redemption.loss().is_some() {
            booked.entries.clear();
        }
    })
}

fn displaces_nobody(heard: &Heard<'_>) -> Settled {
    changed(soundly(heard), |booked| booked.displaced = None)
}

fn frees_nothing(heard: &Heard<'_>) -> Settled {
    changed(soundly(heard), |booked| booked.entries.truncate(1))
}

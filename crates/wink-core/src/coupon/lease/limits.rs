//! Tills with and without a line keep the limits per day and store together: what was really given on a day or in a store, told of or not, is never
//! more than its limit, and every counter is what redemptions count and leases keep.

use std::collections::BTreeMap;

use super::super::tests::coupon;
use super::super::{Part, Redemption, Settled, Taken, settle};
use super::*;
use crate::base::{Chance, Zone};
use crate::decision::hesitation::plain;
use crate::offer::{Benefit, UseLimit, UseLimits};

const HOUR: i64 = 3_600_000;
/// Two days before the clocks of Berlin go on, at 01:00 UTC of 29 March 2026: a day of 23 hours lies in most runs.
const BEGIN: &str = "2026-03-27T09:30:00Z";
const CLOCKS_GO_ON: &str = "2026-03-29T01:00:00Z";

/// The rules under test; a mutant has one that is wrong.
#[derive(Clone, Copy)]
struct Rules {
    keeps: fn(&Lease) -> Vec<LimitKept>,
    counted: fn(&Lease, &Catalogue, &Given, Timestamp) -> Vec<UseCount>,
    freed: fn(&Lease, Closed) -> Vec<LimitKept>,
}

const SOUND: Rules = Rules {
    keeps: |lease| lease.kept.clone(),
    counted: |lease, catalogue, given, _| lease.counted(catalogue, &given.offer, given.taken.at).unwrap(),
    freed: |_, closed| closed.freed,
};

/// What a till took, told or not.
#[derive(Clone)]
struct Given {
    offer: OfferId,
    taken: Taken,
    is_told: bool,
}

struct Shop {
    rules: Rules,
    catalogue: Catalogue,
    counters: BTreeMap<String, (i64, i64)>,
    /// What was given by whom, reckoned without the code under test.
    given: BTreeMap<String, (i64, i64)>,
    /// What redemptions say that they are counted for.
    counted: BTreeMap<String, (i64, i64)>,
    leases: Vec<(Lease, Vec<Given>)>,
    turn: u64,
}

fn below(chance: &mut Chance, count: usize) -> usize {
    let [a, b, c, d, ..] = chance.bytes();
    usize::try_from(u32::from_be_bytes([a, b, c, d])).unwrap() % count
}

fn drawn(chance: &mut Chance, from: i64, below_: i64) -> i64 {
    from + i64::try_from(below(chance, usize::try_from(below_ - from).unwrap())).unwrap()
}

/// Two offers of one campaign: the first is bounded per day and store, all of it per day.
fn catalogue(chance: &mut Chance) -> Catalogue {
    let mut catalogue = plain();
    let limit = |uses: i64, cents: i64| UseLimit {
        uses: Some(u32::try_from(uses).unwrap()),
        amount: Some(Cents(cents)),
    };
    catalogue.shop.zone = Zone::new("Europe/Berlin").unwrap();
    let mut second = catalogue.offers[0].clone();
    second.id = OfferId::parse("offer-1").unwrap();
    catalogue.offers[0].limits.uses = UseLimits {
        per_day: Some(limit(drawn(chance, 2, 9), drawn(chance, 300, 1_500))),
        per_store: Some(limit(drawn(chance, 4, 20), drawn(chance, 500, 4_000))),
    };
    catalogue.campaigns[0].limits.per_day = Some(limit(drawn(chance, 4, 14), drawn(chance, 600, 2_500)));
    catalogue.offers.push(second);
    catalogue
}

/// Names the limits something counts for that was given then, as the guide says it.
fn names(offer: &OfferId, store: &str, at: Timestamp) -> Vec<String> {
    let summer = Timestamp::parse(CLOCKS_GO_ON).unwrap() <= at;
    let day = (at.0 + if summer { 2 * HOUR } else { HOUR }).div_euclid(24 * HOUR);
    let mut names = vec![format!("campaign/campaign/day/{day}")];
    if offer.as_str() == "offer-0" {
        names.extend([format!("offer/offer-0/day/{day}"), format!("offer/offer-0/store/{store}")]);
    }
    names
}

fn add(sums: &mut BTreeMap<String, (i64, i64)>, name: &str, uses: i64, cents: i64) {
    let sum = sums.entry(name.to_owned()).or_default();
    *sum = (sum.0 + uses, sum.1 + cents);
}

impl Shop {
    /// Adds to counters as the store does: all of it, or nothing if one would pass its cap.
    fn count(&mut self, bounds: &[UseBound], uses: u32, amount: Cents) -> bool {
        let fits = bounds.iter().all(|bound| {
            let (has, cents) = self.counters.get(bound.count.name()).copied().unwrap_or_default();
            bound.limit.uses.is_none_or(|most| has + i64::from(uses) <= i64::from(most))
                && bound.limit.amount.is_none_or(|most| cents + amount.0 <= most.0)
        });
        if fits {
            for bound in bounds {
                add(&mut self.counters, bound.count.name(), i64::from(uses), amount.0);
            }
        }
        fits
    }

    fn grant(&mut self, chance: &mut Chance, now: Timestamp) {
        let asked = LeaseAsked {
            till: TillId::parse(&format!("till-{}", self.turn)).unwrap(),
            store: Some(["munich", "berlin"][below(chance, 2)].to_owned()),
            campaign: CampaignId::parse("campaign").unwrap(),
            offer: [None, Some(self.catalogue.offers[0].id.clone())][below(chance, 2)].clone(),
            count_max: u32::try_from(drawn(chance, 1, 5)).unwrap(),
            cents_max: Cents(drawn(chance, 100, 600)),
            takes_paper: true,
            expires_at: Timestamp(now.0 + drawn(chance, 1, 60) * HOUR),
        };
        self.turn += 1;
        let (mut lease, _) = grant(&asked, self.turn, &self.catalogue, now).unwrap();
        let mut bounds = lease.bounds(&self.catalogue);
        lease.kept = (self.rules.keeps)(&lease);
        bounds.retain(|bound| lease.kept.iter().any(|kept| kept.count == bound.count));
        if self.count(&bounds, lease.count_max, lease.cents_max) {
            self.leases.push((lease, Vec::new()));
        }
    }

    fn redeem(&mut self, chance: &mut Chance, now: Timestamp) {
        let offer = self.catalogue.offers[below(chance, 2)].clone();
        let store = ["munich", "berlin"][below(chance, 2)];
        let amount = Cents(drawn(chance, 50, 200));
        let bounds = use_bounds(&self.catalogue, &offer, Some(store), now);
        if self.count(&bounds, 1, amount) {
            for name in names(&offer.id, store, now) {
                add(&mut self.given, &name, 1, amount.0);
                add(&mut self.counted, &name, 1, amount.0);
            }
        }
    }

    /// A till without the line takes what its lease allows, as the verifier in `wink-code` does.
    fn take(&mut self, chance: &mut Chance, which: usize, now: Timestamp) {
        let (lease, log) = &mut self.leases[which];
        let amount = Cents(drawn(chance, 50, 200));
        let gave: Cents = log.iter().map(|given| given.taken.amount).sum();
        let number = u32::try_from(log.len()).unwrap() + 1;
        if !lease.is_open()
            || lease.expires_at <= now
            || lease.count_max < number
            || lease.cents_max < gave + amount
        {
            return;
        }
        let of = &self.catalogue.offers[below(chance, 2)].id;
        let offer = lease.offer.as_ref().unwrap_or(of).clone();
        for name in names(&offer, lease.store.as_deref().unwrap(), now) {
            add(&mut self.given, &name, 1, amount.0);
        }
        let part = Part { line: "1".to_owned(), quantity: 1, amount, vat_basis_points: None };
        let coupon = CouponId::from_bytes(chance.bytes());
        let order_id = format!("{}-{number}", lease.till);
        let taken = Taken { number, coupon, order_id, at: now, amount, parts: vec![part] };
        log.push(Given { offer, taken, is_told: false });
    }

    fn hear(&mut self, which: usize, place: usize, now: Timestamp) {
        let (lease, log) = &mut self.leases[which];
        let Some(given) = log.get_mut(place).filter(|given| !given.is_told) else { return };
        given.is_told = true;
        let mut issued = coupon(Benefit::Amount(Cents(500)), 0, 0);
        issued.id = given.taken.coupon;
        (issued.campaign, issued.offer) = (lease.campaign.clone(), given.offer.clone());
        issued.valid_until = Timestamp(i64::MAX);
        let counted = (self.rules.counted)(lease, &self.catalogue, given, now);
        let settled = settle(lease, &given.taken, Some(&issued), None, Some(&counted), now);
        let Settled::Booked(booked) = settled else { panic!("a sound till is not covered: {settled:?}") };
        *lease = booked.lease;
        let Redemption { counted, amount, .. } = booked.redemption;
        counted.iter().for_each(|count| add(&mut self.counted, count.name(), 1, amount.0));
    }

    fn close(&mut self, which: usize, now: Timestamp) {
        for place in 0..self.leases[which].1.len() {
            self.hear(which, place, now);
        }
        let lease = &mut self.leases[which].0;
        let Some(closed) = lease.close(now) else { return };
        let before = std::mem::replace(lease, closed.lease.clone());
        for kept in (self.rules.freed)(&before, closed) {
            add(&mut self.counters, kept.count.name(), -i64::from(kept.uses), -kept.amount.0);
        }
    }

    fn look(&self) -> Result<(), String> {
        let first = &self.catalogue.offers[0].limits.uses;
        for (name, (uses, cents)) in &self.given {
            let limit = match name.split('/').collect::<Vec<_>>()[..] {
                ["campaign", _, "day", _] => self.catalogue.campaigns[0].limits.per_day,
                ["offer", _, "day", _] => first.per_day,
                _ => first.per_store,
            };
            let limit = limit.unwrap();
            if i64::from(limit.uses.unwrap()) < *uses || limit.amount.unwrap().0 < *cents {
                return Err(format!("{name}: {uses} for {cents} given, of {limit:?}"));
            }
        }
        let mut expected = self.counted.clone();
        for kept in self.leases.iter().flat_map(|(lease, _)| &lease.kept) {
            add(&mut expected, kept.count.name(), i64::from(kept.uses), kept.amount.0);
        }
        expected.retain(|_, sum| *sum != (0, 0));
        let mut counters = self.counters.clone();
        counters.retain(|_, sum| *sum != (0, 0));
        if counters == expected { Ok(()) } else { Err(format!("{counters:?} instead of {expected:?}")) }
    }
}

/// Plays a week from a seed. Gives how many were given without the line, and under how many leases.
fn played(seed: u64, rules: Rules) -> Result<(usize, usize), String> {
    let mut chance = Chance::new(seed, "limits of leases");
    let mut shop = Shop {
        rules,
        catalogue: catalogue(&mut chance),
        counters: BTreeMap::new(),
        given: BTreeMap::new(),
        counted: BTreeMap::new(),
        leases: Vec::new(),
        turn: 0,
    };
    let begin = Timestamp::parse(BEGIN).unwrap();
    for step in 0..300 {
        let now = Timestamp(begin.0 + step * HOUR / 2);
        let which = (!shop.leases.is_empty()).then(|| below(&mut chance, shop.leases.len()));
        match (below(&mut chance, 8), which) {
            (0 | 1, _) => shop.grant(&mut chance, now),
            (2 | 3, _) | (_, None) => shop.redeem(&mut chance, now),
            (4, Some(which)) => {
                let place = below(&mut chance, 4);
                shop.hear(which, place, now);
            }
            (5, Some(which)) => shop.close(which, now),
            (_, Some(which)) => shop.take(&mut chance, which, now),
        }
        shop.look()?;
    }
    for which in 0..shop.leases.len() {
        shop.close(which, Timestamp(begin.0 + 160 * HOUR));
        shop.look()?;
    }
    // All is told of and given back: each counter is what was really given there.
    shop.counters.retain(|_, sum| *sum != (0, 0));
    if shop.counters != shop.given {
        return Err(format!("{:?} counted, {:?} given", shop.counters, shop.given));
    }
    let offline: usize = shop.leases.iter().map(|(_, log)| log.len()).sum();
    Ok((offline, shop.leases.len()))
}

#[test]
fn limits_per_day_and_store_hold_with_the_server_and_without_it() {
    let (mut offline, mut leases) = (0, 0);
    for seed in 1..=200 {
        let (given, granted) = played(seed, SOUND).unwrap_or_else(|wrong| panic!("seed {seed}: {wrong}"));
        (offline, leases) = (offline + given, leases + granted);
    }
    assert!(500 < offline && 500 < leases, "{offline} given under {leases} leases tried little");
}

#[test]
fn the_simulation_of_limits_notices_rules_that_are_wrong() {
    let mutants: [(&str, Rules); 5] = [
        ("a lease keeps nothing", Rules { keeps: |_| Vec::new(), ..SOUND }),
        (
            "a lease keeps the first day only",
            Rules { keeps: |lease| lease.kept.iter().take(2).cloned().collect(), ..SOUND },
        ),
        (
            "a coupon counts on the day it is told of",
            Rules {
                counted: |lease, catalogue, given, now| lease.counted(catalogue, &given.offer, now).unwrap(),
                ..SOUND
            },
        ),
        (
            "what was kept is freed and counted for nothing",
            Rules { counted: |_, _, _, _| Vec::new(), ..SOUND },
        ),
        ("all that was kept is freed", Rules { freed: |lease, closed| all_of(lease, closed), ..SOUND }),
    ];
    for (what, rules) in mutants {
        let caught = (1..=40).any(|seed| played(seed, rules).is_err());
        assert!(caught, "not noticed: {what}");
    }
}

fn all_of(lease: &Lease, closed: Closed) -> Vec<LimitKept> {
    let all = |kept| LimitKept { uses: lease.count_max, amount: lease.cents_max, ..kept };
    closed.freed.into_iter().map(all).collect()
}

#[test]
fn a_lease_under_a_limit_per_store_says_its_store_and_one_under_none_keeps_nothing() {
    let mut chance = Chance::new(1, "limits of leases");
    let (mut catalogue, now) = (catalogue(&mut chance), Timestamp::parse(BEGIN).unwrap());
    let asked = LeaseAsked {
        till: TillId::parse("till-1").unwrap(),
        store: None,
        campaign: CampaignId::parse("campaign").unwrap(),
        offer: None,
        count_max: 1,
        cents_max: Cents(100),
        takes_paper: true,
        expires_at: Timestamp(now.0 + 24 * HOUR),
    };
    let refused = grant(&asked, 0, &catalogue, now).map(|_| ());
    assert_eq!(refused, Err(LeaseRefused::NoStore(asked.campaign.clone())));
    catalogue.offers[0].limits.uses.per_store = None;
    let (lease, _) = grant(&asked, 0, &catalogue, now).unwrap();
    let names: Vec<&str> = lease.kept.iter().map(|kept| kept.count.name()).collect();
    let day = "offer/offer-0/day/20539";
    assert_eq!(
        names,
        [day, "campaign/campaign/day/20539", "offer/offer-0/day/20540", "campaign/campaign/day/20540"]
    );
    let other = OfferId::parse("offer-9").unwrap();
    assert_eq!(lease.counted(&catalogue, &other, now), None, "it is not one of the lease's");
    // A limit that came later bounds the leases that are granted behind it.
    let before = Lease { kept: Vec::new(), ..lease.clone() };
    assert_eq!(before.counted(&catalogue, &catalogue.offers[0].id, now), Some(Vec::new()));
    catalogue.offers[0].limits.uses = UseLimits::default();
    catalogue.campaigns[0].limits = UseLimits::default();
    assert_eq!(grant(&asked, 0, &catalogue, now).unwrap().0.kept, Vec::new());
}

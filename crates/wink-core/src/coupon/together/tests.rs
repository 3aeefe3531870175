//! People move in and out, take what they are given, and are erased: no household ever gets one more than its limit.

use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::base::{CampaignId, CouponId, DecisionId, HouseholdId, ProfileId, Timestamp};
use crate::coupon::{Given, Held};
use crate::profile::{Cluster, Member, Profile, Residence};

const PEOPLE: u8 = 5;
const HOMES: u8 = 3;

#[derive(Clone, Debug)]
enum Act {
    Asks(u8),
    Moves(u8, Option<u8>),
    Erased(u8),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let person = 0..PEOPLE;
    let act = prop_oneof![
        6 => person.clone().prop_map(Act::Asks),
        4 => (person.clone(), proptest::option::of(0..HOMES)).prop_map(|(person, home)| Act::Moves(person, home)),
        1 => person.prop_map(Act::Erased),
    ];
    vec(act, 1..60)
}

fn offer() -> OfferId {
    OfferId::parse("tea").unwrap()
}

fn home(number: u8) -> HouseholdId {
    HouseholdId::from_bytes([number; 16])
}

/// The shop as the flows keep it, a person a profile.
#[derive(Default)]
struct Shop {
    people: BTreeMap<u8, (Profile, Wallet)>,
    homes: BTreeMap<HouseholdId, Household>,
    made: u8,
    now: i64,
}

impl Shop {
    fn person(&mut self, number: u8) -> &mut (Profile, Wallet) {
        self.made += u8::from(!self.people.contains_key(&number));
        let made = self.made;
        let new = || (Profile::new(ProfileId::from_bytes([made; 16]), Timestamp(0)), Wallet::default());
        self.people.entry(number).or_insert_with(new)
    }

    fn count(&self, household: HouseholdId) -> u32 {
        let Some(home) = self.homes.get(&household) else { return 0 };
        let members = self.people.values().filter(|(profile, _)| home.members.contains_key(&profile.id));
        let wallets = members.map(|(profile, wallet)| (wallet, profile.counted.with(household)));
        had_together(home, wallets).get(&offer()).map_or(0, |had| had.given + had.held_out)
    }

    /// What a decision and its commit do.
    fn asks(&mut self, number: u8, limit: u32) -> Option<HouseholdId> {
        let (profile, _) = self.person(number);
        let household = Cluster::new(profile, []).residence().and_then(|word| word.household)?;
        if limit <= self.count(household) {
            return None;
        }
        self.now += 1;
        let (at, coupon) = (Timestamp(self.now), CouponId::from_bytes(i128::from(self.now).to_be_bytes()));
        let decision = DecisionId::from_bytes(i128::from(self.now).to_be_bytes());
        let campaign = CampaignId::parse("spring").unwrap();
        let held = Held { at, decision, campaign, offer: offer(), given: Given::Coupon(coupon) };
        self.person(number).1.held.push(held);
        Some(household)
    }

    fn moves(&mut self, number: u8, to: Option<HouseholdId>) {
        self.now += 1;
        let word = Residence { household: to, at: Timestamp(self.now), source: "shop".to_owned() };
        let (profile, wallet) = self.person(number).clone();
        let moves = Cluster::new(&profile, []).hear_residence(&word).unwrap();
        let mut profile = profile;
        for (id, left) in moves.leaves {
            let had = wallet.had(profile.counted.with(left));
            self.homes.entry(left).or_default().release(id, had);
            profile.counted.note(left, wallet.held.len());
        }
        if let (Some(to), None) = (to, moves.stays) {
            let member = Member { at: word.at, source: word.source.clone() };
            self.homes.entry(to).or_default().admit(profile.id, member).unwrap();
        }
        profile.residence = Some(word);
        self.people.insert(number, (profile, wallet));
    }

    fn erase(&mut self, number: u8) {
        let Some((profile, wallet)) = self.people.remove(&number) else { return };
        if let Some(left) = profile.residence.as_ref().and_then(|word| word.household) {
            let had = wallet.had(profile.counted.with(left));
            self.homes.entry(left).or_default().release(profile.id, had);
        }
    }
}

proptest! {
    #[test]
    fn nobody_gets_one_while_their_household_is_at_its_limit(acts in acts(), limit in 1..4_u32) {
        let mut shop = Shop::default();
        for act in acts {
            let before: BTreeMap<HouseholdId, u32> = (0..HOMES).map(|n| (home(n), shop.count(home(n)))).collect();
            let grown = match act {
                Act::Asks(person) => {
                    let given = shop.asks(person, limit);
                    given.inspect(|home| assert!(before[home] < limit)).into_iter().collect()
                }
                // Only whom somebody moves to may have more afterwards: what they bring along.
                Act::Moves(person, to) => {
                    shop.moves(person, to.map(home));
                    to.map(home).into_iter().collect::<BTreeSet<_>>()
                }
                Act::Erased(person) => {
                    shop.erase(person);
                    BTreeSet::new()
                }
            };
            for (home, before) in before {
                let now = shop.count(home);
                prop_assert!(before <= now, "{home} counts {now} after {before}: somebody left to get more");
                prop_assert!(now == before || grown.contains(&home), "{home} counts {now} after {before}");
            }
            for (number, (profile, _)) in &shop.people {
                let listed = shop.homes.values().filter(|home| home.members.contains_key(&profile.id)).count();
                prop_assert!(listed <= 1, "person {number} lives in {listed} households");
            }
        }
    }
}

/// Whoever leaves and comes back is counted once.
#[test]
fn coming_back_counts_nothing_twice() {
    let mut shop = Shop::default();
    shop.moves(0, Some(home(0)));
    assert_eq!(shop.asks(0, 3), Some(home(0)));
    for to in [None, Some(home(0)), Some(home(1)), Some(home(0))] {
        shop.moves(0, to);
        assert_eq!(shop.count(home(0)), 1);
    }
    assert_eq!(shop.asks(0, 3), Some(home(0)));
    assert_eq!((shop.count(home(0)), shop.count(home(1))), (2, 1));
}

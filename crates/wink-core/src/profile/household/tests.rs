//! Words about households in any order, and room for twelve.

use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::profile::Link;

fn id(number: u8) -> ProfileId {
    ProfileId::from_bytes([number; 16])
}

fn home(number: u8) -> HouseholdId {
    HouseholdId::from_bytes([number; 16])
}

fn word(household: Option<u8>, at: i64) -> Residence {
    Residence { household: household.map(home), at: Timestamp(at), source: "shop".to_owned() }
}

/// Lets somebody hear words one after the other, as the store does.
fn hear(words: impl IntoIterator<Item = Residence>) -> Profile {
    let mut profile = Profile::new(id(1), Timestamp(0));
    for word in words {
        if Cluster::new(&profile, []).hear_residence(&word).is_some() {
            profile.residence = Some(word);
        }
    }
    profile
}

#[test]
fn the_newest_word_counts_and_at_the_same_instant_the_one_that_ends_it() {
    let lives = |words: Vec<Residence>| hear(words).residence.and_then(|word| word.household);
    assert_eq!(lives(vec![word(Some(1), 1), word(Some(2), 2)]), Some(home(2)));
    assert_eq!(lives(vec![word(Some(2), 2), word(Some(1), 1)]), Some(home(2)), "it came late");
    assert_eq!(lives(vec![word(Some(1), 1), word(None, 2)]), None);
    assert_eq!(lives(vec![word(None, 1), word(Some(1), 1)]), None);
    assert_eq!(lives(vec![word(None, 1), word(Some(1), 2)]), Some(home(1)));
}

proptest! {
    #[test]
    fn the_order_of_arrival_does_not_matter(
        words in proptest::collection::vec((select(vec![None, Some(1), Some(2), Some(3)]), 0..4_i64), 1..8),
        seed in any::<u64>(),
    ) {
        let words: Vec<Residence> = words.into_iter().map(|(household, at)| word(household, at)).collect();
        let mut shuffled = words.clone();
        let length = shuffled.len();
        for at in 0..length {
            let other = usize::try_from((seed >> (at * 5)) % (length as u64)).unwrap();
            shuffled.swap(at, other);
        }
        let told = |words: Vec<Residence>| hear(words).residence.map(|word| (word.household, word.at));
        prop_assert_eq!(told(words), told(shuffled));
    }
}

#[test]
fn a_person_of_two_profiles_lives_where_the_newest_word_says_and_both_are_counted() {
    let (mut phone, mut card) = (Profile::new(id(1), Timestamp(0)), Profile::new(id(2), Timestamp(0)));
    phone.residence = Some(word(Some(1), 1));
    card.residence = Some(word(Some(2), 2));
    let person = Cluster::new(&phone, [&card]);
    assert_eq!(person.residence(), card.residence.as_ref());
    assert_eq!(person.households(), BTreeSet::from([home(1), home(2)]));
    let moves = person.hear_residence(&word(Some(1), 3)).unwrap();
    assert_eq!(moves, Move { leaves: vec![(id(2), home(2))], stays: Some(id(1)) });
    let moves = person.hear_residence(&word(None, 3)).unwrap();
    assert_eq!(moves, Move { leaves: vec![(id(1), home(1)), (id(2), home(2))], stays: None });
    assert_eq!(person.hear_residence(&word(None, 1)), None);
}

#[test]
fn twelve_live_together_and_no_thirteenth() {
    let mut household = Household::default();
    let member = |at| Member { at: Timestamp(at), source: "shop".to_owned() };
    for number in 0..12 {
        household.admit(id(number), member(1)).unwrap();
    }
    assert_eq!(household.admit(id(12), member(1)), Err(Full));
    assert_eq!(household.admit(id(3), member(2)), Ok(()), "who is in it stays");
    household.release(id(3), BTreeMap::new());
    assert_eq!(household.admit(id(12), member(1)), Ok(()));
}

#[test]
fn what_was_counted_is_remembered_of_the_last_twenty_households() {
    let mut counted = Counted::default();
    for number in 1..=21 {
        counted.note(home(number), 3);
    }
    counted.note(home(30), 0);
    assert_eq!(counted.all().len(), 20);
    assert_eq!((counted.with(home(1)), counted.with(home(21)), counted.with(home(30))), (0, 3, 0));
}

#[test]
fn an_erasure_takes_along_only_whom_nobody_else_leads_to_the_household() {
    // 1 and 2 are listed; 3 is joined to both of them, 4 to 1 only.
    let links: [&[u8]; 4] = [&[2, 3, 4], &[1, 3], &[1, 2], &[1]];
    let all: Vec<Profile> = (1..=4)
        .zip(links)
        .map(|(number, links)| {
            let mut profile = Profile::new(id(number), Timestamp(0));
            let link = Link { at: Timestamp(0), source: "shop".to_owned() };
            profile.links = links.iter().map(|other| (id(*other), link.clone())).collect();
            profile.residence = (number <= 2).then(|| word(Some(1), 1));
            profile
        })
        .collect();
    let left = |household: u8, erased: u8, before: &[u8]| {
        let there = |profile: &&Profile| !before.iter().any(|gone| id(*gone) == profile.id);
        let asked = all.iter().find(|profile| profile.id == id(erased)).unwrap();
        let others = all.iter().filter(there).filter(|profile| profile.id != asked.id);
        Cluster::new(asked, others).left_in(home(household), id(erased))
    };
    assert_eq!(left(1, 1, &[]), BTreeSet::from([id(2), id(3)]), "4 goes with 1");
    assert_eq!(left(1, 2, &[1]), BTreeSet::new(), "then 3 with 2");
    assert_eq!(left(1, 4, &[]), BTreeSet::from([id(1), id(2), id(3)]), "each for itself");
    assert_eq!(left(2, 1, &[]), BTreeSet::new(), "nobody lives there");
}

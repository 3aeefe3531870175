use wink_core::base::Chance;

use super::*;

#[test]
fn who_looked_at_everybody_knows() {
    let all = Estimate::new(12, 1.0);
    assert_eq!((all.about, all.least, all.most), (12.0, 12.0, 12.0));
    assert!(all.is_exact());
}

#[test]
fn nobody_found_is_not_nobody() {
    let none = Estimate::new(0, 0.1);
    assert_eq!((none.about, none.least), (0.0, 0.0));
    assert!((30.0..40.0).contains(&none.most), "{none:?}");
}

/// Of 1,000 people a tenth is looked at, again and again: the interval holds the thousand as often as it says.
#[test]
fn the_interval_holds_what_it_promises() {
    let mut held = 0;
    for seed in 0..400 {
        let mut chance = Chance::new(seed, "preview");
        let mut is_met = || {
            let [a, b, ..] = chance.bytes();
            u16::from_be_bytes([a, b]) < u16::MAX / 10
        };
        let found = (0..1_000).filter(|_| is_met()).count() as u64;
        let Estimate { least, most, .. } = Estimate::new(found, 0.1);
        held += u32::from((least..=most).contains(&1_000.0));
    }
    assert!((364..=396).contains(&held), "{held} of 400");
}

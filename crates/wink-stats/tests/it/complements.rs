//! Complements: the figures of a grocer's baskets.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};

use wink_stats::complements::{Baskets, Pairs};

use crate::sample::{near, reference};

#[test]
fn reference_groceries_have_these_complements() {
    let mut numbers: BTreeMap<String, u32> = BTreeMap::new();
    let (mut items, mut ends) = (Vec::new(), Vec::new());
    for line in BufReader::new(reference("groceries/groceries.csv.gz")).lines() {
        for item in line.unwrap().split(',') {
            let next = u32::try_from(numbers.len()).unwrap();
            items.push(*numbers.entry(item.to_owned()).or_insert(next));
        }
        ends.push(items.len());
    }
    let raw = Pairs { strength: 0.0, ..Pairs::default() };
    let found = raw.fit(Baskets { items: &items, ends: &ends }).unwrap();
    assert_eq!((found.baskets, numbers.len()), (9_835, 169));
    assert_eq!((found.frequent_items, found.pairs.len()), (88, 213));
    let number = |name: &str| numbers[name];
    for (place, (a, b, lift)) in [
        ("beef", "root vegetables", 3.040_4),
        ("curd", "whipped/sour cream", 2.742_1),
        ("pip fruit", "tropical fruit", 2.574_6),
    ]
    .into_iter()
    .enumerate()
    {
        let pair = found.pairs[place];
        let (low, high) = (number(a).min(number(b)), number(a).max(number(b)));
        assert_eq!(pair.items, (low, high), "{a} and {b}");
        near(pair.lift, lift, 5e-5);
    }
}

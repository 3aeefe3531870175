//! An amount over lines, to the minor unit: in proportion to what they weigh, none beyond its room, nothing lost and nothing made.

use crate::base::Cents;

/// What a line weighs, and the most it may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Its weight, not negative: what is left to pay for it.
    pub weight: Cents,
    /// The most it may take.
    pub most: Cents,
}

/// Spreads `amount` over lines in proportion to their weights: whole units down, then one each to the largest remainders, of equal ones to
/// the first line (Hamilton's method). A line whose share is more than its room takes its room, and the others share the rest the same
/// way. The shares add up to `amount`, or to all the room there is if that is less.
pub fn allocate(amount: Cents, lines: &[Room]) -> Vec<Cents> {
    let mut taken = vec![Cents::ZERO; lines.len()];
    let mut open: Vec<(usize, Room)> = lines.iter().copied().enumerate().collect();
    // The line that is full first stands last: the one with the least room for its weight. What has no weight takes nothing and stands first.
    open.sort_by(|(_, a), (_, b)| {
        let cross = |one: &Room, other: &Room| i128::from(one.most.0) * i128::from(other.weight.0);
        (b.weight == Cents::ZERO).cmp(&(a.weight == Cents::ZERO)).then_with(|| cross(b, a).cmp(&cross(a, b)))
    });
    let mut left = amount;
    let mut weight: i128 = open.iter().map(|(_, room)| i128::from(room.weight.0)).sum();
    // A line that is closed makes the others' shares grow, so none that is full would have fitted later.
    while let Some((line, room)) = open.last().copied()
        && Cents::ZERO < left
        && i128::from(room.most.0) * weight < i128::from(left.0) * i128::from(room.weight.0)
    {
        put(&mut taken, line, room.most);
        left = left - room.most;
        weight -= i128::from(room.weight.0);
        open.pop();
    }
    if Cents::ZERO < left && 0 < weight {
        // Of equal remainders the first line comes first.
        open.sort_by_key(|(line, _)| *line);
        let shares = largest_remainders(left, weight, &open);
        shares.into_iter().for_each(|(line, share)| put(&mut taken, line, share));
    }
    taken
}

/// Tells what the first `count` of `quantity` pieces have of a line's amount, rounded half up. What any pieces have is a difference of two
/// such sums: all together have exactly the amount, and two at once what two have one after the other.
pub fn of_first(amount: Cents, count: u32, quantity: u32) -> Cents {
    let quantity = i128::from(quantity.max(1));
    let count = i128::from(count).min(quantity);
    let rounded = (2 * i128::from(amount.0) * count + quantity).div_euclid(2 * quantity);
    Cents(i64::try_from(rounded).unwrap_or(i64::MAX))
}

/// Shares that add up to `amount`; the weights add up to `weight`, which is not zero.
fn largest_remainders(amount: Cents, weight: i128, open: &[(usize, Room)]) -> Vec<(usize, Cents)> {
    let mut shares: Vec<(usize, i128, i128)> = open
        .iter()
        .map(|(line, room)| {
            let product = i128::from(amount.0) * i128::from(room.weight.0);
            (*line, product.div_euclid(weight), product.rem_euclid(weight))
        })
        .collect();
    let down: i128 = shares.iter().map(|(_, share, _)| share).sum();
    let missing = usize::try_from(i128::from(amount.0) - down).unwrap_or(0);
    // The sort is stable: of equal remainders the first line comes first.
    shares.sort_by_key(|(_, _, remainder)| std::cmp::Reverse(*remainder));
    // A share that is rounded up had a remainder, so its line, whose room is whole units, has room for it.
    shares.iter_mut().take(missing).for_each(|(_, share, _)| *share += 1);
    shares.into_iter().map(|(line, share, _)| (line, Cents(i64::try_from(share).unwrap_or(0)))).collect()
}

fn put(taken: &mut [Cents], line: usize, share: Cents) {
    if let Some(place) = taken.get_mut(line) {
        *place = share;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(amount: i64, lines: &[(i64, i64)], expected: &[i64]) {
        let lines: Vec<Room> =
            lines.iter().map(|(weight, most)| Room { weight: Cents(*weight), most: Cents(*most) }).collect();
        let shares: Vec<i64> = allocate(Cents(amount), &lines).into_iter().map(|share| share.0).collect();
        assert_eq!(shares, expected, "{amount} over {lines:?}");
    }

    #[test]
    fn remainders_go_to_the_largest_and_of_equal_ones_to_the_first_line() {
        check(100, &[(1, 1), (1, 1), (1, 1)], &[1, 1, 1]);
        check(100, &[(500, 500), (500, 500), (500, 500)], &[34, 33, 33]);
        check(5, &[(1_000, 1_000), (1, 1), (1_000, 1_000)], &[3, 0, 2]);
        check(1, &[(10, 10), (20, 20)], &[0, 1]);
        check(7, &[(0, 0), (0, 0)], &[0, 0]);
        check(0, &[(10, 10)], &[0]);
    }

    #[test]
    fn a_line_takes_no_more_than_its_room_and_the_others_share_the_rest() {
        check(90, &[(100, 10), (100, 100), (100, 100)], &[10, 40, 40]);
        // What the first leaves makes the second too small for its share.
        check(90, &[(100, 10), (100, 35), (100, 100)], &[10, 35, 45]);
        check(90, &[(100, 10), (100, 10), (100, 10)], &[10, 10, 10]);
    }

    #[test]
    fn the_largest_amounts_do_not_overflow() {
        let most = 100_000_000_000;
        check(most, &[(most / 2, most), (most / 2, most)], &[most / 2, most / 2]);
    }

    proptest! {
        #[test]
        fn pieces_have_together_what_the_line_has(amount in 0..1_000_000_i64, quantity in 1..50_u32) {
            let amount = Cents(amount);
            let pieces = (0..quantity)
                .map(|piece| of_first(amount, piece + 1, quantity) - of_first(amount, piece, quantity));
            let pieces: Vec<Cents> = pieces.collect();
            prop_assert!(pieces.iter().all(|piece| Cents::ZERO <= *piece));
            prop_assert_eq!(pieces.into_iter().sum::<Cents>(), amount);
        }
    }
}

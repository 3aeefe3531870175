//! An amount is shared out so that the shares are whole cents and sum exactly.

use std::cmp::Reverse;

use crate::base::Cents;

/// Shares an amount out in proportion to weights, by largest remainder (Hamilton's method); of equal remainders the first gets the cent.
/// Shape: as many shares as weights. No share is more than its weight where the amount is no more than their sum.
///
/// Without any weight there is nothing to go by, and every share is nothing.
pub(super) fn share_out(amount: Cents, weights: &[Cents]) -> Vec<Cents> {
    let whole: i128 = weights.iter().map(|weight| i128::from(weight.0.max(0))).sum();
    if whole == 0 {
        return vec![Cents::ZERO; weights.len()];
    }
    let exact = |weight: &Cents| i128::from(amount.0) * i128::from(weight.0.max(0));
    let mut shares: Vec<i128> = weights.iter().map(|weight| exact(weight).div_euclid(whole)).collect();
    let mut left = i128::from(amount.0) - shares.iter().sum::<i128>();
    let mut by_remainder: Vec<usize> = (0..weights.len()).collect();
    by_remainder
        .sort_by_key(|place| Reverse(weights.get(*place).map(|weight| exact(weight).rem_euclid(whole))));
    for place in by_remainder {
        if let Some(share) = shares.get_mut(place).filter(|_| 0 < left) {
            *share += 1;
            left -= 1;
        }
    }
    shares.into_iter().map(|share| Cents(i64::try_from(share).unwrap_or(i64::MAX))).collect()
}

/// Tells what the first `count` of `quantity` pieces have of an amount, rounded half up. What any pieces have is a difference of two such
/// sums, so that all pieces together have exactly the amount.
pub(super) fn of_first(amount: Cents, count: u32, quantity: u32) -> Cents {
    let quantity = i128::from(quantity.max(1));
    let count = i128::from(count).min(quantity);
    let rounded = (2 * i128::from(amount.0) * count + quantity).div_euclid(2 * quantity);
    Cents(i64::try_from(rounded).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_largest_remainders_get_the_cents_that_are_left() {
        let shares = |amount, weights: &[i64]| {
            let weights: Vec<Cents> = weights.iter().copied().map(Cents).collect();
            share_out(Cents(amount), &weights).into_iter().map(|share| share.0).collect::<Vec<_>>()
        };
        assert_eq!(shares(100, &[1, 1, 1]), [34, 33, 33]);
        assert_eq!(shares(5, &[199, 301, 500]), [1, 2, 2]);
        assert_eq!(shares(7, &[0, 10]), [0, 7]);
        assert_eq!(shares(7, &[0, 0]), [0, 0]);
    }

    proptest! {
        #[test]
        fn shares_sum_to_the_amount_and_none_is_more_than_its_weight(
            weights in vec(0..1_000_000_i64, 1..12),
            part in 0.0..=1.0_f64,
        ) {
            let whole: i64 = weights.iter().sum();
            #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "any amount below the whole will do")]
            let amount = Cents((whole as f64 * part) as i64);
            let weights: Vec<Cents> = weights.into_iter().map(Cents).collect();
            let shares = share_out(amount, &weights);
            prop_assert_eq!(shares.iter().copied().sum::<Cents>(), amount);
            prop_assert!(shares.iter().zip(&weights).all(|(share, weight)| share <= weight));
        }

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

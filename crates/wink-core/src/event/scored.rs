//! What a model reckons of somebody. It enters through the journal like anything else that is known, so that whoever reads it later reads
//! the same: no model is run again.

use crate::base::Cents;

/// Probabilities and expectations are kept in millionths: whole numbers are the same on every machine.
pub const MILLION: i64 = 1_000_000;

/// What a model of purchases says of one person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scored {
    /// Which version of the model.
    pub version: u32,
    /// How likely they are still a customer, in millionths.
    pub alive: i64,
    /// How likely they buy within the model's horizon, in millionths.
    pub purchase: i64,
    /// How many purchases to expect within it, in millionths.
    pub purchases: i64,
    /// What they are worth within it; `None` if the model knows nothing of what people spend.
    pub value: Option<Cents>,
}

impl Scored {
    /// Takes what a model computed. What is no number, or far beyond any customer, is refused: nothing is rounded into something plausible.
    pub fn new(version: u32, alive: f64, purchase: f64, purchases: f64, value: Option<f64>) -> Option<Self> {
        let cents = match value {
            Some(value) => Some(Cents(whole(value)?)),
            None => None,
        };
        Some(Self {
            version,
            alive: share(alive)?,
            purchase: share(purchase)?,
            purchases: whole(purchases * 1e6).filter(|purchases| 0 <= *purchases)?,
            value: cents,
        })
    }
}

/// Above this, in millionths or cents, no score makes sense: a hundred thousand purchases, a million in money.
const WHOLE_MAX: f64 = 1e11;

/// Takes a share in millionths; nothing if it is none.
pub(super) fn share(share: f64) -> Option<i64> {
    (0.0..=1.0).contains(&share).then(|| whole(share * 1e6)).flatten()
}

#[expect(clippy::cast_possible_truncation, reason = "the range is checked just before")]
fn whole(number: f64) -> Option<i64> {
    (number.abs() <= WHOLE_MAX).then(|| libm::round(number) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_is_kept_in_millionths_and_cents() {
        let scored = Scored::new(3, 0.725_600_4, 0.5, 1.226, Some(905.6)).unwrap();
        assert_eq!((scored.alive, scored.purchase, scored.purchases), (725_600, 500_000, 1_226_000));
        assert_eq!(scored.value, Some(Cents(906)));
    }

    #[test]
    fn what_is_no_score_is_refused() {
        for (alive, purchase, purchases, value) in [
            (1.1, 0.5, 1.0, None),
            (-0.1, 0.5, 1.0, None),
            (0.5, f64::NAN, 1.0, None),
            (0.5, 0.5, -1.0, None),
            (0.5, 0.5, f64::INFINITY, None),
            (0.5, 0.5, 1.0, Some(f64::NAN)),
            (0.5, 0.5, 1.0, Some(1e15)),
        ] {
            assert_eq!(Scored::new(1, alive, purchase, purchases, value), None);
        }
    }
}

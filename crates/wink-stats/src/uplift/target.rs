//! Who should get what, when an outcome is worth something and a treatment costs something?

use crate::Error;
use crate::error::{finite, same_length};

/// What an outcome is worth and what each treatment costs per person, in the same money. `none` costs nothing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prices<'a> {
    /// What one unit of the outcome is worth.
    pub value: f64,
    /// What the first treatment costs, then the second.
    pub costs: &'a [f64],
}

impl Prices<'_> {
    /// Tells what an outcome is worth after the treatment that led to it is paid.
    pub fn net(&self, outcome: f64, arm: usize) -> f64 {
        let cost = arm.checked_sub(1).and_then(|place| self.costs.get(place)).copied().unwrap_or(0.0);
        self.value * outcome - cost
    }

    pub(super) fn check(&self, treatments: usize) -> Result<(), Error> {
        same_length("the costs", treatments, self.costs.len())?;
        finite("a cost", self.costs)?;
        finite("the value of an outcome", &[self.value])
    }
}

/// Chooses for each person the treatment whose effect is worth most after its cost, or `none` (0) if none is worth its cost.
/// `effects` is what [`Effects::predict`](super::Effects::predict) tells.
///
/// # Errors
/// [`Error::Shape`] if costs do not fit the treatments or treatments differ in length; [`Error::NotFinite`].
pub fn best_net_value(effects: &[Vec<f64>], prices: &Prices<'_>) -> Result<Vec<usize>, Error> {
    prices.check(effects.len())?;
    let people = effects.first().map_or(0, Vec::len);
    let mut best = vec![(0.0, 0); people];
    for (arm, of_arm) in (1..).zip(effects) {
        same_length("the effects", people, of_arm.len())?;
        finite("an effect", of_arm)?;
        for (best, effect) in best.iter_mut().zip(of_arm) {
            let net = prices.net(*effect, arm);
            if best.0 < net {
                *best = (net, arm);
            }
        }
    }
    Ok(best.into_iter().map(|(_, arm)| arm).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_gets_what_costs_more_than_it_brings() {
        let effects = [vec![0.10, 0.02, -0.10], vec![0.15, 0.10, 0.05]];
        let prices = Prices { value: 10.0, costs: &[0.3, 1.0] };
        assert_eq!(best_net_value(&effects, &prices), Ok(vec![1, 0, 0]));
        let free = Prices { value: 10.0, costs: &[0.0, 0.0] };
        assert_eq!(best_net_value(&effects, &free), Ok(vec![2, 2, 2]));
        let missing = Prices { value: 10.0, costs: &[0.3] };
        assert!(matches!(best_net_value(&effects, &missing), Err(Error::Shape { .. })));
    }
}

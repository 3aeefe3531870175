//! Counts of a trial among those somebody would have treated: what the treatment brought them, and at what price.

use super::Prices;

/// One side of a readout.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Arm {
    /// How many people.
    pub people: u64,
    /// The sum of their outcomes: buyers, if the outcome is buying.
    pub outcomes: f64,
}

/// The people a policy would treat, by what the trial gave them. As the trial drew by chance, the two sides compare.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Readout {
    /// Those who got the treatment.
    pub treated: Arm,
    /// Those who got nothing.
    pub control: Arm,
}

impl Readout {
    /// Counts everybody for whom the policy chooses the treatment of this number.
    pub fn of(arm: usize, policy: &[usize], given: &[usize], outcomes: &[f64]) -> Self {
        let mut readout = Self::default();
        for ((chosen, given), outcome) in policy.iter().zip(given).zip(outcomes) {
            let side = match *given {
                _ if *chosen != arm => continue,
                0 => &mut readout.control,
                got if got == arm => &mut readout.treated,
                _ => continue,
            };
            side.people += 1;
            side.outcomes += outcome;
        }
        readout
    }

    /// Incremental response rate: the treated people's rate less the others', if both are there.
    pub fn incremental_rate(&self) -> Option<f64> {
        Some(self.treated.rate()? - self.control.rate()?)
    }

    /// Net incremental revenue: what the treated brought, less what treating them cost, less what the others brought. It compares
    /// arms of about one size.
    pub fn net_revenue(&self, value: f64, cost: f64) -> f64 {
        let prices = Prices { value, costs: &[] };
        let of_treated =
            prices.net(self.treated.outcomes, 0) - cost * crate::moments::real(self.treated.people);
        of_treated - prices.net(self.control.outcomes, 0)
    }
}

impl Arm {
    /// The mean outcome, if there is anybody.
    pub fn rate(&self) -> Option<f64> {
        (0 < self.people).then(|| self.outcomes / crate::moments::real(self.people))
    }
}

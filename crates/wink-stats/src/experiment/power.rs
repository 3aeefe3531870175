//! How many people an experiment takes, and what it can see with those it has.

use crate::Error;
use crate::error::share;
use crate::numeric::{normal_cdf, normal_quantile};

/// An experiment that has not begun.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plan {
    /// The variance of the outcome without the treatment.
    pub variance_control: f64,
    /// And with it.
    pub variance_treated: f64,
    /// Which part of the people is treated.
    pub treated: f64,
    /// The level of the interval that will be built, 0.95.
    pub level: f64,
}

impl Plan {
    /// Plans for an outcome that is yes or no, with these rates.
    pub fn for_rates(control: f64, with_treatment: f64, treated: f64, level: f64) -> Self {
        let variance = |rate: f64| rate * (1.0 - rate);
        Self {
            variance_control: variance(control),
            variance_treated: variance(with_treatment),
            treated,
            level,
        }
    }

    /// Tells how many people in both arms together it takes to see an effect of this size with this power:
    /// (z_{1−α/2} + z_power)² · (σ_t²/s + σ_c²/(1−s)) / δ² (Chow, Shao, Wang, Lokhnygina 2017, §3.2.1, equation 3.7 for any shares).
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for what cannot be planned: no effect, shares that are none, variances that are not positive.
    pub fn people(&self, effect: f64, power: f64) -> Result<f64, Error> {
        let per_person = self.variance_per_person()?;
        let reach = self.reach(power)?;
        if !(0.0 < effect.abs() && effect.is_finite()) {
            return Err(Error::OutOfRange {
                what: "the effect",
                value: effect,
                must: "a number other than 0",
            });
        }
        Ok((reach * reach * per_person / (effect * effect)).ceil())
    }

    /// Tells the probability that the interval of so many people leaves zero out, on the effect's side.
    ///
    /// # Errors
    /// As [`Plan::people`].
    pub fn power(&self, effect: f64, people: f64) -> Result<f64, Error> {
        let error = self.standard_error(people)?;
        Ok(normal_cdf(effect.abs() / error - self.quantile()))
    }

    /// Tells the least effect that so many people show with this power.
    ///
    /// # Errors
    /// As [`Plan::people`].
    pub fn detectable(&self, people: f64, power: f64) -> Result<f64, Error> {
        Ok(self.reach(power)? * self.standard_error(people)?)
    }

    /// Tells the least rise from a rate that so many people show with this power. The rate with the treatment has a variance of its own, so the
    /// rise is sought; the more it is, the likelier it is seen.
    ///
    /// # Errors
    /// As [`Plan::people`], and [`Error::OutOfRange`] if not even a rise to nearly everybody would be seen.
    pub fn detectable_rise(
        control: f64,
        treated: f64,
        level: f64,
        people: f64,
        power: f64,
    ) -> Result<f64, Error> {
        share("the rate", control)?;
        share("the power", power)?;
        let is_seen = |rise: f64| -> Result<bool, Error> {
            Ok(power <= Self::for_rates(control, control + rise, treated, level).power(rise, people)?)
        };
        // At one itself nothing would vary.
        let (mut low, mut high) = (0.0, (1.0 - control) * (1.0 - 1e-9));
        if !is_seen(high)? {
            let must = "larger: not even a rise to nearly everybody would be seen";
            return Err(Error::OutOfRange { what: "the number of people", value: people, must });
        }
        // Each step halves what is open; after so many no digit is.
        for _ in 0..60 {
            let middle = 0.5 * (low + high);
            if is_seen(middle)? {
                high = middle;
            } else {
                low = middle;
            }
        }
        Ok(high)
    }

    /// How many standard errors the effect must be away from zero.
    fn reach(&self, power: f64) -> Result<f64, Error> {
        share("the power", power)?;
        share("the level", self.level)?;
        let reach = self.quantile() + normal_quantile(power);
        if reach <= 0.0 {
            let must = "more than half of what the level leaves to chance";
            return Err(Error::OutOfRange { what: "the power", value: power, must });
        }
        Ok(reach)
    }

    fn standard_error(&self, people: f64) -> Result<f64, Error> {
        if !(0.0 < people && people.is_finite()) {
            return Err(Error::OutOfRange { what: "the number of people", value: people, must: "above 0" });
        }
        Ok((self.variance_per_person()? / people).sqrt())
    }

    /// The variance of the difference, for one person.
    fn variance_per_person(&self) -> Result<f64, Error> {
        share("the treated part", self.treated)?;
        share("the level", self.level)?;
        for value in [self.variance_control, self.variance_treated] {
            if !(0.0 < value && value.is_finite()) {
                return Err(Error::OutOfRange { what: "the variance", value, must: "above 0" });
            }
        }
        Ok(self.variance_treated / self.treated + self.variance_control / (1.0 - self.treated))
    }

    fn quantile(&self) -> f64 {
        normal_quantile(0.5 + self.level / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::Chance;
    use crate::{Moments, mean_difference};

    /// The usual table: δ = 0.5 σ, 80 %, α = 5 % takes 63 in each arm.
    #[test]
    fn the_usual_table_is_met() {
        let plan = Plan { variance_control: 1.0, variance_treated: 1.0, treated: 0.5, level: 0.95 };
        assert_eq!(plan.people(0.5, 0.8).unwrap(), 126.0);
        assert!((plan.power(0.5, 126.0).unwrap() - 0.8).abs() < 0.002);
        assert!((plan.detectable(126.0, 0.8).unwrap() - 0.5).abs() < 0.002);
        let rates = Plan::for_rates(0.10, 0.12, 0.5, 0.95);
        assert_eq!(rates.people(0.02, 0.8).unwrap(), 7_677.0);
    }

    /// scipy 1.17.1: `norm.ppf` and `brentq` over the unpooled variances of two binomials, with a tenth held out.
    #[test]
    fn arms_of_unlike_size_take_what_another_program_says() {
        let means = Plan { variance_control: 625.0, variance_treated: 625.0, treated: 0.9, level: 0.95 };
        assert_eq!(means.people(2.0, 0.8).unwrap(), 13_627.0);
        assert!((means.power(2.0, 10_000.0).unwrap() - 0.670_044_488_690).abs() < 1e-9);
        let rates = Plan::for_rates(0.05, 0.055, 0.9, 0.95);
        assert_eq!(rates.people(0.005, 0.8).unwrap(), 167_260.0);
        let rise = Plan::detectable_rise(0.05, 0.9, 0.95, 20_000.0, 0.8).unwrap();
        assert!((rise - 0.014_586_112_432).abs() < 1e-9, "{rise}");
        assert!(Plan::detectable_rise(0.5, 0.9, 0.95, 8.0, 0.8).is_err());
        assert!(means.people(2.0, 0.02).is_err() && means.detectable(100.0, 0.02).is_err());
    }

    #[test]
    fn the_promised_power_is_there() {
        let plan = Plan { variance_control: 1.0, variance_treated: 4.0, treated: 0.25, level: 0.95 };
        let people = plan.people(0.5, 0.8).unwrap();
        let mut chance = Chance::of(8);
        let mut found = 0;
        for _ in 0..1_000 {
            let (mut treated, mut control) = (Moments::default(), Moments::default());
            let mut seen = 0.0;
            while seen < people {
                if chance.uniform() < 0.25 {
                    treated.add(0.5 + 2.0 * chance.normal());
                } else {
                    control.add(chance.normal());
                }
                seen += 1.0;
            }
            found += i32::from(!mean_difference(&treated, &control, 0.95).unwrap().holds_zero());
        }
        assert!((765..=835).contains(&found), "{found} of 1000");
    }

    #[test]
    fn what_cannot_be_planned_is_refused() {
        let plan = Plan { variance_control: 1.0, variance_treated: 1.0, treated: 0.5, level: 0.95 };
        assert!(
            plan.people(0.0, 0.8).is_err() && plan.people(1.0, 1.0).is_err() && plan.power(1.0, 0.0).is_err()
        );
        assert!(Plan { treated: 1.0, ..plan }.people(1.0, 0.8).is_err());
        assert!(Plan { variance_control: 0.0, ..plan }.people(1.0, 0.8).is_err());
    }
}

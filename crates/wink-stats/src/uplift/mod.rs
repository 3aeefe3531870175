//! Who is changed by a treatment? Effects for each person, how well they rank people, and what acting on them would bring.
//!
//! A [`Trial`] holds who got what and what came of it. A [`Learner`] over a [`Base`](crate::propensity::Base) makes
//! [`Effects`] of it. [`Ranking`] holds them against people they were not learned from, and [`Nuisance`] values whole
//! policies. Treatment 0 is always `none`.

mod calibration;
mod effects;
mod learner;
mod nuisance;
mod ranking;
mod readout;
mod target;
mod trial;

pub use calibration::{EffectBin, effect_calibration};
pub use effects::Effects;
pub use learner::Learner;
pub use nuisance::{Nuisance, Propensities, Scores};
pub use ranking::{OUTCOMES_MIN, Ranking};
pub use readout::{Arm, Readout};
pub use target::{Prices, best_net_value};
pub use trial::{Folds, Trial};

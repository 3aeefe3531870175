//! Experiments on regions: what would have happened in the treated ones, and how sure that is.

mod conformal;
mod design;
mod panel;
mod placebo;
mod regression;
mod synthetic;

pub use conformal::against_other_times;
pub use design::{Candidate, Design, Power};
pub use panel::Panel;
pub use placebo::{Inference, PLACEBOS_MAX, infer};
pub use regression::{DRIFT_MAX, TimeRegression};
pub use synthetic::{Synthetic, Window};

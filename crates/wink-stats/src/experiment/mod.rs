//! Randomised experiments: what the treatment changed, whether the lots were drawn as meant, and how many people it takes.

mod cuped;
mod guardrail;
mod lopsided;
mod power;
mod proportion;
mod ratio;
mod sample_ratio;
mod sequential;
mod takers;

pub use cuped::{Adjusted, cuped, cuped_lift};
pub use guardrail::{Better, Guardrail, Verdict};
pub use lopsided::people_wanted;
pub use power::Plan;
pub use proportion::{Proportion, proportion_difference};
pub use ratio::{lift, ratio, ratio_difference, ratio_lift};
pub use sample_ratio::{SAMPLE_RATIO_ALARM, SampleRatio, sample_ratio};
pub use sequential::{Look, Sequence};
pub use takers::effect_on_takers;

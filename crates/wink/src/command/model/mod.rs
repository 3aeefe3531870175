//! `wink model`: models on the user's own files.

mod clv;
mod complements;
mod features;
mod policy;
mod trial;
mod uplift;

use std::process::ExitCode;

use crate::arguments::{FitAction, Model, ModelAction, PredictAction};

pub(crate) fn run(model: &Model) -> anyhow::Result<ExitCode> {
    match &model.action {
        ModelAction::Fit { model: FitAction::Clv(asked) } => clv::fit(asked)?,
        ModelAction::Fit { model: FitAction::Uplift(asked) } => uplift::fit(asked)?,
        ModelAction::Predict { model: PredictAction::Clv(asked) } => clv::predict(asked)?,
        ModelAction::Policy(asked) => policy::run(asked)?,
        ModelAction::Complements(asked) => complements::run(asked)?,
    }
    Ok(ExitCode::SUCCESS)
}

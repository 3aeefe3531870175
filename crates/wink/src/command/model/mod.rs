//! `wink model fit|predict`: models on the user's own files.

mod clv;

use std::process::ExitCode;

use crate::arguments::{FitAction, Model, ModelAction, PredictAction};

pub(crate) fn run(model: &Model) -> anyhow::Result<ExitCode> {
    match &model.action {
        ModelAction::Fit { model: FitAction::Clv(asked) } => clv::fit(asked)?,
        ModelAction::Predict { model: PredictAction::Clv(asked) } => clv::predict(asked)?,
    }
    Ok(ExitCode::SUCCESS)
}

//! `wink model`: models on the user's own files, and those of a store.

mod card;
mod channels;
mod clv;
mod complements;
mod features;
mod grid;
mod policy;
mod propensity;
mod scores;
mod store;
mod trial;
mod uplift;

use std::process::ExitCode;

use crate::arguments::{FitAction, Model, ModelAction, PredictAction, TrainAction};

pub(crate) use store::{Answer, Asked, answer};

pub(crate) fn run(model: &Model) -> anyhow::Result<ExitCode> {
    match &model.action {
        ModelAction::Fit { model: FitAction::Clv(asked) } => clv::fit(asked)?,
        ModelAction::Fit { model: FitAction::Propensity(asked) } => propensity::fit(asked)?,
        ModelAction::Fit { model: FitAction::Uplift(asked) } => uplift::fit(asked)?,
        ModelAction::Predict { model: PredictAction::Clv(asked) } => clv::predict(asked)?,
        ModelAction::Train { model: TrainAction::Clv(asked) } => store::train(asked)?,
        ModelAction::Train { model: TrainAction::Channels(asked) } => store::train_channels(asked)?,
        ModelAction::List(asked) => store::list(asked)?,
        ModelAction::Card(asked) => store::card(asked)?,
        ModelAction::Grid(asked) => grid::run(asked)?,
        ModelAction::Policy(asked) => policy::run(asked)?,
        ModelAction::Complements(asked) => complements::run(asked)?,
        ModelAction::Channels(asked) => channels::run(asked)?,
    }
    Ok(ExitCode::SUCCESS)
}

//! `wink model train|list|card`: the models of a store, fitted where the store is open: here, or in the server that has it.

use std::path::Path;

use anyhow::{Context, anyhow, bail};
use indicatif::ProgressBar;
use serde::{Deserialize, Serialize};
use wink_core::event::Body;
use wink_core::measure::{self, Card, ChannelSettings, Grid, NoChannels, Settings};
use wink_server::Engine;
use wink_server::flow::{self, models};
use wink_store::Store;

use super::card::CardView;
use super::clv::way_out;
use super::grid::GridView;
use crate::arguments::{ModelCard, ModelList, PurchaseModel, TrainChannels, TrainClv};
use crate::home::Clock;
use crate::maintenance::MODELS;
use crate::terminal::{self, say};
use crate::{control, home};

/// What is asked of whoever has the store open.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Asked {
    /// Fit a model of purchases and score.
    Train(Wanted),
    /// Fit a model of channels and score.
    TrainChannels { within_days: u32, level: f64 },
    /// All cards.
    Cards,
    /// People in cells between thresholds.
    Grid { purchase: Vec<f64>, churn: Vec<f64> },
}

/// What kind of model is wanted.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Wanted {
    may_leave_at_once: bool,
    horizon_days: u32,
    value_days: u32,
    discount: f64,
    margin: f64,
    hold_out_days: Option<u32>,
    penalty: f64,
}

/// What is answered.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Answer {
    /// The new model, and how many people were scored.
    Trained(Box<CardView>, u64),
    /// All cards, the oldest first.
    Cards(Vec<CardView>),
    /// The cells.
    Grid(GridView),
}

/// Does what is asked on a store that is open here.
pub(crate) async fn answer<S: Store>(
    engine: &Engine<S>,
    asked: Asked,
    clock: flow::Clock<'_>,
    bar: &ProgressBar,
) -> anyhow::Result<Answer> {
    match asked {
        Asked::Train(wanted) => train_purchases(engine, wanted.settings(), clock, bar).await,
        Asked::TrainChannels { within_days, level } => {
            train_visits(engine, ChannelSettings { within_days, level }, clock, bar).await
        }
        Asked::Cards => Ok(Answer::Cards(models::cards(engine).await?.iter().map(CardView::of).collect())),
        Asked::Grid { purchase, churn } => {
            let grid = Grid::new(purchase, churn)?;
            Ok(Answer::Grid(GridView::of(&models::count(engine, grid, clock()).await?)))
        }
    }
}

async fn train_purchases<S: Store>(
    engine: &Engine<S>,
    settings: Settings,
    clock: flow::Clock<'_>,
    bar: &ProgressBar,
) -> anyhow::Result<Answer> {
    let (known, purchases) = models::load(engine, clock, |entries| bar.set_position(entries)).await?;
    let (others, version, now) = (known.not_granted, known.version, clock());
    bar.set_message("fitting the model");
    let fit = move || measure::train(purchases, others, settings, version, now);
    let trained = tokio::task::spawn_blocking(fit).await.context("the fit failed")?;
    let refused = |error| way_out(error, settings.penalty, "unless nobody ever leaves");
    let trained = trained.map_err(refused).context("no model was fitted")?;
    keep(engine, &known, Card::Clv(trained.card), &trained.scores, clock, bar).await
}

async fn train_visits<S: Store>(
    engine: &Engine<S>,
    settings: ChannelSettings,
    clock: flow::Clock<'_>,
    bar: &ProgressBar,
) -> anyhow::Result<Answer> {
    let (known, visits) = models::load_visits(engine, clock, |entries| bar.set_position(entries)).await?;
    let (others, version, now) = (known.not_granted, known.version, clock());
    bar.set_message("fitting the model");
    let fit = move || measure::train_channels(visits, others, settings, version, now);
    let trained = tokio::task::spawn_blocking(fit).await.context("the fit failed")?;
    let trained = trained.map_err(enough_visits).context("no model was fitted")?;
    keep(engine, &known, Card::Channels(trained.card), &trained.scores, clock, bar).await
}

/// Says what to do where visits do not tell enough.
fn enough_visits(error: NoChannels) -> anyhow::Error {
    match error {
        NoChannels::Few { .. } => anyhow!(
            "{error}; send `source` with `Page` and `Screen`, and `Email Link Clicked`, of people who have granted personalisation, or \
             choose other --within-days"
        ),
        other => other.into(),
    }
}

async fn keep<S: Store, T: Clone + Into<Body>>(
    engine: &Engine<S>,
    known: &models::Known,
    card: Card,
    scores: &[(u32, T)],
    clock: flow::Clock<'_>,
    bar: &ProgressBar,
) -> anyhow::Result<Answer> {
    bar.set_message("scoring people");
    bar.set_length(u64::try_from(scores.len()).unwrap_or(u64::MAX));
    let scored = models::keep(engine, known, &card, scores, clock, |done| bar.set_position(done)).await?;
    Ok(Answer::Trained(Box::new(CardView::of(&card)), scored))
}

/// Asks the server that has the store, or opens the store.
pub(super) fn ask(store: &Path, asked: Asked, quiet: bool) -> anyhow::Result<Answer> {
    home::refuse_nothing(store)?;
    home::run(async {
        let bar = terminal::progress(0, "reading the journal", quiet);
        let answered = if home::is_open_elsewhere(store)? {
            let answer = control::ask(store, "POST", MODELS, Some(serde_json::to_value(asked)?)).await?;
            Ok(serde_json::from_value(answer)?)
        } else {
            let engine = home::open(store).await?;
            let clock = Clock::of(&engine).await?;
            answer(&engine, asked, &|| clock.now(), &bar).await
        };
        bar.finish_and_clear();
        answered
    })
}

pub(super) fn train(asked: &TrainClv) -> anyhow::Result<()> {
    let wanted = Wanted {
        may_leave_at_once: matches!(asked.model, PurchaseModel::MbgNbd),
        horizon_days: asked.horizon_days,
        value_days: asked.value_days,
        discount: asked.discount,
        margin: asked.margin,
        hold_out_days: asked.hold_out_days,
        penalty: asked.penalty,
    };
    let features = "score_alive, score_churn, score_purchase, score_purchases, score_value_cents";
    trained(&asked.data.data, Asked::Train(wanted), asked.json, features)
}

pub(super) fn train_channels(asked: &TrainChannels) -> anyhow::Result<()> {
    let wanted = Asked::TrainChannels { within_days: asked.within_days, level: asked.level };
    let features = "score_channel, score_channel_rate, score_channel_probability";
    trained(&asked.data.data, wanted, asked.json, features)
}

fn trained(store: &Path, wanted: Asked, as_json: bool, features: &str) -> anyhow::Result<()> {
    let Answer::Trained(card, scored) = ask(store, wanted, as_json)? else {
        bail!("the server answered something else; is it of the same version?")
    };
    if as_json {
        return terminal::json(&serde_json::json!({ "card": card, "scored": scored }));
    }
    card.print();
    say!("{scored} people are scored: feature.{features}");
    Ok(())
}

pub(super) fn list(asked: &ModelList) -> anyhow::Result<()> {
    let cards = cards(&asked.data.data, asked.json)?;
    if asked.json {
        return terminal::json(&cards);
    }
    if cards.is_empty() {
        say!("there are no models; fit one with `wink model train clv --data STORE`");
        return Ok(());
    }
    let mut table = terminal::table();
    table.set_header(["model", "fitted", "kind", "customers", "data until", "foretold / found", "AUC"]);
    for card in &cards {
        table.add_row(card.row());
    }
    say!("{table}");
    Ok(())
}

pub(super) fn card(asked: &ModelCard) -> anyhow::Result<()> {
    let mut cards = cards(&asked.data.data, asked.json)?;
    let newest = cards.len().checked_sub(1);
    let place = match asked.number {
        None => newest.ok_or_else(|| {
            anyhow!("there are no models; fit one with `wink model train clv --data STORE`")
        })?,
        Some(version) => cards.iter().position(|card| card.version() == version).ok_or_else(|| {
            anyhow!("there is no model {version}; `wink model list --data STORE` names them")
        })?,
    };
    let card = cards.swap_remove(place);
    if asked.json {
        return terminal::json(&card);
    }
    card.print();
    Ok(())
}

fn cards(store: &Path, quiet: bool) -> anyhow::Result<Vec<CardView>> {
    match ask(store, Asked::Cards, quiet)? {
        Answer::Cards(cards) => Ok(cards),
        _ => bail!("the server answered something else; is it of the same version?"),
    }
}

impl Wanted {
    fn settings(&self) -> Settings {
        Settings {
            model: match self.may_leave_at_once {
                true => measure::Model::MbgNbd,
                false => measure::Model::BgNbd,
            },
            horizon_days: self.horizon_days,
            value_days: self.value_days,
            discount: self.discount,
            margin: self.margin,
            hold_out_days: self.hold_out_days,
            penalty: self.penalty,
        }
    }
}

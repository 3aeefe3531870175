//! `wink model train|list|card`: the models of a store, fitted where the store is open: here, or in the server that has it.

use std::path::Path;

use anyhow::{Context, anyhow, bail};
use indicatif::ProgressBar;
use jiff::civil::{Date, date};
use serde::{Deserialize, Serialize};
use wink_core::measure::{self, Card, Grid, HoldOut, LIMITS, Settings, UNIT_DAYS};
use wink_server::Engine;
use wink_server::flow::{self, models};
use wink_store::Store;

use super::grid::GridView;
use crate::arguments::{ModelCard, ModelList, PurchaseModel, TrainClv};
use crate::home::Clock;
use crate::maintenance::MODELS;
use crate::terminal::{self, say};
use crate::{control, home};

/// What is asked of whoever has the store open.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Asked {
    /// Fit and score.
    Train(Wanted),
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
        Asked::Train(wanted) => {
            let mut known = models::load(engine, clock, |entries| bar.set_position(entries)).await?;
            let (purchases, others, version) =
                (std::mem::take(&mut known.purchases), known.not_granted, known.version);
            let (settings, now) = (wanted.settings(), clock());
            bar.set_message("fitting the model");
            let fit = move || measure::train(purchases, others, settings, version, now);
            let trained = tokio::task::spawn_blocking(fit).await.context("the fit failed")?;
            let trained = trained.context("no model was fitted")?;
            bar.set_message("scoring people");
            bar.set_length(u64::try_from(trained.scores.len()).unwrap_or(u64::MAX));
            let scored = models::keep(engine, &known, &trained, clock, |done| bar.set_position(done)).await?;
            Ok(Answer::Trained(Box::new(CardView::of(&trained.card)), scored))
        }
        Asked::Cards => Ok(Answer::Cards(models::cards(engine).await?.iter().map(CardView::of).collect())),
        Asked::Grid { purchase, churn } => {
            let grid = Grid::new(purchase, churn)?;
            Ok(Answer::Grid(GridView::of(&models::count(engine, grid, clock()).await?)))
        }
    }
}

/// Asks the server that has the store, or opens the store.
pub(super) fn ask(store: &Path, asked: Asked, quiet: bool) -> anyhow::Result<Answer> {
    home::refuse_nothing(store)?;
    home::run(async {
        let bar = terminal::progress(0, "reading what was bought", quiet);
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
    };
    let Answer::Trained(card, scored) = ask(&asked.data.data, Asked::Train(wanted), asked.json)? else {
        bail!("the server answered something else; is it of the same version?")
    };
    if asked.json {
        return terminal::json(&serde_json::json!({ "card": card, "scored": scored }));
    }
    card.print();
    say!(
        "{scored} people are scored: feature.score_alive, score_churn, score_purchase, score_purchases, score_value_cents"
    );
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
        let looked = card.hold_out.as_ref();
        table.add_row([
            format!("clv {}", card.version),
            card.trained_at.clone(),
            card.model.clone(),
            card.customers.to_string(),
            card.until.clone(),
            looked.map_or_else(|| "-".to_owned(), |held| format!("{:.0} / {:.0}", held.expected, held.found)),
            looked.and_then(|held| held.auc).map_or_else(|| "-".to_owned(), |auc| format!("{auc:.3}")),
        ]);
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
        Some(version) => cards.iter().position(|card| card.version == version).ok_or_else(|| {
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
        }
    }
}

/// A model's card, as it is shown.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct CardView {
    version: u32,
    model: String,
    trained_at: String,
    from: String,
    until: String,
    customers: u64,
    not_granted: u64,
    orders: u64,
    orders_without_value: u64,
    input_hash: String,
    horizon_days: u32,
    value_days: u32,
    discount_of_a_year: f64,
    margin: f64,
    unit_days: i32,
    parameters: Named,
    relative_errors: Named,
    log_likelihood: f64,
    spend: Option<Spend>,
    #[serde(skip_serializing_if = "Option::is_none")]
    spend_not_known: Option<String>,
    hold_out: Option<HoldOutView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hold_out_not_known: Option<String>,
    limits: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Named {
    r: f64,
    alpha: f64,
    a: f64,
    b: f64,
}

#[derive(Debug, Serialize, Deserialize)]
struct Spend {
    customers: u64,
    p: f64,
    q: f64,
    /// In cents.
    v: f64,
    log_likelihood: f64,
}

#[derive(Debug, Serialize, Deserialize)]
struct HoldOutView {
    days: u32,
    customers: u64,
    found: f64,
    expected: f64,
    mean_absolute_error: f64,
    bought: f64,
    bought_expected: f64,
    auc: Option<f64>,
}

impl CardView {
    fn of(card: &Card) -> Self {
        let parameters = card.parameters;
        let [r, alpha, a, b] = card.relative_errors;
        Self {
            version: card.version,
            model: match card.settings.model {
                measure::Model::BgNbd => "BG/NBD",
                measure::Model::MbgNbd => "MBG/NBD",
            }
            .to_owned(),
            trained_at: card.trained_at.to_string(),
            from: day(card.from),
            until: day(card.until),
            customers: card.customers,
            not_granted: card.not_granted,
            orders: card.orders,
            orders_without_value: card.without_value,
            input_hash: card.input.hex(),
            horizon_days: card.settings.horizon_days,
            value_days: card.settings.value_days,
            discount_of_a_year: card.settings.discount,
            margin: card.settings.margin,
            unit_days: UNIT_DAYS,
            parameters: Named { r: parameters.r, alpha: parameters.alpha, a: parameters.a, b: parameters.b },
            relative_errors: Named { r, alpha, a, b },
            log_likelihood: card.log_likelihood,
            spend: card.spend.as_ref().ok().map(|spend| Spend {
                customers: spend.customers,
                p: spend.parameters.p,
                q: spend.parameters.q,
                v: spend.parameters.gamma,
                log_likelihood: spend.log_likelihood,
            }),
            spend_not_known: card.spend.as_ref().err().cloned(),
            hold_out: card.hold_out.as_ref().ok().map(HoldOutView::of),
            hold_out_not_known: card.hold_out.as_ref().err().cloned(),
            limits: LIMITS.map(str::to_owned).to_vec(),
        }
    }

    fn print(&self) {
        say!("clv {}: {} and gamma-gamma, fitted {}", self.version, self.model, self.trained_at);
        say!(
            "  {} customers, {} days with an order, {} to {}; {} bought and have not granted personalisation",
            self.customers,
            self.orders,
            self.from,
            self.until,
            self.not_granted
        );
        let listed =
            |of: &Named| format!("r {:.4}, alpha {:.4}, a {:.4}, b {:.4}", of.r, of.alpha, of.a, of.b);
        say!("  {}, in weeks; log-likelihood {:.2}", listed(&self.parameters), self.log_likelihood);
        say!("  relative standard errors: {}", listed(&self.relative_errors));
        match (&self.spend, &self.spend_not_known) {
            (Some(spend), _) => say!(
                "  spend, of {} who bought again: p {:.4}, q {:.4}, v {:.1} cents; log-likelihood {:.2}",
                spend.customers,
                spend.p,
                spend.q,
                spend.v,
                spend.log_likelihood
            ),
            (None, why) => say!("  spend is not known: {}", why.as_deref().unwrap_or_default()),
        }
        match (&self.hold_out, &self.hold_out_not_known) {
            (Some(held), _) => held.print(),
            (None, why) => say!("  not checked: {}", why.as_deref().unwrap_or_default()),
        }
        say!(
            "  scores: a purchase within {} days; worth over {} days, margin {}, discount {} a year",
            self.horizon_days,
            self.value_days,
            self.margin,
            self.discount_of_a_year
        );
        self.limits.iter().for_each(|limit| say!("  limit: {limit}"));
        say!("  fitted to data with the hash {}", self.input_hash);
    }
}

impl HoldOutView {
    fn of(held: &HoldOut) -> Self {
        Self {
            days: held.days,
            customers: held.customers,
            found: held.found,
            expected: held.expected,
            mean_absolute_error: held.mean_absolute_error,
            bought: held.bought,
            bought_expected: held.bought_expected,
            auc: held.auc,
        }
    }

    fn print(&self) {
        say!(
            "  check on the last {} days, which a fit had not seen: {:.0} purchases, {:.1} foretold; off by {:.3} a person",
            self.days,
            self.found,
            self.expected,
            self.mean_absolute_error
        );
        let auc = self.auc.map_or_else(|| "not known".to_owned(), |auc| format!("{auc:.3}"));
        say!(
            "    {:.1} % bought, {:.1} % foretold, AUC {auc}",
            100.0 * self.bought,
            100.0 * self.bought_expected
        );
    }
}

fn day(day: i32) -> String {
    const EPOCH: Date = date(1970, 1, 1);
    let found = EPOCH.checked_add(jiff::Span::new().days(day));
    found.map_or_else(|_| format!("day {day}"), |day| day.to_string())
}

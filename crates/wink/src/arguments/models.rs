//! The arguments of the models of a store.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Data, InputFile, PurchaseModel};

#[derive(Debug, Subcommand)]
pub(crate) enum TrainAction {
    /// Who is still a customer, who buys, how often, worth how much: BG/NBD or MBG/NBD with gamma-gamma
    Clv(TrainClv),
    /// By which channel somebody comes when they buy: rates of visits, pulled together
    Channels(TrainChannels),
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  wink model train clv --data store
  wink model train clv --data store --horizon-days 60 --margin 0.3 --discount 0.1
  wink model train clv --data store --model mbg-nbd --json
  wink model train clv --data store --penalty 0.01

It learns from people who have granted personalisation, and scores them. Run it again every week: scores are served for five weeks.")]
pub(crate) struct TrainClv {
    #[command(flatten)]
    pub(crate) data: Data,
    /// Whether somebody may leave right after the first purchase (mbg-nbd) or not (bg-nbd)
    #[arg(long, value_enum, default_value = "bg-nbd")]
    pub(crate) model: PurchaseModel,
    /// Purchases are foretold so many days ahead
    #[arg(long, default_value_t = 30, value_name = "DAYS")]
    pub(crate) horizon_days: u32,
    /// What somebody is worth is counted over so many days
    #[arg(long, default_value_t = 365, value_name = "DAYS")]
    pub(crate) value_days: u32,
    /// How much less money is worth after a year
    #[arg(long, default_value_t = 0.0, value_name = "PART")]
    pub(crate) discount: f64,
    /// Which part of what is paid is earned
    #[arg(long, default_value_t = 1.0, value_name = "PART")]
    pub(crate) margin: f64,
    /// The last so many days are kept back to check the model, instead of a quarter of the time there is
    #[arg(long, value_name = "DAYS")]
    pub(crate) hold_out_days: Option<u32>,
    /// Draws the parameters to zero by so much, where orders alone do not tell them: 0.001 to 0.1
    #[arg(long, default_value_t = 0.0, value_name = "NUMBER")]
    pub(crate) penalty: f64,
    /// Prints the model's card as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  wink model train channels --data store
  wink model train channels --data store --within-days 14
  wink model train channels --data store --json

A visit's channel is the `source` of its Page or Screen, and `email` after a click in a mail whose page names no source. It learns from people who have granted
personalisation, and scores them. Run it again every week: scores are served for five weeks.")]
pub(crate) struct TrainChannels {
    #[command(flatten)]
    pub(crate) data: Data,
    /// A purchase within so many days counts for the last visit before it
    #[arg(long, default_value_t = 7, value_name = "DAYS")]
    pub(crate) within_days: u32,
    /// The level of intervals
    #[arg(long, default_value_t = 0.95)]
    pub(crate) level: f64,
    /// Prints the model's card as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  wink model list --data store
  wink model list --data store --json")]
pub(crate) struct ModelList {
    #[command(flatten)]
    pub(crate) data: Data,
    /// Prints the cards as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  wink model card --data store
  wink model card 3 --data store --json")]
pub(crate) struct ModelCard {
    /// The model's version; the newest if none is named
    #[arg(value_name = "VERSION")]
    pub(crate) number: Option<u32>,
    #[command(flatten)]
    pub(crate) data: Data,
    /// Prints the card as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  wink model grid --data store --purchase 0.2,0.5 --churn 0.3,0.7
  wink model grid --data store --purchase 0.2,0.5 --churn 0.3,0.7 --plot grid.svg
  wink model grid --data store --purchase 0.5 --churn 0.5 --segments

With --segments each cell is printed as an entry of segments.toml.")]
pub(crate) struct ModelGrid {
    #[command(flatten)]
    pub(crate) data: Data,
    /// Where steps of the probability of a purchase end, from the lowest
    #[arg(long, value_name = "PART,…", value_delimiter = ',', required = true)]
    pub(crate) purchase: Vec<f64>,
    /// Where steps of the probability of having left end, from the lowest
    #[arg(long, value_name = "PART,…", value_delimiter = ',', required = true)]
    pub(crate) churn: Vec<f64>,
    /// Prints the cells as segments for the catalogue
    #[arg(long, conflicts_with = "json")]
    pub(crate) segments: bool,
    /// Prints the cells with their rules as JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Draws the cells
    #[arg(long, value_name = "FILE.svg", value_parser = crate::plot::picture)]
    pub(crate) plot: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  wink model channels --input contacts.csv --customer id --channel source --converted bought
  wink model channels --input contacts.csv --customer id --channel source --converted bought --each

One contact in each row. With --each there is a row for each customer.")]
pub(crate) struct ChannelsInput {
    #[command(flatten)]
    pub(crate) file: InputFile,
    /// The column that says whom
    #[arg(long, value_name = "COL")]
    pub(crate) customer: String,
    /// The column that says by which channel, or from which source
    #[arg(long, value_name = "COL")]
    pub(crate) channel: String,
    /// The column that says whether it converted: 1 or 0
    #[arg(long, value_name = "COL")]
    pub(crate) converted: String,
    /// The level of intervals
    #[arg(long, default_value_t = 0.95)]
    pub(crate) level: f64,
    /// Prints each customer's best channel as CSV
    #[arg(long, conflicts_with = "json")]
    pub(crate) each: bool,
    /// Prints the result as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

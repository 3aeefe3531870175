//! Propensities, uplift, policies, complements and off-policy estimates on the user's own files.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::InputFile;
use super::quoted::List;

/// A trial: one person in each row.
#[derive(Debug, Args)]
pub(crate) struct TrialInput {
    #[command(flatten)]
    pub(crate) file: InputFile,
    /// The column with what people got, the treated value, and the control value; without one, everybody else is the control. Several
    /// values are joined by `|`. A name with one of these signs in it stands in double quotes: '"a=b"=x:"c:d"'. Said several times, these are several
    /// treatments
    #[arg(long, value_name = "COL=VALUE[:CONTROL]", required = true)]
    pub(crate) treatment: Vec<String>,
    /// The column with what came of it: 0 or 1
    #[arg(long, value_name = "COL")]
    pub(crate) outcome: String,
    #[command(flatten)]
    pub(crate) learned: Learned,
    /// One model, a model for each treatment, or a model of doubly robust scores
    #[arg(long, value_enum, default_value = "t")]
    pub(crate) learner: LearnerName,
    /// The level of intervals
    #[arg(long, default_value_t = 0.95)]
    pub(crate) level: f64,
    /// Prints the result as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// What is learned from, how, and by whom it is judged.
#[derive(Debug, Args)]
pub(crate) struct Learned {
    /// What is known of people: COL, COL/NUMBER, ln1p(COL), ln1p(COL)/NUMBER, COL=VALUE (1 where it has this value), or COL=* (one for
    /// each value but the first). One that has a comma in it stands in double quotes: '"a,b",c'
    #[arg(long, value_name = "SPEC,…", required = true)]
    pub(crate) features: Vec<List>,
    /// What learns: logistic (and ridge) regression, or gradient-boosted trees
    #[arg(long, value_enum, default_value = "logistic")]
    pub(crate) base: BaseName,
    /// How rows are parted into those that are learned from and those that are judged: by their place in the file, the first being 0 and
    /// even, or by chance
    #[arg(long, value_name = "even-odd|random:SEED", default_value = "even-odd")]
    pub(crate) split: String,
}

/// A way to learn effects.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(crate) enum LearnerName {
    S,
    T,
    Dr,
}

/// What learns.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(crate) enum BaseName {
    Logistic,
    Gbt,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  wink model fit propensity --input sessions.csv --outcome bought --features pages/10,ln1p(seconds),month=*
  wink model fit propensity --input sessions.parquet --outcome revenue=TRUE --features pages,visitor=* --base gbt --split random:1 --json
  wink model fit propensity --input people.csv --outcome bought --features age,orders --plot calibration.svg --scores scores.csv --id customer

Learns from the even rows, or a random half, and judges on the others. --scores writes the propensity of everybody, learned from the half they are not in.")]
pub(crate) struct PropensityFit {
    #[command(flatten)]
    pub(crate) file: InputFile,
    /// The column with what came of it: 0 or 1; or a column and the value that counts as 1
    #[arg(long, value_name = "COL[=VALUE]")]
    pub(crate) outcome: String,
    #[command(flatten)]
    pub(crate) learned: Learned,
    #[command(flatten)]
    pub(crate) scores: ScoresFile,
    /// Draws what was promised to groups of people beside what was seen of them
    #[arg(long, value_name = "FILE.svg", value_parser = crate::plot::picture)]
    pub(crate) plot: Option<PathBuf>,
    /// The level of intervals
    #[arg(long, default_value_t = 0.95)]
    pub(crate) level: f64,
    /// Prints the result as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Where scores go.
#[derive(Debug, Args)]
pub(crate) struct ScoresFile {
    /// Writes the score of everybody, learned from the half they are not in, beside the number of their row: a file ending in .csv or .parquet
    #[arg(long, value_name = "FILE", value_parser = scores)]
    pub(crate) scores: Option<PathBuf>,
    /// A column that says whose a row is, to be written with the scores
    #[arg(long, value_name = "COL", requires = "scores")]
    pub(crate) id: Option<String>,
}

/// Reads where scores are to be written. The ending says as what.
fn scores(written: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(written);
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("csv" | "parquet") => Ok(path),
        _ => Err("scores are written as CSV or Parquet; give the file a name that ends in .csv or .parquet"
            .to_owned()),
    }
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  wink model fit uplift --input trial.csv --treatment email=yes:no --outcome visit --features age/10,ln1p(spent),channel=web
  wink model fit uplift --input trial.parquet --treatment arm=a:none --treatment arm=b:none --outcome bought --features age,region=* --learner dr --base gbt --split random:1 --json
  wink model fit uplift --input trial.csv --treatment email=yes --outcome visit --features age --plot qini.svg --plot-calibration calibration.svg
  wink model fit uplift --input trial.csv --treatment email=yes --outcome visit --features age --scores scores.parquet --id customer

Learns from the even rows, or a random half, and judges on the others. --scores writes the effects of everybody in the trial, learned from the half they
are not in.")]
pub(crate) struct UpliftFit {
    #[command(flatten)]
    pub(crate) trial: TrialInput,
    #[command(flatten)]
    pub(crate) scores: ScoresFile,
    /// Draws the Qini curve of each treatment
    #[arg(long, value_name = "FILE.svg", value_parser = crate::plot::picture)]
    pub(crate) plot: Option<PathBuf>,
    /// Draws the effects that were promised to groups of people beside those that were seen
    #[arg(long, value_name = "FILE.svg", value_parser = crate::plot::picture)]
    pub(crate) plot_calibration: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  wink model policy --input trial.csv --treatment promotion=Yes:No --outcome purchase --features V1=*,V2,V3 --value 10 --cost 0.15
  wink model policy --input trial.csv --treatment arm=a:none --treatment arm=b:none --outcome bought --features age --value 20 --cost 0.1 --cost 1.5 --json

Each half is chosen for by effects learned from the other.")]
pub(crate) struct Policy {
    #[command(flatten)]
    pub(crate) trial: TrialInput,
    /// What an outcome is worth
    #[arg(long, value_name = "MONEY")]
    pub(crate) value: f64,
    /// What a treatment costs for each person; said as often as there are treatments
    #[arg(long, value_name = "MONEY", required = true)]
    pub(crate) cost: Vec<f64>,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  wink model complements --input baskets.csv
  wink model complements --input orders.parquet --basket order --item product --support 0.001 --cart 4711,4712 --bought 4713 --json

Without --basket and --item each line is a basket, its items apart by commas.")]
pub(crate) struct ComplementsInput {
    /// The baskets: .csv, .tsv, .txt, each also with .gz, or .parquet
    #[arg(long, value_name = "FILE")]
    pub(crate) input: PathBuf,
    /// The column that says which basket, if there is an item in each row
    #[arg(long, value_name = "COL", requires = "item")]
    pub(crate) basket: Option<String>,
    /// The column with the item
    #[arg(long, value_name = "COL", requires = "basket")]
    pub(crate) item: Option<String>,
    /// The part of all baskets an item, and a pair, must be in
    #[arg(long, default_value_t = 0.01, value_name = "PART")]
    pub(crate) support: f64,
    /// How many baskets of evidence against a connection are added to each pair
    #[arg(long, default_value_t = 10.0, value_name = "BASKETS")]
    pub(crate) strength: f64,
    /// How many pairs, or suggestions, are printed
    #[arg(long, default_value_t = 20, value_name = "COUNT")]
    pub(crate) top: usize,
    /// Items of a cart: what goes with them is suggested. One that has a comma in it stands in double quotes: '"a,b",c'
    #[arg(long, value_name = "ITEM,…")]
    pub(crate) cart: Vec<List>,
    /// Items that were bought already, and are not suggested
    #[arg(long, value_name = "ITEM,…", requires = "cart")]
    pub(crate) bought: Vec<List>,
    /// Prints the result as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Evaluate {
    #[command(subcommand)]
    pub(crate) action: EvaluateAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum EvaluateAction {
    /// Estimates what another policy would have brought, from the log of one that drew by chance
    OffPolicy(OffPolicy),
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  wink evaluate off-policy --log rounds.csv --policy other.csv
  wink evaluate off-policy --log rounds.csv --policy bernoulli-ts:priors.yaml --json
  wink evaluate off-policy --log rounds.parquet --action offer --position slot --reward bought --propensity probability --policy other.csv

A policy's file has the columns action, probability and, if the log has positions, position.")]
pub(crate) struct OffPolicy {
    /// One logged round in each row
    #[arg(long, value_name = "FILE")]
    pub(crate) log: PathBuf,
    /// The other policy: a table of probabilities, or Thompson sampling with beliefs about each action's rate, a .yaml with lists `alpha`
    /// and `beta` under `all`, or a table with the columns action, alpha and beta
    #[arg(long, value_name = "FILE|bernoulli-ts:PRIORS")]
    pub(crate) policy: String,
    /// The log's column with the action
    #[arg(long, default_value = "item_id", value_name = "COL")]
    pub(crate) action: String,
    /// The log's column with the position on the page; without it, `position` if the log has one. Positions of bernoulli-ts are ranks: 1 is
    /// the place of the highest draw
    #[arg(long, value_name = "COL")]
    pub(crate) position: Option<String>,
    /// The log's column with the reward
    #[arg(long, default_value = "click", value_name = "COL")]
    pub(crate) reward: String,
    /// The log's column with the probability the action was drawn with
    #[arg(long, default_value = "propensity_score", value_name = "COL")]
    pub(crate) propensity: String,
    /// The level of intervals
    #[arg(long, default_value_t = 0.95)]
    pub(crate) level: f64,
    /// Prints the result as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

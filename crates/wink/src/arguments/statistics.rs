//! Models and measurements on the user's own files, and what a store's campaigns changed.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::quoted::List;
use super::{
    ChannelsInput, ComplementsInput, Data, ModelCard, ModelGrid, ModelList, Policy, PropensityFit,
    TrainAction, UpliftFit,
};

#[derive(Debug, Args)]
pub(crate) struct Model {
    #[command(subcommand)]
    pub(crate) action: ModelAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ModelAction {
    /// Fits a model and says how well it holds
    Fit {
        #[command(subcommand)]
        model: FitAction,
    },
    /// Fits a model and predicts for everybody in the file
    Predict {
        #[command(subcommand)]
        model: PredictAction,
    },
    /// Fits a model to what the people of a store bought, and scores them, also while a server runs
    Train {
        #[command(subcommand)]
        model: TrainAction,
    },
    /// Lists the models of a store
    List(ModelList),
    /// Shows what a model of a store was made of, how well it holds, and what it cannot do
    Card(ModelCard),
    /// Counts the people of a store by how likely they buy and how likely they have left
    Grid(ModelGrid),
    /// Says what treating nobody, everybody, or whom a model chooses would have brought
    Policy(Policy),
    /// Finds what is bought together, and what to suggest beside a cart
    Complements(ComplementsInput),
    /// Finds for everybody the channel that converts best, also of those who were hardly contacted
    Channels(ChannelsInput),
}

#[derive(Debug, Subcommand)]
pub(crate) enum FitAction {
    /// How often people buy, when they leave and what they spend: BG/NBD or MBG/NBD with gamma-gamma, checked on what came later
    Clv(ClvFit),
    /// Who does it anyway: the probability of an outcome for each person, how well it tells them apart, and what moves it
    Propensity(PropensityFit),
    /// Who is changed by a treatment: effects for each person, and how well they rank people
    Uplift(UpliftFit),
}

#[derive(Debug, Subcommand)]
pub(crate) enum PredictAction {
    /// For each customer: still there? how many purchases? worth how much? As CSV, or as JSON
    Clv(ClvPredict),
}

/// A table.
#[derive(Debug, Args)]
pub(crate) struct InputFile {
    /// The table: .csv, .tsv, .txt (fields apart by blanks), each also with .gz, or .parquet. Names count as they are written, with blanks around
    /// them; of a Parquet file's points in time, the day in UTC counts
    #[arg(long, value_name = "FILE")]
    pub(crate) input: PathBuf,
    /// The first row is data already; columns are called 1, 2, …
    #[arg(long)]
    pub(crate) no_header: bool,
}

/// Orders, one in each row.
#[derive(Debug, Args)]
pub(crate) struct ClvInput {
    #[command(flatten)]
    pub(crate) file: InputFile,
    /// The column that says who ordered
    #[arg(long, value_name = "COL")]
    pub(crate) customer: String,
    /// The column that says when; several orders on one day are one
    #[arg(long, value_name = "COL")]
    pub(crate) time: String,
    /// The column that says what it was worth
    #[arg(long, value_name = "COL")]
    pub(crate) value: String,
    /// Takes an order worth nothing for no purchase, as one below nothing never is
    #[arg(long)]
    pub(crate) without_free: bool,
    /// The last day the models see
    #[arg(long, value_name = "DATE")]
    pub(crate) calibration_end: String,
    /// The unit of time of the parameters
    #[arg(long, value_enum, default_value = "week")]
    pub(crate) unit: Unit,
    /// Whether somebody may leave right after the first purchase (mbg-nbd), after a later one (bg-nbd), or never (nbd)
    #[arg(long, value_enum, default_value = "bg-nbd")]
    pub(crate) model: FileModel,
    /// Draws the parameters to zero by so much, where orders alone do not tell them: 0.001 to 0.1
    #[arg(long, default_value_t = 0.0, value_name = "NUMBER")]
    pub(crate) penalty: f64,
    /// The level of intervals
    #[arg(long, default_value_t = 0.95)]
    pub(crate) level: f64,
}

/// A unit of time.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(crate) enum Unit {
    Day,
    Week,
    /// A twelfth of 365.25 days
    Month,
}

/// A model of purchases in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum FileModel {
    BgNbd,
    MbgNbd,
    /// Nobody ever leaves: purchases go on at rates of people's own
    Nbd,
}

/// A model of purchases of a store's people.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(crate) enum PurchaseModel {
    BgNbd,
    MbgNbd,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  wink model fit clv --input orders.csv --customer id --time date --value amount --calibration-end 2025-12-31
  wink model fit clv --input CDNOW_sample.txt.gz --no-header --customer 1 --time 3 --value 5 --calibration-end 1997-09-30 --json
  wink model fit clv --input orders.csv --customer id --time date --value amount --calibration-end 2025-12-31 --penalty 0.01
  wink model fit clv --input subscribers.csv --customer id --time date --value amount --calibration-end 2025-12-31 --model nbd
  wink model fit clv --input orders.parquet --customer id --time date --value amount --cost cost --quantity pieces --calibration-end 2025-12-31

What lies after the calibration's end is what the model is checked on.")]
pub(crate) struct ClvFit {
    #[command(flatten)]
    pub(crate) input: ClvInput,
    /// A column with what an order cost: tells the mean, and which part of the value is left
    #[arg(long, value_name = "COL")]
    pub(crate) cost: Option<String>,
    /// A column with how many pieces an order had
    #[arg(long, value_name = "COL")]
    pub(crate) quantity: Option<String>,
    /// Prints the fit as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  wink model predict clv --input orders.csv --customer id --time date --value amount --calibration-end 2025-12-31 --horizon 52
  wink model predict clv --input orders.parquet --customer id --time date --value amount --calibration-end 2025-12-31 --margin 0.3 --discount 0.002 --plot clv.svg

Horizon and discount are counted in the unit; a discount of 0.002 a week is about ten per cent a year.")]
pub(crate) struct ClvPredict {
    #[command(flatten)]
    pub(crate) input: ClvInput,
    /// How far to look, in units of time
    #[arg(long, default_value_t = 52, value_parser = clap::value_parser!(u32).range(1..=5_200))]
    pub(crate) horizon: u32,
    /// How much less money is worth after each unit of time
    #[arg(long, default_value_t = 0.0)]
    pub(crate) discount: f64,
    /// Which part of the value is earned
    #[arg(long, default_value_t = 1.0)]
    pub(crate) margin: f64,
    /// Prints one JSON object in each line
    #[arg(long)]
    pub(crate) json: bool,
    /// Draws how the customers' values are spread
    #[arg(long, value_name = "FILE.svg", value_parser = crate::plot::picture)]
    pub(crate) plot: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Measure {
    #[command(subcommand)]
    pub(crate) action: MeasureAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum MeasureAction {
    /// Compares two arms once: differences with intervals, CUPED, ratios, guardrails, whether the lots were drawn as meant
    Experiment(Experiment),
    /// Compares two arms day by day, with intervals that may be looked at every day
    Sequential(Sequential),
    /// Estimates what a treatment of regions changed, by a synthetic control or a regression over time
    Geo(Geo),
    /// Plays experiments on regions on the past: which to treat, and what would be seen
    GeoPlan(GeoPlan),
    /// Tells how many people an experiment takes, or what it can see with those there are
    Power(PowerAsked),
    /// Tells what a campaign of a store changed in money against the people it was withheld from, also while a server runs
    Campaign(CampaignAsked),
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  wink measure power --rate 0.05 --lift 0.1
  wink measure power --sd 25 --effect 2 --hold-out 0.1 --json
  wink measure power --mean 40 --sd 25 --lift 0.05 --people 20000
  wink measure power --rate 0.05 --hold-out 0.1 --people 20000

With an effect it tells how many people it takes; with people, the least effect they show; with both, the power. It plans for one look:
whoever looks every day needs more.")]
pub(crate) struct PowerAsked {
    /// The share that does it without the treatment, if the outcome is yes or no
    #[arg(long, value_name = "PART", conflicts_with_all = ["mean", "sd"], required_unless_present = "sd")]
    pub(crate) rate: Option<f64>,
    /// The mean of the outcome without the treatment, if it is a number; only --lift needs it
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true, requires = "sd")]
    pub(crate) mean: Option<f64>,
    /// The standard deviation of the outcome between people
    #[arg(long, value_name = "NUMBER")]
    pub(crate) sd: Option<f64>,
    /// The effect to see, in the outcome's unit; of a rate, 0.005 is half a point
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true, conflicts_with = "lift")]
    pub(crate) effect: Option<f64>,
    /// The effect to see, as a part of the mean or the rate; 0.1 is ten per cent more
    #[arg(long, value_name = "PART", allow_negative_numbers = true)]
    pub(crate) lift: Option<f64>,
    /// How many people there are in both arms together
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) people: Option<u32>,
    /// The part of the people the treatment is withheld from
    #[arg(long, default_value_t = 0.5, value_name = "PART")]
    pub(crate) hold_out: f64,
    /// How often a difference is called one that is none; the interval is of 1 - alpha
    #[arg(long, default_value_t = 0.05)]
    pub(crate) alpha: f64,
    /// How often the effect is to be seen; 0.8 if nothing is said
    #[arg(long, value_name = "PART")]
    pub(crate) power: Option<f64>,
    /// Prints the plan as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  wink measure campaign tea-for-two --data store
  wink measure campaign tea-for-two --data store --json
  wink measure campaign tea-for-two --data store --plot tea.svg

Counted are people whose 28 days after the day of their assignment are over. While a server runs, it is asked, and has 30 seconds.")]
pub(crate) struct CampaignAsked {
    /// The campaign's id
    pub(crate) campaign: String,
    #[command(flatten)]
    pub(crate) data: Data,
    /// Prints the result as JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Draws how the difference grew over the 28 days
    #[arg(long, value_name = "FILE.svg", value_parser = crate::plot::picture)]
    pub(crate) plot: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  wink measure experiment --input people.csv --treatment arm=new:old --outcome spend --outcome visit
  wink measure experiment --input people.csv --treatment arm=new:old --outcome spend --before spend_last_month --share 0.5
  wink measure experiment --input people.csv --treatment arm=new --outcome spend --per orders --guardrail returns=lower:0.02 --json

One person in each row. Without a control value, everybody else is the control.")]
pub(crate) struct Experiment {
    #[command(flatten)]
    pub(crate) file: InputFile,
    /// The column with the arm, the treated value, and the control value. A name with `=` or `:` in it stands in double quotes: '"a:b"=x:"c:d"'
    #[arg(long, value_name = "COL=VALUE[:CONTROL]")]
    pub(crate) treatment: String,
    /// A column with an outcome; may be said several times
    #[arg(long, value_name = "COL", required = true)]
    pub(crate) outcome: Vec<String>,
    /// A column with what was known before the assignment: its part is taken off the outcomes (CUPED)
    #[arg(long, value_name = "COL")]
    pub(crate) before: Option<String>,
    /// A column to divide the outcomes by: spend per order, not per person
    #[arg(long, value_name = "COL", conflicts_with = "before")]
    pub(crate) per: Option<String>,
    /// The part of the people that was to be treated; whether that came true is tested
    #[arg(long, value_name = "PART")]
    pub(crate) share: Option<f64>,
    /// What must not get worse by a margin, and which way is good: a test of non-inferiority on one side. May be said several times;
    /// a column with `=` in its name stands in double quotes
    #[arg(long, value_name = "COL=higher|lower:MARGIN")]
    pub(crate) guardrail: Vec<String>,
    /// The level of intervals, and of guardrails on one side
    #[arg(long, default_value_t = 0.95)]
    pub(crate) level: f64,
    /// Prints the result as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  wink measure sequential --input people.csv --treatment arm=new:old --outcome spend --time day --planned 20000
  wink measure sequential --input asos.csv.gz --checkpoints --time time_since_start --by experiment_id,variant_id,metric_id --json

With --checkpoints, each row sums up a look: columns count_c, count_t, mean_c, mean_t, variance_c and variance_t.
A row in which one of these is missing is no look.")]
pub(crate) struct Sequential {
    #[command(flatten)]
    pub(crate) file: InputFile,
    /// The column with the arm, the treated value, and the control value. A name with `=` or `:` in it stands in double quotes: '"a:b"=x:"c:d"'
    #[arg(long, value_name = "COL=VALUE[:CONTROL]", required_unless_present = "checkpoints")]
    pub(crate) treatment: Option<String>,
    /// The column with the outcome
    #[arg(long, value_name = "COL", required_unless_present = "checkpoints")]
    pub(crate) outcome: Option<String>,
    /// The column that says when: a day of each person, or a number or day of each checkpoint
    #[arg(long, value_name = "COL")]
    pub(crate) time: String,
    /// Rows are looks that somebody has summed up
    #[arg(long, conflicts_with_all = ["treatment", "outcome"])]
    pub(crate) checkpoints: bool,
    /// Columns that tell experiments in one file apart; one with a comma in it stands in double quotes: '"a,b",c'
    #[arg(long, value_name = "COL,…")]
    pub(crate) by: Vec<List>,
    /// How many people are planned for both arms together: there the intervals are tightest. Belongs to the plan; without it, the last
    /// look's number is taken, which is right only if outcomes did not decide when to stop
    #[arg(long, value_name = "PEOPLE")]
    pub(crate) planned: Option<u64>,
    /// The level of all intervals together
    #[arg(long, default_value_t = 0.95)]
    pub(crate) level: f64,
    /// Prints the result as JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Draws the intervals of the first experiment
    #[arg(long, value_name = "FILE.svg", value_parser = crate::plot::picture)]
    pub(crate) plot: Option<PathBuf>,
}

/// One number for each region and time.
#[derive(Debug, Args)]
pub(crate) struct GeoTable {
    #[command(flatten)]
    pub(crate) file: InputFile,
    /// The column with the region
    #[arg(long, value_name = "COL")]
    pub(crate) region: String,
    /// The column with the day, or the first day of the week or month
    #[arg(long, value_name = "COL")]
    pub(crate) time: String,
    /// The column with the number
    #[arg(long, value_name = "COL")]
    pub(crate) value: String,
    /// A region without a row on a day has 0 there, instead of being refused
    #[arg(long)]
    pub(crate) missing_is_zero: bool,
    /// The source of placebo draws
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
}

/// How regions are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum GeoMethod {
    /// A mixture of untreated regions that went like the treated ones before
    SyntheticControl,
    /// Time-based regression: the treated regions' sum as a line over the others'
    Tbr,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  wink measure geo --input sales.csv --region city --time date --value sales --treated chicago,portland --from 2021-04-01
  wink measure geo --input sales.csv --region city --time date --value sales --treated chicago --from 2021-04-01 --until 2021-04-15 --json --plot geo.svg
  wink measure geo --input sales.csv --region city --time date --value sales --treated chicago,portland --from 2021-04-01 --method tbr --cost spent

Every region needs a number for every day, unless --missing-is-zero is said.")]
pub(crate) struct Geo {
    #[command(flatten)]
    pub(crate) table: GeoTable,
    /// The treated regions; one with a comma in it stands in double quotes: '"Washington, D.C.",chicago'
    #[arg(long, value_name = "REGION,…", required = true)]
    pub(crate) treated: Vec<List>,
    /// The first treated day
    #[arg(long, value_name = "DATE")]
    pub(crate) from: String,
    /// The last treated day, instead of the last one there is
    #[arg(long, value_name = "DATE")]
    pub(crate) until: Option<String>,
    /// How the regions are compared
    #[arg(long, value_enum, default_value = "synthetic-control")]
    pub(crate) method: GeoMethod,
    /// A column with what the treatment cost, 0 where there was none: tells the return of it; for --method tbr
    #[arg(long, value_name = "COL")]
    pub(crate) cost: Option<String>,
    /// The level of the interval
    #[arg(long, default_value_t = 0.9)]
    pub(crate) level: f64,
    /// Prints the result as JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Draws what was observed beside what would have been
    #[arg(long, value_name = "FILE.svg", value_parser = crate::plot::picture)]
    pub(crate) plot: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  wink measure geo-plan --input sales.csv --region city --time date --value sales --size 2 --days 15 --lift 0.05,0.1
  wink measure geo-plan --input sales.csv --region city --time date --value sales --treated chicago,portland --days 15 --lift 0.1 --json

The lifts are planted at the end of the past and earlier; power is how often they are seen, while without a lift no more than --alpha
of the plays are called an effect. A DAY is a row's time, whatever is between two of them.")]
pub(crate) struct GeoPlan {
    #[command(flatten)]
    pub(crate) table: GeoTable,
    /// The regions to treat, as for `measure geo`; without them, groups of --size are compared
    #[arg(long, value_name = "REGION,…")]
    pub(crate) treated: Vec<List>,
    /// How many regions are treated together
    #[arg(long, default_value_t = 1, value_name = "REGIONS", conflicts_with = "treated")]
    pub(crate) size: usize,
    /// How many days the treatment would last
    #[arg(long, value_name = "DAYS")]
    pub(crate) days: usize,
    /// How often it is played, each time a day earlier; with fewer than 1 / --alpha, false alarms are hardly seen
    #[arg(long, default_value_t = 10, value_name = "TIMES")]
    pub(crate) plays: usize,
    /// The lifts to plant; 0.1 is ten per cent more
    #[arg(long, value_name = "LIFT,…", value_delimiter = ',', default_values_t = [0.0, 0.05, 0.1, 0.15, 0.2])]
    pub(crate) lift: Vec<f64>,
    /// The p-value up to which an effect is called one, and the part of plays without a lift in which one may be
    #[arg(long, default_value_t = 0.1)]
    pub(crate) alpha: f64,
    /// Prints the plan as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

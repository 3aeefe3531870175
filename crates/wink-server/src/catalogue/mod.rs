//! Catalogue files: a folder of TOML becomes one version of the shop's catalogue, or a list of everything that is wrong in it.
//!
//! `shop.toml` holds the shop itself, `features.toml` features of its own, `triggers.toml` when Wink asks itself,
//! `segments.toml` sets of people, `schemas.toml` older shapes of events, `campaigns/*.toml` one campaign each with its offers; `bands.toml` is Wink's own. Nothing is repaired, guessed
//! or applied in part: with one finding there is no catalogue, and the one in force stays.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use wink_core::base::{Cents, Currency, Hasher, Zone};
use wink_core::event::Schemas;
use wink_core::feature;
use wink_core::offer::{self, Catalogue, CatalogueVersion};

pub(crate) mod bands;
mod bought;
mod campaign;
mod difference;
mod edit;
mod entry;
mod features;
mod file;
mod folder;
mod literal;
mod place;
mod places;
mod points;
mod public_code;
mod schemas;
mod segments;
mod shop;
pub mod show;
mod stacking;
mod tree;
mod triggers;
mod use_limits;
mod wording;

#[cfg(test)]
mod tests;

pub use difference::{Difference, differences};
pub use edit::Edit;
use file::File;

/// Texts by path relative to the folder, with `/`.
pub type Files = BTreeMap<String, String>;

/// The file of the shop itself.
const SHOP: &str = "shop.toml";

/// The file of the shop's own features. Without it there are the built-in ones.
const FEATURES: &str = "features.toml";

/// The file of the triggers. Without it Wink answers who asks, and asks nobody.
const TRIGGERS: &str = "triggers.toml";

/// The file of the segments. Without it nobody is in one.
const SEGMENTS: &str = "segments.toml";

/// The file of the shapes of events. Without it there are the built-in ones.
const SCHEMAS: &str = "schemas.toml";

/// The folder of the campaigns.
const CAMPAIGNS: &str = "campaigns/";

/// A catalogue with the files it was made from.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    /// What the files say.
    pub catalogue: Catalogue,
    /// What it was made from; store these with the version.
    pub files: Files,
}

/// Something wrong in a catalogue file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The path relative to the folder.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What to write instead, where that can be said.
    pub fix: Option<String>,
}

/// Prints `campaigns/x.toml:12:9: message (fix: …)`.
impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}:{}: {}", self.file, self.line, self.column, self.message)?;
        match &self.fix {
            Some(fix) => write!(out, " (fix: {fix})"),
            None => Ok(()),
        }
    }
}

impl Finding {
    /// Says something about a file as a whole.
    fn of_file(file: &str, message: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line: 1, column: 1, message: message.into(), fix: None }
    }

    fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = Some(fix.into());
        self
    }
}

/// A finding, and where it lies in what was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// A JSON pointer; empty for all of it.
    pub pointer: String,
    /// What is wrong.
    pub finding: Finding,
}

/// Writes an edit into files and reads the result.
///
/// # Errors
/// Lists everything that is wrong.
pub fn edited(files: &Files, edit: &Edit) -> Result<Loaded, Vec<Misfit>> {
    let edited = edit::write(files, edit).map_err(|misfit| vec![misfit])?;
    let located =
        |findings: Vec<Finding>| findings.into_iter().map(|finding| edited.locate(finding)).collect();
    if let Some(finding) = folder::too_large(&edited.files) {
        return Err(located(vec![finding]));
    }
    let catalogue = compile(&edited.files).map_err(located)?;
    Ok(Loaded { catalogue, files: edited.files })
}

/// Reads the catalogue in `folder`.
///
/// # Errors
/// Lists everything that is wrong, ordered by file, line and column: unreadable files as well as what `compile` finds.
pub fn read(folder: &Path) -> Result<Loaded, Vec<Finding>> {
    let (files, mut findings) = folder::texts(folder);
    match compile(&files) {
        Ok(catalogue) if findings.is_empty() => return Ok(Loaded { catalogue, files }),
        Ok(_) => {}
        // A file that cannot be read is not missing as well.
        Err(more) => findings.extend(
            more.into_iter()
                .filter(|new| findings.iter().all(|old| old.file != new.file))
                .collect::<Vec<_>>(),
        ),
    }
    findings.sort();
    Err(findings)
}

/// Compiles catalogue texts by relative path, read from a folder or stored with a version.
///
/// # Errors
/// Lists everything that is wrong, ordered by file, line and column.
pub fn compile(files: &Files) -> Result<Catalogue, Vec<Finding>> {
    let mut findings = Vec::new();

    let mut shop = None;
    let mut currency = Currency::NONE;
    match files.get(SHOP) {
        Some(text) => {
            let file = File::new(SHOP, text);
            shop = shop::read(&file);
            // Known even where something else in there is wrong: nothing is said of amounts elsewhere that are right.
            currency = file.currency();
            findings.extend(file.into_findings());
        }
        None => findings.push(
            Finding::of_file(SHOP, "the file is missing")
                .fix("write the shop's name, currency and time zone into it"),
        ),
    }

    // Without a shop the campaigns are checked all the same, on the clock of UTC.
    let zone = shop.as_ref().map(|shop| shop.shop.zone.clone()).or_else(|| Zone::new("UTC"));
    let utc = Zone::utc();
    let local = zone.as_ref().unwrap_or(&utc);
    let bounds = match files.get(bands::FILE) {
        Some(text) => {
            let file = File::new(bands::FILE, text);
            let bounds = bands::read(&file).unwrap_or_default();
            findings.extend(file.into_findings());
            bounds
        }
        None => bands::Bounds::new(),
    };
    let given = features::given(shop.as_ref().and_then(|shop| shop.shop.places.as_ref()));
    let features = match files.get(FEATURES) {
        Some(text) => {
            let file = File::new(FEATURES, text).in_currency(currency);
            let features = features::read(&file, given, &bounds, local);
            findings.extend(file.into_findings());
            features
        }
        None => features::without_own(given, local),
    };
    let features = features.and_then(|features| bought::with_features(files, features, local));
    // With a wrong file the campaigns are checked all the same, over the built-in features.
    let (is_whole, features) = match features {
        Some(features) => (true, features),
        None => (false, feature::Catalogue::built_in()),
    };
    let triggers = match files.get(TRIGGERS) {
        Some(text) => {
            let file = File::new(TRIGGERS, text).in_currency(currency);
            let triggers = triggers::read(&file, &features);
            findings.extend(file.into_findings());
            triggers
        }
        None => Vec::new(),
    };
    let segments = match files.get(SEGMENTS) {
        Some(text) => {
            let file = File::new(SEGMENTS, text).in_currency(currency);
            let segments = segments::read(&file, &features);
            findings.extend(file.into_findings());
            segments
        }
        None => feature::Segments::default(),
    };
    let schemas = match files.get(SCHEMAS) {
        Some(text) => {
            let file = File::new(SCHEMAS, text);
            let schemas = schemas::read(&file);
            findings.extend(file.into_findings());
            schemas
        }
        None => Schemas::built_in(),
    };
    let programme = shop.as_ref().and_then(|shop| shop.shop.points);
    let mut reader = campaign::Reader::new(&features, zone.clone(), programme);
    for (name, text) in files {
        if is_campaign(name) {
            let file = File::new(name, text).in_currency(currency);
            reader.read(&file);
            findings.extend(file.into_findings());
        } else if ![SHOP, FEATURES, TRIGGERS, SEGMENTS, SCHEMAS, bands::FILE].contains(&name.as_str()) {
            findings.push(stray(name));
        }
    }

    findings.sort();
    match shop {
        Some(shop) if findings.is_empty() && is_whole => {
            let (campaigns, offers) = reader.finish();
            Ok(Catalogue {
                version: version(files),
                shop: shop.shop,
                schemas: Arc::new(schemas),
                features: Arc::new(features),
                contact_policy: shop.contact_policy,
                holdout: shop.holdout,
                economics: shop.economics,
                cart: shop.cart,
                campaigns,
                offers,
                triggers,
                segments,
            })
        }
        _ => Err(findings),
    }
}

fn is_campaign(name: &str) -> bool {
    let file = name.strip_prefix(CAMPAIGNS).and_then(|rest| rest.strip_suffix(".toml"));
    file.is_some_and(|file| !file.is_empty() && !file.contains('/'))
}

fn stray(name: &str) -> Finding {
    Finding::of_file(name, "the file is not part of a catalogue")
        .fix("keep `shop.toml`, `features.toml`, `triggers.toml`, `segments.toml`, `schemas.toml` and `campaigns/*.toml` only, or give it another ending")
}

fn version(files: &Files) -> CatalogueVersion {
    let hasher = Hasher::new("catalogue");
    let hasher = files
        .iter()
        .fold(hasher, |hasher, (name, text)| hasher.field(name.as_bytes()).field(text.as_bytes()));
    CatalogueVersion(hasher.finish())
}

/// What a catalogue holds, in numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Campaigns.
    pub campaigns: usize,
    /// Offers.
    pub offers: usize,
    /// Offers times values: the candidates of a decision if everything ran at once.
    pub candidates: usize,
    /// Rules.
    pub rules: usize,
    /// The cost of the most expensive rule, in steps.
    pub rule_cost_max: u32,
    /// All budgets together.
    pub budget: Cents,
    /// What they are in.
    pub currency: Currency,
}

/// Counts what a catalogue holds.
pub fn describe(catalogue: &Catalogue) -> Summary {
    let rules = || catalogue.offers.iter().flat_map(|offer| offer.rules.asked());
    Summary {
        campaigns: catalogue.campaigns.len(),
        offers: catalogue.offers.len(),
        candidates: catalogue.offers.iter().map(|offer: &offer::Offer| offer.benefits.len()).sum(),
        rules: rules().count(),
        rule_cost_max: rules().map(|(_, rule)| rule.cost()).max().unwrap_or(0),
        budget: catalogue.campaigns.iter().map(|campaign| campaign.budget).sum(),
        currency: catalogue.shop.currency,
    }
}

/// Prints one line.
impl fmt::Display for Summary {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { campaigns, offers, candidates, rules, rule_cost_max, budget, currency } = self;
        let budget = currency.of(*budget);
        write!(
            out,
            "{campaigns} campaigns, {offers} offers, {candidates} candidates, budgets of {budget} together, "
        )?;
        write!(out, "{rules} rules of at most {rule_cost_max} steps")
    }
}

//! A catalogue is put in force: checked as a whole, stored as one version, in one commit. An edit is an edit of its files.

use std::sync::Arc;

use wink_core::base::Timestamp;
use wink_core::offer::{Catalogue, CatalogueVersion};
use wink_record::{CatalogueApplied, CatalogueFiles, Stored};
use wink_store::{Batch, Change, Check, Direction, Home, Range, Record, Store};

use super::{bands, refold, segments};
use crate::catalogue::{Difference, Edit, Files, Loaded, Misfit, differences, edited};
use crate::engine::{batch_id, catalogue_version};
use crate::error::ATTEMPTS_MAX;
use crate::keys::{self, kind};
use crate::{Engine, Error};

/// What applying changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    /// This version is in force now.
    InForce(CatalogueVersion),
    /// It was in force already; nothing was written.
    Unchanged(CatalogueVersion),
}

/// Puts a checked catalogue in force, with its budgets' caps and its offers' limits.
///
/// # Errors
/// If the store takes no writes, another catalogue was applied at the same moment, or it has another currency than the amounts there are.
pub async fn apply<S: Store>(
    engine: &Engine<S>,
    catalogue: Catalogue,
    files: Files,
    now: Timestamp,
) -> Result<Applied, Error> {
    let found = InForce::load(engine).await?;
    let loaded = bands::counted(engine, found.version()?, Loaded { catalogue, files }).await?;
    let version = loaded.catalogue.version;
    if found.version()? == Some(version) {
        return Ok(Applied::Unchanged(version));
    }
    found.replace(engine, loaded, now).await?.ok_or(Error::Contended)?;
    Ok(Applied::InForce(version))
}

/// What an edit comes to.
#[derive(Clone, Debug, PartialEq)]
pub enum Edited {
    /// It is not valid; nothing was changed.
    Refused(Vec<Misfit>),
    /// Another version is in force than the caller believes; nothing was changed.
    Outdated {
        /// The version in force, if there is one.
        in_force: Option<CatalogueVersion>,
    },
    /// It is valid and changes this.
    Valid {
        /// The version it makes; the one in force if it changes nothing.
        version: CatalogueVersion,
        /// Everything that is said differently.
        differences: Vec<Difference>,
    },
}

/// Tells what an edit would come to, and changes nothing. `expected` is the version the caller believes to be in force.
///
/// # Errors
/// If the store cannot be read, no catalogue is in force that could be edited, or it has another currency than the amounts there are.
pub async fn plan<S: Store>(
    engine: &Engine<S>,
    edit: &Edit,
    expected: Option<&str>,
) -> Result<Edited, Error> {
    let found = InForce::load(engine).await?;
    let (edited, loaded) = prepare(engine, &found, edit, expected).await?;
    if let Some(loaded) = loaded {
        found.keeps_currency(engine, &loaded.catalogue).await?;
    }
    Ok(edited)
}

/// Puts an edit in force. `expected` is the version the caller believes to be in force.
///
/// # Errors
/// If the store cannot be read or takes no writes, or no catalogue is in force that could be edited.
pub async fn change<S: Store>(
    engine: &Engine<S>,
    edit: &Edit,
    expected: Option<&str>,
    now: Timestamp,
) -> Result<Edited, Error> {
    for _ in 0..ATTEMPTS_MAX {
        let found = InForce::load(engine).await?;
        let (edited, loaded) = prepare(engine, &found, edit, expected).await?;
        let Some(loaded) = loaded else { return Ok(edited) };
        if found.replace(engine, loaded, now).await?.is_some() {
            return Ok(edited);
        }
    }
    Err(Error::Contended)
}

/// Finds out what an edit comes to, and what to put in force for it, if anything.
async fn prepare<S: Store>(
    engine: &Engine<S>,
    found: &InForce,
    edit: &Edit,
    expected: Option<&str>,
) -> Result<(Edited, Option<Loaded>), Error> {
    let in_force = found.version()?;
    if expected.is_some_and(|expected| in_force.is_none_or(|version| version.to_string() != expected)) {
        return Ok((Edited::Outdated { in_force }, None));
    }
    let before = match (in_force, edit) {
        (Some(version), _) => files_of(engine, version).await?,
        (None, Edit::Files(_)) => Files::new(),
        (None, _) => return Err(Error::NoCatalogue),
    };
    let loaded = match edited(&before, edit) {
        Ok(loaded) => bands::counted(engine, in_force, loaded).await?,
        Err(misfits) => return Ok((Edited::Refused(misfits), None)),
    };
    let differences = differences(&before, &loaded.files);
    let is_whole = matches!(edit, Edit::Files(_));
    match in_force {
        // One thing that says the same is the same; files also hold comments, which somebody may have sent them for.
        Some(version) if loaded.catalogue.version == version || differences.is_empty() && !is_whole => {
            Ok((Edited::Valid { version, differences }, None))
        }
        _ => Ok((Edited::Valid { version: loaded.catalogue.version, differences }, Some(loaded))),
    }
}

/// What the store says is in force.
struct InForce {
    record: Option<Record>,
    /// The number of the last one that was put in force.
    number: u64,
}

impl InForce {
    async fn load<S: Store>(engine: &Engine<S>) -> Result<Self, Error> {
        let record = engine.record(&keys::catalogue_in_force()).await?;
        let last = applied(engine, None, 1).await?.pop();
        Ok(Self { record, number: last.map_or(0, |(number, _)| number) })
    }

    fn version(&self) -> Result<Option<CatalogueVersion>, Error> {
        self.record.as_ref().map(catalogue_version).transpose()
    }

    /// Puts another in force; `None` if somebody else was faster.
    async fn replace<S: Store>(
        self,
        engine: &Engine<S>,
        loaded: Loaded,
        now: Timestamp,
    ) -> Result<Option<()>, Error> {
        let Loaded { catalogue, files } = loaded;
        let version = catalogue.version;
        self.keeps_currency(engine, &catalogue).await?;
        let mut batch = Batch::new(batch_id()?, engine.tenant, Home(0));
        batch.checks.push(match &self.record {
            Some(record) => Check::Version(keys::catalogue_in_force(), record.version),
            None => Check::Absent(keys::catalogue_in_force()),
        });
        let applied = CatalogueApplied { version, at: now }.to_bytes();
        let (filled, remembered) = refold::plan(engine, &catalogue.features, now).await?;
        batch.changes.push(remembered);
        let rules = segments::register(engine, &catalogue.segments, &mut batch).await?;
        batch.changes.push(Change::Put(keys::catalogue(version.0), CatalogueFiles(files).to_bytes()));
        batch.changes.push(Change::Put(keys::catalogue_in_force(), version.0.0.to_vec()));
        batch.changes.push(Change::Put(keys::catalogue_applied(self.number + 1), applied));
        for campaign in &catalogue.campaigns {
            batch.changes.push(Change::SetCap(keys::budget(campaign.id.as_str()), Some(campaign.budget.0)));
        }
        for offer in &catalogue.offers {
            let cap = offer.limits.total.map(i64::from);
            batch.changes.push(Change::SetCap(keys::issued(offer.id.as_str()), cap));
            if let Some(code) = &offer.public_code {
                let id = offer.id.as_str();
                let budget = code.budget.map(|budget| budget.0);
                batch.changes.push(Change::SetCap(keys::public_uses(id), code.uses.map(i64::from)));
                batch.changes.push(Change::SetCap(keys::public_cents(id), budget));
            }
        }
        let done = engine.commit(batch).await?;
        if done.is_some() {
            let catalogue = segments::numbered(catalogue, &rules);
            engine.put_in_force(refold::with_filling(Arc::new(catalogue), &filled));
        }
        Ok(done)
    }

    /// Refuses another currency once there are amounts: prices, histories of prices, coupons and budgets are counts of minor units that do not
    /// say of which currency, because a shop has one.
    async fn keeps_currency<S: Store>(&self, engine: &Engine<S>, catalogue: &Catalogue) -> Result<(), Error> {
        let Some(version) = self.version()? else { return Ok(()) };
        let (before, after) = (engine.catalogue_of(version).await?.shop.currency, catalogue.shop.currency);
        if before == after {
            return Ok(());
        }
        let amounts = [
            kind::PRODUCT,
            kind::PRICES,
            kind::COUPON,
            kind::RIGHT,
            kind::REDEMPTION,
            kind::STATE,
            kind::LEASE,
            kind::BULK,
            kind::POINTS_ACCOUNT,
            kind::POINTS_ORDER,
            kind::TENDER,
        ];
        for amounts in amounts {
            let any = Range::prefix(Vec::new());
            let page = engine.store.scan(engine.tenant, amounts, any, Direction::Forward, 1).await?;
            if !page.records.is_empty() {
                return Err(Error::Unusable(format!(
                    "the amounts of this shop are in {before}, and {after} would give them another meaning; open another tenant for {after}"
                )));
            }
        }
        Ok(())
    }
}

/// Lists which versions were put in force, newest first: at most `limit` of those before number `before`.
///
/// # Errors
/// If the store cannot be read.
pub async fn applied<S: Store>(
    engine: &Engine<S>,
    before: Option<u64>,
    limit: usize,
) -> Result<Vec<(u64, CatalogueApplied)>, Error> {
    let until = before.map(|number| number.to_be_bytes().to_vec());
    let range = Range { from: Vec::new(), until };
    let page = engine.store.scan(engine.tenant, kind::CATALOGUE_APPLIED, range, Direction::Reverse, limit);
    let read = |(key, record): (Vec<u8>, Record)| {
        let number = <[u8; 8]>::try_from(key.as_slice()).map_err(|_| wink_record::Damaged {
            what: "applied catalogue",
            why: format!("its number has {} bytes instead of 8", key.len()),
        })?;
        Ok((u64::from_be_bytes(number), CatalogueApplied::from_bytes(&record.bytes)?))
    };
    page.await?.records.into_iter().map(read).collect()
}

/// Reads the files of a version that was in force at some time.
///
/// # Errors
/// If the store cannot be read, or there is no such version.
pub async fn files_of<S: Store>(engine: &Engine<S>, version: CatalogueVersion) -> Result<Files, Error> {
    let files = engine.stored::<CatalogueFiles>(&keys::catalogue(version.0)).await?;
    let missing = || Error::NotFound { what: "catalogue version", name: version.to_string() };
    Ok(files.ok_or_else(missing)?.0)
}

/// Finds the version with this short name, as versions are printed.
///
/// # Errors
/// If the store cannot be read, or there is no such version.
pub async fn version_named<S: Store>(engine: &Engine<S>, name: &str) -> Result<CatalogueVersion, Error> {
    let missing = || Error::NotFound { what: "catalogue version", name: name.to_owned() };
    let digits: Option<Vec<u8>> = (0..name.len())
        .step_by(2)
        .map(|at| name.get(at..at + 2).and_then(|digits| u8::from_str_radix(digits, 16).ok()))
        .collect();
    let range = Range::prefix(digits.filter(|digits| digits.len() == 8).ok_or_else(missing)?);
    let page = engine.store.scan(engine.tenant, kind::CATALOGUE, range, Direction::Forward, 1).await?;
    let key = page.records.into_iter().next().and_then(|(key, _)| <[u8; 32]>::try_from(key).ok());
    Ok(CatalogueVersion(wink_core::base::Digest(key.ok_or_else(missing)?)))
}

/// Reads the version in force with its files.
///
/// # Errors
/// If the store cannot be read, or none is in force.
pub async fn in_force<S: Store>(engine: &Engine<S>) -> Result<(CatalogueVersion, Files), Error> {
    let version = InForce::load(engine).await?.version()?.ok_or(Error::NoCatalogue)?;
    Ok((version, files_of(engine, version).await?))
}

//! Price bands are counted out of the product list when a catalogue is applied, and then stay: those of the version in force are kept, and only what
//! is missing is counted.

use wink_core::offer::CatalogueVersion;
use wink_store::Store;

use super::catalogue::files_of;
use super::products::{AT_ONCE, list};
use crate::catalogue::{Loaded, bands, compile};
use crate::{Engine, Error};

/// Gives the catalogue with its bands. A shop that lists no products has none yet.
pub(super) async fn counted<S: Store>(
    engine: &Engine<S>,
    in_force: Option<CatalogueVersion>,
    loaded: Loaded,
) -> Result<Loaded, Error> {
    if bands::missing(&loaded.files).is_empty() {
        return Ok(loaded);
    }
    let mut files = loaded.files;
    if let Some(version) = in_force
        && !files.contains_key(bands::FILE)
        && let Some(kept) = files_of(engine, version).await?.remove(bands::FILE)
    {
        files.insert(bands::FILE.to_owned(), kept);
    }
    let missing = bands::missing(&files);
    if !missing.is_empty() {
        let prices = prices(engine).await?;
        if !prices.is_empty()
            && let Some(text) = bands::written(&files, &missing, &prices)
        {
            files.insert(bands::FILE.to_owned(), text);
        }
    }
    let unusable = |findings: Vec<crate::catalogue::Finding>| {
        Error::Unusable(findings.first().map_or_else(String::new, ToString::to_string))
    };
    Ok(Loaded { catalogue: compile(&files).map_err(unusable)?, files })
}

/// Lists what products cost, in cents.
async fn prices<S: Store>(engine: &Engine<S>) -> Result<Vec<i64>, Error> {
    let mut prices = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let products = list(engine, after.as_deref(), AT_ONCE).await?;
        let Some(last) = products.last() else { return Ok(prices) };
        after = Some(last.id.clone());
        prices.extend(products.iter().filter_map(|product| Some(product.price?.0)));
    }
}

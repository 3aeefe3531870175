//! Explains a stored decision with the catalogue it was made under.

use wink_core::base::DecisionId;
use wink_core::decision::{Decision, Explanation};
use wink_store::Store;

use crate::{Engine, Error, keys};

/// Explains a decision.
///
/// # Errors
/// If there is no such decision (it may have been erased or its time is over), or its catalogue cannot be used.
pub async fn explain<S: Store>(engine: &Engine<S>, id: DecisionId) -> Result<(Decision, Explanation), Error> {
    let decision: Option<Decision> = engine.stored(&keys::decision(id)).await?;
    let decision = decision.ok_or_else(|| Error::NotFound { what: "decision", name: id.to_string() })?;
    let catalogue = engine.catalogue_of(decision.catalogue).await?;
    let explanation = wink_core::decision::explain(&decision, &catalogue);
    Ok((decision, explanation))
}

//! How well do scores tell the outcomes apart?

use crate::Error;
use crate::error::{finite, same_length};
use crate::moments::real;

/// Tells the probability that a row whose outcome is 1 has a higher score than one whose outcome is 0, ties by half: the area under
/// the ROC curve (Hanley and McNeil 1982, "The meaning and use of the area under a ROC curve").
///
/// # Errors
/// [`Error::Shape`], [`Error::NotFinite`], or [`Error::Constant`] if there is only one outcome.
pub fn auc(scores: &[f64], outcomes: &[f64]) -> Result<f64, Error> {
    same_length("the outcomes", scores.len(), outcomes.len())?;
    finite("a score", scores)?;
    let mut pairs: Vec<(f64, bool)> =
        scores.iter().zip(outcomes).map(|(score, outcome)| (*score, *outcome == 1.0)).collect();
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut zeros, mut ones, mut above) = (0_u64, 0_u64, 0.0);
    for alike in pairs.chunk_by(|a, b| a.0 == b.0) {
        let hits = u64::try_from(alike.iter().filter(|pair| pair.1).count()).unwrap_or(0);
        let misses = u64::try_from(alike.len()).unwrap_or(0) - hits;
        above += real(hits) * (real(zeros) + real(misses) / 2.0);
        (zeros, ones) = (zeros + misses, ones + hits);
    }
    if zeros == 0 || ones == 0 {
        return Err(Error::Constant { what: "the outcome" });
    }
    Ok(above / (real(zeros) * real(ones)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_in_the_right_order_are_counted() {
        assert_eq!(auc(&[0.1, 0.4, 0.35, 0.8], &[0.0, 0.0, 1.0, 1.0]), Ok(0.75));
        assert_eq!(auc(&[0.5; 4], &[0.0, 1.0, 0.0, 1.0]), Ok(0.5));
        assert_eq!(auc(&[0.5; 2], &[1.0, 1.0]), Err(Error::Constant { what: "the outcome" }));
    }
}

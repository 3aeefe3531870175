//! Effects that were learned, for anybody whose features are known.

use crate::Rows;
use crate::propensity::Model;

/// The effect of each treatment against `none`, as a function of the features.
#[derive(Debug)]
pub struct Effects {
    pub(super) inner: Inner,
    pub(super) treatments: usize,
}

#[derive(Debug)]
pub(super) enum Inner {
    /// Of features and treatments as further columns.
    One(Box<dyn Model>),
    /// Of features, for each treatment and `none` first.
    Each(Vec<Box<dyn Model>>),
    /// Of features, the effect itself, for each treatment but `none`.
    Effects(Vec<Box<dyn Model>>),
}

impl Effects {
    /// Tells the effects of the first treatment, then of the second: in each list one entry per row, in units of the outcome.
    pub fn predict(&self, rows: Rows<'_>) -> Vec<Vec<f64>> {
        match &self.inner {
            Inner::One(model) => {
                let expected = |arm: usize| {
                    let given: Vec<f64> =
                        (1..=self.treatments).map(|other| if other == arm { 1.0 } else { 0.0 }).collect();
                    model.predict(rows.with(&given).rows())
                };
                against_first((0..=self.treatments).map(expected))
            }
            Inner::Each(models) => against_first(models.iter().map(|model| model.predict(rows))),
            Inner::Effects(models) => models.iter().map(|model| model.predict(rows)).collect(),
        }
    }
}

fn against_first(mut expected: impl Iterator<Item = Vec<f64>>) -> Vec<Vec<f64>> {
    let none = expected.next().unwrap_or_default();
    expected
        .map(|mut effects| {
            effects.iter_mut().zip(&none).for_each(|(effect, none)| *effect -= none);
            effects
        })
        .collect()
}

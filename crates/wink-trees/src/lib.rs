//! Gradient-boosted trees as a base of `wink-stats`: learns probabilities and means from rows. No store, no clock; one thread, and
//! all chance from a seed.
//!
//! A crate of its own, because the library underneath brings threads and the system's randomness along, even where they are not used,
//! and `wink-stats` is pure.

use forust_ml::GradientBooster;
use forust_ml::data::Matrix;
use forust_ml::gradientbooster::ContributionsMethod;
use forust_ml::objective::ObjectiveType;
use wink_stats::numeric::{count, mean};
use wink_stats::propensity::{Base, Contributions, Model, check_binary, check_outcomes, sigmoid};
use wink_stats::{Error, Rows};

/// Fewer rows than this make no split worth having: with the least weight of a leaf, a tree of depth 1 has no two leaves.
const ROWS_MIN: u64 = 40;

/// Boosted trees to be fitted (Friedman 2001, "Greedy function approximation: a gradient boosting machine"; Chen and Guestrin 2016,
/// "XGBoost", equations 2 to 7, as the library `forust-ml` does it).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trees {
    /// How many trees.
    pub count: usize,
    /// How many questions a tree asks, one after the other, at most.
    pub depth: usize,
    /// The share of each tree that is added; fewer trees need more.
    pub rate: f32,
    /// The least sum of second derivatives in a leaf: rows for a mean, about rows · p(1 − p) for a probability.
    pub leaf_weight_min: f32,
    /// The source of chance.
    pub seed: u64,
}

impl Default for Trees {
    /// Small trees and short steps: effects are faint, and deep trees learn noise.
    fn default() -> Self {
        Self { count: 80, depth: 3, rate: 0.1, leaf_weight_min: 10.0, seed: 1 }
    }
}

/// Fitted trees.
struct Forest {
    booster: GradientBooster,
    columns: usize,
    is_probability: bool,
}

impl Trees {
    fn fit(
        &self,
        objective: ObjectiveType,
        rows: Rows<'_>,
        outcomes: &[f64],
        gain_min: f32,
    ) -> Result<Box<dyn Model>, Error> {
        let found = u64::try_from(rows.count()).unwrap_or(u64::MAX);
        if found < ROWS_MIN {
            return Err(Error::NotEnoughData { what: "rows", needed: ROWS_MIN, found });
        }
        let is_probability = matches!(objective, ObjectiveType::LogLoss);
        let mut booster = GradientBooster::default()
            .set_objective_type(objective)
            .set_iterations(self.count)
            .set_max_depth(self.depth)
            .set_learning_rate(self.rate)
            .set_min_leaf_weight(self.leaf_weight_min)
            .set_gamma(gain_min)
            .set_seed(self.seed)
            .set_initialize_base_score(true)
            .set_tiled_histograms(true)
            .set_parallel(false);
        let columns = by_column(rows);
        let matrix = Matrix::new(&columns, rows.count(), rows.columns());
        let refused = |_| Error::NotIdentified { what: "the trees" };
        booster.fit_unweighted(&matrix, outcomes, None).map_err(refused)?;
        Ok(Box::new(Forest { booster, columns: rows.columns(), is_probability }))
    }
}

impl Base for Trees {
    fn learn_probability(&self, rows: Rows<'_>, outcomes: &[f64]) -> Result<Box<dyn Model>, Error> {
        check_binary(rows, outcomes)?;
        self.fit(ObjectiveType::LogLoss, rows, outcomes, 0.0)
    }

    fn learn_mean(&self, rows: Rows<'_>, outcomes: &[f64]) -> Result<Box<dyn Model>, Error> {
        check_outcomes(rows, outcomes)?;
        self.fit(ObjectiveType::SquaredLoss, rows, outcomes, 0.0)
    }

    /// The same trees, of which a question is asked only if its gain in squared error, σ² times a χ² of one degree where nothing differs, is above
    /// σ²·ln n, as one more parameter's must be by the BIC (Schwarz 1978, "Estimating the dimension of a model"). That keeps most of chance out,
    /// not all of it: the best of many questions gains more than one. A branch whose question is not asked ends there, so what shows only in two
    /// columns together, and in neither alone, is not found.
    fn learn_effect(&self, rows: Rows<'_>, scores: &[f64]) -> Result<Box<dyn Model>, Error> {
        check_outcomes(rows, scores)?;
        let mean = mean(scores);
        let squares: f64 = scores.iter().map(|score| (score - mean) * (score - mean)).sum();
        #[expect(clippy::cast_possible_truncation, reason = "the library computes gains in single precision")]
        let gain_min = (squares / count(scores.len()) * count(scores.len()).ln()) as f32;
        self.fit(ObjectiveType::SquaredLoss, rows, scores, gain_min)
    }
}

impl Model for Forest {
    fn predict(&self, rows: Rows<'_>) -> Vec<f64> {
        let columns = by_column(rows);
        let scores = self.booster.predict(&Matrix::new(&columns, rows.count(), rows.columns()), false);
        if self.is_probability { scores.into_iter().map(sigmoid).collect() } else { scores }
    }

    /// Each column's Shapley value along the trees (Lundberg, Erion and Lee 2018, "Consistent individualized feature attribution for
    /// tree ensembles", section 3).
    fn contributions(&self, row: &[f64]) -> Contributions {
        let matrix = Matrix::new(row, 1, self.columns);
        let mut by_column = self.booster.predict_contributions(&matrix, ContributionsMethod::Shapley, false);
        let base = by_column.pop().unwrap_or(0.0);
        Contributions { base, by_column }
    }
}

impl std::fmt::Debug for Forest {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.debug_struct("Forest").field("trees", &self.booster.trees.len()).finish_non_exhaustive()
    }
}

/// The same table, column after column, as the library wants it.
fn by_column(rows: Rows<'_>) -> Vec<f64> {
    let columns = 0..rows.columns();
    columns.flat_map(|column| rows.iter().filter_map(move |row| row.get(column)).copied()).collect()
}

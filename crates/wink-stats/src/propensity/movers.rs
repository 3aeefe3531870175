//! What moves a score? The columns' contributions, summed up over many rows.

use super::Model;
use crate::Rows;
use crate::numeric::count;

/// Trees take their time for the contributions of a row, and the mean over so many is known to one part in a hundred.
const ROWS_MAX: usize = 10_000;

/// How a column moves the score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mover {
    /// The mean size of what it adds or takes away (Lundberg and Lee 2017, "A unified approach to interpreting model predictions",
    /// as their global importance): logits of a probability, or the mean's own unit.
    pub size: f64,
    /// What one more of it adds along a line through the contributions: its weight in a linear model, and what trees come to on the whole. None if
    /// the column is the same in every row.
    pub slope: Option<f64>,
}

/// Sums up what each column adds to the score, over rows the model need not have seen; of more than ten thousand rows, over as many that lie
/// evenly among them.
pub fn movers(model: &dyn Model, rows: Rows<'_>) -> Vec<Mover> {
    let step = rows.count().div_ceil(ROWS_MAX).max(1);
    let chosen: Vec<(&[f64], Vec<f64>)> =
        rows.iter().step_by(step).map(|row| (row, model.contributions(row).by_column)).collect();
    let of_column = |column: usize| {
        let pairs = chosen.iter().filter_map(|(row, adds)| Some((*row.get(column)?, *adds.get(column)?)));
        mover(&pairs.collect::<Vec<(f64, f64)>>())
    };
    (0..rows.columns()).map(of_column).collect()
}

/// What pairs of a value and what it adds come to.
fn mover(pairs: &[(f64, f64)]) -> Mover {
    let many = count(pairs.len().max(1));
    let mean = |of: fn(&(f64, f64)) -> f64| pairs.iter().map(of).sum::<f64>() / many;
    let (value, adds) = (mean(|pair| pair.0), mean(|pair| pair.1));
    let (mut along, mut both) = (0.0, 0.0);
    for (x, y) in pairs {
        along += (x - value) * (x - value);
        both += (x - value) * (y - adds);
    }
    let varies = pairs.iter().any(|pair| pairs.first().is_some_and(|first| first.0 != pair.0));
    let slope = (varies && 0.0 < along).then_some(both / along).filter(|slope| slope.is_finite());
    Mover { size: mean(|pair| pair.1.abs()), slope }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::propensity::Linear;

    /// A linear model says it itself: the weight, and how far the values lie from their mean in the mean.
    #[test]
    fn a_linear_model_is_moved_by_its_weights() {
        let values: Vec<f64> =
            (0..60_u32).flat_map(|row| [f64::from(row % 7), f64::from(row % 2), 4.0]).collect();
        let outcomes: Vec<f64> =
            (0..60_u32).map(|row| if row % 7 < 3 || row % 5 == 0 { 1.0 } else { 0.0 }).collect();
        let rows = Rows::new(&values, 3).unwrap();
        let model = Linear::default().fit_logistic(rows, &outcomes).unwrap();
        let found = movers(&model, rows);
        for (mover, weight) in found.iter().zip(model.weights()).take(2) {
            assert!((mover.slope.unwrap() - weight).abs() < 1e-9, "{found:?}");
        }
        let apart = 0.5 * model.weights()[1].abs();
        assert!((found[1].size - apart).abs() < 1e-9, "half are 0, half 1: {found:?}");
        assert_eq!(found[2].slope, None, "{found:?}");
        assert!(found[2].size.abs() < 1e-9, "{found:?}");
    }
}

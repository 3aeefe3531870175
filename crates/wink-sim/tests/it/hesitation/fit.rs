//! Logistic regression by maximum likelihood, and how well a score tells two groups apart.

/// What is known of one moment, and how much of what is to be told holds there, from 0 to 1.
pub(super) struct Row {
    pub(super) values: Vec<f64>,
    pub(super) holds: f64,
}

/// Keeps the equations solvable where a value hardly ever differs from 0.
const RIDGE: f64 = 1e-6;

/// Newton's method settles in far fewer steps.
const STEPS: usize = 25;

/// Fits intercept and weights by iteratively reweighted least squares: McCullagh, Nelder, "Generalized Linear Models", 2nd edition
/// 1989, section 4.4.
pub(super) fn logistic(rows: &[Row]) -> Vec<f64> {
    let width = rows[0].values.len() + 1;
    let mut weights = vec![0.0; width];
    for _ in 0..STEPS {
        let mut hessian = vec![vec![0.0; width + 1]; width];
        for row in rows {
            let values: Vec<f64> = [1.0].into_iter().chain(row.values.iter().copied()).collect();
            let probability = probability(&weights, &row.values);
            let spread = probability * (1.0 - probability);
            for (line, value) in hessian.iter_mut().zip(&values) {
                for (cell, other) in line.iter_mut().zip(&values) {
                    *cell += spread * value * other;
                }
                line[width] += value * (row.holds - probability);
            }
        }
        for (place, line) in hessian.iter_mut().enumerate() {
            line[place] += RIDGE;
        }
        for (weight, step) in weights.iter_mut().zip(solved(hessian)) {
            *weight += step;
        }
    }
    weights
}

/// Computes the probability of values under weights, the first of which is the intercept.
pub(super) fn probability(weights: &[f64], values: &[f64]) -> f64 {
    let added: f64 = weights[1..].iter().zip(values).map(|(weight, value)| weight * value).sum();
    1.0 / (1.0 + (-(weights[0] + added)).exp())
}

/// Solves linear equations, each with its right side at its end, by elimination; they are positive definite, so no row is exchanged.
fn solved(mut lines: Vec<Vec<f64>>) -> Vec<f64> {
    let width = lines.len();
    for pivot in 0..width {
        let (done, rest) = lines.split_at_mut(pivot + 1);
        let above = &done[pivot];
        for line in rest {
            let times = line[pivot] / above[pivot];
            for (cell, taken) in line.iter_mut().zip(above) {
                *cell -= times * taken;
            }
        }
    }
    let mut solution = vec![0.0; width];
    for place in (0..width).rev() {
        let known: f64 = (place + 1..width).map(|other| lines[place][other] * solution[other]).sum();
        solution[place] = (lines[place][width] - known) / lines[place][place];
    }
    solution
}

/// The area under the receiver operating characteristic: how often one of those that hold has the higher score, ties counting half.
/// Hanley, McNeil, "The meaning and use of the area under a ROC curve", 1982.
pub(super) fn area(mut scored: Vec<(f64, bool)>) -> f64 {
    scored.sort_by(|(one, _), (other, _)| one.total_cmp(other));
    let (mut below, mut wins) = (0.0, 0.0);
    for tied in scored.chunk_by(|(one, _), (other, _)| one == other) {
        let holding = tied.iter().filter(|(_, holds)| *holds).count() as f64;
        let others = tied.len() as f64 - holding;
        wins += holding * (below + others / 2.0);
        below += others;
    }
    wins / (below * (scored.len() as f64 - below))
}

#[test]
fn weights_that_made_the_rows_are_found_again() {
    let made = [-0.5, 1.5, -2.0];
    let values = (0..400).map(|n| vec![f64::from(n % 20) / 10.0, f64::from(n / 20) / 10.0]);
    let rows: Vec<Row> = values.map(|values| Row { holds: probability(&made, &values), values }).collect();
    for (found, made) in logistic(&rows).iter().zip(made) {
        assert!((found - made).abs() < 1e-4, "{found} for {made}");
    }
}

#[test]
fn an_area_is_the_share_of_pairs_in_order() {
    assert_eq!(area(vec![(0.1, false), (0.4, true), (0.4, false), (0.9, true)]), 3.5 / 4.0);
}

//! The hypergeometric expectation that BG/NBD and its kin share.

/// Terms are summed until one is this small beside the sum.
const PRECISION: f64 = 1e-15;

/// The series ends by itself long before this; beyond, the rest is far below any interval.
const TERMS_MAX: u32 = 100_000;

/// Tells E[(1 − (1 + p·w)^−R) / p] for p ~ Beta(a, b): how many purchases to expect in a time of `w` = t/A of somebody who buys with rate
/// λ ~ Gamma(R, A) and leaves with probability p after each.
///
/// With C = a + b − 1 and z = w/(1 + w) this is C/(a−1) · [1 − (1−z)^R · ₂F₁(R, b; C; z)] (Fader, Hardie, Lee 2005, equation 10). There a = 1
/// divides zero by zero, and C = 0 multiplies infinity by it. Euler's transformation ₂F₁(R, b; C; z) = (1−z)^(a−1−R) ₂F₁(C−R, a−1; C; z)
/// (Abramowitz, Stegun 1964, 15.3.3) takes the factor a − 1 out of every term but the first, and both are gone:
///
/// −C·((1−z)^(a−1) − 1)/(a−1) − (1−z)^(a−1) · Σ_{k≥1} (C−R)_k (a)_{k−1} / ((C+1)_{k−1} k!) · z^k
pub fn expected_over_beta(shape: f64, a: f64, b: f64, w: f64) -> f64 {
    // Nobody leaves: the rate goes on for all the time.
    if a == 0.0 {
        return shape * w;
    }
    let c = a + b - 1.0;
    let log_rest = -libm::log1p(w);
    let z = w / (1.0 + w);
    let exponent = (a - 1.0) * log_rest;
    let first = if exponent == 0.0 { log_rest } else { libm::expm1(exponent) / (a - 1.0) };
    let mut term = (c - shape) * z;
    let mut sum = term;
    for step in 1..TERMS_MAX {
        let k = f64::from(step);
        term *= (c - shape + k) * (a + k - 1.0) * z / ((c + k) * (k + 1.0));
        sum += term;
        if term.abs() <= PRECISION * sum.abs() {
            break;
        }
    }
    -c * first - libm::exp(exponent) * sum
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sums the expectation over the beta distribution by a quadrature that knows nothing of the series: p = u^(1/a) on a fine midpoint
    /// grid takes the singularity at zero away.
    fn by_quadrature(shape: f64, a: f64, b: f64, w: f64) -> f64 {
        let steps = 400_000;
        let (mut weights, mut sum) = (0.0, 0.0);
        for step in 0..steps {
            let u = (f64::from(step) + 0.5) / f64::from(steps);
            let p = libm::pow(u, 1.0 / a);
            let weight = libm::pow(1.0 - p, b - 1.0);
            weights += weight;
            sum += weight * -libm::expm1(-shape * libm::log1p(p * w)) / p.max(1e-300);
        }
        sum / weights
    }

    #[test]
    fn the_series_is_the_integral() {
        for (shape, a, b, w) in [
            (2.243, 0.793, 4.426, 0.9),
            (0.243, 0.793, 2.426, 17.0),
            (3.0, 1.0, 2.5, 0.5),
            (3.0, 1.0 + 1e-9, 2.5, 0.5),
            (21.0, 2.0, 6.0, 40.0),
            (1.5, 0.4, 1.6, 3.0),
            (0.7, 0.6, 1.4, 3.0),
        ] {
            let (series, integral) = (expected_over_beta(shape, a, b, w), by_quadrature(shape, a, b, w));
            assert!((series / integral - 1.0).abs() < 2e-4, "{shape} {a} {b} {w}: {series} {integral}");
        }
    }

    #[test]
    fn no_time_brings_no_purchases() {
        assert_eq!(expected_over_beta(2.0, 0.8, 2.4, 0.0), 0.0);
    }
}

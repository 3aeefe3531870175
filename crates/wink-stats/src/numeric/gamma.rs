//! Derivatives of the logarithm of the gamma function, for positive arguments.

/// From here on the asymptotic series are exact to the last digits.
const SERIES_FROM: f64 = 10.0;

/// Tells ψ(x) = d ln Γ(x) / dx for x > 0 (Abramowitz, Stegun 1964, 6.3.5 and 6.3.18).
pub fn digamma(x: f64) -> f64 {
    let (x, shift) = raised(x, |x| -1.0 / x);
    let square = 1.0 / (x * x);
    let series = square
        * (1.0 / 12.0
            - square * (1.0 / 120.0 - square * (1.0 / 252.0 - square * (1.0 / 240.0 - square / 132.0))));
    shift + libm::log(x) - 0.5 / x - series
}

/// Tells ψ′(x) for x > 0 (Abramowitz, Stegun 1964, 6.4.6 and 6.4.12).
pub fn trigamma(x: f64) -> f64 {
    let (x, shift) = raised(x, |x| 1.0 / (x * x));
    let square = 1.0 / (x * x);
    let series = square / x
        * (1.0 / 6.0
            - square * (1.0 / 30.0 - square * (1.0 / 42.0 - square * (1.0 / 30.0 - square * (5.0 / 66.0)))));
    shift + 1.0 / x + 0.5 * square + series
}

/// Raises x by whole steps to where the series hold, and sums up what each step changes.
fn raised(mut x: f64, step: impl Fn(f64) -> f64) -> (f64, f64) {
    let mut sum = 0.0;
    while x < SERIES_FROM {
        sum += step(x);
        x += 1.0;
    }
    (x, sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// ψ(1) = −γ, ψ(1/2) = −γ − 2 ln 2, ψ′(1) = π²/6, ψ′(1/2) = π²/2 (Abramowitz, Stegun 1964, 6.3.2, 6.3.3, 6.4.2, 6.4.4).
    #[test]
    fn known_values_are_met() {
        const EULER: f64 = 0.577_215_664_901_532_9;
        let square = std::f64::consts::PI * std::f64::consts::PI;
        for (found, truth) in [
            (digamma(1.0), -EULER),
            (digamma(0.5), -EULER - 2.0 * std::f64::consts::LN_2),
            (digamma(3.0), 1.5 - EULER),
            (trigamma(1.0), square / 6.0),
            (trigamma(0.5), square / 2.0),
            (trigamma(2.0), square / 6.0 - 1.0),
        ] {
            assert!((found - truth).abs() < 1e-12, "{found} {truth}");
        }
    }

    #[test]
    fn they_are_derivatives() {
        for x in [1e-3, 0.2, 2.7, 9.99, 10.01, 350.0] {
            let step = 1e-5 * x;
            let slope = (libm::lgamma(x + step) - libm::lgamma(x - step)) / (2.0 * step);
            assert!((slope - digamma(x)).abs() < 1e-6 * (1.0 + slope.abs()), "{x}");
            let slope = (digamma(x + step) - digamma(x - step)) / (2.0 * step);
            assert!((slope - trigamma(x)).abs() < 1e-6 * (1.0 + slope.abs()), "{x}");
        }
    }
}

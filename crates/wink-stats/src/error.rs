//! Why there is no answer: one enum for all estimators, so that whoever calls can say it in one sentence.

/// What stands in the way of an estimate. It is an answer, and never replaced by a number.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Error {
    /// Too few of something.
    #[error("not enough data: {found} {what}, and at least {needed} are needed")]
    NotEnoughData {
        /// What there is too little of, in the plural.
        what: &'static str,
        /// The least there must be.
        needed: u64,
        /// How many there are.
        found: u64,
    },
    /// A NaN or an infinity.
    #[error("{what} of row {row} is not a finite number")]
    NotFinite {
        /// Which input.
        what: &'static str,
        /// Its row, counted from one.
        row: usize,
    },
    /// A number that cannot be: a negative time, a share above one.
    #[error("{what} is {}, and must be {must}", short(*value))]
    OutOfRange {
        /// Which input.
        what: &'static str,
        /// The number.
        value: f64,
        /// What it must be.
        must: &'static str,
    },
    /// Something that must differ between rows, and does not.
    #[error("not enough data: {what} is the same everywhere")]
    Constant {
        /// Which input.
        what: &'static str,
    },
    /// An input that tells the outcomes apart without a mistake, so that its weight has no finite best value.
    #[error("not enough data: {what} separates the outcomes perfectly")]
    Separated {
        /// Which input.
        what: &'static str,
    },
    /// Inputs whose lengths do not fit each other.
    #[error("{what} has {found} entries, and {expected} were expected")]
    Shape {
        /// Which input.
        what: &'static str,
        /// How many entries it should have.
        expected: usize,
        /// How many it has.
        found: usize,
    },
    /// A search that did not arrive.
    #[error("{what} did not converge within {evaluations} evaluations")]
    NoConvergence {
        /// What was searched.
        what: &'static str,
        /// How often the objective was computed.
        evaluations: usize,
    },
    /// A likelihood that does not tell some parameters apart, or has its highest value at no finite place.
    #[error("the data does not identify {what}")]
    NotIdentified {
        /// Which parameters.
        what: &'static str,
    },
}

/// A number as a sentence has it: with a power of ten where it has more digits than it knows.
fn short(number: f64) -> String {
    let size = number.abs();
    if number == 0.0 || (1e-6..1e15).contains(&size) { number.to_string() } else { format!("{number:e}") }
}

/// Refuses NaN and infinities.
pub(crate) fn finite(what: &'static str, values: &[f64]) -> Result<(), Error> {
    match values.iter().position(|value| !value.is_finite()) {
        Some(row) => Err(Error::NotFinite { what, row: row + 1 }),
        None => Ok(()),
    }
}

/// Refuses inputs of different lengths.
pub(crate) fn same_length(what: &'static str, expected: usize, found: usize) -> Result<(), Error> {
    if expected == found { Ok(()) } else { Err(Error::Shape { what, expected, found }) }
}

/// Refuses too few.
pub(crate) fn at_least(what: &'static str, needed: u64, found: usize) -> Result<(), Error> {
    let found = u64::try_from(found).unwrap_or(u64::MAX);
    if needed <= found { Ok(()) } else { Err(Error::NotEnoughData { what, needed, found }) }
}

/// Passes a sum of squares or what was made of it, if no value was too large to be squared.
pub(crate) fn squared(what: &'static str, value: f64) -> Result<f64, Error> {
    if value.is_finite() {
        return Ok(value);
    }
    Err(Error::OutOfRange { what, value, must: "finite; a value is too large to be squared" })
}

/// Passes what may stand below a line.
pub(crate) fn positive(what: &'static str, value: f64) -> Result<f64, Error> {
    if 0.0 < value && value.is_finite() {
        return Ok(value);
    }
    Err(Error::OutOfRange { what, value, must: "above 0" })
}

/// Refuses what is not strictly between zero and one.
pub(crate) fn share(what: &'static str, value: f64) -> Result<(), Error> {
    if 0.0 < value && value < 1.0 {
        return Ok(());
    }
    Err(Error::OutOfRange { what, value, must: "between 0 and 1" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_out_of_range_is_said_in_few_digits() {
        let said = |value| Error::OutOfRange { what: "it", value, must: "small" }.to_string();
        assert_eq!(said(1.5), "it is 1.5, and must be small");
        assert_eq!(said(-0.0), "it is -0, and must be small");
        assert_eq!(said(1e300), "it is 1e300, and must be small");
        assert_eq!(said(-2.5e-198), "it is -2.5e-198, and must be small");
        assert_eq!(said(f64::INFINITY), "it is inf, and must be small");
    }
}

//! The estimators against simulated data whose truth is known.

#[cfg(test)]
mod buying;

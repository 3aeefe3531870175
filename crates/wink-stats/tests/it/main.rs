//! The estimators against simulated data whose truth is known, and against data sets others have published figures for.

#[cfg(test)]
mod bandit;
#[cfg(test)]
mod buying;
#[cfg(test)]
mod complements;
#[cfg(test)]
mod offpolicy;
#[cfg(test)]
mod propensity;
#[cfg(test)]
mod sample;
#[cfg(test)]
mod uplift;

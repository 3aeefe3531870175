//! Reading data sets and sending them in, with a clock that runs with the data.

pub(crate) mod columns;
pub(crate) mod completejourney;
pub(crate) mod envelopes;
pub(crate) mod run;
pub(crate) mod summary;
pub(crate) mod table;

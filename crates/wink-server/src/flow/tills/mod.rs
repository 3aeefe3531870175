//! Tills that cannot always ask: what they may give meanwhile, what they report afterwards, and what each did on a day.

pub mod day;
pub mod leases;
pub(crate) mod sweep;
pub mod sync;

//! The use cases, one file each, all in the shape load, decide, commit.

pub mod again;
pub mod catalogue;
pub mod decide;
pub mod erase;
pub mod expire;
pub mod ingest;
pub mod past;
pub mod products;
pub mod redeem;
pub mod retain;

mod person;

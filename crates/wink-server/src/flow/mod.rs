//! The use cases, one file each, all in the shape load, decide, commit.

pub mod again;
pub mod as_of;
pub mod cart;
pub mod catalogue;
pub mod consents;
pub mod decide;
pub mod erase;
pub mod expire;
pub mod export;
pub mod exposures;
pub mod ingest;
pub mod letters;
pub mod links;
pub mod moments;
pub mod outbox;
pub mod page;
pub mod past;
pub mod product_import;
pub mod products;
pub mod profiles;
pub mod redeem;
pub mod refold;
pub mod retain;
pub mod rights;
pub mod segments;
pub mod stream;
pub mod tables;
pub mod unread;
pub mod webhooks;
pub mod whole;

mod announce;
mod bury;
mod own;
pub(crate) mod person;

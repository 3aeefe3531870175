//! The use cases, one file each, all in the shape load, decide, commit.

use wink_core::base::Timestamp;

/// Tells the time to a run over many people. Whose consent counts is asked after the person was read: a word that came since the run began
/// lies ahead of the run's beginning, and would not be heard.
pub type Clock<'a> = &'a (dyn Fn() -> Timestamp + Send + Sync);

pub mod again;
pub mod as_of;
pub mod bulk;
pub mod cart;
pub mod catalogue;
pub mod codes;
pub mod consents;
pub mod context;
pub mod decide;
pub mod erase;
pub mod expire;
pub mod expiring;
pub mod export;
pub mod exposures;
pub mod households;
pub mod ingest;
pub mod letters;
pub mod links;
pub mod models;
pub mod moments;
pub mod once;
pub mod outbox;
pub mod page;
pub mod past;
pub mod points;
pub mod product_import;
pub mod products;
pub mod profiles;
pub mod redeem;
pub mod refold;
pub mod reservations;
pub mod retain;
pub mod reverse;
pub mod rights;
pub mod rounds;
pub mod segments;
pub mod steps;
pub mod stream;
pub mod tables;
pub mod tills;
pub mod unread;
pub mod webhooks;
pub mod whole;

mod announce;
mod bands;
mod booking;
mod bury;
mod deadlines;
mod leaving;
pub(crate) mod limits;
mod newcomer;
mod noted;
mod own;
pub(crate) mod person;
pub(crate) mod running;
mod taker;
mod tell;
mod words;

//! The backup file: everything a store held at one moment, in a form that belongs to no engine.
//!
//! Knows the five things of the store port and how they lie in a file. Never an engine, a person, a key or a path.
//!
//! ```text
//! winkbk01                                     what it is, and the format
//! frame: kind, length, payload, hash           1  about: when, by which Wink, under which secret
//! frame                                        2  a piece: some of what was stored; as many as there are
//! frame                                        3  the seal: the last version, and how many of each thing
//! ```
//!
//! Every frame's hash runs over the one before it, so a frame that is changed, left out, doubled or in another place is noticed, and
//! without the seal a backup is not whole. Whoever reads one checks the journal's hash chains on the way. Nothing is encrypted and
//! nothing is signed: a backup wants the same care as the store it was made of.

mod error;
mod format;
mod frame;
mod read;
mod write;

pub use error::Damage;
pub use format::{About, Counts};
pub use read::{Backup, read};
pub use write::{Error, write};

//! Things that are played, each from a seed: a store in memory on a simulated disk with the faults it can be given, and a shop with
//! people whose intent is known.
//!
//! The store keeps the whole contract of [`wink_store::Store`], so whatever runs on it runs on the real ones; and it can lose power
//! at any disk operation, tear sectors, fail to sync, answer late, or lose an answer — the same way again for the same seed.
//! Never touches a real disk, a clock or the operating system's randomness.

mod codec;
mod disk;
mod faults;
pub mod shop;
mod state;
mod store;

pub use disk::{Disk, SECTOR_BYTES};
pub use faults::{Faults, Mutant, Rate};
pub use store::SimStore;

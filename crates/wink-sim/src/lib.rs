//! Things that are played, each from a seed: a shop with people whose intent is known, and, as the feature `store`, a store in memory on a
//! simulated disk with the faults it can be given.
//!
//! The store keeps the whole contract of `wink_store::Store`, so whatever runs on it runs on the real ones; and it can lose power
//! at any disk operation, tear sectors, fail to sync, answer late, or lose an answer — the same way again for the same seed.
//! Nothing here touches a real disk, a clock or the operating system's randomness.

#[cfg(feature = "store")]
mod codec;
#[cfg(feature = "store")]
mod disk;
#[cfg(feature = "store")]
mod faults;
pub mod shop;
#[cfg(feature = "store")]
mod state;
#[cfg(feature = "store")]
mod store;

#[cfg(feature = "store")]
pub use disk::{Disk, SECTOR_BYTES};
#[cfg(feature = "store")]
pub use faults::{Faults, Mutant, Rate};
#[cfg(feature = "store")]
pub use store::SimStore;

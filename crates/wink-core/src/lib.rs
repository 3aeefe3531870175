//! The product, pure: events, profiles, features, offers, decisions, coupons, measurement.
//!
//! Everything comes in as an argument: time, chance, ids and what is stored. Never I/O, a clock, a thread, a hash map's order, or a
//! wire or disk format. A stage uses `base`, itself and the stages before it, in the order they stand here.

pub mod base;
pub mod event;
pub mod profile;
pub mod feature;
pub mod offer;
pub mod decision;
pub mod coupon;
pub mod measure;

//! The product, pure: events, profiles, features, offers, decisions, coupons, measurement.
//!
//! Everything comes in as an argument: time, chance, ids and what is stored. Never I/O, a clock, a thread, a hash map's order, or a
//! wire or disk format. A stage uses `base`, itself and the stages before it, in the order they stand here.

pub mod base;
pub mod coupon;
pub mod decision;
pub mod event;
pub mod feature;
pub mod measure;
pub mod offer;
pub mod profile;

//! Webhooks: signed as Standard Webhooks 1.0.0 asks, sent to addresses that were looked at, tried again for three days.

pub mod address;
pub mod schedule;
pub mod send;
pub mod signature;

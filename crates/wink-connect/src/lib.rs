//! Outward things, one module each: so far webhooks. Decides nothing about offers, and never sees a store.

pub mod webhook;

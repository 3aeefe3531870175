//! One file per command.

pub(crate) mod backup;
pub(crate) mod bench;
pub(crate) mod catalogue;
pub(crate) mod context;
pub(crate) mod coupon;
pub(crate) mod dead_letters;
pub(crate) mod decide;
pub(crate) mod doctor;
pub(crate) mod erase;
pub(crate) mod evaluate;
pub(crate) mod events;
pub(crate) mod explain;
pub(crate) mod export;
pub(crate) mod features;
pub(crate) mod household;
pub(crate) mod import;
pub(crate) mod key;
pub(crate) mod lint;
pub(crate) mod measure;
pub(crate) mod model;
pub(crate) mod products;
pub(crate) mod replay;
pub(crate) mod restore;
pub(crate) mod segments;
pub(crate) mod serve;
pub(crate) mod simulate;
pub(crate) mod till;
pub(crate) mod verify;

mod bulk;
mod interval;
mod money;
mod offline;

use anyhow::{anyhow, bail};
use wink_core::base::Timestamp;
use wink_core::event::Identity;

/// What a shell expects of a program that was interrupted.
const INTERRUPTED: u8 = 130;

/// Reads `namespace:value`.
fn identity(text: &str) -> anyhow::Result<Identity> {
    let Some((namespace, value)) = text.split_once(':') else {
        bail!("`{text}` is not an identity; write it as namespace:value, like household:1029");
    };
    Identity::new(namespace, value).map_err(|error| anyhow!("`{text}` is not an identity: {error}"))
}

/// Reads a time, if one is given.
fn time(text: Option<&str>) -> anyhow::Result<Option<Timestamp>> {
    text.map(Timestamp::parse).transpose().map_err(|error| anyhow!(error))
}

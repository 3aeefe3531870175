//! An applied catalogue: its files as they were, so that any later version of Wink reads them with its own eyes, and when it was applied.

use std::collections::BTreeMap;

use prost::Message;
use wink_core::base::{Digest, Timestamp};
use wink_core::offer::CatalogueVersion;

use crate::message::{Damaged, Stored, decode};

/// The files of one catalogue version, by relative path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CatalogueFiles(pub BTreeMap<String, String>);

#[derive(Clone, PartialEq, Message)]
struct FilesMessage {
    #[prost(btree_map = "string, string", tag = "1")]
    files: BTreeMap<String, String>,
}

impl Stored for CatalogueFiles {
    fn to_bytes(&self) -> Vec<u8> {
        FilesMessage { files: self.0.clone() }.encode_to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, Damaged> {
        Ok(Self(decode::<FilesMessage>("catalogue", bytes)?.files))
    }
}

/// That a catalogue version was put in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CatalogueApplied {
    /// Which version.
    pub version: CatalogueVersion,
    /// When.
    pub at: Timestamp,
}

#[derive(Clone, PartialEq, Message)]
struct AppliedMessage {
    #[prost(bytes = "vec", tag = "1")]
    version: Vec<u8>,
    #[prost(sint64, tag = "2")]
    at: i64,
}

impl Stored for CatalogueApplied {
    fn to_bytes(&self) -> Vec<u8> {
        AppliedMessage { version: self.version.0.0.to_vec(), at: self.at.0 }.encode_to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, Damaged> {
        const WHAT: &str = "applied catalogue";
        let message: AppliedMessage = decode(WHAT, bytes)?;
        let version = <[u8; 32]>::try_from(message.version.as_slice()).map_err(|_| Damaged {
            what: WHAT,
            why: format!("a version has {} bytes instead of 32", message.version.len()),
        })?;
        Ok(Self { version: CatalogueVersion(Digest(version)), at: Timestamp(message.at) })
    }
}

//! An applied catalogue: its files as they were, so that any later version of Wink reads them with its own eyes.

use std::collections::BTreeMap;

use prost::Message;

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

//! The contents of a vault; they lie in the store sealed only.

use std::collections::BTreeMap;

use prost::Message;
use wink_core::base::Timestamp;
use wink_core::event::Identity;
use wink_core::profile::Vault;

use crate::message::{Damaged, Stored, decode, present};
use crate::value::ValueMessage;

const WHAT: &str = "vault";

#[derive(Clone, PartialEq, Message)]
struct VaultMessage {
    #[prost(message, repeated, tag = "1")]
    identities: Vec<IdentityMessage>,
    #[prost(btree_map = "string, message", tag = "2")]
    attributes: BTreeMap<String, AttributeMessage>,
}

#[derive(Clone, PartialEq, Message)]
struct IdentityMessage {
    #[prost(string, tag = "1")]
    namespace: String,
    #[prost(string, tag = "2")]
    value: String,
}

#[derive(Clone, PartialEq, Message)]
struct AttributeMessage {
    #[prost(sint64, tag = "1")]
    at: i64,
    #[prost(message, optional, tag = "2")]
    value: Option<ValueMessage>,
}

impl Stored for Vault {
    fn to_bytes(&self) -> Vec<u8> {
        let identity = |identity: &Identity| IdentityMessage {
            namespace: identity.namespace().to_owned(),
            value: identity.value().to_owned(),
        };
        let attributes = self.attributes.iter().map(|(name, (at, value))| {
            (name.clone(), AttributeMessage { at: at.0, value: Some(value.into()) })
        });
        VaultMessage {
            identities: self.identities.iter().map(identity).collect(),
            attributes: attributes.collect(),
        }
        .encode_to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, Damaged> {
        let message: VaultMessage = decode(WHAT, bytes)?;
        let mut vault = Self::default();
        for identity in message.identities {
            let identity = Identity::new(&identity.namespace, &identity.value)
                .map_err(|error| Damaged { what: WHAT, why: error.to_string() })?;
            vault.know(&identity);
        }
        for (name, attribute) in message.attributes {
            let value = present(WHAT, "value", attribute.value)?.into();
            vault.attributes.insert(name, (Timestamp(attribute.at), value));
        }
        Ok(vault)
    }
}

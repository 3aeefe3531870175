//! Coupons issued in bulk, and the keys their codes are signed with.

use prost::Message;
use wink_core::base::{DecisionId, Digest, Timestamp};
use wink_core::coupon::Bulk;
use wink_core::offer::CatalogueVersion;

use crate::event::offer;
use crate::message::{Damaged, Stored, decode, id};

#[derive(Clone, PartialEq, Message)]
struct BulkMessage {
    #[prost(bytes = "vec", tag = "1")]
    id: Vec<u8>,
    #[prost(string, tag = "2")]
    offer: String,
    #[prost(bytes = "vec", tag = "3")]
    catalogue: Vec<u8>,
    #[prost(uint64, tag = "4")]
    count: u64,
    #[prost(uint64, tag = "5")]
    done: u64,
    #[prost(sint64, tag = "6")]
    begun_at: i64,
}

impl Stored for Bulk {
    fn to_bytes(&self) -> Vec<u8> {
        BulkMessage {
            id: self.id.bytes().to_vec(),
            offer: self.offer.to_string(),
            catalogue: self.catalogue.0.0.to_vec(),
            count: self.count,
            done: self.done,
            begun_at: self.begun_at.0,
        }
        .encode_to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, Damaged> {
        const WHAT: &str = "bulk";
        let message: BulkMessage = decode(WHAT, bytes)?;
        let damaged = |why: &str| Damaged { what: WHAT, why: why.to_owned() };
        let version: [u8; 32] = message
            .catalogue
            .try_into()
            .map_err(|_| damaged("its catalogue version is not 32 bytes long"))?;
        if message.count < message.done {
            return Err(damaged("more is done than there is to do"));
        }
        Ok(Self {
            id: DecisionId::from_bytes(id(WHAT, &message.id)?),
            offer: offer(WHAT, &message.offer)?,
            catalogue: CatalogueVersion(Digest(version)),
            count: message.count,
            done: message.done,
            begun_at: Timestamp(message.begun_at),
        })
    }
}

/// When the key that signs codes was replaced. The keys follow from the installation's secret, so only their number is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyRotations(pub Vec<Timestamp>);

#[derive(Clone, PartialEq, Message)]
struct KeyRotationsMessage {
    #[prost(sint64, repeated, tag = "1")]
    at: Vec<i64>,
}

impl Stored for KeyRotations {
    fn to_bytes(&self) -> Vec<u8> {
        KeyRotationsMessage { at: self.0.iter().map(|at| at.0).collect() }.encode_to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, Damaged> {
        let message: KeyRotationsMessage = decode("key rotations", bytes)?;
        Ok(Self(message.at.into_iter().map(Timestamp).collect()))
    }
}

//! Coupons that are issued in bulk, for codes on paper: nobody's, each for whoever comes with its code first.

use super::issue::{of_offer, reserving};
use super::life::Effect;
use crate::base::{CouponId, DecisionId, Hasher, OfferId, Timestamp};
use crate::offer::{Catalogue, CatalogueVersion};

/// The most coupons of one bulk: a shop that prints more prints twice.
pub const BULK_MAX: u64 = 10_000_000;

/// Many coupons of one offer, and how many of them are issued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bulk {
    /// Its id. It stands in its coupons where others have their decision: that somebody wants so many was decided once.
    pub id: DecisionId,
    /// The offer.
    pub offer: OfferId,
    /// The catalogue whose word counts for all of them, whenever they are issued.
    pub catalogue: CatalogueVersion,
    /// How many there are to be.
    pub count: u64,
    /// How many there are: the coupons with the numbers below.
    pub done: u64,
    /// When it was begun. All its coupons are valid from then on, so the last of them runs out with the first.
    pub begun_at: Timestamp,
}

impl Bulk {
    /// Begins a bulk under a name: the same name is always the same bulk.
    pub fn new(name: &str, offer: OfferId, catalogue: CatalogueVersion, count: u64, now: Timestamp) -> Self {
        Self { id: Self::id_of(name), offer, catalogue, count, done: 0, begun_at: now }
    }

    /// Tells the id of the bulk of a name.
    pub fn id_of(name: &str) -> DecisionId {
        DecisionId::seeded("bulk", &[name.as_bytes()])
    }

    /// Names the coupon of a number. Under a secret: whoever knows the bulk's name must not be able to reckon its coupons.
    pub fn coupon_id(&self, secret: &[u8; 32], number: u64) -> CouponId {
        let hash = Hasher::keyed(secret, "bulk coupon").field(&self.id.bytes()).field(&number.to_be_bytes());
        CouponId::from_bytes(hash.finish().short())
    }

    /// Issues the coupon of a number, reserving the most it can cost. `None` if the catalogue has no such offer, or it has several values.
    pub fn issue(&self, secret: &[u8; 32], number: u64, catalogue: &Catalogue) -> Option<Effect> {
        let offer = catalogue.offer(&self.offer)?;
        let [benefit] = offer.benefits.as_slice() else { return None };
        let campaign = catalogue.campaigns.get(offer.campaign)?;
        let id = self.coupon_id(secret, number);
        Some(reserving(of_offer(id, self.id, campaign, offer, *benefit, self.begun_at)))
    }
}

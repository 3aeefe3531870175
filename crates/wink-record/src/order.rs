//! Which coupons were used on an order.

use prost::Message;
use wink_core::base::CouponId;

use crate::message::{Damaged, Stored, decode, id};

const WHAT: &str = "coupons of an order";

/// The coupons that were used on an order, in the order in which they were. Whether one still is, the coupon says. Names nobody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrderCoupons(pub Vec<CouponId>);

#[derive(Clone, PartialEq, Message)]
struct OrderMessage {
    #[prost(bytes = "vec", repeated, tag = "1")]
    coupons: Vec<Vec<u8>>,
}

impl Stored for OrderCoupons {
    fn to_bytes(&self) -> Vec<u8> {
        OrderMessage { coupons: self.0.iter().map(|coupon| coupon.bytes().to_vec()).collect() }
            .encode_to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, Damaged> {
        let message: OrderMessage = decode(WHAT, bytes)?;
        let coupons = message.coupons.iter().map(|bytes| Ok(CouponId::from_bytes(id(WHAT, bytes)?)));
        coupons.collect::<Result<_, Damaged>>().map(Self)
    }
}

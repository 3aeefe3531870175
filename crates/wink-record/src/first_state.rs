//! A state as it was written before features were declared. Read, never written.

use prost::Message;
use wink_core::base::Timestamp;
use wink_core::feature::{FirstDay, FirstForm, State};

use crate::message::Damaged;
use crate::state::WHAT;

#[derive(Clone, PartialEq, Message)]
pub(crate) struct FirstStateMessage {
    /// Days since 1970-01-01; the lists below run parallel.
    #[prost(sint32, repeated, tag = "1")]
    day: Vec<i32>,
    #[prost(uint32, repeated, tag = "2")]
    orders: Vec<u32>,
    #[prost(uint32, repeated, tag = "3")]
    lines: Vec<u32>,
    #[prost(sint64, repeated, tag = "4")]
    sales_cents: Vec<i64>,
    #[prost(sint64, repeated, tag = "5")]
    discount_cents: Vec<i64>,
    #[prost(uint32, repeated, tag = "6")]
    coupons: Vec<u32>,
    #[prost(message, repeated, tag = "7")]
    affinity: Vec<AffinityMessage>,
    #[prost(sint64, optional, tag = "8")]
    last_order_at: Option<i64>,
    /// Beside them stood the campaigns, under tag 10; who was contacted for which is in the wallet.
    #[prost(sint64, repeated, tag = "9")]
    contact_at: Vec<i64>,
}

#[derive(Clone, PartialEq, Message)]
struct AffinityMessage {
    #[prost(string, tag = "1")]
    category: String,
    #[prost(sint32, repeated, tag = "2")]
    bucket: Vec<i32>,
    #[prost(sint64, repeated, tag = "3")]
    cents: Vec<i64>,
}

/// Nobody has spent more in four weeks, and the sums of all categories stay within an integer.
const CENTS_MAX: u64 = 1 << 40;

/// Takes it over into accumulators.
pub(crate) fn upcast(message: FirstStateMessage) -> Result<State, Damaged> {
    let columns = [
        message.orders.len(),
        message.lines.len(),
        message.sales_cents.len(),
        message.discount_cents.len(),
        message.coupons.len(),
    ];
    same_length("day", message.day.len(), &columns)?;
    if !message.day.is_sorted_by(|one, next| one < next) {
        return Err(Damaged { what: WHAT, why: "its days do not ascend".to_owned() });
    }
    let day = |place: usize| {
        let day = FirstDay {
            orders: *message.orders.get(place)?,
            lines: *message.lines.get(place)?,
            sales_cents: *message.sales_cents.get(place)?,
            discount_cents: *message.discount_cents.get(place)?,
            coupons: *message.coupons.get(place)?,
        };
        Some((*message.day.get(place)?, day))
    };
    let mut first = FirstForm {
        days: (0..message.day.len()).filter_map(day).collect(),
        last_order_at: message.last_order_at.map(Timestamp),
        contacts: message.contact_at.into_iter().map(Timestamp).collect(),
        ..FirstForm::default()
    };
    for affinity in message.affinity {
        same_length("affinity", affinity.bucket.len(), &[affinity.cents.len()])?;
        if affinity.cents.iter().any(|cents| CENTS_MAX < cents.unsigned_abs()) {
            return Err(Damaged { what: WHAT, why: "a sum is out of range".to_owned() });
        }
        let cells = affinity.bucket.into_iter().zip(affinity.cents).collect();
        first.categories.insert(affinity.category, cells);
    }
    Ok(first.into_state())
}

fn same_length(list: &str, expected: usize, found: &[usize]) -> Result<(), Damaged> {
    if found.iter().all(|length| *length == expected) {
        return Ok(());
    }
    Err(Damaged { what: WHAT, why: format!("the lists of `{list}` differ in length") })
}

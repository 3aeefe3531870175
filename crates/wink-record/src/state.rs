//! The folded state of an identity. Written with every event, so it is packed: parallel lists of small numbers.

use prost::Message;
use wink_core::base::Timestamp;
use wink_core::feature::{Affinity, Contact, Day, State};

use crate::event::campaign;
use crate::message::{Damaged, Stored, decode};

const WHAT: &str = "feature state";

#[derive(Clone, PartialEq, Message)]
struct StateMessage {
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
    #[prost(sint64, repeated, tag = "9")]
    contact_at: Vec<i64>,
    #[prost(string, repeated, tag = "10")]
    contact_campaign: Vec<String>,
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

impl Stored for State {
    fn to_bytes(&self) -> Vec<u8> {
        let affinity = self.affinity.iter().map(|(category, affinity)| AffinityMessage {
            category: category.clone(),
            bucket: affinity.cents.keys().copied().collect(),
            cents: affinity.cents.values().copied().collect(),
        });
        let days = || self.days.values();
        StateMessage {
            day: self.days.keys().copied().collect(),
            orders: days().map(|day| day.orders).collect(),
            lines: days().map(|day| day.lines).collect(),
            sales_cents: days().map(|day| day.sales_cents).collect(),
            discount_cents: days().map(|day| day.discount_cents).collect(),
            coupons: days().map(|day| day.coupons).collect(),
            affinity: affinity.collect(),
            last_order_at: self.last_order_at.map(|at| at.0),
            contact_at: self.contacts.iter().map(|contact| contact.at.0).collect(),
            contact_campaign: self.contacts.iter().map(|contact| contact.campaign.to_string()).collect(),
        }
        .encode_to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, Damaged> {
        let message: StateMessage = decode(WHAT, bytes)?;
        let mut state = Self { last_order_at: message.last_order_at.map(Timestamp), ..Self::default() };
        let columns = [
            message.orders.len(),
            message.lines.len(),
            message.sales_cents.len(),
            message.discount_cents.len(),
            message.coupons.len(),
        ];
        same_length("day", message.day.len(), &columns)?;
        let sums = message.orders.iter().zip(&message.lines).zip(&message.sales_cents);
        let sums = sums.zip(&message.discount_cents).zip(&message.coupons);
        for (day, ((((orders, lines), sales_cents), discount_cents), coupons)) in message.day.iter().zip(sums)
        {
            let sums = Day {
                orders: *orders,
                lines: *lines,
                sales_cents: *sales_cents,
                discount_cents: *discount_cents,
                coupons: *coupons,
            };
            state.days.insert(*day, sums);
        }
        for affinity in message.affinity {
            same_length("affinity", affinity.bucket.len(), &[affinity.cents.len()])?;
            let cents = affinity.bucket.into_iter().zip(affinity.cents).collect();
            state.affinity.insert(affinity.category, Affinity { cents });
        }
        same_length("contact", message.contact_at.len(), &[message.contact_campaign.len()])?;
        for (at, name) in message.contact_at.into_iter().zip(&message.contact_campaign) {
            state.contacts.push(Contact { at: Timestamp(at), campaign: campaign(WHAT, name)? });
        }
        Ok(state)
    }
}

fn same_length(list: &str, expected: usize, found: &[usize]) -> Result<(), Damaged> {
    if found.iter().all(|length| *length == expected) {
        return Ok(());
    }
    Err(Damaged { what: WHAT, why: format!("the lists of `{list}` differ in length") })
}

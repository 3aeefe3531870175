//! Somebody tries a code. Wrong ones are counted by where they come from, and what is not valid is answered at the same time, whatever the
//! reason: neither the answer nor the clock tells a guess from a coupon that ran out.
//!
//! Counted in memory, in a table of fixed size: a server that begins anew begins counting anew.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use wink_api::TypedBySent;
use wink_core::base::Hasher;
use wink_core::event::Identity;
use wink_store::Store;

use super::gate::address;
use super::problem::{Refused, too_often};
use super::rate::{Every, Rates};
use super::service::{Arrival, Caller, Service};
use crate::access::Role;
use crate::flow::codes::{is_id, typed};

/// Wrong codes from one address, device or account: five a minute. Mistyped ones are not counted, as their check symbol gives them away.
const FROM_ONE: Every = Every { between: Duration::from_secs(12), burst: 5 };

/// Wrong codes in a whole shop: a hundred a second. With ten million coupons alive, a month of that finds one with a probability of 7e-8.
const IN_A_SHOP: Every = Every { between: Duration::from_millis(10), burst: 100 };

/// When an answer is given that a code is not valid, counted from when it was asked: longer than any look-up takes.
const ANSWERED_AFTER: Duration = Duration::from_millis(25);

/// Texts that are no ids and may be codes.
pub(super) struct Trial<S> {
    service: Arc<Service<S>>,
    begun: Instant,
    /// Who tries: address, device, account.
    from: Vec<u64>,
    shop: u64,
}

impl<S: Store> Trial<S> {
    /// Begins with what was named.
    ///
    /// # Errors
    /// When to come again, if too many wrong codes came from there. That is so for right codes as well, so it tells nothing of this one.
    pub(super) fn begin(
        caller: &Caller<S>,
        arrival: &Arrival,
        typed_by: Option<&TypedBySent>,
        identity: Option<&Identity>,
        named: &[String],
    ) -> Result<Self, Refused> {
        let tenant = caller.engine.tenant.0.to_le_bytes();
        let hash = |what: &str, who: &str| {
            let hash = Hasher::new("wrong code").field(&tenant).field(what.as_bytes());
            hash.field(who.as_bytes()).finish().number()
        };
        let mut from = Vec::new();
        let said = typed_by.cloned().unwrap_or_default();
        from.extend(said.device.map(|device| hash("device", &device)));
        from.extend(said.account.map(|account| hash("account", &account)));
        from.extend(identity.map(|who| hash("account", &format!("{} {}", who.namespace(), who.value()))));
        if caller.access.role == Role::Till {
            from.push(hash("till", &caller.access.name));
        }
        // The shop's server calls for all its shoppers: where it names one, its own address is nobody's.
        match said.address {
            Some(address) => from.push(hash("address", &address)),
            None if from.is_empty() => from.push(hash("address", &address(arrival))),
            None => {}
        }
        let trial =
            Self { service: caller.service.clone(), begun: Instant::now(), from, shop: hash("shop", "") };
        if named.iter().any(|text| typed(text).is_some()) {
            trial.all(Rates::may).map_err(too_often)?;
        }
        Ok(trial)
    }

    /// Ends with what of it named no coupon that somebody is told of.
    pub(super) async fn end<'a>(self, unknown: impl Iterator<Item = &'a String>) {
        let unknown: Vec<&String> = unknown.filter(|text| !is_id(text)).collect();
        for _ in unknown.iter().filter(|text| typed(text).is_some()) {
            if self.service.rates.take(self.shop, IN_A_SHOP).is_err() {
                tracing::warn!(code = "codes_guessed", "more wrong codes are tried than anybody mistypes");
            }
            // Over the limit already, others are asked first next time.
            for who in &self.from {
                self.service.rates.take(*who, FROM_ONE).ok();
            }
        }
        if !unknown.is_empty() {
            tokio::time::sleep_until(self.begun + ANSWERED_AFTER).await;
        }
    }

    fn all(&self, ask: impl Fn(&Rates, u64, Every) -> Result<(), Duration>) -> Result<(), Duration> {
        let rates = &self.service.rates;
        self.from.iter().try_for_each(|who| ask(rates, *who, FROM_ONE))?;
        ask(rates, self.shop, IN_A_SHOP)
    }
}

//! Somebody tries a code. Wrong ones are counted by where they come from, and what is not valid is answered at the same time, whatever the
//! reason: neither the answer nor the clock tells a guess from a coupon that ran out.
//!
//! Counted in memory, in a table of fixed size: a server that begins anew begins counting anew.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use wink_api::TypedBySent;
use wink_core::base::Hasher;
use wink_core::event::Identity;
use wink_store::Store;

use super::gate::{address, network};
use super::problem::{Refused, invalid, too_often};
use super::rate::Every;
use super::service::{Arrival, Caller, Service};
use crate::access::Role;
use crate::flow::codes::{is_id, typed};

/// Wrong codes from one address, device or account: five a minute. Mistyped ones are not counted, as their check symbol gives them away.
const FROM_ONE: Every = Every { between: Duration::from_secs(12), burst: 5 };

/// Wrong codes at one till, whose key is known: one a second. Slips that ran out are scanned in rows.
const FROM_A_TILL: Every = Every { between: Duration::from_secs(1), burst: 60 };

/// Codes that are typed in one request: nobody types more, and whoever tries them in heaps is to be told to wait like anybody.
const AT_ONCE: u32 = 5;

/// Wrong codes in a whole shop: a hundred a second. With ten million coupons alive, a month of that finds one with a probability of 7e-8.
const IN_A_SHOP: Every = Every { between: Duration::from_millis(10), burst: 100 };

/// When an answer is given that a code is not valid, counted from when it was asked: longer than any look-up takes.
const ANSWERED_AFTER: Duration = Duration::from_millis(25);

/// Texts that are no ids and may be codes. Each counts as a wrong one from the beginning, so that many at once are no more than one after the
/// other; those that turn out right are given back.
pub(super) struct Trial<S> {
    service: Arc<Service<S>>,
    begun: Instant,
    /// Who tries: address, device, account, till; and all of the shop.
    from: Vec<(u64, Every)>,
    typed: u32,
}

impl<S: Store> Trial<S> {
    /// Begins with what was named.
    ///
    /// # Errors
    /// When to come again, if too many wrong codes came from there. That is so for right codes as well, so it tells nothing of this one. If
    /// more are typed at once than anybody types, or the address they were typed at is none.
    pub(super) fn begin(
        caller: &Caller<S>,
        arrival: &Arrival,
        typed_by: Option<&TypedBySent>,
        identity: Option<&Identity>,
        named: &[String],
    ) -> Result<Self, Refused> {
        let is_till = caller.access.role == Role::Till;
        let typed =
            u32::try_from(named.iter().filter(|text| typed(text).is_some()).count()).unwrap_or(u32::MAX);
        if AT_ONCE < typed && !is_till {
            return Err(invalid("/coupons", format!("at most {AT_ONCE} of them are codes that were typed")));
        }
        let from = sources(caller, arrival, typed_by, identity)?;
        let trial = Self { service: caller.service.clone(), begun: Instant::now(), from, typed };
        trial.take().map_err(too_often)?;
        Ok(trial)
    }

    /// Ends with what of it named no coupon that somebody is told of.
    pub(super) async fn end<'a>(self, unknown: impl Iterator<Item = &'a String>) {
        let unknown: Vec<&String> = unknown.filter(|text| !is_id(text)).collect();
        let wrong = unknown.iter().filter(|text| typed(text).is_some()).count();
        let right = self.typed.saturating_sub(u32::try_from(wrong).unwrap_or(u32::MAX));
        self.give_back(self.from.len(), right);
        if !unknown.is_empty() {
            tokio::time::sleep_until(self.begun + ANSWERED_AFTER).await;
        }
    }

    /// Takes as many as were typed from everybody they count for, or from nobody.
    fn take(&self) -> Result<(), Duration> {
        if self.typed == 0 {
            return Ok(());
        }
        for (place, (who, every)) in self.from.iter().enumerate() {
            if let Err(wait) = self.service.rates.take(*who, *every, self.typed) {
                if *every == IN_A_SHOP {
                    tracing::warn!(
                        code = "codes_guessed",
                        "more wrong codes are tried than anybody mistypes"
                    );
                }
                self.give_back(place, self.typed);
                return Err(wait);
            }
        }
        Ok(())
    }

    /// Gives back to the first so many.
    fn give_back(&self, upto: usize, count: u32) {
        if 0 < count {
            self.from
                .iter()
                .take(upto)
                .for_each(|(who, every)| self.service.rates.give_back(*who, *every, count));
        }
    }
}

/// Finds who tries. The shop as a whole comes last: it is counted for what its own source may still do, and not for tills, whose keys are known.
fn sources<S: Store>(
    caller: &Caller<S>,
    arrival: &Arrival,
    typed_by: Option<&TypedBySent>,
    identity: Option<&Identity>,
) -> Result<Vec<(u64, Every)>, Refused> {
    let tenant = caller.engine.tenant.0.to_le_bytes();
    let hash = |what: &str, who: &str| {
        let hash = Hasher::new("wrong code").field(&tenant).field(what.as_bytes());
        hash.field(who.as_bytes()).finish().number()
    };
    let is_till = caller.access.role == Role::Till;
    let mut from = Vec::new();
    let said = typed_by.cloned().unwrap_or_default();
    from.extend(said.device.map(|device| (hash("device", &device), FROM_ONE)));
    from.extend(said.account.map(|account| (hash("account", &account), FROM_ONE)));
    from.extend(
        identity
            .filter(|_| !is_till)
            .map(|who| (hash("account", &format!("{} {}", who.namespace(), who.value())), FROM_ONE)),
    );
    if is_till {
        from.push((hash("till", &caller.access.name), FROM_A_TILL));
    }
    // The shop's server calls for all its shoppers: where it names one, its own address is nobody's.
    match said.address {
        Some(said) => {
            let at: IpAddr = said
                .parse()
                .map_err(|_| invalid("/typed_by/address", "an address is like 203.0.113.7 or 2001:db8::1"))?;
            from.push((hash("address", &network(Some(at))), FROM_ONE));
        }
        None if from.is_empty() => from.push((hash("address", &address(arrival)), FROM_ONE)),
        None => {}
    }
    if !is_till {
        from.push((hash("shop", ""), IN_A_SHOP));
    }
    Ok(from)
}

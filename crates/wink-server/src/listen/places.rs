//! How many connections there may be, in all and from one address.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The places for connections. A connection holds one until it ends.
#[derive(Debug)]
pub(super) struct Places {
    in_all_max: usize,
    by_address_max: usize,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    in_all: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// Why there is no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Full {
    InAll,
    ForAddress,
}

impl Full {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::InAll => "connections_full",
            Self::ForAddress => "address_full",
        }
    }
}

impl Places {
    pub(super) fn new(in_all_max: usize, by_address_max: usize) -> Arc<Self> {
        Arc::new(Self { in_all_max, by_address_max, taken: Mutex::default() })
    }

    pub(super) fn take(self: &Arc<Self>, address: IpAddr) -> Result<Place, Full> {
        let household = household(address);
        let mut taken = self.taken();
        if self.in_all_max <= taken.in_all {
            return Err(Full::InAll);
        }
        let by_address = taken.by_address.entry(household).or_default();
        if self.by_address_max <= *by_address {
            return Err(Full::ForAddress);
        }
        *by_address += 1;
        taken.in_all += 1;
        metrics::gauge!("wink_connections").increment(1);
        Ok(Place { household, places: self.clone() })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place that is taken until this is dropped.
#[derive(Debug)]
pub(super) struct Place {
    household: IpAddr,
    places: Arc<Places>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        taken.in_all -= 1;
        metrics::gauge!("wink_connections").decrement(1);
        if let Some(by_address) = taken.by_address.get_mut(&self.household) {
            *by_address -= 1;
            if *by_address == 0 {
                taken.by_address.remove(&self.household);
            }
        }
    }
}

/// The address, or the network of those that one household has by the million: an IPv6 connection gets a /64.
fn household(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64))),
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_its_share_and_gets_back_what_it_leaves() {
        let places = Places::new(4, 2);
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        let first = places.take(address("192.0.2.1")).unwrap();
        let _second = places.take(address("::ffff:192.0.2.1")).unwrap();
        assert_eq!(places.take(address("192.0.2.1")).unwrap_err(), Full::ForAddress);
        let _third = places.take(address("2001:db8::1")).unwrap();
        let _fourth = places.take(address("2001:db8::2")).unwrap();
        assert_eq!(places.take(address("192.0.2.2")).unwrap_err(), Full::InAll);
        drop(first);
        assert_eq!(places.take(address("2001:db8::3")).unwrap_err(), Full::ForAddress, "one network");
        assert!(places.take(address("192.0.2.1")).is_ok());
        assert_eq!(places.taken().by_address.len(), 2);
    }
}

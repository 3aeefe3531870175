//! Admission: when there is more to do than can be done, the less urgent is refused at once, and cheaply, so that what is admitted stays fast.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::operation::Class;

/// How much may be under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capacity {
    /// Requests under way at once. By Little's law, what is admitted waits for at most this many others: at 10,000 requests a second
    /// 512 are 50 ms.
    pub requests_max: usize,
    /// Bytes of bodies in memory at once. Reading a body takes a few times its size.
    pub body_bytes_max: usize,
}

impl Default for Capacity {
    fn default() -> Self {
        Self { requests_max: 512, body_bytes_max: 64 << 20 }
    }
}

/// What is under way.
#[derive(Debug)]
pub(crate) struct Admission {
    capacity: Capacity,
    requests: [AtomicUsize; Class::ALL.len()],
    body_bytes: AtomicUsize,
}

/// There is too much to do already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Overloaded;

/// Leave to be under way; given back when dropped.
#[derive(Debug)]
pub(crate) struct Permit {
    admission: Arc<Admission>,
    class: Class,
    body_bytes: usize,
}

impl Admission {
    /// Starts with nothing under way.
    pub(crate) fn new(capacity: Capacity) -> Self {
        Self { capacity, requests: Default::default(), body_bytes: AtomicUsize::new(0) }
    }

    /// Admits a request of a class with a body of up to `body_bytes`.
    ///
    /// A class is admitted while all requests under way fill less than its share of the capacity, so the last places are kept for
    /// what is more urgent.
    ///
    /// # Errors
    /// [`Overloaded`] if there is no place for its class.
    pub(crate) fn enter(self: &Arc<Self>, class: Class, body_bytes: usize) -> Result<Permit, Overloaded> {
        let under_way: usize = self.requests.iter().map(|class| class.load(Ordering::Relaxed)).sum();
        if self.share(class) <= under_way {
            return Err(Overloaded);
        }
        let held = self.body_bytes.fetch_add(body_bytes, Ordering::Relaxed);
        if self.capacity.body_bytes_max < held + body_bytes && 0 < body_bytes {
            self.body_bytes.fetch_sub(body_bytes, Ordering::Relaxed);
            return Err(Overloaded);
        }
        self.count(class).fetch_add(1, Ordering::Relaxed);
        Ok(Permit { admission: self.clone(), class, body_bytes })
    }

    /// Tells how many requests of a class are under way.
    pub(crate) fn under_way(&self, class: Class) -> usize {
        self.count(class).load(Ordering::Relaxed)
    }

    /// The part of the capacity a class may fill, in hundredths of it.
    fn share(&self, class: Class) -> usize {
        let hundredths = match class {
            Class::Redeem => 100,
            Class::Privacy => 95,
            Class::Decide => 85,
            Class::Ingest => 70,
            Class::Report => 50,
        };
        (self.capacity.requests_max * hundredths).div_ceil(100)
    }

    fn count(&self, class: Class) -> &AtomicUsize {
        let [redeem, privacy, decide, ingest, report] = &self.requests;
        match class {
            Class::Redeem => redeem,
            Class::Privacy => privacy,
            Class::Decide => decide,
            Class::Ingest => ingest,
            Class::Report => report,
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.admission.count(self.class).fetch_sub(1, Ordering::Relaxed);
        self.admission.body_bytes.fetch_sub(self.body_bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(requests_max: usize) -> Arc<Admission> {
        Arc::new(Admission::new(Capacity { requests_max, body_bytes_max: 1_000 }))
    }

    #[test]
    fn the_last_places_are_kept_for_what_is_urgent() {
        let admission = of(100);
        let mut permits: Vec<Permit> = Vec::new();
        let mut fill = |class| {
            while let Ok(permit) = admission.enter(class, 0) {
                permits.push(permit);
            }
            permits.len()
        };
        assert_eq!(fill(Class::Report), 50);
        assert_eq!(fill(Class::Ingest), 70);
        assert_eq!(fill(Class::Report), 70);
        assert_eq!(fill(Class::Decide), 85);
        assert_eq!(fill(Class::Privacy), 95);
        assert_eq!(fill(Class::Redeem), 100);
        permits.clear();
        assert!(admission.enter(Class::Report, 0).is_ok());
    }

    #[test]
    fn bodies_in_memory_are_counted_and_given_back() {
        let admission = of(100);
        let large = admission.enter(Class::Ingest, 900).unwrap();
        assert_eq!(admission.enter(Class::Ingest, 101).unwrap_err(), Overloaded);
        assert!(admission.enter(Class::Decide, 0).is_ok());
        drop(large);
        assert!(admission.enter(Class::Ingest, 101).is_ok());
        assert_eq!(admission.under_way(Class::Ingest), 0);
    }
}

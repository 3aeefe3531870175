//! Admission: when there is more to do than can be done, the less urgent is refused at once, and cheaply, so that what is admitted stays fast.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

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

/// What one request takes up, given back when the last clone of this is dropped.
#[derive(Clone, Debug)]
pub(crate) struct Place(Arc<Taken>);

#[derive(Debug)]
struct Taken {
    admission: Arc<Admission>,
    class: Class,
    entered: AtomicBool,
    body_bytes: AtomicUsize,
}

impl Admission {
    /// Starts with nothing under way.
    pub(crate) fn new(capacity: Capacity) -> Self {
        Self { capacity, requests: Default::default(), body_bytes: AtomicUsize::new(0) }
    }

    /// Lets a request of a class in.
    ///
    /// A class is admitted while all requests under way fill less than its share of the capacity, so the last places are kept for
    /// what is more urgent.
    ///
    /// # Errors
    /// [`Overloaded`] if there is no place for its class.
    pub(crate) fn enter(self: &Arc<Self>, class: Class) -> Result<Place, Overloaded> {
        let taken = Taken {
            admission: self.clone(),
            class,
            entered: AtomicBool::new(false),
            body_bytes: AtomicUsize::new(0),
        };
        let place = Place(Arc::new(taken));
        place.enter().map(|()| place)
    }

    fn all_under_way(&self) -> usize {
        self.requests.iter().map(|class| class.load(Ordering::Relaxed)).sum()
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

impl Place {
    /// Lets the request in again, once its body is there.
    ///
    /// # Errors
    /// [`Overloaded`] if there is no place for its class now.
    pub(crate) fn enter(&self) -> Result<(), Overloaded> {
        let Taken { admission, class, entered, .. } = &*self.0;
        if entered.load(Ordering::Relaxed) {
            return Ok(());
        }
        if admission.share(*class) <= admission.all_under_way() {
            return Err(Overloaded);
        }
        if !entered.swap(true, Ordering::Relaxed) {
            admission.count(*class).fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Lets others in while the request's body is still to come: it could keep the place from them for nothing.
    pub(crate) fn leave(&self) {
        let Taken { admission, class, entered, .. } = &*self.0;
        if entered.swap(false, Ordering::Relaxed) {
            admission.count(*class).fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Takes memory for more of the request's body. Tells whether there is as much; if not, the request keeps none: of many that came
    /// half, some are finished with what the others leave.
    pub(crate) fn hold(&self, bytes: usize) -> bool {
        let Taken { admission, body_bytes, .. } = &*self.0;
        let held = admission.body_bytes.fetch_add(bytes, Ordering::Relaxed);
        if admission.capacity.body_bytes_max < held + bytes {
            admission.body_bytes.fetch_sub(bytes + body_bytes.swap(0, Ordering::Relaxed), Ordering::Relaxed);
            return false;
        }
        body_bytes.fetch_add(bytes, Ordering::Relaxed);
        true
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.admission.body_bytes.fetch_sub(*self.body_bytes.get_mut(), Ordering::Relaxed);
        if *self.entered.get_mut() {
            self.admission.count(self.class).fetch_sub(1, Ordering::Relaxed);
        }
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
        let mut places: Vec<Place> = Vec::new();
        let mut fill = |class| {
            places.extend(std::iter::from_fn(|| admission.enter(class).ok()));
            places.len()
        };
        assert_eq!(fill(Class::Report), 50);
        assert_eq!(fill(Class::Ingest), 70);
        assert_eq!(fill(Class::Report), 70);
        assert_eq!(fill(Class::Decide), 85);
        assert_eq!(fill(Class::Privacy), 95);
        assert_eq!(fill(Class::Redeem), 100);
        places.clear();
        assert!(admission.enter(Class::Report).is_ok());
    }

    #[test]
    fn a_request_whose_body_is_still_to_come_keeps_no_place() {
        let admission = of(100);
        let arrive = |_| {
            let place = admission.enter(Class::Ingest).ok()?;
            place.leave();
            place.leave();
            Some(place)
        };
        let waiting: Vec<Place> = (0..1_000).filter_map(arrive).collect();
        assert_eq!((waiting.len(), admission.under_way(Class::Ingest)), (1_000, 0));
        let let_in = waiting.iter().filter(|place| place.enter().is_ok()).count();
        assert_eq!((let_in, admission.under_way(Class::Ingest)), (70, 70));
        assert!(waiting[0].enter().is_ok(), "who is in stays in");
        assert_eq!(admission.under_way(Class::Ingest), 70);
        assert_eq!(admission.enter(Class::Ingest).unwrap_err(), Overloaded);
        drop(waiting);
        assert_eq!(admission.under_way(Class::Ingest), 0);
    }

    #[test]
    fn bodies_in_memory_are_counted_and_given_back() {
        let admission = of(100);
        let [large, small] = [Class::Ingest, Class::Decide].map(|class| admission.enter(class).unwrap());
        assert!(large.hold(400) && large.hold(500));
        assert!(!small.hold(101));
        assert!(small.hold(100));
        drop(large);
        assert!(small.hold(900));
        assert!(!small.hold(1));
        assert!(admission.enter(Class::Decide).unwrap().hold(1_000), "who is refused keeps nothing");
    }
}

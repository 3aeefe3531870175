//! Which receiver is called next. One that is slow or gone takes neither the places of others nor their turn.
//!
//! What is due waits here, in memory, for its receiver: leased from the queue, so a restart finds it there again. No store, no clock: time comes
//! in as an argument.

use std::collections::{BTreeMap, VecDeque};

use wink_core::base::{Timestamp, WebhookId};
use wink_store::Tenant;

/// Messages on the way to one receiver at a time.
const ON_THE_WAY_MAX: usize = 8;

/// Receivers that are called at a time: with eight messages each, as many connections as a server keeps files for.
const PLACES: usize = 16;

/// Receivers of one tenant that are called at a time, so that the other half is there for others.
const PLACES_OF_A_TENANT: usize = PLACES / 2;

/// A receiver that answers later than this is slow: of the places, and of its tenant's, slow ones get half at most.
const SLOW_MS: i64 = 2_000;

/// It counts as slow for this long, so that one that is quick now and then gains nothing by it.
const SLOW_FOR_MS: i64 = 300_000;

/// Messages that wait in memory for one receiver: sixteen times what is on its way. More of them go back to the queue.
const WAITING_MAX: usize = 128;

/// A lease that ends sooner is too short for a call, which is over after fifteen seconds: the message is leased anew when it is over.
const CALL_MS: i64 = 20_000;

/// For what goes back to the queue: not looked at again sooner than this, nor later, in case its receiver gets quicker.
const BACK_MS: i64 = 1_000;
const BACK_MS_MAX: i64 = 60_000;

/// A receiver that failed rests this long, twice as long each time: first less than the first wait of a message, then five minutes.
const REST_MS: i64 = 4_000;
const REST_MS_MAX: i64 = 300_000;

/// Names a receiver.
pub(super) type Who = (Tenant, WebhookId);

/// How a call went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fared {
    Well,
    Badly,
}

/// What goes back to the queue, and until when.
pub(super) type Back<M> = Vec<(M, Timestamp)>;

/// The receivers that something waits for, that are called, rest or are slow.
pub(super) struct Receivers<M> {
    all: BTreeMap<Who, Receiver<M>>,
    /// Counts calls.
    turn: u64,
}

struct Receiver<M> {
    /// In the order of their leases.
    waiting: VecDeque<(M, Timestamp)>,
    is_called: bool,
    /// When it was called last, in turns.
    turn: u64,
    slow_until: Timestamp,
    /// How long the last call took.
    took_ms: i64,
    /// What goes back to the queue comes again after this.
    back_until: Timestamp,
    failures: u32,
    rests_until: Timestamp,
}

impl<M> Default for Receiver<M> {
    fn default() -> Self {
        let never = Timestamp(i64::MIN);
        Self {
            waiting: VecDeque::new(),
            is_called: false,
            turn: 0,
            slow_until: never,
            took_ms: 0,
            back_until: never,
            failures: 0,
            rests_until: never,
        }
    }
}

impl<M> Receiver<M> {
    fn is_slow(&self, now: Timestamp) -> bool {
        now < self.slow_until
    }

    /// Forgets what is leased no longer, or not for long enough.
    fn drop_stale(&mut self, now: Timestamp) {
        while self.waiting.front().is_some_and(|(_, until)| until.0 <= now.0 + CALL_MS) {
            self.waiting.pop_front();
        }
    }

    /// Tells when one more message comes again: as fast as the receiver takes them.
    fn back(&mut self, now: Timestamp) -> Timestamp {
        let each = self.took_ms / i64::try_from(ON_THE_WAY_MAX).unwrap_or(1);
        let next = self.back_until.0.max(now.0 + BACK_MS) + each;
        self.back_until = Timestamp(next.min(now.0 + BACK_MS_MAX));
        self.back_until
    }
}

/// What is under way: all of it, and of it what goes to slow receivers.
#[derive(Clone, Copy, Default)]
struct UnderWay {
    all: usize,
    slow: usize,
}

impl UnderWay {
    fn has_room(self, places: usize, is_slow: bool) -> bool {
        self.all < places && (!is_slow || self.slow < places / 2)
    }
}

impl<M> Default for Receivers<M> {
    fn default() -> Self {
        Self { all: BTreeMap::new(), turn: 0 }
    }
}

impl<M> Receivers<M> {
    /// Lets messages that are leased until some time wait for their receiver. Gives back those that have to go back to the queue.
    pub(super) fn wait(
        &mut self,
        who: Who,
        messages: Vec<M>,
        leased_until: Timestamp,
        now: Timestamp,
    ) -> Back<M> {
        let receiver = self.all.entry(who).or_default();
        receiver.drop_stale(now);
        let mut back = Vec::new();
        for message in messages {
            if now < receiver.rests_until {
                back.push((message, receiver.rests_until));
            } else if receiver.waiting.len() < WAITING_MAX {
                receiver.waiting.push_back((message, leased_until));
            } else {
                let until = receiver.back(now);
                back.push((message, until));
            }
        }
        back
    }

    /// Takes the receiver whose turn it is, and what is to be sent to it; `None` if nothing can be called now. It counts as called until
    /// [`end`](Self::end) or [`release`](Self::release).
    pub(super) fn next(&mut self, now: Timestamp) -> Option<(Who, Vec<M>)> {
        let mut under_way = UnderWay::default();
        let mut of_tenant: BTreeMap<Tenant, UnderWay> = BTreeMap::new();
        for ((tenant, _), receiver) in &mut self.all {
            receiver.drop_stale(now);
            if receiver.is_called {
                for places in [&mut under_way, of_tenant.entry(*tenant).or_default()] {
                    places.all += 1;
                    places.slow += usize::from(receiver.is_slow(now));
                }
            }
        }
        let may_be_called = |(tenant, _): &Who, receiver: &Receiver<M>| {
            let is_slow = receiver.is_slow(now);
            let of_tenant = of_tenant.get(tenant).copied().unwrap_or_default();
            !receiver.is_called
                && !receiver.waiting.is_empty()
                && under_way.has_room(PLACES, is_slow)
                && of_tenant.has_room(PLACES_OF_A_TENANT, is_slow)
        };
        let ready = self.all.iter_mut().filter(|(who, receiver)| may_be_called(who, receiver));
        let (who, receiver) = ready.min_by_key(|(_, receiver)| receiver.turn)?;
        self.turn += 1;
        receiver.turn = self.turn;
        receiver.is_called = true;
        let many = receiver.waiting.len().min(ON_THE_WAY_MAX);
        Some((*who, receiver.waiting.drain(..many).map(|(message, _)| message).collect()))
    }

    /// Ends a call. After one that went badly, what waits goes back to the queue: it would fare no better.
    pub(super) fn end(&mut self, who: Who, fared: Fared, began: Timestamp, now: Timestamp) -> Back<M> {
        let Some(receiver) = self.all.get_mut(&who) else { return Vec::new() };
        receiver.is_called = false;
        receiver.took_ms = now.since_ms(began).max(0);
        if SLOW_MS < receiver.took_ms {
            receiver.slow_until = Timestamp(now.0 + SLOW_FOR_MS);
        }
        let mut back = Vec::new();
        match fared {
            Fared::Well => receiver.failures = 0,
            Fared::Badly => {
                let rest = REST_MS.saturating_mul(1 << receiver.failures.min(8)).min(REST_MS_MAX);
                receiver.failures = receiver.failures.saturating_add(1);
                receiver.rests_until = Timestamp(now.0 + rest);
                back.extend(receiver.waiting.drain(..).map(|(message, _)| (message, receiver.rests_until)));
            }
        }
        if receiver.waiting.is_empty() && receiver.failures == 0 && !receiver.is_slow(now) {
            self.all.remove(&who);
        }
        back
    }

    /// Frees a receiver whose call came to no end.
    pub(super) fn release(&mut self, who: Who) {
        if let Some(receiver) = self.all.get_mut(&who) {
            receiver.is_called = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_000_000);
    const LEASED: Timestamp = Timestamp(NOW.0 + 120_000);

    fn later(ms: i64) -> Timestamp {
        Timestamp(NOW.0 + ms)
    }

    fn who(tenant: u32, number: u8) -> Who {
        (Tenant(tenant), WebhookId::from_bytes([number; 16]))
    }

    /// Receivers for whom something waits.
    fn waiting(who: impl IntoIterator<Item = Who>) -> Receivers<u32> {
        let mut receivers = Receivers::default();
        for who in who {
            assert_eq!(receivers.wait(who, vec![0], LEASED, NOW), []);
        }
        receivers
    }

    /// Calls whoever may be called, and tells whom.
    fn called(receivers: &mut Receivers<u32>, now: Timestamp) -> Vec<Who> {
        std::iter::from_fn(|| receivers.next(now)).map(|(who, _)| who).collect()
    }

    /// Makes somebody known as slow, and lets something wait for them.
    fn make_slow(receivers: &mut Receivers<u32>, who: Who) {
        receivers.wait(who, vec![0], LEASED, NOW);
        assert_eq!(called(receivers, NOW), [who]);
        receivers.end(who, Fared::Well, later(-9_000), NOW);
        receivers.wait(who, vec![1], LEASED, NOW);
    }

    #[test]
    fn one_receiver_is_called_once_at_a_time_with_eight_messages() {
        let mut receivers = Receivers::default();
        assert_eq!(receivers.wait(who(1, 1), (0..20).collect(), LEASED, NOW), []);
        assert_eq!(receivers.next(NOW), Some((who(1, 1), (0..8).collect())));
        assert_eq!(receivers.next(NOW), None, "it is being called");
        assert_eq!(receivers.end(who(1, 1), Fared::Well, NOW, later(5)), []);
        assert_eq!(receivers.next(NOW), Some((who(1, 1), (8..16).collect())));
        receivers.release(who(1, 1));
        assert_eq!(
            receivers.next(NOW),
            Some((who(1, 1), (16..20).collect())),
            "what was under way is not here"
        );
    }

    #[test]
    fn a_tenant_has_half_of_the_places() {
        let mut receivers = waiting((0..16).map(|number| who(1, number)));
        receivers.wait(who(2, 1), vec![0], LEASED, NOW);
        let called = called(&mut receivers, NOW);
        assert_eq!(called.len(), 9, "{called:?}");
        assert!(called.contains(&who(2, 1)), "{called:?}");
        receivers.end(who(1, 0), Fared::Well, NOW, NOW);
        assert_eq!(receivers.next(NOW).unwrap().0.0, Tenant(1), "a place is free again");
    }

    #[test]
    fn all_together_have_no_more_than_the_places() {
        let everybody = (1..4).flat_map(|tenant| (0..16).map(move |number| who(tenant, number)));
        assert_eq!(called(&mut waiting(everybody), NOW).len(), PLACES);
    }

    #[test]
    fn slow_receivers_leave_half_of_a_tenants_places_to_quick_ones() {
        let mut receivers = Receivers::default();
        for number in 0..6 {
            make_slow_alone(&mut receivers, who(1, number));
        }
        for number in 6..8 {
            receivers.wait(who(1, number), vec![0], LEASED, NOW);
        }
        let first = called(&mut receivers, NOW);
        assert_eq!(first.iter().filter(|(_, id)| *id < who(1, 6).1).count(), PLACES_OF_A_TENANT / 2);
        assert!(first.contains(&who(1, 6)) && first.contains(&who(1, 7)), "{first:?}");
        // Who answers quickly again is no longer slow after some minutes.
        for who in first {
            receivers.end(who, Fared::Well, NOW, NOW);
        }
        let then = later(SLOW_FOR_MS);
        for number in 0..8 {
            receivers.wait(who(1, number), vec![0], Timestamp(then.0 + 120_000), then);
        }
        assert_eq!(called(&mut receivers, then).len(), PLACES_OF_A_TENANT);
    }

    /// As [`make_slow`], while others that are slow wait.
    fn make_slow_alone(receivers: &mut Receivers<u32>, who: Who) {
        let mut alone = Receivers::default();
        make_slow(&mut alone, who);
        receivers.all.extend(alone.all);
    }

    #[test]
    fn slow_receivers_of_many_tenants_leave_half_of_all_places() {
        let mut receivers = Receivers::default();
        for tenant in 1..=8 {
            for number in 0..4 {
                make_slow_alone(&mut receivers, who(tenant, number));
            }
        }
        assert_eq!(called(&mut receivers, NOW).len(), PLACES / 2);
        receivers.wait(who(9, 1), vec![0], LEASED, NOW);
        assert_eq!(called(&mut receivers, NOW), [who(9, 1)]);
    }

    #[test]
    fn who_was_called_longest_ago_is_next() {
        let mut receivers = Receivers::default();
        for number in [1, 2] {
            receivers.wait(who(1, number), (0..20).collect(), LEASED, NOW);
        }
        let turns = || {
            let (who, _) = receivers.next(NOW)?;
            receivers.end(who, Fared::Well, NOW, NOW);
            Some(who)
        };
        let turns: Vec<Who> = std::iter::from_fn(turns).take(4).collect();
        assert_eq!(turns, [who(1, 1), who(1, 2), who(1, 1), who(1, 2)]);
    }

    #[test]
    fn who_failed_rests_and_what_waits_goes_back() {
        let mut receivers = Receivers::default();
        receivers.wait(who(1, 1), (0..10).collect(), LEASED, NOW);
        receivers.next(NOW).unwrap();
        let rests_until = later(REST_MS);
        let back = receivers.end(who(1, 1), Fared::Badly, NOW, NOW);
        assert_eq!(back, [(8, rests_until), (9, rests_until)]);
        assert_eq!(receivers.wait(who(1, 1), vec![10], LEASED, later(1)), [(10, rests_until)]);
        assert_eq!(receivers.wait(who(1, 1), vec![11], LEASED, rests_until), []);
        receivers.next(rests_until).unwrap();
        assert_eq!(receivers.end(who(1, 1), Fared::Badly, rests_until, rests_until), []);
        let twice = Timestamp(rests_until.0 + 2 * REST_MS);
        assert_eq!(receivers.wait(who(1, 1), vec![12], LEASED, rests_until), [(12, twice)]);
    }

    #[test]
    fn more_than_can_wait_comes_again_as_fast_as_it_is_taken() {
        let mut receivers = Receivers::default();
        make_slow(&mut receivers, who(1, 1));
        let back = receivers.wait(who(1, 1), (0..200).collect(), LEASED, NOW);
        assert_eq!(back.len(), 200 + 1 - WAITING_MAX);
        let due: Vec<i64> = back.iter().map(|(_, until)| until.0 - NOW.0).collect();
        assert_eq!(due[..3], [BACK_MS + 1_125, BACK_MS + 2 * 1_125, BACK_MS + 3 * 1_125]);
        assert_eq!(due.last(), Some(&BACK_MS_MAX));
    }

    #[test]
    fn what_is_not_leased_for_long_enough_is_not_sent() {
        let mut receivers = Receivers::default();
        receivers.wait(who(1, 1), vec![1], later(CALL_MS + 10), NOW);
        receivers.wait(who(1, 1), vec![2], later(CALL_MS + 20), NOW);
        assert_eq!(receivers.next(later(10)), Some((who(1, 1), vec![2])));
    }

    #[test]
    fn nothing_is_remembered_of_who_took_everything_in_time() {
        let mut receivers = waiting([who(1, 1)]);
        receivers.next(NOW).unwrap();
        receivers.end(who(1, 1), Fared::Well, NOW, later(SLOW_MS));
        assert!(receivers.all.is_empty());
    }
}

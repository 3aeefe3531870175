//! What is measured: every metric by name, with its unit and what it says; and those that are read when somebody asks.
//!
//! Labels are operations, statuses, verdicts, outcomes, classes and tenants' numbers. Never a person, a key, a path or a message.

use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge};
use wink_core::base::Timestamp;
use wink_store::Store;

use super::{Class, Service};
use crate::report::totals;
use crate::sources::LATE_MS;
use crate::{Engine, Error, keys};

/// As many due timers are counted; more is as bad.
const TIMERS_COUNTED: usize = 10_000;

/// How a metric behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// Only rises.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Is counted in buckets.
    Histogram,
}

/// Every metric: its sort, its name, its unit and what it says.
pub const METRICS: &[(Sort, &str, Unit, &str)] = &[
    (Sort::Counter, "wink_requests_total", Unit::Count, "Requests answered, by operation and status"),
    (
        Sort::Histogram,
        "wink_request_seconds",
        Unit::Seconds,
        "From a request's headers to its answer, by operation",
    ),
    (Sort::Gauge, "wink_requests_under_way", Unit::Count, "Requests being answered now, by class"),
    (
        Sort::Counter,
        "wink_requests_refused_total",
        Unit::Count,
        "Requests answered with a problem, by its code",
    ),
    (
        Sort::Counter,
        "wink_panics_total",
        Unit::Count,
        "Requests that ended in a panic: each is a mistake in Wink",
    ),
    (
        Sort::Counter,
        "wink_bodies_with_cards_total",
        Unit::Count,
        "Bodies that card numbers were taken out of: somebody's form sends them",
    ),
    (
        Sort::Counter,
        "wink_links_refused_total",
        Unit::Count,
        "Links between two profiles that were not made, by why",
    ),
    (
        Sort::Counter,
        "wink_households_refused_total",
        Unit::Count,
        "People who were not taken into a household, by why",
    ),
    (Sort::Gauge, "wink_connections", Unit::Count, "Connections that are open"),
    (
        Sort::Counter,
        "wink_connections_closed_total",
        Unit::Count,
        "Connections that were closed or refused, by why",
    ),
    (
        Sort::Gauge,
        "wink_answers_under_way",
        Unit::Count,
        "Requests whose answer the client has not taken yet",
    ),
    (Sort::Counter, "wink_events_total", Unit::Count, "Messages, by tenant and what became of them"),
    (
        Sort::Gauge,
        "wink_sources_quiet_seconds",
        Unit::Seconds,
        "How long the source that was heard of longest ago has been quiet, by tenant",
    ),
    (
        Sort::Gauge,
        "wink_events_late",
        Unit::Count,
        "Events accepted since the start, by tenant and by how late they came at most, in seconds",
    ),
    (
        Sort::Gauge,
        "wink_balance_open",
        Unit::Count,
        "Messages received less those accounted for, by tenant: always 0",
    ),
    (Sort::Counter, "wink_decisions_total", Unit::Count, "Decisions made since the start, by verdict"),
    (
        Sort::Counter,
        "wink_moments_of_many_total",
        Unit::Count,
        "People whose moment came with a day of theirs or with a product they wait for",
    ),
    (
        Sort::Gauge,
        "wink_timers_due",
        Unit::Count,
        "Coupons and rights to them that ran out and are not seen to yet, by tenant",
    ),
    (Sort::Counter, "wink_store_batches_total", Unit::Count, "Batches made durable since the start"),
    (Sort::Histogram, "wink_store_commit_seconds", Unit::Seconds, "Writing and syncing one commit group"),
    (Sort::Gauge, "wink_store_bytes", Unit::Bytes, "What the store takes on the disk"),
    (Sort::Gauge, "wink_store_free_bytes", Unit::Bytes, "What is free on the store's disk"),
    (Sort::Gauge, "wink_info", Unit::Count, "Always 1; the label says which version runs"),
    (Sort::Gauge, "process_resident_memory_bytes", Unit::Bytes, "Memory of the process"),
    (Sort::Gauge, "process_open_fds", Unit::Count, "Files and connections the process has open"),
];

/// Upper bounds of the buckets of a commit, in seconds: from a sync that costs nothing to a disk that hangs.
pub const COMMIT_SECONDS: &[f64] = &[0.000_1, 0.000_3, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0];

/// Upper bounds of the buckets of a request's time, in seconds: fine around the 10 ms a page waits, coarse up to the limit of 30 s.
pub const REQUEST_SECONDS: &[f64] =
    &[0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0];

/// Tells whoever collects metrics what each one says, and starts those without labels at nothing.
pub fn describe() {
    for (sort, name, unit, help) in METRICS.iter().copied() {
        match sort {
            Sort::Counter => describe_counter!(name, unit, help),
            Sort::Gauge => describe_gauge!(name, unit, help),
            Sort::Histogram => describe_histogram!(name, unit, help),
        }
    }
    counter!("wink_panics_total").absolute(0);
    counter!("wink_moments_of_many_total").absolute(0);
    counter!("wink_bodies_with_cards_total").absolute(0);
    for reason in ["two_accounts", "too_many_profiles", "taken_apart", "not_vouched"] {
        counter!("wink_links_refused_total", "reason" => reason).absolute(0);
    }
    counter!("wink_households_refused_total", "reason" => "full").absolute(0);
    gauge!("wink_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    counter!("wink_connections_closed_total", "why" => "panicked").absolute(0);
    for verdict in ["offer", "holdout", "none"] {
        counter!("wink_decisions_total", "verdict" => verdict).absolute(0);
    }
}

/// Reads what is not counted on the way.
///
/// # Errors
/// If the store cannot be read.
pub(super) async fn gather<S: Store>(service: &Service<S>) -> Result<(), Error> {
    for class in Class::ALL {
        let under_way = service.admission.under_way(class);
        gauge!("wink_requests_under_way", "class" => class.name()).set(float(under_way));
    }
    for engine in service.engines() {
        let tenant = engine.tenant.0.to_string();
        let balance = totals::balance(&engine).await?;
        let totals::Balance { received, accepted, duplicate, dead, refused } = balance;
        let outcomes =
            [("accepted", accepted), ("duplicate", duplicate), ("dead", dead), ("refused", refused)];
        for (outcome, messages) in outcomes {
            let labels = [("tenant", tenant.clone()), ("outcome", outcome.to_owned())];
            counter!("wink_events_total", &labels).absolute(u64::try_from(messages).unwrap_or(0));
        }
        let open = received - accepted - duplicate - dead - refused;
        let open = open.signum() * open.abs().min(1_000_000);
        let open = i32::try_from(open).unwrap_or(i32::MAX);
        gauge!("wink_balance_open", "tenant" => tenant.clone()).set(f64::from(open));
        gather_sources(&engine, &tenant, (service.clock)());
        // A lease that ends at once: to look at what waits, not to take it from whoever sees to it.
        let now = (service.clock)().0;
        let mut due = 0;
        for queue in [keys::EXPIRY, keys::LAPSE, keys::EXPIRING] {
            due += engine.store.lease_due(engine.tenant, queue, now, now, TIMERS_COUNTED).await?.len();
        }
        gauge!("wink_timers_due", "tenant" => tenant).set(float(due));
    }
    Ok(())
}

/// Reads how late events come. Sources are named after keys, which no label names: so it is told of all of them together.
fn gather_sources<S: Store>(engine: &Engine<S>, tenant: &str, now: Timestamp) {
    let sources = engine.sources.all();
    let quiet_ms = sources.values().filter_map(|arrivals| arrivals.arrived).map(|at| now.since_ms(at)).max();
    let quiet = i32::try_from(quiet_ms.unwrap_or(0) / 1_000).unwrap_or(i32::MAX);
    gauge!("wink_sources_quiet_seconds", "tenant" => tenant.to_owned()).set(f64::from(quiet));
    for (place, bound) in LATE_MS.iter().map(Some).chain([None]).enumerate() {
        let events: u64 = sources.values().filter_map(|arrivals| arrivals.late.get(place)).sum();
        let at_most = bound.map_or("more".to_owned(), |bound| (bound / 1_000).to_string());
        let labels = [("tenant", tenant.to_owned()), ("at_most", at_most)];
        gauge!("wink_events_late", &labels).set(float(usize::try_from(events).unwrap_or(usize::MAX)));
    }
}

fn float(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

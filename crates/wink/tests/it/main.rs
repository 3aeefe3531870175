//! The `wink` binary from outside: asked, misused, fed real data, killed, traced, and held to what it acknowledged.

#[cfg(test)]
mod backup;
#[cfg(test)]
mod catalogue;
#[cfg(test)]
mod chance;
#[cfg(test)]
mod client;
#[cfg(test)]
mod cloudevents;
#[cfg(test)]
mod codes;
#[cfg(test)]
mod command_line;
#[cfg(test)]
mod corpus;
#[cfg(test)]
mod coupon;
#[cfg(test)]
mod crash_client;
#[cfg(test)]
mod crash_coupons;
#[cfg(test)]
mod crash_kill;
#[cfg(test)]
mod crash_once;
#[cfg(test)]
mod crash_strace;
#[cfg(test)]
mod currencies;
#[cfg(test)]
mod described;
#[cfg(test)]
mod doctor;
#[cfg(test)]
mod drift;
#[cfg(test)]
mod erase;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod forgetful;
#[cfg(test)]
mod hasty;
#[cfg(test)]
mod history;
#[cfg(test)]
mod how_to;
#[cfg(test)]
mod http;
#[cfg(test)]
mod import;
#[cfg(test)]
mod journey;
#[cfg(test)]
mod measured;
#[cfg(test)]
mod metrics;
#[cfg(test)]
mod models;
#[cfg(test)]
mod ofrep;
#[cfg(test)]
mod oracle;
#[cfg(test)]
mod people;
#[cfg(test)]
mod propensity;
#[cfg(test)]
mod proxied;
#[cfg(test)]
mod real_client;
#[cfg(test)]
mod receiver;
#[cfg(test)]
mod refuse;
#[cfg(test)]
mod result;
#[cfg(test)]
mod sample;
#[cfg(test)]
mod segment;
#[cfg(test)]
mod silent;
#[cfg(test)]
mod simulate;
#[cfg(test)]
mod small_arms;
#[cfg(feature = "otel")]
#[cfg(test)]
mod spans;
#[cfg(test)]
mod stand;
#[cfg(test)]
mod starved;
#[cfg(test)]
mod statistics;
#[cfg(test)]
mod stored;
#[cfg(test)]
mod stream;
#[cfg(test)]
mod tables_of_people;
#[cfg(test)]
mod tills;
#[cfg(test)]
mod timing_year;
#[cfg(test)]
mod trace;
#[cfg(test)]
mod traced;
#[cfg(test)]
mod training;
#[cfg(test)]
mod uplift;
#[cfg(test)]
mod web;
#[cfg(test)]
mod webhooks;
#[cfg(test)]
mod wink;
#[cfg(test)]
mod wording;
#[cfg(test)]
mod wording_reference;

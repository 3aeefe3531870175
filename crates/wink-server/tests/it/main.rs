//! The flows from event to erasure over a simulated and a real store: stories, races, properties, crashes, and what is left on disk.

#[cfg(test)]
mod api;
#[cfg(test)]
mod audit;
#[cfg(test)]
mod body;
#[cfg(test)]
mod canary;
#[cfg(test)]
mod careless;
#[cfg(test)]
mod coordinates;
#[cfg(test)]
mod counted;
#[cfg(test)]
mod counter;
#[cfg(test)]
mod evidence;
#[cfg(test)]
mod said;

#[cfg(test)]
mod again;
#[cfg(test)]
mod as_of;
#[cfg(test)]
mod authority;
#[cfg(test)]
mod bands;
#[cfg(test)]
mod bought;
#[cfg(test)]
mod bulk;
#[cfg(test)]
mod bulk_limits;
#[cfg(test)]
mod cards;
#[cfg(test)]
mod cart;
#[cfg(test)]
mod clusters;
#[cfg(test)]
mod codes;
#[cfg(test)]
mod contended;
#[cfg(test)]
mod crash;
#[cfg(test)]
mod currencies;
#[cfg(test)]
mod edit;
#[cfg(test)]
mod erase;
#[cfg(test)]
mod expiring;
#[cfg(test)]
mod export;
#[cfg(test)]
mod full;
#[cfg(test)]
mod guessing;
#[cfg(test)]
mod held;
#[cfg(test)]
mod households;
#[cfg(test)]
mod idempotent;
#[cfg(test)]
mod in_order;
#[cfg(test)]
mod leak;
#[cfg(test)]
mod leaving;
#[cfg(test)]
mod ledger;
#[cfg(test)]
mod letters;
#[cfg(test)]
mod limit;
#[cfg(test)]
mod limited_tills;
#[cfg(test)]
mod links;
#[cfg(test)]
mod listen;
#[cfg(test)]
mod models;
#[cfg(test)]
mod moments;
#[cfg(test)]
mod once;
#[cfg(test)]
mod outbox;
#[cfg(test)]
mod paused;
#[cfg(test)]
mod people;
#[cfg(test)]
mod personalised;
#[cfg(test)]
mod places;
#[cfg(test)]
mod points;
#[cfg(test)]
mod points_mended;
#[cfg(test)]
mod points_noted;
#[cfg(test)]
mod product;
#[cfg(test)]
mod property;
#[cfg(test)]
mod public_codes;
#[cfg(test)]
mod race;
#[cfg(test)]
mod record;
#[cfg(test)]
mod redemptions;
#[cfg(test)]
mod refold;
#[cfg(test)]
mod reservations;
#[cfg(test)]
mod result;
#[cfg(test)]
mod retain;
#[cfg(test)]
mod retain_orders;
#[cfg(test)]
mod retain_tills;
#[cfg(test)]
mod rights;
#[cfg(test)]
mod rounds;
#[cfg(test)]
mod segments;
#[cfg(test)]
mod segments_api;
#[cfg(test)]
mod served;
#[cfg(test)]
mod slow;
#[cfg(test)]
mod socket;
#[cfg(test)]
mod sources;
#[cfg(test)]
mod standing;
#[cfg(test)]
mod story;
#[cfg(test)]
mod stream;
#[cfg(test)]
mod stream_keys;
#[cfg(test)]
mod taken_back;
#[cfg(test)]
mod tamper;
#[cfg(test)]
mod tills;
#[cfg(test)]
mod validated;
#[cfg(test)]
mod webhooks;

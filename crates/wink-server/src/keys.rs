//! Where things lie in the store: kinds, scopes, queues, and how keys are made. Numbers are for ever.

use wink_code::Code;
use wink_core::base::{
    CouponId, DecisionId, Digest, Hasher, HouseholdId, LeaseId, LetterId, MessageId, ProfileId, RedemptionId,
    TillId, Timestamp, TriggerId, WebhookId,
};
use wink_core::feature::{Note, RuleNumber};
use wink_core::profile::IdentityKey;
use wink_store::{CounterKey, EntryKind, Home, Kind, MarkKey, Queue, RecordKey, Scope, Tenant};

/// The installation itself: API keys and the list of tenants.
pub const INSTALLATION: Tenant = Tenant(0);
/// The first tenant, which every installation has.
pub const TENANT: Tenant = Tenant(1);

/// Kinds of records.
pub mod kind {
    use super::Kind;

    /// A profile, by profile id.
    pub const PROFILE: Kind = Kind(1);
    /// Which profile an identity leads to, by identity key.
    pub const IDENTITY: Kind = Kind(2);
    /// The folded state of an identity, by profile id and identity key.
    pub const STATE: Kind = Kind(3);
    /// A person's sealed vault, by profile id.
    pub const VAULT: Kind = Kind(4);
    /// The wrapped key of a vault, by profile id.
    pub const VAULT_KEY: Kind = Kind(5);
    /// What a person was given, by profile id.
    pub const WALLET: Kind = Kind(6);
    /// A coupon, by coupon id.
    pub const COUPON: Kind = Kind(7);
    /// A decision, by decision id; ids sort by time.
    pub const DECISION: Kind = Kind(8);
    /// A product, by the shop's id.
    pub const PRODUCT: Kind = Kind(9);
    /// The files of a catalogue, by version.
    pub const CATALOGUE: Kind = Kind(10);
    /// The version of the catalogue in force; one record with an empty key.
    pub const CATALOGUE_IN_FORCE: Kind = Kind(11);
    /// A sealed dead letter, by hash of source, message id and body.
    pub const DEAD_LETTER: Kind = Kind(12);
    /// When an identity was erased, by identity key: older events of it stay out.
    pub const ERASED: Kind = Kind(13);
    /// An erasure that has begun, by profile id: finished after a crash.
    pub const ERASING: Kind = Kind(14);
    /// The last instant of an imported past; one record with an empty key.
    pub const IMPORTED_UNTIL: Kind = Kind(15);
    /// Which secret the store was made with; one record with an empty key.
    pub const SECRET_CHECK: Kind = Kind(16);
    /// An endpoint of webhooks, by its id.
    pub const WEBHOOK: Kind = Kind(20);
    /// A webhook message, by message id; ids sort by time.
    pub const MESSAGE: Kind = Kind(21);
    /// How far the delivery of a message to an endpoint is, by both ids.
    pub const DELIVERY: Kind = Kind(22);
    /// That a decision is about somebody, by their home and decision id: their decisions, in order of time.
    pub const DECISION_OF: Kind = Kind(40);
    /// That a dead letter names somebody, by identity key and letter id; holds when the letter arrived.
    pub const LETTER_OF: Kind = Kind(41);
    /// What a list shows of a dead letter, by when it arrived and letter id.
    pub const LETTER_HEAD: Kind = Kind(42);
    /// Which catalogue version was put in force when, by number from 1.
    pub const CATALOGUE_APPLIED: Kind = Kind(50);
    /// That somebody was erased, by profile id and time: what the list of erasures beside the store is made of.
    pub const ERASURE: Kind = Kind(30);
    /// The right to a coupon, by the decision that gave it.
    pub const RIGHT: Kind = Kind(70);
    /// What triggers remember of a person, by profile id.
    pub const OCCASIONS: Kind = Kind(71);
    /// Which segments somebody was in when last looked at, by profile id.
    pub const MEMBERSHIPS: Kind = Kind(72);
    /// That somebody is in a segment, by the number of its rule and profile id: its members, one after the other.
    pub const MEMBER: Kind = Kind(73);
    /// The rules of segments with their numbers; one record with an empty key.
    pub const SEGMENT_RULES: Kind = Kind(74);
    /// That somebody is to be found by a day or a product, by the note's key and profile id: whom an occasion concerns, one after the other.
    pub const NOTED: Kind = Kind(75);
    /// The last day whose round a trigger has begun, by the trigger.
    pub const DAY_BEGUN: Kind = Kind(76);
    /// The card of a model, by its version.
    pub const MODEL: Kind = Kind(130);
    /// Which accumulators of features the states hold the whole history of; one record with an empty key.
    pub const FOLDED: Kind = Kind(80);
    /// A redemption, by its id.
    pub const REDEMPTION: Kind = Kind(90);
    /// An answer kept under an idempotency key, by the coupon it is about and the key's mark.
    pub const ANSWER: Kind = Kind(91);
    /// Which coupons were used on an order, by a keyed hash of the order's id.
    pub const ORDER: Kind = Kind(106);
    /// What a product cost when, by the shop's id.
    pub const PRICES: Kind = Kind(100);
    /// What is told of a region or a store, by its name and the event that tells it.
    pub const CONTEXT: Kind = Kind(120);
    /// A household, by its id, which is a keyed hash of its name.
    pub const HOUSEHOLD: Kind = Kind(140);
    /// Which coupon a code is for, by the keyed hash of the code.
    pub const CODE: Kind = Kind(101);
    /// When the key that signs codes was replaced; one record with an empty key.
    pub const KEY_ROTATIONS: Kind = Kind(102);
    /// Coupons issued in bulk, by the bulk's id.
    pub const BULK: Kind = Kind(103);
    /// A lease of a till, by the till's name and the lease's id.
    pub const LEASE: Kind = Kind(150);
    /// What a till reported, by lease and number: the same again changes nothing.
    pub const REPORTED: Kind = Kind(151);
    /// What a till did on a day, by its name, the day and what it was: its day-end report is made of these.
    pub const TILL_DAY: Kind = Kind(152);
    /// What a person holds in points, by profile id.
    pub const POINTS_ACCOUNT: Kind = Kind(153);
    /// What an order has to do with points, by a keyed hash of the order's id.
    pub const POINTS_ORDER: Kind = Kind(154);
    /// A payment with points, by the id of the redemption it is.
    pub const TENDER: Kind = Kind(155);
    /// How a person's points came or went, by profile id, time and id of the movement.
    pub const POINTS_MOVED: Kind = Kind(156);
    /// An API key, by the hash of its secret; of the installation.
    pub const API_KEY: Kind = Kind(60);
    /// A tenant, by its number; of the installation.
    pub const TENANT: Kind = Kind(61);
}

/// Kinds of journal entries.
pub mod entry {
    use super::EntryKind;

    /// An accepted event.
    pub const EVENT: EntryKind = EntryKind(1);
    /// That a decision was made.
    pub const DECIDED: EntryKind = EntryKind(2);
    /// A movement of money. About nobody: it stays when a person is erased.
    pub const LEDGER: EntryKind = EntryKind(3);
    /// That somebody came into a segment or left it.
    pub const PASSAGE: EntryKind = EntryKind(4);
    /// That a model was fitted: its card. About nobody: it stays when a person is erased.
    pub const MODEL: EntryKind = EntryKind(5);
    /// A movement of points. About nobody once its account's profile is gone: it stays when a person is erased.
    pub const POINTS: EntryKind = EntryKind(6);
}

/// The family of event message ids.
pub const EVENT_MARKS: Scope = Scope(1);
/// The family of idempotency keys of questions.
pub const QUESTION_MARKS: Scope = Scope(2);
/// The family of idempotency keys of steps that move coupons and money.
pub const ANSWER_MARKS: Scope = Scope(3);

/// What time alone does to coupons; due when a hold ends, or the coupon does.
pub const EXPIRY: Queue = Queue(1);
/// Marks of erased people's messages; due when such a message would be too old to be kept anyway.
pub const FORGET: Queue = Queue(2);
/// Webhook messages to be sent; due at the next attempt.
pub const OUTBOX: Queue = Queue(3);
/// Idempotency keys of questions; due when they may be forgotten.
pub const FORGET_QUESTIONS: Queue = Queue(4);
/// Rights to coupons that lapse; due when they do.
pub const LAPSE: Queue = Queue(5);
/// Moments of triggers; due when somebody is to be asked about, or looked whether they stayed quiet.
pub const MOMENTS: Queue = Queue(6);
/// Coupons that will run out; due when their people are to be told.
pub const EXPIRING: Queue = Queue(35);
/// Points that run out, by whose they are; due when the next of them do.
pub const POINTS: Queue = Queue(36);
/// Rounds of those whom an occasion concerns; due at once.
pub const ROUNDS: Queue = Queue(15);
/// Leases of tills; due when what is left goes back to the budget.
pub const LEASES: Queue = Queue(30);

/// Idempotency keys of steps that move coupons and money; due when they may be forgotten.
pub const FORGET_ANSWERS: Queue = Queue(20);

/// Names the profile record.
pub fn profile(id: ProfileId) -> RecordKey {
    RecordKey::new(kind::PROFILE, id.bytes())
}

/// Names the record of what triggers remember of a person.
pub fn occasions(id: ProfileId) -> RecordKey {
    RecordKey::new(kind::OCCASIONS, id.bytes())
}

/// Names the note by which somebody is found; all with the same note share its first sixteen bytes.
pub fn noted(note: &Note, id: ProfileId) -> RecordKey {
    RecordKey::new(kind::NOTED, [note.key(), id.bytes()].concat())
}

/// Names the record of the last day whose round a trigger has begun.
pub fn day_begun(trigger: &TriggerId) -> RecordKey {
    RecordKey::new(kind::DAY_BEGUN, trigger.as_str().as_bytes())
}

/// Names the record of which segments somebody was in.
pub fn memberships(id: ProfileId) -> RecordKey {
    RecordKey::new(kind::MEMBERSHIPS, id.bytes())
}

/// Names the note that somebody is in a segment; all of a rule's share its first four bytes.
pub fn member(rule: RuleNumber, id: ProfileId) -> RecordKey {
    RecordKey::new(kind::MEMBER, [rule.0.to_be_bytes().as_slice(), &id.bytes()].concat())
}

/// Names the record of the rules of segments.
pub fn segment_rules() -> RecordKey {
    RecordKey::new(kind::SEGMENT_RULES, [])
}

/// Names the record that leads from an identity to its profile.
pub fn identity(key: IdentityKey) -> RecordKey {
    RecordKey::new(kind::IDENTITY, key.0)
}

/// Names the state of one identity of a profile; all of a profile's states share its prefix.
pub fn state(profile: ProfileId, key: IdentityKey) -> RecordKey {
    RecordKey::new(kind::STATE, [profile.bytes(), key.0].concat())
}

/// Names a person's vault.
pub fn vault(id: ProfileId) -> RecordKey {
    RecordKey::new(kind::VAULT, id.bytes())
}

/// Names the key of a person's vault.
pub fn vault_key(id: ProfileId) -> RecordKey {
    RecordKey::new(kind::VAULT_KEY, id.bytes())
}

/// Names a person's wallet.
pub fn wallet(id: ProfileId) -> RecordKey {
    RecordKey::new(kind::WALLET, id.bytes())
}

/// Names a household.
pub fn household(id: HouseholdId) -> RecordKey {
    RecordKey::new(kind::HOUSEHOLD, id.bytes())
}

/// Names a coupon.
pub fn coupon(id: CouponId) -> RecordKey {
    RecordKey::new(kind::COUPON, id.bytes())
}

/// Names the record of which coupons were used on an order. Its id may lead to a person, so it is not in the key.
pub fn order(secret: &[u8; 32], id: &str) -> RecordKey {
    RecordKey::new(kind::ORDER, order_hash(secret, id))
}

/// Stands for an order where its id may not stand.
pub fn order_hash(secret: &[u8; 32], id: &str) -> [u8; 16] {
    Hasher::keyed(secret, "order").field(id.as_bytes()).finish().short()
}

/// Names what a profile holds in points.
pub fn points_account(id: ProfileId) -> RecordKey {
    RecordKey::new(kind::POINTS_ACCOUNT, id.bytes())
}

/// Names what an order has to do with points, by its hash.
pub fn points_order(order: [u8; 16]) -> RecordKey {
    RecordKey::new(kind::POINTS_ORDER, order)
}

/// Names a payment with points.
pub fn tender(id: RedemptionId) -> RecordKey {
    RecordKey::new(kind::TENDER, id.bytes())
}

/// Names how a profile's points came or went; all of a profile's share its first sixteen bytes and sort by time.
pub fn points_moved(id: ProfileId, at: Timestamp, entry: [u8; 16]) -> RecordKey {
    // The sign turned round, so that bytes sort as numbers do.
    let at = (at.0 ^ i64::MIN).to_be_bytes();
    RecordKey::new(kind::POINTS_MOVED, [id.bytes().as_slice(), &at, &entry].concat())
}

/// Names the record that leads from a code to its coupon. Keyed: nobody can test a guess against the store.
pub fn code(secret: &[u8; 32], code: &Code) -> RecordKey {
    RecordKey::new(kind::CODE, Hasher::keyed(secret, "code").field(&code.bytes()).finish().short())
}

/// Names the record of when the key that signs codes was replaced.
pub fn key_rotations() -> RecordKey {
    RecordKey::new(kind::KEY_ROTATIONS, [])
}

/// Names the record of coupons issued in bulk.
pub fn bulk(id: DecisionId) -> RecordKey {
    RecordKey::new(kind::BULK, id.bytes())
}

/// Names a redemption.
pub fn redemption(id: RedemptionId) -> RecordKey {
    RecordKey::new(kind::REDEMPTION, id.bytes())
}

/// Names a lease; all of a till share what [`of_till`] gives.
pub fn lease(till: &TillId, id: LeaseId) -> RecordKey {
    RecordKey::new(kind::LEASE, [of_till(till).as_slice(), &id.bytes()].concat())
}

/// Gives what the keys of all that is a till's begin with. No till's name holds a zero, so none begins as another.
pub fn of_till(till: &TillId) -> Vec<u8> {
    [till.as_str().as_bytes(), &[0]].concat()
}

/// Finds in the key of something that is a till's what all of that till begin with.
pub fn till_of(key: &[u8]) -> Option<&[u8]> {
    key.get(..=key.iter().position(|byte| *byte == 0)?)
}

/// Names what a till reported as the `number`-th on a lease.
pub fn reported(lease: LeaseId, number: u32) -> RecordKey {
    RecordKey::new(kind::REPORTED, [lease.bytes().as_slice(), &number.to_be_bytes()].concat())
}

/// Gives what the keys of all that a till did on a day begin with; the day is counted from 1970 on the shop's calendar.
pub fn day_of_till(till: &TillId, day: i32) -> Vec<u8> {
    [of_till(till).as_slice(), &day.to_be_bytes()].concat()
}

/// Names an answer kept under an idempotency key; all about a coupon share its prefix.
pub fn answer(about: CouponId, mark: [u8; 16]) -> RecordKey {
    RecordKey::new(kind::ANSWER, [about.bytes(), mark].concat())
}

/// Names the right a decision gave.
pub fn right(id: DecisionId) -> RecordKey {
    RecordKey::new(kind::RIGHT, id.bytes())
}

/// Names a decision.
pub fn decision(id: DecisionId) -> RecordKey {
    RecordKey::new(kind::DECISION, id.bytes())
}

/// Names the note that a decision is about whoever has this home; all of a person's share its first eight bytes.
pub fn decision_of(home: Home, id: DecisionId) -> RecordKey {
    RecordKey::new(kind::DECISION_OF, [home.0.to_be_bytes().as_slice(), &id.bytes()].concat())
}

/// Names a dead letter.
pub fn letter(id: LetterId) -> RecordKey {
    RecordKey::new(kind::DEAD_LETTER, id.bytes())
}

/// Names the note that a dead letter names an identity; all of an identity's share its first sixteen bytes.
pub fn letter_of(key: IdentityKey, id: LetterId) -> RecordKey {
    RecordKey::new(kind::LETTER_OF, [key.0, id.bytes()].concat())
}

/// Names the head of a dead letter; heads sort by when the letter arrived.
pub fn letter_head(at: Timestamp, id: LetterId) -> RecordKey {
    // The sign turned round, so that bytes sort as numbers do.
    let at = (at.0 ^ i64::MIN).to_be_bytes();
    RecordKey::new(kind::LETTER_HEAD, [at.as_slice(), &id.bytes()].concat())
}

/// Reads time and letter out of the key of a head.
pub fn letter_at(key: &[u8]) -> Option<(Timestamp, LetterId)> {
    let (at, id) = key.split_first_chunk::<8>()?;
    let at = Timestamp(i64::from_be_bytes(*at) ^ i64::MIN);
    Some((at, LetterId::from_bytes(id.try_into().ok()?)))
}

/// Names a product.
pub fn product(id: &str) -> RecordKey {
    RecordKey::new(kind::PRODUCT, id.as_bytes())
}

/// Names the record of what a product cost when.
pub fn prices(id: &str) -> RecordKey {
    RecordKey::new(kind::PRICES, id.as_bytes())
}

/// Names the record of what an event tells of a region or a store; `place` is like `region/munich`.
pub fn context(place: &str, event: &str) -> RecordKey {
    RecordKey::new(kind::CONTEXT, format!("{place}/{event}").into_bytes())
}

/// Names the files of a catalogue version.
pub fn catalogue(version: Digest) -> RecordKey {
    RecordKey::new(kind::CATALOGUE, version.0)
}

/// Names the record of the catalogue in force.
pub fn catalogue_in_force() -> RecordKey {
    RecordKey::new(kind::CATALOGUE_IN_FORCE, [])
}

/// Names the card of a model; they sort by version.
pub fn model(version: u32) -> RecordKey {
    RecordKey::new(kind::MODEL, version.to_be_bytes())
}

/// Names the entry that a model was fitted.
pub fn model_entry(version: u32) -> [u8; 16] {
    Hasher::new("model").field(&version.to_be_bytes()).finish().short()
}

/// Names the record of the accumulators whose history is folded.
pub fn folded() -> RecordKey {
    RecordKey::new(kind::FOLDED, [])
}

/// Names the record of the `number`-th catalogue that was put in force.
pub fn catalogue_applied(number: u64) -> RecordKey {
    RecordKey::new(kind::CATALOGUE_APPLIED, number.to_be_bytes())
}

/// Names the record that tells which secret the store was made with.
pub fn secret_check() -> RecordKey {
    RecordKey::new(kind::SECRET_CHECK, [])
}

/// Names an API key.
pub fn api_key(id: [u8; 16]) -> RecordKey {
    RecordKey::new(kind::API_KEY, id)
}

/// Names a tenant's record.
pub fn tenant(tenant: Tenant) -> RecordKey {
    RecordKey::new(kind::TENANT, tenant.0.to_be_bytes())
}

/// Names the record of the imported past.
pub fn imported_until() -> RecordKey {
    RecordKey::new(kind::IMPORTED_UNTIL, [])
}

/// Names the tombstone of an erased identity.
pub fn erased(key: IdentityKey) -> RecordKey {
    RecordKey::new(kind::ERASED, key.0)
}

/// Names an erasure that has begun.
pub fn erasing(id: ProfileId) -> RecordKey {
    RecordKey::new(kind::ERASING, id.bytes())
}

/// Names an erasure; all of a profile's share its prefix.
pub fn erasure(id: ProfileId, at: Timestamp) -> RecordKey {
    RecordKey::new(kind::ERASURE, [id.bytes().as_slice(), &at.0.to_be_bytes()].concat())
}

/// Names an endpoint of webhooks.
pub fn webhook(id: WebhookId) -> RecordKey {
    RecordKey::new(kind::WEBHOOK, id.bytes())
}

/// Names a webhook message.
pub fn message(id: MessageId) -> RecordKey {
    RecordKey::new(kind::MESSAGE, id.bytes())
}

/// Names the delivery of a message to an endpoint; all of an endpoint's share its prefix.
pub fn delivery(endpoint: WebhookId, message: MessageId) -> RecordKey {
    RecordKey::new(kind::DELIVERY, [endpoint.bytes(), message.bytes()].concat())
}

/// Counts the endpoints of webhooks, under their limit.
pub fn webhooks() -> CounterKey {
    counter("webhooks", "")
}

/// Finds the home of a profile's entries.
pub fn home(id: ProfileId) -> Home {
    Home(Hasher::new("home").field(&id.bytes()).finish().number())
}

/// Names the mark of a message. Keyed: nobody can test a guess of a message id against the store.
pub fn event_mark(secret: &[u8; 32], source: &str, message_id: &str) -> MarkKey {
    let hash = Hasher::keyed(secret, "event mark").field(source.as_bytes()).field(message_id.as_bytes());
    MarkKey { scope: EVENT_MARKS, id: hash.finish().short() }
}

/// Names the mark of an idempotency key under which a question was asked. Keyed, like those of messages.
pub fn question_mark(secret: &[u8; 32], source: &str, idempotency_key: &str) -> MarkKey {
    let hash =
        Hasher::keyed(secret, "question mark").field(source.as_bytes()).field(idempotency_key.as_bytes());
    MarkKey { scope: QUESTION_MARKS, id: hash.finish().short() }
}

/// Names the mark of an idempotency key under which a coupon was moved. Keyed, like those of messages.
pub fn answer_mark(secret: &[u8; 32], source: &str, idempotency_key: &str) -> MarkKey {
    let hash =
        Hasher::keyed(secret, "answer mark").field(source.as_bytes()).field(idempotency_key.as_bytes());
    MarkKey { scope: ANSWER_MARKS, id: hash.finish().short() }
}

/// Counts what a campaign owes, in cents, under its budget.
pub fn budget(campaign: &str) -> CounterKey {
    counter("budget/", campaign)
}

/// Counts the coupons issued of an offer, under its total limit.
pub fn issued(offer: &str) -> CounterKey {
    counter("issued/", offer)
}

/// Counts how often the public code of an offer was used, under its limit.
pub fn public_uses(offer: &str) -> CounterKey {
    counter(PUBLIC_USES, offer)
}

/// Counts what the coupons of an offer's public code owe, in cents, under its budget.
pub fn public_cents(offer: &str) -> CounterKey {
    counter(PUBLIC_CENTS, offer)
}

/// Counts redemptions for a limit per day or store, by its name.
pub fn uses(name: &str) -> CounterKey {
    counter(USES, name)
}

/// Tells the day, from 1970 on the shop's calendar, before which no counter of a limit per day is kept any more.
pub fn days_forgotten() -> CounterKey {
    counter("days-forgotten", "")
}

/// Tells before when leases of tills ended that are not kept any more, in milliseconds since 1970.
pub fn leases_forgotten() -> CounterKey {
    counter("leases-forgotten", "")
}

/// Counts what redemptions cost for a limit per day or store, in cents, by its name.
pub fn use_cents(name: &str) -> CounterKey {
    counter(USE_CENTS, name)
}

/// Counts the members of a segment, by the number of its rule.
pub fn members(rule: RuleNumber) -> CounterKey {
    counter(MEMBERS, &rule.0.to_string())
}

/// Counts the members of a segment who have granted what it is for, by the number of its rule.
pub fn granting_members(rule: RuleNumber) -> CounterKey {
    counter(GRANTING, &rule.0.to_string())
}

/// Counts the points that lie in a place; for the shop's own, those it ever made.
pub fn points(place: &str) -> CounterKey {
    counter(POINTS_IN, place)
}

/// Counts accepted events of a name.
pub fn events(name: &str) -> CounterKey {
    counter(EVENTS, name)
}

/// Counts messages by what became of them.
pub fn balance(what: &str) -> CounterKey {
    counter(BALANCE, what)
}

/// The prefix of the balance counters.
pub const BALANCE: &str = "balance/";
/// The prefix of the counters of accepted events.
pub const EVENTS: &str = "events/";
/// The prefix of the counters of members.
pub const MEMBERS: &str = "members/";
/// The prefix of the counters of members who have granted what their segment is for.
pub const GRANTING: &str = "granting/";
/// The prefix of the counters of uses of public codes.
pub const PUBLIC_USES: &str = "public-uses/";
/// The prefix of the counters of what public codes owe.
pub const PUBLIC_CENTS: &str = "public-cents/";
/// The prefix of the counters of redemptions for limits per day and store.
pub const USES: &str = "uses/";
/// The prefix of the counters of what those redemptions cost.
pub const USE_CENTS: &str = "use-cents/";
/// The prefix of the counters of points.
pub const POINTS_IN: &str = "points/";
/// The prefix of the budget counters.
pub const BUDGETS: &str = "budget/";

fn counter(prefix: &str, name: &str) -> CounterKey {
    CounterKey([prefix.as_bytes(), name.as_bytes()].concat())
}

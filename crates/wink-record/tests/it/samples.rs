//! One value of every stored type, with every field set to something of its own.
// LONG: a list, one value after the other; who looks for a type searches for its name.

use std::collections::BTreeMap;

use wink_core::base::expression::{Miss, Relation};
use wink_core::base::{
    CampaignId, Cents, CouponId, DecisionId, Digest, EventId, HouseholdId, LeaseId, MessageId, OfferId,
    ProfileId, RedemptionId, ReversalId, SegmentId, TillId, Timestamp, TriggerId, Value, WebhookId,
};
use wink_core::coupon::{
    Account, Announced, Bulk, Coupon, Entry, Given, Held, Hold, Lease, Loss, Offline, Part, Redemption,
    Reversal, Right, RightState, State as Life, Unbacked, Wallet,
};
use wink_core::decision::{
    AcceptWithin, Ask, BudgetUse, Candidate, Decision, Drawn, Issue, Person, RanOut, Removed, Standing,
    Usage, Verdict,
};
use wink_core::event::{
    Attributes, Body, ChannelScored, ConsentChange, ConsentState, Envelope, Exposure, ExposureKind,
    HouseholdChange, Identity, Issued, Line, Mechanism, Observed, Order, Redeemed, Reversed, RightGiven,
    Scored, UsedCoupon,
};
use wink_core::feature::{
    Accumulated, AccumulatorId, Bucket, Extremes, FirstDay, FirstForm, Histogram, ListingChange, Member,
    Memberships, Moment, MonthDay, Named, Occasions, Passage, ProductKey, Reading, Registers, Remembered,
    RuleNumber, Series, Shared, Stamped, State, Times, View, Viewed, Wanting, Watched,
};
use wink_core::offer::price_law::{PriceHistory, Step};
use wink_core::offer::{
    Afterwards, Benefit, CatalogueVersion, Channel, Product, ReversalPolicy, ReversalReason, Stage, Terms,
};
use wink_core::profile::{
    Consent, Grants, Had, Household, IdentityKey, Kept, Link, Member as Inmate, Profile, Purpose, Residence,
    Vault,
};
use wink_record::{
    ApiKey, Awaiting, CatalogueApplied, CatalogueFiles, DeadLetter, Decided, Delivery, DeliveryState,
    Disabled, Erasure, Folded, KeptAnswer, KeyRotations, LetterHead, MessageType, Occasion, OrderCoupons,
    Reported, Round, SealedSecret, SegmentPassage, SegmentRule, SegmentRules, TenantNamed, WebhookEndpoint,
    WebhookMessage,
};

const AT: Timestamp = Timestamp(1_488_448_800_000);

mod coupons;
mod models;
mod points;
mod taken_back;

pub(crate) use coupons::*;
pub(crate) use models::*;
pub(crate) use points::*;
pub(crate) use taken_back::*;

fn campaign() -> CampaignId {
    CampaignId::parse("spring").unwrap()
}

fn offer() -> OfferId {
    OfferId::parse("spring-tea").unwrap()
}

fn coupon_id() -> CouponId {
    CouponId::from_bytes([4; 16])
}

fn decision_id() -> DecisionId {
    DecisionId::from_bytes([5; 16])
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn channel_scored() -> ChannelScored {
    let (channel, lower) = ("search".to_owned(), 101_250);
    ChannelScored { version: 4, channel, rate: 250_125, lower, upper: 501_500, probability: 812_500 }
}

pub(crate) fn events() -> Vec<(&'static str, Kept)> {
    let line = Line {
        product_id: "p-1".to_owned(),
        category: Some("TEA".to_owned()),
        quantity: 2,
        paid: Cents(450),
        discount: Cents(50),
        coupon_discount: Cents(20),
    };
    let bare = Line { category: None, quantity: 0, ..line.clone() };
    let order =
        Order { order_id: "o-1".to_owned(), store_id: Some("s-1".to_owned()), lines: vec![line, bare] };
    let consent = ConsentChange {
        purpose: "newsletter".to_owned(),
        state: ConsentState::Withdrawn,
        method: "link".to_owned(),
        mechanism: Mechanism::Cmp,
        surface: Some("mail".to_owned()),
        text_version: Some("3".to_owned()),
        text_hash: None,
        recorded_by: None,
    };
    let proven = ConsentChange {
        text_hash: Some("9f86d081884c7d65".to_owned()),
        recorded_by: Some("till 4".to_owned()),
        ..consent.clone()
    };
    let by_account = ConsentChange { mechanism: Mechanism::Account, ..proven.clone() };
    let exposure = Exposure { decision: decision_id(), kind: ExposureKind::Clicked };
    let issued = Issued {
        coupon: coupon_id(),
        decision: decision_id(),
        campaign: campaign(),
        offer: offer(),
        pushed: true,
    };
    let given = RightGiven { decision: decision_id(), campaign: campaign(), offer: offer(), pushed: true };
    vec![
        ("order", kept(Body::OrderCompleted(order))),
        (
            "coupon-applied",
            kept(Body::CouponApplied(UsedCoupon {
                coupon_id: "c-1".to_owned(),
                campaign_id: Some("9".to_owned()),
            })),
        ),
        ("identify", kept(Body::Identify(Attributes(BTreeMap::from([("age".to_owned(), Value::Null)]))))),
        ("consent", kept(Body::ConsentUpdated(consent))),
        ("consent-proven", kept(Body::ConsentUpdated(proven))),
        ("consent-by-account", kept(Body::ConsentUpdated(by_account))),
        ("exposed", kept(Body::Exposed(exposure))),
        ("issued", kept(Body::CouponIssued(issued))),
        ("right-given", kept(Body::RightGiven(given))),
        (
            "redeemed",
            kept(Body::CouponRedeemed(Redeemed {
                coupon: coupon_id(),
                order_id: "o-2".to_owned(),
                amount: Cents(150),
            })),
        ),
        (
            "reversed",
            kept(Body::CouponReversed(Reversed {
                coupon: coupon_id(),
                redemption: RedemptionId::from_bytes([7; 16]),
                order_id: "o-2".to_owned(),
                amount: Cents(40),
            })),
        ),
        ("scored", kept(Body::Scored(Scored::new(3, 0.726_6, 0.5, 1.226, Some(907.0)).unwrap()))),
        ("channel-scored", kept(Body::ChannelScored(channel_scored()))),
        (
            "household-joined",
            kept(Body::HouseholdChanged(HouseholdChange::Joined { household_id: "h-1".to_owned() })),
        ),
        ("household-left", kept(Body::HouseholdChanged(HouseholdChange::Left { household_id: None }))),
        ("observed", kept(Body::Observed(Observed::named("Product Viewed").unwrap()))),
        (
            "observed-mended",
            Kept {
                accepted_at: Some(Timestamp(AT.0 + 4)),
                ..kept(Body::Observed(Observed::named("Product Viewed").unwrap()))
            },
        ),
    ]
}

fn kept(body: Body) -> Kept {
    let values = [
        ("b", Value::Bool(true)),
        ("f", Value::Float(0.5)),
        ("i", Value::Int(-7)),
        ("l", Value::List(vec![Value::Int(1), text("x")])),
        ("m", Value::Map(BTreeMap::from([("k".to_owned(), Value::Null)]))),
        ("n", Value::Null),
        ("t", text("x")),
    ];
    Kept {
        id: EventId::from_bytes([1; 16]),
        profile: ProfileId::from_bytes([2; 16]),
        identity: IdentityKey([3; 16]),
        source: "shop".to_owned(),
        message_id: "m-1".to_owned(),
        occurred_at: AT,
        sent_at: Some(Timestamp(AT.0 + 1)),
        received_at: Timestamp(AT.0 + 2),
        accepted_at: None,
        original_at: Some(Timestamp(AT.0 + 3)),
        late: true,
        body,
        extra: values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
    }
}

pub(crate) fn profile() -> Profile {
    profile_saying(word)
}

/// A profile whose consent has its whole proof.
pub(crate) fn proven_profile() -> Profile {
    profile_saying(|state| Consent {
        text_version: Some("3".to_owned()),
        text_hash: Some("9f86d081884c7d65".to_owned()),
        recorded_by: Some("till 4".to_owned()),
        source: Some("shop".to_owned()),
        ..word(state)
    })
}

/// A profile that is the same person as another, and not as a third.
pub(crate) fn linked_profile() -> Profile {
    let mut profile = profile();
    profile.join(ProfileId::from_bytes([8; 16]), Link { at: AT, source: "shop".to_owned() });
    profile.part(ProfileId::from_bytes([9; 16]));
    profile
}

/// A profile of somebody who lives with others, and lived elsewhere before.
pub(crate) fn profile_in_household() -> Profile {
    let mut profile = profile();
    let household = Some(HouseholdId::from_bytes([5; 16]));
    profile.residence = Some(Residence { household, at: AT, source: "shop".to_owned() });
    profile.counted.note(HouseholdId::from_bytes([6; 16]), 3);
    profile
}

/// A household of two, from which somebody is gone.
pub(crate) fn household() -> Household {
    let mut household = Household::default();
    for number in [2, 3] {
        let member = Inmate { at: AT.plus_days(i64::from(number)), source: "shop".to_owned() };
        household.admit(ProfileId::from_bytes([number; 16]), member).unwrap();
    }
    household.keep_count(BTreeMap::from([(offer(), Had { given: 2, held_out: 1 })]));
    household
}

/// A profile whose consents came in more than one way.
pub(crate) fn contradicting_profile() -> Profile {
    let mut profile = profile();
    for mechanism in Mechanism::ALL {
        let word = Consent { mechanism, at: AT.plus_days(1), ..word(ConsentState::Withdrawn) };
        profile.consents.entry(Purpose::Newsletter).or_default().hear(word);
    }
    profile
}

/// A profile of somebody who has granted that it matters where they are.
pub(crate) fn placed_profile() -> Profile {
    let mut profile = profile();
    profile.consents.entry(Purpose::Location).or_default().hear(word(ConsentState::Granted));
    profile
}

fn word(state: ConsentState) -> Consent {
    Consent {
        state,
        at: AT,
        method: "checkbox".to_owned(),
        mechanism: Mechanism::Cmp,
        surface: Some("checkout".to_owned()),
        text_version: None,
        text_hash: None,
        recorded_by: None,
        source: None,
    }
}

fn profile_saying(word: impl Fn(ConsentState) -> Consent) -> Profile {
    let mut profile = Profile::new(ProfileId::from_bytes([2; 16]), AT);
    profile.identities.insert(IdentityKey([3; 16]));
    for (purpose, state) in
        [(Purpose::Personalisation, ConsentState::Granted), (Purpose::Newsletter, ConsentState::Denied)]
    {
        profile.consents.entry(purpose).or_default().hear(word(state));
    }
    profile
}

pub(crate) fn vault() -> Vault {
    let mut vault = Vault::default();
    vault.know(&Identity::new("email", "anna@example.org").unwrap());
    vault.hear(Attributes(BTreeMap::from([("age".to_owned(), text("45-54"))])), AT);
    vault
}

/// What the first form of a state, as its golden file has it, says.
pub(crate) fn first_state() -> State {
    let day = FirstDay { orders: 1, lines: 2, sales_cents: 450, discount_cents: 50, coupons: 1 };
    FirstForm {
        days: vec![(17_227, day), (17_230, FirstDay { orders: 3, ..day })],
        categories: BTreeMap::from([("TEA".to_owned(), vec![(615, 450), (616, 7)])]),
        last_order_at: Some(AT),
        contacts: vec![AT],
    }
    .into_state()
}

/// One accumulator of every kind.
pub(crate) fn state() -> State {
    let days = |cells| Accumulated::Sums(Series { bucket: Bucket::Day, cells });
    let mut shares: Series<Shared> = Series::new(Bucket::FourWeeks);
    for (number, name, cents) in [(615, "FROZEN", 3), (615, "FROZEN PIZZA", 450), (616, "FROZEN", -7)] {
        shares.at(number).unwrap().add(name, cents);
    }
    shares.at(617).unwrap().is_sample = true;
    shares.at(617).unwrap().total = 99;
    let both = Extremes { min: -5, max: 1_000 };
    let (registers, classes) = (Registers(vec![(0, 1), (255, 57)]), Histogram(vec![(i16::MIN, 1), (300, 2)]));
    let accumulated = vec![
        days(vec![(17_227, 450), (17_230, 0)]),
        days(vec![(17_227, 1), (17_230, 3)]),
        Accumulated::Extremes(Series { bucket: Bucket::ShopDay, cells: vec![(17_227, both)] }),
        Accumulated::Times(Times { keep: 4, at: vec![AT, AT, AT.plus_days(1)] }),
        Accumulated::First(Stamped { at: AT, value: 12 }),
        Accumulated::Last(Stamped { at: AT.plus_days(3), value: -12 }),
        Accumulated::Distinct(Series { bucket: Bucket::Minute, cells: vec![(-1, registers)] }),
        Accumulated::Spread(Series { bucket: Bucket::FourWeeks, cells: vec![(615, classes)] }),
        Accumulated::Shares(shares),
    ];
    State::new((1..).map(AccumulatorId).zip(accumulated).collect())
}

/// A state that knows a name.
pub(crate) fn state_with_a_name() -> State {
    let near = Accumulated::Name(Named { at: AT, name: "city".into() });
    let nowhere = Accumulated::Name(Named { at: Timestamp(-1), name: "".into() });
    State::new(vec![(AccumulatorId(3), near), (AccumulatorId(9), nowhere)])
}

/// A decision that asked for some features only, one of them new.
pub(crate) fn decision_of_some_features() -> Decision {
    let number = Viewed::Number(Reading { value: 0.5, age_ms: 60_000 });
    let mut decision = decision();
    decision.person.view = View::new(vec![Viewed::NotAsked, Viewed::Filling, number, Viewed::NotAsked]);
    decision
}

pub(crate) fn folded() -> Folded {
    Folded { accumulators: vec![AccumulatorId(7), AccumulatorId(u32::MAX)], since: AT }
}

/// A decision that gives only the right to a coupon.
pub(crate) fn waiting_decision() -> Decision {
    let mut decision = decision();
    decision.ask.issue = Issue::OnAccept(AcceptWithin::default());
    decision
}

/// A decision for a profile of somebody who is drawn as another.
pub(crate) fn decision_on_second_device() -> Decision {
    let mut decision = decision();
    decision.person.drawn_as = ProfileId::from_bytes([1; 16]);
    decision
}

/// A decision about somebody whose household has its limit.
pub(crate) fn decision_in_household() -> Decision {
    let mut decision = decision();
    decision.person.household = BTreeMap::from([(3, Usage { issued: 4, held_out: 1 })]);
    decision.candidates[0].removed = Some(Removed::HouseholdLimit { at_most: 5 });
    decision
}

/// A decision about somebody who let all kinds of things run out.
pub(crate) fn decision_after_deadlines() -> Decision {
    let decision = decision();
    let benefits = [
        None,
        Some(Benefit::Amount(Cents(150))),
        Some(Benefit::Percent { basis_points: 1_000, maximum: Cents(300) }),
    ];
    let ran_out = benefits.map(|benefit| RanOut { until: AT.plus_days(-3), benefit }).to_vec();
    let removed = Removed::DeadlinePassed { again_at: AT.plus_days(11), days: 14 };
    Decision {
        person: Person { ran_out: BTreeMap::from([(3, ran_out)]), ..decision.person },
        candidates: vec![candidate(removed), none()],
        verdict: Verdict::Nothing,
        ..decision
    }
}

pub(crate) fn decision() -> Decision {
    let slots = vec![
        Viewed::Number(Reading { value: 12.5, age_ms: 3_600_000 }),
        Viewed::Shares(Reading { value: BTreeMap::from([("TEA".to_owned(), 0.25)]), age_ms: 7 }),
        Viewed::NoData,
        Viewed::TooOld { age_ms: 99 },
        Viewed::NotGranted(Purpose::Newsletter),
    ];
    Decision {
        id: decision_id(),
        engine: 1,
        catalogue: CatalogueVersion(Digest([7; 32])),
        now: AT,
        seed: 42,
        ask: Ask {
            channel: Channel::Till,
            placement: "receipt".to_owned(),
            cart: Some(Cents(4_200)),
            issue: Issue::Now,
        },
        person: Person {
            profile: ProfileId::from_bytes([2; 16]),
            drawn_as: ProfileId::from_bytes([2; 16]),
            grants: Grants::new([Purpose::Personalisation]),
            view: View::new(slots),
            contacts: vec![AT.plus_days(-9)],
            used: BTreeMap::from([(3, Usage { issued: 1, held_out: 2 })]),
            household: BTreeMap::new(),
            ran_out: BTreeMap::new(),
        },
        standing: Standing {
            budgets: BTreeMap::from([(1, BudgetUse { used: Cents(10), cap: Cents(20) })]),
            issued: BTreeMap::from([(3, 4)]),
        },
        candidates: removed().into_iter().map(candidate).chain([none()]).collect(),
        verdict: Verdict::HeldOut(2),
    }
}

fn candidate(removed: Removed) -> Candidate {
    Candidate {
        drawn: Some(Drawn { offer: 3, benefit: 1 }),
        score: Some(-1.25),
        probability: 0.125,
        removed: Some(removed),
    }
}

fn none() -> Candidate {
    Candidate { drawn: None, score: Some(0.0), probability: 0.875, removed: None }
}

/// Every reason there is.
fn removed() -> Vec<Removed> {
    let fact = Miss::Fact {
        at: 3..9,
        slot: 1,
        name: "feature.category_affinity".into(),
        key: Some("TEA".into()),
        found: Value::Float(0.25),
        relation: Relation::AtLeast,
        wanted: Value::Float(0.5),
    };
    let part = Miss::Part { at: 0..4, text: "true".to_owned(), wanted: false };
    vec![
        Removed::NoConsent(Purpose::Newsletter),
        Removed::GlobalHoldout,
        Removed::OtherChannel,
        Removed::Rule { stage: Stage::Suitability, miss: fact },
        Removed::Rule { stage: Stage::Eligibility, miss: part },
        Removed::NotKnown { stage: Stage::Applicability, slot: 2 },
        Removed::RuleFailed { stage: Stage::Eligibility },
        Removed::ProfileLimit { at_most: 1 },
        Removed::TotalLimit { at_most: 2 },
        Removed::ContactCap { at_most: 3, within_days: 28 },
        Removed::Budget { needed: Cents(5), left: Cents(4) },
        Removed::MinimumPrice { remaining: Cents(3), minimum: Cents(6) },
        Removed::Holdout,
    ]
}

pub(crate) fn decided() -> Decided {
    Decided { id: decision_id(), hash: Digest([8; 32]) }
}

pub(crate) fn product() -> Product {
    Product {
        id: "p-1".to_owned(),
        name: "Tea, 20 bags".to_owned(),
        category: Some("TEA".to_owned()),
        brand: Some("House".to_owned()),
        price: Some(Cents(250)),
        cost: None,
        stock: None,
    }
}

pub(crate) fn product_in_stock() -> Product {
    Product { cost: Some(Cents(110)), stock: Some(0), ..product() }
}

pub(crate) fn price_history() -> PriceHistory {
    let steps = [(1_000, Some(250)), (2_000, None), (3_000, Some(199))];
    PriceHistory::new(steps.map(|(from, price)| Step { from: Timestamp(from), price: price.map(Cents) }))
}

pub(crate) fn catalogue() -> CatalogueFiles {
    CatalogueFiles(BTreeMap::from([("shop.toml".to_owned(), "name = \"Shop\"\n".to_owned())]))
}

pub(crate) fn catalogue_applied() -> CatalogueApplied {
    CatalogueApplied { version: CatalogueVersion(Digest([3; 32])), at: AT }
}

pub(crate) fn dead_letter() -> DeadLetter {
    DeadLetter {
        source: "shop".to_owned(),
        received_at: AT,
        code: "event_unknown".to_owned(),
        reason: "`Teleported` is not a known event".to_owned(),
        original: b"{}".to_vec(),
        envelope: None,
    }
}

/// A dead letter that can be sent on.
pub(crate) fn replayable_letter() -> DeadLetter {
    let envelope = Envelope {
        source: "shop".to_owned(),
        message_id: "m-1".to_owned(),
        event: "Teleported".to_owned(),
        schema_version: Some("1-0-0".to_owned()),
        identities: vec![Identity::new("email", "anna@example.org").unwrap()],
        original_at: Some(AT),
        sent_at: Some(Timestamp(AT.0 + 1)),
        properties: BTreeMap::from([("to".to_owned(), text("there"))]),
    };
    DeadLetter { envelope: Some(envelope), ..dead_letter() }
}

pub(crate) fn letter_head() -> LetterHead {
    LetterHead {
        source: "shop".to_owned(),
        code: "event_unknown".to_owned(),
        times: 2,
        identities: vec![IdentityKey([3; 16])],
    }
}

pub(crate) fn api_key() -> ApiKey {
    ApiKey {
        tenant: 7,
        role: "ingest".to_owned(),
        name: "web-shop".to_owned(),
        store: Some("s-1".to_owned()),
        origins: vec!["https://shop.example".to_owned()],
        rate: Some(50),
        created_at: AT,
        ends_at: Some(AT.plus_days(1)),
        revoked: true,
    }
}

pub(crate) fn tenant() -> TenantNamed {
    TenantNamed { name: "main".to_owned(), created_at: AT }
}

/// A bulk that is half done.
pub(crate) fn bulk() -> Bulk {
    let catalogue = CatalogueVersion(Digest([4; 32]));
    Bulk { done: 500, ..Bulk::new("spring-print", OfferId::parse("tea").unwrap(), catalogue, 1_000, AT) }
}

/// A signing key that was replaced twice.
pub(crate) fn key_rotations() -> KeyRotations {
    KeyRotations(vec![AT, AT.plus_days(90)])
}

pub(crate) fn erasure() -> Erasure {
    Erasure {
        tenant: 1,
        profile: ProfileId::from_bytes([1; 16]),
        at: AT,
        identities: vec![IdentityKey([2; 16]), IdentityKey([3; 16])],
    }
}

pub(crate) fn webhook() -> WebhookEndpoint {
    WebhookEndpoint {
        id: WebhookId::from_bytes([9; 16]),
        url: "https://shop.example.org/hook".to_owned(),
        types: [
            MessageType::DecisionMade,
            MessageType::CouponIssued,
            MessageType::CouponRedeemed,
            MessageType::CouponExpired,
        ]
        .into(),
        secrets: vec![
            SealedSecret { sealed: vec![1, 2, 3], until: None },
            SealedSecret { sealed: vec![4, 5], until: Some(AT.plus_days(1)) },
        ],
        disabled: Some(Disabled { at: AT, why: "its receiver answered 410".to_owned() }),
        created_at: AT.plus_days(-1),
    }
}

pub(crate) fn message() -> WebhookMessage {
    WebhookMessage {
        id: MessageId::from_bytes([10; 16]),
        kind: MessageType::CouponRedeemed,
        at: AT,
        body: b"{}".to_vec(),
    }
}

pub(crate) fn deliveries() -> Vec<(&'static str, Delivery)> {
    let delivery = |kind, state| Delivery {
        endpoint: WebhookId::from_bytes([9; 16]),
        message: MessageId::from_bytes([10; 16]),
        kind,
        attempts: 3,
        first_at: Some(AT),
        said: "answered 500".to_owned(),
        state,
    };
    vec![
        ("waiting", delivery(MessageType::DecisionMade, DeliveryState::Waiting { due: AT.plus_days(1) })),
        ("delivered", delivery(MessageType::CouponExpired, DeliveryState::Delivered { at: AT })),
        ("dead", delivery(MessageType::WebhookTest, DeliveryState::Dead { at: AT })),
    ]
}

pub(crate) fn memberships() -> Memberships {
    let member = |days, granted| Member { since: AT.plus_days(days), granted };
    let of = BTreeMap::from([(RuleNumber(2), member(-1, true)), (RuleNumber(5), member(-2, false))]);
    Memberships { asked: RuleNumber(6), of, changes: 4 }
}

pub(crate) fn segment_rules() -> SegmentRules {
    let rule = |number, counted_at| SegmentRule {
        number: RuleNumber(number),
        segment: SegmentId::parse("lapsed").unwrap(),
        digest: Digest([11; 32]),
        is_retired: number == 2,
        counted_at,
    };
    SegmentRules { last: RuleNumber(3), rules: vec![rule(2, Some(AT)), rule(3, None)] }
}

pub(crate) fn passages() -> Vec<(&'static str, SegmentPassage)> {
    let passage = |passage, granting| SegmentPassage {
        profile: ProfileId::from_bytes([1; 16]),
        segment: SegmentId::parse("lapsed").unwrap(),
        rule: RuleNumber(2),
        passage,
        granting,
        change: 7,
        at: AT,
    };
    let (entered, left) = (Some(Passage::Entered), Some(Passage::Left));
    vec![
        ("entered", passage(entered, entered)),
        ("left", passage(left, None)),
        ("withdrawn", passage(None, left)),
    ]
}

fn trigger() -> TriggerId {
    TriggerId::parse("cheaper").unwrap()
}

pub(crate) fn occasions() -> Occasions {
    let watched = [
        (ProductKey([3; 16]), Watched { at: AT, price: Some(Cents(1_999)) }),
        (ProductKey([4; 16]), Watched { at: AT, price: None }),
    ];
    let remembered = Remembered {
        moments: vec![Timestamp(-1), AT],
        since: Some(AT),
        ended: Some(Timestamp(0)),
        day: MonthDay::new(2, 29),
        watched: watched.into(),
        bought: BTreeMap::new(),
    };
    let nothing = (TriggerId::parse("birthday").unwrap(), Remembered::default());
    Occasions([(trigger(), remembered), nothing].into())
}

pub(crate) fn occasions_with_purchases() -> Occasions {
    let bought = [(ProductKey([3; 16]), AT), (ProductKey([5; 16]), Timestamp(-1))];
    let remembered = Remembered { bought: bought.into(), ..Remembered::default() };
    Occasions([(trigger(), remembered)].into())
}

pub(crate) fn awaiting() -> Awaiting {
    let moment = Moment { trigger: trigger(), at: AT, wanting: Wanting::Look(AT), cart: None };
    Awaiting { profile: ProfileId::from_bytes([2; 16]), moment }
}

pub(crate) fn awaiting_with_cart() -> Awaiting {
    let moment = Moment { trigger: trigger(), at: AT, wanting: Wanting::Decision, cart: Some(Cents(2_740)) };
    Awaiting { profile: ProfileId::from_bytes([2; 16]), moment }
}

pub(crate) fn rounds() -> Vec<(&'static str, Round)> {
    let change = ListingChange {
        product: ProductKey([3; 16]),
        cheaper: Some((Cents(1_999), Cents(999))),
        is_available_again: false,
    };
    let again = ListingChange { cheaper: None, is_available_again: true, ..change };
    let day = Occasion::Day { trigger: trigger(), day: MonthDay::new(12, 24).unwrap() };
    let after = Some(ProfileId::from_bytes([2; 16]));
    vec![
        ("day", Round { occasion: day, at: AT, after, people: 256 }),
        (
            "cheaper",
            Round {
                occasion: Occasion::Listing { trigger: Some(trigger()), change },
                at: AT,
                after,
                people: 1,
            },
        ),
        (
            "available",
            Round {
                occasion: Occasion::Listing { trigger: None, change: again },
                at: AT,
                after: None,
                people: 0,
            },
        ),
    ]
}

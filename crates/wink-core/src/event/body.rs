//! What events say, typed. Reading a body trusts nothing; what it does not name stays in the event's extras.

use std::collections::BTreeMap;

use super::schema::{Observed, PropertyType, check_type};
use super::{ChannelScored, Mechanism, Rejection, Scored, consent_input};
use crate::base::{
    CampaignId, Cents, CouponId, Currency, DecisionId, OfferId, RedemptionId, Timestamp, Value,
};

/// At most this many lines in an order: a basket that large is a feed, not a purchase.
const LINES_MAX: usize = 2_000;

/// A category's name has at most this many bytes.
const CATEGORY_BYTES_MAX: usize = 128;

/// The shop's name of a household has at most this many bytes: room for any number, and no letter.
pub const HOUSEHOLD_BYTES_MAX: usize = 128;

/// What an event says.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// A purchase was paid, online or at the till.
    OrderCompleted(Order),
    /// A coupon was used that Wink does not own, such as a manufacturer's. Never touches Wink's ledger.
    CouponApplied(UsedCoupon),
    /// The shop states facts about the person; they go to the vault.
    Identify(Attributes),
    /// The person granted, refused or withdrew something.
    ConsentUpdated(ConsentChange),
    /// Wink issued a coupon: the person was contacted.
    CouponIssued(Issued),
    /// Wink gave the right to a coupon: the person was contacted.
    RightGiven(RightGiven),
    /// A coupon of Wink's was redeemed.
    CouponRedeemed(Redeemed),
    /// A redemption, or some of it, was taken back.
    CouponReversed(Reversed),
    /// What a decision offered was seen, clicked or dismissed.
    Exposed(Exposure),
    /// A model of Wink's reckoned how somebody will buy.
    Scored(Scored),
    /// A model of Wink's reckoned by which channel somebody comes when they buy.
    ChannelScored(ChannelScored),
    /// The person came into a household, or left one.
    HouseholdChanged(HouseholdChange),
    /// Something else happened that shops tell of; all it says stays in the event's extras.
    Observed(Observed),
}

impl Body {
    /// What says who lives with whom.
    pub const HOUSEHOLD_EVENTS: [&str; 2] = ["Household Joined", "Household Left"];

    /// Tells the event's name.
    pub fn event_name(&self) -> &'static str {
        match self {
            Self::OrderCompleted(_) => "Order Completed",
            Self::CouponApplied(_) => "Coupon Applied",
            Self::Identify(_) => "Identify",
            Self::ConsentUpdated(_) => "Consent Updated",
            Self::CouponIssued(_) => "Coupon Issued",
            Self::RightGiven(_) => "Right Given",
            Self::CouponRedeemed(_) => "Coupon Redeemed",
            Self::CouponReversed(_) => "Coupon Reversed",
            Self::Exposed(exposure) => exposure.kind.event_name(),
            Self::Scored(_) => "Customer Scored",
            Self::ChannelScored(_) => "Channel Scored",
            Self::HouseholdChanged(HouseholdChange::Joined { .. }) => "Household Joined",
            Self::HouseholdChanged(HouseholdChange::Left { .. }) => "Household Left",
            Self::Observed(observed) => observed.name(),
        }
    }
}

impl From<Scored> for Body {
    fn from(scored: Scored) -> Self {
        Self::Scored(scored)
    }
}

impl From<ChannelScored> for Body {
    fn from(scored: ChannelScored) -> Self {
        Self::ChannelScored(scored)
    }
}

/// A paid purchase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// The shop's id of it.
    pub order_id: String,
    /// Where it was made, if in a store.
    pub store_id: Option<String>,
    /// Its lines, in the order sent.
    pub lines: Vec<Line>,
}

impl Order {
    /// Sums what was paid.
    pub fn sales(&self) -> Cents {
        self.lines.iter().map(|line| line.paid).sum()
    }
}

/// One line of a purchase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The shop's id of the product.
    pub product_id: String,
    /// The product's category, as the shop sent it.
    pub category: Option<String>,
    /// How many; 0 is kept as sent (weighed goods, corrections).
    pub quantity: i64,
    /// What was paid for the line.
    pub paid: Cents,
    /// What the line was reduced by, coupons included.
    pub discount: Cents,
    /// The part of the discount that came from coupons.
    pub coupon_discount: Cents,
}

/// A coupon of somebody else that was used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsedCoupon {
    /// Its id, as sent.
    pub coupon_id: String,
    /// The campaign it came from, as sent.
    pub campaign_id: Option<String>,
}

/// Facts the shop states about a person.
#[derive(Clone, Debug, PartialEq)]
pub struct Attributes(pub BTreeMap<String, Value>);

/// What somebody decided about a purpose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsentChange {
    /// The purpose, as sent; the profile stage knows which there are.
    pub purpose: String,
    /// What was decided.
    pub state: ConsentState,
    /// How it was given: `double_opt_in`, `checkbox`, `paper`, …
    pub method: String,
    /// By which way it came, which says how far it can be relied on.
    pub mechanism: Mechanism,
    /// Where it was given.
    pub surface: Option<String>,
    /// Which wording was shown.
    pub text_version: Option<String>,
    /// The hash of that wording, so that nobody can change it afterwards unnoticed.
    pub text_hash: Option<String>,
    /// Who took the word down, if not the person themself: an employee, a till.
    pub recorded_by: Option<String>,
}

/// A decision about a purpose. Ordered by strictness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ConsentState {
    /// Yes.
    Granted,
    /// No.
    Denied,
    /// No longer.
    Withdrawn,
}

impl ConsentState {
    /// Spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Granted => "granted",
            Self::Denied => "denied",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// Reads the spelling.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Granted, Self::Denied, Self::Withdrawn].into_iter().find(|state| state.name() == text)
    }
}

/// A coupon Wink issued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issued {
    /// The coupon.
    pub coupon: CouponId,
    /// The decision that issued it.
    pub decision: DecisionId,
    /// Its campaign.
    pub campaign: CampaignId,
    /// Its offer.
    pub offer: OfferId,
    /// Whether we came to the person, as a newsletter does, rather than they to us, as on a page or at a till.
    pub pushed: bool,
}

/// The right to a coupon that Wink gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RightGiven {
    /// The decision that gave it.
    pub decision: DecisionId,
    /// The campaign.
    pub campaign: CampaignId,
    /// The offer.
    pub offer: OfferId,
    /// Whether we came to the person, rather than they to us.
    pub pushed: bool,
}

/// A coupon of Wink's that was redeemed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redeemed {
    /// The coupon.
    pub coupon: CouponId,
    /// The order it was used on.
    pub order_id: String,
    /// What it was worth there.
    pub amount: Cents,
}

/// A redemption that was taken back, or some of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reversed {
    /// The coupon.
    pub coupon: CouponId,
    /// The redemption.
    pub redemption: RedemptionId,
    /// The order it was used on.
    pub order_id: String,
    /// How much came back.
    pub amount: Cents,
}

/// What somebody did with an offer that was shown to them. An assignment is made by a decision; only this tells that it was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exposure {
    /// The decision that offered it.
    pub decision: DecisionId,
    /// What they did.
    pub kind: ExposureKind,
}

/// What somebody did with an offer that was shown to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ExposureKind {
    /// It was really seen.
    Seen,
    /// It was clicked.
    Clicked,
    /// It was closed or declined.
    Dismissed,
}

impl ExposureKind {
    /// Lists them all.
    pub const ALL: [Self; 3] = [Self::Seen, Self::Clicked, Self::Dismissed];

    /// Spells it as the API does.
    pub fn name(self) -> &'static str {
        match self {
            Self::Seen => "seen",
            Self::Clicked => "clicked",
            Self::Dismissed => "dismissed",
        }
    }

    /// Reads the spelling.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == text)
    }

    /// Names the event it is.
    pub fn event_name(self) -> &'static str {
        match self {
            Self::Seen => "Promotion Viewed",
            Self::Clicked => "Promotion Clicked",
            Self::Dismissed => "Promotion Dismissed",
        }
    }
}

/// What somebody's household is from now on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HouseholdChange {
    /// They belong to this one, and no longer to another.
    Joined {
        /// The shop's name of it.
        household_id: String,
    },
    /// They belong to none.
    Left {
        /// Only if it is this one they are in.
        household_id: Option<String>,
    },
}

/// Reads a body whose properties the schema has checked, of an event that happened at `at`; and when what it says was said, which may be earlier.
pub(super) fn read(
    event: &str,
    properties: &BTreeMap<String, Value>,
    currency: Currency,
    at: Timestamp,
) -> Result<(Body, Timestamp), Rejection> {
    if let Some(word) = consent_input::read(event, properties, at) {
        return word.map(|(word, said_at)| (Body::ConsentUpdated(word), said_at));
    }
    let body = match event {
        "Order Completed" => order(properties, currency).map(Body::OrderCompleted),
        "Coupon Applied" => Ok(Body::CouponApplied(UsedCoupon {
            coupon_id: text(properties, "coupon_id").unwrap_or_default(),
            campaign_id: text(properties, "campaign_id"),
        })),
        "Identify" => match properties.get("traits") {
            Some(Value::Map(traits)) => Ok(Body::Identify(Attributes(traits.clone()))),
            _ => Err(Rejection::MissingProperty("traits".to_owned())),
        },
        "Consent Updated" => consent(properties).map(Body::ConsentUpdated),
        "Household Joined" | "Household Left" => {
            household(event == "Household Joined", properties).map(Body::HouseholdChanged)
        }
        name if let Some(kind) = exposure_kind(name)
            && !matches!(properties.get("decision_id"), None | Some(Value::Null)) =>
        {
            exposure(kind, properties).map(Body::Exposed)
        }
        other => Observed::named(other)
            .map(Body::Observed)
            .ok_or_else(|| Rejection::UnknownEvent(other.to_owned())),
    };
    body.map(|body| (body, at))
}

fn order(properties: &BTreeMap<String, Value>, currency: Currency) -> Result<Order, Rejection> {
    if let Some(found) = text(properties, "currency")
        && found != currency.code()
    {
        return Err(Rejection::Currency { found, wanted: currency });
    }
    let Some(Value::List(products)) = properties.get("products") else {
        return Err(Rejection::MissingProperty("products".to_owned()));
    };
    if LINES_MAX < products.len() {
        return Err(Rejection::BadValue {
            path: "products".to_owned(),
            problem: format!("has {} lines; at most {LINES_MAX} are taken", products.len()),
        });
    }
    let lines =
        products.iter().enumerate().map(|(index, product)| line(index, product)).collect::<Result<_, _>>()?;
    Ok(Order {
        order_id: text(properties, "order_id").unwrap_or_default(),
        store_id: text(properties, "store_id"),
        lines,
    })
}

fn line(index: usize, product: &Value) -> Result<Line, Rejection> {
    let path = |name: &str| format!("products/{index}/{name}");
    let Value::Map(fields) = product else {
        let (wanted, found) = (PropertyType::Map, product.type_name());
        return Err(Rejection::WrongType { path: format!("products/{index}"), wanted, found });
    };
    let read_text = |name: &str| match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => {
            check_type(&path(name), PropertyType::Text, value)?;
            Ok(value.as_text().map(str::to_owned))
        }
    };
    let cents = |name: &str| match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Int(cents)) if (0..=Cents::MOST.0).contains(cents) => Ok(Some(Cents(*cents))),
        Some(Value::Int(_)) => Err(Rejection::BadValue {
            path: path(name),
            problem: format!("must lie between 0 and {} minor units", Cents::MOST.0),
        }),
        Some(value) => {
            let (wanted, found) = (PropertyType::Int, value.type_name());
            Err(Rejection::WrongType { path: path(name), wanted, found })
        }
    };
    let quantity = match fields.get("quantity") {
        None | Some(Value::Null) => 1,
        Some(Value::Int(quantity)) if (0..=1_000_000).contains(quantity) => *quantity,
        Some(_) => {
            return Err(Rejection::BadValue {
                path: path("quantity"),
                problem: "must be a whole number from 0 to 1,000,000".to_owned(),
            });
        }
    };
    Ok(Line {
        product_id: read_text("product_id")?.ok_or_else(|| Rejection::MissingProperty(path("product_id")))?,
        category: read_text("category")?.map(|category| short(&path("category"), category)).transpose()?,
        quantity,
        paid: cents("total_cents")?.ok_or_else(|| Rejection::MissingProperty(path("total_cents")))?,
        discount: cents("discount_cents")?.unwrap_or_default(),
        coupon_discount: cents("coupon_discount_cents")?.unwrap_or_default(),
    })
}

/// Refuses a category that is none: it is kept in every person's state that buys from it.
fn short(path: &str, category: String) -> Result<String, Rejection> {
    if category.len() <= CATEGORY_BYTES_MAX {
        return Ok(category);
    }
    let problem = format!("has {} bytes; a category has at most {CATEGORY_BYTES_MAX}", category.len());
    Err(Rejection::BadValue { path: path.to_owned(), problem })
}

fn consent(properties: &BTreeMap<String, Value>) -> Result<ConsentChange, Rejection> {
    let found = text(properties, "state").unwrap_or_default();
    let state = ConsentState::parse(&found).ok_or_else(|| Rejection::BadValue {
        path: "state".to_owned(),
        problem: format!("is `{found}`; write `granted`, `denied` or `withdrawn`"),
    })?;
    let mechanism = match text(properties, "mechanism") {
        None => Mechanism::default(),
        Some(name) => Mechanism::parse(&name)
            .map_err(|problem| Rejection::BadValue { path: "mechanism".to_owned(), problem })?,
    };
    Ok(ConsentChange {
        purpose: text(properties, "purpose").unwrap_or_default(),
        state,
        mechanism,
        method: text(properties, "method").unwrap_or_default(),
        surface: text(properties, "surface"),
        text_version: text(properties, "text_version"),
        text_hash: text(properties, "text_hash"),
        recorded_by: text(properties, "recorded_by"),
    })
}

fn household(joins: bool, properties: &BTreeMap<String, Value>) -> Result<HouseholdChange, Rejection> {
    let household_id = text(properties, "household_id").map(|name| name.trim().to_owned());
    if let Some(name) = &household_id
        && (name.is_empty() || HOUSEHOLD_BYTES_MAX < name.len())
    {
        let problem =
            format!("has {} bytes; the name of a household has 1 to {HOUSEHOLD_BYTES_MAX}", name.len());
        return Err(Rejection::BadValue { path: "household_id".to_owned(), problem });
    }
    match (joins, household_id) {
        (true, Some(household_id)) => Ok(HouseholdChange::Joined { household_id }),
        (true, None) => Err(Rejection::MissingProperty("household_id".to_owned())),
        (false, household_id) => Ok(HouseholdChange::Left { household_id }),
    }
}

fn exposure_kind(event: &str) -> Option<ExposureKind> {
    ExposureKind::ALL.into_iter().find(|kind| kind.event_name() == event)
}

fn exposure(kind: ExposureKind, properties: &BTreeMap<String, Value>) -> Result<Exposure, Rejection> {
    let decision = text(properties, "decision_id").unwrap_or_default();
    let decision = DecisionId::parse(&decision).map_err(|_| Rejection::BadValue {
        path: "decision_id".to_owned(),
        problem: "is no decision's id; it is answered with every decision, as `dec_…`".to_owned(),
    })?;
    Ok(Exposure { decision, kind })
}

fn text(properties: &BTreeMap<String, Value>, name: &str) -> Option<String> {
    properties.get(name).and_then(Value::as_text).map(str::to_owned)
}

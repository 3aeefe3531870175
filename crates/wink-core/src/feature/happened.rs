//! What is read of an event, by path: `event.sales_cents`, `event.hour`, `items.category`. Typed by the event's schema.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use crate::base::expression::{Declarations, Fact, Facts, Type};
use crate::base::{Timestamp, Value, Zone};
use crate::event::{
    Body, ChannelScored, Line, MILLION, NAME_BYTES_MAX, Order, PropertyType, Schemas, Scored,
};

/// Numbers read of an event are kept within this: a thousand million in major units, so that no sum of them overflows.
const NUMBER_MAX: i64 = 100_000_000_000;

const MINUTE_MS: i64 = 60_000;

/// An event that happened, as far as features are made of it.
pub struct Happened<'a> {
    /// When.
    pub at: Timestamp,
    /// What it says.
    pub body: &'a Body,
    /// What else it says.
    pub extra: &'a BTreeMap<String, Value>,
    local: OnceCell<(i64, i64)>,
    lines_of: OnceCell<BTreeMap<String, f64>>,
}

impl<'a> Happened<'a> {
    /// Takes an event.
    pub fn new(at: Timestamp, body: &'a Body, extra: &'a BTreeMap<String, Value>) -> Self {
        Self { at, body, extra, local: OnceCell::new(), lines_of: OnceCell::new() }
    }

    /// Tells weekday and hour on the shop's clock, looked up once for all that ask.
    fn weekday_and_hour(&self, zone: &Zone) -> (i64, i64) {
        *self.local.get_or_init(|| zone.weekday_and_hour(self.at))
    }

    /// Counts the lines of an order by product, once for all that ask.
    fn lines_of(&self, order: &Order) -> &BTreeMap<String, f64> {
        self.lines_of.get_or_init(|| {
            let mut lines_of = BTreeMap::new();
            for line in &order.lines {
                *lines_of.entry(line.product_id.clone()).or_default() += 1.0;
            }
            lines_of
        })
    }
}

/// What is read of an event as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Field {
    One,
    Hour,
    Weekday,
    Holiday,
    Lines,
    Units,
    LinesOf,
    SalesCents,
    DiscountCents,
    CouponCents,
    StoreId,
    Pushed,
    Campaign,
    AmountCents,
    ReactionMinutes,
    Score(ScoreField),
    Channel,
    ChannelScore(ChannelField),
    Property(String, Type),
}

/// What is read of a score.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ScoreField {
    Alive,
    Purchase,
    Purchases,
    ValueCents,
    Version,
}

/// What is read of a score of a channel, beside its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ChannelField {
    Rate,
    Lower,
    Upper,
    Probability,
    Version,
}

/// Fields an event's typed body has, beside what its schema names.
const OF_BODIES: &[(&str, &str, Field, Type)] = &[
    ("Order Completed", "lines", Field::Lines, Type::Int),
    ("Order Completed", "units", Field::Units, Type::Int),
    ("Order Completed", "lines_of", Field::LinesOf, Type::Shares),
    ("Order Completed", "sales_cents", Field::SalesCents, Type::Int),
    ("Order Completed", "discount_cents", Field::DiscountCents, Type::Int),
    ("Order Completed", "coupon_cents", Field::CouponCents, Type::Int),
    ("Order Completed", "store_id", Field::StoreId, Type::Text),
    ("Coupon Issued", "pushed", Field::Pushed, Type::Bool),
    ("Coupon Issued", "campaign", Field::Campaign, Type::Text),
    ("Right Given", "pushed", Field::Pushed, Type::Bool),
    ("Right Given", "campaign", Field::Campaign, Type::Text),
    ("Coupon Redeemed", "amount_cents", Field::AmountCents, Type::Int),
    ("Coupon Reversed", "amount_cents", Field::AmountCents, Type::Int),
    ("Promotion Viewed", "reaction_minutes", Field::ReactionMinutes, Type::Int),
    ("Promotion Clicked", "reaction_minutes", Field::ReactionMinutes, Type::Int),
    ("Promotion Dismissed", "reaction_minutes", Field::ReactionMinutes, Type::Int),
    (SCORED, "alive", Field::Score(ScoreField::Alive), Type::Double),
    (SCORED, "purchase", Field::Score(ScoreField::Purchase), Type::Double),
    (SCORED, "purchases", Field::Score(ScoreField::Purchases), Type::Double),
    (SCORED, "value_cents", Field::Score(ScoreField::ValueCents), Type::Int),
    (SCORED, "version", Field::Score(ScoreField::Version), Type::Int),
    (CHANNEL_SCORED, "channel", Field::Channel, Type::Text),
    (CHANNEL_SCORED, "rate", Field::ChannelScore(ChannelField::Rate), Type::Double),
    (CHANNEL_SCORED, "lower", Field::ChannelScore(ChannelField::Lower), Type::Double),
    (CHANNEL_SCORED, "upper", Field::ChannelScore(ChannelField::Upper), Type::Double),
    (CHANNEL_SCORED, "probability", Field::ChannelScore(ChannelField::Probability), Type::Double),
    (CHANNEL_SCORED, "version", Field::ChannelScore(ChannelField::Version), Type::Int),
];

/// The event by which a model's scores become known.
pub(super) const SCORED: &str = "Customer Scored";

/// The event by which it becomes known by which channel somebody comes.
pub(super) const CHANNEL_SCORED: &str = "Channel Scored";

/// Names of events that features can be made of beside those a client sends: Wink's own.
pub(super) const OWN_EVENTS: [&str; 6] =
    ["Coupon Issued", "Right Given", "Coupon Redeemed", "Coupon Reversed", SCORED, CHANNEL_SCORED];

/// The fields of some events, by the slots in which their filters find them.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Fields {
    names: Declarations,
    by_slot: Vec<Field>,
}

impl Fields {
    /// Lists what can be read of events of these names. One that another of them lacks is not known there.
    pub(super) fn of(events: &[String], schemas: &Schemas) -> Self {
        let mut fields = Self::default();
        fields.add("hour", Field::Hour, Type::Int);
        fields.add("weekday", Field::Weekday, Type::Int);
        fields.add("holiday", Field::Holiday, Type::Bool);
        for event in events {
            for (name, field, value_type) in
                OF_BODIES.iter().filter(|row| row.0 == event).map(|(_, name, field, of)| (name, field, *of))
            {
                fields.add(name, field.clone(), value_type);
            }
            for property in schemas.of(event).map_or(&[][..], |schema| schema.properties) {
                let value_type = match property.value_type {
                    PropertyType::Text => Type::Text,
                    PropertyType::Int => Type::Int,
                    PropertyType::Number => Type::Double,
                    PropertyType::Flag => Type::Bool,
                    PropertyType::Map | PropertyType::List => continue,
                };
                let field = Field::Property(property.name.to_owned(), value_type);
                fields.add(property.name, field, value_type);
            }
        }
        fields
    }

    fn add(&mut self, name: &str, field: Field, value_type: Type) {
        let name = format!("event.{name}");
        if self.names.find(&name).is_none() {
            self.names.declare(&name, value_type);
            self.by_slot.push(field);
        }
    }

    /// The names filters may use.
    pub(super) fn names(&self) -> &Declarations {
        &self.names
    }

    /// Finds a field by its path.
    pub(super) fn find(&self, path: &str) -> Option<(&Field, Type)> {
        let (slot, value_type) = self.names.find(path)?;
        self.by_slot.get(slot).map(|field| (field, value_type))
    }
}

/// The facts of one event, for filters.
pub(super) struct EventFacts<'a> {
    pub(super) fields: &'a Fields,
    pub(super) happened: &'a Happened<'a>,
    pub(super) zone: &'a Zone,
}

impl Facts for EventFacts<'_> {
    fn fact(&self, slot: usize) -> Option<Fact<'_>> {
        self.fields.by_slot.get(slot)?.fact(self.happened, self.zone)
    }
}

impl Field {
    /// Spells its path; what defines an accumulator is told apart by it.
    pub(super) fn path(&self) -> String {
        let name = match self {
            Self::One => return "1".to_owned(),
            Self::Hour => "hour",
            Self::Weekday => "weekday",
            Self::Holiday => "holiday",
            Self::Property(name, _) => name,
            body => OF_BODIES.iter().find(|row| row.2 == *body).map_or("", |row| row.1),
        };
        format!("event.{name}")
    }

    /// Tells whether every event says it.
    pub(super) fn is_always_said(&self) -> bool {
        !matches!(
            self,
            Self::StoreId
                | Self::Holiday
                | Self::ReactionMinutes
                | Self::Score(ScoreField::ValueCents)
                | Self::Property(..)
        )
    }

    /// Tells into how many parts one is divided where the whole number of it that is kept counts parts.
    pub(super) fn parts(&self) -> i64 {
        match self {
            Self::Score(ScoreField::Alive | ScoreField::Purchase | ScoreField::Purchases) => MILLION,
            Self::Score(_) | Self::ChannelScore(ChannelField::Version) => 1,
            Self::ChannelScore(_) => MILLION,
            _ => 1,
        }
    }

    fn fact<'a>(&'a self, happened: &'a Happened<'_>, zone: &Zone) -> Option<Fact<'a>> {
        Some(match (self, happened.body) {
            (Self::One, _) => Fact::Int(1),
            (Self::Hour, _) => Fact::Int(happened.weekday_and_hour(zone).1),
            (Self::Weekday, _) => Fact::Int(happened.weekday_and_hour(zone).0),
            (Self::Holiday, _) => Fact::Bool(zone.is_holiday(happened.at, 0)?),
            (Self::Lines, Body::OrderCompleted(order)) => {
                Fact::Int(i64::try_from(order.lines.len()).unwrap_or(i64::MAX))
            }
            (Self::LinesOf, Body::OrderCompleted(order)) => Fact::Shares(happened.lines_of(order)),
            (Self::Units, Body::OrderCompleted(order)) => sum(&order.lines, |line| line.quantity),
            (Self::SalesCents, Body::OrderCompleted(order)) => sum(&order.lines, |line| line.paid.0),
            (Self::DiscountCents, Body::OrderCompleted(order)) => sum(&order.lines, |line| line.discount.0),
            (Self::CouponCents, Body::OrderCompleted(order)) => {
                sum(&order.lines, |line| line.coupon_discount.0)
            }
            (Self::StoreId, Body::OrderCompleted(order)) => Fact::Text(order.store_id.as_deref()?),
            (Self::Pushed, Body::CouponIssued(issued)) => Fact::Bool(issued.pushed),
            (Self::Pushed, Body::RightGiven(given)) => Fact::Bool(given.pushed),
            (Self::Campaign, Body::CouponIssued(issued)) => Fact::Text(issued.campaign.as_str()),
            (Self::Campaign, Body::RightGiven(given)) => Fact::Text(given.campaign.as_str()),
            (Self::AmountCents, Body::CouponRedeemed(redeemed)) => Fact::Int(redeemed.amount.0),
            (Self::AmountCents, Body::CouponReversed(reversed)) => Fact::Int(reversed.amount.0),
            // A decision's id tells when it was made. What was seen before it is another's mistake.
            (Self::ReactionMinutes, Body::Exposed(exposure)) => {
                let since_ms = happened.at.since_ms(exposure.decision.made_at());
                Fact::Int((0 <= since_ms).then_some(since_ms / MINUTE_MS)?)
            }
            (Self::Score(field), Body::Scored(scored)) => score(*field, scored)?,
            (Self::Channel, Body::ChannelScored(scored)) => Fact::Text(&scored.channel),
            (Self::ChannelScore(field), Body::ChannelScored(scored)) => score_of_channel(*field, scored),
            (Self::Property(name, value_type), _) => property(happened.extra.get(name)?, *value_type)?,
            _ => return None,
        })
    }

    /// Reads a whole number, of [`parts`](Self::parts); one with decimals is rounded.
    pub(super) fn number(&self, happened: &Happened<'_>, zone: &Zone) -> Option<i64> {
        let number = match self.fact(happened, zone)? {
            Fact::Int(number) => number,
            #[expect(clippy::cast_precision_loss, reason = "a million")]
            Fact::Double(number) => rounded(number * self.parts() as f64),
            Fact::Bool(yes) => i64::from(yes),
            Fact::Text(_) | Fact::Shares(_) => return None,
        };
        Some(number.clamp(-NUMBER_MAX, NUMBER_MAX))
    }

    /// Reads a text.
    pub(super) fn text<'a>(&'a self, happened: &'a Happened<'_>, zone: &Zone) -> Option<&'a str> {
        match self.fact(happened, zone)? {
            Fact::Text(text) => name(text),
            _ => None,
        }
    }
}

/// Tells a number that is kept in millionths.
#[expect(clippy::cast_precision_loss, reason = "scores stay far below 2^53")]
fn parts<'a>(parts: i64) -> Fact<'a> {
    Fact::Double(parts as f64 / MILLION as f64)
}

fn score_of_channel<'a>(field: ChannelField, scored: &ChannelScored) -> Fact<'a> {
    match field {
        ChannelField::Rate => parts(scored.rate),
        ChannelField::Lower => parts(scored.lower),
        ChannelField::Upper => parts(scored.upper),
        ChannelField::Probability => parts(scored.probability),
        ChannelField::Version => Fact::Int(scored.version.into()),
    }
}

fn score<'a>(field: ScoreField, scored: &Scored) -> Option<Fact<'a>> {
    Some(match field {
        ScoreField::Alive => parts(scored.alive),
        ScoreField::Purchase => parts(scored.purchase),
        ScoreField::Purchases => parts(scored.purchases),
        ScoreField::ValueCents => Fact::Int(scored.value?.0),
        ScoreField::Version => Fact::Int(scored.version.into()),
    })
}

fn sum<'a>(lines: &[Line], of: impl Fn(&Line) -> i64) -> Fact<'a> {
    Fact::Int(lines.iter().map(of).sum())
}

fn property(value: &Value, value_type: Type) -> Option<Fact<'_>> {
    match (value, value_type) {
        (Value::Text(text), Type::Text) => Some(Fact::Text(text)),
        (Value::Int(number), Type::Int) => Some(Fact::Int(*number)),
        (Value::Float(number), Type::Double) => Some(Fact::Double(*number)),
        #[expect(clippy::cast_precision_loss, reason = "a number in this place is a measurement")]
        (Value::Int(number), Type::Double) => Some(Fact::Double(*number as f64)),
        (Value::Bool(yes), Type::Bool) => Some(Fact::Bool(*yes)),
        _ => None,
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a float cast saturates, and what is no number becomes 0"
)]
fn rounded(number: f64) -> i64 {
    libm::round(number) as i64
}

fn name(text: &str) -> Option<&str> {
    (!text.is_empty() && text.len() <= NAME_BYTES_MAX).then_some(text)
}

/// What is read of the items of an event: the lines of an order, the products of a list, or the one product it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ItemField {
    ProductId,
    Category,
    Brand,
    Cents,
    UnitCents,
    Quantity,
}

impl ItemField {
    const ALL: [Self; 6] =
        [Self::ProductId, Self::Category, Self::Brand, Self::Cents, Self::UnitCents, Self::Quantity];

    /// Spells its path.
    pub(super) fn path(self) -> &'static str {
        match self {
            Self::ProductId => "items.product_id",
            Self::Category => "items.category",
            Self::Brand => "items.brand",
            Self::Cents => "items.cents",
            Self::UnitCents => "items.unit_cents",
            Self::Quantity => "items.quantity",
        }
    }

    /// Reads a path.
    pub(super) fn parse(path: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.path() == path)
    }

    /// Lists the paths.
    pub(super) fn paths() -> impl Iterator<Item = &'static str> {
        Self::ALL.into_iter().map(Self::path)
    }

    /// Tells whether it is a text.
    pub(super) fn is_text(self) -> bool {
        matches!(self, Self::ProductId | Self::Category | Self::Brand)
    }
}

/// An item of an event.
#[derive(Clone, Copy)]
pub(super) enum Item<'a> {
    Line(&'a Line),
    Product(&'a BTreeMap<String, Value>),
}

impl<'a> Item<'a> {
    /// Calls `each` for every item of an event.
    pub(super) fn each(happened: &'a Happened<'_>, mut each: impl FnMut(Item<'a>)) {
        match (happened.body, happened.extra.get("products")) {
            (Body::OrderCompleted(order), _) => order.lines.iter().for_each(|line| each(Item::Line(line))),
            (_, Some(Value::List(products))) => {
                for product in products {
                    if let Value::Map(product) = product {
                        each(Item::Product(product));
                    }
                }
            }
            _ => each(Item::Product(happened.extra)),
        }
    }

    /// Reads a text of it.
    pub(super) fn text(self, field: ItemField) -> Option<&'a str> {
        let text = match (self, field) {
            (Self::Line(line), ItemField::ProductId) => Some(line.product_id.as_str()),
            (Self::Line(line), ItemField::Category) => line.category.as_deref(),
            (Self::Product(product), ItemField::ProductId) => product.get("product_id")?.as_text(),
            (Self::Product(product), ItemField::Category) => product.get("category")?.as_text(),
            (Self::Product(product), ItemField::Brand) => product.get("brand")?.as_text(),
            _ => None,
        };
        text.and_then(name)
    }

    /// Reads a number of it: what was paid for it or what it costs, or how many.
    pub(super) fn number(self, field: ItemField) -> Option<i64> {
        let number = match (self, field) {
            (Self::Line(line), ItemField::Cents) => Some(line.paid.0),
            // Weighed goods are sent without a quantity: then the line is one.
            (Self::Line(line), ItemField::UnitCents) => line.paid.0.checked_div(line.quantity.max(1)),
            (Self::Line(line), ItemField::Quantity) => Some(line.quantity),
            (Self::Product(product), ItemField::Cents | ItemField::UnitCents) => {
                product.get("price_cents")?.as_int()
            }
            (Self::Product(product), ItemField::Quantity) => product.get("quantity")?.as_int(),
            _ => None,
        };
        number.map(|number| number.clamp(-NUMBER_MAX, NUMBER_MAX))
    }
}

//! A shopper: what they are like, which nobody in the shop knows, and what they do beside visiting.

use serde_json::{Value as Json, json};
use wink_core::base::{DAY_MS, Timestamp};

use super::draw::Draw;
use super::goods::CATEGORIES;
use super::message::Sending;
use super::visit::{ZONES, hours};

/// What an offer does to somebody who is about to decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Response {
    /// Buys anyway; an offer only costs.
    SureThing,
    /// Buys because of it.
    Persuadable,
    /// Does not buy, with it or without.
    LostCause,
    /// Would have bought, and is put off by it.
    SleepingDog,
}

impl Response {
    /// Lists them all.
    pub const ALL: [Self; 4] = [Self::SureThing, Self::Persuadable, Self::LostCause, Self::SleepingDog];
    const SHARES: [f64; 4] = [0.15, 0.2, 0.58, 0.07];

    /// Draws one, where there are so many of each.
    pub(super) fn drawn(shares: &[f64; 4], draw: &mut Draw) -> Self {
        Self::ALL.get(draw.weighted(shares)).copied().unwrap_or(Self::LostCause)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::SureThing => "sure_thing",
            Self::Persuadable => "persuadable",
            Self::LostCause => "lost_cause",
            Self::SleepingDog => "sleeping_dog",
        }
    }
}

/// Something somebody visits with.
#[derive(Clone, Debug, PartialEq)]
pub struct Device {
    /// Its id, as the shop's pages know it.
    pub id: String,
    /// `phone`, `tablet` or `desktop`.
    pub class: &'static str,
    /// How often it has no network and sends later.
    pub offline: f64,
}

/// A shopper, all of it true.
#[derive(Clone, Debug, PartialEq)]
pub struct Person {
    /// Which one.
    pub number: u64,
    /// The day they first come.
    pub joins_on: i64,
    /// The day after which they do not come again, whoever writes to them.
    pub leaves_after: i64,
    /// Visits a day.
    pub visits_per_day: f64,
    /// How ready they are to buy at all, in log-odds.
    pub readiness: f64,
    /// What an offer does to them.
    pub response: Response,
    /// How much they wonder about each of [`ZONES`], from 0 on; 1 is much.
    pub worries: [f64; ZONES.len()],
    /// How much they like each category.
    pub likes: [f64; CATEGORIES.len()],
    /// A brand they insist on, if any.
    pub brand: Option<&'static str>,
    /// What they visit with.
    pub devices: Vec<Device>,
    /// How often they sign in on a visit.
    pub signs_in: f64,
    /// Their loyalty card, if they have one.
    pub card: Option<String>,
    /// Whether they allow Wink to use what they do.
    pub allows_personalisation: bool,
    /// Whether they want the newsletter.
    pub wants_newsletter: bool,
    /// Month and day of their birth.
    pub birthday: (u8, u8),
}

impl Person {
    /// Makes the person of this number.
    pub(super) fn new(seed: u64, number: u64, days: i64) -> Self {
        let mut draw = Draw::new(seed, &format!("person {number}"));
        let late = draw.says(0.4);
        let joins_on = if late { whole(draw.share() * real(days)) } else { 0 };
        let devices = (0..=draw.weighted(&[0.55, 0.35, 0.1])).map(|place| device(number, place, &mut draw));
        let devices: Vec<Device> = devices.collect();
        let likes = std::array::from_fn(|_| draw.gamma(0.4, 1.0) + 0.01);
        Self {
            number,
            joins_on,
            leaves_after: joins_on + whole(draw.exponential(180.0)),
            visits_per_day: draw.gamma(0.9, 0.16),
            readiness: -1.0 + 0.8 * draw.normal(),
            response: Response::drawn(&Response::SHARES, &mut draw),
            worries: std::array::from_fn(|_| draw.gamma(0.7, 0.6)),
            likes,
            brand: draw.says(0.15).then(|| draw.pick(&["Alba", "Corvo", "Fjord"]).copied()).flatten(),
            devices,
            signs_in: draw.between(0.1, 0.9),
            card: draw.says(0.4).then(|| format!("card-{number}")),
            allows_personalisation: draw.says(0.75),
            wants_newsletter: draw.says(0.4),
            birthday: (small(1 + draw.below(12)), small(1 + draw.below(28))),
        }
    }

    /// Who they are when they have signed in.
    pub fn customer(&self) -> (&'static str, String) {
        ("customer", format!("c-{}", self.number))
    }

    fn is_here(&self, day: i64) -> bool {
        (self.joins_on..=self.leaves_after).contains(&day)
    }

    /// Draws how often they visit on a day. Weekends are busier.
    pub(super) fn visits_on(&self, day: i64, draw: &mut Draw) -> u32 {
        if !self.is_here(day) {
            return 0;
        }
        let busy = if day.rem_euclid(7) < 5 { 0.9 } else { 1.25 };
        // Who joins visits.
        u32::from(day == self.joins_on).max(draw.count(self.visits_per_day * busy).min(6))
    }

    /// Opens an account and says what is allowed.
    pub(super) fn join(&self, sending: &mut Sending, begins: Timestamp, draw: &mut Draw) {
        let at = hours(begins, draw.between(7.0, 7.5));
        let device = self.devices.first().map(|device| ("device", device.id.clone()));
        sending.about([Some(self.customer()), device].into_iter().flatten().collect());
        let (month, day) = self.birthday;
        let traits = json!({ "birthday": format!("--{month:02}-{day:02}"), "email": format!("c-{}@shopper.example", self.number) });
        sending.tell(at, "Identify", json!({ "traits": traits }));
        let words = [("personalisation", self.allows_personalisation), ("newsletter", self.wants_newsletter)];
        for (purpose, allows) in words {
            let state = if allows { "granted" } else { "denied" };
            let word =
                json!({ "purpose": purpose, "state": state, "method": "checkbox", "surface": "account" });
            sending.tell(at, "Consent Updated", word);
        }
    }

    /// What happens without a visit to the page: mail is read or not, and things are bought in the store.
    pub(super) fn live(&self, day: i64, begins: Timestamp, sending: &mut Sending, draw: &mut Draw) {
        if !self.is_here(day) {
            return;
        }
        sending.about(vec![self.customer()]);
        if self.wants_newsletter && day.rem_euclid(7) == 2 {
            self.read_mail(day, begins, sending, draw);
        }
        if let Some(card) = &self.card
            && draw.says(self.visits_per_day * 0.2)
        {
            let at = hours(begins, draw.between(9.0, 19.5));
            sending.about(vec![("card", card.clone()), self.customer()]);
            sending.tell(at, "Store Entered", json!({ "store_id": "store-1" }));
            let category = draw.weighted(&self.likes);
            let kind = CATEGORIES.get(category).copied();
            let cents = kind.map_or(1_000, |kind| i64::from(kind.price_cents));
            let line = json!({
                "product_id": format!("{}-1", kind.map_or("", |kind| kind.name).to_lowercase()),
                "category": kind.map(|kind| kind.name), "quantity": 1, "total_cents": cents,
            });
            let order = json!({ "order_id": format!("till-{}-{day}", self.number), "store_id": "store-1", "products": [line] });
            sending.tell(Timestamp(at.0 + 600_000), "Order Completed", order);
        }
    }

    fn read_mail(&self, day: i64, begins: Timestamp, sending: &mut Sending, draw: &mut Draw) {
        let mail = |more: Json| {
            let mut mail = json!({ "email_id": format!("mail-{}-{day}", self.number), "campaign_id": format!("news-{day}") });
            if let (Json::Object(mail), Json::Object(more)) = (&mut mail, more) {
                mail.extend(more);
            }
            mail
        };
        let sent = hours(begins, 6.0);
        sending.tell(sent, "Email Delivered", mail(json!({})));
        let reads = 0.1 + 0.5 * self.signs_in;
        if !draw.says(reads) {
            return;
        }
        let opened = Timestamp(sent.0 + milliseconds(draw.exponential(4.0 * 3_600.0)));
        sending.tell(opened, "Email Opened", mail(json!({})));
        if draw.says(0.3) {
            let clicked = Timestamp(opened.0 + milliseconds(draw.around(12.0, 2.0)));
            sending.tell(
                clicked,
                "Email Link Clicked",
                mail(json!({ "link_url": "https://shop.example/new" })),
            );
        } else if draw.says(0.01) {
            sending.tell(Timestamp(opened.0 + 20_000), "Unsubscribed", mail(json!({})));
        }
    }
}

fn device(number: u64, place: usize, draw: &mut Draw) -> Device {
    let classes = ["phone", "desktop", "tablet"];
    let class = classes.get(draw.weighted(&[0.6, 0.3, 0.1])).copied().unwrap_or("phone");
    let offline = if class == "phone" { 0.04 } else { 0.005 };
    Device { id: format!("d-{number}-{place}"), class, offline }
}

/// Seconds as whole milliseconds, at most a month.
#[expect(clippy::cast_possible_truncation, reason = "held within a month")]
pub(super) fn milliseconds(seconds: f64) -> i64 {
    (seconds * 1_000.0).clamp(0.0, 30.0 * 86_400_000.0) as i64
}

#[expect(clippy::cast_possible_truncation, reason = "days of a simulation")]
fn whole(days: f64) -> i64 {
    days.clamp(0.0, 1e6) as i64
}

#[expect(clippy::cast_precision_loss, reason = "days of a simulation")]
fn real(days: i64) -> f64 {
    days as f64
}

fn small(number: usize) -> u8 {
    u8::try_from(number).unwrap_or(u8::MAX)
}

/// The days of a message that comes later.
pub(super) const DAY: i64 = DAY_MS;

//! What sources really send: some of it twice, some of it late, some of it from machines, and now and then what is no message at all.

use serde_json::json;
use wink_core::base::Timestamp;

use super::draw::Draw;
use super::message::Message;
use super::person::{DAY, Person, milliseconds};

/// How often a message comes twice: a client that was not answered sends again.
const TWICE: f64 = 0.01;

/// How often a message is garbled: another type, a name misspelt.
const GARBLED: f64 = 0.002;

/// Robots that read the shop, a day.
const ROBOTS: u64 = 2;

/// Spoils one person's messages of a day.
pub(super) fn spoil(messages: Vec<Message>, person: &Person, draw: &mut Draw) -> Vec<Message> {
    let offline = person.devices.first().map_or(0.0, |device| device.offline);
    let away = draw.says(offline).then(|| milliseconds(draw.exponential(8.0 * 3_600.0)));
    let mut spoiled = Vec::with_capacity(messages.len());
    for mut message in messages {
        // What the shop's own systems send is not on the phone.
        let is_of_a_page = message.identities.iter().any(|(namespace, _)| *namespace == "device");
        if let Some(later) = away
            && is_of_a_page
        {
            message.arrives_at.0 += later.min(3 * DAY);
        }
        if draw.says(GARBLED) {
            garble(&mut message, draw);
        }
        if draw.says(TWICE) {
            let mut again = message.clone();
            again.arrives_at.0 += milliseconds(draw.exponential(60.0));
            spoiled.push(again);
        }
        spoiled.push(message);
    }
    spoiled
}

fn garble(message: &mut Message, draw: &mut Draw) {
    match draw.below(3) {
        0 => message.event = message.event.to_lowercase().replace(' ', "_"),
        1 => drop(message.properties.insert("dwell_ms".to_owned(), json!("a while"))),
        _ => message.identities.clear(),
    }
}

/// What robots send: hundreds of pages, faster than anybody reads.
pub(super) fn junk(seed: u64, day: i64, begins: Timestamp) -> Vec<Message> {
    let mut messages = Vec::new();
    for robot in 0..ROBOTS {
        let mut draw = Draw::new(seed, &format!("robot {robot} on day {day}"));
        let mut at = Timestamp(begins.0 + milliseconds(draw.share() * 80_000.0));
        for place in 0..100 + draw.below(200) {
            at.0 += milliseconds(draw.exponential(0.15)).max(20);
            let properties = json!({ "product_id": format!("p-{place}"), "category": "SHOES" });
            messages.push(Message {
                id: format!("robot-{robot}-{day}-{place}"),
                event: "Product Viewed".to_owned(),
                identities: vec![("device", format!("robot-{robot}"))],
                occurred_at: at,
                arrives_at: at,
                properties: properties.as_object().cloned().unwrap_or_default(),
            });
        }
    }
    messages
}

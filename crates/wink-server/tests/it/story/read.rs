//! Reads a story and writes it again with other answers. Understands every word or refuses the story. The language: `scenarios/README.md`.

use wink_core::base::Timestamp;
use wink_core::offer::Channel;

use crate::counter::{Offer, Shop};

/// A story.
pub(super) struct Story {
    pub(super) shop: Shop,
    lines: Vec<Line>,
}

enum Line {
    /// A comment, a blank line or a line about the shop, kept as it is.
    Kept(String),
    Scene(String, Scene),
}

/// Something that happens, and whether its answer is told.
pub(super) struct Scene {
    pub(super) at: Timestamp,
    pub(super) deed: Deed,
    pub(super) is_told: bool,
}

/// What happens.
pub(super) enum Deed {
    Consents { person: String, purposes: Vec<String>, state: &'static str, options: Options },
    Buys { person: String, lines: Vec<(String, i64)>, currency: Option<String>, options: Options },
    Does { person: String, event: String, options: Options },
    Ask { person: String, channel: Channel, cart: Option<i64> },
    Redeems { person: String, offer: String, spend: i64 },
    Expire,
    Erase { person: String },
    Retain,
    Replay,
    Budget { offer: String },
    Messages,
}

/// Which id a message has and when it happened, if a story says so.
#[derive(Clone, Default)]
pub(super) struct Options {
    pub(super) id: Option<String>,
    pub(super) happened_at: Option<Timestamp>,
}

impl Story {
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let mut shop = Shop::default();
        let mut lines = Vec::new();
        let (mut in_offer, mut in_answer) = (false, false);
        for (number, line) in text.lines().enumerate() {
            let wrong = |error: String| format!("line {}: {error}", number + 1);
            let is_indented = line.starts_with(' ');
            if line.starts_with("=>") {
                let Some(Line::Scene(_, scene)) = lines.last_mut() else {
                    return Err(wrong("nothing was asked".to_owned()));
                };
                (scene.is_told, in_answer) = (true, true);
                continue;
            }
            if in_answer && is_indented {
                continue;
            }
            in_answer = false;
            if line.is_empty() || line.starts_with('#') {
                lines.push(Line::Kept(line.to_owned()));
            } else if let Some(rest) = line.strip_prefix("shop ") {
                clauses(rest, |clause| shop_clause(&mut shop, clause)).map_err(wrong)?;
                lines.push(Line::Kept(line.to_owned()));
            } else if let Some(rest) = line.strip_prefix("offer ") {
                let (name, rest) =
                    rest.split_once(':').ok_or_else(|| wrong("an offer is `offer NAME: …`".to_owned()))?;
                let mut offer = Offer::new(name.trim(), "");
                offer.benefits.clear();
                clauses(rest, |clause| offer_clause(&mut offer, clause)).map_err(wrong)?;
                shop.offers.push(offer);
                in_offer = true;
                lines.push(Line::Kept(line.to_owned()));
            } else if let (true, true, Some(offer)) = (in_offer, is_indented, shop.offers.last_mut()) {
                clauses(line, |clause| offer_clause(offer, clause)).map_err(wrong)?;
                lines.push(Line::Kept(line.to_owned()));
            } else {
                in_offer = false;
                lines.push(Line::Scene(line.to_owned(), scene(line).map_err(wrong)?));
            }
        }
        Ok(Self { shop, lines })
    }

    pub(super) fn scenes(&self) -> impl Iterator<Item = &Scene> {
        self.lines.iter().filter_map(|line| match line {
            Line::Scene(_, scene) => Some(scene),
            Line::Kept(_) => None,
        })
    }

    /// Writes the story with these answers, one for each scene; `None` where nothing is told.
    pub(super) fn write(&self, answers: &[Option<Vec<String>>]) -> String {
        let mut answers = answers.iter();
        let mut text = String::new();
        for line in &self.lines {
            let (Line::Kept(words) | Line::Scene(words, _)) = line;
            text.push_str(words);
            text.push('\n');
            if let Line::Scene(..) = line
                && let Some(told) = answers.next().expect("one answer for each scene")
            {
                let arrows = std::iter::once("=>").chain(std::iter::repeat("  "));
                for (arrow, sentence) in arrows.zip(told) {
                    text.push_str(&format!("{arrow} {sentence}\n"));
                }
            }
        }
        text
    }
}

fn clauses(text: &str, mut read: impl FnMut(&str) -> Result<(), String>) -> Result<(), String> {
    text.split(';').map(str::trim).filter(|clause| !clause.is_empty()).try_for_each(&mut read)
}

fn shop_clause(shop: &mut Shop, clause: &str) -> Result<(), String> {
    let words: Vec<&str> = clause.split_whitespace().collect();
    match words.as_slice() {
        ["at", "most", contacts, "contact" | "contacts", "in", days, "days"] => {
            shop.caps.push((number(contacts)?, number(days)?));
        }
        ["hold-out", percent, "%"] => shop.holdout_percent = number(percent)?,
        _ => return Err(format!("`{clause}` says nothing about a shop")),
    }
    Ok(())
}

fn offer_clause(offer: &mut Offer, clause: &str) -> Result<(), String> {
    let words: Vec<&str> = clause.split_whitespace().collect();
    let list = |words: &[&str]| words.join(" ").split(", ").map(str::to_owned).collect::<Vec<String>>();
    match words.as_slice() {
        [percent, "%", "off", "at", "most", most] => {
            offer.benefits.push(format!("{{ percent = {percent}, at_most = \"{most}\" }}"));
        }
        [amount, "off"] => offer.benefits.push(format!("{{ amount = \"{amount}\" }}")),
        ["on", categories @ ..] => offer.categories = list(categories),
        ["by", channels @ ..] => offer.channels = list(channels),
        ["minimum", "price", amount] => offer.minimum_price = (*amount).to_owned(),
        ["minimum", "spend", amount] => offer.minimum_spend = (*amount).to_owned(),
        ["valid", days, "days"] => offer.valid_days = number(days)?,
        [count, "per", "person"] => offer.per_person = number(count)?,
        [count, "in", "total"] => offer.total = Some(number(count)?),
        ["budget", amount] => offer.budget = (*amount).to_owned(),
        ["hold-out", percent, "%"] => offer.holdout_percent = number(percent)?,
        ["eligible", "if", rule @ ..] => offer.rules.push(("eligibility".to_owned(), rule.join(" "))),
        ["applicable", "if", rule @ ..] => offer.rules.push(("applicability".to_owned(), rule.join(" "))),
        ["suitable", "if", rule @ ..] => offer.rules.push(("suitability".to_owned(), rule.join(" "))),
        _ => return Err(format!("`{clause}` says nothing about an offer")),
    }
    Ok(())
}

fn scene(line: &str) -> Result<Scene, String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [date, time, words @ ..] = words.as_slice() else { return Err(format!("`{line}` is not a scene")) };
    let at = instant(date, time)?;
    let (words, options) = options(words)?;
    let person = |person: &&str| (*person).to_owned();
    let deed = match words {
        [who, verb @ ("grants" | "denies" | "withdraws"), purposes @ ..] if !purposes.is_empty() => {
            let state = match *verb {
                "grants" => "granted",
                "denies" => "denied",
                _ => "withdrawn",
            };
            let purposes = purposes.join(" ").split(", ").map(str::to_owned).collect();
            Deed::Consents { person: person(who), purposes, state, options }
        }
        [who, "buys", bought @ ..] if !bought.is_empty() => {
            let (bought, currency) = match bought {
                [rest @ .., "in", currency] => (rest, Some((*currency).to_owned())),
                _ => (bought, None),
            };
            let lines = bought.join(" ").split(", ").map(bought_line).collect::<Result<_, String>>()?;
            Deed::Buys { person: person(who), lines, currency, options }
        }
        [who, "does", event @ ..] if !event.is_empty() => {
            Deed::Does { person: person(who), event: event.join(" "), options }
        }
        ["ask", who, channel, rest @ ..] => {
            let cart = match rest {
                [] => None,
                ["cart", amount] => Some(cents(amount)?),
                _ => return Err(format!("`{line}` asks for something else")),
            };
            let channel =
                Channel::parse(channel).ok_or_else(|| format!("there is no channel `{channel}`"))?;
            Deed::Ask { person: person(who), channel, cart }
        }
        [who, "redeems", offer, "on", spend] => {
            Deed::Redeems { person: person(who), offer: person(offer), spend: cents(spend)? }
        }
        ["expire"] => Deed::Expire,
        ["erase", who] => Deed::Erase { person: person(who) },
        ["retain"] => Deed::Retain,
        ["replay"] => Deed::Replay,
        ["budget", offer] => Deed::Budget { offer: person(offer) },
        ["messages"] => Deed::Messages,
        _ => return Err(format!("`{}` does not happen in stories", words.join(" "))),
    };
    Ok(Scene { at, deed, is_told: false })
}

/// Takes `(message m-1)` and `(happened 2026-01-01 10:00)` off the end.
fn options<'a, 'b>(words: &'a [&'b str]) -> Result<(&'a [&'b str], Options), String> {
    let mut options = Options::default();
    let mut words = words;
    loop {
        words = match words {
            [rest @ .., "(message", id] => {
                options.id = Some(id.trim_end_matches(')').to_owned());
                rest
            }
            [rest @ .., "(happened", date, time] => {
                options.happened_at = Some(instant(date, time.trim_end_matches(')'))?);
                rest
            }
            _ => return Ok((words, options)),
        };
    }
}

fn bought_line(text: &str) -> Result<(String, i64), String> {
    let (category, amount) = text.trim().rsplit_once(' ').ok_or_else(|| format!("`{text}` has no price"))?;
    Ok((category.to_owned(), cents(amount)?))
}

fn instant(date: &str, time: &str) -> Result<Timestamp, String> {
    Timestamp::parse(&format!("{date}T{time}:00Z"))
}

fn cents(text: &str) -> Result<i64, String> {
    let (whole, hundredths) =
        text.split_once('.').ok_or_else(|| format!("`{text}` is not an amount like 12.00"))?;
    if hundredths.len() != 2 {
        return Err(format!("`{text}` is not an amount like 12.00"));
    }
    number::<i64>(&format!("{whole}{hundredths}"))
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("`{text}` is not a number"))
}

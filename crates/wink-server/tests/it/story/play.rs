//! Plays a story: every scene is one flow, every answer what that flow said.

use std::collections::BTreeMap;

use wink_core::base::{CampaignId, Cents, CouponId, Timestamp, Value};
use wink_core::coupon::{Audience, Language, Locale, Refusal, State};
use wink_core::decision::{Decision, explain};
use wink_core::profile::Retention;
use wink_server::flow::ingest::{Answer, Received};
use wink_server::flow::{decide, erase, expire, retain};
use wink_server::{Engine, report};
use wink_store::Store;

use super::read::{Deed, Options, Scene, Story};
use crate::audit::{audit, coupons, owed, redemptions};
use crate::counter::{MONDAY, coupon_of, open, question, redeem, tell, wait};
use crate::said;

/// Plays a story on a store. Answers each scene, `None` where nothing worth telling happened.
///
/// An event that is not simply accepted must be told, and at the end the store must pass the audit.
pub(super) fn play<S: Store>(story: &Story, store: S) -> Vec<Option<Vec<String>>> {
    let mut shop = story.shop.clone();
    if shop.caps.len() != 1 {
        // A story that names its caps gets those only.
        shop.caps.remove(0);
    }
    let mut stage = Stage {
        engine: wait(open(store, &shop, MONDAY)).unwrap(),
        number: 0,
        held: BTreeMap::new(),
        was_swept: false,
    };
    let answers = story.scenes().map(|scene| stage.play(scene)).collect();
    let sound = match stage.was_swept {
        false => audit(&stage.engine),
        // Consents and coupons outlive the events that a sweep takes: the journal alone cannot be audited any more.
        true => match wait(report::verify::verify(&stage.engine)).unwrap().findings.first() {
            Some(finding) => Err(finding.clone()),
            None => Ok(()),
        },
    };
    assert_eq!(sound, Ok(()));
    answers
}

struct Stage<S> {
    engine: Engine<S>,
    number: u64,
    held: BTreeMap<(String, String), CouponId>,
    was_swept: bool,
}

impl<S: Store> Stage<S> {
    fn play(&mut self, scene: &Scene) -> Option<Vec<String>> {
        self.number += 1;
        let Scene { at, deed, is_told } = scene;
        let told = match deed {
            Deed::Consents { person, purposes, state, options } => {
                let messages = purposes.iter().enumerate().map(|(index, purpose)| {
                    let id = format!("{}-{index}", self.id(options));
                    said::consents(&id, person, purpose, state, options.happened_at.unwrap_or(*at))
                });
                return self.tell(messages.collect(), *at, *is_told);
            }
            Deed::Buys { person, lines, currency, options } => {
                let lines: Vec<(&str, i64)> =
                    lines.iter().map(|(name, cents)| (name.as_str(), *cents)).collect();
                let mut said =
                    said::buys(&self.id(options), person, &lines, options.happened_at.unwrap_or(*at));
                if let Some(currency) = currency {
                    said.envelope.properties.insert("currency".to_owned(), Value::Text(currency.clone()));
                }
                return self.tell(vec![said], *at, *is_told);
            }
            Deed::Does { person, event, options } => {
                let happened_at = options.happened_at.unwrap_or(*at);
                let said = said::message(&self.id(options), person, event, Vec::new(), happened_at);
                return self.tell(vec![said], *at, *is_told);
            }
            Deed::Ask { person, channel, cart } => {
                let mut question = question(self.number, person, *channel, *at);
                question.ask.cart = cart.map(Cents);
                match wait(decide::ask(&self.engine, &question)).unwrap() {
                    Some(decision) => self.decided(person, &decision),
                    None => vec!["nobody of that name is known".to_owned()],
                }
            }
            Deed::Redeems { person, offer, spend } => self.redeemed(person, offer, *spend, *at),
            Deed::Expire => vec![match wait(expire::expire_due(&self.engine, &|| *at)).unwrap() {
                1 => "1 coupon ran out".to_owned(),
                count => format!("{count} coupons ran out"),
            }],
            Deed::Erase { person } => vec![self.erased(person, *at)],
            Deed::Retain => {
                self.was_swept = true;
                let swept = wait(retain::sweep(&self.engine, &Retention::default(), *at)).unwrap();
                let retain::Swept { entries, dead_letters, profiles, .. } = swept;
                vec![format!(
                    "deleted: {profiles} people, {entries} journal entries, {dead_letters} dead letters"
                )]
            }
            Deed::Replay => {
                let replayed = wait(report::replay::verify(&self.engine, |_| {})).unwrap();
                vec![format!(
                    "{} decisions made again, {} with the same bytes",
                    replayed.decisions, replayed.same
                )]
            }
            Deed::Budget { offer } => vec![self.budget(offer)],
            Deed::Messages => {
                let balance = wait(report::totals::balance(&self.engine)).unwrap();
                assert!(balance.is_exact());
                let report::totals::Balance { received, accepted, duplicate, dead, refused } = balance;
                vec![format!(
                    "{received} received: {accepted} accepted, {duplicate} duplicate, {dead} dead letters, {refused} refused"
                )]
            }
        };
        Some(told)
    }

    fn id(&self, options: &Options) -> String {
        options.id.clone().unwrap_or_else(|| format!("m-{}", self.number))
    }

    fn tell(&self, messages: Vec<Received>, at: Timestamp, is_told: bool) -> Option<Vec<String>> {
        let mut told = Vec::new();
        for message in messages {
            told.push(match wait(tell(&self.engine, said::arriving(message, at))).unwrap() {
                Answer::Accepted(_) => "accepted".to_owned(),
                Answer::Duplicate(_) => "came before, nothing changed".to_owned(),
                Answer::Dead(rejection) => format!("dead letter, {}: {rejection}", rejection.code()),
                Answer::Erased => "refused: the person was erased after it happened".to_owned(),
            });
        }
        told.dedup();
        if is_told {
            return Some(told);
        }
        assert_eq!(told, ["accepted"], "what is not simply accepted must be told, with `=>`");
        None
    }

    fn decided(&mut self, person: &str, decision: &Decision) -> Vec<String> {
        let catalogue = self.engine.catalogue().unwrap();
        let explanation = explain(decision, &catalogue);
        let mut told = vec![explanation.headline];
        if 2 < explanation.candidates.len() {
            told.extend(explanation.candidates.into_iter().map(|line| match (line.why_not, line.score) {
                (Some(why_not), _) => format!("{}: not, {why_not}", line.what),
                (None, Some(score)) => {
                    format!("{}: expected {score}, chosen with {}", line.what, line.probability)
                }
                (None, None) => line.what,
            }));
        }
        if let Some(drawn) = decision.offered() {
            let coupon = coupon_of(&self.engine, decision).unwrap();
            self.held.insert((person.to_owned(), catalogue.offers[drawn.offer].id.to_string()), coupon);
            let stored = coupons(&self.engine).into_iter().find(|stored| stored.id == coupon).unwrap();
            told.push(format!(
                "coupon: worth at most {}, valid until {}",
                said::in_euros(stored.benefit.maximum()),
                stored.valid_until
            ));
        }
        told
    }

    fn redeemed(&self, person: &str, offer: &str, spend: i64, at: Timestamp) -> Vec<String> {
        let Some(coupon) = self.held.get(&(person.to_owned(), offer.to_owned())) else {
            return vec!["there is no such coupon".to_owned()];
        };
        let order_id = format!("order-{}", self.number);
        vec![match wait(redeem(&self.engine, *coupon, &order_id, Cents(spend), at)).unwrap() {
            Ok(coupon) => match coupon.state {
                State::Redeemed { amount, .. } => format!("redeemed: {} off", said::in_euros(amount)),
                other => panic!("a redeemed coupon is {other:?}"),
            },
            Err(refusal) => format!("refused, {}: {}", refusal.code(), self.told_to_customer(&refusal)),
        }]
    }

    /// Says what the shopper reads.
    fn told_to_customer(&self, refusal: &Refusal) -> String {
        let shop = &self.engine.catalogue().unwrap().shop;
        let locale = Locale { currency: shop.currency, zone: &shop.zone };
        locale.speaker(Language::English).refusal(refusal, Audience::Customer)
    }

    fn erased(&self, person: &str, at: Timestamp) -> String {
        let Some(profile) = wait(erase::find(&self.engine, &said::identity(person))).unwrap() else {
            return "nobody of that name is known".to_owned();
        };
        let erase::Erasure { records, entries, coupons, .. } =
            wait(erase::erase(&self.engine, profile, at)).unwrap();
        format!("erased: {records} records, {entries} journal entries, {coupons} coupons")
    }

    fn budget(&self, offer: &str) -> String {
        let campaign = CampaignId::parse(offer).unwrap();
        let catalogue = self.engine.catalogue().unwrap();
        let budget = catalogue.campaigns.iter().find(|found| found.id == campaign).unwrap().budget;
        let (mut reserved, mut spent) = (Cents::ZERO, Cents::ZERO);
        for coupon in coupons(&self.engine).iter().filter(|coupon| coupon.campaign == campaign) {
            reserved += coupon.reserved;
        }
        for redemption in redemptions(&self.engine).iter().filter(|one| one.campaign == campaign) {
            spent += redemption.spent();
        }
        assert_eq!(reserved + spent, owed(&self.engine, offer));
        let amounts = [budget, reserved, spent, budget - reserved - spent];
        let [budget, reserved, spent, left] = amounts.map(said::in_euros);
        format!("of {budget}: {reserved} reserved, {spent} spent, {left} left")
    }
}
